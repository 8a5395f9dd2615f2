//! `weir test FILE [FILTER]`: runs the `test` blocks on the compiled module, each in a world of its own, under every schedule
//! of `weir_sim`: plainly, with each transaction a step of its own, with a crash behind each step, and with each message
//! delivered twice.

mod report;

use std::time::Instant;

use self::report::{Format, Sum};
use crate::components;
use crate::output::{Failure, Outcome};
use crate::program::{self, Which};
use crate::settings;
use std::sync::Arc;
use weir_contract::call::encode_args;
use weir_contract::host_call::Given;
use weir_contract::json::{failure_to_document, to_json};
use weir_contract::manifest::{Manifest, Test};
use weir_contract::{DefId, DefKind, Reader, Value};
use weir_engine::{Code, Runner};
use weir_machine::Bug;
use weir_node::{Format as LogFormat, written};
use weir_sim::property::{Chance, make_up, simpler};
use weir_sim::trial::{self, Schedule};
use weir_sim::verdict::{Verdict, judge};

/// Run the tests of a program.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    program: Which,
    /// Run only tests whose name contains this
    filter: Option<String>,
    /// Run only tests whose name is exactly FILTER
    #[arg(long, requires = "filter")]
    exact: bool,
    /// Run each test once, without crashes and with each message delivered once
    #[arg(long)]
    quick: bool,
    /// Kill the machine behind that record only, as a failure names it
    #[arg(long, value_name = "N", conflicts_with = "quick")]
    crash: Option<usize>,
    /// Deliver that message twice only, as a failure names it
    #[arg(long, value_name = "N", conflicts_with_all = ["quick", "crash"])]
    twice: Option<usize>,
    /// Inputs for each test with parameters
    #[arg(long, value_name = "N", default_value_t = 100)]
    cases: u64,
    /// Where the inputs come from: the same number, the same inputs
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// How to write what was found
    #[arg(long, value_enum, default_value = "human")]
    message_format: Format,
}

/// A test that fails because the machine was busy says nothing about its program; a step without end is found all the same.
const PATIENCE: u32 = 20;

pub fn test(args: Args) -> Outcome {
    let program = args.program.find()?;
    let bundle = program::compile_whole(&program)?;
    let components = components::load_to_run(&bundle)?;
    let settings = Arc::new(settings::to_test(&program, &bundle.manifest)?);
    let wanted: Vec<&Test> = bundle
        .manifest
        .tests
        .iter()
        .filter(|test| {
            args.filter.as_ref().is_none_or(|part| match args.exact {
                true => test.name == *part,
                false => test.name.contains(part.as_str()),
            })
        })
        .collect();
    if let (Some(part), true) = (&args.filter, wanted.is_empty()) {
        return Err(Failure::new(match args.exact {
            true => format!("no test is called `{part}`"),
            false => format!("no test's name contains `{part}`"),
        })
        .next(format_args!(
            "weir test {}, to run all {}",
            program.source.display(),
            bundle.manifest.tests.len()
        )));
    }
    let mut runner = program::runner(&bundle, &components, Code::Compiled, PATIENCE)?;
    let file = program.source.display().to_string();
    let mut sum = Sum::default();
    for test in &wanted {
        let begun = Instant::now();
        let found = Examined::new(&mut runner, &bundle.manifest, &settings, test, &args).examine();
        sum.crashes += found.crashes;
        sum.twice += found.twice;
        match found.why {
            None => sum.passed += 1,
            Some(_) => sum.failed += 1,
        }
        args.message_format
            .test(&file, &bundle.manifest, test, &found, begun.elapsed());
    }
    args.message_format.sum(&sum);
    if sum.failed > 0 {
        Err(Failure::said())
    } else {
        Ok(())
    }
}

/// A test on its way to a verdict.
struct Examined<'a> {
    runner: &'a mut Runner,
    manifest: &'a Manifest,
    settings: &'a Arc<Given>,
    test: &'a Test,
    args: &'a Args,
}

struct Found {
    /// When it fails: why, in lines.
    why: Option<String>,
    /// The options that show just this failure.
    again: Option<String>,
    crashes: usize,
    twice: usize,
}

/// How long one failing input is made simpler.
const SHRINK_SECONDS: u64 = 5;

impl<'a> Examined<'a> {
    fn new(
        runner: &'a mut Runner,
        manifest: &'a Manifest,
        settings: &'a Arc<Given>,
        test: &'a Test,
        args: &'a Args,
    ) -> Examined<'a> {
        Examined {
            runner,
            manifest,
            settings,
            test,
            args,
        }
    }

    fn examine(mut self) -> Found {
        if self.test.params.is_empty() {
            let verdict = self.judge(&[], self.args.quick);
            return self.found(verdict, None);
        }
        let mut chance = Chance::new(self.args.seed);
        let (mut crashes, mut twice) = (0, 0);
        for case in 0..self.args.cases {
            // The first inputs are the smallest; crashes are for every tenth.
            let size = 1 + case / 2;
            let inputs = make_up(&self.manifest.defs, &self.test.params, &mut chance, size);
            let quick = self.args.quick || case % 10 != 0;
            let verdict = self.judge(&inputs, quick);
            crashes += verdict.crashes;
            twice += verdict.twice;
            if verdict.outcome != trial::Outcome::Passed {
                let (inputs, verdict) = self.simplest(inputs, verdict, quick);
                return self.found(verdict, Some(&inputs));
            }
        }
        Found {
            why: None,
            again: None,
            crashes,
            twice,
        }
    }

    fn judge(&mut self, inputs: &[Value], quick: bool) -> Verdict {
        let inputs: Vec<Option<Value>> = inputs.iter().cloned().map(Some).collect();
        let args = encode_args(&self.manifest.defs, &self.test.params, &inputs);
        let (entry, settings) = (self.test.entry, self.settings);
        let (schedule, number) = match (self.args.crash, self.args.twice) {
            (None, None) => {
                return judge(self.runner, self.manifest, entry, &args, settings, quick);
            }
            (Some(record), _) => (Schedule::CrashAfter(record), record),
            (None, Some(message)) => (Schedule::TwiceOnly(message), message),
        };
        let report = trial::run(self.runner, self.manifest, entry, &args, settings, schedule);
        let is_crash = self.args.crash.is_some();
        let all = match is_crash {
            true => report.boundaries,
            false => report.messages,
        };
        let because_of = all.into_iter().nth(number);
        let happened = because_of.is_some() as usize;
        Verdict {
            outcome: report.outcome,
            said: report.said,
            schedule,
            because_of,
            crashes: if is_crash { happened } else { 0 },
            twice: if is_crash { 0 } else { happened },
        }
    }

    /// Makes a failing input simpler as long as it still fails.
    fn simplest(
        &mut self,
        mut inputs: Vec<Value>,
        mut verdict: Verdict,
        quick: bool,
    ) -> (Vec<Value>, Verdict) {
        let begun = Instant::now();
        'simpler: loop {
            for candidate in simpler(&inputs) {
                if begun.elapsed().as_secs() >= SHRINK_SECONDS {
                    return (inputs, verdict);
                }
                let judged = self.judge(&candidate, quick);
                if judged.outcome != trial::Outcome::Passed {
                    (inputs, verdict) = (candidate, judged);
                    continue 'simpler;
                }
            }
            return (inputs, verdict);
        }
    }

    fn found(&self, verdict: Verdict, inputs: Option<&[Value]>) -> Found {
        let why = match &verdict.outcome {
            trial::Outcome::Passed => None,
            outcome => Some(self.why(outcome)),
        };
        let (mut said, mut again) = (String::new(), String::new());
        let what = verdict.because_of.unwrap_or_default();
        match verdict.schedule {
            _ if why.is_none() => {}
            Schedule::Plain => again.push_str("--quick"),
            Schedule::Fine => {
                said.push_str("only when each transaction is a step of its own\n");
            }
            Schedule::CrashAlways => said.push_str("only with a crash behind each step\n"),
            Schedule::CrashAfter(record) => {
                said.push_str(&format!("with a crash behind record {record}: {what}\n"));
                again.push_str(&format!("--crash {record}"));
            }
            Schedule::Twice => said.push_str("only with each message delivered twice\n"),
            Schedule::TwiceOnly(message) => {
                said.push_str(&format!("with message {message} delivered twice: {what}\n"));
                again.push_str(&format!("--twice {message}"));
            }
        }
        if let Some(inputs) = inputs {
            for (param, value) in self.test.params.iter().zip(inputs) {
                let json = to_json(&self.manifest.defs, &param.ty, value);
                said.push_str(&format!("{} = {json}\n", param.name));
            }
            again.push_str(&format!(
                " --seed {} --cases {}",
                self.args.seed, self.args.cases
            ));
        }
        let again = again.trim().to_owned();
        // What the program wrote to its log on the way there.
        let log: String = verdict
            .said
            .iter()
            .map(|said| written(said, LogFormat::Text))
            .collect();
        Found {
            why: why.map(|why| said + &why + &log),
            again: (!again.is_empty()).then_some(again),
            crashes: verdict.crashes,
            twice: verdict.twice,
        }
    }

    fn why(&self, outcome: &trial::Outcome) -> String {
        let place = self.manifest.place(self.test.site);
        match outcome {
            trial::Outcome::Passed => String::new(),
            trial::Outcome::Bug(bug) => stopped(self.manifest, bug),
            trial::Outcome::Failed(body) => match failure(self.manifest, body) {
                Some(error) => format!("{place}: it failed with {error}\n"),
                None => format!("{place}: it failed\n"),
            },
            trial::Outcome::Stuck(waits) => {
                format!("{place}: it waits for what can no longer happen\n{waits}\n")
            }
            trial::Outcome::NoMock(function) => format!(
                "{place}: nobody answers {function}\nsay in the test what it gives: mock({function}, (..) => ..)\n"
            ),
            trial::Outcome::Endless => format!("{place}: it does not come to an end\n"),
            trial::Outcome::Diverged(why) => {
                format!(
                    "{place}: {why}\nthis is a bug of Weir: please report it with the program\n"
                )
            }
        }
    }
}

/// An error as a step puts it out, as JSON.
fn failure(manifest: &Manifest, body: &[u8]) -> Option<String> {
    let mut reader = Reader::new(body);
    let id = DefId(u32::try_from(reader.varint().ok()?).ok()?);
    let DefKind::Error { fields, .. } = &manifest.defs.defs.get(id.0 as usize)?.kind else {
        return None;
    };
    let values = reader.fields(&manifest.defs, fields).ok()?;
    Some(failure_to_document(&manifest.defs, id, &values).to_string())
}

/// Where and why a test stopped as a bug, with the line and what the step told.
fn stopped(manifest: &Manifest, bug: &Bug) -> String {
    let (reason, detail) = bug.reason.split_once(": ").unwrap_or((&bug.reason, ""));
    // That it is in the test is plain.
    let within = match bug.function.is_empty() || bug.function.starts_with("test \"") {
        true => String::new(),
        false => format!(" in {}", bug.function),
    };
    let mut text = format!("{}: {reason}{within}\n", bug.at);
    let site = manifest
        .sites
        .iter()
        .enumerate()
        .find(|(number, _)| manifest.place(*number as u32) == bug.at);
    if let Some((_, site)) = site {
        text.push_str(&format!("  {}\n", site.text.trim()));
    }
    for line in detail.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    for caller in &bug.callers {
        text.push_str(&format!("  called from {caller}\n"));
    }
    text
}

//! Programs that wait mean the same to the interpreter and to the machine, under each schedule of the test runner.
//!
//! The interpreter knows of no crash and no log: what it says of steps cut finely must also come out when the machine dies
//! behind each of them.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use weir_contract::encode::Reader;
use weir_contract::{CrashReason, DefId, DefKind, Manifest, Value};
use weir_driver::Memory;
use weir_engine::{Limits, Program, Runner};
use weir_meaning::{Caller, Outcome, Target, World};
use weir_sim::trial::{self, Schedule};
use weir_tests::generate::reduce::reduce;
use weir_tests::generate::waiting::{SHARED, waiting};

use crate::front::{self, Front};
use crate::{Trouble, caught, number};

/// How a test was seen to end.
#[derive(Clone, Debug, PartialEq)]
enum Ending {
    Passed,
    /// The error by name.
    Failed(String, Vec<Value>),
    /// The reason and `file:line`.
    Bug(CrashReason, String),
    /// It waits for what will not come.
    Stuck,
    Endless,
    /// What cannot be: it is nobody's meaning.
    Broken(String),
}

const SCHEDULES: [Schedule; 3] = [Schedule::Plain, Schedule::Fine, Schedule::CrashAlways];

/// Programs in one file: the prelude is compiled once for all of them.
const BATCH: u64 = 20;

#[derive(Default)]
struct Findings {
    refused: Vec<String>,
    differences: Vec<(u64, String)>,
    /// Tests that came to their last line, and others.
    seen: u64,
    otherwise: u64,
    /// Tests that ended in one way with steps as large as they may be and in another cut finely, as meant: some runs raced.
    races: u64,
}

#[test]
fn interpreter_and_machine_agree_on_waiting() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 400));
    let next = AtomicU64::new(first);
    let findings = Mutex::new(Findings::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    let to = (from + BATCH).min(first + count);
                    if from >= to {
                        return;
                    }
                    let seeds: Vec<u64> = (from..to).collect();
                    if attempt(&seeds, &source_of(&seeds), &findings).is_err() {
                        one_by_one(&seeds, &findings);
                    }
                }
            });
        }
    });
    let mut findings = findings.into_inner().expect("no thread panicked");
    println!(
        "{count} programs from seed {first}: {} told what they saw, {} ended otherwise, {} had races",
        findings.seen, findings.otherwise, findings.races
    );
    for refused in findings.refused.iter().take(5) {
        println!("{refused}");
    }
    findings.differences.sort();
    for (seed, what) in findings.differences.iter().take(8) {
        println!("seed {seed}: {what}");
    }
    if let Some((seed, _)) = findings.differences.first() {
        explain(*seed);
    }
    assert_eq!(findings.refused.len(), 0, "programs that were refused");
    assert_eq!(findings.differences.len(), 0, "programs with two meanings");
    assert!(
        findings.otherwise * 4 <= count,
        "too few tests see anything"
    );
}

fn source_of(seeds: &[u64]) -> String {
    let programs = seeds.iter().enumerate().map(|(i, seed)| waiting(*seed, i));
    SHARED.to_owned() + &programs.collect::<String>()
}

fn one_by_one(seeds: &[u64], findings: &Mutex<Findings>) {
    for seed in seeds {
        let seeds = [*seed];
        if let Err(told) = attempt(&seeds, &source_of(&seeds), findings) {
            let mut findings = findings.lock().expect("no thread panicked");
            match told {
                Trouble::Refused(told) => findings.refused.push(format!("seed {seed}\n{told}")),
                Trouble::Panic(told) => findings.differences.push((*seed, told)),
            }
        }
    }
}

/// Runs the tests of a source in all ways; the programs of `seeds` stand in it, in this order.
fn attempt(seeds: &[u64], source: &str, findings: &Mutex<Findings>) -> Result<(), Trouble> {
    let front = front::check(source).map_err(Trouble::Refused)?;
    let mut machine = caught(|| Compiled::new(source))?;
    for (position, seed) in seeds.iter().enumerate().take(front.checked.tests.len()) {
        let endings = caught(|| {
            SCHEDULES.map(|schedule| {
                let meant = meant(&front, position, schedule != Schedule::Plain);
                (schedule, meant, machine.seen(position, schedule))
            })
        });
        let mut findings = findings.lock().expect("no thread panicked");
        let endings = match endings {
            Ok(endings) => endings,
            Err(Trouble::Panic(told)) | Err(Trouble::Refused(told)) => {
                findings.differences.push((*seed, told));
                continue;
            }
        };
        match &endings[0].1 {
            Ending::Failed(error, _) if error == "Seen" => findings.seen += 1,
            _ => findings.otherwise += 1,
        }
        findings.races += (endings[0].1 != endings[1].1) as u64;
        if let Some((schedule, meant, seen)) = endings.into_iter().find(|(_, m, s)| m != s) {
            let told = format!("{schedule:?}\n  means   {meant:?}\n  machine {seen:?}");
            findings.differences.push((*seed, told));
        }
    }
    Ok(())
}

/// How the interpreter ends a test.
fn meant(front: &Front, position: usize, finely: bool) -> Ending {
    let mut world = World::new(&front.checked);
    world.finely = finely;
    let test = Target::Test(position);
    let outcome = world.call(&test, &[], &Caller::default(), trial::BEGIN_US);
    match outcome {
        _ if world.endless => Ending::Endless,
        Outcome::Ok(_) => Ending::Passed,
        Outcome::Failed(error, fields) => {
            let error = &front.checked.errors[error.0 as usize];
            Ending::Failed(error.name.clone(), fields)
        }
        Outcome::Bug(bug) => Ending::Bug(bug.reason, front.place(bug.span.file, bug.span.start)),
        Outcome::Waiting(_) => Ending::Stuck,
        other => Ending::Broken(format!("{other:?}")),
    }
}

/// The program as it is built to run.
struct Compiled {
    manifest: Manifest,
    runner: Runner,
}

impl Compiled {
    fn new(source: &str) -> Self {
        let world = Memory::default().with("generated.weir", source);
        let program = weir_driver::Program {
            name: "generated".to_owned(),
            source: "generated.weir".into(),
            folder: PathBuf::new(),
            externs: Default::default(),
        };
        let analysis = weir_driver::check(&world, &program).unwrap_or_else(|e| panic!("{e}"));
        let bundle = weir_driver::build(&program, &analysis).expect("it was accepted before");
        // Time is not what is compared.
        let limits = Limits {
            step: Duration::from_secs(60),
            ..Limits::default()
        };
        let program =
            Program::load_with(&bundle.wasm, limits).unwrap_or_else(|e| panic!("loading: {e}"));
        Compiled {
            manifest: bundle.manifest,
            runner: Runner::new(&program).unwrap_or_else(|e| panic!("starting: {e}")),
        }
    }

    /// How the machine ends a test.
    fn seen(&mut self, position: usize, schedule: Schedule) -> Ending {
        let entry = self.manifest.tests[position].entry;
        let report = trial::run(&mut self.runner, &self.manifest, entry, &[], schedule);
        match report.outcome {
            trial::Outcome::Passed => Ending::Passed,
            trial::Outcome::Failed(body) => self.failed(&body),
            trial::Outcome::Bug(bug) => {
                let mut reasons = CrashReason::ALL.into_iter();
                let reason = reasons.find(|r| bug.reason.starts_with(r.text()));
                let reason = reason.unwrap_or_else(|| panic!("{bug:?}"));
                // Without the column.
                let line = bug.at.rsplit_once(':').map_or(&*bug.at, |(line, _)| line);
                Ending::Bug(reason, line.to_owned())
            }
            trial::Outcome::Stuck(_) => Ending::Stuck,
            trial::Outcome::Endless => Ending::Endless,
            other => Ending::Broken(format!("{other:?}")),
        }
    }

    fn failed(&self, body: &[u8]) -> Ending {
        let defs = &self.manifest.defs;
        let mut reader = Reader::new(body);
        let number = reader.varint().unwrap_or_else(|e| panic!("failure: {e}"));
        let def = defs.get(DefId(number as u32));
        let DefKind::Error { fields, .. } = &def.kind else {
            panic!("{} is no error", def.name)
        };
        let fields = reader.fields(defs, fields);
        let fields = fields.unwrap_or_else(|e| panic!("failure: {e}"));
        Ending::Failed(def.name.clone(), fields)
    }
}

/// Prints a small program that shows a difference.
fn explain(seed: u64) {
    let differs = |source: &str| {
        let findings = Mutex::new(Findings::default());
        match attempt(&[seed], source, &findings) {
            Ok(()) => {
                let findings = findings.into_inner().ok()?;
                findings.differences.into_iter().next().map(|d| d.1)
            }
            Err(Trouble::Refused(_)) => None,
            Err(Trouble::Panic(told)) => Some(told),
        }
    };
    let kind = |told: &str| told.split_whitespace().take(2).collect::<String>();
    let whole = source_of(&[seed]);
    let first = differs(&whole).map(|told| kind(&told));
    let tries = number("WEIR_TRIES", 200) as usize;
    // Another difference may lie behind this one; that is for the next time.
    let small = reduce(&whole, tries, |source| {
        differs(source).map(|told| kind(&told)) == first
    });
    println!(
        "seed {seed}, made smaller:\n{small}\n{}",
        differs(&small).unwrap_or_default()
    );
}

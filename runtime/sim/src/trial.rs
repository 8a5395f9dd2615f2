//! One test under one schedule.
//!
//! The test is a run like any other: its steps give records, and what it sends, waits for and lets time pass for happens in the
//! same machine. When nothing can go on, time jumps to the next thing that is due. A crash drops the machine and makes a new one
//! from the records; what the old one held besides is gone, as it would be.

use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::border::OUTPUT_OK;
use weir_contract::host_call::Given;
use weir_contract::manifest::Frame;
use weir_contract::scratch::Scratches;
use weir_log::Record;
use weir_machine::show_runs::name_of;
use weir_machine::{
    Action, Bug, Ended, Machine, Place, Progress, Said, StepCap, Steps, Waiting, failed_output,
};

use crate::message::{Message, messages};

/// The time at which every test begins: 2026-01-01T00:00Z. A test that passes today passes tomorrow.
pub const BEGIN_US: i64 = 1_767_225_600_000_000;

/// More than a test does on purpose.
const STEPS_MAX: usize = 100_000;

/// Steps whose lines are kept; more than anybody reads.
const SAID_MAX: usize = 200;

/// When the machine dies, what arrives twice, and how finely steps are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Never; steps as large as on a node.
    Plain,
    /// Never; each transaction is a step of its own.
    Fine,
    /// After each record; each transaction is a step of its own.
    CrashAlways,
    /// After that record, counted from 0; each transaction is a step of its own.
    CrashAfter(usize),
    /// Never; each message arrives twice, each transaction is a step of its own.
    Twice,
    /// Never; that message arrives twice, counted from 0; each transaction is a step of its own.
    TwiceOnly(usize),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    pub outcome: Outcome,
    /// Where a crash could come: what each record was, for people.
    pub boundaries: Vec<String>,
    /// What could arrive twice, for people.
    pub messages: Vec<String>,
    /// What the program said to its log.
    pub said: Vec<Said>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// A failure left the test: the error's number and fields, as a step puts them out.
    Failed(Vec<u8>),
    /// The test itself or a run that it depends on stopped at a bug.
    Bug(Bug),
    /// Nothing can happen any more, and the test has not ended: what it waits for.
    Stuck(String),
    /// An extern function was called that nobody answers.
    NoMock(String),
    /// It goes on and on.
    Endless,
    /// The machine made from the records is another one: a bug of the runtime.
    Diverged(String),
}

pub fn run(
    steps: &mut dyn Steps,
    manifest: &Manifest,
    entry: u32,
    args: &[u8],
    settings: &Arc<Given>,
    schedule: Schedule,
) -> Report {
    let mut trial = Trial::new(steps, manifest, settings, schedule);
    let outcome = trial.run(entry, args);
    Report {
        outcome,
        boundaries: trial.boundaries,
        messages: trial.messages,
        said: trial.said,
    }
}

struct Trial<'a> {
    steps: &'a mut dyn Steps,
    manifest: &'a Manifest,
    schedule: Schedule,
    machine: Machine,
    records: Vec<Record>,
    boundaries: Vec<String>,
    messages: Vec<String>,
    /// Calls of the outside that were made again, each with the record behind which that was.
    asked_again: Vec<(usize, u64)>,
    /// The number of the next one.
    next_call: u64,
    /// Labels at which the test itself asked for a crash.
    crash_at: Vec<String>,
    /// The run of the test, and how it ended.
    test: Option<u64>,
    ended: Option<Ended>,
    said: Vec<Said>,
}

impl<'a> Trial<'a> {
    fn new(
        steps: &'a mut dyn Steps,
        manifest: &'a Manifest,
        settings: &Arc<Given>,
        schedule: Schedule,
    ) -> Trial<'a> {
        Trial {
            steps,
            manifest,
            machine: machine(schedule, settings),
            schedule,
            records: Vec::new(),
            boundaries: Vec::new(),
            messages: Vec::new(),
            asked_again: Vec::new(),
            next_call: 0,
            crash_at: Vec::new(),
            test: None,
            ended: None,
            said: Vec::new(),
        }
    }

    fn run(&mut self, entry: u32, args: &[u8]) -> Outcome {
        let deployed = self.machine.deploy(self.manifest, BEGIN_US);
        match deployed {
            Ok(record) => self.records.extend(record),
            Err(error) => return Outcome::Diverged(error.to_string()),
        }
        let Some(started) = self.machine.start_test(entry, args.to_vec(), BEGIN_US) else {
            return Outcome::Diverged("the test does not start".to_owned());
        };
        let test = started.run;
        self.test = Some(test);
        if let Some(stop) = self.took(started, "the start of the test".to_owned()) {
            return stop;
        }
        for _ in 0..STEPS_MAX {
            if let Some(outcome) = self.ended(test) {
                return outcome;
            }
            let now = self.machine.time();
            let Some(due) = self.machine.next_due() else {
                return Outcome::Stuck(self.waits(test));
            };
            let about = |m: &Machine, run: u64| describe(m, self.manifest, run);
            let Some(progress) = self
                .machine
                .advance_one(self.steps, self.manifest, now.max(due))
            else {
                return Outcome::Stuck(self.waits(test));
            };
            let what = about(&self.machine, progress.run);
            if let Some(stop) = self.took(progress, what) {
                return stop;
            }
        }
        Outcome::Endless
    }

    /// A record was made.
    fn took(&mut self, progress: Progress, what: String) -> Option<Outcome> {
        self.records.push(progress.record);
        let number = self.boundaries.len();
        self.boundaries.push(what.clone());
        for action in progress.actions {
            match action {
                Action::CrashAt(label) => self.crash_at.push(label),
                Action::Outside(call) => {
                    let function = &self.manifest.externs[call.function as usize];
                    let name = format!("{}.{}", function.module, function.name);
                    return Some(Outcome::NoMock(name));
                }
                Action::Ended { run, ended } if Some(run) == self.test => {
                    self.ended = Some(ended);
                }
                Action::Log(said) if self.said.len() < SAID_MAX => self.said.push(said),
                Action::Reply { .. }
                | Action::Program
                | Action::Parked { .. }
                | Action::Ended { .. }
                | Action::Log(_) => {}
            }
        }
        let asked = self
            .crash_at
            .iter()
            .any(|label| what.contains(label.as_str()));
        let crash = match self.schedule {
            Schedule::Plain | Schedule::Fine => asked,
            Schedule::CrashAlways => true,
            Schedule::CrashAfter(record) => asked || record == number,
            Schedule::Twice | Schedule::TwiceOnly(_) => asked,
        };
        let stop = crash.then(|| self.crash()).flatten();
        stop.or_else(|| self.deliver_again())
    }

    /// What the newest record sent arrives twice, when the schedule says so.
    fn deliver_again(&mut self) -> Option<Outcome> {
        let record = self.records.last()?;
        let found = messages(
            &self.machine,
            self.manifest,
            record,
            self.test,
            &mut self.next_call,
        );
        for (message, what) in found {
            let number = self.messages.len();
            self.messages.push(what.clone());
            let is_wanted = match self.schedule {
                Schedule::Twice => true,
                Schedule::TwiceOnly(only) => number == only,
                _ => false,
            };
            if !is_wanted {
                continue;
            }
            let is_fine = match &message {
                Message::Call(call) => {
                    self.asked_again.push((self.records.len(), *call));
                    self.machine.ask_again(*call)
                }
                Message::Sent(index, ask) => {
                    // The machine died before it could say that it had taken it.
                    if let Some(stop) = self.crash() {
                        return Some(stop);
                    }
                    let (steps, test) = (&mut *self.steps, self.test.unwrap_or_default());
                    let again = (*index, ask);
                    self.machine.send_again(steps, self.manifest, test, again) == Some(true)
                }
            };
            if !is_fine {
                return Some(Outcome::Diverged(format!(
                    "{what} was not taken as the same"
                )));
            }
        }
        None
    }

    /// The machine dies, and a new one reads the records.
    fn crash(&mut self) -> Option<Outcome> {
        let mut machine = machine(self.schedule, &self.machine.settings);
        for (before, record) in self.records.iter().enumerate() {
            if let Err(error) = machine.apply(record.kind, &record.body) {
                return Some(Outcome::Diverged(error.to_string()));
            }
            // What stands in for the outside is not in the log.
            for (_, call) in self.asked_again.iter().filter(|(at, _)| *at == before + 1) {
                machine.ask_again(*call);
            }
        }
        if machine.of_records() != self.machine.of_records() {
            let why = "the state read back from the log is not the state before";
            return Some(Outcome::Diverged(why.to_owned()));
        }
        self.machine = machine;
        None
    }

    /// How the test ended, if it did.
    fn ended(&mut self, test: u64) -> Option<Outcome> {
        if let Some(run) = self.machine.runs().get(test) {
            return run.strands.iter().find_map(|strand| match &strand.waiting {
                Waiting::Parked { bug, .. } => Some(Outcome::Bug((**bug).clone())),
                _ => None,
            });
        }
        match self.ended.take() {
            Some(Ended::Output(output)) if output.first() == Some(&OUTPUT_OK) => {
                Some(Outcome::Passed)
            }
            Some(Ended::Output(output)) => Some(Outcome::Failed(output[1..].to_vec())),
            Some(Ended::Cancelled) => {
                let cancelled = self.manifest.failures.as_ref()?.cancelled;
                Some(Outcome::Failed(failed_output(cancelled)[1..].to_vec()))
            }
            other => Some(Outcome::Diverged(format!("the test ended as {other:?}"))),
        }
    }

    /// What keeps the test from ending: what it waits for and, where that is a run, what that waits for. A run that is parked
    /// at a bug is the likeliest reason.
    fn waits(&self, test: u64) -> String {
        let mut lines = Vec::new();
        for (number, run) in self.machine.runs().going() {
            for strand in &run.strands {
                let who = match number == test {
                    true => "the test".to_owned(),
                    false => describe(&self.machine, self.manifest, number),
                };
                lines.push(match &strand.waiting {
                    Waiting::Parked { bug, .. } => {
                        format!("{who} is parked at {bug}")
                    }
                    _ => {
                        let frame = strand.frames.last();
                        let what = frame.and_then(|f| frame_at(self.manifest, f.place));
                        let what = what.map_or("its turn", |f| f.waits_for.as_str());
                        format!("{who} waits for {what}")
                    }
                });
            }
        }
        lines.join("\n")
    }
}

/// Its temporary data is its own: a machine that dies takes it along.
fn machine(schedule: Schedule, settings: &Arc<Given>) -> Machine {
    let mut machine = Machine::new();
    let own = Given::clone(settings).with_scratches(Scratches::default());
    machine.settings = Arc::new(own);
    if schedule != Schedule::Plain {
        machine.step_cap = StepCap {
            transactions: 0,
            ..StepCap::default()
        };
    }
    machine
}

/// A run and where it is, for people: `Checkout at Checkout.run/wait#1`.
pub(crate) fn describe(machine: &Machine, manifest: &Manifest, run: u64) -> String {
    let Some(going) = machine.runs().get(run) else {
        return "the end of a run".to_owned();
    };
    let name = name_of(manifest, going.target);
    let at = going
        .strands
        .iter()
        .find_map(|s| frame_at(manifest, s.frames.last()?.place));
    match at {
        Some(frame) => format!("{name}, at {}", frame.label),
        None => name,
    }
}

fn frame_at(manifest: &Manifest, place: Place) -> Option<&Frame> {
    match place {
        Place::Frame(number) => manifest.frames.get(number as usize),
        _ => None,
    }
}

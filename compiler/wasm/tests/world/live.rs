//! Runs of a module on the machine, with what each step told it: a line each, bytes in hex.

use weir_contract::border::{OUTPUT_FAILED, OUTPUT_OK};
use weir_contract::manifest::Manifest;
use weir_contract::{Value, border};
use weir_machine::effects::{Ask, Pause};
use weir_machine::run_record::{RUN_STEP, RunStepRecord};
use weir_machine::{Answer, Call, Frame, Machine, Outcome, Place, StepRecord};

use super::World;

pub struct Live {
    pub world: World,
    pub machine: Machine,
    manifest: Manifest,
    /// The run of the newest step.
    pub run: u64,
}

impl Live {
    pub fn new(world: World) -> Live {
        let manifest = super::manifest::manifest(&world.module);
        let mut machine = Machine::new();
        machine.deploy(&manifest, 0).unwrap();
        Live {
            world,
            machine,
            manifest,
            run: 0,
        }
    }

    /// The first step of a call.
    pub fn call(&mut self, name: &str, key: &[Value], args: &[Value]) -> Vec<String> {
        let mut functions = self.manifest.functions.iter();
        let call = Call {
            function: functions.position(|f| f.name == name).unwrap() as u32,
            caller: self.world.caller.clone(),
            roles: vec![],
            keys: self.world.key(name, key),
            args: self.world.encode(name, args),
            idempotency: None,
            if_match: None,
        };
        let runner = &mut self.world.runner;
        let done = self.machine.call(runner, &self.manifest, &call, 0);
        self.run = done.run;
        match (done.record, done.answer) {
            (Some(record), _) => {
                let step = StepRecord::decode(&record.body).unwrap();
                self.told(&step.asks, &step.outcome)
            }
            (None, Answer::Output(output)) => self.told(&[], &Outcome::Output(output)),
            (None, Answer::Bug(bug)) => self.told(&[], &Outcome::Bug(bug)),
            (None, other) => panic!("{other:?}"),
        }
    }

    /// The next step that is due by then.
    pub fn step(&mut self, now: i64) -> Vec<String> {
        let runner = &mut self.world.runner;
        let Some(progress) = self.machine.advance_one(runner, &self.manifest, now) else {
            return vec![];
        };
        assert_eq!(progress.record.kind, RUN_STEP);
        let step = RunStepRecord::decode(&progress.record.body).unwrap();
        self.run = step.run;
        self.told(&step.asks, &step.outcome)
    }

    fn told(&self, asks: &[Ask], outcome: &Outcome) -> Vec<String> {
        let mut lines: Vec<String> = asks.iter().map(|ask| self.ask(ask)).collect();
        match outcome {
            Outcome::Suspended(pause) => lines.extend(self.pause(pause)),
            Outcome::Bug(bug) => lines.push(format!("bug {}", bug.reason)),
            Outcome::Output(output) => lines.push(match output.first() {
                Some(&OUTPUT_OK) => row("ok", &[&output[1..]]),
                Some(&OUTPUT_FAILED) => row("failed", &[&output[1..]]),
                other => format!("output {other:?}"),
            }),
        }
        lines
    }

    fn pause(&self, pause: &Pause) -> Vec<String> {
        let frames = pause.frames.iter();
        let mut lines: Vec<String> = frames.map(|f| self.frame("frame", f)).collect();
        let kind = match pause.kind {
            border::SUSPEND_YIELD => "yield",
            border::SUSPEND_SLEEP => "sleep",
            border::SUSPEND_SLEEP_UNTIL => "sleep_until",
            border::SUSPEND_EVENTS => "events",
            border::SUSPEND_EXTERN => "extern",
            border::SUSPEND_RUN => "run",
            border::SUSPEND_JOIN => "join",
            border::SUSPEND_ADVANCE => "advance",
            border::SUSPEND_SETTLE => "settle",
            other => panic!("no kind {other}"),
        };
        lines.push(row(kind, &[&pause.operands]));
        lines
    }

    fn ask(&self, ask: &Ask) -> String {
        let later = |delay: &Option<i64>| delay.map_or(String::new(), |us| format!(" after {us}"));
        match ask {
            Ask::Send {
                function,
                key,
                args,
                delay,
                ..
            } => {
                let name = &self.manifest.functions[*function as usize].name;
                row(&format!("send {name}"), &[key, args]) + &later(delay)
            }
            Ask::Event { to, delay, .. } => {
                row(&format!("event {}", to.event), &[&to.key, &to.args]) + &later(delay)
            }
            Ask::Cancel(run) => format!("cancel {run}"),
            Ask::Undo(frame) => self.frame("undo", frame),
            Ask::Branch(frame) => self.frame("branch", frame),
            Ask::Mock { function, answer } => self.frame(&format!("mock {function}"), answer),
            Ask::CrashAt(label) => format!("crash_at {label}"),
            Ask::Emit(entry) => {
                let word = format!("emit {} {}", entry.stream, entry.position);
                row(&word, &[&entry.key, &entry.value]) + &format!(" at {}", entry.time)
            }
        }
    }

    fn frame(&self, word: &str, frame: &Frame) -> String {
        let Place::Frame(number) = frame.place else {
            panic!("{:?} is no frame", frame.place)
        };
        let label = &self.manifest.frames[number as usize].label;
        row(&format!("{word} {label}"), &[&frame.cells])
    }
}

/// A word and bytes; nothing at all is `-`.
fn row(word: &str, parts: &[&[u8]]) -> String {
    let mut line = word.to_owned();
    for part in parts {
        let hex: String = part.iter().map(|b| format!("{b:02x}")).collect();
        line += " ";
        line += if hex.is_empty() { "-" } else { &hex };
    }
    line
}

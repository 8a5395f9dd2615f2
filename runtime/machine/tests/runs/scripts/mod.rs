//! A program whose functions are scripts, and a world to run it in. Each record is replayed on a second machine, and the two
//! are compared after it.
//!
//! A script is `log a; sleep 5; par (log b) (fail)`: what is left of it is the one cell of each frame. What a script is
//! given after a wait goes into the log too, which is the list of `Thing("log")`.

mod program;
mod steps;

use std::collections::VecDeque;

use weir_contract::Manifest;
use weir_contract::encode::{Reader, put_bytes, put_int};
use weir_log::Record;
use weir_machine::{
    Action, Answer, Call, Done, Ended, EventTo, Machine, OutsideCall, Progress, ReplayChecker,
    Sent, Slot, StateAccess as _, Taken,
};

pub use program::{GO, NOTE, ORDER, RUN, THING, json, manifest};
pub use steps::Scripts;

pub struct World {
    pub machine: Machine,
    pub manifest: Manifest,
    pub steps: Scripts,
    pub now: i64,
    pub records: Vec<Record>,
    /// Calls that nobody has answered.
    pub outside: VecDeque<OutsideCall>,
    pub ended: Vec<(u64, Ended)>,
    /// Who calls.
    pub caller: String,
    /// A stream is full, so the machine knows of runs that it must not let go on, and one from a snapshot does not yet.
    pub is_full: bool,
    replay: ReplayChecker,
}

impl World {
    pub fn new() -> World {
        World::with(manifest())
    }

    pub fn with(manifest: Manifest) -> World {
        let mut world = World {
            machine: Machine::new(),
            manifest,
            steps: Scripts::default(),
            now: 1_000,
            records: Vec::new(),
            outside: VecDeque::new(),
            ended: Vec::new(),
            caller: "ann".to_owned(),
            is_full: false,
            replay: ReplayChecker::default(),
        };
        let manifest = world.manifest.clone();
        world.deploy(manifest);
        world
    }

    pub fn deploy(&mut self, manifest: Manifest) {
        let record = self.machine.deploy(&manifest, self.now).unwrap();
        self.manifest = manifest;
        if let Some(record) = record {
            self.follow(record, Vec::new());
        }
    }

    /// A record goes into the log; replaying it must give the same machine.
    fn follow(&mut self, record: Record, actions: Vec<Action>) {
        self.replay.follow(&record).unwrap();
        self.replay.compare(&self.machine).unwrap();
        let snapshot = self.machine.snapshot();
        let restored = Machine::restore(&snapshot).unwrap();
        assert!(restored.snapshot() == snapshot, "a snapshot reads back");
        if !self.is_full {
            assert_eq!(restored.next_due(), self.machine.next_due());
        }
        self.records.push(record);
        for action in actions {
            match action {
                Action::Outside(call) => self.outside.push_back(call),
                Action::Ended { run, ended } => self.ended.push((run, ended)),
                _ => {}
            }
        }
    }

    fn progress(&mut self, progress: Progress) {
        self.follow(progress.record, progress.actions);
    }

    /// The process dies and starts again: all that is known is in the records, or in a snapshot and those after it.
    pub fn restart(&mut self, snapshot_at: usize) {
        let mut machine = Machine::new();
        for (index, record) in self.records.iter().enumerate() {
            if index == snapshot_at {
                machine = Machine::restore(&machine.snapshot()).unwrap();
            }
            machine.apply(record.kind, &record.body).unwrap();
        }
        machine.step_cap = self.machine.step_cap;
        self.machine = machine;
        self.outside = self.machine.outstanding().into();
        self.replay = ReplayChecker::new(&self.machine).unwrap();
        self.replay.compare(&self.machine).unwrap();
    }

    pub fn call(&mut self, function: u32, key: &str, text: &str) -> Done {
        self.call_with(function, key, text, None)
    }

    pub fn call_with(
        &mut self,
        function: u32,
        key: &str,
        text: &str,
        idempotency: Option<&str>,
    ) -> Done {
        let mut args = Vec::new();
        put_bytes(&mut args, text.as_bytes());
        let call = Call {
            function,
            caller: self.caller.clone(),
            roles: vec!["clerk".into()],
            keys: if function == GO {
                Vec::new()
            } else {
                encode_key(key)
            },
            args,
            idempotency: idempotency.map(str::to_owned),
            if_match: None,
        };
        let done = self
            .machine
            .call(&mut self.steps, &self.manifest, &call, self.now);
        if let Some(record) = done.record.clone() {
            self.follow(record, done.actions.clone());
        }
        done
    }

    /// A call from outside of a function that waits.
    pub fn go(&mut self, script: &str) -> Done {
        self.call(GO, "", script)
    }

    /// The run of a workflow.
    pub fn order(&mut self, key: &str, script: &str) -> Done {
        self.call(RUN, key, script)
    }

    pub fn event(&mut self, key: &str, event: u32, text: &str) -> &'static str {
        self.event_with(key, event, text, None)
    }

    pub fn event_with(
        &mut self,
        key: &str,
        event: u32,
        text: &str,
        idempotency: Option<&str>,
    ) -> &'static str {
        let mut args = Vec::new();
        if event == 0 {
            put_bytes(&mut args, text.as_bytes());
        }
        let sent = Sent {
            to: EventTo {
                entity: ORDER,
                key: encode_key(key).into(),
                event,
                args: args.into(),
            },
            caller: self.caller.clone(),
            roles: Vec::new(),
            idempotency: idempotency.map(str::to_owned),
        };
        let taken = self
            .machine
            .send_event(&mut self.steps, &self.manifest, &sent, self.now);
        match taken {
            Taken::Yes(progress) => {
                self.progress(progress);
                "taken"
            }
            Taken::Again => "again",
            Taken::KeyReused => "key reused",
            Taken::Denied => "denied",
            Taken::NoRun => "no run",
            Taken::Ended => "ended",
            Taken::Full => "full",
            Taken::TooLong => "too long",
        }
    }

    /// Does one thing that can be done now.
    pub fn advance(&mut self) -> bool {
        let progress = self
            .machine
            .advance_one(&mut self.steps, &self.manifest, self.now);
        progress.is_some_and(|progress| {
            self.progress(progress);
            true
        })
    }

    /// Does all that can be done now.
    pub fn settle(&mut self) {
        while self.advance() {}
    }

    /// Lets time pass, with everything in it at its time.
    pub fn pass(&mut self, us: i64) {
        let until = self.now + us;
        loop {
            self.settle();
            match self.machine.next_due() {
                Some(due) if due <= until => self.now = due,
                _ => break,
            }
        }
        self.now = until;
    }

    /// Answers the oldest outside call, with its number plus one or a failure.
    pub fn answer(&mut self, fails: Option<u32>) {
        let call = self.outside.pop_front().expect("a call");
        let mut output = vec![0];
        match fails {
            Some(error) => output = weir_machine::failed_output(weir_contract::DefId(error)),
            None => put_int(&mut output, Reader::new(&call.args).int().unwrap() + 1),
        }
        // The answer and its step in one record, or in two: both must come to the same.
        let progress = match call.call.is_multiple_of(2) {
            true => self.machine.answer(call.call, output, self.now),
            false => {
                let (steps, manifest) = (&mut self.steps, &self.manifest);
                self.machine
                    .answer_and_go_on(steps, manifest, call.call, output, self.now)
            }
        };
        if let Some(progress) = progress {
            self.progress(progress);
        }
    }

    pub fn cancel(&mut self, run: u64) -> bool {
        let progress = self.machine.cancel(run, self.now);
        progress.is_some_and(|progress| {
            self.progress(progress);
            true
        })
    }

    /// Puts an entry back that the first consumer of a stream has given up.
    pub fn retry_entry(&mut self, stream: u32, position: u64) -> bool {
        let entry = weir_machine::streams::Consumed {
            stream,
            consumer: 0,
            position,
        };
        let progress = self.machine.retry_entry(entry, self.now);
        progress.is_some_and(|progress| {
            self.progress(progress);
            true
        })
    }

    pub fn end_now(&mut self, run: u64) -> bool {
        let progress = self.machine.end_now(run, self.now);
        progress.is_some_and(|progress| {
            self.progress(progress);
            true
        })
    }

    pub fn resume(&mut self, run: u64) -> bool {
        let progress = self.machine.resume(run, self.now);
        progress.is_some_and(|progress| {
            self.progress(progress);
            true
        })
    }

    /// What scripts have logged, joined by spaces.
    pub fn log(&self) -> String {
        self.log_of("log")
    }

    pub fn log_of(&self, thing: &str) -> String {
        let state = self.machine.state();
        let Some(position) = state.find(THING, &encode_key(thing)) else {
            return String::new();
        };
        let Slot::List(items) = &state.instance(THING, position).slots[0] else {
            return String::new();
        };
        let text = |item: &Vec<u8>| Reader::new(item).text().unwrap().to_owned();
        items.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    pub fn run_json(&self, run: u64) -> serde_json::Value {
        self.machine.run_json(run).unwrap().unwrap()
    }
}

pub fn is_output(done: &Done, output: &[u8]) -> bool {
    done.answer == Answer::Output(output.to_vec())
}

/// A text as an instance's key.
pub fn encode_key(key: &str) -> Vec<u8> {
    [key.as_bytes(), &[0, 1]].concat()
}

pub(crate) fn log(on: &mut weir_machine::Transaction, text: &str) {
    log_to(on, &encode_key("log"), text);
}

pub(crate) fn log_to(on: &mut weir_machine::Transaction, key: &[u8], text: &str) {
    let handle = on.open(THING, key);
    let mut item = Vec::new();
    put_bytes(&mut item, text.as_bytes());
    on.list_push(handle, 0, &item);
}

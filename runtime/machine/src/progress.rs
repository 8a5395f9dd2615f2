//! What records do to runs. Live steps and replayed records both come through here, so both end in the same place.

use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::manifest::Promise;

use crate::effects::{Ask, EventTo, Frame, Pause, Place, Wait};
use crate::given::{as_result, result_of_run};
use crate::idempotency::Answers;
use crate::known::{known, known_event, known_wait, workflow};
use crate::machine::{Action, BadRecord, OutsideCall};
use crate::record::Outcome;
use crate::runs::{Caller, Ended, Given, Run, Strand, Waiting, WorksFor};
use crate::schedule::Runs;
use crate::streams::Streams;

/// One record's change of the runs.
pub(crate) struct Change<'a> {
    pub runs: &'a mut Runs,
    pub answers: &'a mut Answers,
    pub streams: &'a mut Streams,
    pub program: &'a Manifest,
    pub time: i64,
    /// What those outside have to do.
    pub actions: Vec<Action>,
}

/// How a run comes to be.
pub(crate) struct Start {
    pub target: Place,
    pub key: Box<[u8]>,
    pub args: Box<[u8]>,
    pub caller: Arc<Caller>,
    pub outside: bool,
    pub idempotency: Option<Box<str>>,
    pub delay: Option<i64>,
}

impl Change<'_> {
    /// A run with one strand that will do it all.
    pub fn start(&mut self, number: u64, start: Start) {
        let first = Frame {
            place: start.target,
            cells: start.args,
        };
        if let Some(entity) = workflow(self.program, start.target) {
            let instance = (entity, start.key.clone());
            self.runs.workflows.insert(instance, number);
        }
        let run = Run {
            target: start.target,
            key: start.key,
            caller: start.caller,
            since: self.time,
            steps: 0,
            outside: start.outside,
            idempotency: start.idempotency,
            next_strand: 0,
            strands: Vec::with_capacity(1),
            undos: Vec::new(),
            events: Default::default(),
            cancelled: false,
            ending: None,
        };
        self.runs.going.insert(number, Box::new(run));
        let strand = self.add_strand(number, first, WorksFor::Run);
        if let Some(delay) = start.delay {
            let due = self.time.saturating_add(delay.max(0));
            self.runs
                .wait(number, strand, Waiting::Sleep { due }, self.time);
        }
    }

    /// A strand that may go on at once.
    pub(crate) fn add_strand(&mut self, run: u64, frame: Frame, works_for: WorksFor) -> u32 {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return 0;
        };
        let number = at.next_strand;
        at.next_strand += 1;
        at.strands.push(Strand {
            number,
            frames: vec![frame],
            // Not linked anywhere until `ready` says when its turn is.
            waiting: Waiting::Join {
                list: false,
                fallible: false,
            },
            since: self.time,
            works_for,
            branches: None,
        });
        self.runs.ready(run, number, Given::nothing(), self.time);
        number
    }

    /// A strand's step is in the log.
    pub fn step(
        &mut self,
        run: u64,
        strand: u32,
        given: Given,
        outcome: &Outcome,
        asks: &[Ask],
    ) -> Result<(), BadRecord> {
        self.runs.unlink(run, strand);
        let at = self.runs.going.get_mut(&run).ok_or_else(missing)?;
        if let Outcome::Bug(bug) = outcome {
            self.actions.push(Action::Parked {
                run,
                bug: bug.clone(),
            });
            let bug = Box::new(bug.clone());
            let waiting = Waiting::Parked { bug, given };
            self.runs.wait(run, strand, waiting, self.time);
            self.consumer_parked(run);
            return Ok(());
        }
        at.steps += 1;
        // Linked nowhere from here on, until the outcome says what it waits for.
        let this = at.strand_mut(strand).ok_or_else(missing)?;
        this.waiting = Waiting::Join {
            list: false,
            fallible: false,
        };
        if let Outcome::Suspended(pause) = outcome {
            for frame in &pause.frames {
                known(self.program, frame.place)?;
            }
            let left = this.frames.len().checked_sub(pause.popped as usize);
            this.frames.truncate(left.ok_or_else(missing)?);
            this.frames.extend_from_slice(&pause.frames);
            this.frames.shrink_to_fit();
        }
        for (index, ask) in asks.iter().enumerate() {
            self.ask(run, strand, ask)?;
            self.keep_message(run, index, ask);
        }
        match outcome {
            Outcome::Output(output) => self.strand_ended(run, strand, output),
            Outcome::Suspended(pause) => self.pause(run, strand, pause)?,
            Outcome::Bug(_) => {}
        }
        Ok(())
    }

    /// What a step of a run asks for besides writes.
    fn ask(&mut self, run: u64, strand: u32, ask: &Ask) -> Result<(), BadRecord> {
        match ask {
            Ask::Undo(frame) => {
                known(self.program, frame.place)?;
                let at = self.runs.going.get_mut(&run).ok_or_else(missing)?;
                // What an undo does cannot be undone.
                if at.ending.is_none() {
                    at.undos.push(frame.clone());
                }
            }
            Ask::Branch(frame) => {
                known(self.program, frame.place)?;
                let works_for = WorksFor::Strand(strand);
                let number = self.add_strand(run, frame.clone(), works_for);
                let at = self.runs.going.get_mut(&run).ok_or_else(missing)?;
                let this = at.strand_mut(strand).ok_or_else(missing)?;
                let branches = this.branches.get_or_insert_default();
                branches.all.push((number, None));
            }
            other => {
                let caller = self
                    .runs
                    .going
                    .get(&run)
                    .ok_or_else(missing)?
                    .caller
                    .clone();
                self.message(&caller, other)?;
            }
        }
        Ok(())
    }

    /// What any step may ask for.
    pub fn message(&mut self, caller: &Arc<Caller>, ask: &Ask) -> Result<(), BadRecord> {
        match ask {
            Ask::Send {
                run,
                function,
                key,
                args,
                delay,
            } => {
                known(self.program, Place::Function(*function))?;
                let start = Start {
                    target: Place::Function(*function),
                    key: key.clone(),
                    args: args.clone(),
                    caller: caller.clone(),
                    outside: false,
                    idempotency: None,
                    delay: *delay,
                };
                self.start(*run, start);
            }
            Ask::Event {
                to, delay: None, ..
            } => {
                known_event(self.program, to)?;
                self.deliver(to);
            }
            Ask::Event {
                number,
                to,
                delay: Some(delay),
            } => {
                known_event(self.program, to)?;
                let due = self.time.saturating_add((*delay).max(0));
                self.runs.delay(*number, due, to.clone());
            }
            Ask::Cancel(run) => {
                if self.runs.get(*run).is_some_and(Run::is_unbegun) {
                    self.run_ended(*run, Ended::Cancelled);
                }
            }
            Ask::Mock { function, answer } => {
                known(self.program, answer.place)?;
                self.runs.mocks.insert(*function, answer.clone());
            }
            Ask::CrashAt(label) => self.actions.push(Action::CrashAt(label.clone())),
            Ask::Emit(entry) => self.emitted(entry)?,
            Ask::Undo(_) | Ask::Branch(_) => {
                return Err(BadRecord("it asks for what only a run may".to_owned()));
            }
        }
        Ok(())
    }

    /// The strand waits for what its step said.
    fn pause(&mut self, run: u64, strand: u32, pause: &Pause) -> Result<(), BadRecord> {
        let time = self.time;
        // A time that has passed is now: nothing goes before what could go on already.
        let later = |duration: i64| time.saturating_add(duration.max(0));
        let after = |within: Option<i64>| within.map(later);
        let wait = Wait::decode(pause.kind, &pause.operands)?;
        let at = self.runs.get(run).ok_or_else(missing)?;
        known_wait(self.program, at.target, &wait)?;
        let answers = at.strand(strand).map(|s| s.works_for);
        let answers = matches!(answers, Some(WorksFor::Call(_)));
        if at.cancelled && wait != Wait::Yield && !answers {
            self.end_strand(run, strand);
            return Ok(());
        }
        let waiting = match wait {
            Wait::Yield => {
                self.runs.ready(run, strand, Given::nothing(), time);
                return Ok(());
            }
            Wait::Sleep(duration) => Waiting::Sleep {
                due: later(duration),
            },
            Wait::SleepUntil(due) => Waiting::Sleep { due: due.max(time) },
            Wait::Advance(duration) => Waiting::Quiet {
                due: later(duration),
            },
            Wait::Settle => Waiting::Quiet { due: time },
            Wait::Events { numbers, within } => {
                let at = self.runs.going.get_mut(&run).ok_or_else(missing)?;
                let came = at.events.iter().position(|(n, _)| numbers.contains(n));
                if let Some((event, args)) = came.and_then(|i| at.events.remove(i)) {
                    self.runs
                        .ready(run, strand, Given::Event(event, args), time);
                    return Ok(());
                }
                let due = after(within);
                Waiting::Events { numbers, due }
            }
            Wait::Outside {
                function,
                within,
                args,
            } => {
                self.call_outside(run, strand, function, after(within), args);
                return Ok(());
            }
            Wait::Run { run: on, within } => {
                if self.runs.get(on).is_none() {
                    let ended = self.runs.finished.get(&on).map(|f| &f.ended);
                    let given = result_of_run(self.program, ended);
                    self.runs.ready(run, strand, given, time);
                    return Ok(());
                }
                let due = after(within);
                Waiting::Run { run: on, due }
            }
            Wait::Join {
                list,
                fallible,
                limit,
            } => {
                self.runs
                    .wait(run, strand, Waiting::Join { list, fallible }, time);
                if let Some(limit) = limit {
                    self.hold_back(run, strand, limit);
                }
                self.check_join(run, strand);
                return Ok(());
            }
        };
        self.runs.wait(run, strand, waiting, time);
        Ok(())
    }

    fn call_outside(
        &mut self,
        run: u64,
        strand: u32,
        function: u32,
        due: Option<i64>,
        args: Box<[u8]>,
    ) {
        let call = self.runs.next_call;
        self.runs.next_call += 1;
        let waiting = Waiting::Outside {
            call,
            function,
            args: args.clone(),
            due,
        };
        self.runs.wait(run, strand, waiting, self.time);
        if !self.answer_by_mock(call) {
            self.actions.push(Action::Outside(OutsideCall {
                call,
                at: self.time,
                run,
                strand,
                function,
                args,
            }));
        }
    }

    /// An event goes to the strand that waits for it, or is kept. False when there is no run that goes on.
    pub fn deliver(&mut self, to: &EventTo) -> bool {
        let Some(number) = self.runs.of_workflow(to.entity, &to.key) else {
            return false;
        };
        let Some(run) = self.runs.going.get_mut(&number) else {
            return false;
        };
        if run.is_ending() {
            return false;
        }
        let wants = |s: &&Strand| matches!(&s.waiting, Waiting::Events { numbers, .. } if numbers.contains(&to.event));
        match run.strands.iter().find(wants).map(|s| s.number) {
            Some(strand) => {
                let given = Given::Event(to.event, to.args.clone());
                self.runs.ready(number, strand, given, self.time);
            }
            None => run.events.push_back((to.event, to.args.clone())),
        }
        true
    }

    /// The outside has answered; nothing happens when nobody waits for it any more.
    pub fn answered(&mut self, call: u64, output: &[u8]) {
        let Some((run, strand)) = self.runs.caller_of(call) else {
            return;
        };
        let waiting = self.runs.strand(run, strand).map(|s| &s.waiting);
        let Some(Waiting::Outside { function, due, .. }) = waiting else {
            return;
        };
        let function = &self.program.externs[*function as usize];
        let can_fail = due.is_some() || !function.fails.is_empty();
        let given = match can_fail {
            true => as_result(output),
            false => output.get(1..).unwrap_or_default().to_vec(),
        };
        let given = match function.promise {
            Promise::Read | Promise::Pure => Given::Bytes(given.into()),
            Promise::Idempotent | Promise::Once => Given::Answer(given.into()),
        };
        self.runs.ready(run, strand, given, self.time);
    }

    /// Parked strands run the same step again; false when there are none.
    pub fn resume(&mut self, number: u64) -> bool {
        let strands = self.runs.get(number).into_iter().flat_map(|r| &r.strands);
        let parked = strands.filter_map(|s| match &s.waiting {
            Waiting::Parked { given, .. } => Some((s.number, given.clone())),
            _ => None,
        });
        let parked: Vec<(u32, Given)> = parked.collect();
        let any = !parked.is_empty();
        for (strand, given) in parked {
            self.runs.ready(number, strand, given, self.time);
        }
        any
    }
}

fn missing() -> BadRecord {
    BadRecord("a run that is not there".to_owned())
}

//! What records do to runs. Live steps and replayed records both come through here, so both end in the same place.

use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::border::{OUTPUT_FAILED, OUTPUT_OK};
use weir_contract::encode::{Reader, put_varint};
use weir_contract::manifest::{FrameRole, FunctionKind};

use crate::effects::{Ask, EventTo, Frame, Pause, Place, Wait};
use crate::idempotency::Answers;
use crate::machine::{Action, BadRecord, OutsideCall};
use crate::record::Outcome;
use crate::runs::{Branches, Caller, Ended, Finished, Given, Run, Strand, Waiting};
use crate::schedule::Runs;

/// One record's change of the runs.
pub(crate) struct Change<'a> {
    pub runs: &'a mut Runs,
    pub answers: &'a mut Answers,
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
            ending: None,
        };
        self.runs.going.insert(number, run);
        let strand = self.add_strand(number, first, None);
        if let Some(delay) = start.delay {
            let due = self.time.saturating_add(delay.max(0));
            self.runs
                .wait(number, strand, Waiting::Sleep { due }, self.time);
        }
    }

    /// A strand that may go on at once.
    fn add_strand(&mut self, run: u64, frame: Frame, parent: Option<u32>) -> u32 {
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
            parent,
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
            let bug = Box::new(bug.clone());
            let waiting = Waiting::Parked { bug, given };
            self.runs.wait(run, strand, waiting, self.time);
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
            let left = this.frames.len().checked_sub(pause.popped as usize);
            this.frames.truncate(left.ok_or_else(missing)?);
            this.frames.extend_from_slice(&pause.frames);
            this.frames.shrink_to_fit();
        }
        for ask in asks {
            self.ask(run, strand, ask)?;
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
                let at = self.runs.going.get_mut(&run).ok_or_else(missing)?;
                // What an undo does cannot be undone.
                if at.ending.is_none() {
                    at.undos.push(frame.clone());
                }
            }
            Ask::Branch(frame) => {
                let number = self.add_strand(run, frame.clone(), Some(strand));
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
                if *function as usize >= self.program.functions.len() {
                    return Err(BadRecord("no such function".to_owned()));
                }
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
                self.deliver(to);
            }
            Ask::Event {
                number,
                to,
                delay: Some(delay),
            } => {
                let due = self.time.saturating_add((*delay).max(0));
                self.runs.delay(*number, due, to.clone());
            }
            Ask::Cancel(run) => {
                if self.runs.get(*run).is_some_and(Run::is_unbegun) {
                    self.run_ended(*run, Ended::Cancelled);
                }
            }
            Ask::Mock { function, answer } => {
                self.runs.mocks.insert(*function, answer.clone());
            }
            Ask::CrashAt(label) => self.actions.push(Action::CrashAt(label.clone())),
            Ask::Undo(_) | Ask::Branch(_) => {
                return Err(BadRecord("it asks for what only a run may".to_owned()));
            }
        }
        Ok(())
    }

    /// The strand waits for what its step said.
    fn pause(&mut self, run: u64, strand: u32, pause: &Pause) -> Result<(), BadRecord> {
        let time = self.time;
        let after = |within: Option<i64>| within.map(|d| time.saturating_add(d));
        let waiting = match Wait::decode(pause.kind, &pause.operands)? {
            Wait::Yield => {
                self.runs.ready(run, strand, Given::nothing(), time);
                return Ok(());
            }
            Wait::Sleep(duration) => Waiting::Sleep {
                due: time.saturating_add(duration),
            },
            Wait::SleepUntil(due) => Waiting::Sleep { due },
            Wait::Advance(duration) => Waiting::Quiet {
                due: time.saturating_add(duration),
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
            } => return self.call_outside(run, strand, function, after(within), args),
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
            Wait::Join { list, fallible } => {
                self.runs
                    .wait(run, strand, Waiting::Join { list, fallible }, time);
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
    ) -> Result<(), BadRecord> {
        if function as usize >= self.program.externs.len() {
            return Err(BadRecord("no such extern function".to_owned()));
        }
        if let Some(mock) = self.runs.mocks.get(&function) {
            let cells = [&*mock.cells, &*args].concat().into();
            let frame = Frame {
                place: mock.place,
                cells,
            };
            let at = self.runs.going.get_mut(&run).ok_or_else(missing)?;
            let this = at.strand_mut(strand).ok_or_else(missing)?;
            this.frames.push(frame);
            self.runs.ready(run, strand, Given::nothing(), self.time);
            return Ok(());
        }
        let call = self.runs.next_call;
        self.runs.next_call += 1;
        self.actions.push(Action::Outside(OutsideCall {
            call,
            at: self.time,
            run,
            strand,
            function,
            args: args.clone(),
        }));
        let waiting = Waiting::Outside {
            call,
            function,
            args,
            due,
        };
        self.runs.wait(run, strand, waiting, self.time);
        Ok(())
    }

    fn strand_ended(&mut self, run: u64, strand: u32, output: &[u8]) {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return;
        };
        let Some(index) = at.strands.iter().position(|s| s.number == strand) else {
            return;
        };
        let this = at.strands.remove(index);
        if let Some(parent) = this.parent {
            return self.branch_ended(run, parent, strand, output);
        }
        if at.ending.is_some() {
            return self.next_undo(run);
        }
        let ended = Ended::Output(output.to_vec());
        if output.first() == Some(&OUTPUT_FAILED) && !at.undos.is_empty() {
            self.undo_all(run, ended);
        } else {
            self.run_ended(run, ended);
        }
    }

    fn branch_ended(&mut self, run: u64, parent: u32, strand: u32, output: &[u8]) {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return;
        };
        let Some(this) = at.strand_mut(parent) else {
            return;
        };
        let Some(branches) = &mut this.branches else {
            return;
        };
        let mut dropped = Vec::new();
        if output.first() == Some(&OUTPUT_OK) {
            for (number, value) in &mut branches.all {
                if *number == strand {
                    *value = Some(output[1..].into());
                }
            }
        } else {
            branches.all.retain(|(number, _)| *number != strand);
            let failed = as_result(output).into();
            branches.failed.get_or_insert(failed);
            let open = branches.all.iter().filter(|(_, value)| value.is_none());
            dropped = open.map(|(number, _)| *number).collect();
            let program = self.program;
            let unbegun = |s: &Strand| is_unbegun_branch(program, s);
            dropped.retain(|number| at.strand(*number).is_some_and(unbegun));
        }
        for number in &dropped {
            self.drop_strand(run, *number);
        }
        if let Some(this) = self
            .runs
            .going
            .get_mut(&run)
            .and_then(|r| r.strand_mut(parent))
            && let Some(branches) = &mut this.branches
        {
            branches.all.retain(|(number, _)| !dropped.contains(number));
        }
        self.check_join(run, parent);
    }

    /// A strand that waits for its branches goes on when all of them have ended.
    fn check_join(&mut self, run: u64, strand: u32) {
        let at = self
            .runs
            .going
            .get_mut(&run)
            .and_then(|r| r.strand_mut(strand));
        let Some(at) = at else { return };
        let Waiting::Join { list, fallible } = at.waiting else {
            return;
        };
        let branches = at.branches.as_deref();
        if branches.is_some_and(|b| b.all.iter().any(|(_, value)| value.is_none())) {
            return;
        }
        let Branches { all, failed } = at.branches.take().map(|b| *b).unwrap_or_default();
        let mut result = Vec::new();
        match failed {
            Some(failed) => result.extend_from_slice(&failed),
            None => {
                if fallible {
                    result.push(0);
                }
                if list {
                    put_varint(&mut result, all.len() as u64);
                }
                for (_, value) in all {
                    result.extend_from_slice(&value.unwrap_or_default());
                }
            }
        }
        let given = Given::Bytes(result.into());
        self.runs.ready(run, strand, given, self.time);
    }

    fn drop_strand(&mut self, run: u64, strand: u32) {
        self.runs.unlink(run, strand);
        if let Some(at) = self.runs.going.get_mut(&run) {
            at.strands.retain(|s| s.number != strand);
        }
    }

    fn drop_strands(&mut self, run: u64) {
        let strands = self
            .runs
            .get(run)
            .map(|r| r.strands.iter().map(|s| s.number));
        let strands: Vec<u32> = strands.into_iter().flatten().collect();
        for strand in strands {
            self.drop_strand(run, strand);
        }
    }

    /// The result is decided; what was done is undone first.
    fn undo_all(&mut self, run: u64, ended: Ended) {
        self.drop_strands(run);
        if let Some(at) = self.runs.going.get_mut(&run) {
            at.ending = Some(Box::new(ended));
            at.events = Default::default();
        }
        self.next_undo(run);
    }

    fn next_undo(&mut self, run: u64) {
        let Some(at) = self.runs.going.get_mut(&run) else {
            return;
        };
        match at.undos.pop() {
            Some(frame) => {
                self.add_strand(run, frame, None);
            }
            None => {
                if let Some(ended) = at.ending.take() {
                    self.run_ended(run, *ended);
                }
            }
        }
    }

    fn run_ended(&mut self, number: u64, ended: Ended) {
        let waiters = self.runs.waiters(number);
        let was_unbegun = self.runs.get(number).is_some_and(Run::is_unbegun);
        self.drop_strands(number);
        let Some(run) = self.runs.going.remove(&number) else {
            return;
        };
        for (run, strand) in waiters {
            let given = result_of_run(self.program, Some(&ended));
            self.runs.ready(run, strand, given, self.time);
        }
        if let (Some(key), Place::Function(function), Ended::Output(output)) =
            (&run.idempotency, run.target, &ended)
        {
            self.answers
                .settle(&run.caller.id, key, number, function, output);
        }
        let entity = workflow(self.program, run.target);
        let is_output = matches!(ended, Ended::Output(_));
        match entity {
            // It was taken back: as if it had never been sent.
            Some(entity) if was_unbegun && ended == Ended::Cancelled => {
                self.runs.workflows.remove(&(entity, run.key));
            }
            // A call that was answered at once needs no second place to ask for its answer.
            _ if entity.is_some() || run.outside && (run.steps > 1 || !is_output) => {
                let finished = Finished {
                    target: run.target,
                    key: run.key,
                    since: run.since,
                    at: self.time,
                    ended: ended.clone(),
                    workflow: entity.is_some(),
                };
                self.runs.keep(number, finished);
            }
            _ => {}
        }
        self.actions.push(Action::Ended { run: number, ended });
    }

    /// An event goes to the strand that waits for it, or is kept. False when there is no run that goes on.
    pub fn deliver(&mut self, to: &EventTo) -> bool {
        let Some(number) = self.runs.of_workflow(to.entity, &to.key) else {
            return false;
        };
        let Some(run) = self.runs.going.get_mut(&number) else {
            return false;
        };
        if run.ending.is_some() {
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
        let can_fail = due.is_some() || !self.program.externs[*function as usize].fails.is_empty();
        let given = match can_fail {
            true => as_result(output),
            false => output.get(1..).unwrap_or_default().to_vec(),
        };
        let given = Given::Bytes(given.into());
        self.runs.ready(run, strand, given, self.time);
    }

    /// Ends a run from outside; false when it has ended or is ending.
    pub fn cancel(&mut self, number: u64) -> bool {
        match self.runs.get(number) {
            Some(run) if run.ending.is_none() => {
                if run.is_unbegun() {
                    self.run_ended(number, Ended::Cancelled);
                } else {
                    self.undo_all(number, Ended::Cancelled);
                }
                true
            }
            _ => false,
        }
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

/// What a strand that runs at that time is given: what it has been given, or what comes when its time is over.
pub(crate) fn given_at(program: &Manifest, strand: &Strand, time: i64) -> Result<Given, BadRecord> {
    if let Waiting::Ready { given, .. } = &strand.waiting {
        return Ok(given.clone());
    }
    if strand.waiting.due().is_none_or(|due| due > time) {
        return Err(BadRecord("a strand goes on that waits".to_owned()));
    }
    Ok(match &strand.waiting {
        Waiting::Events { .. } => Given::NoEvent,
        Waiting::Outside { .. } | Waiting::Run { .. } => {
            let failures = program.failures.as_ref();
            let timed_out = failures.ok_or_else(|| BadRecord("no failures".to_owned()))?;
            Given::Bytes(error_result(timed_out.timed_out.0).into())
        }
        _ => Given::nothing(),
    })
}

/// The bytes a frame gets for its `result`.
pub(crate) fn encode_given(program: &Manifest, target: Place, given: &Given) -> Vec<u8> {
    let mut out = Vec::new();
    match given {
        Given::Bytes(bytes) => out.extend_from_slice(bytes),
        Given::Event(event, args) => {
            put_varint(&mut out, *event as u64);
            out.extend_from_slice(args);
        }
        Given::NoEvent => {
            let workflow = workflow(program, target)
                .and_then(|entity| program.entities[entity as usize].workflow.as_ref());
            put_varint(&mut out, workflow.map_or(0, |w| w.events.len()) as u64);
        }
    }
    out
}

/// The entity whose workflow a place is the `run` of.
pub(crate) fn workflow(program: &Manifest, target: Place) -> Option<u32> {
    match target {
        Place::Function(n) => {
            let function = program.functions.get(n as usize)?;
            function
                .entity
                .filter(|_| function.kind == FunctionKind::Run)
        }
        Place::Frame(_) | Place::Test(_) => None,
    }
}

/// A step's output as a value of a `Result` type.
pub(crate) fn as_result(output: &[u8]) -> Vec<u8> {
    match output.split_first() {
        Some((&OUTPUT_FAILED, rest)) => {
            let mut r = Reader::new(rest);
            let mut out = Vec::new();
            if let Ok(id) = r.varint() {
                put_varint(&mut out, id + 1);
            }
            out.extend_from_slice(r.rest());
            out
        }
        Some((_, value)) => [&[0], value].concat(),
        None => Vec::new(),
    }
}

fn error_result(id: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, id as u64 + 1);
    out
}

/// What waiting for a run gives. Of one that nobody can know any more: that it was cancelled.
fn result_of_run(program: &Manifest, ended: Option<&Ended>) -> Given {
    let cancelled = program.failures.as_ref().map_or(0, |f| f.cancelled.0);
    let result = match ended {
        Some(Ended::Output(output))
            if matches!(output.first(), Some(&OUTPUT_OK | &OUTPUT_FAILED)) =>
        {
            as_result(output)
        }
        _ => error_result(cancelled),
    };
    Given::Bytes(result.into())
}

fn is_unbegun_branch(program: &Manifest, strand: &Strand) -> bool {
    let begins = |place| matches!(place, Place::Frame(n) if program.frames.get(n as usize).is_some_and(|f| f.role == FrameRole::Branch));
    matches!(strand.waiting, Waiting::Ready { .. })
        && strand.frames.last().is_some_and(|f| begins(f.place))
}

fn missing() -> BadRecord {
    BadRecord("a run that is not there".to_owned())
}

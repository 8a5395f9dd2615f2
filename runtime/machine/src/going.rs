//! How runs go on: strands whose turn or time it is, events, answers from outside, orders of people.
//!
//! Each function gives at most one record, to be appended in the order of the calls.

use std::sync::Arc;

use weir_contract::border::encode_caller;
use weir_contract::call::Reply;
use weir_contract::manifest::{Access, Effect, INSIDE_SINCE, Manifest};
use weir_log::Record;

use crate::attempt::{Attempt, RECORD_HEAD, views_of};
use crate::calls::{digest_of, said};
use crate::drive::Work;
use crate::effects::{EventTo, Place};
use crate::given::{encode_given, given_at};
use crate::idempotency::{Kept, KeptAnswer};
use crate::known::known_event;
use crate::machine::{Action, Answer, BadRecord, Machine, OutsideCall};
use crate::progress::{Change, Start};
use crate::record::Digest;
use crate::run_record::{
    AnswerRecord, ControlRecord, EventFrom, EventRecord, Order, RunStepRecord, Woken,
};
use crate::runs::{Caller, Strand, Waiting};
use crate::schedule::Next;
use crate::steps::Steps;
use crate::streams::Consumed;

/// A record and what is to be done when it is durable.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The run it is about.
    pub run: u64,
    pub record: Record,
    pub actions: Vec<Action>,
}

/// An event from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub to: EventTo,
    /// Empty for nobody.
    pub caller: String,
    pub roles: Vec<String>,
    pub idempotency: Option<String>,
}

/// What became of an event from outside.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It will reach the run when the record is durable.
    Yes(Progress),
    /// It was taken before, under the same idempotency key.
    Again,
    /// The key was used for another request.
    KeyReused,
    /// `allow` says no.
    Denied,
    /// No run was ever started for the key.
    NoRun,
    /// The run has ended, or is undoing what it did.
    Ended,
    /// Too many events wait.
    Full,
    /// No record has room for it.
    TooLong,
}

impl Machine {
    /// When something happens by itself next. In the past or present when [`Machine::advance_one`] has something to do.
    pub fn next_due(&self) -> Option<i64> {
        self.runs.next_due()
    }

    /// Does the next thing that can be done by `now`: a strand's step, or a delayed event's arrival.
    pub fn advance_one(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        now: i64,
    ) -> Option<Progress> {
        let time = now.max(self.time);
        loop {
            match self.next_not_held(manifest, time)? {
                Next::Strand(run, strand) => {
                    let at = self.runs.strand(run, strand);
                    let ready = at.is_some_and(|s| matches!(s.waiting, Waiting::Ready { .. }));
                    let woken = if ready { Woken::Turn } else { Woken::Due };
                    let at = (run, strand);
                    match self.step_strand(steps, manifest, at, woken, time) {
                        Some(progress) => return Some(progress),
                        // Somebody else has the turn until the data is there.
                        None => self.runs.lacking.insert(at),
                    };
                }
                Next::Event(number) => {
                    let record = EventRecord {
                        time,
                        from: EventFrom::Delayed(number),
                    };
                    let actions = self.note_event(&record).expect("an event that is due");
                    return Some(Progress {
                        run: number,
                        record: record.to_record(),
                        actions,
                    });
                }
            }
        }
    }

    /// Who goes on next; those that would put something into a full stream are put aside.
    fn next_not_held(&mut self, manifest: &Manifest, time: i64) -> Option<Next> {
        loop {
            let next = self.runs.next(time)?;
            let Next::Strand(run, number) = next else {
                return Some(next);
            };
            let strand = self.runs.strand(run, number)?;
            let full = self.streams.holds_up(manifest, &self.runs, (run, strand));
            match full {
                Some(stream) => self.runs.hold(run, number, stream),
                None => return Some(next),
            }
        }
    }

    /// `None` when it needs temporary data that is not there, or a view that is being built: then nothing has happened.
    fn step_strand(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        (number, strand): (u64, u32),
        woken: Woken,
        time: i64,
    ) -> Option<Progress> {
        let run = self.runs.get(number).expect("a strand that is next");
        let at = run.strand(strand).expect("a strand that is next");
        let given = given_at(manifest, at, time).expect("a strand that is next");
        let effect = match run.target {
            Place::Function(f) if manifest.functions[f as usize].effect < Effect::Wait => {
                Effect::Write
            }
            _ => Effect::Wait,
        };
        let roles = run.caller.roles.iter().map(String::as_str);
        let caller = encode_caller(&run.caller.id, roles);
        let (frames, key) = (at.frames.clone(), run.key.clone());
        let place = (number, run.steps);
        let used = match &woken {
            Woken::Answered { output, .. } => output.len(),
            _ => 0,
        };
        let work = Work {
            manifest,
            target: run.target,
            frames: &frames,
            given: encode_given(manifest, run.target, &given),
            key: &key,
            caller: &caller,
            // A call from outside asks `allow` in its first step, also when that is tried again behind a bug.
            inside: manifest.version >= INSIDE_SINCE && !(run.outside && run.steps == 0),
            time,
        };
        let mut views = work
            .frames
            .iter()
            .flat_map(|frame| views_of(&work, frame.place));
        if views.any(|view| self.is_building(*view)) {
            return None;
        }
        let Attempt {
            outcome,
            asks,
            writes,
            lines,
            lacks_scratch,
        } = self.attempt(steps, &work, effect, place, used);
        if lacks_scratch {
            return None;
        }
        let said = said(manifest, work.target, place, time, &outcome, lines);
        let step = RunStepRecord {
            run: number,
            strand,
            time,
            woken,
            outcome,
            asks,
            writes,
        };
        let record = step.to_record();
        let mut actions = self.note_run_step(&step).expect("a step that has just run");
        actions.extend(said);
        Some(Progress {
            run: number,
            record,
            actions,
        })
    }

    /// An event from outside. Roles are the caller's business; `allow` is asked here.
    pub fn send_event(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        sent: &Sent,
        now: i64,
    ) -> Taken {
        let to = &sent.to;
        let time = now.max(self.time);
        let workflow = manifest.entities[to.entity as usize].workflow.as_ref();
        let Some(event) = workflow.and_then(|w| w.events.get(to.event as usize)) else {
            return Taken::NoRun;
        };
        let digest = digest_of(manifest, Some(to.entity), &event.name, [&to.key, &to.args]);
        if let Some(key) = &sent.idempotency
            && let Some(kept) = self.answers.find(&sent.caller, key, time)
        {
            return match kept.digest == digest {
                true => Taken::Again,
                false => Taken::KeyReused,
            };
        }
        if let (Access::Allow, Some(entry)) = (&event.access, event.guard) {
            let caller = encode_caller(&sent.caller, sent.roles.iter().map(String::as_str));
            if !self.guard(steps, entry, &to.key, &caller, time) {
                return Taken::Denied;
            }
        }
        let Some(run) = self.runs.of_workflow(to.entity, &to.key) else {
            return Taken::NoRun;
        };
        if self.runs.get(run).is_none_or(|run| run.is_ending()) {
            return Taken::Ended;
        }
        if self.events_waiting(to.entity, &to.key) >= manifest.limits.events() {
            return Taken::Full;
        }
        let bytes = sent.caller.len() + to.key.len() + to.args.len() + RECORD_HEAD;
        if bytes > self.record_bytes_max {
            return Taken::TooLong;
        }
        let record = EventRecord {
            time,
            from: EventFrom::Outside {
                number: self.next_run,
                caller: sent.caller.clone(),
                to: to.clone(),
                idempotency: sent.idempotency.clone().map(|key| (key, digest)),
            },
        };
        let actions = self.note_event(&record).expect("an event of the program");
        Taken::Yes(Progress {
            run,
            record: record.to_record(),
            actions,
        })
    }

    /// The outside has answered a call: [`weir_contract::border::OUTPUT_OK`] or `OUTPUT_FAILED` and what follows. `None`
    /// when nobody waits for it any more, or it is no answer of that function, or longer than [`Machine::answer_bytes_max`].
    pub fn answer(&mut self, call: u64, output: Vec<u8>, now: i64) -> Option<Progress> {
        let (run, _) = self.who_takes(call, &output)?;
        if output.len() > self.answer_bytes_max() {
            return None;
        }
        let record = AnswerRecord {
            time: now.max(self.time),
            call,
            output,
        };
        let actions = self.note_answer(&record).expect("somebody waits for it");
        Some(Progress {
            run,
            record: record.to_record(),
            actions,
        })
    }

    /// The longest answer of the outside that it takes.
    pub fn answer_bytes_max(&self) -> usize {
        answer_bytes_max(self.record_bytes_max)
    }

    /// The same, and the step that the answer leads to, in one record.
    pub fn answer_and_go_on(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        call: u64,
        output: Vec<u8>,
        now: i64,
    ) -> Option<Progress> {
        // Both would not fit one record.
        if output.len() > self.record_bytes_max / 4 {
            return self.answer(call, output, now);
        }
        let at = self.who_takes(call, &output)?;
        let time = now.max(self.time);
        self.change(time, |change| {
            change.answered(call, &output);
            Ok(())
        })
        .expect("somebody waits for it");
        let woken = Woken::Answered {
            call,
            output: output.clone(),
        };
        let progress = self.step_strand(steps, manifest, at, woken, time);
        // The answer alone has come.
        progress.or_else(|| {
            let record = AnswerRecord { time, call, output };
            Some(Progress {
                run: at.0,
                record: record.to_record(),
                actions: Vec::new(),
            })
        })
    }

    /// Run and strand that wait for the answer of a call, if it is one of that function.
    fn who_takes(&self, call: u64, output: &[u8]) -> Option<(u64, u32)> {
        let (run, strand) = self.runs.caller_of(call)?;
        let program = self.program.as_ref()?;
        let Waiting::Outside { function, due, .. } = &self.runs.strand(run, strand)?.waiting else {
            return None;
        };
        let function = &program.externs[*function as usize];
        let mut fails = function.fails.clone();
        if let (Some(_), Some(failures)) = (due, &program.failures) {
            fails.push(failures.timed_out);
        }
        let reply = Reply::decode(&program.defs, &function.returns, &fails, output).ok()?;
        (reply != Reply::Denied).then_some((run, strand))
    }

    /// Ends a run from outside: it undoes what it did, and its result is that it was cancelled. Calls of the outside world
    /// that may have done something are waited for, and the step that takes the answer; a run that has nothing more to
    /// wait for then ends as it would have. One that is parked behind such an answer waits to be resumed, or cancelled once
    /// more. `None` when it has ended, or is ending already and not parked.
    pub fn cancel(&mut self, run: u64, now: i64) -> Option<Progress> {
        let going = self.runs.get(run)?;
        let is_stuck = going.cancelled && going.strands.iter().any(Strand::is_parked);
        if going.is_ending() && !is_stuck {
            return None;
        }
        self.order(run, Order::Cancel, now)
    }

    /// The same, but waits for no answer: what a call under way does outside is not undone. `None` when it has ended, or is
    /// undoing already.
    pub fn end_now(&mut self, run: u64, now: i64) -> Option<Progress> {
        let going = self.runs.get(run)?;
        if going.ending.is_some() {
            return None;
        }
        self.order(run, Order::EndNow, now)
    }

    /// Parked strands of a run try their step again, in the program that is now in force. `None` when none is parked.
    pub fn resume(&mut self, run: u64, now: i64) -> Option<Progress> {
        let mut strands = self.runs.get(run)?.strands.iter();
        strands.any(Strand::is_parked).then_some(())?;
        self.order(run, Order::Resume, now)
    }

    /// Puts an entry back that a consumer has given up. `None` when it is none.
    pub fn retry_entry(&mut self, entry: Consumed, now: i64) -> Option<Progress> {
        let stream = self.streams.get(entry.stream)?;
        stream.is_dead(entry).then_some(())?;
        self.order(self.next_run, Order::Retry(entry), now)
    }

    /// Starts a test as a run; its steps are then those of [`Machine::advance_one`].
    pub fn start_test(&mut self, entry: u32, args: Vec<u8>, now: i64) -> Option<Progress> {
        self.order(self.next_run, Order::Test { entry, args }, now)
    }

    fn order(&mut self, run: u64, order: Order, now: i64) -> Option<Progress> {
        let time = now.max(self.time);
        let record = ControlRecord { time, run, order };
        let to_append = record.to_record();
        let actions = self.note_control(record).ok()?;
        Some(Progress {
            run,
            record: to_append,
            actions,
        })
    }

    /// Calls that wait for an answer: after a restart nobody is making them any more.
    pub fn outstanding(&self) -> Vec<OutsideCall> {
        let calls = self.runs.calls().map(|(call, _)| call);
        calls.filter_map(|call| self.outside_call(call)).collect()
    }

    /// A call that waits for its answer, with its function as the program in force numbers it.
    pub fn outside_call(&self, call: u64) -> Option<OutsideCall> {
        let (run, strand) = self.runs.caller_of(call)?;
        let at = self.runs.strand(run, strand)?;
        match &at.waiting {
            Waiting::Outside { function, args, .. } => Some(OutsideCall {
                call,
                at: at.since,
                run,
                strand,
                function: *function,
                args: args.clone(),
            }),
            _ => None,
        }
    }

    /// What is known of a run: its result, that it goes on, or `None` when there is none, or no longer.
    pub fn result(&self, run: u64) -> Option<Answer> {
        let is_known = self.runs.get(run).is_some() || self.runs.finished.contains_key(&run);
        is_known.then(|| self.answer_of(run))
    }

    pub(crate) fn note_run_step(&mut self, step: &RunStepRecord) -> Result<Vec<Action>, BadRecord> {
        self.take_numbers(&step.asks);
        let change = |change: &mut Change<'_>| {
            // Live it has been noted before the step ran; then nobody waits for it any more.
            if let Woken::Answered { call, output } = &step.woken {
                change.answered(*call, output);
            }
            let at = change.runs.strand(step.run, step.strand);
            let at = at.ok_or_else(|| BadRecord("a strand that is not there".to_owned()))?;
            let given = given_at(change.program, at, step.time)?;
            change.step(step.run, step.strand, given, &step.outcome, &step.asks)
        };
        Ok(self.change(step.time, change)?.1)
    }

    pub(crate) fn note_event(&mut self, event: &EventRecord) -> Result<Vec<Action>, BadRecord> {
        match &event.from {
            EventFrom::Delayed(number) => {
                let change = |change: &mut Change<'_>| {
                    let to = change.runs.arrived(*number);
                    let to =
                        to.ok_or_else(|| BadRecord("an event that is not there".to_owned()))?;
                    change.deliver(&to);
                    Ok(())
                };
                Ok(self.change(event.time, change)?.1)
            }
            EventFrom::Outside {
                number,
                caller,
                to,
                idempotency,
            } => {
                self.next_run = self.next_run.max(number + 1);
                let ((), actions) = self.change(event.time, |change| {
                    known_event(change.program, to)?;
                    change.deliver(to);
                    Ok(())
                })?;
                if let Some((key, digest)) = idempotency {
                    self.keep_event(caller, key, *digest, *number);
                }
                Ok(actions)
            }
        }
    }

    fn keep_event(&mut self, caller: &str, key: &str, digest: Digest, number: u64) {
        let kept = Kept {
            run: number,
            time: self.time,
            digest,
            answer: KeptAnswer::taken(),
        };
        self.answers.keep(caller, key, kept);
    }

    pub(crate) fn note_answer(&mut self, answer: &AnswerRecord) -> Result<Vec<Action>, BadRecord> {
        let ((), actions) = self.change(answer.time, |change| {
            change.answered(answer.call, &answer.output);
            Ok(())
        })?;
        Ok(actions)
    }

    pub(crate) fn note_control(
        &mut self,
        control: ControlRecord,
    ) -> Result<Vec<Action>, BadRecord> {
        if let Order::Test { .. } | Order::Retry(_) = control.order {
            self.next_run = self.next_run.max(control.run + 1);
        }
        let ((), actions) = self.change(control.time, |change| {
            match control.order {
                Order::Cancel => change.cancel(control.run),
                Order::EndNow => change.end_now(control.run),
                Order::Resume => {
                    change.resume(control.run);
                }
                Order::Retry(entry) => {
                    if !change.retry_entry(entry, control.run) {
                        return Err(BadRecord("an entry that nobody gave up".to_owned()));
                    }
                }
                Order::Test { entry, args } => {
                    let caller = Caller {
                        id: "test".to_owned(),
                        roles: Vec::new(),
                    };
                    let start = Start {
                        target: Place::Test(entry),
                        key: Box::default(),
                        args: args.into(),
                        caller: Arc::new(caller),
                        outside: false,
                        idempotency: None,
                        delay: None,
                    };
                    change.start(control.run, start);
                }
            }
            Ok(())
        })?;
        Ok(actions)
    }
}

/// The longest answer of the outside that has room in a record of so many bytes.
pub fn answer_bytes_max(record_bytes_max: usize) -> usize {
    record_bytes_max.saturating_sub(RECORD_HEAD)
}

/// Output of an extern function that failed with one of the errors a runtime may answer with; none of them has fields.
pub fn failed_output(error: weir_contract::DefId) -> Vec<u8> {
    let mut out = vec![weir_contract::border::OUTPUT_FAILED];
    weir_contract::encode::put_varint(&mut out, error.0 as u64);
    out
}

//! One call: what can be said before a step of it runs, the step, and its record.

use sha2::{Digest as _, Sha256};
use weir_contract::border::{OUTPUT_DENIED, OUTPUT_OK, StepInput};
use weir_contract::host_call::Lines;
use weir_contract::manifest::{Access, Effect, FunctionKind, Manifest};

use crate::asking::Surroundings;
use crate::attempt::{Attempt, RECORD_HEAD};
use crate::drive::{Work, caller_of, first_frame};
use crate::effects::Place;
use crate::idempotency::KeptAnswer;
use crate::machine::{Action, Answer, Became, Call, Done, Machine, Said};
use crate::record::{Digest, Outcome, StepRecord};
use crate::runs::Ended;
use crate::show_runs::name_of;
use crate::steps::Steps;
use crate::transaction::Transaction;

impl Machine {
    /// Runs one call. `manifest` is the program in force with its sites, to say where a bug is.
    ///
    /// A call that starts a run does the run's first step at once, and answers [`Answer::GoesOn`] when there are more.
    pub fn call(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        call: &Call,
        now: i64,
    ) -> Done {
        let time = now.max(self.time);
        let digest = match self.before(steps, manifest, call, time) {
            Ok(digest) => digest,
            Err(done) => return *done,
        };
        let function = &manifest.functions[call.function as usize];
        let run = self.next_run;
        let caller = caller_of(call);
        let first = first_frame(call);
        let work = Work::of_call(manifest, call, &first, &caller, time);
        let room = work.used();
        let attempt = self.attempt(steps, &work, function.effect, (run, 0), room);
        self.after(manifest, call, digest, run, time, attempt)
    }

    /// What there is to be said of a call before a step of it runs: its answer when it needs none, else what it asks for, if it has an
    /// idempotency key.
    pub(crate) fn before(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        call: &Call,
        time: i64,
    ) -> Result<Option<Digest>, Box<Done>> {
        let function = &manifest.functions[call.function as usize];
        let digest = call.idempotency.as_ref().map(|_| digest(manifest, call));
        if let (Some(key), Some(digest)) = (&call.idempotency, &digest)
            && let Some(kept) = self.answers.find(&call.caller, key, time)
        {
            let answer = match (&kept.answer, kept.digest == *digest) {
                (_, false) => Answer::KeyReused,
                (KeptAnswer::Run, true) => self.answer_of(kept.run),
                (kept, true) => Answer::Again(kept.clone()),
            };
            return Err(Box::new(self.unrecorded(kept.run, answer, call, manifest)));
        }
        if let Some(expected) = call.if_match
            && self.version(call, manifest) != expected
        {
            return Err(Box::new(self.unrecorded(
                self.next_run,
                Answer::OtherVersion,
                call,
                manifest,
            )));
        }
        if let (FunctionKind::Run, Some(entity)) = (function.kind, function.entity)
            && let Some(run) = self.runs.of_workflow(entity, &call.keys)
        {
            let answer = match self.may_use(steps, manifest, call, time) {
                true => self.answer_of(run),
                false => Answer::Output(vec![OUTPUT_DENIED]),
            };
            return Err(Box::new(self.unrecorded(run, answer, call, manifest)));
        }
        // What only reads has no record.
        if (function.effect >= Effect::Write || function.kind == FunctionKind::Run)
            && let Err(too_long) = self.has_room(call)
        {
            return Err(Box::new(self.unrecorded(
                self.next_run,
                too_long,
                call,
                manifest,
            )));
        }
        if let Some(stream) = self.streams.first_full(manifest, &function.emits) {
            return Err(Box::new(self.unrecorded(
                self.next_run,
                Answer::Full(stream),
                call,
                manifest,
            )));
        }
        // What waits ends its step in front of a view, so its first one reads none.
        if function.effect < Effect::Wait
            && function.kind != FunctionKind::Run
            && let Some(answer) = self.not_built(manifest, call)
        {
            return Err(Box::new(self.unrecorded(
                self.next_run,
                answer,
                call,
                manifest,
            )));
        }
        Ok(digest)
    }

    /// What comes of a call whose step has been tried.
    pub(crate) fn after(
        &mut self,
        manifest: &Manifest,
        call: &Call,
        digest: Option<Digest>,
        run: u64,
        time: i64,
        attempt: Attempt,
    ) -> Done {
        let function = &manifest.functions[call.function as usize];
        let place = Place::Function(call.function);
        let Attempt {
            outcome,
            asks,
            writes,
            lines,
            // A call reads none in its first step: that ends in front of it.
            lacks_scratch: _,
        } = attempt;
        let said = said(manifest, place, (run, 0), time, &outcome, lines);
        let answer = match &outcome {
            Outcome::Output(output) => Answer::Output(output.clone()),
            Outcome::Bug(bug) => Answer::Bug(bug.clone()),
            Outcome::Suspended(_) => Answer::GoesOn,
        };
        let is_nothing = writes.is_empty() && asks.is_empty() && call.idempotency.is_none();
        let is_output = matches!(outcome, Outcome::Output(_));
        let is_run = function.kind == FunctionKind::Run;
        let is_denied = answer == Answer::Output(vec![OUTPUT_DENIED]);
        let only_reads = function.effect < Effect::Write;
        if is_denied || !is_run && (only_reads || is_nothing && is_output) {
            if !is_denied {
                self.next_run = self.next_run.max(run + 1);
            }
            let mut done = self.unrecorded(run, answer, call, manifest);
            done.actions.extend(said);
            return done;
        }
        let step = StepRecord {
            run,
            function: call.function,
            time,
            caller: call.caller.clone(),
            roles: call.roles.clone(),
            keys: call.keys.clone(),
            args: call.args.clone(),
            idempotency: call.idempotency.clone().zip(digest),
            outcome,
            asks,
            writes,
        };
        let record = step.to_record();
        let mut actions = self.note(step).expect("a step that has just run");
        actions.extend(said);
        Done {
            run,
            answer,
            version: self.version(call, manifest),
            position: 0,
            record: Some(record),
            actions,
        }
    }

    /// Whether a record takes what a call brings along. Its step may still write too much, which is a bug of the program, and what is
    /// recorded of that has room besides.
    fn has_room(&self, call: &Call) -> Result<(), Answer> {
        let bytes = caller_of(call).len() + call.keys.len() + call.args.len() + RECORD_HEAD;
        let bytes_max = self.record_bytes_max;
        match bytes <= bytes_max {
            true => Ok(()),
            false => Err(Answer::TooLong { bytes, bytes_max }),
        }
    }

    /// What someone is told who asks for a run a second time.
    pub(crate) fn answer_of(&self, run: u64) -> Answer {
        match self.runs.finished.get(&run).map(|f| &f.ended) {
            Some(Ended::Output(output)) => Answer::Output(output.clone()),
            Some(ended) => Answer::Ended(ended.clone()),
            None => Answer::GoesOn,
        }
    }

    /// Asks the instance's `allow`, when it has to be asked.
    fn may_use(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        call: &Call,
        time: i64,
    ) -> bool {
        let function = &manifest.functions[call.function as usize];
        let entity = function.entity.map(|e| &manifest.entities[e as usize]);
        match (&function.access, entity.and_then(|e| e.allow)) {
            (Access::Allow, Some(entry)) => {
                let caller = caller_of(call);
                self.guard(steps, entry, &call.keys, &caller, time)
            }
            _ => true,
        }
    }

    /// Runs an entry that only says yes or no.
    pub(crate) fn guard(
        &mut self,
        steps: &mut dyn Steps,
        entry: u32,
        key: &[u8],
        caller: &[u8],
        time: i64,
    ) -> bool {
        let input = StepInput {
            time_us: time,
            key,
            caller,
            inside: false,
            args: &[],
        };
        // What a rule says to the log is said by nobody's step, and dropped.
        let around = Surroundings {
            program: self.program.clone(),
            settings: self.settings.clone(),
            time,
            ..Surroundings::default()
        };
        let on = Transaction::begin_in(std::mem::take(&mut self.state), around);
        let (on, result) = steps.run(entry, input, on);
        self.state = on.abort();
        matches!(result, Ok(output) if output.first() == Some(&OUTPUT_OK))
    }

    pub(crate) fn version(&self, call: &Call, manifest: &Manifest) -> u64 {
        let entity = manifest.functions[call.function as usize].entity;
        entity.map_or(0, |entity| self.state.version(entity, &call.keys))
    }

    fn unrecorded(&self, run: u64, answer: Answer, call: &Call, manifest: &Manifest) -> Done {
        Done {
            run,
            answer,
            version: self.version(call, manifest),
            position: 0,
            record: None,
            actions: Vec::new(),
        }
    }
}

/// The lines of a step, if it said anything.
pub(crate) fn said(
    manifest: &Manifest,
    target: Place,
    (run, step): (u64, u64),
    time: i64,
    outcome: &Outcome,
    lines: Lines,
) -> Option<Action> {
    if lines.is_empty() {
        return None;
    }
    let became = match outcome {
        Outcome::Bug(_) => Became::Bug,
        Outcome::Output(output) if output.first() != Some(&OUTPUT_OK) => Became::Failed,
        Outcome::Output(_) | Outcome::Suspended(_) => Became::Done,
    };
    Some(Action::Log(Said {
        run,
        step,
        time,
        by: name_of(manifest, target),
        lines,
        became,
    }))
}

/// What a request asks for: function, instance and arguments.
fn digest(manifest: &Manifest, call: &Call) -> Digest {
    let function = &manifest.functions[call.function as usize];
    digest_of(
        manifest,
        function.entity,
        &function.name,
        [&call.keys, &call.args],
    )
}

pub(crate) fn digest_of(
    manifest: &Manifest,
    entity: Option<u32>,
    name: &str,
    rest: [&[u8]; 2],
) -> Digest {
    let entity = entity.map_or("", |e| &manifest.entities[e as usize].name);
    let mut hash = Sha256::new();
    for part in [entity.as_bytes(), name.as_bytes()].iter().chain(&rest) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

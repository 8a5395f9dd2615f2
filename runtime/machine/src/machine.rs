//! The machine: state, runs, kept answers and the program in force, changed by steps and by replayed records.
//!
//! Deterministic: the same records in the same order give the same machine, byte for byte of its snapshot. It has
//! no clock, threads or sockets; the time comes in with each call, the running of a step through [`Steps`].
//!
//! Live, [`Machine::call`] and those in `going` run a step and give the record to be appended; on recovery,
//! [`Machine::apply`] takes the record's effects without running anything. Both end in the same place.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use weir_contract::border::{OUTPUT_DENIED, OUTPUT_OK, StepInput};
use weir_contract::host_call::{self, Lines};
use weir_contract::manifest::{Access, Effect, FunctionKind, Manifest};
use weir_contract::{DecodeError, limits};
use weir_log::{Record, RecordKind};

use crate::asking::{StepCap, Surroundings};
use crate::attempt::Attempt;
use crate::begins;
use crate::drive::{Work, caller_of, first_frame};
use crate::effects::{Ask, Place};
use crate::idempotency::{Answers, Kept, KeptAnswer};
use crate::ops;
use crate::pieces::{PROGRAM_PIECE, Pieces};
use crate::program::{self, Incompatible};
use crate::progress::{Change, Start};
use crate::record::{Bug, Digest, Outcome, PROGRAM, ProgramRecord, STEP, StepRecord};
use crate::relabel;
use crate::run_record::{
    ANSWER, AnswerRecord, CONTROL, ControlRecord, EVENT, EventRecord, RUN_STEP, RunStepRecord,
};
use crate::runs::{Caller, Ended, Given};
use crate::schedule::Runs;
use crate::show_runs::name_of;
use crate::spent::Spent;
use crate::state::State;
use crate::steps::Steps;
use crate::streams::Streams;
use crate::transaction::Transaction;
use crate::views::Views;

#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) program: Option<Arc<Manifest>>,
    pub(crate) state: State,
    pub(crate) answers: Answers,
    pub(crate) runs: Runs,
    pub(crate) views: Views,
    pub(crate) streams: Streams,
    /// The number the next run gets.
    pub(crate) next_run: u64,
    /// Time of the newest record; no step runs at an earlier one.
    pub(crate) time: i64,
    /// The log position of the newest record, as far as who appends them says so: what is shown of it is exact there.
    pub position: u64,
    /// Who reads a view waits until so many rows of its sources are fed to it; where there are more it is being built, and
    /// feeding them takes seconds in which nothing else would go on. Only asked when something reads.
    pub view_rows_waited_for: u64,
    /// A step whose record would be longer is a bug of the program. Only asked when a step runs, so replay may
    /// have another.
    pub record_bytes_max: usize,
    /// How much a step of a run does before it yields. Only asked when a step runs.
    pub step_cap: StepCap,
    /// Settings and secrets of the program in force. Only asked when a step runs.
    pub settings: Arc<host_call::Given>,
    /// What all steps that it has run asked of the state, kept or not.
    pub spent: Spent,
    /// What has been read of a program that is in the log in pieces.
    pub(crate) pieces: Pieces,
}

impl Default for Machine {
    fn default() -> Self {
        Machine {
            program: None,
            state: State::default(),
            answers: Answers::default(),
            runs: Runs::default(),
            views: Views::default(),
            streams: Streams::default(),
            next_run: 0,
            time: 0,
            position: 0,
            view_rows_waited_for: u64::MAX,
            record_bytes_max: limits::OPS_MAX,
            step_cap: StepCap::default(),
            settings: Arc::default(),
            spent: Spent::default(),
            pieces: Pieces::default(),
        }
    }
}

/// A call from outside, decoded as far as the machine needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Position in the functions of the program in force.
    pub function: u32,
    /// Empty for nobody.
    pub caller: String,
    pub roles: Vec<String>,
    /// The instance's key in the key encoding; empty for a top-level function.
    pub keys: Vec<u8>,
    /// As `contract::call::encode_args` writes them.
    pub args: Vec<u8>,
    pub idempotency: Option<String>,
    /// The version the instance must have.
    pub if_match: Option<u64>,
}

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Done {
    pub run: u64,
    pub answer: Answer,
    /// The instance's version afterwards; 0 for a top-level function.
    pub version: u64,
    /// The log position that the answer is exact at, when who appends the record has said so; else 0.
    pub position: u64,
    /// To be appended to the log before the answer leaves. Without one the answer leaves when all records
    /// before it are durable, because it may show what they wrote.
    pub record: Option<Record>,
    /// To be done when the record is durable.
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The step's output: `border::OUTPUT_OK`, ... and what follows.
    Output(Vec<u8>),
    /// What was answered to the same key before.
    Again(KeptAnswer),
    /// The key was used for another request.
    KeyReused,
    /// `if_match` is not the instance's version.
    OtherVersion,
    /// It reads a view that has to be fed so many rows more, of `whole` for all of it: too many to wait for them.
    Building { view: u32, behind: u64, whole: u64 },
    /// The rows that such a view had before it was begun again, as a step's output, and where in the log they are exact.
    Before {
        output: Vec<u8>,
        position: u64,
        behind: u64,
        whole: u64,
    },
    /// Nothing changed. A run is parked there.
    Bug(Bug),
    /// The run was started, now or by an earlier call, and has not ended.
    GoesOn,
    /// A run that an earlier call started has ended so: cancelled, or in an earlier program.
    Ended(Ended),
    /// It may emit into that stream, of which too much waits to be consumed: later there will be room.
    Full(u32),
}

/// What a record asks of those outside the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whoever made the call may have its answer.
    Reply { run: u64, outcome: Outcome },
    /// Another program is in force.
    Program,
    /// An extern function is to be called, and [`Machine::answer`] told what came of it.
    Outside(OutsideCall),
    /// Whoever waits for the run may have its result.
    Ended { run: u64, ended: Ended },
    /// A run met a bug and waits for somebody who mends it: people are told.
    Parked { run: u64, bug: Bug },
    /// A step said this to the log of its program. It is told even of a step that was not kept, but once.
    Log(Said),
    /// Tests only: the process dies here.
    CrashAt(String),
}

/// What a step said to the log of its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub run: u64,
    /// How many steps of the run came before it.
    pub step: u64,
    /// Time of the step.
    pub time: i64,
    /// What the run was started as: `Account.deposit`.
    pub by: String,
    pub lines: Lines,
    pub became: Became,
}

/// What became of a step that said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It is kept, or had nothing to be kept.
    Done,
    /// It failed, and what it wrote is undone.
    Failed,
    /// It had a bug, and what it wrote is undone.
    Bug,
}

/// A call of an extern function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideCall {
    /// Unique in a log.
    pub call: u64,
    /// When it was asked for.
    pub at: i64,
    pub run: u64,
    pub strand: u32,
    /// Position in the manifest's externs.
    pub function: u32,
    /// As `contract::call::encode_args` writes them.
    pub args: Box<[u8]>,
}

impl OutsideCall {
    /// The same whenever this call is made again, and no other call's: for those who promise to do nothing twice. With the
    /// time, because a service outlives a log that is begun anew.
    pub fn key(&self) -> String {
        format!("{}-{}", self.at, self.call)
    }
}

/// A record or snapshot that this machine cannot have written, or wrote in another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord(pub String);

impl std::fmt::Display for BadRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadRecord {}

impl From<DecodeError> for BadRecord {
    fn from(error: DecodeError) -> BadRecord {
        BadRecord(error.to_string())
    }
}

impl Machine {
    pub fn new() -> Machine {
        Machine::default()
    }

    /// The program in force.
    pub fn program(&self) -> Option<&Arc<Manifest>> {
        self.program.as_ref()
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The entries of streams, and how far consumers are.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// All runs, going on and ended.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Time of the newest record, microseconds since 1970.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Puts a program in force. `None` when it is already; else the record to be appended, [`cut`](crate::pieces::cut) where no frame
    /// has room for it.
    pub fn deploy(
        &mut self,
        manifest: &Manifest,
        now: i64,
    ) -> Result<Option<Record>, Incompatible> {
        let manifest = without_sources(manifest);
        if let Some(program) = &self.program {
            if **program == manifest {
                return Ok(None);
            }
            program::check(self, program, &manifest)?;
        }
        let record = ProgramRecord {
            time: now.max(self.time),
            manifest: manifest.to_json(),
            next_run: self.next_run,
        };
        self.enforce(manifest, record.time);
        Ok(Some(record.to_record()))
    }

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

    /// Takes the effects of a record of the log.
    pub fn apply(&mut self, kind: RecordKind, body: &[u8]) -> Result<Vec<Action>, BadRecord> {
        match kind {
            RecordKind::EPOCH => Ok(Vec::new()),
            STEP => {
                let step = StepRecord::decode(body)?;
                ops::apply(&mut self.state, &step.writes)?;
                self.tell_views(&step.writes);
                let reply = Action::Reply {
                    run: step.run,
                    outcome: step.outcome.clone(),
                };
                let mut actions = self.note(step)?;
                actions.insert(0, reply);
                Ok(actions)
            }
            PROGRAM => self.note_program(body),
            PROGRAM_PIECE => match self.pieces.take(body)? {
                Some(whole) => self.note_program(&whole),
                None => Ok(Vec::new()),
            },
            RUN_STEP => {
                let step = RunStepRecord::decode(body)?;
                ops::apply(&mut self.state, &step.writes)?;
                self.tell_views(&step.writes);
                self.note_run_step(&step)
            }
            EVENT => self.note_event(&EventRecord::decode(body)?),
            ANSWER => self.note_answer(&AnswerRecord::decode(body)?),
            CONTROL => self.note_control(ControlRecord::decode(body)?),
            RecordKind(other) => Err(BadRecord(format!(
                "a record of kind {other}, which this runtime does not know"
            ))),
        }
    }

    fn note_program(&mut self, body: &[u8]) -> Result<Vec<Action>, BadRecord> {
        let record = ProgramRecord::decode(body)?;
        let manifest = Manifest::from_json(record.manifest.as_bytes())
            .map_err(|e| BadRecord(e.to_string()))?;
        // Live, what only reads has taken numbers without a record.
        self.next_run = self.next_run.max(record.next_run);
        self.enforce(manifest, record.time);
        Ok(vec![Action::Program])
    }

    /// What a record changes of the runs.
    pub(crate) fn change<T>(
        &mut self,
        time: i64,
        change: impl FnOnce(&mut Change<'_>) -> Result<T, BadRecord>,
    ) -> Result<(T, Vec<Action>), BadRecord> {
        let program = self.program.clone();
        let program = program.ok_or_else(|| BadRecord("no program before it".to_owned()))?;
        self.time = time;
        self.answers.forget(time);
        self.runs.forget(time, program.retention.runs_us());
        self.streams.forget(time);
        let mut all = Change {
            runs: &mut self.runs,
            answers: &mut self.answers,
            streams: &mut self.streams,
            program: &program,
            time,
            actions: Vec::new(),
        };
        let out = change(&mut all)?;
        let actions = all.actions;
        for (stream, position, entry) in self.streams.take_dropped() {
            self.views.fell(&program, stream, position, entry);
        }
        Ok((out, actions))
    }

    /// The numbers that a step gave are taken.
    pub(crate) fn take_numbers(&mut self, asks: &[Ask]) {
        for ask in asks {
            let number = match ask {
                Ask::Send { run, .. } => *run,
                Ask::Event {
                    number,
                    delay: Some(_),
                    ..
                } => *number,
                Ask::Emit(entry) => {
                    let program = self.program.as_ref();
                    if let Some(program) = program {
                        self.views.emitted(program, entry.stream);
                    }
                    let stream = program.and_then(|p| p.streams.get(entry.stream as usize));
                    match stream.map_or(0, |s| s.consumers.len() as u64) {
                        0 => continue,
                        consumers => entry.run + consumers - 1,
                    }
                }
                _ => continue,
            };
            self.next_run = self.next_run.max(number + 1);
        }
    }

    /// What a step's record changes besides the state.
    fn note(&mut self, step: StepRecord) -> Result<Vec<Action>, BadRecord> {
        self.next_run = self.next_run.max(step.run + 1);
        self.take_numbers(&step.asks);
        let caller = self.runs.caller(Caller {
            id: step.caller,
            roles: step.roles,
        });
        let program = self.program.as_ref();
        let function = program.and_then(|p| p.functions.get(step.function as usize));
        let waits =
            function.is_some_and(|f| f.effect == Effect::Wait || f.kind == FunctionKind::Run);
        // A bug is not kept: the same request may succeed when the program is mended. A run is: it will go on then.
        let kept = match &step.outcome {
            Outcome::Output(output) => Some(KeptAnswer::Output {
                function: step.function,
                output: output.clone(),
            }),
            Outcome::Bug(_) if !waits => None,
            Outcome::Bug(_) | Outcome::Suspended(_) => Some(KeptAnswer::Run),
        };
        let key = step
            .idempotency
            .as_ref()
            .map(|(key, _)| key.as_str().into());
        if let (Some((key, digest)), Some(answer)) = (step.idempotency, kept) {
            let kept = Kept {
                run: step.run,
                time: step.time,
                digest,
                answer,
            };
            self.answers.keep(&caller.id, &key, kept);
        }
        let change = |change: &mut Change<'_>| {
            if !waits {
                for ask in &step.asks {
                    change.message(&caller, ask)?;
                }
                return Ok(());
            }
            let start = Start {
                target: Place::Function(step.function),
                key: step.keys.into(),
                args: step.args.into(),
                caller,
                outside: true,
                idempotency: key,
                delay: None,
            };
            change.start(step.run, start);
            change.step(step.run, 0, Given::nothing(), &step.outcome, &step.asks)
        };
        Ok(self.change(step.time, change)?.1)
    }

    fn enforce(&mut self, manifest: Manifest, time: i64) {
        self.time = time;
        self.state = match &self.program {
            Some(old) => {
                // Answers speak of the types of their program; written out they need it no longer.
                self.answers
                    .rewrite(|kept| crate::show::render_kept(old, &kept.answer));
                begins::end_schedules(&mut self.runs, old, &manifest);
                let old = old.clone();
                self.carry_streams(&old, &manifest);
                relabel::migrate(&mut self.runs, &old, &manifest);
                program::migrate(&self.state, &old, &manifest)
            }
            None => {
                self.streams = Streams::of(&manifest);
                program::empty_state(&manifest)
            }
        };
        self.answers.keep_us = manifest.retention.answers_us();
        let manifest = Arc::new(manifest);
        let old = self.program.replace(manifest.clone());
        match &old {
            Some(old) => self.change_views(old),
            None => self.begin_views(),
        }
        self.begin_schedules();
        if let Some(old) = old {
            self.begin_consumers(&old, &manifest);
        }
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

/// What the log keeps of a manifest: all but what only the newest program is asked for.
fn without_sources(manifest: &Manifest) -> Manifest {
    Manifest {
        sites: Vec::new(),
        tests: Vec::new(),
        ..manifest.clone()
    }
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

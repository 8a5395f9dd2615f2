//! The machine: state, kept answers and the program in force, changed by steps and by replayed records.
//!
//! Deterministic: the same records in the same order give the same machine, byte for byte of its snapshot. It has
//! no clock, threads or sockets; the time comes in with each call, the running of a step through [`Steps`].
//!
//! Live, [`Machine::call`] runs a step and gives the record to be appended; on recovery, [`Machine::apply`]
//! takes the record's effects without running anything. Both end in the same place.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use weir_contract::border::{OUTPUT_DENIED, StepInput, encode_caller};
use weir_contract::manifest::{Effect, Manifest};
use weir_contract::{CrashReason, DecodeError, limits};
use weir_log::{Record, RecordKind};

use crate::idempotency::{Answers, Kept, KeptAnswer};
use crate::ops;
use crate::program::{self, Incompatible};
use crate::record::{Bug, Digest, Outcome, PROGRAM, ProgramRecord, STEP, StepRecord};
use crate::state::State;
use crate::steps::{Crash, Steps};
use crate::transaction::Transaction;

#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) program: Option<Arc<Manifest>>,
    pub(crate) state: State,
    pub(crate) answers: Answers,
    /// The number the next run gets.
    pub(crate) next_run: u64,
    /// Time of the newest record; no step runs at an earlier one.
    pub(crate) time: i64,
    /// A step whose record would be longer is a bug of the program. Only asked when a step runs, so replay may
    /// have another.
    pub record_bytes_max: usize,
}

impl Default for Machine {
    fn default() -> Self {
        Machine {
            program: None,
            state: State::default(),
            answers: Answers::default(),
            next_run: 0,
            time: 0,
            record_bytes_max: limits::OPS_MAX,
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
    /// To be appended to the log before the answer leaves. Without one the answer leaves when all records
    /// before it are durable, because it may show what they wrote.
    pub record: Option<Record>,
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
    /// Nothing changed.
    Bug(Bug),
}

/// What a record asks of those outside the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whoever made the call may have its answer.
    Reply { run: u64, outcome: Outcome },
    /// Another program is in force.
    Program,
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

    /// Time of the newest record, microseconds since 1970.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Puts a program in force. `None` when it is already; else the record to be appended.
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
            program::check(&self.state, program, &manifest)?;
        }
        let record = ProgramRecord {
            time: now.max(self.time),
            manifest: manifest.to_json(),
        };
        self.enforce(manifest, record.time);
        Ok(Some(record.to_record()))
    }

    /// Runs one call. `manifest` is the program in force with its sites, to say where a bug is.
    pub fn call(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        call: &Call,
        now: i64,
    ) -> Done {
        let function = &manifest.functions[call.function as usize];
        let time = now.max(self.time);
        let digest = call.idempotency.as_ref().map(|_| digest(manifest, call));
        if let (Some(key), Some(digest)) = (&call.idempotency, &digest)
            && let Some(kept) = self.answers.find(&call.caller, key, time)
        {
            let same = kept.digest == *digest;
            let answer = if same {
                Answer::Again(kept.answer.clone())
            } else {
                Answer::KeyReused
            };
            return self.unrecorded(kept.run, answer, call, manifest);
        }
        if let Some(expected) = call.if_match
            && self.version(call, manifest) != expected
        {
            return self.unrecorded(self.next_run, Answer::OtherVersion, call, manifest);
        }
        let run = self.next_run;
        let roles = call.roles.iter().map(String::as_str);
        let caller = encode_caller(&call.caller, roles);
        let input = StepInput {
            time_us: time,
            key: &call.keys,
            caller: &caller,
            args: &call.args,
        };
        let on = Transaction::begin(std::mem::take(&mut self.state));
        let (on, result) = steps.run(function.entry, input, on);
        let room = self
            .record_bytes_max
            .saturating_sub(call.keys.len() + call.args.len() + caller.len() + 512);
        let result = result.and_then(|output| check_limits(&on, function.effect, room, output));
        let (outcome, writes) = match result {
            Err(crash) => {
                self.state = on.abort();
                (Outcome::Bug(bug(manifest, &crash)), Default::default())
            }
            Ok(output) if output.first() == Some(&OUTPUT_DENIED) => {
                self.state = on.abort();
                return self.unrecorded(run, Answer::Output(output), call, manifest);
            }
            Ok(output) => {
                let (state, writes) = on.commit();
                self.state = state;
                (Outcome::Output(output), writes)
            }
        };
        let answer = match &outcome {
            Outcome::Output(output) => Answer::Output(output.clone()),
            Outcome::Bug(bug) => Answer::Bug(bug.clone()),
        };
        let is_bug = matches!(outcome, Outcome::Bug(_));
        let wants_record = function.effect == Effect::Write
            && (!writes.is_empty() || call.idempotency.is_some() || is_bug);
        if !wants_record {
            self.next_run += 1;
            return self.unrecorded(run, answer, call, manifest);
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
            writes,
        };
        let record = step.to_record();
        self.note(step);
        Done {
            run,
            answer,
            version: self.version(call, manifest),
            record: Some(record),
        }
    }

    /// Takes the effects of a record of the log.
    pub fn apply(&mut self, kind: RecordKind, body: &[u8]) -> Result<Vec<Action>, BadRecord> {
        match kind {
            RecordKind::EPOCH => Ok(Vec::new()),
            STEP => {
                let step = StepRecord::decode(body)?;
                ops::apply(&mut self.state, &step.writes)?;
                let reply = Action::Reply {
                    run: step.run,
                    outcome: step.outcome.clone(),
                };
                self.note(step);
                Ok(vec![reply])
            }
            PROGRAM => {
                let record = ProgramRecord::decode(body)?;
                let manifest = Manifest::from_json(record.manifest.as_bytes())
                    .map_err(|e| BadRecord(e.to_string()))?;
                self.enforce(manifest, record.time);
                Ok(vec![Action::Program])
            }
            RecordKind(other) => Err(BadRecord(format!(
                "a record of kind {other}, which this runtime does not know"
            ))),
        }
    }

    /// What a step's record changes besides the state.
    fn note(&mut self, step: StepRecord) {
        self.next_run = step.run + 1;
        self.time = step.time;
        self.answers.forget(step.time);
        // A bug is not kept: the same request may succeed when the program is mended.
        if let (Some((key, digest)), Outcome::Output(output)) = (step.idempotency, step.outcome) {
            let kept = Kept {
                run: step.run,
                time: step.time,
                digest,
                answer: KeptAnswer::Output {
                    function: step.function,
                    output,
                },
            };
            self.answers.keep(&step.caller, &key, kept);
        }
    }

    fn enforce(&mut self, manifest: Manifest, time: i64) {
        self.time = time;
        self.state = match &self.program {
            Some(old) => {
                // Answers speak of the types of their program; written out they need it no longer.
                self.answers
                    .rewrite(|kept| crate::show::render_kept(old, &kept.answer));
                program::migrate(&self.state, old, &manifest)
            }
            None => program::empty_state(&manifest),
        };
        self.program = Some(Arc::new(manifest));
    }

    fn version(&self, call: &Call, manifest: &Manifest) -> u64 {
        let entity = manifest.functions[call.function as usize].entity;
        entity.map_or(0, |entity| self.state.version(entity, &call.keys))
    }

    fn unrecorded(&self, run: u64, answer: Answer, call: &Call, manifest: &Manifest) -> Done {
        Done {
            run,
            answer,
            version: self.version(call, manifest),
            record: None,
        }
    }
}

/// What the log keeps of a manifest: all but what only the newest program is asked for.
fn without_sources(manifest: &Manifest) -> Manifest {
    Manifest {
        sites: Vec::new(),
        tests: Vec::new(),
        ..manifest.clone()
    }
}

fn check_limits(
    on: &Transaction,
    effect: Effect,
    room: usize,
    output: Vec<u8>,
) -> Result<Vec<u8>, Crash> {
    let crash = |reason, detail: &str| {
        Err(Crash {
            site: 0,
            reason,
            detail: detail.to_owned(),
        })
    };
    if output.len() > limits::REPLY_MAX {
        return crash(CrashReason::StepTooLarge, "its reply is too long");
    }
    // What reads only has no record.
    if effect == Effect::Write && on.writes_len() + output.len() > room {
        return crash(CrashReason::StepTooLarge, "it writes too much");
    }
    if output.is_empty() || (effect != Effect::Write && on.writes_len() > 0) {
        return crash(CrashReason::Unreachable, "the module breaks its manifest");
    }
    Ok(output)
}

fn bug(manifest: &Manifest, crash: &Crash) -> Bug {
    let mut reason = crash.reason.text().to_owned();
    if !crash.detail.is_empty() {
        reason = format!("{reason}: {}", crash.detail);
    }
    Bug {
        at: manifest.place(crash.site),
        reason,
    }
}

/// What a request asks for: function, instance and arguments.
fn digest(manifest: &Manifest, call: &Call) -> Digest {
    let function = &manifest.functions[call.function as usize];
    let entity = function
        .entity
        .map_or("", |e| &manifest.entities[e as usize].name);
    let mut hash = Sha256::new();
    for part in [
        entity.as_bytes(),
        function.name.as_bytes(),
        &call.keys,
        &call.args,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

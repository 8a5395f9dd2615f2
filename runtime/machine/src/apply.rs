//! What a record changes. Live steps and replayed records come to the same: live, the step has written into the state already.

use weir_contract::manifest::{Effect, FunctionKind, Manifest};
use weir_log::RecordKind;

use crate::effects::{Ask, Place};
use crate::idempotency::{Kept, KeptAnswer};
use crate::machine::{Action, BadRecord, Machine};
use crate::ops;
use crate::pieces::PROGRAM_PIECE;
use crate::progress::{Change, Start};
use crate::record::{Outcome, PROGRAM, ProgramRecord, STEP, StepRecord};
use crate::run_record::{
    ANSWER, AnswerRecord, CONTROL, ControlRecord, EVENT, EventRecord, RUN_STEP, RunStepRecord,
};
use crate::runs::{Caller, Given};

impl Machine {
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
    pub(crate) fn note(&mut self, step: StepRecord) -> Result<Vec<Action>, BadRecord> {
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
}

//! What reaches a machine twice, in tests: a request whose answer was lost is made again with the same key, and so is a call of
//! the outside.
//!
//! A test is a client like any other, so each message that it sends has an idempotency key. Who stands in for the outside
//! answers in a strand of its own; begun twice it answers twice, and the second answer finds nobody who waits.

use weir_contract::Manifest;

use crate::calls::digest_of;
use crate::effects::{Ask, Frame, Place};
use crate::events::{Sent, Taken};
use crate::idempotency::{Kept, KeptAnswer};
use crate::machine::{Answer, Call, Machine};
use crate::progress::Change;
use crate::runs::{Waiting, WorksFor};
use crate::steps::Steps;

impl Machine {
    /// Tests only: the outside is asked once more, as it is after a crash that lost its answer. False when it has answered, or
    /// nobody stands in for it.
    pub fn ask_again(&mut self, call: u64) -> bool {
        let change = |change: &mut Change<'_>| Ok(change.answer_by_mock(call));
        let asked = self.change(self.time, change);
        asked.is_ok_and(|(asked, _)| asked)
    }

    /// Tests only: a client that has sent what a test asked for in its newest step sends it again, with the same key. Whether
    /// it was taken as the same; `None` when no client could send it.
    pub fn send_again(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        test: u64,
        (index, ask): (usize, &Ask),
    ) -> Option<bool> {
        let from = self.runs.get(test)?;
        let caller = from.caller.id.clone();
        let idempotency = Some(message_key(test, from.steps, index));
        let roles = Vec::new();
        Some(match ask {
            Ask::Send {
                function,
                key,
                args,
                delay: None,
                ..
            } => {
                let call = Call {
                    function: *function,
                    caller,
                    roles,
                    keys: key.to_vec(),
                    args: args.to_vec(),
                    idempotency,
                    if_match: None,
                };
                let done = self.call(steps, manifest, &call, self.time);
                done.record.is_none() && done.answer != Answer::KeyReused
            }
            Ask::Event {
                to, delay: None, ..
            } => {
                let sent = Sent {
                    to: to.clone(),
                    caller,
                    roles,
                    idempotency,
                };
                matches!(
                    self.send_event(steps, manifest, &sent, self.time),
                    Taken::Again
                )
            }
            _ => return None,
        })
    }
}

impl Change<'_> {
    /// Tests only: a strand of its own works out the answer, in steps and in time as the outside would. Begun a second time it
    /// answers a second time. False when there is no such call, or nobody to stand in.
    pub(crate) fn answer_by_mock(&mut self, call: u64) -> bool {
        let at = self.runs.caller_of(call);
        let waiting = at.and_then(|(run, strand)| self.runs.strand(run, strand));
        let (Some((run, _)), Some(Waiting::Outside { function, args, .. })) =
            (at, waiting.map(|strand| &strand.waiting))
        else {
            return false;
        };
        let Some(mock) = self.runs.mocks.get(function) else {
            return false;
        };
        let frame = Frame {
            place: mock.place,
            cells: [&*mock.cells, &**args].concat().into(),
        };
        self.add_strand(run, frame, WorksFor::Call(call));
        true
    }

    /// A test is a client like any other: what it sends has an idempotency key, so that it may be sent again.
    pub(crate) fn keep_message(&mut self, run: u64, index: usize, ask: &Ask) {
        let Some(from) = self.runs.get(run) else {
            return;
        };
        if !matches!(from.target, Place::Test(_)) {
            return;
        }
        let caller = from.caller.id.clone();
        let under = message_key(run, from.steps, index);
        let (number, digest, answer) = match ask {
            Ask::Send {
                run,
                function,
                key,
                args,
                delay: None,
            } => {
                let function = &self.program.functions[*function as usize];
                let (entity, name) = (function.entity, &function.name);
                let digest = digest_of(self.program, entity, name, [key, args]);
                if let Some(sent) = self.runs.going.get_mut(run) {
                    sent.idempotency = Some(under.as_str().into());
                }
                (*run, digest, KeptAnswer::Run)
            }
            Ask::Event {
                to, delay: None, ..
            } => {
                let entity = &self.program.entities[to.entity as usize];
                let Some(workflow) = &entity.workflow else {
                    return;
                };
                let name = &workflow.events[to.event as usize].name;
                let digest = digest_of(self.program, Some(to.entity), name, [&to.key, &to.args]);
                (run, digest, KeptAnswer::taken())
            }
            _ => return,
        };
        let time = self.time;
        let kept = Kept {
            run: number,
            time,
            digest,
            answer,
        };
        self.answers.keep(&caller, &under, kept);
    }
}

/// The idempotency key of what a test asks for in one of its steps.
fn message_key(run: u64, steps: u64, index: usize) -> String {
    format!("{run}-{steps}-{index}")
}

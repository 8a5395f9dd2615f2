//! Events: from outside, and those that were sent with a delay and arrive.

use weir_contract::border::encode_caller;
use weir_contract::manifest::{Access, Manifest};

use crate::attempt::RECORD_HEAD;
use crate::calls::digest_of;
use crate::effects::EventTo;
use crate::going::Progress;
use crate::idempotency::{Kept, KeptAnswer};
use crate::known::known_event;
use crate::machine::{Action, BadRecord, Machine};
use crate::progress::Change;
use crate::record::Digest;
use crate::run_record::{EventFrom, EventRecord};
use crate::steps::Steps;

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
}

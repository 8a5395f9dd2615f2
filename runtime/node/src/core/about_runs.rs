//! What can be asked about runs at the door: events, orders, waiting for the end; and who waits.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::oneshot;
use weir_contract::Manifest;
use weir_machine::streams::Consumed;
use weir_machine::{Answer, BadRecord, Ended, Sent};

use super::{Door, Message, Refusal};

/// What became of an event from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventAnswer {
    /// It is durable, and the run has it or will have it. Also when it was taken before, under the same idempotency key.
    Taken,
    KeyReused,
    Denied,
    NoRun,
    Ended,
    /// Too many events wait in the run.
    Full,
    /// No record of the log has room for it.
    TooLong,
}

/// What people order about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It undoes what it did and ends as cancelled, when the answers of outside calls under way are known.
    Cancel,
    /// The same, and no answer is waited for.
    EndNow,
    /// Where it is parked it tries the step again.
    Resume,
    /// Outside calls it waits for are made once more, except those that may be made once.
    Retry,
    /// An entry of a stream that a consumer has given up is put back. Of no run.
    Entry(Consumed),
}

/// A run, by what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichRun {
    Number(u64),
    /// The run of a workflow's instance, by entity and encoded key.
    Workflow(u32, Vec<u8>),
}

pub(super) type Told<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;
/// A run that has ended, by its number, with its result.
pub type End = Option<(u64, Answer)>;
/// Hears of a run that has ended.
pub(super) type ToldEnd = oneshot::Sender<Result<End, Refusal>>;

/// Messages about runs.
pub(super) enum AboutRun {
    Event {
        sent: Sent,
        /// The program the event was read by.
        program: Arc<Manifest>,
        answer: Told<EventAnswer>,
    },
    Order {
        run: u64,
        order: Order,
        answer: Told<bool>,
    },
    Wait {
        which: WhichRun,
        answer: ToldEnd,
    },
    /// The outside has answered.
    Answer {
        call: u64,
        /// The function, in the program that made the call.
        function: u32,
        program: Arc<Manifest>,
        output: Vec<u8>,
    },
}

impl AboutRun {
    pub fn refuse(self, why: Refusal) {
        match self {
            AboutRun::Event { answer, .. } => answer(Err(why)),
            AboutRun::Order { answer, .. } => answer(Err(why)),
            AboutRun::Wait { answer, .. } => drop(answer.send(Err(why))),
            AboutRun::Answer { .. } => {}
        }
    }
}

/// Who waits for which run.
#[derive(Default)]
pub(super) struct RunWaiters(HashMap<u64, Vec<ToldEnd>>);

impl RunWaiters {
    pub fn add(&mut self, run: u64, answer: ToldEnd) {
        let waiters = self.0.entry(run).or_default();
        // A run may go on for a year, and clients who ask again and again do not wait so long.
        if waiters.len() == waiters.capacity() {
            waiters.retain(|waiter| !waiter.is_closed());
        }
        waiters.push(answer);
    }

    pub fn ended(&mut self, run: u64, ended: &Ended) {
        for answer in self.0.remove(&run).into_iter().flatten() {
            let result = match ended {
                Ended::Output(output) => Answer::Output(output.clone()),
                other => Answer::Ended(other.clone()),
            };
            let _ = answer.send(Ok(Some((run, result))));
        }
    }

    pub fn refuse(&mut self, why: Refusal) {
        for (_, answers) in self.0.drain() {
            for answer in answers {
                let _ = answer.send(Err(why.clone()));
            }
        }
    }
}

/// All callbacks are called by whoever holds the worker and must not block.
impl Door {
    /// Hands in an event. Roles are the caller's business here; `allow` is asked by the machine. Answered when it is durable.
    pub fn event(
        &self,
        sent: Sent,
        program: Arc<Manifest>,
        answer: impl FnOnce(Result<EventAnswer, Refusal>) + Send + 'static,
    ) {
        self.about_run(AboutRun::Event {
            sent,
            program,
            answer: Box::new(answer),
        });
    }

    /// Cancels, resumes or retries a run; false when there is nothing to. Answered when it is durable.
    pub fn order(
        &self,
        run: u64,
        order: Order,
        answer: impl FnOnce(Result<bool, Refusal>) + Send + 'static,
    ) {
        self.about_run(AboutRun::Order {
            run,
            order,
            answer: Box::new(answer),
        });
    }

    /// Waits until a run has ended and that is durable: its number and result. `None` when there is no such run, or its
    /// result is not kept. A run that never ends is waited for until the node stops, or the receiver is dropped.
    pub fn wait_for_run(&self, which: WhichRun) -> oneshot::Receiver<Result<End, Refusal>> {
        let (answer, ended) = oneshot::channel();
        self.about_run(AboutRun::Wait { which, answer });
        ended
    }

    /// Runs as `Machine::runs_json` shows them.
    pub fn runs(
        &self,
        after: Option<u64>,
        limit: usize,
        ended: bool,
        answer: impl FnOnce(Result<Vec<Json>, BadRecord>) + Send + 'static,
    ) {
        self.look(move |machine| answer(machine.runs_json(after, limit, ended)));
    }

    fn about_run(&self, about: AboutRun) {
        self.send(Message::AboutRun(about));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_wait_no_more_take_no_room() {
        let mut waiters = RunWaiters::default();
        let (sender, _stays) = oneshot::channel();
        waiters.add(7, sender);
        for _ in 0..10_000 {
            waiters.add(7, oneshot::channel().0);
        }
        assert!(waiters.0[&7].len() < 10, "{}", waiters.0[&7].len());
    }
}

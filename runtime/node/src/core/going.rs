//! Runs in a node: what can be asked about them at the door, and how they go on between messages.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::oneshot;
use weir_contract::Manifest;
use weir_contract::manifest::Promise;
use weir_machine::streams::Consumed;
use weir_machine::{
    Action, Answer, BadRecord, Ended, OutsideCall, Progress, Sent, Taken, carry_answer,
    failed_output,
};

use crate::outside::OutsideAnswer;

use super::frames::Waiter;
use super::{Door, Message, Refusal, Worker};

/// Things runs do before messages are looked after again.
const RUN_STEPS_MAX: usize = 64;
/// Frames that may be open while runs go on by themselves.
const OPEN_FRAMES_MAX: usize = 2;

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

type Told<T> = Box<dyn FnOnce(Result<T, Refusal>) + Send>;
/// A run that has ended, by its number, with its result.
type End = Option<(u64, Answer)>;
/// Hears of a run that has ended.
type ToldEnd = oneshot::Sender<Result<End, Refusal>>;

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
    fn add(&mut self, run: u64, answer: ToldEnd) {
        let waiters = self.0.entry(run).or_default();
        // A run may go on for a year, and clients who ask again and again do not wait so long.
        if waiters.len() == waiters.capacity() {
            waiters.retain(|waiter| !waiter.is_closed());
        }
        waiters.push(answer);
    }

    fn ended(&mut self, run: u64, ended: &Ended) {
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

impl Worker {
    /// How long nothing happens by itself; `None` until a message comes.
    pub(super) fn until_due(&mut self) -> Option<Duration> {
        self.wakes = match self.may_advance() {
            true => self.machine.next_due(),
            false => None,
        };
        if self.views_wait && self.may_advance() {
            return Some(Duration::ZERO);
        }
        let due = self.wakes?;
        let us = due.saturating_sub(self.tick()).max(0);
        Some(Duration::from_micros(us as u64))
    }

    /// Whether something is due that the sleeping thread does not know of. A little that views lack is done when it wakes.
    pub(super) fn is_due_earlier(&self) -> bool {
        let due = self.machine.next_due();
        let is_earlier = due.is_some_and(|due| self.wakes.is_none_or(|wakes| due < wakes));
        let views_lag = self.views_wait && self.machine.views_lag();
        self.may_advance() && (is_earlier || views_lag)
    }

    /// Runs do not go on by themselves when the log cannot follow: then its acknowledgements wake the thread.
    fn may_advance(&self) -> bool {
        self.failed.is_none() && !self.stopping && self.open.len() < OPEN_FRAMES_MAX
    }

    /// Lets runs go on for a while.
    pub(super) fn advance(&mut self) {
        for _ in 0..RUN_STEPS_MAX {
            if !self.may_advance() {
                return;
            }
            let now = self.tick();
            let progress = self
                .machine
                .advance_one(&mut *self.steps, &self.program, now);
            match progress {
                Some(progress) => self.progress(progress),
                None => return self.tend_views(),
            }
        }
    }

    /// Does a little for views, so that who reads one need not wait for all of it.
    fn tend_views(&mut self) {
        if self.views_wait {
            let now = self.tick();
            self.views_wait = self
                .machine
                .tend_views(&mut *self.steps, &self.program, now);
        }
    }

    fn progress(&mut self, progress: Progress) {
        self.own_scratch(progress.run);
        self.push(progress.record, Waiter::Actions(progress.actions));
    }

    pub(super) fn about_run(&mut self, about: AboutRun) {
        if let Some(why) = &self.failed {
            return about.refuse(Refusal::Unavailable(why.clone()));
        }
        if self.stopping {
            return about.refuse(Refusal::Stopping);
        }
        match about {
            AboutRun::Event {
                sent,
                program,
                answer,
            } => match Arc::ptr_eq(&program, &self.program) {
                true => self.event(&sent, answer),
                false => answer(Err(Refusal::Stale)),
            },
            AboutRun::Order { run, order, answer } => {
                let any = self.order(run, order);
                self.tell(answer, any);
            }
            AboutRun::Wait { which, answer } => self.wait_for_run(&which, answer),
            AboutRun::Answer {
                call,
                function,
                program,
                output,
            } => {
                let output = match Arc::ptr_eq(&program, &self.program) {
                    true => Some(output),
                    false => carry_answer(&program, &self.program, function, &output),
                };
                if let Some(output) = &output
                    && output.len() > self.machine.answer_bytes_max()
                {
                    let bytes = output.len();
                    self.speech.warn(&format!(
                        "the answer to outside call {call} is too long for the log ({bytes} bytes) and dropped: `weir runs retry` asks again"
                    ));
                    return;
                }
                let now = self.tick();
                let progress = output.and_then(|output| {
                    let steps = &mut *self.steps;
                    self.machine
                        .answer_and_go_on(steps, &self.program, call, output, now)
                });
                if let Some(progress) = progress {
                    self.progress(progress);
                }
            }
        }
    }

    fn event(&mut self, sent: &Sent, answer: Told<EventAnswer>) {
        let now = self.tick();
        let taken = self
            .machine
            .send_event(&mut *self.steps, &self.program, sent, now);
        let said = match taken {
            Taken::Yes(progress) => {
                self.progress(progress);
                EventAnswer::Taken
            }
            Taken::Again => EventAnswer::Taken,
            Taken::KeyReused => EventAnswer::KeyReused,
            Taken::Denied => EventAnswer::Denied,
            Taken::NoRun => EventAnswer::NoRun,
            Taken::Ended => EventAnswer::Ended,
            Taken::Full => EventAnswer::Full,
            Taken::TooLong => EventAnswer::TooLong,
        };
        self.tell(answer, said);
    }

    fn order(&mut self, run: u64, order: Order) -> bool {
        let now = self.tick();
        let progress = match order {
            Order::Cancel => self.machine.cancel(run, now),
            Order::EndNow => self.machine.end_now(run, now),
            Order::Resume => self.machine.resume(run, now),
            Order::Retry => return self.retry(run),
            Order::Entry(entry) => self.machine.retry_entry(entry, now),
        };
        match progress {
            Some(progress) => {
                self.progress(progress);
                true
            }
            None => false,
        }
    }

    fn retry(&mut self, run: u64) -> bool {
        let mut calls = self.machine.outstanding();
        calls.retain(|call| call.run == run && self.promise(call) != Promise::Once);
        for call in &calls {
            self.make(call);
        }
        !calls.is_empty()
    }

    fn wait_for_run(&mut self, which: &WhichRun, answer: ToldEnd) {
        let run = match which {
            WhichRun::Number(run) => Some(*run),
            WhichRun::Workflow(entity, key) => self.machine.runs().of_workflow(*entity, key),
        };
        let known = run.and_then(|run| Some((run, self.machine.result(run)?)));
        match known {
            Some((run, Answer::GoesOn)) => self.run_waiters.add(run, answer),
            known => self.tell(Box::new(|known| drop(answer.send(known))), known),
        }
    }

    /// Tells when all that it may show is durable.
    fn tell<T: Send + 'static>(&mut self, answer: Told<T>, said: T) {
        self.wait_for_all(Waiter::Told(Box::new(move |failed| match failed {
            None => answer(Ok(said)),
            Some(why) => answer(Err(Refusal::Unavailable(why.to_owned()))),
        })));
    }

    /// What durable records ask of a node.
    pub(super) fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                // As it is now: its function may have another number in the program that came into force meanwhile.
                Action::Outside(call) => {
                    if let Some(call) = self.machine.outside_call(call.call) {
                        self.make(&call);
                    }
                }
                Action::Ended { run, ended } => self.run_waiters.ended(run, &ended),
                Action::Parked { run, bug } => {
                    self.speech.warn(&format!("run {run} is parked at {bug}"));
                }
                Action::Log(said) => self.speech.tell(&said),
                Action::Reply { .. } | Action::Program | Action::CrashAt(_) => {}
            }
        }
    }

    /// After a start: calls that were being made may have been heard or not. What may be repeated is.
    pub(super) fn call_again(&mut self) {
        for call in self.machine.outstanding() {
            match (self.promise(&call), &self.program.failures) {
                (Promise::Once, Some(failures)) => {
                    let output = failed_output(failures.unknown);
                    self.answer_sender(&call)(output);
                }
                _ => self.make(&call),
            }
        }
    }

    fn promise(&self, call: &OutsideCall) -> Promise {
        self.program.externs[call.function as usize].promise
    }

    fn make(&self, call: &OutsideCall) {
        let answer = self.answer_sender(call);
        self.outside.call(&self.program, call, answer);
    }

    /// The way back for an answer, from any thread.
    fn answer_sender(&self, call: &OutsideCall) -> OutsideAnswer {
        let (messages, sent) = (self.messages.clone(), self.sent.clone());
        let (call, function, program) = (call.call, call.function, self.program.clone());
        Box::new(move |output| {
            sent.fetch_add(1, Ordering::Release);
            // The thread may have ended already; the next start makes the call again.
            let _ = messages.send(Message::AboutRun(AboutRun::Answer {
                call,
                function,
                program,
                output,
            }));
        })
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

//! How runs go on in a node: between messages, and with what comes from outside.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use weir_contract::manifest::Promise;
use weir_machine::{
    Action, Answer, OutsideCall, Progress, Sent, Taken, carry_answer, failed_output,
};

use super::about_runs::{AboutRun, EventAnswer, Order, Told, ToldEnd, WhichRun};
use super::frames::Waiter;
use super::{Message, Refusal, Worker};
use crate::outside::OutsideAnswer;

/// Things runs do before messages are looked after again.
const RUN_STEPS_MAX: usize = 64;
/// Frames that may be open while runs go on by themselves.
const OPEN_FRAMES_MAX: usize = 2;

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

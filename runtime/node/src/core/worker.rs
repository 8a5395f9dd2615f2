//! The worker: the machine with its frames, held by one at a time, and the thread that takes what is sent to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use weir_contract::Manifest;
use weir_machine::{Answer, Call, Done};

use super::frames::Waiter;
use super::snapshots::SnapshotStage;
use super::{Answered, Message, Refusal, Worker};

/// Calls handled before the open frame is looked after again.
const BATCH_MAX: usize = 1024;

/// What was sent to the machine's thread.
pub(super) struct Inbox {
    messages: Receiver<Message>,
    sent: Arc<AtomicUsize>,
}

impl Inbox {
    /// `sent` counts what is sent and not yet taken.
    pub fn new(messages: Receiver<Message>, sent: Arc<AtomicUsize>) -> Inbox {
        Inbox { messages, sent }
    }

    /// The next message, or none for so long. It never ends by itself: the worker holds a sender of its own.
    fn wait(&self, until: Option<Duration>) -> Option<Message> {
        let message = match until {
            Some(pause) => self.messages.recv_timeout(pause).ok(),
            None => self.messages.recv().ok(),
        };
        message.inspect(|_| self.taken())
    }

    pub fn next(&self) -> Option<Message> {
        self.messages.try_recv().ok().inspect(|_| self.taken())
    }

    fn taken(&self) {
        self.sent.fetch_sub(1, Ordering::Release);
    }
}

/// The machine's thread: takes what is sent until it is told to stop or the log fails, then the worker is gone.
pub(super) fn run(worker: &Mutex<Option<Worker>>, inbox: &Inbox) -> Result<(), String> {
    let mut message = None;
    loop {
        let mut held = match worker.lock() {
            Ok(held) => held,
            // Its state is lost with the step that panicked; what is durable is not.
            Err(panicked) => {
                let why = "a step panicked".to_owned();
                if let Some(worker) = panicked.into_inner().take() {
                    worker.refuse_all(inbox, &why);
                }
                return Err(why);
            }
        };
        let working = held.as_mut().expect("only this thread takes it away");
        if let Some(message) = message.take() {
            working.handle(message);
        }
        for _ in 0..BATCH_MAX {
            match inbox.next() {
                Some(message) => working.handle(message),
                None => break,
            }
        }
        working.advance();
        working.append_open();
        if let Some(why) = working.failed.clone() {
            let worker = held.take().expect("it was there");
            worker.refuse_all(inbox, &why);
            return Err(why);
        }
        if working.stopping && working.is_quiet() {
            let worker = held.take().expect("it was there");
            drop(held);
            return worker.last_snapshot(inbox);
        }
        let until = working.until_due();
        drop(held);
        message = inbox.wait(until);
    }
}

impl Worker {
    /// Whether a caller may run its step here: not when that would bring more work than its own.
    pub(super) fn takes_guests(&self) -> bool {
        self.failed.is_none() && !self.stopping && self.since_snapshot + 1 < self.snapshot_every
    }

    fn is_quiet(&self) -> bool {
        self.open.is_empty()
            && self.in_flight.is_empty()
            && self.beside.is_idle()
            && !matches!(self.snapshot, SnapshotStage::Storing)
    }

    pub(super) fn handle(&mut self, message: Message) {
        match message {
            Message::Call {
                call,
                program,
                answer,
            } => self.call(call, &program, answer),
            Message::Look(look) => look(&self.machine),
            Message::AboutRun(about) => self.about_run(about),
            Message::Reload { program, done } => self.reload(program, done),
            Message::Durable(Ok(_)) => self.durable(),
            Message::Durable(Err(error)) => {
                self.failed
                    .get_or_insert(format!("the log failed: {error}"));
            }
            Message::SnapshotStored(stored) => self.snapshot_stored(stored),
            Message::Wake => {}
            Message::ScratchCame => self.machine.scratch_came(),
            Message::Back(back) => self.back(*back),
            Message::Stop => self.stopping = true,
        }
    }

    pub(super) fn call(&mut self, call: Call, program: &Arc<Manifest>, answer: Answered) {
        if let Some(why) = &self.failed {
            return answer(Err(Refusal::Unavailable(why.clone())));
        }
        if self.stopping {
            return answer(Err(Refusal::Stopping));
        }
        if !Arc::ptr_eq(program, &self.program) {
            return answer(Err(Refusal::Stale));
        }
        match self.beside.wants(call.function) {
            true => self.call_beside(call, program, answer),
            false => self.call_ordinarily(&call, answer),
        }
    }

    /// Runs a call on the state itself.
    pub(super) fn call_ordinarily(&mut self, call: &Call, answer: Answered) {
        let now = self.tick();
        let began = Instant::now();
        let done = self
            .machine
            .call(&mut *self.steps, &self.program, call, now);
        self.beside.took(call.function, began.elapsed());
        self.done(done, answer);
    }

    /// A call has been answered by the machine, just now.
    pub(super) fn done(&mut self, mut done: Done, answer: Answered) {
        if done.answer == Answer::GoesOn {
            self.own_scratch(done.run);
        }
        match done.record.take() {
            Some(record) => {
                done.position = self.position.load(Ordering::Relaxed) + 1;
                self.push(record, Waiter::Call(answer, done))
            }
            None => {
                done.position = match done.answer {
                    Answer::Before { position, .. } => position,
                    _ => self.position.load(Ordering::Relaxed),
                };
                self.wait_for_all(Waiter::Call(answer, done))
            }
        }
    }

    fn refuse_all(mut self, inbox: &Inbox, why: &str) {
        let in_flight = self.in_flight.into_iter();
        let waiting = in_flight.flat_map(|(_, waiters)| waiters);
        let open = self.open.into_iter().flat_map(|frame| frame.waiters);
        for waiter in waiting.chain(open) {
            match waiter {
                Waiter::Call(answer, _) => answer(Err(Refusal::Unavailable(why.to_owned()))),
                Waiter::Told(tell) => tell(Some(why)),
                Waiter::Reload(_) | Waiter::Actions(_) => {}
            }
        }
        while let Some(message) = inbox.next() {
            message.refuse(Refusal::Unavailable(why.to_owned()));
        }
        self.beside
            .refuse_all(&Refusal::Unavailable(why.to_owned()));
        self.run_waiters
            .refuse(Refusal::Unavailable(why.to_owned()));
    }

    /// What time it is: microseconds since 1970, never backwards.
    pub(super) fn tick(&mut self) -> i64 {
        self.time.tick()
    }
}

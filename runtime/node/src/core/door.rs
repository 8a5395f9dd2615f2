//! The way to a running machine: calls, looks and reloads are handed in here, or run here when the machine is free.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, RwLock, TryLockError};

use tokio::sync::watch;
use weir_contract::Manifest;
use weir_machine::{Call, Done, Incompatible, Machine};

use super::beside::{BesideCounts, Counters};
use super::{Answered, Message, Refusal, Worker};
use crate::program::Program;
use crate::scratch::{Alive, Workshop};

/// The way to a running machine; cheap to clone.
#[derive(Clone)]
pub struct Door {
    pub(super) messages: Sender<Message>,
    /// Messages sent and not yet taken by the machine's thread.
    pub(super) sent: Arc<AtomicUsize>,
    /// Calls handed in and not yet answered.
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) worker: Arc<Mutex<Option<Worker>>>,
    pub(super) queue_max: usize,
    pub(super) program: Arc<RwLock<Arc<Manifest>>>,
    /// The newest position that is durable.
    pub(super) positions: watch::Receiver<u64>,
    /// The newest position that anybody was answered from.
    pub(super) position: Arc<AtomicU64>,
    pub(super) workshop: Arc<Workshop>,
    pub(super) beside: Arc<Counters>,
}

impl Door {
    /// How many calls ran beside the machine, and what became of them.
    pub fn beside(&self) -> BesideCounts {
        self.beside.now()
    }

    /// The temporary data that is held.
    pub fn scratch_alive(&self) -> Alive {
        self.workshop.alive()
    }

    pub(crate) fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// The program in force.
    pub fn program(&self) -> Arc<Manifest> {
        let program = self
            .program
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        program.clone()
    }

    /// The newest log position that is durable; changes whenever it grows.
    pub fn positions(&self) -> watch::Receiver<u64> {
        self.positions.clone()
    }

    /// The newest log position that the state has, durable or about to be.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Hands in a call for the machine's thread. `answer` is called by whoever holds the worker and must not block.
    pub fn call(
        &self,
        call: Call,
        program: Arc<Manifest>,
        answer: impl FnOnce(Result<Done, Refusal>) + Send + 'static,
    ) {
        if let Some(answer) = self.admit(&program, answer) {
            self.send(Message::Call {
                call,
                program,
                answer,
            });
        }
    }

    /// The same, but runs the call on this thread when the worker is free, and syncs its record when no other call waits.
    /// The thread needs the stack of a step, and may wait as long as a step and a sync take.
    pub fn call_here(
        &self,
        call: Call,
        program: Arc<Manifest>,
        answer: impl FnOnce(Result<Done, Refusal>) + Send + 'static,
    ) {
        let Some(answer) = self.admit(&program, answer) else {
            return;
        };
        match self.free_worker() {
            Some(mut worker) => {
                let worker = worker.as_mut().expect("a free worker is there");
                worker.call(call, &program, answer);
                worker.append_open();
                if worker.is_due_earlier() {
                    self.send(Message::Wake);
                }
            }
            None => self.send(Message::Call {
                call,
                program,
                answer,
            }),
        }
    }

    /// Counts a call, or says that there are too many.
    fn admit(
        &self,
        program: &Manifest,
        answer: impl FnOnce(Result<Done, Refusal>) + Send + 'static,
    ) -> Option<Answered> {
        let queue_max = program.limits.queue.map_or(self.queue_max, |n| n as usize);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= queue_max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            answer(Err(Refusal::Busy));
            return None;
        }
        let waiting = self.waiting.clone();
        Some(Box::new(move |result| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            answer(result)
        }))
    }

    /// The worker, if nobody holds it and nothing that was sent waits for it.
    fn free_worker(&self) -> Option<MutexGuard<'_, Option<Worker>>> {
        for _ in 0..FREE_TRIES {
            if self.sent.load(Ordering::Acquire) > 0 {
                return None;
            }
            match self.worker.try_lock() {
                Ok(worker) if worker.as_ref().is_some_and(Worker::takes_guests) => {
                    return Some(worker);
                }
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
                // It has ended, or is about to: the machine's thread knows.
                _ => return None,
            }
        }
        None
    }

    /// Runs `look` on the machine between two steps.
    pub fn look(&self, look: impl FnOnce(&Machine) + Send + 'static) {
        self.send(Message::Look(Box::new(look)));
    }

    /// Puts another program in force; `done` hears when that is durable, or why it was refused.
    pub fn reload(
        &self,
        program: Program,
        done: impl FnOnce(Result<(), Incompatible>) + Send + 'static,
    ) {
        let done = Box::new(done);
        self.send(Message::Reload { program, done });
    }

    pub(super) fn send(&self, message: Message) {
        self.sent.fetch_add(1, Ordering::Release);
        if let Err(unsent) = self.messages.send(message) {
            unsent.0.refuse(Refusal::Stopping);
        }
    }

    pub(super) fn stop(&self) {
        self.send(Message::Stop);
    }
}

/// How often a caller looks whether the worker is free. A step mostly takes a few microseconds, waking a thread ten times that.
const FREE_TRIES: usize = 100;

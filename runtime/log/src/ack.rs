//! The answer to an append: waited for, polled, or called back.
//!
//! The log's own thread completes it, so a callback must be short and must
//! not wait for the log: send a message, wake a task.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use crate::log::AppendError;
use crate::lsn::Lsn;

/// What became of a frame: the position of its last record, or why not.
pub type Outcome = Result<Lsn, AppendError>;

type Callback = Box<dyn FnOnce(Outcome) + Send>;

enum State {
    Open {
        callback: Option<Callback>,
        waker: Option<Waker>,
        waiting: bool,
    },
    Done(Outcome),
}

struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that may panic runs under this lock.
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The writer's half. Acks of one writer complete in the order of its appends.
pub struct Ack {
    shared: Arc<Shared>,
}

impl Ack {
    /// Block until the outcome is known.
    pub fn wait(self) -> Outcome {
        let mut state = self.shared.lock();
        loop {
            match &mut *state {
                State::Done(outcome) => return outcome.clone(),
                State::Open { waiting, .. } => *waiting = true,
            }
            state = self
                .shared
                .done
                .wait(state)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// The outcome if it is known already.
    pub fn poll(&self) -> Option<Outcome> {
        match &*self.shared.lock() {
            State::Done(outcome) => Some(outcome.clone()),
            State::Open { .. } => None,
        }
    }

    /// Call `callback` with the outcome: at once on this thread if it is known,
    /// else on the log's thread. It must not block.
    pub fn on_done(self, callback: impl FnOnce(Outcome) + Send + 'static) {
        let outcome = match &mut *self.shared.lock() {
            State::Done(outcome) => outcome.clone(),
            State::Open { callback: slot, .. } => {
                *slot = Some(Box::new(callback));
                return;
            }
        };
        callback(outcome);
    }
}

impl Future for Ack {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        match &mut *self.shared.lock() {
            State::Done(outcome) => Poll::Ready(outcome.clone()),
            State::Open { waker, .. } => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The log's half. Dropped without an outcome it completes as `Unknown`, so
/// nobody waits for ever.
pub struct Completer {
    shared: Arc<Shared>,
}

/// A fresh pair.
pub fn pair() -> (Ack, Completer) {
    let state = Mutex::new(State::Open {
        callback: None,
        waker: None,
        waiting: false,
    });
    let shared = Arc::new(Shared {
        state,
        done: Condvar::new(),
    });
    (
        Ack {
            shared: shared.clone(),
        },
        Completer { shared },
    )
}

impl Completer {
    /// Tell the outcome; a second outcome is ignored.
    pub fn complete(self, outcome: Outcome) {
        self.finish(outcome);
    }

    fn finish(&self, outcome: Outcome) {
        let mut state = self.shared.lock();
        let State::Open {
            callback,
            waker,
            waiting,
        } = &mut *state
        else {
            return;
        };
        let (callback, waker, waiting) = (callback.take(), waker.take(), *waiting);
        *state = State::Done(outcome.clone());
        drop(state);
        if waiting {
            self.shared.done.notify_all();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
        if let Some(callback) = callback {
            callback(outcome);
        }
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        self.finish(Err(AppendError::Unknown));
    }
}

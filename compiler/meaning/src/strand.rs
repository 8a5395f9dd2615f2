//! Code that can stop in the middle of any expression and go on later.
//!
//! A strand is a Rust future, so stopping is `await` and the evaluator is an ordinary recursive function; what the compiler of
//! Weir does by splitting functions, the compiler of Rust does here. There is no executor: the world polls the strand that
//! goes on, once for each step. Dropping a strand ends it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use weir_contract::Value;

use crate::call::{Closure, Frame, Step};
use crate::run::{Answer, Wait};
use crate::state::{Call, Desk};
use crate::stop::Eval;

/// An evaluation that has not ended. Boxed, because evaluating is recursive.
pub(crate) type Going<'a, T> = Pin<Box<dyn Future<Output = Eval<T>> + Send + 'a>>;

/// Where the desk lies while it goes from the world to a strand and back.
pub(crate) type Hand<'p> = Arc<Mutex<Desk<'p>>>;

/// What a strand runs.
pub(crate) enum Work<'p> {
    Call(Call),
    /// A test, by position, and the values that were made up for it.
    Test(usize, Vec<Value>),
    /// A branch or an undo.
    Closure(Closure<'p>),
    /// The answer of the outside to these arguments.
    Mock(Arc<Closure<'p>>, Vec<Value>),
}

impl<'p> Step<'p> {
    /// The strand as a whole; it begins when it is polled first.
    pub fn strand(mut self, work: Work<'p>) -> Going<'p, Value> {
        Box::pin(async move {
            self.take_desk();
            let result = match work {
                Work::Call(call) => self.enter(call).await,
                Work::Test(position, args) => self.run_test(position, args).await,
                Work::Closure(closure) => self.run_closure(&closure, Vec::new()).await,
                Work::Mock(answer, args) => self.run_closure(&answer, args).await,
            };
            self.give_desk();
            result
        })
    }

    /// Ends the step; the next one begins when the wait is over.
    pub async fn wait(&mut self, wait: Wait) -> Answer {
        assert_eq!(self.transactions, 0, "no transaction waits");
        self.desk.wait = Some(wait);
        self.give_desk();
        let mut polled = false;
        poll_fn(|_| match std::mem::replace(&mut polled, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
        .await;
        self.take_desk();
        self.expressions = 0;
        self.desk.answer.take().expect("it waited for something")
    }

    /// In front of each transaction of waiting code, before its target and arguments are computed.
    pub async fn step_may_end(&mut self, frame: &Frame<'p>) {
        if self.finely && frame.waits && self.transactions == 0 {
            self.wait(Wait::Turn).await;
        }
    }

    pub fn take_desk(&mut self) {
        let mut hand = self.hand.lock().expect("one strand goes on at a time");
        self.desk = std::mem::take(&mut *hand);
    }

    pub fn give_desk(&mut self) {
        let mut hand = self.hand.lock().expect("one strand goes on at a time");
        *hand = std::mem::take(&mut self.desk);
    }
}

/// Goes on with it until it suspends or ends. The desk is lent meanwhile.
pub(crate) fn poll<'p, T>(
    code: &mut Going<'_, T>,
    desk: &mut Desk<'p>,
    hand: &Hand<'p>,
) -> Poll<Eval<T>> {
    *hand.lock().expect("nobody else goes on") = std::mem::take(desk);
    let result = code.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    *desk = std::mem::take(&mut *hand.lock().expect("nobody else goes on"));
    result
}

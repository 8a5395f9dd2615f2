//! What people order about runs: to cancel, end, resume or retry; and tests, which are started so.

use std::sync::Arc;

use crate::effects::Place;
use crate::going::Progress;
use crate::machine::{Action, BadRecord, Machine};
use crate::progress::Start;
use crate::run_record::{ControlRecord, Order};
use crate::runs::{Caller, Strand};
use crate::streams::Consumed;

impl Machine {
    /// Ends a run from outside: it undoes what it did, and its result is that it was cancelled. Calls of the outside world
    /// that may have done something are waited for, and the step that takes the answer; a run that has nothing more to
    /// wait for then ends as it would have. One that is parked behind such an answer waits to be resumed, or cancelled once
    /// more. `None` when it has ended, or is ending already and not parked.
    pub fn cancel(&mut self, run: u64, now: i64) -> Option<Progress> {
        let going = self.runs.get(run)?;
        let is_stuck = going.cancelled && going.strands.iter().any(Strand::is_parked);
        if going.is_ending() && !is_stuck {
            return None;
        }
        self.order(run, Order::Cancel, now)
    }

    /// The same, but waits for no answer: what a call under way does outside is not undone. `None` when it has ended, or is
    /// undoing already.
    pub fn end_now(&mut self, run: u64, now: i64) -> Option<Progress> {
        let going = self.runs.get(run)?;
        if going.ending.is_some() {
            return None;
        }
        self.order(run, Order::EndNow, now)
    }

    /// Parked strands of a run try their step again, in the program that is now in force. `None` when none is parked.
    pub fn resume(&mut self, run: u64, now: i64) -> Option<Progress> {
        let mut strands = self.runs.get(run)?.strands.iter();
        strands.any(Strand::is_parked).then_some(())?;
        self.order(run, Order::Resume, now)
    }

    /// Puts an entry back that a consumer has given up. `None` when it is none.
    pub fn retry_entry(&mut self, entry: Consumed, now: i64) -> Option<Progress> {
        let stream = self.streams.get(entry.stream)?;
        stream.is_dead(entry).then_some(())?;
        self.order(self.next_run, Order::Retry(entry), now)
    }

    /// Starts a test as a run; its steps are then those of [`Machine::advance_one`].
    pub fn start_test(&mut self, entry: u32, args: Vec<u8>, now: i64) -> Option<Progress> {
        self.order(self.next_run, Order::Test { entry, args }, now)
    }

    fn order(&mut self, run: u64, order: Order, now: i64) -> Option<Progress> {
        let time = now.max(self.time);
        let record = ControlRecord { time, run, order };
        let to_append = record.to_record();
        let actions = self.note_control(record).ok()?;
        Some(Progress {
            run,
            record: to_append,
            actions,
        })
    }

    pub(crate) fn note_control(
        &mut self,
        control: ControlRecord,
    ) -> Result<Vec<Action>, BadRecord> {
        if let Order::Test { .. } | Order::Retry(_) = control.order {
            self.next_run = self.next_run.max(control.run + 1);
        }
        let ((), actions) = self.change(control.time, |change| {
            match control.order {
                Order::Cancel => change.cancel(control.run),
                Order::EndNow => change.end_now(control.run),
                Order::Resume => {
                    change.resume(control.run);
                }
                Order::Retry(entry) => {
                    if !change.retry_entry(entry, control.run) {
                        return Err(BadRecord("an entry that nobody gave up".to_owned()));
                    }
                }
                Order::Test { entry, args } => {
                    let caller = Caller {
                        id: "test".to_owned(),
                        roles: Vec::new(),
                    };
                    let start = Start {
                        target: Place::Test(entry),
                        key: Box::default(),
                        args: args.into(),
                        caller: Arc::new(caller),
                        outside: false,
                        idempotency: None,
                        delay: None,
                    };
                    change.start(control.run, start);
                }
            }
            Ok(())
        })?;
        Ok(actions)
    }
}

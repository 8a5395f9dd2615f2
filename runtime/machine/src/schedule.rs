//! All runs, and the tables that say which goes on next.
//!
//! A strand changes what it waits for only through [`Runs::wait`], so that the tables follow. They are derived: reading a
//! snapshot makes them anew.
//!
//! Who comes next does not depend on chance: strands that can go on in the order in which they came to that, timers by due
//! time and then number, and between a strand and a timer whichever could go first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::effects::{EventTo, Frame};
use crate::runs::{Caller, Finished, Given, Run, Strand, Waiting};

/// The run of each workflow instance, by entity and key.
pub type Workflows = BTreeMap<(u32, Box<[u8]>), u64>;

#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// Boxed, because runs come in ascending order, which leaves a tree's nodes half empty.
    pub(crate) going: BTreeMap<u64, Box<Run>>,
    pub(crate) finished: BTreeMap<u64, Finished>,
    pub(crate) workflows: Workflows,
    /// Events that will arrive later, with their times.
    pub(crate) delayed: BTreeMap<u64, (i64, EventTo)>,
    /// Tests only: the answers of extern functions.
    pub(crate) mocks: BTreeMap<u32, Frame>,
    /// Of the newest call: many runs in a row have the same one.
    pub(crate) newest_caller: Arc<Caller>,
    /// The number the next outside call gets.
    pub(crate) next_call: u64,
    ready: BTreeMap<u64, (u64, u32)>,
    timers: BTreeSet<Timer>,
    /// Run waited for, and who waits.
    waiters: BTreeSet<(u64, u64, u32)>,
    calls: BTreeMap<u64, (u64, u32)>,
    /// Strands whose step needs temporary data that is not there. Not in the log: after a start each finds out anew.
    pub(crate) lacking: BTreeSet<(u64, u32)>,
    /// Ended runs that are forgotten some day, by time.
    leaving: BTreeSet<(i64, u64)>,
    /// Strands that could go on, but would put something into a full stream: out of `ready` and `timers`, and otherwise as
    /// if they were there.
    held: BTreeMap<(u64, u32), u32>,
    /// The turns of those in `held` that have one.
    held_turns: BTreeSet<u64>,
}

/// Ordered as timers fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    due: i64,
    /// Waits until nothing else can happen.
    quiet: bool,
    number: u64,
    /// `None`: an event arrives.
    strand: Option<u32>,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A strand runs.
    Strand(u64, u32),
    /// A delayed event arrives.
    Event(u64),
}

impl Runs {
    /// A run that goes on.
    pub fn get(&self, number: u64) -> Option<&Run> {
        self.going.get(&number).map(|run| &**run)
    }

    /// All that go on, by number.
    pub fn going(&self) -> impl ExactSizeIterator<Item = (u64, &Run)> {
        self.going.iter().map(|(number, run)| (*number, &**run))
    }

    /// Those that have ended and are kept, by number.
    pub fn finished(&self) -> impl ExactSizeIterator<Item = (u64, &Finished)> {
        self.finished.iter().map(|(number, run)| (*number, run))
    }

    /// The run of a workflow's instance, whether it goes on or has ended.
    pub fn of_workflow(&self, entity: u32, key: &[u8]) -> Option<u64> {
        self.workflows.get(&(entity, key.into())).copied()
    }

    /// Who waits for the answer of an outside call.
    pub fn caller_of(&self, call: u64) -> Option<(u64, u32)> {
        self.calls.get(&call).copied()
    }

    /// Outside calls that wait for their answers.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (u64, (u64, u32))> {
        self.calls.iter().map(|(call, strand)| (*call, *strand))
    }

    pub(crate) fn strand(&self, run: u64, strand: u32) -> Option<&Strand> {
        self.going.get(&run)?.strand(strand)
    }

    /// When something happens by itself next; never later than now when a strand could go on.
    pub(crate) fn next_due(&self) -> Option<i64> {
        if let Some((run, strand)) = self.first_ready() {
            return self.strand(run, strand).map(|s| s.since);
        }
        self.first_timer().map(|timer| timer.due)
    }

    fn first_ready(&self) -> Option<(u64, u32)> {
        let mut ready = self.ready.values();
        ready.find(|at| !self.lacking.contains(at)).copied()
    }

    fn first_timer(&self) -> Option<&Timer> {
        let lacks = |timer: &&Timer| {
            let at = timer.strand.map(|strand| (timer.number, strand));
            at.is_some_and(|at| self.lacking.contains(&at))
        };
        self.timers.iter().find(|timer| !lacks(timer))
    }

    pub(crate) fn next(&self, time: i64) -> Option<Next> {
        let ready = self.first_ready();
        let timer = self.first_timer().filter(|timer| timer.due <= time);
        let since = ready.and_then(|(run, strand)| Some(self.strand(run, strand)?.since));
        match (ready, timer) {
            (Some((run, strand)), timer)
                if timer.is_none_or(|t| t.quiet || since.is_some_and(|since| since <= t.due)) =>
            {
                Some(Next::Strand(run, strand))
            }
            (_, Some(timer)) => Some(match timer.strand {
                Some(strand) => Next::Strand(timer.number, strand),
                None => Next::Event(timer.number),
            }),
            (_, None) => None,
        }
    }

    /// A caller, shared with the run before when it is the same.
    pub(crate) fn caller(&mut self, caller: Caller) -> Arc<Caller> {
        if *self.newest_caller != caller {
            self.newest_caller = Arc::new(caller);
        }
        self.newest_caller.clone()
    }

    /// A strand waits for something else from now on.
    pub(crate) fn wait(&mut self, run: u64, strand: u32, waiting: Waiting, time: i64) {
        self.unlink(run, strand);
        let at = self.going.get_mut(&run).and_then(|r| r.strand_mut(strand));
        let Some(at) = at else { return };
        at.waiting = waiting;
        at.since = time;
        self.link(run, strand);
    }

    /// A strand may go on, behind those that may already.
    pub(crate) fn ready(&mut self, run: u64, strand: u32, given: Given, time: i64) {
        // Not the place it may have had itself.
        self.unlink(run, strand);
        let held = self.held_turns.last().copied();
        let last = self.ready.last_key_value().map(|(turn, _)| *turn);
        let turn = last.max(held).map_or(0, |turn| turn + 1);
        self.wait(run, strand, Waiting::Ready { turn, given }, time);
    }

    /// Takes a strand out of the tables.
    pub(crate) fn unlink(&mut self, run: u64, strand: u32) {
        self.lacking.remove(&(run, strand));
        let Some(at) = self.going.get(&run).and_then(|r| r.strand(strand)) else {
            return;
        };
        if self.held.remove(&(run, strand)).is_some()
            && let Waiting::Ready { turn, .. } = &at.waiting
        {
            self.held_turns.remove(turn);
        }
        match &at.waiting {
            Waiting::Ready { turn, .. } if self.ready.get(turn) == Some(&(run, strand)) => {
                self.ready.remove(turn);
            }
            Waiting::Outside { call, .. } => {
                self.calls.remove(call);
            }
            Waiting::Run { run: on, .. } => {
                self.waiters.remove(&(*on, run, strand));
            }
            _ => {}
        }
        if let Some(timer) = timer(run, at) {
            self.timers.remove(&timer);
        }
    }

    /// Puts a strand into the tables.
    pub(crate) fn link(&mut self, run: u64, strand: u32) {
        let Some(at) = self.going.get(&run).and_then(|r| r.strand(strand)) else {
            return;
        };
        match &at.waiting {
            Waiting::Ready { turn, .. } => {
                self.ready.insert(*turn, (run, strand));
            }
            Waiting::Outside { call, .. } => {
                self.calls.insert(*call, (run, strand));
            }
            Waiting::Run { run: on, .. } => {
                self.waiters.insert((*on, run, strand));
            }
            _ => {}
        }
        if let Some(timer) = timer(run, at) {
            self.timers.insert(timer);
        }
    }

    /// A strand that could go on does not, until that stream has room.
    pub(crate) fn hold(&mut self, run: u64, strand: u32, stream: u32) {
        self.unlink(run, strand);
        if let Some(Waiting::Ready { turn, .. }) = self.strand(run, strand).map(|s| &s.waiting) {
            self.held_turns.insert(*turn);
        }
        self.held.insert((run, strand), stream);
    }

    /// Strands that were held up because of that stream may go on, each where it stood.
    pub(crate) fn let_go(&mut self, stream: u32) {
        let held = self.held.iter().filter(|(_, of)| **of == stream);
        for (run, strand) in held.map(|(at, _)| *at).collect::<Vec<_>>() {
            self.unlink(run, strand);
            self.link(run, strand);
        }
    }

    /// All that were held up may go on: what held them up was in another program.
    pub(crate) fn let_all_go(&mut self) {
        for (run, strand) in self.held.keys().copied().collect::<Vec<_>>() {
            self.unlink(run, strand);
            self.link(run, strand);
        }
    }

    pub(crate) fn waiters(&self, run: u64) -> Vec<(u64, u32)> {
        let range = (run, 0, 0)..=(run, u64::MAX, u32::MAX);
        let waiters = self.waiters.range(range);
        waiters.map(|(_, run, strand)| (*run, *strand)).collect()
    }

    /// Takes away a run that goes on, and all that would wake it.
    pub(crate) fn forget_going(&mut self, run: u64) {
        let strands = self.going.get(&run).map(|run| run.strands.iter());
        let strands: Vec<u32> = strands.into_iter().flatten().map(|s| s.number).collect();
        for strand in strands {
            self.unlink(run, strand);
        }
        self.going.remove(&run);
    }

    pub(crate) fn delay(&mut self, number: u64, due: i64, to: EventTo) {
        self.timers.insert(arrival(number, due));
        self.delayed.insert(number, (due, to));
    }

    pub(crate) fn arrived(&mut self, number: u64) -> Option<EventTo> {
        let (due, to) = self.delayed.remove(&number)?;
        self.timers.remove(&arrival(number, due));
        Some(to)
    }

    pub(crate) fn keep(&mut self, number: u64, finished: Finished) {
        if !finished.workflow {
            self.leaving.insert((finished.at, number));
        }
        self.finished.insert(number, finished);
    }

    /// Drops results that nobody can ask for any more: those that ended `keep_us` ago.
    pub(crate) fn forget(&mut self, now: i64, keep_us: i64) {
        while let Some((at, number)) = self.leaving.first().copied() {
            if now.saturating_sub(at) < keep_us {
                break;
            }
            self.leaving.remove(&(at, number));
            self.finished.remove(&number);
        }
    }
}

fn timer(run: u64, strand: &Strand) -> Option<Timer> {
    Some(Timer {
        due: strand.waiting.due()?,
        quiet: matches!(strand.waiting, Waiting::Quiet { .. }),
        number: run,
        strand: Some(strand.number),
    })
}

fn arrival(number: u64, due: i64) -> Timer {
    Timer {
        due,
        quiet: false,
        number,
        strand: None,
    }
}

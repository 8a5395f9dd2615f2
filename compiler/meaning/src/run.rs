//! Runs: what goes on over many steps.
//!
//! ```text
//!   run ── strand 0 ── its code, stopped in the middle of an expression; what it waits for
//!    │ ├── strand 1 ── ...      one for each branch of `parallel`, and one for each undo in its turn
//!    │ └── ...
//!    ├── undos, last pushed last
//!    └── events that no strand has waited for yet
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use weir_check::hir::{EventId, ExternId};
use weir_contract::Value;

use crate::call::Closure;
use crate::state::InstanceKey;
use crate::stop::{Bug, Ending};
use crate::strand::Going;
use crate::world::Caller;

/// What a strand waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// Only its turn.
    Turn,
    /// A time; also a message with `after`.
    Until(i64),
    /// One of these events.
    Events {
        events: Vec<EventId>,
        until: Option<i64>,
    },
    /// The answer of the outside world.
    Outside {
        function: ExternId,
        args: Vec<Value>,
        until: Option<i64>,
    },
    /// The end of a run.
    Run { run: u64, until: Option<i64> },
    /// All its branches, of which at most so many go on at one time.
    Branches(Option<i64>),
    /// A branch that has not begun: the end of another.
    Sibling,
    /// Tests only: until that time is here and nothing else can happen.
    Quiet(i64),
    /// Somebody who mends the program.
    Mending(Bug),
}

/// What comes when the wait is over.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The time has come, or the turn: there is nothing to tell.
    Time,
    Event(EventId, Vec<Value>),
    /// Of the outside world, of a run; of branches their values as a tuple, or the first failure.
    Ended(Ending),
}

pub(crate) struct Run<'p> {
    /// Set for the run of a workflow.
    pub workflow: Option<InstanceKey>,
    /// Each step acts for them.
    pub caller: Arc<Caller>,
    pub strands: BTreeMap<u32, Strand<'p>>,
    pub next_strand: u32,
    /// Oldest first.
    pub events: VecDeque<(EventId, Vec<Value>)>,
    pub undos: Vec<Closure<'p>>,
    /// Whether a step of it was kept.
    pub begun: bool,
    /// Somebody wants it to end; strands that may have changed the world outside go on to their next wait first.
    pub cancelled: bool,
    /// The result is decided, and what was done is being undone.
    pub ending: Option<Ending>,
}

pub(crate) struct Strand<'p> {
    /// Gone when a bug has ended it.
    pub code: Option<Going<'p, Value>>,
    pub wait: Wait,
    /// The wait is over: its place among those that may go on, and what came.
    pub ready: Option<(u64, Answer)>,
    pub begun: bool,
    /// For a branch: who waits for it.
    pub parent: Option<u32>,
    /// It stands in for the outside: who asked, and how often that strand had waited then.
    pub answers: Option<(u32, u64)>,
    /// How often it has waited.
    pub waits: u64,
    /// Its own, in source order, with the values of those that have ended.
    pub branches: Vec<(u32, Option<Value>)>,
    /// The first failure of a branch.
    pub failed: Option<Ending>,
}

impl Wait {
    /// When it is over by itself.
    pub fn until(&self) -> Option<i64> {
        match self {
            Wait::Until(time) | Wait::Quiet(time) => Some(*time),
            Wait::Events { until, .. } | Wait::Outside { until, .. } | Wait::Run { until, .. } => {
                *until
            }
            Wait::Turn | Wait::Branches(_) | Wait::Sibling | Wait::Mending(_) => None,
        }
    }
}

impl<'p> Run<'p> {
    pub fn new(workflow: Option<InstanceKey>, caller: Arc<Caller>) -> Self {
        Run {
            workflow,
            caller,
            strands: BTreeMap::new(),
            next_strand: 0,
            events: VecDeque::new(),
            undos: Vec::new(),
            begun: false,
            cancelled: false,
            ending: None,
        }
    }

    /// Whether it takes no events any more, and cannot be cancelled again.
    pub fn is_ending(&self) -> bool {
        self.cancelled || self.ending.is_some()
    }

    pub fn bug(&self) -> Option<&Bug> {
        self.strands.values().find_map(|strand| match &strand.wait {
            Wait::Mending(bug) => Some(bug),
            _ => None,
        })
    }
}

impl<'p> Strand<'p> {
    pub fn new(code: Going<'p, Value>, parent: Option<u32>) -> Self {
        Strand {
            code: Some(code),
            wait: Wait::Turn,
            ready: None,
            begun: false,
            parent,
            answers: None,
            waits: 0,
            branches: Vec::new(),
            failed: None,
        }
    }
}

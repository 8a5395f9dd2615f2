//! What a run is while it goes on, and what is left of it when it has ended.
//!
//! ```text
//!   run ── strand 0 ── frame, frame, frame (innermost last), what it waits for
//!    │ ├── strand 1 ── ...          one per branch of `parallel`, and one for each undo in its turn
//!    │ └── ...
//!    ├── undos, last pushed last
//!    └── events that no strand has waited for yet
//! ```
//! A million of these sleep in memory, so rare parts are boxed and vectors fit what they hold.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::effects::{Frame, Place};
use crate::record::Bug;

#[derive(Clone, Debug)]
pub struct Run {
    /// What it was started as: a function or a test.
    pub target: Place,
    /// The instance's key in the key encoding.
    pub key: Box<[u8]>,
    pub caller: Arc<Caller>,
    /// Time of its start.
    pub since: i64,
    /// Steps done.
    pub steps: u64,
    /// A call from outside: its result is kept for a day.
    pub outside: bool,
    /// Whose answer it will be.
    pub idempotency: Option<Box<str>>,
    pub next_strand: u32,
    /// Ascending by number.
    pub strands: Vec<Strand>,
    pub undos: Vec<Frame>,
    /// Oldest first: event number and arguments.
    pub events: VecDeque<(u32, Box<[u8]>)>,
    /// Somebody wants it to end; strands that may have changed the world outside go on to their next wait first.
    pub cancelled: bool,
    /// The result is decided; undos run.
    pub ending: Option<Box<Ended>>,
}

/// Who started a run; each step of it acts for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Empty for nobody.
    pub id: String,
    pub roles: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Strand {
    pub number: u32,
    /// Outermost first. What runs next is the last one.
    pub frames: Vec<Frame>,
    pub waiting: Waiting,
    /// Since when it waits.
    pub since: i64,
    pub works_for: WorksFor,
    /// Branches of its own.
    pub branches: Option<Box<Branches>>,
}

/// Who gets what a strand ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorksFor {
    /// It is the run's own, or one of its undos.
    Run,
    /// A branch: the strand that joins it.
    Strand(u32),
    /// Tests only: it answers that outside call.
    Call(u64),
}

/// The branches that a strand has begun and not joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    /// In source order: strand, and its value when it has ended.
    pub all: Vec<(u32, Option<Box<[u8]>>)>,
    /// The first failure, as a `Result`.
    pub failed: Option<Box<[u8]>>,
}

/// What a strand waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Its turn.
    Ready { turn: u64, given: Given },
    /// A time; also a message with `after`.
    Sleep { due: i64 },
    /// One of these events of its workflow.
    Events {
        numbers: Box<[u32]>,
        due: Option<i64>,
    },
    /// The answer to a call of an extern function.
    Outside {
        call: u64,
        function: u32,
        args: Box<[u8]>,
        due: Option<i64>,
    },
    /// The end of a run.
    Run { run: u64, due: Option<i64> },
    /// All its branches.
    Join { list: bool, fallible: bool },
    /// A branch that has not begun: the end of another, where only so many go on at one time.
    Sibling,
    /// Tests only: a time, and that nothing else can happen before.
    Quiet { due: i64 },
    /// Somebody who mends the program and resumes.
    Parked { bug: Box<Bug>, given: Given },
}

/// What the innermost frame is given when it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The encoded value; nothing for a place that takes no result.
    Bytes(Box<[u8]>),
    /// The same, as the answer of a call that may have changed the world outside.
    Answer(Box<[u8]>),
    /// An event; encoded late, because its number is that of the program in force.
    Event(u32, Box<[u8]>),
    /// The deadline of a wait for events.
    NoEvent,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// `border::OUTPUT_OK`, ... and what follows.
    Output(Vec<u8>),
    Cancelled,
    /// Of a program that no longer is: HTTP status and JSON.
    Rendered {
        status: u16,
        json: String,
    },
}

/// What is left of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub target: Place,
    pub key: Box<[u8]>,
    pub since: i64,
    /// Time of its end.
    pub at: i64,
    pub ended: Ended,
    /// The run of a workflow's instance: kept for ever.
    pub workflow: bool,
}

impl Given {
    pub fn nothing() -> Given {
        Given::Bytes(Box::default())
    }
}

impl Waiting {
    /// When it is over by itself.
    pub fn due(&self) -> Option<i64> {
        match self {
            Waiting::Sleep { due } | Waiting::Quiet { due } => Some(*due),
            Waiting::Events { due, .. }
            | Waiting::Outside { due, .. }
            | Waiting::Run { due, .. } => *due,
            Waiting::Ready { .. }
            | Waiting::Join { .. }
            | Waiting::Sibling
            | Waiting::Parked { .. } => None,
        }
    }
}

impl Strand {
    pub fn is_parked(&self) -> bool {
        matches!(self.waiting, Waiting::Parked { .. })
    }
}

impl Run {
    pub fn strand(&self, number: u32) -> Option<&Strand> {
        self.strands.iter().find(|s| s.number == number)
    }

    pub(crate) fn strand_mut(&mut self, number: u32) -> Option<&mut Strand> {
        self.strands.iter_mut().find(|s| s.number == number)
    }

    /// Whether it takes no events any more, and cannot be cancelled again.
    pub fn is_ending(&self) -> bool {
        self.cancelled || self.ending.is_some()
    }

    /// Whether nothing of it has run: what was sent and only waits for its time or turn.
    pub fn is_unbegun(&self) -> bool {
        let waits = |s: &Strand| matches!(s.waiting, Waiting::Ready { .. } | Waiting::Sleep { .. });
        self.steps == 0 && self.strands.iter().all(waits)
    }

    /// Approximate bytes held, with its share of the tables that find it and of what the allocator needs. A million
    /// sleeping workflows of one frame were measured at 640 bytes each.
    pub fn byte_len(&self) -> usize {
        const TABLES: usize = 290;
        let frame = |f: &Frame| size_of::<Frame>() + f.cells.len();
        let strands = self
            .strands
            .iter()
            .map(|s| size_of::<Strand>() + s.frames.iter().map(frame).sum::<usize>());
        TABLES
            + size_of::<Run>()
            + self.key.len()
            + strands.sum::<usize>()
            + self.undos.iter().map(frame).sum::<usize>()
            + self
                .events
                .iter()
                .map(|(_, args)| 24 + args.len())
                .sum::<usize>()
    }
}

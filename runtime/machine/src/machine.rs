//! The machine: state, runs, kept answers and the program in force, changed by steps and by replayed records.
//!
//! Deterministic: the same records in the same order give the same machine, byte for byte of its snapshot. It has
//! no clock, threads or sockets; the time comes in with each call, the running of a step through [`crate::steps::Steps`].
//!
//! Live, [`Machine::call`] and those in `going`, `events`, `answers` and `orders` give the record to be appended; on recovery,
//! [`Machine::apply`] takes the record's effects without running anything. Both end in the same place.

use std::sync::Arc;

use weir_contract::manifest::Manifest;
use weir_contract::{host_call, limits};

use crate::asking::StepCap;
use crate::idempotency::Answers;
pub use crate::messages::{Action, Answer, BadRecord, Became, Call, Done, OutsideCall, Said};
use crate::pieces::Pieces;
use crate::schedule::Runs;
use crate::spent::Spent;
use crate::state::State;
use crate::streams::Streams;
use crate::views::Views;

#[derive(Clone, Debug)]
pub struct Machine {
    pub(crate) program: Option<Arc<Manifest>>,
    pub(crate) state: State,
    pub(crate) answers: Answers,
    pub(crate) runs: Runs,
    pub(crate) views: Views,
    pub(crate) streams: Streams,
    /// The number the next run gets.
    pub(crate) next_run: u64,
    /// Time of the newest record; no step runs at an earlier one.
    pub(crate) time: i64,
    /// The log position of the newest record, as far as who appends them says so: what is shown of it is exact there.
    pub position: u64,
    /// Who reads a view waits until so many rows of its sources are fed to it; where there are more it is being built, and
    /// feeding them takes seconds in which nothing else would go on. Only asked when something reads.
    pub view_rows_waited_for: u64,
    /// A step whose record would be longer is a bug of the program. Only asked when a step runs, so replay may
    /// have another.
    pub record_bytes_max: usize,
    /// How much a step of a run does before it yields. Only asked when a step runs.
    pub step_cap: StepCap,
    /// Settings and secrets of the program in force. Only asked when a step runs.
    pub settings: Arc<host_call::Given>,
    /// What all steps that it has run asked of the state, kept or not.
    pub spent: Spent,
    /// What has been read of a program that is in the log in pieces.
    pub(crate) pieces: Pieces,
}

impl Default for Machine {
    fn default() -> Self {
        Machine {
            program: None,
            state: State::default(),
            answers: Answers::default(),
            runs: Runs::default(),
            views: Views::default(),
            streams: Streams::default(),
            next_run: 0,
            time: 0,
            position: 0,
            view_rows_waited_for: u64::MAX,
            record_bytes_max: limits::RECORD_MAX,
            step_cap: StepCap::default(),
            settings: Arc::default(),
            spent: Spent::default(),
            pieces: Pieces::default(),
        }
    }
}

impl Machine {
    pub fn new() -> Machine {
        Machine::default()
    }

    /// The program in force.
    pub fn program(&self) -> Option<&Arc<Manifest>> {
        self.program.as_ref()
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The entries of streams, and how far consumers are.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// All runs, going on and ended.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Time of the newest record, microseconds since 1970.
    pub fn time(&self) -> i64 {
        self.time
    }
}

//! The deterministic core of the runtime: a record goes in, new state and a list of actions come out.
//!
//! `machine` is the whole, `transaction` and `asking` what a running step sees, `record`, `run_record`, `effects` and `ops` what
//! the log holds. Runs: `runs` what they are, `schedule` who is next, `drive` and `attempt` one live step, `progress` and `ending` what a
//! record does to them, `going` what may be asked of the machine, `streams` entries and who consumes them, `again` what tests ask of it a second time, `beside` calls that run
//! beside it. `program`,
//! `relabel` and `begins`: what happens when another program comes into force. No clock, no threads, no sockets.

pub mod access;
mod again;
pub mod asking;
mod attempt;
mod begins;
pub mod beside;
pub mod chance;
mod drive;
pub mod effects;
mod ending;
mod given;
pub mod going;
pub mod idempotency;
mod known;
pub mod machine;
pub mod merged;
pub mod ops;
pub mod pieces;
pub mod program;
mod progress;
pub mod record;
mod relabel;
pub mod replay;
mod rewritten;
pub mod run_record;
mod run_snapshot;
pub mod runs;
pub mod schedule;
pub mod scratch;
pub mod show;
pub mod show_runs;
pub mod snapshot;
pub mod spent;
pub mod state;
pub mod steps;
pub mod streams;
pub mod transaction;
pub mod views;

pub use access::StateAccess;
pub use asking::{Misused, StepCap};
pub use effects::{EventTo, Frame, Place};
pub use going::{Progress, Sent, Taken, failed_output};
pub use idempotency::KeptAnswer;
pub use machine::{Action, Answer, BadRecord, Became, Call, Done, Machine, OutsideCall, Said};
pub use merged::{Merged, Merging};
pub use program::Incompatible;
pub use record::{Bug, Outcome, ProgramRecord, StepRecord};
pub use relabel::carry_answer;
pub use replay::ReplayChecker;
pub use runs::{Ended, Finished, Run, Strand, Waiting};
pub use schedule::Runs;
pub use spent::Spent;
pub use state::{Instance, Kind, Slot, State, TableKind};
pub use steps::{Crash, Steps};
pub use transaction::Transaction;

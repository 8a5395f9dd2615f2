//! The deterministic core of the runtime: a record goes in, new state and a list of actions come out.
//!
//! `machine` is the whole, `transaction` what a running step sees, `record` and `ops` what the log holds,
//! `program` what happens when another program comes into force. No clock, no threads, no sockets.

pub mod access;
pub mod idempotency;
pub mod machine;
pub mod ops;
pub mod program;
pub mod record;
pub mod replay;
pub mod show;
pub mod snapshot;
pub mod state;
pub mod steps;
pub mod transaction;

pub use access::StateAccess;
pub use idempotency::KeptAnswer;
pub use machine::{Action, Answer, BadRecord, Call, Done, Machine};
pub use program::Incompatible;
pub use record::{Bug, Outcome, ProgramRecord, StepRecord};
pub use replay::ReplayChecker;
pub use state::{Instance, Kind, Slot, State};
pub use steps::{Crash, Steps};
pub use transaction::Transaction;

//! The deterministic core of the runtime: a record goes in, new state and a list of actions come out.
//!
//! | | |
//! | --- | --- |
//! | `machine`, `messages` | the whole; what is asked of it and what it tells |
//! | `calls`, `going`, `events`, `answers`, `orders` | what gives a record: calls, runs that go on by themselves, what comes from outside |
//! | `drive`, `attempt` | one live step |
//! | `transaction`, `asking`, `access` | what a running step sees of the state, and what it may ask for besides |
//! | `apply`, `progress`, `ending` | what a record changes, live and replayed |
//! | `record`, `run_record`, `effects`, `ops` | what the log holds; `snapshot` and `run_snapshot` the whole machine as bytes |
//! | `state`, `merged`, `runs`, `schedule`, `idempotency`, `streams`, `views` | what there is; `schedule` says who is next |
//! | `deploy`, `program`, `relabel`, `begins` | another program comes into force; `pieces` its record where that is large |
//! | `beside`, `scratch` | calls that run beside the machine, and temporary data |
//! | `show`, `show_runs` | all of it as JSON, for people |
//! | `again`, `replay` | what tests ask of it a second time, and a second machine held against the first |
//!
//! No clock, no threads, no sockets.

pub mod access;
mod again;
mod answers;
mod apply;
pub mod asking;
mod attempt;
mod begins;
pub mod beside;
mod calls;
pub mod chance;
mod deploy;
mod drive;
pub mod effects;
mod ending;
mod events;
mod given;
pub mod going;
pub mod idempotency;
mod known;
pub mod machine;
pub mod merged;
mod messages;
pub mod ops;
mod orders;
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
pub use answers::{answer_bytes_max, failed_output};
pub use asking::{Misused, StepCap};
pub use effects::{EventTo, Frame, Place};
pub use events::{Sent, Taken};
pub use going::Progress;
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

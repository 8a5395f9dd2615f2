//! The deterministic core of the runtime.

pub mod access;
pub mod ops;
pub mod state;
pub mod steps;
pub mod transaction;

pub use access::StateAccess;
pub use state::{Instance, Kind, Slot, State};
pub use steps::{Crash, Steps};
pub use transaction::Transaction;

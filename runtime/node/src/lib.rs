//! A node runs one program on one log: threads, clock and HTTP around the deterministic machine.
//!
//! [`Node::start`] serves; [`Embedded`] is the same without HTTP; [`inspect`] shows logs and state to people.

pub mod blobs;
mod config;
mod core;
mod embedded;
mod http;
pub mod inspect;
mod node;
pub mod outside;
mod program;
mod recovery;
mod scratch;
mod speech;

pub use blobs::FileBlobs;
pub use config::Config;
pub use core::{
    BesideConfig, BesideCounts, Core, Door, EventAnswer, Order, Refusal, StartError, WhichRun,
};
pub use embedded::{Embedded, Outcome};
pub use node::{FAILURE_POLL, Node};
pub use outside::{Nobody, Outside, OutsideAnswer};
pub use program::{Caller, NamedCall, Program};
pub use recovery::{PARTITION, RecoveryError, recover, recover_until};
pub use scratch::{Alive, ScratchConfig};
pub use speech::{Format, Speech, written};

//! The log of Weir: what is in it is the truth, everything else is derived.
//!
//! `log` states the rules; `memory` and `file` keep them, each in its way. The
//! rest of the runtime sees only the trait. `storage` is the door to the disk.

pub mod ack;
mod bytes;
pub mod conformance;
pub mod error;
pub mod file;
pub mod frame;
pub mod log;
pub mod lsn;
pub mod memory;
pub mod reader;
pub mod snapshots;
pub mod storage;

pub use ack::{Ack, Outcome};
pub use file::{FileLog, Options};
pub use frame::{Frame, Record, RecordKind};
pub use log::{AppendError, Damage, Durability, Limits, Log, LogError, Tail, Writer};
pub use lsn::{Epoch, Hlc, Lsn, OwnerId, Partition, Tag};
pub use memory::MemoryLog;
pub use reader::Reader;
pub use snapshots::{Snapshot, SnapshotId, Snapshots};

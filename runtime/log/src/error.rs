//! What can go wrong with a log, in sentences that name the place and what can be done.

use std::fmt;

use crate::file::{SEGMENT_DIR, SNAPSHOT_DIR};
use crate::log::Tail;
use crate::lsn::Lsn;

/// Why a frame was not acknowledged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AppendError {
    /// Another writer has taken the partition. Nothing was written.
    Fenced {
        /// Where the partition stood when this was noticed.
        tail: Tail,
    },
    /// It may be there or not. The writer is broken: take the partition again.
    Unknown,
    /// Refused before anything was written; the writer goes on.
    TooLarge {
        /// Encoded size of the frame.
        bytes: usize,
        /// The largest that is taken.
        bytes_max: usize,
    },
    /// No room, on the disk or in the queue; nothing was written. If
    /// `Writer::broken` is still `None` the writer goes on and may try later.
    Full,
}

/// Why an operation on the log failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogError {
    /// The position asked for is gone.
    Trimmed {
        /// The first position that is still there.
        first: Lsn,
    },
    /// The writer's reign is over.
    Fenced {
        /// Where the partition stands.
        tail: Tail,
    },
    /// Trimming would pass the newest verified snapshot.
    NotCovered {
        /// What the newest verified snapshot holds, if there is one.
        newest: Option<Lsn>,
    },
    /// The epoch record of `take` may be there or not.
    Unknown,
    /// No room for the epoch record.
    Full,
    /// An earlier write or sync failed. This log accepts nothing more until it
    /// is opened again; what is durable can still be read.
    Poisoned {
        /// The failure that did it.
        reason: String,
    },
    /// Another process has the directory open.
    Locked {
        /// The lock file.
        file: String,
    },
    /// Stored bytes are not what was written.
    Damaged(Damage),
    /// The operating system refused.
    Io {
        /// What was being done, with the file.
        doing: String,
        /// What it said.
        error: String,
    },
}

/// Bytes that are not what was written, and what can be done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file, relative to the log's directory.
    pub file: String,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What was expected there.
    pub what: String,
    /// Snapshots to go on from: the newest of each partition that was read and
    /// found whole.
    pub restore: Vec<String>,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppendError::Fenced { tail } => {
                write!(
                    f,
                    "another writer took the partition (epoch {}, next position {})",
                    tail.epoch, tail.next
                )
            }
            AppendError::Unknown => f.write_str("it is not known whether the frame was written"),
            AppendError::TooLarge { bytes, bytes_max } => {
                write!(
                    f,
                    "the frame has {bytes} bytes, at most {bytes_max} are taken"
                )
            }
            AppendError::Full => f.write_str("there is no room in the log"),
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Trimmed { first } => write!(
                f,
                "the position was trimmed; the first one there is {first}"
            ),
            LogError::Fenced { tail } => {
                write!(
                    f,
                    "another writer took the partition (epoch {}, next position {})",
                    tail.epoch, tail.next
                )
            }
            LogError::NotCovered { newest: Some(at) } => {
                write!(
                    f,
                    "trimming would pass the newest verified snapshot, which ends at {at}"
                )
            }
            LogError::NotCovered { newest: None } => {
                f.write_str("nothing can be trimmed without a snapshot")
            }
            LogError::Unknown => {
                f.write_str("it is not known whether the epoch record was written")
            }
            LogError::Full => f.write_str("there is no room in the log"),
            LogError::Poisoned { reason } => write!(f, "the log stopped after a failure: {reason}"),
            LogError::Locked { file } => {
                write!(f, "another process has the log open (lock {file})")
            }
            LogError::Damaged(damage) => damage.fmt(f),
            LogError::Io { doing, error } => write!(f, "{doing}: {error}"),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is damaged at byte {}: {}",
            self.file, self.offset, self.what
        )?;
        let whole = self.restore.join(", ");
        match (self.file.starts_with(SNAPSHOT_DIR), self.restore.is_empty()) {
            (false, true) => f.write_str("; there is no whole snapshot to restore from"),
            // What the log has lost cannot be had again.
            (false, false) => write!(
                f,
                "; {whole} is whole: move MANIFEST.a, MANIFEST.b and {SEGMENT_DIR} out of the directory to go on from \
                 there, without what came later"
            ),
            // The log reaches back to the snapshot before the newest, so nothing is lost.
            (true, false) => write!(
                f,
                "; move it out of the directory to go on from {whole}, which is whole, and the records after it"
            ),
            (true, true) => f.write_str(
                "; move it out of the directory to go on from the records alone, if the log still has all of them",
            ),
        }
    }
}

impl std::error::Error for AppendError {}
impl std::error::Error for LogError {}

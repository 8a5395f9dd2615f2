//! The log: its rules, and the trait every implementation keeps.
//!
//! ```text
//!   partition 3, one total order
//!
//!   LSN      1       2 3 4     5       6 7          8
//!        +-------+ +-------+ +-----+ +-------+ +---------+
//!        | epoch | | frame | |frame| | epoch | |  frame  | - - >  next = 9
//!        |   1   |<| 3 rec |<|1 rec|<|   2   |<|  in     |
//!        +-------+ +-------+ +-----+ +-------+ |  flight |
//!            `---- prev_hash ----'       ^     +---------+
//!        [ trimmed ]      durable .......|.....]
//!                                 `take` fences the writer of epoch 1
//! ```
//!
//! 1. **Order.** A partition is a sequence of frames, a frame a sequence of
//!    records. Each record has one `Lsn`; they are dense and start at 1.
//! 2. **Atomic.** A frame is there with all its records, or not at all.
//! 3. **Acknowledged is durable.** An ack of `Ok` means that every later reader,
//!    in this process or the next, sees the frame at that position.
//! 4. **Only durable frames are read.** What a reader has seen never goes away,
//!    except by trimming.
//! 5. **In order.** Acks of one writer come in the order of its appends. When
//!    one fails, all that were in flight behind it fail too.
//! 6. **One writer.** `take` appends an epoch record. When it returns, no earlier
//!    writer can append or trim: it is told `Fenced`.
//! 7. **Unknown is its own answer.** The frame may be there or not, now or after
//!    a restart. Only `take` (or `tail`) followed by `read` finds out; sending it
//!    again blindly could double it.
//! 8. **Trim.** Records up to and including a position go away, oldest first,
//!    never beyond the newest snapshot that has been read back and found whole.
//! 9. **Damage is an error.** Bytes that once were durable and now are not what
//!    was written are reported with file and offset, never skipped.

use std::sync::Arc;

use crate::ack::{Ack, Completer, pair};
pub use crate::error::{AppendError, Damage, LogError};
use crate::frame::{Chain, FRAME_HEADER_BYTES, Frame, Record, frame_hash};
use crate::lsn::{Epoch, Hlc, Lsn, OwnerId, Partition};
use crate::reader::Reader;
use crate::snapshots::Snapshots;

/// A set of partitions. See the module for the rules.
pub trait Log: Send + Sync {
    /// Become the writer of a partition: append an epoch record and wait until it
    /// is durable. All earlier writers are fenced once this returns.
    fn take(&self, partition: Partition, owner: OwnerId) -> Result<Writer, LogError>;

    /// Every durable frame from the one that holds `from`, to the one that holds
    /// `until` (or to the durable end, where the reader can wait for more).
    /// `Trimmed` when `from` is not there any more.
    fn read(&self, partition: Partition, from: Lsn, until: Option<Lsn>)
    -> Result<Reader, LogError>;

    /// Where the partition stands. Asks the authority, never a cache.
    fn tail(&self, partition: Partition) -> Result<Tail, LogError>;

    /// Give up records up to and including `up_to`. Doing it again, or with a
    /// smaller position, changes nothing. `NotCovered` when no verified
    /// snapshot holds that much, `Fenced` when the writer's reign is over.
    fn trim(&self, writer: &Writer, up_to: Lsn) -> Result<(), LogError>;

    /// What this implementation can take.
    fn limits(&self) -> Limits;

    /// The snapshots that guard this log's trimming.
    fn snapshots(&self) -> Arc<dyn Snapshots>;
}

/// Where a partition stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tail {
    /// The position the next durable record gets.
    pub next: Lsn,
    /// The newest reign; 0 if the partition was never taken.
    pub epoch: Epoch,
    /// Records up to and including this one are gone; `Lsn::ZERO` if none is.
    pub trimmed: Lsn,
}

/// What an implementation can take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest frame, in encoded bytes.
    pub frame_bytes_max: usize,
    /// Frames accepted and not yet durable, over all partitions.
    pub in_flight_max: usize,
    /// What an ack of `Ok` survives.
    pub durable: Durability,
}

/// What an acknowledged frame survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Nothing: it lives in this process.
    Process,
    /// The end of the process and of the machine: it was synced to the disk.
    Disk,
}

/// A frame that has its place: what an implementation is given to store.
pub struct Sealed {
    /// Whose log it is.
    pub partition: Partition,
    /// The reign of the writer.
    pub epoch: Epoch,
    /// Where the partition's chain must stand before this frame.
    pub before: Lsn,
    /// Where the chain stands after it.
    pub after: Chain,
    /// The encoded frame.
    pub bytes: Vec<u8>,
}

/// The part of an implementation that a `Writer` talks to.
pub trait Sink: Send + Sync {
    /// Give the frame its place and return; the completer is told later. Must
    /// not wait for a disk. An error means that the frame has no place: `Full` if
    /// the same frame may be tried again, anything else if the writer is broken.
    fn submit(&self, sealed: Sealed, done: Completer) -> Result<(), (AppendError, Completer)>;

    /// The same, and may make the frame durable on this thread before it returns,
    /// when nothing else is in flight. The completer may be told meanwhile.
    fn submit_here(&self, sealed: Sealed, done: Completer) -> Result<(), (AppendError, Completer)> {
        self.submit(sealed, done)
    }
}

type Submit = fn(&dyn Sink, Sealed, Completer) -> Result<(), (AppendError, Completer)>;

/// The right to append to one partition, until someone else takes it.
pub struct Writer {
    partition: Partition,
    chain: Chain,
    frame_bytes_max: usize,
    broken: Option<AppendError>,
    sink: Arc<dyn Sink>,
}

impl Writer {
    /// For implementations: a writer that goes on after `chain`, in whose epoch it writes.
    pub fn new(
        partition: Partition,
        chain: Chain,
        frame_bytes_max: usize,
        sink: Arc<dyn Sink>,
    ) -> Self {
        Writer {
            partition,
            chain,
            frame_bytes_max,
            broken: None,
            sink,
        }
    }

    /// Whose log this is.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// The reign of this writer.
    pub fn epoch(&self) -> Epoch {
        self.chain.epoch
    }

    /// The position the first record of the next append gets.
    pub fn next(&self) -> Lsn {
        self.chain.next
    }

    /// Why this writer can append no more, if so. An ack that fails also breaks
    /// it, which is noticed at the next append.
    pub fn broken(&self) -> Option<&AppendError> {
        self.broken.as_ref()
    }

    /// Append one frame of these records, all or nothing. It has its place when
    /// this returns, and is durable when the ack says so. Never waits for the
    /// disk. `at` is raised to the last frame's time if it is before it.
    ///
    /// # Panics
    /// When `records` is empty, or a record has more than 65,535 tags.
    pub fn append(&mut self, at: Hlc, records: Vec<Record>) -> Ack {
        self.place(at, records, |sink, sealed, done| sink.submit(sealed, done))
    }

    /// Like `append`, for a caller with nothing else to do: when the log is idle it
    /// may write and sync on this thread, which saves waking another one. Then the
    /// ack is known when this returns. The rules are those of `append`.
    ///
    /// # Panics
    /// As `append`.
    pub fn append_here(&mut self, at: Hlc, records: Vec<Record>) -> Ack {
        self.place(at, records, |sink, sealed, done| {
            sink.submit_here(sealed, done)
        })
    }

    fn place(&mut self, at: Hlc, records: Vec<Record>, submit: Submit) -> Ack {
        assert!(!records.is_empty(), "a frame holds at least one record");
        let (ack, done) = pair();
        if let Some(error) = &self.broken {
            done.complete(Err(error.clone()));
            return ack;
        }
        let bytes = FRAME_HEADER_BYTES + records.iter().map(Record::encoded_bytes).sum::<usize>();
        if bytes > self.frame_bytes_max {
            done.complete(Err(AppendError::TooLarge {
                bytes,
                bytes_max: self.frame_bytes_max,
            }));
            return ack;
        }
        let sealed = seal(self.partition, self.chain, self.chain.epoch, at, records);
        let after = sealed.after;
        match submit(&*self.sink, sealed, done) {
            Ok(()) => self.chain = after,
            Err((error, done)) => {
                if error != AppendError::Full {
                    self.broken = Some(error.clone());
                }
                done.complete(Err(error));
            }
        }
        ack
    }
}

/// Put records into the frame that continues `chain`.
pub fn seal(
    partition: Partition,
    chain: Chain,
    epoch: Epoch,
    at: Hlc,
    records: Vec<Record>,
) -> Sealed {
    assert!(
        records
            .iter()
            .all(|record| record.tags.len() <= u16::MAX as usize),
        "too many tags on a record"
    );
    let at = at.max(chain.at);
    let frame = Frame {
        partition,
        base: chain.next,
        epoch,
        prev_hash: chain.hash,
        at,
        records,
    };
    let bytes = frame.encode();
    let after = Chain {
        next: frame.next(),
        epoch,
        hash: frame_hash(&bytes),
        at,
    };
    Sealed {
        partition,
        epoch,
        before: chain.next,
        after,
        bytes,
    }
}

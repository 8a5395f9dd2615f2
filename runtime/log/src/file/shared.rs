//! What the threads of a file log share: queue, index, and state under one lock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::ack::Completer;
use crate::file::envelope::{Position, envelope_bytes};
use crate::file::index::Part;
use crate::file::segment::{Segment, capacity};
use crate::frame::Chain;
use crate::log::{AppendError, LogError, Sealed};
use crate::lsn::Partition;
use crate::storage::Storage;

/// Encoded bytes accepted and not yet durable, over all partitions.
const QUEUE_BYTES_MAX: usize = 64 << 20;

/// A frame in flight.
pub type Queued = (Sealed, Completer);

/// Shared by the log, its writers, its readers and its threads.
pub struct Shared {
    /// The disk.
    pub storage: Arc<dyn Storage>,
    /// The identity of the log.
    pub log_id: u128,
    /// The start of its checksums.
    pub seed: u32,
    /// The size of every segment.
    pub segment_bytes: u32,
    /// The term of this opening.
    pub term: u32,
    /// Segments to keep ready; 0 makes each when it is needed.
    pub prepare_ahead: usize,
    /// Frames accepted and not yet durable.
    pub in_flight_max: usize,
    /// Everything that changes.
    pub core: Mutex<Core>,
    /// Frames were queued, or the log closes: for the committing thread.
    pub work: Condvar,
    /// Frames became durable: for readers.
    pub grown: Condvar,
    /// A segment is ready or was used up: for the preparing and committing threads.
    pub prepared: Condvar,
}

/// What changes.
pub struct Core {
    /// Every partition that has a frame or a floor.
    pub parts: BTreeMap<Partition, Part>,
    /// Frames that have their place and wait for the next group.
    pub queue: VecDeque<Queued>,
    /// Their envelopes' bytes.
    pub queued_bytes: usize,
    /// Frames queued or being written.
    pub in_flight: usize,
    /// The first failure of the disk; nothing is written after it.
    pub poisoned: Option<String>,
    /// The log is being dropped.
    pub closing: bool,
    /// The committing thread sleeps.
    pub idle: bool,
    /// How many readers sleep.
    pub waiting_readers: usize,
    /// Segments with frames, and the active one.
    pub segments: BTreeMap<u64, Arc<Segment>>,
    /// Where each partition stands at the end of each segment.
    pub ends: BTreeMap<u64, BTreeMap<Partition, Chain>>,
    /// The end of what is durable.
    pub tail: Position,
    /// Segments ready for use.
    pub ready: VecDeque<Arc<Segment>>,
    /// Files of trimmed segments that can be used again.
    pub spares: Vec<String>,
    /// The number of the next segment to prepare.
    pub next_number: u64,
    /// The last try to prepare a segment found the disk full.
    pub no_room: bool,
}

impl Shared {
    /// The state; usable even after a panic of another thread, because each
    /// change under the lock is whole.
    pub fn lock(&self) -> MutexGuard<'_, Core> {
        self.core
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Sleep until told.
    pub fn sleep<'a>(&self, on: &Condvar, core: MutexGuard<'a, Core>) -> MutexGuard<'a, Core> {
        on.wait(core)
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Refuse everything from now on.
    pub fn poison(&self, reason: String) {
        self.lock().poisoned.get_or_insert(reason);
        self.work.notify_all();
        self.prepared.notify_all();
    }

    /// Accept a frame under the lock already held, for the committing thread.
    pub fn enqueue(
        &self,
        core: &mut Core,
        sealed: Sealed,
        done: Completer,
    ) -> Result<(), (AppendError, Completer)> {
        self.accept(core, sealed, done)?;
        self.wake_committing(core);
        Ok(())
    }

    /// Let the committing thread look at the queue.
    pub fn wake_committing(&self, core: &mut Core) {
        if core.idle {
            core.idle = false;
            self.work.notify_one();
        }
    }

    /// Wait until frames are queued. False when none will come, or none will be written.
    pub fn wait_for_frames(&self) -> bool {
        let mut core = self.lock();
        while core.queue.is_empty() {
            if core.closing || core.poisoned.is_some() {
                return false;
            }
            core.idle = true;
            core = self.sleep(&self.work, core);
        }
        core.idle = false;
        core.poisoned.is_none()
    }

    /// Give a frame its place at the end of the queue; whoever calls sees to it that it is written.
    pub fn accept(
        &self,
        core: &mut Core,
        sealed: Sealed,
        done: Completer,
    ) -> Result<(), (AppendError, Completer)> {
        if core.poisoned.is_some() || core.closing {
            return Err((AppendError::Unknown, done));
        }
        let bytes = envelope_bytes(sealed.bytes.len());
        let full = core.in_flight >= self.in_flight_max
            || core.queued_bytes + bytes > QUEUE_BYTES_MAX
            || (core.no_room && core.queued_bytes + bytes > core.room(self.segment_bytes));
        let part = core.parts.entry(sealed.partition).or_default();
        if sealed.epoch < part.sequenced.epoch {
            return Err((AppendError::Fenced { tail: part.tail() }, done));
        }
        if sealed.before != part.sequenced.next {
            return Err((AppendError::Unknown, done));
        }
        if full {
            return Err((AppendError::Full, done));
        }
        part.sequenced = sealed.after;
        core.in_flight += 1;
        core.queued_bytes += bytes;
        core.queue.push_back((sealed, done));
        Ok(())
    }
}

impl Core {
    /// Bytes of envelopes that fit into the segments that are there.
    fn room(&self, segment_bytes: u32) -> usize {
        let left = (capacity(segment_bytes) + crate::file::segment::SEGMENT_HEADER_BYTES)
            .saturating_sub(self.tail.offset as usize);
        left + self.ready.len() * capacity(segment_bytes)
    }

    /// Take back every frame that is queued: none of them was written.
    pub fn give_up_queue(&mut self) -> VecDeque<Queued> {
        self.queued_bytes = 0;
        self.in_flight = 0;
        for part in self.parts.values_mut() {
            // The reign stays: a writer that was fenced is not let in again.
            part.sequenced = Chain {
                epoch: part.sequenced.epoch,
                ..part.durable
            };
        }
        std::mem::take(&mut self.queue)
    }

    /// The error for operations after a failure of the disk.
    pub fn check(&self) -> Result<(), LogError> {
        match &self.poisoned {
            Some(reason) => Err(LogError::Poisoned {
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }
}

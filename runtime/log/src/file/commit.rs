//! Committing: one write and one fdatasync for all that is queued.
//!
//! ```text
//!   writers   | encode, hash, queue | encode, hash, queue | ...
//!   thread    |   write, sync group n   | write, sync group n+1 | ...
//! ```
//!
//! A thread of its own does it, so that writers never wait. A writer that wants
//! to wait (`append_here`) does it itself when nothing is queued or being written:
//! who holds the committer commits, so groups follow each other all the same.
//!
//! There is no timer: a group is whatever was queued while the one before was
//! being synced. A failed write or sync stops the log for good; nobody knows
//! what the kernel kept, so trying again could acknowledge what is not there.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::ack::Completer;
use crate::file::envelope::{Envelope, Kind, Position, envelope_bytes};
use crate::file::index::Entry;
use crate::file::segment::{SEGMENT_HEADER_BYTES, Segment, capacity, prepare};
use crate::file::shared::{Queued, Shared};
use crate::frame::FRAME_BYTES_MAX;
use crate::log::{AppendError, Sealed, Sink};

/// Larger groups are split, so that the first in a long queue need not wait for the last. The largest frame fits.
const GROUP_BYTES_MAX: usize = FRAME_BYTES_MAX + (4 << 10);

/// What writers hand their frames to: the queue, and the committer for one at a time.
pub struct Committing {
    shared: Arc<Shared>,
    /// Locked before the core, never after it.
    committer: Mutex<Committer>,
}

impl Committing {
    /// Commits through `committer` from now on.
    pub fn new(committer: Committer) -> Self {
        Committing {
            shared: committer.shared.clone(),
            committer: Mutex::new(committer),
        }
    }

    /// The committing thread: until the log closes or the disk fails.
    pub fn run(&self) {
        while self.shared.wait_for_frames() {
            self.committer().commit_next();
        }
        self.committer().close();
    }

    fn committer(&self) -> MutexGuard<'_, Committer> {
        self.committer.lock().unwrap_or_else(|panicked| {
            // Nobody knows how far it came.
            self.shared.poison("a commit panicked".to_string());
            panicked.into_inner()
        })
    }
}

impl Sink for Committing {
    fn submit(&self, sealed: Sealed, done: Completer) -> Result<(), (AppendError, Completer)> {
        self.shared.enqueue(&mut self.shared.lock(), sealed, done)
    }

    fn submit_here(&self, sealed: Sealed, done: Completer) -> Result<(), (AppendError, Completer)> {
        let Ok(mut committer) = self.committer.try_lock() else {
            return self.submit(sealed, done);
        };
        let mut core = self.shared.lock();
        // Stepping to the next segment may have to wait for it: that is for the thread.
        if !core.queue.is_empty() || committer.room() < envelope_bytes(sealed.bytes.len()) {
            return self.shared.enqueue(&mut core, sealed, done);
        }
        self.shared.accept(&mut core, sealed, done)?;
        drop(core);
        // Frames queued since then go along, or wait for the thread, which was woken for them.
        committer.commit_next();
        Ok(())
    }
}

/// The end of the log, known to nobody else.
pub struct Committer {
    shared: Arc<Shared>,
    active: Arc<Segment>,
    tail: Position,
    seq: u64,
    buffer: Vec<u8>,
}

/// Why a group could not be written.
enum Stop {
    Full,
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Failed(error)
    }
}

impl Committer {
    /// Go on at `tail`.
    pub fn new(shared: Arc<Shared>, active: Arc<Segment>, tail: Position, seq: u64) -> Self {
        Committer {
            shared,
            active,
            tail,
            seq,
            buffer: Vec::new(),
        }
    }

    /// Guard what was recovered: it is durable, and says so from now on.
    pub fn open(&mut self) -> io::Result<()> {
        self.mark()?;
        self.active.file.sync_data()
    }

    /// Write a group of what is queued, or step to the next segment when the first frame needs it.
    fn commit_next(&mut self) {
        let Some(group) = self.collect() else {
            return;
        };
        if group.is_empty() {
            return match self.roll() {
                Ok(()) => {}
                Err(Stop::Full) => self.refuse(),
                Err(Stop::Failed(error)) => self.stop(group, &error),
            };
        }
        match self.write(&group) {
            Ok(()) => {
                if self.publish(group)
                    && let Err(error) = self.mark()
                {
                    self.stop(Vec::new(), &error);
                }
            }
            Err(Stop::Full) => self.refuse(),
            Err(Stop::Failed(error)) => self.stop(group, &error),
        }
    }

    /// A clean end guards the last group even against a later power cut.
    fn close(&mut self) {
        if self.shared.lock().poisoned.is_some() {
            return self.stop(Vec::new(), &io::Error::other("the log stopped before"));
        }
        if let Err(error) = self.mark().and_then(|()| self.active.file.sync_data()) {
            self.stop(Vec::new(), &error);
        }
    }

    /// Bytes of envelopes that fit into the active segment.
    fn room(&self) -> usize {
        let end = SEGMENT_HEADER_BYTES + capacity(self.shared.segment_bytes);
        end.saturating_sub(self.tail.offset as usize)
    }

    /// Take the queued frames that fit into the active segment: none if the first
    /// does not. `None` when nothing is queued, or nothing may be written.
    fn collect(&mut self) -> Option<Vec<Queued>> {
        let shared = self.shared.clone();
        let mut core = shared.lock();
        if core.queue.is_empty() || core.poisoned.is_some() {
            return None;
        }
        let room = self.room().min(GROUP_BYTES_MAX);
        let mut bytes = 0;
        let fits = core.queue.iter().take_while(|(sealed, _)| {
            bytes += envelope_bytes(sealed.bytes.len());
            bytes <= room
        });
        let count = fits.count();
        let group: Vec<Queued> = core.queue.drain(..count).collect();
        core.queued_bytes -= group
            .iter()
            .map(|(sealed, _)| envelope_bytes(sealed.bytes.len()))
            .sum::<usize>();
        Some(group)
    }

    fn envelope(&self, kind: Kind, offset: u32, seq: u64) -> Envelope {
        let place = Position {
            segment: self.tail.segment,
            offset,
        };
        Envelope {
            kind,
            place,
            term: self.shared.term,
            seq,
            durable: self.tail,
        }
    }

    fn write(&mut self, group: &[Queued]) -> Result<(), Stop> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        for (nth, (sealed, _)) in group.iter().enumerate() {
            let offset = self.tail.offset + buffer.len() as u32;
            let envelope = self.envelope(Kind::Frame, offset, self.seq + nth as u64);
            envelope.encode(self.shared.seed, &sealed.bytes, &mut buffer);
        }
        self.active
            .file
            .write_at(&buffer, self.tail.offset as u64)?;
        self.active.file.sync_data()?;
        self.buffer = buffer;
        Ok(())
    }

    /// The group is durable: let readers see it, then answer. Whether nothing is
    /// waiting to be written.
    fn publish(&mut self, group: Vec<Queued>) -> bool {
        let mut core = self.shared.lock();
        let number = self.tail.segment;
        for (sealed, _) in &group {
            let part = core.parts.entry(sealed.partition).or_default();
            assert_eq!(
                sealed.before, part.durable.next,
                "frames are written in the order of their places"
            );
            part.durable = sealed.after;
            let bytes = sealed.bytes.len() as u32;
            part.index.push_back(Entry {
                base: sealed.before,
                place: self.tail,
                bytes,
            });
            core.ends
                .entry(number)
                .or_default()
                .insert(sealed.partition, sealed.after);
            self.tail.offset += envelope_bytes(sealed.bytes.len()) as u32;
            self.seq += 1;
        }
        core.in_flight -= group.len();
        core.tail = self.tail;
        if core.waiting_readers > 0 {
            self.shared.grown.notify_all();
        }
        drop(core);
        let together = group.len() > 1;
        for (sealed, done) in group {
            done.complete(Ok(sealed.after.next.before()));
        }
        if together {
            // Let those who were answered append again before the next group is
            // collected; else two halves of the writers take turns for ever.
            std::thread::yield_now();
        }
        self.shared.lock().queue.is_empty()
    }

    /// State that everything before the tail is durable. Needs no sync: it only
    /// has to survive the end of the process, and the next group replaces it.
    fn mark(&mut self) -> io::Result<()> {
        let mark = self.envelope(Kind::Mark, self.tail.offset, self.seq);
        self.buffer.clear();
        mark.encode(self.shared.seed, &[], &mut self.buffer);
        self.active
            .file
            .write_at(&self.buffer, self.tail.offset as u64)
    }

    /// Go on in the next segment.
    fn roll(&mut self) -> Result<(), Stop> {
        let next = self.next_segment()?;
        let roll = self.envelope(Kind::Roll, self.tail.offset, self.seq);
        self.buffer.clear();
        roll.encode(self.shared.seed, &[], &mut self.buffer);
        self.active
            .file
            .write_at(&self.buffer, self.tail.offset as u64)?;
        self.active.file.sync_data()?;
        assert_eq!(
            next.number,
            self.tail.segment + 1,
            "segments follow each other"
        );
        self.seq += 1;
        self.tail = Position {
            segment: next.number,
            offset: SEGMENT_HEADER_BYTES as u32,
        };
        self.active = next.clone();
        let mut core = self.shared.lock();
        core.segments.insert(next.number, next);
        core.tail = self.tail;
        Ok(())
    }

    fn next_segment(&self) -> Result<Arc<Segment>, Stop> {
        let shared = &self.shared;
        let mut core = shared.lock();
        loop {
            if let Some(ready) = core.ready.pop_front() {
                shared.prepared.notify_all();
                return Ok(ready);
            }
            if let Some(reason) = &core.poisoned {
                return Err(Stop::Failed(io::Error::other(reason.clone())));
            }
            if shared.prepare_ahead == 0 {
                drop(core);
                return prepare_next(shared);
            }
            if core.no_room {
                return Err(Stop::Full);
            }
            core = shared.sleep(&shared.prepared, core);
        }
    }

    /// There is no room: nothing that is queued was written, and nothing will be.
    fn refuse(&self) {
        let queue = self.shared.lock().give_up_queue();
        for (_, done) in queue {
            done.complete(Err(AppendError::Full));
        }
    }

    fn stop(&self, group: Vec<Queued>, error: &io::Error) {
        self.shared.poison(error.to_string());
        let queue = self.shared.lock().give_up_queue();
        for (_, done) in group.into_iter().chain(queue) {
            done.complete(Err(AppendError::Unknown));
        }
        self.shared.grown.notify_all();
    }
}

fn prepare_next(shared: &Shared) -> Result<Arc<Segment>, Stop> {
    let (number, spare) = {
        let mut core = shared.lock();
        (core.next_number, core.spares.pop())
    };
    match prepare(
        &*shared.storage,
        shared.log_id,
        number,
        shared.segment_bytes,
        spare.as_deref(),
    ) {
        Ok(segment) => {
            shared.lock().next_number += 1;
            Ok(segment)
        }
        Err(error) if is_full(&error) => Err(Stop::Full),
        Err(error) => Err(Stop::Failed(error)),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The preparing thread: keep segments ready, so that no commit waits for one.
pub fn keep_prepared(shared: &Shared) {
    const RETRY: std::time::Duration = std::time::Duration::from_millis(200);
    loop {
        let mut core = shared.lock();
        while !core.closing && core.poisoned.is_none() && core.ready.len() >= shared.prepare_ahead {
            core = shared.sleep(&shared.prepared, core);
        }
        if core.closing || core.poisoned.is_some() {
            return;
        }
        drop(core);
        let result = prepare_next(shared);
        let mut core = shared.lock();
        core.no_room = matches!(result, Err(Stop::Full));
        match result {
            Ok(segment) => core.ready.push_back(segment),
            Err(Stop::Full) => {
                shared.prepared.notify_all();
                drop(shared.prepared.wait_timeout(core, RETRY));
                continue;
            }
            Err(Stop::Failed(error)) => {
                drop(core);
                return shared.poison(error.to_string());
            }
        }
        shared.prepared.notify_all();
    }
}

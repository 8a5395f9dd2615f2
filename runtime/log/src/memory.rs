//! The log in memory, with faults on request: for tests and the simulator.
//!
//! Without faults an append is acknowledged before `append` returns. A planned
//! fault meets the N-th append after it was planned, counting epoch records.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::ack::Completer;
use crate::frame::{Chain, FRAME_BYTES_MAX, Record};
use crate::log::{
    AppendError, Durability, Limits, Log, LogError, Sealed, Sink, Tail, Writer, seal,
};
use crate::lsn::{Hlc, Lsn, OwnerId, Partition};
use crate::reader::{Reader, Source};
use crate::snapshots::{MemorySnapshots, Snapshots};

/// What happens to an append instead of success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Answer `Unknown`; the frame is there or not, as `landed` says. Frames in
    /// flight behind it fail too.
    Unknown {
        /// Whether the frame is in the log afterwards.
        landed: bool,
    },
    /// Another owner takes the partition just before it.
    Fence,
    /// No room; the writer may try again.
    Full,
    /// This and all later frames stay in flight until `MemoryLog::release`.
    Hold,
    /// This and all later frames stay in flight this long.
    Delay(Duration),
}

#[derive(Clone, Default)]
/// The log in memory. Clones are the same log.
pub struct MemoryLog {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    grown: Condvar,
    snapshots: Arc<MemorySnapshots>,
}

#[derive(Default)]
struct State {
    partitions: BTreeMap<Partition, Part>,
    /// Faults by how many appends are still to come before them.
    planned: Vec<(u64, Fault)>,
    /// Frames in flight, in order, when held.
    held: VecDeque<(Sealed, Completer, Option<Fault>)>,
    holding: bool,
}

struct Part {
    /// Where the next frame in flight goes.
    sequenced: Chain,
    /// Where readers end.
    durable: Chain,
    trimmed: Lsn,
    /// Encoded frames by their first position.
    frames: BTreeMap<Lsn, Vec<u8>>,
}

impl Default for Part {
    fn default() -> Self {
        Part {
            sequenced: Chain::EMPTY,
            durable: Chain::EMPTY,
            trimmed: Lsn::ZERO,
            frames: BTreeMap::new(),
        }
    }
}

impl Part {
    fn tail(&self) -> Tail {
        Tail {
            next: self.durable.next,
            epoch: self.sequenced.epoch,
            trimmed: self.trimmed,
        }
    }

    fn land(&mut self, sealed: Sealed) {
        assert_eq!(sealed.before, self.durable.next, "frames land in order");
        self.durable = sealed.after;
        self.frames.insert(sealed.before, sealed.bytes);
    }
}

const IN_FLIGHT_MAX: usize = 8192;

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        MemoryLog::default()
    }

    /// Let the `nth` append from now (1 is the next) meet `fault`.
    pub fn plan(&self, nth: u64, fault: Fault) {
        assert!(nth >= 1, "the next append is number 1");
        self.inner.lock().planned.push((nth, fault));
    }

    /// Let everything in flight land, and hold nothing any more.
    pub fn release(&self) {
        self.inner.release();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn release(&self) {
        let mut answers = Vec::new();
        let mut state = self.lock();
        state.holding = false;
        while let Some((sealed, done, fault)) = state.held.pop_front() {
            state.settle(sealed, done, fault, &mut answers);
        }
        drop(state);
        self.answer(answers);
    }

    fn answer(&self, answers: Vec<(Completer, Result<Lsn, AppendError>)>) {
        self.grown.notify_all();
        for (done, outcome) in answers {
            done.complete(outcome);
        }
    }
}

type Answers = Vec<(Completer, Result<Lsn, AppendError>)>;

impl State {
    fn part(&mut self, partition: Partition) -> &mut Part {
        self.partitions.entry(partition).or_default()
    }

    fn due_fault(&mut self) -> Option<Fault> {
        for (left, _) in &mut self.planned {
            *left -= 1;
        }
        let due = self.planned.iter().position(|(left, _)| *left == 0)?;
        Some(self.planned.remove(due).1)
    }

    /// Decide one frame in flight. A frame whose predecessor was lost is lost too.
    fn settle(
        &mut self,
        sealed: Sealed,
        done: Completer,
        fault: Option<Fault>,
        answers: &mut Answers,
    ) {
        let part = self.part(sealed.partition);
        let last = sealed.after.next.before();
        if sealed.before != part.durable.next {
            answers.push((done, Err(AppendError::Unknown)));
            return;
        }
        match fault {
            Some(Fault::Unknown { landed }) => {
                if landed {
                    part.land(sealed);
                }
                answers.push((done, Err(AppendError::Unknown)));
                // Nobody may go on from here without taking the partition again.
                part.sequenced = Chain {
                    epoch: part.sequenced.epoch,
                    ..part.durable
                };
            }
            _ => {
                part.land(sealed);
                answers.push((done, Ok(last)));
            }
        }
    }
}

impl Sink for Inner {
    fn submit(&self, sealed: Sealed, done: Completer) -> Result<(), (AppendError, Completer)> {
        let mut state = self.lock();
        let fault = state.due_fault();
        let in_flight = state.held.len();
        let part = state.part(sealed.partition);
        if fault == Some(Fault::Fence) {
            // As if another owner's epoch record had landed here.
            let epoch = crate::lsn::Epoch(part.sequenced.epoch.0 + 1);
            let rival = seal(
                sealed.partition,
                part.sequenced,
                epoch,
                part.sequenced.at,
                vec![Record::epoch(OwnerId(u128::MAX))],
            );
            part.sequenced = rival.after;
            part.land(rival);
        }
        if sealed.epoch != part.sequenced.epoch {
            return Err((AppendError::Fenced { tail: part.tail() }, done));
        }
        if sealed.before != part.sequenced.next {
            return Err((AppendError::Unknown, done));
        }
        if fault == Some(Fault::Full) || in_flight >= IN_FLIGHT_MAX {
            return Err((AppendError::Full, done));
        }
        part.sequenced = sealed.after;
        if matches!(fault, Some(Fault::Hold | Fault::Delay(_))) {
            state.holding = true;
        }
        if state.holding {
            state.held.push_back((sealed, done, fault));
            return Ok(());
        }
        let mut answers = Vec::new();
        state.settle(sealed, done, fault, &mut answers);
        drop(state);
        self.answer(answers);
        Ok(())
    }
}

/// A delayed release needs an owner that outlives the call; hence not in `Sink`.
struct Delaying(Arc<Inner>);

impl Sink for Delaying {
    fn submit(&self, sealed: Sealed, done: Completer) -> Result<(), (AppendError, Completer)> {
        let delay = match self.0.lock().planned.iter().find(|(left, _)| *left == 1) {
            Some((_, Fault::Delay(delay))) => Some(*delay),
            _ => None,
        };
        self.0.submit(sealed, done)?;
        if let Some(delay) = delay {
            let inner = self.0.clone();
            std::thread::spawn(move || {
                std::thread::sleep(delay);
                inner.release();
            });
        }
        Ok(())
    }
}

impl Log for MemoryLog {
    fn take(&self, partition: Partition, owner: OwnerId) -> Result<Writer, LogError> {
        let sink = Arc::new(Delaying(self.inner.clone()));
        // Frames in flight come before the epoch record, or are lost.
        let (sealed, ack, done) = {
            let mut state = self.inner.lock();
            let part = state.part(partition);
            let epoch = crate::lsn::Epoch(part.sequenced.epoch.0 + 1);
            let sealed = seal(
                partition,
                part.sequenced,
                epoch,
                Hlc(0),
                vec![Record::epoch(owner)],
            );
            part.sequenced.epoch = epoch;
            let (ack, done) = crate::ack::pair();
            (sealed, ack, done)
        };
        let after = sealed.after;
        let error = match sink.submit(sealed, done) {
            Ok(()) => match ack.wait() {
                Ok(_) => return Ok(Writer::new(partition, after, FRAME_BYTES_MAX, sink)),
                Err(error) => error,
            },
            Err((error, _)) => error,
        };
        Err(take_error(error))
    }

    fn read(
        &self,
        partition: Partition,
        from: Lsn,
        until: Option<Lsn>,
    ) -> Result<Reader, LogError> {
        let trimmed = self.inner.lock().part(partition).trimmed;
        if from.max(Lsn::FIRST) <= trimmed {
            return Err(LogError::Trimmed {
                first: trimmed.plus(1),
            });
        }
        Ok(Reader::new(
            partition,
            from,
            until,
            Box::new(MemorySource(self.inner.clone())),
        ))
    }

    fn tail(&self, partition: Partition) -> Result<Tail, LogError> {
        Ok(self.inner.lock().part(partition).tail())
    }

    fn trim(&self, writer: &Writer, up_to: Lsn) -> Result<(), LogError> {
        let partition = writer.partition();
        let newest = self
            .inner
            .snapshots
            .newest(partition, Lsn::MAX)?
            .map(|snapshot| snapshot.id.at);
        let mut state = self.inner.lock();
        let part = state.part(partition);
        if writer.epoch() != part.sequenced.epoch {
            return Err(LogError::Fenced { tail: part.tail() });
        }
        let asked = up_to;
        let up_to = up_to.min(part.durable.next.before());
        if up_to > part.trimmed {
            if newest.is_none_or(|newest| asked > newest) {
                return Err(LogError::NotCovered { newest });
            }
            part.trimmed = up_to;
            // A frame goes when all of its records are given up.
            let keep_from = part
                .frames
                .range(..=up_to.plus(1))
                .next_back()
                .map(|(base, _)| *base);
            part.frames = part.frames.split_off(&keep_from.unwrap_or(Lsn::ZERO));
        }
        Ok(())
    }

    fn limits(&self) -> Limits {
        Limits {
            frame_bytes_max: FRAME_BYTES_MAX,
            in_flight_max: IN_FLIGHT_MAX,
            durable: Durability::Process,
        }
    }

    fn snapshots(&self) -> Arc<dyn Snapshots> {
        self.inner.snapshots.clone()
    }
}

/// What `take` says when its epoch record was not acknowledged.
pub(crate) fn take_error(error: AppendError) -> LogError {
    match error {
        AppendError::Fenced { tail } => LogError::Fenced { tail },
        AppendError::Unknown => LogError::Unknown,
        AppendError::TooLarge { .. } | AppendError::Full => LogError::Full,
    }
}

struct MemorySource(Arc<Inner>);

impl Source for MemorySource {
    fn frame(&mut self, partition: Partition, lsn: Lsn) -> Result<Option<Vec<u8>>, LogError> {
        let mut state = self.0.lock();
        let part = state.part(partition);
        if lsn <= part.trimmed {
            return Err(LogError::Trimmed {
                first: part.trimmed.plus(1),
            });
        }
        if lsn >= part.durable.next {
            return Ok(None);
        }
        Ok(part
            .frames
            .range(..=lsn)
            .next_back()
            .map(|(_, bytes)| bytes.clone()))
    }

    fn wait(&self, partition: Partition, lsn: Lsn, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let mut state = self.0.lock();
        while state.part(partition).durable.next <= lsn {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .0
                .grown
                .wait_timeout(state, left)
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .0;
        }
        true
    }
}

//! Streams: the entries that are kept, and how far each consumer is.
//!
//! ```text
//!   stream ── entries by position: key, time, value, for how many consumers it is still open
//!      └── consumer ── lane of each key ── runs that go on (one; without keys, many), entries that wait, oldest first
//!                  └── dead: entries whose run was cancelled, until somebody puts them back
//! ```
//! An entry reserves a run's number for each consumer when it is emitted, so that replaying gives every run the number it had. It
//! is dropped when its time is over *and* no consumer needs it any more. `consume` has what records do, `carry` what a new
//! program changes, `full` who is held up when there is too much.

pub(crate) mod carry;
mod consume;
mod full;
mod show;
mod snapshot;

use std::collections::{BTreeMap, HashMap, VecDeque};

use weir_contract::limits::CONSUMERS_MAX;
use weir_contract::manifest::Manifest;

pub use full::Circles;

/// All streams of the program in force, by position in its manifest.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    pub(crate) all: Vec<Stream>,
    /// The position the next entry of each gets. Lent to steps, which count on in it.
    pub(crate) heads: Vec<u64>,
    /// The runs of consumers that go on.
    by_run: HashMap<u64, Consumed>,
    /// Which streams lead back to themselves; of the program in force.
    circles: Circles,
}

/// What a run consumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumed {
    pub stream: u32,
    /// Position among the stream's consumers.
    pub consumer: u32,
    pub position: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Without keys, entries are consumed side by side.
    is_keyed: bool,
    /// Microseconds; nothing for ever.
    keep_us: Option<i64>,
    /// So far behind the newest an entry may be that views see, in microseconds; nothing for any.
    late_us: Option<i64>,
    /// The latest time of any entry there ever was.
    newest: Option<i64>,
    entries: BTreeMap<u64, Entry>,
    /// Entries before this position have been kept as long as they had to be.
    due: u64,
    /// So many entries are open.
    backlog: usize,
    consumers: Vec<Consumer>,
    /// What the record at hand made it drop.
    dropped: Vec<(u64, Entry)>,
}

/// An entry that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In the key encoding.
    pub key: Box<[u8]>,
    /// What the program says of it, or when it was emitted.
    pub time: i64,
    /// When it was emitted.
    pub at: i64,
    /// Its time was too far behind the newest then: views do not see it.
    pub is_late: bool,
    pub value: Box<[u8]>,
    /// So many consumers have not had it.
    open: u32,
    /// So many consumers have given it up.
    dead: u32,
}

#[derive(Clone, Debug, Default)]
struct Consumer {
    lanes: BTreeMap<Box<[u8]>, Lane>,
    /// By position.
    dead: BTreeMap<u64, Dead>,
}

/// The entries of one key that a consumer has not had.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Those whose runs go on: position and run.
    runs: Vec<(u64, u64)>,
    /// Those that wait: position, and the number their run will have.
    queue: VecDeque<(u64, u64)>,
}

/// An entry whose run was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    pub run: u64,
    /// When it was cancelled.
    pub at: i64,
}

/// Whether an entry comes too late, where it is said how late it may be and what the newest time was before it.
fn is_late(time: i64, late: Option<(i64, i64)>) -> bool {
    late.is_some_and(|(late, newest)| time < newest.saturating_sub(late))
}

impl Streams {
    /// Those of a program, without entries.
    pub(crate) fn of(program: &Manifest) -> Streams {
        let all = program.streams.iter().map(|stream| Stream {
            is_keyed: stream.key.is_some(),
            keep_us: program.keep_us(stream),
            late_us: stream.late_us,
            consumers: vec![Consumer::default(); stream.consumers.len()],
            ..Stream::default()
        });
        Streams {
            all: all.collect(),
            heads: vec![0; program.streams.len()],
            by_run: HashMap::new(),
            circles: Circles::of(program),
        }
    }

    /// What a run consumes, when it is a consumer's and goes on.
    pub fn consumed(&self, run: u64) -> Option<Consumed> {
        self.by_run.get(&run).copied()
    }

    pub fn get(&self, stream: u32) -> Option<&Stream> {
        self.all.get(stream as usize)
    }

    /// What was dropped since this was asked last: stream, position, entry.
    pub(crate) fn take_dropped(&mut self) -> Vec<(u32, u64, Entry)> {
        let mut all = Vec::new();
        for (stream, number) in self.all.iter_mut().zip(0..) {
            let dropped = stream.dropped.drain(..);
            all.extend(dropped.map(|(position, entry)| (number, position, entry)));
        }
        all
    }

    /// The position the next entry of a stream gets.
    pub fn head(&self, stream: u32) -> u64 {
        self.heads.get(stream as usize).copied().unwrap_or_default()
    }
}

impl Stream {
    /// Entries that are kept, from a position on.
    pub fn entries(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let entries = self.entries.range(from..);
        entries.map(|(position, entry)| (*position, entry))
    }

    /// How many entries are kept.
    pub fn kept(&self) -> usize {
        self.entries.len()
    }

    /// How many entries some consumer has not had.
    pub fn backlog(&self) -> usize {
        self.backlog
    }

    /// Entries that consumers have given up: position, consumer.
    pub fn dead(&self) -> impl Iterator<Item = (u64, u32, Dead)> {
        let consumers = self.consumers.iter().zip(0..);
        consumers.flat_map(|(consumer, number)| {
            let dead = consumer.dead.iter();
            dead.map(move |(position, dead)| (*position, number, *dead))
        })
    }

    /// Whether a consumer has given up an entry.
    pub(crate) fn is_dead(&self, entry: Consumed) -> bool {
        let consumer = self.consumers.get(entry.consumer as usize);
        consumer.is_some_and(|consumer| consumer.dead.contains_key(&entry.position))
    }

    /// How many runs a consumer's lane has at one time.
    fn at_once(&self) -> usize {
        match self.is_keyed {
            true => 1,
            false => CONSUMERS_MAX,
        }
    }

    /// Drops what has been kept long enough and nobody needs.
    pub(crate) fn forget(&mut self, now: i64) {
        let Some(keep_us) = self.keep_us else { return };
        while let Some((position, entry)) = self.entries.range(self.due..).next() {
            if now.saturating_sub(entry.at) < keep_us {
                break;
            }
            let position = *position;
            self.due = position + 1;
            self.drop_if_done(position);
        }
    }

    fn drop_if_done(&mut self, position: u64) {
        let is_done = |entry: &Entry| entry.open == 0 && entry.dead == 0;
        if position < self.due && self.entries.get(&position).is_some_and(is_done) {
            let entry = self.entries.remove(&position);
            self.dropped.extend(entry.map(|entry| (position, entry)));
        }
    }

    /// A consumer has had an entry, or gives it up.
    fn close(&mut self, position: u64) {
        if let Some(entry) = self.entries.get_mut(&position) {
            entry.open = entry.open.saturating_sub(1);
            self.backlog -= (entry.open == 0) as usize;
        }
    }

    /// A consumer is to have an entry.
    fn open(&mut self, position: u64) {
        if let Some(entry) = self.entries.get_mut(&position) {
            self.backlog += (entry.open == 0) as usize;
            entry.open += 1;
        }
    }
}

//! What records do to streams: entries come in, runs of consumers begin and end. Live and replayed alike.

use weir_contract::manifest::Manifest;

use super::{Consumed, Dead, Entry, Lane, Streams, is_late};
use crate::effects::{self, Place};
use crate::machine::BadRecord;
use crate::progress::{Change, Start};
use crate::runs::{Caller, Ended};
use crate::schedule::Runs;

impl Change<'_> {
    /// An entry that a step has emitted: it is kept, and each consumer begins a run for it as soon as its key is free.
    pub(crate) fn emitted(&mut self, entry: &effects::Entry) -> Result<(), BadRecord> {
        let broken = || BadRecord("an entry that does not follow the one before it".to_owned());
        let streams = &mut *self.streams;
        let head = streams.heads.get_mut(entry.stream as usize);
        let head = head.filter(|head| **head == entry.position);
        *head.ok_or_else(broken)? += 1;
        let stream = &mut streams.all[entry.stream as usize];
        let consumers = stream.consumers.len() as u32;
        let late = stream.late_us.zip(stream.newest);
        stream.newest = stream.newest.max(Some(entry.time));
        let kept = Entry {
            key: entry.key.clone(),
            time: entry.time,
            at: self.time,
            is_late: is_late(entry.time, late),
            value: entry.value.clone(),
            open: 0,
            dead: 0,
        };
        stream.entries.insert(entry.position, kept);
        for consumer in 0..consumers {
            let consumed = Consumed {
                stream: entry.stream,
                consumer,
                position: entry.position,
            };
            self.consume(consumed, entry.run + consumer as u64);
        }
        Ok(())
    }

    /// A consumer is to have an entry that is kept, in a run of that number.
    pub(crate) fn consume(&mut self, consumed: Consumed, run: u64) {
        let stream = &mut self.streams.all[consumed.stream as usize];
        let Some(entry) = stream.entries.get(&consumed.position) else {
            return;
        };
        let key = entry.key.clone();
        stream.open(consumed.position);
        let consumer = &mut stream.consumers[consumed.consumer as usize];
        let lane = consumer.lanes.entry(key.clone()).or_default();
        lane.queue.push_back((consumed.position, run));
        self.begin_next_entry(consumed, &key);
    }

    /// The next entry of a key, if there is one and its turn has come.
    fn begin_next_entry(&mut self, consumed: Consumed, key: &[u8]) {
        let stream = &mut self.streams.all[consumed.stream as usize];
        let at_once = stream.at_once();
        let consumer = &mut stream.consumers[consumed.consumer as usize];
        let Some(lane) = consumer.lanes.get_mut(key) else {
            return;
        };
        if lane.queue.is_empty() && lane.runs.is_empty() {
            consumer.lanes.remove(key);
            return;
        }
        if !has_room(lane, at_once, self.runs) {
            return;
        }
        let Some((position, run)) = lane.queue.pop_front() else {
            return;
        };
        lane.runs.push((position, run));
        let args = stream.entries[&position].value.clone();
        let declared = &self.program.streams[consumed.stream as usize];
        let start = Start {
            target: Place::Function(declared.consumers[consumed.consumer as usize]),
            key: Box::default(),
            args,
            // Whoever emitted the entry waits for nothing.
            caller: self.runs.caller(Caller::default()),
            outside: false,
            idempotency: None,
            delay: None,
        };
        let consumed = Consumed {
            position,
            ..consumed
        };
        self.streams.by_run.insert(run, consumed);
        self.start(run, start);
    }

    /// A run is parked; when it was a consumer's without keys, another entry has its place.
    pub(crate) fn consumer_parked(&mut self, run: u64) {
        let Some(consumed) = self.streams.consumed(run) else {
            return;
        };
        let stream = &self.streams.all[consumed.stream as usize];
        if let Some(entry) = stream.entries.get(&consumed.position) {
            let key = entry.key.clone();
            self.begin_next_entry(consumed, &key);
        }
    }

    /// A run has ended; when it was a consumer's, the next entry of the key begins. One that was cancelled has not had its entry,
    /// which waits for somebody who puts it back.
    pub(crate) fn consumer_ended(&mut self, run: u64, ended: &Ended) {
        let Some(consumed) = self.streams.by_run.remove(&run) else {
            return;
        };
        let stream = &mut self.streams.all[consumed.stream as usize];
        let Some(entry) = stream.entries.get_mut(&consumed.position) else {
            return;
        };
        let key = entry.key.clone();
        let consumer = &mut stream.consumers[consumed.consumer as usize];
        if *ended == Ended::Cancelled {
            entry.dead += 1;
            let dead = Dead { run, at: self.time };
            consumer.dead.insert(consumed.position, dead);
        }
        if let Some(lane) = consumer.lanes.get_mut(&key) {
            lane.runs.retain(|(_, of)| *of != run);
        }
        stream.close(consumed.position);
        stream.drop_if_done(consumed.position);
        self.begin_next_entry(consumed, &key);
        if !self.streams.is_full(self.program, consumed.stream) {
            self.runs.let_go(consumed.stream);
        }
    }

    /// A dead entry is put back, behind those of its key that wait. False when it is none.
    pub(crate) fn retry_entry(&mut self, consumed: Consumed, run: u64) -> bool {
        let Some(stream) = self.streams.all.get_mut(consumed.stream as usize) else {
            return false;
        };
        let consumer = stream.consumers.get_mut(consumed.consumer as usize);
        let was_dead = consumer.and_then(|c| c.dead.remove(&consumed.position));
        if was_dead.is_none() {
            return false;
        }
        if let Some(entry) = stream.entries.get_mut(&consumed.position) {
            entry.dead -= 1;
        }
        self.consume(consumed, run);
        true
    }
}

/// Whether one run more may go on. Without keys many go on side by side, and one with a bug takes nobody's place.
fn has_room(lane: &Lane, at_once: usize, runs: &Runs) -> bool {
    if lane.runs.len() < at_once {
        return true;
    }
    if at_once == 1 {
        return false;
    }
    let is_parked = |run: &u64| {
        let run = runs.get(*run);
        run.is_some_and(|run| run.strands.iter().any(|s| s.is_parked()))
    };
    let going = lane.runs.iter().filter(|(_, run)| !is_parked(run));
    going.count() < at_once
}

impl Streams {
    /// Whether so much of a stream waits to be consumed that no more should come.
    pub fn is_full(&self, program: &Manifest, stream: u32) -> bool {
        let limit = program.limits.backlog();
        self.get(stream).is_some_and(|s| s.backlog >= limit)
    }

    /// What a step has counted on is taken back: its entries are counted when its record is noted.
    pub(crate) fn uncount(heads: &mut [u64], asks: &[effects::Ask]) {
        for ask in asks.iter().rev() {
            if let effects::Ask::Emit(entry) = ask {
                heads[entry.stream as usize] = entry.position;
            }
        }
    }

    pub(crate) fn forget(&mut self, now: i64) {
        self.all.iter_mut().for_each(|stream| stream.forget(now));
    }
}

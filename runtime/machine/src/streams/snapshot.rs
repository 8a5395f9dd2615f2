//! Streams in a snapshot.
//!
//! ```text
//!   streams   count, each: head, due,
//!             entries: count, each: position, key, time, at, value
//!             for each consumer of the program:
//!               lanes: count, each: key, runs and queue: count, each: position, run
//!               dead: count, each: position, run, at
//! ```
//! For how many consumers an entry is open follows from the lanes. At the end of the snapshot, behind the views, stands what those see
//! of the entries:
//!
//! ```text
//!   seen      for each stream: newest time: 0, or 1 and int; late entries: count, each: position
//! ```

use weir_contract::Manifest;
use weir_contract::encode::{DecodeError, Reader, put_bytes, put_int, put_varint};

use super::{Consumed, Dead, Entry, Lane, Streams, is_late};
use crate::machine::BadRecord;

impl Streams {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.all.len() as u64);
        for (stream, head) in self.all.iter().zip(&self.heads) {
            put_varint(out, *head);
            put_varint(out, stream.due);
            put_varint(out, stream.entries.len() as u64);
            for (position, entry) in &stream.entries {
                put_varint(out, *position);
                put_bytes(out, &entry.key);
                put_int(out, entry.time);
                put_int(out, entry.at);
                put_bytes(out, &entry.value);
            }
            for consumer in &stream.consumers {
                put_varint(out, consumer.lanes.len() as u64);
                for (key, lane) in &consumer.lanes {
                    put_bytes(out, key);
                    put_pairs(out, lane.runs.len(), lane.runs.iter());
                    put_pairs(out, lane.queue.len(), lane.queue.iter());
                }
                put_varint(out, consumer.dead.len() as u64);
                for (position, dead) in &consumer.dead {
                    put_varint(out, *position);
                    put_varint(out, dead.run);
                    put_int(out, dead.at);
                }
            }
        }
    }

    pub(crate) fn encode_seen_into(&self, out: &mut Vec<u8>) {
        for stream in &self.all {
            out.push(stream.newest.is_some() as u8);
            stream.newest.iter().for_each(|at| put_int(out, *at));
            let late = stream.entries.iter().filter(|(_, entry)| entry.is_late);
            let late: Vec<u64> = late.map(|(position, _)| *position).collect();
            put_varint(out, late.len() as u64);
            late.iter().for_each(|position| put_varint(out, *position));
        }
    }

    /// The same, worked out from the entries that are kept, for a snapshot that does not say it; `newest` has the newest times that are
    /// known of streams.
    pub(crate) fn see_again(&mut self, newest: &[(u32, i64)]) {
        for stream in &mut self.all {
            for entry in stream.entries.values_mut() {
                let late = stream.late_us.zip(stream.newest);
                entry.is_late = is_late(entry.time, late);
                stream.newest = stream.newest.max(Some(entry.time));
            }
        }
        for (stream, newest) in newest {
            if let Some(stream) = self.all.get_mut(*stream as usize) {
                stream.newest = stream.newest.max(Some(*newest));
            }
        }
    }

    pub(crate) fn restore_seen(&mut self, r: &mut Reader<'_>) -> Result<(), DecodeError> {
        for stream in &mut self.all {
            stream.newest = match r.byte()? {
                0 => None,
                1 => Some(r.int()?),
                _ => return Err(r.error("neither 0 nor 1")),
            };
            for _ in 0..r.varint()? {
                let entry = stream.entries.get_mut(&r.varint()?);
                entry.ok_or(r.error("a late entry is gone"))?.is_late = true;
            }
        }
        Ok(())
    }

    pub(crate) fn restore(
        r: &mut Reader<'_>,
        program: Option<&Manifest>,
    ) -> Result<Streams, BadRecord> {
        let broken = |what: &str| BadRecord(format!("streams of a snapshot: {what}"));
        let mut streams = program.map(Streams::of).unwrap_or_default();
        if r.varint()? != streams.all.len() as u64 {
            return Err(broken("not as many as in the program"));
        }
        for number in 0..streams.all.len() {
            let stream = &mut streams.all[number];
            streams.heads[number] = r.varint()?;
            stream.due = r.varint()?;
            for _ in 0..r.varint()? {
                let position = r.varint()?;
                let entry = Entry {
                    key: r.bytes()?.into(),
                    time: r.int()?,
                    at: r.int()?,
                    is_late: false,
                    value: r.bytes()?.into(),
                    open: 0,
                    dead: 0,
                };
                if position >= streams.heads[number] {
                    return Err(broken("an entry that is not there yet"));
                }
                stream.entries.insert(position, entry);
            }
            for consumer in 0..stream.consumers.len() {
                for _ in 0..r.varint()? {
                    let key: Box<[u8]> = r.bytes()?.into();
                    let lane = Lane {
                        runs: pairs(r)?,
                        queue: pairs(r)?.into(),
                    };
                    for (position, _) in lane.runs.iter().chain(&lane.queue) {
                        if !stream.entries.contains_key(position) {
                            return Err(broken("a consumer waits for what is not there"));
                        }
                        stream.open(*position);
                    }
                    for (position, run) in &lane.runs {
                        let consumed = Consumed {
                            stream: number as u32,
                            consumer: consumer as u32,
                            position: *position,
                        };
                        streams.by_run.insert(*run, consumed);
                    }
                    stream.consumers[consumer].lanes.insert(key, lane);
                }
                for _ in 0..r.varint()? {
                    let position = r.varint()?;
                    let dead = Dead {
                        run: r.varint()?,
                        at: r.int()?,
                    };
                    let entry = stream.entries.get_mut(&position);
                    entry.ok_or_else(|| broken("a dead entry is gone"))?.dead += 1;
                    stream.consumers[consumer].dead.insert(position, dead);
                }
            }
        }
        Ok(streams)
    }
}

fn put_pairs<'a>(out: &mut Vec<u8>, count: usize, pairs: impl Iterator<Item = &'a (u64, u64)>) {
    put_varint(out, count as u64);
    for (position, run) in pairs {
        put_varint(out, *position);
        put_varint(out, *run);
    }
}

fn pairs(r: &mut Reader<'_>) -> Result<Vec<(u64, u64)>, BadRecord> {
    let count = r.varint()?;
    let pair = |_| Ok((r.varint()?, r.varint()?));
    (0..count).map(pair).collect()
}

//! Opening: read the whole log, check every frame, find the end.
//!
//! The end is the first place that does not hold the envelope that belongs
//! there. Whether that is a *torn tail* (a group that was being written when the
//! power went) or *damage* is told by what follows: groups are written one
//! after the other, each only when the one before is durable, and each envelope
//! says what was durable when it was written.
//!
//! ```text
//!   | group 1 | group 2 | #bad# | ...
//!                       X
//!   nothing behind X says "durable beyond X"  ->  torn tail, cut at X
//!   something behind X says so                ->  X was durable: damage, refuse
//! ```
//!
//! After each group without a follower the writer leaves a mark that says so,
//! which is how the last acknowledged group is guarded too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::file::envelope::{ALIGNMENT, Envelope, Kind, Position, checksum_seed, envelope_bytes};
use crate::file::index::{Entry, Part};
use crate::file::manifest::Manifest;
use crate::file::segment::{
    SEGMENT_DIR, SEGMENT_HEADER_BYTES, Segment, check_header, segment_file, segment_number,
};
use crate::frame::{Chain, FrameHeader};
use crate::log::{Damage, LogError};
use crate::lsn::Partition;
use crate::storage::Storage;

/// Zeros are passed over in stretches of this many; a multiple of `ALIGNMENT`.
static ZEROS: [u8; 4096] = [0; 4096];

/// What was found.
pub struct Recovered {
    /// Where each partition stands.
    pub parts: BTreeMap<Partition, Part>,
    /// The segments with frames, and the one to go on in.
    pub segments: BTreeMap<u64, Arc<Segment>>,
    /// For each of them, where each of its partitions stands at its end.
    pub ends: BTreeMap<u64, BTreeMap<Partition, Chain>>,
    /// Segments behind it that are ready for use.
    pub prepared: VecDeque<Arc<Segment>>,
    /// Files of trimmed segments.
    pub spares: Vec<String>,
    /// Where to go on.
    pub tail: Position,
    /// The number of the next envelope.
    pub seq: u64,
    /// The term of this opening.
    pub term: u32,
}

/// An operation of the operating system that failed, with its file.
pub fn io_error(doing: &str, name: &str) -> impl FnOnce(std::io::Error) -> LogError {
    let doing = format!("{doing} {name}");
    move |error| LogError::Io {
        doing,
        error: error.to_string(),
    }
}

fn damage(number: u64, offset: usize, what: &str) -> LogError {
    LogError::Damaged(Damage {
        file: segment_file(number),
        offset: offset as u64,
        what: what.to_string(),
        restore: Vec::new(),
    })
}

/// Read the log that the manifest describes.
pub fn recover(storage: &dyn Storage, manifest: &Manifest) -> Result<Recovered, LogError> {
    let seed = checksum_seed(manifest.log_id);
    let (numbers, spares) = list_segments(storage, manifest)?;
    let mut scan = Scan {
        seed,
        parts: manifest
            .floors
            .iter()
            .map(|(partition, floor)| (*partition, Part::new(*floor)))
            .collect(),
        ends: BTreeMap::new(),
        seq: None,
        term: 0,
        durable: Position {
            segment: manifest.first_segment,
            offset: SEGMENT_HEADER_BYTES as u32,
        },
    };
    let mut segments = BTreeMap::new();
    let mut number = manifest.first_segment;
    let (tail, tail_bytes) = loop {
        let (segment, bytes) = read_segment(storage, manifest, number)?;
        segments.insert(number, segment);
        match scan.segment(number, &bytes)? {
            End::Tail(offset) => {
                break (
                    Position {
                        segment: number,
                        offset: offset as u32,
                    },
                    bytes,
                );
            }
            End::Roll(offset) if !numbers.contains(&(number + 1)) => {
                return Err(damage(
                    number,
                    offset,
                    "the log goes on in a segment that is missing",
                ));
            }
            End::Roll(_) => number += 1,
        }
    };
    // Everything behind the end is a witness of what was durable.
    let mut witness = scan.durable.max(evidence(
        &mut scan,
        tail.segment,
        &tail_bytes,
        tail.offset as usize,
    ));
    let mut prepared = VecDeque::new();
    for &later in numbers.range(tail.segment + 1..) {
        let (segment, bytes) = read_segment(storage, manifest, later)?;
        witness = witness.max(evidence(&mut scan, later, &bytes, SEGMENT_HEADER_BYTES));
        prepared.push_back(segment);
    }
    if witness > tail {
        let what = "a frame that was durable is not there any more";
        return Err(damage(tail.segment, tail.offset as usize, what));
    }
    rewrite_unproven(storage, &segments, witness, tail)?;
    Ok(Recovered {
        parts: scan.parts,
        segments,
        ends: scan.ends,
        prepared,
        spares,
        tail,
        seq: scan.seq.unwrap_or(1),
        term: scan
            .term
            .checked_add(1)
            .ok_or_else(|| damage(tail.segment, 0, "the log was opened too often"))?,
    })
}

/// The numbers of the live segments, and the files of trimmed ones.
fn list_segments(
    storage: &dyn Storage,
    manifest: &Manifest,
) -> Result<(BTreeSet<u64>, Vec<String>), LogError> {
    let mut numbers = BTreeSet::new();
    let mut spares = Vec::new();
    for name in storage
        .list(SEGMENT_DIR)
        .map_err(io_error("list", SEGMENT_DIR))?
    {
        let path = format!("{SEGMENT_DIR}/{name}");
        match segment_number(&name) {
            Some(number) if number >= manifest.first_segment => {
                numbers.insert(number);
            }
            Some(_) => spares.push(path),
            None if name.ends_with(".tmp") => {
                storage.remove(&path).map_err(io_error("remove", &path))?
            }
            None => {
                return Err(LogError::Damaged(Damage {
                    file: path,
                    offset: 0,
                    what: "this file does not belong into the log".to_string(),
                    restore: Vec::new(),
                }));
            }
        }
    }
    let mut expected = manifest.first_segment;
    for &number in &numbers {
        if number != expected {
            break;
        }
        expected += 1;
    }
    let all_there = numbers.last().is_some_and(|last| last + 1 == expected);
    if !all_there {
        return Err(damage(expected, 0, "this segment is missing"));
    }
    Ok((numbers, spares))
}

fn read_segment(
    storage: &dyn Storage,
    manifest: &Manifest,
    number: u64,
) -> Result<(Arc<Segment>, Vec<u8>), LogError> {
    let name = segment_file(number);
    let file = storage.open(&name).map_err(io_error("open", &name))?;
    let size = file.size().map_err(io_error("size of", &name))?;
    if size != manifest.segment_bytes as u64 {
        let what = format!(
            "the segment has {size} bytes instead of {}",
            manifest.segment_bytes
        );
        return Err(damage(
            number,
            size.min(manifest.segment_bytes as u64) as usize,
            &what,
        ));
    }
    let mut bytes = vec![0; size as usize];
    file.read_at(&mut bytes, 0)
        .map_err(io_error("read", &name))?;
    check_header(&bytes, manifest.log_id, number, manifest.segment_bytes)
        .map_err(|what| damage(number, 0, what))?;
    Ok((Arc::new(Segment { number, file }), bytes))
}

enum End {
    /// The log ends at this offset.
    Tail(usize),
    /// It goes on in the next segment; the offset is where that is said.
    Roll(usize),
}

struct Scan {
    seed: u32,
    parts: BTreeMap<Partition, Part>,
    ends: BTreeMap<u64, BTreeMap<Partition, Chain>>,
    seq: Option<u64>,
    term: u32,
    /// The furthest that any envelope says was durable.
    durable: Position,
}

impl Scan {
    fn segment(&mut self, number: u64, bytes: &[u8]) -> Result<End, LogError> {
        let mut ends = BTreeMap::new();
        let mut offset = SEGMENT_HEADER_BYTES;
        let end = loop {
            let place = Position {
                segment: number,
                offset: offset as u32,
            };
            let Some((envelope, payload)) = Envelope::decode(self.seed, &bytes[offset..], place)
            else {
                break End::Tail(offset);
            };
            if envelope.term < self.term || self.seq.is_some_and(|seq| seq != envelope.seq) {
                break End::Tail(offset);
            }
            if envelope.kind == Kind::Mark {
                self.seq = Some(envelope.seq);
                break End::Tail(offset);
            }
            self.seq = Some(envelope.seq + 1);
            self.term = envelope.term;
            self.durable = self.durable.max(envelope.durable);
            if envelope.kind == Kind::Roll {
                break End::Roll(offset);
            }
            let header =
                FrameHeader::decode(payload).map_err(|what| damage(number, offset, what))?;
            let part = self.parts.entry(header.partition).or_default();
            part.durable = part
                .durable
                .follow(&header, payload)
                .map_err(|what| damage(number, offset, what))?;
            part.sequenced = part.durable;
            let bytes = payload.len() as u32;
            part.index.push_back(Entry {
                base: header.base,
                place,
                bytes,
            });
            ends.insert(header.partition, part.durable);
            offset += envelope_bytes(payload.len());
        };
        self.ends.insert(number, ends);
        Ok(end)
    }
}

/// The furthest that any whole envelope from `from` on says was durable. Also
/// notes its term, so that this opening writes with a larger one.
fn evidence(scan: &mut Scan, number: u64, bytes: &[u8], from: usize) -> Position {
    let mut furthest = Position {
        segment: 0,
        offset: 0,
    };
    let mut offset = from;
    while offset < bytes.len() {
        // Most of a prepared segment is zeros; no envelope starts there.
        if bytes[offset..].starts_with(&ZEROS) {
            offset += ZEROS.len();
            continue;
        }
        let end = (offset + ZEROS.len()).min(bytes.len());
        while offset < end {
            let place = Position {
                segment: number,
                offset: offset as u32,
            };
            if let Some((envelope, _)) = Envelope::decode(scan.seed, &bytes[offset..], place) {
                furthest = furthest.max(envelope.durable);
                scan.term = scan.term.max(envelope.term);
            }
            offset += ALIGNMENT;
        }
    }
    furthest
}

/// Frames beyond the last witness may be in the page cache only, even after a
/// sync that failed in an earlier process: write them once more and sync.
fn rewrite_unproven(
    storage: &dyn Storage,
    segments: &BTreeMap<u64, Arc<Segment>>,
    proven: Position,
    tail: Position,
) -> Result<(), LogError> {
    for (&number, segment) in segments.range(proven.segment..) {
        let name = segment_file(number);
        let from = if number == proven.segment {
            proven.offset as u64
        } else {
            SEGMENT_HEADER_BYTES as u64
        };
        let size = segment.file.size().map_err(io_error("size of", &name))?;
        let to = if number == tail.segment {
            tail.offset as u64
        } else {
            size
        };
        let mut bytes = vec![0; to.saturating_sub(from) as usize];
        segment
            .file
            .read_at(&mut bytes, from)
            .map_err(io_error("read", &name))?;
        segment
            .file
            .write_at(&bytes, from)
            .map_err(io_error("write", &name))?;
        segment.file.sync_data().map_err(io_error("sync", &name))?;
    }
    storage
        .sync_dir(SEGMENT_DIR)
        .map_err(io_error("sync", SEGMENT_DIR))
}

//! Reading durable frames from segments, in stretches rather than one by one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::file::envelope::{Envelope, Kind, Position, envelope_bytes};
use crate::file::index::Part;
use crate::file::recover::io_error;
use crate::file::segment::segment_file;
use crate::file::shared::Shared;
use crate::log::{Damage, LogError};
use crate::lsn::{Lsn, Partition};
use crate::reader::Source;

const STRETCH_BYTES: usize = 256 * 1024;

/// Reads one partition.
pub struct FileSource {
    shared: Arc<Shared>,
    /// Bytes that were durable when they were read, and where they start.
    stretch: Vec<u8>,
    start: Position,
}

impl FileSource {
    /// With nothing read yet.
    pub fn new(shared: Arc<Shared>) -> Self {
        FileSource {
            shared,
            stretch: Vec::new(),
            start: Position {
                segment: 0,
                offset: 0,
            },
        }
    }

    fn has(&self, place: Position, bytes: usize) -> bool {
        place.segment == self.start.segment
            && place.offset >= self.start.offset
            && (place.offset - self.start.offset) as usize + bytes <= self.stretch.len()
    }
}

impl Source for FileSource {
    fn frame(&mut self, partition: Partition, lsn: Lsn) -> Result<Option<Vec<u8>>, LogError> {
        let shared = self.shared.clone();
        let core = shared.lock();
        let Some(part) = core.parts.get(&partition) else {
            return Ok(None);
        };
        if lsn <= part.trimmed {
            return Err(LogError::Trimmed {
                first: part.trimmed.plus(1),
            });
        }
        let Some(entry) = part.find(lsn) else {
            return match part.durable.next > lsn {
                true => Err(LogError::Trimmed {
                    first: part.trimmed.plus(1),
                }),
                false => Ok(None),
            };
        };
        let place = entry.place;
        let bytes = envelope_bytes(entry.bytes as usize);
        let name = segment_file(place.segment);
        if !self.has(place, bytes) {
            let segment = core.segments[&place.segment].clone();
            // What is not durable yet may still change, so it is not read ahead.
            let end = match place.segment == core.tail.segment {
                true => core.tail.offset,
                false => shared.segment_bytes,
            };
            drop(core);
            let length = ((end - place.offset) as usize).min(bytes.max(STRETCH_BYTES));
            self.stretch.resize(length, 0);
            self.start = place;
            let read = segment.file.read_at(&mut self.stretch, place.offset as u64);
            if let Err(error) = read {
                self.stretch.clear();
                return Err(io_error("read", &name)(error));
            }
        }
        let stretch = &self.stretch[(place.offset - self.start.offset) as usize..];
        match Envelope::decode(shared.seed, stretch, place) {
            Some((
                Envelope {
                    kind: Kind::Frame, ..
                },
                payload,
            )) => Ok(Some(payload.to_vec())),
            _ => Err(LogError::Damaged(Damage {
                file: name,
                offset: place.offset as u64,
                what: "a frame that was durable is not there any more".to_string(),
                restore: Vec::new(),
            })),
        }
    }

    fn wait(&self, partition: Partition, lsn: Lsn, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        let durable = |part: Option<&Part>| part.is_some_and(|part| part.durable.next > lsn);
        let mut core = self.shared.lock();
        while !durable(core.parts.get(&partition)) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            core.waiting_readers += 1;
            core = self
                .shared
                .grown
                .wait_timeout(core, left)
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .0;
            core.waiting_readers -= 1;
        }
        true
    }
}

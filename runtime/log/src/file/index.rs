//! Where each frame of a partition lies.

use std::collections::VecDeque;

use crate::file::envelope::Position;
use crate::file::manifest::Floor;
use crate::frame::Chain;
use crate::log::Tail;
use crate::lsn::Lsn;

/// One durable frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its first record.
    pub base: Lsn,
    /// Its envelope.
    pub place: Position,
    /// Its encoded size, without the envelope.
    pub bytes: u32,
}

/// What is known of a partition.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where the next frame in flight goes.
    pub sequenced: Chain,
    /// Where readers end.
    pub durable: Chain,
    /// Records up to and including this one are gone.
    pub trimmed: Lsn,
    /// Its chain at the start of the first segment.
    pub floor: Chain,
    /// All frames in live segments, oldest first.
    pub index: VecDeque<Entry>,
}

impl Default for Part {
    fn default() -> Self {
        Part::new(Floor::NONE)
    }
}

impl Part {
    /// A partition of which only this is known.
    pub fn new(floor: Floor) -> Self {
        let Floor { trimmed, chain } = floor;
        Part {
            sequenced: chain,
            durable: chain,
            trimmed,
            floor: chain,
            index: VecDeque::new(),
        }
    }

    /// Where the partition stands.
    pub fn tail(&self) -> Tail {
        Tail {
            next: self.durable.next,
            epoch: self.sequenced.epoch,
            trimmed: self.trimmed,
        }
    }

    /// The frame that holds `lsn`, if it is durable and there.
    pub fn find(&self, lsn: Lsn) -> Option<Entry> {
        if lsn >= self.durable.next {
            return None;
        }
        let after = self.index.partition_point(|entry| entry.base <= lsn);
        self.index.get(after.checked_sub(1)?).copied()
    }
}

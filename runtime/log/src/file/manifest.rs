//! The manifest: where the log begins, in two copies.
//!
//! It changes only when the log is made and when it is trimmed. A new one is
//! written over the one copy and then over the other; segments are given up
//! only after both, so either copy alone describes the directory.

use std::collections::BTreeMap;
use std::io;

use crate::bytes::Cursor;
use crate::frame::{Chain, frame_hash};
use crate::lsn::{Epoch, Hlc, Lsn, Partition};
use crate::storage::{Storage, read_all, replace};

/// The two copies, in the order they are written.
pub const MANIFEST_FILES: [&str; 2] = ["MANIFEST.a", "MANIFEST.b"];
const ASIDE: &str = "MANIFEST.tmp";
const MAGIC: u64 = u64::from_le_bytes(*b"WEIRMANI");
const VERSION: u16 = 1;

/// Where the log begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// Grows with each change.
    pub generation: u64,
    /// The identity of this log; chosen by chance when it is made.
    pub log_id: u128,
    /// The size of every segment file.
    pub segment_bytes: u32,
    /// The oldest segment that belongs to the log.
    pub first_segment: u64,
    /// What was given up in each partition.
    pub floors: BTreeMap<Partition, Floor>,
}

/// What was given up in a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Floor {
    /// Records up to and including this one were trimmed.
    pub trimmed: Lsn,
    /// Where the partition's chain stands at the start of the first segment.
    pub chain: Chain,
}

impl Floor {
    /// Nothing was given up.
    pub const NONE: Floor = Floor {
        trimmed: Lsn::ZERO,
        chain: Chain::EMPTY,
    };

    /// Nothing is left up to this position, nor known of it.
    pub fn behind(at: Lsn) -> Floor {
        Floor {
            trimmed: at,
            chain: Chain {
                next: at.plus(1),
                ..Chain::EMPTY
            },
        }
    }
}

impl Manifest {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(&self.log_id.to_le_bytes());
        out.extend_from_slice(&self.segment_bytes.to_le_bytes());
        out.extend_from_slice(&self.first_segment.to_le_bytes());
        out.extend_from_slice(&(self.floors.len() as u32).to_le_bytes());
        for (partition, floor) in &self.floors {
            out.extend_from_slice(&partition.0.to_le_bytes());
            out.extend_from_slice(&floor.trimmed.0.to_le_bytes());
            out.extend_from_slice(&floor.chain.next.0.to_le_bytes());
            out.extend_from_slice(&floor.chain.epoch.0.to_le_bytes());
            out.extend_from_slice(&floor.chain.hash.to_le_bytes());
            out.extend_from_slice(&floor.chain.at.0.to_le_bytes());
        }
        let hash = frame_hash(&out);
        out.extend_from_slice(&hash.to_le_bytes());
        out
    }

    /// A whole manifest of a known version, or nothing.
    fn decode(bytes: &[u8]) -> Option<Manifest> {
        let body = bytes.get(..bytes.len().checked_sub(16)?)?;
        if Cursor::new(&bytes[body.len()..]).u128()? != frame_hash(body) {
            return None;
        }
        let mut at = Cursor::new(body);
        if at.u64()? != MAGIC || at.u16()? != VERSION {
            return None;
        }
        let generation = at.u64()?;
        let log_id = at.u128()?;
        let segment_bytes = at.u32()?;
        let first_segment = at.u64()?;
        let mut floors = BTreeMap::new();
        for _ in 0..at.u32()? {
            let partition = Partition(at.u16()?);
            let trimmed = Lsn(at.u64()?);
            let next = Lsn(at.u64()?);
            let epoch = Epoch(at.u64()?);
            let hash = at.u128()?;
            let chain = Chain {
                next,
                epoch,
                hash,
                at: Hlc(at.u64()?),
            };
            floors.insert(partition, Floor { trimmed, chain });
        }
        (at.left() == 0).then_some(Manifest {
            generation,
            log_id,
            segment_bytes,
            first_segment,
            floors,
        })
    }

    /// Write both copies. After an error the one, the other or both are new;
    /// call it again with a larger generation.
    pub fn store(&self, storage: &dyn Storage) -> io::Result<()> {
        for name in MANIFEST_FILES {
            replace(storage, "", name, ASIDE, &[&self.encode()])?;
        }
        Ok(())
    }
}

/// What the two copies say.
pub enum Found {
    /// There is no copy at all.
    Nothing,
    /// The newest whole copy, and whether the other one is missing, bad or older.
    Newest(Manifest, bool),
    /// There are copies, but none is whole.
    Bad,
}

/// Read both copies.
pub fn load(storage: &dyn Storage) -> io::Result<Found> {
    let mut there = false;
    let mut whole: Vec<Manifest> = Vec::new();
    for name in MANIFEST_FILES {
        match read_all(storage, name) {
            Ok(bytes) => {
                there = true;
                whole.extend(Manifest::decode(&bytes));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let repair = whole.len() < 2 || whole[0] != whole[1];
    Ok(
        match whole.into_iter().max_by_key(|manifest| manifest.generation) {
            Some(manifest) => Found::Newest(manifest, repair),
            None if there => Found::Bad,
            None => Found::Nothing,
        },
    )
}

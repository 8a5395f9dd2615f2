//! Snapshots: the state of a partition after a position, kept beside the log.
//!
//! A snapshot counts only once it was read back and its hash agreed. Trimming
//! relies on that, so `newest` checks the bytes it returns every time.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::log::LogError;
use crate::lsn::{Lsn, Partition};

/// Names one snapshot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SnapshotId {
    /// Whose state it is.
    pub partition: Partition,
    /// The last record it includes.
    pub at: Lsn,
}

/// A snapshot that was read and found whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Its name.
    pub id: SnapshotId,
    /// What the machine gave to `put`.
    pub body: Vec<u8>,
}

/// Where snapshots are kept.
pub trait Snapshots: Send + Sync {
    /// Keep the state after `at`. When this returns it is durable and was read
    /// back. A second snapshot at the same position replaces the first.
    fn put(&self, partition: Partition, at: Lsn, body: &[u8]) -> Result<SnapshotId, LogError>;

    /// The newest one that includes nothing after `at_most`, checked. A damaged
    /// one is an error, not passed over: the log may be trimmed up to it.
    fn newest(&self, partition: Partition, at_most: Lsn) -> Result<Option<Snapshot>, LogError>;

    /// All of a partition, oldest first, unchecked.
    fn list(&self, partition: Partition) -> Result<Vec<SnapshotId>, LogError>;

    /// Forget one; nothing happens if it is not there.
    fn delete(&self, id: &SnapshotId) -> Result<(), LogError>;
}

/// Snapshots in memory.
#[derive(Default)]
pub struct MemorySnapshots {
    bodies: Mutex<BTreeMap<SnapshotId, Vec<u8>>>,
}

impl Snapshots for MemorySnapshots {
    fn put(&self, partition: Partition, at: Lsn, body: &[u8]) -> Result<SnapshotId, LogError> {
        let id = SnapshotId { partition, at };
        self.bodies
            .lock()
            .unwrap()
            .insert(id.clone(), body.to_vec());
        Ok(id)
    }

    fn newest(&self, partition: Partition, at_most: Lsn) -> Result<Option<Snapshot>, LogError> {
        let range = SnapshotId {
            partition,
            at: Lsn::ZERO,
        }..=SnapshotId {
            partition,
            at: at_most,
        };
        let bodies = self.bodies.lock().unwrap();
        let newest = bodies.range(range).next_back();
        Ok(newest.map(|(id, body)| Snapshot {
            id: id.clone(),
            body: body.clone(),
        }))
    }

    fn list(&self, partition: Partition) -> Result<Vec<SnapshotId>, LogError> {
        let bodies = self.bodies.lock().unwrap();
        Ok(bodies
            .keys()
            .filter(|id| id.partition == partition)
            .cloned()
            .collect())
    }

    fn delete(&self, id: &SnapshotId) -> Result<(), LogError> {
        self.bodies.lock().unwrap().remove(id);
        Ok(())
    }
}

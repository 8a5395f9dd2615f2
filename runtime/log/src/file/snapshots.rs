//! Snapshots as files: `snap/<partition>-<lsn>.snap`.
//!
//! ```text
//!   | magic 8 | version 2 | partition 2 | at 8 | body bytes 8 | hash 16 | body |
//! ```
//!
//! The hash covers the fields before it and the body.

use std::io;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::bytes::Cursor;
use crate::file::recover::io_error;
use crate::log::{Damage, LogError};
use crate::lsn::{Lsn, Partition};
use crate::snapshots::{Snapshot, SnapshotId, Snapshots};
use crate::storage::{Storage, read_all, replace};

/// The directory of the snapshots.
pub const SNAPSHOT_DIR: &str = "snap";
/// Bytes before the body.
pub const SNAPSHOT_HEADER_BYTES: usize = 44;

const MAGIC: u64 = u64::from_le_bytes(*b"WEIRSNAP");
const VERSION: u16 = 1;

/// Snapshots in the directory of a log.
pub struct FileSnapshots {
    storage: Arc<dyn Storage>,
    /// One file is written at a time, under one passing name.
    putting: Mutex<()>,
}

/// Where a snapshot lies.
pub fn file_name(id: &SnapshotId) -> String {
    format!("{SNAPSHOT_DIR}/{:05}-{:016x}.snap", id.partition.0, id.at.0)
}

fn parse_name(name: &str) -> Option<SnapshotId> {
    let (partition, at) = name.strip_suffix(".snap")?.split_once('-')?;
    let id = SnapshotId {
        partition: Partition(partition.parse().ok()?),
        at: Lsn(u64::from_str_radix(at, 16).ok()?),
    };
    // Only the one spelling that `file_name` writes.
    (file_name(&id).ends_with(&format!("/{name}"))).then_some(id)
}

fn hash(head: &[u8], body: &[u8]) -> [u8; 16] {
    let digest = Sha256::new()
        .chain_update(head)
        .chain_update(body)
        .finalize();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

fn header(id: &SnapshotId, body: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(SNAPSHOT_HEADER_BYTES);
    head.extend_from_slice(&MAGIC.to_le_bytes());
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&id.partition.0.to_le_bytes());
    head.extend_from_slice(&id.at.0.to_le_bytes());
    head.extend_from_slice(&(body.len() as u64).to_le_bytes());
    let hash = hash(&head, body);
    head.extend_from_slice(&hash);
    head
}

/// The body of a whole snapshot of this name, or where it is wrong.
fn check<'a>(id: &SnapshotId, bytes: &'a [u8]) -> Result<&'a [u8], (u64, &'static str)> {
    if bytes.len() < SNAPSHOT_HEADER_BYTES {
        return Err((
            bytes.len() as u64,
            "the snapshot is shorter than its header",
        ));
    }
    let (head, body) = bytes.split_at(SNAPSHOT_HEADER_BYTES);
    let mut at = Cursor::new(head);
    if at.u64() != Some(MAGIC) || at.u16() != Some(VERSION) {
        return Err((0, "the snapshot's version is not known to this program"));
    }
    if (at.u16(), at.u64()) != (Some(id.partition.0), Some(id.at.0)) {
        return Err((10, "the snapshot belongs to another partition or position"));
    }
    if at.u64() != Some(body.len() as u64) {
        return Err((20, "the snapshot is not as long as it says"));
    }
    if hash(&head[..28], body) != head[28..] {
        return Err((28, "the snapshot does not match its hash"));
    }
    Ok(body)
}

impl FileSnapshots {
    /// In a directory that is there.
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        FileSnapshots {
            storage,
            putting: Mutex::new(()),
        }
    }

    /// Remove what an interrupted `put` left.
    pub fn clean(&self) -> Result<(), LogError> {
        for name in self
            .storage
            .list(SNAPSHOT_DIR)
            .map_err(io_error("list", SNAPSHOT_DIR))?
        {
            if name.ends_with(".tmp") {
                let path = format!("{SNAPSHOT_DIR}/{name}");
                self.storage
                    .remove(&path)
                    .map_err(io_error("remove", &path))?;
            }
        }
        Ok(())
    }

    /// The newest whole snapshot of each partition: what can be restored when the
    /// log is damaged or gone.
    pub fn whole(&self) -> Result<Vec<SnapshotId>, LogError> {
        let mut ids = self.all()?;
        ids.sort_by(|a, b| a.partition.cmp(&b.partition).then(b.at.cmp(&a.at)));
        let mut whole: Vec<SnapshotId> = Vec::new();
        for id in ids {
            let done = whole
                .last()
                .is_some_and(|last| last.partition == id.partition);
            if !done && self.read(&id).is_ok() {
                whole.push(id);
            }
        }
        Ok(whole)
    }

    fn all(&self) -> Result<Vec<SnapshotId>, LogError> {
        let names = self
            .storage
            .list(SNAPSHOT_DIR)
            .map_err(io_error("list", SNAPSHOT_DIR))?;
        let mut ids: Vec<SnapshotId> = names.iter().filter_map(|name| parse_name(name)).collect();
        ids.sort();
        Ok(ids)
    }

    fn read(&self, id: &SnapshotId) -> Result<Vec<u8>, LogError> {
        let name = file_name(id);
        let mut bytes = read_all(&*self.storage, &name).map_err(io_error("read", &name))?;
        if let Err((offset, what)) = check(id, &bytes) {
            return Err(LogError::Damaged(Damage {
                file: name,
                offset,
                what: what.to_string(),
                restore: Vec::new(),
            }));
        }
        Ok(bytes.split_off(SNAPSHOT_HEADER_BYTES))
    }
}

impl Snapshots for FileSnapshots {
    fn put(&self, partition: Partition, at: Lsn, body: &[u8]) -> Result<SnapshotId, LogError> {
        let _one = self
            .putting
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let id = SnapshotId { partition, at };
        let name = file_name(&id);
        let aside = format!("{SNAPSHOT_DIR}/putting.tmp");
        replace(
            &*self.storage,
            SNAPSHOT_DIR,
            &name,
            &aside,
            &[&header(&id, body), body],
        )
        .map_err(io_error("write", &name))?;
        if let Err(error) = self.read(&id) {
            // It must not be what the next opening goes by; the log still has everything.
            let _ = self.storage.remove(&name);
            return Err(error);
        }
        Ok(id)
    }

    fn newest(&self, partition: Partition, at_most: Lsn) -> Result<Option<Snapshot>, LogError> {
        let mut ids = self.list(partition)?;
        ids.retain(|id| id.at <= at_most);
        let Some(id) = ids.pop() else {
            return Ok(None);
        };
        match self.read(&id) {
            Ok(body) => Ok(Some(Snapshot { id, body })),
            Err(LogError::Damaged(damage)) => {
                let older = ids.iter().rfind(|id| self.read(id).is_ok());
                Err(LogError::Damaged(Damage {
                    restore: older.map(file_name).into_iter().collect(),
                    ..damage
                }))
            }
            Err(error) => Err(error),
        }
    }

    fn list(&self, partition: Partition) -> Result<Vec<SnapshotId>, LogError> {
        Ok(self
            .all()?
            .into_iter()
            .filter(|id| id.partition == partition)
            .collect())
    }

    fn delete(&self, id: &SnapshotId) -> Result<(), LogError> {
        let name = file_name(id);
        match self.storage.remove(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(io_error("remove", &name)(error)),
            Ok(()) => self
                .storage
                .sync_dir(SNAPSHOT_DIR)
                .map_err(io_error("sync", SNAPSHOT_DIR)),
        }
    }
}

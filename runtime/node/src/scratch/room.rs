//! Where the bytes of temporary data lie: in memory up to a mark, then in files of a directory that is emptied when a node starts.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use weir_contract::CrashReason;
use weir_contract::library::Refusal;
use weir_machine::scratch::{Piece, Room};

/// Counts what is held. Every piece takes itself away when it is dropped.
#[derive(Default)]
pub struct Held {
    pub memory_bytes: AtomicU64,
    pub disk_bytes: AtomicU64,
}

pub struct FileRoom {
    held: Arc<Held>,
    /// Without one there is memory only.
    dir: Option<PathBuf>,
    memory_max: AtomicU64,
    disk_max: AtomicU64,
    next: AtomicU64,
}

impl FileRoom {
    /// Whatever lies in the directory is of a node that is gone, and removed.
    pub fn open(dir: Option<PathBuf>) -> std::io::Result<FileRoom> {
        if let Some(dir) = &dir {
            match fs::remove_dir_all(dir) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::create_dir_all(dir)?;
        }
        Ok(FileRoom {
            held: Arc::default(),
            dir,
            memory_max: AtomicU64::new(0),
            disk_max: AtomicU64::new(0),
            next: AtomicU64::new(0),
        })
    }

    /// For what comes from now on.
    pub fn set_limits(&self, memory_bytes: u64, disk_bytes: u64) {
        self.memory_max.store(memory_bytes, Relaxed);
        self.disk_max.store(disk_bytes, Relaxed);
    }

    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Bytes in memory, and on the disk.
    pub fn limits(&self) -> (u64, u64) {
        let disk = self.dir.as_ref().map(|_| self.disk_max.load(Relaxed));
        (self.memory_max.load(Relaxed), disk.unwrap_or(0))
    }

    fn no_room(&self, what: &str) -> Refusal {
        Refusal {
            reason: CrashReason::NoScratch,
            detail: format!(
                "{what}: it takes more than {} bytes of memory and {} of disk; `scratch_memory` and `scratch_disk` of [limits] say how many it may take",
                self.limits().0,
                self.limits().1
            ),
        }
    }
}

/// Adds to what is held unless that would be more than there may be.
fn reserve(held: &AtomicU64, bytes: u64, most: u64) -> bool {
    let more = |now: u64| now.checked_add(bytes).filter(|sum| *sum <= most);
    held.fetch_update(Relaxed, Relaxed, more).is_ok()
}

impl Room for FileRoom {
    fn keep(&self, bytes: Vec<u8>) -> Result<Arc<dyn Piece>, Refusal> {
        let len = bytes.len() as u64;
        let held = self.held.clone();
        if reserve(&held.memory_bytes, len, self.memory_max.load(Relaxed)) {
            return Ok(Arc::new(InMemory { bytes, held }));
        }
        let Some(dir) = &self.dir else {
            return Err(self.no_room("no room"));
        };
        if !reserve(&held.disk_bytes, len, self.disk_max.load(Relaxed)) {
            return Err(self.no_room("no room"));
        }
        let path = dir.join(self.next.fetch_add(1, Relaxed).to_string());
        // From here on it takes itself away.
        let piece = OnDisk { path, len, held };
        // Whoever is told why need not learn where the files lie.
        fs::write(&piece.path, &bytes)
            .map_err(|error| self.no_room(&format!("writing to the disk: {error}")))?;
        Ok(Arc::new(piece))
    }
}

struct InMemory {
    bytes: Vec<u8>,
    held: Arc<Held>,
}

impl Piece for InMemory {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        Ok(self.bytes.clone())
    }

    fn slice(&self, from: usize, to: usize) -> Result<Vec<u8>, Refusal> {
        Ok(self.bytes[from..to].to_vec())
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        let len = self.bytes.len() as u64;
        self.held.memory_bytes.fetch_sub(len, Relaxed);
    }
}

/// Not synced: it is not there for anybody who comes later.
struct OnDisk {
    path: PathBuf,
    len: u64,
    held: Arc<Held>,
}

impl OnDisk {
    fn read(&self, from: usize, to: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; to - from];
        File::open(&self.path)?.read_exact_at(&mut bytes, from as u64)?;
        Ok(bytes)
    }
}

impl Piece for OnDisk {
    fn size(&self) -> u64 {
        self.len
    }

    fn is_on_disk(&self) -> bool {
        true
    }

    fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        self.slice(0, self.len as usize)
    }

    fn slice(&self, from: usize, to: usize) -> Result<Vec<u8>, Refusal> {
        self.read(from, to).map_err(|error| Refusal {
            reason: CrashReason::NoScratch,
            detail: format!("reading from the disk: {error}"),
        })
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        self.held.disk_bytes.fetch_sub(self.len, Relaxed);
    }
}

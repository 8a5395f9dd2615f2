//! A disk in memory that fails on request and can lose its power.
//!
//! Each file has a durable image and the writes since; each directory its
//! durable names and the changes since. A power cut keeps an arbitrary subset
//! of the unsynced 512-byte sectors, and an arbitrary number of the unsynced
//! name changes, oldest first, as a journalling file system does.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Storage, StorageFile};

/// Sectors are written whole or not at all.
pub const SECTOR_BYTES: u64 = 512;

/// What the planned call does instead of its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskFault {
    /// It fails with this error, once.
    Fail(io::ErrorKind),
    /// The power goes: it and all later calls fail until `power_cycle`.
    Crash,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct SimStorage {
    disk: Arc<Mutex<Disk>>,
}

#[derive(Default)]
struct Disk {
    files: Vec<Image>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    changes: Vec<Change>,
    locks: BTreeSet<String>,
    calls: u64,
    planned: Option<(u64, DiskFault)>,
    sync_fails: bool,
    bytes_max: Option<u64>,
    off: bool,
}

#[derive(Default, Clone)]
struct Image {
    durable: Vec<u8>,
    volatile: Vec<u8>,
    unsynced: Vec<Write>,
}

#[derive(Clone)]
enum Write {
    Bytes { at: u64, bytes: Vec<u8> },
    Size(u64),
}

enum Change {
    Set(String, usize),
    Rename(String, String),
    Remove(String),
}

impl Change {
    fn name(&self) -> &str {
        match self {
            Change::Set(name, _) | Change::Rename(name, _) | Change::Remove(name) => name,
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Change::Set(name, file) => {
                names.insert(name.clone(), *file);
            }
            Change::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Change::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

fn apply(image: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let end = at as usize + bytes.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[at as usize..end].copy_from_slice(bytes);
}

fn dir_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// A small generator, so that a seed repeats a power cut.
struct Seed(u64);

impl Seed {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl SimStorage {
    /// An empty disk.
    pub fn new() -> Self {
        SimStorage::default()
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Let the `nth` call from now (1 is the next) meet `fault`.
    pub fn plan(&self, nth: u64, fault: DiskFault) {
        let mut disk = self.lock();
        disk.planned = Some((disk.calls + nth, fault));
    }

    /// Forget the plan; whether it had not happened yet.
    pub fn unplan(&self) -> bool {
        self.lock().planned.take().is_some()
    }

    /// From now on (or no longer) every sync of file data fails.
    pub fn fail_syncs(&self, fail: bool) {
        self.lock().sync_fails = fail;
    }

    /// Room for this many bytes in all files together, or for any number.
    pub fn set_bytes_max(&self, bytes_max: Option<u64>) {
        self.lock().bytes_max = bytes_max;
    }

    /// Cut the power and start again: what was synced is there, of the rest
    /// whatever `seed` says.
    pub fn power_cycle(&self, seed: u64) {
        let mut seed = Seed(seed);
        let mut disk = self.lock();
        for image in &mut disk.files {
            for write in std::mem::take(&mut image.unsynced) {
                match write {
                    Write::Size(bytes) if seed.next().is_multiple_of(2) => {
                        image.durable.resize(bytes as usize, 0)
                    }
                    Write::Size(_) => {}
                    Write::Bytes { at, bytes } => {
                        keep_some_sectors(&mut image.durable, at, &bytes, &mut seed)
                    }
                }
            }
            image.volatile = image.durable.clone();
        }
        let changes = std::mem::take(&mut disk.changes);
        let kept = (seed.next() % (changes.len() as u64 + 1)) as usize;
        for change in changes.into_iter().take(kept) {
            change.apply(&mut disk.durable_names);
        }
        disk.names = disk.durable_names.clone();
        disk.locks.clear();
        disk.planned = None;
        disk.sync_fails = false;
        disk.off = false;
    }

    /// Stop the process, not the machine: everything written is there.
    pub fn kill(&self) {
        let mut disk = self.lock();
        disk.locks.clear();
        disk.planned = None;
        disk.sync_fails = false;
        disk.off = false;
    }

    /// The bytes of a file as a process sees them.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.lock();
        disk.names
            .get(name)
            .map(|file| disk.files[*file].volatile.clone())
    }

    /// Replace the bytes of a file behind everybody's back, durably.
    pub fn set_bytes(&self, name: &str, bytes: Vec<u8>) {
        let mut disk = self.lock();
        let file = disk.names[name];
        disk.files[file] = Image {
            durable: bytes.clone(),
            volatile: bytes,
            unsynced: Vec::new(),
        };
    }

    /// Remove a file behind everybody's back, durably.
    pub fn lose(&self, name: &str) {
        let mut disk = self.lock();
        disk.names.remove(name);
        disk.durable_names.remove(name);
    }

    /// All file names.
    pub fn names(&self) -> Vec<String> {
        self.lock().names.keys().cloned().collect()
    }

    /// A disk of its own with the same durable and visible contents.
    pub fn copy(&self) -> SimStorage {
        let disk = self.lock();
        let copy = Disk {
            files: disk.files.clone(),
            names: disk.names.clone(),
            durable_names: disk.names.clone(),
            ..Disk::default()
        };
        SimStorage {
            disk: Arc::new(Mutex::new(copy)),
        }
    }

    /// Count a call and let the plan happen.
    fn call(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let mut disk = self.lock();
        if disk.off {
            return Err(io::Error::other("the power is off"));
        }
        disk.calls += 1;
        match disk.planned {
            Some((at, fault)) if at == disk.calls => {
                disk.planned = None;
                match fault {
                    DiskFault::Fail(kind) => Err(kind.into()),
                    DiskFault::Crash => {
                        disk.off = true;
                        Err(io::Error::other("the power went off"))
                    }
                }
            }
            _ => Ok(disk),
        }
    }
}

fn keep_some_sectors(image: &mut Vec<u8>, at: u64, bytes: &[u8], seed: &mut Seed) {
    let end = at + bytes.len() as u64;
    // All, none, or each sector by itself: the first two must not be rare.
    let fate = seed.next() % 4;
    let mut from = at;
    while from < end {
        let to = ((from / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        if fate == 0 || (fate >= 2 && seed.next().is_multiple_of(2)) {
            apply(
                image,
                from,
                &bytes[(from - at) as usize..(to - at) as usize],
            );
        }
        from = to;
    }
}

impl Disk {
    fn file(&self, name: &str) -> io::Result<usize> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    fn has_room(&self, file: usize, end: u64) -> bool {
        let Some(bytes_max) = self.bytes_max else {
            return true;
        };
        let used: u64 = self
            .names
            .values()
            .map(|file| self.files[*file].volatile.len() as u64)
            .sum();
        used + end.saturating_sub(self.files[file].volatile.len() as u64) <= bytes_max
    }
}

impl Storage for SimStorage {
    fn create_dir(&self, _dir: &str) -> io::Result<()> {
        self.call().map(|_| ())
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let disk = self.call()?;
        let inside = disk.names.keys().filter(|name| dir_of(name) == dir);
        Ok(inside
            .map(|name| name.rsplit('/').next().unwrap_or(name).to_string())
            .collect())
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut disk = self.call()?;
        let changes = std::mem::take(&mut disk.changes);
        for change in changes {
            if dir_of(change.name()) == dir {
                change.apply(&mut disk.durable_names);
            } else {
                disk.changes.push(change);
            }
        }
        Ok(())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let file = self.call()?.file(name)?;
        Ok(Box::new(SimFile {
            storage: self.clone(),
            file,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let mut disk = self.call()?;
        let file = match disk.names.get(name).copied() {
            Some(file) => {
                disk.files[file].volatile.clear();
                disk.files[file].unsynced.push(Write::Size(0));
                file
            }
            None => {
                disk.files.push(Image::default());
                let file = disk.files.len() - 1;
                disk.change(Change::Set(name.to_string(), file));
                file
            }
        };
        Ok(Box::new(SimFile {
            storage: self.clone(),
            file,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.call()?;
        disk.file(from)?;
        disk.change(Change::Rename(from.to_string(), to.to_string()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.call()?;
        disk.file(name)?;
        disk.change(Change::Remove(name.to_string()));
        Ok(())
    }

    fn lock(&self, name: &str) -> io::Result<Box<dyn Any + Send + Sync>> {
        let mut disk = self.call()?;
        if !disk.locks.insert(name.to_string()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(SimLock {
            storage: self.clone(),
            name: name.to_string(),
        }))
    }
}

struct SimLock {
    storage: SimStorage,
    name: String,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.storage.lock().locks.remove(&self.name);
    }
}

struct SimFile {
    storage: SimStorage,
    file: usize,
}

impl StorageFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        let disk = self.storage.call()?;
        let bytes = disk.files[self.file]
            .volatile
            .get(at as usize..at as usize + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.storage.lock().off {
            return Err(io::Error::other("the power is off"));
        }
        let fault = self.storage.call().err();
        let mut disk = self.storage.lock();
        if let Some(error) = fault {
            // A write that fails, or is cut off, may still have done a part.
            let bytes = bytes[..bytes.len() / 2].to_vec();
            let image = &mut disk.files[self.file];
            apply(&mut image.volatile, at, &bytes);
            image.unsynced.push(Write::Bytes { at, bytes });
            return Err(error);
        }
        if !disk.has_room(self.file, at + bytes.len() as u64) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let image = &mut disk.files[self.file];
        apply(&mut image.volatile, at, bytes);
        image.unsynced.push(Write::Bytes {
            at,
            bytes: bytes.to_vec(),
        });
        Ok(())
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        let mut disk = self.storage.call()?;
        if !disk.has_room(self.file, bytes) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let image = &mut disk.files[self.file];
        image.volatile.resize(bytes as usize, 0);
        image.unsynced.push(Write::Size(bytes));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.storage.lock().off {
            return Err(io::Error::other("the power is off"));
        }
        let fault = self.storage.call().err();
        let mut disk = self.storage.lock();
        let refuse = disk.sync_fails;
        if disk.off {
            return Err(io::Error::other("the power went off"));
        }
        let image = &mut disk.files[self.file];
        let writes = std::mem::take(&mut image.unsynced);
        if refuse || fault.is_some() {
            // As kernels do: the bytes can still be read, count as clean, and
            // are not on the disk. Another sync would succeed and not write them.
            return Err(fault.unwrap_or_else(|| io::Error::other("the disk could not write")));
        }
        for write in writes {
            match write {
                Write::Size(bytes) => image.durable.resize(bytes as usize, 0),
                Write::Bytes { at, bytes } => apply(&mut image.durable, at, &bytes),
            }
        }
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.storage.call()?.files[self.file].volatile.len() as u64)
    }
}

//! The door to the disk: the few calls the log makes.
//!
//! Names are relative to one directory and use `/`. `real` goes to the
//! operating system; `sim` is a disk that fails and loses power on request.

pub mod real;
pub mod sim;

use std::any::Any;
use std::io;

/// A directory the log lives in.
pub trait Storage: Send + Sync {
    /// Make a directory for the owner only, with those above it; nothing happens
    /// if it is there. The names of those made above it are durable.
    fn create_dir(&self, dir: &str) -> io::Result<()>;
    /// The names of the files in a directory, sorted.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Make names created, changed or removed in a directory durable.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// Open a file that is there, to read and write.
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;
    /// Make an empty file for the owner only; one that is there is emptied.
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;
    /// Give a file another name; a file that had that name is gone.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Remove a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Keep other processes out until the result is dropped; `WouldBlock` when
    /// another one was first.
    fn lock(&self, name: &str) -> io::Result<Box<dyn Any + Send + Sync>>;
}

/// An open file. Positions are bytes from its start.
pub trait StorageFile: Send + Sync {
    /// Fill the buffer from a position; `UnexpectedEof` if the file ends before.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()>;
    /// Write all bytes at a position. Durable only after `sync_data`.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Cut or lengthen (with zeros) the file.
    fn truncate(&self, bytes: u64) -> io::Result<()>;
    /// Make everything written durable.
    fn sync_data(&self) -> io::Result<()>;
    /// The size in bytes.
    fn size(&self) -> io::Result<u64>;
}

/// A whole file.
pub fn read_all(storage: &dyn Storage, name: &str) -> io::Result<Vec<u8>> {
    let file = storage.open(name)?;
    let mut bytes = vec![0; usize::try_from(file.size()?).map_err(io::Error::other)?];
    file.read_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Publish a whole file so that its name shows the old bytes or the new ones,
/// never a mixture: write aside, sync, rename, sync the directory. What was
/// written aside does not stay behind when that fails, because a full disk is
/// the likeliest reason.
pub fn replace(
    storage: &dyn Storage,
    dir: &str,
    name: &str,
    aside: &str,
    parts: &[&[u8]],
) -> io::Result<()> {
    if let Err(error) = write_whole(storage, aside, parts) {
        // The error that counts is the first one.
        let _ = storage.remove(aside);
        return Err(error);
    }
    storage.rename(aside, name)?;
    storage.sync_dir(dir)
}

fn write_whole(storage: &dyn Storage, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let file = storage.create(name)?;
    let mut at = 0;
    for part in parts {
        file.write_at(part, at)?;
        at += part.len() as u64;
    }
    file.sync_data()
}

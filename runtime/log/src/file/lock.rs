//! One process for one directory.

use std::any::Any;
use std::io;

use crate::file::recover::io_error;
use crate::log::LogError;
use crate::storage::Storage;

/// The file that is locked; it stays behind, empty.
pub const LOCK_FILE: &str = "LOCK";

/// Hold the directory until the result is dropped or the process ends.
pub fn lock(storage: &dyn Storage) -> Result<Box<dyn Any + Send + Sync>, LogError> {
    storage.lock(LOCK_FILE).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => LogError::Locked {
            file: LOCK_FILE.to_string(),
        },
        _ => io_error("lock", LOCK_FILE)(error),
    })
}

//! The one door through which files come in, so that tests and editors are just other worlds.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Files, as a compilation sees them.
pub trait World {
    /// The text of a file. Text that is not UTF-8 is an error of kind `InvalidData`.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// A file that is no text.
    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path).map(String::into_bytes)
    }

    /// Whether `path` is a folder.
    fn is_folder(&self, path: &Path) -> bool;
}

/// The files of this machine.
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// Files in memory, by path.
#[derive(Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, String>,
}

impl Memory {
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }
}

impl World for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files
            .keys()
            .any(|file| file != path && file.starts_with(path))
    }
}

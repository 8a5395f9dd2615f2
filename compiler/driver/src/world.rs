//! The one door through which files come in, so that tests and editors are just other worlds.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

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

    /// A folder and those above it, the nearest first, each as it is reached from here.
    fn ancestors(&self, folder: &Path) -> Vec<PathBuf> {
        let all = folder.ancestors().filter(|folder| *folder != Path::new(""));
        let mut all: Vec<PathBuf> = all.map(Path::to_owned).collect();
        if folder.is_relative() && folder != Path::new(".") {
            all.push(".".into());
        }
        all
    }

    /// A file as it is reached from a folder above it, which [`World::ancestors`] gave.
    fn within(&self, _folder: &Path, file: &Path) -> PathBuf {
        file.to_owned()
    }
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

    fn ancestors(&self, folder: &Path) -> Vec<PathBuf> {
        if folder.components().any(|part| part == Component::ParentDir) {
            let whole = folder.canonicalize().unwrap_or_default();
            let above = whole.ancestors().skip(1).map(Path::to_owned);
            return std::iter::once(folder.to_owned()).chain(above).collect();
        }
        let named = folder.ancestors().filter(|f| *f != Path::new(""));
        let mut all: Vec<PathBuf> = named.map(Path::to_owned).collect();
        if folder.is_relative() {
            if all.last().is_none_or(|last| last != Path::new(".")) {
                all.push(".".into());
            }
            // Above the folder we are in: `..`, `../..`
            let here = std::path::absolute(".").unwrap_or_default();
            let mut up = PathBuf::new();
            for _ in here.ancestors().skip(1) {
                up.push("..");
                all.push(up.clone());
            }
        }
        all
    }

    fn within(&self, folder: &Path, file: &Path) -> PathBuf {
        if file.starts_with(folder) || folder == Path::new(".") {
            return file.to_owned();
        }
        let whole = |path: &Path| path.canonicalize().ok();
        let (Some(above), Some(whole)) = (whole(folder), whole(file)) else {
            return file.to_owned();
        };
        match whole.strip_prefix(above) {
            Ok(rest) => folder.join(rest),
            Err(_) => file.to_owned(),
        }
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

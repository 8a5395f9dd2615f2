//! The disk of the operating system. Directories are 0700, files 0600.

use std::any::Any;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Storage, StorageFile};

/// A directory on the disk.
pub struct RealStorage {
    root: PathBuf,
}

impl RealStorage {
    /// The directory need not be there yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        RealStorage { root: root.into() }
    }

    fn options() -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600);
        options
    }
}

impl Storage for RealStorage {
    fn create_dir(&self, dir: &str) -> io::Result<()> {
        let dir = self.root.join(dir);
        let above = lacking_above(&dir);
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        // A log in a directory whose own name the power takes away is lost with all that it acknowledged.
        above
            .iter()
            .try_for_each(|parent| File::open(parent)?.sync_all())
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(dir))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        File::open(self.root.join(dir))?.sync_all()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(RealFile(
            Self::options().open(self.root.join(name))?,
        )))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let file = Self::options()
            .create(true)
            .truncate(true)
            .open(self.root.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(name))
    }

    fn lock(&self, name: &str) -> io::Result<Box<dyn Any + Send + Sync>> {
        let file = Self::options()
            .create(true)
            .truncate(false)
            .open(self.root.join(name))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The directories that hold the names which making `dir` will make, innermost first.
fn lacking_above(dir: &Path) -> Vec<PathBuf> {
    let lacking = dir.ancestors().take_while(|dir| !dir.is_dir());
    let holds = |dir: &Path| match dir.parent()? {
        parent if parent.as_os_str().is_empty() => Some(PathBuf::from(".")),
        parent => Some(parent.to_owned()),
    };
    lacking.filter_map(holds).collect()
}

struct RealFile(File);

impl StorageFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, at)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_that_gets_a_new_name_is_synced() {
        let root = std::env::temp_dir().join(format!("weir-log-dirs-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir(&root).unwrap();
        let dir = root.join("a/b");
        assert_eq!(lacking_above(&dir), [root.join("a"), root.clone()]);
        RealStorage::new(&dir).create_dir("").unwrap();
        assert!(dir.is_dir());
        assert_eq!(lacking_above(&dir), Vec::<PathBuf>::new());
        // A name without a directory in front is in the working directory.
        let here = Path::new("weir-there-is-no-such-directory");
        assert_eq!(lacking_above(here), [PathBuf::from(".")]);
        fs::remove_dir_all(&root).unwrap();
    }
}

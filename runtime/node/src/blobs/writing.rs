//! A content on its way into the directory: written aside, made durable, and only then given its name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use weir_contract::blobs::{Blob, BlobError, BlobHash, BlobWriter};

use super::names::{NEW_DIR, content_path, type_path};
use super::{Inner, disk, touch};

pub(super) fn begin(store: Arc<Inner>) -> Result<Box<dyn BlobWriter>, BlobError> {
    make_dir(&store.root.join(NEW_DIR))?;
    let path = store.new_path();
    let file = create(&path)?;
    Ok(Box::new(Writing {
        store,
        path: Some(path),
        file,
        digest: Sha256::new(),
        size: 0,
    }))
}

struct Writing {
    store: Arc<Inner>,
    /// Until the file has another name.
    path: Option<PathBuf>,
    file: File,
    digest: Sha256,
    size: u64,
}

impl BlobWriter for Writing {
    fn write(&mut self, part: &[u8]) -> Result<(), BlobError> {
        self.digest.update(part);
        self.size += part.len() as u64;
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        self.file.write_all(part).map_err(disk("write", path))
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn finish(mut self: Box<Self>, media_type: &str) -> Result<Blob, BlobError> {
        let hash = BlobHash(self.digest.clone().finalize().into());
        let blob = Blob {
            hash,
            size: self.size as i64,
            media_type: media_type.to_owned(),
        };
        if self.is_there(&hash)? {
            if self.add_type(&blob)? {
                sync_dir(
                    content_path(&self.store.root, &hash)
                        .parent()
                        .expect("below a directory"),
                )?;
            }
            return Ok(blob);
        }
        let aside = self.path.clone().expect("it has no other name yet");
        self.file.sync_all().map_err(disk("sync", &aside))?;
        let path = content_path(&self.store.root, &hash);
        let shelf = path.parent().expect("below a directory");
        make_dir(shelf)?;
        self.add_type(&blob)?;
        let store = self.store.clone();
        let mut known = store.known();
        fs::rename(&aside, &path).map_err(disk("name", &path))?;
        self.path = None;
        sync_dir(shelf)?;
        known.is_whole(hash);
        Ok(blob)
    }
}

impl Writing {
    /// Whether the content is there already, whole and durable. What is there and damaged is replaced by what has come now.
    fn is_there(&self, hash: &BlobHash) -> Result<bool, BlobError> {
        let path = content_path(&self.store.root, hash);
        let is_whole = {
            let known = self.store.known();
            match File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(disk("open", &path)(error)),
                // From now on no sweep takes it.
                Ok(file) => touch(&file).map_err(disk("date", &path))?,
            }
            known.whole.contains(hash)
        };
        if is_whole {
            return Ok(true);
        }
        // The process that wrote it may have ended before its name was durable.
        let mut file = File::open(&path).map_err(disk("open", &path))?;
        match self.store.check(hash, &mut file, &path) {
            Ok(()) => {
                sync_dir(path.parent().expect("below a directory"))?;
                self.store.known().is_whole(*hash);
                Ok(true)
            }
            Err(BlobError::Damaged { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes down the media type, where none is; whether it did. Its name is durable when the directory is.
    fn add_type(&self, blob: &Blob) -> Result<bool, BlobError> {
        let path = type_path(&self.store.root, &blob.hash);
        if blob.media_type.is_empty() || path.exists() {
            return Ok(false);
        }
        let aside = self.store.new_path();
        let mut file = create(&aside)?;
        let text = blob.media_type.as_bytes();
        file.write_all(text).map_err(disk("write", &aside))?;
        file.sync_all().map_err(disk("sync", &aside))?;
        fs::rename(&aside, &path).map_err(disk("name", &path))?;
        Ok(true)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What stays behind is removed at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// A file for its owner only.
fn create(path: &Path) -> Result<File, BlobError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(disk("create", path))
}

/// Makes a directory for its owner only, with those above it, and their names durable.
fn make_dir(path: &Path) -> Result<(), BlobError> {
    if path.is_dir() {
        return Ok(());
    }
    let mut above = Vec::new();
    let mut at = path;
    while let Some(parent) = at.parent().filter(|_| !at.is_dir()) {
        above.push(parent);
        at = parent;
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(disk("create", path))?;
    above
        .into_iter()
        .filter(|parent| !parent.as_os_str().is_empty())
        .try_for_each(sync_dir)
}

fn sync_dir(path: &Path) -> Result<(), BlobError> {
    let dir = File::open(path).map_err(disk("open", path))?;
    dir.sync_all().map_err(disk("sync", path))
}

//! The contents of blobs on the disk, beside the log.
//!
//! ```text
//!   blobs/ab/<64 hexadecimal digits>        a content, by its SHA-256; `ab` are its first two digits
//!   blobs/ab/<64 hexadecimal digits>.type   the media type it first came with, where it had one
//!   blobs/new/<number>                      one on its way in; removed at the next start
//! ```
//!
//! A content gets its name when its bytes are durable, and is there for others when its name is. So a record that names it
//! can be written only behind both, and `kill -9` leaves at most a file in `new`. The time of a file is when it was last kept or asked
//! for: `sweep` goes by that.

mod names;
mod sweep;
mod writing;

pub use sweep::{SWEEP_AGE, SweepError, Swept, listed_json, sweep, swept_json};

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use weir_contract::blobs::{Blob, BlobError, BlobHash, BlobStore, BlobWriter, Kept, Listed};

use names::{NEW_DIR, content_path, hash_of, is_shelf, type_path};

/// Contents in a directory, which one process has for itself.
pub struct FileBlobs(Arc<Inner>);

struct Inner {
    root: PathBuf,
    /// Names files in `new`.
    next: AtomicU64,
    known: Mutex<Known>,
}

/// Held while names come and go, so that a sweep and whoever keeps a content see one another.
#[derive(Default)]
struct Known {
    /// Contents that this process has held against their hashes, and whose names it made durable.
    whole: HashSet<BlobHash>,
}

/// Beyond this many, contents are checked again.
const WHOLE_MAX: usize = 1 << 18;

/// Bytes that are read at a time where the whole is checked.
const CHECK_BYTES: usize = 1 << 20;

impl FileBlobs {
    /// In a directory that need not be there yet, as `DATA/blobs`. Removes what was on its way in when the last process ended.
    pub fn open(root: impl Into<PathBuf>) -> Result<FileBlobs, BlobError> {
        let root = root.into();
        let new = root.join(NEW_DIR);
        for name in names_in(&new).map_err(disk("list", &new))? {
            let path = new.join(name);
            fs::remove_file(&path).map_err(disk("remove", &path))?;
        }
        Ok(FileBlobs(Arc::new(Inner {
            root,
            next: AtomicU64::new(0),
            known: Mutex::default(),
        })))
    }
}

impl BlobStore for FileBlobs {
    fn begin(&self) -> Result<Box<dyn BlobWriter>, BlobError> {
        writing::begin(self.0.clone())
    }

    fn keep(&self, content: &[u8], media_type: &str) -> Result<Blob, BlobError> {
        let blob = Blob::of(content, media_type);
        // A step often makes what is there: nothing need be written again.
        let is_whole = self.0.known().whole.contains(&blob.hash);
        if is_whole
            && let Some(kept) = self.find(&blob.hash)?
            && (kept.media_type == media_type || media_type.is_empty())
        {
            return Ok(blob);
        }
        let mut writer = self.begin()?;
        writer.write(content)?;
        writer.finish(media_type)
    }

    fn find(&self, hash: &BlobHash) -> Result<Option<Kept>, BlobError> {
        let _known = self.0.known();
        let path = content_path(&self.0.root, hash);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk("open", &path)(error)),
        };
        touch(&file).map_err(disk("date", &path))?;
        let size = file.metadata().map_err(disk("look at", &path))?.len();
        Ok(Some(Kept {
            size,
            media_type: self.0.media_type(hash)?,
        }))
    }

    fn read(&self, hash: &BlobHash, from: u64, to: u64) -> Result<Vec<u8>, BlobError> {
        let path = content_path(&self.0.root, hash);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(BlobError::Missing(*hash));
            }
            Err(error) => return Err(disk("open", &path)(error)),
        };
        if !self.0.known().whole.contains(hash) {
            self.0.check(hash, &mut file, &path)?;
            self.0.known().is_whole(*hash);
        }
        let size = file.metadata().map_err(disk("look at", &path))?.len();
        let (from, to) = (from.min(size), to.min(size));
        let mut part = vec![0; to.saturating_sub(from) as usize];
        file.read_exact_at(&mut part, from)
            .map_err(disk("read", &path))?;
        Ok(part)
    }

    fn list(&self) -> Result<Vec<Listed>, BlobError> {
        let root = &self.0.root;
        let mut all = Vec::new();
        for shelf in names_in(root).map_err(disk("list", root))? {
            if !is_shelf(&shelf) {
                continue;
            }
            let shelf = root.join(shelf);
            for name in names_in(&shelf).map_err(disk("list", &shelf))? {
                let Some(hash) = hash_of(&name) else {
                    continue;
                };
                let path = content_path(root, &hash);
                let about = fs::metadata(&path).map_err(disk("look at", &path))?;
                all.push(Listed {
                    hash,
                    kept: Kept {
                        size: about.len(),
                        media_type: self.0.media_type(&hash)?,
                    },
                    age: age(&about).map_err(disk("look at", &path))?,
                });
            }
        }
        all.sort_by_key(|listed| listed.hash);
        Ok(all)
    }

    fn remove_older(&self, hash: &BlobHash, least: Duration) -> Result<bool, BlobError> {
        let mut known = self.0.known();
        let path = content_path(&self.0.root, hash);
        let about = match fs::metadata(&path) {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(disk("look at", &path)(error)),
        };
        // Somebody may have asked for it since it was found to be old.
        if age(&about).map_err(disk("look at", &path))? < least {
            return Ok(false);
        }
        known.whole.remove(hash);
        fs::remove_file(&path).map_err(disk("remove", &path))?;
        let path = type_path(&self.0.root, hash);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(disk("remove", &path)(error)),
            _ => Ok(true),
        }
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics with it")
    }

    /// A name in `new` that nothing has.
    fn new_path(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.root.join(NEW_DIR).join(number.to_string())
    }

    /// Holds a content against its hash.
    fn check(&self, hash: &BlobHash, file: &mut File, path: &Path) -> Result<(), BlobError> {
        let mut digest = Sha256::new();
        let mut part = vec![0; CHECK_BYTES];
        loop {
            match file.read(&mut part).map_err(disk("read", path))? {
                0 => break,
                n => digest.update(&part[..n]),
            }
        }
        match BlobHash(digest.finalize().into()) == *hash {
            true => Ok(()),
            false => Err(BlobError::Damaged {
                hash: *hash,
                place: path.display().to_string(),
            }),
        }
    }

    fn media_type(&self, hash: &BlobHash) -> Result<String, BlobError> {
        let path = type_path(&self.root, hash);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(disk("read", &path)(error)),
        }
    }
}

impl Known {
    fn is_whole(&mut self, hash: BlobHash) {
        if self.whole.len() >= WHOLE_MAX {
            self.whole.clear();
        }
        self.whole.insert(hash);
    }
}

fn touch(file: &File) -> io::Result<()> {
    file.set_modified(SystemTime::now())
}

/// Nothing where the clock went back.
fn age(about: &fs::Metadata) -> io::Result<Duration> {
    Ok(about.modified()?.elapsed().unwrap_or_default())
}

/// The names in a directory; none where there is no directory.
fn names_in(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    entries.map(name).collect()
}

/// What the disk said, with what was done to what.
fn disk<'p>(what: &'static str, path: &'p Path) -> impl Fn(io::Error) -> BlobError + 'p {
    move |error| BlobError::Disk(format!("cannot {what} {}: {error}", path.display()))
}

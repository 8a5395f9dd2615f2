//! The log on files: one physical log for all partitions, so that one
//! fdatasync serves them all.
//!
//! ```text
//!   LOCK            one process
//!   MANIFEST.a .b   where the log begins, twice
//!   log/<n>.seg     segments, one after the other
//!   snap/<p>-<lsn>.snap
//! ```
//!
//! The bytes are described in `FORMAT.md`.

mod commit;
mod envelope;
mod index;
mod lock;
mod manifest;
mod recover;
mod segment;
mod shared;
mod snapshots;
mod source;
mod trim;

use std::any::Any;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use crate::ack::pair;
use crate::frame::Record;
use crate::log::{Durability, Limits, Log, LogError, Tail, Writer, seal};
use crate::lsn::{Epoch, Hlc, Lsn, OwnerId, Partition};
use crate::memory::take_error;
use crate::reader::Reader;
use crate::snapshots::Snapshots;
use crate::storage::Storage;
use crate::storage::real::RealStorage;

use self::commit::{Committer, Committing, keep_prepared};
use self::manifest::{Floor, Found, MANIFEST_FILES, Manifest};
use self::recover::{Recovered, io_error, recover};
pub(crate) use self::segment::SEGMENT_DIR;
use self::segment::{SEGMENT_HEADER_BYTES, frame_bytes_max, prepare, segment_file};
use self::shared::{Core, Shared};
use self::snapshots::FileSnapshots;
pub(crate) use self::snapshots::SNAPSHOT_DIR;
use self::source::FileSource;
use self::trim::Trimming;

/// How a log is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The size of a segment, from 1 KiB to 1 GiB, a multiple of 8. Chosen when
    /// the log is made; an existing log keeps its own.
    pub segment_bytes: u32,
    /// Segments kept ready by a thread of their own; 0 makes each one when it is
    /// needed, on the committing thread.
    pub prepare_ahead: usize,
    /// Frames accepted and not yet durable, over all partitions.
    pub in_flight_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            segment_bytes: 16 << 20,
            prepare_ahead: 1,
            in_flight_max: 8192,
        }
    }
}

/// A log in a directory. Dropping it writes what is queued and lets go of the directory.
pub struct FileLog {
    shared: Arc<Shared>,
    committing: Arc<Committing>,
    snapshots: Arc<FileSnapshots>,
    trimming: Trimming,
    threads: Vec<JoinHandle<()>>,
    /// Held until the threads have ended.
    _lock: Box<dyn Any + Send + Sync>,
}

impl FileLog {
    /// Open the log in a directory, or make one.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<FileLog, LogError> {
        FileLog::open_on(Arc::new(RealStorage::new(dir.as_ref())), options)
    }

    /// The same on any storage.
    pub fn open_on(storage: Arc<dyn Storage>, options: Options) -> Result<FileLog, LogError> {
        assert!(
            (1 << 10..=1 << 30).contains(&options.segment_bytes)
                && options.segment_bytes.is_multiple_of(8),
            "a segment has 1 KiB to 1 GiB, in steps of 8 bytes"
        );
        storage
            .create_dir("")
            .map_err(io_error("create", "the directory"))?;
        let lock = lock::lock(&*storage)?;
        for dir in [SEGMENT_DIR, SNAPSHOT_DIR] {
            storage.create_dir(dir).map_err(io_error("create", dir))?;
        }
        storage
            .sync_dir("")
            .map_err(io_error("sync", "the directory"))?;
        let snapshots = Arc::new(FileSnapshots::new(storage.clone()));
        snapshots.clean()?;
        let opened = load_or_make(&*storage, &snapshots, options.segment_bytes)
            .and_then(|manifest| Ok((recover(&*storage, &manifest)?, manifest)));
        let (recovered, manifest) = opened.map_err(|error| match error {
            LogError::Damaged(mut damage) => {
                let whole = snapshots.whole().unwrap_or_default();
                damage.restore = whole.iter().map(snapshots::file_name).collect();
                LogError::Damaged(damage)
            }
            other => other,
        })?;
        start(storage, options, snapshots, lock, manifest, recovered)
    }
}

/// A chance number; only has to differ from that of other logs.
fn new_log_id() -> u128 {
    let half = || RandomState::new().build_hasher().finish() as u128;
    (half() << 64) | half()
}

fn load_or_make(
    storage: &dyn Storage,
    snapshots: &FileSnapshots,
    segment_bytes: u32,
) -> Result<Manifest, LogError> {
    let damaged = |file: String, what: &str| {
        let what = what.to_string();
        LogError::Damaged(crate::log::Damage {
            file,
            offset: 0,
            what,
            restore: Vec::new(),
        })
    };
    match manifest::load(storage).map_err(io_error("read", "the manifest"))? {
        Found::Newest(manifest, false) => Ok(manifest),
        Found::Newest(mut manifest, true) => {
            manifest.generation += 1;
            manifest
                .store(storage)
                .map_err(io_error("write", "the manifest"))?;
            Ok(manifest)
        }
        Found::Bad => Err(damaged(
            MANIFEST_FILES[0].to_string(),
            "no copy of the manifest is whole",
        )),
        Found::Nothing => {
            // Before the first manifest no frame is ever written, so a segment
            // with anything in it means that the manifests were lost.
            for name in storage
                .list(SEGMENT_DIR)
                .map_err(io_error("list", SEGMENT_DIR))?
            {
                let path = format!("{SEGMENT_DIR}/{name}");
                let bytes =
                    crate::storage::read_all(storage, &path).map_err(io_error("read", &path))?;
                if bytes
                    .iter()
                    .skip(SEGMENT_HEADER_BYTES)
                    .any(|byte| *byte != 0)
                {
                    return Err(damaged(
                        MANIFEST_FILES[0].to_string(),
                        "the manifest is missing, but there are frames",
                    ));
                }
            }
            let log_id = new_log_id();
            prepare(storage, log_id, 1, segment_bytes, None)
                .map_err(io_error("make", &segment_file(1)))?;
            // Who restores keeps the snapshots and nothing else: the log goes on behind them. Positions are never
            // given twice, or what comes now would be taken for what is in a snapshot already.
            let whole = snapshots.whole()?.into_iter();
            let floors = whole
                .map(|id| (id.partition, Floor::behind(id.at)))
                .collect();
            let manifest = Manifest {
                generation: 1,
                log_id,
                segment_bytes,
                first_segment: 1,
                floors,
            };
            manifest
                .store(storage)
                .map_err(io_error("write", "the manifest"))?;
            Ok(manifest)
        }
    }
}

fn start(
    storage: Arc<dyn Storage>,
    options: Options,
    snapshots: Arc<FileSnapshots>,
    lock: Box<dyn Any + Send + Sync>,
    manifest: Manifest,
    found: Recovered,
) -> Result<FileLog, LogError> {
    let Recovered {
        parts,
        segments,
        ends,
        prepared,
        mut spares,
        tail,
        seq,
        term,
    } = found;
    for extra in spares.split_off(spares.len().min(options.prepare_ahead.max(1))) {
        storage.remove(&extra).map_err(io_error("remove", &extra))?;
    }
    let active = segments[&tail.segment].clone();
    let core = Core {
        parts,
        queue: VecDeque::new(),
        queued_bytes: 0,
        in_flight: 0,
        poisoned: None,
        closing: false,
        idle: false,
        waiting_readers: 0,
        next_number: tail.segment + 1 + prepared.len() as u64,
        segments,
        ends,
        tail,
        ready: prepared,
        spares,
        no_room: false,
    };
    let shared = Arc::new(Shared {
        storage,
        log_id: manifest.log_id,
        seed: envelope::checksum_seed(manifest.log_id),
        segment_bytes: manifest.segment_bytes,
        term,
        prepare_ahead: options.prepare_ahead,
        in_flight_max: options.in_flight_max,
        core: Mutex::new(core),
        work: Condvar::new(),
        grown: Condvar::new(),
        prepared: Condvar::new(),
    });
    let mut committer = Committer::new(shared.clone(), active, tail, seq);
    // What was recovered is durable now; say so, for the next opening.
    committer
        .open()
        .map_err(io_error("write", &segment_file(tail.segment)))?;
    let committing = Arc::new(Committing::new(committer));
    let mut log = FileLog {
        shared: shared.clone(),
        committing: committing.clone(),
        snapshots,
        trimming: Trimming::new(manifest),
        threads: Vec::new(),
        _lock: lock,
    };
    log.spawn("weir-log-commit", move || committing.run())?;
    if options.prepare_ahead > 0 {
        log.spawn("weir-log-prepare", move || keep_prepared(&shared))?;
    }
    Ok(log)
}

impl FileLog {
    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), LogError> {
        let thread = std::thread::Builder::new()
            .name(name.to_string())
            .spawn(work);
        self.threads
            .push(thread.map_err(io_error("start the thread", name))?);
        Ok(())
    }
}

impl Drop for FileLog {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.work.notify_all();
        self.shared.prepared.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has completed its acks as unknown.
            let _ = thread.join();
        }
    }
}

impl Log for FileLog {
    fn take(&self, partition: Partition, owner: OwnerId) -> Result<Writer, LogError> {
        let (ack, done) = pair();
        let after = {
            let mut core = self.shared.lock();
            core.check()?;
            let part = core.parts.entry(partition).or_default();
            let epoch = Epoch(part.sequenced.epoch.0 + 1);
            let sealed = seal(
                partition,
                part.sequenced,
                epoch,
                Hlc(0),
                vec![Record::epoch(owner)],
            );
            let after = sealed.after;
            if let Err((error, _)) = self.shared.enqueue(&mut core, sealed, done) {
                return Err(take_error(error));
            }
            after
        };
        ack.wait().map_err(take_error)?;
        let bytes_max = frame_bytes_max(self.shared.segment_bytes);
        Ok(Writer::new(
            partition,
            after,
            bytes_max,
            self.committing.clone(),
        ))
    }

    fn read(
        &self,
        partition: Partition,
        from: Lsn,
        until: Option<Lsn>,
    ) -> Result<Reader, LogError> {
        let trimmed = self.tail(partition)?.trimmed;
        if from.max(Lsn::FIRST) <= trimmed {
            return Err(LogError::Trimmed {
                first: trimmed.plus(1),
            });
        }
        Ok(Reader::new(
            partition,
            from,
            until,
            Box::new(FileSource::new(self.shared.clone())),
        ))
    }

    fn tail(&self, partition: Partition) -> Result<Tail, LogError> {
        let core = self.shared.lock();
        Ok(core
            .parts
            .get(&partition)
            .map_or_else(|| index::Part::default().tail(), index::Part::tail))
    }

    fn trim(&self, writer: &Writer, up_to: Lsn) -> Result<(), LogError> {
        self.trimming
            .trim(&self.shared, &*self.snapshots, writer, up_to)
    }

    fn limits(&self) -> Limits {
        Limits {
            frame_bytes_max: frame_bytes_max(self.shared.segment_bytes),
            in_flight_max: self.shared.in_flight_max,
            durable: Durability::Disk,
        }
    }

    fn snapshots(&self) -> Arc<dyn Snapshots> {
        self.snapshots.clone()
    }
}

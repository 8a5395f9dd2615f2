//! Contents on the disk: what a store promises, in memory and on files; damage, files that are left over, and what a sweep leaves alone.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use weir_contract::blobs::{Blob, BlobError, BlobHash, BlobStore, Kept, MemoryBlobs};
use weir_log::{
    Epoch, Hlc, Limits, Log, LogError, Lsn, MemoryLog, OwnerId, Partition, Reader, Record,
    RecordKind, Snapshots, Tail, Writer,
};
use weir_node::blobs::{SWEEP_AGE, sweep};
use weir_node::{FileBlobs, PARTITION};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("weir-blob-store-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    fn open(&self) -> FileBlobs {
        FileBlobs::open(self.0.join("blobs")).expect("it can be read")
    }

    fn file(&self, blob: &Blob) -> PathBuf {
        let name = blob.hash.to_string();
        self.0.join("blobs").join(&name[..2]).join(name)
    }

    /// As if nobody had asked for it for three days.
    fn make_old(&self, blob: &Blob) {
        let then = SystemTime::now() - Duration::from_secs(3 * 86_400);
        let file = fs::File::open(self.file(blob)).unwrap();
        file.set_modified(then).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_store_gives_back_what_was_kept() {
    let folder = Folder::new();
    let stores: [&dyn BlobStore; 2] = [&MemoryBlobs::default(), &folder.open()];
    for store in stores {
        assert_eq!(store.list().unwrap(), []);
        let nothing = store.keep(b"", "").unwrap();
        assert_eq!((nothing.size, nothing.media_type.as_str()), (0, ""));
        assert_eq!(store.read(&nothing.hash, 0, 9).unwrap(), b"");
        let mut writer = store.begin().unwrap();
        writer.write(b"hello ").unwrap();
        writer.write(b"you").unwrap();
        assert_eq!(writer.size(), 9);
        let blob = writer.finish("text/plain").unwrap();
        assert_eq!(blob, Blob::of(b"hello you", "text/plain"));
        // The same content again, as something else: its first type stays the one that is asked for.
        assert_eq!(store.keep(b"hello you", "text/html").unwrap().size, 9);
        let kept = Kept {
            size: 9,
            media_type: "text/plain".to_owned(),
        };
        assert_eq!(store.find(&blob.hash).unwrap(), Some(kept));
        assert_eq!(store.read(&blob.hash, 0, 5).unwrap(), b"hello");
        assert_eq!(store.read(&blob.hash, 6, 99).unwrap(), b"you");
        assert_eq!(store.read(&blob.hash, 99, 100).unwrap(), b"");
        assert_eq!(store.list().unwrap().len(), 2);
        let none = BlobHash::of(b"never kept");
        assert_eq!(store.find(&none).unwrap(), None);
        assert_eq!(store.read(&none, 0, 1), Err(BlobError::Missing(none)));
        // One that is given up leaves nothing.
        store.begin().unwrap().write(b"half").unwrap();
        assert_eq!(store.list().unwrap().len(), 2);
        // What is young stays, whoever wants to be rid of it.
        assert!(
            !store
                .remove_older(&blob.hash, Duration::from_secs(60))
                .unwrap()
        );
        assert!(store.remove_older(&blob.hash, Duration::ZERO).unwrap());
        assert!(!store.remove_older(&blob.hash, Duration::ZERO).unwrap());
        assert_eq!(store.find(&blob.hash).unwrap(), None);
    }
}

#[test]
fn contents_are_there_after_a_restart_and_halves_are_not() {
    let folder = Folder::new();
    let store = folder.open();
    let blob = store.keep(b"kept", "image/png").unwrap();
    let mut writer = store.begin().unwrap();
    writer.write(b"half").unwrap();
    // As a kill leaves it.
    std::mem::forget(writer);
    let new = folder.0.join("blobs/new");
    assert_eq!(fs::read_dir(&new).unwrap().count(), 1);
    let store = folder.open();
    assert_eq!(fs::read_dir(&new).unwrap().count(), 0);
    assert_eq!(store.read(&blob.hash, 0, 4).unwrap(), b"kept");
    assert_eq!(
        store.find(&blob.hash).unwrap().unwrap().media_type,
        "image/png"
    );
}

#[test]
fn damage_is_told_with_the_file_and_mended_by_the_content() {
    let folder = Folder::new();
    let blob = folder.open().keep(b"content", "").unwrap();
    fs::write(folder.file(&blob), b"confent").unwrap();
    let store = folder.open();
    let error = store.read(&blob.hash, 0, 1).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains(folder.file(&blob).to_str().unwrap()),
        "{said}"
    );
    assert!(said.contains("is damaged"), "{said}");
    // Whoever sends the content again puts it right.
    store.keep(b"content", "").unwrap();
    assert_eq!(store.read(&blob.hash, 0, 99).unwrap(), b"content");
    // One that was found whole and is cut afterwards is never passed off as whole.
    fs::write(folder.file(&blob), b"con").unwrap();
    assert_eq!(store.read(&blob.hash, 0, 99).unwrap(), b"con");
    assert!(folder.open().read(&blob.hash, 0, 99).is_err());
}

#[test]
fn a_sweep_removes_what_is_old_and_named_nowhere() {
    let folder = Folder::new();
    let store = folder.open();
    let log = MemoryLog::new();
    let keep = |text: &str| store.keep(text.as_bytes(), "text/plain").unwrap();
    let (in_record, in_snapshot) = (keep("in a record"), keep("in a snapshot"));
    let (old, young, as_text) = (keep("old"), keep("young"), keep("as text"));
    let mut writer = log.take(PARTITION, OwnerId(1)).unwrap();
    assert!(writer.epoch() > Epoch::default());
    let body = [
        b"before".as_slice(),
        &in_record.hash.0,
        as_text.hash.to_string().as_bytes(),
    ]
    .concat();
    let record = Record {
        kind: RecordKind(9),
        tags: Vec::new(),
        body,
    };
    let at = writer.next();
    writer.append(Hlc::default(), vec![record]).wait().unwrap();
    let body = [b"state".as_slice(), &in_snapshot.hash.0].concat();
    log.snapshots().put(PARTITION, at, &body).unwrap();
    for blob in [&in_record, &in_snapshot, &old, &as_text] {
        folder.make_old(blob);
    }
    let dry = sweep(&log, &store, SWEEP_AGE, true).unwrap();
    assert_eq!((dry.removed.len(), dry.bytes(), dry.left), (1, 3, 4));
    assert_eq!(store.list().unwrap().len(), 5);
    let swept = sweep(&log, &store, SWEEP_AGE, false).unwrap();
    assert_eq!(swept.removed[0].hash, old.hash);
    assert_eq!((swept.removed.len(), swept.bytes(), swept.left), (1, 3, 4));
    assert_eq!(store.find(&old.hash).unwrap(), None);
    assert!(store.find(&young.hash).unwrap().is_some());
    assert!(!folder.file(&old).with_extension("type").exists());
    // Whoever asks for a content makes it young.
    folder.make_old(&young);
    store.find(&young.hash).unwrap();
    assert!(
        sweep(&log, &store, SWEEP_AGE, false)
            .unwrap()
            .removed
            .is_empty()
    );
    folder.make_old(&young);
    assert_eq!(
        sweep(&log, &store, SWEEP_AGE, false).unwrap().removed.len(),
        1
    );
}

type Move<'a> = Box<dyn FnOnce(&MemoryLog) + Send + 'a>;

/// A log whose node goes on while it is looked at.
struct Moving<'a> {
    log: MemoryLog,
    before_tail: Mutex<Option<Move<'a>>>,
}

impl Log for Moving<'_> {
    fn take(&self, partition: Partition, owner: OwnerId) -> Result<Writer, LogError> {
        self.log.take(partition, owner)
    }

    fn read(&self, of: Partition, from: Lsn, until: Option<Lsn>) -> Result<Reader, LogError> {
        self.log.read(of, from, until)
    }

    fn tail(&self, partition: Partition) -> Result<Tail, LogError> {
        if let Some(move_on) = self.before_tail.lock().unwrap().take() {
            move_on(&self.log);
        }
        self.log.tail(partition)
    }

    fn trim(&self, writer: &Writer, up_to: Lsn) -> Result<(), LogError> {
        self.log.trim(writer, up_to)
    }

    fn limits(&self) -> Limits {
        self.log.limits()
    }

    fn snapshots(&self) -> Arc<dyn Snapshots> {
        self.log.snapshots()
    }
}

#[test]
fn a_sweep_sees_what_goes_from_the_log_into_a_snapshot_meanwhile() {
    let folder = Folder::new();
    let store = folder.open();
    let log = MemoryLog::new();
    let blob = store.keep(b"named", "").unwrap();
    folder.make_old(&blob);
    let mut writer = log.take(PARTITION, OwnerId(1)).unwrap();
    let record = Record {
        kind: RecordKind(9),
        tags: Vec::new(),
        body: blob.hash.0.to_vec(),
    };
    let at = writer.next();
    writer.append(Hlc::default(), vec![record]).wait().unwrap();
    let log = Moving {
        log,
        before_tail: Mutex::new(Some(Box::new(|log: &MemoryLog| {
            log.snapshots().put(PARTITION, at, &blob.hash.0).unwrap();
            log.trim(&writer, at).unwrap();
        }))),
    };
    let swept = sweep(&log, &store, SWEEP_AGE, false).unwrap();
    assert!(swept.removed.is_empty());
    assert!(store.find(&blob.hash).unwrap().is_some());
}

#[test]
fn a_sweep_of_a_log_whose_snapshots_are_gone_ends_and_removes_nothing() {
    let folder = Folder::new();
    let store = folder.open();
    let blob = store.keep(b"named by nobody knows what", "").unwrap();
    folder.make_old(&blob);
    let log = MemoryLog::new();
    let mut writer = log.take(PARTITION, OwnerId(1)).unwrap();
    let record = Record::new(RecordKind(99), "x");
    let at = writer.append(Hlc(0), vec![record]).wait().unwrap();
    let id = log.snapshots().put(PARTITION, at, b"state").unwrap();
    log.trim(&writer, at).unwrap();
    log.snapshots().delete(&id).unwrap();
    let swept = sweep(&log, &store, SWEEP_AGE, false);
    let why = swept.expect_err("what the snapshot named is not known");
    assert!(why.to_string().contains("trimmed"), "{why}");
    assert_eq!(store.list().unwrap().len(), 1);
}

//! The rules of the log, tried on every implementation.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use weir_log::conformance::{Subject, run};
use weir_log::memory::Fault;
use weir_log::storage::sim::SimStorage;
use weir_log::{FileLog, Log, MemoryLog, Options};

#[derive(Default)]
struct Memory {
    last: Mutex<MemoryLog>,
}

impl Subject for Memory {
    fn fresh(&self) -> Arc<dyn Log> {
        let log = MemoryLog::new();
        *self.last.lock().unwrap() = log.clone();
        Arc::new(log)
    }

    fn reopen(&self, _log: Arc<dyn Log>) -> Option<Arc<dyn Log>> {
        None
    }

    fn lose_next(&self) -> bool {
        self.last
            .lock()
            .unwrap()
            .plan(1, Fault::Unknown { landed: false });
        true
    }
}

#[test]
fn memory_keeps_the_rules() {
    run(&Memory::default());
}

/// Files on the simulated disk, in segments so small that every rule rolls.
struct Simulated {
    options: Options,
    last: Mutex<SimStorage>,
}

impl Subject for Simulated {
    fn fresh(&self) -> Arc<dyn Log> {
        let storage = SimStorage::new();
        *self.last.lock().unwrap() = storage.clone();
        Arc::new(FileLog::open_on(Arc::new(storage), self.options).unwrap())
    }

    fn reopen(&self, log: Arc<dyn Log>) -> Option<Arc<dyn Log>> {
        drop(log);
        let storage = self.last.lock().unwrap().clone();
        storage.kill();
        Some(Arc::new(
            FileLog::open_on(Arc::new(storage), self.options).unwrap(),
        ))
    }

    fn lose_next(&self) -> bool {
        self.last.lock().unwrap().fail_syncs(true);
        true
    }
}

#[test]
fn files_on_a_simulated_disk_keep_the_rules() {
    for prepare_ahead in [0, 1, 2] {
        let options = Options {
            segment_bytes: 2048,
            prepare_ahead,
            ..Options::default()
        };
        run(&Simulated {
            options,
            last: Mutex::default(),
        });
    }
}

/// Files on the real disk.
struct Real {
    root: PathBuf,
    count: AtomicU32,
}

impl Real {
    fn open(&self) -> Arc<dyn Log> {
        let dir = self
            .root
            .join(self.count.load(Ordering::Relaxed).to_string());
        let options = Options {
            segment_bytes: 64 << 10,
            ..Options::default()
        };
        Arc::new(FileLog::open(dir, options).unwrap())
    }
}

impl Subject for Real {
    fn fresh(&self) -> Arc<dyn Log> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.open()
    }

    fn reopen(&self, log: Arc<dyn Log>) -> Option<Arc<dyn Log>> {
        drop(log);
        Some(self.open())
    }

    fn lose_next(&self) -> bool {
        false
    }
}

#[test]
fn files_on_the_real_disk_keep_the_rules() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    let _ = std::fs::remove_dir_all(&root);
    run(&Real {
        root: root.clone(),
        count: AtomicU32::new(0),
    });
    std::fs::remove_dir_all(&root).unwrap();
}

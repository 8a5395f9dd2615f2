//! The N-th call of the disk fails, or the power goes there, for N = 1, 2, 3,
//! ... until the whole script runs untouched. Whatever happened, opening again
//! finds all that was acknowledged and nothing that was not sent.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use weir_log::conformance::{KIND, append, frames, records, take, text};
use weir_log::storage::sim::{DiskFault, SimStorage};
use weir_log::{
    AppendError, FileLog, Hlc, Log, LogError, Lsn, Options, OwnerId, Partition, RecordKind, Writer,
};

const PARTITIONS: [Partition; 2] = [Partition(0), Partition(1)];
const OPTIONS: Options = Options {
    segment_bytes: 1024,
    prepare_ahead: 0,
    in_flight_max: 100,
};

fn open(storage: &SimStorage) -> Result<FileLog, LogError> {
    FileLog::open_on(Arc::new(storage.clone()), OPTIONS)
}

/// What the script did, by partition and position.
#[derive(Default)]
struct History {
    sent: BTreeMap<(Partition, Lsn), Vec<String>>,
    acknowledged: BTreeMap<(Partition, Lsn), String>,
    snapshots: BTreeMap<Partition, Lsn>,
    trimmed: BTreeMap<Partition, Lsn>,
}

impl History {
    fn append(
        &mut self,
        writer: &mut Writer,
        burst: usize,
        round: &str,
    ) -> Result<(), AppendError> {
        let mut acks = Vec::new();
        for nth in 0..burst {
            let (at, partition) = (writer.next(), writer.partition());
            let body = format!("{round}.{}.{nth}", partition.0);
            self.sent
                .entry((partition, at))
                .or_default()
                .push(body.clone());
            // The first of a burst finds the log idle and is committed on this thread.
            let ack = match nth {
                0 => writer.append_here(Hlc(0), records(&[&body])),
                _ => writer.append(Hlc(0), records(&[&body])),
            };
            acks.push(((partition, at), body.clone(), ack));
        }
        let mut result = Ok(());
        for (place, body, ack) in acks {
            match ack.wait() {
                Ok(at) => {
                    assert_eq!(at, place.1);
                    assert!(
                        result.is_ok(),
                        "nothing behind a failed frame is acknowledged"
                    );
                    self.acknowledged.insert(place, body);
                }
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Open, append, roll, snapshot, trim, open again; up to the first failure.
    fn script(&mut self, storage: &SimStorage) -> Option<()> {
        for round in ["first", "second"] {
            let log = open(storage).ok()?;
            let mut writers = Vec::new();
            for partition in PARTITIONS {
                writers.push(log.take(partition, OwnerId(1)).ok()?);
            }
            for burst in [1, 3, 2] {
                for writer in &mut writers {
                    self.append(writer, burst, &format!("{round}{burst}"))
                        .ok()?;
                }
            }
            for writer in &writers {
                let (partition, at) = (writer.partition(), writer.next().before());
                log.snapshots()
                    .put(partition, at, at.to_string().as_bytes())
                    .ok()?;
                self.snapshots.insert(partition, at);
                let up_to = Lsn(at.0 - 1);
                self.trimmed.insert(partition, up_to);
                log.trim(writer, up_to).ok()?;
            }
            self.append(&mut writers[0], 2, &format!("{round}-after"))
                .ok()?;
        }
        Some(())
    }

    /// What is in the log against what was done.
    fn check(&self, log: &FileLog, case: &str) {
        for partition in PARTITIONS {
            let trimmed = log.tail(partition).unwrap().trimmed;
            let may_be_trimmed = self.trimmed.get(&partition).copied().unwrap_or(Lsn::ZERO);
            assert!(trimmed <= may_be_trimmed, "{case}: trimmed {trimmed}");
            let newest = log
                .snapshots()
                .newest(partition, Lsn::MAX)
                .unwrap()
                .map(|found| {
                    assert_eq!(found.body, found.id.at.to_string().as_bytes(), "{case}");
                    found.id.at
                });
            assert!(
                newest >= self.snapshots.get(&partition).copied(),
                "{case}: a stored snapshot is gone"
            );
            assert!(
                trimmed == Lsn::ZERO || newest >= Some(trimmed),
                "{case}: trimmed beyond the snapshot"
            );
            let mut found = BTreeMap::new();
            for frame in frames(log, partition, trimmed.plus(1)) {
                for (lsn, record) in (frame.base.0..).map(Lsn).zip(frame.records) {
                    if record.kind != RecordKind::EPOCH {
                        found.insert((partition, lsn), String::from_utf8(record.body).unwrap());
                    }
                }
            }
            for (place, body) in &found {
                let sent = self.sent.get(place).is_some_and(|sent| sent.contains(body));
                assert!(sent, "{case}: {place:?} {body} was never sent");
            }
            for (place, body) in self
                .acknowledged
                .range((partition, trimmed.plus(1))..=(partition, Lsn::MAX))
            {
                assert_eq!(
                    found.get(place),
                    Some(body),
                    "{case}: {place:?} was acknowledged"
                );
            }
        }
    }
}

/// Start again as `seed` says: the process was killed (0), or the power went.
fn restart(storage: &SimStorage, seed: u64) {
    match seed {
        0 => storage.kill(),
        _ => storage.power_cycle(seed),
    }
}

#[test]
fn the_nth_call_fails_or_crashes() {
    let faults = [
        DiskFault::Fail(ErrorKind::Other),
        DiskFault::Fail(ErrorKind::StorageFull),
        DiskFault::Crash,
    ];
    for fault in faults {
        for seed in 0..4 {
            let mut nth = 0;
            loop {
                nth += 1;
                let case = format!("{fault:?} at call {nth}, restart {seed}");
                let storage = SimStorage::new();
                let mut history = History::default();
                storage.plan(nth, fault);
                let whole = history.script(&storage).is_some();
                let untouched = storage.unplan();
                restart(&storage, seed * 1000 + nth * u64::from(seed != 0));
                let log = open(&storage).unwrap_or_else(|error| panic!("{case}: {error}"));
                history.check(&log, &case);
                // It can be written to, and that is found by one more opening.
                for partition in PARTITIONS {
                    history
                        .append(&mut take(&log, partition), 2, "more")
                        .unwrap();
                }
                drop(log);
                storage.power_cycle(seed + nth);
                let log = open(&storage).unwrap_or_else(|error| panic!("{case}, again: {error}"));
                history.check(&log, &case);
                if untouched {
                    assert!(whole, "{case}: the script fails by itself");
                    assert!(nth > 100, "the script makes many calls");
                    break;
                }
            }
        }
    }
}

#[test]
fn a_second_crash_while_recovering() {
    for first in (10..150).step_by(7) {
        for seed in 1..3 {
            let base = SimStorage::new();
            let mut history = History::default();
            base.plan(first, DiskFault::Crash);
            history.script(&base);
            base.power_cycle(seed + first);
            let mut nth = 0;
            loop {
                nth += 1;
                let case =
                    format!("crash at call {first}, then at call {nth} of recovery, seed {seed}");
                let storage = base.copy();
                storage.plan(nth, DiskFault::Crash);
                drop(open(&storage));
                let untouched = storage.unplan();
                storage.power_cycle(seed * 31 + nth);
                let log = open(&storage).unwrap_or_else(|error| panic!("{case}: {error}"));
                history.check(&log, &case);
                if untouched {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_failed_sync_stops_the_log_for_good() {
    let storage = SimStorage::new();
    let log = open(&storage).unwrap();
    let mut writer = take(&log, PARTITIONS[0]);
    append(&mut writer, &["a"]);
    storage.fail_syncs(true);
    assert_eq!(
        writer.append(Hlc(0), records(&["b"])).wait(),
        Err(AppendError::Unknown)
    );
    storage.fail_syncs(false);
    assert_eq!(
        writer.append(Hlc(0), records(&["c"])).wait(),
        Err(AppendError::Unknown)
    );
    assert!(matches!(
        log.take(PARTITIONS[1], OwnerId(1)),
        Err(LogError::Poisoned { .. })
    ));
    assert_eq!(
        text(&log, PARTITIONS[0], Lsn::FIRST),
        "2:a",
        "what is durable can still be read"
    );
}

#[test]
fn a_full_disk_refuses_and_resumes_by_itself() {
    let storage = SimStorage::new();
    let options = Options {
        prepare_ahead: 1,
        ..OPTIONS
    };
    let log = FileLog::open_on(Arc::new(storage.clone()), options).unwrap();
    let mut writer = take(&log, PARTITIONS[0]);
    storage.set_bytes_max(Some(4096));
    let mut sent = 0;
    let refused = loop {
        match writer.append(Hlc(0), records(&["x"])).wait() {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 1000, "the disk never fills");
    };
    assert_eq!(refused, AppendError::Full);
    assert_eq!(
        frames(&log, PARTITIONS[0], Lsn(2)).len(),
        sent,
        "reads go on"
    );
    storage.set_bytes_max(None);
    let resumed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        // A frame that was in flight when the room ended broke the writer.
        log.take(PARTITIONS[0], OwnerId(2)).is_ok()
    });
    assert!(resumed, "there is room again");
    append(&mut take(&log, PARTITIONS[0]), &["y"]);
    let all = frames(&log, PARTITIONS[0], Lsn::FIRST);
    let written = all
        .iter()
        .flat_map(|frame| &frame.records)
        .filter(|record| record.kind == KIND)
        .count();
    assert_eq!(written, sent + 1);
}

#[test]
fn a_snapshot_that_finds_the_disk_full_gives_the_room_back() {
    let storage = SimStorage::new();
    let log = open(&storage).unwrap();
    let mut writer = take(&log, PARTITIONS[0]);
    append(&mut writer, &["x"]);
    let names = storage.names();
    storage.set_bytes_max(Some(64 << 10));
    let at = writer.next().before();
    let put = log.snapshots().put(PARTITIONS[0], at, &[7; 128 << 10]);
    assert!(matches!(put, Err(LogError::Io { .. })), "{put:?}");
    assert_eq!(storage.names(), names);
}

#[test]
fn a_directory_is_for_one() {
    let storage = SimStorage::new();
    let log = open(&storage).unwrap();
    assert!(matches!(open(&storage), Err(LogError::Locked { .. })));
    drop(log);
    open(&storage).unwrap();
}

#[test]
fn segments_are_used_again_after_trimming() {
    let storage = SimStorage::new();
    let log = open(&storage).unwrap();
    let mut writer = take(&log, PARTITIONS[0]);
    for _ in 0..100 {
        append(&mut writer, &["some text that fills a segment"]);
        let at = writer.next().before();
        let id = log.snapshots().put(PARTITIONS[0], at, b"s").unwrap();
        log.trim(&writer, at).unwrap();
        log.snapshots().delete(&id).unwrap();
    }
    let segments = storage
        .names()
        .iter()
        .filter(|name| name.ends_with(".seg"))
        .count();
    assert!(segments <= 3, "{:?}", storage.names());
}

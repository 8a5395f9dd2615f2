//! The real disk and real processes: a child that appends is killed at random
//! moments; every frame it reported as acknowledged must be there.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use weir_log::conformance::{frames, records, take};
use weir_log::{FileLog, Hlc, Log, LogError, Lsn, Options, Partition};

const CHILD_DIR: &str = "WEIR_LOG_TEST_CHILD_DIR";
const OPTIONS: Options = Options {
    segment_bytes: 32 << 10,
    prepare_ahead: 1,
    in_flight_max: 1000,
};
const PARTITIONS: u16 = 3;

fn scratch(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

/// Not a test by itself: what the child does. Returns at once in the parent.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let log = FileLog::open(dir, OPTIONS).unwrap();
    let mut writers: Vec<_> = (0..PARTITIONS)
        .map(|partition| take(&log, Partition(partition)))
        .collect();
    let out = Arc::new(Mutex::new(std::io::stdout()));
    for round in 0u64.. {
        for writer in &mut writers {
            let mut last = None;
            for _ in 0..1 + round % 5 {
                let (at, partition) = (writer.next(), writer.partition());
                let ack = writer.append(Hlc(0), records(&[&format!("{} {at}", partition.0)]));
                let out = out.clone();
                last = Some(at);
                ack.on_done(move |outcome| {
                    if outcome.is_ok() {
                        let _ = writeln!(out.lock().unwrap(), "acknowledged {} {at}", partition.0);
                    }
                });
            }
            if round % 40 == 39
                && let Some(at) = last
            {
                // Everything up to the round before is durable for sure.
                let up_to = log.tail(writer.partition()).unwrap().next.before().min(at);
                log.snapshots()
                    .put(writer.partition(), up_to, b"state")
                    .unwrap();
                log.trim(writer, up_to.before()).unwrap();
            }
        }
    }
}

fn run_and_kill(dir: &Path, after: Duration) -> Vec<(u16, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        let mut acknowledged = Vec::new();
        for line in lines.map_while(Result::ok) {
            let mut words = line.split(' ');
            if words.next() != Some("acknowledged") {
                continue;
            }
            // The last line may have been cut off by the kill.
            if let (Some(Ok(partition)), Some(Ok(at))) =
                (words.next().map(str::parse), words.next().map(str::parse))
            {
                acknowledged.push((partition, at));
            }
        }
        acknowledged
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut acknowledged = reader.join().unwrap();
    acknowledged.pop();
    acknowledged
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let dir = scratch("killed");
    let mut total = 0;
    let mut all: Vec<(u16, u64)> = Vec::new();
    for round in 0..12 {
        let chance = RandomState::new().build_hasher().finish() % 120;
        all.extend(run_and_kill(&dir, Duration::from_millis(20 + chance)));
        let log =
            FileLog::open(&dir, OPTIONS).unwrap_or_else(|error| panic!("round {round}: {error}"));
        for partition in 0..PARTITIONS {
            let trimmed = log.tail(Partition(partition)).unwrap().trimmed;
            let newest = log
                .snapshots()
                .newest(Partition(partition), Lsn::MAX)
                .unwrap();
            assert!(trimmed == Lsn::ZERO || newest.unwrap().id.at >= trimmed);
            let mut found = std::collections::BTreeMap::new();
            for frame in frames(&log, Partition(partition), trimmed.plus(1)) {
                found.insert(frame.base.0, frame.records[0].body.clone());
            }
            for (_, at) in all
                .iter()
                .filter(|(of, at)| *of == partition && *at > trimmed.0)
            {
                let body = format!("{partition} {at}");
                assert_eq!(
                    found.get(at).map(Vec::as_slice),
                    Some(body.as_bytes()),
                    "round {round}"
                );
            }
        }
        total = all.len();
    }
    assert!(
        total > 100,
        "only {total} frames were acknowledged in all rounds"
    );
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_directory_is_for_one_process_and_one_user() {
    let dir = scratch("locked");
    let log = FileLog::open(&dir, OPTIONS).unwrap();
    assert!(matches!(
        FileLog::open(&dir, OPTIONS),
        Err(LogError::Locked { .. })
    ));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("log")), 0o700);
    assert_eq!(mode(&dir.join("MANIFEST.a")), 0o600);
    assert_eq!(mode(&dir.join("log/0000000000000001.seg")), 0o600);
    drop(log);
    FileLog::open(&dir, OPTIONS).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
}

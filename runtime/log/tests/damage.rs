//! Every truncation and a flipped bit in every byte: the log recovers all that
//! was acknowledged, or refuses with file and offset. It never loses silently.

use std::sync::Arc;

use weir_log::conformance::{append, records, take, text};
use weir_log::storage::sim::SimStorage;
use weir_log::{Damage, FileLog, Hlc, Log, LogError, Lsn, Options, Partition};

const A: Partition = Partition(0);
const B: Partition = Partition(1);
const OPTIONS: Options = Options {
    segment_bytes: 1024,
    prepare_ahead: 0,
    in_flight_max: 100,
};

fn open(storage: &SimStorage) -> Result<FileLog, LogError> {
    FileLog::open_on(Arc::new(storage.clone()), OPTIONS)
}

/// All that the log holds, from what is not trimmed on.
fn contents(log: &FileLog) -> String {
    [A, B]
        .map(|partition| text(log, partition, log.tail(partition).unwrap().trimmed.plus(1)))
        .join(" | ")
}

/// A log over several segments and two openings, with a snapshot and something
/// trimmed, closed cleanly; and what it holds.
fn small_log() -> (SimStorage, String) {
    let storage = SimStorage::new();
    for round in 0..2 {
        let log = open(&storage).unwrap();
        let (mut a, mut b) = (take(&log, A), take(&log, B));
        for nth in 0..3 {
            append(&mut a, &[&format!("a{round}{nth}"), "x"]);
            append(&mut b, &[&format!("b{round}{nth}")]);
        }
        log.snapshots()
            .put(A, a.next().before(), b"state of a")
            .unwrap();
        log.snapshots()
            .put(B, b.next().before(), b"state of b")
            .unwrap();
        if round == 0 {
            log.trim(&a, Lsn(5)).unwrap();
            log.trim(&b, Lsn(3)).unwrap();
        }
    }
    let log = open(&storage).unwrap();
    let expected = contents(&log);
    drop(log);
    (storage, expected)
}

/// The files whose bytes are guarded, with their bytes.
fn guarded(storage: &SimStorage) -> Vec<(String, Vec<u8>)> {
    let names = storage.names().into_iter().filter(|name| name != "LOCK");
    names
        .map(|name| (name.clone(), storage.bytes(&name).unwrap()))
        .collect()
}

/// Open a damaged copy: all must be there, or the damaged file be named.
fn check(storage: &SimStorage, expected: &str, file: &str, what: &str) -> Option<Damage> {
    let opened = open(storage);
    match opened {
        Ok(log) => {
            assert_eq!(
                contents(&log),
                expected,
                "{what} of {file} lost something silently"
            );
            let snapshot = log.snapshots().newest(A, Lsn::MAX);
            match snapshot {
                Ok(found) => assert_eq!(found.expect("there is a snapshot").body, b"state of a"),
                Err(LogError::Damaged(damage)) => assert_eq!(damage.file, file),
                Err(other) => panic!("{what} of {file}: {other}"),
            }
            None
        }
        Err(LogError::Damaged(damage)) => {
            assert_eq!(damage.file, file, "{what}: {damage}");
            Some(damage)
        }
        Err(other) => panic!("{what} of {file}: {other}"),
    }
}

#[test]
fn a_flipped_bit_in_any_byte_is_harmless_or_named() {
    let (storage, expected) = small_log();
    assert!(expected.len() > 40, "{expected}");
    let mut refused = 0;
    for (file, bytes) in guarded(&storage) {
        for at in 0..bytes.len() {
            let copy = storage.copy();
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            copy.set_bytes(&file, flipped);
            if let Some(damage) = check(&copy, &expected, &file, &format!("bit flip at {at}")) {
                assert!(damage.offset <= at as u64, "{damage}, flipped at {at}");
                assert_eq!(damage.restore.len(), 2, "{damage}");
                refused += 1;
            }
        }
    }
    assert!(refused > 500, "most bytes of frames matter: {refused}");
}

#[test]
fn any_truncation_is_harmless_or_named() {
    let (storage, expected) = small_log();
    for (file, bytes) in guarded(&storage) {
        for cut in 0..bytes.len() {
            let copy = storage.copy();
            copy.set_bytes(&file, bytes[..cut].to_vec());
            let damage = check(&copy, &expected, &file, &format!("truncation to {cut}"));
            if file.ends_with(".seg") {
                assert_eq!(
                    damage.expect("a short segment is refused").offset,
                    cut as u64
                );
            }
        }
    }
}

#[test]
fn a_lost_file_is_harmless_or_noticed() {
    let (storage, expected) = small_log();
    for (file, _) in guarded(&storage) {
        let copy = storage.copy();
        copy.lose(&file);
        if file.ends_with(".seg") {
            assert!(matches!(open(&copy), Err(LogError::Damaged(_))), "{file}");
        } else {
            assert_eq!(contents(&open(&copy).unwrap()), expected, "{file}");
        }
    }
    let copy = storage.copy();
    copy.lose("MANIFEST.a");
    copy.lose("MANIFEST.b");
    assert!(
        matches!(open(&copy), Err(LogError::Damaged(_))),
        "frames without a manifest are refused"
    );
}

#[test]
fn two_logs_mixed_are_refused() {
    let (one, _) = small_log();
    let (other, _) = small_log();
    let (file, bytes) = guarded(&other)
        .into_iter()
        .find(|(name, _)| name.ends_with(".seg"))
        .unwrap();
    one.set_bytes(&file, bytes);
    match open(&one) {
        Err(LogError::Damaged(damage)) => {
            assert_eq!(
                (damage.file, damage.what.as_str()),
                (file, "the segment belongs to another log")
            );
        }
        other => panic!("{:?}", other.err()),
    }
}

/// Where envelopes start in a segment.
fn envelopes(bytes: &[u8]) -> Vec<usize> {
    (0..bytes.len() - 4)
        .step_by(8)
        .filter(|at| &bytes[*at..*at + 4] == b"WEnv")
        .collect()
}

/// One segment with three frames `a b c` behind the epoch record, as if the
/// power went before the mark behind them reached the disk.
fn without_mark() -> (SimStorage, String, Vec<u8>, Vec<usize>) {
    let storage = SimStorage::new();
    let log = open(&storage).unwrap();
    let mut writer = take(&log, A);
    for body in ["a", "b", "c"] {
        append(&mut writer, &[body]);
    }
    drop(log);
    let file = storage
        .names()
        .into_iter()
        .find(|name| name.ends_with(".seg"))
        .unwrap();
    let mut bytes = storage.bytes(&file).unwrap();
    let starts = envelopes(&bytes);
    assert_eq!(starts.len(), 5, "epoch, a, b, c, mark");
    bytes[starts[4]..].fill(0);
    (storage, file, bytes, starts)
}

#[test]
fn a_torn_last_group_is_cut_exactly() {
    let (storage, file, bytes, starts) = without_mark();
    let last_payload_end = starts[3] + 56 + 48 + 8 + 1;
    for cut in starts[3]..last_payload_end {
        let copy = storage.copy();
        let mut torn = bytes.clone();
        torn[cut..].fill(0);
        copy.set_bytes(&file, torn);
        let log = open(&copy).unwrap();
        assert_eq!(text(&log, A, Lsn::FIRST), "2:a 3:b", "torn at {cut}");
        // It goes on there, and what goes on is found again.
        append(&mut take(&log, A), &["d"]);
        drop(log);
        assert_eq!(
            text(&open(&copy).unwrap(), A, Lsn::FIRST),
            "2:a 3:b 5:d",
            "torn at {cut}"
        );
    }
}

#[test]
fn the_same_hole_below_a_later_frame_is_damage() {
    let (storage, file, bytes, starts) = without_mark();
    for at in starts[2]..starts[3] - 7 {
        let copy = storage.copy();
        let mut holed = bytes.clone();
        holed[at] ^= 0x10;
        copy.set_bytes(&file, holed);
        match open(&copy) {
            Err(LogError::Damaged(damage)) => {
                assert_eq!(damage.offset, starts[2] as u64, "{damage}")
            }
            other => panic!("flip at {at}: {:?}", other.err()),
        }
    }
}

#[test]
fn damage_while_the_log_is_open_is_noticed_by_the_reader() {
    let (storage, _) = small_log();
    let log = open(&storage).unwrap();
    append(&mut take(&log, A), &["the last one"]);
    for (file, mut bytes) in guarded(&storage) {
        if file.ends_with(".seg") {
            bytes[64..].iter_mut().for_each(|byte| *byte ^= 1);
            storage.set_bytes(&file, bytes);
        }
    }
    let mut reader = log
        .read(A, log.tail(A).unwrap().next.before(), None)
        .unwrap();
    assert!(matches!(reader.next(), Some(Err(LogError::Damaged(_)))));
    assert!(
        reader.next().is_none(),
        "a reader that failed does not go on"
    );
}

/// The bytes of the only segment, once the mark behind `frames` envelopes is there.
fn marked(storage: &SimStorage, frames: usize) -> (String, Vec<u8>, Vec<usize>) {
    let file = storage
        .names()
        .into_iter()
        .find(|name| name.ends_with(".seg"))
        .unwrap();
    for _ in 0..1000 {
        let bytes = storage.bytes(&file).unwrap();
        let starts = envelopes(&bytes);
        if starts.len() == frames + 1 {
            return (file, bytes, starts);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("no mark was written");
}

#[test]
fn the_last_acknowledged_frame_is_guarded_while_the_process_lives() {
    let storage = SimStorage::new();
    let log = open(&storage).unwrap();
    append(&mut take(&log, A), &["a"]);
    let (file, mut bytes, starts) = marked(&storage, 2);
    let killed = storage.copy();
    bytes[starts[1] + 60] ^= 1;
    killed.set_bytes(&file, bytes);
    match open(&killed) {
        Err(LogError::Damaged(damage)) => assert_eq!(damage.offset, starts[1] as u64),
        other => panic!("{:?}", other.err()),
    }
}

/// A frame of `b` that was torn off together with the frame before it must not
/// come back when something of the same size takes that frame's place.
#[test]
fn what_was_cut_off_does_not_come_back() {
    // As long as an epoch record, so that the next one fits exactly.
    let body = "sixteen bytes...";
    for _ in 0..200 {
        let storage = SimStorage::new();
        let log = open(&storage).unwrap();
        let (mut a, mut b) = (take(&log, A), take(&log, B));
        let acks = [
            a.append(Hlc(0), records(&["keeps the disk busy"])),
            a.append(Hlc(0), records(&[body])),
            b.append(Hlc(0), records(&[body])),
        ];
        for ack in acks {
            ack.wait().unwrap();
        }
        let (file, bytes, starts) = marked(&storage, 5);
        let (torn, behind, end) = (starts[3], starts[4], starts[5]);
        let durable = u32::from_le_bytes(bytes[behind + 48..behind + 52].try_into().unwrap());
        if durable as usize > torn {
            continue;
        }
        // The power goes while the group is written: its first frame is not there.
        let disk = storage.copy();
        let mut image = bytes.clone();
        image[torn + 60] ^= 1;
        image[end..].fill(0);
        disk.set_bytes(&file, image);
        let log = open(&disk).unwrap();
        assert_eq!(text(&log, B, Lsn::FIRST), "");
        take(&log, A);
        drop(log);
        // The power goes again, before the mark behind the new frame was synced.
        let mut image = disk.bytes(&file).unwrap();
        image[behind..end].copy_from_slice(&bytes[behind..end]);
        image[end..].fill(0);
        disk.set_bytes(&file, image);
        let log = open(&disk).unwrap();
        assert_eq!(log.tail(A).unwrap().epoch.0, 2, "the new frame is there");
        assert_eq!(
            text(&log, B, Lsn::FIRST),
            "",
            "the old one behind it is not"
        );
        return;
    }
    panic!("two frames never came into one group");
}

#[test]
fn a_log_whose_files_are_gone_goes_on_behind_the_newest_whole_snapshot() {
    let (storage, _) = small_log();
    let newest = |partition| {
        let log = open(&storage.copy()).unwrap();
        let list = log.snapshots().list(partition).unwrap();
        list.last().unwrap().at
    };
    let (a, b) = (newest(A), newest(B));
    for name in storage.names() {
        if !name.starts_with("snap/") {
            storage.lose(&name);
        }
    }
    for round in 0..2 {
        let log = open(&storage).unwrap();
        assert_eq!(log.tail(A).unwrap().trimmed, a);
        assert_eq!(log.tail(B).unwrap().trimmed, b);
        let mut writer = take(&log, A);
        assert_eq!(
            writer.next(),
            a.plus(2 + 2 * round),
            "no position is given twice"
        );
        append(&mut writer, &["later"]);
    }
    let log = open(&storage).unwrap();
    assert_eq!(text(&log, A, a.plus(1)).matches("later").count(), 2);
    assert!(log.read(A, a, None).is_err());
}

#[test]
fn a_damaged_snapshot_names_the_one_before_it() {
    let (storage, _) = small_log();
    let log = open(&storage).unwrap();
    let ids = log.snapshots().list(A).unwrap();
    let file = |nth: usize| format!("snap/00000-{:016x}.snap", ids[nth].at.0);
    let mut bytes = storage.bytes(&file(1)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    storage.set_bytes(&file(1), bytes);
    let Err(LogError::Damaged(damage)) = log.snapshots().newest(A, Lsn::MAX) else {
        panic!("it is damaged");
    };
    assert_eq!((&damage.file, &damage.restore), (&file(1), &vec![file(0)]));
    assert!(
        damage.to_string().ends_with("the records after it"),
        "{damage}"
    );
    // Doing what it says helps.
    storage.lose(&file(1));
    let older = log.snapshots().newest(A, Lsn::MAX).unwrap().unwrap();
    assert_eq!(older.id, ids[0]);
    assert!(
        log.read(A, older.id.at.plus(1), None).is_ok(),
        "the log still has what came after it"
    );
}

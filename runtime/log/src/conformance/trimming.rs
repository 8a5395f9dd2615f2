//! Giving up the oldest records, and the snapshots that have to be there first.

use super::{P, Subject, append, frames, take, text};
use crate::frame::{Frame, RecordKind};
use crate::log::{Log, LogError};
use crate::lsn::{Lsn, Partition};

pub(super) fn trim_needs_snapshot(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b", "c"]);
    assert_eq!(
        log.trim(&writer, Lsn(3)),
        Err(LogError::NotCovered { newest: None })
    );
    log.snapshots().put(P, Lsn(2), b"state").unwrap();
    log.snapshots()
        .put(Partition(9), Lsn(99), b"of another partition")
        .unwrap();
    assert_eq!(
        log.trim(&writer, Lsn(3)),
        Err(LogError::NotCovered {
            newest: Some(Lsn(2))
        })
    );
    assert_eq!(log.tail(P).unwrap().trimmed, Lsn::ZERO);
    assert_eq!(log.trim(&writer, Lsn(2)), Ok(()));
}

pub(super) fn trim_then_read(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b"]);
    append(&mut writer, &["c"]);
    log.snapshots().put(P, Lsn(4), b"state").unwrap();
    log.trim(&writer, Lsn(3)).unwrap();
    for from in [0, 1, 3] {
        assert_eq!(
            log.read(P, Lsn(from), None).err(),
            Some(LogError::Trimmed { first: Lsn(4) })
        );
    }
    assert_eq!(text(&*log, P, Lsn(4)), "4:c");
    assert_eq!(log.tail(P).unwrap().trimmed, Lsn(3));
    assert_eq!(append(&mut writer, &["d"]), Lsn(5));
}

pub(super) fn trim_is_monotone(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b", "c"]);
    log.snapshots().put(P, Lsn(4), b"state").unwrap();
    for up_to in [3, 3, 2] {
        log.trim(&writer, Lsn(up_to)).unwrap();
        assert_eq!(log.tail(P).unwrap().trimmed, Lsn(3));
    }
}

pub(super) fn reads_are_stable(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a"]);
    append(&mut writer, &["b"]);
    let before: Vec<Frame> = log
        .read(P, Lsn::FIRST, Some(Lsn(3)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for nth in 0..50 {
        append(&mut writer, &[&nth.to_string()]);
        let again: Vec<Frame> = log
            .read(P, Lsn::FIRST, Some(Lsn(3)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(again, before);
    }
}

/// The state machine of the tests: all bodies in a row.
fn replay(mut state: String, log: &dyn Log, from: Lsn) -> String {
    for frame in frames(log, P, from) {
        for (lsn, record) in (frame.base.0..).zip(&frame.records) {
            if lsn >= from.0 && record.kind != RecordKind::EPOCH {
                state.push_str(&String::from_utf8_lossy(&record.body));
            }
        }
    }
    state
}

pub(super) fn snapshot_and_tail(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b"]);
    append(&mut writer, &["c"]);
    let state = replay(String::new(), &*log, Lsn::FIRST);
    log.snapshots().put(P, Lsn(4), state.as_bytes()).unwrap();
    append(&mut writer, &["d", "e"]);
    let whole = replay(String::new(), &*log, Lsn::FIRST);
    log.trim(&writer, Lsn(4)).unwrap();
    let newest = log.snapshots().newest(P, Lsn::MAX).unwrap().unwrap();
    let state = String::from_utf8(newest.body).unwrap();
    assert_eq!(replay(state, &*log, newest.id.at.plus(1)), whole);
    assert_eq!(whole, "abcde");
}

pub(super) fn snapshots_by_position(subject: &dyn Subject) {
    let log = subject.fresh();
    let snapshots = log.snapshots();
    assert_eq!(snapshots.newest(P, Lsn::MAX).unwrap(), None);
    for at in [10, 300, 20] {
        snapshots
            .put(P, Lsn(at), format!("state {at}").as_bytes())
            .unwrap();
    }
    let found = |at_most| {
        snapshots
            .newest(P, Lsn(at_most))
            .unwrap()
            .map(|snapshot| snapshot.id.at.0)
    };
    assert_eq!(
        [found(9), found(10), found(299), found(1000)],
        [None, Some(10), Some(20), Some(300)]
    );
    assert_eq!(
        snapshots.newest(P, Lsn(25)).unwrap().unwrap().body,
        b"state 20"
    );
    let listed: Vec<u64> = snapshots
        .list(P)
        .unwrap()
        .iter()
        .map(|id| id.at.0)
        .collect();
    assert_eq!(listed, [10, 20, 300]);
    for _ in 0..2 {
        snapshots
            .delete(&crate::snapshots::SnapshotId {
                partition: P,
                at: Lsn(20),
            })
            .unwrap();
    }
    assert_eq!(found(299), Some(10));
}

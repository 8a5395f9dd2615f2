//! Frames that are lost, and logs that are opened again.

use std::sync::Arc;

use super::{P, Subject, append, records, take, text};
use crate::log::{AppendError, Log, LogError};
use crate::lsn::{Epoch, Hlc, Lsn, OwnerId, Partition};

/// A log that stopped for good is opened again; others only need a new reign.
fn usable(subject: &dyn Subject, log: Arc<dyn Log>) -> Arc<dyn Log> {
    match log.take(P, OwnerId(8)) {
        Err(LogError::Poisoned { .. }) => subject
            .reopen(log)
            .expect("a log that can be poisoned can be opened again"),
        _ => log,
    }
}

pub(super) fn unknown_then_resync(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a"]);
    if !subject.lose_next() {
        eprintln!("  skipped: this implementation cannot lose a frame on request");
        return;
    }
    let acks: Vec<_> = ["b", "c", "d"]
        .map(|body| writer.append(Hlc(0), records(&[body])))
        .into();
    for ack in acks {
        assert_eq!(ack.wait(), Err(AppendError::Unknown));
    }
    assert_eq!(
        writer.append(Hlc(0), records(&["e"])).wait(),
        Err(AppendError::Unknown)
    );
    drop(writer);
    let log = usable(subject, log);
    let mut writer = take(&*log, P);
    let there = text(&*log, P, Lsn::FIRST);
    let known = ["2:a", "2:a 3:b", "2:a 3:b 4:c", "2:a 3:b 4:c 5:d"];
    assert!(
        known.contains(&there.as_str()),
        "a prefix of what was sent: {there}"
    );
    let at = append(&mut writer, &["f"]);
    assert_eq!(text(&*log, P, Lsn::FIRST), format!("{there} {at}:f"));
}

pub(super) fn lost_here(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a"]);
    if !subject.lose_next() {
        eprintln!("  skipped: this implementation cannot lose a frame on request");
        return;
    }
    for body in ["b", "c"] {
        let ack = writer.append_here(Hlc(0), records(&[body]));
        assert_eq!(ack.wait(), Err(AppendError::Unknown));
    }
    assert_eq!(text(&*log, P, Lsn::FIRST), "2:a", "only what is durable");
    drop(writer);
    let log = usable(subject, log);
    let mut writer = take(&*log, P);
    let there = text(&*log, P, Lsn::FIRST);
    assert!(
        ["2:a", "2:a 3:b"].contains(&there.as_str()),
        "nothing behind the lost frame: {there}"
    );
    let ack = writer.append_here(Hlc(0), records(&["d"]));
    let at = ack.wait().expect("the new reign goes on");
    assert_eq!(text(&*log, P, Lsn::FIRST), format!("{there} {at}:d"));
}

pub(super) fn reopen_keeps_everything(subject: &dyn Subject) {
    let mut log = subject.fresh();
    let mut expected = Vec::new();
    for round in 0..4 {
        let mut writer = take(&*log, P);
        let mut other = take(&*log, Partition(4));
        for nth in 0..30 {
            let body = format!("{round}.{nth}");
            let at = append(&mut writer, &[&body]);
            append(&mut other, &[&body, &body]);
            expected.push(format!("{at}:{body}"));
        }
        let tail = log.tail(P).unwrap();
        drop((writer, other));
        log = match subject.reopen(log) {
            Some(log) => log,
            None => return eprintln!("  skipped: this implementation lives in its process"),
        };
        assert_eq!(log.tail(P).unwrap(), tail);
        assert_eq!(text(&*log, P, Lsn::FIRST), expected.join(" "));
    }
}

pub(super) fn reopen_keeps_trim(subject: &dyn Subject) {
    let mut log = subject.fresh();
    for round in 1..5 {
        let mut writer = take(&*log, P);
        for nth in 0..40 {
            append(
                &mut writer,
                &[&nth.to_string(), "filling, so that segments are given up"],
            );
        }
        let next = writer.next();
        log.snapshots().put(P, next.before(), b"state").unwrap();
        log.trim(&writer, Lsn(next.0 - 3)).unwrap();
        let (tail, rest) = (log.tail(P).unwrap(), text(&*log, P, Lsn(next.0 - 2)));
        drop(writer);
        log = match subject.reopen(log) {
            Some(log) => log,
            None => return eprintln!("  skipped: this implementation lives in its process"),
        };
        assert_eq!((tail.trimmed, tail.epoch), (Lsn(next.0 - 3), Epoch(round)));
        assert_eq!(log.tail(P).unwrap(), tail);
        assert_eq!(text(&*log, P, Lsn(next.0 - 2)), rest);
        assert!(matches!(
            log.read(P, Lsn::FIRST, None),
            Err(LogError::Trimmed { .. })
        ));
    }
}

//! One writer at a time: who takes a partition fences those before.

use super::{P, Subject, append, frames, records, take, text};
use crate::log::{AppendError, Log, LogError};
use crate::lsn::{Epoch, Hlc, Lsn, OwnerId};

pub(super) fn zombie_is_fenced(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut zombie = take(&*log, P);
    append(&mut zombie, &["a"]);
    let mut owner = take(&*log, P);
    assert_eq!(owner.epoch(), Epoch(2));
    let refused = zombie.append(Hlc(0), records(&["z"])).wait();
    assert!(
        matches!(refused, Err(AppendError::Fenced { tail }) if tail.epoch == Epoch(2)),
        "{refused:?}"
    );
    assert!(zombie.broken().is_some());
    append(&mut owner, &["b"]);
    let refused = zombie.append(Hlc(0), records(&["z"])).wait();
    assert!(
        matches!(refused, Err(AppendError::Fenced { .. })),
        "{refused:?}"
    );
    log.snapshots().put(P, Lsn(4), b"state").unwrap();
    assert!(matches!(
        log.trim(&zombie, Lsn(2)),
        Err(LogError::Fenced { .. })
    ));
    assert_eq!(text(&*log, P, Lsn::FIRST), "2:a 4:b");
}

pub(super) fn racing_owners(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut acknowledged: Vec<(Lsn, String)> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|racer| {
                scope.spawn({
                    let log = log.clone();
                    move || race(&*log, racer)
                })
            })
            .collect();
        racers
            .into_iter()
            .flat_map(|racer| racer.join().unwrap())
            .collect()
    });
    acknowledged.sort();
    assert!(acknowledged.len() >= 5, "nobody fences the last owner");
    let expected: Vec<String> = acknowledged
        .iter()
        .map(|(lsn, body)| format!("{lsn}:{body}"))
        .collect();
    assert_eq!(text(&*log, P, Lsn::FIRST), expected.join(" "));
    let epochs: Vec<Epoch> = frames(&*log, P, Lsn::FIRST)
        .iter()
        .map(|frame| frame.epoch)
        .collect();
    assert!(epochs.is_sorted());
}

fn race(log: &dyn Log, racer: u64) -> Vec<(Lsn, String)> {
    let mut acknowledged = Vec::new();
    for reign in 0..10 {
        let mut writer = match log.take(P, OwnerId(racer as u128)) {
            Ok(writer) => writer,
            Err(LogError::Fenced { .. }) => continue,
            Err(other) => panic!("{other}"),
        };
        for nth in 0..5 {
            let body = format!("{racer}.{reign}.{nth}");
            match writer.append(Hlc(0), records(&[&body])).wait() {
                Ok(lsn) => acknowledged.push((lsn, body)),
                Err(AppendError::Fenced { .. }) => break,
                Err(other) => panic!("{other}"),
            }
        }
    }
    acknowledged
}

pub(super) fn take_during_in_flight(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut first = take(&*log, P);
    let acks: Vec<_> = (0..20)
        .map(|nth| first.append(Hlc(0), records(&[&nth.to_string()])))
        .collect();
    let mut second = take(&*log, P);
    append(&mut second, &["new"]);
    for (lsn, ack) in (2..).zip(acks) {
        assert_eq!(
            ack.poll(),
            Some(Ok(Lsn(lsn))),
            "frames before the epoch record are durable with it"
        );
    }
    assert!(text(&*log, P, Lsn::FIRST).ends_with("20:18 21:19 23:new"));
}

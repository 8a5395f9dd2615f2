//! The rules of the log as tests that any implementation can run.
//!
//! An implementation says how to make a fresh log, how to open it again and how
//! to make the next write fail; `run` then tries every rule on it.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use crate::frame::{Frame, Record, RecordKind};
use crate::log::{AppendError, Log, LogError, Writer};
use crate::lsn::{Epoch, Hlc, Lsn, OwnerId, Partition};

/// An implementation under test.
pub trait Subject {
    /// A log nobody has used. What it stands on lives as long as the subject.
    fn fresh(&self) -> Arc<dyn Log>;

    /// Close the log given by the last `fresh` and open it again; `None` if it
    /// does not outlive its process.
    fn reopen(&self, log: Arc<dyn Log>) -> Option<Arc<dyn Log>>;

    /// Make the next append of the last fresh log end as `Unknown`; false when
    /// that cannot be arranged.
    fn lose_next(&self) -> bool;
}

/// A rule and its name.
pub type Rule = (&'static str, fn(&dyn Subject));

/// All rules.
pub const RULES: &[Rule] = &[
    (
        "an empty partition has an empty tail and nothing to read",
        empty_partition,
    ),
    (
        "positions are dense and frames come in order",
        dense_and_in_order,
    ),
    (
        "an acknowledged frame is seen by a new reader",
        ack_is_visible,
    ),
    ("acks come in the order of appends", acks_in_order),
    (
        "frames that the caller commits stand in one order with the others",
        here_and_there,
    ),
    (
        "many callers that commit: each sees its own frame, none is lost",
        many_commit_here,
    ),
    ("partitions do not see each other", partitions_are_separate),
    (
        "reading from the middle of a frame gives the whole frame",
        read_from_the_middle,
    ),
    ("a reader stops after until", read_until),
    ("a zombie can neither append nor trim", zombie_is_fenced),
    (
        "racing owners: what was acknowledged is exactly what is there",
        racing_owners,
    ),
    (
        "take while frames are in flight keeps their order",
        take_during_in_flight,
    ),
    ("a tail reader is woken", tail_wakes_readers),
    (
        "the largest frame fits, one byte more does not",
        largest_frame,
    ),
    ("time never goes back", time_never_goes_back),
    ("trimming needs a snapshot", trim_needs_snapshot),
    ("reading what was trimmed says so", trim_then_read),
    ("trimming is monotone and can be repeated", trim_is_monotone),
    (
        "a reader is not disturbed by writes that go on",
        reads_are_stable,
    ),
    (
        "snapshot and tail give the same as everything",
        snapshot_and_tail,
    ),
    (
        "the newest snapshot is found below a position",
        snapshots_by_position,
    ),
    (
        "a lost frame takes those behind it along, and taking again finds out",
        unknown_then_resync,
    ),
    (
        "a frame lost while the caller commits is lost like any other",
        lost_here,
    ),
    (
        "everything is there after opening again",
        reopen_keeps_everything,
    ),
    (
        "what was trimmed stays trimmed after opening again",
        reopen_keeps_trim,
    ),
];

/// Try every rule; a broken one panics with its name on standard error.
pub fn run(subject: &dyn Subject) {
    for (name, rule) in RULES {
        eprintln!("rule: {name}");
        rule(subject);
    }
}

/// A partition for tests.
pub const P: Partition = Partition(3);
/// The kind of every test record.
pub const KIND: RecordKind = RecordKind(1);

/// Take a partition that nobody fights over.
pub fn take(log: &dyn Log, partition: Partition) -> Writer {
    log.take(partition, OwnerId(7))
        .expect("the partition can be taken")
}

/// A frame of records with these bodies.
pub fn records(bodies: &[&str]) -> Vec<Record> {
    bodies.iter().map(|body| Record::new(KIND, *body)).collect()
}

/// Append one frame and wait for it.
pub fn append(writer: &mut Writer, bodies: &[&str]) -> Lsn {
    writer
        .append(Hlc(0), records(bodies))
        .wait()
        .expect("the frame is acknowledged")
}

/// All durable frames of a partition from a position on.
pub fn frames(log: &dyn Log, partition: Partition, from: Lsn) -> Vec<Frame> {
    let reader = log
        .read(partition, from, None)
        .expect("the partition can be read");
    reader
        .map(|frame| frame.expect("the frame is whole"))
        .collect()
}

/// All records but the epoch records, each as `position:body`, with spaces between.
pub fn text(log: &dyn Log, partition: Partition, from: Lsn) -> String {
    let mut out = Vec::new();
    for frame in frames(log, partition, from) {
        for (lsn, record) in (frame.base.0..).zip(&frame.records) {
            if record.kind != RecordKind::EPOCH {
                out.push(format!("{lsn}:{}", String::from_utf8_lossy(&record.body)));
            }
        }
    }
    out.join(" ")
}

fn empty_partition(subject: &dyn Subject) {
    let log = subject.fresh();
    let tail = log.tail(P).unwrap();
    assert_eq!(
        (tail.next, tail.epoch, tail.trimmed),
        (Lsn::FIRST, Epoch(0), Lsn::ZERO)
    );
    assert_eq!(frames(&*log, P, Lsn::FIRST), []);
}

fn dense_and_in_order(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    assert_eq!(writer.next(), Lsn(2), "the epoch record has position 1");
    assert_eq!(append(&mut writer, &["a"]), Lsn(2));
    assert_eq!(append(&mut writer, &["b", "c"]), Lsn(4));
    assert_eq!(append(&mut writer, &["d"]), Lsn(5));
    assert_eq!(text(&*log, P, Lsn::FIRST), "2:a 3:b 4:c 5:d");
    let tail = log.tail(P).unwrap();
    assert_eq!((tail.next, tail.epoch), (Lsn(6), Epoch(1)));
}

fn ack_is_visible(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    for nth in 0..50 {
        let body = nth.to_string();
        let at = append(&mut writer, &[&body]);
        assert_eq!(text(&*log, P, at), format!("{at}:{body}"));
    }
}

fn acks_in_order(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    let (send, receive) = mpsc::channel();
    for nth in 0..100 {
        let send = send.clone();
        let ack = writer.append(Hlc(0), records(&[&nth.to_string()]));
        ack.on_done(move |outcome| send.send(outcome).unwrap());
    }
    drop(send);
    let order: Vec<Lsn> = receive.iter().map(|outcome| outcome.unwrap()).collect();
    assert_eq!(order, (2..102).map(Lsn).collect::<Vec<_>>());
}

fn here_and_there(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    let (send, receive) = mpsc::channel();
    let mut expected = Vec::new();
    for nth in 0..120 {
        let body = nth.to_string();
        expected.push(format!("{}:{body}", writer.next()));
        // Alone, behind frames in flight, and before them.
        let ack = match nth % 4 {
            0 | 3 => writer.append_here(Hlc(0), records(&[&body])),
            _ => writer.append(Hlc(0), records(&[&body])),
        };
        let send = send.clone();
        ack.on_done(move |outcome| send.send(outcome).unwrap());
    }
    drop(send);
    let order: Vec<Lsn> = receive.iter().map(|outcome| outcome.unwrap()).collect();
    assert_eq!(order, (2..122).map(Lsn).collect::<Vec<_>>());
    assert_eq!(text(&*log, P, Lsn::FIRST), expected.join(" "));
}

fn many_commit_here(subject: &dyn Subject) {
    let log = subject.fresh();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let log = &log;
            scope.spawn(move || {
                let partition = Partition(number);
                let mut writer = take(&**log, partition);
                for nth in 0..50 {
                    let body = format!("{number}.{nth}");
                    let ack = writer.append_here(Hlc(0), records(&[&body]));
                    let at = ack.wait().expect("the frame is acknowledged");
                    assert_eq!(text(&**log, partition, at), format!("{at}:{body}"));
                }
            });
        }
    });
    for number in 0..4 {
        assert_eq!(log.tail(Partition(number)).unwrap().next, Lsn(52));
    }
}

fn partitions_are_separate(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut one = take(&*log, Partition(0));
    let mut other = take(&*log, Partition(u16::MAX));
    append(&mut one, &["a"]);
    append(&mut other, &["x"]);
    append(&mut one, &["b"]);
    assert_eq!(text(&*log, Partition(0), Lsn::FIRST), "2:a 3:b");
    assert_eq!(text(&*log, Partition(u16::MAX), Lsn::FIRST), "2:x");
}

fn read_from_the_middle(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b", "c"]);
    append(&mut writer, &["d"]);
    assert_eq!(text(&*log, P, Lsn(3)), "2:a 3:b 4:c 5:d");
    assert_eq!(text(&*log, P, Lsn(5)), "5:d");
    assert_eq!(text(&*log, P, Lsn(6)), "");
}

fn read_until(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    for body in ["a", "b", "c"] {
        append(&mut writer, &[body]);
    }
    let mut reader = log.read(P, Lsn(2), Some(Lsn(3))).unwrap();
    assert_eq!(reader.by_ref().count(), 2);
    assert!(
        !reader.wait(Duration::from_secs(5)),
        "there is nothing to wait for after until"
    );
}

fn zombie_is_fenced(subject: &dyn Subject) {
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

fn racing_owners(subject: &dyn Subject) {
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

fn take_during_in_flight(subject: &dyn Subject) {
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

fn tail_wakes_readers(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    let mut reader = log.read(P, Lsn(2), None).unwrap();
    assert!(reader.next().is_none());
    assert!(
        !reader.wait(Duration::from_millis(1)),
        "nothing was written"
    );
    let waiter = std::thread::spawn(move || {
        assert!(
            reader.wait(Duration::from_secs(10)),
            "the frame must wake the reader"
        );
        reader.next().unwrap().unwrap().base
    });
    append(&mut writer, &["a"]);
    assert_eq!(waiter.join().unwrap(), Lsn(2));
}

fn largest_frame(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    let bytes_max = log.limits().frame_bytes_max;
    let empty = crate::frame::FRAME_HEADER_BYTES + Record::new(KIND, "").encoded_bytes();
    let body = vec![7; bytes_max - empty];
    let too_large = [body.as_slice(), &[7]].concat();
    let refused = writer
        .append(Hlc(0), vec![Record::new(KIND, too_large)])
        .wait();
    assert_eq!(
        refused,
        Err(AppendError::TooLarge {
            bytes: bytes_max + 1,
            bytes_max
        })
    );
    assert!(writer.broken().is_none());
    assert_eq!(
        writer
            .append(Hlc(0), vec![Record::new(KIND, body.clone())])
            .wait(),
        Ok(Lsn(2))
    );
    append(&mut writer, &["small"]);
    assert_eq!(frames(&*log, P, Lsn(2))[0].records[0].body, body);
}

fn time_never_goes_back(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    writer.append(Hlc(100), records(&["a"])).wait().unwrap();
    writer.append(Hlc(50), records(&["b"])).wait().unwrap();
    let mut writer = take(&*log, P);
    append(&mut writer, &["c"]);
    let times: Vec<u64> = frames(&*log, P, Lsn(2))
        .iter()
        .map(|frame| frame.at.0)
        .collect();
    assert_eq!(times, [100, 100, 100, 100]);
}

fn trim_needs_snapshot(subject: &dyn Subject) {
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

fn trim_then_read(subject: &dyn Subject) {
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

fn trim_is_monotone(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b", "c"]);
    log.snapshots().put(P, Lsn(4), b"state").unwrap();
    for up_to in [3, 3, 2] {
        log.trim(&writer, Lsn(up_to)).unwrap();
        assert_eq!(log.tail(P).unwrap().trimmed, Lsn(3));
    }
}

fn reads_are_stable(subject: &dyn Subject) {
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

fn snapshot_and_tail(subject: &dyn Subject) {
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

fn snapshots_by_position(subject: &dyn Subject) {
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

fn unknown_then_resync(subject: &dyn Subject) {
    let mut log = subject.fresh();
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
    // A log that stopped for good is opened again; others only need a new reign.
    if let Err(LogError::Poisoned { .. }) = log.take(P, OwnerId(8)) {
        log = subject
            .reopen(log)
            .expect("a log that can be poisoned can be opened again");
    }
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

fn lost_here(subject: &dyn Subject) {
    let mut log = subject.fresh();
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
    if let Err(LogError::Poisoned { .. }) = log.take(P, OwnerId(8)) {
        log = subject
            .reopen(log)
            .expect("a log that can be poisoned can be opened again");
    }
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

fn reopen_keeps_everything(subject: &dyn Subject) {
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

fn reopen_keeps_trim(subject: &dyn Subject) {
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

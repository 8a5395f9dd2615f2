//! What is appended is there, once, in order, and readers see just that.

use std::sync::mpsc;
use std::time::Duration;

use super::{KIND, P, Subject, append, frames, records, take, text};
use crate::frame::Record;
use crate::log::AppendError;
use crate::lsn::{Epoch, Hlc, Lsn, Partition};

pub(super) fn empty_partition(subject: &dyn Subject) {
    let log = subject.fresh();
    let tail = log.tail(P).unwrap();
    assert_eq!(
        (tail.next, tail.epoch, tail.trimmed),
        (Lsn::FIRST, Epoch(0), Lsn::ZERO)
    );
    assert_eq!(frames(&*log, P, Lsn::FIRST), []);
}

pub(super) fn dense_and_in_order(subject: &dyn Subject) {
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

pub(super) fn ack_is_visible(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    for nth in 0..50 {
        let body = nth.to_string();
        let at = append(&mut writer, &[&body]);
        assert_eq!(text(&*log, P, at), format!("{at}:{body}"));
    }
}

pub(super) fn acks_in_order(subject: &dyn Subject) {
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

pub(super) fn here_and_there(subject: &dyn Subject) {
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

pub(super) fn many_commit_here(subject: &dyn Subject) {
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

pub(super) fn partitions_are_separate(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut one = take(&*log, Partition(0));
    let mut other = take(&*log, Partition(u16::MAX));
    append(&mut one, &["a"]);
    append(&mut other, &["x"]);
    append(&mut one, &["b"]);
    assert_eq!(text(&*log, Partition(0), Lsn::FIRST), "2:a 3:b");
    assert_eq!(text(&*log, Partition(u16::MAX), Lsn::FIRST), "2:x");
}

pub(super) fn read_from_the_middle(subject: &dyn Subject) {
    let log = subject.fresh();
    let mut writer = take(&*log, P);
    append(&mut writer, &["a", "b", "c"]);
    append(&mut writer, &["d"]);
    assert_eq!(text(&*log, P, Lsn(3)), "2:a 3:b 4:c 5:d");
    assert_eq!(text(&*log, P, Lsn(5)), "5:d");
    assert_eq!(text(&*log, P, Lsn(6)), "");
}

pub(super) fn read_until(subject: &dyn Subject) {
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

pub(super) fn tail_wakes_readers(subject: &dyn Subject) {
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

pub(super) fn largest_frame(subject: &dyn Subject) {
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

pub(super) fn time_never_goes_back(subject: &dyn Subject) {
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

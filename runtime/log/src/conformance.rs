//! The rules of the log as tests that any implementation can run.
//!
//! An implementation says how to make a fresh log, how to open it again and how
//! to make the next write fail; `run` then tries every rule on it.

mod losing;
mod order;
mod owners;
mod trimming;

use std::sync::Arc;

use crate::frame::{Frame, Record, RecordKind};
use crate::log::{Log, Writer};
use crate::lsn::{Hlc, Lsn, OwnerId, Partition};

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
        order::empty_partition,
    ),
    (
        "positions are dense and frames come in order",
        order::dense_and_in_order,
    ),
    (
        "an acknowledged frame is seen by a new reader",
        order::ack_is_visible,
    ),
    ("acks come in the order of appends", order::acks_in_order),
    (
        "frames that the caller commits stand in one order with the others",
        order::here_and_there,
    ),
    (
        "many callers that commit: each sees its own frame, none is lost",
        order::many_commit_here,
    ),
    (
        "partitions do not see each other",
        order::partitions_are_separate,
    ),
    (
        "reading from the middle of a frame gives the whole frame",
        order::read_from_the_middle,
    ),
    ("a reader stops after until", order::read_until),
    (
        "a zombie can neither append nor trim",
        owners::zombie_is_fenced,
    ),
    (
        "racing owners: what was acknowledged is exactly what is there",
        owners::racing_owners,
    ),
    (
        "take while frames are in flight keeps their order",
        owners::take_during_in_flight,
    ),
    ("a tail reader is woken", order::tail_wakes_readers),
    (
        "the largest frame fits, one byte more does not",
        order::largest_frame,
    ),
    ("time never goes back", order::time_never_goes_back),
    ("trimming needs a snapshot", trimming::trim_needs_snapshot),
    ("reading what was trimmed says so", trimming::trim_then_read),
    (
        "trimming is monotone and can be repeated",
        trimming::trim_is_monotone,
    ),
    (
        "a reader is not disturbed by writes that go on",
        trimming::reads_are_stable,
    ),
    (
        "snapshot and tail give the same as everything",
        trimming::snapshot_and_tail,
    ),
    (
        "the newest snapshot is found below a position",
        trimming::snapshots_by_position,
    ),
    (
        "a lost frame takes those behind it along, and taking again finds out",
        losing::unknown_then_resync,
    ),
    (
        "a frame lost while the caller commits is lost like any other",
        losing::lost_here,
    ),
    (
        "everything is there after opening again",
        losing::reopen_keeps_everything,
    ),
    (
        "what was trimmed stays trimmed after opening again",
        losing::reopen_keeps_trim,
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

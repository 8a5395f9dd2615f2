//! Records on their way into the log: frames that fill, frames that sync, and who waits for each.
//!
//! While one frame is syncing the next one fills. A call that wrote nothing waits for the newest frame there is, because its answer
//! may show what that frame wrote.

use std::sync::atomic::Ordering;

use weir_contract::limits;
use weir_log::{Hlc, Log, Record};
use weir_machine::{Action, Done};

use super::{Answered, Message, Reloaded, Worker};

/// The longest record: two find a place in one frame of the log, or each in one of its own.
pub(crate) fn record_bytes_max(log: &dyn Log) -> usize {
    limits::RECORD_MAX.min(log.limits().frame_bytes_max / 2)
}

/// Records that fit one frame are at most this many bytes, whatever the log takes, so that one sync stays short.
const FRAME_TARGET_BYTES: usize = 1 << 20;
/// A frame that is longer takes its time to write, so the committing thread does it.
const ALONE_BYTES_MAX: usize = 16 << 10;

/// Told nothing, or why the log failed.
pub(super) type Tell = Box<dyn FnOnce(Option<&str>) + Send>;

/// Who waits for records to be durable.
pub(super) enum Waiter {
    Call(Answered, Done),
    Reload(Reloaded),
    /// Something that runs made happen.
    Actions(Vec<Action>),
    /// Told when all records before it are durable.
    Told(Tell),
}

/// Records that will be one frame, and who waits for it.
#[derive(Default)]
pub(super) struct OpenFrame {
    pub records: Vec<Record>,
    bytes: usize,
    pub waiters: Vec<Waiter>,
}

impl Worker {
    /// For answers without a record: nothing of them can be younger than the newest frame there is.
    pub(super) fn wait_for_all(&mut self, waiter: Waiter) {
        match (self.open.back_mut(), self.in_flight.back_mut()) {
            (Some(frame), _) => frame.waiters.push(waiter),
            (None, Some((_, waiters))) => waiters.push(waiter),
            (None, None) => self.release(waiter),
        }
    }

    /// What a waiter waits for is durable.
    fn release(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Call(answer, mut done) => {
                let actions = std::mem::take(&mut done.actions).into_iter();
                // What the program said comes before what is said of the call.
                let (said, rest) = actions.partition(|action| matches!(action, Action::Log(_)));
                self.perform(said);
                answer(Ok(done));
                self.perform(rest);
            }
            Waiter::Reload(done) => done(Ok(())),
            Waiter::Actions(actions) => self.perform(actions),
            Waiter::Told(tell) => tell(None),
        }
    }

    /// Puts a record into the frame that is filling, and who waits for it.
    pub(super) fn push(&mut self, record: Record, waiter: Waiter) {
        let bytes = record.encoded_bytes();
        let frame_max = FRAME_TARGET_BYTES.min(self.log.limits().frame_bytes_max / 2);
        if self
            .open
            .back()
            .is_none_or(|frame| frame.bytes + bytes > frame_max)
        {
            self.open.push_back(OpenFrame::default());
        }
        let frame = self.open.back_mut().expect("there is one now");
        frame.bytes += bytes;
        frame.records.push(record);
        frame.waiters.push(waiter);
        self.since_snapshot += 1;
        self.views_wait = !self.program.views.is_empty();
        self.at_position();
    }

    /// Notes the position of the newest record, which may be waiting in an open frame.
    pub(super) fn at_position(&mut self) {
        let waiting: usize = self.open.iter().map(|frame| frame.records.len()).sum();
        let position = self.writer.next().before().0 + waiting as u64;
        self.position.store(position, Ordering::Release);
        self.machine.position = position;
    }

    /// Sends frames on their way: the one that is filling when nothing is in flight, full ones as far as the log takes them.
    pub(super) fn append_open(&mut self) {
        let in_flight_max = self.log.limits().in_flight_max.max(1);
        while self.failed.is_none()
            && self.in_flight.len() < in_flight_max
            && (self.in_flight.is_empty() || self.open.len() > 1)
        {
            let Some(frame) = self.open.pop_front() else {
                break;
            };
            let at = Hlc(self.time.now() as u64);
            let ack = match self.is_alone(&frame) {
                true => self.writer.append_here(at, frame.records),
                false => self.writer.append(at, frame.records),
            };
            let last = self.writer.next().before();
            let is_oldest = self.in_flight.is_empty();
            self.in_flight.push_back((last, frame.waiters));
            match ack.poll() {
                Some(Ok(_)) if is_oldest => self.durable(),
                // The thread may have ended already; then nobody waits for this any more.
                _ => {
                    let (messages, sent) = (self.messages.clone(), self.sent.clone());
                    ack.on_done(move |outcome| {
                        sent.fetch_add(1, Ordering::Release);
                        let _ = messages.send(Message::Durable(outcome));
                    });
                }
            }
            self.take_snapshot(last);
        }
    }

    /// Whether the frame's call is the only one there is, as were those before it: then nobody loses by waiting for
    /// the disk here. Many callers get more out of a frame that fills while another one syncs.
    fn is_alone(&mut self, frame: &OpenFrame) -> bool {
        const ALONE_BEFORE: u32 = 2;
        let alone = frame.waiters.len() == 1
            && self.in_flight.is_empty()
            && self.waiting.load(Ordering::Relaxed) <= 1
            && self.sent.load(Ordering::Relaxed) == 0;
        self.alone = if alone {
            self.alone.saturating_add(1)
        } else {
            0
        };
        self.alone > ALONE_BEFORE && frame.bytes <= ALONE_BYTES_MAX
    }

    /// The oldest frame in flight is durable.
    pub(super) fn durable(&mut self) {
        let Some((last, waiters)) = self.in_flight.pop_front() else {
            return;
        };
        self.durable.send_replace(last.0);
        for waiter in waiters {
            self.release(waiter);
        }
        self.store_snapshot(last);
    }
}

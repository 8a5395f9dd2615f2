//! The records of runs that go on: their steps, what reaches them from outside, and what people order.
//!
//! ```text
//!   RUN_STEP  version u8, run, strand, time, woken u8, outcome, asks (`effects`), writes (`ops`)
//!             woken: 0 its turn | 1 its time was over | 2 the outside answered: call, output
//!   EVENT     version u8, time, where from: 0 a delayed one's number
//!                                         | 1 run, caller, to (`effects`), idempotency: 0 or 1, key, digest 32
//!   ANSWER    version u8, time, call, output
//!   CONTROL   version u8, time, run, order u8: 0 end now | 1 resume | 2 test (which starts): entry, args | 3 cancel
//!             | 4 retry (which starts): stream, consumer, position
//! ```
//! Outcomes are those of `record`. What a strand was given is not here: replaying knows it, as it was known then.

use weir_contract::encode::{DecodeError, Reader, put_bytes, put_int, put_varint};
use weir_log::{Record, RecordKind};

use crate::effects::{Ask, EventTo, put_asks, read_asks, small};
use crate::ops::Writes;
use crate::record::{Digest, Outcome, RECORD_VERSION, read_version};
use crate::streams::Consumed;

/// A strand of a run went on for a step.
pub const RUN_STEP: RecordKind = RecordKind(18);
/// An event arrived.
pub const EVENT: RecordKind = RecordKind(19);
/// The outside answered a call.
pub const ANSWER: RecordKind = RecordKind(20);
/// Somebody ordered something.
pub const CONTROL: RecordKind = RecordKind(21);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStepRecord {
    pub run: u64,
    pub strand: u32,
    pub time: i64,
    pub woken: Woken,
    pub outcome: Outcome,
    pub asks: Vec<Ask>,
    pub writes: Writes,
}

/// Why a strand went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Woken {
    /// What it waited for has come before, in another record.
    Turn,
    /// What it waited for did not come in time, or was a time.
    Due,
    /// The outside answered its call: the answer and the step it leads to are one record.
    Answered { call: u64, output: Vec<u8> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    pub time: i64,
    pub from: EventFrom,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFrom {
    /// It was sent earlier, under that number.
    Delayed(u64),
    Outside {
        /// A number of its own among the runs.
        number: u64,
        caller: String,
        to: EventTo,
        idempotency: Option<(String, Digest)>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRecord {
    pub time: i64,
    pub call: u64,
    /// `border::OUTPUT_OK` or `border::OUTPUT_FAILED` and what follows.
    pub output: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRecord {
    pub time: i64,
    pub run: u64,
    pub order: Order,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// It undoes what it did and ends, but not before the answers of outside calls under way are known.
    Cancel,
    /// The same, and no answer is waited for.
    EndNow,
    Resume,
    /// Starts a test under that number.
    Test {
        entry: u32,
        args: Vec<u8>,
    },
    /// Puts an entry back that a consumer has given up; its run will have that number.
    Retry(Consumed),
}

impl RunStepRecord {
    pub fn to_record(&self) -> Record {
        let mut out = vec![RECORD_VERSION];
        put_varint(&mut out, self.run);
        put_varint(&mut out, self.strand as u64);
        put_int(&mut out, self.time);
        match &self.woken {
            Woken::Turn => out.push(0),
            Woken::Due => out.push(1),
            Woken::Answered { call, output } => {
                out.push(2);
                put_varint(&mut out, *call);
                put_bytes(&mut out, output);
            }
        }
        self.outcome.encode_into(&mut out);
        put_asks(&mut out, &self.asks);
        self.writes.encode_into(&mut out);
        Record::new(RUN_STEP, out)
    }

    pub fn decode(body: &[u8]) -> Result<RunStepRecord, DecodeError> {
        let mut r = Reader::new(body);
        let version = read_version(&mut r)?;
        Ok(RunStepRecord {
            run: r.varint()?,
            strand: small(&mut r)?,
            time: r.int()?,
            woken: match r.byte()? {
                0 => Woken::Turn,
                1 => Woken::Due,
                2 => Woken::Answered {
                    call: r.varint()?,
                    output: r.bytes()?.to_vec(),
                },
                _ => return Err(r.error("nothing wakes a strand so")),
            },
            outcome: Outcome::decode(&mut r, version)?,
            asks: read_asks(&mut r)?,
            writes: Writes::decode(&mut r)?,
        })
    }
}

impl EventRecord {
    pub fn to_record(&self) -> Record {
        let mut out = vec![RECORD_VERSION];
        put_int(&mut out, self.time);
        match &self.from {
            EventFrom::Delayed(number) => {
                out.push(0);
                put_varint(&mut out, *number);
            }
            EventFrom::Outside {
                number,
                caller,
                to,
                idempotency,
            } => {
                out.push(1);
                put_varint(&mut out, *number);
                put_bytes(&mut out, caller.as_bytes());
                to.encode_into(&mut out);
                out.push(idempotency.is_some() as u8);
                if let Some((key, digest)) = idempotency {
                    put_bytes(&mut out, key.as_bytes());
                    out.extend_from_slice(digest);
                }
            }
        }
        Record::new(EVENT, out)
    }

    pub fn decode(body: &[u8]) -> Result<EventRecord, DecodeError> {
        let mut r = Reader::new(body);
        read_version(&mut r)?;
        let time = r.int()?;
        let from = match flag(&mut r)? {
            false => EventFrom::Delayed(r.varint()?),
            true => {
                let number = r.varint()?;
                let caller = r.text()?.to_owned();
                let to = EventTo::decode(&mut r)?;
                let idempotency = match flag(&mut r)? {
                    false => None,
                    true => {
                        let key = r.text()?.to_owned();
                        let digest = r.take(32)?.try_into().expect("32 bytes");
                        Some((key, digest))
                    }
                };
                EventFrom::Outside {
                    number,
                    caller,
                    to,
                    idempotency,
                }
            }
        };
        r.finish()?;
        Ok(EventRecord { time, from })
    }
}

impl AnswerRecord {
    pub fn to_record(&self) -> Record {
        let mut out = vec![RECORD_VERSION];
        put_int(&mut out, self.time);
        put_varint(&mut out, self.call);
        put_bytes(&mut out, &self.output);
        Record::new(ANSWER, out)
    }

    pub fn decode(body: &[u8]) -> Result<AnswerRecord, DecodeError> {
        let mut r = Reader::new(body);
        read_version(&mut r)?;
        let record = AnswerRecord {
            time: r.int()?,
            call: r.varint()?,
            output: r.bytes()?.to_vec(),
        };
        r.finish()?;
        Ok(record)
    }
}

impl ControlRecord {
    pub fn to_record(&self) -> Record {
        let mut out = vec![RECORD_VERSION];
        put_int(&mut out, self.time);
        put_varint(&mut out, self.run);
        match &self.order {
            Order::EndNow => out.push(0),
            Order::Resume => out.push(1),
            Order::Test { entry, args } => {
                out.push(2);
                put_varint(&mut out, *entry as u64);
                put_bytes(&mut out, args);
            }
            Order::Cancel => out.push(3),
            Order::Retry(entry) => {
                out.push(4);
                put_varint(&mut out, entry.stream as u64);
                put_varint(&mut out, entry.consumer as u64);
                put_varint(&mut out, entry.position);
            }
        }
        Record::new(CONTROL, out)
    }

    pub fn decode(body: &[u8]) -> Result<ControlRecord, DecodeError> {
        let mut r = Reader::new(body);
        read_version(&mut r)?;
        let record = ControlRecord {
            time: r.int()?,
            run: r.varint()?,
            order: match r.byte()? {
                0 => Order::EndNow,
                1 => Order::Resume,
                2 => Order::Test {
                    entry: small(&mut r)?,
                    args: r.bytes()?.to_vec(),
                },
                3 => Order::Cancel,
                4 => Order::Retry(Consumed {
                    stream: small(&mut r)?,
                    consumer: small(&mut r)?,
                    position: r.varint()?,
                }),
                _ => return Err(r.error("no such order")),
            },
        };
        r.finish()?;
        Ok(record)
    }
}

fn flag(r: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match r.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(r.error("neither 0 nor 1")),
    }
}

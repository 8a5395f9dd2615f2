//! What a step asks for besides writes: messages, events, undos, branches, and how its run goes on.
//!
//! ```text
//!   asks    count, each: kind u8 and
//!           0 send    run, function, key, args, delay      3 undo    frame
//!           1 event   number, entity, key, event, args,    4 branch  frame
//!                     delay                                5 mock    extern, frame
//!           2 cancel  run                                  6 crash_at  label
//!           7 emit    stream, position, key, time, value, run
//!   frame   place, cells;  place: 0 function | 1 frame | 2 entry of a test, and its number
//!   delay   0, or 1 and microseconds
//!   pause   frames done, count of new frames, each outermost first; kind of `border::SUSPEND_`, operands
//! ```
//! Functions, frames and externs are named by position in the program in force.

use weir_contract::border;
use weir_contract::encode::{DecodeError, Reader, put_bytes, put_int, put_varint};

/// A piece of code that a run goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Position in the manifest's functions: it has not begun.
    Function(u32),
    /// Position in the manifest's frames.
    Frame(u32),
    /// The entry of a test, which the manifest in force does not list.
    Test(u32),
}

/// A place with what it needs: a frame's cells, or a function's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub place: Place,
    pub cells: Box<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Another run.
    Send {
        run: u64,
        function: u32,
        key: Box<[u8]>,
        args: Box<[u8]>,
        delay: Option<i64>,
    },
    /// To the run of a workflow's instance. A delayed one has a number among the runs.
    Event {
        number: u64,
        to: EventTo,
        delay: Option<i64>,
    },
    /// What was sent under that number and has not begun will not.
    Cancel(u64),
    Undo(Frame),
    Branch(Frame),
    /// Tests only: answers an extern function.
    Mock {
        function: u32,
        answer: Frame,
    },
    /// Tests only.
    CrashAt(String),
    /// An entry of a stream.
    Emit(Entry),
}

/// An entry of a stream, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position in the manifest's streams.
    pub stream: u32,
    /// In the stream, from 0 on, without gaps.
    pub position: u64,
    /// In the key encoding; empty where the stream has no key.
    pub key: Box<[u8]>,
    /// What the program says, or the time of the step.
    pub time: i64,
    pub value: Box<[u8]>,
    /// The numbers of the runs of its consumers, one after the other, begin here.
    pub run: u64,
}

/// An event and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTo {
    pub entity: u32,
    pub key: Box<[u8]>,
    pub event: u32,
    pub args: Box<[u8]>,
}

/// How a step that has suspended goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// So many of the innermost frames have ended or stand in `frames` with new cells.
    pub popped: u32,
    /// Laid on those left, outermost first.
    pub frames: Vec<Frame>,
    pub kind: u32,
    /// As they came from the module; [`Wait::decode`] reads them.
    pub operands: Vec<u8>,
}

/// A pause's kind and operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    Yield,
    Sleep(i64),
    SleepUntil(i64),
    Events {
        numbers: Box<[u32]>,
        within: Option<i64>,
    },
    Outside {
        function: u32,
        within: Option<i64>,
        args: Box<[u8]>,
    },
    Run {
        run: u64,
        within: Option<i64>,
    },
    Join {
        list: bool,
        fallible: bool,
        /// So many branches go on at one time.
        limit: Option<i64>,
    },
    Advance(i64),
    Settle,
}

impl Wait {
    pub fn decode(kind: u32, operands: &[u8]) -> Result<Wait, DecodeError> {
        let mut r = Reader::new(operands);
        let wait = match kind {
            border::SUSPEND_YIELD => Wait::Yield,
            border::SUSPEND_SLEEP => Wait::Sleep(r.int()?),
            border::SUSPEND_SLEEP_UNTIL => Wait::SleepUntil(r.int()?),
            border::SUSPEND_EVENTS => {
                let count = r.varint()?;
                if count > r.rest().len() as u64 {
                    return Err(r.error("more events than bytes"));
                }
                let numbers = (0..count)
                    .map(|_| position(&mut r))
                    .collect::<Result<_, _>>()?;
                let within = delay(&mut r)?;
                Wait::Events { numbers, within }
            }
            border::SUSPEND_EXTERN => Wait::Outside {
                function: position(&mut r)?,
                within: delay(&mut r)?,
                args: r.take(r.rest().len())?.into(),
            },
            border::SUSPEND_RUN => Wait::Run {
                run: r.int()? as u64,
                within: delay(&mut r)?,
            },
            border::SUSPEND_JOIN => Wait::Join {
                list: flag(&mut r)?,
                fallible: flag(&mut r)?,
                limit: match r.rest() {
                    [] => None,
                    _ => Some(r.int()?),
                },
            },
            border::SUSPEND_ADVANCE => Wait::Advance(r.int()?),
            border::SUSPEND_SETTLE => Wait::Settle,
            _ => return Err(r.error("no such kind of wait")),
        };
        r.finish()?;
        Ok(wait)
    }
}

/// A number that crosses the border as an `Int`.
fn position(r: &mut Reader<'_>) -> Result<u32, DecodeError> {
    u32::try_from(r.int()?).map_err(|_| r.error("number too big"))
}

fn flag(r: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match r.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(r.error("neither 0 nor 1")),
    }
}

fn delay(r: &mut Reader<'_>) -> Result<Option<i64>, DecodeError> {
    Ok(match flag(r)? {
        true => Some(r.int()?),
        false => None,
    })
}

fn put_delay(out: &mut Vec<u8>, delay: Option<i64>) {
    out.push(delay.is_some() as u8);
    if let Some(delay) = delay {
        put_int(out, delay);
    }
}

/// A position, as records have it.
pub(crate) fn small(r: &mut Reader<'_>) -> Result<u32, DecodeError> {
    u32::try_from(r.varint()?).map_err(|_| r.error("number too big"))
}

impl Place {
    pub(crate) fn encode_into(self, out: &mut Vec<u8>) {
        let (kind, number) = match self {
            Place::Function(n) => (0, n),
            Place::Frame(n) => (1, n),
            Place::Test(n) => (2, n),
        };
        out.push(kind);
        put_varint(out, number as u64);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Place, DecodeError> {
        Ok(match r.byte()? {
            0 => Place::Function(small(r)?),
            1 => Place::Frame(small(r)?),
            2 => Place::Test(small(r)?),
            _ => return Err(r.error("no such kind of place")),
        })
    }
}

impl Frame {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        self.place.encode_into(out);
        put_bytes(out, &self.cells);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Frame, DecodeError> {
        Ok(Frame {
            place: Place::decode(r)?,
            cells: r.bytes()?.into(),
        })
    }
}

impl EventTo {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.entity as u64);
        put_bytes(out, &self.key);
        put_varint(out, self.event as u64);
        put_bytes(out, &self.args);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<EventTo, DecodeError> {
        Ok(EventTo {
            entity: small(r)?,
            key: r.bytes()?.into(),
            event: small(r)?,
            args: r.bytes()?.into(),
        })
    }
}

impl Pause {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.popped as u64);
        put_varint(out, self.frames.len() as u64);
        for frame in &self.frames {
            frame.encode_into(out);
        }
        put_varint(out, self.kind as u64);
        put_bytes(out, &self.operands);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Pause, DecodeError> {
        let popped = small(r)?;
        let frames = (0..r.varint()?).map(|_| Frame::decode(r));
        let frames = frames.collect::<Result<_, _>>()?;
        Ok(Pause {
            popped,
            frames,
            kind: small(r)?,
            operands: r.bytes()?.to_vec(),
        })
    }
}

impl Ask {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Ask::Send {
                run,
                function,
                key,
                args,
                delay,
            } => {
                out.push(0);
                put_varint(out, *run);
                put_varint(out, *function as u64);
                put_bytes(out, key);
                put_bytes(out, args);
                put_delay(out, *delay);
            }
            Ask::Event { number, to, delay } => {
                out.push(1);
                put_varint(out, *number);
                to.encode_into(out);
                put_delay(out, *delay);
            }
            Ask::Cancel(run) => {
                out.push(2);
                put_varint(out, *run);
            }
            Ask::Undo(frame) => {
                out.push(3);
                frame.encode_into(out);
            }
            Ask::Branch(frame) => {
                out.push(4);
                frame.encode_into(out);
            }
            Ask::Mock { function, answer } => {
                out.push(5);
                put_varint(out, *function as u64);
                answer.encode_into(out);
            }
            Ask::CrashAt(label) => {
                out.push(6);
                put_bytes(out, label.as_bytes());
            }
            Ask::Emit(entry) => {
                out.push(7);
                put_varint(out, entry.stream as u64);
                put_varint(out, entry.position);
                put_bytes(out, &entry.key);
                put_int(out, entry.time);
                put_bytes(out, &entry.value);
                put_varint(out, entry.run);
            }
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<Ask, DecodeError> {
        Ok(match r.byte()? {
            0 => Ask::Send {
                run: r.varint()?,
                function: small(r)?,
                key: r.bytes()?.into(),
                args: r.bytes()?.into(),
                delay: delay(r)?,
            },
            1 => Ask::Event {
                number: r.varint()?,
                to: EventTo::decode(r)?,
                delay: delay(r)?,
            },
            2 => Ask::Cancel(r.varint()?),
            3 => Ask::Undo(Frame::decode(r)?),
            4 => Ask::Branch(Frame::decode(r)?),
            5 => Ask::Mock {
                function: small(r)?,
                answer: Frame::decode(r)?,
            },
            6 => Ask::CrashAt(r.text()?.to_owned()),
            7 => Ask::Emit(Entry {
                stream: small(r)?,
                position: r.varint()?,
                key: r.bytes()?.into(),
                time: r.int()?,
                value: r.bytes()?.into(),
                run: r.varint()?,
            }),
            _ => return Err(r.error("no such ask")),
        })
    }

    /// At most so many bytes in a record.
    pub(crate) fn byte_len(&self) -> usize {
        const NUMBERS: usize = 48;
        NUMBERS
            + match self {
                Ask::Send { key, args, .. } => key.len() + args.len(),
                Ask::Event { to, .. } => to.key.len() + to.args.len(),
                Ask::Cancel(_) => 0,
                Ask::Undo(frame) | Ask::Branch(frame) => frame.cells.len(),
                Ask::Mock { answer, .. } => answer.cells.len(),
                Ask::CrashAt(label) => label.len(),
                Ask::Emit(entry) => entry.key.len() + entry.value.len(),
            }
    }
}

pub(crate) fn put_asks(out: &mut Vec<u8>, asks: &[Ask]) {
    put_varint(out, asks.len() as u64);
    for ask in asks {
        ask.encode_into(out);
    }
}

pub(crate) fn read_asks(r: &mut Reader<'_>) -> Result<Vec<Ask>, DecodeError> {
    (0..r.varint()?).map(|_| Ask::decode(r)).collect()
}

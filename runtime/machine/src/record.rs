//! The records a machine writes to the log, and reads back.
//!
//! ```text
//!   STEP     version u8, run, function, time, caller, roles, keys, args,
//!            idempotency: 0 or 1, key, digest 32; outcome, asks (`effects`), writes (`ops`)
//!            outcome: 0 output | 1 a bug: place, reason, function, count, callers | 2 pause (`effects`)
//!            version 3: nothing is emitted and no state merges
//!            version 2: a bug is a place and a reason
//!            version 1: without asks and pauses as well
//!   PROGRAM  version u8, time, manifest as JSON (without sites and tests), next run: how every later record is read
//!            version 3: without the next run; a long one is there in pieces (`pieces`)
//! ```
//! Numbers are varints, texts and bytes length-prefixed, as in the value encoding. A step names its function by position
//! in the program in force, so a log is readable with nothing else at hand. What happens to runs later has records of its
//! own (`run_record`).

use weir_contract::encode::{DecodeError, Reader, put_bytes, put_int, put_varint};
use weir_log::{Record, RecordKind};

use crate::effects::{Ask, Pause, put_asks, read_asks};
use crate::ops::Writes;

/// One step: what went in, what came out, what it wrote.
pub const STEP: RecordKind = RecordKind(16);
/// From here on another program is in force.
pub const PROGRAM: RecordKind = RecordKind(17);

/// The version of the bodies this crate writes.
pub const RECORD_VERSION: u8 = 4;
/// The oldest version it reads.
const OLDEST_VERSION: u8 = 1;
/// From this version on a bug names its function and from where that was called.
const CALLERS_SINCE: u8 = 3;

/// SHA-256 of what a request asks for, to tell a retry from another request with the same key.
pub type Digest = [u8; 32];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    pub run: u64,
    /// Position in the functions of the program in force.
    pub function: u32,
    /// Microseconds since 1970.
    pub time: i64,
    pub caller: String,
    pub roles: Vec<String>,
    /// The instance's key in the key encoding.
    pub keys: Vec<u8>,
    /// As `contract::call::encode_args` writes them.
    pub args: Vec<u8>,
    /// The `Idempotency-Key` and the digest of the request.
    pub idempotency: Option<(String, Digest)>,
    pub outcome: Outcome,
    pub asks: Vec<Ask>,
    pub writes: Writes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The step's output: `border::OUTPUT_OK`, ... and what follows.
    Output(Vec<u8>),
    /// A bug: nothing was written.
    Bug(Bug),
    /// The run goes on later.
    Suspended(Pause),
}

/// A bug of the program, as it is told to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bug {
    /// `bank.weir:12:5`
    pub at: String,
    /// `Account.transfer`; empty where it is not known.
    pub function: String,
    pub reason: String,
    /// From where that function was called, innermost first: `Account.close (bank.weir:30:5)`. As far as it is known.
    pub callers: Vec<String>,
}

/// One line: `bank.weir:12:5 in Account.transfer: overflow`.
impl std::fmt::Display for Bug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.at)?;
        if !self.function.is_empty() {
            write!(f, " in {}", self.function)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Outcome {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Outcome::Output(output) => {
                out.push(0);
                put_bytes(out, output);
            }
            Outcome::Bug(bug) => {
                out.push(1);
                bug.encode_into(out);
            }
            Outcome::Suspended(pause) => {
                out.push(2);
                pause.encode_into(out);
            }
        }
    }

    /// `version` is that of the record it is in.
    pub(crate) fn decode(r: &mut Reader<'_>, version: u8) -> Result<Outcome, DecodeError> {
        Ok(match r.byte()? {
            0 => Outcome::Output(r.bytes()?.to_vec()),
            1 if version < CALLERS_SINCE => Outcome::Bug(Bug::decode_short(r)?),
            1 => Outcome::Bug(Bug::decode(r)?),
            2 => Outcome::Suspended(Pause::decode(r)?),
            _ => return Err(r.error("no such outcome")),
        })
    }
}

impl Bug {
    pub(crate) fn encode_into(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.at.as_bytes());
        put_bytes(out, self.reason.as_bytes());
        put_bytes(out, self.function.as_bytes());
        put_varint(out, self.callers.len() as u64);
        for caller in &self.callers {
            put_bytes(out, caller.as_bytes());
        }
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Bug, DecodeError> {
        let mut bug = Bug::decode_short(r)?;
        bug.function = r.text()?.to_owned();
        for _ in 0..r.varint()? {
            bug.callers.push(r.text()?.to_owned());
        }
        Ok(bug)
    }

    /// As it was when a bug was a place and a reason.
    pub(crate) fn decode_short(r: &mut Reader<'_>) -> Result<Bug, DecodeError> {
        Ok(Bug {
            at: r.text()?.to_owned(),
            reason: r.text()?.to_owned(),
            function: String::new(),
            callers: Vec::new(),
        })
    }
}

impl StepRecord {
    pub fn to_record(&self) -> Record {
        let mut out = vec![RECORD_VERSION];
        put_varint(&mut out, self.run);
        put_varint(&mut out, self.function as u64);
        put_int(&mut out, self.time);
        put_bytes(&mut out, self.caller.as_bytes());
        put_varint(&mut out, self.roles.len() as u64);
        for role in &self.roles {
            put_bytes(&mut out, role.as_bytes());
        }
        put_bytes(&mut out, &self.keys);
        put_bytes(&mut out, &self.args);
        match &self.idempotency {
            None => out.push(0),
            Some((key, digest)) => {
                out.push(1);
                put_bytes(&mut out, key.as_bytes());
                out.extend_from_slice(digest);
            }
        }
        self.outcome.encode_into(&mut out);
        put_asks(&mut out, &self.asks);
        self.writes.encode_into(&mut out);
        Record::new(STEP, out)
    }

    pub fn decode(body: &[u8]) -> Result<StepRecord, DecodeError> {
        let mut r = Reader::new(body);
        let version = read_version(&mut r)?;
        let run = r.varint()?;
        let function = u32::try_from(r.varint()?).map_err(|_| r.error("number too big"))?;
        let time = r.int()?;
        let caller = r.text()?.to_owned();
        let mut roles = Vec::new();
        for _ in 0..r.varint()? {
            roles.push(r.text()?.to_owned());
        }
        let keys = r.bytes()?.to_vec();
        let args = r.bytes()?.to_vec();
        let idempotency = match r.byte()? {
            0 => None,
            1 => {
                let key = r.text()?.to_owned();
                let digest = r.take(32)?.try_into().expect("32 bytes");
                Some((key, digest))
            }
            _ => return Err(r.error("neither 0 nor 1")),
        };
        let outcome = Outcome::decode(&mut r, version)?;
        let asks = match version {
            1 => Vec::new(),
            _ => read_asks(&mut r)?,
        };
        let writes = Writes::decode(&mut r)?;
        Ok(StepRecord {
            run,
            function,
            time,
            caller,
            roles,
            keys,
            args,
            idempotency,
            outcome,
            asks,
            writes,
        })
    }
}

/// A new program in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRecord {
    pub time: i64,
    /// The manifest as JSON.
    pub manifest: String,
    /// The numbers of runs that begin with it come from here on.
    pub next_run: u64,
}

impl ProgramRecord {
    pub fn to_record(&self) -> Record {
        let mut out = vec![RECORD_VERSION];
        put_int(&mut out, self.time);
        put_bytes(&mut out, self.manifest.as_bytes());
        put_varint(&mut out, self.next_run);
        Record::new(PROGRAM, out)
    }

    pub fn decode(body: &[u8]) -> Result<ProgramRecord, DecodeError> {
        let mut r = Reader::new(body);
        let version = read_version(&mut r)?;
        let time = r.int()?;
        let manifest = r.text()?.to_owned();
        let next_run = match version {
            RECORD_VERSION => r.varint()?,
            _ => 0,
        };
        r.finish()?;
        Ok(ProgramRecord {
            time,
            manifest,
            next_run,
        })
    }
}

pub(crate) fn read_version(r: &mut Reader<'_>) -> Result<u8, DecodeError> {
    match r.byte()? {
        version @ OLDEST_VERSION..=RECORD_VERSION => Ok(version),
        _ => Err(r.error("a version this runtime does not know")),
    }
}

//! What is asked of a machine from outside, and what it tells.

use weir_contract::DecodeError;
use weir_contract::host_call::Lines;
use weir_log::Record;

use crate::idempotency::KeptAnswer;
use crate::record::{Bug, Outcome};
use crate::runs::Ended;

/// A call from outside, decoded as far as the machine needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Position in the functions of the program in force.
    pub function: u32,
    /// Empty for nobody.
    pub caller: String,
    pub roles: Vec<String>,
    /// The instance's key in the key encoding; empty for a top-level function.
    pub keys: Vec<u8>,
    /// As `contract::call::encode_args` writes them.
    pub args: Vec<u8>,
    pub idempotency: Option<String>,
    /// The version the instance must have.
    pub if_match: Option<u64>,
}

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Done {
    pub run: u64,
    pub answer: Answer,
    /// The instance's version afterwards; 0 for a top-level function.
    pub version: u64,
    /// The log position that the answer is exact at, when who appends the record has said so; else 0.
    pub position: u64,
    /// To be appended to the log before the answer leaves. Without one the answer leaves when all records
    /// before it are durable, because it may show what they wrote.
    pub record: Option<Record>,
    /// To be done when the record is durable.
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The step's output: `border::OUTPUT_OK`, ... and what follows.
    Output(Vec<u8>),
    /// What was answered to the same key before.
    Again(KeptAnswer),
    /// The key was used for another request.
    KeyReused,
    /// `if_match` is not the instance's version.
    OtherVersion,
    /// It reads a view that has to be fed so many rows more, of `whole` for all of it: too many to wait for them.
    Building { view: u32, behind: u64, whole: u64 },
    /// The rows that such a view had before it was begun again, as a step's output, and where in the log they are exact.
    Before {
        output: Vec<u8>,
        position: u64,
        behind: u64,
        whole: u64,
    },
    /// Nothing changed. A run is parked there.
    Bug(Bug),
    /// The run was started, now or by an earlier call, and has not ended.
    GoesOn,
    /// A run that an earlier call started has ended so: cancelled, or in an earlier program.
    Ended(Ended),
    /// It may emit into that stream, of which too much waits to be consumed: later there will be room.
    Full(u32),
    /// No record has room for what it was called with.
    TooLong { bytes: usize, bytes_max: usize },
}

/// What a record asks of those outside the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Whoever made the call may have its answer.
    Reply { run: u64, outcome: Outcome },
    /// Another program is in force.
    Program,
    /// An extern function is to be called, and [`Machine::answer`] told what came of it.
    Outside(OutsideCall),
    /// Whoever waits for the run may have its result.
    Ended { run: u64, ended: Ended },
    /// A run met a bug and waits for somebody who mends it: people are told.
    Parked { run: u64, bug: Bug },
    /// A step said this to the log of its program. It is told even of a step that was not kept, but once.
    Log(Said),
    /// Tests only: the process dies here.
    CrashAt(String),
}

/// What a step said to the log of its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub run: u64,
    /// How many steps of the run came before it.
    pub step: u64,
    /// Time of the step.
    pub time: i64,
    /// What the run was started as: `Account.deposit`.
    pub by: String,
    pub lines: Lines,
    pub became: Became,
}

/// What became of a step that said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It is kept, or had nothing to be kept.
    Done,
    /// It failed, and what it wrote is undone.
    Failed,
    /// It had a bug, and what it wrote is undone.
    Bug,
}

/// A call of an extern function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideCall {
    /// Unique in a log.
    pub call: u64,
    /// When it was asked for.
    pub at: i64,
    pub run: u64,
    pub strand: u32,
    /// Position in the manifest's externs.
    pub function: u32,
    /// As `contract::call::encode_args` writes them.
    pub args: Box<[u8]>,
}

impl OutsideCall {
    /// The same whenever this call is made again, and no other call's: for those who promise to do nothing twice. With the
    /// time, because a service outlives a log that is begun anew.
    pub fn key(&self) -> String {
        format!("{}-{}", self.at, self.call)
    }
}

/// A record or snapshot that this machine cannot have written, or wrote in another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord(pub String);

impl std::fmt::Display for BadRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadRecord {}

impl From<DecodeError> for BadRecord {
    fn from(error: DecodeError) -> BadRecord {
        BadRecord(error.to_string())
    }
}

//! Making temporary data: what is to be run for it, in which order, and what comes of it. No threads and no clock here; whoever runs the
//! tasks may run them in any order, at the same time, and again.
//!
//! `job` is the making of one piece of data, `rows` what is done with the bytes of lists.

mod job;
mod rows;

pub use job::{Input, Job, Progress, Slice, Task};

use std::sync::Arc;

use weir_contract::border::{OUTPUT_OK, StepInput, encode_caller};
use weir_contract::host_call::Given;
use weir_contract::library::Refusal;
use weir_contract::scratch::{Found, may_be_made_from};
use weir_contract::{CrashReason, Manifest, Reader, Type};

use crate::asking::Surroundings;
use crate::machine::Machine;
use crate::state::State;
use crate::steps::{Crash, Steps};
use crate::transaction::Transaction;

/// Bytes of some part of temporary data, or of what is made on the way to it.
pub trait Piece: Send + Sync {
    /// How many there are.
    fn size(&self) -> u64;

    fn bytes(&self) -> Result<Vec<u8>, Refusal>;

    /// Or else in memory.
    fn is_on_disk(&self) -> bool {
        false
    }

    /// From one byte up to, not with, another.
    fn slice(&self, from: usize, to: usize) -> Result<Vec<u8>, Refusal> {
        let mut bytes = self.bytes()?;
        bytes.truncate(to);
        Ok(bytes.split_off(from.min(bytes.len())))
    }
}

/// Where such bytes are kept.
pub trait Room: Send + Sync {
    /// Keeps them until the piece is dropped; or says that there is no more room.
    fn keep(&self, bytes: Vec<u8>) -> Result<Arc<dyn Piece>, Refusal>;
}

/// How many bytes lie in memory and on the disk.
pub fn held_by<'p>(pieces: impl Iterator<Item = &'p dyn Piece>) -> (u64, u64) {
    let (mut memory, mut disk) = (0, 0);
    for piece in pieces {
        match piece.is_on_disk() {
            true => disk += piece.size(),
            false => memory += piece.size(),
        }
    }
    (memory, disk)
}

/// Room in memory, without an end.
pub struct Memory;

struct InMemory(Vec<u8>);

impl Piece for InMemory {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        Ok(self.0.clone())
    }

    fn slice(&self, from: usize, to: usize) -> Result<Vec<u8>, Refusal> {
        Ok(self.0[from..to].to_vec())
    }
}

impl Room for Memory {
    fn keep(&self, bytes: Vec<u8>) -> Result<Arc<dyn Piece>, Refusal> {
        Ok(Arc::new(InMemory(bytes)))
    }
}

/// Runs one task. A task that needs other temporary data which is not there is refused with `NoScratch`.
pub fn run_task(
    steps: &mut dyn Steps,
    program: &Arc<Manifest>,
    settings: &Arc<Given>,
    task: &Task,
) -> Result<Vec<u8>, Refusal> {
    let args = task.args(&*settings.scratches.0)?;
    let around = Surroundings {
        program: Some(program.clone()),
        settings: settings.clone(),
        ..Surroundings::default()
    };
    let on = Transaction::begin_in(State::default(), around);
    let caller = encode_caller("", []);
    let input = StepInput {
        time_us: 0,
        key: &[],
        caller: &caller,
        inside: true,
        args: &args,
    };
    let (_, output) = steps.run(task.entry, input, on);
    match output {
        Ok(mut output) if output.first() == Some(&OUTPUT_OK) => Ok(output.split_off(1)),
        Ok(_) => Err(CrashReason::Unreachable.into()),
        Err(crash) => Err(refusal(program, &crash)),
    }
}

/// A bug of the code that makes the data, as those who read it are told.
fn refusal(program: &Manifest, crash: &Crash) -> Refusal {
    // What the library does inside has no place.
    let known = |site: &&u32| (**site as usize) < program.sites.len();
    let mut sites = std::iter::once(&crash.site).chain(&crash.callers);
    let place = sites.find(known).map(|site| program.place(*site));
    let detail = match (crash.detail.as_str(), place) {
        // Empty only where it is not there yet.
        ("", _) if crash.reason == CrashReason::NoScratch => String::new(),
        ("", Some(place)) => format!("at {place}"),
        (detail, Some(place)) => format!("{detail}, at {place}"),
        (detail, None) => detail.to_owned(),
    };
    Refusal {
        reason: crash.reason,
        detail,
    }
}

/// Makes temporary data on the spot, one task after the other.
pub fn make(
    steps: &mut dyn Steps,
    program: &Arc<Manifest>,
    settings: &Arc<Given>,
    made_from: &[u8],
) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut job = Job::new(program.clone(), made_from)?;
    let store = &*settings.scratches.0;
    for needed in job.needs() {
        if store.parts(&needed) == Found::Missing {
            store.put(&needed, make(steps, program, settings, &needed));
        }
    }
    while !job.is_done() {
        let task = job.next(&*settings.scratches.0)?;
        let task = task.expect("one after the other, so one is next");
        let output = run_task(steps, program, settings, &task)?;
        job.took(task.number, output, &Memory)?;
    }
    job.made().iter().map(|piece| piece.bytes()).collect()
}

/// The bytes of what other temporary data is made from, in those of one.
pub fn made_of_others(program: &Manifest, made_from: &[u8]) -> Vec<Vec<u8>> {
    let name = weir_contract::scratch::name_in(made_from);
    let Some(scratch) = name.and_then(|name| program.scratch(name)) else {
        return Vec::new();
    };
    let Type::Tuple(fields) = &scratch.made_from else {
        return Vec::new();
    };
    let mut reader = Reader::new(made_from);
    let mut others = Vec::new();
    for field in fields {
        let from = reader.position();
        if reader.value(&program.defs, &field.ty).is_err() {
            break;
        }
        let bytes = &made_from[from..reader.position()];
        if may_be_made_from(&field.ty) && is_made_from(program, &field.ty, bytes) {
            others.push(bytes.to_vec());
        }
    }
    others
}

fn is_made_from(program: &Manifest, ty: &Type, bytes: &[u8]) -> bool {
    let name = weir_contract::scratch::name_in(bytes);
    let scratch = name.and_then(|name| program.scratch(name));
    scratch.is_some_and(|scratch| scratch.made_from == *ty)
}

impl Machine {
    /// What the temporary data is made from that a run may still read: that of the variables in its frames, which are those that are
    /// used later. Nothing for one that has ended.
    pub fn scratches_of(&self, run: u64) -> Vec<Vec<u8>> {
        let (Some(program), Some(run)) = (&self.program, self.runs.get(run)) else {
            return Vec::new();
        };
        if program.scratches.is_empty() {
            return Vec::new();
        }
        let strands = run.strands.iter().flat_map(|strand| &strand.frames);
        let mut found = Vec::new();
        for frame in strands.chain(&run.undos) {
            let crate::effects::Place::Frame(number) = frame.place else {
                continue;
            };
            let Some(described) = program.frames.get(number as usize) else {
                continue;
            };
            if !described.cells.iter().any(|c| may_be_made_from(&c.ty)) {
                continue;
            }
            let mut reader = Reader::new(&frame.cells);
            for cell in &described.cells {
                let from = reader.position();
                if reader.value(&program.defs, &cell.ty).is_err() {
                    break;
                }
                let bytes = &frame.cells[from..reader.position()];
                if may_be_made_from(&cell.ty) && is_made_from(program, &cell.ty, bytes) {
                    found.push(bytes.to_vec());
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Temporary data has come: strands that could not go on without any try again.
    pub fn scratch_came(&mut self) {
        self.runs.lacking.clear();
    }

    /// Whether a strand of a run cannot go on before temporary data is there.
    pub fn lacks_scratch(&self, run: u64) -> bool {
        let range = (run, 0)..=(run, u32::MAX);
        self.runs.lacking.range(range).next().is_some()
    }
}

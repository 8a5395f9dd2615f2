//! The making of one piece of temporary data.
//!
//! ```text
//!   source    one task: the list of items           (or the parts of other temporary data)
//!   each      one task for each item, or for some   rows, sorted into buckets where they are grouped
//!   finish    one task for some of the buckets      pairs of key and value, which are put together by the key
//! ```
//! A task that was lost is given out again. What a task gives depends on nothing but its arguments, so it does not matter which of two
//! answers is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use weir_contract::library::Refusal;
use weir_contract::scratch::{Found, Scratch, ScratchCode, ScratchStore, ScratchTasks, name_in};
use weir_contract::{CrashReason, Manifest, Type};

use super::rows::{BUCKETS, chunks, list, merge, parts, sort};
use super::{Piece, Room, held_by, made_of_others};

/// A list is cut into at most so many tasks.
const TASKS_MAX: usize = 256;

/// A task that finishes groups takes buckets of together about so many bytes.
const FINISH_BYTES: usize = 2 << 20;

/// How far the making is, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub stage: &'static str,
    /// Which it is of how many, from 1 on.
    pub number: usize,
    pub of: usize,
    /// Tasks of this stage: done, given out, all.
    pub done: usize,
    pub running: usize,
    pub tasks: usize,
    /// Tasks of all stages that were lost with whoever ran them.
    pub lost: usize,
    /// What has been made on the way, in bytes.
    pub memory_bytes: u64,
    pub disk_bytes: u64,
}

/// What is to be run.
pub struct Task {
    pub number: usize,
    /// Of the module.
    pub entry: u32,
    made_from: Arc<[u8]>,
    input: Input,
}

/// What a task takes besides what the data is made from.
#[derive(Clone)]
pub enum Input {
    Nothing,
    /// A list.
    List(Arc<dyn Piece>),
    /// A part of other temporary data.
    Part(Arc<[u8]>, u64),
    /// Rows from here and there, in their order.
    Rows(Vec<Slice>),
}

/// Some rows of a piece.
#[derive(Clone)]
pub struct Slice {
    pub piece: Arc<dyn Piece>,
    pub from: usize,
    pub to: usize,
    pub rows: u64,
}

impl Task {
    /// It has been run, so what it was given is not held for it any more.
    pub fn let_go(&mut self) {
        self.input = Input::Nothing;
    }

    /// The arguments of its entry.
    pub fn args(&self, store: &dyn ScratchStore) -> Result<Vec<u8>, Refusal> {
        let mut args = self.made_from.to_vec();
        match &self.input {
            Input::Nothing => {}
            Input::List(piece) => args.extend(piece.bytes()?),
            Input::Part(of, number) => match store.part(of, *number) {
                Found::There(part) => args.extend(part),
                Found::Missing => return Err(CrashReason::NoScratch.into()),
                Found::Failed(refusal) => return Err(refusal),
            },
            Input::Rows(slices) => {
                let count = slices.iter().map(|slice| slice.rows).sum();
                let mut rows = Vec::new();
                for slice in slices {
                    rows.extend(slice.piece.slice(slice.from, slice.to)?);
                }
                args.extend(list(count, &rows));
            }
        }
        Ok(args)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Whole,
    Source,
    Each,
    Finish,
    Done,
}

/// What is there of a task's output.
struct Output {
    pieces: Vec<Arc<dyn Piece>>,
    /// For rows that are grouped: how many rows each bucket has and where they end.
    buckets: Vec<(u64, usize)>,
    /// Rows, where they are not grouped, and bytes.
    rows: u64,
    bytes: usize,
}

pub struct Job {
    program: Arc<Manifest>,
    scratch: Scratch,
    made_from: Arc<[u8]>,
    stage: Stage,
    inputs: Vec<Input>,
    outputs: Vec<Option<Output>>,
    /// Tasks of this stage that are to be given out.
    waiting: BTreeSet<usize>,
    /// How often each task of this stage was lost.
    lost: BTreeMap<usize, usize>,
    lost_before: usize,
    made: Vec<Arc<dyn Piece>>,
}

impl Job {
    pub fn new(program: Arc<Manifest>, made_from: &[u8]) -> Result<Job, Refusal> {
        let name = name_in(made_from);
        let Some(scratch) = name.and_then(|name| program.scratch(name)).cloned() else {
            return Err(Refusal {
                reason: CrashReason::NoScratch,
                detail: format!("the program has no {}", name.unwrap_or("such data")),
            });
        };
        let stage = match &scratch.code {
            ScratchCode::Whole(_) => Stage::Whole,
            ScratchCode::Tasks(_) => Stage::Source,
        };
        let mut job = Job {
            program,
            scratch,
            made_from: made_from.into(),
            stage,
            inputs: Vec::new(),
            outputs: Vec::new(),
            waiting: BTreeSet::new(),
            lost: BTreeMap::new(),
            lost_before: 0,
            made: Vec::new(),
        };
        job.begin(stage, vec![Input::Nothing]);
        Ok(job)
    }

    /// `top_words.counts`
    pub fn name(&self) -> &str {
        &self.scratch.name
    }

    /// What other temporary data is made from that must be there before it begins.
    pub fn needs(&self) -> Vec<Vec<u8>> {
        made_of_others(&self.program, &self.made_from)
    }

    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// The parts, when it is done.
    pub fn made(&self) -> &[Arc<dyn Piece>] {
        &self.made
    }

    pub fn progress(&self) -> Progress {
        let (has_source, has_finish, is_keyed) = match self.tasks() {
            Some(tasks) => (
                tasks.source.is_some(),
                tasks.finish.is_some(),
                tasks.key.is_some(),
            ),
            None => (false, false, false),
        };
        // Without a source the items are there already.
        let begins = usize::from(has_source);
        let (stage, number) = match self.stage {
            Stage::Whole => ("computing", 1),
            Stage::Source if has_source => ("finding the items", 1),
            Stage::Source | Stage::Each => ("making rows", begins + 1),
            Stage::Finish if is_keyed => ("putting groups together", begins + 2),
            Stage::Finish => ("putting all together", begins + 2),
            Stage::Done => ("done", begins + 1 + usize::from(has_finish)),
        };
        let done = self.outputs.iter().flatten().count();
        let tasks = match self.stage == Stage::Source && !has_source {
            true => 0,
            false => self.outputs.len(),
        };
        let (memory_bytes, disk_bytes) = self.held();
        Progress {
            stage,
            number,
            of: begins + 1 + usize::from(has_finish),
            done,
            running: tasks.saturating_sub(done + self.waiting.len()),
            tasks,
            lost: self.lost_before + self.lost.values().sum::<usize>(),
            memory_bytes,
            disk_bytes,
        }
    }

    /// What it holds in memory and on the disk, each piece once, besides what tasks that are running were given.
    fn held(&self) -> (u64, u64) {
        let mut pieces: BTreeMap<*const u8, &dyn Piece> = BTreeMap::new();
        let see = |piece: &Arc<dyn Piece>| Arc::as_ptr(piece).cast::<u8>();
        for input in &self.inputs {
            match input {
                Input::List(piece) => drop(pieces.insert(see(piece), &**piece)),
                Input::Rows(slices) => slices.iter().for_each(|slice| {
                    pieces.insert(see(&slice.piece), &*slice.piece);
                }),
                Input::Nothing | Input::Part(..) => {}
            }
        }
        let outputs = self.outputs.iter().flatten();
        let outputs = outputs.flat_map(|output| &output.pieces);
        for piece in outputs.chain(&self.made) {
            pieces.insert(see(piece), &**piece);
        }
        held_by(pieces.into_values())
    }

    /// The next task to run; none while those that were given out are not done.
    pub fn next(&mut self, store: &dyn ScratchStore) -> Result<Option<Task>, Refusal> {
        if self.stage == Stage::Source && self.tasks().is_some_and(|tasks| tasks.source.is_none()) {
            self.take_parts(store)?;
        }
        let Some(number) = self.waiting.pop_first() else {
            return Ok(None);
        };
        let tasks = self.tasks();
        let entry = match (self.stage, &self.scratch.code, tasks) {
            (Stage::Whole, ScratchCode::Whole(entry), _) => Some(*entry),
            (Stage::Source, _, Some(tasks)) => tasks.source,
            (Stage::Each, _, Some(tasks)) => Some(tasks.each),
            (Stage::Finish, _, Some(tasks)) => tasks.finish,
            _ => None,
        };
        Ok(Some(Task {
            number,
            entry: entry.ok_or(CrashReason::Unreachable)?,
            made_from: self.made_from.clone(),
            input: self.inputs[number].clone(),
        }))
    }

    /// A task was lost with who ran it, so many times now.
    pub fn lost(&mut self, number: usize) -> usize {
        let times = self.lost.entry(number).or_default();
        *times += 1;
        *times
    }

    /// A task is to be given out again.
    pub fn again(&mut self, number: usize) {
        if self.outputs.get(number).is_some_and(Option::is_none) {
            self.waiting.insert(number);
        }
    }

    /// What a task has given.
    pub fn took(&mut self, number: usize, bytes: Vec<u8>, room: &dyn Room) -> Result<(), Refusal> {
        if self.outputs.get(number).is_none_or(Option::is_some) {
            return Ok(());
        }
        let output = self.output(bytes, room)?;
        self.waiting.remove(&number);
        self.outputs[number] = Some(output);
        // Nobody will ask for it again.
        self.inputs[number] = Input::Nothing;
        match self.outputs.iter().all(Option::is_some) {
            true => self.go_on(room),
            false => Ok(()),
        }
    }

    fn tasks(&self) -> Option<&ScratchTasks> {
        match &self.scratch.code {
            ScratchCode::Tasks(tasks) => Some(tasks),
            ScratchCode::Whole(_) => None,
        }
    }

    fn begin(&mut self, stage: Stage, inputs: Vec<Input>) {
        self.lost_before += self.lost.values().sum::<usize>();
        self.lost.clear();
        self.stage = stage;
        self.outputs = inputs.iter().map(|_| None).collect();
        self.waiting = (0..inputs.len()).collect();
        self.inputs = inputs;
    }

    /// The items are the parts of other temporary data.
    fn take_parts(&mut self, store: &dyn ScratchStore) -> Result<(), Refusal> {
        let of: Arc<[u8]> = match self.needs().into_iter().next() {
            Some(of) => of.into(),
            None => return Err(CrashReason::Unreachable.into()),
        };
        let count = match store.parts(&of) {
            Found::There(count) => count,
            Found::Missing => return Err(CrashReason::NoScratch.into()),
            Found::Failed(refusal) => return Err(refusal),
        };
        let part = |number| Input::Part(of.clone(), number);
        let inputs: Vec<Input> = (0..count).map(part).collect();
        self.outputs.clear();
        self.begin_each(inputs);
        Ok(())
    }

    /// Without items there is one task all the same: of no items something may be made.
    fn begin_each(&mut self, mut inputs: Vec<Input>) {
        if inputs.is_empty() {
            inputs.push(Input::Rows(Vec::new()));
        }
        self.begin(Stage::Each, inputs);
    }

    fn output(&self, bytes: Vec<u8>, room: &dyn Room) -> Result<Output, Refusal> {
        let plain = |bytes: Vec<u8>| -> Result<Output, Refusal> {
            let rows = weir_contract::Reader::new(&bytes)
                .varint()
                .unwrap_or_default();
            Ok(Output {
                buckets: Vec::new(),
                rows,
                bytes: bytes.len(),
                pieces: vec![room.keep(bytes)?],
            })
        };
        let defs = &self.program.defs;
        let in_parts = |item: &Type, bytes: Vec<u8>| -> Result<Output, Refusal> {
            let parts = parts(defs, item, bytes)?.into_iter();
            let pieces = parts.map(|part| room.keep(part));
            Ok(Output {
                pieces: pieces.collect::<Result<_, _>>()?,
                buckets: Vec::new(),
                rows: 0,
                bytes: 0,
            })
        };
        match (self.stage, self.tasks()) {
            (Stage::Whole, _) => match defs.base(&self.scratch.gives) {
                Type::List(item) => in_parts(item, bytes),
                _ => plain(bytes),
            },
            (Stage::Each, Some(tasks)) if tasks.finish.is_none() => in_parts(&tasks.row, bytes),
            (Stage::Each, Some(tasks)) if tasks.key.is_some() => {
                let sorted = sort(defs, &tasks.row, &bytes)?;
                Ok(Output {
                    buckets: sorted.buckets,
                    rows: 0,
                    bytes: sorted.bytes.len(),
                    pieces: vec![room.keep(sorted.bytes)?],
                })
            }
            (Stage::Finish, Some(tasks)) if tasks.key.is_none() => match &self.scratch.gives {
                Type::List(item) => in_parts(item, bytes),
                _ => plain(bytes),
            },
            _ => plain(bytes),
        }
    }

    /// All tasks of the stage are done.
    fn go_on(&mut self, room: &dyn Room) -> Result<(), Refusal> {
        let outputs: Vec<Output> = self.outputs.drain(..).flatten().collect();
        match self.stage {
            Stage::Source => {
                let mut inputs = Vec::new();
                for piece in outputs.iter().flat_map(|output| &output.pieces) {
                    let item = &self.tasks().expect("a source is of tasks").item;
                    let bytes = piece.bytes()?;
                    for chunk in chunks(&self.program.defs, item, &bytes, TASKS_MAX)? {
                        inputs.push(Input::List(room.keep(chunk)?));
                    }
                }
                self.begin_each(inputs);
            }
            Stage::Each if self.tasks().is_some_and(|tasks| tasks.finish.is_some()) => {
                let inputs = match self.tasks().is_some_and(|tasks| tasks.key.is_some()) {
                    true => grouped(&outputs),
                    false => vec![Input::Rows(outputs.iter().flat_map(all_rows).collect())],
                };
                self.begin(Stage::Finish, inputs);
            }
            Stage::Finish if self.tasks().is_some_and(|tasks| tasks.key.is_some()) => {
                let mut lists = Vec::new();
                for piece in outputs.iter().flat_map(|output| &output.pieces) {
                    lists.push(piece.bytes()?);
                }
                drop(outputs);
                self.inputs.clear();
                let tasks = self.tasks().expect("groups are of tasks");
                let key = tasks.key.as_ref().expect("it was just seen");
                let (defs, gives) = (&self.program.defs, &self.scratch.gives);
                let Type::List(item) = gives else {
                    return Err(CrashReason::Unreachable.into());
                };
                let mut made = Vec::new();
                merge(defs, key, item, &lists, |part| {
                    made.push(room.keep(part)?);
                    Ok(())
                })?;
                self.end(made);
            }
            Stage::Whole | Stage::Each | Stage::Finish => {
                let made = outputs.into_iter().flat_map(|output| output.pieces);
                let made = made.collect();
                self.end(made);
            }
            Stage::Done => {}
        }
        Ok(())
    }

    fn end(&mut self, made: Vec<Arc<dyn Piece>>) {
        self.inputs.clear();
        self.made = made;
        self.stage = Stage::Done;
    }
}

/// All rows of what a task has given, without the count in front.
fn all_rows(output: &Output) -> Option<Slice> {
    let piece = output.pieces.first()?.clone();
    let mut head = Vec::new();
    weir_contract::encode::put_varint(&mut head, output.rows);
    Some(Slice {
        piece,
        from: head.len(),
        to: output.bytes,
        rows: output.rows,
    })
}

/// The rows of some buckets after the other, for each task that finishes groups.
fn grouped(outputs: &[Output]) -> Vec<Input> {
    let from = |output: &Output, bucket: usize| match bucket {
        0 => 0,
        bucket => output.buckets[bucket - 1].1,
    };
    let size = |bucket: usize| -> usize {
        let sizes = outputs
            .iter()
            .map(|output| output.buckets[bucket].1 - from(output, bucket));
        sizes.sum()
    };
    let (mut inputs, mut first, mut bytes) = (Vec::new(), 0, 0);
    for bucket in 0..BUCKETS {
        bytes += size(bucket);
        if bytes < FINISH_BYTES && bucket + 1 < BUCKETS {
            continue;
        }
        let slice = |output: &Output| Slice {
            piece: output.pieces[0].clone(),
            from: from(output, first),
            to: output.buckets[bucket].1,
            rows: output.buckets[first..=bucket].iter().map(|b| b.0).sum(),
        };
        inputs.push(Input::Rows(outputs.iter().map(slice).collect()));
        (first, bytes) = (bucket + 1, 0);
    }
    inputs
}

//! Temporary data: `scratch let`. It is in no record, frame or snapshot; a run keeps what it is made from, and whoever has lost it computes
//! it again.
//!
//! ```text
//!   scratch let counts = parallel for f in files, word in .. group by word select ..
//!   a run keeps      ("top_words.counts", files)                   what it is made from: a value like any other
//!   the store has    the bytes of that -> part, part, part         what came of it, and only while somebody will ask
//! ```
//! The code is pure, so what it is made from names the result: two runs that make the same share it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::crash::CrashReason;
use crate::encode::{Reader, put_varint};
use crate::library::Refusal;
use crate::types::{TupleField, Type};

/// One `scratch let` of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scratch {
    /// `top_words.counts`
    pub name: String,
    /// What a run keeps: a tuple with the name first, as [`made_from`] makes it. All code takes it first.
    pub made_from: Type,
    pub gives: Type,
    pub code: ScratchCode,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScratchCode {
    /// An entry that gives the value.
    Whole(u32),
    Tasks(ScratchTasks),
}

/// A list that is made in tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScratchTasks {
    /// An entry that gives the list of items. Without one they are those of the temporary data that the second field of what this one
    /// is made from names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<u32>,
    pub item: Type,
    /// Takes a list of items too, and gives a list of rows.
    pub each: u32,
    pub row: Type,
    /// Takes a list of rows too, and gives a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<u32>,
    /// Rows, and what `finish` gives, are pairs with the key first: all rows of one key are finished together, and what comes of all is put in
    /// the order of the keys, which are then left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Type>,
}

impl Scratch {
    /// Its entries.
    pub fn entries(&self) -> Vec<u32> {
        match &self.code {
            ScratchCode::Whole(entry) => vec![*entry],
            ScratchCode::Tasks(tasks) => {
                let source = tasks.source.into_iter();
                source.chain([tasks.each]).chain(tasks.finish).collect()
            }
        }
    }

    /// Its types.
    pub(crate) fn types(&self) -> Vec<&Type> {
        let mut types = vec![&self.made_from, &self.gives];
        if let ScratchCode::Tasks(tasks) = &self.code {
            types.extend([&tasks.item, &tasks.row]);
            types.extend(&tasks.key);
        }
        types
    }
}

/// What the first field is called.
const NAME: &str = "scratch";

/// The type of what temporary data is made from: its name, then the variables it is made from.
pub fn made_from(variables: Vec<TupleField>) -> Type {
    let name = TupleField {
        name: Some(NAME.to_owned()),
        ty: Type::Text,
    };
    Type::Tuple([name].into_iter().chain(variables).collect())
}

/// Whether a type may be one that [`made_from`] has made. A program can write such a type too; the name tells.
pub fn may_be_made_from(ty: &Type) -> bool {
    match ty {
        Type::Tuple(fields) => fields
            .first()
            .is_some_and(|f| f.ty == Type::Text && f.name.as_deref() == Some(NAME)),
        _ => false,
    }
}

/// The name in the bytes of what temporary data is made from.
pub fn name_in(made_from: &[u8]) -> Option<&str> {
    Reader::new(made_from).text().ok()
}

/// What is there of some temporary data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    There(T),
    /// Not yet. The store knows now that it is wanted.
    Missing,
    /// It cannot be had.
    Failed(Refusal),
}

impl<T> Found<T> {
    /// Of what is there something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Found::There(found) => Found::There(f(found)),
            Found::Missing => Found::Missing,
            Found::Failed(refusal) => Found::Failed(refusal),
        }
    }
}

/// Where temporary data is. All of it may be called from several threads.
pub trait ScratchStore: Send + Sync {
    /// How many parts it has. Each part of a list is a list, and none is empty; anything else is one part.
    fn parts(&self, made_from: &[u8]) -> Found<u64>;

    /// A part in the value encoding.
    fn part(&self, made_from: &[u8], number: u64) -> Found<Vec<u8>>;

    /// What is missing is computed by the step that asks for it, in the middle of it, and put here; in place of being computed beside it.
    fn is_here(&self) -> bool;

    /// Takes the parts, or why there are none.
    fn put(&self, made_from: &[u8], made: Result<Vec<Vec<u8>>, Refusal>);
}

/// A store that steps can be lent.
#[derive(Clone)]
pub struct Scratches(pub Arc<dyn ScratchStore>);

impl Default for Scratches {
    fn default() -> Self {
        Scratches(Arc::new(MemoryScratch::default()))
    }
}

impl std::fmt::Debug for Scratches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratches(..)")
    }
}

/// The parts, or why there are none.
type Made = Arc<Result<Vec<Vec<u8>>, Refusal>>;

/// A store of tests: it keeps the newest few, and what it has lost is computed again where it is asked for.
#[derive(Default)]
pub struct MemoryScratch(Mutex<Newest>);

#[derive(Default)]
struct Newest {
    made: BTreeMap<Vec<u8>, (u64, Made)>,
    clock: u64,
}

/// More than one piece of data needs at a time.
const NEWEST_MAX: usize = 64;

impl MemoryScratch {
    fn made(&self, made_from: &[u8]) -> Option<Made> {
        let mut newest = self.0.lock().unwrap_or_else(|lost| lost.into_inner());
        newest.clock += 1;
        let clock = newest.clock;
        let (used, made) = newest.made.get_mut(made_from)?;
        *used = clock;
        Some(made.clone())
    }
}

impl ScratchStore for MemoryScratch {
    fn parts(&self, made_from: &[u8]) -> Found<u64> {
        match self.made(made_from).as_deref() {
            None => Found::Missing,
            Some(Ok(parts)) => Found::There(parts.len() as u64),
            Some(Err(refusal)) => Found::Failed(refusal.clone()),
        }
    }

    fn part(&self, made_from: &[u8], number: u64) -> Found<Vec<u8>> {
        match self.made(made_from).as_deref() {
            None => Found::Missing,
            Some(Ok(parts)) => match parts.get(number as usize) {
                Some(part) => Found::There(part.clone()),
                None => Found::Failed(CrashReason::Unreachable.into()),
            },
            Some(Err(refusal)) => Found::Failed(refusal.clone()),
        }
    }

    fn is_here(&self) -> bool {
        true
    }

    fn put(&self, made_from: &[u8], made: Result<Vec<Vec<u8>>, Refusal>) {
        let mut newest = self.0.lock().unwrap_or_else(|lost| lost.into_inner());
        newest.clock += 1;
        let clock = newest.clock;
        newest
            .made
            .insert(made_from.to_vec(), (clock, Arc::new(made)));
        if newest.made.len() > NEWEST_MAX
            && let Some(oldest) = newest.made.iter().min_by_key(|(_, (used, _))| *used)
        {
            let oldest = oldest.0.clone();
            newest.made.remove(&oldest);
        }
    }
}

/// A whole value out of its parts: lists are put together.
pub fn whole(
    store: &dyn ScratchStore,
    made_from: &[u8],
    is_list: bool,
    bytes_max: usize,
) -> Found<Vec<u8>> {
    let count = match store.parts(made_from) {
        Found::There(count) => count,
        Found::Missing => return Found::Missing,
        Found::Failed(refusal) => return Found::Failed(refusal),
    };
    if !is_list {
        return store.part(made_from, 0);
    }
    let (mut items, mut all) = (0, Vec::new());
    for number in 0..count {
        let part = match store.part(made_from, number) {
            Found::There(part) => part,
            other => return other,
        };
        let mut reader = Reader::new(&part);
        items += reader.varint().unwrap_or_default();
        all.extend_from_slice(reader.rest());
        if all.len() > bytes_max {
            return Found::Failed(Refusal {
                reason: CrashReason::StepTooLarge,
                detail: "temporary data read as a whole; walk it with `for`".to_owned(),
            });
        }
    }
    let mut out = Vec::with_capacity(all.len() + 9);
    put_varint(&mut out, items);
    out.extend_from_slice(&all);
    Found::There(out)
}

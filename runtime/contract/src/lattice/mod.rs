//! State that merges: what a `merge` field is kept as, so that replicas that change it at the same time agree once each has
//! heard of what the others did.
//!
//! Each kind is a state-based CRDT whose changes are deltas (Almeida, Shoker and Baquero, "Delta state replicated data types",
//! 2018). The three laws that everything rests on, held by `tests/lattice`:
//!
//! ```text
//!   join(a, b) = join(b, a)      join(a, join(b, c)) = join(join(a, b), c)      join(a, a) = a
//! ```
//!
//! So deltas may come in any order and any number of times. A change is made on a state ([`State::change`]) by a replica at a
//! time, gives the delta, which is a small state of the same kind, and is what the log holds; replaying it is [`State::join`].
//! What readers see is [`State::value`], of the type [`Lattice::value_type`].
//!
//! | file | kinds |
//! | --- | --- |
//! | `tally` | `Counter`, `MoneySum`, `Average`: by replica how often it added, and the sum of that |
//! | `best` | `MaxOf`, `MinOf`, `Flag`, `Latest`: one of two values wins |
//! | `sets` | `GrowSet`, and `AddSet`, whose elements carry the dots of the changes that added them |
//! | `nested` | `MergeMap` and records: each part by itself |
//! | `code` | bytes of states, deltas and operations |
//! | `look` | reading a part of a state |

mod best;
mod code;
mod look;
mod nested;
mod sets;
mod tally;

use serde::{Deserialize, Serialize};

pub use best::Stamp;
pub use code::{Operation, PathPart};
pub use look::{Ask, LOOK_KEY, LOOK_PART, Look, sought};
pub use nested::Undo;
pub use sets::{AddSet, Dot, Seen};
pub use tally::Tally;

use std::collections::{BTreeMap, BTreeSet};

use crate::currency::Currency;
use crate::manifest::{ManifestError, check_type};
use crate::types::{DefKind, Defs, TupleField, Type};
use crate::value::Value;

/// What a `merge` field is, down to its leaves; types are of what the leaves hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lattice {
    Counter,
    MoneySum,
    Average,
    MaxOf(Type),
    MinOf(Type),
    Flag,
    Latest(Type),
    GrowSet(Type),
    AddSet(Type),
    MergeMap(Type, Box<Lattice>),
    /// A record whose fields all merge, in their order.
    Record(Vec<Part>),
}

/// A field of a record that merges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub lattice: Lattice,
}

/// What can be done to a leaf; the number is that of operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// `Counter`, `MoneySum`, `Average`, `GrowSet`, `AddSet`.
    Add = 0,
    /// `AddSet`.
    Remove = 1,
    /// `MaxOf`.
    Raise = 2,
    /// `MinOf`.
    Lower = 3,
    /// `Latest`.
    Set = 4,
    /// `Flag`; takes nothing.
    Enable = 5,
}

/// What is kept of a lattice. A delta is one too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// By replica.
    Counter(BTreeMap<u64, Tally>),
    /// By replica and currency.
    MoneySum(BTreeMap<(u64, Currency), Tally>),
    /// By replica; how often something was added is what the average is taken over.
    Average(BTreeMap<u64, Tally>),
    /// Of `MaxOf` and of `MinOf`.
    Best(Option<Value>),
    Flag(bool),
    Latest(Option<(Stamp, Value)>),
    GrowSet(BTreeSet<Value>),
    AddSet(AddSet),
    MergeMap(BTreeMap<Value, State>),
    Record(Vec<State>),
}

/// Who changes something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// No two places that change the same thing without hearing of each other have the same number.
    pub replica: u64,
    /// Of the step, microseconds since 1970.
    pub time: i64,
}

/// What a change did: the delta, and how it is taken back on the state it was made on.
#[derive(Clone, Debug)]
pub struct Done {
    pub delta: State,
    pub undo: Undo,
}

/// A sum that leaves its range: a bug of the program, as with `+`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl Lattice {
    /// The type of what readers see. A `new` type or record of the program may stand for it; the bytes are the same.
    pub fn value_type(&self) -> Type {
        let option = |ty: &Type| Type::Option(Box::new(ty.clone()));
        let named = |name: &str, ty| TupleField {
            name: Some(name.to_owned()),
            ty,
        };
        match self {
            Lattice::Counter => Type::Int,
            Lattice::MoneySum => Type::List(Box::new(Type::Money)),
            Lattice::Average => {
                Type::Tuple(vec![named("sum", Type::Decimal), named("count", Type::Int)])
            }
            Lattice::MaxOf(ty) | Lattice::MinOf(ty) | Lattice::Latest(ty) => option(ty),
            Lattice::Flag => Type::Bool,
            Lattice::GrowSet(ty) | Lattice::AddSet(ty) => Type::Set(Box::new(ty.clone())),
            Lattice::MergeMap(key, of) => {
                Type::Map(Box::new(key.clone()), Box::new(of.value_type()))
            }
            Lattice::Record(parts) => Type::Tuple(
                parts
                    .iter()
                    .map(|part| named(&part.name, part.lattice.value_type()))
                    .collect(),
            ),
        }
    }

    /// As it is written in Weir; a record by its fields.
    pub fn name(&self, defs: &Defs) -> String {
        let of = |name: &str, ty: &Type| format!("{name}<{}>", defs.name_of(ty));
        match self {
            Lattice::Counter => "Counter".to_owned(),
            Lattice::MoneySum => "MoneySum".to_owned(),
            Lattice::Average => "Average".to_owned(),
            Lattice::Flag => "Flag".to_owned(),
            Lattice::MaxOf(ty) => of("MaxOf", ty),
            Lattice::MinOf(ty) => of("MinOf", ty),
            Lattice::Latest(ty) => of("Latest", ty),
            Lattice::GrowSet(ty) => of("GrowSet", ty),
            Lattice::AddSet(ty) => of("AddSet", ty),
            Lattice::MergeMap(key, inner) => {
                format!("MergeMap<{}, {}>", defs.name_of(key), inner.name(defs))
            }
            Lattice::Record(parts) => {
                let part = |part: &Part| format!("{}: {}", part.name, part.lattice.name(defs));
                let parts: Vec<String> = parts.iter().map(part).collect();
                format!("({})", parts.join(", "))
            }
        }
    }

    /// The type of what a change takes; `None` when this leaf has no such change, `Some(None)` when it takes nothing.
    pub fn takes(&self, change: Change) -> Option<Option<Type>> {
        match (self, change) {
            (Lattice::Counter, Change::Add) => Some(Some(Type::Int)),
            (Lattice::MoneySum, Change::Add) => Some(Some(Type::Money)),
            (Lattice::Average, Change::Add) => Some(Some(Type::Decimal)),
            (Lattice::MaxOf(ty), Change::Raise)
            | (Lattice::MinOf(ty), Change::Lower)
            | (Lattice::Latest(ty), Change::Set)
            | (Lattice::GrowSet(ty) | Lattice::AddSet(ty), Change::Add)
            | (Lattice::AddSet(ty), Change::Remove) => Some(Some(ty.clone())),
            (Lattice::Flag, Change::Enable) => Some(None),
            _ => None,
        }
    }
}

/// Whether what a manifest says of a field holds together: its types are there, and its readers see a value of its type.
pub(crate) fn check(
    defs: &Defs,
    lattice: &Lattice,
    ty: &Type,
    what: &str,
) -> Result<(), ManifestError> {
    let seen = defs.base(ty);
    let fits = match (lattice, seen) {
        (Lattice::MergeMap(key, of), Type::Map(seen_key, seen)) => {
            check_type(defs, key, what)?;
            check(defs, of, seen, what)?;
            key == &**seen_key
        }
        (Lattice::Record(parts), Type::Named(id)) => match &defs.get(*id).kind {
            DefKind::Record { fields } if !parts.is_empty() && fields.len() == parts.len() => {
                for (field, part) in fields.iter().zip(parts) {
                    check(defs, &part.lattice, &field.ty, what)?;
                }
                let mut both = fields.iter().zip(parts);
                both.all(|(field, part)| field.name == part.name)
            }
            _ => false,
        },
        (Lattice::MergeMap(..) | Lattice::Record(_), _) => false,
        (leaf, seen) => *seen == leaf.value_type(),
    };
    match fits {
        true => Ok(()),
        false => Err(ManifestError(format!(
            "{what} merges as something that is not of its type"
        ))),
    }
}

impl Change {
    pub const ALL: [Change; 6] = [
        Change::Add,
        Change::Remove,
        Change::Raise,
        Change::Lower,
        Change::Set,
        Change::Enable,
    ];

    /// As it is called: `likes.add(1)`.
    pub fn name(self) -> &'static str {
        match self {
            Change::Add => "add",
            Change::Remove => "remove",
            Change::Raise => "raise",
            Change::Lower => "lower",
            Change::Set => "set",
            Change::Enable => "enable",
        }
    }
}

impl State {
    /// What nothing has happened to: joining it to anything changes nothing.
    pub fn bottom(lattice: &Lattice) -> State {
        match lattice {
            Lattice::Counter => State::Counter(BTreeMap::new()),
            Lattice::MoneySum => State::MoneySum(BTreeMap::new()),
            Lattice::Average => State::Average(BTreeMap::new()),
            Lattice::MaxOf(_) | Lattice::MinOf(_) => State::Best(None),
            Lattice::Flag => State::Flag(false),
            Lattice::Latest(_) => State::Latest(None),
            Lattice::GrowSet(_) => State::GrowSet(BTreeSet::new()),
            Lattice::AddSet(_) => State::AddSet(AddSet::default()),
            Lattice::MergeMap(..) => State::MergeMap(BTreeMap::new()),
            Lattice::Record(parts) => {
                let part = |part: &Part| State::bottom(&part.lattice);
                State::Record(parts.iter().map(part).collect())
            }
        }
    }

    /// Takes in what another replica knows, or a delta. States of one lattice only.
    pub fn join(&mut self, lattice: &Lattice, other: &State) {
        match (self, other) {
            (State::Counter(mine), State::Counter(theirs))
            | (State::Average(mine), State::Average(theirs)) => tally::join(mine, theirs),
            (State::MoneySum(mine), State::MoneySum(theirs)) => tally::join(mine, theirs),
            (State::Best(mine), State::Best(theirs)) => {
                best::join(mine, theirs, matches!(lattice, Lattice::MaxOf(_)));
            }
            (State::Flag(mine), State::Flag(theirs)) => *mine |= *theirs,
            (State::Latest(mine), State::Latest(theirs)) => best::join_latest(mine, theirs),
            (State::GrowSet(mine), State::GrowSet(theirs)) => mine.extend(theirs.iter().cloned()),
            (State::AddSet(mine), State::AddSet(theirs)) => mine.join(theirs),
            (State::MergeMap(mine), State::MergeMap(theirs)) => {
                nested::join_map(lattice, mine, theirs);
            }
            (State::Record(mine), State::Record(theirs)) => {
                nested::join_record(lattice, mine, theirs);
            }
            (mine, theirs) => panic!("{theirs:?} is not of the lattice of {mine:?}"),
        }
    }

    /// Does an operation at once. `None` when it changes nothing, and then nothing need be kept of it.
    pub fn change(
        &mut self,
        lattice: &Lattice,
        by: Actor,
        operation: &Operation,
    ) -> Result<Option<Done>, Overflow> {
        nested::change(self, lattice, by, &operation.path, operation)
    }

    /// Takes back the newest change that has not been taken back.
    pub fn undo(&mut self, undo: Undo) {
        nested::undo(self, undo);
    }

    /// What readers see.
    pub fn value(&self) -> Value {
        match self {
            State::Counter(tallies) => tally::counted(tallies),
            State::MoneySum(tallies) => tally::money(tallies),
            State::Average(tallies) => tally::average(tallies),
            State::Best(best) => Value::Option(best.clone().map(Box::new)),
            State::Flag(on) => Value::Bool(*on),
            State::Latest(latest) => {
                let value = latest.as_ref().map(|(_, value)| Box::new(value.clone()));
                Value::Option(value)
            }
            State::GrowSet(items) => Value::Set(items.clone()),
            State::AddSet(set) => Value::Set(set.values()),
            State::MergeMap(entries) => {
                let entry = |(key, state): (&Value, &State)| (key.clone(), state.value());
                Value::Map(entries.iter().map(entry).collect())
            }
            State::Record(parts) => Value::Record(parts.iter().map(State::value).collect()),
        }
    }
}

//! Looking at a part of what merges. The whole is as large as all that was ever put into it; who asks for one key, or whether one
//! element is there, gets that, and no value is made of the rest.
//!
//! ```text
//!   on the way down    0 and the number of the part of a record, or 1 and the key of a map
//!   then what is asked, u8, as in `Ask`, and behind `Has` the element or key
//! ```

use super::{Lattice, PathPart, State};
use crate::encode::{DecodeError, Reader, encode_into, put_int};
use crate::types::{Defs, Type};
use crate::value::Value;

/// A step of the way goes to a part of a record.
pub const LOOK_PART: u8 = 0;
/// A step of the way goes to what is at a key.
pub const LOOK_KEY: u8 = 1;

/// What is asked of what is there; the number is that of looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    /// What readers see of it. There is no answer when one of the keys on the way is not there.
    Value = 2,
    /// How many elements or keys there are, an `Int`.
    Count = 3,
    /// Whether an element or a key is there, a `Bool`.
    Has = 4,
}

impl Ask {
    pub const ALL: [Ask; 3] = [Ask::Value, Ask::Count, Ask::Has];

    /// As the text form of the compiler has it.
    pub fn name(self) -> &'static str {
        match self {
            Ask::Value => "value",
            Ask::Count => "count",
            Ask::Has => "has",
        }
    }
}

/// The type of what can be in a set, or a key of a map.
pub fn sought(lattice: &Lattice) -> Option<&Type> {
    match lattice {
        Lattice::GrowSet(item) | Lattice::AddSet(item) => Some(item),
        Lattice::MergeMap(key, _) => Some(key),
        _ => None,
    }
}

/// A part, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    path: Vec<PathPart>,
    ask: Ask,
    /// Of [`Ask::Has`].
    sought: Option<Value>,
}

impl Look {
    pub fn decode(defs: &Defs, lattice: &Lattice, bytes: &[u8]) -> Result<Look, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (mut path, mut at) = (Vec::new(), lattice);
        let ask = loop {
            match (reader.byte()?, at) {
                (LOOK_PART, Lattice::Record(parts)) => {
                    let part = reader.varint()? as usize;
                    let found = parts.get(part).ok_or(reader.error("no such part"))?;
                    path.push(PathPart::Part(part));
                    at = &found.lattice;
                }
                (LOOK_KEY, Lattice::MergeMap(key, of)) => {
                    path.push(PathPart::Key(reader.value(defs, key)?));
                    at = of;
                }
                (number, _) => {
                    let ask = Ask::ALL.into_iter().find(|ask| *ask as u8 == number);
                    break ask.ok_or(reader.error("no such question"))?;
                }
            }
        };
        let of = sought(at);
        if ask != Ask::Value && of.is_none() {
            return Err(reader.error("nothing that has elements"));
        }
        let sought = match (ask, of) {
            (Ask::Has, Some(ty)) => Some(reader.value(defs, ty)?),
            _ => None,
        };
        reader.finish()?;
        Ok(Look { path, ask, sought })
    }

    /// The answer in the value encoding. Of [`Ask::Value`] it is `None` when one of the keys is not there.
    pub fn answer(&self, defs: &Defs, lattice: &Lattice, state: &State) -> Option<Vec<u8>> {
        let there = at(lattice, state, &self.path);
        let mut out = Vec::new();
        match self.ask {
            Ask::Value => {
                let (lattice, state) = there?;
                encode_into(defs, &lattice.value_type(), &state.value(), &mut out);
            }
            Ask::Count => put_int(&mut out, there.map_or(0, |(_, state)| count(state)) as i64),
            Ask::Has => {
                let sought = self.sought.as_ref().expect("decoded with one");
                let has = there.is_some_and(|(_, state)| has(state, sought));
                out.push(u8::from(has));
            }
        }
        Some(out)
    }
}

/// What is at the end of a way; `None` when one of the keys is not there.
fn at<'s>(
    mut lattice: &'s Lattice,
    mut state: &'s State,
    path: &[PathPart],
) -> Option<(&'s Lattice, &'s State)> {
    for part in path {
        (lattice, state) = match (part, lattice, state) {
            (PathPart::Part(at), Lattice::Record(of), State::Record(parts)) => {
                (&of[*at].lattice, &parts[*at])
            }
            (PathPart::Key(key), Lattice::MergeMap(_, of), State::MergeMap(entries)) => {
                (&**of, entries.get(key)?)
            }
            (part, ..) => panic!("no {part:?} in {lattice:?}"),
        };
    }
    Some((lattice, state))
}

fn count(state: &State) -> usize {
    match state {
        State::GrowSet(items) => items.len(),
        State::AddSet(set) => set.items.len(),
        State::MergeMap(entries) => entries.len(),
        state => panic!("{state:?} has no elements"),
    }
}

fn has(state: &State, sought: &Value) -> bool {
    match state {
        State::GrowSet(items) => items.contains(sought),
        State::AddSet(set) => set.items.contains_key(sought),
        State::MergeMap(entries) => entries.contains_key(sought),
        state => panic!("{state:?} has no elements"),
    }
}

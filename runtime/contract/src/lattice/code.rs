//! Bytes of states, deltas and operations, around the value encoding. Canonical: equal states have equal bytes, and a reader
//! refuses every other spelling.
//!
//! ```text
//!   counter, average   count, each: replica, changes, sum        ascending by replica; the sum as a Decimal
//!   money sum          count, each: replica, currency Text, changes, sum
//!   max, min           value as an Option
//!   flag               Bool
//!   latest             0, or 1, time Int, count, replica, value
//!   grow set           as a Set
//!   add set            count, each: replica, count, value        ascending by dot
//!                      count, each: replica, count               seen up to
//!                      count, each: replica, count               seen beyond
//!   merge map          count, each: key, state                   ascending by key
//!   record             the states of its parts
//!
//!   operation          on the way down: number of the part of a record, key of a map; then the change, u8, and what it takes
//! ```
//! Numbers of replicas, changes, dots and counts are varints.

use std::collections::BTreeMap;

use super::{AddSet, Change, Dot, Lattice, Seen, Stamp, State, Tally};
use crate::currency::Currency;
use crate::encode::{
    DecodeError, Reader, encode_into, put_bytes, put_decimal, put_int, put_varint,
};
use crate::types::{Defs, Type};
use crate::value::Value;

/// A change and where it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// From the field down to the leaf.
    pub path: Vec<PathPart>,
    pub change: Change,
    /// What the change takes, if anything.
    pub value: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// Of a record, by its position.
    Part(usize),
    /// Of a `MergeMap`.
    Key(Value),
}

impl Operation {
    pub fn decode(defs: &Defs, lattice: &Lattice, bytes: &[u8]) -> Result<Operation, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut path = Vec::new();
        let mut at = lattice;
        loop {
            at = match at {
                Lattice::Record(parts) => {
                    let part = reader.varint()? as usize;
                    let found = parts.get(part).ok_or(reader.error("no such part"))?;
                    path.push(PathPart::Part(part));
                    &found.lattice
                }
                Lattice::MergeMap(key, of) => {
                    path.push(PathPart::Key(reader.value(defs, key)?));
                    of
                }
                leaf => {
                    let number = reader.byte()?;
                    let change = Change::ALL.into_iter().find(|c| *c as u8 == number);
                    let takes = change.and_then(|change| Some((change, leaf.takes(change)?)));
                    let (change, takes) = takes.ok_or(reader.error("no such change"))?;
                    let value = takes.map(|ty| reader.value(defs, &ty)).transpose()?;
                    reader.finish()?;
                    return Ok(Operation {
                        path,
                        change,
                        value,
                    });
                }
            };
        }
    }
}

impl State {
    pub fn encode(&self, defs: &Defs, lattice: &Lattice) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(defs, lattice, &mut out);
        out
    }

    pub fn encode_into(&self, defs: &Defs, lattice: &Lattice, out: &mut Vec<u8>) {
        match (self, lattice) {
            (State::Counter(tallies) | State::Average(tallies), _) => {
                put_varint(out, tallies.len() as u64);
                for (replica, tally) in tallies {
                    put_varint(out, *replica);
                    put_tally(tally, out);
                }
            }
            (State::MoneySum(tallies), _) => {
                put_varint(out, tallies.len() as u64);
                for ((replica, currency), tally) in tallies {
                    put_varint(out, *replica);
                    put_bytes(out, currency.code().as_bytes());
                    put_tally(tally, out);
                }
            }
            (State::Best(None), _) | (State::Latest(None), _) => out.push(0),
            (State::Best(Some(value)), Lattice::MaxOf(ty) | Lattice::MinOf(ty)) => {
                out.push(1);
                encode_into(defs, ty, value, out);
            }
            (State::Flag(on), _) => out.push(u8::from(*on)),
            (State::Latest(Some((stamp, value))), Lattice::Latest(ty)) => {
                out.push(1);
                put_int(out, stamp.time);
                put_varint(out, stamp.count);
                put_varint(out, stamp.replica);
                encode_into(defs, ty, value, out);
            }
            (State::GrowSet(items), Lattice::GrowSet(ty)) => {
                put_varint(out, items.len() as u64);
                for item in items {
                    encode_into(defs, ty, item, out);
                }
            }
            (State::AddSet(set), Lattice::AddSet(ty)) => {
                put_varint(out, set.of_dot.len() as u64);
                for (dot, item) in &set.of_dot {
                    put_dot(dot, out);
                    encode_into(defs, ty, item, out);
                }
                put_varint(out, set.seen.up_to.len() as u64);
                for (replica, count) in &set.seen.up_to {
                    let (replica, count) = (*replica, *count);
                    put_dot(&Dot { replica, count }, out);
                }
                put_varint(out, set.seen.beyond.len() as u64);
                set.seen.beyond.iter().for_each(|dot| put_dot(dot, out));
            }
            (State::MergeMap(entries), Lattice::MergeMap(key, of)) => {
                put_varint(out, entries.len() as u64);
                for (entry, state) in entries {
                    encode_into(defs, key, entry, out);
                    state.encode_into(defs, of, out);
                }
            }
            (State::Record(states), Lattice::Record(parts)) => {
                for (state, part) in states.iter().zip(parts) {
                    state.encode_into(defs, &part.lattice, out);
                }
            }
            (state, lattice) => panic!("{state:?} is not of {lattice:?}"),
        }
    }

    pub fn decode(defs: &Defs, lattice: &Lattice, bytes: &[u8]) -> Result<State, DecodeError> {
        let mut reader = Reader::new(bytes);
        let state = read(defs, lattice, &mut reader)?;
        reader.finish()?;
        Ok(state)
    }
}

fn put_tally(tally: &Tally, out: &mut Vec<u8>) {
    put_varint(out, tally.changes);
    put_decimal(out, tally.sum);
}

fn put_dot(dot: &Dot, out: &mut Vec<u8>) {
    put_varint(out, dot.replica);
    put_varint(out, dot.count);
}

fn read(defs: &Defs, lattice: &Lattice, reader: &mut Reader<'_>) -> Result<State, DecodeError> {
    Ok(match lattice {
        Lattice::Counter => State::Counter(ascending(reader, |r| Ok((r.varint()?, tally(r)?)))?),
        Lattice::Average => State::Average(ascending(reader, |r| Ok((r.varint()?, tally(r)?)))?),
        Lattice::MoneySum => State::MoneySum(ascending(reader, |r| {
            let replica = r.varint()?;
            let currency = Currency::of(r.text()?).ok_or(r.error("no such currency"))?;
            Ok(((replica, currency), tally(r)?))
        })?),
        Lattice::MaxOf(ty) | Lattice::MinOf(ty) => State::Best(match is_there(reader)? {
            true => Some(reader.value(defs, ty)?),
            false => None,
        }),
        Lattice::Flag => State::Flag(is_there(reader)?),
        Lattice::Latest(ty) => State::Latest(match is_there(reader)? {
            true => {
                let stamp = Stamp {
                    time: reader.int()?,
                    count: reader.varint()?,
                    replica: reader.varint()?,
                };
                Some((stamp, reader.value(defs, ty)?))
            }
            false => None,
        }),
        Lattice::GrowSet(ty) => match reader.value(defs, &Type::Set(Box::new(ty.clone())))? {
            Value::Set(items) => State::GrowSet(items),
            other => panic!("a set is read as {other:?}"),
        },
        Lattice::AddSet(ty) => State::AddSet(add_set(defs, ty, reader)?),
        Lattice::MergeMap(key, of) => State::MergeMap(ascending(reader, |r| {
            Ok((r.value(defs, key)?, read(defs, of, r)?))
        })?),
        Lattice::Record(parts) => {
            let part = |part: &super::Part| read(defs, &part.lattice, reader);
            State::Record(parts.iter().map(part).collect::<Result<_, _>>()?)
        }
    })
}

fn add_set(defs: &Defs, ty: &Type, reader: &mut Reader<'_>) -> Result<AddSet, DecodeError> {
    let of_dot = ascending(reader, |r| Ok((dot(r)?, r.value(defs, ty)?)))?;
    let up_to = ascending(reader, |r| Ok((r.varint()?, count(r)?)))?;
    let beyond = ascending(reader, |r| Ok((dot(r)?, ())))?;
    let seen = Seen {
        up_to,
        beyond: beyond.into_keys().collect(),
    };
    // What could be in the numbers is there.
    let next = |(replica, count): (&u64, &u64)| Dot {
        replica: *replica,
        count: count + 1,
    };
    let mut nexts = seen.up_to.iter().map(next);
    let is_first = |dot: &Dot| !seen.up_to.contains_key(&dot.replica) && dot.count == 1;
    let within = |dot: &Dot| dot.count <= seen.up_to.get(&dot.replica).copied().unwrap_or(0);
    if nexts.any(|next| seen.beyond.contains(&next))
        || seen.beyond.iter().any(|dot| is_first(dot) || within(dot))
    {
        return Err(reader.error("dots that are not put together"));
    }
    let mut set = AddSet {
        seen,
        ..AddSet::default()
    };
    for (dot, item) in &of_dot {
        if !set.seen.contains(*dot) {
            return Err(reader.error("a dot that was never seen"));
        }
        set.items.entry(item.clone()).or_default().insert(*dot);
    }
    set.of_dot = of_dot;
    Ok(set)
}

/// Entries whose keys ascend.
fn ascending<K: Ord, V>(
    reader: &mut Reader<'_>,
    entry: impl Fn(&mut Reader<'_>) -> Result<(K, V), DecodeError>,
) -> Result<BTreeMap<K, V>, DecodeError> {
    let count = reader.varint()?;
    if count > reader.rest().len() as u64 {
        return Err(reader.error("more entries than bytes"));
    }
    let mut entries = BTreeMap::new();
    for _ in 0..count {
        let (key, value) = entry(reader)?;
        if entries
            .last_key_value()
            .is_some_and(|(last, _)| *last >= key)
        {
            return Err(reader.error("entries are not in order"));
        }
        entries.insert(key, value);
    }
    Ok(entries)
}

fn tally(reader: &mut Reader<'_>) -> Result<Tally, DecodeError> {
    let changes = count(reader)?;
    let sum = reader.decimal()?;
    Ok(Tally { changes, sum })
}

fn dot(reader: &mut Reader<'_>) -> Result<Dot, DecodeError> {
    let replica = reader.varint()?;
    let count = count(reader)?;
    Ok(Dot { replica, count })
}

/// A number from 1.
fn count(reader: &mut Reader<'_>) -> Result<u64, DecodeError> {
    match reader.varint()? {
        0 | u64::MAX => Err(reader.error("no count of changes")),
        count => Ok(count),
    }
}

fn is_there(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(reader.error("neither 0 nor 1")),
    }
}

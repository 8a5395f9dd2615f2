//! `MergeMap` and records: their parts merge by themselves. Here a change finds its way down to the leaf it is made on, and the
//! delta and the way back are built around it on the way up.

use std::collections::BTreeMap;

use super::best::{self, Stamp};
use super::sets::Before;
use super::tally::{self, Tally};
use super::{Actor, AddSet, Change, Done, Lattice, Operation, Overflow, PathPart, State};
use crate::currency::Currency;
use crate::value::Value;

/// How a change is taken back.
#[derive(Clone, Debug)]
pub enum Undo {
    /// A small leaf, as it was.
    Leaf(State),
    Tally(u64, Option<Tally>),
    Money((u64, Currency), Option<Tally>),
    /// Of a `GrowSet`: the element was not there.
    Grown(Value),
    Set(Before),
    /// The key was not there.
    NewKey(Value),
    Key(Value, Box<Undo>),
    Part(usize, Box<Undo>),
}

pub fn join_map(
    lattice: &Lattice,
    mine: &mut BTreeMap<Value, State>,
    theirs: &BTreeMap<Value, State>,
) {
    let Lattice::MergeMap(_, of) = lattice else {
        panic!("{lattice:?} has no keys");
    };
    for (key, theirs) in theirs {
        match mine.get_mut(key) {
            Some(mine) => mine.join(of, theirs),
            None => {
                mine.insert(key.clone(), theirs.clone());
            }
        }
    }
}

pub fn join_record(lattice: &Lattice, mine: &mut [State], theirs: &[State]) {
    let Lattice::Record(parts) = lattice else {
        panic!("{lattice:?} has no parts");
    };
    for ((part, mine), theirs) in parts.iter().zip(mine).zip(theirs) {
        mine.join(&part.lattice, theirs);
    }
}

pub fn change(
    state: &mut State,
    lattice: &Lattice,
    by: Actor,
    path: &[PathPart],
    operation: &Operation,
) -> Result<Option<Done>, Overflow> {
    let Some((first, rest)) = path.split_first() else {
        return leaf(state, lattice, by, operation);
    };
    match (first, state, lattice) {
        (PathPart::Key(key), State::MergeMap(entries), Lattice::MergeMap(_, of)) => {
            let is_new = !entries.contains_key(key);
            if is_new {
                entries.insert(key.clone(), State::bottom(of));
            }
            let entry = entries.get_mut(key).expect("there, or put there");
            let done = change(entry, of, by, rest, operation);
            if is_new && !matches!(done, Ok(Some(_))) {
                entries.remove(key);
            }
            let around = |done: Done| Done {
                delta: State::MergeMap(BTreeMap::from([(key.clone(), done.delta)])),
                undo: match is_new {
                    true => Undo::NewKey(key.clone()),
                    false => Undo::Key(key.clone(), Box::new(done.undo)),
                },
            };
            Ok(done?.map(around))
        }
        (PathPart::Part(at), State::Record(parts), Lattice::Record(of)) => {
            let done = change(&mut parts[*at], &of[*at].lattice, by, rest, operation)?;
            let around = |done: Done| {
                let State::Record(mut delta) = State::bottom(lattice) else {
                    unreachable!("the lattice is a record")
                };
                delta[*at] = done.delta;
                Done {
                    delta: State::Record(delta),
                    undo: Undo::Part(*at, Box::new(done.undo)),
                }
            };
            Ok(done.map(around))
        }
        (part, ..) => panic!("no {part:?} in {lattice:?}"),
    }
}

fn leaf(
    state: &mut State,
    lattice: &Lattice,
    by: Actor,
    operation: &Operation,
) -> Result<Option<Done>, Overflow> {
    let value = operation.value.as_ref();
    Ok(match (state, operation.change, value) {
        (State::Counter(tallies), Change::Add, Some(Value::Int(n))) => {
            if *n == 0 {
                return Ok(None);
            }
            let sum = tally::count(tallies).saturating_add((*n).into());
            i64::try_from(sum).map_err(|_| Overflow)?;
            let (new, old) = tally::add(tallies, by.replica, (*n).into())?;
            Some(Done {
                delta: State::Counter(BTreeMap::from([(by.replica, new)])),
                undo: Undo::Tally(by.replica, old),
            })
        }
        (State::Average(tallies), Change::Add, Some(Value::Decimal(amount))) => {
            let (new, old) = tally::add(tallies, by.replica, *amount)?;
            Some(Done {
                delta: State::Average(BTreeMap::from([(by.replica, new)])),
                undo: Undo::Tally(by.replica, old),
            })
        }
        (State::MoneySum(tallies), Change::Add, Some(Value::Money(money))) => {
            if money.amount == 0 {
                return Ok(None);
            }
            let key = (by.replica, money.currency);
            let (new, old) = tally::add(tallies, key, money.amount)?;
            Some(Done {
                delta: State::MoneySum(BTreeMap::from([(key, new)])),
                undo: Undo::Money(key, old),
            })
        }
        (State::Best(held), Change::Raise | Change::Lower, Some(value)) => {
            let is_max = matches!(lattice, Lattice::MaxOf(_));
            if !best::beats(held, value, is_max) {
                return Ok(None);
            }
            let old = held.replace(value.clone());
            Some(Done {
                delta: State::Best(Some(value.clone())),
                undo: Undo::Leaf(State::Best(old)),
            })
        }
        (State::Flag(on), Change::Enable, None) => {
            if *on {
                return Ok(None);
            }
            *on = true;
            Some(Done {
                delta: State::Flag(true),
                undo: Undo::Leaf(State::Flag(false)),
            })
        }
        (State::Latest(held), Change::Set, Some(value)) => {
            let stamp = Stamp::after(held.as_ref().map(|(stamp, _)| *stamp), by);
            let new = (stamp, value.clone());
            let old = held.replace(new.clone());
            Some(Done {
                delta: State::Latest(Some(new)),
                undo: Undo::Leaf(State::Latest(old)),
            })
        }
        (State::GrowSet(items), Change::Add, Some(value)) => {
            let is_new = items.insert(value.clone());
            is_new.then(|| Done {
                delta: State::GrowSet([value.clone()].into()),
                undo: Undo::Grown(value.clone()),
            })
        }
        (State::AddSet(set), Change::Add, Some(value)) => Some(of_set(set.add(value, by.replica))),
        (State::AddSet(set), Change::Remove, Some(value)) => {
            set.remove(value, by.replica).map(of_set)
        }
        (_, change, value) => panic!("{change:?} {value:?} on {lattice:?}"),
    })
}

fn of_set((delta, before): (AddSet, Before)) -> Done {
    Done {
        delta: State::AddSet(delta),
        undo: Undo::Set(before),
    }
}

pub fn undo(state: &mut State, how: Undo) {
    match (state, how) {
        (state, Undo::Leaf(old)) => *state = old,
        (State::Counter(tallies) | State::Average(tallies), Undo::Tally(key, old)) => {
            put_back(tallies, key, old);
        }
        (State::MoneySum(tallies), Undo::Money(key, old)) => put_back(tallies, key, old),
        (State::GrowSet(items), Undo::Grown(item)) => {
            items.remove(&item);
        }
        (State::AddSet(set), Undo::Set(before)) => set.undo(before),
        (State::MergeMap(entries), Undo::NewKey(key)) => {
            entries.remove(&key);
        }
        (State::MergeMap(entries), Undo::Key(key, inner)) => {
            undo(entries.get_mut(&key).expect("it was changed"), *inner);
        }
        (State::Record(parts), Undo::Part(at, inner)) => undo(&mut parts[at], *inner),
        (state, how) => panic!("{how:?} was not done to {state:?}"),
    }
}

fn put_back<K: Ord>(tallies: &mut BTreeMap<K, Tally>, key: K, old: Option<Tally>) {
    match old {
        Some(old) => tallies.insert(key, old),
        None => tallies.remove(&key),
    };
}

//! What a step takes along of the state when it runs beside the machine, and what it has read of it.
//!
//! A block is a state of its own with some slots of some instances, whole or with some entries. Reading what is not there is a miss:
//! what comes of the step is worth nothing, and it ends as soon as the engine looks. What was read is noted, so that the machine can
//! see whether all of it is still so when the step is to be kept.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use super::footprint::Spot;
use crate::state::{Instance, Slot, State};

/// A part of the state, copied.
pub(crate) struct Block {
    pub state: State,
    pub reading: Reading,
}

/// What a block has, and what was read of it.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    instances: Vec<Taken>,
    by_key: HashMap<(u32, Box<[u8]>), u32>,
    /// The first thing that was asked for and is not there.
    missed: RefCell<Option<Spot>>,
    /// It did what only a step on the state itself can do.
    astray: Cell<bool>,
    /// It was given something that hangs on the time.
    saw_time: Cell<bool>,
}

#[derive(Debug)]
struct Taken {
    entity: u32,
    key: Box<[u8]>,
    /// 0 when there was no such instance.
    version: u64,
    slots: Vec<TakenSlot>,
}

#[derive(Debug, Default)]
struct TakenSlot {
    held: Held,
    read: RefCell<Read>,
}

/// How much of a slot there is.
#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    /// Of a map or set these, each there or known not to be; and whether the slot was ever written.
    Entries(BTreeSet<Box<[u8]>>),
    Whole,
}

/// What was read of a slot.
#[derive(Debug, Default)]
struct Read {
    whole: bool,
    presence: bool,
    entries: BTreeSet<Box<[u8]>>,
}

/// What is to be read of a slot.
#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    Whole,
    /// Whether it was ever written.
    Presence,
    Entry(&'a [u8]),
}

/// What copying one entry or element costs in the measure of a budget, which is nanoseconds by and large; and so many bytes cost one.
const ENTRY_COST: u64 = 100;
const BYTES_FOR_ONE: u64 = 8;

impl Block {
    /// Copies these places; `None` when that would cost more than `budget`.
    pub fn take<'s>(
        state: &State,
        spots: impl IntoIterator<Item = &'s Spot>,
        mut budget: u64,
    ) -> Option<Block> {
        let mut block = Block {
            state: state.like(),
            reading: Reading::default(),
        };
        for spot in spots {
            let cost = block.add(state, spot, budget)?;
            budget = budget.checked_sub(cost)?;
        }
        Some(block)
    }

    /// Gives what it cost.
    fn add(&mut self, state: &State, spot: &Spot, budget: u64) -> Option<u64> {
        let mut cost = ENTRY_COST;
        let from = state.find(spot.entity, &spot.key);
        let from = from.map(|at| state.instance(spot.entity, at));
        let at = self.instance(state, spot, from);
        let held = &mut self.reading.instances[at as usize].slots[spot.slot as usize].held;
        if matches!(held, Held::Whole) {
            return Some(0);
        }
        let absent = Slot::Absent;
        let source = from.map_or(&absent, |from| &from.slots[spot.slot as usize]);
        let copy = match (&spot.entry, source) {
            (Some(entry), Slot::Map(entries)) => {
                let value = entries.get(&**entry);
                let bytes = entry.len() + value.map_or(0, Vec::len);
                cost += bytes as u64 / BYTES_FOR_ONE;
                hold(held, entry);
                let to = self.slot(spot).expect("there was something to copy");
                let to = to.map_mut();
                if let Some(value) = value {
                    to.insert(entry.to_vec(), value.clone());
                }
                return Some(cost);
            }
            (Some(entry), Slot::Absent) => {
                hold(held, entry);
                return Some(cost);
            }
            // An element of a list: the whole, which its positions are of.
            (_, whole) => whole,
        };
        let entries = match copy {
            Slot::Map(entries) => entries.len(),
            Slot::List(items) => items.len(),
            Slot::Absent | Slot::Scalar(_) | Slot::Merged(_) => 0,
        };
        cost += entries as u64 * ENTRY_COST;
        // So that what is far too much is not even counted.
        if cost > budget {
            return None;
        }
        cost += copy.byte_len() as u64 / BYTES_FOR_ONE;
        if cost > budget {
            return None;
        }
        *held = Held::Whole;
        let copy = copy.clone();
        if let Some(to) = self.slot(spot) {
            *to = copy;
        }
        Some(cost)
    }

    /// The slot of an instance that exists.
    fn slot(&mut self, spot: &Spot) -> Option<&mut Slot> {
        let at = self.state.find(spot.entity, &spot.key)?;
        Some(&mut self.state.instance_mut(spot.entity, at).slots[spot.slot as usize])
    }

    fn instance(&mut self, state: &State, spot: &Spot, from: Option<&Instance>) -> u32 {
        let next = self.reading.instances.len() as u32;
        let place = (spot.entity, spot.key.clone());
        let at = *self.reading.by_key.entry(place).or_insert(next);
        if at < next {
            return at;
        }
        let slots = state.slots(spot.entity) as usize;
        let mut taken = Taken {
            entity: spot.entity,
            key: spot.key.clone(),
            version: 0,
            slots: Vec::new(),
        };
        taken.slots.resize_with(slots, TakenSlot::default);
        if let Some(from) = from {
            taken.version = from.version;
            let instance = Instance {
                key: spot.key.clone(),
                version: from.version,
                slots: vec![Slot::Absent; slots],
            };
            self.state.insert(spot.entity, instance);
        }
        self.reading.instances.push(taken);
        at
    }
}

fn hold(held: &mut Held, entry: &[u8]) {
    if !matches!(held, Held::Entries(_)) {
        *held = Held::Entries(BTreeSet::new());
    }
    if let Held::Entries(all) = held {
        all.insert(entry.into());
    }
}

impl Reading {
    /// Where an instance is in the block, if it is.
    pub fn find(&self, entity: u32, key: &[u8]) -> Option<u32> {
        // Looked up once for each handle, so the key may be copied.
        self.by_key.get(&(entity, key.into())).copied()
    }

    /// Notes that something is read; false when it is not there.
    pub fn sees(&self, at: Option<u32>, slot: u32, what: What<'_>) -> bool {
        let Some(taken) = at.map(|at| &self.instances[at as usize].slots[slot as usize]) else {
            return false;
        };
        let is_held = match (&taken.held, what) {
            (Held::Nothing, _) => false,
            (Held::Whole, _) | (Held::Entries(_), What::Presence) => true,
            (Held::Entries(held), What::Entry(entry)) => held.contains(entry),
            (Held::Entries(_), What::Whole) => false,
        };
        if !is_held {
            return false;
        }
        let mut read = taken.read.borrow_mut();
        match what {
            _ if read.whole => {}
            What::Whole => read.whole = true,
            What::Presence => read.presence = true,
            What::Entry(entry) => {
                if !read.entries.contains(entry) {
                    read.entries.insert(entry.into());
                }
            }
        }
        true
    }

    pub fn miss(&self, spot: Spot) {
        self.missed.borrow_mut().get_or_insert(spot);
    }

    /// It cannot go on here.
    pub fn go_astray(&self) {
        self.astray.set(true);
    }

    pub fn see_time(&self) {
        self.saw_time.set(true);
    }

    pub fn saw_time(&self) -> bool {
        self.saw_time.get()
    }

    pub fn is_astray(&self) -> bool {
        self.astray.get()
    }

    /// Whether nothing that comes of the step is worth anything.
    pub fn is_lost(&self) -> bool {
        self.astray.get() || self.missed.borrow().is_some()
    }

    pub fn missed(&self) -> Option<Spot> {
        self.missed.borrow().clone()
    }

    /// Whether all that was read is so still. `then` is the state of the block as it was taken, without what the step wrote.
    pub fn still_holds(&self, then: &State, now: &State) -> bool {
        self.instances.iter().all(|taken| {
            if now.version(taken.entity, &taken.key) == taken.version {
                return true;
            }
            let slots = |state: &State| {
                let at = state.find(taken.entity, &taken.key);
                at.map(|at| (taken.entity, at))
            };
            let (before, after) = (slots(then), slots(now));
            let slot = |state, place: Option<(u32, u32)>, slot| {
                place.map_or(&Slot::Absent, |(entity, at)| {
                    let state: &State = state;
                    &state.instance(entity, at).slots[slot]
                })
            };
            taken.slots.iter().enumerate().all(|(number, read)| {
                let (before, after) = (slot(then, before, number), slot(now, after, number));
                same(&read.read.borrow(), before, after)
            })
        })
    }
}

fn same(read: &Read, before: &Slot, after: &Slot) -> bool {
    if read.whole {
        return before == after;
    }
    let is_there = |slot: &Slot| *slot != Slot::Absent;
    if read.presence && is_there(before) != is_there(after) {
        return false;
    }
    read.entries
        .iter()
        .all(|entry| before.entry(entry) == after.entry(entry))
}

//! A running step's hold on the state: writes go straight in, an undo journal can take them back, and the same
//! writes are noted as operations for the record.
//!
//! Owns the state while the step runs, so that an engine can keep it in its own store; [`Transaction::commit`] and
//! [`Transaction::abort`] give it back. Undo entries and operations are pushed together, one each per write, so a
//! savepoint is one number and rolling back cuts both.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::encode::{put_bytes, put_varint};
use weir_contract::host_call::Given;
use weir_contract::lattice::Actor;

use crate::access::StateAccess;
use crate::asking::{Asking, Misused, Surroundings};
use crate::beside::{Block, Reading, Spot, What};
use crate::ops::{self, Writes};
use crate::rewritten::changes;
use crate::spent::{Meter, Spent};
use crate::state::{Kind, Slot, State};

pub struct Transaction {
    state: State,
    handles: Vec<Handle>,
    /// Only filled beyond [`SCAN_MAX`] handles.
    by_key: HashMap<(u32, Box<[u8]>), u32>,
    undo: Vec<Undo>,
    ops: Vec<u8>,
    /// Handles that operations name, in order of first writing.
    written: Vec<u32>,
    /// A list that is being written whole: cleared, and only pushed to since.
    rewriting: Option<Rewriting>,
    /// Where in `undo` the round of `touched` began, and what is left of a round that is being read.
    round: usize,
    waiting: Option<std::vec::IntoIter<u32>>,
    /// What the step asks for besides writes.
    pub(crate) asking: Asking,
    meter: Meter,
    /// Set when the state is a block beside the machine: what of it may be read.
    reading: Option<Box<Reading>>,
}

/// Up to this many handles are found by looking at each.
const SCAN_MAX: usize = 8;

struct Rewriting {
    handle: u32,
    slot: u32,
    /// Position in `undo` of the clearing.
    undo: usize,
}

struct Handle {
    entity: u32,
    key: Box<[u8]>,
    /// Position in the table once the instance exists.
    position: Option<u32>,
    /// Position in `written`.
    number: Option<u32>,
    /// It was read or written.
    touched: Cell<bool>,
    /// Position in the block, beside the machine.
    taken: Option<u32>,
}

struct Undo {
    handle: u32,
    slot: u32,
    /// Length of `ops` before the write.
    ops: usize,
    /// The write made the instance.
    created: bool,
    /// The write gave the handle its number. Undoing goes backwards, so by then it is the newest number.
    numbered: bool,
    how: How,
}

enum How {
    /// Put the whole slot back.
    Restore(Slot),
    /// The key was there with that value, or was not there.
    Entry(Vec<u8>, Option<Vec<u8>>),
    /// The element had that value.
    Element(usize, Vec<u8>),
    /// Take the element out again.
    Remove(usize),
    /// Put the element in again.
    Insert(usize, Vec<u8>),
    /// Take the newest change of what merges back.
    Unmerge(weir_contract::lattice::Undo),
    /// No write: forget the newest ask.
    Ask,
}

/// Why a change of what merges ended the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMerged {
    Overflow,
    Misused(Misused),
}

impl Transaction {
    /// For a step that may not ask for anything but writes.
    pub fn begin(state: State) -> Transaction {
        Transaction::begin_in(state, Surroundings::default())
    }

    pub fn begin_in(state: State, around: Surroundings) -> Transaction {
        Transaction {
            asking: Asking::new(around),
            state,
            handles: Vec::new(),
            by_key: HashMap::new(),
            undo: Vec::new(),
            ops: Vec::new(),
            written: Vec::new(),
            rewriting: None,
            round: 0,
            waiting: None,
            meter: Meter::default(),
            reading: None,
        }
    }

    /// Beside the machine, on a block of its state.
    pub(crate) fn begin_on(block: Block, around: Surroundings) -> Transaction {
        Transaction {
            reading: Some(Box::new(block.reading)),
            ..Transaction::begin_in(block.state, around)
        }
    }

    /// Whether nothing that comes of the step is worth anything: it ran beside the machine, and asked for what is not there. Who
    /// runs it may stop it.
    pub fn is_lost(&self) -> bool {
        self.reading.as_ref().is_some_and(|r| r.is_lost())
    }

    /// Beside the machine: this can only be done on the state itself.
    pub(crate) fn go_astray(&self) {
        if let Some(reading) = &self.reading {
            reading.go_astray();
        }
    }

    pub(crate) fn see_time(&self) {
        if let Some(reading) = &self.reading {
            reading.see_time();
        }
    }

    /// Beside the machine: what it wrote, the block as it was before, and what was read of it.
    pub(crate) fn part(mut self) -> (Writes, State, Reading) {
        self.settle();
        let instances = self.written.iter().map(|number| {
            let handle = &self.handles[*number as usize];
            (handle.entity, handle.key.clone())
        });
        let writes = Writes {
            instances: instances.collect(),
            ops: std::mem::take(&mut self.ops),
        };
        self.rollback(0);
        let reading = self.reading.take().map(|reading| *reading);
        (writes, self.state, reading.unwrap_or_default())
    }

    /// Whether something may be read. Always, but beside the machine, where it is noted, too.
    fn sees(&self, handle: u32, slot: u32, what: What<'_>) -> bool {
        let Some(reading) = &self.reading else {
            return true;
        };
        let handle = &self.handles[handle as usize];
        let sees = reading.sees(handle.taken, slot, what);
        if !sees {
            let entry = match what {
                What::Entry(entry) => Some(entry.into()),
                What::Whole | What::Presence => None,
            };
            reading.miss(Spot {
                entity: handle.entity,
                key: handle.key.clone(),
                slot,
                entry,
            });
        }
        sees
    }

    /// What it has asked of the state so far, also what was taken back.
    pub fn spent(&self) -> Spent {
        let touched = self.handles.iter().filter(|handle| handle.touched.get());
        self.meter.spent(touched.count() as u64)
    }

    /// The program and what it was given, for a step that may ask for something.
    pub fn lent(&self) -> Option<(Arc<Manifest>, Arc<Given>)> {
        let around = &self.asking.around;
        Some((around.program.clone()?, around.settings.clone()))
    }

    /// Keeps the writes: raises the versions of the instances and gives the operations for the record.
    pub fn commit(mut self) -> (State, Writes) {
        self.settle();
        let mut instances = Vec::with_capacity(self.written.len());
        for number in &self.written {
            let handle = &self.handles[*number as usize];
            instances.push((handle.entity, handle.key.clone()));
            let position = handle.position.expect("a written instance exists");
            self.state.instance_mut(handle.entity, position).version += 1;
        }
        (
            self.state,
            Writes {
                instances,
                ops: self.ops,
            },
        )
    }

    /// Takes every write back.
    pub fn abort(mut self) -> State {
        self.rollback(0);
        self.state
    }

    /// An instance as another replica has it, which is an instance of its own; number 0 is the instance itself.
    pub fn open_replica(&mut self, entity: u32, key: &[u8], number: u64) -> Result<u32, Misused> {
        self.go_astray();
        let table = self.state.table_of_replica(entity, number);
        match table.filter(|table| self.state.make_table(*table)) {
            Some(table) => Ok(self.open(table, key)),
            None => Err(Misused("no such replica")),
        }
    }

    /// Changes a slot that merges.
    pub fn merge_do(&mut self, handle: u32, slot: u32, operation: &[u8]) -> Result<(), NotMerged> {
        self.writes(handle);
        let misused = |what| NotMerged::Misused(Misused(what));
        // What it adds hangs on what was added before.
        if self.reading.is_some() {
            self.go_astray();
            return Err(misused("a change of what merges, beside the machine"));
        }
        let Handle {
            entity, position, ..
        } = self.handles[handle as usize];
        let merging = self.state.merging(entity, slot);
        let merging = merging.ok_or(misused("a slot that does not merge"))?;
        let operation = merging.operation(operation);
        let operation = operation.map_err(|_| misused("no operation of the slot"))?;
        let by = Actor {
            replica: self.state.entity_of_table(entity).1,
            time: self.asking.around.time,
        };
        let held = match position {
            Some(position) => &mut self.state.instance_mut(entity, position).slots[slot as usize],
            None => &mut Slot::Absent,
        };
        let overflow = |_| NotMerged::Overflow;
        let delta = if let Slot::Merged(merged) = held {
            let Some((delta, undo)) = merged.change(by, &operation).map_err(overflow)? else {
                return Ok(());
            };
            self.write(handle, slot, ops::MERGE, |_| How::Unmerge(undo));
            delta
        } else {
            let mut merged = merging.bottom();
            let Some((delta, _)) = merged.change(by, &operation).map_err(overflow)? else {
                return Ok(());
            };
            let new = Slot::Merged(Box::new(merged));
            self.write(handle, slot, ops::MERGE, |slot| {
                How::Restore(std::mem::replace(slot, new))
            });
            delta
        };
        put_bytes(&mut self.ops, &delta);
        Ok(())
    }

    /// What readers see of a part of a slot that merges, encoded; `None` when a key on the way is not there.
    pub fn merge_look(
        &mut self,
        handle: u32,
        slot: u32,
        look: &[u8],
    ) -> Result<Option<Vec<u8>>, Misused> {
        self.reads(handle);
        if !self.sees(handle, slot, What::Whole) {
            return Ok(None);
        }
        let entity = self.handles[handle as usize].entity;
        let merging = self.state.merging(entity, slot);
        let merging = merging.ok_or(Misused("a slot that does not merge"))?;
        let look = merging.look(look);
        let look = look.map_err(|_| Misused("no look at the slot"))?;
        Ok(match self.slot(handle, slot) {
            Slot::Merged(merged) => merged.look(&look),
            _ => merging.bottom().look(&look),
        })
    }

    /// Two replicas of an instance tell each other all that merges.
    pub fn merge_sync(&mut self, one: u32, other: u32) -> Result<(), Misused> {
        let entity = |this: &Transaction, handle: u32| {
            let handle = &this.handles[handle as usize];
            (
                this.state.entity_of_table(handle.entity).0,
                handle.key.clone(),
            )
        };
        if entity(self, one) != entity(self, other) {
            return Err(Misused("replicas of different instances"));
        }
        let slots = self.state.slots(self.handles[one as usize].entity);
        for slot in 0..slots {
            let Some(merging) = self.state.merging(self.handles[one as usize].entity, slot) else {
                continue;
            };
            let held = |handle: u32| match self.slot(handle, slot) {
                Slot::Merged(merged) => Some((**merged).clone()),
                _ => None,
            };
            let (at_one, at_other) = (held(one), held(other));
            for (to, mine, theirs) in [(one, &at_one, &at_other), (other, &at_other, &at_one)] {
                let Some(theirs) = theirs else { continue };
                let mut joined = mine.clone().unwrap_or_else(|| merging.bottom());
                joined.join(&merging, theirs.state());
                if mine.as_ref() == Some(&joined) {
                    continue;
                }
                let new = Slot::Merged(Box::new(joined));
                self.write(to, slot, ops::MERGE, |slot| {
                    How::Restore(std::mem::replace(slot, new))
                });
                put_bytes(&mut self.ops, &theirs.encoded());
            }
        }
        Ok(())
    }

    /// A list that was written whole is noted as what changed in it, when that is shorter. Comes before whatever counts the operations
    /// or marks a place among them.
    pub(crate) fn settle(&mut self) {
        let Some(Rewriting { handle, slot, undo }) = self.rewriting.take() else {
            return;
        };
        let How::Restore(Slot::List(old)) = &self.undo[undo].how else {
            unreachable!("a list was cleared there");
        };
        let Some(changes) = changes(old, self.list(handle, slot)) else {
            return;
        };
        let number = self.handles[handle as usize].number;
        let number = number.expect("a written instance has one");
        let mut noted = Vec::new();
        for change in changes {
            noted.push(change.kind);
            put_varint(&mut noted, number as u64);
            put_varint(&mut noted, slot as u64);
            if [ops::LIST_SET, ops::LIST_INSERT, ops::LIST_REMOVE].contains(&change.kind) {
                put_varint(&mut noted, change.index);
            }
            if ![ops::LIST_POP, ops::LIST_REMOVE].contains(&change.kind) {
                put_bytes(&mut noted, change.value);
            }
        }
        self.ops.truncate(self.undo[undo].ops);
        self.ops.append(&mut noted);
        // The list that was there is put back in one, without taking pushes back.
        self.undo.truncate(undo + 1);
    }

    /// At most so many bytes the writes take in a record; 0 when there are none.
    pub fn writes_len(&self) -> usize {
        let keys = self
            .written
            .iter()
            .map(|h| self.handles[*h as usize].key.len() + 8);
        self.ops.len() + keys.sum::<usize>()
    }

    fn reads(&self, handle: u32) {
        self.meter.read();
        self.handles[handle as usize].touched.set(true);
    }

    fn writes(&self, handle: u32) {
        self.meter.write();
        self.handles[handle as usize].touched.set(true);
    }

    fn scalar(&self, handle: u32, slot: u32) -> Option<&[u8]> {
        match self.slot(handle, slot) {
            Slot::Scalar(value) => Some(value),
            Slot::Merged(merged) => Some(merged.value()),
            _ => None,
        }
    }

    fn len_of(&self, handle: u32, slot: u32) -> u64 {
        match self.slot(handle, slot) {
            Slot::Map(entries) => entries.len() as u64,
            Slot::List(items) => items.len() as u64,
            Slot::Absent | Slot::Scalar(_) | Slot::Merged(_) => 0,
        }
    }

    fn has(&self, handle: u32, slot: u32, key: &[u8]) -> bool {
        self.map(handle, slot)
            .is_some_and(|entries| entries.contains_key(key))
    }

    fn slot(&self, handle: u32, slot: u32) -> &Slot {
        static ABSENT: Slot = Slot::Absent;
        let handle = &self.handles[handle as usize];
        match handle.position {
            Some(position) => &self.state.instance(handle.entity, position).slots[slot as usize],
            None => &ABSENT,
        }
    }

    fn map(&self, handle: u32, slot: u32) -> Option<&std::collections::BTreeMap<Vec<u8>, Vec<u8>>> {
        match self.slot(handle, slot) {
            Slot::Map(entries) => Some(entries),
            _ => None,
        }
    }

    fn list(&self, handle: u32, slot: u32) -> &[Vec<u8>] {
        match self.slot(handle, slot) {
            Slot::List(items) => items,
            _ => &[],
        }
    }

    /// Starts a write: makes the instance if need be, notes the operation's head, and pushes the undo entry that
    /// `change` gives for the slot.
    fn write(&mut self, handle: u32, slot: u32, kind: u8, change: impl FnOnce(&mut Slot) -> How) {
        let is_filled =
            |of: &Rewriting| (of.handle, of.slot, kind) == (handle, slot, ops::LIST_PUSH);
        if !self.rewriting.as_ref().is_some_and(is_filled) {
            self.settle();
        }
        let ops = self.ops.len();
        let this = &mut self.handles[handle as usize];
        let created = this.position.is_none();
        let position = match this.position {
            Some(position) => position,
            None => self.state.create(this.entity, &this.key),
        };
        this.position = Some(position);
        let numbered = this.number.is_none();
        let number = match this.number {
            Some(number) => number,
            None => {
                self.written.push(handle);
                self.written.len() as u32 - 1
            }
        };
        this.number = Some(number);
        let instance = self.state.instance_mut(this.entity, position);
        let how = change(&mut instance.slots[slot as usize]);
        self.ops.push(kind);
        put_varint(&mut self.ops, number as u64);
        put_varint(&mut self.ops, slot as u64);
        self.undo.push(Undo {
            handle,
            slot,
            ops,
            created,
            numbered,
            how,
        });
    }

    /// Notes an ask in the journal, so that rolling back takes it back too.
    pub(crate) fn note_ask(&mut self) {
        self.go_astray();
        self.settle();
        self.undo.push(Undo {
            handle: 0,
            slot: 0,
            ops: self.ops.len(),
            created: false,
            numbered: false,
            how: How::Ask,
        });
    }

    fn undo_last(&mut self) {
        let Some(undo) = self.undo.pop() else { return };
        if let How::Ask = undo.how {
            self.unask();
            return;
        }
        let handle = &mut self.handles[undo.handle as usize];
        let position = handle.position.expect("a written instance exists");
        let instance = self.state.instance_mut(handle.entity, position);
        let slot = &mut instance.slots[undo.slot as usize];
        match undo.how {
            How::Restore(old) => *slot = old,
            How::Entry(key, Some(old)) => {
                slot.map_mut().insert(key, old);
            }
            How::Entry(key, None) => {
                slot.map_mut().remove(&key);
            }
            How::Element(index, old) => slot.list_mut()[index] = old,
            How::Remove(index) => {
                slot.list_mut().remove(index);
            }
            How::Insert(index, old) => slot.list_mut().insert(index, old),
            How::Unmerge(undo) => match slot {
                Slot::Merged(merged) => merged.undo(undo),
                other => panic!("{other:?} does not merge"),
            },
            How::Ask => {}
        }
        self.ops.truncate(undo.ops);
        if undo.created {
            self.state.uncreate(handle.entity, position);
            handle.position = None;
        }
        if undo.numbered {
            handle.number = None;
            self.written.pop();
        }
    }
}

impl StateAccess for Transaction {
    fn open(&mut self, entity: u32, key: &[u8]) -> u32 {
        let next = self.handles.len() as u32;
        if self.handles.len() <= SCAN_MAX {
            let same = |h: &Handle| h.entity == entity && *h.key == *key;
            if let Some(handle) = self.handles.iter().position(same) {
                return handle as u32;
            }
        } else {
            if self.by_key.is_empty() {
                let entries = self.handles.iter().zip(0u32..);
                self.by_key = entries
                    .map(|(h, i)| ((h.entity, h.key.clone()), i))
                    .collect();
            }
            match self.by_key.entry((entity, key.into())) {
                std::collections::hash_map::Entry::Occupied(found) => return *found.get(),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(next);
                }
            }
        }
        self.handles.push(Handle {
            entity,
            key: key.into(),
            position: self.state.find(entity, key),
            number: None,
            touched: Cell::new(false),
            taken: self.reading.as_ref().and_then(|r| r.find(entity, key)),
        });
        next
    }

    fn opened(&self, handle: u32) -> Option<(u32, &[u8])> {
        let handle = self.handles.get(handle as usize)?;
        let (entity, _) = self.state.entity_of_table(handle.entity);
        Some((entity, &handle.key))
    }

    fn is_walked(&self, entity: u32) -> bool {
        self.reading.is_some() || self.state.is_walked(entity)
    }

    fn next_key(&self, entity: u32, first: &[u8], after: Option<&[u8]>) -> Option<&[u8]> {
        // A block has not all keys.
        if self.reading.is_some() {
            self.go_astray();
            return None;
        }
        self.state.next_key(entity, first, after)
    }

    fn get(&self, handle: u32, slot: u32) -> Option<&[u8]> {
        self.reads(handle);
        if !self.sees(handle, slot, What::Whole) {
            return None;
        }
        self.scalar(handle, slot)
    }

    fn put(&mut self, handle: u32, slot: u32, value: &[u8]) {
        self.writes(handle);
        if !self.sees(handle, slot, What::Whole) {
            return;
        }
        // Writing what is there already is no write: it needs no record and no invariant check.
        if self.scalar(handle, slot) == Some(value) {
            return;
        }
        let new = Slot::Scalar(value.to_vec());
        self.write(handle, slot, ops::PUT, |slot| {
            How::Restore(std::mem::replace(slot, new))
        });
        put_bytes(&mut self.ops, value);
    }

    fn present(&self, handle: u32, slot: u32) -> bool {
        self.reads(handle);
        self.sees(handle, slot, What::Presence) && *self.slot(handle, slot) != Slot::Absent
    }

    fn clear(&mut self, handle: u32, slot: u32) {
        self.writes(handle);
        let kind = self.state.kind(self.handles[handle as usize].entity, slot);
        // What a list that is written anew has in the log hangs on what was there.
        if kind == Kind::List && !self.sees(handle, slot, What::Whole) {
            return;
        }
        self.write(handle, slot, ops::CLEAR, |slot| {
            How::Restore(std::mem::replace(slot, Slot::empty(kind)))
        });
        let newest = self.undo.len() - 1;
        if matches!(&self.undo[newest].how, How::Restore(Slot::List(old)) if !old.is_empty()) {
            self.rewriting = Some(Rewriting {
                handle,
                slot,
                undo: newest,
            });
        }
    }

    fn slot_len(&self, handle: u32, slot: u32) -> u64 {
        self.reads(handle);
        match self.sees(handle, slot, What::Whole) {
            true => self.len_of(handle, slot),
            false => 0,
        }
    }

    fn map_get(&self, handle: u32, slot: u32, key: &[u8]) -> Option<&[u8]> {
        self.reads(handle);
        if !self.sees(handle, slot, What::Entry(key)) {
            return None;
        }
        self.map(handle, slot)?.get(key).map(Vec::as_slice)
    }

    fn map_put(&mut self, handle: u32, slot: u32, key: &[u8], value: &[u8]) -> bool {
        self.writes(handle);
        if !self.sees(handle, slot, What::Entry(key)) {
            return false;
        }
        let mut new = true;
        self.write(handle, slot, ops::MAP_PUT, |slot| {
            let absent = *slot == Slot::Absent;
            let old = slot.map_mut().insert(key.to_vec(), value.to_vec());
            new = old.is_none();
            if absent {
                How::Restore(Slot::Absent)
            } else {
                How::Entry(key.to_vec(), old)
            }
        });
        put_bytes(&mut self.ops, key);
        put_bytes(&mut self.ops, value);
        new
    }

    fn map_del(&mut self, handle: u32, slot: u32, key: &[u8]) -> bool {
        self.writes(handle);
        if !self.sees(handle, slot, What::Entry(key)) || !self.has(handle, slot, key) {
            return false;
        }
        self.write(handle, slot, ops::MAP_DEL, |slot| {
            let old = slot.map_mut().remove(key);
            How::Entry(key.to_vec(), old)
        });
        put_bytes(&mut self.ops, key);
        true
    }

    fn map_has(&self, handle: u32, slot: u32, key: &[u8]) -> bool {
        self.reads(handle);
        self.sees(handle, slot, What::Entry(key)) && self.has(handle, slot, key)
    }

    fn map_all(&self, handle: u32, slot: u32, out: &mut Vec<u8>) -> u32 {
        self.reads(handle);
        if !self.sees(handle, slot, What::Whole) {
            return 0;
        }
        let Some(entries) = self.map(handle, slot) else {
            return 0;
        };
        for (key, value) in entries {
            out.extend_from_slice(key);
            out.extend_from_slice(value);
        }
        entries.len() as u32
    }

    fn list_get(&self, handle: u32, slot: u32, index: u64) -> Option<&[u8]> {
        self.reads(handle);
        if !self.sees(handle, slot, What::Whole) {
            return None;
        }
        let index = usize::try_from(index).ok()?;
        self.list(handle, slot).get(index).map(Vec::as_slice)
    }

    fn list_set(&mut self, handle: u32, slot: u32, index: u64, value: &[u8]) -> bool {
        self.writes(handle);
        if !self.sees(handle, slot, What::Whole) || index >= self.len_of(handle, slot) {
            return false;
        }
        self.write(handle, slot, ops::LIST_SET, |slot| {
            let element = &mut slot.list_mut()[index as usize];
            How::Element(index as usize, std::mem::replace(element, value.to_vec()))
        });
        put_varint(&mut self.ops, index);
        put_bytes(&mut self.ops, value);
        true
    }

    fn list_push(&mut self, handle: u32, slot: u32, value: &[u8]) {
        self.writes(handle);
        self.write(handle, slot, ops::LIST_PUSH, |slot| {
            let absent = *slot == Slot::Absent;
            let items = slot.list_mut();
            items.push(value.to_vec());
            if absent {
                How::Restore(Slot::Absent)
            } else {
                How::Remove(items.len() - 1)
            }
        });
        put_bytes(&mut self.ops, value);
    }

    fn list_pop(&mut self, handle: u32, slot: u32) -> bool {
        self.writes(handle);
        if !self.sees(handle, slot, What::Whole) || self.len_of(handle, slot) == 0 {
            return false;
        }
        self.write(handle, slot, ops::LIST_POP, |slot| {
            let items = slot.list_mut();
            let old = items.pop().expect("not empty");
            How::Insert(items.len(), old)
        });
        true
    }

    fn list_insert(&mut self, handle: u32, slot: u32, index: u64, value: &[u8]) -> bool {
        self.writes(handle);
        if !self.sees(handle, slot, What::Whole) || index > self.len_of(handle, slot) {
            return false;
        }
        self.write(handle, slot, ops::LIST_INSERT, |slot| {
            let absent = *slot == Slot::Absent;
            slot.list_mut().insert(index as usize, value.to_vec());
            if absent {
                How::Restore(Slot::Absent)
            } else {
                How::Remove(index as usize)
            }
        });
        put_varint(&mut self.ops, index);
        put_bytes(&mut self.ops, value);
        true
    }

    fn list_remove(&mut self, handle: u32, slot: u32, index: u64) -> bool {
        self.writes(handle);
        if !self.sees(handle, slot, What::Whole) || index >= self.len_of(handle, slot) {
            return false;
        }
        self.write(handle, slot, ops::LIST_REMOVE, |slot| {
            How::Insert(index as usize, slot.list_mut().remove(index as usize))
        });
        put_varint(&mut self.ops, index);
        true
    }

    fn list_range(&self, handle: u32, slot: u32, from: u64, to: u64, out: &mut Vec<u8>) -> u32 {
        self.reads(handle);
        if !self.sees(handle, slot, What::Whole) {
            return 0;
        }
        let items = self.list(handle, slot);
        let len = items.len() as u64;
        let (from, to) = (from.min(len) as usize, to.min(len) as usize);
        let items = if from < to { &items[from..to] } else { &[] };
        for item in items {
            out.extend_from_slice(item);
        }
        items.len() as u32
    }

    fn savepoint(&mut self) -> u64 {
        self.settle();
        self.undo.len() as u64
    }

    fn rollback(&mut self, mark: u64) {
        // Marks are set behind what was settled, so all of it is taken back.
        self.rewriting = None;
        while self.undo.len() as u64 > mark {
            self.undo_last();
        }
        self.round = self.round.min(self.undo.len());
    }

    fn touched(&mut self) -> Option<(u32, u32)> {
        self.settle();
        let waiting = self.waiting.get_or_insert_with(|| {
            let mut seen = vec![false; self.handles.len()];
            let writes = self.undo[self.round..]
                .iter()
                .filter(|undo| !matches!(undo.how, How::Ask));
            let written = writes.map(|undo| undo.handle);
            let first = |h: &u32| !std::mem::replace(&mut seen[*h as usize], true);
            written.filter(first).collect::<Vec<u32>>().into_iter()
        });
        match waiting.next() {
            Some(handle) => {
                let table = self.handles[handle as usize].entity;
                Some((self.state.entity_of_table(table).0, handle))
            }
            None => {
                self.waiting = None;
                self.round = self.undo.len();
                None
            }
        }
    }
}

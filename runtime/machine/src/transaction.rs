//! A running step's hold on the state: writes go straight in, an undo journal can take them back, and the same
//! writes are noted as operations for the record.
//!
//! Owns the state while the step runs, so that an engine can keep it in its own store; [`Transaction::commit`] and
//! [`Transaction::abort`] give it back. Undo entries and operations are pushed together, one each per write, so a
//! savepoint is one number and rolling back cuts both.

use std::collections::HashMap;
use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::encode::{put_bytes, put_varint};
use weir_contract::host_call::Given;

use crate::access::StateAccess;
use crate::asking::{Asking, Surroundings};
use crate::ops::{self, Writes};
use crate::state::{Slot, State};

pub struct Transaction {
    state: State,
    handles: Vec<Handle>,
    /// Only filled beyond [`SCAN_MAX`] handles.
    by_key: HashMap<(u32, Box<[u8]>), u32>,
    undo: Vec<Undo>,
    ops: Vec<u8>,
    /// Handles that operations name, in order of first writing.
    written: Vec<u32>,
    /// Where in `undo` the round of `touched` began, and what is left of a round that is being read.
    round: usize,
    waiting: Option<std::vec::IntoIter<u32>>,
    /// What the step asks for besides writes.
    pub(crate) asking: Asking,
}

/// Up to this many handles are found by looking at each.
const SCAN_MAX: usize = 8;

struct Handle {
    entity: u32,
    key: Box<[u8]>,
    /// Position in the table once the instance exists.
    position: Option<u32>,
    /// Position in `written`.
    number: Option<u32>,
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
    /// No write: forget the newest ask.
    Ask,
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
            round: 0,
            waiting: None,
        }
    }

    /// The program and what it was given, for a step that may ask for something.
    pub fn lent(&self) -> Option<(Arc<Manifest>, Arc<Given>)> {
        let around = &self.asking.around;
        Some((around.program.clone()?, around.settings.clone()))
    }

    /// Keeps the writes: raises the versions of the instances and gives the operations for the record.
    pub fn commit(mut self) -> (State, Writes) {
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

    /// At most so many bytes the writes take in a record; 0 when there are none.
    pub fn writes_len(&self) -> usize {
        let keys = self
            .written
            .iter()
            .map(|h| self.handles[*h as usize].key.len() + 8);
        self.ops.len() + keys.sum::<usize>()
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
            self.asking.asks.pop();
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
        });
        next
    }

    fn opened(&self, handle: u32) -> Option<(u32, &[u8])> {
        let handle = self.handles.get(handle as usize)?;
        Some((handle.entity, &handle.key))
    }

    fn is_walked(&self, entity: u32) -> bool {
        self.state.is_walked(entity)
    }

    fn next_key(&self, entity: u32, first: &[u8], after: Option<&[u8]>) -> Option<&[u8]> {
        self.state.next_key(entity, first, after)
    }

    fn get(&self, handle: u32, slot: u32) -> Option<&[u8]> {
        match self.slot(handle, slot) {
            Slot::Scalar(value) => Some(value),
            _ => None,
        }
    }

    fn put(&mut self, handle: u32, slot: u32, value: &[u8]) {
        // Writing what is there already is no write: it needs no record and no invariant check.
        if self.get(handle, slot) == Some(value) {
            return;
        }
        let new = Slot::Scalar(value.to_vec());
        self.write(handle, slot, ops::PUT, |slot| {
            How::Restore(std::mem::replace(slot, new))
        });
        put_bytes(&mut self.ops, value);
    }

    fn present(&self, handle: u32, slot: u32) -> bool {
        *self.slot(handle, slot) != Slot::Absent
    }

    fn clear(&mut self, handle: u32, slot: u32) {
        let kind = self.state.kind(self.handles[handle as usize].entity, slot);
        self.write(handle, slot, ops::CLEAR, |slot| {
            How::Restore(std::mem::replace(slot, Slot::empty(kind)))
        });
    }

    fn slot_len(&self, handle: u32, slot: u32) -> u64 {
        match self.slot(handle, slot) {
            Slot::Map(entries) => entries.len() as u64,
            Slot::List(items) => items.len() as u64,
            Slot::Absent | Slot::Scalar(_) => 0,
        }
    }

    fn map_get(&self, handle: u32, slot: u32, key: &[u8]) -> Option<&[u8]> {
        self.map(handle, slot)?.get(key).map(Vec::as_slice)
    }

    fn map_put(&mut self, handle: u32, slot: u32, key: &[u8], value: &[u8]) -> bool {
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
        if !self.map_has(handle, slot, key) {
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
        self.map(handle, slot)
            .is_some_and(|entries| entries.contains_key(key))
    }

    fn map_all(&self, handle: u32, slot: u32, out: &mut Vec<u8>) -> u32 {
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
        let index = usize::try_from(index).ok()?;
        self.list(handle, slot).get(index).map(Vec::as_slice)
    }

    fn list_set(&mut self, handle: u32, slot: u32, index: u64, value: &[u8]) -> bool {
        if index >= self.slot_len(handle, slot) {
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
        if self.slot_len(handle, slot) == 0 {
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
        if index > self.slot_len(handle, slot) {
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
        if index >= self.slot_len(handle, slot) {
            return false;
        }
        self.write(handle, slot, ops::LIST_REMOVE, |slot| {
            How::Insert(index as usize, slot.list_mut().remove(index as usize))
        });
        put_varint(&mut self.ops, index);
        true
    }

    fn list_range(&self, handle: u32, slot: u32, from: u64, to: u64, out: &mut Vec<u8>) -> u32 {
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
        self.undo.len() as u64
    }

    fn rollback(&mut self, mark: u64) {
        while self.undo.len() as u64 > mark {
            self.undo_last();
        }
        self.round = self.round.min(self.undo.len());
    }

    fn touched(&mut self) -> Option<(u32, u32)> {
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
            Some(handle) => Some((self.handles[handle as usize].entity, handle)),
            None => {
                self.waiting = None;
                self.round = self.undo.len();
                None
            }
        }
    }
}

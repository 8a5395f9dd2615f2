//! What a step may do with the state: reads and writes of single slots, entries and elements.

use std::cell::Cell;

use weir_contract::encode::{put_bytes, put_varint};

use super::journal::How;
use super::{Handle, Rewriting, SCAN_MAX, Transaction};
use crate::access::StateAccess;
use crate::beside::What;
use crate::ops;
use crate::state::{Kind, Slot};

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

//! The undo journal: each write as it was before, so that a savepoint is a number and a bug leaves nothing.

use weir_contract::encode::put_varint;

use super::{Rewriting, Transaction};
use crate::ops;
use crate::state::Slot;

/// One write, and how it is taken back.
pub(super) struct Undo {
    pub handle: u32,
    pub slot: u32,
    /// Length of `ops` before the write.
    pub ops: usize,
    /// The write made the instance.
    pub created: bool,
    /// The write gave the handle its number. Undoing goes backwards, so by then it is the newest number.
    pub numbered: bool,
    pub how: How,
}

pub(super) enum How {
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

impl Transaction {
    /// Starts a write: makes the instance if need be, notes the operation's head, and pushes the undo entry that
    /// `change` gives for the slot.
    pub(super) fn write(
        &mut self,
        handle: u32,
        slot: u32,
        kind: u8,
        change: impl FnOnce(&mut Slot) -> How,
    ) {
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

    pub(super) fn undo_last(&mut self) {
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

//! A running step's hold on the state: writes go straight in, an undo journal can take them back, and the same
//! writes are noted as operations for the record.
//!
//! Owns the state while the step runs, so that an engine can keep it in its own store; [`Transaction::commit`] and
//! [`Transaction::abort`] give it back. Undo entries and operations are pushed together, one each per write, so a
//! savepoint is one number and rolling back cuts both.

mod access;
mod journal;
mod merging;

pub use merging::NotMerged;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::encode::{put_bytes, put_varint};
use weir_contract::host_call::Given;

use self::journal::{How, Undo};
use crate::access::StateAccess;
use crate::asking::{Asking, Surroundings};
use crate::beside::{Block, Reading, Spot, What};
use crate::ops::{self, Writes};
use crate::rewritten::changes;
use crate::spent::{Meter, Spent};
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
}

//! The state operations of a record: what a step wrote, to be done again when the log is replayed.
//!
//! ```text
//! writes   instances: count, then each: entity, key        (varints, length-prefixed bytes)
//!          operations, until the end, each: kind u8, instance (position above), slot, operands
//! ```
//! Operations are those the step did, minus what it rolled back, in order; of a list that it wrote whole, what changed in it
//! (`rewritten`). Replaying them on equal state gives equal state: [`apply`] reads nothing but the record.

use weir_contract::encode::{DecodeError, Reader, put_bytes, put_varint};

use crate::state::{Kind, Slot, State};

pub const PUT: u8 = 0;
pub const CLEAR: u8 = 1;
pub const MAP_PUT: u8 = 2;
pub const MAP_DEL: u8 = 3;
pub const LIST_SET: u8 = 4;
pub const LIST_PUSH: u8 = 5;
pub const LIST_POP: u8 = 6;
pub const LIST_INSERT: u8 = 7;
pub const LIST_REMOVE: u8 = 8;
/// The value is the delta.
pub const MERGE: u8 = 9;

/// What a step wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Entity and key of each instance the operations name.
    pub instances: Vec<(u32, Box<[u8]>)>,
    /// The encoded operations.
    pub ops: Vec<u8>,
}

impl Writes {
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    pub fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.instances.len() as u64);
        for (entity, key) in &self.instances {
            put_varint(out, *entity as u64);
            put_bytes(out, key);
        }
        out.extend_from_slice(&self.ops);
    }

    /// Reads to the end of the reader.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Writes, DecodeError> {
        let count = reader.varint()?;
        if count > reader.rest().len() as u64 {
            return Err(reader.error("more instances than bytes"));
        }
        let mut instances = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let entity = number(reader)?;
            instances.push((entity, reader.bytes()?.into()));
        }
        let ops = reader.take(reader.rest().len())?.to_vec();
        Ok(Writes { instances, ops })
    }
}

/// One operation, for showing a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op<'a> {
    pub kind: u8,
    /// Position in [`Writes::instances`].
    pub instance: u32,
    pub slot: u32,
    pub index: u64,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

/// The next operation, or `None` at the end.
pub fn next_op<'a>(reader: &mut Reader<'a>) -> Result<Option<Op<'a>>, DecodeError> {
    if reader.rest().is_empty() {
        return Ok(None);
    }
    let kind = reader.byte()?;
    let instance = number(reader)?;
    let slot = number(reader)?;
    let mut op = Op {
        kind,
        instance,
        slot,
        index: 0,
        key: &[],
        value: &[],
    };
    match kind {
        PUT | LIST_PUSH | MERGE => op.value = reader.bytes()?,
        CLEAR | LIST_POP => {}
        MAP_PUT => {
            op.key = reader.bytes()?;
            op.value = reader.bytes()?;
        }
        MAP_DEL => op.key = reader.bytes()?,
        LIST_SET | LIST_INSERT => {
            op.index = reader.varint()?;
            op.value = reader.bytes()?;
        }
        LIST_REMOVE => op.index = reader.varint()?,
        _ => return Err(reader.error("no such operation")),
    }
    Ok(Some(op))
}

/// Does the operations on the state and raises the version of each instance written.
pub fn apply(state: &mut State, writes: &Writes) -> Result<(), DecodeError> {
    let mut reader = Reader::new(&writes.ops);
    let mut positions = Vec::with_capacity(writes.instances.len());
    for (entity, key) in &writes.instances {
        if !state.make_table(*entity) {
            return Err(reader.error("no such entity"));
        }
        let position = match state.find(*entity, key) {
            Some(position) => position,
            None => state.create(*entity, key),
        };
        positions.push((*entity, position));
    }
    while let Some(op) = next_op(&mut reader)? {
        let place = positions.get(op.instance as usize);
        let (entity, position) = *place.ok_or(reader.error("no such instance"))?;
        if op.slot as usize >= state.instance(entity, position).slots.len() {
            return Err(reader.error("no such slot"));
        }
        let kind = state.kind(entity, op.slot);
        let merging = state.merging(entity, op.slot);
        let slot = &mut state.instance_mut(entity, position).slots[op.slot as usize];
        if let (MERGE, Some(merging)) = (op.kind, merging) {
            let delta = merging.decode(op.value)?;
            slot.merged_mut(&merging).join(&merging, &delta);
            continue;
        }
        apply_op(slot, kind, &op).ok_or(reader.error("the operation does not fit the slot"))?;
    }
    for (entity, position) in positions {
        state.instance_mut(entity, position).version += 1;
    }
    Ok(())
}

fn apply_op(slot: &mut Slot, kind: Kind, op: &Op<'_>) -> Option<()> {
    let value = || op.value.to_vec();
    let index = op.index as usize;
    match (op.kind, kind) {
        (PUT, Kind::Scalar) => *slot = Slot::Scalar(value()),
        (CLEAR, Kind::Map | Kind::List) => *slot = Slot::empty(kind),
        (MAP_PUT, Kind::Map) => {
            slot.map_mut().insert(op.key.to_vec(), value());
        }
        (MAP_DEL, Kind::Map) => {
            slot.map_mut().remove(op.key)?;
        }
        (LIST_PUSH, Kind::List) => slot.list_mut().push(value()),
        (LIST_SET, Kind::List) => *slot.list_mut().get_mut(index)? = value(),
        (LIST_POP, Kind::List) => {
            slot.list_mut().pop()?;
        }
        (LIST_INSERT, Kind::List) => {
            let items = slot.list_mut();
            if index > items.len() {
                return None;
            }
            items.insert(index, value());
        }
        (LIST_REMOVE, Kind::List) => {
            let items = slot.list_mut();
            if index >= items.len() {
                return None;
            }
            items.remove(index);
        }
        _ => return None,
    }
    Some(())
}

fn number(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let n = reader.varint()?;
    u32::try_from(n).map_err(|_| reader.error("number too big"))
}

/// An operation's name, for people.
pub fn name(kind: u8) -> &'static str {
    match kind {
        PUT => "put",
        CLEAR => "clear",
        MAP_PUT => "insert",
        MAP_DEL => "remove",
        LIST_SET => "set",
        LIST_PUSH => "push",
        LIST_POP => "pop",
        LIST_INSERT => "insert_at",
        LIST_REMOVE => "remove_at",
        MERGE => "merge",
        _ => "?",
    }
}

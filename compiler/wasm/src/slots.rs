//! State from inside a step: instances and their slots.
//!
//! An instance register holds the address of `handle u32, reference u32`; the reference is 0 until
//! somebody wants the keys of an instance that the host named. What goes out is encoded at the heap
//! without moving it; what comes in is written there by the host and decoded from there.

use wasm_encoder::ValType;
use weir_contract::{CrashReason, Type};
use weir_flow::ir::{EntityId, Init, Literal, SlotId, SlotKind};

use crate::asm::{Asm, I32, I64};
use crate::layout::{self, *};
use crate::module::{CURSOR, Gen, HEAP};
use crate::rt::{Helper, map};

const HANDLE: u32 = 0;
const REFERENCE: u32 = 4;
const INSTANCE_BYTES: u32 = 8;

/// What is done to a slot; the instance is always the first parameter, and the rest is as at
/// the IR's operation of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotOp {
    Load,
    Store,
    ListGet,
    ListSet,
    ListPush,
    ListPop,
    ListInsert,
    ListRemove,
    ListSlice,
    MapGet,
    MapPut,
    MapRemove,
    Has,
    SetAdd,
    SetRemove,
}

pub fn signature(
    g: &Gen<'_>,
    op: SlotOp,
    entity: EntityId,
    slot: SlotId,
) -> (Vec<ValType>, Option<ValType>) {
    let kind = &g.module.slot(entity, slot).kind;
    let whole = g.val_type(&kind.value_type());
    let part = |ty: &Type| g.val_type(ty);
    use SlotOp::*;
    match (op, kind) {
        (Load, _) => (vec![I32], Some(whole)),
        (Store, _) => (vec![I32, whole], None),
        (ListGet | ListRemove, SlotKind::List(t)) => (vec![I32, I64], Some(part(t))),
        (ListSet | ListInsert, SlotKind::List(t)) => (vec![I32, I64, part(t)], None),
        (ListPush, SlotKind::List(t)) => (vec![I32, part(t)], None),
        (ListPop, SlotKind::List(_)) => (vec![I32], Some(I32)),
        (ListSlice, SlotKind::List(_)) => (vec![I32, I64, I64], Some(I32)),
        (MapGet | MapRemove, SlotKind::Map(k, _)) => (vec![I32, part(k)], Some(I32)),
        (MapPut, SlotKind::Map(k, v)) => (vec![I32, part(k), part(v)], None),
        (Has, SlotKind::Map(k, _) | SlotKind::Set(k)) => (vec![I32, part(k)], Some(I32)),
        (SetAdd | SetRemove, SlotKind::Set(k)) => (vec![I32, part(k)], Some(I32)),
        _ => panic!("{op:?} on a slot of another kind: the IR is not verified"),
    }
}

pub fn build(g: &mut Gen<'_>, a: &mut Asm, op: SlotOp, entity: EntityId, slot: SlotId) {
    let kind = g.module.slot(entity, slot).kind.clone();
    use SlotOp::*;
    match (op, &kind) {
        (Load, _) => load(g, a, entity, slot),
        (Store, _) => store(g, a, slot, &kind),
        (ListGet, SlotKind::List(item)) => {
            list_take(g, a, slot, item, "list_get");
        }
        (ListRemove, SlotKind::List(item)) => {
            list_take(g, a, slot, item, "list_remove");
        }
        (ListSet, SlotKind::List(item)) => list_give(g, a, slot, item, "list_set"),
        (ListInsert, SlotKind::List(item)) => list_give(g, a, slot, item, "list_insert"),
        (ListPush, SlotKind::List(item)) => {
            place(a, slot);
            encoded(g, a, Helper::Encode(item.clone()), 1);
            a.call(g.import("list_push"));
        }
        (ListPop, SlotKind::List(item)) => {
            place(a, slot);
            a.global(HEAP).call(g.import("list_pop"));
            optional(g, a, item, Helper::Decode(item.clone()));
        }
        (ListSlice, SlotKind::List(item)) => {
            place(a, slot);
            a.get(1).get(2).global(HEAP).call(g.import("list_range"));
            list_arrived(g, a, item);
        }
        (MapGet, SlotKind::Map(key, item)) => {
            place(a, slot);
            encoded(g, a, Helper::EncodeKey(key.clone()), 1);
            a.global(HEAP).call(g.import("map_get"));
            optional(g, a, item, Helper::Decode(item.clone()));
        }
        (MapRemove, SlotKind::Map(key, item)) => {
            // The old value goes behind the key, which is still needed.
            let (end, len) = (a.local(I32), a.local(I32));
            let encode = g.helper(Helper::EncodeKey(key.clone()));
            let start = a.local(I32);
            a.get(1).global(HEAP).tee(start).call(encode).tee(end);
            g.set_heap(a);
            place(a, slot);
            a.get(start)
                .get(end)
                .get(start)
                .i32_sub()
                .global(HEAP)
                .call(g.import("map_get"))
                .set(len);
            a.get(len).i32(0).i32_ge_s().if_();
            place(a, slot);
            a.get(start)
                .get(end)
                .get(start)
                .i32_sub()
                .call(g.import("map_del"))
                .drop();
            a.end();
            a.get(len);
            optional(g, a, item, Helper::Decode(item.clone()));
        }
        (MapPut, SlotKind::Map(key, item)) => {
            let (start, end, value_end) = (a.local(I32), a.local(I32), a.local(I32));
            let encode_key = g.helper(Helper::EncodeKey(key.clone()));
            let encode = g.helper(Helper::Encode(item.clone()));
            a.get(1).global(HEAP).tee(start).call(encode_key).set(end);
            a.get(2).get(end).call(encode).set(value_end);
            place(a, slot);
            a.get(start).get(end).get(start).i32_sub();
            a.get(end).get(value_end).get(end).i32_sub();
            a.call(g.import("map_put")).drop();
        }
        (Has, SlotKind::Map(key, _) | SlotKind::Set(key)) => {
            place(a, slot);
            encoded(g, a, Helper::EncodeKey(key.clone()), 1);
            a.call(g.import("map_has"));
        }
        (SetAdd, SlotKind::Set(key)) => {
            place(a, slot);
            encoded(g, a, Helper::EncodeKey(key.clone()), 1);
            a.i32(0).i32(0).call(g.import("map_put"));
        }
        (SetRemove, SlotKind::Set(key)) => {
            place(a, slot);
            encoded(g, a, Helper::EncodeKey(key.clone()), 1);
            a.call(g.import("map_del"));
        }
        _ => unreachable!("`signature` refused it"),
    }
}

/// `→ handle` of an instance in a local.
pub fn handle(a: &mut Asm, instance: u32) {
    a.get(instance).i32_load(HANDLE);
}

/// `→ handle, slot`.
pub fn place(a: &mut Asm, slot: SlotId) {
    place_of(a, 0, slot);
}

/// The same for an instance in another local.
pub fn place_of(a: &mut Asm, instance: u32, slot: SlotId) {
    handle(a, instance);
    a.u32(slot.0);
}

/// `→ address, length` of the value of a local, encoded at the heap.
fn encoded(g: &mut Gen<'_>, a: &mut Asm, part: Helper, local: u32) {
    let encode = g.helper(part);
    a.global(HEAP)
        .get(local)
        .global(HEAP)
        .call(encode)
        .global(HEAP)
        .i32_sub();
}

/// `len →`: reading goes on at the heap, and the heap behind what the host wrote.
pub fn arrived(g: &mut Gen<'_>, a: &mut Asm) {
    let len = a.temp(I32);
    a.set(len);
    a.global(HEAP).set_global(CURSOR);
    a.global(HEAP).get(len).i32_add();
    g.set_heap(a);
}

/// `len or -1 → Option`.
pub fn optional(g: &mut Gen<'_>, a: &mut Asm, item: &Type, decode: Helper) {
    let (len, some) = (a.local(I32), a.local(I32));
    let decode = g.helper(decode);
    a.tee(len).i32(0).i32_lt_s().if_();
    let none = g.data.tag(0);
    a.u32(none).return_();
    a.end();
    a.get(len);
    arrived(g, a);
    let (offsets, size) = layout::offsets(g.defs(), std::slice::from_ref(item), 4);
    g.alloc(a, size);
    a.tee(some).i32(1).i32_store(0);
    a.get(some).call(decode);
    layout::store(a, g.defs(), item, offsets[0]);
    a.get(some);
}

/// `(instance, index) → element`.
fn list_take(g: &mut Gen<'_>, a: &mut Asm, slot: SlotId, item: &Type, import: &str) {
    let len = a.local(I32);
    let decode = g.helper(Helper::Decode(item.clone()));
    place(a, slot);
    a.get(1)
        .global(HEAP)
        .call(g.import(import))
        .tee(len)
        .i32(0)
        .i32_lt_s()
        .if_();
    g.crash_here(a, CrashReason::IndexOutOfRange);
    a.end();
    a.get(len);
    arrived(g, a);
    a.call(decode);
}

/// `(instance, index, element)`.
fn list_give(g: &mut Gen<'_>, a: &mut Asm, slot: SlotId, item: &Type, import: &str) {
    place(a, slot);
    a.get(1);
    encoded(g, a, Helper::Encode(item.clone()), 2);
    a.call(g.import(import)).i32_eqz().if_();
    g.crash_here(a, CrashReason::IndexOutOfRange);
    a.end();
}

/// `len → list` of what `list_range` wrote.
fn list_arrived(g: &mut Gen<'_>, a: &mut Asm, item: &Type) {
    let items = g.helper(Helper::DecodeItems(item.clone()));
    arrived(g, a);
    count(a);
    a.call(items);
}

/// `→ count`: the four bytes before the elements.
fn count(a: &mut Asm) {
    a.global(CURSOR).i32_load(0);
    a.global(CURSOR).i32(4).i32_add().set_global(CURSOR);
}

fn load(g: &mut Gen<'_>, a: &mut Asm, entity: EntityId, slot: SlotId) {
    let spec = g.module.slot(entity, slot).clone();
    let len = a.local(I32);
    if let SlotKind::Scalar(ty) = &spec.kind {
        place(a, slot);
        a.global(HEAP)
            .call(g.import("get"))
            .tee(len)
            .i32(0)
            .i32_lt_s()
            .if_();
        initial(g, a, &spec.init);
        a.return_();
        a.end();
        a.get(len);
        arrived(g, a);
        let decode = g.helper(Helper::Decode(ty.clone()));
        a.call(decode);
        return;
    }
    if spec.init != Init::Empty {
        place(a, slot);
        a.call(g.import("present")).i32_eqz().if_();
        initial(g, a, &spec.init);
        a.return_();
        a.end();
    }
    place(a, slot);
    match &spec.kind {
        SlotKind::List(item) => {
            a.i64(0)
                .i64(i64::MAX)
                .global(HEAP)
                .call(g.import("list_range"));
            list_arrived(g, a, item);
        }
        SlotKind::Set(key) => {
            a.global(HEAP).call(g.import("map_all"));
            arrived(g, a);
            let items = g.helper(Helper::DecodeKeyItems(key.clone()));
            count(a);
            a.call(items);
        }
        SlotKind::Map(key, item) => {
            a.global(HEAP).call(g.import("map_all"));
            arrived(g, a);
            let entries = g.helper(Helper::DecodeEntries(key.clone(), item.clone()));
            count(a);
            a.call(entries);
        }
        SlotKind::Scalar(_) => unreachable!("handled above"),
    }
}

/// `→ value` of a slot that the store does not have.
fn initial(g: &mut Gen<'_>, a: &mut Asm, init: &Init) {
    match init {
        Init::Empty => {
            let empty = g.data.empty_list();
            a.u32(empty);
        }
        Init::Literal(literal) => constant(g, a, literal),
        Init::Func(func) => {
            a.get(0).call(g.func(*func));
        }
    }
}

/// `→ value`.
pub fn constant(g: &mut Gen<'_>, a: &mut Asm, literal: &Literal) {
    match literal {
        Literal::Unit => a.i32(0),
        Literal::Bool(b) => a.i32(*b as i32),
        Literal::Int(n) | Literal::Time(n) | Literal::Duration(n) | Literal::Date(n) => a.i64(*n),
        Literal::Decimal(n) => {
            let address = g.data.constant(&n.to_le_bytes());
            a.u32(address)
        }
        Literal::Money(money) => {
            let code = g.data.text(money.currency.code().as_bytes());
            let amount = g.data.constant(&money.amount.to_le_bytes());
            let parts = [code.to_le_bytes(), amount.to_le_bytes()].concat();
            let address = g.data.constant(&parts);
            a.u32(address)
        }
        Literal::Float(x) => a.f64(weir_contract::encode::canonical_float(*x)),
        Literal::Text(text) => {
            let address = g.data.text(text.as_bytes());
            a.u32(address)
        }
        Literal::Bytes(bytes) => {
            let address = g.data.text(bytes);
            a.u32(address)
        }
    };
}

/// `(instance, value)`.
fn store(g: &mut Gen<'_>, a: &mut Asm, slot: SlotId, kind: &SlotKind) {
    place(a, slot);
    if let SlotKind::Scalar(ty) = kind {
        encoded(g, a, Helper::Encode(ty.clone()), 1);
        a.call(g.import("put"));
        return;
    }
    a.call(g.import("clear"));
    if let SlotKind::Map(..) | SlotKind::Set(_) = kind {
        a.get(1);
        map::as_list(g, a, &kind.value_type());
        a.set(1);
    }
    let (i, len) = (a.local(I32), a.local(I32));
    a.get(1).i32_load(LIST_LEN).set(len);
    let done = a.block();
    let again = a.loop_();
    a.get(i).get(len).i32_ge_u().br_if(done);
    match kind {
        SlotKind::List(item) => {
            let element = element_local(g, a, item, i);
            place(a, slot);
            encoded(g, a, Helper::Encode(item.clone()), element);
            a.call(g.import("list_push"));
        }
        SlotKind::Set(key) => {
            let element = element_local(g, a, key, i);
            place(a, slot);
            encoded(g, a, Helper::EncodeKey(key.clone()), element);
            a.i32(0).i32(0).call(g.import("map_put")).drop();
        }
        SlotKind::Map(key, item) => {
            let entry = element_local(g, a, &layout::entry(key, item), i);
            let types = [key.clone(), item.clone()];
            let (offsets, _) = layout::offsets(g.defs(), &types, 0);
            let (middle, end) = (a.local(I32), a.local(I32));
            let encode_key = g.helper(Helper::EncodeKey(key.clone()));
            let encode = g.helper(Helper::Encode(item.clone()));
            a.get(entry);
            layout::load(a, g.defs(), key, offsets[0]);
            a.global(HEAP).call(encode_key).set(middle);
            a.get(entry);
            layout::load(a, g.defs(), item, offsets[1]);
            a.get(middle).call(encode).set(end);
            place(a, slot);
            a.global(HEAP).get(middle).global(HEAP).i32_sub();
            a.get(middle).get(end).get(middle).i32_sub();
            a.call(g.import("map_put")).drop();
        }
        SlotKind::Scalar(_) => unreachable!("handled above"),
    }
    a.get(i).i32(1).i32_add().set(i).br(again);
    a.end().end();
}

fn element_local(g: &Gen<'_>, a: &mut Asm, item: &Type, i: u32) -> u32 {
    let local = a.local(g.val_type(item));
    a.get(1)
        .i32_load(LIST_DATA)
        .get(i)
        .u32(g.stride(item))
        .i32_mul()
        .i32_add();
    layout::load_item(a, g.defs(), item);
    a.set(local);
    local
}

/// `(reference) → instance`.
pub fn open(g: &mut Gen<'_>, a: &mut Asm, entity: EntityId) {
    let (handle, instance) = (a.local(I32), a.local(I32));
    let reference = Type::Named(g.module.entity(entity).def);
    a.u32(entity.0);
    encoded(g, a, Helper::EncodeKey(reference), 0);
    a.call(g.import("open")).set(handle);
    g.alloc(a, INSTANCE_BYTES);
    a.tee(instance).get(handle).i32_store(HANDLE);
    a.get(instance).get(0).i32_store(REFERENCE);
    a.get(instance);
}

/// `(reference, number) → instance` as a replica has it.
pub fn open_replica(g: &mut Gen<'_>, a: &mut Asm, entity: EntityId) {
    let (handle, instance) = (a.local(I32), a.local(I32));
    let reference = Type::Named(g.module.entity(entity).def);
    a.u32(entity.0);
    encoded(g, a, Helper::EncodeKey(reference), 0);
    a.get(1).call(g.import("open_replica")).set(handle);
    g.alloc(a, INSTANCE_BYTES);
    a.tee(instance).get(handle).i32_store(HANDLE);
    a.get(instance).get(0).i32_store(REFERENCE);
    a.get(instance);
}

/// `handle → instance` whose keys are not known yet.
pub fn instance_of_handle(g: &mut Gen<'_>, a: &mut Asm, handle: u32) {
    let instance = a.local(I32);
    g.alloc(a, INSTANCE_BYTES);
    a.tee(instance).get(handle).i32_store(HANDLE);
    a.get(instance).i32(0).i32_store(REFERENCE);
    a.get(instance);
}

/// `(instance) → reference`.
pub fn keys(g: &mut Gen<'_>, a: &mut Asm, entity: EntityId) {
    let reference = a.local(I32);
    a.get(0).i32_load(REFERENCE).tee(reference).if_();
    a.get(reference).return_();
    a.end();
    let decode = g.helper(Helper::DecodeKey(Type::Named(g.module.entity(entity).def)));
    a.get(0)
        .i32_load(HANDLE)
        .global(HEAP)
        .call(g.import("keys"));
    arrived(g, a);
    a.call(decode).set(reference);
    a.get(0).get(reference).i32_store(REFERENCE);
    a.get(reference);
}

//! The instructions of the IR, except arithmetic and the insides of state access.

use weir_contract::Type;
use weir_flow::host_calls;
use weir_flow::ir::{EntityId, Inst, Op, Reg, SlotId};
use weir_flow::ownership::grown;

use crate::asm::I32;
use crate::function::Body;
use crate::layout::{self, *};
use crate::module::{HEAP, SUSPENDED};
use crate::rt::{Helper, map};
use crate::slots::{self, SlotOp};
use crate::{arith, entry, library, lists, merge, message, texts, transaction};

/// One instruction, its result written to its register.
pub fn inst(b: &mut Body<'_, '_>, inst: &Inst) {
    op(b, inst);
    if let Some(dst) = inst.dst {
        let local = b.local(dst);
        b.a.set(local);
        if !lists::keeps_elements(inst) {
            lists::refresh(b, dst);
        }
        if grown(inst).is_none() {
            texts::no_room(b, dst);
        }
    }
}

fn op(b: &mut Body<'_, '_>, inst: &Inst) {
    let site = inst.site;
    match &inst.op {
        Op::Const(literal) => slots::constant(b.g, &mut b.a, literal),
        // One representation, so nothing to do; but a large map or set is no list.
        Op::Copy(x) => b.get(*x),
        Op::Cast(x) => {
            b.get(*x);
            let base = |r: Reg| b.g.defs().base(b.func.value_type(r));
            if let (Type::Map(..) | Type::Set(_), Some(Type::List(_))) =
                (base(*x), inst.dst.map(base))
            {
                let ty = b.func.value_type(*x).clone();
                map::as_list(b.g, &mut b.a, &ty);
            }
        }
        Op::Arith(op, x, y) => arith::arith(b, inst, *op, *x, *y),
        Op::Neg(x) => arith::neg(b, *x, site),
        Op::Not(x) => {
            b.get(*x);
            b.a.i32_eqz();
        }
        Op::Compare(op, x, y) => arith::compare(b, *op, *x, *y),

        Op::RecordMake(fields) => {
            record(b, None, fields);
        }
        Op::FieldGet(record, field) => {
            let types = fields_of(b, *record);
            let (offsets, _) = layout::offsets(b.g.defs(), &types, 0);
            b.get(*record);
            layout::load(
                &mut b.a,
                b.g.defs(),
                &types[*field as usize],
                offsets[*field as usize],
            );
        }
        Op::FieldSet(record, field, value) => {
            let types = fields_of(b, *record);
            let (offsets, size) = layout::offsets(b.g.defs(), &types, 0);
            let mut copy = b.local(*record);
            if !b.facts.is_owned(b.here) {
                copy = b.a.temp(I32);
                b.g.alloc(&mut b.a, size);
                b.a.set(copy);
                let record = b.local(*record);
                layout::copy(&mut b.a, copy, record, size);
            }
            b.a.get(copy);
            b.get(*value);
            layout::store(
                &mut b.a,
                b.g.defs(),
                &types[*field as usize],
                offsets[*field as usize],
            );
            b.a.get(copy);
        }
        Op::VariantMake(tag, fields) => {
            record(b, Some(*tag), fields);
        }
        Op::VariantGet(value, tag, field) => {
            let Shape::Variant(tags) = b.g.shape(b.func.value_type(*value)) else {
                panic!("VariantGet of something else");
            };
            let (_, types) = tags
                .iter()
                .find(|(t, _)| t == tag)
                .expect("a tag of the type");
            let (offsets, _) = layout::offsets(b.g.defs(), types, 4);
            b.get(*value);
            layout::load(
                &mut b.a,
                b.g.defs(),
                &types[*field as usize],
                offsets[*field as usize],
            );
        }

        Op::ListMake(items) => {
            lists::make(b, items);
        }
        Op::ListLen(list) => {
            lists::len(b, *list);
            b.a.i64_extend_i32_u();
        }
        Op::ListGet(list, index) => lists::get(b, *list, *index, site),
        Op::ListSet(list, index, value) => lists::set(b, inst, *list, *index, *value),
        Op::ListSetField(list, index, field, value) => {
            lists::set_field(b, inst, (*list, *index), *field, *value)
        }
        Op::ListPush(list, value) => lists::push(b, inst, *list, *value),
        Op::ListInsert(list, index, value) => lists::insert(b, site, *list, *index, *value),
        Op::ListRemove(list, index) => lists::remove(b, site, *list, *index),
        Op::ListSlice(list, from, to) => {
            let stride = b.g.stride(&lists::item(b, *list));
            let slice = b.g.helper(Helper::ListSlice);
            b.get(*list);
            b.get(*from);
            b.get(*to);
            b.a.u32(stride).call(slice);
        }
        Op::ListConcat(x, y) => {
            let item = lists::item(b, *x);
            let concat = b.g.helper(Helper::ListConcat(lists::is_list(b.g, &item)));
            b.get(*x);
            b.get(*y);
            b.a.u32(b.g.stride(&item)).call(concat);
        }

        Op::MapFind(map, key) => {
            let (k, v) = map_types(b, *map);
            let find = b.g.helper(Helper::MapFind(k, v));
            b.get(*map);
            b.get(*key);
            b.a.call(find).i64_extend_i32_u();
        }
        Op::MapAt(map, found) => {
            let (k, v) = map_types(b, *map);
            let (offsets, _) = layout::offsets(b.g.defs(), &[k, v.clone()], 0);
            b.get(*found);
            b.a.i32_wrap_i64();
            layout::load(&mut b.a, b.g.defs(), &v, offsets[1]);
        }
        Op::MapPut(map, key, value) => {
            let (k, v) = map_types(b, *map);
            let put = b.g.helper(Helper::MapPut(k, v));
            b.get(*map);
            b.get(*key);
            b.get(*value);
            b.a.call(put);
        }
        Op::MapRemove(map, key) => {
            let (k, v) = map_types(b, *map);
            let remove = b.g.helper(Helper::MapRemove(k, v));
            b.get(*map);
            b.get(*key);
            b.a.call(remove);
        }
        Op::MapLen(map) => {
            let len = b.g.helper(Helper::MapLen);
            b.get(*map);
            b.a.call(len).i64_extend_i32_u();
        }

        Op::TextConcat(parts) => match grown(inst) {
            Some(text) => texts::grow(b, text, &parts[1..]),
            None => texts::concat(b, parts),
        },
        Op::Show(value) => {
            show(b, *value);
        }
        Op::Lib(name, args) if host_calls::is_one(name) => {
            let call = host_calls::of(b.func, inst).expect("it is one");
            let number = b.g.host_call(&call);
            let result = inst.dst.expect("each gives something");
            let result = b.func.value_type(result).clone();
            library::host(b, "host", number, args, result);
        }
        Op::Lib(name, args) => {
            library::call(b, name, args);
        }
        Op::ByteAt(bytes, at) => library::byte(b, *bytes, *at),
        Op::BytesPlain(bytes) => library::is_plain(b, *bytes),
        Op::Pure(function, args) => {
            let result = inst.dst.expect("what is pure has a result");
            let result = b.func.value_type(result).clone();
            library::host(b, "pure", *function, args, result);
        }
        Op::Call(func, args) => {
            for arg in args {
                b.get(*arg);
            }
            let func = b.g.func(*func);
            b.a.call(func);
        }

        Op::Now => entry::now(&mut b.a),
        Op::CallerId => {
            entry::caller_id(b.g, &mut b.a);
        }
        Op::CallerRoles => {
            let roles = b.g.helper(Helper::CallerRoles);
            b.a.call(roles);
        }

        Op::Open(entity, reference) => {
            let open = b.g.helper(Helper::Open(*entity));
            b.get(*reference);
            b.a.call(open);
        }
        Op::NextKey(entity, after, first) => {
            let next = b.g.helper(Helper::NextKey(*entity, first.len() as u32));
            b.get(*after);
            for key in first {
                b.get(*key);
            }
            b.a.call(next);
        }
        Op::Keys(instance) => {
            let keys = b.g.helper(Helper::Keys(b.func.instance_of(*instance)));
            b.get(*instance);
            b.a.call(keys);
        }
        Op::Present(instance, slot) => {
            let instance = b.local(*instance);
            slots::place_of(&mut b.a, instance, *slot);
            b.a.call(b.g.import("present"));
        }
        Op::SlotLen(instance, slot) => {
            let instance = b.local(*instance);
            slots::place_of(&mut b.a, instance, *slot);
            b.a.call(b.g.import("slot_len"));
        }
        Op::SlotClear(instance, slot) => {
            let instance = b.local(*instance);
            slots::place_of(&mut b.a, instance, *slot);
            b.a.call(b.g.import("clear"));
        }
        Op::Load(i, s) => slot(b, SlotOp::Load, *i, *s, &[]),
        Op::Store(i, s, x) => slot(b, SlotOp::Store, *i, *s, &[*x]),
        Op::ListSlotGet(i, s, x) => slot(b, SlotOp::ListGet, *i, *s, &[*x]),
        Op::ListSlotSet(i, s, x, y) => slot(b, SlotOp::ListSet, *i, *s, &[*x, *y]),
        Op::ListSlotPush(i, s, x) => slot(b, SlotOp::ListPush, *i, *s, &[*x]),
        Op::ListSlotPop(i, s) => slot(b, SlotOp::ListPop, *i, *s, &[]),
        Op::ListSlotInsert(i, s, x, y) => slot(b, SlotOp::ListInsert, *i, *s, &[*x, *y]),
        Op::ListSlotRemove(i, s, x) => slot(b, SlotOp::ListRemove, *i, *s, &[*x]),
        Op::ListSlotSlice(i, s, x, y) => slot(b, SlotOp::ListSlice, *i, *s, &[*x, *y]),
        Op::MapSlotGet(i, s, x) => slot(b, SlotOp::MapGet, *i, *s, &[*x]),
        Op::MapSlotPut(i, s, x, y) => slot(b, SlotOp::MapPut, *i, *s, &[*x, *y]),
        Op::MapSlotRemove(i, s, x) => slot(b, SlotOp::MapRemove, *i, *s, &[*x]),
        Op::SlotHas(i, s, x) => slot(b, SlotOp::Has, *i, *s, &[*x]),
        Op::SetSlotAdd(i, s, x) => slot(b, SlotOp::SetAdd, *i, *s, &[*x]),
        Op::SetSlotRemove(i, s, x) => slot(b, SlotOp::SetRemove, *i, *s, &[*x]),

        Op::MergeSlot {
            instance,
            slot,
            parts,
            change,
            args,
        } => {
            merge::change(b, (*instance, *slot), parts, *change, args);
        }
        Op::MergeLook {
            instance,
            slot,
            parts,
            ask,
            args,
        } => {
            let dst = inst.dst.expect("verified: it gives something");
            merge::look(b, (*instance, *slot), parts, *ask, args, dst);
        }
        Op::OpenReplica(entity, reference, number) => {
            let open = b.g.helper(Helper::OpenReplica(*entity));
            b.get(*reference);
            b.get(*number);
            b.a.call(open);
        }
        Op::MergeSync(one, other) => {
            for instance in [one, other] {
                let instance = b.local(*instance);
                slots::handle(&mut b.a, instance);
            }
            b.a.call(b.g.import("merge_sync"));
        }

        Op::Savepoint => {
            b.a.call(b.g.import("savepoint"));
        }
        Op::Rollback(mark) => {
            b.get(*mark);
            b.a.call(b.g.import("rollback"));
        }
        Op::TxEnter => transaction::enter(&mut b.a),
        Op::TxLeave => {
            transaction::leave(b.g, &mut b.a);
        }

        Op::Send {
            entry,
            instance,
            args,
            after,
        } => {
            message::send(b, *entry, *instance, args, *after);
        }
        Op::SendEvent {
            instance,
            event,
            args,
            after,
        } => {
            message::event(b, *instance, *event, args, *after);
        }
        Op::Cancel(number) => {
            b.get(*number);
            b.a.call(b.g.import("cancel"));
        }
        Op::PushUndo(entry, cells) => {
            message::later(b, "undo", &[entry.0], cells);
        }
        Op::Spawn(entry, cells) => {
            message::later(b, "branch", &[entry.0], cells);
        }
        Op::Mock(function, entry, cells) => {
            message::later(b, "mock", &[*function, entry.0], cells);
        }
        Op::Random => random(b),
        Op::Fresh => {
            fresh(b);
        }
        Op::CrashAt(label) => {
            b.get(*label);
            b.a.u32(TEXT_HEADER).i32_add();
            b.get(*label);
            b.a.i32_load(0).call(b.g.import("crash_at"));
        }
        Op::Emit {
            stream,
            key,
            time,
            value,
        } => {
            message::emit(b, *stream, *key, *time, *value);
        }
        Op::Full => {
            b.a.call(b.g.import("full"));
        }
        Op::Suspended => {
            b.a.global(SUSPENDED);
        }
        Op::Suspend(..) => unreachable!("`split` left none"),

        Op::SetHas(set, item) => of_set(b, Helper::SetHas, *set, *item),
        Op::SetPut(set, item) => of_set(b, Helper::SetPut, *set, *item),
        Op::SetRemove(set, item) => of_set(b, Helper::SetRemove, *set, *item),
        Op::SetLen(set) => {
            let len = b.g.helper(Helper::MapLen);
            b.get(*set);
            b.a.call(len).i64_extend_i32_u();
        }
    }
}

fn slot(b: &mut Body<'_, '_>, op: SlotOp, instance: Reg, slot: SlotId, args: &[Reg]) {
    let entity: EntityId = b.func.instance_of(instance);
    let func = b.g.helper(Helper::Slot(op, entity, slot));
    b.get(instance);
    for arg in args {
        b.get(*arg);
    }
    b.a.call(func);
}

fn of_set(b: &mut Body<'_, '_>, helper: fn(Type) -> Helper, set: Reg, item: Reg) {
    let func = b.g.helper(helper(lists::item(b, set)));
    b.get(set);
    b.get(item);
    b.a.call(func);
}

fn map_types(b: &Body<'_, '_>, map: Reg) -> (Type, Type) {
    match b.g.defs().base(b.func.value_type(map)) {
        Type::Map(key, value) => ((**key).clone(), (**value).clone()),
        other => panic!("{other:?} is no map"),
    }
}

fn fields_of(b: &Body<'_, '_>, record: Reg) -> Vec<Type> {
    match b.g.shape(b.func.value_type(record)) {
        Shape::Record(fields) => fields,
        other => panic!("fields of {other:?}"),
    }
}

/// `→ record`, or a variant when there is a tag.
fn record(b: &mut Body<'_, '_>, tag: Option<u32>, fields: &[Reg]) {
    if let (Some(tag), []) = (tag, fields) {
        let constant = b.g.data.tag(tag);
        b.a.u32(constant);
        return;
    }
    let types: Vec<Type> = fields
        .iter()
        .map(|r| b.func.value_type(*r).clone())
        .collect();
    let (offsets, size) = layout::offsets(b.g.defs(), &types, if tag.is_some() { 4 } else { 0 });
    let result = b.a.temp(I32);
    b.g.alloc(&mut b.a, size);
    b.a.set(result);
    if let Some(tag) = tag {
        b.a.get(result).u32(tag).i32_store(0);
    }
    for ((reg, ty), offset) in fields.iter().zip(&types).zip(offsets) {
        b.a.get(result);
        b.get(*reg);
        layout::store(&mut b.a, b.g.defs(), ty, offset);
    }
    b.a.get(result);
}

fn show(b: &mut Body<'_, '_>, value: Reg) {
    let ty = b.func.value_type(value).clone();
    if let Type::Text = b.g.defs().base(&ty) {
        return b.get(value);
    }
    let show = b.g.helper(Helper::Show(ty));
    let (result, start) = (b.a.temp(I32), b.a.temp(I32));
    b.a.global(HEAP)
        .tee(result)
        .u32(TEXT_HEADER)
        .i32_add()
        .tee(start);
    b.g.ensure(&mut b.a, start);
    b.a.get(start).set_global(HEAP);
    b.get(value);
    b.a.call(show);
    b.a.get(result)
        .global(HEAP)
        .get(start)
        .i32_sub()
        .i32_store(0);
    b.a.global(HEAP);
    b.g.set_heap(&mut b.a);
    b.a.get(result);
}

/// `→ Float`, 0 <= x < 1: of the host's bits the upper ones, as many as a `Float` just below 1 tells apart.
fn random(b: &mut Body<'_, '_>) {
    const BITS: u32 = f64::MANTISSA_DIGITS;
    b.a.call(b.g.import("random"))
        .i64((u64::BITS - BITS) as i64)
        .i64_shr_u();
    b.a.f64_convert_i64_s()
        .f64(1.0 / (1u64 << BITS) as f64)
        .f64_mul();
}

/// `→ Text`: the host writes behind the place of the length.
fn fresh(b: &mut Body<'_, '_>) {
    let (result, start, len) = (b.a.temp(I32), b.a.temp(I32), b.a.temp(I32));
    b.a.global(HEAP)
        .tee(result)
        .u32(TEXT_HEADER)
        .i32_add()
        .tee(start);
    b.g.ensure(&mut b.a, start);
    b.a.get(start).call(b.g.import("fresh")).set(len);
    b.a.get(result).get(len).i32_store(0);
    b.a.get(start).get(len).i32_add();
    b.g.set_heap(&mut b.a);
    b.a.get(result);
}

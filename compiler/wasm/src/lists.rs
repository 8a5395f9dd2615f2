//! Instructions on lists. What is asked for most is in line: an element by its position, and changing a list that nobody else
//! knows.

use weir_contract::{CrashReason, Type};
use weir_flow::ir::{BlockId, Func, Inst, Op, Reg, RegType, SiteId};
use weir_flow::ownership::{Extract, flat_fields};

use crate::asm::{Asm, I32, Local};
use crate::function::Body;
use crate::layout::{self, *};
use crate::module::Gen;
use crate::rt::Helper;
use crate::texts;

/// Locals that hold what the list in a register has in memory. A list in a register is changed only by instructions on that
/// register, so they are read again only behind those.
#[derive(Clone, Copy, Debug)]
pub struct Elements {
    data: u32,
    len: u32,
}

/// Locals for the lists whose elements or length are asked for.
pub fn elements(a: &mut Asm, func: &Func) -> Vec<Option<Elements>> {
    let mut elements = vec![None; func.regs.len()];
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        if let Op::ListGet(list, _)
        | Op::ListSet(list, ..)
        | Op::ListSetField(list, ..)
        | Op::ListLen(list) = &inst.op
        {
            elements[list.0 as usize].get_or_insert_with(|| Elements {
                data: a.local(I32),
                len: a.local(I32),
            });
        }
    }
    elements
}

/// The register was written.
pub fn refresh(b: &mut Body<'_, '_>, list: Reg) {
    if let Some(Elements { data, len }) = b.elements[list.0 as usize] {
        b.get(list);
        b.a.i32_load(LIST_DATA).set(data);
        b.get(list);
        b.a.i32_load(LIST_LEN).set(len);
    }
}

/// Whether the instruction itself sees to the locals of its result.
pub fn keeps_elements(inst: &Inst) -> bool {
    match inst.op {
        Op::ListSet(list, ..) | Op::ListSetField(list, ..) | Op::ListPush(list, _) => {
            inst.dst == Some(list)
        }
        _ => false,
    }
}

/// Marks the lists that get a second owner by an instruction, and takes the room of such texts from them.
pub fn share(b: &mut Body<'_, '_>, block: BlockId, at: usize) {
    for reg in b.ownership.shares(block, at).to_vec() {
        if b.rooms[reg.0 as usize].is_some() {
            texts::no_room(b, reg);
            continue;
        }
        b.get(reg);
        b.a.i32(1).i32_store(LIST_SHARED);
    }
}

/// Marks the list that an instruction read out of another value.
pub fn extracted(b: &mut Body<'_, '_>, block: BlockId, at: usize, inst: &Inst) {
    let (Some(extract), Some(dst)) = (b.ownership.extract(block, at), inst.dst) else {
        return;
    };
    if extract == Extract::Copy {
        // It is the address in the list.
        let ty = b.func.value_type(dst).clone();
        let (copy, size) = (b.a.temp(I32), b.g.stride(&ty));
        b.g.alloc(&mut b.a, size);
        b.a.tee(copy);
        b.get(dst);
        layout::store_item(&mut b.a, b.g.defs(), &ty);
        let local = b.local(dst);
        b.a.get(copy).set(local);
        return;
    }
    b.get(dst);
    match (extract, &inst.op) {
        (Extract::Take, Op::ListGet(around, _)) => {
            b.get(dst);
            b.a.i32_load(LIST_SHARED);
            b.get(*around);
            b.a.i32_load(LIST_SHARED).i32_or();
        }
        _ => {
            b.a.i32(1);
        }
    }
    b.a.i32_store(LIST_SHARED);
}

pub fn item(b: &Body<'_, '_>, list: Reg) -> Type {
    match b.g.shape(b.func.value_type(list)) {
        Shape::List(item) => item,
        other => panic!("elements of {other:?}"),
    }
}

pub fn is_list(g: &Gen<'_>, ty: &Type) -> bool {
    weir_flow::ownership::is_list(g.module, &RegType::Value(ty.clone()))
}

/// `→ list`.
pub fn make(b: &mut Body<'_, '_>, items: &[Reg]) {
    let Some(first) = items.first() else {
        let empty = b.g.data.empty_list();
        b.a.u32(empty);
        return;
    };
    let item = b.func.value_type(*first).clone();
    let (stride, count) = (b.g.stride(&item), items.len() as u32);
    let result = b.a.temp(I32);
    b.g.alloc(&mut b.a, LIST_BYTES + stride * count);
    b.a.set(result);
    b.a.get(result)
        .get(result)
        .u32(LIST_BYTES)
        .i32_add()
        .i32_store(LIST_DATA);
    b.a.get(result).u32(count).i32_store(LIST_LEN);
    b.a.get(result).u32(count).i32_store(LIST_CAP);
    b.a.get(result).i32(0).i32_store(LIST_SHARED);
    for (i, reg) in items.iter().enumerate() {
        b.a.get(result)
            .u32(LIST_BYTES + stride * i as u32)
            .i32_add();
        b.get(*reg);
        layout::store_item(&mut b.a, b.g.defs(), &item);
    }
    b.a.get(result);
}

/// `→ length`, 32 bits.
pub fn len(b: &mut Body<'_, '_>, list: Reg) {
    match b.elements[list.0 as usize] {
        Some(Elements { len, .. }) => {
            b.a.get(len);
        }
        None => {
            b.get(list);
            b.a.i32_load(LIST_LEN);
        }
    }
}

/// `→ element`.
pub fn get(b: &mut Body<'_, '_>, list: Reg, index: Reg, site: SiteId) {
    let item = item(b, list);
    in_range(b, list, index, site);
    element_address(b, list, index, &item);
    layout::load_item(&mut b.a, b.g.defs(), &item);
}

/// Crashes unless there is an element at the index.
fn in_range(b: &mut Body<'_, '_>, list: Reg, index: Reg, site: SiteId) {
    if b.is_safe() {
        return;
    }
    b.get(index);
    len(b, list);
    // Unsigned, so that negative positions are too big.
    b.a.i64_extend_i32_u().i64_ge_u().if_();
    b.g.crash(&mut b.a, site, CrashReason::IndexOutOfRange);
    b.a.end();
}

fn element_address(b: &mut Body<'_, '_>, list: Reg, index: Reg, item: &Type) {
    match b.elements[list.0 as usize] {
        Some(Elements { data, .. }) => {
            b.a.get(data);
        }
        None => {
            b.get(list);
            b.a.i32_load(LIST_DATA);
        }
    }
    b.get(index);
    b.a.i32_wrap_i64().u32(b.g.stride(item)).i32_mul().i32_add();
}

/// `→ list`.
pub fn set(b: &mut Body<'_, '_>, inst: &Inst, list: Reg, index: Reg, value: Reg) {
    let item = item(b, list);
    let (result, address) = owned_element(b, inst, list, index, &item);
    b.a.get(address);
    b.get(value);
    layout::store_item(&mut b.a, b.g.defs(), &item);
    b.a.get(result);
}

/// `→ list`.
pub fn set_field(
    b: &mut Body<'_, '_>,
    inst: &Inst,
    (list, index): (Reg, Reg),
    field: u32,
    value: Reg,
) {
    let item = item(b, list);
    let Shape::Record(types) = b.g.shape(&item) else {
        panic!("fields of {item:?}")
    };
    let (offsets, size) = layout::offsets(b.g.defs(), &types, 0);
    let (result, address) = owned_element(b, inst, list, index, &item);
    if flat_fields(b.g.defs(), &item).is_none() {
        // A large record lies elsewhere and may be known elsewhere.
        let copy = b.a.temp(I32);
        b.g.alloc(&mut b.a, size);
        b.a.set(copy);
        let from = b.a.temp(I32);
        b.a.get(address).i32_load(0).set(from);
        layout::copy(&mut b.a, copy, from, size);
        b.a.get(address).get(copy).i32_store(0);
        b.a.get(copy).set(address);
    }
    b.a.get(address);
    b.get(value);
    let field = field as usize;
    layout::store(&mut b.a, b.g.defs(), &types[field], offsets[field]);
    b.a.get(result);
}

/// The locals of a list that nobody else knows and of the address of its element at the index, which is there.
fn owned_element(
    b: &mut Body<'_, '_>,
    inst: &Inst,
    list: Reg,
    index: Reg,
    item: &Type,
) -> (Local, Local) {
    in_range(b, list, index, inst.site);
    let own = b.g.helper(Helper::ListOwn(is_list(b.g, item)));
    let (address, stride) = (b.a.temp(I32), b.g.stride(item));
    if inst.dst != Some(list) {
        let result = b.a.temp(I32);
        b.get(list);
        b.a.u32(stride).call(own).tee(result).i32_load(LIST_DATA);
        b.get(index);
        b.a.i32_wrap_i64().u32(stride).i32_mul().i32_add();
        b.a.set(address);
        return (result, address);
    }
    let local = b.local(list);
    if !b.facts.is_owned(b.here) {
        b.a.get(local).i32_load(LIST_SHARED).if_();
        b.a.get(local).u32(stride).call(own).set(local);
        refresh(b, list);
        b.a.end();
    }
    element_address(b, list, index, item);
    b.a.set(address);
    (local, address)
}

/// `→ list`.
pub fn push(b: &mut Body<'_, '_>, inst: &Inst, list: Reg, value: Reg) {
    let item = item(b, list);
    let stride = b.g.stride(&item);
    let push = b.g.helper(Helper::ListPush(is_list(b.g, &item)));
    let (result, last) = (b.a.temp(I32), b.a.temp(I32));
    b.get(list);
    b.a.tee(result).i32_load(LIST_LEN).tee(last);
    // Room that nobody else can see.
    b.a.get(result).i32_load(LIST_CAP).i32_lt_u();
    if !b.facts.is_owned(b.here) {
        b.a.get(result).i32_load(LIST_SHARED);
        b.a.i32_eqz().i32_and();
    }
    b.a.if_();
    b.a.get(result)
        .get(last)
        .i32(1)
        .i32_add()
        .i32_store(LIST_LEN);
    b.a.else_();
    b.a.get(result).u32(stride).call(push).set(result);
    b.a.end();
    b.a.get(result).i32_load(LIST_DATA);
    b.a.get(last).u32(stride).i32_mul().i32_add();
    b.get(value);
    layout::store_item(&mut b.a, b.g.defs(), &item);
    if inst.dst == Some(list)
        && let Some(Elements { data, len }) = b.elements[list.0 as usize]
    {
        b.a.get(result).i32_load(LIST_DATA).set(data);
        b.a.get(last).i32(1).i32_add().set(len);
    }
    b.a.get(result);
}

/// `→ list`.
pub fn insert(b: &mut Body<'_, '_>, site: SiteId, list: Reg, index: Reg, value: Reg) {
    let item = item(b, list);
    let stride = b.g.stride(&item);
    b.get(index);
    len(b, list);
    b.a.i64_extend_i32_u().i64_gt_u().if_();
    b.g.crash(&mut b.a, site, CrashReason::IndexOutOfRange);
    b.a.end();
    let insert = b.g.helper(Helper::ListInsert(is_list(b.g, &item)));
    let result = b.a.temp(I32);
    b.get(list);
    b.get(index);
    b.a.i32_wrap_i64().u32(stride).call(insert).tee(result);
    b.a.i32_load(LIST_DATA);
    b.get(index);
    b.a.i32_wrap_i64().u32(stride).i32_mul().i32_add();
    b.get(value);
    layout::store_item(&mut b.a, b.g.defs(), &item);
    b.a.get(result);
}

/// `→ list`.
pub fn remove(b: &mut Body<'_, '_>, site: SiteId, list: Reg, index: Reg) {
    let item = item(b, list);
    in_range(b, list, index, site);
    let remove = b.g.helper(Helper::ListRemove(is_list(b.g, &item)));
    b.get(list);
    b.get(index);
    b.a.i32_wrap_i64().u32(b.g.stride(&item)).call(remove);
}

//! What the host calls: `weir_step`, and one wrapper an entry that reads its arguments and writes its answer.

use weir_contract::{Type, border};
use weir_flow::ir::{Entry, EntryKind};

use crate::asm::{Asm, I32, I64};
use crate::layout;
use crate::module::{CALLER, CURSOR, DEPTH, END, Gen, HEAP, INSIDE, SITE, SUSPENDED, TIME};
use crate::rt::Helper;
use crate::{slots, suspend};

/// Where the header of an input (`border::StepInput`) has its parts.
const INPUT_TIME: u32 = 0;
const INPUT_KEY_LEN: u32 = 8;
const INPUT_CALLER_LEN: u32 = 12;

/// `(entry, input, len) → output`. The heap starts behind the input.
pub fn step(g: &mut Gen<'_>) -> Asm {
    let mut asm = Asm::new(3);
    let a = &mut asm;
    let (entry, input, len) = (0, 1, 2);
    let (key, caller, caller_len) = (a.local(I32), a.local(I32), a.local(I32));
    a.i32(0).set_global(SITE);
    a.i32(0).set_global(DEPTH);
    a.i32(0).set_global(SUSPENDED);
    a.memory_size().i32(16).i32_shl().set_global(END);
    a.get(input).get(len).i32_add();
    g.set_heap(a);
    a.get(input).i64_load(INPUT_TIME).set_global(TIME);
    a.get(input)
        .i32(border::INPUT_HEADER_BYTES as i32)
        .i32_add()
        .tee(key);
    a.get(input)
        .i32_load(INPUT_KEY_LEN)
        .i32_add()
        .tee(caller)
        .set_global(CALLER);
    a.get(input).i32_load(INPUT_CALLER_LEN).tee(caller_len);
    a.u32(border::INPUT_INSIDE)
        .i32_and()
        .i32_eqz()
        .i32_eqz()
        .set_global(INSIDE);
    a.get(caller)
        .get(caller_len)
        .u32(!border::INPUT_INSIDE)
        .i32_and()
        .i32_add()
        .set_global(CURSOR);
    let entries = g.module.entries.len();
    let outside = a.block();
    let labels: Vec<_> = (0..entries).map(|_| a.block()).collect();
    let table: Vec<_> = labels.iter().rev().copied().collect();
    a.get(entry).br_table(&table, outside);
    for i in 0..entries {
        a.end();
        let wrapper = g.helper(Helper::Entry(i as u32));
        a.get(key)
            .get(input)
            .i32_load(INPUT_KEY_LEN)
            .call(wrapper)
            .return_();
    }
    a.end();
    a.unreachable();
    asm
}

fn skip_bytes(g: &mut Gen<'_>, a: &mut Asm) {
    let varint = g.helper(Helper::GetVarint);
    let len = a.temp(I32);
    a.call(varint).i32_wrap_i64().set(len);
    a.global(CURSOR).get(len).i32_add().set_global(CURSOR);
    a.release_temps();
}

/// `(key, key_len) → output`; the arguments are at the cursor.
pub fn entry(g: &mut Gen<'_>, a: &mut Asm, number: u32) {
    let module = g.module;
    let entry: &Entry = &module.entries[number as usize];
    let func = module.func(entry.func);
    let instance = a.local(I32);
    if let Some(entity) = entry.entity {
        let handle = a.local(I32);
        a.u32(entity.0)
            .get(0)
            .get(1)
            .call(g.import("open"))
            .set(handle);
        slots::instance_of_handle(g, a, handle);
        a.set(instance);
    }
    if entry.kind == EntryKind::Guard {
        // What is guarded is another entry's, or an event.
        guard(g, a, entry, instance);
        bare_output(g, a, border::OUTPUT_OK);
        return;
    }
    let params: Vec<Type> = entry
        .params
        .iter()
        .map(|p| {
            if p.defaulted {
                Type::Option(Box::new(p.ty.clone()))
            } else {
                p.ty.clone()
            }
        })
        .collect();
    let locals: Vec<u32> = params
        .iter()
        .map(|ty| {
            let decode = g.helper(Helper::Decode(ty.clone()));
            let local = a.local(g.val_type(ty));
            a.call(decode).set(local);
            local
        })
        .collect();
    guard(g, a, entry, instance);
    if entry.entity.is_some() {
        a.get(instance);
    }
    for local in locals {
        a.get(local);
    }
    let value = a.local(g.val_type(&func.ret));
    a.call(g.func(entry.func)).set(value);
    if g.suspends {
        suspend::output(g, a);
    }
    match module.defs.base(&func.ret) {
        Type::Result(ok, errors) => {
            let put = g.helper(Helper::PutVarint);
            for id in errors {
                let error = Type::Named(*id);
                let encode = g.helper(Helper::Encode(error.clone()));
                let (offsets, _) = layout::offsets(g.defs(), std::slice::from_ref(&error), 4);
                a.get(value).i32_load(0).u32(id.0 + 1).i32_eq().if_();
                kind(g, a, border::OUTPUT_FAILED);
                a.get(value).i32_load(offsets[0]);
                a.i64(id.0 as i64).global(HEAP).i32(1).i32_add().call(put);
                a.call(encode);
                output(a);
                a.return_();
                a.end();
            }
            let encode = g.helper(Helper::Encode((**ok).clone()));
            let (offsets, _) = layout::offsets(g.defs(), std::slice::from_ref(&**ok), 4);
            kind(g, a, border::OUTPUT_OK);
            a.get(value);
            layout::load(a, g.defs(), ok, offsets[0]);
            a.global(HEAP).i32(1).i32_add().call(encode);
        }
        ty => {
            let encode = g.helper(Helper::Encode(ty.clone()));
            kind(g, a, border::OUTPUT_OK);
            a.get(value).global(HEAP).i32(1).i32_add().call(encode);
        }
    }
    output(a);
}

/// Denies whom the entry's guard does not let in. The program itself may.
fn guard(g: &mut Gen<'_>, a: &mut Asm, entry: &Entry, instance: u32) {
    if let Some(guard) = entry.guard {
        a.global(INSIDE).i32_eqz().if_();
        if entry.entity.is_some() {
            a.get(instance);
        }
        a.call(g.func(guard)).i32_eqz().if_();
        bare_output(g, a, border::OUTPUT_DENIED);
        a.return_();
        a.end();
        a.end();
    }
}

/// `→ output` of one byte.
pub fn bare_output(g: &mut Gen<'_>, a: &mut Asm, byte: u8) {
    kind(g, a, byte);
    a.global(HEAP).i32(1).i32_add();
    output(a);
}

/// The first byte of the output, at the heap.
fn kind(g: &mut Gen<'_>, a: &mut Asm, kind: u8) {
    let end = a.temp(I32);
    a.global(HEAP).i32(1).i32_add().tee(end);
    g.ensure(a, end);
    a.global(HEAP).i32(kind as i32).i32_store8(0);
}

/// `end → output` of what lies between heap and end.
fn output(a: &mut Asm) {
    a.global(HEAP).i32_sub().i64_extend_i32_u();
    a.global(HEAP).i64_extend_i32_u().i64(32).i64_shl().i64_or();
}

/// `() → Set<Text>`: the roles behind the caller's id.
pub fn caller_roles(g: &mut Gen<'_>, a: &mut Asm) {
    let roles = g.helper(Helper::Decode(Type::Set(Box::new(Type::Text))));
    a.global(CALLER).set_global(CURSOR);
    skip_bytes(g, a);
    a.call(roles);
}

/// `→ Text`: the caller's id.
pub fn caller_id(g: &mut Gen<'_>, a: &mut Asm) {
    let id = g.helper(Helper::Decode(Type::Text));
    a.global(CALLER).set_global(CURSOR).call(id);
}

/// `→ Time`.
pub fn now(a: &mut Asm) {
    a.global(TIME);
}

/// Type of [`step`]'s parameters and result.
pub fn step_signature() -> (Vec<wasm_encoder::ValType>, wasm_encoder::ValType) {
    (vec![I32, I32, I32], I64)
}

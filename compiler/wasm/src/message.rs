//! Messages, and what else is left to other entries, to be done when the step is kept.

use weir_flow::ir::{EntryId, Reg};

use crate::asm::I32;
use crate::function::Body;
use crate::module::HEAP;
use crate::rt::Helper;
use crate::{row, slots};

/// `→ Int`: number of the run.
pub fn send(
    b: &mut Body<'_, '_>,
    entry: EntryId,
    instance: Option<Reg>,
    args: &[Reg],
    after: Option<Reg>,
) {
    b.a.u32(entry.0);
    match instance {
        Some(instance) => handle(b, instance),
        None => {
            b.a.i32(-1);
        }
    }
    row::push(b, &[], args);
    delay(b, after);
    b.a.call(b.g.import("send"));
}

/// To the run of a workflow's instance.
pub fn event(b: &mut Body<'_, '_>, instance: Reg, event: u32, args: &[Reg], after: Option<Reg>) {
    handle(b, instance);
    b.a.u32(event);
    row::push(b, &[], args);
    delay(b, after);
    b.a.call(b.g.import("event"));
}

/// Leaves something to the host that an entry does later: what names it, and the values the entry will be given.
pub fn later(b: &mut Body<'_, '_>, import: &str, names: &[u32], cells: &[Reg]) {
    for name in names {
        b.a.u32(*name);
    }
    row::push(b, &[], cells);
    b.a.call(b.g.import(import));
}

/// `→ Int`: position of the entry. Key and value are written one behind the other at the heap, which does not move.
pub fn emit(b: &mut Body<'_, '_>, stream: u32, key: Option<Reg>, time: Option<Reg>, value: Reg) {
    let (key_end, value_end) = (b.a.temp(I32), b.a.temp(I32));
    b.a.global(HEAP).set(key_end);
    if let Some(key) = key {
        let encode = Helper::EncodeKey(b.func.value_type(key).clone());
        let encode = b.g.helper(encode);
        b.get(key);
        b.a.get(key_end).call(encode).set(key_end);
    }
    let encode = Helper::Encode(b.func.value_type(value).clone());
    let encode = b.g.helper(encode);
    b.get(value);
    b.a.get(key_end).call(encode).set(value_end);
    b.a.u32(stream).global(HEAP);
    b.a.get(key_end).global(HEAP).i32_sub();
    match time {
        Some(time) => b.get(time),
        None => {
            b.a.i64(0);
        }
    }
    b.a.get(key_end).get(value_end).get(key_end).i32_sub();
    b.a.call(b.g.import("emit"));
}

fn handle(b: &mut Body<'_, '_>, instance: Reg) {
    let instance = b.local(instance);
    slots::handle(&mut b.a, instance);
}

/// `→ microseconds`, -1 for none. A delay below zero counts as zero, so that it is not taken for none.
fn delay(b: &mut Body<'_, '_>, after: Option<Reg>) {
    let Some(after) = after else {
        b.a.i64(-1);
        return;
    };
    b.get(after);
    b.a.i64(0);
    b.get(after);
    b.a.i64(0).i64_gt_s().select();
}

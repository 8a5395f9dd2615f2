//! The words of a text whose characters are all below 128: what is white space is known then, and nothing has to be asked of the host.
//!
//! ```text
//! heap before |  word | word | ... | list: data, len, cap, shared | address of word | address of word | ...
//! ```

use weir_contract::{CrashReason, library};

use crate::asm::{Asm, I32};
use crate::layout::*;
use crate::module::{Gen, HEAP};
use crate::rt::Helper;
use crate::rt::memory::{COPIED_TOO_MUCH, copy_to_top};

/// `(text) → list` of its words, 0 when the host has to be asked.
pub fn words(g: &mut Gen<'_>, a: &mut Asm) {
    let text = 0;
    let (at, end, from, count) = (a.local(I32), a.local(I32), a.local(I32), a.local(I32));
    let (start, next) = (a.local(I32), a.local(I32));
    let (to, len) = (a.local(I32), a.local(I32));
    let is_plain = g.helper(Helper::BytesArePlain);
    a.get(text).call(is_plain).i32_eqz().if_();
    a.i32(0).return_();
    a.end();
    a.get(text).u32(TEXT_HEADER).i32_add().tee(at);
    a.get(text).i32_load(0).i32_add().set(end);
    a.global(HEAP).tee(start).set(next);
    let done = a.block();
    let again = a.loop_();
    // White space in front of a word.
    let found = a.block();
    let skip = a.loop_();
    a.get(at).get(end).i32_ge_u().br_if(done);
    is_white(a, at);
    a.i32_eqz().br_if(found);
    a.get(at).i32(1).i32_add().set(at).br(skip);
    a.end().end();
    a.get(at).set(from);
    let ended = a.block();
    let more = a.loop_();
    a.get(at).i32(1).i32_add().tee(at);
    a.get(end).i32_ge_u().br_if(ended);
    is_white(a, at);
    a.i32_eqz().br_if(more);
    a.end().end();
    // Room for the word and what is copied behind it.
    a.get(next).get(at).i32_add().get(from).i32_sub();
    a.u32(TEXT_HEADER + COPIED_TOO_MUCH).i32_add().tee(to);
    g.ensure(a, to);
    a.get(next)
        .get(at)
        .get(from)
        .i32_sub()
        .tee(len)
        .i32_store(0);
    a.get(next).u32(TEXT_HEADER).i32_add().set(to);
    copy_to_top(a, to, from, len);
    behind(a, next);
    a.get(count).i32(1).i32_add().set(count).br(again);
    a.end().end();
    a.get(count)
        .u32(library::RESULT_ITEMS_MAX as u32)
        .i32_gt_u();
    a.if_();
    g.crash_here(a, CrashReason::StepTooLarge);
    a.end();
    list(g, a, start, next, count);
}

/// `→ 0 or 1`: whether the byte there is white space, as Unicode has it.
fn is_white(a: &mut Asm, at: u32) {
    a.get(at).i32_load8_u(0).i32(b' ' as i32).i32_gt_u();
    a.if_value(I32);
    a.i32(0);
    a.else_();
    a.get(at).i32_load8_u(0).i32(b' ' as i32).i32_eq();
    a.get(at).i32_load8_u(0).i32(b'\t' as i32).i32_sub();
    a.i32((b'\r' - b'\t') as i32).i32_le_u().i32_or();
    a.end();
}

/// Moves from a text to where the next one begins.
fn behind(a: &mut Asm, next: u32) {
    a.get(next).get(next).i32_load(0);
    a.u32(TEXT_HEADER + 7).i32_add().i32(-8).i32_and();
    a.i32_add().set(next);
}

/// `→ list` of so many texts that lie one behind the other from `start` to `end`.
fn list(g: &mut Gen<'_>, a: &mut Asm, start: u32, end: u32, count: u32) {
    let (result, to) = (a.local(I32), a.local(I32));
    let empty = g.data.empty_list();
    a.get(count).i32_eqz().if_();
    a.u32(empty).return_();
    a.end();
    a.get(end).tee(result).u32(LIST_BYTES).i32_add().tee(to);
    a.get(count).i32(2).i32_shl().i32_add().tee(end);
    g.ensure(a, end);
    a.get(result).get(to).i32_store(LIST_DATA);
    a.get(result).get(count).i32_store(LIST_LEN);
    a.get(result).get(count).i32_store(LIST_CAP);
    a.get(result).i32(0).i32_store(LIST_SHARED);
    let again = a.loop_();
    a.get(to).get(start).i32_store(0);
    behind(a, start);
    a.get(to).i32(4).i32_add().tee(to);
    a.get(end).i32_lt_u().br_if(again);
    a.end();
    a.get(end);
    g.set_heap(a);
    a.get(result);
}

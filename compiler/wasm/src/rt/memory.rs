//! The arena: a pointer that only moves up within a step.

use weir_contract::CrashReason;

use crate::asm::{Asm, I32, I64};
use crate::module::{END, Gen, HEAP};
use crate::rt::Helper;

/// Bytes for which asking the host would take longer.
const COPIED_HERE_MAX: i32 = 64;

/// `(end)`: at least doubles the memory when it can, else takes what is needed, else crashes.
pub fn grow(g: &mut Gen<'_>, a: &mut Asm) {
    let (end, pages) = (0, a.local(I32));
    a.get(end).memory_size().i32(16).i32_shl().i32_gt_u().if_();
    a.get(end)
        .i32(16)
        .i32_shr_u()
        .i32(1)
        .i32_add()
        .memory_size()
        .i32_sub()
        .set(pages);
    // More than is needed, if that is to be had.
    a.get(pages)
        .memory_size()
        .get(pages)
        .memory_size()
        .i32_gt_u()
        .select();
    a.memory_grow().i32(-1).i32_eq().if_();
    a.get(pages).memory_grow().i32(-1).i32_eq().if_();
    g.crash_here(a, CrashReason::StepTooLarge);
    a.end().end().end();
    a.memory_size().i32(16).i32_shl().set_global(END);
}

/// `(bytes) → address`.
pub fn alloc(g: &mut Gen<'_>, a: &mut Asm) {
    let (bytes, next) = (0, a.local(I32));
    a.global(HEAP);
    a.global(HEAP)
        .get(bytes)
        .i32_add()
        .i32(7)
        .i32_add()
        .i32(-8)
        .i32_and()
        .tee(next);
    g.ensure(a, next);
    a.get(next).set_global(HEAP);
}

/// `(to, from, len)`: copies bytes to where they do not lie yet. Few are copied here, because the host is asked for many.
pub fn copy(a: &mut Asm) {
    let (to, from, len) = (0, 1, 2);
    a.get(len).i32(COPIED_HERE_MAX).i32_gt_u().if_();
    a.get(to).get(from).get(len).memory_copy().return_();
    a.end();
    a.get(len).i32(8).i32_ge_u().if_();
    // The last eight in front, so that the loop may stop short of them.
    let (last, end) = (a.local(I64), a.local(I32));
    a.get(from).get(len).i32_add().i32(8).i32_sub().i64_load(0);
    a.set(last);
    a.get(to).get(len).i32_add().i32(8).i32_sub().set(end);
    let words = a.block();
    let again = a.loop_();
    a.get(to).get(end).i32_ge_u().br_if(words);
    a.get(to).get(from).i64_load(0).i64_store(0);
    a.get(to).i32(8).i32_add().set(to);
    a.get(from).i32(8).i32_add().set(from).br(again);
    a.end().end();
    a.get(end).get(last).i64_store(0).return_();
    a.end();
    a.get(len).i32(4).i32_ge_u().if_();
    a.get(to).get(from).i32_load(0).i32_store(0);
    a.get(to).get(len).i32_add().i32(4).i32_sub();
    a.get(from).get(len).i32_add().i32(4).i32_sub().i32_load(0);
    a.i32_store(0).return_();
    a.end();
    a.get(len).i32_eqz().if_();
    a.return_();
    a.end();
    a.get(to).get(from).i32_load8_u(0).i32_store8(0);
    // Of two or three bytes the middle and the last.
    for _ in 0..2 {
        a.get(len).i32(1).i32_sub().tee(len).i32_eqz().if_();
        a.return_();
        a.end();
        a.get(to).get(len).i32_add();
        a.get(from).get(len).i32_add().i32_load8_u(0).i32_store8(0);
    }
}

/// Bytes behind the end that [`copy_to_top`] may write.
pub const COPIED_TOO_MUCH: u32 = 8;

/// Copies so many bytes from below the heap to its top, where there is room for a few more: eight at a time, also the last ones.
/// The locals move, `len` stays.
pub fn copy_to_top(a: &mut Asm, to: u32, from: u32, len: u32) {
    a.get(len).i32(COPIED_HERE_MAX).i32_gt_u().if_();
    a.get(to).get(from).get(len).memory_copy();
    a.else_();
    let end = a.local(I32);
    a.get(to).get(len).i32_add().set(end);
    let again = a.loop_();
    a.get(to).get(from).i64_load(0).i64_store(0);
    a.get(from).i32(8).i32_add().set(from);
    a.get(to).i32(8).i32_add().tee(to);
    a.get(end).i32_lt_u().br_if(again);
    a.end().end();
}

/// `(address, len)`: copies to the heap, which is not aligned while text grows there.
pub fn append(g: &mut Gen<'_>, a: &mut Asm) {
    let (from, len, next) = (0, 1, a.local(I32));
    a.global(HEAP).get(len).i32_add().tee(next);
    g.ensure(a, next);
    let copy = g.helper(Helper::Copy);
    a.global(HEAP).get(from).get(len).call(copy);
    a.get(next).set_global(HEAP);
}

//! The arena: a pointer that only moves up within a step.

use weir_contract::CrashReason;

use crate::asm::{Asm, I32};
use crate::module::{END, Gen, HEAP};

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

/// `(address, len)`: copies to the heap, which is not aligned while text grows there.
pub fn append(g: &mut Gen<'_>, a: &mut Asm) {
    let (from, len, next) = (0, 1, a.local(I32));
    a.global(HEAP).get(len).i32_add().tee(next);
    g.ensure(a, next);
    a.global(HEAP).get(from).get(len).memory_copy();
    a.get(next).set_global(HEAP);
}

//! Memory given back at the start of a round, as `weir_flow::release` says.

use weir_contract::Type;
use weir_flow::ir::Reg;
use weir_flow::release::holds_numbers;

use crate::asm::{Asm, I32, Local};
use crate::function::Body;
use crate::layout::*;
use crate::module::HEAP;
use crate::rt::map;

/// A local that holds where the heap is now.
pub fn mark(a: &mut Asm) -> Local {
    let mark = a.local(I32);
    a.global(HEAP).set(mark);
    mark
}

/// Puts the heap back to the mark when all these registers hold what lies below it, else the mark up to the heap.
pub fn round(b: &mut Body<'_, '_>, mark: Local, looked_at: &[Reg]) {
    b.a.global(HEAP).get(mark).i32_ne().if_();
    for (i, reg) in looked_at.iter().enumerate() {
        is_below(b, *reg, mark);
        if i > 0 {
            b.a.i32_and();
        }
    }
    if !looked_at.is_empty() {
        b.a.if_();
    }
    b.a.get(mark).set_global(HEAP);
    if !looked_at.is_empty() {
        b.a.else_();
        b.a.global(HEAP).set(mark);
        b.a.end();
    }
    b.a.end();
}

/// `→ 0 or 1`: whether all of the value lies below the mark.
fn is_below(b: &mut Body<'_, '_>, reg: Reg, mark: Local) {
    match b.g.shape(b.func.value_type(reg)) {
        Shape::Bytes => {
            // It may have grown over the mark.
            b.get(reg);
            b.get(reg);
            b.a.i32_load(0).i32_add().u32(TEXT_HEADER).i32_add();
            b.a.get(mark).i32_le_u();
            if let Some(room) = b.rooms[reg.0 as usize] {
                b.a.get(room).get(mark).i32_le_u().i32_and();
            }
        }
        Shape::List(item) => {
            assert!(
                holds_numbers(b.g.defs(), &item),
                "its elements are elsewhere"
            );
            b.get(reg);
            b.a.get(mark).i32_lt_u();
            b.get(reg);
            b.a.i32_load(LIST_DATA);
            b.get(reg);
            b.a.i32_load(LIST_CAP).u32(b.g.stride(&item)).i32_mul();
            b.a.i32_add().get(mark).i32_le_u().i32_and();
            if let Type::Set(_) = b.g.defs().base(b.func.value_type(reg)) {
                // What a large one knows would have to be walked over.
                b.get(reg);
                map::is_small(&mut b.a);
                b.a.i32_and();
            }
        }
        _ => {
            b.get(reg);
            b.a.get(mark).i32_lt_u();
        }
    }
}

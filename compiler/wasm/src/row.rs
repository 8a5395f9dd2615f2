//! Values of registers one after the other in the value encoding: arguments of a message or of the library, the
//! cells of a frame, the operands of a wait.

use weir_flow::ir::Reg;

use crate::asm::{I32, Local};
use crate::function::Body;
use crate::module::HEAP;
use crate::rt::Helper;

/// Writes what is known already and then the values at the heap, which does not move; gives the end, in a temporary.
pub fn write(b: &mut Body<'_, '_>, known: &[u8], values: &[Reg]) -> Local {
    let end = start(b);
    if !known.is_empty() {
        add_known(b, end, known);
    }
    for value in values {
        add(b, end, *value);
    }
    end
}

/// Nothing yet, at the heap; gives the end, in a temporary.
pub fn start(b: &mut Body<'_, '_>) -> Local {
    let end = b.a.temp(I32);
    b.a.global(HEAP).set(end);
    end
}

/// Writes bytes that are known already at the end.
pub fn add_known(b: &mut Body<'_, '_>, end: Local, known: &[u8]) {
    let (constant, len) = (b.g.data.constant(known), known.len() as u32);
    b.a.get(end).u32(len).i32_add().tee(end);
    b.g.ensure(&mut b.a, end);
    b.a.get(end).u32(len).i32_sub();
    b.a.u32(constant).u32(len).memory_copy();
}

/// Writes a value at the end.
pub fn add(b: &mut Body<'_, '_>, end: Local, value: Reg) {
    let encode = b.g.helper(Helper::Encode(b.func.value_type(value).clone()));
    b.get(value);
    b.a.get(end).call(encode).set(end);
}

/// `→ address, length` of the same.
pub fn push(b: &mut Body<'_, '_>, known: &[u8], values: &[Reg]) {
    if values.is_empty() {
        // It lies in the module's memory from the start.
        let constant = if known.is_empty() {
            0
        } else {
            b.g.data.constant(known)
        };
        b.a.u32(constant).u32(known.len() as u32);
        return;
    }
    let end = write(b, known, values);
    b.a.global(HEAP).get(end).global(HEAP).i32_sub();
}

//! Transactions: their depth, and the invariants that hold when the outermost ends.

use crate::asm::{Asm, I32, I64};
use crate::module::{DEPTH, Gen};
use crate::rt::Helper;
use crate::slots;

pub fn enter(a: &mut Asm) {
    a.global(DEPTH).i32(1).i32_add().set_global(DEPTH);
}

pub fn leave(g: &mut Gen<'_>, a: &mut Asm) {
    a.global(DEPTH).i32(1).i32_sub().set_global(DEPTH);
    // Without an invariant there is nobody to ask which instances were written.
    if g.module.entities.iter().any(|e| e.check.is_some()) {
        let check = g.helper(Helper::CheckTouched);
        a.global(DEPTH).i32_eqz().if_();
        a.call(check);
        a.end();
    }
}

/// `()`: runs the checks of each instance that the host names.
pub fn check_touched(g: &mut Gen<'_>, a: &mut Asm) {
    let (touched, handle, instance) = (a.local(I64), a.local(I32), a.local(I32));
    let again = a.loop_();
    a.call(g.import("touched"))
        .tee(touched)
        .i64(0)
        .i64_ge_s()
        .if_();
    a.get(touched).i32_wrap_i64().set(handle);
    slots::instance_of_handle(g, a, handle);
    a.set(instance);
    let checks: Vec<_> = g
        .module
        .entities
        .iter()
        .enumerate()
        .filter_map(|(i, e)| Some((i as i64, e.check?)))
        .collect();
    for (entity, check) in checks {
        a.get(touched)
            .i64(32)
            .i64_shr_u()
            .i64(entity)
            .i64_eq()
            .if_();
        a.get(instance).call(g.func(check)).drop();
        a.end();
    }
    a.br(again);
    a.end().end();
}

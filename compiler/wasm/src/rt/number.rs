//! Arithmetic that is too long to be in line.

use weir_contract::CrashReason;

use crate::asm::{Asm, I32, I64};
use crate::module::Gen;

/// `(a, b) → a * b`.
pub fn int_mul(g: &mut Gen<'_>, a: &mut Asm) {
    let (x, y, product) = (0, 1, a.local(I64));
    a.get(x).get(y).i64_mul().set(product);
    // Two numbers of 32 bits cannot overflow.
    fits_32(a, x);
    fits_32(a, y);
    a.i32_and().if_();
    a.get(product).return_();
    a.end();
    a.get(x).i64_eqz().if_();
    a.i64(0).return_();
    a.end();
    // MIN / -1 would trap, and is an overflow itself.
    a.get(x)
        .i64(-1)
        .i64_eq()
        .get(y)
        .i64(i64::MIN)
        .i64_eq()
        .i32_and()
        .if_();
    g.crash_here(a, CrashReason::Overflow);
    a.end();
    a.get(x).i64(-1).i64_eq().if_();
    a.get(product).return_();
    a.end();
    a.get(product).get(x).i64_div_s().get(y).i64_ne().if_();
    g.crash_here(a, CrashReason::Overflow);
    a.end();
    a.get(product);
}

fn fits_32(a: &mut Asm, x: u32) {
    a.get(x).i32_wrap_i64().i64_extend_i32_s().get(x).i64_eq();
}

/// `(a, b) → a + b` on 128 bits.
pub fn decimal_add(g: &mut Gen<'_>, a: &mut Asm) {
    let (x, y) = (0, 1);
    let (low, high) = (a.local(I64), a.local(I64));
    a.get(x).i64_load(0).get(y).i64_load(0).i64_add().set(low);
    a.get(x).i64_load(8).get(y).i64_load(8).i64_add();
    a.get(low)
        .get(x)
        .i64_load(0)
        .i64_lt_u()
        .i64_extend_i32_u()
        .i64_add()
        .set(high);
    // Overflow when both operands have a sign that the result has not.
    a.get(x)
        .i64_load(8)
        .get(high)
        .i64_xor()
        .get(y)
        .i64_load(8)
        .get(high)
        .i64_xor()
        .i64_and();
    finish(g, a, low, high);
}

/// `(a, b) → a - b`.
pub fn decimal_sub(g: &mut Gen<'_>, a: &mut Asm) {
    let (x, y) = (0, 1);
    let (low, high) = (a.local(I64), a.local(I64));
    a.get(x).i64_load(0).get(y).i64_load(0).i64_sub().set(low);
    a.get(x).i64_load(8).get(y).i64_load(8).i64_sub();
    a.get(x)
        .i64_load(0)
        .get(y)
        .i64_load(0)
        .i64_lt_u()
        .i64_extend_i32_u()
        .i64_sub()
        .set(high);
    a.get(x)
        .i64_load(8)
        .get(y)
        .i64_load(8)
        .i64_xor()
        .get(x)
        .i64_load(8)
        .get(high)
        .i64_xor()
        .i64_and();
    finish(g, a, low, high);
}

/// `(a) → -a`.
pub fn decimal_neg(g: &mut Gen<'_>, a: &mut Asm) {
    let x = 0;
    let (low, high) = (a.local(I64), a.local(I64));
    a.i64(0).get(x).i64_load(0).i64_sub().set(low);
    a.i64(0).get(x).i64_load(8).i64_sub();
    a.get(x)
        .i64_load(0)
        .i64_eqz()
        .i32_eqz()
        .i64_extend_i32_u()
        .i64_sub()
        .set(high);
    a.get(x).i64_load(8).get(high).i64_and();
    finish(g, a, low, high);
}

/// `sign →`: crashes when it is negative, else gives the result's address.
fn finish(g: &mut Gen<'_>, a: &mut Asm, low: u32, high: u32) {
    a.i64(0).i64_lt_s().if_();
    g.crash_here(a, CrashReason::Overflow);
    a.end();
    let result = a.local(I32);
    g.alloc(a, 16);
    a.tee(result).get(low).i64_store(0);
    a.get(result).get(high).i64_store(8);
    a.get(result);
}

/// `(n) → n` from big-endian to little-endian or back.
pub fn swap(a: &mut Asm) {
    let n = 0;
    let exchange = |a: &mut Asm, bits: i64, mask: i64| {
        a.get(n).i64(bits).i64_shr_u().i64(mask).i64_and();
        a.get(n)
            .i64(mask)
            .i64_and()
            .i64(bits)
            .i64_shl()
            .i64_or()
            .set(n);
    };
    exchange(a, 8, 0x00ff_00ff_00ff_00ff);
    exchange(a, 16, 0x0000_ffff_0000_ffff);
    exchange(a, 32, 0x0000_0000_ffff_ffff);
    a.get(n);
}

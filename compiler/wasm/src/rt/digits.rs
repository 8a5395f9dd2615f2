//! The digits of an `Int`, where a text of it is made or put into another.

use crate::asm::{Asm, I32, I64};
use crate::module::Gen;

/// Bytes of the longest, with its sign.
pub const INT_BYTES_MAX: u32 = 20;
/// Of an `Int` without its sign.
const DIGITS_MAX: u32 = 19;

/// `(n, to) → behind`: writes the digits at that address, where there is room for all. How many there are follows from how many
/// bits there are, and from one comparison; then two at a time are taken from a table, the last ones first.
pub fn put_int(g: &mut Gen<'_>, a: &mut Asm) {
    let (n, to) = (0, 1);
    let (rest, power) = (a.local(I64), a.local(I32));
    let (at, end) = (a.local(I32), a.local(I32));
    let pairs = g.data.constant(&pairs());
    let powers = g.data.constant(&powers());
    a.get(n).i64(0).i64_lt_s().if_();
    a.get(to).i32(b'-' as i32).i32_store8(0);
    a.get(to).i32(1).i32_add().set(to);
    // Without a sign from here on, so that the least number has an opposite.
    a.i64(0).get(n).i64_sub().set(n);
    a.end();
    a.get(n).i64(10).i64_lt_u().if_();
    a.get(to).get(n).i32_wrap_i64().i32(b'0' as i32).i32_add();
    a.i32_store8(0).get(to).i32(1).i32_add().return_();
    a.end();
    // 1233 / 4096 is a little less than the logarithm of 2, and no power of ten lies between for numbers of 64 bits.
    a.i32(64).get(n).i64_clz().i32_wrap_i64().i32_sub();
    a.i32(1233).i32_mul().i32(12).i32_shr_u().set(power);
    a.get(to).get(power).i32_add();
    a.get(n).get(power).i32(3).i32_shl().i64_load(powers);
    a.i64_ge_u().i32_add().tee(end).set(at);
    let done = a.block();
    let again = a.loop_();
    a.get(n).i64(100).i64_lt_u().br_if(done);
    a.get(n).i64(100).i64_div_u().set(rest);
    a.get(at).i32(2).i32_sub().tee(at);
    a.get(n).get(rest).i64(100).i64_mul().i64_sub();
    two_digits(a, pairs);
    a.get(rest).set(n).br(again);
    a.end().end();
    a.get(n).i64(10).i64_ge_u().if_();
    a.get(at).i32(2).i32_sub().get(n);
    two_digits(a, pairs);
    a.else_();
    a.get(at).i32(1).i32_sub();
    a.get(n).i32_wrap_i64().i32(b'0' as i32).i32_add();
    a.i32_store8(0);
    a.end();
    a.get(end);
}

/// `to, n →`: the two digits of a number below 100.
fn two_digits(a: &mut Asm, pairs: u32) {
    a.i32_wrap_i64().i32(1).i32_shl().i32_load16_u(pairs);
    a.i32_store16(0);
}

/// `00`, `01`, up to `99`.
fn pairs() -> Vec<u8> {
    let digit = |n: u8| b'0' + n;
    (0..100)
        .flat_map(|n| [digit(n / 10), digit(n % 10)])
        .collect()
}

/// 1, 10, up to the greatest with 64 bits.
fn powers() -> Vec<u8> {
    let all = (0..=DIGITS_MAX).map(|n| 10u64.pow(n).to_le_bytes());
    all.flatten().collect()
}

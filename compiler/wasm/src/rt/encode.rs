//! Writing values in the canonical encoding (`weir_contract::encode`).

use weir_contract::Type;
use weir_contract::encode::CANONICAL_NAN;

use crate::asm::{Asm, I32, I64};
use crate::layout::{self, *};
use crate::module::Gen;
use crate::rt::{Helper, map};

/// `(value, to) → behind`.
pub fn encode(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let (value, to) = (0, 1);
    match g.shape(ty) {
        Shape::Unit => {
            a.get(to);
        }
        Shape::Bool => {
            room(g, a, to, 1);
            a.get(to).get(value).i32_store8(0);
            a.get(to).i32(1).i32_add();
        }
        Shape::Int => {
            let put = g.helper(Helper::PutVarint);
            a.get(value)
                .i64(1)
                .i64_shl()
                .get(value)
                .i64(63)
                .i64_shr_s()
                .i64_xor();
            a.get(to).call(put);
        }
        Shape::Float => {
            room(g, a, to, 8);
            a.get(to);
            canonical_float(a, value);
            a.i64_store(0);
            a.get(to).i32(8).i32_add();
        }
        Shape::Decimal => decimal(g, a),
        Shape::Bytes => {
            let (put, copy) = (g.helper(Helper::PutVarint), g.helper(Helper::Copy));
            let len = a.local(I32);
            a.get(value)
                .i32_load(0)
                .tee(len)
                .i64_extend_i32_u()
                .get(to)
                .call(put)
                .set(to);
            let end = a.local(I32);
            a.get(to).get(len).i32_add().tee(end);
            g.ensure(a, end);
            a.get(to)
                .get(value)
                .u32(TEXT_HEADER)
                .i32_add()
                .get(len)
                .call(copy);
            a.get(end);
        }
        Shape::List(item) => {
            let put = g.helper(Helper::PutVarint);
            let item_encode = g.helper(Helper::Encode(item.clone()));
            let is_map = map::is_map(g, ty);
            map::count(g, a, value, is_map);
            a.i64_extend_i32_u().get(to).call(put).set(to);
            map::each(g, a, value, is_map, &item, |_, a| {
                a.get(to).call(item_encode).set(to);
            });
            a.get(to);
        }
        Shape::Record(fields) => {
            encode_fields(g, a, &fields, 0, Helper::Encode);
            a.get(to);
        }
        Shape::Variant(tags) => {
            let put = g.helper(Helper::PutVarint);
            a.get(value)
                .i32_load(0)
                .i64_extend_i32_u()
                .get(to)
                .call(put)
                .set(to);
            encode_variants(g, a, &tags, Helper::Encode);
            a.get(to);
        }
    }
}

/// The fields of `value` one after the other.
pub fn encode_fields(
    g: &mut Gen<'_>,
    a: &mut Asm,
    fields: &[Type],
    start: u32,
    part: fn(Type) -> Helper,
) {
    let (offsets, _) = layout::offsets(g.defs(), fields, start);
    for (ty, offset) in fields.iter().zip(offsets) {
        let encode = g.helper(part(ty.clone()));
        a.get(0);
        layout::load(a, g.defs(), ty, offset);
        a.get(1).call(encode).set(1);
    }
}

/// The fields behind the tag of `value`.
pub fn encode_variants(
    g: &mut Gen<'_>,
    a: &mut Asm,
    tags: &[(u32, Vec<Type>)],
    part: fn(Type) -> Helper,
) {
    for (tag, fields) in tags.iter().filter(|(_, fields)| !fields.is_empty()) {
        a.get(0).i32_load(0).u32(*tag).i32_eq().if_();
        encode_fields(g, a, fields, 4, part);
        a.end();
    }
}

/// `→ bits`: one NaN, no negative zero.
pub fn canonical_float(a: &mut Asm, value: u32) {
    a.get(value).get(value).f64_ne().if_value(I64);
    a.i64(CANONICAL_NAN as i64);
    a.else_();
    // -0.0 + 0.0 is 0.0; every other number stays.
    a.get(value).f64(0.0).f64_add().i64_reinterpret_f64();
    a.end();
}

/// Makes room for that many bytes behind `to`.
pub fn room(g: &mut Gen<'_>, a: &mut Asm, to: u32, bytes: u32) {
    let end = a.temp(I32);
    a.get(to).u32(bytes).i32_add().tee(end);
    g.ensure(a, end);
    a.release_temps();
}

/// `(n, to) → behind`: LEB128 of an unsigned number.
pub fn put_varint(g: &mut Gen<'_>, a: &mut Asm) {
    let (n, to) = (0, 1);
    room(g, a, to, 10);
    let again = a.loop_();
    a.get(n).i64(0x80).i64_ge_u().if_();
    a.get(to)
        .get(n)
        .i64(0x80)
        .i64_or()
        .i32_wrap_i64()
        .i32_store8(0);
    a.get(n).i64(7).i64_shr_u().set(n);
    a.get(to).i32(1).i32_add().set(to).br(again);
    a.end().end();
    a.get(to).get(n).i32_wrap_i64().i32_store8(0);
    a.get(to).i32(1).i32_add();
}

/// Zig-zag and LEB128 on 128 bits.
fn decimal(g: &mut Gen<'_>, a: &mut Asm) {
    let (value, to) = (0, 1);
    let (low, high, sign) = (a.local(I64), a.local(I64), a.local(I64));
    room(g, a, to, 19);
    a.get(value).i64_load(8).i64(63).i64_shr_s().set(sign);
    a.get(value)
        .i64_load(8)
        .i64(1)
        .i64_shl()
        .get(value)
        .i64_load(0)
        .i64(63)
        .i64_shr_u()
        .i64_or();
    a.get(sign).i64_xor().set(high);
    a.get(value)
        .i64_load(0)
        .i64(1)
        .i64_shl()
        .get(sign)
        .i64_xor()
        .set(low);
    let again = a.loop_();
    a.get(high)
        .i64_eqz()
        .i32_eqz()
        .get(low)
        .i64(0x80)
        .i64_ge_u()
        .i32_or()
        .if_();
    a.get(to)
        .get(low)
        .i64(0x80)
        .i64_or()
        .i32_wrap_i64()
        .i32_store8(0);
    a.get(low)
        .i64(7)
        .i64_shr_u()
        .get(high)
        .i64(57)
        .i64_shl()
        .i64_or()
        .set(low);
    a.get(high).i64(7).i64_shr_u().set(high);
    a.get(to).i32(1).i32_add().set(to).br(again);
    a.end().end();
    a.get(to).get(low).i32_wrap_i64().i32_store8(0);
    a.get(to).i32(1).i32_add();
}

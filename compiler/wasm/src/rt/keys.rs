//! The order-preserving encoding of keys (`weir_contract::keys`).

use weir_contract::{DefKind, Type};

use crate::asm::{Asm, I32, I64};
use crate::layout::*;
use crate::module::{CURSOR, Gen, HEAP};
use crate::rt::Helper;
use crate::rt::decode::{advance, decode_fields, decode_variants, fill};
use crate::rt::encode::{canonical_float, encode_fields, encode_variants, room};
use crate::rt::map;

const SIGN: i64 = i64::MIN;

/// How wide the tag of a variant is in a key.
fn tag_bytes(g: &Gen<'_>, ty: &Type) -> u32 {
    match g.defs().base(ty) {
        Type::Option(_) => 1,
        Type::Named(id) if matches!(g.defs().get(*id).kind, DefKind::Enum { .. }) => 2,
        _ => 4,
    }
}

/// `(value, to) → behind`.
pub fn encode(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let (value, to) = (0, 1);
    match g.shape(ty) {
        Shape::Unit => {}
        Shape::Bool => {
            room(g, a, to, 1);
            a.get(to).get(value).i32_store8(0);
            step(a, 1);
        }
        Shape::Int => word(g, a, |a| {
            a.get(value).i64(SIGN).i64_xor();
        }),
        Shape::Float => {
            let bits = a.local(I64);
            canonical_float(a, value);
            a.set(bits);
            word(g, a, |a| {
                // Negative: all bits flipped; else only the sign.
                a.get(bits)
                    .get(bits)
                    .i64(63)
                    .i64_shr_s()
                    .i64(SIGN)
                    .i64_or()
                    .i64_xor();
            });
        }
        Shape::Decimal => {
            word(g, a, |a| {
                a.get(value).i64_load(8).i64(SIGN).i64_xor();
            });
            word(g, a, |a| {
                a.get(value).i64_load(0);
            });
        }
        Shape::Bytes => escape(g, a),
        Shape::List(item) => {
            let item_encode = g.helper(Helper::EncodeKey(item.clone()));
            let is_map = map::is_map(g, ty);
            let element = a.local(g.val_type(&item));
            map::each(g, a, value, is_map, &item, |g, a| {
                a.set(element);
                byte(g, a, 1);
                a.get(element).get(to).call(item_encode).set(to);
            });
            byte(g, a, 0);
        }
        Shape::Record(fields) => encode_fields(g, a, &fields, 0, Helper::EncodeKey),
        Shape::Variant(tags) => {
            let bytes = tag_bytes(g, ty);
            room(g, a, to, bytes);
            for i in 0..bytes {
                a.get(to)
                    .get(value)
                    .i32_load(0)
                    .u32(8 * (bytes - 1 - i))
                    .i32_shr_u()
                    .i32_store8(i);
            }
            step(a, bytes);
            encode_variants(g, a, &tags, Helper::EncodeKey);
        }
    }
    a.get(to);
}

fn step(a: &mut Asm, bytes: u32) {
    a.get(1).u32(bytes).i32_add().set(1);
}

fn byte(g: &mut Gen<'_>, a: &mut Asm, n: i32) {
    room(g, a, 1, 1);
    a.get(1).i32(n).i32_store8(0);
    step(a, 1);
}

/// Eight bytes, big end first.
fn word(g: &mut Gen<'_>, a: &mut Asm, value: impl FnOnce(&mut Asm)) {
    let swap = g.helper(Helper::Swap);
    room(g, a, 1, 8);
    a.get(1);
    value(a);
    a.call(swap).i64_store(0);
    step(a, 8);
}

/// A zero byte becomes 00 FF and the end is 00 01.
fn escape(g: &mut Gen<'_>, a: &mut Asm) {
    let (text, to) = (0, 1);
    let (i, len, byte) = (a.local(I32), a.local(I32), a.local(I32));
    let end = a.local(I32);
    a.get(text).i32_load(0).set(len);
    // Room for the worst case.
    a.get(to)
        .get(len)
        .i32(1)
        .i32_shl()
        .i32_add()
        .i32(2)
        .i32_add()
        .tee(end);
    g.ensure(a, end);
    let done = a.block();
    let again = a.loop_();
    a.get(i).get(len).i32_ge_u().br_if(done);
    a.get(to)
        .get(text)
        .get(i)
        .i32_add()
        .i32_load8_u(TEXT_HEADER)
        .tee(byte)
        .i32_store8(0);
    step(a, 1);
    a.get(byte).i32_eqz().if_();
    a.get(to).i32(0xff).i32_store8(0);
    step(a, 1);
    a.end();
    a.get(i).i32(1).i32_add().set(i).br(again);
    a.end().end();
    a.get(to).i32(0).i32_store8(0);
    a.get(to).i32(1).i32_store8(1);
    step(a, 2);
}

/// `() → value`.
pub fn decode(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    match g.shape(ty) {
        Shape::Unit => {
            a.i32(0);
        }
        Shape::Bool => {
            a.global(CURSOR).i32_load8_u(0);
            advance(a, 1);
        }
        Shape::Int => {
            take_word(g, a);
            a.i64(SIGN).i64_xor();
        }
        Shape::Float => {
            let bits = a.local(I64);
            take_word(g, a);
            a.set(bits);
            // A set sign means it was not negative.
            a.get(bits)
                .get(bits)
                .i64(-1)
                .i64_xor()
                .i64(63)
                .i64_shr_s()
                .i64(SIGN)
                .i64_or()
                .i64_xor();
            a.f64_reinterpret_i64();
        }
        Shape::Decimal => {
            let (low, high, result) = (a.local(I64), a.local(I64), a.local(I32));
            take_word(g, a);
            a.i64(SIGN).i64_xor().set(high);
            take_word(g, a);
            a.set(low);
            g.alloc(a, 16);
            a.tee(result).get(low).i64_store(0);
            a.get(result).get(high).i64_store(8).get(result);
        }
        Shape::Bytes => unescape(g, a),
        Shape::List(item) => {
            let item_decode = g.helper(Helper::DecodeKey(item.clone()));
            let push = g.helper(Helper::ListPush(false));
            let stride = g.stride(&item);
            let list = a.local(I32);
            let empty = g.data.empty_list();
            a.u32(empty).set(list);
            let done = a.block();
            let again = a.loop_();
            a.global(CURSOR).i32_load8_u(0);
            advance(a, 1);
            a.i32_eqz().br_if(done);
            a.get(list).u32(stride).call(push).set(list);
            a.get(list)
                .i32_load(LIST_DATA)
                .get(list)
                .i32_load(LIST_LEN)
                .i32(1)
                .i32_sub();
            a.u32(stride).i32_mul().i32_add();
            a.call(item_decode);
            crate::layout::store_item(a, g.defs(), &item);
            a.br(again);
            a.end().end();
            a.get(list);
        }
        Shape::Record(fields) => {
            let record = a.local(I32);
            decode_fields(g, a, &fields, None, record, Helper::DecodeKey);
            a.get(record);
        }
        Shape::Variant(tags) => {
            let tag = a.local(I32);
            let bytes = tag_bytes(g, ty);
            for i in 0..bytes {
                a.get(tag)
                    .i32(8)
                    .i32_shl()
                    .global(CURSOR)
                    .i32_load8_u(i)
                    .i32_or()
                    .set(tag);
            }
            advance(a, bytes as i32);
            decode_variants(g, a, &tags, tag, Helper::DecodeKey);
        }
    }
}

fn take_word(g: &mut Gen<'_>, a: &mut Asm) {
    let swap = g.helper(Helper::Swap);
    a.global(CURSOR).i64_load(0).call(swap);
    advance(a, 8);
}

/// Writes the text at the heap, where nothing else is allocated meanwhile.
fn unescape(g: &mut Gen<'_>, a: &mut Asm) {
    let (text, to, byte) = (a.local(I32), a.local(I32), a.local(I32));
    a.global(HEAP).tee(text).u32(TEXT_HEADER).i32_add().set(to);
    room(g, a, to, 0);
    let done = a.block();
    let again = a.loop_();
    room(g, a, to, 1);
    a.global(CURSOR).i32_load8_u(0).set(byte);
    advance(a, 1);
    a.get(byte).i32_eqz().if_();
    a.global(CURSOR).i32_load8_u(0);
    advance(a, 1);
    a.i32(1).i32_eq().br_if(done);
    a.end();
    a.get(to).get(byte).i32_store8(0);
    a.get(to).i32(1).i32_add().set(to).br(again);
    a.end().end();
    a.get(text)
        .get(to)
        .get(text)
        .i32_sub()
        .u32(TEXT_HEADER)
        .i32_sub()
        .i32_store(0);
    a.get(to);
    g.set_heap(a);
    a.get(text);
}

/// `(count) → list` of keys.
pub fn items(g: &mut Gen<'_>, a: &mut Asm, key: &Type) {
    fill(g, a, key, |g, a| {
        let decode = g.helper(Helper::DecodeKey(key.clone()));
        a.call(decode);
    });
}

/// `(count) → list` of entries: each a key in the key encoding, then a value in the other.
pub fn entries(g: &mut Gen<'_>, a: &mut Asm, key: &Type, value: &Type) {
    let entry = a.local(I32);
    let types = [key.clone(), value.clone()];
    let (offsets, size) = crate::layout::offsets(g.defs(), &types, 0);
    fill(g, a, &crate::layout::entry(key, value), |g, a| {
        let decode_key = g.helper(Helper::DecodeKey(key.clone()));
        let decode = g.helper(Helper::Decode(value.clone()));
        g.alloc(a, size);
        a.tee(entry).call(decode_key);
        crate::layout::store(a, g.defs(), key, offsets[0]);
        a.get(entry).call(decode);
        crate::layout::store(a, g.defs(), value, offsets[1]);
        a.get(entry);
    });
}

//! Reading values in the canonical encoding. The host hands over nothing that it has not checked or
//! that the module did not write, so nothing is checked again.

use weir_contract::Type;
use weir_flow::ownership::flat_fields;
use weir_flow::release::holds_numbers;

use crate::asm::{Asm, I32, I64};
use crate::layout::{self, *};
use crate::module::{CURSOR, Gen, HEAP};
use crate::rt::Helper;

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
            let varint = g.helper(Helper::GetVarint);
            let n = a.local(I64);
            a.call(varint).tee(n).i64(1).i64_shr_u();
            a.i64(0).get(n).i64(1).i64_and().i64_sub().i64_xor();
        }
        Shape::Float => {
            a.global(CURSOR).f64_load(0);
            advance(a, 8);
        }
        Shape::Decimal => decimal(g, a),
        Shape::Bytes => {
            let varint = g.helper(Helper::GetVarint);
            let (alloc, copy) = (g.helper(Helper::Alloc), g.helper(Helper::Copy));
            let (len, text) = (a.local(I32), a.local(I32));
            a.call(varint)
                .i32_wrap_i64()
                .tee(len)
                .u32(TEXT_HEADER)
                .i32_add()
                .call(alloc)
                .tee(text);
            a.get(len).i32_store(0);
            a.get(text)
                .u32(TEXT_HEADER)
                .i32_add()
                .global(CURSOR)
                .get(len)
                .call(copy);
            a.global(CURSOR).get(len).i32_add().set_global(CURSOR);
            a.get(text);
        }
        Shape::List(item) => {
            let varint = g.helper(Helper::GetVarint);
            let items = g.helper(Helper::DecodeItems(item));
            a.call(varint).i32_wrap_i64().call(items);
        }
        Shape::Record(fields) => {
            let record = a.local(I32);
            decode_fields(g, a, &fields, None, record, Helper::Decode);
            a.get(record);
        }
        Shape::Variant(tags) => {
            let varint = g.helper(Helper::GetVarint);
            let tag = a.local(I32);
            a.call(varint).i32_wrap_i64().set(tag);
            decode_variants(g, a, &tags, tag, Helper::Decode);
        }
    }
}

/// `(count) → list`.
pub fn items(g: &mut Gen<'_>, a: &mut Asm, item: &Type) {
    // A record of numbers is copied to its place at once.
    let passing = flat_fields(g.defs(), item).is_some() && holds_numbers(g.defs(), item);
    let heap = a.local(I32);
    fill(g, a, item, |g, a| {
        let decode = g.helper(Helper::Decode(item.clone()));
        a.global(HEAP).set(heap).call(decode);
        if passing {
            a.get(heap).set_global(HEAP);
        }
    });
}

/// `(count) → list` whose elements `each` leaves on the stack.
pub fn fill(g: &mut Gen<'_>, a: &mut Asm, item: &Type, each: impl FnOnce(&mut Gen<'_>, &mut Asm)) {
    let (count, i, at, list) = (0, a.local(I32), a.local(I32), a.local(I32));
    let alloc = g.helper(Helper::Alloc);
    let stride = g.stride(item);
    a.get(count).i32_eqz().if_();
    let empty = g.data.empty_list();
    a.u32(empty).return_();
    a.end();
    a.get(count)
        .u32(stride)
        .i32_mul()
        .u32(LIST_BYTES)
        .i32_add()
        .call(alloc)
        .set(list);
    a.get(list).u32(LIST_BYTES).i32_add().set(at);
    a.get(list).get(at).i32_store(LIST_DATA);
    a.get(list).get(count).i32_store(LIST_LEN);
    a.get(list).get(count).i32_store(LIST_CAP);
    a.get(list).i32(0).i32_store(LIST_SHARED);
    let again = a.loop_();
    a.get(at);
    each(g, a);
    layout::store_item(a, g.defs(), item);
    a.get(at).u32(stride).i32_add().set(at);
    a.get(i)
        .i32(1)
        .i32_add()
        .tee(i)
        .get(count)
        .i32_lt_u()
        .br_if(again);
    a.end();
    a.get(list);
}

/// Sets `record` to a new record whose fields are read; with a tag, to a variant.
pub fn decode_fields(
    g: &mut Gen<'_>,
    a: &mut Asm,
    fields: &[Type],
    tag: Option<u32>,
    record: u32,
    part: fn(Type) -> Helper,
) {
    let (offsets, size) = layout::offsets(g.defs(), fields, if tag.is_some() { 4 } else { 0 });
    g.alloc(a, size);
    a.set(record);
    if let Some(tag) = tag {
        a.get(record).u32(tag).i32_store(0);
    }
    for (ty, offset) in fields.iter().zip(offsets) {
        let decode = g.helper(part(ty.clone()));
        a.get(record).call(decode);
        layout::store(a, g.defs(), ty, offset);
    }
}

/// `→ variant` with the tag in `tag`.
pub fn decode_variants(
    g: &mut Gen<'_>,
    a: &mut Asm,
    tags: &[(u32, Vec<Type>)],
    tag: u32,
    part: fn(Type) -> Helper,
) {
    let record = a.local(I32);
    for (number, fields) in tags {
        a.get(tag).u32(*number).i32_eq().if_();
        if fields.is_empty() {
            let constant = g.data.tag(*number);
            a.u32(constant).return_();
        } else {
            decode_fields(g, a, fields, Some(*number), record, part);
            a.get(record).return_();
        }
        a.end();
    }
    a.unreachable();
}

/// `() → n`: LEB128 of an unsigned number.
pub fn get_varint(a: &mut Asm) {
    let (at, byte, n, shift) = (a.local(I32), a.local(I64), a.local(I64), a.local(I64));
    a.global(CURSOR)
        .tee(at)
        .i64_load8_u(0)
        .tee(n)
        .i64(0x80)
        .i64_lt_u()
        .if_();
    a.get(at)
        .i32(1)
        .i32_add()
        .set_global(CURSOR)
        .get(n)
        .return_();
    a.end();
    a.i64(0).set(n);
    let again = a.loop_();
    a.get(at)
        .i64_load8_u(0)
        .tee(byte)
        .i64(0x7f)
        .i64_and()
        .get(shift)
        .i64_shl()
        .get(n)
        .i64_or()
        .set(n);
    a.get(at).i32(1).i32_add().set(at);
    a.get(shift).i64(7).i64_add().set(shift);
    a.get(byte).i64(0x80).i64_ge_u().br_if(again);
    a.end();
    a.get(at).set_global(CURSOR).get(n);
}

pub fn advance(a: &mut Asm, bytes: i32) {
    a.global(CURSOR).i32(bytes).i32_add().set_global(CURSOR);
}

/// LEB128 and zig-zag on 128 bits.
fn decimal(g: &mut Gen<'_>, a: &mut Asm) {
    let (at, byte, shift) = (a.local(I32), a.local(I64), a.local(I64));
    let (low, high, bits, sign) = (a.local(I64), a.local(I64), a.local(I64), a.local(I64));
    a.global(CURSOR).set(at);
    let again = a.loop_();
    a.get(at)
        .i64_load8_u(0)
        .tee(byte)
        .i64(0x7f)
        .i64_and()
        .set(bits);
    a.get(shift).i64(64).i64_lt_u().if_();
    a.get(bits).get(shift).i64_shl().get(low).i64_or().set(low);
    // The byte at shift 63 has one bit below and six above the middle.
    a.get(shift).i64(57).i64_gt_u().if_();
    a.get(bits)
        .i64(64)
        .get(shift)
        .i64_sub()
        .i64_shr_u()
        .get(high)
        .i64_or()
        .set(high);
    a.end();
    a.else_();
    a.get(bits)
        .get(shift)
        .i64(64)
        .i64_sub()
        .i64_shl()
        .get(high)
        .i64_or()
        .set(high);
    a.end();
    a.get(at).i32(1).i32_add().set(at);
    a.get(shift).i64(7).i64_add().set(shift);
    a.get(byte).i64(0x80).i64_ge_u().br_if(again);
    a.end();
    a.get(at).set_global(CURSOR);
    let result = a.local(I32);
    a.i64(0).get(low).i64(1).i64_and().i64_sub().set(sign);
    g.alloc(a, 16);
    a.tee(result);
    a.get(low)
        .i64(1)
        .i64_shr_u()
        .get(high)
        .i64(63)
        .i64_shl()
        .i64_or()
        .get(sign)
        .i64_xor()
        .i64_store(0);
    a.get(result)
        .get(high)
        .i64(1)
        .i64_shr_u()
        .get(sign)
        .i64_xor()
        .i64_store(8);
    a.get(result);
}

//! Structural equality and the language's total order.

use weir_contract::Type;

use crate::asm::{Asm, I32, I64};
use crate::layout::{self, *};
use crate::module::Gen;
use crate::rt::{Helper, map};

/// Bytes that are compared at once.
const WORD: i32 = 8;

/// `(a, b) → 0 or 1`.
pub fn equal(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let (x, y) = (0, 1);
    lists(g, a, ty);
    match g.shape(ty) {
        Shape::Unit => {
            a.i32(1);
        }
        Shape::Bool => {
            a.get(x).get(y).i32_eq();
        }
        Shape::Int => {
            a.get(x).get(y).i64_eq();
        }
        Shape::Float => {
            // NaN equals NaN.
            a.get(x).get(y).f64_eq();
            a.get(x)
                .get(x)
                .f64_ne()
                .get(y)
                .get(y)
                .f64_ne()
                .i32_and()
                .i32_or();
        }
        Shape::Decimal => {
            a.get(x).i64_load(0).get(y).i64_load(0).i64_eq();
            a.get(x).i64_load(8).get(y).i64_load(8).i64_eq().i32_and();
        }
        Shape::Bytes => {
            same(a);
            differ_if(a, |a| {
                a.get(x).i32_load(0).get(y).i32_load(0).i32_ne();
            });
            let compare = g.helper(Helper::Compare(ty.clone()));
            a.get(x).get(y).call(compare).i32_eqz();
        }
        Shape::List(item) => {
            same(a);
            differ_if(a, |a| {
                a.get(x)
                    .i32_load(LIST_LEN)
                    .get(y)
                    .i32_load(LIST_LEN)
                    .i32_ne();
            });
            let (i, len) = (a.local(I32), a.local(I32));
            a.get(x).i32_load(LIST_LEN).set(len);
            let item_equal = g.helper(Helper::Equal(item.clone()));
            let done = a.block();
            let again = a.loop_();
            a.get(i).get(len).i32_ge_u().br_if(done);
            element(g, a, x, i, &item);
            element(g, a, y, i, &item);
            a.call(item_equal).i32_eqz().if_();
            a.i32(0).return_();
            a.end();
            a.get(i).i32(1).i32_add().set(i).br(again);
            a.end().end();
            a.i32(1);
        }
        Shape::Record(fields) => {
            same(a);
            equal_fields(g, a, &fields, 0);
            a.i32(1);
        }
        Shape::Variant(tags) => {
            same(a);
            differ_if(a, |a| {
                a.get(x).i32_load(0).get(y).i32_load(0).i32_ne();
            });
            for (tag, fields) in tags.iter().filter(|(_, fields)| !fields.is_empty()) {
                a.get(x).i32_load(0).u32(*tag).i32_eq().if_();
                equal_fields(g, a, fields, 4);
                a.end();
            }
            a.i32(1);
        }
    }
}

/// One address is one value.
fn same(a: &mut Asm) {
    a.get(0).get(1).i32_eq().if_();
    a.i32(1).return_();
    a.end();
}

fn differ_if(a: &mut Asm, condition: impl FnOnce(&mut Asm)) {
    condition(a);
    a.if_();
    a.i32(0).return_();
    a.end();
}

fn equal_fields(g: &mut Gen<'_>, a: &mut Asm, fields: &[Type], start: u32) {
    let (offsets, _) = layout::offsets(g.defs(), fields, start);
    for (ty, offset) in fields.iter().zip(offsets) {
        let equal = g.helper(Helper::Equal(ty.clone()));
        a.get(0);
        layout::load(a, g.defs(), ty, offset);
        a.get(1);
        layout::load(a, g.defs(), ty, offset);
        a.call(equal).i32_eqz().if_();
        a.i32(0).return_();
        a.end();
    }
}

/// `(a, b) → -1, 0 or 1`.
pub fn compare(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let (x, y) = (0, 1);
    lists(g, a, ty);
    match g.shape(ty) {
        Shape::Unit => {
            a.i32(0);
        }
        Shape::Bool => {
            a.get(x).get(y).i32_sub();
        }
        Shape::Int => {
            a.get(x)
                .get(y)
                .i64_gt_s()
                .get(x)
                .get(y)
                .i64_lt_s()
                .i32_sub();
        }
        Shape::Float => {
            a.get(x)
                .get(x)
                .f64_ne()
                .get(y)
                .get(y)
                .f64_ne()
                .i32_or()
                .if_();
            a.get(x)
                .get(x)
                .f64_ne()
                .get(y)
                .get(y)
                .f64_ne()
                .i32_sub()
                .return_();
            a.end();
            a.get(x).get(y).f64_gt().get(x).get(y).f64_lt().i32_sub();
        }
        Shape::Decimal => {
            a.get(x).i64_load(8).get(y).i64_load(8).i64_ne().if_();
            a.get(x).i64_load(8).get(y).i64_load(8).i64_gt_s();
            a.get(x)
                .i64_load(8)
                .get(y)
                .i64_load(8)
                .i64_lt_s()
                .i32_sub()
                .return_();
            a.end();
            a.get(x).i64_load(0).get(y).i64_load(0).i64_gt_u();
            a.get(x).i64_load(0).get(y).i64_load(0).i64_lt_u().i32_sub();
        }
        Shape::Bytes => compare_bytes(a),
        Shape::List(item) => {
            let (i, len, order) = (a.local(I32), a.local(I32), a.local(I32));
            shorter(a, LIST_LEN, len);
            let item_compare = g.helper(Helper::Compare(item.clone()));
            let done = a.block();
            let again = a.loop_();
            a.get(i).get(len).i32_ge_u().br_if(done);
            element(g, a, x, i, &item);
            element(g, a, y, i, &item);
            a.call(item_compare).tee(order).if_();
            a.get(order).return_();
            a.end();
            a.get(i).i32(1).i32_add().set(i).br(again);
            a.end().end();
            by_length(a, LIST_LEN);
        }
        Shape::Record(fields) => {
            compare_fields(g, a, &fields, 0);
            a.i32(0);
        }
        Shape::Variant(tags) => {
            a.get(x).i32_load(0).get(y).i32_load(0).i32_ne().if_();
            by_length(a, 0);
            a.return_();
            a.end();
            for (tag, fields) in tags.iter().filter(|(_, fields)| !fields.is_empty()) {
                a.get(x).i32_load(0).u32(*tag).i32_eq().if_();
                compare_fields(g, a, fields, 4);
                a.end();
            }
            a.i32(0);
        }
    }
}

/// Maps and sets are compared as the lists of what is in them.
fn lists(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    if map::is_map(g, ty) {
        for value in [0, 1] {
            a.get(value);
            map::as_list(g, a, ty);
            a.set(value);
        }
    }
}

fn compare_fields(g: &mut Gen<'_>, a: &mut Asm, fields: &[Type], start: u32) {
    let (offsets, _) = layout::offsets(g.defs(), fields, start);
    let order = a.local(I32);
    for (ty, offset) in fields.iter().zip(offsets) {
        let compare = g.helper(Helper::Compare(ty.clone()));
        a.get(0);
        layout::load(a, g.defs(), ty, offset);
        a.get(1);
        layout::load(a, g.defs(), ty, offset);
        a.call(compare).tee(order).if_();
        a.get(order).return_();
        a.end();
    }
}

/// Eight bytes at a time, the last eight perhaps once more. Fewer are taken with what lies in front of them, which is their header
/// or what stands before that, and moved out again.
fn compare_bytes(a: &mut Asm) {
    let (x, y, i, len) = (0, 1, a.local(I32), a.local(I32));
    let (b, c, moved) = (a.local(I64), a.local(I64), a.local(I64));
    shorter(a, 0, len);
    let at = |a: &mut Asm, text: u32, from: u32, moved_by: Option<u32>| {
        a.get(text).get(from).i32_add();
        if let Some(bits) = moved_by {
            a.i32(TEXT_HEADER as i32 - WORD).i32_add();
            a.i64_load(0).get(bits).i64_shr_u();
        } else {
            a.i64_load(TEXT_HEADER);
        }
    };
    let differ = a.block();
    a.get(len).i32(WORD).i32_lt_u().if_();
    a.get(len).i32_eqz().if_();
    by_length(a, 0);
    a.return_();
    a.end();
    a.i32(WORD).get(len).i32_sub().i32(3).i32_shl();
    a.i64_extend_i32_u().set(moved);
    at(a, x, len, Some(moved));
    a.set(b);
    at(a, y, len, Some(moved));
    a.tee(c).get(b).i64_ne().br_if(differ);
    by_length(a, 0);
    a.return_();
    a.end();
    a.get(len).i32(WORD).i32_sub().set(len);
    let again = a.loop_();
    at(a, x, i, None);
    a.set(b);
    at(a, y, i, None);
    a.tee(c).get(b).i64_ne().br_if(differ);
    a.get(i).get(len).i32_ge_u().if_();
    by_length(a, 0);
    a.return_();
    a.end();
    a.get(i).i32(WORD).i32_add().tee(i).get(len);
    a.get(i).get(len).i32_lt_u().select().set(i).br(again);
    a.end().end();
    // The first byte that differs is the lowest.
    a.get(b).get(c).i64_xor().i64_ctz();
    a.i64(!7).i64_and().set(moved);
    for word in [b, c] {
        a.get(word).get(moved).i64_shr_u();
        a.i64(0xff).i64_and().set(word);
    }
    a.get(b).get(c).i64_gt_s();
    a.get(b).get(c).i64_lt_s().i32_sub();
}

/// Sets `len` to the shorter of the two lengths.
fn shorter(a: &mut Asm, offset: u32, len: u32) {
    a.get(0).i32_load(offset).get(1).i32_load(offset);
    a.get(0)
        .i32_load(offset)
        .get(1)
        .i32_load(offset)
        .i32_lt_u()
        .select()
        .set(len);
}

fn by_length(a: &mut Asm, offset: u32) {
    a.get(0).i32_load(offset).get(1).i32_load(offset).i32_gt_u();
    a.get(0)
        .i32_load(offset)
        .get(1)
        .i32_load(offset)
        .i32_lt_u()
        .i32_sub();
}

/// `→ element` number `i`, which exists.
fn element(g: &Gen<'_>, a: &mut Asm, list: u32, i: u32, item: &Type) {
    a.get(list)
        .i32_load(LIST_DATA)
        .get(i)
        .u32(g.stride(item))
        .i32_mul()
        .i32_add();
    layout::load_item(a, g.defs(), item);
}

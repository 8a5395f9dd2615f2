//! Lists: changed where they lie while one place alone knows them, else copied first.

use crate::asm::{Asm, I32, I64};
use crate::layout::*;
use crate::module::{Gen, HEAP};
use crate::rt::Helper;

/// `(list, stride) → list` one longer.
pub fn push(g: &mut Gen<'_>, a: &mut Asm, nested: bool) {
    let (list, stride) = (0, 1);
    let (len, cap) = (a.local(I32), a.local(I32));
    a.get(list).i32_load(LIST_LEN).set(len);
    twice(a, len, cap);
    a.get(list).i32_load(LIST_SHARED).if_();
    copy_items(g, a, list, stride, cap, nested);
    a.set(list);
    a.else_();
    a.get(len).get(list).i32_load(LIST_CAP).i32_ge_u().if_();
    make_room(g, a, list, stride, cap);
    a.end().end();
    a.get(list)
        .get(len)
        .i32(1)
        .i32_add()
        .i32_store(LIST_LEN)
        .get(list);
}

/// `(list, stride) → list` that nobody else knows.
pub fn own(g: &mut Gen<'_>, a: &mut Asm, nested: bool) {
    let (list, stride) = (0, 1);
    let cap = a.local(I32);
    a.get(list).i32_load(LIST_SHARED).if_();
    a.get(list).i32_load(LIST_LEN).set(cap);
    copy_items(g, a, list, stride, cap, nested);
    a.return_();
    a.end();
    a.get(list);
}

/// `(list, from, to, stride) → list`: of a shared list one on the same elements, shared too.
pub fn slice(g: &mut Gen<'_>, a: &mut Asm) {
    let (list, from, to, stride) = (0, 1, 2, 3);
    let (len, data, count) = (a.local(I64), a.local(I32), a.local(I32));
    a.get(list).i32_load(LIST_LEN).i64_extend_i32_u().set(len);
    for bound in [from, to] {
        a.get(bound)
            .i64(0)
            .get(bound)
            .i64(0)
            .i64_gt_s()
            .select()
            .set(bound);
        a.get(bound)
            .get(len)
            .get(bound)
            .get(len)
            .i64_lt_s()
            .select()
            .set(bound);
    }
    a.get(list).i32_load(LIST_SHARED).if_();
    a.get(from).get(to).i64_ge_s().if_();
    let empty = g.data.empty_list();
    a.u32(empty).return_();
    a.end();
    a.get(to).get(from).i64_sub().i32_wrap_i64().set(count);
    address(a, list, from, stride);
    a.set(data);
    header(g, a, data, count, count, 1);
    a.return_();
    a.end();
    // Nobody sees the rest any more. What is in front of it is lost, what is behind is room.
    a.get(from).get(to).i64_ge_s().if_();
    a.get(list).i32(0).i32_store(LIST_LEN);
    a.get(list).return_();
    a.end();
    a.get(list);
    address(a, list, from, stride);
    a.i32_store(LIST_DATA);
    a.get(list);
    a.get(to)
        .get(from)
        .i64_sub()
        .i32_wrap_i64()
        .i32_store(LIST_LEN);
    a.get(list)
        .get(list)
        .i32_load(LIST_CAP)
        .get(from)
        .i32_wrap_i64()
        .i32_sub()
        .i32_store(LIST_CAP);
    a.get(list);
}

/// `→ address` of the element at `at`, an `Int`.
fn address(a: &mut Asm, list: u32, at: u32, stride: u32) {
    a.get(list).i32_load(LIST_DATA);
    a.get(at).i32_wrap_i64().get(stride).i32_mul().i32_add();
}

/// `(a, b, stride) → list`.
pub fn concat(g: &mut Gen<'_>, a: &mut Asm, nested: bool) {
    let (x, y, stride) = (0, 1, 2);
    let (len, total, cap) = (a.local(I32), a.local(I32), a.local(I32));
    a.get(y).i32_load(LIST_LEN).i32_eqz().if_();
    a.get(x).return_();
    a.end();
    a.get(x).i32_load(LIST_LEN).tee(len).i32_eqz().if_();
    a.get(y).return_();
    a.end();
    if nested {
        let share = g.helper(Helper::ListShareItems);
        a.get(y).call(share);
    }
    a.get(len).get(y).i32_load(LIST_LEN).i32_add().set(total);
    a.get(x).i32_load(LIST_SHARED).if_();
    copy_items(g, a, x, stride, total, nested);
    a.set(x);
    a.else_();
    a.get(total).get(x).i32_load(LIST_CAP).i32_gt_u().if_();
    twice(a, len, cap);
    a.get(cap)
        .get(total)
        .get(cap)
        .get(total)
        .i32_gt_u()
        .select()
        .set(cap);
    make_room(g, a, x, stride, cap);
    a.end().end();
    a.get(x).i32_load(LIST_DATA);
    a.get(len).get(stride).i32_mul().i32_add();
    a.get(y).i32_load(LIST_DATA);
    a.get(y)
        .i32_load(LIST_LEN)
        .get(stride)
        .i32_mul()
        .memory_copy();
    a.get(x).get(total).i32_store(LIST_LEN).get(x);
}

/// `(list, at, stride) → list` one longer.
pub fn insert(g: &mut Gen<'_>, a: &mut Asm, nested: bool) {
    let (list, at, stride) = (0, 1, 2);
    let from = a.local(I32);
    let push = g.helper(Helper::ListPush(nested));
    a.get(list).get(stride).call(push).set(list);
    a.get(list).i32_load(LIST_DATA);
    a.get(at).get(stride).i32_mul().i32_add().set(from);
    a.get(from).get(stride).i32_add().get(from);
    a.get(list)
        .i32_load(LIST_LEN)
        .i32(1)
        .i32_sub()
        .get(at)
        .i32_sub();
    a.get(stride).i32_mul().memory_copy().get(list);
}

/// `(list, at, stride) → list` one shorter.
pub fn remove(g: &mut Gen<'_>, a: &mut Asm, nested: bool) {
    let (list, at, stride) = (0, 1, 2);
    let (to, len) = (a.local(I32), a.local(I32));
    let own = g.helper(Helper::ListOwn(nested));
    a.get(list).get(stride).call(own).set(list);
    a.get(list).i32_load(LIST_LEN).i32(1).i32_sub().set(len);
    a.get(list).i32_load(LIST_DATA);
    a.get(at).get(stride).i32_mul().i32_add().set(to);
    a.get(to).get(to).get(stride).i32_add();
    a.get(len)
        .get(at)
        .i32_sub()
        .get(stride)
        .i32_mul()
        .memory_copy();
    a.get(list).get(len).i32_store(LIST_LEN).get(list);
}

/// `(list)` of lists: they get a second owner.
pub fn share_items(a: &mut Asm) {
    let (list, at, end) = (0, a.local(I32), a.local(I32));
    a.get(list).i32_load(LIST_DATA).tee(at);
    a.get(list)
        .i32_load(LIST_LEN)
        .i32(2)
        .i32_shl()
        .i32_add()
        .set(end);
    let done = a.block();
    let again = a.loop_();
    a.get(at).get(end).i32_ge_u().br_if(done);
    a.get(at).i32_load(0).i32(1).i32_store(LIST_SHARED);
    a.get(at).i32(4).i32_add().set(at).br(again);
    a.end().end();
}

/// Sets `cap` to twice the length, or a few.
fn twice(a: &mut Asm, len: u32, cap: u32) {
    a.get(len).i32(1).i32_shl().i32(4);
    a.get(len).i32(2).i32_gt_u().select().set(cap);
}

/// `→ list` with the same elements that nobody else knows, with room for `cap`.
fn copy_items(g: &mut Gen<'_>, a: &mut Asm, list: u32, stride: u32, cap: u32, nested: bool) {
    if nested {
        let share = g.helper(Helper::ListShareItems);
        a.get(list).call(share);
    }
    let (data, len) = (a.local(I32), a.local(I32));
    a.get(list).i32_load(LIST_LEN).set(len);
    buffer(g, a, list, stride, cap, data);
    header(g, a, data, len, cap, 0);
}

/// The list, which nobody else knows, has room for `cap` elements: behind it when it was made last, else elsewhere.
fn make_room(g: &mut Gen<'_>, a: &mut Asm, list: u32, stride: u32, cap: u32) {
    let (data, end) = (a.local(I32), a.local(I32));
    a.get(list).i32_load(LIST_DATA);
    a.get(list)
        .i32_load(LIST_CAP)
        .get(stride)
        .i32_mul()
        .i32_add();
    a.i32(7)
        .i32_add()
        .i32(-8)
        .i32_and()
        .global(HEAP)
        .i32_eq()
        .if_();
    a.get(list).i32_load(LIST_DATA);
    a.get(cap).get(stride).i32_mul().i32_add().tee(end);
    g.ensure(a, end);
    a.get(end);
    g.set_heap(a);
    a.else_();
    buffer(g, a, list, stride, cap, data);
    a.get(list).get(data).i32_store(LIST_DATA);
    a.end();
    a.get(list).get(cap).i32_store(LIST_CAP);
}

/// Sets `data` to room for `cap` elements that starts with those of the list.
fn buffer(g: &mut Gen<'_>, a: &mut Asm, list: u32, stride: u32, cap: u32, data: u32) {
    let alloc = g.helper(Helper::Alloc);
    a.get(cap).get(stride).i32_mul().call(alloc).tee(data);
    a.get(list).i32_load(LIST_DATA);
    a.get(list)
        .i32_load(LIST_LEN)
        .get(stride)
        .i32_mul()
        .memory_copy();
}

/// `→ list` with these parts.
fn header(g: &mut Gen<'_>, a: &mut Asm, data: u32, len: u32, cap: u32, shared: i32) {
    let result = a.temp(I32);
    g.alloc(a, LIST_BYTES);
    a.tee(result).get(data).i32_store(LIST_DATA);
    a.get(result).get(len).i32_store(LIST_LEN);
    a.get(result).get(cap).i32_store(LIST_CAP);
    a.get(result).i32(shared).i32_store(LIST_SHARED);
    a.get(result);
}

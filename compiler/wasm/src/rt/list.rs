//! Lists: values that share buffers.

use crate::asm::{Asm, I32, I64};
use crate::layout::*;
use crate::module::Gen;
use crate::rt::Helper;

/// `(list, stride) → list`: in place when nobody else used what lies behind the last element.
pub fn push(g: &mut Gen<'_>, a: &mut Asm) {
    let (list, stride) = (0, 1);
    let (len, data, buffer, cap) = (a.local(I32), a.local(I32), a.local(I32), a.local(I32));
    let used = a.local(I32);
    a.get(list).i32_load(LIST_LEN).set(len);
    a.get(list).i32_load(LIST_DATA).set(data);
    a.get(list).i32_load(LIST_BUFFER).set(buffer);
    let done = a.block();
    let copy = a.block();
    a.get(buffer).i32_eqz().br_if(copy);
    a.get(buffer).i32_load(BUFFER_USED).tee(used);
    a.get(buffer).i32_load(BUFFER_CAP).i32_ge_u().br_if(copy);
    a.get(len).get(stride).i32_mul().get(data).i32_add();
    a.get(used)
        .get(stride)
        .i32_mul()
        .get(buffer)
        .i32_add()
        .u32(BUFFER_HEADER)
        .i32_add();
    a.i32_ne().br_if(copy);
    a.get(buffer)
        .get(used)
        .i32(1)
        .i32_add()
        .i32_store(BUFFER_USED);
    a.br(done);
    a.end();
    a.get(len)
        .i32(1)
        .i32_shl()
        .i32(4)
        .get(len)
        .i32(2)
        .i32_gt_u()
        .select()
        .set(cap);
    buffer_copy(g, a, stride, len, data, buffer, cap);
    a.get(buffer)
        .get(len)
        .i32(1)
        .i32_add()
        .i32_store(BUFFER_USED);
    a.end();
    a.get(len).i32(1).i32_add().set(len);
    header(g, a, data, len, buffer);
}

/// `(list, stride) → list`.
pub fn copy(g: &mut Gen<'_>, a: &mut Asm) {
    let (list, stride) = (0, 1);
    let (len, data, buffer) = (a.local(I32), a.local(I32), a.local(I32));
    a.get(list).i32_load(LIST_LEN).set(len);
    a.get(list).i32_load(LIST_DATA).set(data);
    buffer_copy(g, a, stride, len, data, buffer, len);
    header(g, a, data, len, buffer);
}

/// `(list, from, to, stride) → list` on the same buffer.
pub fn slice(g: &mut Gen<'_>, a: &mut Asm) {
    let (list, from, to, stride) = (0, 1, 2, 3);
    let (len, data, buffer) = (a.local(I64), a.local(I32), a.local(I32));
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
    a.get(from).get(to).i64_ge_s().if_();
    let empty = g.data.empty_list();
    a.u32(empty).return_();
    a.end();
    a.get(list)
        .i32_load(LIST_DATA)
        .get(from)
        .i32_wrap_i64()
        .get(stride)
        .i32_mul()
        .i32_add()
        .set(data);
    a.get(list).i32_load(LIST_BUFFER).set(buffer);
    let count = a.local(I32);
    a.get(to).get(from).i64_sub().i32_wrap_i64().set(count);
    header(g, a, data, count, buffer);
}

/// `(a, b, stride) → list`.
pub fn concat(g: &mut Gen<'_>, a: &mut Asm) {
    let (x, y, stride) = (0, 1, 2);
    let (len, data, buffer, cap) = (a.local(I32), a.local(I32), a.local(I32), a.local(I32));
    a.get(y).i32_load(LIST_LEN).i32_eqz().if_();
    a.get(x).return_();
    a.end();
    a.get(x).i32_load(LIST_LEN).tee(len).i32_eqz().if_();
    a.get(y).return_();
    a.end();
    a.get(x).i32_load(LIST_DATA).set(data);
    a.get(len).get(y).i32_load(LIST_LEN).i32_add().set(cap);
    buffer_copy(g, a, stride, len, data, buffer, cap);
    a.get(data).get(len).get(stride).i32_mul().i32_add();
    a.get(y).i32_load(LIST_DATA);
    a.get(y)
        .i32_load(LIST_LEN)
        .get(stride)
        .i32_mul()
        .memory_copy();
    a.get(buffer).get(cap).i32_store(BUFFER_USED);
    header(g, a, data, cap, buffer);
}

/// Sets `buffer` to a new one with room for `cap` that starts with the elements, and `data` to them.
fn buffer_copy(
    g: &mut Gen<'_>,
    a: &mut Asm,
    stride: u32,
    len: u32,
    data: u32,
    buffer: u32,
    cap: u32,
) {
    let alloc = g.helper(Helper::Alloc);
    a.get(cap)
        .get(stride)
        .i32_mul()
        .u32(BUFFER_HEADER)
        .i32_add()
        .call(alloc)
        .set(buffer);
    a.get(buffer).get(cap).i32_store(BUFFER_CAP);
    a.get(buffer).get(len).i32_store(BUFFER_USED);
    a.get(buffer).u32(BUFFER_HEADER).i32_add();
    a.get(data).get(len).get(stride).i32_mul().memory_copy();
    a.get(buffer).u32(BUFFER_HEADER).i32_add().set(data);
}

/// `→ list` with these parts.
pub fn header(g: &mut Gen<'_>, a: &mut Asm, data: u32, len: u32, buffer: u32) {
    let result = a.temp(I32);
    g.alloc(a, LIST_BYTES);
    a.tee(result).get(data).i32_store(LIST_DATA);
    a.get(result).get(len).i32_store(LIST_LEN);
    a.get(result).get(buffer).i32_store(LIST_BUFFER);
    a.get(result);
}

//! Functions of the library: what Wasm has an instruction for or can do in a few, here; the rest by the host.

use weir_contract::{CrashReason, Type, library};
use weir_flow::ir::Reg;
use weir_flow::release::is_number;

use crate::asm::{Asm, I32, I64};
use crate::function::Body;
use crate::layout::*;
use crate::module::{Gen, HEAP};
use crate::rt::Helper;
use crate::rt::memory::{self, COPIED_TOO_MUCH};
use crate::{row, slots};

const EACH_BYTE: i64 = 0x0101_0101_0101_0101;
const HIGH_BITS: i64 = 0x8080_8080_8080_8080_u64 as i64;

/// `→ value` of a library function.
pub fn call(b: &mut Body<'_, '_>, name: &str, args: &[Reg]) {
    let op = library::Op::from_name(name).unwrap_or_else(|| panic!("no library function {name}"));
    use library::Op as L;
    // What Wasm has an instruction for, or needs none for.
    match op {
        L::IntToFloat => {
            b.get(args[0]);
            b.a.f64_convert_i64_s();
            return;
        }
        L::TimeToMicros
        | L::TimeFromMicros
        | L::DurationToMicros
        | L::DurationFromMicros
        | L::DateToDays => return b.get(args[0]),
        L::MoneyCurrency | L::MoneyAmount => {
            b.get(args[0]);
            let part = if op == L::MoneyAmount {
                MONEY_AMOUNT
            } else {
                MONEY_CODE
            };
            b.a.i32_load(part);
            return;
        }
        L::MoneyWithAmount => {
            let result = b.a.temp(I32);
            b.g.alloc(&mut b.a, MONEY_BYTES);
            b.a.tee(result);
            b.get(args[0]);
            b.a.i32_load(MONEY_CODE).i32_store(MONEY_CODE).get(result);
            b.get(args[1]);
            b.a.i32_store(MONEY_AMOUNT).get(result);
            return;
        }
        L::BytesLength => {
            b.get(args[0]);
            b.a.i32_load(0).i64_extend_i32_u();
            return;
        }
        // The same bytes.
        L::TextToBytes => return b.get(args[0]),
        L::FloatSqrt => {
            b.get(args[0]);
            b.a.f64_sqrt();
            return;
        }
        L::BytesSlice => {
            let slice = b.g.helper(Helper::BytesSlice);
            b.get(args[0]);
            b.get(args[1]);
            b.get(args[2]);
            b.a.call(slice);
            return;
        }
        L::TextReplace => {
            let replace = b.g.helper(Helper::TextReplace);
            b.get(args[0]);
            b.get(args[1]);
            b.get(args[2]);
            b.a.call(replace);
            return;
        }
        L::TextWords => {
            let (words, result) = (b.g.helper(Helper::TextWords), b.a.temp(I32));
            b.get(args[0]);
            b.a.call(words).tee(result).i32_eqz().if_();
            host(b, "lib", op.code(), args, op.result().ty());
            b.a.set(result).end();
            b.a.get(result);
            return;
        }
        _ => {}
    }
    host(b, "lib", op.code(), args, op.result().ty());
}

/// `→ Int`: the byte at a position, -1 outside.
pub fn byte(b: &mut Body<'_, '_>, bytes: Reg, at: Reg) {
    b.get(at);
    b.get(bytes);
    // Unsigned, so that negative positions are too big.
    b.a.i32_load(0).i64_extend_i32_u().i64_lt_u();
    b.a.if_value(I64);
    b.get(bytes);
    b.get(at);
    b.a.i32_wrap_i64().i32_add().i64_load8_u(TEXT_HEADER);
    b.a.else_();
    b.a.i64(-1);
    b.a.end();
}

/// `→ Bool`: whether each is below 128.
pub fn is_plain(b: &mut Body<'_, '_>, bytes: Reg) {
    let is_plain = b.g.helper(Helper::BytesArePlain);
    b.get(bytes);
    b.a.call(is_plain);
}

/// `(bytes, from, to) → bytes` between the positions, which are moved in.
pub fn slice(g: &mut Gen<'_>, a: &mut Asm) {
    let (bytes, from, to) = (0, 1, 2);
    let (len, result, count) = (a.local(I64), a.local(I32), a.local(I32));
    a.get(bytes).i32_load(0).i64_extend_i32_u().set(len);
    for bound in [from, to] {
        a.get(bound).i64(0).get(bound).i64(0);
        a.i64_gt_s().select().set(bound);
        a.get(bound).get(len).get(bound).get(len);
        a.i64_lt_s().select().set(bound);
    }
    a.get(to).get(from).i64_gt_s().if_();
    a.get(to).get(from).i64_sub().i32_wrap_i64().set(count);
    a.end();
    let (to, at) = (a.local(I32), a.local(I32));
    a.global(HEAP).tee(result).get(count).i32_add();
    a.u32(TEXT_HEADER + COPIED_TOO_MUCH).i32_add().tee(to);
    g.ensure(a, to);
    a.get(result).get(count).i32_store(0);
    a.get(result).u32(TEXT_HEADER).i32_add().set(to);
    a.get(bytes).u32(TEXT_HEADER).i32_add();
    a.get(from).i32_wrap_i64().i32_add().set(at);
    a.get(to).get(count).i32_add();
    g.set_heap(a);
    memory::copy_to_top(a, to, at, count);
    a.get(result);
}

/// `(bytes) → 0 or 1`: whether each is below 128. Eight at a time, the last eight perhaps once more. Fewer are taken with what lies
/// in front of them, which is moved out again.
pub fn are_plain(a: &mut Asm) {
    let (at, last, len) = (a.local(I32), a.local(I32), a.local(I32));
    a.get(0).i32_load(0).tee(len).i32(8).i32_lt_u().if_();
    a.get(len).i32_eqz().if_();
    a.i32(1).return_();
    a.end();
    a.get(0).get(len).i32_add();
    a.i32(TEXT_HEADER as i32 - 8).i32_add().i64_load(0);
    a.i32(8).get(len).i32_sub().i32(3).i32_shl();
    a.i64_extend_i32_u().i64_shr_u();
    a.i64(HIGH_BITS).i64_and().i64_eqz().return_();
    a.end();
    let has_high = |a: &mut Asm, at: u32| {
        a.get(at).i64_load(TEXT_HEADER).i64(HIGH_BITS).i64_and();
        a.i64_eqz().i32_eqz();
    };
    a.get(0).tee(at).get(len).i32_add().i32(8).i32_sub();
    a.set(last);
    let words = a.block();
    let again = a.loop_();
    a.get(at).get(last).i32_ge_u().br_if(words);
    has_high(a, at);
    a.if_();
    a.i32(0).return_();
    a.end();
    a.get(at).i32(8).i32_add().set(at).br(again);
    a.end().end();
    has_high(a, last);
    a.i32_eqz();
}

/// Lets the host compute: a function of that import by number, the arguments; `→ value`.
pub fn host(b: &mut Body<'_, '_>, import: &str, number: u32, args: &[Reg], result: Type) {
    let (start, len) = (b.a.temp(I32), b.a.temp(I32));
    b.a.global(HEAP).set(start);
    let end = row::write(b, &[], args);
    let decode = b.g.helper(Helper::Decode(result.clone()));
    b.a.get(end);
    b.g.set_heap(&mut b.a);
    b.a.u32(number)
        .get(start)
        .get(end)
        .get(start)
        .i32_sub()
        .global(HEAP);
    b.a.call(b.g.import(import)).set(len);
    b.a.get(len);
    slots::arrived(b.g, &mut b.a);
    b.a.call(decode);
    if is_number(b.g.defs(), &result) {
        // Arguments and answer are not needed any more.
        b.a.get(start).set_global(HEAP);
    }
}

/// `(text, part, by) → text` with each part replaced, the text itself when there is none. Characters begin where others end, so
/// bytes are compared.
pub fn replace(g: &mut Gen<'_>, a: &mut Asm) {
    let (text, part, by) = (0, 1, 2);
    let (at, end, part_len) = (a.local(I32), a.local(I32), a.local(I32));
    let (start, to, same) = (a.local(I32), a.local(I32), a.local(I32));
    let (result, size) = (a.local(I32), a.local(I64));
    let (first, eight) = (a.local(I32), a.local(I64));
    a.get(part).i32_load(0).tee(part_len).i32_eqz().if_();
    a.get(text).return_();
    a.end();
    a.get(text).u32(TEXT_HEADER).i32_add().tee(at).tee(start);
    a.get(text).i32_load(0).i32_add().set(end);
    a.get(text).i32_load(0).i64_extend_i32_u().set(size);
    a.get(part).i32_load8_u(TEXT_HEADER).set(first);
    a.get(part).i64_load8_u(TEXT_HEADER).i64(EACH_BYTE);
    a.i64_mul().set(eight);
    let done = a.block();
    let again = a.loop_();
    skip_words(a, at, end, eight);
    let bytes = a.loop_();
    a.get(at).get(part_len).i32_add().get(end);
    a.i32_gt_u().br_if(done);
    a.get(at).i32_load8_u(0).get(first).i32_ne().if_();
    a.get(at).i32(1).i32_add().set(at).br(bytes);
    a.end().end();
    // How many bytes are those of the part; the first is.
    a.i32(1).set(same);
    let differs = a.block();
    let next = a.loop_();
    a.get(same).get(part_len).i32_ge_u().br_if(differs);
    a.get(at).get(same).i32_add().i32_load8_u(0);
    a.get(part).get(same).i32_add().i32_load8_u(TEXT_HEADER);
    a.i32_ne().br_if(differs);
    a.get(same).i32(1).i32_add().set(same).br(next);
    a.end().end();
    a.get(same).get(part_len).i32_lt_u().if_();
    a.get(at).i32(1).i32_add().set(at).br(again);
    a.end();
    a.get(result).i32_eqz().if_();
    a.global(HEAP)
        .tee(result)
        .u32(TEXT_HEADER)
        .i32_add()
        .set(to);
    a.end();
    piece(g, a, to, start, at);
    a.get(by).u32(TEXT_HEADER).i32_add().tee(start);
    a.get(by).i32_load(0).i32_add().set(same);
    piece(g, a, to, start, same);
    a.get(size).get(by).i32_load(0).i64_extend_i32_u();
    a.i64_add().set(size);
    a.get(at).get(part_len).i32_add().tee(at).set(start);
    a.br(again);
    a.end().end();
    a.get(result).i32_eqz().if_();
    a.get(text).return_();
    a.end();
    a.get(size)
        .i64(library::RESULT_BYTES_MAX as i64)
        .i64_gt_u()
        .if_();
    g.crash_here(a, CrashReason::StepTooLarge);
    a.end();
    piece(g, a, to, start, end);
    a.get(result).get(to).get(result).i32_sub();
    a.u32(TEXT_HEADER).i32_sub().i32_store(0);
    a.get(to);
    g.set_heap(a);
    a.get(result);
}

/// Moves `at` on as long as the eight bytes there lie in front of `end` and none of them is the byte that `eight` is eight times
/// of. A difference with a zero in it is known by the borrow that taking away 1 from each byte leaves (Mycroft, 1987).
fn skip_words(a: &mut Asm, at: u32, end: u32, eight: u32) {
    let differ = a.temp(I64);
    let found = a.block();
    let again = a.loop_();
    a.get(at).i32(8).i32_add().get(end).i32_gt_u().br_if(found);
    a.get(at).i64_load(0).get(eight).i64_xor().tee(differ);
    a.i64(EACH_BYTE).i64_sub();
    a.get(differ).i64(-1).i64_xor().i64_and();
    a.i64(HIGH_BITS).i64_and().i64_eqz().i32_eqz().br_if(found);
    a.get(at).i32(8).i32_add().set(at).br(again);
    a.end().end();
    a.release_temps();
}

/// Copies the bytes from `from` up to `end` to `to`, above the heap, and moves that behind them.
fn piece(g: &mut Gen<'_>, a: &mut Asm, to: u32, from: u32, end: u32) {
    let (len, behind) = (a.temp(I32), a.temp(I32));
    a.get(end).get(from).i32_sub().tee(len);
    a.get(to).i32_add().tee(behind);
    g.ensure(a, behind);
    let copy = g.helper(Helper::Copy);
    a.get(to).get(from).get(len).call(copy);
    a.get(behind).set(to);
    a.release_temps();
}

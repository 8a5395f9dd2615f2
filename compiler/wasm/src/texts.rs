//! Texts joined. A text that grows (`t = concat t, ..`) is lengthened where it lies as long as its register alone knows it, as
//! `weir_flow::ownership` says, and there is room behind it; else it moves to twice the room. A local remembers where the room ends.
//!
//! ```text
//! len, bytes, room for more |       the local of the register holds this end, or 0: the text is not to be touched
//! ```

use weir_contract::Type;
use weir_flow::ir::{Func, Reg};
use weir_flow::ownership::Ownership;

use crate::asm::{Asm, I32, Local};
use crate::function::Body;
use crate::layout::TEXT_HEADER;
use crate::module::{Gen, HEAP};
use crate::rt::Helper;
use crate::rt::digits::INT_BYTES_MAX;

/// Bytes of the longest text that is written or compared without a loop where it is known.
pub const WRITTEN_MAX: usize = 32;

/// Bytes that `true` and `false` are written with; what is behind the word comes to lie behind the text, or is written over.
const BOOL_BYTES_MAX: u32 = 8;

/// Locals for the room of the texts that grow.
pub fn rooms(a: &mut Asm, func: &Func, ownership: &Ownership) -> Vec<Option<Local>> {
    let regs = (0..func.regs.len() as u32).map(Reg);
    regs.map(|reg| ownership.grows(reg).then(|| a.local(I32)))
        .collect()
}

/// The text of the register is known elsewhere, or may be.
pub fn no_room(b: &mut Body<'_, '_>, text: Reg) {
    if let Some(room) = b.rooms[text.0 as usize] {
        b.a.i32(0).set(room);
    }
}

/// What becomes part of a text.
enum Part {
    Text(Reg),
    /// A text that is known and short.
    Known(Vec<u8>),
    /// The digits of a number.
    Int(Reg),
    /// `true` or `false`.
    Bool(Reg),
}

fn part(b: &Body<'_, '_>, reg: Reg) -> Part {
    match b.g.defs().base(b.func.value_type(reg)) {
        Type::Int => Part::Int(reg),
        Type::Bool => Part::Bool(reg),
        _ => match b.facts.text(reg) {
            Some(text) if text.len() <= WRITTEN_MAX => Part::Known(text.as_bytes().to_vec()),
            _ => Part::Text(reg),
        },
    }
}

/// Whether the length of the part is told only by writing it.
fn is_open(part: &Part) -> bool {
    matches!(part, Part::Int(_) | Part::Bool(_))
}

/// `→ text`, a new one.
pub fn concat(b: &mut Body<'_, '_>, parts: &[Reg]) {
    let parts: Vec<Part> = parts.iter().map(|reg| part(b, *reg)).collect();
    let (len, result, to) = (b.a.temp(I32), b.a.temp(I32), b.a.temp(I32));
    b.a.i32(0);
    lengths(b, &parts);
    b.a.tee(len).global(HEAP).tee(result).i32_add();
    b.a.u32(TEXT_HEADER).i32_add().tee(to);
    b.g.ensure(&mut b.a, to);
    let end = to;
    if !parts.iter().any(is_open) {
        b.a.get(result).get(len).i32_store(0);
        b.a.get(end);
        b.g.set_heap(&mut b.a);
        b.a.get(result).u32(TEXT_HEADER).i32_add().set(to);
        append(b, &parts, to);
    } else {
        b.a.get(result).u32(TEXT_HEADER).i32_add().set(to);
        append(b, &parts, to);
        b.a.get(result).get(to).get(result).i32_sub();
        b.a.u32(TEXT_HEADER).i32_sub().i32_store(0);
        b.a.get(to);
        b.g.set_heap(&mut b.a);
    }
    b.a.get(result);
}

/// `→ text` with the parts behind it.
pub fn grow(b: &mut Body<'_, '_>, text: Reg, parts: &[Reg]) {
    let room = b.rooms[text.0 as usize].expect("it grows");
    let more: Vec<Part> = parts.iter().map(|reg| part(b, *reg)).collect();
    let (len, to, result) = (b.a.temp(I32), b.a.temp(I32), b.a.temp(I32));
    b.get(text);
    b.a.set(result);
    // What is behind nothing is the result itself. A text that grows has a single owner, so another one does not take it.
    let only = match parts {
        [part] if b.rooms[part.0 as usize].is_none() && !is_open(&more[0]) => Some(*part),
        _ => None,
    };
    if let Some(part) = only {
        b.a.get(result).i32_load(0).i32_eqz().if_();
        b.get(part);
        b.a.set(result).i32(0).set(room);
        b.a.else_();
    }
    b.a.get(result).i32_load(0);
    lengths(b, &more);
    b.a.set(len);
    b.a.get(result).get(len).i32_add().u32(TEXT_HEADER);
    b.a.i32_add().get(room).i32_gt_u().if_();
    let helper = b.g.helper(Helper::TextGrow);
    b.a.get(result).get(len).get(room).call(helper).set(result);
    // It has all that was taken last.
    b.a.global(HEAP).set(room);
    b.a.end();
    b.a.get(result).u32(TEXT_HEADER).i32_add();
    b.a.get(result).i32_load(0).i32_add().set(to);
    // One of the parts may be the text itself, so its length is the old one until they are there.
    append(b, &more, to);
    if more.iter().any(is_open) {
        b.a.get(to).get(result).i32_sub().u32(TEXT_HEADER);
        b.a.i32_sub().set(len);
    }
    b.a.get(result).get(len).i32_store(0);
    if only.is_some() {
        b.a.end();
    }
    b.a.get(result);
}

/// `sum → sum` with the lengths of the parts, or with the greatest that an open one can have.
fn lengths(b: &mut Body<'_, '_>, parts: &[Part]) {
    let mut known = 0;
    for part in parts {
        match part {
            Part::Known(text) => known += text.len() as u32,
            Part::Int(_) => known += INT_BYTES_MAX,
            Part::Bool(_) => known += BOOL_BYTES_MAX,
            Part::Text(reg) => {
                b.get(*reg);
                b.a.i32_load(0).i32_add();
            }
        }
    }
    if known > 0 {
        b.a.u32(known).i32_add();
    }
}

/// Copies the parts to the address in `to`, which moves; behind an open part, up to the end.
fn append(b: &mut Body<'_, '_>, parts: &[Part], to: Local) {
    let copy = b.g.helper(Helper::Copy);
    let any_open = parts.iter().any(is_open);
    // Bytes between `to` and where the next part goes.
    let mut behind = 0;
    let catch_up = |a: &mut Asm, behind: &mut u32| {
        if *behind > 0 {
            a.get(to).u32(*behind).i32_add().set(to);
            *behind = 0;
        }
    };
    for (i, part) in parts.iter().enumerate() {
        if let Part::Known(text) = part {
            write(&mut b.a, to, behind, text);
            behind += text.len() as u32;
            continue;
        }
        catch_up(&mut b.a, &mut behind);
        match part {
            Part::Known(_) => unreachable!("it was written"),
            Part::Text(reg) => {
                b.a.get(to);
                b.get(*reg);
                b.a.u32(TEXT_HEADER).i32_add();
                b.get(*reg);
                b.a.i32_load(0).call(copy);
                if i + 1 < parts.len() || any_open {
                    b.a.get(to);
                    b.get(*reg);
                    b.a.i32_load(0).i32_add().set(to);
                }
            }
            Part::Int(reg) => {
                let put = b.g.helper(Helper::PutInt);
                b.get(*reg);
                b.a.get(to).call(put).set(to);
            }
            Part::Bool(reg) => {
                let word = |text: &[u8; 8]| i64::from_le_bytes(*text);
                b.a.get(to).i64(word(b"true\0\0\0\0"));
                b.a.i64(word(b"false\0\0\0"));
                b.get(*reg);
                b.a.select().i64_store(0);
                b.a.get(to).i32(5);
                b.get(*reg);
                b.a.i32_sub().i32_add().set(to);
            }
        }
    }
    if any_open {
        catch_up(&mut b.a, &mut behind);
    }
}

/// Bytes of a text that is known, at the address in `to` and so many behind. What comes last may be written twice, because one
/// long store takes less than several short ones.
fn write(a: &mut Asm, to: Local, behind: u32, bytes: &[u8]) {
    for (at, piece) in pieces(bytes) {
        a.get(to);
        let offset = behind + at;
        match *piece {
            [byte] => a.i32(byte as i32).i32_store8(offset),
            _ if piece.len() == 4 => a
                .i32(i32::from_le_bytes(piece.try_into().expect("four bytes")))
                .i32_store(offset),
            _ => a
                .i64(i64::from_le_bytes(piece.try_into().expect("eight bytes")))
                .i64_store(offset),
        };
    }
}

/// `→ 0 or 1`: whether the text in the local is that one, which is short.
pub fn is(a: &mut Asm, text: Local, known: &[u8]) {
    a.get(text).i32_load(0).u32(known.len() as u32).i32_eq();
    if known.is_empty() {
        return;
    }
    a.if_value(I32);
    for (i, (at, piece)) in pieces(known).into_iter().enumerate() {
        let offset = TEXT_HEADER + at;
        a.get(text);
        match *piece {
            [byte] => a.i32_load8_u(offset).i32(byte as i32).i32_eq(),
            _ if piece.len() == 4 => a
                .i32_load(offset)
                .i32(i32::from_le_bytes(piece.try_into().expect("four bytes")))
                .i32_eq(),
            _ => a
                .i64_load(offset)
                .i64(i64::from_le_bytes(piece.try_into().expect("eight bytes")))
                .i64_eq(),
        };
        if i > 0 {
            a.i32_and();
        }
    }
    a.else_().i32(0).end();
}

/// The bytes in pieces of 8, of 4 or of 1, with where each begins. The last one may begin in the one before.
fn pieces(bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let size = match bytes.len() {
        8.. => 8,
        4.. => 4,
        _ => 1,
    };
    let mut starts: Vec<usize> = (0..bytes.len() / size).map(|n| n * size).collect();
    if !bytes.len().is_multiple_of(size) {
        starts.push(bytes.len() - size);
    }
    let piece = |at: usize| (at as u32, &bytes[at..at + size]);
    starts.into_iter().map(piece).collect()
}

/// `(text, len, room) → text` with the same content and room for `len` bytes, and if it had room before, for twice as
/// many: where it is when it was made last, else elsewhere. The room ends where the arena does.
pub fn make_room(g: &mut Gen<'_>, a: &mut Asm) {
    let (text, len, room) = (0, 1, 2);
    let (result, end) = (a.local(I32), a.local(I32));
    // What grows once may not grow again.
    a.get(len).i32(1).i32_shl().get(len);
    a.get(room).select().u32(TEXT_HEADER).i32_add().set(len);
    a.get(room).i32_eqz().get(room).global(HEAP).i32_ne();
    a.i32_or().if_();
    let alloc = g.helper(Helper::Alloc);
    a.get(len).call(alloc).tee(result);
    a.get(text).get(text).i32_load(0).u32(TEXT_HEADER);
    let copy = g.helper(Helper::Copy);
    a.i32_add().call(copy).get(result).return_();
    a.end();
    a.get(text).get(len).i32_add().tee(end);
    g.ensure(a, end);
    a.get(end);
    g.set_heap(a);
    a.get(text);
}

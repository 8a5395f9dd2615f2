//! Changes of state that merges: the operation is written at the heap as `contract::lattice` reads it, and the host does it; in the same way a part is asked for.

use weir_contract::Type;
use weir_contract::lattice::{Ask, Change, LOOK_KEY, LOOK_PART, Lattice};
use weir_flow::ir::{Reg, SlotId};

use crate::function::Body;
use crate::module::HEAP;
use crate::rt::Helper;
use crate::{row, slots};

/// What is known of an operation between two values.
enum Piece {
    Known(Vec<u8>),
    Value(Reg),
}

pub fn change(
    b: &mut Body<'_, '_>,
    (instance, slot): (Reg, SlotId),
    parts: &[u32],
    change: Change,
    args: &[Reg],
) {
    let entity = b.func.instance_of(instance);
    let lattice = b.g.module.slot(entity, slot).merge.clone();
    let lattice = lattice.expect("verified: the slot merges");
    let pieces = pieces(&lattice, parts, change, args);
    push(b, (instance, slot), &pieces);
    b.a.call(b.g.import("merge_do"));
}

/// A part of what readers see.
pub fn look(
    b: &mut Body<'_, '_>,
    (instance, slot): (Reg, SlotId),
    parts: &[u32],
    ask: Ask,
    args: &[Reg],
    dst: Reg,
) {
    let entity = b.func.instance_of(instance);
    let lattice = b.g.module.slot(entity, slot).merge.clone();
    let lattice = lattice.expect("verified: the slot merges");
    let (pieces, may_miss) = look_pieces(&lattice, parts, ask, args);
    push(b, (instance, slot), &pieces);
    b.a.global(HEAP).call(b.g.import("merge_look"));
    match b.func.value_type(dst).clone() {
        Type::Option(item) if may_miss => {
            let found = b.g.helper(Helper::Optional(*item));
            b.a.call(found);
        }
        ty => {
            let decode = b.g.helper(Helper::Decode(ty));
            slots::arrived(b.g, &mut b.a);
            b.a.call(decode);
        }
    }
}

/// `→ handle, slot, address, length` of what is done or asked.
fn push(b: &mut Body<'_, '_>, (instance, slot): (Reg, SlotId), pieces: &[Piece]) {
    let instance = b.local(instance);
    slots::place_of(&mut b.a, instance, slot);
    if let [Piece::Known(known)] = pieces {
        row::push(b, known, &[]);
    } else {
        let end = row::start(b);
        for piece in pieces {
            match piece {
                Piece::Known(known) => row::add_known(b, end, known),
                Piece::Value(value) => row::add(b, end, *value),
            }
        }
        b.a.global(HEAP).get(end).global(HEAP).i32_sub();
    }
}

/// With whether a key on the way may not be there.
fn look_pieces(mut at: &Lattice, parts: &[u32], ask: Ask, args: &[Reg]) -> (Vec<Piece>, bool) {
    let (keys, sought) = args.split_at(args.len() - usize::from(ask == Ask::Has));
    let (mut parts, mut left) = (parts.iter(), keys.iter());
    let (mut pieces, mut known) = (Vec::new(), Vec::new());
    loop {
        match at {
            Lattice::Record(of) => {
                let Some(part) = parts.next() else { break };
                known.push(LOOK_PART);
                weir_contract::encode::put_varint(&mut known, (*part).into());
                at = &of[*part as usize].lattice;
            }
            Lattice::MergeMap(_, of) => {
                let Some(key) = left.next() else { break };
                known.push(LOOK_KEY);
                pieces.push(Piece::Known(std::mem::take(&mut known)));
                pieces.push(Piece::Value(*key));
                at = of;
            }
            _ => break,
        }
    }
    known.push(ask as u8);
    pieces.push(Piece::Known(known));
    pieces.extend(sought.iter().map(|value| Piece::Value(*value)));
    (pieces, ask == Ask::Value && !keys.is_empty())
}

fn pieces(mut at: &Lattice, parts: &[u32], change: Change, args: &[Reg]) -> Vec<Piece> {
    let (mut parts, mut args) = (parts.iter(), args.iter());
    let (mut pieces, mut known) = (Vec::new(), Vec::new());
    let mut value = |pieces: &mut Vec<Piece>, known: &mut Vec<u8>| {
        if let Some(arg) = args.next() {
            if !known.is_empty() {
                pieces.push(Piece::Known(std::mem::take(known)));
            }
            pieces.push(Piece::Value(*arg));
        }
    };
    loop {
        match at {
            Lattice::Record(of) => {
                let part = *parts.next().expect("verified");
                weir_contract::encode::put_varint(&mut known, part.into());
                at = &of[part as usize].lattice;
            }
            Lattice::MergeMap(_, of) => {
                value(&mut pieces, &mut known);
                at = of;
            }
            _ => {
                known.push(change as u8);
                value(&mut pieces, &mut known);
                if !known.is_empty() {
                    pieces.push(Piece::Known(known));
                }
                return pieces;
            }
        }
    }
}

//! Changes of state that merges: the operation is written at the heap as `contract::lattice` reads it, and the host does it.

use weir_contract::lattice::{Change, Lattice};
use weir_flow::ir::{Reg, SlotId};

use crate::function::Body;
use crate::module::HEAP;
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
    let instance = b.local(instance);
    slots::place_of(&mut b.a, instance, slot);
    if let [Piece::Known(known)] = pieces.as_slice() {
        row::push(b, known, &[]);
    } else {
        let end = row::start(b);
        for piece in &pieces {
            match piece {
                Piece::Known(known) => row::add_known(b, end, known),
                Piece::Value(value) => row::add(b, end, *value),
            }
        }
        b.a.global(HEAP).get(end).global(HEAP).i32_sub();
    }
    b.a.call(b.g.import("merge_do"));
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

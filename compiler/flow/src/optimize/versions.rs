//! Checks of positions are moved in front of loops: a loop that would be safe if a list were long enough is there twice, and
//! which of the two runs is asked once.
//!
//! ```text
//!                                            r7 = list.len r0
//!                                            r8 = le r2, r7
//! b1: r4 = lt r3, r2                         branch r8, b5, b1
//!     branch r4, b2, b3               b1: .. b2: ..                     as it was
//! b2: r5 = list.get r0, r3      =>    b5: r4 = lt r3, r2
//!     ..                                  branch r4, b6, b3
//!     jump b1                         b6: r5 = list.get r0, r3          r3 < r2 <= the length: `facts` sees that
//! ```
//! The loop as it was crashes in the round in which it always did. Guards are guessed from the comparisons of the loop, and what
//! `facts` does not find safe with them is not kept. Only innermost loops that are small, and only as many as are worth it.

use std::collections::BTreeSet;

use weir_contract::Type;

use crate::facts::facts;
use crate::ir::*;
use crate::loops::{Loop, loops};
use crate::ownership::Ownership;

/// Instructions and blocks of the largest loop that is there twice.
const INSTS_MAX: usize = 48;
const BLOCKS_MAX: usize = 10;
/// What is asked in front of one loop, at most.
const GUARDS_MAX: usize = 4;
/// Loops of one function that are there twice, at most; and blocks of a function that is looked at.
const LOOPS_MAX: usize = 8;
const FUNC_BLOCKS_MAX: usize = 300;

/// The function with such loops, if it has any.
pub fn versions(module: &Module, func: &Func) -> Option<Func> {
    let reads = |inst: &Inst| position(&inst.op).is_some();
    if func.blocks.len() > FUNC_BLOCKS_MAX || !func.blocks.iter().flat_map(|b| &b.insts).any(reads)
    {
        return None;
    }
    let all = loops(func);
    let innermost = |each: &&Loop| {
        let inside = |other: &Loop| each.blocks.binary_search(&other.head).is_ok();
        all.iter().filter(|other| inside(other)).count() == 1
    };
    let (mut new, mut done) = (None, 0);
    // Blocks keep their numbers, so the loops stay what they are.
    for each in all.iter().filter(innermost) {
        if done < LOOPS_MAX
            && let Some(better) = twice(module, new.as_ref().unwrap_or(func), each)
        {
            new = Some(better);
            done += 1;
        }
    }
    new
}

/// The list and the position that an operation checks.
fn position(op: &Op) -> Option<(Reg, Reg)> {
    match op {
        Op::ListGet(list, at) | Op::ListSet(list, at, _) | Op::ListSetField(list, at, ..) => {
            Some((*list, *at))
        }
        _ => None,
    }
}

/// Checks that may fail, in the blocks.
fn unsafe_positions(module: &Module, func: &Func, blocks: &[BlockId]) -> Vec<(Reg, Reg)> {
    let facts = facts(module, func, &Ownership::default());
    let mut found = Vec::new();
    for block in blocks {
        for (at, inst) in func.block(*block).insts.iter().enumerate() {
            if let Some(position) = position(&inst.op)
                && !facts.is_safe((*block, at))
            {
                found.push(position);
            }
        }
    }
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Guard {
    /// The number and so many more are at most the length of the list.
    Within(Reg, Reg, i64),
    NotNegative(Reg),
}

/// The function with the loop twice, if that makes some of its checks needless.
fn twice(module: &Module, func: &Func, each: &Loop) -> Option<Func> {
    let size: usize = (each.blocks.iter())
        .map(|b| func.block(*b).insts.len())
        .sum();
    if size > INSTS_MAX || each.blocks.len() > BLOCKS_MAX {
        return None;
    }
    let before = unsafe_positions(module, func, &each.blocks);
    if before.is_empty() {
        return None;
    }
    let guards = guards(module, func, each, &before);
    if guards.is_empty() || guards.len() > GUARDS_MAX {
        return None;
    }
    let (better, copy) = with_copy(func, each, &guards);
    let left = unsafe_positions(module, &better, &copy);
    // One that is left in each round makes the others matter less.
    (left.len() * 2 <= before.len()).then_some(better)
}

/// What to ask so that the positions are safe, as far as that can be guessed.
fn guards(module: &Module, func: &Func, each: &Loop, unsafe_at: &[(Reg, Reg)]) -> BTreeSet<Guard> {
    let insts = || each.blocks.iter().flat_map(|b| &func.block(*b).insts);
    let is_int = |r: Reg| *module.defs.base(func.value_type(r)) == Type::Int;
    let writes = |r: Reg| insts().filter(move |inst| inst.dst == Some(r));
    let stays = |r: Reg| writes(r).next().is_none();
    // Only ever made smaller, or not written.
    let falls = |r: Reg| {
        writes(r).all(|inst| matches!(inst.op, Op::Arith(ArithOp::Sub, from, _) if from == r))
    };
    // The bounds that a register is less than, or at most.
    let bounds = |r: Reg| {
        let bound = move |inst: &Inst| match inst.op {
            Op::Compare(op, x, y) if is_int(x) => match op {
                CompareOp::Lt | CompareOp::Ge if x == r => Some(y),
                CompareOp::Gt | CompareOp::Le if y == r => Some(x),
                _ => None,
            },
            _ => None,
        };
        insts().filter_map(bound).filter(|bound| falls(*bound))
    };
    let constant = |r: Reg| {
        let all = func.blocks.iter().flat_map(|block| &block.insts);
        let mut values = all
            .filter(|inst| inst.dst == Some(r))
            .map(|inst| match inst.op {
                Op::Const(Literal::Int(n)) => Some(n),
                _ => None,
            });
        let first = values.next()??;
        values.all(|value| value == Some(first)).then_some(first)
    };
    let mut found = BTreeSet::new();
    for (list, at) in unsafe_at {
        let keeps_length = |inst: &Inst| matches!(inst.op, Op::ListSet(from, ..) | Op::ListSetField(from, ..) if from == *list);
        if !writes(*list).all(keeps_length) {
            continue;
        }
        if stays(*at) {
            found.insert(Guard::NotNegative(*at));
            found.insert(Guard::Within(*at, *list, 1));
            continue;
        }
        if falls(*at) {
            found.insert(Guard::Within(*at, *list, 1));
            continue;
        }
        found.extend(bounds(*at).map(|bound| Guard::Within(bound, *list, 0)));
        for inst in writes(*at) {
            let (from, more) = match inst.op {
                Op::Arith(ArithOp::Add, from, by) if from != *at => (from, constant(by)),
                Op::Arith(ArithOp::Sub, from, _) if from != *at => (from, Some(0)),
                _ => continue,
            };
            // A step that `facts` can follow.
            if let Some(more @ 0..=2) = more {
                found.extend(bounds(from).map(|bound| Guard::Within(bound, *list, more)));
            }
        }
    }
    found
}

/// The function with the loop once more, for when all guards hold; and the blocks of the copy.
fn with_copy(func: &Func, each: &Loop, guards: &BTreeSet<Guard>) -> (Func, Vec<BlockId>) {
    let mut new = func.clone();
    let first_guard = new.blocks.len() as u32;
    let head = func.block(each.head);
    let site = head.insts.first().map_or(head.site, |inst| inst.site);
    let mut reg = |ty| {
        new.regs.push(RegInfo {
            ty: RegType::Value(ty),
            name: None,
        });
        Reg(new.regs.len() as u32 - 1)
    };
    let mut blocks = Vec::new();
    for (number, guard) in guards.iter().enumerate() {
        let mut insts = Vec::new();
        let mut inst = |dst: Reg, op: Op| {
            insts.push(Inst {
                dst: Some(dst),
                op,
                site,
            });
            dst
        };
        let on = reg(Type::Bool);
        match *guard {
            Guard::NotNegative(number) => {
                let zero = inst(reg(Type::Int), Op::Const(Literal::Int(0)));
                inst(on, Op::Compare(CompareOp::Ge, number, zero));
            }
            Guard::Within(number, list, more) => {
                let mut most = inst(reg(Type::Int), Op::ListLen(list));
                if more > 0 {
                    let more = inst(reg(Type::Int), Op::Const(Literal::Int(more)));
                    most = inst(reg(Type::Int), Op::Arith(ArithOp::Sub, most, more));
                }
                inst(on, Op::Compare(CompareOp::Le, number, most));
            }
        }
        let next = BlockId(first_guard + number as u32 + 1);
        blocks.push(Block {
            insts,
            term: Term::Branch(on, next, each.head),
            site,
        });
    }
    // The way into the copy, so that only the last guard leads there.
    let way_in = first_guard + guards.len() as u32;
    let place = |block: BlockId| {
        let at = each.blocks.binary_search(&block).ok()?;
        Some(BlockId(way_in + 1 + at as u32))
    };
    blocks.push(Block {
        insts: Vec::new(),
        term: Term::Jump(place(each.head).expect("the head is in its loop")),
        site,
    });
    for block in &each.blocks {
        let mut copy = func.block(*block).clone();
        copy.term
            .for_each_successor_mut(|to| *to = place(*to).unwrap_or(*to));
        blocks.push(copy);
    }
    for (number, block) in new.blocks.iter_mut().enumerate() {
        if each.blocks.binary_search(&BlockId(number as u32)).is_err() {
            block.term.for_each_successor_mut(|to| {
                if *to == each.head {
                    *to = BlockId(first_guard);
                }
            });
        }
    }
    new.blocks.extend(blocks);
    let copy = each.blocks.iter().filter_map(|block| place(*block));
    let copy = copy.collect();
    (new, copy)
}

//! Cleans up after lowering: results go straight to where they are copied, what nobody reads is not computed,
//! jumps to jumps and blocks nothing reaches disappear. What a function does, reads and writes stays the same.

mod forward;

use crate::dataflow::RegSet;
use crate::ir::*;
use crate::liveness::live_out;

pub fn simplify(func: &mut Func) {
    skip_empty_blocks(func);
    remove_unreachable(func);
    merge_chains(func);
    forward::loads(func);
    loop {
        let before = size(func);
        retarget_copies(func);
        propagate_parameters(func);
        remove_dead(func);
        if size(func) == before {
            break;
        }
    }
    remove_unused_registers(func);
}

fn size(func: &Func) -> usize {
    func.blocks.iter().map(|b| b.insts.len()).sum()
}

/// A jump to an empty block that only jumps on goes there at once.
fn skip_empty_blocks(func: &mut Func) {
    let onward: Vec<Option<BlockId>> = func
        .blocks
        .iter()
        .map(|b| match b.term {
            Term::Jump(to) if b.insts.is_empty() => Some(to),
            _ => None,
        })
        .collect();
    let goal = |mut b: BlockId| {
        // Empty loops exist (`while true {}`), so the walk is bounded.
        for _ in 0..onward.len() {
            match onward[b.0 as usize] {
                Some(next) if next.0 != 0 => b = next,
                _ => break,
            }
        }
        b
    };
    for block in &mut func.blocks {
        block.term.for_each_successor_mut(|b| *b = goal(*b));
    }
}

/// Keeps the blocks the first one leads to, in the order a reader would follow.
pub fn remove_unreachable(func: &mut Func) {
    let mut number: Vec<Option<u32>> = vec![None; func.blocks.len()];
    let mut order = Vec::new();
    let mut open = vec![BlockId(0)];
    while let Some(b) = open.pop() {
        if number[b.0 as usize].is_some() {
            continue;
        }
        number[b.0 as usize] = Some(order.len() as u32);
        order.push(b);
        let mut next = Vec::new();
        func.block(b).term.for_each_successor(|s| next.push(s));
        open.extend(next.into_iter().rev());
    }
    let mut old: Vec<Option<Block>> = std::mem::take(&mut func.blocks)
        .into_iter()
        .map(Some)
        .collect();
    for b in order {
        let mut block = old[b.0 as usize].take().expect("each block once");
        block
            .term
            .for_each_successor_mut(|t| t.0 = number[t.0 as usize].expect("reached"));
        func.blocks.push(block);
    }
}

/// A block that is the only way into the next takes it in.
fn merge_chains(func: &mut Func) {
    let mut ways_in = vec![0; func.blocks.len()];
    for block in &func.blocks {
        block
            .term
            .for_each_successor(|b| ways_in[b.0 as usize] += 1);
    }
    for i in 0..func.blocks.len() {
        while let Term::Jump(next) = func.blocks[i].term {
            let n = next.0 as usize;
            if ways_in[n] != 1 || n == i || n == 0 {
                break;
            }
            let unreachable = Term::Crash {
                reason: weir_contract::CrashReason::Unreachable,
                detail: None,
            };
            let taken = std::mem::replace(&mut func.blocks[n].term, unreachable);
            let insts = std::mem::take(&mut func.blocks[n].insts);
            let site = func.blocks[n].site;
            ways_in[n] = 0;
            let block = &mut func.blocks[i];
            block.insts.extend(insts);
            block.term = taken;
            block.site = site;
        }
    }
    remove_unreachable(func);
}

/// `t = op; x = copy t` with `t` read nowhere else becomes `x = op`.
fn retarget_copies(func: &mut Func) {
    let mut reads = vec![0; func.regs.len()];
    let mut writes = vec![0; func.regs.len()];
    for block in &func.blocks {
        for inst in &block.insts {
            inst.op.for_each_use(|r| reads[r.0 as usize] += 1);
            if let Some(dst) = inst.dst {
                writes[dst.0 as usize] += 1;
            }
        }
        block.term.for_each_use(|r| reads[r.0 as usize] += 1);
    }
    for block in &mut func.blocks {
        let mut i = 0;
        while i + 1 < block.insts.len() {
            if let (Some(temp), Op::Copy(from), Some(to)) = (
                block.insts[i].dst,
                &block.insts[i + 1].op,
                block.insts[i + 1].dst,
            ) && *from == temp
                && reads[temp.0 as usize] == 1
                && writes[temp.0 as usize] == 1
                && temp.0 >= func.params
            {
                block.insts[i].dst = Some(to);
                block.insts.remove(i + 1);
            } else {
                i += 1;
            }
        }
    }
}

/// A variable that is only ever a copy of a parameter nobody assigns is that parameter.
fn propagate_parameters(func: &mut Func) {
    let mut writes = vec![0; func.regs.len()];
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        if let Some(dst) = inst.dst {
            writes[dst.0 as usize] += 1;
        }
    }
    let mut is = Vec::from_iter((0..func.regs.len() as u32).map(Reg));
    for inst in func.blocks.iter().flat_map(|b| &b.insts) {
        if let (Some(dst), Op::Copy(from)) = (inst.dst, &inst.op)
            && from.0 < func.params
            && writes[from.0 as usize] == 0
            && writes[dst.0 as usize] == 1
            && dst.0 >= func.params
        {
            is[dst.0 as usize] = *from;
        }
    }
    let rename = |r: &mut Reg| *r = is[r.0 as usize];
    for block in &mut func.blocks {
        for inst in &mut block.insts {
            inst.op.for_each_use_mut(rename);
        }
        block.term.for_each_use_mut(rename);
    }
}

/// Whether an operation may be left out when nobody reads its result. Reading state changes nothing, so it may.
fn can_vanish(op: &Op) -> bool {
    match op {
        Op::Arith(..)
        | Op::Neg(_)
        | Op::ListGet(..)
        | Op::ListSet(..)
        | Op::ListSetField(..)
        | Op::ListInsert(..)
        | Op::ListRemove(..)
        | Op::ListSlotGet(..)
        | Op::Lib(..)
        | Op::Pure(..)
        | Op::Call(..)
        | Op::TxEnter
        | Op::TxLeave => false,
        op => op.effect() < Effect::Write,
    }
}

fn remove_dead(func: &mut Func) {
    let outs: Vec<RegSet> = live_out(func);
    for (block, mut live) in func.blocks.iter_mut().zip(outs) {
        block.term.for_each_use(|r| {
            live.insert(r);
        });
        let mut kept = Vec::new();
        for inst in std::mem::take(&mut block.insts).into_iter().rev() {
            let read = inst.dst.is_none_or(|dst| live.contains(dst));
            if !read && can_vanish(&inst.op) {
                continue;
            }
            if let Some(dst) = inst.dst {
                live.remove(dst);
            }
            inst.op.for_each_use(|r| {
                live.insert(r);
            });
            kept.push(inst);
        }
        kept.reverse();
        block.insts = kept;
    }
}

/// Numbers the registers that are left without gaps.
fn remove_unused_registers(func: &mut Func) {
    let mut used = RegSet::empty(func.regs.len());
    (0..func.params).for_each(|r| {
        used.insert(Reg(r));
    });
    for block in &func.blocks {
        for inst in &block.insts {
            inst.op.for_each_use(|r| {
                used.insert(r);
            });
            inst.dst.iter().for_each(|r| {
                used.insert(*r);
            });
        }
        block.term.for_each_use(|r| {
            used.insert(r);
        });
    }
    let mut number = vec![Reg(0); func.regs.len()];
    let mut regs = Vec::new();
    for (i, info) in std::mem::take(&mut func.regs).into_iter().enumerate() {
        if used.contains(Reg(i as u32)) {
            number[i] = Reg(regs.len() as u32);
            regs.push(info);
        }
    }
    func.regs = regs;
    let rename = |r: &mut Reg| *r = number[r.0 as usize];
    for block in &mut func.blocks {
        for inst in &mut block.insts {
            inst.op.for_each_use_mut(rename);
            inst.dst.iter_mut().for_each(rename);
        }
        block.term.for_each_use_mut(rename);
    }
}

#[cfg(test)]
mod tests;

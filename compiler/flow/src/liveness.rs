//! Which registers still matter: backward, a register is live where some path reads it before writing it.

use crate::dataflow::{Direction, Problem, RegSet, solve};
use crate::ir::{BlockId, Func};

/// For each block the registers live at its end.
pub fn live_out(func: &Func) -> Vec<RegSet> {
    solve(func, &Liveness)
}

/// For each block the registers live at its start.
pub fn live_in(func: &Func) -> Vec<RegSet> {
    let mut states = live_out(func);
    for (i, state) in states.iter_mut().enumerate() {
        Liveness.transfer(func, BlockId(i as u32), state);
    }
    states
}

struct Liveness;

impl Problem for Liveness {
    type State = RegSet;
    const DIRECTION: Direction = Direction::Backward;

    fn boundary(&self, func: &Func) -> RegSet {
        RegSet::empty(func.regs.len())
    }

    fn start(&self, func: &Func) -> RegSet {
        RegSet::empty(func.regs.len())
    }

    fn join(&self, into: &mut RegSet, from: &RegSet) {
        into.union(from);
    }

    fn transfer(&self, func: &Func, block: BlockId, live: &mut RegSet) {
        let block = func.block(block);
        block.term.for_each_use(|reg| {
            live.insert(reg);
        });
        for inst in block.insts.iter().rev() {
            if let Some(dst) = inst.dst {
                live.remove(dst);
            }
            inst.op.for_each_use(|reg| {
                live.insert(reg);
            });
        }
    }
}

#[cfg(test)]
mod tests;

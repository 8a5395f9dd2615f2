//! Every register is written on all paths before it is read.

use crate::dataflow::{Direction, Problem, RegSet, solve};
use crate::ir::{BlockId, Func, Reg};

pub fn verify(func: &Func, problems: &mut Vec<String>) {
    for (i, mut defined) in solve(func, &Defined).into_iter().enumerate() {
        let block = &func.blocks[i];
        let mut check = |defined: &RegSet, reg: Reg| {
            if !defined.contains(reg) {
                problems.push(format!(
                    "@{} b{i}: r{} may be read before it is written",
                    func.name, reg.0
                ));
            }
        };
        for inst in &block.insts {
            inst.op.for_each_use(|reg| check(&defined, reg));
            if let Some(dst) = inst.dst {
                defined.insert(dst);
            }
        }
        block.term.for_each_use(|reg| check(&defined, reg));
    }
}

struct Defined;

impl Problem for Defined {
    type State = RegSet;
    const DIRECTION: Direction = Direction::Forward;

    fn boundary(&self, func: &Func) -> RegSet {
        let mut set = RegSet::empty(func.regs.len());
        for r in 0..func.params {
            set.insert(Reg(r));
        }
        set
    }

    fn start(&self, func: &Func) -> RegSet {
        RegSet::full(func.regs.len())
    }

    fn join(&self, into: &mut RegSet, from: &RegSet) {
        into.intersect(from);
    }

    fn transfer(&self, func: &Func, block: BlockId, state: &mut RegSet) {
        for inst in &func.block(block).insts {
            if let Some(dst) = inst.dst {
                state.insert(dst);
            }
        }
    }
}

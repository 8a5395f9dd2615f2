//! Drops rollbacks that undo nothing: on the way from the savepoint to there nothing can have been written. A handler whose
//! `require`s come first then needs no savepoint at all.
//!
//! Forward dataflow: the savepoints since which a write may have happened.

use crate::dataflow::{Direction, Problem, RegSet, solve};
use crate::ir::*;

/// `effects` are those of [`crate::call_graph::effects`].
pub fn drop_idle_rollbacks(func: &mut Func, effects: &[Effect]) {
    let savepoints: Vec<Reg> = func
        .blocks
        .iter()
        .flat_map(|b| &b.insts)
        .filter_map(|i| if i.op == Op::Savepoint { i.dst } else { None })
        .collect();
    if savepoints.is_empty() {
        return;
    }
    let problem = Written {
        savepoints,
        effects,
    };
    let states = solve(func, &problem);
    for (block, mut written) in func.blocks.iter_mut().zip(states) {
        block.insts.retain(|inst| {
            let idle = matches!(inst.op, Op::Rollback(mark) if !written.contains(mark));
            problem.step(inst, &mut written);
            !idle
        });
    }
}

struct Written<'a> {
    savepoints: Vec<Reg>,
    effects: &'a [Effect],
}

impl Written<'_> {
    fn step(&self, inst: &Inst, written: &mut RegSet) {
        let writes = match &inst.op {
            // What it undoes is gone, but older savepoints may still have something to undo.
            Op::Rollback(_) => false,
            Op::Call(callee, _) => self.effects[callee.0 as usize] == Effect::Write,
            op => op.effect() == Effect::Write,
        };
        if writes {
            self.savepoints.iter().for_each(|mark| {
                written.insert(*mark);
            });
        }
        if let (Op::Savepoint, Some(mark)) = (&inst.op, inst.dst) {
            written.remove(mark);
        }
    }
}

impl Problem for Written<'_> {
    type State = RegSet;
    const DIRECTION: Direction = Direction::Forward;

    fn boundary(&self, func: &Func) -> RegSet {
        RegSet::empty(func.regs.len())
    }

    fn start(&self, func: &Func) -> RegSet {
        RegSet::empty(func.regs.len())
    }

    fn join(&self, into: &mut RegSet, from: &RegSet) {
        into.union(from);
    }

    fn transfer(&self, func: &Func, block: BlockId, written: &mut RegSet) {
        for inst in &func.block(block).insts {
            self.step(inst, written);
        }
    }
}

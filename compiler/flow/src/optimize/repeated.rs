//! What has been computed and is still at hand is not computed again.
//!
//! ```text
//!   r3 = call @byte, (r0, r1)            r3 = call @byte, (r0, r1)
//!   ..                                   ..
//!   r5 = call @byte, (r0, r1)     =>     r5 = copy r3
//! ```
//! Forward, over available expressions (Cocke, "Global Common Subexpression Elimination", 1970), where neither the operands nor
//! the result have been written since, on all paths. Only what costs something and gives a number: an address that lives longer
//! would get a second owner. What a machine does in one instruction, the engine itself finds again.
//!
//! Runs in front of `inline`, when a function that is called twice is still seen to be one, and once more behind it.

use weir_contract::Defs;

use crate::call_graph::callees_first;
use crate::dataflow::{Direction, Problem, solve};
use crate::host_calls;
use crate::ir::*;
use crate::release::is_number;

/// Of a function with more blocks nothing is worked out: each of them has a state of its own.
const BLOCKS_MAX: usize = 2_000;

/// By function: whether it gives the same for the same arguments, whenever it is called within a step, and does nothing else.
pub fn steady(module: &Module) -> Vec<bool> {
    let mut steady = vec![false; module.funcs.len()];
    for group in callees_first(module) {
        // Functions that call each other are, if nothing else in them is against it.
        group.iter().for_each(|id| steady[id.0 as usize] = true);
        let all = group.iter().all(|id| is_steady(module.func(*id), &steady));
        group.iter().for_each(|id| steady[id.0 as usize] = all);
    }
    steady
}

fn is_steady(func: &Func, steady: &[bool]) -> bool {
    let ends = |block: &Block| match block.term {
        Term::Suspend { .. } => false,
        Term::TailCall(callee, _) => steady[callee.0 as usize],
        _ => true,
    };
    let does = |inst: &Inst| match &inst.op {
        Op::Call(callee, _) => steady[callee.0 as usize],
        Op::Lib(name, _) => !host_calls::is_one(name),
        Op::Pure(..)
        | Op::Open(..)
        | Op::Savepoint
        | Op::TxEnter
        | Op::TxLeave
        | Op::Suspend(..)
        | Op::Suspended => false,
        op => op.effect() == Effect::Pure,
    };
    func.blocks.iter().all(ends) && func.blocks.iter().flat_map(|block| &block.insts).all(does)
}

/// `steady`: of the functions that are called, as [`steady`] says.
pub fn repeated(defs: &Defs, func: &mut Func, steady: &[bool]) {
    if func.blocks.len() > BLOCKS_MAX {
        return;
    }
    let mut found: Vec<(Op, usize)> = Vec::new();
    for inst in func.blocks.iter().flat_map(|block| &block.insts) {
        if is_worth_it(defs, func, inst, steady) {
            match found.iter_mut().find(|(op, _)| *op == inst.op) {
                Some((_, times)) => *times += 1,
                None => found.push((inst.op.clone(), 1)),
            }
        }
    }
    found.retain(|(_, times)| *times > 1);
    if found.is_empty() {
        return;
    }
    let known = Known {
        ops: found.into_iter().map(|(op, _)| op).collect(),
    };
    for (number, state) in solve(func, &known).into_iter().enumerate() {
        // What no path reaches stays as it is.
        let Some(mut state) = state else { continue };
        for inst in &mut func.blocks[number].insts {
            let held = known.place(&inst.op).and_then(|at| state[at]);
            known.pass(inst, &mut state);
            if let Some(held) = held {
                inst.op = Op::Copy(held);
            }
        }
    }
}

fn is_worth_it(defs: &Defs, func: &Func, inst: &Inst, steady: &[bool]) -> bool {
    let is_number = |r: Reg| match func.reg_type(r) {
        RegType::Value(ty) => is_number(defs, ty),
        RegType::Instance(_) => false,
    };
    inst.dst.is_some_and(is_number)
        && match &inst.op {
            Op::Call(callee, _) => steady[callee.0 as usize],
            Op::Lib(name, _) => !host_calls::is_one(name),
            Op::Compare(_, x, _) => !is_number(*x),
            Op::ByteAt(..) | Op::BytesPlain(_) | Op::MapFind(..) | Op::MapLen(_) => true,
            Op::SetHas(..) | Op::SetLen(_) => true,
            _ => false,
        }
}

struct Known {
    /// What is there more than once.
    ops: Vec<Op>,
}

/// By operation: the register that holds its result.
type Held = Vec<Option<Reg>>;

impl Known {
    fn place(&self, op: &Op) -> Option<usize> {
        self.ops.iter().position(|known| known == op)
    }

    fn pass(&self, inst: &Inst, state: &mut Held) {
        let Some(dst) = inst.dst else { return };
        let before = self.place(&inst.op).map(|at| (at, state[at]));
        for (op, held) in self.ops.iter().zip(state.iter_mut()) {
            let mut gone = *held == Some(dst);
            op.for_each_use(|r| gone |= r == dst);
            if gone {
                *held = None;
            }
        }
        if let Some((at, held)) = before {
            let mut uses_itself = false;
            self.ops[at].for_each_use(|r| uses_itself |= r == dst);
            if !uses_itself {
                // The first that held it goes on: what is a copy of it may be written sooner.
                state[at] = held.filter(|held| *held != dst).or(Some(dst));
            }
        }
    }
}

impl Problem for Known {
    /// `None`: no path has arrived yet.
    type State = Option<Held>;
    const DIRECTION: Direction = Direction::Forward;

    fn boundary(&self, _: &Func) -> Option<Held> {
        Some(vec![None; self.ops.len()])
    }

    fn start(&self, _: &Func) -> Option<Held> {
        None
    }

    fn join(&self, into: &mut Option<Held>, from: &Option<Held>) {
        match (into.as_mut(), from) {
            (_, None) => {}
            (None, Some(_)) => *into = from.clone(),
            (Some(into), Some(from)) => {
                for (held, other) in into.iter_mut().zip(from) {
                    if held != other {
                        *held = None;
                    }
                }
            }
        }
    }

    fn transfer(&self, func: &Func, block: BlockId, state: &mut Option<Held>) {
        let Some(state) = state else { return };
        let insts = &func.block(block).insts;
        insts.iter().for_each(|inst| self.pass(inst, state));
    }
}

//! Fields that are only raised or only lowered: `if x > peak { peak = x }`. The greatest of all values is the same in any order.
//!
//! ```text
//! b0:
//!   r2 = load r0, .peak
//!   r3 = gt r1, r2
//!   branch r3, b1, b2
//! b1:                          nothing else, so nothing else depends on what was there
//!   store r0, .peak, r1
//!   jump b2
//! ```

use weir_contract::Type;
use weir_contract::receipt::Joins;

use crate::ir::*;

/// The read that a write which raises or lowers is decided by. `only` gives the one instruction that sets a register, `uses` how
/// often each is read.
pub fn of<'f>(
    func: &'f Func,
    store: &'f Inst,
    only: &dyn Fn(Reg) -> Option<&'f Inst>,
    uses: &[u32],
) -> Option<(&'f Inst, Joins)> {
    let Op::Store(instance, slot, value) = &store.op else {
        return None;
    };
    // Not a number is neither more nor less than any.
    let is_exact = matches!(func.reg_type(*value), RegType::Value(ty) if *ty != Type::Float);
    let within = |block: &&Block| block.insts.iter().any(|inst| std::ptr::eq(inst, store));
    let at = func.blocks.iter().position(|block| within(&block))?;
    let here = BlockId(at as u32);
    let block = &func.blocks[at];
    let Term::Jump(behind) = block.term else {
        return None;
    };
    let others = block
        .insts
        .iter()
        .filter(|inst| !std::ptr::eq(*inst, store));
    if !is_exact || !others.into_iter().all(|inst| says_nothing(func, inst)) {
        return None;
    }
    let mut from = func.blocks.iter().filter(|block| leads_to(block, here) > 0);
    let (Some(before), None) = (from.next(), from.next()) else {
        return None;
    };
    let Term::Branch(cond, yes, no) = before.term else {
        return None;
    };
    let otherwise = if yes == here { no } else { yes };
    let is_plain = |id: BlockId| {
        let block = &func.blocks[id.0 as usize];
        let silent = block.insts.iter().all(|inst| says_nothing(func, inst));
        silent && matches!(block.term, Term::Jump(to) if to == behind)
    };
    if yes == no || (otherwise != behind && !is_plain(otherwise)) {
        return None;
    }
    let once = |reg: Reg| uses[reg.0 as usize] == 1;
    let compared = only(cond).filter(|_| once(cond))?;
    let Op::Compare(op, a, b) = compared.op else {
        return None;
    };
    let load = |reg: Reg| {
        let found = only(reg).filter(|_| once(reg))?;
        matches!(found.op, Op::Load(i, s) if i == *instance && s == *slot).then_some(found)
    };
    let (read, is_left) = match (load(a), load(b)) {
        (Some(read), None) if b == *value => (read, true),
        (None, Some(read)) if a == *value => (read, false),
        _ => return None,
    };
    let is_less = match op {
        CompareOp::Lt | CompareOp::Le => true,
        CompareOp::Gt | CompareOp::Ge => false,
        CompareOp::Eq | CompareOp::Ne => return None,
    };
    // What is stored is more than what was there: the old value is the lesser of the two.
    let raises = (is_less == is_left) == (yes == here);
    Some((read, if raises { Joins::Max } else { Joins::Min }))
}

/// Whether an instruction only makes a unit.
fn says_nothing(func: &Func, inst: &Inst) -> bool {
    let is_unit = inst
        .dst
        .is_some_and(|dst| *func.reg_type(dst) == RegType::Value(Type::Unit));
    is_unit && matches!(inst.op, Op::Const(_) | Op::Copy(_))
}

fn leads_to(block: &Block, to: BlockId) -> usize {
    let mut count = 0;
    block
        .term
        .for_each_successor(|next| count += usize::from(next == to));
    count
}

//! A text that is made only to become part of another is made there, and so is the text of a number.
//!
//! ```text
//!   r3 = show r2
//!   r4 = text.concat (r1, r3)
//!   r0 = text.concat (r0, r4)    =>    r0 = text.concat (r0, r1, r2)
//! ```

use weir_contract::{Defs, Type};

use crate::ir::*;

pub fn join(defs: &Defs, func: &mut Func) {
    let mut reads = vec![0; func.regs.len()];
    let mut writes = vec![0; func.regs.len()];
    for block in &func.blocks {
        for inst in &block.insts {
            inst.op.for_each_use(|r| reads[r.0 as usize] += 1);
            inst.dst.iter().for_each(|r| writes[r.0 as usize] += 1);
        }
        block.term.for_each_use(|r| reads[r.0 as usize] += 1);
    }
    for block in &mut func.blocks {
        let mut at = 0;
        while at < block.insts.len() {
            let passing = |r: &Reg| reads[r.0 as usize] == 1 && writes[r.0 as usize] == 1;
            let parts = match &block.insts[at].op {
                Op::TextConcat(parts) if parts.len() > 1 => parts.clone(),
                Op::Show(number) if is_written_there(defs, &func.regs, *number) => vec![*number],
                _ => Vec::new(),
            };
            let text = block.insts[at].dst.filter(passing);
            match text.filter(|_| !parts.is_empty()) {
                Some(text) if put_in(&mut block.insts[at + 1..], text, &parts) => {
                    block.insts.remove(at);
                }
                _ => at += 1,
            }
        }
    }
}

/// Whether the text of such a value is written where it is joined to others.
fn is_written_there(defs: &Defs, regs: &[RegInfo], value: Reg) -> bool {
    match &regs[value.0 as usize].ty {
        RegType::Value(ty) => matches!(defs.base(ty), Type::Int | Type::Bool),
        RegType::Instance(_) => false,
    }
}

/// Puts the parts where the text is read, unless one of them is another by then.
fn put_in(insts: &mut [Inst], text: Reg, parts: &[Reg]) -> bool {
    for inst in insts {
        if let Op::TextConcat(all) = &mut inst.op
            && let Some(place) = all.iter().position(|r| *r == text)
        {
            all.splice(place..=place, parts.iter().copied());
            return true;
        }
        let mut read = false;
        inst.op.for_each_use(|r| read |= r == text);
        if read || inst.dst.is_some_and(|dst| parts.contains(&dst)) {
            return false;
        }
    }
    false
}

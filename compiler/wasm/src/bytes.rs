//! Reading a byte and asking at once whether it was there, which is one comparison and not two.
//!
//! ```text
//!   r3 = bytes.at r0, r1
//!   r4 = const 0                 is r1 in range?
//!   r5 = lt r3, r4        =>     some: r3 = the byte
//!   branch r5, none, some        none: r3 = -1
//! ```

use weir_flow::ir::{Block, CompareOp, Func, Inst, Op, Reg, Term};

use crate::function::Body;
use crate::layout::TEXT_HEADER;

/// A block that ends so.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Where in the block the byte is read.
    pub at: usize,
    byte: Reg,
    bytes: Reg,
    position: Reg,
}

/// How often each register is read.
pub fn reads(func: &Func) -> Vec<u32> {
    let mut reads = vec![0; func.regs.len()];
    let mut read = |r: Reg| reads[r.0 as usize] += 1;
    for block in &func.blocks {
        block
            .insts
            .iter()
            .for_each(|i| i.op.for_each_use(&mut read));
        block.term.for_each_use(&mut read);
    }
    reads
}

/// Whether the block ends with the question if a byte was there, and nothing else reads the answer. The question is its last
/// instruction then.
pub fn asked(b: &Body<'_, '_>, block: &Block) -> Option<Asked> {
    let Term::Branch(on, ..) = block.term else {
        return None;
    };
    let (last, before) = block.insts.split_last()?;
    let byte = match last.op {
        Op::Compare(CompareOp::Lt, byte, zero) if b.facts.constant(zero) == Some(0) => byte,
        _ => return None,
    };
    if last.dst != Some(on) || b.reads[on.0 as usize] != 1 {
        return None;
    }
    let (at, read) = (before.iter().enumerate().rev()).find(|(_, inst)| inst.dst == Some(byte))?;
    let Op::ByteAt(bytes, position) = read.op else {
        return None;
    };
    let stays = |inst: &Inst| {
        matches!(inst.op, Op::Const(_)) && inst.dst != Some(bytes) && inst.dst != Some(position)
    };
    before[at + 1..].iter().all(stays).then_some(Asked {
        at,
        byte,
        bytes,
        position,
    })
}

/// `→ 0 or 1`: whether the byte is there.
pub fn is_there(b: &mut Body<'_, '_>, asked: Asked) {
    b.get(asked.position);
    b.get(asked.bytes);
    // Unsigned, so that negative positions are too big.
    b.a.i32_load(0).i64_extend_i32_u().i64_lt_u();
}

/// The byte, where it is there or not.
pub fn set(b: &mut Body<'_, '_>, asked: Asked, is_there: bool) {
    let local = b.local(asked.byte);
    if is_there {
        b.get(asked.bytes);
        b.get(asked.position);
        b.a.i32_wrap_i64().i32_add().i64_load8_u(TEXT_HEADER);
    } else {
        b.a.i64(-1);
    }
    b.a.set(local);
}

//! Reading a byte gives an option, and most programs take it apart at once. The option is made here, where that can be seen.
//!
//! ```text
//!   r2 = lib "bytes.get", (r0, r1)    =>    r3 = bytes.at r0, r1          -1 outside
//!   ..                                      r4 = lt r3, 0
//!                                           branch r4, none, some
//!                                         none: r2 = variant 0, ()        jump on
//!                                         some: r2 = variant 1, (r3)      jump on
//! ```

use weir_contract::Type;

use crate::ir::*;

pub fn options(func: &mut Func) {
    let mut number = 0;
    while number < func.blocks.len() {
        let insts = &func.blocks[number].insts;
        let read = insts.iter().position(|inst| {
            inst.dst.is_some() && matches!(&inst.op, Op::Lib(name, _) if name == "bytes.get")
        });
        match read {
            Some(at) => open(func, number, at),
            None => number += 1,
        }
    }
}

fn open(func: &mut Func, number: usize, at: usize) {
    let mut reg = |ty| {
        func.regs.push(RegInfo {
            ty: RegType::Value(ty),
            name: None,
        });
        Reg(func.regs.len() as u32 - 1)
    };
    let (byte, zero, outside) = (reg(Type::Int), reg(Type::Int), reg(Type::Bool));
    let (none, some) = (func.blocks.len() as u32, func.blocks.len() as u32 + 1);
    let (none, some, on) = (BlockId(none), BlockId(some), BlockId(some + 1));
    let block = &mut func.blocks[number];
    let behind = block.insts.split_off(at + 1);
    let read = block.insts.pop().expect("it is there");
    let Op::Lib(_, args) = read.op else {
        unreachable!("it is a library function")
    };
    let inst = |dst, op| Inst {
        dst: Some(dst),
        op,
        site: read.site,
    };
    block.insts.extend([
        inst(byte, Op::ByteAt(args[0], args[1])),
        inst(zero, Op::Const(Literal::Int(0))),
        inst(outside, Op::Compare(CompareOp::Lt, byte, zero)),
    ]);
    let rest = Block {
        insts: behind,
        term: std::mem::replace(&mut block.term, Term::Branch(outside, none, some)),
        site: std::mem::replace(&mut block.site, read.site),
    };
    let dst = read.dst.expect("looked for");
    for made in [Op::VariantMake(0, vec![]), Op::VariantMake(1, vec![byte])] {
        func.blocks.push(Block {
            insts: vec![inst(dst, made)],
            term: Term::Jump(on),
            site: read.site,
        });
    }
    func.blocks.push(rest);
}

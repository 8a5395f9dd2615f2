//! Reading a byte gives an option, and so does making a text of bytes; most programs take it apart at once. The option is made
//! here, where that can be seen.
//!
//! ```text
//!   r2 = lib "bytes.get", (r0, r1)    =>    r3 = bytes.at r0, r1          -1 outside
//!   ..                                      r4 = lt r3, 0
//!                                           branch r4, none, some
//!                                         none: r2 = variant 0, ()        jump on
//!                                         some: r2 = variant 1, (r3)      jump on
//!
//!   r2 = lib "bytes.text", (r0)       =>    r3 = bytes.plain r0           each below 128, as nearly always
//!   ..                                      branch r3, plain, other
//!                                         plain: r4 = cast r0             jump some
//!                                         other: r5 = lib "bytes.text", (r0)
//!                                           switch r5 { 0: none, 1: read }
//!                                         read: r4 = payload r5, 1, 0     jump some
//!                                         some: r2 = variant 1, (r4)      jump on
//!                                         none: r2 = variant 0, ()        jump on
//! ```

use weir_contract::Type;

use crate::ir::*;

pub fn options(func: &mut Func) {
    let mut number = 0;
    // What asks the host stays.
    let mut others = Vec::new();
    while number < func.blocks.len() {
        let insts = &func.blocks[number].insts;
        let wanted = |inst: &Inst| match &inst.op {
            Op::Lib(name, _) if name == "bytes.text" => !others.contains(&number),
            Op::Lib(name, _) => name == "bytes.get",
            _ => false,
        };
        let at = insts
            .iter()
            .position(|inst| inst.dst.is_some() && wanted(inst));
        match at {
            Some(at) => others.extend(open(func, number, at)),
            None => number += 1,
        }
    }
}

/// Puts blocks in place of the instruction; gives the one that asks the host, if there is one.
fn open(func: &mut Func, number: usize, at: usize) -> Option<usize> {
    let next = func.blocks.len() as u32;
    let block = &mut func.blocks[number];
    let behind = block.insts.split_off(at + 1);
    let read = block.insts.pop().expect("it is there");
    let (Op::Lib(name, args), Some(dst)) = (&read.op, read.dst) else {
        unreachable!("it is a library function")
    };
    let mut reg = |ty| {
        func.regs.push(RegInfo {
            ty: RegType::Value(ty),
            name: None,
        });
        Reg(func.regs.len() as u32 - 1)
    };
    let inst = |dst, op| Inst {
        dst: Some(dst),
        op,
        site: read.site,
    };
    // The new blocks, and what goes on behind them.
    let new = |number: u32| BlockId(next + number);
    let (none, some) = (new(0), new(1));
    let made = |count: u32, value| {
        let on = Term::Jump(new(count));
        vec![
            (vec![inst(dst, Op::VariantMake(0, vec![]))], on.clone()),
            (vec![inst(dst, Op::VariantMake(1, vec![value]))], on),
        ]
    };
    let (blocks, branch) = if name == "bytes.get" {
        let (byte, zero, outside) = (reg(Type::Int), reg(Type::Int), reg(Type::Bool));
        block.insts.extend([
            inst(byte, Op::ByteAt(args[0], args[1])),
            inst(zero, Op::Const(Literal::Int(0))),
            inst(outside, Op::Compare(CompareOp::Lt, byte, zero)),
        ]);
        (made(2, byte), Term::Branch(outside, none, some))
    } else {
        let (is_plain, text) = (reg(Type::Bool), reg(Type::Text));
        let option = reg(Type::Option(Box::new(Type::Text)));
        let (plain, other, read) = (new(2), new(3), new(4));
        block.insts.push(inst(is_plain, Op::BytesPlain(args[0])));
        let mut blocks = made(5, text);
        let switch = Term::Switch {
            on: option,
            cases: vec![(0, none), (1, read)],
            default: None,
        };
        blocks.extend([
            (vec![inst(text, Op::Cast(args[0]))], Term::Jump(some)),
            (
                vec![inst(option, Op::Lib(name.clone(), args.clone()))],
                switch,
            ),
            (
                vec![inst(text, Op::VariantGet(option, 1, 0))],
                Term::Jump(some),
            ),
        ]);
        (blocks, Term::Branch(is_plain, plain, other))
    };
    let asks_host = (blocks.len() > 2).then_some(next as usize + 3);
    let block = &mut func.blocks[number];
    let rest = Block {
        insts: behind,
        term: std::mem::replace(&mut block.term, branch),
        site: std::mem::replace(&mut block.site, read.site),
    };
    func.blocks
        .extend(blocks.into_iter().map(|(insts, term)| Block {
            insts,
            term,
            site: read.site,
        }));
    func.blocks.push(rest);
    asks_host
}

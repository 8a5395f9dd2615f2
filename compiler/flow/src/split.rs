//! Cuts each function that waits at its waits (`analyses.md` 2.1), so that no code ever runs again.
//!
//! ```text
//!   fn run(self, card)                    fn run(self, card)
//!     total = ..                            total = ..
//!     wait "sleep" (d)            =>        suspend "run/sleep#1" [card, total] for sleep (d)
//!     charge = call pay(card, total)      fn run/b3(self, card, total)               what comes behind the sleep
//!     return charge                         charge = call pay(card, total)
//!                                           if suspended: suspend "run/pay#1" [] else tail_call run/b4(charge)
//!                                         fn run/b4(charge)
//!                                           return charge
//! ```
//! 1. `fields`: a record that lives across a cut and is only taken apart becomes its parts.
//! 2. Blocks end at each suspension. The block behind one is a *head*; so is each block that can be reached from more
//!    than one head (a join, a loop), found as the blocks that no single head dominates. Each head with what it
//!    dominates becomes a function over its live registers; ways from one to another are tail calls. So nothing is
//!    duplicated, and control flow stays reducible (lambda lifting, after Pettyjohn et al., ICFP 2005).
//! 3. `resume`: for each suspension an entry that takes the result and the saved cells, computes again what is cheap, and
//!    goes on at the head.
//!
//! A call of a function that may suspend goes on at once when it did not. When it did, the caller leaves its own frame and
//! returns too, so the frames of a run are noted from the inside out.
//!
//! Runs after `simplify`, on functions outside transactions only.

mod fields;
mod heads;
mod resume;

use std::collections::{BTreeMap, BTreeSet};

use crate::dataflow::RegSet;
use crate::ir::*;
use crate::liveness::live_in;

/// What functions are called as steps (`@step`), where somebody waits for them.
#[derive(Clone, Debug, Default)]
pub struct StepNames {
    pub funcs: BTreeMap<FuncId, String>,
    /// By number of the extern function.
    pub externs: BTreeMap<u32, String>,
}

pub fn split(module: &mut Module, names: &StepNames) {
    let waiting = waiting(module);
    let whole = module.funcs.len();
    for id in &waiting {
        let mut func = module.func(*id).clone();
        fields::scatter(module, &mut func, &waiting);
        crate::simplify::simplify(&mut func);
        let cuts = cut(&mut func, &waiting);
        Split::new(module, names, *id, func, cuts).run();
    }
    let pieces = waiting.iter().map(|id| id.0 as usize);
    for id in pieces.chain(whole..module.funcs.len()) {
        crate::simplify::simplify(&mut module.funcs[id]);
    }
}

/// The functions that may suspend: those that wait themselves, and their callers.
pub fn waiting(module: &Module) -> BTreeSet<FuncId> {
    let mut waiting = BTreeSet::new();
    for group in crate::call_graph::callees_first(module) {
        let waits = group.iter().any(|id| {
            let func = module.func(*id);
            let own = func.blocks.iter().flat_map(|b| &b.insts);
            own.clone().any(|i| matches!(i.op, Op::Suspend(..)))
                || crate::call_graph::calls(func).any(|callee| waiting.contains(&callee))
        });
        if waits {
            waiting.extend(group);
        }
    }
    waiting
}

/// Whether the function may be gone for a while at this instruction.
pub fn is_cut(inst: &Inst, waiting: &BTreeSet<FuncId>) -> bool {
    match &inst.op {
        Op::Suspend(..) => true,
        Op::Call(callee, _) => waiting.contains(callee),
        _ => false,
    }
}

/// A block whose last instruction is a suspension; it jumps to the block behind.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub at: BlockId,
    pub behind: BlockId,
}

/// Ends blocks at suspensions, in the order of the code.
fn cut(func: &mut Func, waiting: &BTreeSet<FuncId>) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for first in 0..func.blocks.len() {
        let mut at = first;
        while let Some(i) = func.blocks[at]
            .insts
            .iter()
            .position(|inst| is_cut(inst, waiting))
        {
            let behind = BlockId(func.blocks.len() as u32);
            let block = &mut func.blocks[at];
            let rest = block.insts.split_off(i + 1);
            let term = std::mem::replace(&mut block.term, Term::Jump(behind));
            let site = block.site;
            func.blocks.push(Block {
                insts: rest,
                term,
                site,
            });
            cuts.push(Cut {
                at: BlockId(at as u32),
                behind,
            });
            at = behind.0 as usize;
        }
    }
    cuts
}

struct Split<'m> {
    module: &'m mut Module,
    names: &'m StepNames,
    id: FuncId,
    /// The whole function, cut.
    func: Func,
    /// By the block they end.
    cuts: BTreeMap<BlockId, Cut>,
    live: Vec<RegSet>,
    heads: heads::Heads,
    /// The function of each head.
    func_of: BTreeMap<BlockId, FuncId>,
    /// The entry of each cut, by the block it ends.
    entry_of: BTreeMap<BlockId, EntryId>,
    cells_of: BTreeMap<BlockId, Vec<resume::Cell>>,
}

impl<'m> Split<'m> {
    fn new(
        module: &'m mut Module,
        names: &'m StepNames,
        id: FuncId,
        func: Func,
        cuts: Vec<Cut>,
    ) -> Split<'m> {
        let live = live_in(&func);
        let heads = heads::Heads::new(&func, &cuts);
        let cuts = cuts.into_iter().map(|cut| (cut.at, cut)).collect();
        Split {
            module,
            names,
            id,
            func,
            cuts,
            live,
            heads,
            func_of: BTreeMap::new(),
            entry_of: BTreeMap::new(),
            cells_of: BTreeMap::new(),
        }
    }

    fn run(mut self) {
        for head in self.heads.all() {
            let id = match head.0 {
                0 => self.id,
                n => self.reserve(format!("{}/b{n}", self.func.name)),
            };
            self.func_of.insert(head, id);
        }
        self.make_entries();
        for head in self.heads.all() {
            let params: Vec<Reg> = match head.0 {
                0 => (0..self.func.params).map(Reg).collect(),
                _ => self.params(head),
            };
            let name = self.module.func(self.func_of[&head]).name.clone();
            let func = self.piece(head, name, &params);
            self.module.funcs[self.func_of[&head].0 as usize] = func;
        }
    }

    fn reserve(&mut self, name: String) -> FuncId {
        let id = FuncId(self.module.funcs.len() as u32);
        self.module.funcs.push(Func {
            name,
            params: 0,
            regs: Vec::new(),
            ret: self.func.ret.clone(),
            blocks: Vec::new(),
            site: self.func.site,
        });
        id
    }

    /// What the function of a head takes: its live registers in their order.
    fn params(&self, head: BlockId) -> Vec<Reg> {
        self.live[head.0 as usize].iter().collect()
    }

    /// The function of one head: the blocks it dominates.
    fn piece(&self, head: BlockId, name: String, params: &[Reg]) -> Func {
        let mut piece = Piece {
            split: self,
            head,
            number: BTreeMap::new(),
            regs: Vec::new(),
            of_reg: vec![None; self.func.regs.len()],
            blocks: Vec::new(),
        };
        for param in params {
            piece.reg(*param);
        }
        // A way back to the head must not go to block 0.
        piece.blocks.push(Block {
            insts: Vec::new(),
            term: Term::Jump(BlockId(1)),
            site: self.func.block(head).site,
        });
        let blocks = self.heads.of(head);
        for (i, block) in blocks.iter().enumerate() {
            piece.number.insert(*block, BlockId(i as u32 + 1));
            piece.blocks.push(self.func.block(*block).clone());
        }
        for block in blocks {
            piece.block(*block);
        }
        Func {
            name,
            params: params.len() as u32,
            regs: piece.regs,
            ret: self.func.ret.clone(),
            blocks: piece.blocks,
            site: self.func.site,
        }
    }
}

/// One function being written, with its own numbers for registers and blocks.
struct Piece<'s, 'm> {
    split: &'s Split<'m>,
    head: BlockId,
    number: BTreeMap<BlockId, BlockId>,
    regs: Vec<RegInfo>,
    of_reg: Vec<Option<Reg>>,
    blocks: Vec<Block>,
}

impl Piece<'_, '_> {
    fn reg(&mut self, reg: Reg) -> Reg {
        if let Some(reg) = self.of_reg[reg.0 as usize] {
            return reg;
        }
        let new = self.fresh(self.split.func.regs[reg.0 as usize].clone());
        self.of_reg[reg.0 as usize] = Some(new);
        new
    }

    fn fresh(&mut self, info: RegInfo) -> Reg {
        self.regs.push(info);
        Reg(self.regs.len() as u32 - 1)
    }

    fn block(&mut self, old: BlockId) {
        let at = self.number[&old].0 as usize;
        let mut block = std::mem::replace(
            &mut self.blocks[at],
            Block {
                insts: Vec::new(),
                term: Term::Jump(BlockId(0)),
                site: SiteId(0),
            },
        );
        if let Some(cut) = self.split.cuts.get(&old) {
            self.end_at_cut(*cut, &mut block);
        } else {
            self.rename_all(&mut block);
            self.retarget(&mut block.term, block.site);
        }
        self.blocks[at] = block;
    }

    fn rename_all(&mut self, block: &mut Block) {
        for inst in &mut block.insts {
            inst.op.for_each_use_mut(|r| *r = self.reg(*r));
            inst.dst = inst.dst.map(|r| self.reg(r));
        }
        block.term.for_each_use_mut(|r| *r = self.reg(*r));
    }

    /// Jumps within the function go to the new numbers, others through a block that calls.
    fn retarget(&mut self, term: &mut Term, site: SiteId) {
        if let Term::Jump(to) = term
            && !self.is_inside(*to)
        {
            *term = self.tail_call(*to);
            return;
        }
        let mut outside = BTreeMap::new();
        term.for_each_successor(|to| {
            if !self.is_inside(to) {
                outside.insert(to, BlockId(0));
            }
        });
        for (to, block) in &mut outside {
            *block = BlockId(self.blocks.len() as u32);
            let term = self.tail_call(*to);
            self.blocks.push(Block {
                insts: Vec::new(),
                term,
                site,
            });
        }
        term.for_each_successor_mut(|to| {
            *to = outside.get(to).copied().unwrap_or_else(|| self.number[to]);
        });
    }

    fn is_inside(&self, block: BlockId) -> bool {
        block == self.head || !self.split.heads.is_head(block)
    }

    fn tail_call(&mut self, head: BlockId) -> Term {
        let args = self.split.params(head);
        let args = args.into_iter().map(|r| self.reg(r)).collect();
        Term::TailCall(self.split.func_of[&head], args)
    }

    /// The block's last instruction suspends.
    fn end_at_cut(&mut self, cut: Cut, block: &mut Block) {
        let last = block.insts.pop().expect("a cut is behind an instruction");
        self.rename_all(block);
        let entry = self.split.entry_of[&cut.at];
        match last.op {
            Op::Suspend(wait, mut operands) => {
                operands.iter_mut().for_each(|r| *r = self.reg(*r));
                let cells = self.cells(cut, &mut block.insts, last.site);
                block.site = last.site;
                block.term = Term::Suspend {
                    entry,
                    cells,
                    wait: Some((wait, operands)),
                };
            }
            Op::Call(callee, mut args) => {
                args.iter_mut().for_each(|r| *r = self.reg(*r));
                let dst = last.dst.map(|r| self.reg(r));
                block.insts.push(Inst {
                    dst,
                    op: Op::Call(callee, args),
                    site: last.site,
                });
                let suspended = self.fresh(RegInfo {
                    ty: RegType::Value(weir_contract::Type::Bool),
                    name: None,
                });
                block.insts.push(Inst {
                    dst: Some(suspended),
                    op: Op::Suspended,
                    site: last.site,
                });
                let mut insts = Vec::new();
                let cells = self.cells(cut, &mut insts, last.site);
                let gone = self.push(insts, last.site, |_| Term::Suspend {
                    entry,
                    cells,
                    wait: None,
                });
                let on = self.push(Vec::new(), last.site, |this| this.tail_call(cut.behind));
                block.term = Term::Branch(suspended, gone, on);
                block.site = last.site;
            }
            other => unreachable!("{other:?} does not suspend"),
        }
    }

    fn push(
        &mut self,
        insts: Vec<Inst>,
        site: SiteId,
        term: impl FnOnce(&mut Self) -> Term,
    ) -> BlockId {
        let term = term(self);
        self.blocks.push(Block { insts, term, site });
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// The values that are kept; an instance is kept as its key.
    fn cells(&mut self, cut: Cut, insts: &mut Vec<Inst>, site: SiteId) -> Vec<Reg> {
        let cells = self.split.cells_of[&cut.at].clone();
        let mut regs = Vec::new();
        for cell in cells {
            let reg = self.reg(cell.reg);
            regs.push(match self.split.func.reg_type(cell.reg) {
                RegType::Value(_) => reg,
                RegType::Instance(_) => {
                    let key = self.fresh(RegInfo {
                        ty: RegType::Value(cell.ty),
                        name: None,
                    });
                    insts.push(Inst {
                        dst: Some(key),
                        op: Op::Keys(reg),
                        site,
                    });
                    key
                }
            });
        }
        regs
    }
}

#[cfg(test)]
mod tests;

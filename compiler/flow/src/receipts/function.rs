//! A function as the analyses of this folder see it: which register is assigned where, its loops, and how often they
//! go round.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Summaries;
use super::cost::{Count, Leaf};
use crate::ir::*;
use crate::loops::{self, Loop};
use crate::plans::symbol::Abstract;

pub struct Function<'m> {
    pub module: &'m Module,
    pub func: &'m Func,
    /// What each register may hold, as `plans` knows it.
    pub values: Vec<Abstract>,
    /// By register: block and place in it of each instruction that assigns it.
    defs: Vec<Vec<(BlockId, usize)>>,
    /// Outer ones before those inside of them.
    pub loops: Vec<Loop>,
    pub order: Vec<Option<u32>>,
    pub(super) known: &'m Summaries<'m>,
    pub(super) lengths: RefCell<BTreeMap<Reg, Option<Count>>>,
    rounds: RefCell<BTreeMap<BlockId, Option<Count>>>,
}

impl<'m> Function<'m> {
    pub(super) fn new(known: &'m Summaries<'m>, id: FuncId, values: Vec<Abstract>) -> Self {
        let module = known.module;
        let func = module.func(id);
        let mut defs = vec![Vec::new(); func.regs.len()];
        for (number, block) in func.blocks.iter().enumerate() {
            for (at, inst) in block.insts.iter().enumerate() {
                if let Some(dst) = inst.dst {
                    defs[dst.0 as usize].push((BlockId(number as u32), at));
                }
            }
        }
        let mut loops = loops::loops(func);
        loops.sort_by_key(|l| std::cmp::Reverse(l.blocks.len()));
        Function {
            module,
            func,
            values,
            defs,
            loops,
            order: loops::reverse_postorder(func),
            known,
            lengths: RefCell::default(),
            rounds: RefCell::default(),
        }
    }

    /// A parameter that is never assigned.
    pub fn is_param(&self, reg: Reg) -> bool {
        reg.0 < self.func.params && self.defs[reg.0 as usize].is_empty()
    }

    /// Where a register is assigned.
    pub fn defs(&self, reg: Reg) -> &[(BlockId, usize)] {
        &self.defs[reg.0 as usize]
    }

    pub fn inst(&self, (block, at): (BlockId, usize)) -> &'m Inst {
        &self.func.block(block).insts[at]
    }

    /// What gives a register its value, when that is one instruction.
    pub fn only_op(&self, reg: Reg) -> Option<&'m Op> {
        let params = (reg.0 < self.func.params) as usize;
        match self.defs[reg.0 as usize].as_slice() {
            [at] if params == 0 => Some(&self.inst(*at).op),
            _ => None,
        }
    }

    /// Whether a register is assigned inside a loop.
    pub fn changes_in(&self, around: &Loop, reg: Reg) -> bool {
        let mut blocks = self.defs[reg.0 as usize].iter();
        blocks.any(|(block, _)| around.blocks.contains(block))
    }

    /// The product of the rounds of these loops.
    pub fn rounds_of_all<'l>(&self, loops: impl Iterator<Item = &'l Loop>) -> Count {
        loops.fold(Count::number(1), |all, one| all.times(&self.rounds(one)))
    }

    /// How often a loop goes round at most.
    pub fn rounds(&self, around: &Loop) -> Count {
        let known = self.rounds.borrow().get(&around.head).cloned();
        let known = match known {
            Some(known) => known,
            None => {
                // A loop whose end depends on what it makes goes round as often as it likes.
                self.rounds.borrow_mut().insert(around.head, None);
                let found = match (self.counted(around), self.limited(around)) {
                    (Some(all), Some(most)) if all.as_number().is_none_or(|n| n > most) => {
                        Some(Count::number(most))
                    }
                    (all, _) => all,
                };
                self.rounds.borrow_mut().insert(around.head, found.clone());
                found
            }
        };
        known.unwrap_or_else(|| Count::length(Leaf::Rounds(self.loop_site(around))))
    }

    /// A loop that `for` made: over positions from a number to another, or over the instances of an entity.
    fn counted(&self, around: &Loop) -> Option<Count> {
        let head = self.func.block(around.head);
        let walked = head.insts.iter().find_map(|inst| match inst.op {
            Op::NextKey(entity, ..) => Some(entity),
            _ => None,
        });
        if let Some(entity) = walked {
            return Some(Count::length(Leaf::Instances(entity)));
        }
        let Term::Branch(more, inside, out) = head.term else {
            return None;
        };
        if !around.blocks.contains(&inside) || around.blocks.contains(&out) {
            return None;
        }
        let (at, end) = head.insts.iter().rev().find_map(|inst| match inst.op {
            Op::Compare(CompareOp::Lt, at, end) if inst.dst == Some(more) => Some((at, end)),
            _ => None,
        })?;
        if self.changes_in(around, end) {
            return None;
        }
        let start = self.counts_up(around, at)?;
        let end = self.number(end)?;
        Some(match (start, end.as_number()) {
            (start, Some(end)) => Count::number((end as i64).saturating_sub(start).max(0) as u64),
            (start, None) => end.plus(&Count::number(start.min(0).unsigned_abs())),
        })
    }

    /// The number behind `limit`, when each round of a loop takes one value more.
    fn limited(&self, around: &Loop) -> Option<u64> {
        around.blocks.iter().find_map(|block| {
            let insts = self.func.block(*block).insts.iter().enumerate();
            let pushed = insts.filter_map(|(at, inst)| match inst.op {
                Op::ListPush(list, _) if inst.dst == Some(list) => Some((at, list)),
                _ => None,
            });
            let mut most = pushed.filter_map(|(at, list)| self.limit(list, *block, at));
            let most = most.next()?.as_number()?;
            (!self.comes_round_without(around, *block)).then_some(most)
        })
    }

    /// Whether a round of a loop can pass a block by.
    fn comes_round_without(&self, around: &Loop, block: BlockId) -> bool {
        let mut seen = std::collections::BTreeSet::from([block]);
        let mut open = vec![around.head];
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            let mut back = false;
            self.func.block(at).term.for_each_successor(|to| {
                back |= to == around.head;
                if around.blocks.contains(&to) {
                    open.push(to);
                }
            });
            if back {
                return true;
            }
        }
        false
    }

    /// The number that a position begins with, when each round adds one.
    fn counts_up(&self, around: &Loop, at: Reg) -> Option<i64> {
        let (inside, outside): (Vec<_>, Vec<_>) = self
            .defs(at)
            .iter()
            .partition(|(block, _)| around.blocks.contains(block));
        let [step] = inside.as_slice() else {
            return None;
        };
        let is_one = |reg: Reg| matches!(self.constant(reg), Some(1));
        match self.inst(*step).op {
            Op::Arith(ArithOp::Add, a, b) if a == at && is_one(b) => {}
            Op::Copy(from) => match self.only_op(from)? {
                Op::Arith(ArithOp::Add, a, b) if *a == at && is_one(*b) => {}
                _ => return None,
            },
            _ => return None,
        }
        // It may begin in several places when an outer loop was unrolled; the least start goes round most.
        let mut least: Option<i64> = None;
        for place in outside {
            let start = match self.inst(place).op {
                Op::Const(Literal::Int(n)) => n,
                Op::Copy(from) => self.constant(from).unwrap_or(i64::MIN),
                _ => i64::MIN,
            };
            least = Some(least.map_or(start, |known| known.min(start)));
        }
        least.filter(|start| *start != i64::MIN)
    }

    /// A whole number that is written out.
    pub fn constant(&self, reg: Reg) -> Option<i64> {
        match self.only_op(reg)? {
            Op::Const(Literal::Int(n)) => Some(*n),
            Op::Copy(from) | Op::Cast(from) => self.constant(*from),
            _ => None,
        }
    }

    fn loop_site(&self, around: &Loop) -> SiteId {
        let block = self.func.block(around.head);
        let inside = block.insts.iter().map(|inst| inst.site);
        let mut sites = inside.chain([block.site]).filter(|site| *site != SiteId(0));
        sites.next().unwrap_or(self.func.site)
    }
}

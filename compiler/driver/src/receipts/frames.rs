//! The bytes of the frames that lie one on the other while a function waits, with those of its branches: of its fullest suspension.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use weir_contract::receipt::Size;
use weir_flow::ir::{self, BlockId, FuncId, Op, Reg, RegType, Term};

use super::branches::{self, Branch};
use crate::explain::bytes;

/// Frames of a program that is cut at its waits.
pub struct Frames<'m> {
    module: &'m ir::Module,
    /// `None` while it is worked out, and for what never waits.
    known: RefCell<BTreeMap<FuncId, Option<Size>>>,
}

impl<'m> Frames<'m> {
    pub fn new(module: &'m ir::Module) -> Self {
        Frames {
            module,
            known: RefCell::default(),
        }
    }

    /// Those of a function and of all it waits in; `None` when it never waits.
    pub fn largest(&self, func: FuncId) -> Option<Size> {
        if let Some(known) = self.known.borrow().get(&func) {
            return *known;
        }
        self.known.borrow_mut().insert(func, None);
        let found = self.work_out(func);
        self.known.borrow_mut().insert(func, found);
        found
    }

    /// What a function becomes behind its waits is the same frame.
    fn pieces(&self, func: FuncId) -> BTreeSet<FuncId> {
        let mut found = BTreeSet::new();
        let mut open = vec![func];
        while let Some(id) = open.pop() {
            if !found.insert(id) {
                continue;
            }
            for block in &self.module.func(id).blocks {
                match &block.term {
                    Term::TailCall(to, _) => open.push(*to),
                    Term::Suspend { entry, .. } => open.push(self.module.entry(*entry).func),
                    _ => {}
                }
            }
        }
        found
    }

    fn work_out(&self, func: FuncId) -> Option<Size> {
        let mut largest: Option<Size> = None;
        let mut note = |size: Size| {
            largest = Some(match largest {
                None => size,
                Some(known) => Size {
                    least: known.least.max(size.least),
                    most: known.most.zip(size.most).map(|(a, b)| a.max(b)),
                },
            });
        };
        let pieces = self.pieces(func);
        let begun = branches::begun(self.module, &pieces);
        for id in pieces {
            let piece = self.module.func(id);
            // What is on top: any of the functions that it calls and that wait.
            let calls = piece.blocks.iter().flat_map(|block| &block.insts);
            let inside = calls.filter_map(|inst| match inst.op {
                Op::Call(callee, _) => self.largest(callee),
                _ => None,
            });
            let inside: Vec<Size> = inside.collect();
            for (block, number) in piece.blocks.iter().zip((0..).map(BlockId)) {
                let Term::Suspend { cells, wait, .. } = &block.term else {
                    continue;
                };
                let beside = begun.get(&(id, number));
                let beside = beside.into_iter().flatten().map(|b| self.branch(b));
                let own = beside.fold(self.cells(piece, cells), plus);
                if wait.is_some() {
                    note(own);
                }
                for top in inside.iter().filter(|_| wait.is_none()) {
                    note(plus(own, *top));
                }
            }
        }
        largest
    }

    /// The frames of a branch at its fullest: what it begins with, or those of a wait of its own.
    fn branch(&self, branch: &Branch<'_>) -> Size {
        let first = self.cells(branch.func, branch.cells);
        let later = self.largest(self.module.entry(branch.entry).func);
        let later = later.unwrap_or(first);
        Size {
            // It may have ended, or there may be none.
            least: 0,
            most: match branch.often {
                true => None,
                false => first.most.zip(later.most).map(|(a, b)| a.max(b)),
            },
        }
    }

    fn cells(&self, func: &ir::Func, cells: &[Reg]) -> Size {
        let mut size = Size {
            least: 0,
            most: Some(0),
        };
        for cell in cells {
            if let RegType::Value(ty) = func.reg_type(*cell) {
                let (least, most) = bytes(&self.module.defs, ty, 0);
                size.least += least;
                size.most = size.most.zip(most).map(|(a, b)| a + b);
            }
        }
        size
    }
}

fn plus(a: Size, b: Size) -> Size {
    Size {
        least: a.least + b.least,
        most: a.most.zip(b.most).map(|(a, b)| a + b),
    }
}

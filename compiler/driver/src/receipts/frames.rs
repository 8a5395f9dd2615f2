//! The bytes of the frames that lie one on the other while a function waits: of its fullest suspension.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use weir_contract::receipt::Size;
use weir_flow::ir::{self, FuncId, Op, Reg, RegType, Term};

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
        for piece in self.pieces(func) {
            let piece = self.module.func(piece);
            // What is on top: any of the functions that it calls and that wait.
            let calls = piece.blocks.iter().flat_map(|block| &block.insts);
            let inside = calls.filter_map(|inst| match inst.op {
                Op::Call(callee, _) => self.largest(callee),
                _ => None,
            });
            let inside: Vec<Size> = inside.collect();
            for block in &piece.blocks {
                let Term::Suspend { cells, wait, .. } = &block.term else {
                    continue;
                };
                let own = self.cells(piece, cells);
                if wait.is_some() {
                    note(own);
                }
                for top in inside.iter().filter(|_| wait.is_none()) {
                    note(Size {
                        least: own.least + top.least,
                        most: own.most.zip(top.most).map(|(a, b)| a + b),
                    });
                }
            }
        }
        largest
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

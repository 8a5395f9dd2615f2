//! One IR function as one Wasm function: registers become locals, blocks are placed by [`Flow`].

use weir_contract::CrashReason;
use weir_flow::ir::{BlockId, Func, Reg, SiteId, Term};

use crate::asm::{Asm, I32, Label};
use crate::control::Flow;
use crate::layout::TEXT_HEADER;
use crate::module::{Gen, SITE};
use crate::ops;

/// The function being made.
pub struct Body<'g, 'm> {
    pub g: &'g mut Gen<'m>,
    pub a: Asm,
    pub func: &'g Func,
    flow: Flow,
    /// Local of each register.
    locals: Vec<u32>,
    /// The site that the module's global holds for sure.
    site: Option<SiteId>,
    /// Where a branch to a loop's start goes, and to a block that follows, innermost last.
    loops: Vec<(BlockId, Label)>,
    follow: Vec<(BlockId, Label)>,
}

pub fn function(g: &mut Gen<'_>, func: &Func) -> Asm {
    let mut a = Asm::new(func.params as usize);
    let locals = func
        .regs
        .iter()
        .enumerate()
        .map(|(i, reg)| {
            if i < func.params as usize {
                i as u32
            } else {
                a.local(g.reg_type(&reg.ty))
            }
        })
        .collect();
    let flow = Flow::new(func);
    let mut body = Body {
        g,
        a,
        func,
        flow,
        locals,
        site: None,
        loops: Vec::new(),
        follow: Vec::new(),
    };
    body.tree(BlockId(0));
    body.a.unreachable();
    body.a
}

impl Body<'_, '_> {
    pub fn local(&self, reg: Reg) -> u32 {
        self.locals[reg.0 as usize]
    }

    /// `→ value` of a register.
    pub fn get(&mut self, reg: Reg) {
        let local = self.local(reg);
        self.a.get(local);
    }

    /// Tells the module where the step is, for what crashes or traps without saying so itself.
    pub fn reach(&mut self, site: SiteId) {
        if self.site != Some(site) && site != SiteId(0) {
            self.a.u32(site.0).set_global(SITE);
            self.site = Some(site);
        }
    }

    /// After a call the module is somewhere else.
    pub fn forget_site(&mut self) {
        self.site = None;
    }

    /// The block and all that it dominates.
    fn tree(&mut self, block: BlockId) {
        let followers = self.flow.followers(block);
        if self.flow.is_loop_head(block) {
            let label = self.a.loop_();
            self.loops.push((block, label));
            self.within(block, &followers);
            self.loops.pop();
            self.a.end();
        } else {
            self.within(block, &followers);
        }
    }

    fn within(&mut self, block: BlockId, followers: &[BlockId]) {
        match followers.split_first() {
            Some((last, rest)) => {
                let label = self.a.block();
                self.follow.push((*last, label));
                self.within(block, rest);
                self.follow.pop();
                self.a.end();
                self.tree(*last);
            }
            None => self.block(block),
        }
    }

    fn block(&mut self, id: BlockId) {
        let func = self.func;
        let block = func.block(id);
        self.site = None;
        if self.flow.is_loop_head(id) {
            // An endless loop is stopped here.
            self.reach(block.insts.first().map_or(block.site, |inst| inst.site));
        }
        for inst in &block.insts {
            ops::inst(self, inst);
            self.a.release_temps();
        }
        match &block.term {
            Term::Jump(to) => self.go(id, *to),
            Term::Branch(on, yes, no) => {
                self.get(*on);
                self.a.if_();
                self.go(id, *yes);
                self.a.else_();
                self.go(id, *no);
                self.a.end();
            }
            Term::Switch { on, cases, default } => self.switch(id, *on, cases, *default),
            Term::Return(value) => {
                self.get(*value);
                self.a.return_();
            }
            Term::Crash { reason, detail } => {
                self.a.u32(block.site.0).u32(reason.code());
                match detail {
                    Some(text) => {
                        self.get(*text);
                        self.a.u32(TEXT_HEADER).i32_add();
                        self.get(*text);
                        self.a.i32_load(0);
                    }
                    None => {
                        self.a.i32(0).i32(0);
                    }
                }
                self.a.call(self.g.import("crash")).unreachable();
            }
        }
    }

    /// A jump: a branch when the target has a label, else its code.
    fn go(&mut self, from: BlockId, to: BlockId) {
        if self.flow.is_back(from, to) || self.flow.is_merge(to) {
            let label = self.label(from, to);
            self.a.br(label);
        } else {
            self.tree(to);
        }
    }

    fn label(&self, from: BlockId, to: BlockId) -> Label {
        let labels = if self.flow.is_back(from, to) {
            &self.loops
        } else {
            &self.follow
        };
        let found = labels.iter().rev().find(|(block, _)| *block == to);
        found
            .unwrap_or_else(|| panic!("block {} of {} has no label", to.0, self.func.name))
            .1
    }

    /// By table when the tags lie close together, else one comparison a case.
    fn switch(
        &mut self,
        from: BlockId,
        on: Reg,
        cases: &[(u32, BlockId)],
        default: Option<BlockId>,
    ) {
        let tag = self.a.temp(I32);
        self.get(on);
        self.a.i32_load(0).set(tag);
        let tags = cases.last().map_or(0, |(tag, _)| tag + 1);
        let impossible = (default.is_none()).then(|| self.a.block());
        let other = match (default, impossible) {
            (Some(to), _) => self.label(from, to),
            (None, Some(label)) => label,
            (None, None) => unreachable!("one of the two is there"),
        };
        if tags as usize <= 2 * cases.len() + 8 {
            let table: Vec<Label> = (0..tags)
                .map(|t| match cases.iter().find(|(tag, _)| *tag == t) {
                    Some((_, to)) => self.label(from, *to),
                    None => other,
                })
                .collect();
            self.a.get(tag).br_table(&table, other);
        } else {
            for (number, to) in cases {
                let label = self.label(from, *to);
                self.a.get(tag).u32(*number).i32_eq().br_if(label);
            }
            self.a.br(other);
        }
        if impossible.is_some() {
            self.a.end();
            self.g
                .crash(&mut self.a, SiteId(0), CrashReason::Unreachable);
        }
    }
}

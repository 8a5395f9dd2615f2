//! One IR function as one Wasm function: registers become locals, blocks are placed by [`Flow`].

use weir_flow::facts::{Facts, facts};
use weir_flow::ir::{BlockId, Func, FuncId, Inst, Op, Reg, SiteId, Term};
use weir_flow::ownership::Ownership;
use weir_flow::release::Release;

use crate::asm::{Asm, I32, Label, Local};
use crate::control::Flow;
use crate::layout::TEXT_HEADER;
use crate::module::{Gen, HEAP, SITE};
use crate::{bytes, lists, ops, release, suspend, texts};

/// Cases of a switch for which a table would be slower.
const CASES_COMPARED_MAX: usize = 3;

/// The function being made.
pub struct Body<'g, 'm> {
    pub g: &'g mut Gen<'m>,
    pub a: Asm,
    pub func: &'m Func,
    pub ownership: Ownership,
    flow: Flow,
    /// Local of each register.
    locals: Vec<u32>,
    /// By register: where the first element of its list is and how many there are, for lists whose elements are asked for.
    pub elements: Vec<Option<lists::Elements>>,
    /// By register, for texts that grow: the end of the room that its text alone has, 0 for none.
    pub rooms: Vec<Option<u32>>,
    /// Checks that cannot fail.
    pub facts: Facts,
    /// By register: how often it is read.
    pub reads: Vec<u32>,
    /// Block and position of the instruction being made.
    pub here: (BlockId, usize),
    /// Where memory is given back.
    release: Release,
    /// By the start of a loop, the local that holds where the heap was when its round began.
    marks: Vec<(BlockId, Local)>,
    /// The local that holds where the heap was when the function began.
    began: Option<u32>,
    /// Where a branch to a loop's start goes, and to a block that follows, innermost last.
    loops: Vec<(BlockId, Label)>,
    follow: Vec<(BlockId, Label)>,
}

pub fn function(g: &mut Gen<'_>, id: FuncId) -> Asm {
    let func = g.module.func(id);
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
    let elements = lists::elements(&mut a, func);
    let ownership = std::mem::take(&mut g.ownership[id.0 as usize]);
    let facts = facts(g.module, func, &ownership);
    let release = std::mem::take(&mut g.releases[id.0 as usize]);
    let rooms = texts::rooms(&mut a, func, &ownership);
    let mut body = Body {
        g,
        func,
        flow,
        ownership,
        locals,
        elements,
        rooms,
        began: release.whole.then(|| release::mark(&mut a)),
        a,
        facts,
        reads: bytes::reads(func),
        here: (BlockId(0), 0),
        release,
        marks: Vec::new(),
        loops: Vec::new(),
        follow: Vec::new(),
    };
    body.a.mark(func.site.0);
    for param in (0..func.params).map(Reg) {
        lists::refresh(&mut body, param);
    }
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

    /// Whether the check of the instruction being made cannot fail.
    pub fn is_safe(&self) -> bool {
        self.facts.is_safe(self.here)
    }

    /// The block and all that it dominates. What comes last in it is gone on with, not called: a long
    /// function is a long chain.
    fn tree(&mut self, mut block: BlockId) {
        let mut loops = 0;
        loop {
            if self.flow.is_loop_head(block) {
                // An endless loop is stopped here.
                self.a.mark(self.first_site(block).0);
                if self.release.loops.contains_key(&block) {
                    let mark = release::mark(&mut self.a);
                    self.marks.push((block, mark));
                }
                let label = self.a.loop_();
                self.loops.push((block, label));
                loops += 1;
                if let Some(round) = self.release.loops.get(&block)
                    && round.ends.is_none()
                {
                    let looked_at = round.looked_at.clone();
                    let mark = self.heap_mark(block);
                    release::round(self, mark, &looked_at);
                }
            }
            let followers = self.flow.followers(block);
            for follower in &followers {
                let label = self.a.block();
                self.follow.push((*follower, label));
            }
            let mut next = self.block(block);
            for follower in followers.iter().rev() {
                if let Some(next) = next {
                    self.tree(next);
                }
                self.follow.pop();
                self.a.end();
                next = Some(*follower);
            }
            match next {
                Some(next) => block = next,
                None => break,
            }
        }
        for _ in 0..loops {
            self.loops.pop();
            self.a.end();
        }
    }

    /// The site that is told for an instruction. An entry calls the function it is of, which nobody wrote.
    fn place(&self, inst: &Inst) -> u32 {
        match inst.op {
            Op::Call(..) if inst.site == self.func.site => 0,
            _ => inst.site.0,
        }
    }

    fn first_site(&self, block: BlockId) -> SiteId {
        let block = self.func.block(block);
        block.insts.first().map_or(block.site, |inst| inst.site)
    }

    /// The code of one block; gives the block that is to follow directly.
    fn block(&mut self, id: BlockId) -> Option<BlockId> {
        let func = self.func;
        let block = func.block(id);
        let asked = bytes::asked(self, block);
        let asks = |at| asked.is_some_and(|a| at == a.at || at + 1 == block.insts.len());
        for (at, inst) in block.insts.iter().enumerate() {
            if asks(at) {
                continue;
            }
            self.here = (id, at);
            self.a.mark(self.place(inst));
            lists::share(self, id, at);
            ops::inst(self, inst);
            lists::extracted(self, id, at, inst);
            self.a.release_temps();
        }
        self.a.mark(block.site.0);
        lists::share(self, id, block.insts.len());
        match &block.term {
            Term::Jump(to) => return self.go(id, *to),
            Term::Branch(on, yes, no) => {
                // No arm falls through, so one of them needs no `else`: the one with less behind it
                // goes into the `if`.
                let inside_no = self.is_short(id, *no) && !self.is_short(id, *yes);
                match asked {
                    Some(asked) => bytes::is_there(self, asked),
                    None => self.get(*on),
                }
                if inside_no != asked.is_some() {
                    self.a.i32_eqz();
                }
                let (inside, after) = if inside_no { (*no, *yes) } else { (*yes, *no) };
                self.a.if_();
                if let Some(asked) = asked {
                    bytes::set(self, asked, inside_no);
                }
                if let Some(next) = self.go(id, inside) {
                    self.tree(next);
                }
                self.a.end();
                if let Some(asked) = asked {
                    bytes::set(self, asked, !inside_no);
                }
                return self.go(id, after);
            }
            Term::Switch { on, cases, default } => self.switch(id, *on, cases, *default),
            Term::TailCall(callee, args) => {
                // The frame of this function is gone when the next one is stopped where it begins.
                let site = self.g.module.written(block.site).0;
                self.a.u32(site).set_global(SITE);
                for arg in args {
                    self.get(*arg);
                }
                let callee = self.g.func(*callee);
                self.a.return_call(callee);
            }
            Term::Suspend { entry, cells, wait } => {
                suspend::suspend(self, *entry, cells, wait.as_ref());
                self.a.release_temps();
            }
            Term::Return(value) => {
                if let Some(began) = self.began {
                    self.a.get(began).set_global(HEAP);
                }
                self.get(*value);
                self.a.return_();
            }
            Term::Crash { reason, detail } => {
                let site = self.g.module.written(block.site).0;
                self.a.u32(site).u32(reason.code());
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
        None
    }

    /// A jump: a branch when the target has a label, else the target is given back, to follow.
    fn go(&mut self, from: BlockId, to: BlockId) -> Option<BlockId> {
        if self.has_label(from, to) {
            self.round(from, to);
            let label = self.label(from, to);
            self.a.br(label);
            return None;
        }
        Some(to)
    }

    /// Where a round of a loop ends behind which memory is to be given back, that is done.
    fn round(&mut self, from: BlockId, to: BlockId) {
        if !self.flow.is_back(from, to) {
            return;
        }
        let Some(round) = self.release.loops.get(&to) else {
            return;
        };
        if round.ends.as_ref().is_some_and(|ends| ends.contains(&from)) {
            let looked_at = round.looked_at.clone();
            let mark = self.heap_mark(to);
            release::round(self, mark, &looked_at);
        }
    }

    fn heap_mark(&self, head: BlockId) -> Local {
        let found = self.marks.iter().find(|(block, _)| *block == head);
        found.expect("the loop began").1
    }

    fn has_label(&self, from: BlockId, to: BlockId) -> bool {
        self.flow.is_back(from, to) || self.flow.is_merge(to)
    }

    /// Whether little code comes of a jump there.
    fn is_short(&self, from: BlockId, to: BlockId) -> bool {
        let ends = |term: &Term| {
            matches!(
                term,
                Term::Return(_) | Term::TailCall(..) | Term::Crash { .. }
            )
        };
        self.has_label(from, to) || ends(&self.func.block(to).term)
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

    /// One comparison a case when there are few, else by table when the tags lie close together. Without a default the last
    /// case is what is left.
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
        let (other, cases) = match (default, cases) {
            (Some(to), cases) => (to, cases),
            (None, [cases @ .., (_, last)]) => (*last, cases),
            (None, []) => unreachable!("a switch leads somewhere"),
        };
        let other = self.label(from, other);
        let tags = cases.last().map_or(0, |(tag, _)| tag + 1);
        if cases.len() > CASES_COMPARED_MAX && tags as usize <= 2 * cases.len() + 8 {
            let table: Vec<Label> = (0..tags)
                .map(|t| match cases.iter().find(|(tag, _)| *tag == t) {
                    Some((_, to)) => self.label(from, *to),
                    None => other,
                })
                .collect();
            self.a.get(tag).br_table(&table, other);
            return;
        }
        for (number, to) in cases {
            let label = self.label(from, *to);
            self.a.get(tag).u32(*number).i32_eq().br_if(label);
        }
        self.a.br(other);
    }
}

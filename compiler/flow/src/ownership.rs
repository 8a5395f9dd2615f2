//! Which lists may be changed in place.
//!
//! A list (also a set or a map) in memory has one bit, *shared*: while it is clear, one register or one place inside another
//! value knows the list, so an operation that uses it up may change it where it lies. The analysis says where that bit has to
//! be set: where a list gets a second owner.
//!
//! ```text
//! r1 = list.set r1, r2, r3     nobody has the old one any more: in place
//! r4 = copy r1                 r1 is read again below: shared from here on,
//! r1 = list.set r1, r2, r3     so this copies once, and what comes of it is not shared
//! ```
//! This is the one-bit reference count of Stoye, Clarke and Norman, "Some Practical Methods for Rapid Combinator Reduction"
//! (1984), with the bit in the value instead of the reference. The bit is never cleared: what it costs is a copy.
//!
//! Functions that only read a parameter *borrow* it, and their callers keep it as it is. A list that is read out of another
//! value has two owners, except where it is only looked at before anything changes, and where its place is written again
//! with what came of it (`grid[y][x] = v`): there it is *taken*, and as shared as the list around it.
//!
//! Small records lie in their list themselves, without an address of their own (`flat_fields`). Who reads one looks at it there,
//! unless it is kept or a list may change before it is read for the last time: then it is copied first.
//!
//! A text that *grows* (`t = concat t, ..`) is changed in place too, while this register alone knows it: the code remembers
//! in a local how much room the text has, and forgets it where the text gets a second owner. So texts need no bit.
//!
//! Runs on the finished module, behind all passes that move or make instructions.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::{DefKind, Defs, Field, Type};

use crate::dataflow::{Direction, Problem, RegSet, solve};
use crate::ir::*;
use crate::liveness::live_out;

/// What holds for one function, by block and position of the instruction in it; the terminator is behind the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Registers whose lists get a second owner by the instruction: to be marked in front of it.
    shares: BTreeMap<(BlockId, usize), Vec<Reg>>,
    /// What an instruction that reads a list out of another value does with it.
    extracts: BTreeMap<(BlockId, usize), Extract>,
    /// Registers of texts that grow.
    grows: BTreeSet<Reg>,
}

/// How a list that lies in another value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extract {
    /// It stays where it is and is marked as shared.
    Share,
    /// It comes back with what is made of it: it is as shared as the list around it.
    Take,
    /// A record that lies in the list itself: it is copied, because it is known longer than the list stays as it is.
    Copy,
}

impl Ownership {
    pub fn shares(&self, block: BlockId, at: usize) -> &[Reg] {
        self.shares.get(&(block, at)).map_or(&[], Vec::as_slice)
    }

    pub fn extract(&self, block: BlockId, at: usize) -> Option<Extract> {
        self.extracts.get(&(block, at)).copied()
    }

    /// Whether a record that lies in a list is copied in the block.
    pub fn copies(&self, block: BlockId) -> bool {
        let found = self.extracts.range((block, 0)..=(block, usize::MAX));
        found.into_iter().any(|(_, how)| *how == Extract::Copy)
    }

    /// Whether a text in the register is lengthened.
    pub fn grows(&self, reg: Reg) -> bool {
        self.grows.contains(&reg)
    }
}

/// The text that an instruction lengthens: the first operand, which the result takes the place of.
pub fn grown(inst: &Inst) -> Option<Reg> {
    match &inst.op {
        Op::TextConcat(parts) if inst.dst.is_some() && inst.dst == parts.first().copied() => {
            inst.dst
        }
        _ => None,
    }
}

/// The operand that is the result itself, under another type perhaps.
fn same(module: &Module, func: &Func, op: &Op) -> Option<Reg> {
    match op {
        Op::Copy(r) | Op::Cast(r) => Some(*r),
        Op::Show(r) if *module.defs.base(func.value_type(*r)) == Type::Text => Some(*r),
        // Where nothing is to be replaced the text is the result.
        Op::Lib(name, args) if name == "text.to_bytes" || name == "text.replace" => {
            args.first().copied()
        }
        _ => None,
    }
}

/// For each function of a module.
pub fn ownership(module: &Module) -> Vec<Ownership> {
    let uses = Uses::of(module);
    let funcs = module.funcs.iter().enumerate();
    funcs
        .map(|(number, func)| uses.function(func, number))
        .collect()
}

pub fn is_list(module: &Module, ty: &RegType) -> bool {
    let RegType::Value(ty) = ty else { return false };
    matches!(
        module.defs.base(ty),
        Type::List(_) | Type::Set(_) | Type::Map(..)
    )
}

/// Fields of the largest record that lies in a list itself.
const FLAT_FIELDS_MAX: usize = 8;

/// The fields of a record that lies in a list itself, if it is one.
pub fn flat_fields<'d>(defs: &'d Defs, item: &Type) -> Option<&'d [Field]> {
    let Type::Named(id) = defs.base(item) else {
        return None;
    };
    match &defs.get(*id).kind {
        DefKind::Record { fields } if (1..=FLAT_FIELDS_MAX).contains(&fields.len()) => Some(fields),
        _ => None,
    }
}

/// What functions do with lists.
struct Uses<'m> {
    module: &'m Module,
    /// By function: the registers that are used up somewhere, or copies of such ones.
    used_up: Vec<RegSet>,
}

impl<'m> Uses<'m> {
    /// The least solution: a parameter is borrowed until something uses it up.
    fn of(module: &'m Module) -> Uses<'m> {
        let used_up = module.funcs.iter().map(|f| RegSet::empty(f.regs.len()));
        let mut this = Uses {
            module,
            used_up: used_up.collect(),
        };
        let funcs = module.funcs.iter();
        let aliases: Vec<Aliases> = funcs.map(|func| Aliases::of(module, func)).collect();
        for group in crate::call_graph::callees_first(module) {
            loop {
                let mut changed = false;
                for id in &group {
                    changed |= this.update(id.0 as usize, &aliases[id.0 as usize]);
                }
                if !changed {
                    break;
                }
            }
        }
        this
    }

    fn update(&mut self, number: usize, aliases: &Aliases) -> bool {
        let func = &self.module.funcs[number];
        let mut found = RegSet::empty(func.regs.len());
        for block in &func.blocks {
            for inst in &block.insts {
                self.for_each_used_up(&inst.op, |r| {
                    found.insert(aliases.root(r));
                });
                if let Some(text) = grown(inst) {
                    found.insert(aliases.root(text));
                }
            }
            self.for_each_used_up_at_end(&block.term, |r| {
                found.insert(aliases.root(r));
            });
        }
        let mut changed = false;
        for reg in (0..func.regs.len() as u32).map(Reg) {
            if found.contains(aliases.root(reg)) {
                changed |= self.used_up[number].insert(reg);
            }
        }
        changed
    }

    /// The operands that the operation keeps or changes; copies aside.
    fn for_each_used_up(&self, op: &Op, mut f: impl FnMut(Reg)) {
        match op {
            Op::RecordMake(rs) | Op::VariantMake(_, rs) | Op::ListMake(rs) => {
                rs.iter().for_each(|r| f(*r))
            }
            Op::FieldSet(_, _, value) => f(*value),
            Op::MapPut(map, key, value) => {
                f(*map);
                f(*key);
                f(*value);
            }
            Op::ListSet(list, _, value)
            | Op::ListSetField(list, _, _, value)
            | Op::ListInsert(list, _, value) => {
                f(*list);
                f(*value);
            }
            Op::ListPush(a, b) | Op::ListConcat(a, b) | Op::SetPut(a, b) => {
                f(*a);
                f(*b);
            }
            Op::ListSlice(list, ..)
            | Op::ListRemove(list, _)
            | Op::MapRemove(list, _)
            | Op::SetRemove(list, _) => f(*list),
            Op::Call(callee, args) => self.for_each_owned(*callee, args, f),
            _ => {}
        }
    }

    fn for_each_used_up_at_end(&self, term: &Term, mut f: impl FnMut(Reg)) {
        match term {
            Term::Return(r) => f(*r),
            Term::TailCall(callee, args) => self.for_each_owned(*callee, args, f),
            _ => {}
        }
    }

    fn for_each_owned(&self, callee: FuncId, args: &[Reg], mut f: impl FnMut(Reg)) {
        for (i, arg) in args.iter().enumerate() {
            if self.used_up[callee.0 as usize].contains(Reg(i as u32)) {
                f(*arg);
            }
        }
    }

    /// Whether the operation may change a list in place.
    fn changes(&self, op: &Op) -> bool {
        match op {
            Op::ListSet(..)
            | Op::ListSetField(..)
            | Op::ListPush(..)
            | Op::ListConcat(..)
            | Op::ListSlice(..)
            | Op::ListInsert(..)
            | Op::ListRemove(..)
            | Op::MapPut(..)
            | Op::MapRemove(..)
            | Op::SetPut(..)
            | Op::SetRemove(..) => true,
            Op::Call(callee, _) => {
                let func = self.module.func(*callee);
                let owned = &self.used_up[callee.0 as usize];
                let list = |p| is_list(self.module, func.reg_type(Reg(p)));
                (0..func.params).any(|p| owned.contains(Reg(p)) && list(p))
            }
            _ => false,
        }
    }

    fn function(&self, func: &Func, number: usize) -> Ownership {
        let mut out = Ownership::default();
        let insts = func.blocks.iter().flat_map(|block| &block.insts);
        out.grows = insts.filter_map(grown).collect();
        if out.grows.is_empty() && !func.regs.iter().any(|r| is_list(self.module, &r.ty)) {
            return out;
        }
        for at in self.copied(func) {
            out.extracts.insert(at, Extract::Copy);
        }
        let list = |r: Reg| is_list(self.module, func.reg_type(r));
        let grows = out.grows.clone();
        let owned = |r: Reg| list(r) || grows.contains(&r);
        let used_up = &self.used_up[number];
        for (id, live) in live_out(func).into_iter().enumerate() {
            let (id, block) = (BlockId(id as u32), &func.blocks[id]);
            let mut live_behind = live.clone();
            let mut at_end = Vec::new();
            self.for_each_used_up_at_end(&block.term, |r| at_end.push(r));
            let again = repeated(&at_end, |f| block.term.for_each_use(f));
            add(&mut out, (id, block.insts.len()), again, &owned);
            block.term.for_each_use(|r| {
                live_behind.insert(r);
            });
            for (at, inst) in block.insts.iter().enumerate().rev() {
                if let Some(dst) = inst.dst {
                    live_behind.remove(dst);
                }
                let mut kept = Vec::new();
                match same(self.module, func, &inst.op) {
                    Some(r) if used_up.contains(r) => kept.push(r),
                    Some(_) => {}
                    None => self.for_each_used_up(&inst.op, |r| kept.push(r)),
                }
                let mut shared = repeated(&kept, |f| inst.op.for_each_use(f));
                shared.extend(kept.into_iter().filter(|r| live_behind.contains(*r)));
                add(&mut out, (id, at), shared, &owned);
                inst.op.for_each_use(|r| {
                    live_behind.insert(r);
                });
                let inside = matches!(
                    inst.op,
                    Op::FieldGet(..) | Op::VariantGet(..) | Op::ListGet(..) | Op::MapAt(..)
                );
                if inside && inst.dst.is_some_and(list) {
                    let found = self.extract(func, block, at, &live);
                    found.map(|found| out.extracts.insert((id, at), found));
                }
            }
        }
        out
    }

    /// Where records are read that lie in their list and have to be copied.
    fn copied(&self, func: &Func) -> Vec<(BlockId, usize)> {
        let mut reads = Vec::new();
        let mut inside = RegSet::empty(func.regs.len());
        for (id, block) in func.blocks.iter().enumerate() {
            for (at, inst) in block.insts.iter().enumerate() {
                if let (Op::ListGet(list, _), Some(dst)) = (&inst.op, inst.dst)
                    && self.is_flat(func, *list)
                {
                    inside.insert(dst);
                    reads.push((BlockId(id as u32), at, dst));
                }
            }
        }
        if reads.is_empty() {
            return Vec::new();
        }
        let stale = Stale {
            uses: self,
            inside: &inside,
        };
        let mut copied = RegSet::empty(func.regs.len());
        for (id, mut state) in solve(func, &stale).into_iter().enumerate() {
            let block = &func.blocks[id];
            for inst in &block.insts {
                // A callee could change the list while it still looks at the record, and room for an element is made
                // before it is read.
                let early = matches!(inst.op, Op::Call(..) | Op::ListInsert(..) | Op::SetPut(..))
                    && self.changes(&inst.op);
                inst.op.for_each_use(|r| {
                    if inside.contains(r) && (early || state.contains(r)) {
                        copied.insert(r);
                    }
                });
                self.for_each_kept(func, &inst.op, |r| {
                    copied.insert(r);
                });
                stale.pass(inst, &mut state);
            }
            block.term.for_each_use(|r| {
                if state.contains(r) {
                    copied.insert(r);
                }
            });
            self.for_each_used_up_at_end(&block.term, |r| {
                copied.insert(r);
            });
        }
        let found = reads.into_iter().filter(|(.., dst)| copied.contains(*dst));
        found.map(|(id, at, _)| (id, at)).collect()
    }

    /// The records that the operation keeps: a list of records takes only what is in them.
    fn for_each_kept(&self, func: &Func, op: &Op, f: impl FnMut(Reg)) {
        match op {
            Op::Copy(r) | Op::Cast(r) => [*r].into_iter().for_each(f),
            Op::ListPush(list, _)
            | Op::ListSet(list, ..)
            | Op::ListInsert(list, ..)
            | Op::SetPut(list, _)
                if self.is_flat(func, *list) => {}
            op => self.for_each_used_up(op, f),
        }
    }

    fn is_flat(&self, func: &Func, list: Reg) -> bool {
        match self.module.defs.base(func.value_type(list)) {
            Type::List(item) | Type::Set(item) => flat_fields(&self.module.defs, item).is_some(),
            _ => false,
        }
    }

    /// `None` where the list is only looked at before anything changes.
    fn extract(&self, func: &Func, block: &Block, at: usize, live: &RegSet) -> Option<Extract> {
        let dst = block.insts[at].dst.expect("it gives a list");
        if self.is_looked_at(block, at, dst, live) {
            return None;
        }
        if self.is_taken(func, block, at, dst, live) {
            return Some(Extract::Take);
        }
        Some(Extract::Share)
    }

    fn is_looked_at(&self, block: &Block, at: usize, dst: Reg, live: &RegSet) -> bool {
        let mut changed = false;
        for inst in &block.insts[at + 1..] {
            if reads(&inst.op, dst) {
                let mut kept = matches!(inst.op, Op::Copy(_) | Op::Cast(_));
                self.for_each_used_up(&inst.op, |r| kept |= r == dst);
                // A callee could change the list around it while it still looks at this one.
                let call = matches!(inst.op, Op::Call(..)) && self.changes(&inst.op);
                if kept || changed || call {
                    return false;
                }
            }
            changed |= self.changes(&inst.op);
            if inst.dst == Some(dst) {
                return true;
            }
        }
        let mut at_end = false;
        block.term.for_each_use(|r| at_end |= r == dst);
        !at_end && !live.contains(dst)
    }

    /// `part = list.get around, index` and, with neither of them touched in between, `around = list.set around, index, part'`
    /// behind which `part` is gone.
    fn is_taken(&self, func: &Func, block: &Block, at: usize, part: Reg, live: &RegSet) -> bool {
        let Op::ListGet(around, index) = block.insts[at].op else {
            return false;
        };
        if part == around || part == index {
            return false;
        }
        for (offset, inst) in block.insts[at + 1..].iter().enumerate() {
            if let Op::ListSet(list, place, value) = inst.op
                && list == around
                && place == index
                && is_list(self.module, func.reg_type(value))
            {
                let behind = at + 2 + offset;
                let gone = |r: Reg| value == r || !is_live(block, behind, r, live);
                return inst.dst == Some(around) && gone(part) && value != around;
            }
            let written = inst.dst.is_some_and(|dst| dst == around || dst == index);
            // What is read out meanwhile could be the same list.
            let other = matches!(inst.op, Op::Call(..) | Op::Copy(_) | Op::Cast(_))
                && reads(&inst.op, around);
            if written || other || reads(&inst.op, around) {
                return false;
            }
        }
        false
    }
}

/// Which registers hold a record that lies in a list, and a list may have changed since.
struct Stale<'u> {
    uses: &'u Uses<'u>,
    inside: &'u RegSet,
}

impl Stale<'_> {
    fn pass(&self, inst: &Inst, stale: &mut RegSet) {
        if self.uses.changes(&inst.op) {
            stale.union(self.inside);
        }
        if let Some(dst) = inst.dst {
            stale.remove(dst);
        }
    }
}

impl Problem for Stale<'_> {
    type State = RegSet;
    const DIRECTION: Direction = Direction::Forward;

    fn boundary(&self, func: &Func) -> RegSet {
        RegSet::empty(func.regs.len())
    }

    fn start(&self, func: &Func) -> RegSet {
        RegSet::empty(func.regs.len())
    }

    fn join(&self, into: &mut RegSet, from: &RegSet) {
        into.union(from);
    }

    fn transfer(&self, func: &Func, block: BlockId, stale: &mut RegSet) {
        let insts = &func.block(block).insts;
        insts.iter().for_each(|inst| self.pass(inst, stale));
    }
}

fn is_live(block: &Block, from: usize, reg: Reg, live: &RegSet) -> bool {
    for inst in &block.insts[from..] {
        if reads(&inst.op, reg) {
            return true;
        }
        if inst.dst == Some(reg) {
            return false;
        }
    }
    let mut read = live.contains(reg);
    block.term.for_each_use(|r| read |= r == reg);
    read
}

fn reads(op: &Op, reg: Reg) -> bool {
    let mut found = false;
    op.for_each_use(|r| found |= r == reg);
    found
}

/// Those of `kept` that are operands twice.
fn repeated(kept: &[Reg], for_each_use: impl FnOnce(&mut dyn FnMut(Reg))) -> Vec<Reg> {
    let mut all = Vec::new();
    for_each_use(&mut |r| all.push(r));
    let twice = |r: &Reg| all.iter().filter(|a| *a == r).count() > 1;
    kept.iter().copied().filter(twice).collect()
}

fn add(
    out: &mut Ownership,
    at: (BlockId, usize),
    mut regs: Vec<Reg>,
    owned: &impl Fn(Reg) -> bool,
) {
    regs.retain(|r| owned(*r));
    regs.sort();
    regs.dedup();
    if !regs.is_empty() {
        out.shares.insert(at, regs);
    }
}

/// Registers that may hold one list or text, because one is a copy of the other.
struct Aliases(Vec<u32>);

impl Aliases {
    fn of(module: &Module, func: &Func) -> Aliases {
        let mut this = Aliases((0..func.regs.len() as u32).collect());
        for inst in func.blocks.iter().flat_map(|b| &b.insts) {
            if let (Some(dst), Some(from)) = (inst.dst, same(module, func, &inst.op)) {
                let (a, b) = (this.root(dst), this.root(from));
                this.0[a.0.max(b.0) as usize] = a.0.min(b.0);
            }
        }
        for reg in 0..this.0.len() as u32 {
            this.0[reg as usize] = this.root(Reg(reg)).0;
        }
        this
    }

    fn root(&self, mut reg: Reg) -> Reg {
        while self.0[reg.0 as usize] != reg.0 {
            reg = Reg(self.0[reg.0 as usize]);
        }
        reg
    }
}

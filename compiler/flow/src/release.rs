//! Where memory is given back within a step. The arena only grows, but what a round of a loop allocates and nobody knows when
//! the next begins can be had again, and so can what a function allocates that returns a number.
//!
//! ```text
//! b1:                          the heap is where it was when the loop began, unless r2 came to lie above that
//!   r5 = record.make r3, r4    gone with the next round
//!   r2 = concat r2, r6         the text that is carried from round to round stays
//! ```
//! What was there before the loop knows nothing that is younger: values do not change, but for lists and texts that one register
//! alone knows. So at the start of a round only registers matter that the loop writes and that are read on, and the code looks
//! where these lie: all below the mark, and the heap goes back to it; else the mark moves up to the heap and nothing is lost. It
//! looks at the end of a round, and only where something may have been allocated on the way there.
//! It can tell of a text, a list of numbers, and a value without lists. A loop that carries anything else keeps its memory.
//!
//! Runs on the finished module, like `ownership`.

use std::collections::BTreeMap;

use weir_contract::{DefKind, Defs, Type};

use crate::call_graph;
use crate::dataflow::RegSet;
use crate::ir::*;
use crate::liveness::live_in;
use crate::loops::{Loop, loops};
use crate::ownership::{Ownership, flat_fields, grown};

/// Functions of the library that are an instruction or two, or none.
const TAKE_NOTHING: &[&str] = &[
    "bytes.length",
    "text.to_bytes",
    "float.sqrt",
    "int.to_float",
    "time.to_micros",
    "time.from_micros",
    "duration.to_micros",
    "duration.from_micros",
    "date.to_days",
    "money.currency",
    "money.amount",
];

/// Ends of a round for which the code that looks is there as often as there are such ends.
const ENDS_MAX: usize = 3;

/// What holds for one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// By the loop's start.
    pub loops: BTreeMap<BlockId, Round>,
    /// Whether the heap goes back where the function returns.
    pub whole: bool,
}

/// A round of a loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// The registers to look at before the heap goes back.
    pub looked_at: Vec<Reg>,
    /// Blocks that go back to the start, behind something that may have allocated in this round, and where there is time to look.
    /// None: it is looked at the start of each round.
    pub ends: Option<Vec<BlockId>>,
}

/// For each function of a module.
pub fn releases(module: &Module, ownership: &[Ownership]) -> Vec<Release> {
    let effects = call_graph::effects(module);
    let mut this = Uses {
        module,
        ownership,
        effects,
        leaves: vec![false; module.funcs.len()],
    };
    for group in call_graph::callees_first(module) {
        loop {
            let mut changed = false;
            for id in &group {
                let leaves = this.allocates(*id) && !this.is_whole(module.func(*id));
                changed |= leaves != std::mem::replace(&mut this.leaves[id.0 as usize], leaves);
            }
            if !changed {
                break;
            }
        }
    }
    let ids = (0..module.funcs.len() as u32).map(FuncId);
    ids.map(|id| this.function(id)).collect()
}

/// Whether a value is no address.
pub fn is_number(defs: &Defs, ty: &Type) -> bool {
    matches!(
        defs.base(ty),
        Type::Unit
            | Type::Bool
            | Type::Int
            | Type::Float
            | Type::Time
            | Type::Duration
            | Type::Date
    )
}

struct Uses<'m> {
    module: &'m Module,
    ownership: &'m [Ownership],
    effects: Vec<Effect>,
    /// By function: whether it may leave something in the arena.
    leaves: Vec<bool>,
}

impl Uses<'_> {
    fn function(&self, id: FuncId) -> Release {
        let func = self.module.func(id);
        let found = loops(func);
        let mut release = Release {
            loops: BTreeMap::new(),
            whole: self.allocates(id) && self.is_whole(func),
        };
        if found.is_empty() {
            return release;
        }
        let live = live_in(func);
        for each in found {
            let insts = || each.blocks.iter().flat_map(|b| &func.block(*b).insts);
            let live = &live[each.head.0 as usize];
            // What is lengthened and carried on is no reason to look at all.
            let leaves = |inst: &Inst| {
                self.is_passing(func, inst)
                    || lengthens(inst) && inst.dst.is_some_and(|dst| !live.contains(dst))
            };
            let allocates = |block: &BlockId| {
                self.ownership[id.0 as usize].copies(*block)
                    || func.block(*block).insts.iter().any(leaves)
            };
            let allocating: Vec<BlockId> = each.blocks.iter().copied().filter(allocates).collect();
            if allocating.is_empty() {
                continue;
            }
            if insts().any(|inst| self.may_keep(func, inst)) {
                continue;
            }
            let mut written = RegSet::empty(func.regs.len());
            insts().filter_map(|inst| inst.dst).for_each(|dst| {
                written.insert(dst);
            });
            written.intersect(live);
            let carried: Vec<Reg> = written.iter().collect();
            if carried.iter().all(|r| self.is_told(func.reg_type(*r))) {
                let is_address = |r: &Reg| !is_number(&self.module.defs, func.value_type(*r));
                let ends = ends(func, &each, allocating);
                if ends.is_empty() {
                    continue;
                }
                // A switch has one way to each of its goals and no place on it.
                let switches = |b: &BlockId| matches!(func.block(*b).term, Term::Switch { .. });
                let few = ends.len() <= ENDS_MAX && !ends.iter().any(switches);
                let round = Round {
                    looked_at: carried.into_iter().filter(is_address).collect(),
                    ends: few.then_some(ends),
                };
                release.loops.insert(each.head, round);
            }
        }
        release
    }

    fn allocates(&self, id: FuncId) -> bool {
        let func = self.module.func(id);
        let blocks = (0..func.blocks.len() as u32).map(BlockId);
        if blocks
            .into_iter()
            .any(|block| self.ownership[id.0 as usize].copies(block))
        {
            return true;
        }
        let mut insts = func.blocks.iter().flat_map(|block| &block.insts);
        insts.any(|inst| lengthens(inst) || self.is_passing(func, inst))
    }

    /// Whether nothing that the function allocates is known when it has returned.
    fn is_whole(&self, func: &Func) -> bool {
        let ends = |block: &Block| matches!(block.term, Term::Suspend { .. } | Term::TailCall(..));
        is_number(&self.module.defs, &func.ret)
            && !func.blocks.iter().any(ends)
            && !(func.blocks.iter())
                .flat_map(|block| &block.insts)
                .any(|inst| self.may_keep(func, inst))
    }

    /// Whether the instruction may allocate what is not put into something that was there before.
    fn is_passing(&self, func: &Func, inst: &Inst) -> bool {
        let number = |r: Reg| is_number(&self.module.defs, func.value_type(r));
        match &inst.op {
            Op::RecordMake(_)
            | Op::FieldSet(..)
            | Op::ListSlice(..)
            | Op::Pure(..)
            | Op::CallerId
            | Op::CallerRoles
            | Op::Open(..)
            | Op::OpenReplica(..)
            | Op::Send { .. }
            | Op::SendEvent { .. }
            | Op::Emit { .. }
            | Op::Fresh => true,
            Op::Lib(name, _) => !TAKE_NOTHING.contains(&name.as_str()),
            Op::VariantMake(_, fields) | Op::ListMake(fields) => !fields.is_empty(),
            Op::Arith(_, x, _) | Op::Neg(x) => !number(*x),
            Op::TextConcat(_) => grown(inst).is_none(),
            Op::Show(x) => *self.module.defs.base(func.value_type(*x)) != Type::Text,
            Op::Call(callee, _) => self.leaves[callee.0 as usize],
            op => op.effect() > Effect::Pure && inst.dst.is_some_and(|dst| {
                matches!(func.reg_type(dst), RegType::Value(ty) if !is_number(&self.module.defs, ty))
            }),
        }
    }

    /// Whether the instruction may make something that was there before know what is new: the keys of an instance are
    /// put into it when they are asked for first. What waits is another matter altogether.
    fn may_keep(&self, func: &Func, inst: &Inst) -> bool {
        let instance = |r: &Reg| matches!(func.reg_type(*r), RegType::Instance(_));
        match &inst.op {
            Op::Keys(_) => true,
            Op::Load(from, slot) => {
                let slot = self.module.slot(func.instance_of(*from), *slot);
                matches!(slot.init, Init::Func(_))
            }
            Op::Call(callee, args) => {
                self.effects[callee.0 as usize] >= Effect::Wait || args.iter().any(instance)
            }
            op => op.effect() >= Effect::Wait,
        }
    }

    /// Whether the code can tell if a value is from before the loop, with all it knows.
    fn is_told(&self, ty: &RegType) -> bool {
        let RegType::Value(ty) = ty else { return false };
        let defs = &self.module.defs;
        match defs.base(ty) {
            Type::List(item) | Type::Set(item) => holds_numbers(defs, item),
            ty => !holds_list(defs, ty, &mut Vec::new()),
        }
    }
}

/// The blocks that go back to the start of the loop and lie behind one of the others in a round.
fn ends(func: &Func, each: &Loop, from: Vec<BlockId>) -> Vec<BlockId> {
    let mut open = from;
    let mut seen = vec![false; func.blocks.len()];
    let mut ends = Vec::new();
    while let Some(block) = open.pop() {
        if std::mem::replace(&mut seen[block.0 as usize], true) {
            continue;
        }
        let mut ends_round = false;
        func.block(block).term.for_each_successor(|to| {
            if to == each.head {
                ends_round = true;
            } else if each.blocks.binary_search(&to).is_ok() {
                open.push(to);
            }
        });
        if ends_round {
            ends.push(block);
        }
    }
    ends.sort();
    ends
}

/// Whether the instruction may take more memory for a list or a text that it changes.
fn lengthens(inst: &Inst) -> bool {
    let changes = matches!(
        inst.op,
        Op::ListSet(..)
            | Op::ListSetField(..)
            | Op::ListPush(..)
            | Op::ListInsert(..)
            | Op::ListConcat(..)
            | Op::ListRemove(..)
            | Op::MapPut(..)
            | Op::MapRemove(..)
            | Op::SetPut(..)
            | Op::SetRemove(..)
    );
    changes || grown(inst).is_some()
}

/// Whether elements of the type lie in a list with all they know.
pub fn holds_numbers(defs: &Defs, item: &Type) -> bool {
    match flat_fields(defs, item) {
        Some(fields) => fields.iter().all(|field| is_number(defs, &field.ty)),
        None => is_number(defs, item),
    }
}

/// Whether a list, a set or a map is somewhere in a value of the type.
fn holds_list(defs: &Defs, ty: &Type, seen: &mut Vec<Type>) -> bool {
    let ty = defs.base(ty);
    if seen.contains(ty) {
        return false;
    }
    seen.push(ty.clone());
    match ty {
        Type::List(_) | Type::Set(_) | Type::Map(..) => true,
        Type::Option(inner) => holds_list(defs, inner, seen),
        Type::Tuple(fields) => fields.iter().any(|f| holds_list(defs, &f.ty, seen)),
        Type::Result(ok, errors) => {
            holds_list(defs, ok, seen)
                || errors
                    .iter()
                    .any(|id| holds_list(defs, &Type::Named(*id), seen))
        }
        Type::Named(id) => {
            let mut fields = match &defs.get(*id).kind {
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => vec![fields],
                DefKind::Enum { variants } => variants.iter().map(|v| &v.fields).collect(),
                DefKind::New { .. } => unreachable!("`base` looks through new types"),
            }
            .into_iter()
            .flatten();
            fields.any(|field| holds_list(defs, &field.ty, seen))
        }
        _ => false,
    }
}

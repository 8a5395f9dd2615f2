//! Writes that could change places (`analyses.md` 2.4): the new value is the old one and something that does not depend on it.
//!
//! A closed table, without a solver: added to, raised or lowered (`raised`), put into or taken out of a set, put at a key that nobody else has. Nothing else of the
//! call may read the field, and no invariant of the entity.

use std::collections::BTreeSet;

use weir_contract::Lattice;
use weir_contract::lattice::Change;
use weir_contract::receipt::{Commuting, Joins};

use super::Summaries;
use super::raised;
use super::shown::path;
use crate::ir::*;

/// The writes of an entry that commute with themselves.
pub fn of(known: &Summaries<'_>, entry: &Entry) -> Vec<Commuting> {
    let module = known.module;
    let funcs = reached(module, entry.func);
    let mut read: BTreeSet<(EntityId, SlotId)> = BTreeSet::new();
    let mut joined = Vec::new();
    let mut set: BTreeSet<(EntityId, SlotId)> = BTreeSet::new();
    for id in &funcs {
        let func = module.func(*id);
        let own = joins(module, func);
        for inst in func.blocks.iter().flat_map(|block| &block.insts) {
            let Some((entity, slot, writes)) = slot_of(func, &inst.op) else {
                continue;
            };
            let join = own.iter().find(|(of, ..)| std::ptr::eq(*of, inst));
            match join {
                Some((_, Some(how))) => joined.push((entity, slot, *how, inst.site)),
                // The read half of a join.
                Some((_, None)) => {}
                None if writes => {
                    set.insert((entity, slot));
                }
                None => {
                    read.insert((entity, slot));
                }
            }
        }
    }
    // Whoever writes is held to the invariants.
    let entities: BTreeSet<EntityId> = joined.iter().map(|(entity, ..)| *entity).collect();
    for check in entities.iter().filter_map(|e| module.entity(*e).check) {
        for id in reached(module, check) {
            let func = module.func(id);
            let insts = func.blocks.iter().flat_map(|block| &block.insts);
            read.extend(insts.filter_map(|inst| {
                slot_of(func, &inst.op).map(|(entity, slot, _)| (entity, slot))
            }));
        }
    }
    let mut out: Vec<Commuting> = Vec::new();
    for (entity, slot, how, site) in joined {
        if read.contains(&(entity, slot)) || set.contains(&(entity, slot)) {
            continue;
        }
        let name = module.entity(entity).name.clone();
        let path = path(module, entity, slot);
        // Of a field that is joined in two manners nothing is said.
        match out
            .iter_mut()
            .find(|of| of.entity == name && of.path == path)
        {
            Some(known) if known.how == how => {}
            Some(known) => known.site = u32::MAX,
            None => out.push(Commuting {
                entity: name,
                path,
                how,
                site: site.0,
            }),
        }
    }
    out.retain(|of| of.site != u32::MAX);
    out
}

/// The functions that a function calls, with itself.
pub fn reached(module: &Module, from: FuncId) -> BTreeSet<FuncId> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let func = module.func(id);
        open.extend(crate::call_graph::calls(func));
        // What is run later belongs to the call as well.
        let insts = func.blocks.iter().flat_map(|block| &block.insts);
        open.extend(insts.filter_map(|inst| match inst.op {
            Op::Spawn(entry, _) | Op::PushUndo(entry, _) => Some(module.entry(entry).func),
            _ => None,
        }));
    }
    found
}

/// The slot an operation touches, and whether it writes it.
pub fn slot_of(func: &Func, op: &Op) -> Option<(EntityId, SlotId, bool)> {
    let (instance, slot) = match op {
        Op::Load(i, s)
        | Op::Present(i, s)
        | Op::Store(i, s, _)
        | Op::SlotLen(i, s)
        | Op::ListSlotGet(i, s, _)
        | Op::ListSlotSet(i, s, _, _)
        | Op::ListSlotPush(i, s, _)
        | Op::ListSlotPop(i, s)
        | Op::ListSlotInsert(i, s, _, _)
        | Op::ListSlotRemove(i, s, _)
        | Op::ListSlotSlice(i, s, _, _)
        | Op::MapSlotGet(i, s, _)
        | Op::MapSlotPut(i, s, _, _)
        | Op::MapSlotRemove(i, s, _)
        | Op::SlotHas(i, s, _)
        | Op::SetSlotAdd(i, s, _)
        | Op::SetSlotRemove(i, s, _)
        | Op::SlotClear(i, s) => (*i, *s),
        Op::MergeSlot { instance, slot, .. } | Op::MergeLook { instance, slot, .. } => {
            (*instance, *slot)
        }
        _ => return None,
    };
    Some((
        func.instance_of(instance),
        slot,
        op.effect() == Effect::Write,
    ))
}

/// The instructions that join, and those that only read for one that does.
fn joins<'f>(module: &Module, func: &'f Func) -> Vec<(&'f Inst, Option<Joins>)> {
    let mut found: Vec<(&'f Inst, Option<Joins>)> = Vec::new();
    let uses = uses(func);
    let only = |reg: Reg| -> Option<&'f Inst> {
        let all = func.blocks.iter().flat_map(|block| &block.insts);
        let mut defs = all.filter(|inst| inst.dst == Some(reg));
        let one = defs.next()?;
        (defs.next().is_none() && reg.0 >= func.params).then_some(one)
    };
    let unused = |dst: Option<Reg>| dst.is_none_or(|dst| uses[dst.0 as usize] == 0);
    for inst in func.blocks.iter().flat_map(|block| &block.insts) {
        match &inst.op {
            Op::Store(instance, slot, value) => {
                if let Some((load, how)) = raised::of(func, inst, &only, &uses) {
                    found.push((load, None));
                    found.push((inst, Some(how)));
                    continue;
                }
                let Some(sum) = only(*value) else { continue };
                let (old, is_sum) = match sum.op {
                    Op::Arith(ArithOp::Add, a, b) => ([a, b], true),
                    Op::Arith(ArithOp::Sub, a, _) => ([a, a], true),
                    _ => ([*value; 2], false),
                };
                // Floats are not associative.
                let is_exact = matches!(
                    func.reg_type(*value),
                    RegType::Value(ty) if *ty != weir_contract::Type::Float
                );
                let load = old.iter().filter_map(|reg| only(*reg)).find(|load| {
                    let is_it = matches!(load.op, Op::Load(i, s) if i == *instance && s == *slot);
                    is_it && load.dst.is_some_and(|dst| uses[dst.0 as usize] == 1)
                });
                let alone = sum.dst.is_some_and(|dst| uses[dst.0 as usize] == 1);
                if let (true, true, true, Some(load)) = (is_sum, is_exact, alone, load) {
                    found.push((load, None));
                    found.push((inst, Some(Joins::Add)));
                }
            }
            Op::SetSlotAdd(..) if unused(inst.dst) => found.push((inst, Some(Joins::Insert))),
            Op::SetSlotRemove(..) if unused(inst.dst) => found.push((inst, Some(Joins::Remove))),
            Op::MergeSlot {
                instance,
                slot,
                change,
                ..
            } => {
                let slot = module.slot(func.instance_of(*instance), *slot);
                let how = match (&slot.merge, change) {
                    (Some(Lattice::AddSet(_)), Change::Remove) => Joins::Remove,
                    (Some(Lattice::AddSet(_)), _) => Joins::Insert,
                    _ => Joins::Merge,
                };
                found.push((inst, Some(how)));
            }
            Op::MapSlotPut(_, _, key, _) if is_fresh(&only, *key) => {
                found.push((inst, Some(Joins::FreshKey)));
            }
            _ => {}
        }
    }
    found
}

fn is_fresh<'f>(only: &dyn Fn(Reg) -> Option<&'f Inst>, key: Reg) -> bool {
    match only(key).map(|inst| &inst.op) {
        Some(Op::Fresh) => true,
        Some(Op::Copy(from) | Op::Cast(from)) => is_fresh(only, *from),
        _ => false,
    }
}

/// How often each register is read.
fn uses(func: &Func) -> Vec<u32> {
    let mut uses = vec![0; func.regs.len()];
    for block in &func.blocks {
        for inst in &block.insts {
            inst.op.for_each_use(|reg| uses[reg.0 as usize] += 1);
        }
        block.term.for_each_use(|reg| uses[reg.0 as usize] += 1);
    }
    uses
}

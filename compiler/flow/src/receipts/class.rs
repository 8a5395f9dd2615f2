//! The class of an entry (`analyses.md` 2.3) and the one reason for it.
//!
//! `free` is what writes nothing, or only state that merges and decides nothing by what it reads; `serial` what changes one
//! instance at a time; `transaction` what touches several in one transaction. The reason of `serial` is the first read that something
//! depends on: a decision, a value that is written, the answer, in this order.

use std::collections::BTreeSet;

use weir_contract::receipt::Class;

use super::Summaries;
use super::commute::{reached, slot_of};
use super::cost::Cost;
use crate::ir::*;

pub fn class(known: &Summaries<'_>, entry: &Entry, cost: &Cost) -> (Class, String, SiteId) {
    let module = known.module;
    match entry.effect {
        Effect::Pure => return (Class::Free, "it touches no state".into(), SiteId(0)),
        Effect::Read => return (Class::Read, "it changes nothing".into(), SiteId(0)),
        Effect::Write | Effect::Wait => {}
    }
    let funcs = reached(module, entry.func);
    let mut writes = Vec::new();
    for id in &funcs {
        let func = module.func(*id);
        for inst in func.blocks.iter().flat_map(|block| &block.insts) {
            if let Some((entity, slot, true)) = slot_of(func, &inst.op)
                && !merges(&inst.op)
            {
                writes.push((entity, slot, inst.site));
            }
        }
    }
    let merged = funcs.iter().any(|id| {
        let func = module.func(*id);
        let mut insts = func.blocks.iter().flat_map(|block| &block.insts);
        insts.any(|inst| merges(&inst.op))
    });
    let depends = funcs
        .iter()
        .filter_map(|id| depends(module, module.func(*id)))
        .min_by_key(|found| (found.on, found.site));
    // What merges may be in several instances: each comes to the same in any order.
    let is_free = writes.is_empty() && (!merged || depends.is_none());
    if let (false, Some(site)) = (is_free, cost.second) {
        let reason = "one transaction touches a second instance here".into();
        return (Class::Transaction, reason, site);
    }
    match (depends, writes.first()) {
        (Some(found), _) if !writes.is_empty() || merged => {
            let field = &module.slot(found.entity, found.slot).name;
            let reason = match found.on {
                On::Decision => format!("it reads `{field}` to decide"),
                On::Value => format!("it reads `{field}` to work out what it writes"),
                On::Answer => format!("it reads `{field}` to answer"),
            };
            (Class::Serial, reason, found.site)
        }
        (_, Some((entity, slot, site))) => {
            let field = &module.slot(*entity, *slot).name;
            let reason = format!("it writes `{field}`, and the last write stays");
            (Class::Serial, reason, *site)
        }
        (_, None) if merged => (
            Class::Free,
            "it only adds to state that merges".into(),
            SiteId(0),
        ),
        (_, None) => (Class::Free, "it writes no state itself".into(), SiteId(0)),
    }
}

/// Whether an operation changes state that merges, by joining it: in any order and any number of times it comes to the same.
/// The one place to name such operations.
fn merges(op: &Op) -> bool {
    matches!(op, Op::MergeSlot { .. })
}

/// What depends on a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Decision,
    Value,
    Answer,
}

struct Depends {
    on: On,
    entity: EntityId,
    slot: SlotId,
    site: SiteId,
}

/// The first read of a function that the gravest thing depends on. What a callee gives depends on what it is given.
fn depends(module: &Module, func: &Func) -> Option<Depends> {
    let mut best: Option<Depends> = None;
    let blocks = || func.blocks.iter().flat_map(|block| &block.insts);
    for read in blocks() {
        let Some((entity, slot, _)) = slot_of(func, &read.op) else {
            continue;
        };
        let Some(dst) = read.dst else { continue };
        let Some(on) = flows(func, dst) else { continue };
        let found = Depends {
            on,
            entity,
            slot,
            site: read.site,
        };
        let is_better = best.as_ref().is_none_or(|best| {
            (found.on, place(module, found.site)) < (best.on, place(module, best.site))
        });
        if is_better {
            best = Some(found);
        }
    }
    best
}

fn place(module: &Module, site: SiteId) -> Site {
    module.site(site)
}

/// The gravest thing that a register's value gets to.
fn flows(func: &Func, from: Reg) -> Option<On> {
    let mut tainted = BTreeSet::from([from]);
    let mut found: Option<On> = None;
    let mut note = |on: On| found = Some(found.map_or(on, |known| known.min(on)));
    loop {
        let before = tainted.len();
        for inst in func.blocks.iter().flat_map(|block| &block.insts) {
            let mut uses = false;
            inst.op.for_each_use(|reg| uses |= tainted.contains(&reg));
            if !uses {
                continue;
            }
            if inst.op.effect() >= Effect::Write {
                note(On::Value);
            }
            tainted.extend(inst.dst);
        }
        if tainted.len() == before {
            break;
        }
    }
    for block in &func.blocks {
        let mut uses = false;
        block
            .term
            .for_each_use(|reg| uses |= tainted.contains(&reg));
        match block.term {
            Term::Branch(..) | Term::Switch { .. } if uses => note(On::Decision),
            Term::Return(_) if uses => note(On::Answer),
            _ => {}
        }
    }
    found
}

//! What one instruction costs. The numbers of reads and writes are those of the calls of the store that `wasm` makes of it;
//! a test counts them.

use super::cost::*;
use super::function::Function;
use super::keys;
use crate::ir::*;

/// Adds an instruction to what was done before it on its way.
pub fn add(of: &Function<'_>, inst: &Inst, cost: &mut Cost) {
    match &inst.op {
        Op::Call(callee, args) => call(of, *callee, args, inst.site, cost),
        Op::TxEnter => cost.enter(),
        Op::TxLeave => leave(of, cost),
        Op::Suspend(Wait::Yield, _) if ends_always(of, inst) => cost.count(RECORDS, 1),
        Op::Suspend(wait, _) => suspend(wait, cost),
        Op::Full => cost.count(TRANSACTIONS, 1),
        Op::Spawn(entry, cells) => {
            // A strand of its own: its first step is a record.
            cost.count(RECORDS, 1);
            cost.then(&of.known.closure(of, *entry, cells, inst.site));
        }
        Op::Send { .. } | Op::SendEvent { .. } => cost.count(MESSAGES, 1),
        Op::NextKey(..) => cost.count(READS, 1),
        op => state(of, op, inst.site, cost),
    }
}

/// What an operation does to the state of an instance: instance, reads, writes.
pub fn state_op(of: &Function<'_>, op: &Op) -> Option<(Reg, Count, Count)> {
    let n = Count::number;
    let func = of.func;
    let slot = |i: &Reg, s: &SlotId| of.module.slot(func.instance_of(*i), *s);
    Some(match op {
        Op::Load(i, s) => {
            let slot = slot(i, s);
            // Whether a collection was ever written is asked by itself, when it begins with something.
            let asks = !matches!(slot.kind, SlotKind::Scalar(_)) && slot.init != Init::Empty;
            (*i, n(1 + asks as u64), n(0))
        }
        Op::Present(i, _)
        | Op::SlotLen(i, _)
        | Op::ListSlotGet(i, _, _)
        | Op::ListSlotSlice(i, _, _, _)
        | Op::MapSlotGet(i, _, _)
        | Op::SlotHas(i, _, _) => (*i, n(1), n(0)),
        Op::Store(i, s, value) => match slot(i, s).kind {
            SlotKind::Scalar(_) => (*i, n(0), n(1)),
            _ => {
                let site = of.func.site;
                (*i, n(0), n(1).plus(&of.length_or_rounds(*value, site)))
            }
        },
        Op::ListSlotSet(i, ..)
        | Op::ListSlotPush(i, ..)
        | Op::ListSlotInsert(i, ..)
        | Op::MapSlotPut(i, ..)
        | Op::SetSlotAdd(i, ..)
        | Op::SetSlotRemove(i, ..)
        | Op::SlotClear(i, _) => (*i, n(0), n(1)),
        Op::MergeSlot { instance, .. } => (*instance, n(0), n(1)),
        Op::MergeLook { instance, .. } => (*instance, n(1), n(0)),
        Op::ListSlotPop(i, _) => (*i, n(2), n(1)),
        Op::ListSlotRemove(i, ..) | Op::MapSlotRemove(i, ..) => (*i, n(1), n(1)),
        _ => return None,
    })
}

fn state(of: &Function<'_>, op: &Op, site: SiteId, cost: &mut Cost) {
    let Some((instance, reads, writes)) = state_op(of, op) else {
        return;
    };
    let written = !writes.is_zero();
    cost.counts[READS] = cost.counts[READS].plus(&reads);
    cost.counts[WRITES] = cost.counts[WRITES].plus(&writes);
    match keys::instance(of, instance) {
        Some(key) => cost.touch(key, written, site),
        None => {
            let many = Many {
                touched: Count::number(1),
                written: Count::number(written as u64),
                site,
            };
            cost.touch_many(of.func.instance_of(instance), many);
        }
    }
}

fn call(of: &Function<'_>, callee: FuncId, args: &[Reg], site: SiteId, cost: &mut Cost) {
    if let Some(summary) = of.known.get(callee) {
        cost.then(&at_call(of, &summary.cost, args, site));
    }
}

/// The cost of a callee with the arguments of a call in place of its parameters.
pub fn at_call(of: &Function<'_>, cost: &Cost, args: &[Reg], site: SiteId) -> Cost {
    // What was made around a function has no lines of its own.
    let is_made = of.func.name.starts_with("entry.");
    let place = |inside: SiteId| if is_made { inside } else { site };
    let keys = |keys: &Keys| {
        let mut here = Keys::default();
        for (entity, many) in &keys.many {
            let many = Many {
                touched: of.here(&many.touched, args, site),
                written: of.here(&many.written, args, site),
                site: place(many.site),
            };
            here.touch_many(*entity, many);
        }
        for (key, touched) in &keys.known {
            match of.key_of_callee(key, args) {
                Some(key) => here.touch(key, touched.written, place(touched.site)),
                None => {
                    let many = Many {
                        touched: Count::number(1),
                        written: Count::number(touched.written as u64),
                        site: place(touched.site),
                    };
                    here.touch_many(key.entity, many);
                }
            }
        }
        here
    };
    Cost {
        counts: std::array::from_fn(|at| of.here(&cost.counts[at], args, site)),
        keys: keys(&cost.keys),
        open: keys(&cost.open),
        enters: cost.enters,
        second: cost.second,
    }
}

/// The invariants of all instances that the transaction has written are asked.
fn leave(of: &Function<'_>, cost: &mut Cost) {
    let open = cost.leave(&|site| of.module.site(site));
    let mut written: Vec<(EntityId, Count)> = Vec::new();
    for (key, touched) in &open.known {
        if touched.written {
            written.push((key.entity, Count::number(1)));
        }
    }
    for (entity, many) in &open.many {
        written.push((*entity, many.written.clone()));
    }
    for (entity, times) in written {
        let Some(check) = of.module.entity(entity).check else {
            continue;
        };
        let Some(summary) = of.known.get(check) else {
            continue;
        };
        for at in [READS, WRITES] {
            let one = of.here(&summary.cost.counts[at], &[], SiteId(0));
            cost.counts[at] = cost.counts[at].plus(&one.times(&times));
        }
    }
}

/// Whether a step ends here whatever it has done: in front of what reads views, and behind the making of temporary data.
fn ends_always(of: &Function<'_>, end: &Inst) -> bool {
    let blocks = &of.func.blocks;
    let here = |block: &Block| block.insts.iter().any(|inst| std::ptr::eq(inst, end));
    let at = blocks.iter().position(here);
    let asks = |block: &Block| match block.term {
        Term::Branch(asked, then, _) => {
            Some(then.0 as usize) == at && matches!(of.only_op(asked), Some(Op::Full))
        }
        _ => false,
    };
    !blocks.iter().any(asks)
}

/// A wait is a record when the run goes on, and what comes from outside is one as well, unless it shares that of its step.
fn suspend(wait: &Wait, cost: &mut Cost) {
    let (records, count) = match wait {
        // Counted with the transactions, which are why the step ends.
        Wait::Yield => return,
        Wait::Extern { .. } => (1, OUTSIDE),
        Wait::Events(..) => (2, WAITS),
        Wait::Sleep | Wait::SleepUntil | Wait::Run | Wait::Join { .. } => (1, WAITS),
        // In tests only.
        Wait::Advance | Wait::Settle => (1, WAITS),
    };
    cost.count(RECORDS, records);
    cost.count(count, 1);
}

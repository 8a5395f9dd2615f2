//! Which line of a function costs most: for those who want to know what to change.

use super::Summaries;
use super::cost::*;
use super::function::Function;
use super::op;
use crate::ir::*;

/// For each part of a receipt, in the order of `Cost::parts`, the place in the function of an entry that costs most of it; no
/// place where nothing does.
pub fn of(known: &Summaries<'_>, entry: &Entry) -> Vec<SiteId> {
    let mut id = entry.func;
    // What was made around the function has no line.
    while known.module.func(id).name.starts_with("entry.") {
        // Defaults come before the function itself.
        let calls = crate::call_graph::calls(known.module.func(id));
        let Some(inner) = calls.last() else { break };
        id = inner;
    }
    let of = known.function(id);
    let mut best: Vec<(u64, SiteId)> = vec![(0, SiteId(0)); 7];
    for (number, block) in of.func.blocks.iter().enumerate() {
        for inst in &block.insts {
            if inst.site == SiteId(0) {
                continue;
            }
            let cost = alone(&of, BlockId(number as u32), inst);
            for (best, weight) in best.iter_mut().zip(weights(&cost)) {
                if weight > best.0 {
                    *best = (weight, inst.site);
                }
            }
        }
    }
    best.into_iter().map(|(_, site)| site).collect()
}

/// An instruction as often as the loops around it go round.
fn alone(of: &Function<'_>, block: BlockId, inst: &Inst) -> Cost {
    let mut cost = Cost::default();
    op::add(of, inst, &mut cost);
    for around in of.loops.iter().rev().filter(|l| l.blocks.contains(&block)) {
        cost.times(&of.rounds(around), &|reg| of.changes_in(around, reg));
    }
    cost
}

/// What grows weighs more than what does not, and what has no bound most.
fn weights(cost: &Cost) -> [u64; 7] {
    let weight = |count: &Count| count.value(&|_| Some(1_000)).unwrap_or(u64::MAX);
    let counts = &cost.counts;
    [
        weight(&counts[RECORDS]),
        weight(&cost.keys.count()),
        weight(&counts[OUTSIDE]),
        weight(&counts[READS]),
        weight(&counts[WRITES]),
        weight(&counts[WAITS]),
        weight(&counts[MESSAGES]),
    ]
}

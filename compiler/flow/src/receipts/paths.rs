//! The dearest way through a function: blocks one after the other, the dearer of two branches, loops times their rounds.
//!
//! A loop is gone through by itself first, which gives what a round costs and how it is left; in the code around it stands for
//! its rounds. A way out in the middle (`break`, `return`, a failure) is a round too.

use std::collections::BTreeMap;

use super::cost::Cost;
use super::function::Function;
use super::op;
use crate::ir::*;
use crate::loops::Loop;

/// What running the function costs.
pub fn cost(of: &Function<'_>) -> Cost {
    let all: Vec<BlockId> = (0..of.func.blocks.len() as u32).map(BlockId).collect();
    let mut whole: Option<Cost> = None;
    for exit in region(of, BlockId(0), &all, None) {
        if exit.to.is_none() {
            or(&mut whole, exit.cost);
        }
    }
    whole.unwrap_or_default()
}

/// One way out of a region.
struct Exit {
    from_head: bool,
    /// `None`: out of the function.
    to: Option<BlockId>,
    /// From the start of the region on.
    cost: Cost,
}

fn or(known: &mut Option<Cost>, cost: Cost) {
    match known {
        None => *known = Some(cost),
        Some(known) => known.or(&cost),
    }
}

/// Goes through some blocks once from their head on. `around` is the loop they are, whose head is a way out as well.
fn region(
    of: &Function<'_>,
    head: BlockId,
    blocks: &[BlockId],
    around: Option<&Loop>,
) -> Vec<Exit> {
    let mut order: Vec<BlockId> = blocks.to_vec();
    order.retain(|block| of.order[block.0 as usize].is_some());
    order.sort_by_key(|block| of.order[block.0 as usize]);
    let mut arrived: BTreeMap<BlockId, Option<Cost>> = BTreeMap::new();
    arrived.insert(head, Some(Cost::default()));
    let mut exits = Vec::new();
    for block in order {
        let Some(Some(so_far)) = arrived.remove(&block) else {
            continue;
        };
        let inner = of
            .loops
            .iter()
            .find(|l| l.head == block && around.is_none_or(|around| around.head != l.head));
        let out = match inner {
            Some(inner) => through_loop(of, inner, so_far),
            None => through_block(of, block, so_far),
        };
        for (to, cost) in out {
            match to {
                Some(to) if to != head && blocks.contains(&to) => {
                    or(arrived.entry(to).or_default(), cost);
                }
                to => exits.push(Exit {
                    from_head: block == head,
                    to,
                    cost,
                }),
            }
        }
    }
    exits
}

fn through_block(
    of: &Function<'_>,
    block: BlockId,
    mut cost: Cost,
) -> Vec<(Option<BlockId>, Cost)> {
    let block = of.func.block(block);
    for inst in &block.insts {
        op::add(of, inst, &mut cost);
    }
    let mut out = Vec::new();
    block
        .term
        .for_each_successor(|to| out.push((Some(to), cost.clone())));
    if out.is_empty() {
        out.push((None, cost));
    }
    out
}

fn through_loop(of: &Function<'_>, inner: &Loop, before: Cost) -> Vec<(Option<BlockId>, Cost)> {
    let rounds = of.rounds(inner);
    let exits = region(of, inner.head, &inner.blocks, Some(inner));
    let mut round: Option<Cost> = None;
    for exit in exits.iter().filter(|exit| exit.to == Some(inner.head)) {
        or(&mut round, exit.cost.clone());
    }
    let round = round.unwrap_or_default();
    let changes = |reg: Reg| of.changes_in(inner, reg);
    let mut out: Vec<(Option<BlockId>, Cost)> = Vec::new();
    for exit in exits {
        if exit.to == Some(inner.head) {
            continue;
        }
        let mut cost = before.clone();
        let mut all = round.clone();
        match exit.from_head {
            true => {
                all.times(&rounds, &changes);
                cost.then(&all);
                cost.then(&exit.cost);
            }
            // The round that leaves is one of them.
            false => {
                all.or(&exit.cost);
                all.times(&rounds, &changes);
                cost.then(&all);
            }
        }
        match out.iter_mut().find(|(to, _)| *to == exit.to) {
            Some((_, known)) => known.or(&cost),
            None => out.push((exit.to, cost)),
        }
    }
    out
}

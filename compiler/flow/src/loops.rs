//! The loops of a function: where each starts and which blocks run again and again.
//!
//! Every graph that lowering makes is reducible, so an edge that goes back in depth-first order goes to the start of a loop,
//! and what reaches that edge without passing the start is the loop.

use crate::ir::{BlockId, Func};

/// Several edges back to one start are one loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    pub head: BlockId,
    /// Ascending, the head among them.
    pub blocks: Vec<BlockId>,
}

/// Ascending by head. Blocks that nothing reaches are in none.
pub fn loops(func: &Func) -> Vec<Loop> {
    let order = reverse_postorder(func);
    let mut predecessors = vec![Vec::new(); func.blocks.len()];
    let mut back: Vec<Vec<BlockId>> = vec![Vec::new(); func.blocks.len()];
    for (number, block) in func.blocks.iter().enumerate() {
        let from = BlockId(number as u32);
        let Some(place) = order[number] else { continue };
        block.term.for_each_successor(|to| {
            predecessors[to.0 as usize].push(from);
            if order[to.0 as usize].is_some_and(|before| before <= place) {
                back[to.0 as usize].push(from);
            }
        });
    }
    let heads = back.iter().enumerate().filter(|(_, from)| !from.is_empty());
    heads
        .map(|(head, from)| {
            let mut inside = vec![false; func.blocks.len()];
            inside[head] = true;
            let mut open = from.clone();
            while let Some(block) = open.pop() {
                if !std::mem::replace(&mut inside[block.0 as usize], true) {
                    open.extend(&predecessors[block.0 as usize]);
                }
            }
            let numbers = (0..func.blocks.len() as u32).map(BlockId);
            Loop {
                head: BlockId(head as u32),
                blocks: numbers.filter(|b| inside[b.0 as usize]).collect(),
            }
        })
        .collect()
}

/// The place of each block that is reached: what comes before another on every path has a smaller one.
pub fn reverse_postorder(func: &Func) -> Vec<Option<u32>> {
    let successors = |block: BlockId| {
        let mut all = Vec::new();
        func.block(block).term.for_each_successor(|to| all.push(to));
        all
    };
    let mut order = vec![None; func.blocks.len()];
    let mut seen = vec![false; func.blocks.len()];
    seen[0] = true;
    let mut done = Vec::new();
    let mut stack = vec![(BlockId(0), successors(BlockId(0)))];
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) => {
                if !std::mem::replace(&mut seen[next.0 as usize], true) {
                    stack.push((next, successors(next)));
                }
            }
            None => {
                done.push(*block);
                stack.pop();
            }
        }
    }
    for (place, block) in done.iter().rev().enumerate() {
        order[block.0 as usize] = Some(place as u32);
    }
    order
}

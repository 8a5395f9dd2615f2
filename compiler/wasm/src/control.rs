//! The shape of a function's blocks, from a graph to nested Wasm blocks.
//!
//! Norman Ramsey, "Beyond Relooper" (ICFP 2022): each block's code is placed where its immediate dominator's
//! is. A block that is reached from several places follows a Wasm `block` that they branch out of; a block that
//! is jumped back to starts a `loop`. Every graph the lowering makes is reducible, and that is asserted.

use weir_flow::ir::{BlockId, Func, Term};

/// What is known of the blocks of one function. Unreachable ones have no number.
pub struct Flow {
    /// Position in reverse postorder, by block.
    order: Vec<Option<u32>>,
    /// Blocks immediately dominated, by block, in reverse postorder.
    children: Vec<Vec<BlockId>>,
    /// Reached by more than one forward edge, or from a switch.
    merge: Vec<bool>,
    /// Reached by an edge from a block it dominates.
    loop_head: Vec<bool>,
}

impl Flow {
    pub fn new(func: &Func) -> Flow {
        let count = func.blocks.len();
        let postorder = postorder(func);
        let mut order = vec![None; count];
        for (i, block) in postorder.iter().rev().enumerate() {
            order[block.0 as usize] = Some(i as u32);
        }
        let mut predecessors = vec![Vec::new(); count];
        for block in postorder.iter().rev() {
            func.block(*block)
                .term
                .for_each_successor(|to| predecessors[to.0 as usize].push(*block));
        }
        let dominator = dominators(&postorder, &order, &predecessors);
        let mut flow = Flow {
            children: vec![Vec::new(); count],
            merge: vec![false; count],
            loop_head: vec![false; count],
            order,
        };
        for block in postorder.iter().rev() {
            if *block != BlockId(0) {
                flow.children[dominator[block.0 as usize].0 as usize].push(*block);
            }
            let mut forward = 0;
            for from in &predecessors[block.0 as usize] {
                if flow.is_back(*from, *block) {
                    assert!(
                        dominates(&dominator, *block, *from),
                        "irreducible control flow in {}",
                        func.name
                    );
                    flow.loop_head[block.0 as usize] = true;
                } else {
                    forward += 1;
                }
            }
            flow.merge[block.0 as usize] |= forward > 1;
            if let Term::Switch { .. } = func.block(*block).term {
                func.block(*block)
                    .term
                    .for_each_successor(|to| flow.merge[to.0 as usize] = true);
            }
        }
        flow
    }

    /// Whether the edge goes back to the start of a loop.
    pub fn is_back(&self, from: BlockId, to: BlockId) -> bool {
        self.order[to.0 as usize] <= self.order[from.0 as usize]
    }

    pub fn is_merge(&self, block: BlockId) -> bool {
        self.merge[block.0 as usize]
    }

    pub fn is_loop_head(&self, block: BlockId) -> bool {
        self.loop_head[block.0 as usize]
    }

    /// The blocks that follow `block`'s code and are branched to, the last first.
    pub fn followers(&self, block: BlockId) -> Vec<BlockId> {
        let children = &self.children[block.0 as usize];
        children
            .iter()
            .rev()
            .copied()
            .filter(|c| self.is_merge(*c))
            .collect()
    }
}

/// Without recursion: a long function is a deep graph.
fn postorder(func: &Func) -> Vec<BlockId> {
    let successors = |block: BlockId| {
        let mut all = Vec::new();
        func.block(block).term.for_each_successor(|to| all.push(to));
        all
    };
    let mut seen = vec![false; func.blocks.len()];
    let mut done = Vec::new();
    let mut stack = vec![(BlockId(0), successors(BlockId(0)))];
    seen[0] = true;
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) if seen[next.0 as usize] => {}
            Some(next) => {
                seen[next.0 as usize] = true;
                stack.push((next, successors(next)));
            }
            None => {
                done.push(*block);
                stack.pop();
            }
        }
    }
    done
}

/// Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".
fn dominators(
    postorder: &[BlockId],
    order: &[Option<u32>],
    predecessors: &[Vec<BlockId>],
) -> Vec<BlockId> {
    let mut dominator: Vec<Option<BlockId>> = vec![None; order.len()];
    dominator[0] = Some(BlockId(0));
    let mut changed = true;
    while changed {
        changed = false;
        for block in postorder.iter().rev().filter(|b| **b != BlockId(0)) {
            let mut common: Option<BlockId> = None;
            for from in &predecessors[block.0 as usize] {
                if dominator[from.0 as usize].is_none() {
                    continue;
                }
                common = Some(match common {
                    None => *from,
                    Some(other) => {
                        let (mut x, mut y) = (*from, other);
                        while x != y {
                            if order[x.0 as usize] > order[y.0 as usize] {
                                x = dominator[x.0 as usize].expect("ordered before");
                            } else {
                                y = dominator[y.0 as usize].expect("ordered before");
                            }
                        }
                        x
                    }
                });
            }
            if dominator[block.0 as usize] != common {
                dominator[block.0 as usize] = common;
                changed = true;
            }
        }
    }
    dominator
        .into_iter()
        .map(|d| d.unwrap_or(BlockId(0)))
        .collect()
}

fn dominates(dominator: &[BlockId], above: BlockId, mut below: BlockId) -> bool {
    loop {
        if below == above {
            return true;
        }
        if below == BlockId(0) {
            return false;
        }
        below = dominator[below.0 as usize];
    }
}

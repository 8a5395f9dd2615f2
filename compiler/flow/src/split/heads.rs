//! Which blocks begin a function of their own, and which blocks belong to each.
//!
//! With a root above the function's start and the blocks behind the cuts, a head is a block whose immediate
//! dominator is the root; what it dominates belongs to it. Suspensions themselves are no ways: control comes back
//! through an entry.

use std::collections::BTreeMap;

use petgraph::algo::dominators::simple_fast;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Cut;
use crate::ir::{BlockId, Func};

pub struct Heads {
    /// The blocks of each head in their order, the head first.
    blocks: BTreeMap<BlockId, Vec<BlockId>>,
}

impl Heads {
    pub fn new(func: &Func, cuts: &[Cut]) -> Heads {
        let count = func.blocks.len();
        let mut graph: DiGraph<(), ()> = DiGraph::new();
        let nodes: Vec<NodeIndex> = (0..count).map(|_| graph.add_node(())).collect();
        let root = graph.add_node(());
        graph.add_edge(root, nodes[0], ());
        for cut in cuts {
            graph.add_edge(root, nodes[cut.behind.0 as usize], ());
        }
        for (i, block) in func.blocks.iter().enumerate() {
            if cuts.iter().any(|cut| cut.at.0 as usize == i) {
                continue;
            }
            block.term.for_each_successor(|to| {
                graph.update_edge(nodes[i], nodes[to.0 as usize], ());
            });
        }
        let dominators = simple_fast(&graph, root);
        let mut blocks: BTreeMap<BlockId, Vec<BlockId>> = BTreeMap::new();
        for (i, node) in nodes.iter().enumerate() {
            // The last but the root on the way up. Blocks nothing reaches have none.
            let Some(way) = dominators.dominators(*node) else {
                continue;
            };
            let head = way.filter(|n| *n != root).last().expect("at least itself");
            let block = BlockId(i as u32);
            let group = blocks.entry(BlockId(head.index() as u32)).or_default();
            if head == *node {
                group.insert(0, block);
            } else {
                group.push(block);
            }
        }
        Heads { blocks }
    }

    /// In the order of the code; the function's start is the first.
    pub fn all(&self) -> Vec<BlockId> {
        self.blocks.keys().copied().collect()
    }

    pub fn is_head(&self, block: BlockId) -> bool {
        self.blocks.contains_key(&block)
    }

    pub fn of(&self, head: BlockId) -> &[BlockId] {
        &self.blocks[&head]
    }
}

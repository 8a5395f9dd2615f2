//! Which function is looked at when: those that a function runs, at once or later, before itself.

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::ir::*;

/// As `call_graph::callees_first`, with the branches and undos that a function leaves for later, and the invariants that are
/// asked when its transaction ends.
pub fn callees_first(module: &Module) -> Vec<Vec<FuncId>> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = module.funcs.iter().map(|_| graph.add_node(())).collect();
    for (at, node) in nodes.iter().enumerate() {
        for to in runs(module, FuncId(at as u32)) {
            graph.update_edge(*node, nodes[to.0 as usize], ());
        }
    }
    let id = |node: &NodeIndex| FuncId(node.index() as u32);
    tarjan_scc(&graph)
        .iter()
        .map(|group| group.iter().map(id).collect())
        .collect()
}

/// The functions that a function runs.
pub fn runs(module: &Module, id: FuncId) -> Vec<FuncId> {
    let func = module.func(id);
    let mut all: Vec<FuncId> = crate::call_graph::calls(func).collect();
    for inst in func.blocks.iter().flat_map(|block| &block.insts) {
        match inst.op {
            Op::Spawn(entry, _) | Op::PushUndo(entry, _) => all.push(module.entry(entry).func),
            Op::TxLeave => all.extend(module.entities.iter().filter_map(|e| e.check)),
            _ => {}
        }
    }
    all
}

//! Which function is looked at when: those that a function runs, at once or later, before itself.

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::ir::*;

/// As `call_graph::callees_first`, with the branches and undos that a function leaves for later, and the invariants that are
/// asked when its transaction ends.
pub fn callees_first(module: &Module) -> Vec<Vec<FuncId>> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = module.funcs.iter().map(|_| graph.add_node(())).collect();
    // One node stands for all invariants: an edge from each transaction to each of them would be too many in a large program.
    let checks = graph.add_node(());
    for check in module.entities.iter().filter_map(|e| e.check) {
        graph.add_edge(checks, nodes[check.0 as usize], ());
    }
    for (func, node) in module.funcs.iter().zip(&nodes) {
        for to in named(module, func) {
            graph.add_edge(*node, nodes[to.0 as usize], ());
        }
        if asks_invariants(func) {
            graph.add_edge(*node, checks, ());
        }
    }
    let ids = |group: &Vec<NodeIndex>| -> Vec<FuncId> {
        let own = group.iter().filter(|node| **node != checks);
        own.map(|node| FuncId(node.index() as u32)).collect()
    };
    let groups = tarjan_scc(&graph);
    groups
        .iter()
        .map(ids)
        .filter(|group| !group.is_empty())
        .collect()
}

fn asks_invariants(func: &Func) -> bool {
    let mut insts = func.blocks.iter().flat_map(|block| &block.insts);
    insts.any(|inst| matches!(inst.op, Op::TxLeave))
}

/// Those it names, to run at once or later.
fn named(module: &Module, func: &Func) -> Vec<FuncId> {
    let mut all: Vec<FuncId> = crate::call_graph::calls(func).collect();
    for inst in func.blocks.iter().flat_map(|block| &block.insts) {
        if let Op::Spawn(entry, _) | Op::PushUndo(entry, _) = inst.op {
            all.push(module.entry(entry).func);
        }
    }
    all
}

/// The functions that a function runs.
pub fn runs(module: &Module, id: FuncId) -> Vec<FuncId> {
    let func = module.func(id);
    let mut all = named(module, func);
    if asks_invariants(func) {
        all.extend(module.entities.iter().filter_map(|e| e.check));
    }
    all
}

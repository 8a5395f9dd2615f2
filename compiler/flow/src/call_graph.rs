//! Who calls whom, and what follows for whole functions.

use std::collections::BTreeSet;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::ir::*;

/// The functions grouped so that callees come before callers; functions that call each other share a group.
pub fn callees_first(module: &Module) -> Vec<Vec<FuncId>> {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = module.funcs.iter().map(|_| graph.add_node(())).collect();
    for (i, func) in module.funcs.iter().enumerate() {
        for callee in calls(func) {
            graph.update_edge(nodes[i], nodes[callee.0 as usize], ());
        }
    }
    let id = |node: &NodeIndex| FuncId(node.index() as u32);
    tarjan_scc(&graph)
        .iter()
        .map(|group| group.iter().map(id).collect())
        .collect()
}

/// For each function the effect of running it: the largest of its own instructions and its callees'.
pub fn effects(module: &Module) -> Vec<Effect> {
    let mut effects = vec![Effect::Pure; module.funcs.len()];
    for group in callees_first(module) {
        let of = |id: &FuncId| {
            let func = module.func(*id);
            let own = func
                .blocks
                .iter()
                .flat_map(|b| &b.insts)
                .map(|i| i.op.effect());
            own.chain(calls(func).map(|c| effects[c.0 as usize]))
                .max()
                .unwrap_or(Effect::Pure)
        };
        let effect = group.iter().map(of).max().unwrap_or(Effect::Pure);
        for id in group {
            effects[id.0 as usize] = effect;
        }
    }
    effects
}

/// For each function the streams that running it may put entries into, before it waits.
pub fn emits(module: &Module) -> Vec<BTreeSet<u32>> {
    let mut emits = vec![BTreeSet::new(); module.funcs.len()];
    if module.streams.is_empty() {
        return emits;
    }
    for group in callees_first(module) {
        let mut all: BTreeSet<u32> = BTreeSet::new();
        for id in &group {
            let func = module.func(*id);
            let insts = func.blocks.iter().flat_map(|b| &b.insts);
            all.extend(insts.filter_map(|inst| match inst.op {
                Op::Emit { stream, .. } => Some(stream),
                _ => None,
            }));
            for callee in calls(func) {
                all.extend(&emits[callee.0 as usize]);
            }
        }
        for id in group {
            emits[id.0 as usize].clone_from(&all);
        }
    }
    emits
}

/// For each function whether running it may ask what time it is.
pub fn ask_time(module: &Module) -> Vec<bool> {
    let mut ask = vec![false; module.funcs.len()];
    for group in callees_first(module) {
        let asks = |id: &FuncId| {
            let func = module.func(*id);
            let mut insts = func.blocks.iter().flat_map(|b| &b.insts);
            insts.any(|inst| matches!(inst.op, Op::Now))
                || calls(func).any(|callee| ask[callee.0 as usize])
        };
        if group.iter().any(asks) {
            group.iter().for_each(|id| ask[id.0 as usize] = true);
        }
    }
    ask
}

/// The functions it calls.
pub fn calls(func: &Func) -> impl Iterator<Item = FuncId> + '_ {
    let inside = func
        .blocks
        .iter()
        .flat_map(|b| &b.insts)
        .filter_map(|inst| match inst.op {
            Op::Call(callee, _) => Some(callee),
            _ => None,
        });
    let last = func.blocks.iter().filter_map(|b| match b.term {
        Term::TailCall(callee, _) => Some(callee),
        _ => None,
    });
    inside.chain(last)
}

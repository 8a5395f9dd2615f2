//! In which order bodies are checked: what a body needs to know of another one comes first.
//!
//! A call's type depends on what the callee fails with, and for functions that do not say so that is worked out from
//! their bodies. Taking callees first keeps the checker from going down a long chain of calls one inside the other.
//! Calls are guessed from names here, so a cycle may be found where there is none; it costs nothing but depth.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use std::collections::BTreeMap;

use weir_diagnostics::FileId;
use weir_syntax::ast::{self, ExprKind as Ast, walk};

use crate::hir::*;
use crate::scope::Cx;

/// These functions, callees before callers.
pub(super) fn functions(cx: &Cx, all: &[FnId]) -> Vec<FnId> {
    let sources = || all.iter().map(|id| &cx.functions[id.0 as usize]);
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, source) in sources().enumerate() {
        if source.infers_fails {
            by_name
                .entry(source.decl.name.as_str())
                .or_default()
                .push(at);
        }
    }
    let uses = sources().map(|source| {
        let mut names = Vec::new();
        walk::walk_fn(&source.decl, &mut |node| {
            let known = name_of(node).filter(|name| by_name.contains_key(name));
            names.extend(known.map(str::to_owned))
        });
        names
    });
    let files = sources().map(|source| source.decl.name.span.file);
    callees_first(uses, &by_name, &files.collect::<Vec<_>>())
        .into_iter()
        .map(|at| all[at])
        .collect()
}

/// These constants, those they are made of first.
pub(super) fn constants(cx: &Cx, all: &[ConstId]) -> Vec<ConstId> {
    let sources = || all.iter().map(|id| &cx.constants[id.0 as usize]);
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (decl, _)) in sources().enumerate() {
        by_name.entry(decl.name.as_str()).or_default().push(at);
    }
    let uses = sources().map(|(decl, _)| {
        let mut names = Vec::new();
        walk::walk_expr(&decl.value, &mut |node| {
            names.extend(name_of(node).map(str::to_owned))
        });
        names
    });
    let files = sources().map(|(decl, _)| decl.name.span.file);
    callees_first(uses, &by_name, &files.collect::<Vec<_>>())
        .into_iter()
        .map(|at| all[at])
        .collect()
}

/// A name that may be what is called or used.
fn name_of(node: walk::Node<'_>) -> Option<&str> {
    match node {
        walk::Node::Expr(ast::Expr {
            kind: Ast::Var(name) | Ast::Field { name, .. },
            ..
        }) => Some(name.as_str()),
        _ => None,
    }
}

fn callees_first(
    uses: impl Iterator<Item = Vec<String>>,
    by_name: &BTreeMap<&str, Vec<usize>>,
    files: &[FileId],
) -> Vec<usize> {
    let mut graph = DiGraph::<(), ()>::new();
    let mut edges = Vec::new();
    for (from, names) in uses.enumerate() {
        graph.add_node(());
        for name in names {
            let all = by_name.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            // What the own file has is probably meant, and else any.
            let own = || all.iter().filter(|to| files[**to] == files[from]);
            match own().next() {
                Some(_) => edges.extend(own().map(|to| (from as u32, *to as u32))),
                None => edges.extend(all.iter().map(|to| (from as u32, *to as u32))),
            }
        }
    }
    graph.extend_with_edges(edges);
    kosaraju_scc(&graph)
        .into_iter()
        .flatten()
        .map(|node| node.index())
        .collect()
}

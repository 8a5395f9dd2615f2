//! Circles: workflows that wait for each other, and transactions that lead back to where they began.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use weir_diagnostics::{Diagnostic, Span, codes};

use super::{call_in, name, started};
use crate::hir::*;
use crate::walk;

/// One function needs another: for its result, or for its part in a transaction.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: FnId,
    to: FnId,
    span: Span,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Calls it, in the same step or the same transaction.
    Call,
    /// Calls a handler of an instance that is named by its key.
    Other,
    /// Waits for the run to end.
    Result,
    /// Waits for its own run to end.
    OwnResult,
}

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let mut edges = Vec::new();
    for (at, function) in program.functions.iter().enumerate() {
        if let (Implementation::Body(body), false) = (&function.implementation, function.is_prelude)
        {
            collect(program, FnId(at as u32), body, &mut edges);
        }
    }
    let of_runs = circles(program, &edges, |kind| kind != Kind::Other);
    for circle in of_runs {
        let waits = |edge: &&Edge| edge.kind == Kind::Result && circle.len() > 1;
        let own = |edge: &&Edge| edge.kind == Kind::OwnResult;
        let waits_back = circle.iter().find(|edge| own(edge) || waits(edge));
        if let Some(first) = waits_back {
            found.push(waits_for_itself(program, &around(&circle, first)));
        }
    }
    let of_calls = circles(program, &edges, |kind| {
        matches!(kind, Kind::Call | Kind::Other)
    });
    for circle in of_calls {
        let in_transaction = |edge: &&Edge| {
            edge.kind == Kind::Other && program.function(edge.to).effect < Effect::Wait
        };
        if let Some(first) = circle.iter().find(in_transaction) {
            found.push(comes_back(program, &around(&circle, first)));
        }
    }
}

fn collect(program: &Checked, from: FnId, body: &Body, out: &mut Vec<Edge>) {
    // Runs that are kept in a variable and waited for later.
    let mut kept: Vec<(LocalId, FnId)> = Vec::new();
    walk::all(&body.root, &mut |expr| {
        let mut edge = |to, kind| {
            out.push(Edge {
                from,
                to,
                span: expr.span,
                kind,
            });
        };
        match &expr.kind {
            ExprKind::Call { function, .. } => edge(*function, Kind::Call),
            ExprKind::CallHandler {
                function, target, ..
            } => match target {
                Some(_) => edge(*function, Kind::Other),
                None => edge(*function, Kind::Call),
            },
            ExprKind::Block(block) => {
                for stmt in &block.stmts {
                    if let Stmt::Let(pattern, value) = stmt
                        && let PatternKind::Bind(id) = pattern.kind
                        && let ExprKind::Send { message, .. } = &call_in(value).kind
                        && let Some(run) = started(program, message)
                    {
                        kept.push((id, run));
                    }
                }
            }
            ExprKind::RunResult { run, .. } => match &run.kind {
                ExprKind::Send { message, .. } => {
                    if let Some(to) = started(program, message) {
                        let own = matches!(message, Message::Handler { target: None, .. });
                        edge(to, if own { Kind::OwnResult } else { Kind::Result });
                    }
                }
                ExprKind::Local(id) => {
                    let runs = kept.iter().filter(|(local, _)| local == id);
                    for (_, to) in runs.copied() {
                        edge(to, Kind::Result);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    });
}

/// The edges inside each strongly connected component.
fn circles(program: &Checked, edges: &[Edge], keep: impl Fn(Kind) -> bool) -> Vec<Vec<Edge>> {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<_> = program
        .functions
        .iter()
        .map(|_| graph.add_node(()))
        .collect();
    let edges: Vec<Edge> = edges.iter().copied().filter(|e| keep(e.kind)).collect();
    for edge in &edges {
        graph.add_edge(nodes[edge.from.0 as usize], nodes[edge.to.0 as usize], ());
    }
    let mut component = vec![0; nodes.len()];
    for (at, nodes) in kosaraju_scc(&graph).into_iter().enumerate() {
        for node in nodes {
            component[node.index()] = at;
        }
    }
    let mut out: std::collections::BTreeMap<usize, Vec<Edge>> = Default::default();
    for edge in edges {
        let (from, to) = (
            component[edge.from.0 as usize],
            component[edge.to.0 as usize],
        );
        if from == to {
            out.entry(from).or_default().push(edge);
        }
    }
    out.into_values().collect()
}

/// The shortest way from an edge back to its start.
fn around(circle: &[Edge], first: &Edge) -> Vec<Edge> {
    let mut ways = vec![vec![*first]];
    let mut seen = vec![first.to];
    while let Some(at) = ways
        .iter()
        .position(|way| way[way.len() - 1].to != first.from)
    {
        let way = ways.remove(at);
        let end = way[way.len() - 1].to;
        for next in circle.iter().filter(|edge| edge.from == end) {
            if next.to == first.from {
                return way.into_iter().chain([*next]).collect();
            }
            if !seen.contains(&next.to) {
                seen.push(next.to);
                ways.push(way.iter().copied().chain([*next]).collect());
            }
        }
    }
    vec![*first]
}

fn waits_for_itself(program: &Checked, way: &[Edge]) -> Diagnostic {
    let first = way[0];
    let mut text = format!("`{}`", name(program, first.from));
    for (at, edge) in way.iter().enumerate() {
        let verb = match edge.kind {
            Kind::Call | Kind::Other => "calls",
            Kind::Result | Kind::OwnResult => "waits for",
        };
        let which = if at == 0 { " " } else { ", which " };
        text.push_str(&format!("{which}{verb} `{}`", name(program, edge.to)));
    }
    let found = Diagnostic::new(codes::W0803, first.span, text)
        .label("waits here")
        .help(
            "when the keys are the same nobody goes on: `send` one of them and do not wait for it",
        );
    rest(program, found, way)
}

fn comes_back(program: &Checked, way: &[Edge]) -> Diagnostic {
    let first = way[0];
    let found = Diagnostic::new(
        codes::W0806,
        first.span,
        format!(
            "`{}` leads back to itself in one transaction, from instance to instance",
            name(program, first.from)
        ),
    )
    .label(format!("calls `{}`", name(program, first.to)))
    .help("a transaction has to end: `send` the call, so that each instance has one of its own");
    rest(program, found, way)
}

fn rest(program: &Checked, mut found: Diagnostic, way: &[Edge]) -> Diagnostic {
    for edge in &way[1..] {
        let verb = match edge.kind {
            Kind::Call | Kind::Other => "calls",
            Kind::Result | Kind::OwnResult => "waits for",
        };
        let text = format!("which {verb} `{}`", name(program, edge.to));
        found = found.secondary(edge.span, text);
    }
    found
}

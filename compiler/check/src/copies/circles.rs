//! Circles of parameters on which something grows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use weir_diagnostics::{Diagnostic, Span, codes};

use super::bodies;
use crate::hir::*;
use crate::{messages, walk};

/// A parameter that copies differ by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Parameter {
    Type(FnId, u32),
    Function(FnId, usize),
}

impl Parameter {
    fn owner(self) -> FnId {
        match self {
            Parameter::Type(id, _) | Parameter::Function(id, _) => id,
        }
    }
}

/// A call hands one parameter on as another.
#[derive(Clone, Debug)]
struct Handed<'p> {
    from: Parameter,
    to: Parameter,
    span: Span,
    /// What is handed on when it is more than the parameter.
    grown: Option<Grown<'p>>,
}

#[derive(Clone, Copy, Debug)]
enum Grown<'p> {
    Type(&'p Type),
    Lambda(Span),
}

/// An error for each call on which a circle grows.
pub fn circles(program: &Checked) -> Vec<Diagnostic> {
    let handed = all_handed(program);
    let circle_of = circles_of(handed.iter().map(|one| (one.from, one.to)));
    let circle = |parameter: Parameter| circle_of[&parameter];
    let mut told = BTreeSet::new();
    handed
        .iter()
        .filter(|one| one.grown.is_some() && circle(one.from) == circle(one.to))
        .filter(|one| told.insert((one.span, circle(one.from))))
        .map(|one| endless(program, one, &handed))
        .collect()
}

/// The number of the circle that each end of the edges is on; two are on one where each leads to the other.
pub fn circles_of<P: Copy + Ord>(edges: impl Iterator<Item = (P, P)>) -> BTreeMap<P, usize> {
    let mut graph = DiGraph::<P, ()>::new();
    let mut nodes: BTreeMap<P, NodeIndex> = BTreeMap::new();
    for (from, to) in edges {
        let [from, to] =
            [from, to].map(|end| *nodes.entry(end).or_insert_with(|| graph.add_node(end)));
        graph.add_edge(from, to, ());
    }
    let circles = kosaraju_scc(&graph).into_iter().enumerate();
    circles
        .flat_map(|(number, circle)| circle.into_iter().map(move |node| (node, number)))
        .map(|(node, number)| (graph[node], number))
        .collect()
}

fn all_handed(program: &Checked) -> Vec<Handed<'_>> {
    let mut out = Vec::new();
    for (at, function) in program.functions.iter().enumerate() {
        let id = FnId(at as u32);
        // Most functions have nothing to hand on.
        if !differs(function) {
            continue;
        }
        for body in bodies(function) {
            walk::all(&body.root, &mut |expr| {
                let ExprKind::Call {
                    function: callee,
                    type_args,
                    args,
                } = &expr.kind
                else {
                    return;
                };
                types_handed(id, *callee, type_args, expr.span, &mut out);
                for (at, arg) in args.iter().enumerate() {
                    let to = Parameter::Function(*callee, at);
                    let mut hand = |local: &LocalId, grown| {
                        if let Some(from) = function_parameter(function, *local) {
                            out.push(Handed {
                                from: Parameter::Function(id, from),
                                to,
                                span: expr.span,
                                grown,
                            });
                        }
                    };
                    match arg {
                        Arg::Param(local) => hand(local, None),
                        Arg::Lambda(lambda) => {
                            let grown = Some(Grown::Lambda(lambda.body.span));
                            lambda.captures.iter().for_each(|local| hand(local, grown));
                        }
                        Arg::Function(named, type_args) => {
                            types_handed(id, *named, type_args, expr.span, &mut out);
                        }
                        Arg::Value(_) | Arg::Default => {}
                    }
                }
            });
        }
    }
    out
}

/// Whether copies of a function differ: by types, or by the functions it is passed.
fn differs(function: &Function) -> bool {
    let is_function = |param: &Param| matches!(param.ty, Type::Fn(..));
    !function.type_params.is_empty() || function.params.iter().any(is_function)
}

fn types_handed<'p>(
    from: FnId,
    to: FnId,
    type_args: &'p [Type],
    span: Span,
    out: &mut Vec<Handed<'p>>,
) {
    for (at, ty) in type_args.iter().enumerate() {
        let mut inside = BTreeSet::new();
        ty.params(&mut inside);
        out.extend(inside.into_iter().map(|param| Handed {
            from: Parameter::Type(from, param),
            to: Parameter::Type(to, at as u32),
            span,
            grown: (*ty != Type::Param(param)).then_some(Grown::Type(ty)),
        }));
    }
}

/// The parameter of function type that a variable is. Only plain functions have such, and their variables begin with
/// the parameters.
fn function_parameter(function: &Function, local: LocalId) -> Option<usize> {
    let at = local.0 as usize;
    let param = function.params.get(at)?;
    (function.entity.is_none() && matches!(param.ty, Type::Fn(..))).then_some(at)
}

fn endless(program: &Checked, grows: &Handed, handed: &[Handed]) -> Diagnostic {
    let (caller, callee) = (
        program.function(grows.from.owner()),
        program.function(grows.to.owner()),
    );
    let name = &caller.name;
    let shown = |ty: &Type| messages::show(program, &caller.type_params, ty);
    let (each, label, help) = match (grows.grown, grows.from) {
        (Some(Grown::Type(ty)), Parameter::Type(_, param)) => (
            "a larger type",
            format!(
                "`{}` becomes `{}` here",
                caller.type_params[param as usize],
                shown(ty)
            ),
            "call it with the same types; what grows while running can be a `List`, or an `enum` that holds itself"
                .to_owned(),
        ),
        (_, Parameter::Function(_, at)) => {
            let param = &caller.params[at].name;
            (
                "a new function",
                format!("a lambda around `{param}` is passed on here"),
                format!("pass `{param}` on as it is, and what changes beside it as data"),
            )
        }
        _ => unreachable!("types grow from types"),
    };
    let message = if grows.from.owner() == grows.to.owner() {
        format!("`{name}` calls itself with {each} each time, and a copy is made for each")
    } else {
        format!(
            "`{name}` calls `{}` with {each} each time it comes round, and a copy is made for each",
            callee.name
        )
    };
    let mut found = Diagnostic::new(codes::E0307, grows.span, message)
        .label(label)
        .help(help);
    if let Some(Grown::Lambda(lambda)) = grows.grown {
        found = found.secondary(lambda, "this lambda is another each time");
    }
    let back = way(grows.to, grows.from, handed);
    // With several parameters one call can be most of the way.
    for step in back.into_iter().filter(|step| step.span != grows.span) {
        let next = &program.function(step.to.owner()).name;
        found = found.secondary(step.span, format!("comes round by this call of `{next}`"));
    }
    found.secondary(caller.span, format!("`{name}` is declared here"))
}

/// The shortest way from one parameter to another.
fn way<'h, 'p>(from: Parameter, to: Parameter, handed: &'h [Handed<'p>]) -> Vec<&'h Handed<'p>> {
    let mut came_by: BTreeMap<Parameter, &Handed> = BTreeMap::new();
    let mut next = VecDeque::from([from]);
    while let Some(here) = next.pop_front() {
        for step in handed.iter().filter(|step| step.from == here) {
            if step.to != from && !came_by.contains_key(&step.to) {
                came_by.insert(step.to, step);
                next.push_back(step.to);
            }
        }
    }
    let mut steps = Vec::new();
    let mut here = to;
    while here != from {
        let step = came_by[&here];
        steps.push(step);
        here = step.from;
    }
    steps.reverse();
    steps
}

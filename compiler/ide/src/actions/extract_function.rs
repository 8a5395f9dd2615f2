//! A selected expression, or statements in a row, become a function of their own: what they use of the variables around them
//! are its parameters, what is used behind them of the variables they make is what it gives.
//!
//! Refused where the new function would not mean the same: code that leaves its surroundings (`return`, `break`), changes
//! a variable that is outside, or is generic.

use std::collections::BTreeMap;

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Expr, ExprKind, Stmt, StmtKind};

use super::{Action, ActionKind, Asked, write};
use crate::{Edit, show};

/// What is taken out.
struct Taken<'a> {
    span: Span,
    nodes: Vec<Node<'a>>,
    /// The value, where it is wanted: of the expression, or of the last statement of a block that gives it.
    value: Option<Span>,
}

pub fn extract_function(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    if asked.selected.start == asked.selected.end {
        return None;
    }
    let is_generic = asked.function().is_some_and(|f| !f.type_params.is_empty());
    let taken = of_statements(asked).or_else(|| of_expression(asked))?;
    if is_generic || !stays_inside(&taken) {
        return None;
    }
    let whole = asked.whole()?;
    let snapshot = asked.snapshot;
    let names = snapshot.meanings().names_in(whole.file).iter();
    let names = names.filter(|(at, _)| whole.contains(*at));
    let mut params: BTreeMap<Span, &str> = BTreeMap::new();
    let mut made: BTreeMap<Span, &str> = BTreeMap::new();
    for (at, def) in names {
        let Def::Local(declared) = def else { continue };
        if declared.file != whole.file || !whole.contains(*declared) {
            continue;
        }
        let (is_used, is_declared) = (taken.span.contains(*at), taken.span.contains(*declared));
        if is_used && !is_declared {
            params.insert(*declared, asked.snippet(*declared));
        } else if !is_used && is_declared {
            made.insert(*declared, asked.snippet(*declared));
        }
    }
    if changes_one_of(&taken, &params, asked) || is_for_tests(&taken, asked) {
        return None;
    }
    let typed = |declared: &Span| {
        let ty = snapshot.ty(*declared).filter(|ty| !show::is_unknown(ty))?;
        Some(snapshot.show(*declared, ty))
    };
    let shown: Option<Vec<String>> = params
        .iter()
        .map(|(declared, name)| Some(format!("{name}: {}", typed(declared)?)))
        .collect();
    let name = asked.free_name("extracted");
    let fails = passes_on_failures(&taken);
    let call = format!(
        "{name}({}){}",
        params.values().copied().collect::<Vec<_>>().join(", "),
        if fails { "?" } else { "" }
    );
    let value = taken
        .value
        .and_then(|span| snapshot.ty(span))
        .filter(|ty| !matches!(ty, Type::Unit | Type::Never));
    if value.is_some_and(|ty| show::is_unknown(ty) || matches!(ty, Type::Result(..))) {
        return None;
    }
    let (gives, last, used) = match (value, made.len()) {
        (Some(ty), 0) => (snapshot.show(taken.span, ty), None, call),
        // It would have to give both.
        (Some(_), _) => return None,
        (None, 0) => (String::new(), None, call),
        (None, 1) => {
            let (declared, name) = made.iter().next()?;
            let used = format!("{} {name} = {call}", keyword(asked, *declared));
            (typed(declared)?, Some((*name).to_owned()), used)
        }
        (None, _) => {
            let types: Option<Vec<String>> = made.keys().map(typed).collect();
            if made.keys().any(|at| keyword(asked, *at) == "var") {
                return None;
            }
            let names = made.values().copied().collect::<Vec<_>>().join(", ");
            let used = format!("let ({names}) = {call}");
            (
                format!("({})", types?.join(", ")),
                Some(format!("({names})")),
                used,
            )
        }
    };
    let outer = asked.indent(whole.start);
    let from = asked.indent(taken.span.start);
    let inner = format!("{outer}  ");
    let mut body = write::indented(asked.snippet(taken.span), from, &inner);
    if let Some(last) = last {
        body.push_str(&format!("\n{inner}{last}"));
    }
    let gives = match gives.as_str() {
        "" => String::new(),
        gives => format!(" -> {gives}"),
    };
    let function = format!(
        "\n\n{outer}fn {name}({}){gives} {{\n{inner}{body}\n{outer}}}",
        shown?.join(", ")
    );
    let edits = vec![
        Edit {
            span: taken.span,
            text: used,
        },
        Edit {
            span: whole.after(),
            text: function,
        },
    ];
    Some(Action::new(
        "extract into a function",
        ActionKind::Extract,
        edits,
    ))
}

/// Whole statements of one block.
fn of_statements<'a>(asked: &Asked<'a>) -> Option<Taken<'a>> {
    let block = asked.around.iter().rev().find_map(|node| match node {
        Node::Block(block) => Some(*block),
        _ => None,
    })?;
    let touched =
        |stmt: &&Stmt| stmt.span.start < asked.selected.end && asked.selected.start < stmt.span.end;
    let inside: Vec<&Stmt> = block.stmts.iter().filter(touched).collect();
    let (first, last) = (inside.first()?, inside.last()?);
    let span = first.span.to(last.span);
    if span != asked.selected {
        return None;
    }
    let is_last = block.stmts.last().map(|stmt| stmt.span) == Some(last.span);
    let value = match &last.kind {
        StmtKind::Expr(e) if is_last || inside.len() == 1 => Some(e.span),
        _ => None,
    };
    let mut nodes = Vec::new();
    let mut see = |node: Node<'a>| {
        if span.contains(node.span()) {
            nodes.push(node);
        }
    };
    weir_syntax::ast::walk::walk_block(block, &mut see);
    Some(Taken { span, nodes, value })
}

fn of_expression<'a>(asked: &Asked<'a>) -> Option<Taken<'a>> {
    let e = asked.selected_expr()?;
    if matches!(e.kind, ExprKind::Undo { .. } | ExprKind::Hole) {
        return None;
    }
    let is_in_body =
        asked.function().is_some() || asked.around.iter().any(|n| matches!(n, Node::Block(_)));
    if !asked.is_value(e) || !is_in_body {
        return None;
    }
    let mut nodes = Vec::new();
    weir_syntax::ast::walk::walk_expr(e, &mut |node| nodes.push(node));
    Some(Taken {
        span: e.span,
        nodes,
        value: Some(e.span),
    })
}

/// Whether nothing in it leaves it but by failing.
fn stays_inside(taken: &Taken) -> bool {
    let loops: Vec<Span> = taken.nodes.iter().filter_map(loop_of).collect();
    taken.nodes.iter().all(|node| match node {
        Node::Expr(e) => match &e.kind {
            ExprKind::Return(_) => false,
            ExprKind::Break | ExprKind::Continue => loops.iter().any(|l| l.contains(e.span)),
            _ => true,
        },
        // Only tests have what stands for time and the outside.
        Node::Stmt(stmt) => !matches!(stmt.kind, StmtKind::Expect(_)),
        _ => true,
    })
}

fn loop_of(node: &Node) -> Option<Span> {
    match node {
        Node::Expr(e) => matches!(e.kind, ExprKind::For(_)).then_some(e.span),
        Node::Stmt(stmt) => matches!(stmt.kind, StmtKind::While { .. }).then_some(stmt.span),
        _ => None,
    }
}

/// Whether failures come out of it.
fn passes_on_failures(taken: &Taken) -> bool {
    taken.nodes.iter().any(|node| match node {
        Node::Expr(e) => matches!(e.kind, ExprKind::Try(_) | ExprKind::Fail(_)),
        Node::Stmt(stmt) => matches!(stmt.kind, StmtKind::Require { .. }),
        _ => false,
    })
}

/// Whether something in it is there in tests only.
fn is_for_tests(taken: &Taken, asked: &Asked) -> bool {
    let names = asked.snapshot.meanings().names_in(taken.span.file);
    let mut inside = names.iter().filter(|(at, _)| taken.span.contains(*at));
    inside.any(|(_, def)| {
        let tests = [
            "advance", "settle", "mock", "crash_at", "set", "get", "exists", "replicas", "sync",
        ];
        matches!(def, Def::Builtin(name) if tests.contains(name))
    })
}

/// Whether a variable that is outside is assigned, or changed by one of its own functions.
fn changes_one_of(taken: &Taken, params: &BTreeMap<Span, &str>, asked: &Asked) -> bool {
    let is_var = |e: &Expr| {
        let mut base = e;
        loop {
            match &base.kind {
                ExprKind::Field { base: of, .. }
                | ExprKind::Index { base: of, .. }
                | ExprKind::TupleField { base: of, .. } => base = of,
                ExprKind::Var(name) => {
                    let def = asked.snapshot.meanings().name(name.span);
                    let Some(Def::Local(declared)) = def else {
                        return false;
                    };
                    return params.contains_key(&declared) && keyword(asked, declared) == "var";
                }
                _ => return false,
            }
        }
    };
    taken.nodes.iter().any(|node| match node {
        Node::Stmt(stmt) => match &stmt.kind {
            StmtKind::Assign { target, .. } => is_var(target),
            _ => false,
        },
        Node::Expr(e) => match &e.kind {
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Field { base, name } => {
                    let known = asked.snapshot.meanings().name(name.span);
                    matches!(known, Some(Def::Builtin(_)) | None) && is_var(base)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    })
}

/// `var` or `let`: how a variable was made.
fn keyword(asked: &Asked, declared: Span) -> &'static str {
    let before = asked.text()[..declared.start as usize].trim_end();
    match before.ends_with("var") {
        true => "var",
        false => "let",
    }
}

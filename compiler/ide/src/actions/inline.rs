//! A variable goes, and its value stands wherever it was used.
//!
//! Refused where that could mean something else: more than one use of a value that does something, a name in the value that
//! stands for something else at a use, a variable that changes.

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::{Node, walk_expr};
use weir_syntax::ast::{Expr, ExprKind, PatternKind, StmtKind};

use super::{Action, ActionKind, Asked, write};
use crate::references::all;
use crate::{At, Edit, nodes};

pub fn inline(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    let snapshot = asked.snapshot;
    let at = At {
        file: asked.file.id,
        offset: asked.selected.start,
    };
    let (_, def) = snapshot.name_at(at)?;
    let Def::Local(declared) = def else {
        return None;
    };
    let (stmt, value) = declaration(asked, declared)?;
    let uses: Vec<Span> = all(snapshot, def)
        .into_iter()
        .filter(|found| !found.is_declaration)
        .map(|found| found.span)
        .collect();
    let text = asked.snippet(value.span);
    let is_heavy = write::does_something(value);
    let shadows = names_in(value).any(|name| {
        let of = snapshot.meanings().name(name);
        let locals = snapshot.meanings().names();
        let whole = asked.whole();
        locals.into_iter().any(|(place, other)| {
            matches!(other, Def::Local(at) if at == place)
                && Some(*other) != of
                && whole.is_some_and(|whole| whole.contains(*place))
                && asked.snippet(*place) == asked.snippet(name)
        })
    });
    let may_inline = !uses.is_empty()
        && (uses.len() == 1 || !is_heavy && text.len() <= 80)
        && !shadows
        && !text.contains('\n')
        && uses
            .iter()
            .all(|span| asked.snippet(*span) == asked.snippet(declared));
    if !may_inline || is_heavy && !follows(asked, stmt, uses[0]) {
        return None;
    }
    let mut edits = vec![write::without_line(snapshot, stmt)];
    for span in uses {
        // A text inside of a text needs no other quotes, but a reader does.
        let in_text = is_in_text(asked, span);
        if in_text && text.contains('"') {
            return None;
        }
        let is_whole = write::is_closed(value) || in_text || stands_alone(asked, span);
        edits.push(Edit {
            span,
            text: match is_whole {
                true => text.to_owned(),
                false => format!("({text})"),
            },
        });
    }
    let title = format!("inline `{}`", asked.snippet(declared));
    Some(Action::new(title, ActionKind::Inline, edits))
}

/// `let x = value` of a variable.
fn declaration<'a>(asked: &Asked<'a>, declared: Span) -> Option<(Span, &'a Expr)> {
    let at = At {
        file: declared.file,
        offset: declared.start,
    };
    let around = nodes::around(&asked.file.parsed.module, at);
    around.into_iter().rev().find_map(|node| match node {
        Node::Stmt(stmt) => match &stmt.kind {
            StmtKind::Let {
                scratch: false,
                pattern,
                ty: None,
                value,
            } if pattern.span == declared && !matches!(value.kind, ExprKind::Undo { .. }) => {
                matches!(pattern.kind, PatternKind::Bind(_)).then_some((stmt.span, value))
            }
            _ => None,
        },
        _ => None,
    })
}

fn names_in(e: &Expr) -> impl Iterator<Item = Span> {
    let mut found = Vec::new();
    walk_expr(e, &mut |node| {
        if let Node::Expr(e) = node
            && let ExprKind::Var(name) = &e.kind
        {
            found.push(name.span);
        }
    });
    found.into_iter()
}

/// Whether the use is in the statement right behind: then nothing happens in between.
fn follows(asked: &Asked, stmt: Span, used: Span) -> bool {
    let at = At {
        file: stmt.file,
        offset: stmt.start,
    };
    let around = nodes::around(&asked.file.parsed.module, at);
    let block = around.into_iter().rev().find_map(|node| match node {
        Node::Block(block) => Some(block),
        _ => None,
    });
    let Some(block) = block else { return false };
    let next = block
        .stmts
        .iter()
        .find(|other| other.span.start > stmt.start);
    next.is_some_and(|next| {
        let is_loop = matches!(next.kind, StmtKind::While { .. });
        let in_loop = |e: &Expr| matches!(e.kind, ExprKind::For(_) | ExprKind::Lambda { .. });
        let looped = matches!(&next.kind, StmtKind::Expr(e) if in_loop(e));
        next.span.contains(used) && !is_loop && !looped
    })
}

fn is_in_text(asked: &Asked, used: Span) -> bool {
    around_use(asked, used)
        .iter()
        .any(|node| matches!(node, Node::Expr(e) if matches!(e.kind, ExprKind::Interpolated(_))))
}

/// Whether nothing but brackets, commas and line ends is around a use.
fn stands_alone(asked: &Asked, used: Span) -> bool {
    let around = around_use(asked, used);
    let mut outer = around
        .iter()
        .rev()
        .filter(|node| node.span() != used || !matches!(node, Node::Expr(_)));
    matches!(
        outer.next(),
        Some(Node::Arg(_) | Node::Stmt(_) | Node::Block(_) | Node::Arm(_))
    )
}

fn around_use<'a>(asked: &Asked<'a>, used: Span) -> Vec<Node<'a>> {
    let at = At {
        file: used.file,
        offset: used.start,
    };
    let mut around = nodes::around(&asked.file.parsed.module, at);
    around.retain(|node| node.span().contains(used));
    around
}

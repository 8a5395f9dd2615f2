//! `if x is P { a } else { b }` and the `match` that says the same.

use weir_syntax::ast::{Block, Expr, ExprKind, PatternKind};

use super::{Action, ActionKind, Asked, write};
use crate::Edit;

pub fn if_to_match(asked: &Asked) -> Vec<Action> {
    let found = asked.innermost(|e| match &e.kind {
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => Some((e, cond, then, otherwise.as_deref())),
        _ => None,
    });
    let Some((whole, cond, then, otherwise)) = found else {
        return Vec::new();
    };
    let ExprKind::Is { value, pattern } = &cond.kind else {
        return Vec::new();
    };
    if !is_at_head(asked, whole, cond) || is_else_if(asked, whole) {
        return Vec::new();
    }
    let indent = asked.indent(whole.span.start);
    let inner = format!("{indent}  ");
    let arm = |pattern: &str, body: &str| {
        let body = write::indented(body, indent, &inner);
        format!("{inner}{pattern} => {body}\n")
    };
    let rest = match otherwise {
        Some(e) => block_text(asked, e),
        None => "{}".into(),
    };
    let text = format!(
        "match {} {{\n{}{}{indent}}}",
        asked.snippet(value.span),
        arm(asked.snippet(pattern.span), &arm_body(asked, then)),
        arm("_", &rest),
    );
    let edit = Edit {
        span: whole.span,
        text,
    };
    vec![Action::new(
        "write it as a `match`",
        ActionKind::Rewrite,
        vec![edit],
    )]
}

pub fn match_to_if(asked: &Asked) -> Vec<Action> {
    let found = asked.innermost(|e| match &e.kind {
        ExprKind::Match { subject, arms } => Some((e, subject, arms)),
        _ => None,
    });
    let Some((whole, subject, arms)) = found else {
        return Vec::new();
    };
    let [first, second] = arms.as_slice() else {
        return Vec::new();
    };
    let takes_rest = matches!(second.pattern.kind, PatternKind::Wildcard)
        || matches!(&second.pattern.kind, PatternKind::Con { name, args: None, .. } if name.as_str() == "None");
    let is_plain = first.guard.is_none()
        && second.guard.is_none()
        && !matches!(
            first.pattern.kind,
            PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Hole
        );
    if !takes_rest || !is_plain || !is_at_head(asked, whole, subject) {
        return Vec::new();
    }
    let indent = asked.indent(whole.span.start);
    let subject_text = match write::is_closed(subject) {
        true => asked.snippet(subject.span).to_owned(),
        false => format!("({})", asked.snippet(subject.span)),
    };
    let arm_indent = asked.indent(first.span.start);
    let body = |e: &Expr| match &e.kind {
        ExprKind::Block(block) => {
            let text = asked.snippet(block.span);
            match text.starts_with('{') {
                true => write::indented(text, arm_indent, indent),
                // An assignment alone.
                false => format!("{{\n{indent}  {text}\n{indent}}}"),
            }
        }
        _ => {
            let text = write::indented(asked.snippet(e.span), arm_indent, &format!("{indent}  "));
            format!("{{\n{indent}  {text}\n{indent}}}")
        }
    };
    let mut text = format!(
        "if {subject_text} is {} {}",
        asked.snippet(first.pattern.span),
        body(&first.body)
    );
    let is_empty = matches!(&second.body.kind, ExprKind::Block(block) if block.stmts.is_empty());
    if !is_empty {
        text.push_str(&format!(" else {}", body(&second.body)));
    }
    let edit = Edit {
        span: whole.span,
        text,
    };
    vec![Action::new(
        "write it as an `if`",
        ActionKind::Rewrite,
        vec![edit],
    )]
}

/// Whether the cursor is in front of what is in braces: further in, another thing is meant.
fn is_at_head(asked: &Asked, whole: &Expr, head: &Expr) -> bool {
    whole.span.start <= asked.selected.start && asked.selected.start <= head.span.end
}

/// Whether an `if` is the `else` of another one.
fn is_else_if(asked: &Asked, whole: &Expr) -> bool {
    let text = &asked.text()[..whole.span.start as usize];
    text.trim_end().ends_with("else")
}

/// The body of an arm: a single expression needs no braces.
fn arm_body(asked: &Asked, block: &Block) -> String {
    let text = asked.snippet(block.span);
    let inside = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    match (block.stmts.as_slice(), inside) {
        ([only], Some(inside))
            if matches!(only.kind, weir_syntax::ast::StmtKind::Expr(_))
                && inside.trim() == asked.snippet(only.span)
                && !inside.trim().contains('\n') =>
        {
            inside.trim().to_owned()
        }
        _ => text.to_owned(),
    }
}

fn block_text(asked: &Asked, e: &Expr) -> String {
    match &e.kind {
        ExprKind::Block(block) => arm_body(asked, block),
        _ => asked.snippet(e.span).to_owned(),
    }
}

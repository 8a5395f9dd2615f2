//! A selected expression gets a name: `pay(price * 2)` becomes `let product = price * 2` and `pay(product)`.
//!
//! The name stands in front of the statement around it; where an arm, a lambda or a function is one expression, that becomes a
//! block. What runs once for each item (`where`, `select`), or only if something else holds (`and`, `??`, a guard), stays where
//! it is: in front of the statement it would run otherwise.

use weir_check::hir::Type;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{BinaryOp, Expr, ExprKind, FnBody, StmtKind};

use super::{Action, ActionKind, Asked};
use crate::{Edit, show};

/// Where the new line goes.
enum Host {
    /// In front of a statement.
    Statement(Span),
    /// An expression that becomes a block, and what is in front of it that goes: the ` = ` of a function.
    Block(Span, Option<Span>),
}

pub fn extract_value(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    let e = asked.selected_expr()?;
    let ty = asked.snapshot.ty(e.span);
    let is_value = asked.is_value(e)
        && !matches!(e.kind, ExprKind::Hole | ExprKind::Undo { .. })
        && ty.is_none_or(|ty| !matches!(ty, Type::Unit | Type::Never | Type::Result(..)));
    if !is_value {
        return None;
    }
    let host = host(asked, e)?;
    let name = asked.free_name(&name_of(e));
    let text = asked.snippet(super::bare(asked.snippet(e.span), e.span));
    let text = match text.contains('\n') && !is_bracketed(text) {
        true => format!("({text})"),
        false => text.to_owned(),
    };
    // A literal is what its place wants it to be.
    let ty = ty.filter(|ty| takes_type_of_place(e) && !show::is_unknown(ty));
    let ty = ty.map_or(String::new(), |ty| {
        format!(": {}", asked.snapshot.show(e.span, ty))
    });
    let line = format!("let {name}{ty} = {text}");
    let replaced = outer(asked, e);
    let edits = match host {
        Host::Statement(stmt) if stmt == e.span || stmt == replaced => vec![Edit {
            span: stmt,
            text: line,
        }],
        Host::Statement(stmt) => {
            let indent = asked.indent(stmt.start);
            vec![
                Edit {
                    span: stmt.before(),
                    text: format!("{line}\n{indent}"),
                },
                Edit {
                    span: replaced,
                    text: name,
                },
            ]
        }
        Host::Block(body, gone) => {
            let indent = asked.indent(body.start);
            let before = Edit {
                span: gone.unwrap_or(body.before()),
                text: match gone {
                    Some(_) => format!(" {{\n{indent}  {line}\n{indent}  "),
                    None => format!("{{\n{indent}  {line}\n{indent}  "),
                },
            };
            let behind = Edit {
                span: body.after(),
                text: format!("\n{indent}}}"),
            };
            let inner = Edit {
                span: replaced,
                text: name,
            };
            vec![before, inner, behind]
        }
    };
    Some(Action::new(
        "extract into a variable",
        ActionKind::Extract,
        edits,
    ))
}

/// The expression with the parentheses that were selected around it.
fn outer(asked: &Asked, e: &Expr) -> Span {
    match asked.selected.contains(e.span) {
        true => asked.selected,
        false => e.span,
    }
}

fn is_bracketed(text: &str) -> bool {
    text.starts_with(['(', '[', '{']) && text.ends_with([')', ']', '}'])
}

/// From the expression outwards to what can have a line of its own in front of it.
fn host(asked: &Asked, e: &Expr) -> Option<Host> {
    let in_body = |body: Span| body.contains(e.span).then_some(Host::Block(body, None));
    let mut inner = e.span;
    for node in asked.around.iter().rev() {
        let span = node.span();
        if !span.contains(e.span) || span == e.span && !matches!(node, Node::Stmt(_)) {
            continue;
        }
        match node {
            Node::Stmt(stmt) => {
                return match &stmt.kind {
                    // Asked anew each time around.
                    StmtKind::While { .. } => None,
                    _ => Some(Host::Statement(stmt.span)),
                };
            }
            Node::Arm(arm) => {
                return in_body(arm.body.span);
            }
            Node::WaitArm(arm) => {
                return in_body(arm.body.span);
            }
            Node::Expr(around) => match &around.kind {
                ExprKind::Lambda { body, .. } => return Some(Host::Block(body.span, None)),
                ExprKind::For(_) | ExprKind::Parallel(_) => return None,
                ExprKind::Coalesce { otherwise, .. } if otherwise.span.contains(inner) => {
                    return None;
                }
                ExprKind::Undo { compensation, .. } if compensation.span.contains(inner) => {
                    return None;
                }
                ExprKind::Binary {
                    op: BinaryOp::And | BinaryOp::Or,
                    right,
                    ..
                } if right.span.contains(inner) => return None,
                _ => {}
            },
            Node::Pattern(_) | Node::Type(_) | Node::Field(_) | Node::Attr(_) => return None,
            _ => {}
        }
        inner = span;
    }
    match &asked.function()?.body {
        FnBody::Expr(body) if body.span.contains(e.span) => {
            let text = asked.text();
            let head = text[..body.span.start as usize].trim_end();
            let head = head.strip_suffix('=')?.trim_end().len() as u32;
            let gone = Span::new(body.span.file, head, body.span.start);
            Some(Host::Block(body.span, Some(gone)))
        }
        _ => None,
    }
}

fn takes_type_of_place(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Text(_) | ExprKind::Con(_) => true,
        ExprKind::List(_) | ExprKind::Map(_) | ExprKind::Interpolated(_) => true,
        ExprKind::Unary { operand, .. } => takes_type_of_place(operand),
        ExprKind::Binary { left, right, .. } => {
            takes_type_of_place(left) && takes_type_of_place(right)
        }
        _ => false,
    }
}

/// What a reader might call it.
fn name_of(e: &Expr) -> String {
    let name = match &e.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Field { name, .. } if name.is_upper() => name.as_str(),
            ExprKind::Field { name, base } => match name.as_str() {
                // `lines.length()`: what it is of says more.
                "length" => "count",
                "sum" => "total",
                other => match &base.kind {
                    ExprKind::Con(_) => return snake(base),
                    _ => other,
                },
            },
            ExprKind::Var(name) | ExprKind::Con(name) => name.as_str(),
            _ => "value",
        },
        ExprKind::Field { name, .. } => name.as_str(),
        ExprKind::Try(inner) => return name_of(inner),
        ExprKind::Text(_) | ExprKind::Interpolated(_) => "text",
        ExprKind::List(_) => "items",
        ExprKind::Binary { op, .. } => match op {
            BinaryOp::Add => "sum",
            BinaryOp::Sub => "rest",
            BinaryOp::Mul => "product",
            BinaryOp::Div => "share",
            BinaryOp::Rem => "remainder",
            _ => "is_so",
        },
        ExprKind::Is { .. } => "is_so",
        _ => "value",
    };
    lower(name)
}

fn snake(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Con(name) => lower(name.as_str()),
        _ => "value".into(),
    }
}

/// `OrderLine` as the name of a value: `order_line`.
pub(super) fn lower(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_uppercase() && at > 0 && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

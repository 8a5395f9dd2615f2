//! Expressions and patterns as if they had been written.

use weir_diagnostics::Span;
use weir_syntax::ast::{Arg, Expr, ExprKind as Ast, Ident, Pattern, PatternKind};

pub(in crate::body) fn expr(kind: Ast, span: Span) -> Expr {
    Expr { kind, span }
}

pub(in crate::body) fn var(name: &Ident) -> Expr {
    expr(Ast::Var(name.clone()), name.span)
}

/// `xs.sum(x => e)`: of what a lambda makes of each item, `xs.map(x => e).sum()`.
pub(in crate::body) fn of_each(base: &Expr, name: &str, lambda: &Expr) -> Expr {
    method(
        method(base.clone(), "map", vec![lambda.clone()]),
        name,
        vec![],
    )
}

pub(in crate::body) fn method(base: Expr, name: &str, args: Vec<Expr>) -> Expr {
    let span = base.span;
    let callee = Ast::Field {
        base: Box::new(base),
        name: Ident {
            name: name.to_owned(),
            span,
        },
    };
    let arg = |value: Expr| Arg {
        label: None,
        span: value.span,
        value,
    };
    let call = Ast::Call {
        callee: Box::new(expr(callee, span)),
        args: args.into_iter().map(arg).collect(),
    };
    expr(call, span)
}

pub(in crate::body) fn index(base: Expr, index: Expr) -> Expr {
    let span = base.span;
    let kind = Ast::Index {
        base: Box::new(base),
        index: Box::new(index),
    };
    expr(kind, span)
}

pub(in crate::body) fn tuple_kind(parts: Vec<Expr>) -> Ast {
    let part = |value: Expr| Arg {
        label: None,
        span: value.span,
        value,
    };
    Ast::Tuple(parts.into_iter().map(part).collect())
}

/// One part alone is itself.
pub(in crate::body) fn tuple(mut parts: Vec<Expr>, span: Span) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => expr(tuple_kind(parts), span),
    }
}

pub(in crate::body) fn tuple_pattern(mut parts: Vec<Pattern>, span: Span) -> Pattern {
    match parts.len() {
        1 => parts.remove(0),
        // Nothing is bound: `()` has no pattern of its own.
        0 => wildcard(span),
        _ => Pattern {
            kind: PatternKind::Tuple(parts),
            span,
        },
    }
}

pub(in crate::body) fn bind(name: &Ident) -> Pattern {
    Pattern {
        kind: PatternKind::Bind(name.clone()),
        span: name.span,
    }
}

pub(in crate::body) fn wildcard(span: Span) -> Pattern {
    Pattern {
        kind: PatternKind::Wildcard,
        span,
    }
}

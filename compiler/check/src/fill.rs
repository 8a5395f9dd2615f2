//! Changes the types written in checked code: what was a variable when a node was made is known at the end of its body.

use weir_diagnostics::Span;

use crate::hir::*;
use crate::parts::{PartMut, parts_mut};

/// Calls `change` with every type written in the code, to fill in what is known by then.
pub fn each_type_mut(expr: &mut Expr, change: &mut dyn FnMut(&mut Type, Span)) {
    change(&mut expr.ty, expr.span);
    parts_mut(expr, &mut |part| match part {
        PartMut::Expr(part) => each_type_mut(part, change),
        PartMut::Pattern(pattern) => each_in_pattern(pattern, change),
        PartMut::Type(ty, span) => change(ty, span),
    });
}

fn each_in_pattern(pattern: &mut Pattern, change: &mut dyn FnMut(&mut Type, Span)) {
    change(&mut pattern.ty, pattern.span);
    match &mut pattern.kind {
        PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Bool(_) | PatternKind::None => {
        }
        PatternKind::Literal(value) => each_type_mut(value, change),
        PatternKind::Some(part) | PatternKind::Ok(part) => each_in_pattern(part, change),
        PatternKind::Error(_, parts)
        | PatternKind::Variant(_, _, parts)
        | PatternKind::Fields(parts)
        | PatternKind::Or(parts)
        | PatternKind::List { items: parts, .. } => {
            for part in parts {
                each_in_pattern(part, change);
            }
        }
    }
}

//! The names that the parts of a comprehension bind.

use weir_syntax::ast::{BinaryOp, Expr, ExprKind as Ast, GroupKey, Ident, Pattern, PatternKind};

/// `day: window(s.at)` is `day`; `s.sku` and `sku` are `sku`; anything else has no name.
pub(in crate::body) fn name_of(key: &GroupKey) -> Option<Ident> {
    match (&key.name, &key.expr.kind) {
        (Some(name), _) => Some(name.clone()),
        (None, Ast::Var(name) | Ast::Field { name, .. }) => Some(name.clone()),
        _ => None,
    }
}

/// The names a pattern binds; one that is bound again is the later one.
pub(in crate::body) fn bound(pattern: &Pattern, names: &mut Vec<Ident>) {
    match &pattern.kind {
        PatternKind::Bind(name) => add(name, names),
        PatternKind::Con { args, .. } => {
            let args = args.iter().flatten();
            args.for_each(|arg| bound(&arg.pattern, names));
        }
        PatternKind::Tuple(parts) => parts.iter().for_each(|part| bound(part, names)),
        PatternKind::List(parts) => parts.iter().for_each(|part| bound(part, names)),
        PatternKind::Rest(name) => name.iter().for_each(|name| add(name, names)),
        // All of them bind the same.
        PatternKind::Or(all) => all.iter().take(1).for_each(|one| bound(one, names)),
        _ => {}
    }
}

fn add(name: &Ident, names: &mut Vec<Ident>) {
    if !name.name.starts_with('_') && !names.iter().any(|known| known.name == name.name) {
        names.push(name.clone());
    }
}

/// What a condition that holds has bound: an `is`, alone or between `and`s.
pub(in crate::body) fn bound_by_is(cond: &Expr, names: &mut Vec<Ident>) {
    match &cond.kind {
        Ast::Is { pattern, .. } => bound(pattern, names),
        Ast::Binary {
            op: BinaryOp::And,
            left,
            right,
            ..
        } => {
            bound_by_is(left, names);
            bound_by_is(right, names);
        }
        _ => {}
    }
}

//! Walks over a part of an entity: where the conditions of a loop begin by naming the first keys, the others are not looked at.
//!
//! ```text
//! for l in Line where l.order == o and l.qty > 3        next_key Line, last, [o]
//! ```
//! What is left out by it would have been left out by the condition, so the condition stays. Nothing may notice that it was not
//! asked: only conditions in front of all others count, compared to what is the same all the way and cannot go wrong.

use weir_check::hir::{CompareOp, Expr, ExprKind, ForSource, Local, LocalId, Pattern, PatternKind};

/// The values of the first keys of what `pattern` stands for, whose walk is around those of `inner`.
pub fn first_keys<'e>(
    locals: &[Local],
    pattern: &Pattern,
    inner: &[(Pattern, ForSource)],
    wheres: &'e [Expr],
) -> Vec<&'e Expr> {
    let PatternKind::Bind(item) = pattern.kind else {
        return Vec::new();
    };
    let is_quiet = |(_, source): &(Pattern, ForSource)| match source {
        ForSource::Range(start, end) => is_plain(start) && is_plain(end),
        ForSource::Collection(collection) => is_plain(collection),
        ForSource::Entities(_) => true,
        ForSource::Entries(..) => unreachable!("only what a view means walks a stream"),
    };
    if !inner.iter().all(is_quiet) {
        return Vec::new();
    }
    let mut conditions = Vec::new();
    wheres.iter().for_each(|e| parts(e, &mut conditions));
    let named = conditions
        .into_iter()
        .map_while(|e| key_named(locals, item, e));
    let named: Vec<(u32, &Expr)> = named.collect();
    let of = |key: u32| named.iter().find(|(at, _)| *at == key).map(|(_, e)| *e);
    (0..).map_while(of).collect()
}

/// What must hold one after the other.
fn parts<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::And(a, b) => {
            parts(a, out);
            parts(b, out);
        }
        _ => out.push(e),
    }
}

/// `item.key == value`, either way round.
fn key_named<'e>(locals: &[Local], item: LocalId, e: &'e Expr) -> Option<(u32, &'e Expr)> {
    let ExprKind::Compare(CompareOp::Eq, a, b) = &e.kind else {
        return None;
    };
    let key = |e: &Expr| match &e.kind {
        ExprKind::Field(base, at) if matches!(base.kind, ExprKind::Local(l) if l == item) => {
            Some(*at)
        }
        _ => None,
    };
    let (at, value) = match (key(a), key(b)) {
        (Some(at), None) => (at, b),
        (None, Some(at)) => (at, a),
        _ => return None,
    };
    is_fixed(locals, item, value).then_some((at, value))
}

/// The same from the beginning of the walk to its end: made of what was there before `item`, and not changed since.
fn is_fixed(locals: &[Local], item: LocalId, e: &Expr) -> bool {
    match &e.kind {
        // Locals are numbered as they are declared.
        ExprKind::Local(id) => id.0 < item.0 && !locals[id.0 as usize].is_var,
        ExprKind::Field(inner, _) | ExprKind::Wrap(_, inner) | ExprKind::Unwrap(_, inner) => {
            is_fixed(locals, item, inner)
        }
        ExprKind::CallerId => true,
        _ => is_plain(e),
    }
}

/// Does nothing and cannot go wrong.
fn is_plain(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Field(inner, _) | ExprKind::Wrap(_, inner) | ExprKind::Unwrap(_, inner) => {
            is_plain(inner)
        }
        ExprKind::Local(_) => true,
        _ => super::Lowering::literal(e).is_some(),
    }
}

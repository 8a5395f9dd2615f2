//! `parallel { a, b }` and `parallel for`: branches of a run.
//!
//! A branch is a piece of code of its own, which runs beside others: it reads what is around it and changes none of that.
//! Its failure is the function's.

use weir_diagnostics::Span;
use weir_syntax::ast::{self, ForBody};

use super::{BodyCx, FrameKind, node};
use crate::hir::*;

impl BodyCx<'_> {
    pub(super) fn parallel(
        &mut self,
        branches: &[ast::Expr],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        if branches.is_empty() {
            return node(ExprKind::Unit, Type::Unit, span);
        }
        let wants: Vec<Option<Type>> = match want.map(|t| self.head(t)) {
            Some(Type::Tuple(fields)) if fields.len() == branches.len() => {
                fields.into_iter().map(|f| Some(f.ty)).collect()
            }
            _ => vec![None; branches.len()],
        };
        let mut made = Vec::new();
        let mut fields = Vec::new();
        for (branch, want) in branches.iter().zip(&wants) {
            let lambda = self.closure(FrameKind::Branch, |b| {
                (Vec::new(), b.plain(branch, want.as_ref()))
            });
            let ty = match self.head(&lambda.body.ty) {
                Type::Never => Type::Unit,
                ty => ty,
            };
            fields.push(TupleField { name: None, ty });
            made.push(lambda);
        }
        node(ExprKind::Parallel(made), Type::Tuple(fields), span)
    }

    /// The body of a `parallel for`, behind its generators, its `where`s and the first local that these may have declared.
    pub(super) fn parallel_for(
        &mut self,
        (generators, wheres, from): (Vec<(Pattern, ForSource)>, Vec<Expr>, LocalId),
        at_once: Option<Expr>,
        body: &ForBody,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let mut params = Vec::new();
        for (pattern, _) in &generators {
            bound(pattern, &mut params);
        }
        let mut item = None;
        let mut branch = self.closure(FrameKind::Branch, |b| {
            let body = match body {
                ForBody::Block(block) => b.block(block, Some(&Type::Unit)),
                ForBody::Select(value) => {
                    let hint = match want.map(|t| b.head(t)) {
                        Some(Type::List(item)) => Some(*item),
                        _ => None,
                    };
                    let value = b.plain(value, hint.as_ref());
                    item = Some(value.ty.clone());
                    value
                }
            };
            (params, body)
        });
        // What an `is` in a `where` binds is of the item as well.
        let of_item = |id: &LocalId| *id >= from;
        branch
            .params
            .extend(branch.captures.extract_if(.., |id| of_item(id)));
        branch.params.sort();
        let (kind, ty) = match item {
            None => (ForKind::Loop, Type::Unit),
            Some(item) => (ForKind::Select, Type::list(item)),
        };
        let kind = ExprKind::ParallelFor {
            generators,
            wheres,
            at_once: at_once.map(Box::new),
            branch,
            kind,
        };
        node(kind, ty, span)
    }
}

/// The locals a pattern binds.
pub(super) fn bound(pattern: &Pattern, out: &mut Vec<LocalId>) {
    match &pattern.kind {
        PatternKind::Bind(id) => out.push(*id),
        PatternKind::Some(part) | PatternKind::Ok(part) => bound(part, out),
        PatternKind::Error(_, parts)
        | PatternKind::Variant(_, _, parts)
        | PatternKind::Fields(parts) => parts.iter().for_each(|part| bound(part, out)),
        // All parts bind the same.
        PatternKind::Or(parts) => parts.first().into_iter().for_each(|part| bound(part, out)),
        PatternKind::List { items, rest } => {
            items.iter().for_each(|part| bound(part, out));
            out.extend(rest.and_then(|rest| rest.local));
        }
        PatternKind::Wildcard
        | PatternKind::Bool(_)
        | PatternKind::Literal(_)
        | PatternKind::None => {}
    }
}

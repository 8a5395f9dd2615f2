//! Loops, and what leaves them: `for`, `break`, `continue`, `return`.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ClauseKind, ExprKind as Ast, ForBody};

use super::{BodyCx, FrameKind, hole, node, query};
use crate::hir::*;

impl BodyCx<'_> {
    pub(super) fn for_(&mut self, f: &ast::For, want: Option<&Type>, span: Span) -> Expr {
        if !self.in_order(f) {
            return hole(span);
        }
        // How many in all, or at one time: worked out before any item is.
        let limit = f.limit.as_ref();
        let limit = limit.map(|limit| self.expr_of(limit, &Type::Int));
        let outside = self.groups.len();
        let rewritten = self.plain_loop(f, span);
        let found = self.plain_for(
            rewritten.as_ref().unwrap_or(f),
            rewritten.is_some(),
            limit,
            want,
            span,
        );
        self.groups.truncate(outside);
        found
    }

    /// A loop with generators and conditions only. What a rewritten one binds may stand unused.
    pub(super) fn plain_for(
        &mut self,
        f: &ast::For,
        rewritten: bool,
        limit: Option<Expr>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let rewritten = rewritten || query::is_over_rows(f);
        let from = LocalId(self.locals.len() as u32);
        self.scoped(|b| {
            let mut generators = Vec::new();
            for generator in &f.generators {
                let (source, item) = b.source(&generator.source);
                let pattern = b.pattern(&generator.pattern, &item);
                generators.push((pattern, source));
            }
            let bound = from.0 as usize..b.locals.len();
            b.used[bound].iter_mut().for_each(|used| *used |= rewritten);
            let mut wheres = Vec::new();
            for clause in &f.clauses {
                if let ClauseKind::Where(cond) = &clause.kind {
                    wheres.push(b.expr_of(cond, &Type::Bool));
                }
            }
            if f.parallel {
                let items = (generators, wheres, from);
                return b.parallel_for(items, limit, &f.body, want, span);
            }
            let (body, kind, ty) = match &f.body {
                ForBody::Block(block) => {
                    b.loop_depth += 1;
                    let body = b.block(block, Some(&Type::Unit));
                    b.loop_depth -= 1;
                    (body, ForKind::Loop, Type::Unit)
                }
                ForBody::Select(value) => {
                    let hint = match want.map(|t| b.head(t)) {
                        Some(Type::List(item)) => Some(*item),
                        _ => None,
                    };
                    let depth = std::mem::take(&mut b.loop_depth);
                    let body = b.plain(value, hint.as_ref());
                    b.loop_depth = depth;
                    let ty = Type::list(body.ty.clone());
                    (body, ForKind::Select, ty)
                }
            };
            let f = For {
                most: limit,
                generators,
                wheres,
                body,
                kind,
            };
            node(ExprKind::For(Box::new(f)), ty, span)
        })
    }

    fn source(&mut self, e: &ast::Expr) -> (ForSource, Type) {
        if let Ast::Range { start, end } = &e.kind {
            let (start, end) = self.bounds(start, end);
            return (ForSource::Range(start, end), Type::Int);
        }
        if let Some(entity) = self.entity_meant(e) {
            return (ForSource::Entities(entity), Type::Entity(entity));
        }
        if let Some(view) = self.view_meant(e) {
            let rows = self.rows_of(view, e.span);
            let row = self.cx.program.view(view).row.clone();
            return (ForSource::Collection(rows), row);
        }
        if let Some(in_windows) = self.in_view
            && let Some(stream) = self.stream_meant(e)
        {
            let entry = self.cx.program.streams[stream.0 as usize].ty.clone();
            return (ForSource::Entries(stream, in_windows), entry);
        }
        let source = self.plain(e, None);
        let source = self.seen(source);
        let item = match self.head(&source.ty) {
            Type::List(item) | Type::Set(item) => *item,
            Type::Map(key, value) => Type::Tuple(vec![
                TupleField {
                    name: None,
                    ty: *key,
                },
                TupleField {
                    name: None,
                    ty: *value,
                },
            ]),
            Type::Unknown => Type::Unknown,
            other => {
                let shown = self.show(&other);
                let help = match other {
                    Type::Int => "to count, write `for i in 0..n`",
                    Type::Text => "to walk its characters, write `for c in text.chars()`",
                    Type::Option(_) => "to look at it, write `if x is Some(value) { .. }`",
                    _ => "`for` takes a list, a set, a map or a range `a..b`",
                };
                self.report(
                    Diagnostic::new(codes::E0306, e.span, format!("`for` cannot walk `{shown}`"))
                        .label("not a collection")
                        .help(help),
                );
                Type::Unknown
            }
        };
        (ForSource::Collection(source), item)
    }

    pub(super) fn return_(&mut self, value: Option<&ast::Expr>, span: Span) -> Expr {
        if let Some(frame) = self.lambdas.last() {
            let what = frame.kind.words();
            let help = match frame.kind {
                FrameKind::Argument | FrameKind::Mock(_) => {
                    "its last expression is its value; use a `for` loop to stop early"
                }
                _ => "end it with its last expression",
            };
            self.report(
                Diagnostic::new(
                    codes::E0406,
                    span,
                    format!("{what} cannot return from the function around it"),
                )
                .label("would leave it")
                .help(help),
            );
            return node(ExprKind::Return(None), Type::Never, span);
        }
        let Some(ret) = self.ret.clone() else {
            self.report(
                Diagnostic::new(codes::E0508, span, "there is no function to return from")
                    .label("not in a function")
                    .help("the expression itself is the value"),
            );
            return node(ExprKind::Return(None), Type::Never, span);
        };
        let value = match value {
            Some(e) => Some(Box::new(self.expr_of(e, &ret))),
            None if ret == Type::Unit => None,
            None => {
                let shown = self.show(&ret);
                self.report(
                    Diagnostic::new(
                        codes::E0301,
                        span,
                        format!("`return` without a value, expected `{shown}`"),
                    )
                    .label("no value")
                    .help("write the value after it"),
                );
                None
            }
        };
        node(ExprKind::Return(value), Type::Never, span)
    }

    pub(super) fn jump(&mut self, is_break: bool, span: Span) -> Expr {
        if self.loop_depth == 0 {
            let word = if is_break { "break" } else { "continue" };
            self.report(
                Diagnostic::new(codes::E0508, span, format!("`{word}` outside of a loop"))
                    .label("no loop around it")
                    .help("use `return` to leave the function"),
            );
        }
        node(
            if is_break {
                ExprKind::Break
            } else {
                ExprKind::Continue
            },
            Type::Never,
            span,
        )
    }
}

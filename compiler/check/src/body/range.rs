//! `a..b`: the whole numbers from `a` up to, not with, `b`.
//!
//! ```text
//! let r = a..b          =>   let r = for n in a..b select n
//! for i in a..b { .. }       walks without a list, as `x in a..b` asks and `xs[a..b]` takes without one
//! ```
//! So behind the checker there is no range that is a value: it is the list that a comprehension makes.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use super::{BodyCx, hole, node};
use crate::hir::*;

impl BodyCx<'_> {
    /// Where any expression may stand.
    pub(super) fn range(&mut self, start: &ast::Expr, end: &ast::Expr, span: Span) -> Expr {
        let told = self.cx.diagnostics.len();
        let (start, end) = self.bounds(start, end);
        if self.cx.diagnostics.len() > told {
            return hole(span);
        }
        self.scoped(|b| {
            let number = b.add_local("_number", Type::Int, false, span);
            let pattern = Pattern {
                kind: PatternKind::Bind(number),
                ty: Type::Int,
                span,
            };
            let f = For {
                most: None,
                generators: vec![(pattern, ForSource::Range(start, end))],
                wheres: Vec::new(),
                body: node(ExprKind::Local(number), Type::Int, span),
                kind: ForKind::Select,
            };
            node(ExprKind::For(Box::new(f)), Type::list(Type::Int), span)
        })
    }

    /// What `for` and `in` take as it is.
    pub(super) fn bounds(&mut self, start: &ast::Expr, end: &ast::Expr) -> (Expr, Expr) {
        let rule = "the bounds of a range are whole numbers";
        let from = self.hinted(start, &Type::Int);
        let found = self.head(&from.ty);
        let told = self.cx.diagnostics.len();
        let from = self.whole(from, rule);
        let is_wrong = self.cx.diagnostics.len() > told;
        let told = self.cx.diagnostics.len();
        let to = self.hinted(end, &Type::Int);
        self.called_on_end(start, end, told);
        // Of two that are wrong in the same way it is said once.
        let to = match is_wrong && self.head(&to.ty) == found {
            true => Expr {
                ty: Type::Unknown,
                ..to
            },
            false => self.whole(to, rule),
        };
        (from, to)
    }

    /// `x in a..b`.
    pub(super) fn in_range(
        &mut self,
        value: &ast::Expr,
        start: &ast::Expr,
        end: &ast::Expr,
        span: Span,
    ) -> Expr {
        let value = self.hinted(value, &Type::Int);
        let told = self.cx.diagnostics.len();
        let (start, end) = self.bounds(start, end);
        let bounds_are_fine = self.cx.diagnostics.len() == told;
        // Of a value between two of its own kind all has been said.
        let value = match bounds_are_fine {
            true => self.whole(value, "a range has whole numbers in it"),
            false => value,
        };
        let kind = ExprKind::InRange {
            value: Box::new(value),
            start: Box::new(start),
            end: Box::new(end),
        };
        node(kind, Type::Bool, span)
    }

    fn whole(&mut self, found: Expr, rule: &str) -> Expr {
        if self.table.unify(&found.ty, &Type::Int) {
            return found;
        }
        let ty = self.head(&found.ty);
        let shown = self.show(&ty);
        let help = match &ty {
            Type::Decimal | Type::Float => {
                "to ask whether a value lies between two, compare: `a <= x and x < b`; to count in whole numbers, convert: `.to_int()`"
            }
            Type::Date => {
                "to walk over days, count them: `for n in 0..first.days_until(last)`, and take `first.add_days(n)`; to ask whether a day lies between two, compare: `a <= d and d < b`"
            }
            Type::Time | Type::Duration | Type::Money => {
                "to ask whether a value lies between two, compare: `a <= x and x < b`"
            }
            Type::Text => {
                "to ask whether a text lies between two, compare: `a <= t and t < b`; the number in a text is `.to_int() ?? 0`"
            }
            Type::List(_) | Type::Set(_) | Type::Map(..) => {
                "to count to its end, take its length: `0..xs.length()`"
            }
            other => &self.conversion(&Type::Int, other),
        };
        let found_here = Diagnostic::new(
            codes::E0301,
            found.span,
            format!("{rule}, and this is `{shown}`"),
        )
        .label("not an `Int`")
        .help(help);
        self.report(found_here);
        Expr {
            ty: Type::Unknown,
            ..found
        }
    }

    /// `0..n.map(f)` calls `map` on `n`. Who wants it called on the range is told so.
    fn called_on_end(&mut self, start: &ast::Expr, end: &ast::Expr, told: usize) {
        let mut called = end;
        while let Ast::Call { callee, .. } = &called.kind
            && let Ast::Field { base, name } = &callee.kind
        {
            let list = Type::list(Type::Int);
            let fitting = self.fitting(&self.functions_named(name.as_str()), &list, 0);
            let mut found = self.cx.diagnostics[told..].iter_mut();
            if let Some(found) = found.find(|found| found.primary.span == name.span)
                && !fitting.is_empty()
            {
                let around = [
                    (start.span.before(), "(".to_owned()),
                    (base.span.after(), ")".to_owned()),
                ];
                let help = format!(
                    "to call it on the range, put that in parentheses: `(a..b).{name}(..)`"
                );
                found.fixes.clear();
                *found = found
                    .clone()
                    .help(help)
                    .fix("put the range in parentheses", around.into());
            }
            called = base;
        }
    }
}

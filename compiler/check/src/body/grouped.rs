//! What is asked of a group in another way than it can be: `avg(s.total)`, `count(s)`, `s.sku`.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, Ident};

use super::{BodyCx, hole};
use crate::hir::Expr;

impl BodyCx<'_> {
    /// A call of no function where a group is selected from, by a name that is meant for the rows of the group. Its arguments are
    /// not looked at: they are about a row.
    pub(super) fn misnamed_aggregate(
        &mut self,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Expr> {
        if !self.is_in_group() {
            return None;
        }
        if name.as_str() == "count" && !args.is_empty() {
            if matches!(args[0].value.kind, ast::ExprKind::Hole) {
                // The parser has said so of `count(*)`.
                return Some(hole(span));
            }
            let given = args[0].span.to(args[args.len() - 1].span);
            self.report(
                Diagnostic::new(codes::E0302, given, "`count` takes nothing")
                    .label("one too many")
                    .help("write `count()` for the rows of the group, `count_distinct(e)` for different values")
                    .fix("write `count()`", vec![(given, String::new())]),
            );
            return Some(hole(span));
        }
        let meant = match name.as_str() {
            "avg" | "mean" => "average",
            "maximum" | "greatest" => "max",
            "minimum" | "least" => "min",
            "total" => "sum",
            "array_agg" | "list" | "group_concat" | "string_agg" => "collect",
            "quantile" => "percentile",
            _ => return None,
        };
        let found = Diagnostic::new(
            codes::E0201,
            name.span,
            format!("there is no function `{name}` here"),
        );
        let found = found.label("not declared");
        self.report(
            found
                .help(format!("of the rows of a group it is `{meant}(..)`"))
                .certain_fix(
                    format!("write `{meant}`"),
                    vec![(name.span, meant.to_owned())],
                ),
        );
        Some(hole(span))
    }

    /// `s.sku` where each row of a group has an `s`: the key of that name, or what to ask of all of them.
    pub(super) fn field_of_rows(&mut self, base: &ast::Expr, name: &Ident) -> bool {
        let ast::ExprKind::Var(row) = &base.kind else {
            return false;
        };
        if self.lookup(row.as_str()).is_some() || !self.is_of_rows(row) || !self.is_in_group() {
            return false;
        }
        let whole = base.span.to(name.span);
        let found = Diagnostic::new(
            codes::E0201,
            row.span,
            format!("there is no name `{row}` here"),
        )
        .label("a group has many");
        let found = match self.lookup(name.as_str()).is_some() {
            true => found
                .help(format!("the key of the group is `{name}` here"))
                .certain_fix(
                    format!("write `{name}`"),
                    vec![(whole, name.name.clone())],
                ),
            false => found.help(format!(
                "ask all of them, `first({row}.{name})` or `collect({row}.{name})`, or make it a key: `group by .., {row}.{name}`"
            )),
        };
        self.report(found);
        true
    }

    /// Whether what is checked is selected from a group.
    pub(super) fn is_in_group(&self) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| self.lookup_only(&group.rows))
    }

    fn lookup_only(&self, name: &str) -> bool {
        let mut scopes = self.scopes.iter();
        scopes.any(|scope| scope.iter().any(|(known, _)| known == name))
    }
}

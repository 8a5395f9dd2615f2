//! Functions that are part of the language: time, chance, tickets, and what only tests can do.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, Ident};

use super::{BodyCx, hole, node};
use crate::hir::*;
use crate::meanings::Def;

/// Their names. The program's own functions go before them.
pub(super) const NAMES: &[&str] = &[
    "now",
    "sleep",
    "sleep_until",
    "cancel",
    "random",
    "fresh_id",
    "advance",
    "settle",
    "mock",
    "crash_at",
    "replicas",
    "sync",
];

impl BodyCx<'_> {
    /// A call of one of them; `None` when the name is none of theirs.
    pub(super) fn builtin(&mut self, name: &Ident, args: &[ast::Arg], span: Span) -> Option<Expr> {
        if let Some(known) = NAMES.iter().find(|known| **known == name.as_str()) {
            self.means(name.span, Def::Builtin(known));
        }
        let params: &[(&str, bool)] = match name.as_str() {
            "now" | "random" | "fresh_id" | "settle" => &[],
            "sleep" | "advance" => &[("time", false)],
            "sleep_until" => &[("when", false)],
            "cancel" => &[("ticket", false)],
            "crash_at" => &[("label", false)],
            "replicas" => &[("instance", false)],
            "sync" => &[("one", false), ("other", false)],
            "mock" => {
                self.only_in_tests(name);
                return Some(self.mock(args, span));
            }
            _ => return None,
        };
        if matches!(
            name.as_str(),
            "advance" | "settle" | "crash_at" | "replicas" | "sync"
        ) {
            self.only_in_tests(name);
        }
        let Some(placed) = self.place_args(name.as_str(), params, args, span) else {
            return Some(hole(span));
        };
        let (kind, ty) = match (name.as_str(), placed.as_slice()) {
            ("now", _) => (ExprKind::Now, Type::Time),
            ("random", _) => (ExprKind::Random, Type::Float),
            ("fresh_id", _) => (ExprKind::Fresh, Type::Text),
            ("settle", _) => (ExprKind::Settle, Type::Unit),
            ("replicas", [Some(instance)]) => return Some(self.replicas(instance, span)),
            ("sync", [Some(one), Some(other)]) => return Some(self.sync(one, other, span)),
            ("cancel", [Some(ticket)]) => return Some(self.cancel(ticket, span)),
            (_, [Some(arg)]) => {
                let wanted = match name.as_str() {
                    "sleep" | "advance" => Type::Duration,
                    "sleep_until" => Type::Time,
                    _ => Type::Text,
                };
                let arg = Box::new(self.expr_of(arg, &wanted));
                let kind = match name.as_str() {
                    "sleep" => ExprKind::Sleep(arg),
                    "sleep_until" => ExprKind::SleepUntil(arg),
                    "advance" => ExprKind::Advance(arg),
                    _ => ExprKind::CrashAt(arg),
                };
                (kind, Type::Unit)
            }
            _ => return Some(hole(span)),
        };
        Some(node(kind, ty, span))
    }

    pub(super) fn only_in_tests(&mut self, name: &Ident) {
        if self.in_test {
            return;
        }
        let help = match name.as_str() {
            "advance" => "to let time pass in a workflow, write `sleep(1d)`",
            _ => "write it in a `test`",
        };
        self.report(
            Diagnostic::new(
                codes::E0508,
                name.span,
                format!("`{name}` outside of a test"),
            )
            .label("only in tests")
            .help(help),
        );
    }

    /// `OrderId.fresh()`: a new id as a value of a type over `Text`.
    pub(super) fn fresh(
        &mut self,
        id: NewId,
        name: &Ident,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let declared = &self.cx.program.news[id.0 as usize];
        if declared.base == Type::Text {
            let text = node(ExprKind::Fresh, Type::Text, span);
            let (_, ty) = self.applied(Nominal::New(id), want);
            return node(ExprKind::Wrap(id, Box::new(text)), ty, span);
        }
        let declared = &self.cx.program.news[id.0 as usize];
        let shown = declared.name.clone();
        self.report(
            Diagnostic::new(codes::E0204, name.span, format!("`{shown}` has no `fresh`"))
                .label("only types over `Text` have")
                .secondary(self.cx.program.news[id.0 as usize].span, "declared here")
                .help(format!("make it `type {shown} = new Text`")),
        );
        hole(span)
    }
}

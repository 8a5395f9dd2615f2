//! Temporary data: that it can be computed again, and that it is not kept.
//!
//! What is lost with a machine is computed again from what the code captures, so the code may depend on nothing else: no time, no
//! chance, no state, nothing outside. And its name stands for something that is in no log, so it is read where it stands and goes nowhere
//! as it is: into no variable, state, answer, message or call that goes on in a later step. What is worked out from it is a value like
//! any other.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, Span, codes};

use super::{Act, Does, Places, acts};
use crate::hir::*;
use crate::walk;

impl Places<'_> {
    /// Holds the code of a `scratch let` to what it captures.
    pub(super) fn check_scratch(&self, expr: &Expr, found: &mut Vec<Diagnostic>) {
        let ExprKind::Scratch(scratch) = &expr.kind else {
            return;
        };
        for lambda in scratch.lambdas() {
            let mut way = Vec::new();
            let all = acts(self.program, &lambda.body);
            if self.spoiled(&all, &mut way, &mut BTreeSet::new()) {
                found.push(self.not_again(&scratch.name, &way));
            }
            walk::all(&lambda.body, &mut |e| {
                if matches!(e.kind, ExprKind::SelfRef) {
                    let act = Act {
                        does: Does::Read,
                        span: e.span,
                    };
                    found.push(self.not_again(&scratch.name, &[act]));
                }
            });
        }
    }

    /// Whether one of these depends on more than its arguments; then `way` leads there.
    fn spoiled(&self, all: &[Act], way: &mut Vec<Act>, seen: &mut BTreeSet<FnId>) -> bool {
        for act in all {
            way.push(*act);
            let is_spoiled = match act.does {
                Does::Content => false,
                Does::Call(id) => {
                    seen.insert(id) && self.spoiled(&self.acts[id.0 as usize], way, seen)
                }
                _ => true,
            };
            if is_spoiled {
                return true;
            }
            way.pop();
        }
        false
    }

    fn not_again(&self, name: &str, way: &[Act]) -> Diagnostic {
        let last = way[way.len() - 1];
        let (what, help) = match last.does {
            Does::Ask => (
                "depends on the step it runs in",
                "take it before the `scratch let`, with a `let` of its own",
            ),
            Does::Handler(_) => (
                "calls a handler, which is a transaction",
                "call it before the `scratch let`, with a `let` of its own",
            ),
            Does::Read | Does::ReadOther | Does::View(_) => (
                "reads state",
                "read it before the `scratch let`, with a `let` of its own",
            ),
            Does::Write | Does::Send | Does::Emit => (
                "does something that lasts",
                "do it behind the `scratch let`, with what that gives",
            ),
            _ => (
                "waits",
                "wait before the `scratch let`, and use there what comes",
            ),
        };
        let mut found = Diagnostic::new(
            codes::E0524,
            way[0].span,
            format!(
                "`{name}` would be lost with a machine and could not be computed again: this {what}"
            ),
        )
        .label(match way[0].does {
            Does::Call(id) | Does::Handler(id) => format!("calls `{}`", self.name(id)),
            _ => what.to_owned(),
        })
        .help(help);
        for (from, step) in way.iter().zip(&way[1..]) {
            // What the library does inside says nothing to anybody.
            let is_library = match from.does {
                Does::Call(id) | Does::Handler(id) => self.program.function(id).is_prelude,
                _ => false,
            };
            if !is_library {
                let said = match step.does {
                    Does::Call(id) | Does::Handler(id) => {
                        format!("which calls `{}`", self.name(id))
                    }
                    _ => format!("which {what} here"),
                };
                found = found.secondary(step.span, said);
            }
        }
        found
    }

    /// Holds the names of temporary data to places where they are read.
    pub(super) fn check_kept(&self, body: &Body, found: &mut Vec<Diagnostic>) {
        if body.locals.iter().any(|local| local.is_scratch) {
            self.kept_in(body, &body.root, false, found);
        }
    }

    fn kept_in(&self, body: &Body, expr: &Expr, is_read: bool, found: &mut Vec<Diagnostic>) {
        if let Some(local) = scratch_of(body, expr)
            && !is_read
        {
            found.push(kept(local, expr.span));
            return;
        }
        if let ExprKind::For(walk) = &expr.kind {
            self.check_walk(body, walk, found);
        }
        let read = self.read_parts(expr);
        walk::children(expr, &mut |part| {
            let is_read = read.iter().any(|read| std::ptr::eq(*read, part));
            self.kept_in(body, part, is_read, found);
        });
    }

    /// The parts of an expression that it looks at and does not pass on.
    fn read_parts<'e>(&self, expr: &'e Expr) -> Vec<&'e Expr> {
        let of_sources = |all: &'e [(Pattern, ForSource)]| {
            let of = |(_, source): &'e (Pattern, ForSource)| match source {
                ForSource::Collection(all) => Some(all),
                _ => None,
            };
            all.iter().filter_map(of).collect()
        };
        match &expr.kind {
            ExprKind::Field(of, _) | ExprKind::Unwrap(_, of) | ExprKind::Is(of, _) => vec![of],
            ExprKind::ListIndex(of, _) | ExprKind::MapIndex(of, _) => vec![of],
            ExprKind::Compare(_, a, b) | ExprKind::Arith(_, a, b) => vec![a, b],
            ExprKind::And(a, b) | ExprKind::Or(a, b) => vec![a, b],
            ExprKind::Neg(of) | ExprKind::Not(of) => vec![of],
            ExprKind::If { cond, .. } => vec![cond],
            ExprKind::InRange { value, start, end } => vec![value, start, end],
            ExprKind::In { collection, .. } => vec![collection],
            ExprKind::Match { subject, .. } => vec![subject],
            ExprKind::Interpolate(parts) => parts.iter().collect(),
            ExprKind::For(walk) => of_sources(&walk.generators),
            ExprKind::ParallelFor { generators, .. } => of_sources(generators),
            // A function that ends in this step; what it is given is kept by nobody.
            ExprKind::Call { function, args, .. }
                if self.reach[function.0 as usize].effect < Effect::Wait =>
            {
                let value = |arg: &'e Arg| match arg {
                    Arg::Value(value) => Some(value),
                    _ => None,
                };
                args.iter().filter_map(value).collect()
            }
            // One piece of temporary data may be made of another as a whole.
            ExprKind::Scratch(scratch) => scratch.lambdas().into_iter().map(|l| &*l.body).collect(),
            _ => Vec::new(),
        }
    }

    /// A loop that waits in the middle would keep where it is, and what it walks.
    fn check_walk(&self, body: &Body, walk: &For, found: &mut Vec<Diagnostic>) {
        let of = |(_, source): &(Pattern, ForSource)| match source {
            ForSource::Collection(all) => scratch_of(body, all).map(|local| (local, all.span)),
            _ => None,
        };
        let Some((local, span)) = walk.generators.iter().find_map(of) else {
            return;
        };
        let inside = walk.wheres.iter().chain([&walk.body]);
        let waits = |act: &Act| super::reach_of(act, self.reach).effect == Effect::Wait;
        let act = inside
            .flat_map(|part| acts(self.program, part))
            .find(|act| waits(act));
        if let Some(act) = act {
            found.push(
                Diagnostic::new(
                    codes::E0525,
                    span,
                    format!(
                        "a loop over `{}` that waits would keep it in the log",
                        local.name
                    ),
                )
                .label("temporary data")
                .secondary(act.span, "waits here, in the middle of the loop")
                .help("collect what is needed with `for .. select`, and walk that"),
            );
        }
    }
}

/// The temporary data that an expression is the name of.
fn scratch_of<'b>(body: &'b Body, expr: &Expr) -> Option<&'b Local> {
    match expr.kind {
        ExprKind::Local(id) => Some(&body.locals[id.0 as usize]).filter(|local| local.is_scratch),
        _ => None,
    }
}

fn kept(local: &Local, span: Span) -> Diagnostic {
    let name = &local.name;
    Diagnostic::new(
        codes::E0525,
        span,
        format!("`{name}` is temporary data, which is never kept, and would be kept here as it is"),
    )
    .label("goes on from here")
    .secondary(local.span, "temporary")
    .help(format!(
        "say what of it is wanted: `for x in {name} .. select ..`, `{name}[0]`, `{name}.length()`; or write `let` in place of `scratch let`, to have it in the log"
    ))
}

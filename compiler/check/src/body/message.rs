//! Messages and runs: `send`, events, calls of workflows, what comes of them (`.result()`, `.within(d)`, `cancel`).
//!
//! What is sent is written as a call, so it is checked as one and then taken apart.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, Ident};

use super::sequence::{behind, unkept};
use super::{BodyCx, hole, node};
use crate::hir::*;

impl BodyCx<'_> {
    /// `send call`, `send call after delay`
    pub(super) fn send(&mut self, call: &ast::Expr, after: Option<&ast::Expr>, span: Span) -> Expr {
        let around = self.sent.replace((call.span, after.is_some()));
        let found = self.expr(call, None);
        self.sent = around;
        let after = after.map(|delay| Box::new(self.expr_of(delay, &Type::Duration)));
        if self.head(&found.ty) == Type::Unknown {
            return hole(span);
        }
        let (kept, found) = unkept(found);
        let at = found.span;
        let (message, ty) = match found.kind {
            ExprKind::Call {
                function,
                type_args,
                args,
            } => {
                if !type_args.is_empty() {
                    let help =
                        "declare a function for these types that calls it, and send that one";
                    return self.not_sent(at, help);
                }
                let is_data = |arg: &Arg| matches!(arg, Arg::Value(_) | Arg::Default);
                if self.cx.program.function(function).is_prelude || !args.iter().all(is_data) {
                    return self
                        .not_sent(at, "declare a function that does this, and send that one");
                }
                (Message::Function { function, args }, Type::Ticket)
            }
            ExprKind::CallHandler {
                function,
                target,
                args,
                ..
            } => {
                let message = Message::Handler {
                    function,
                    target,
                    args,
                };
                (message, Type::Ticket)
            }
            ExprKind::RunResult { run, within: None } => {
                let ExprKind::Send { message, .. } = run.kind else {
                    return self
                        .not_sent(at, "the run goes on by itself; there is nothing to send");
                };
                let ty = match after {
                    None => run.ty,
                    Some(_) => Type::Ticket,
                };
                (message, ty)
            }
            ExprKind::Send { message, .. } => (message, Type::Unit),
            ExprKind::CallExtern { .. } => {
                return self.not_sent(at, "call it in a function, and send that one");
            }
            _ => {
                return self.not_sent(
                    at,
                    "send a function, a handler, the `run` of a workflow or an event",
                );
            }
        };
        behind(kept, node(ExprKind::Send { message, after }, ty, span))
    }

    /// Whether what a call fails with is nobody's business: it is sent, and what is sent may well be the function itself.
    pub(super) fn is_dropped(&self, span: Span, is_run: bool) -> bool {
        let is_it = |(at, is_delayed)| at == span && (is_delayed || !is_run);
        self.sent.is_some_and(is_it)
    }

    fn not_sent(&mut self, span: Span, help: &str) -> Expr {
        self.report(
            Diagnostic::new(codes::E0111, span, "this cannot be sent")
                .label("not a message")
                .help(help),
        );
        hole(span)
    }

    /// The event of a workflow with that name.
    pub(super) fn event_of(&self, entity: EntityId, name: &str) -> Option<EventId> {
        let workflow = self.cx.program.entity(entity).workflow.as_ref()?;
        let at = workflow.events.iter().position(|e| e.name == name)?;
        Some(EventId(at as u32))
    }

    /// `Checkout(k).approved(by: "ann")`: an event is never waited for by who sends it, so a call sends it.
    pub(super) fn call_event(
        &mut self,
        entity: EntityId,
        event: EventId,
        mut target: Option<Expr>,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let Some(workflow) = &self.cx.program.entity(entity).workflow else {
            return hole(span);
        };
        let declared = &workflow.events[event.0 as usize];
        let (name, fields) = (declared.name.clone(), declared.params.clone());
        let at = declared.span;
        let params: Vec<(&str, bool)> = fields.iter().map(|f| (f.name.as_str(), false)).collect();
        let Some(placed) = self.place_args(&name, &params, args, span) else {
            return hole(span);
        };
        let mut values = Vec::new();
        for (slot, field) in placed.into_iter().zip(&fields) {
            values.push(match slot {
                Some(e) => {
                    let found = self.expr(e, Some(&field.ty));
                    let why = Some((at, format!("`{name}` is declared here")));
                    self.fit(found, &field.ty, why)
                }
                None => hole(span),
            });
        }
        let written = values.iter_mut().zip(&fields);
        let written = written.map(|(value, field)| (value, field.name.as_str()));
        let target_first = target.iter_mut().map(|target| (target, "to"));
        let kept = self.keep_in_source_order(target_first.chain(written).collect());
        let message = Message::Event {
            entity,
            event,
            target: target.map(Box::new),
            args: values,
        };
        let kind = ExprKind::Send {
            message,
            after: None,
        };
        behind(kept, node(kind, Type::Unit, span))
    }

    /// Whether a function is the `run` of its workflow.
    pub(super) fn is_run(&self, id: FnId) -> bool {
        let entity = self.cx.program.function(id).entity;
        let workflow = entity.and_then(|e| self.cx.program.entity(e).workflow.as_ref());
        workflow.is_some_and(|w| w.run == id)
    }

    /// `Checkout(k).run(x)`: starts the run, or finds the one the key has, and takes its result.
    pub(super) fn call_run(
        &mut self,
        id: FnId,
        target: Option<Expr>,
        args: Vec<Arg>,
        span: Span,
    ) -> Expr {
        let run = match self.is_dropped(span, true) {
            true => Type::Run(Box::new(self.signature(id).ret), Vec::new()),
            false => match self.call_type(id, &[]) {
                Type::Result(gives, errors) => Type::Run(gives, errors),
                gives => Type::Run(Box::new(gives), Vec::new()),
            },
        };
        let message = Message::Handler {
            function: id,
            target: target.map(Box::new),
            args,
        };
        let send = ExprKind::Send {
            message,
            after: None,
        };
        self.result_of(node(send, run, span), span)
    }

    /// The result of a run, which may have been cancelled.
    pub(super) fn result_of(&mut self, run: Expr, span: Span) -> Expr {
        let Type::Run(gives, errors) = self.head(&run.ty) else {
            return hole(span);
        };
        let cancelled = self.cx.program.failures.cancelled;
        let kind = ExprKind::RunResult {
            run: Box::new(run),
            within: None,
        };
        node(kind, Type::Result(gives, with(errors, cancelled)), span)
    }

    /// `call.within(d)`: how long to wait for an answer from outside or the result of a run.
    pub(super) fn within(
        &mut self,
        base: &ast::Expr,
        name: &Ident,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let (kept, mut call) = match &base.kind {
            ast::ExprKind::Call { .. } => unkept(self.expr(base, None)),
            _ => (Vec::new(), self.expr(base, None)),
        };
        let placed = self.place_args(name.as_str(), &[("limit", false)], args, span);
        let limit = match placed.as_deref() {
            Some([Some(limit)]) => Box::new(self.expr_of(limit, &Type::Duration)),
            _ => return hole(span),
        };
        if self.head(&call.ty) == Type::Unknown {
            return hole(span);
        }
        let slot = match &mut call.kind {
            ExprKind::CallExtern {
                function, within, ..
            } if self.cx.program.extern_fn(*function).promise != Promise::Pure => within,
            ExprKind::RunResult { within, .. } => within,
            _ => return self.nothing_to_limit(name, base.span, span),
        };
        if slot.is_some() {
            return self.nothing_to_limit(name, base.span, span);
        }
        *slot = Some(limit);
        let timed_out = self.cx.program.failures.timed_out;
        let ty = match call.ty {
            Type::Result(gives, errors) => Type::Result(gives, with(errors, timed_out)),
            gives => Type::Result(Box::new(gives), vec![timed_out]),
        };
        behind(kept, node(call.kind, ty, span))
    }

    fn nothing_to_limit(&mut self, name: &Ident, base: Span, span: Span) -> Expr {
        self.report(
            Diagnostic::new(
                codes::E0803,
                name.span,
                "`.within(..)` limits how long to wait, and this waits for nobody",
            )
            .label("nothing to limit")
            .secondary(base, "neither a call to the outside nor the result of a run")
            .help("write it right behind a call of an `extern` function, of a workflow's `run`, or `.result()`"),
        );
        hole(span)
    }

    /// `cancel(ticket)`
    pub(super) fn cancel(&mut self, ticket: &ast::Expr, span: Span) -> Expr {
        let ticket = self.plain(ticket, None);
        let fits = match self.head(&ticket.ty) {
            Type::Option(inner) => self.table.unify(&inner, &Type::Ticket),
            other => self.table.unify(&other, &Type::Ticket),
        };
        if !fits {
            self.mismatch(ticket.span, &Type::Ticket, &ticket.ty, None);
            return hole(span);
        }
        node(ExprKind::Cancel(Box::new(ticket)), Type::Unit, span)
    }
}

/// A set of errors with one more.
fn with(mut errors: Vec<ErrorId>, error: ErrorId) -> Vec<ErrorId> {
    if let Err(at) = errors.binary_search(&error) {
        errors.insert(at, error);
    }
    errors
}

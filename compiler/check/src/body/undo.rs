//! `step undo compensation`: what is done when the run fails later.
//!
//! Means: do the step, then push the compensation on the run's list. What a `let` binds is bound before that, so that the
//! compensation may use it. A step whose failure is not passed on may have failed: then there is nothing to undo,
//! and the list is only pushed on when it is `Ok`.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use super::{BodyCx, FrameKind, node};
use crate::hir::*;

/// A step and its compensation, where there is one.
pub(super) fn parts(e: &ast::Expr) -> (&ast::Expr, Option<&ast::Expr>) {
    match &e.kind {
        Ast::Undo { step, compensation } => (step, Some(compensation)),
        _ => (e, None),
    }
}

impl BodyCx<'_> {
    /// `let pattern = value undo compensation`, with the pattern checked already.
    pub(super) fn let_undo(
        &mut self,
        pattern: Pattern,
        value: Expr,
        compensation: Option<&ast::Expr>,
        out: &mut Vec<Stmt>,
    ) {
        let Some(compensation) = compensation else {
            out.push(Stmt::Let(pattern, value));
            return;
        };
        let (bind, local, if_ok) = self.keep(value);
        out.push(bind);
        out.push(Stmt::Let(pattern, local));
        out.push(Stmt::Expr(self.push_undo(if_ok, compensation)));
    }

    /// A step with its compensation where a value stands.
    pub(super) fn undo(
        &mut self,
        step: &ast::Expr,
        compensation: &ast::Expr,
        want: Option<&Type>,
    ) -> Expr {
        let value = self.scoped(|b| b.expr(step, want));
        let ty = value.ty.clone();
        let stmts = match self.head(&ty) {
            Type::Unit | Type::Never | Type::Unknown => {
                let push = self.push_undo(None, compensation);
                vec![Stmt::Expr(value), Stmt::Expr(push)]
            }
            _ => {
                let (bind, local, if_ok) = self.keep(value);
                let push = self.push_undo(if_ok, compensation);
                vec![bind, Stmt::Expr(push), Stmt::Expr(local)]
            }
        };
        // Of the step: that is what a message about its value points at.
        node(ExprKind::Block(Block { stmts }), ty, step.span)
    }

    /// Keeps a value in a variable without a name; gives it also where it may have failed.
    fn keep(&mut self, value: Expr) -> (Stmt, Expr, Option<LocalId>) {
        let (ty, span) = (value.ty.clone(), value.span);
        let id = self.declare("_", ty.clone(), false, span);
        let may_have_failed = matches!(self.head(&ty), Type::Result(..));
        let pattern = Pattern {
            kind: PatternKind::Bind(id),
            ty: ty.clone(),
            span,
        };
        let local = node(ExprKind::Local(id), ty, span);
        (
            Stmt::Let(pattern, value),
            local,
            may_have_failed.then_some(id),
        )
    }

    fn push_undo(&mut self, if_ok: Option<LocalId>, compensation: &ast::Expr) -> Expr {
        let body = |b: &mut Self| b.value(compensation, &Type::Unit);
        let compensation = self.closure(FrameKind::Undo, |b| (Vec::new(), body(b)));
        let span = compensation.body.span;
        let kind = ExprKind::PushUndo {
            if_ok,
            compensation,
        };
        node(kind, Type::Unit, span)
    }

    pub(super) fn undo_cannot_fail(&mut self, errors: &[ErrorId], span: Span) {
        let names = self.error_names(errors);
        self.report(
            Diagnostic::new(
                codes::E0804,
                span,
                format!("an `undo` must succeed, and this may fail with {names}"),
            )
            .label("may fail")
            .help("say what to do then: `?? other`, or `match` it; or call something that cannot fail"),
        );
    }
}

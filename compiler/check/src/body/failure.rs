//! Failures: `?`, `??`, `fail`, and what may leave a body.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use super::{BodyCx, Fails, FrameKind, LambdaFrame, hole, node};
use crate::hir::*;
use crate::scope::TypeName;

impl BodyCx<'_> {
    pub(super) fn coalesce(
        &mut self,
        value: &ast::Expr,
        otherwise: &ast::Expr,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let value = self.expr(value, None);
        let inner = match self.head(&value.ty) {
            Type::Option(inner) | Type::Result(inner, _) => *inner,
            Type::Unknown => want.cloned().unwrap_or(Type::Unknown),
            other => {
                let shown = self.show(&other);
                self.report(
                    Diagnostic::new(
                        codes::E0402,
                        value.span,
                        format!("`{shown}` is always there, so `??` has nothing to do"),
                    )
                    .label("neither missing nor failing")
                    .help("remove `??` and what follows it"),
                );
                other
            }
        };
        // `a ?? b ?? c`: what is on the right may itself be missing.
        let other = self.expr(otherwise, Some(&inner));
        let ty = match self.head(&other.ty) {
            Type::Option(o)
                if self.table.unify(&o, &inner)
                    && !matches!(self.head(&inner), Type::Option(_)) =>
            {
                self.report(
                    Diagnostic::new(
                        codes::E0301,
                        otherwise.span,
                        "the value after `??` may be missing too",
                    )
                    .label("may be missing")
                    .help("put parentheses and another `?? ..` after it"),
                );
                Type::Unknown
            }
            _ => inner.clone(),
        };
        let other = self.fit(
            other,
            &inner,
            Some((value.span, "to stand in for this".into())),
        );
        // When the two do not fit together, neither is held against what is wanted.
        let ty = match self.head(&other.ty) {
            Type::Unknown => Type::Unknown,
            _ => ty,
        };
        node(
            ExprKind::Coalesce(Box::new(value), Box::new(other)),
            ty,
            span,
        )
    }

    pub(super) fn try_(&mut self, inner: &ast::Expr, want: Option<&Type>, span: Span) -> Expr {
        // Of a call what is wanted says what it gives where it succeeds: `let order: Order = json.decode(text)?`.
        let want = want.filter(|_| matches!(inner.kind, Ast::Call { .. }));
        let inner = self.expr(inner, want);
        match self.head(&inner.ty) {
            Type::Result(ty, errors) => {
                self.may_fail(&errors, span);
                node(ExprKind::Try(Box::new(inner)), *ty, span)
            }
            Type::Unknown => hole(span),
            _ if self.calls_itself(&inner) => {
                self.recursive_try.get_or_insert(span);
                inner
            }
            other => {
                let shown = self.show(&other);
                let may_be_missing = matches!(other, Type::Option(_));
                let help = if may_be_missing {
                    "`?` is for calls that may fail; for a missing value write `?? fail SomeError` or `?? other`"
                } else {
                    "remove the `?`"
                };
                self.report(
                    Diagnostic::new(
                        codes::E0402,
                        span,
                        format!("`?` on `{shown}`, which cannot fail"),
                    )
                    .label("cannot fail")
                    .help(help)
                    .fix_if_certain(
                        "remove the `?`",
                        vec![(
                            Span::new(span.file, inner.span.end, span.end),
                            String::new(),
                        )],
                        !may_be_missing,
                    ),
                );
                // With a value that may be missing, the value was meant.
                if may_be_missing { hole(span) } else { inner }
            }
        }
    }

    /// Whether this is a call of the function whose failures are being worked out.
    fn calls_itself(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
                self.function == Some(*function)
            }
            // Named arguments may stand in front of it.
            ExprKind::Block(block) => match block.stmts.last() {
                Some(Stmt::Expr(last)) => self.calls_itself(last),
                _ => false,
            },
            _ => false,
        }
    }

    pub(super) fn fail(&mut self, error: &ast::Expr, span: Span) -> Expr {
        let wanted = match &error.kind {
            Ast::Con(name) => self.error_type(name),
            Ast::Call { callee, .. } => match &callee.kind {
                Ast::Con(name) => self.error_type(name),
                _ => None,
            },
            _ => None,
        };
        let value = self.expr(error, wanted.as_ref());
        match self.head(&value.ty) {
            Type::Error(id) => {
                self.may_fail(&[id], span);
                node(ExprKind::Fail(Box::new(value)), Type::Never, span)
            }
            Type::Unknown => node(ExprKind::Fail(Box::new(value)), Type::Never, span),
            other => {
                let shown = self.show(&other);
                // `fails` has said so of the same name.
                let said = format!("`{shown}` is not an error");
                if self.cx.diagnostics.iter().any(|d| d.message == said) {
                    return node(ExprKind::Fail(Box::new(value)), Type::Never, span);
                }
                self.report(
                    Diagnostic::new(codes::E0404, error.span, format!("only errors can be failed with, this is `{shown}`"))
                        .label("not an error")
                        .help("declare one, for example `error TooSmall(least: Int)`, and write `TooSmall(1)`"),
                );
                node(ExprKind::Fail(Box::new(value)), Type::Never, span)
            }
        }
    }

    /// The error a name stands for, whatever else is named so.
    fn error_type(&self, name: &ast::Ident) -> Option<Type> {
        match self.cx.names.types.get(name.as_str())?.0 {
            TypeName::Error(id) => Some(Type::Error(id)),
            _ => None,
        }
    }

    /// A call that may fail stands where its value is wanted.
    pub(super) fn unhandled(&mut self, span: Span, errors: &[ErrorId]) {
        if self.lambdas.last().map(|frame| &frame.kind) == Some(&FrameKind::Undo) {
            return self.undo_cannot_fail(errors, span);
        }
        let names = self.error_names(errors);
        // Whoever declared the failures has said that they leave the function; a test ends with them.
        let is_meant = match &self.fails {
            Fails::Declared(declared) => errors.iter().all(|e| declared.contains(e)),
            Fails::Inferred(_) => self.in_test,
            Fails::Never(_) => false,
        };
        let in_branches = |frame: &LambdaFrame| frame.kind == FrameKind::Branch;
        let is_certain = is_meant && self.lambdas.iter().all(in_branches);
        self.report(
            Diagnostic::new(codes::E0401, span, format!("this may fail with {names}, and nobody looks"))
                .label("may fail")
                .help("write `?` after it to pass the failure on, `?? other` to use another value, or `match` it")
                .fix_if_certain("pass the failure on with `?`", vec![(span.after(), "?".into())], is_certain),
        );
    }

    pub(super) fn error_names(&self, errors: &[ErrorId]) -> String {
        let names: Vec<String> = errors
            .iter()
            .map(|e| format!("`{}`", self.cx.program.errors[e.0 as usize].name))
            .collect();
        names.join(" or ")
    }

    /// Notes that `errors` may leave this body at `span`.
    pub(super) fn may_fail(&mut self, errors: &[ErrorId], span: Span) {
        // What leaves a branch of `parallel` leaves the function.
        let mut frames = self.lambdas.iter().rev().map(|frame| frame.kind.clone());
        match frames.find(|kind| *kind != FrameKind::Branch) {
            None => {}
            Some(FrameKind::Undo) => return self.undo_cannot_fail(errors, span),
            Some(FrameKind::Mock(known)) => return self.mock_may_fail(&known, errors, span),
            Some(FrameKind::Scratch) => {
                self.report(
                    Diagnostic::new(codes::E0406, span, "what temporary data is made from cannot fail")
                        .label("would leave the `scratch let`")
                        .help("say what to take then, `?? other`; or make a list of `T?`, and fail where it is read"),
                );
                return;
            }
            Some(FrameKind::Argument | FrameKind::Branch) => {
                self.report(
                    Diagnostic::new(codes::E0406, span, "a lambda cannot fail")
                        .label("would leave the lambda")
                        .help("use a `for` loop, or `??` inside the lambda"),
                );
                return;
            }
        }
        match &mut self.fails {
            Fails::Inferred(all) => {
                for e in errors {
                    if let Err(at) = all.binary_search(e) {
                        all.insert(at, *e);
                    }
                }
            }
            Fails::Declared(declared) => {
                let missing: Vec<ErrorId> = errors
                    .iter()
                    .copied()
                    .filter(|e| !declared.contains(e))
                    .collect();
                if missing.is_empty() {
                    return;
                }
                let names = self.error_names(&missing);
                let plain = names.replace('`', "").replace(" or ", ", ");
                let mut found = Diagnostic::new(
                    codes::E0403,
                    span,
                    format!("this may fail with {names}, which the function does not declare"),
                )
                .label("leaves the function here")
                .help(format!("add it to the signature: `fails {plain}`"));
                if let Some(place) = &self.fails_place {
                    let title = format!("declare `fails {plain}`");
                    found = found.certain_fix(title, vec![place.edit(&plain)]);
                }
                self.report(found);
            }
            Fails::Never(place) => {
                let place = *place;
                self.report(
                    Diagnostic::new(codes::E0403, span, format!("{place} cannot fail"))
                        .label("may fail")
                        .help("use `?? other` to give a value for that case"),
                );
            }
        }
    }

    /// A stand-in fails with what it stands for may fail with.
    fn mock_may_fail(&mut self, known: &[ErrorId], errors: &[ErrorId], span: Span) {
        let missing: Vec<ErrorId> = errors
            .iter()
            .copied()
            .filter(|e| !known.contains(e))
            .collect();
        if missing.is_empty() {
            return;
        }
        let names = self.error_names(&missing);
        let help = match known {
            [] => "it never fails; answer with a value".to_owned(),
            _ => format!("it may fail with {}", self.error_names(known)),
        };
        self.report(
            Diagnostic::new(
                codes::E0403,
                span,
                format!("what this stands for never fails with {names}"),
            )
            .label("leaves the lambda here")
            .help(help),
        );
    }
}

//! Blocks, statements, branches, loops, failure.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, AssignOp, ExprKind as Ast, StmtKind};

use super::{BodyCx, hole, node, undo};
use crate::hir::*;
use crate::walk;

impl BodyCx<'_> {
    /// A block; with `want` of `()` the last value is dropped.
    pub(super) fn block(&mut self, block: &ast::Block, want: Option<&Type>) -> Expr {
        self.scoped(|b| {
            let mut stmts = Vec::new();
            let mut ty = Type::Unit;
            let drops = want.is_some_and(|t| b.head(t) == Type::Unit);
            for (at, stmt) in block.stmts.iter().enumerate() {
                let is_last = at + 1 == block.stmts.len();
                match &stmt.kind {
                    StmtKind::Expr(e) if is_last && !drops => {
                        let value = b.expr(e, want);
                        ty = value.ty.clone();
                        stmts.push(Stmt::Expr(value));
                    }
                    // What stood there may well have been the value.
                    StmtKind::Hole if is_last => ty = Type::Unknown,
                    _ => {
                        let before = stmts.len();
                        b.stmt(stmt, &mut stmts);
                        let ends = stmts[before..].iter().any(|done| {
                            let (Stmt::Expr(e) | Stmt::Let(_, e)) = done;
                            b.head(&e.ty) == Type::Never
                        });
                        if ends {
                            ty = Type::Never;
                        }
                    }
                }
            }
            node(ExprKind::Block(Block { stmts }), ty, block.span)
        })
    }

    /// Holds a function's block against its result type, pointing at what is missing.
    pub(super) fn result_of_block(
        &mut self,
        root: Expr,
        block: &ast::Block,
        ret: &Type,
        written: Option<Span>,
    ) -> Expr {
        let gives_nothing =
            self.head(&root.ty) == Type::Unit && *ret != Type::Unit && *ret != Type::Unknown;
        if gives_nothing {
            let shown = self.show(ret);
            let at = block.stmts.last().map_or(block.span, |s| s.span);
            let mut found = Diagnostic::new(
                codes::E0301,
                at,
                format!("the body gives nothing, expected `{shown}`"),
            )
            .label("the last statement is no value")
            .help(match value_at_end(&root) {
                Some(ExprKind::Local(id)) => format!(
                    "`{}` holds nothing; an `if` without `else` has no value",
                    self.locals[id.0 as usize].name
                ),
                _ => "end the body with the value, or `return` it".to_owned(),
            });
            if let Some(written) = written {
                found = found.secondary(written, "promised here");
            }
            self.report(found);
            return Expr {
                ty: Type::Unknown,
                ..root
            };
        }
        let why = written.map(|at| (at, "because of this result type".to_owned()));
        // What does not fit is the value at the end.
        let whole = root.span;
        let span = block.stmts.last().map_or(whole, |last| last.span);
        let root = self.fit(Expr { span, ..root }, ret, why);
        Expr {
            span: whole,
            ..root
        }
    }

    /// An expression in a place of a known type; where nothing is wanted its value is dropped.
    pub(super) fn value(&mut self, e: &ast::Expr, want: &Type) -> Expr {
        if self.head(want) != Type::Unit {
            return self.expr_of(e, want);
        }
        let inner = self.statement_expr(e);
        match self.head(&inner.ty) {
            Type::Unit | Type::Never | Type::Unknown => inner,
            _ => node(
                ExprKind::Block(Block {
                    stmts: vec![Stmt::Expr(inner)],
                }),
                Type::Unit,
                e.span,
            ),
        }
    }

    fn statement_expr(&mut self, e: &ast::Expr) -> Expr {
        let is_control = matches!(
            e.kind,
            Ast::If { .. }
                | Ast::Match { .. }
                | Ast::Wait(_)
                | Ast::Block(_)
                | Ast::For(_)
                | Ast::Atomic(_)
        );
        let found = self.scoped(|b| b.expr(e, is_control.then_some(&Type::Unit)));
        if let Type::Result(_, errors) = self.head(&found.ty) {
            self.unhandled(found.span, &errors);
        }
        found
    }

    /// Checks a statement; most are one in the checked program as well.
    fn stmt(&mut self, stmt: &ast::Stmt, out: &mut Vec<Stmt>) {
        let span = stmt.span;
        let done = match &stmt.kind {
            StmtKind::Hole => Stmt::Expr(hole(span)),
            StmtKind::Let {
                scratch,
                pattern,
                ty,
                value,
            } => {
                if *scratch {
                    return self.scratch_let(pattern, ty.as_ref(), value, span, out);
                }
                let (value, compensation) = undo::parts(value);
                let value = match ty {
                    Some(written) => {
                        let ty = self.written(written);
                        self.scoped(|b| b.expr_of(value, &ty))
                    }
                    None => self.scoped(|b| b.expr(value, None)),
                };
                let ty = value.ty.clone();
                if let (Type::Result(_, errors), false) = (
                    self.head(&ty),
                    matches!(pattern.kind, ast::PatternKind::Wildcard),
                ) {
                    // A failure may be looked at later, so a name for it is fine; taking it apart is not.
                    if !matches!(pattern.kind, ast::PatternKind::Bind(_)) {
                        self.unhandled(value.span, &errors);
                    }
                }
                let pattern = self.pattern(pattern, &ty);
                return self.let_undo(pattern, value, compensation, out);
            }
            StmtKind::Var { name, ty, value } => {
                let (value, compensation) = undo::parts(value);
                let value = match ty {
                    Some(written) => {
                        let ty = self.written(written);
                        let value = self.scoped(|b| b.expr_of(value, &ty));
                        Expr { ty, ..value }
                    }
                    None => self.scoped(|b| b.plain(value, None)),
                };
                let id = self.declare(name.as_str(), value.ty.clone(), true, name.span);
                let pattern = Pattern {
                    kind: PatternKind::Bind(id),
                    ty: value.ty.clone(),
                    span: name.span,
                };
                return self.let_undo(pattern, value, compensation, out);
            }
            StmtKind::While { cond, body } => {
                let kind = self.scoped(|b| {
                    let cond = b.expr_of(cond, &Type::Bool);
                    b.loop_depth += 1;
                    let body = b.block(body, Some(&Type::Unit));
                    b.loop_depth -= 1;
                    let is_endless = matches!(cond.kind, ExprKind::Bool(true)) && !breaks(&body);
                    let kind = ExprKind::While {
                        cond: Box::new(cond),
                        body: Box::new(body),
                    };
                    (kind, if is_endless { Type::Never } else { Type::Unit })
                });
                let (kind, ty) = kind;
                Stmt::Expr(node(kind, ty, span))
            }
            StmtKind::Require { cond, otherwise } => {
                // What `is` binds in the condition holds from here on, but not in the error.
                let failing = self.scoped(|b| b.fail(otherwise, otherwise.span));
                let cond = self.expr_of(cond, &Type::Bool);
                let cond_span = cond.span;
                let kind = ExprKind::If {
                    cond: Box::new(node(ExprKind::Not(Box::new(cond)), Type::Bool, cond_span)),
                    then: Box::new(failing),
                    otherwise: None,
                };
                Stmt::Expr(node(kind, Type::Unit, span))
            }
            StmtKind::Expect(cond) => {
                if !self.in_test {
                    self.report(
                        Diagnostic::new(codes::E0508, span, "`expect` outside of a test")
                            .label("only in tests")
                            .help("use `require .. else ..` to refuse, or `invariant` for what always holds"),
                    );
                }
                let cond = self.expr_of(cond, &Type::Bool);
                return claims(cond, span, out);
            }
            StmtKind::Assign {
                target,
                op,
                op_span,
                value,
            } => Stmt::Expr(self.assign(target, *op, *op_span, value, span)),
            StmtKind::Expr(e) => Stmt::Expr(self.statement_expr(e)),
        };
        out.push(done);
    }

    fn assign(
        &mut self,
        target: &ast::Expr,
        op: AssignOp,
        op_span: Span,
        value: &ast::Expr,
        span: Span,
    ) -> Expr {
        let Some(place) = self.place(target) else {
            self.plain(value, None);
            return hole(span);
        };
        let (op, symbol) = match op {
            AssignOp::Set => {
                let found = self.expr(value, Some(&place.ty));
                let why = Some((place.span, format!("this is `{}`", self.show(&place.ty))));
                let value = Box::new(self.fit(found, &place.ty, why));
                return node(ExprKind::Assign { place, value }, Type::Unit, span);
            }
            AssignOp::Add => (ArithOp::Add, "+="),
            AssignOp::Sub => (ArithOp::Sub, "-="),
            AssignOp::Mul => (ArithOp::Mul, "*="),
        };
        // As in `operators.rs`: a time or duration says nothing of what is added to it.
        let value = match self.head(&place.ty) {
            Type::Time | Type::Duration => self.plain(value, None),
            ty => self.plain_hinted(value, &ty),
        };
        let current = node(ExprKind::Unit, place.ty.clone(), place.span);
        if let Some(ty) = self.arith_type(op, symbol, op_span, &current, &value)
            && !self.table.unify(&ty, &place.ty)
        {
            let want = place.ty.clone();
            self.mismatch(span, &want, &ty, None);
        }
        let value = Box::new(value);
        node(ExprKind::AssignOp { place, op, value }, Type::Unit, span)
    }

    fn plain_hinted(&mut self, e: &ast::Expr, hint: &Type) -> Expr {
        let found = self.expr(e, Some(hint));
        match self.head(&found.ty) {
            Type::Result(_, errors) => {
                self.unhandled(e.span, &errors);
                hole(e.span)
            }
            _ => found,
        }
    }

    pub(super) fn written(&mut self, ty: &ast::Type) -> Type {
        let params = self.type_params.clone();
        crate::types::ty(self.cx, ty, &params)
    }

    pub(super) fn if_(
        &mut self,
        cond: &ast::Expr,
        then: &ast::Block,
        otherwise: Option<&ast::Expr>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let wanted = want;
        let want = if otherwise.is_none() {
            Some(&Type::Unit)
        } else {
            want
        };
        let (cond, then) = self.scoped(|b| {
            let cond = b.expr_of(cond, &Type::Bool);
            (Box::new(cond), Box::new(b.block(then, want)))
        });
        let Some(otherwise) = otherwise else {
            let ty = self.without_else(wanted, &then.ty, span);
            let kind = ExprKind::If {
                cond,
                then,
                otherwise: None,
            };
            return node(kind, ty, span);
        };
        let hint = want.cloned().unwrap_or_else(|| then.ty.clone());
        let hint = (self.head(&hint) != Type::Never).then_some(hint);
        let otherwise = Box::new(self.expr(otherwise, hint.as_ref()));
        let ty = self.join(&then.ty, then.span, &otherwise.ty, otherwise.span);
        let kind = ExprKind::If {
            cond,
            then,
            otherwise: Some(otherwise),
        };
        node(kind, ty, span)
    }

    /// The type of an `if` without `else`, which gives nothing: where a value is wanted, that is told here.
    fn without_else(&mut self, wanted: Option<&Type>, then: &Type, span: Span) -> Type {
        let Some(wanted) = wanted.map(|ty| self.head(ty)) else {
            return Type::Unit;
        };
        let any = matches!(
            wanted,
            Type::Unit | Type::Unknown | Type::Never | Type::Infer(_)
        );
        if any || self.head(then) == Type::Never {
            return Type::Unit;
        }
        let shown = self.show(&wanted);
        let found = Diagnostic::new(
            codes::E0301,
            span,
            format!("an `if` without `else` gives nothing, expected `{shown}`"),
        );
        self.report(
            found
                .label("no value where the condition is false")
                .help("say what it is then: `else { .. }`"),
        );
        Type::Unknown
    }

    /// The type of two branches together.
    pub(super) fn join(&mut self, a: &Type, a_span: Span, b: &Type, b_span: Span) -> Type {
        match (self.head(a), self.head(b)) {
            (Type::Never, _) => b.clone(),
            (_, Type::Never) => a.clone(),
            _ => {
                if !self.table.unify(a, b) {
                    let text = format!("this branch is `{}`", self.show(a));
                    self.mismatch(b_span, a, b, Some((a_span, text)));
                    return Type::Unknown;
                }
                a.clone()
            }
        }
    }

    pub(super) fn match_(
        &mut self,
        subject: &ast::Expr,
        arms: &[ast::Arm],
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        let subject = self.expr(subject, None);
        let mut checked: Vec<Arm> = Vec::new();
        let mut ty = Type::Never;
        let mut ty_span = span;
        for arm in arms {
            let arm = self.scoped(|b| {
                let pattern = b.pattern(&arm.pattern, &subject.ty);
                let guard = arm.guard.as_ref().map(|g| b.expr_of(g, &Type::Bool));
                let hint = want
                    .cloned()
                    .or_else(|| (b.head(&ty) != Type::Never).then(|| ty.clone()));
                let body = match &hint {
                    Some(t) if b.head(t) == Type::Unit => b.value(&arm.body, &Type::Unit),
                    _ => b.expr(&arm.body, hint.as_ref()),
                };
                Arm {
                    pattern,
                    guard,
                    body,
                }
            });
            let joined = self.join(&ty, ty_span, &arm.body.ty, arm.body.span);
            if self.head(&ty) == Type::Never {
                ty_span = arm.body.span;
            }
            ty = joined;
            checked.push(arm);
        }
        let kind = ExprKind::Match {
            subject: Box::new(subject),
            arms: checked,
        };
        node(kind, ty, span)
    }

    pub(super) fn is(&mut self, value: &ast::Expr, pattern: &ast::Pattern, span: Span) -> Expr {
        let value = self.expr(value, None);
        let pattern = self.pattern(pattern, &value.ty);
        node(ExprKind::Is(Box::new(value), pattern), Type::Bool, span)
    }
}

/// Whether a loop may be left by `break`; one of a loop inside counts too.
fn breaks(body: &Expr) -> bool {
    let mut found = false;
    walk::all(body, &mut |e| found |= matches!(e.kind, ExprKind::Break));
    found
}

fn value_at_end(body: &Expr) -> Option<&ExprKind> {
    match &body.kind {
        ExprKind::Block(block) => match block.stmts.last()? {
            Stmt::Expr(last) => Some(&last.kind),
            Stmt::Let(..) => None,
        },
        kind => Some(kind),
    }
}

/// `expect a and b` is `expect a` and then `expect b`, so that the part which does not hold is told with its place and values.
fn claims(cond: Expr, span: Span, out: &mut Vec<Stmt>) {
    if let ExprKind::And(left, right) = cond.kind {
        let (at_left, at_right) = (left.span, right.span);
        claims(*left, at_left, out);
        return claims(*right, at_right, out);
    }
    out.push(Stmt::Expr(node(
        ExprKind::Expect(Box::new(cond)),
        Type::Unit,
        span,
    )));
}

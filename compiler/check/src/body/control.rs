//! Blocks, statements, branches, loops, failure.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, AssignOp, ClauseKind, ExprKind as Ast, ForBody, StmtKind};

use super::{BodyCx, hole, node};
use crate::hir::*;

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
                    _ => {
                        let done = b.stmt(stmt);
                        if matches!(&done, Stmt::Expr(e) | Stmt::Let(_, e) if b.head(&e.ty) == Type::Never) {
                            ty = Type::Never;
                        }
                        stmts.push(done);
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
            .help("end the body with the value, or `return` it");
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
        self.fit(root, ret, why)
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
            Ast::If { .. } | Ast::Match { .. } | Ast::Block(_) | Ast::For(_) | Ast::Atomic(_)
        );
        let found = self.scoped(|b| b.expr(e, is_control.then_some(&Type::Unit)));
        if let Type::Result(_, errors) = self.head(&found.ty) {
            self.unhandled(e.span, &errors);
        }
        found
    }

    fn stmt(&mut self, stmt: &ast::Stmt) -> Stmt {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Hole => Stmt::Expr(hole(span)),
            StmtKind::Let {
                scratch,
                pattern,
                ty,
                value,
            } => {
                if *scratch {
                    self.cx.later(span, "`scratch`");
                }
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
                Stmt::Let(pattern, value)
            }
            StmtKind::Var { name, ty, value } => {
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
                Stmt::Let(pattern, value)
            }
            StmtKind::While { cond, body } => {
                let kind = self.scoped(|b| {
                    let cond = b.expr_of(cond, &Type::Bool);
                    b.loop_depth += 1;
                    let body = b.block(body, Some(&Type::Unit));
                    b.loop_depth -= 1;
                    ExprKind::While {
                        cond: Box::new(cond),
                        body: Box::new(body),
                    }
                });
                Stmt::Expr(node(kind, Type::Unit, span))
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
                Stmt::Expr(node(ExprKind::Expect(Box::new(cond)), Type::Unit, span))
            }
            StmtKind::Assign {
                target,
                op,
                op_span,
                value,
            } => Stmt::Expr(self.assign(target, *op, *op_span, value, span)),
            StmtKind::Expr(e) => Stmt::Expr(self.statement_expr(e)),
        }
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
        let value = self.plain_hinted(value, &place.ty);
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
        crate::signatures::ty(self.cx, ty, &params)
    }

    pub(super) fn if_(
        &mut self,
        cond: &ast::Expr,
        then: &ast::Block,
        otherwise: Option<&ast::Expr>,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
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
            let kind = ExprKind::If {
                cond,
                then,
                otherwise: None,
            };
            return node(kind, Type::Unit, span);
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

    /// The type of two branches together.
    fn join(&mut self, a: &Type, a_span: Span, b: &Type, b_span: Span) -> Type {
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

    pub(super) fn for_(&mut self, f: &ast::For, want: Option<&Type>, span: Span) -> Expr {
        if f.parallel {
            return self.later(span, "`parallel for`");
        }
        for clause in &f.clauses {
            let what = match &clause.kind {
                ClauseKind::Where(_) => continue,
                ClauseKind::Join { .. } => "`join`",
                ClauseKind::GroupBy(_) => "`group by`",
                ClauseKind::SortBy(_) => "`sort by`",
            };
            return self.later(clause.span, what);
        }
        self.scoped(|b| {
            let mut generators = Vec::new();
            for generator in &f.generators {
                let (source, item) = b.source(&generator.source);
                let pattern = b.pattern(&generator.pattern, &item);
                generators.push((pattern, source));
            }
            let mut wheres = Vec::new();
            for clause in &f.clauses {
                if let ClauseKind::Where(cond) = &clause.kind {
                    wheres.push(b.expr_of(cond, &Type::Bool));
                }
            }
            let (body, kind, ty) = match &f.body {
                ForBody::Block(block) => {
                    b.loop_depth += 1;
                    let body = b.block(block, Some(&Type::Unit));
                    b.loop_depth -= 1;
                    (body, ForKind::Loop, Type::Unit)
                }
                ForBody::Select { value, limit } => {
                    if let Some(limit) = limit {
                        b.cx.later(limit.span, "`limit`");
                    }
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
            let start = self.expr_of(start, &Type::Int);
            let end = self.expr_of(end, &Type::Int);
            return (ForSource::Range(start, end), Type::Int);
        }
        if let Ast::Con(name) = &e.kind {
            return (
                ForSource::Collection(self.later(name.span, "walking all of an entity")),
                Type::Unknown,
            );
        }
        let source = self.plain(e, None);
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
        node(
            ExprKind::Coalesce(Box::new(value), Box::new(other)),
            ty,
            span,
        )
    }

    pub(super) fn try_(&mut self, inner: &ast::Expr, span: Span) -> Expr {
        let inner = self.expr(inner, None);
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
                let help = match other {
                    Type::Option(_) => {
                        "`?` is for calls that may fail; for a missing value write `?? fail SomeError` or `?? other`"
                    }
                    _ => "remove the `?`",
                };
                self.report(
                    Diagnostic::new(
                        codes::E0402,
                        span,
                        format!("`?` on `{shown}`, which cannot fail"),
                    )
                    .label("cannot fail")
                    .help(help)
                    .fix(
                        "remove the `?`",
                        vec![(
                            Span::new(span.file, inner.span.end, span.end),
                            String::new(),
                        )],
                    ),
                );
                inner
            }
        }
    }

    /// Whether this is a call of the function whose failures are being worked out.
    fn calls_itself(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
                self.function == Some(*function)
            }
            _ => false,
        }
    }

    pub(super) fn fail(&mut self, error: &ast::Expr, span: Span) -> Expr {
        let value = self.expr(error, None);
        match self.head(&value.ty) {
            Type::Error(id) => {
                self.may_fail(&[id], span);
                node(ExprKind::Fail(Box::new(value)), Type::Never, span)
            }
            Type::Unknown => node(ExprKind::Fail(Box::new(value)), Type::Never, span),
            other => {
                let shown = self.show(&other);
                self.report(
                    Diagnostic::new(codes::E0404, error.span, format!("only errors can be failed with, this is `{shown}`"))
                        .label("not an error")
                        .help("declare one, for example `error TooSmall(least: Int)`, and write `TooSmall(1)`"),
                );
                node(ExprKind::Fail(Box::new(value)), Type::Never, span)
            }
        }
    }

    pub(super) fn return_(&mut self, value: Option<&ast::Expr>, span: Span) -> Expr {
        if !self.lambdas.is_empty() {
            self.report(
                Diagnostic::new(
                    codes::E0406,
                    span,
                    "a lambda cannot return from the function around it",
                )
                .label("would leave the lambda")
                .help("its last expression is its value; use a `for` loop to stop early"),
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

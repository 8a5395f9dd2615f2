//! Operators: which types they take and what they give.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, BinaryOp, ExprKind as Ast};

use super::{BodyCx, hole, node};
use crate::hir::*;

impl BodyCx<'_> {
    pub(super) fn negate(&mut self, operand: &ast::Expr, want: Option<&Type>, span: Span) -> Expr {
        // `-1` is a literal like `1`.
        let negative = match &operand.kind {
            Ast::Int(n) => n.checked_neg().map(Ast::Int),
            Ast::Decimal(d) => Some(Ast::Decimal(-d)),
            Ast::Float(x) => Some(Ast::Float(-x)),
            Ast::Money { amount, currency } => Some(Ast::Money {
                amount: -amount,
                currency: currency.clone(),
            }),
            _ => None,
        };
        if let Some(kind) = negative {
            return self.literal(&ast::Expr { kind, span }, want);
        }
        let operand = self.plain(
            operand,
            want.cloned().filter(|t| is_number(&self.head(t))).as_ref(),
        );
        let ty = self.head(&operand.ty);
        if !matches!(
            ty,
            Type::Int
                | Type::Decimal
                | Type::Float
                | Type::Duration
                | Type::Money
                | Type::Unknown
                | Type::Never
        ) {
            let shown = self.show(&ty);
            self.report(
                Diagnostic::new(
                    codes::E0304,
                    span,
                    format!("`-` cannot be put before `{shown}`"),
                )
                .label("not a number")
                .help("it takes Int, Decimal, Float, Duration and Money"),
            );
            return hole(span);
        }
        node(ExprKind::Neg(Box::new(operand)), ty, span)
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        want: Option<&Type>,
        span: Span,
    ) -> Expr {
        match op {
            BinaryOp::And => {
                // What `is` binds on the left is there on the right, and in what the whole guards.
                let left = self.expr_of(left, &Type::Bool);
                let right = self.expr_of(right, &Type::Bool);
                node(
                    ExprKind::And(Box::new(left), Box::new(right)),
                    Type::Bool,
                    span,
                )
            }
            BinaryOp::Or => {
                let left = self.scoped(|b| b.expr_of(left, &Type::Bool));
                let right = self.scoped(|b| b.expr_of(right, &Type::Bool));
                node(
                    ExprKind::Or(Box::new(left), Box::new(right)),
                    Type::Bool,
                    span,
                )
            }
            BinaryOp::In => self.in_(left, right, span),
            BinaryOp::Eq => self.compare(CompareOp::Eq, left, right, span),
            BinaryOp::Ne => self.compare(CompareOp::Ne, left, right, span),
            BinaryOp::Lt => self.compare(CompareOp::Lt, left, right, span),
            BinaryOp::Le => self.compare(CompareOp::Le, left, right, span),
            BinaryOp::Gt => self.compare(CompareOp::Gt, left, right, span),
            BinaryOp::Ge => self.compare(CompareOp::Ge, left, right, span),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                let hir_op = match op {
                    BinaryOp::Add => ArithOp::Add,
                    BinaryOp::Sub => ArithOp::Sub,
                    BinaryOp::Mul => ArithOp::Mul,
                    BinaryOp::Div => ArithOp::Div,
                    _ => ArithOp::Rem,
                };
                let want = want.map(|t| self.head(t)).filter(is_number);
                let (left, right) = self.operands(left, right, want.as_ref());
                let Some(ty) = self.arith_type(hir_op, op.symbol(), op_span, &left, &right) else {
                    return hole(span);
                };
                node(
                    ExprKind::Arith(hir_op, Box::new(left), Box::new(right)),
                    ty,
                    span,
                )
            }
        }
    }

    /// Both sides, the one that is not a literal first, so that the literal becomes of its type; of `5 / 2.0` the fraction.
    fn operands(
        &mut self,
        left: &ast::Expr,
        right: &ast::Expr,
        want: Option<&Type>,
    ) -> (Expr, Expr) {
        if is_literal(left) && (!is_literal(right) || is_fraction(right)) {
            let right = self.plain(right, None);
            let ty = right.ty.clone();
            let left = self.hinted(left, &ty);
            (left, right)
        } else {
            let left = match want {
                Some(want) if is_literal(left) => self.hinted(left, want),
                _ => self.plain(left, None),
            };
            // A time or duration says nothing of the other side: `at - wait`, `wait * 2`.
            let right = match self.head(&left.ty) {
                Type::Time | Type::Duration => self.plain(right, None),
                ty => self.hinted(right, &ty),
            };
            (left, right)
        }
    }

    /// Checks with a hint, without insisting; failing calls are reported.
    pub(super) fn hinted(&mut self, e: &ast::Expr, hint: &Type) -> Expr {
        let found = self.expr(e, Some(hint));
        match self.head(&found.ty) {
            Type::Result(_, errors) => {
                self.unhandled(e.span, &errors);
                hole(e.span)
            }
            _ => found,
        }
    }

    /// The type of `left op right`; reports when there is none.
    pub(super) fn arith_type(
        &mut self,
        op: ArithOp,
        symbol: &str,
        op_span: Span,
        left: &Expr,
        right: &Expr,
    ) -> Option<Type> {
        use ArithOp::*;
        use Type::{Date, Decimal, Duration, Float, Infer, Int, Money, Never, Text, Time, Unknown};
        let (mut l, mut r) = (self.head(&left.ty), self.head(&right.ty));
        if matches!(l, Unknown | Never) || matches!(r, Unknown | Never) {
            return None;
        }
        if matches!(l, Infer(_)) || matches!(r, Infer(_)) {
            self.table.unify(&l, &r);
            (l, r) = (self.head(&l), self.head(&r));
        }
        Some(match (op, &l, &r) {
            (_, Int, Int) => Int,
            (_, Decimal, Decimal) => Decimal,
            (_, Float, Float) => Float,
            (Add, Text, Text) => Text,
            (Add | Sub | Rem, Duration, Duration) => Duration,
            (Div, Duration, Duration) => Int,
            (Mul, Duration, Int) | (Mul, Int, Duration) | (Div, Duration, Int) => Duration,
            (Add | Sub, Time, Duration) | (Add, Duration, Time) => Time,
            (Sub, Time, Time) => Duration,
            (Add | Sub, Money, Money) | (Mul | Div, Money, Int | Decimal) => Money,
            (Mul, Int | Decimal, Money) => Money,
            (Div, Money, Money) => Decimal,
            _ => {
                let (ls, rs) = (self.show(&l), self.show(&r));
                let mut found = Diagnostic::new(
                    codes::E0304,
                    op_span,
                    format!("`{symbol}` does not take `{ls}` and `{rs}`"),
                )
                .label("not for these types")
                .secondary(left.span, format!("this is `{ls}`"))
                .secondary(right.span, format!("this is `{rs}`"));
                found = match (&l, &r) {
                    (Int, Decimal) | (Decimal, Int) => {
                        found.help("convert the Int: `.to_decimal()`")
                    }
                    (Money, Int | Decimal) | (Int | Decimal, Money) => {
                        found.help("say of what currency: `20USD`, or `money(amount, \"USD\")`")
                    }
                    (Money, Float) | (Float, Money) => {
                        found.help("floats are not exact: take a Decimal, `0.19`")
                    }
                    (Date, Date) => {
                        found.help("count the days between them: `from.days_until(to)`")
                    }
                    (Date, _) | (_, Date) => found.help(
                        "a date has no clock: move it by days or months, `.add_days(7)`, `.add_months(1)`",
                    ),
                    (Int | Decimal, Float) | (Float, Int | Decimal) => {
                        found.help("convert one side: `.to_float()`")
                    }
                    (Text, Int) if symbol == "*" => found.help("write `text.repeat(10)`"),
                    (Text, _) | (_, Text) => found.help("put values into a text: `\"{a}{b}\"`"),
                    (Type::Option(_), _) | (_, Type::Option(_)) => {
                        found.help("it may be missing: give a value for that case with `?? ..`")
                    }
                    (Type::New(..), _) | (_, Type::New(..)) => {
                        found.help("take what it is made of: `.value`")
                    }
                    (Time | Duration, Int) | (Int, Time | Duration) => {
                        found.help("say of what: `60s`, `5m`, `2h`, `1d`")
                    }
                    (Time, Time) => {
                        found.help("the time between two is `a - b`; `a + 2h` is later")
                    }
                    (Type::Run(..), _) | (_, Type::Run(..)) => found.help(
                        "what is sent goes on by itself: wait for what it gives with `.result()`",
                    ),
                    (Type::Ticket, _) | (_, Type::Ticket) => {
                        found.help("what is sent gives nothing here: call it without `send`")
                    }
                    (Type::List(_), Type::List(_)) => found.help("join lists with `xs.concat(ys)`"),
                    _ => found.help(
                        "both sides have to be Int, Decimal or Float, or money, or times and durations",
                    ),
                };
                self.report(found);
                return None;
            }
        })
    }

    fn compare(&mut self, op: CompareOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let told = self.cx.diagnostics.len();
        let (left, right) = self.operands(left, right, None);
        for found in &mut self.cx.diagnostics[told..] {
            let at = found.primary.span;
            if found.code == codes::E0401 && (at == left.span || at == right.span) {
                found.help = Some("write `?` after it to compare the value; how it ended is asked with `is Ok(..)` or `is SomeError`".into());
            }
        }
        let right = self.of_greatest(&left, right);
        let left = self.of_greatest(&right, left);
        if !self.table.unify(&left.ty, &right.ty) {
            let (ls, rs) = (self.show(&left.ty), self.show(&right.ty));
            let found = Diagnostic::new(
                codes::E0304,
                span,
                format!("`{ls}` cannot be compared with `{rs}`"),
            )
            .label("two types")
            .secondary(left.span, format!("this is `{ls}`"))
            .secondary(right.span, format!("this is `{rs}`"));
            let (left, right) = (self.head(&left.ty), self.head(&right.ty));
            let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
            let help = match (&left, &right) {
                (Type::Option(inner), other) | (other, Type::Option(inner))
                    if ordered && self.head(inner) == *other =>
                {
                    "one of them may be missing: give a value for that case with `?? ..`, or look with `is Some(x)`".to_owned()
                }
                // Numbers are compared as numbers.
                (Type::Text, Type::Int | Type::Decimal) => self.conversion(&right, &left),
                _ => self.conversion(&left, &right),
            };
            self.report(found.help(help));
        }
        node(
            ExprKind::Compare(op, Box::new(left), Box::new(right)),
            Type::Bool,
            span,
        )
    }

    fn in_(&mut self, value: &ast::Expr, collection: &ast::Expr, span: Span) -> Expr {
        if let Ast::Range { start, end } = &collection.kind {
            return self.in_range(value, start, end, span);
        }
        // The value is computed first; only its type waits for the collection's.
        let hint = self.table.fresh();
        let collection_probe = is_literal(value);
        let (value, collection) = if collection_probe {
            let collection = self.plain(collection, None);
            let collection = self.seen(collection);
            let item = self.item_for_in(&collection);
            (self.expr_of(value, &item.unwrap_or(hint)), collection)
        } else {
            let value = self.plain(value, None);
            let list = Type::list(value.ty.clone());
            let collection = self.hinted(collection, &list);
            let collection = self.seen(collection);
            if let Some(item) = self.item_for_in(&collection) {
                let value = self.fit(
                    value,
                    &item,
                    Some((collection.span, "what is looked through".into())),
                );
                (value, collection)
            } else {
                (value, collection)
            }
        };
        let kind = ExprKind::In {
            value: Box::new(value),
            collection: Box::new(collection),
        };
        node(kind, Type::Bool, span)
    }

    fn item_for_in(&mut self, collection: &Expr) -> Option<Type> {
        match self.head(&collection.ty) {
            Type::List(item) | Type::Set(item) => Some(*item),
            Type::Map(key, _) => Some(*key),
            Type::Unknown => None,
            other => {
                let shown = self.show(&other);
                self.report(
                    Diagnostic::new(
                        codes::E0306,
                        collection.span,
                        format!("`in` cannot look through `{shown}`"),
                    )
                    .label("not a collection")
                    .help("it takes a list, a set, a map (its keys) or a range `a..b`"),
                );
                None
            }
        }
    }
}

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Decimal | Type::Float)
}

fn is_fraction(e: &ast::Expr) -> bool {
    match &e.kind {
        Ast::Decimal(_) | Ast::Float(_) => true,
        Ast::Unary { operand, .. } => is_fraction(operand),
        _ => false,
    }
}

fn is_literal(e: &ast::Expr) -> bool {
    match &e.kind {
        Ast::Int(_) | Ast::Decimal(_) | Ast::Float(_) | Ast::Text(_) | Ast::Interpolated(_) => true,
        Ast::List(items) => items.iter().all(is_literal),
        Ast::Unary { operand, .. } => is_literal(operand),
        _ => matches!(&e.kind, Ast::Con(name) if name.as_str() == "None"),
    }
}

//! Expressions by kind; literals and collections.

use weir_contract::{Currency, Money};
use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, TextPart, UnaryOp};

use super::{BodyCx, hole, node};
use crate::copies::TYPE_PARTS_MAX;
use crate::hir::*;
use crate::messages::near;

impl BodyCx<'_> {
    /// Checks an expression; `want` is a hint, not a demand. What an `is` inside binds is in reach afterwards only
    /// where the whole being true says that it matched: through `is` and `and`.
    pub(super) fn expr(&mut self, e: &ast::Expr, want: Option<&Type>) -> Expr {
        self.look_around(e, want);
        let found = match &e.kind {
            Ast::Is { .. }
            | Ast::Binary {
                op: ast::BinaryOp::And,
                ..
            } => self.expr_open(e, want),
            _ => self.scoped(|b| b.expr_open(e, want)),
        };
        self.of_type(e.span, &found.ty);
        self.of_bounded_type(found)
    }

    /// Types are written out wherever they are used, so one that doubles with each line would soon fill the memory.
    fn of_bounded_type(&mut self, found: Expr) -> Expr {
        if !self.table.has_more_parts(&found.ty, TYPE_PARTS_MAX) {
            return found;
        }
        let message = format!("the type of this has more than {TYPE_PARTS_MAX} parts");
        self.report(
            Diagnostic::new(codes::E0307, found.span, message)
                .label("too large")
                .help("declare a `record` for what belongs together, and use its name"),
        );
        hole(found.span)
    }

    fn expr_open(&mut self, e: &ast::Expr, want: Option<&Type>) -> Expr {
        let span = e.span;
        match &e.kind {
            Ast::Hole => hole(span),
            Ast::Int(_)
            | Ast::Decimal(_)
            | Ast::Float(_)
            | Ast::Text(_)
            | Ast::Bool(_)
            | Ast::Time(_)
            | Ast::Duration(_)
            | Ast::Date(_)
            | Ast::Money { .. } => self.literal(e, want),
            Ast::Interpolated(parts) => self.interpolated(parts, want, span),
            Ast::Var(name) => self.name(name, want),
            Ast::Con(name) => self.constructor(name, None, want, span),
            Ast::SelfRef => match self.entity {
                Some(entity) => node(ExprKind::SelfRef, Type::Entity(entity), span),
                None => {
                    self.report(
                        Diagnostic::new(codes::E0506, span, "`self` outside of an entity")
                            .label("there is no instance here")
                            .help("name the instance, for example `Account(\"ann\")`"),
                    );
                    hole(span)
                }
            },
            Ast::Tuple(parts) => self.tuple(parts, want, span),
            Ast::List(items) => self.list(items, want, span),
            Ast::Map(entries) => self.map(entries, want, span),
            Ast::Unary {
                op: UnaryOp::Neg,
                operand,
            } => self.negate(operand, want, span),
            Ast::Unary {
                op: UnaryOp::Not,
                operand,
            } => {
                let operand = self.scoped(|b| b.expr_of(operand, &Type::Bool));
                node(ExprKind::Not(Box::new(operand)), Type::Bool, span)
            }
            Ast::Binary {
                op,
                op_span,
                left,
                right,
            } => self.binary(*op, *op_span, left, right, want, span),
            Ast::Range { start, end } => self.range(start, end, span),
            Ast::Is { value, pattern } => self.is(value, pattern, span),
            Ast::Coalesce { value, otherwise } => self.coalesce(value, otherwise, want, span),
            Ast::Try(inner) => self.try_(inner, want, span),
            Ast::Field { base, name } => self.field(base, name, want, span),
            Ast::TupleField {
                base,
                index,
                index_span,
            } => self.tuple_field(base, *index, *index_span, span),
            Ast::Index { base, index } => self.index(base, index, want, span),
            Ast::Call { callee, args } => self.call(callee, args, want, span),
            Ast::If {
                cond,
                then,
                otherwise,
            } => self.if_(cond, then, otherwise.as_deref(), want, span),
            Ast::Match { subject, arms } => self.match_(subject, arms, want, span),
            Ast::For(f) => self.for_(f, want, span),
            Ast::Lambda { .. } => {
                self.report(
                    Diagnostic::new(codes::E0405, span, "a lambda may only be an argument")
                        .label("cannot be kept")
                        .help("write it where it is passed, or make it a `fn`"),
                );
                hole(span)
            }
            Ast::Fail(error) => self.fail(error, span),
            Ast::Return(value) => self.return_(value.as_deref(), span),
            Ast::Break | Ast::Continue => self.jump(matches!(e.kind, Ast::Break), span),
            Ast::Atomic(block) => {
                let inner = self.block(block, want);
                let ty = inner.ty.clone();
                node(ExprKind::Atomic(Box::new(inner)), ty, span)
            }
            Ast::Block(block) => self.block(block, want),
            Ast::Peek(inner) => self.peek(inner, want, span),
            Ast::Send { call, after } => self.send(call, after.as_deref(), span),
            Ast::Undo { step, compensation } => self.undo(step, compensation, want),
            Ast::Parallel(branches) => self.parallel(branches, want, span),
            Ast::Wait(arms) => self.wait(arms, want, span),
        }
    }

    /// A literal is of the type it is used at, as far as it can be.
    pub(super) fn literal(&mut self, e: &ast::Expr, want: Option<&Type>) -> Expr {
        let wanted = want.map(|t| self.head(t));
        if let Some(Type::New(id, args)) = wanted {
            let base = self.cx.program.base(id, &args);
            let inner = self.literal(e, Some(&base));
            if self.head(&inner.ty) == self.head(&base) {
                let kind = ExprKind::Wrap(id, Box::new(inner));
                return node(kind, Type::New(id, args), e.span);
            }
            return inner;
        }
        let (kind, ty) = match (&e.kind, &wanted) {
            (Ast::Int(n), Some(Type::Decimal)) => {
                (ExprKind::Decimal(*n as i128 * 1_000_000_000), Type::Decimal)
            }
            (Ast::Int(n), Some(Type::Float)) => (ExprKind::Float(*n as f64), Type::Float),
            (Ast::Int(n), _) => (ExprKind::Int(*n), Type::Int),
            (Ast::Decimal(d), Some(Type::Float)) => {
                (ExprKind::Float(decimal_to_float(*d)), Type::Float)
            }
            (Ast::Decimal(d), _) => (ExprKind::Decimal(*d), Type::Decimal),
            (Ast::Float(x), _) => (ExprKind::Float(*x), Type::Float),
            (Ast::Text(t), _) => (ExprKind::Text(t.clone()), Type::Text),
            (Ast::Bool(b), _) => (ExprKind::Bool(*b), Type::Bool),
            (Ast::Time(t), _) => (ExprKind::Time(*t), Type::Time),
            (Ast::Duration(d), _) => (ExprKind::Duration(*d), Type::Duration),
            (Ast::Date(days), _) => (ExprKind::Date(*days), Type::Date),
            (Ast::Money { amount, currency }, _) => {
                return self.money(*amount, currency, e.span);
            }
            _ => return hole(e.span),
        };
        node(kind, ty, e.span)
    }

    fn money(&mut self, amount: i128, code: &str, span: Span) -> Expr {
        if let Some(currency) = Currency::of(code) {
            let money = Money { currency, amount };
            return node(ExprKind::Money(money), Type::Money, span);
        }
        let known: Vec<Currency> = Currency::all().collect();
        let found = Diagnostic::new(codes::E0104, span, format!("`{code}` is no currency"))
            .label("ISO 4217 has no such code");
        let near = near(code, known.iter().map(Currency::code));
        self.report(match near.first() {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => {
                found.help("write the three capital letters of ISO 4217, as `20USD` or `20EUR`")
            }
        });
        hole(span)
    }

    fn interpolated(&mut self, parts: &[TextPart], want: Option<&Type>, span: Span) -> Expr {
        let parts = parts
            .iter()
            .map(|part| match part {
                TextPart::Text(t) => node(ExprKind::Text(t.clone()), Type::Text, span),
                TextPart::Expr(e) => {
                    let found = self.expr(e, None);
                    let ty = found.ty.clone();
                    match self.head(&ty) {
                        Type::Result(_, errors) => {
                            self.unhandled(e.span, &errors);
                            hole(e.span)
                        }
                        _ => found,
                    }
                }
            })
            .collect();
        let text = node(ExprKind::Interpolate(parts), Type::Text, span);
        if let Some(Type::New(id, args)) = want.map(|t| self.head(t))
            && self.cx.program.base(id, &args) == Type::Text
        {
            let kind = ExprKind::Wrap(id, Box::new(text));
            return node(kind, Type::New(id, args), span);
        }
        text
    }

    fn tuple(&mut self, parts: &[ast::Arg], want: Option<&Type>, span: Span) -> Expr {
        if parts.is_empty() {
            return node(ExprKind::Unit, Type::Unit, span);
        }
        let wants: Vec<Option<Type>> = match want.map(|t| self.head(t)) {
            Some(Type::Tuple(fields)) if fields.len() == parts.len() => {
                fields.into_iter().map(|f| Some(f.ty)).collect()
            }
            _ => vec![None; parts.len()],
        };
        let mut fields = Vec::new();
        let mut values = Vec::new();
        let is_named = parts.iter().any(|part| part.label.is_some());
        for (part, want) in parts.iter().zip(&wants) {
            let value = self.plain(&part.value, want.as_ref());
            fields.push(TupleField {
                name: match &part.label {
                    Some(label) => Some(label.name.clone()),
                    None if is_named => own_name(&part.value),
                    None => None,
                },
                ty: value.ty.clone(),
            });
            values.push(value);
        }
        let bare = parts.iter().zip(&fields);
        let mut bare = bare.filter(|(_, field)| field.name.is_none());
        if let Some((part, _)) = bare.next().filter(|_| is_named) {
            self.report(half_named(part.span));
        }
        node(ExprKind::Tuple(values), Type::Tuple(fields), span)
    }

    /// Checks an expression whose value is used: it cannot be one that may fail.
    pub(super) fn plain(&mut self, e: &ast::Expr, want: Option<&Type>) -> Expr {
        match want {
            Some(want) => self.expr_of(e, want),
            None => {
                let found = self.expr(e, None);
                match self.head(&found.ty) {
                    Type::Result(_, errors) => {
                        self.unhandled(e.span, &errors);
                        hole(e.span)
                    }
                    _ => found,
                }
            }
        }
    }

    fn list(&mut self, items: &[ast::Expr], want: Option<&Type>, span: Span) -> Expr {
        let (item, is_set) = match want.map(|t| self.head(t)) {
            Some(Type::List(item)) => (*item, false),
            Some(Type::Set(item)) => (*item, true),
            _ => (self.table.fresh(), false),
        };
        let items = items.iter().map(|e| self.expr_of(e, &item)).collect();
        let list = node(ExprKind::List(items), Type::list(item.clone()), span);
        if is_set {
            self.set_of(list, item)
        } else {
            list
        }
    }

    /// The set of a list's items: what `[a, b]` means where a set is wanted.
    pub(super) fn set_of(&mut self, list: Expr, item: Type) -> Expr {
        let span = list.span;
        let of_prelude = |f: &&FnId| self.cx.program.function(**f).is_prelude;
        let named = self.cx.names.functions.get("set_of");
        let Some(function) = named.and_then(|all| all.iter().find(of_prelude)).copied() else {
            return list; // only without the prelude
        };
        let kind = ExprKind::Call {
            function,
            type_args: vec![item.clone()],
            args: vec![Arg::Value(list)],
        };
        node(kind, Type::Set(Box::new(item)), span)
    }

    fn map(&mut self, entries: &[ast::MapEntry], want: Option<&Type>, span: Span) -> Expr {
        let (key, value) = match want.map(|t| self.head(t)) {
            Some(Type::Map(k, v)) => (*k, *v),
            _ => (self.table.fresh(), self.table.fresh()),
        };
        let entries = entries
            .iter()
            .map(|e| (self.expr_of(&e.key, &key), self.expr_of(&e.value, &value)))
            .collect();
        node(
            ExprKind::Map(entries),
            Type::Map(Box::new(key), Box::new(value)),
            span,
        )
    }
}

fn decimal_to_float(units: i128) -> f64 {
    format!("{units}e-9").parse().unwrap_or(f64::NAN)
}

/// What a part of a tuple is called that is nothing but a name.
fn own_name(part: &ast::Expr) -> Option<String> {
    match &part.kind {
        Ast::Var(name) => Some(name.name.clone()),
        _ => None,
    }
}

/// Names of parts are lost in JSON when not all have one.
fn half_named(bare: Span) -> Diagnostic {
    Diagnostic::new(
        codes::W0711,
        bare,
        "only some parts of this tuple have names",
    )
    .label("has none")
    .help("write `name: value` here too; without a name for each part it is an array in JSON")
}

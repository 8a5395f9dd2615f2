//! Arithmetic and order of money. Two currencies cannot be added, subtracted, divided or put in order: that is a bug of the
//! program, which says both. (Equality, and the order that sorting and keys use, take any two.)

use weir_check::hir;
use weir_contract::{CrashReason, Type};

use super::body::Body;
use crate::ir::*;

impl Body<'_, '_> {
    /// `a op b` where one side is money.
    pub fn money_arith(&mut self, op: ArithOp, a: Reg, b: Reg) -> Reg {
        let is_money = |body: &Self, reg| *body.b.ty(reg) == Type::Money;
        match (is_money(self, a), is_money(self, b)) {
            (true, true) => {
                self.same_currency(a, b);
                let (x, y) = (self.amount(a), self.amount(b));
                let result = self.b.arith(op, x, y);
                match op {
                    ArithOp::Div => result,
                    _ => self.with_amount(a, result),
                }
            }
            (true, false) => {
                let (x, y) = (self.amount(a), self.factor(b));
                let result = self.b.arith(op, x, y);
                self.with_amount(a, result)
            }
            _ => {
                let (x, y) = (self.factor(a), self.amount(b));
                let result = self.b.arith(op, x, y);
                self.with_amount(b, result)
            }
        }
    }

    pub fn negate(&mut self, value: Reg) -> Reg {
        if *self.b.ty(value) == Type::Money {
            let amount = self.amount(value);
            let negative = self.b.emit(Type::Decimal, Op::Neg(amount));
            return self.with_amount(value, negative);
        }
        let ty = self.b.ty(value).clone();
        self.b.emit(ty, Op::Neg(value))
    }

    /// `a op b` of operands that are in registers.
    pub fn compare(&mut self, op: hir::CompareOp, left: &hir::Expr, a: Reg, b: Reg) -> Reg {
        if self.low.checked.compares_currencies(op, &left.ty) {
            let (x, y) = (self.base(a), self.base(b));
            self.same_currency(x, y);
        }
        self.b.compare(super::expr::compare_op(op), a, b)
    }

    fn amount(&mut self, money: Reg) -> Reg {
        let op = Op::Lib("money.amount".to_owned(), vec![money]);
        self.b.emit(Type::Decimal, op)
    }

    fn currency(&mut self, money: Reg) -> Reg {
        let op = Op::Lib("money.currency".to_owned(), vec![money]);
        self.b.emit(Type::Text, op)
    }

    fn with_amount(&mut self, money: Reg, amount: Reg) -> Reg {
        let op = Op::Lib("money.with_amount".to_owned(), vec![money, amount]);
        self.b.emit(Type::Money, op)
    }

    /// A number as a decimal.
    fn factor(&mut self, number: Reg) -> Reg {
        match self.b.ty(number) {
            Type::Int => {
                let op = Op::Lib("int.to_decimal".to_owned(), vec![number]);
                self.b.emit(Type::Decimal, op)
            }
            _ => number,
        }
    }

    /// Goes on only where both are in one currency.
    fn same_currency(&mut self, a: Reg, b: Reg) {
        let (x, y) = (self.currency(a), self.currency(b));
        let same = self.b.compare(CompareOp::Eq, x, y);
        let (go_on, mixed) = (self.b.block(), self.b.block());
        self.b.end(Term::Branch(same, go_on, mixed));
        self.b.go_to(mixed);
        let and = self.b.literal(Literal::Text(" and ".into()));
        let both = self.b.emit(Type::Text, Op::TextConcat(vec![x, and, y]));
        self.b.crash(CrashReason::MixedCurrencies, Some(both));
        self.b.go_to(go_on);
    }
}

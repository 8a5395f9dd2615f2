//! Conditions: `and`, `or`, `not`, `is` and comparisons become branches, so that what a pattern binds is
//! written exactly where it matched.

use weir_check::hir::{self, ExprKind};
use weir_contract::Type;

use super::body::Body;
use crate::ir::*;

impl Body<'_, '_> {
    /// Goes to one of two blocks. `None` when the condition does not come back.
    pub fn condition(&mut self, e: &hir::Expr, yes: BlockId, no: BlockId) -> Option<()> {
        let before = self.at(e.span);
        match &e.kind {
            ExprKind::And(a, b) => {
                let rest = self.b.block();
                self.condition(a, rest, no)?;
                self.b.go_to(rest);
                self.condition(b, yes, no)?;
            }
            ExprKind::Or(a, b) => {
                let rest = self.b.block();
                self.condition(a, yes, rest)?;
                self.b.go_to(rest);
                self.condition(b, yes, no)?;
            }
            ExprKind::Not(inner) => self.condition(inner, no, yes)?,
            ExprKind::Is(value, pattern) => {
                let value = self.expr(value)?;
                self.test(pattern, value, no);
                self.b.jump(yes);
            }
            ExprKind::InRange { value, start, end } => {
                let regs = self.operands(&[value, start, end])?;
                let above = self.b.compare(CompareOp::Ge, regs[0], regs[1]);
                let rest = self.b.block();
                self.b.end(Term::Branch(above, rest, no));
                self.b.go_to(rest);
                let below = self.b.compare(CompareOp::Lt, regs[0], regs[2]);
                self.b.end(Term::Branch(below, yes, no));
            }
            _ => {
                let value = self.expr(e)?;
                self.b.end(Term::Branch(value, yes, no));
            }
        }
        self.b.site = before;
        Some(())
    }

    /// The condition as a value.
    pub fn condition_value(&mut self, e: &hir::Expr) -> Option<Reg> {
        let (yes, no, join) = (self.b.block(), self.b.block(), self.b.block());
        self.condition(e, yes, no)?;
        let dst = self.b.reg(RegType::Value(Type::Bool), None);
        for (block, value) in [(yes, true), (no, false)] {
            self.b.go_to(block);
            self.b.emit_into(dst, Op::Const(Literal::Bool(value)));
            self.b.jump(join);
        }
        self.b.go_to(join);
        Some(dst)
    }
}

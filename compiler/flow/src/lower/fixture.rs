//! What only tests do to an instance: write its state as it stands, and ask whether there is any.

use weir_check::hir;
use weir_contract::Type;

use super::Context;
use super::body::Body;
use super::state::View;
use crate::ir::*;

impl Body<'_, '_> {
    /// A transaction of its own, unless one is around it.
    pub fn set_state(
        &mut self,
        entity: hir::EntityId,
        target: &hir::Expr,
        fields: &[(hir::FieldId, hir::Expr)],
    ) -> Option<Reg> {
        let entity = EntityId(entity.0);
        let mut operands = vec![target];
        operands.extend(fields.iter().map(|(_, value)| value));
        let regs = self.operands(&operands)?;
        let own = self.context != Context::Transaction;
        if own {
            self.step_may_end();
            self.b.run(Op::TxEnter);
        }
        let instance = self.b.open(entity, regs[0]);
        for ((field, _), value) in fields.iter().zip(&regs[1..]) {
            let path = vec![field.0];
            let view = View {
                instance,
                entity,
                path,
            };
            self.store_view(&view, *value);
        }
        if own {
            self.b.run(Op::TxLeave);
        }
        Some(self.b.unit())
    }

    pub fn exists(&mut self, entity: hir::EntityId, target: &hir::Expr) -> Option<Reg> {
        let entity = EntityId(entity.0);
        let target = self.expr(target)?;
        let reference = self.b.ty(target).clone();
        let keys = crate::verify::record_fields(&self.low.module, &reference);
        let count = keys.expect("a reference has keys").len() as u32;
        let keys: Vec<Reg> = (0..count).map(|key| self.field(target, key)).collect();
        let ty = Type::Option(Box::new(reference));
        let none = self.b.emit(ty.clone(), Op::VariantMake(0, vec![]));
        let found = self.b.emit(ty, Op::NextKey(entity, none, keys));
        let (there, not, join) = (self.b.block(), self.b.block(), self.b.block());
        let is_there = self.b.reg(RegType::Value(Type::Bool), None);
        let cases = vec![(0, not), (1, there)];
        self.b.end(Term::Switch {
            on: found,
            cases,
            default: None,
        });
        for (block, value) in [(there, true), (not, false)] {
            self.b.go_to(block);
            self.b.emit_into(is_there, Op::Const(Literal::Bool(value)));
            self.b.jump(join);
        }
        self.b.go_to(join);
        Some(is_there)
    }
}

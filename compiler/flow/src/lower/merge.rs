//! State that merges: changes of own fields, and replicas in tests.

use weir_check::hir::{self, LatticeKind};
use weir_contract::lattice::{Change, Part};
use weir_contract::{Lattice, Type};

use super::Context;
use super::body::Body;
use super::types::Places;
use crate::ir::*;
use crate::verify::merge_args;

impl Places {
    /// With closed types.
    pub fn lattice(&self, of: &hir::Lattice) -> Lattice {
        match of {
            hir::Lattice::Leaf(kind, item) => {
                let item = || {
                    let item = item.as_ref().expect("it has a type of what it holds");
                    self.ty(item, &[])
                };
                match kind {
                    LatticeKind::Counter => Lattice::Counter,
                    LatticeKind::MoneySum => Lattice::MoneySum,
                    LatticeKind::Average => Lattice::Average,
                    LatticeKind::MaxOf => Lattice::MaxOf(item()),
                    LatticeKind::MinOf => Lattice::MinOf(item()),
                    LatticeKind::Flag => Lattice::Flag,
                    LatticeKind::Latest => Lattice::Latest(item()),
                    LatticeKind::GrowSet => Lattice::GrowSet(item()),
                    LatticeKind::AddSet => Lattice::AddSet(item()),
                    LatticeKind::MergeMap => unreachable!("a map is no leaf"),
                }
            }
            hir::Lattice::Map(key, of) => {
                Lattice::MergeMap(self.ty(key, &[]), Box::new(self.lattice(of)))
            }
            hir::Lattice::Record(parts) => {
                let part = |(name, of): &(String, hir::Lattice)| Part {
                    name: name.clone(),
                    lattice: self.lattice(of),
                };
                Lattice::Record(parts.iter().map(part).collect())
            }
        }
    }
}

impl Body<'_, '_> {
    pub fn merge(
        &mut self,
        field: hir::FieldId,
        path: &[hir::MergeStep],
        change: Change,
        value: Option<&hir::Expr>,
    ) -> Option<Reg> {
        let keys = path.iter().filter_map(|step| match step {
            hir::MergeStep::Key(key) => Some(key),
            hir::MergeStep::Part(_) => None,
        });
        let operands: Vec<&hir::Expr> = keys.chain(value).collect();
        let regs = self.operands(&operands)?;
        let parts = path.iter().filter_map(|step| match step {
            hir::MergeStep::Part(part) => Some(*part),
            hir::MergeStep::Key(_) => None,
        });
        let parts: Vec<u32> = parts.collect();
        let instance = self.this();
        let entity = self.b.func.instance_of(instance);
        let slot = self.leaf(entity, &[field.0]);
        let slot = slot.expect("a field that merges is one slot");
        let lattice = self.low.module.slot(entity, slot).merge.clone();
        let taken = lattice.and_then(|lattice| merge_args(&lattice, &parts, change));
        let taken = taken.expect("the checker knows its changes");
        let args = regs.into_iter().zip(&taken);
        let args = args.map(|(reg, ty)| self.b.coerce(reg, ty)).collect();
        // In waiting code each change of own state is a transaction.
        let own = self.waits && self.context != Context::Transaction;
        if own {
            self.b.run(Op::TxEnter);
        }
        self.b.run(Op::MergeSlot {
            instance,
            slot,
            parts,
            change,
            args,
        });
        if own {
            self.b.run(Op::TxLeave);
        }
        Some(self.b.unit())
    }

    /// Whether a value is a replica rather than a reference.
    pub fn is_replica(&self, value: Reg) -> bool {
        let ty = self.b.ty(value);
        let base = self.low.module.defs.base(ty);
        matches!((ty, base), (Type::Named(_), Type::Tuple(_)))
    }

    /// The instance that a reference or a replica names.
    pub fn open(&mut self, entity: EntityId, value: Reg) -> Reg {
        if !self.is_replica(value) {
            return self.b.open(entity, value);
        }
        let both = self.base(value);
        let (keys, number) = (self.field(both, 0), self.field(both, 1));
        let dst = self.b.reg(RegType::Instance(entity), None);
        self.b
            .push(Some(dst), Op::OpenReplica(entity, keys, number));
        dst
    }

    pub fn sync(&mut self, one: &hir::Expr, other: &hir::Expr) -> Option<Reg> {
        let regs = self.operands(&[one, other])?;
        let hir::Type::New(_, of) = &one.ty else {
            unreachable!("a replica is of a builtin type")
        };
        let [hir::Type::Entity(entity)] = of[..] else {
            unreachable!("a replica is of an entity")
        };
        let entity = EntityId(entity.0);
        let own = self.context != Context::Transaction;
        if own {
            self.step_may_end();
            self.b.run(Op::TxEnter);
        }
        let instances: Vec<Reg> = regs.into_iter().map(|r| self.open(entity, r)).collect();
        self.b.run(Op::MergeSync(instances[0], instances[1]));
        if own {
            self.b.run(Op::TxLeave);
        }
        Some(self.b.unit())
    }
}

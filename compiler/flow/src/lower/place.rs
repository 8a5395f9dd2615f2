//! Places: changing a variable rebuilds its value along the path; changing state touches only the slot and, in a
//! collection, only the entry.

use weir_check::hir::{self, MutateOp, PlaceRoot, PlaceStep};
use weir_contract::{CrashReason, Type};

use super::Context;
use super::body::Body;
use super::loops::list_type;
use super::state::{Shape, Taken, View};
use crate::ir::*;

/// A step of a path, its index evaluated.
#[derive(Clone, Copy, Debug)]
enum Step {
    Field(u32),
    Index(Reg),
    Key(Reg),
}

/// What happens at the end of a path.
enum Change {
    Set(Reg),
    Arith(ArithOp, Reg),
    Mutate(MutateOp, Vec<Reg>),
}

impl Body<'_, '_> {
    pub fn assign(&mut self, place: &hir::Place, value: &hir::Expr) -> Option<Reg> {
        let (path, operands) = self.path(place, &[value])?;
        let ty = self.ty(&place.ty);
        let value = self.b.coerce(operands[0], &ty);
        self.change(place, &path, Change::Set(value));
        Some(self.b.unit())
    }

    pub fn assign_op(&mut self, place: &hir::Place, op: ArithOp, value: &hir::Expr) -> Option<Reg> {
        let (path, operands) = self.path(place, &[value])?;
        self.change(place, &path, Change::Arith(op, operands[0]));
        Some(self.b.unit())
    }

    pub fn mutate(
        &mut self,
        place: &hir::Place,
        op: MutateOp,
        args: &[hir::Expr],
        ty: Type,
    ) -> Option<Reg> {
        let args: Vec<&hir::Expr> = args.iter().collect();
        let (path, operands) = self.path(place, &args)?;
        Some(
            match self.change(place, &path, Change::Mutate(op, operands)) {
                Some(result) => self.b.coerce(result, &ty),
                None => self.b.unit(),
            },
        )
    }

    /// Evaluates the indices of a path, then more operands.
    fn path(&mut self, place: &hir::Place, more: &[&hir::Expr]) -> Option<(Vec<Step>, Vec<Reg>)> {
        let mut items: Vec<&hir::Expr> = place
            .path
            .iter()
            .filter_map(|step| match step {
                PlaceStep::Field(_) => None,
                PlaceStep::ListIndex(e) | PlaceStep::MapKey(e) => Some(e),
            })
            .collect();
        items.extend(more);
        let mut regs = self.operands(&items)?.into_iter();
        let path = place
            .path
            .iter()
            .map(|step| match step {
                PlaceStep::Field(n) => Step::Field(*n),
                PlaceStep::ListIndex(_) => Step::Index(regs.next().expect("counted")),
                PlaceStep::MapKey(_) => Step::Key(regs.next().expect("counted")),
            })
            .collect();
        Some((path, regs.collect()))
    }

    /// Gives the result of a mutation that has one.
    fn change(&mut self, place: &hir::Place, path: &[Step], change: Change) -> Option<Reg> {
        match place.root {
            PlaceRoot::Local(local) => {
                let variable = self.variable(local);
                let (value, result) = self.update(variable, path, &change);
                self.b.assign(variable, value);
                result
            }
            PlaceRoot::State(field) => {
                // In waiting code each change of own state is a transaction.
                let own = self.waits && self.context != Context::Transaction;
                if own {
                    self.b.run(Op::TxEnter);
                }
                let result = self.change_state(field, path, &change);
                if own {
                    self.b.run(Op::TxLeave);
                }
                result
            }
        }
    }

    // ---- in memory ----------------------------------------------------------------------------

    /// The value with the change made along a path.
    fn update(&mut self, value: Reg, path: &[Step], change: &Change) -> (Reg, Option<Reg>) {
        let Some((step, rest)) = path.split_first() else {
            return self.apply(value, change);
        };
        let ty = self.b.ty(value).clone();
        let base = self.base(value);
        let base_ty = self.b.ty(base).clone();
        let (new, result) = match *step {
            Step::Field(n) => {
                let part = self.field(base, n);
                let part_ty = self.b.ty(part).clone();
                let (part, result) = self.update(part, rest, change);
                let part = self.b.coerce(part, &part_ty);
                (self.b.emit(base_ty, Op::FieldSet(base, n, part)), result)
            }
            Step::Index(at) => {
                let item = self.b.item_type(base);
                if let Some((Step::Field(n), rest)) = rest.split_first()
                    && *self.low.module.defs.base(&item) == item
                {
                    // Without a new element: only the field changes.
                    let (part, result) = match change {
                        Change::Set(value) if rest.is_empty() => (*value, None),
                        _ => {
                            let element = self.b.emit(item.clone(), Op::ListGet(base, at));
                            let part = self.field(element, *n);
                            self.update(part, rest, change)
                        }
                    };
                    let part_ty = self.field_types(&item).swap_remove(*n as usize);
                    let part = self.b.coerce(part, &part_ty);
                    let new = self.b.emit(base_ty, Op::ListSetField(base, at, *n, part));
                    return (self.b.coerce(new, &ty), result);
                }
                let (part, result) = match change {
                    Change::Set(value) if rest.is_empty() => (*value, None),
                    _ => {
                        let part = self.b.emit(item.clone(), Op::ListGet(base, at));
                        self.update(part, rest, change)
                    }
                };
                let part = self.b.coerce(part, &item);
                (self.b.emit(base_ty, Op::ListSet(base, at, part)), result)
            }
            Step::Key(key) => {
                let (part, result) = match change {
                    Change::Set(value) if rest.is_empty() => (*value, None),
                    _ => {
                        let found = self.call_prelude("get", &[base, key]);
                        let part = self.must_exist(found);
                        self.update(part, rest, change)
                    }
                };
                (self.call_prelude("map_with", &[base, key, part]), result)
            }
        };
        (self.b.coerce(new, &ty), result)
    }

    fn apply(&mut self, value: Reg, change: &Change) -> (Reg, Option<Reg>) {
        match change {
            Change::Set(value) => (*value, None),
            Change::Arith(op, operand) => (self.arith(*op, value, *operand), None),
            Change::Mutate(op, args) => {
                let ty = self.b.ty(value).clone();
                let base = self.base(value);
                let (new, result) = self.mutate_value(base, *op, args);
                (self.b.coerce(new, &ty), result)
            }
        }
    }

    fn mutate_value(&mut self, value: Reg, op: MutateOp, args: &[Reg]) -> (Reg, Option<Reg>) {
        let ty = self.b.ty(value).clone();
        match op {
            MutateOp::ListPush => {
                let item = self.b.item_type(value);
                let item = self.b.coerce(args[0], &item);
                (self.b.emit(ty, Op::ListPush(value, item)), None)
            }
            MutateOp::ListPop => self.pop(value),
            MutateOp::ListInsert => {
                let item = self.b.item_type(value);
                let item = self.b.coerce(args[1], &item);
                (self.b.emit(ty, Op::ListInsert(value, args[0], item)), None)
            }
            MutateOp::ListRemove => {
                let item = self.b.item_type(value);
                let removed = self.b.emit(item, Op::ListGet(value, args[0]));
                (
                    self.b.emit(ty, Op::ListRemove(value, args[0])),
                    Some(removed),
                )
            }
            MutateOp::ListClear => (self.b.emit(ty, Op::ListMake(vec![])), None),
            MutateOp::MapClear | MutateOp::SetClear => {
                let empty = self.b.emit(list_type(&ty), Op::ListMake(vec![]));
                (self.b.emit(ty, Op::Cast(empty)), None)
            }
            MutateOp::MapRemove => {
                let found = self.call_prelude("get", &[value, args[0]]);
                (
                    self.call_prelude("map_without", &[value, args[0]]),
                    Some(found),
                )
            }
            MutateOp::SetAdd => {
                let had = self.call_prelude("has", &[value, args[0]]);
                let new = self.b.emit(Type::Bool, Op::Not(had));
                (self.call_prelude("set_with", &[value, args[0]]), Some(new))
            }
            MutateOp::SetRemove => {
                let had = self.call_prelude("has", &[value, args[0]]);
                (
                    self.call_prelude("set_without", &[value, args[0]]),
                    Some(had),
                )
            }
        }
    }

    fn pop(&mut self, value: Reg) -> (Reg, Option<Reg>) {
        let ty = self.b.ty(value).clone();
        let item = self.b.item_type(value);
        let last = self
            .b
            .reg(RegType::Value(Type::Option(Box::new(item.clone()))), None);
        let left = self.b.reg(RegType::Value(ty.clone()), None);
        let (some, none, join) = (self.b.block(), self.b.block(), self.b.block());
        let filled = self.is_filled(value);
        self.b.end(Term::Branch(filled, some, none));
        self.b.go_to(some);
        let (zero, one) = (self.b.int(0), self.b.int(1));
        let len = self.b.len(value);
        let at = self.b.arith(ArithOp::Sub, len, one);
        let found = self.b.emit(item, Op::ListGet(value, at));
        self.b.emit_into(last, Op::VariantMake(1, vec![found]));
        self.b.emit_into(left, Op::ListSlice(value, zero, at));
        self.b.jump(join);
        self.b.go_to(none);
        self.b.emit_into(last, Op::VariantMake(0, vec![]));
        self.b.emit_into(left, Op::Copy(value));
        self.b.jump(join);
        self.b.go_to(join);
        (left, Some(last))
    }

    /// Whether a list has an element.
    pub fn is_filled(&mut self, list: Reg) -> Reg {
        let zero = self.b.int(0);
        let len = self.b.len(list);
        self.b.compare(CompareOp::Gt, len, zero)
    }

    /// The value of an option; a missing key is a bug.
    fn must_exist(&mut self, option: Reg) -> Reg {
        let missing = self.b.block();
        let value = self.b.some_or(option, missing);
        let there = self.b.block();
        self.b.jump(there);
        self.b.go_to(missing);
        self.b.crash(CrashReason::MissingKey, None);
        self.b.go_to(there);
        value
    }

    // ---- in the store -------------------------------------------------------------------------

    fn change_state(&mut self, field: hir::FieldId, path: &[Step], change: &Change) -> Option<Reg> {
        let instance = self.this();
        let entity = self.b.func.instance_of(instance);
        let mut view = View {
            instance,
            entity,
            path: vec![field.0],
        };
        let mut rest = path;
        while let (Shape::Inner(_), Some((Step::Field(n), behind))) =
            (&self.low.node(entity, &view.path).shape, rest.split_first())
        {
            view.path.push(*n);
            rest = behind;
        }
        let Some(slot) = self.leaf(entity, &view.path) else {
            // A whole record, spread over its slots.
            let old = if matches!(change, Change::Set(_)) {
                None
            } else {
                Some(self.load_view(&view))
            };
            let (value, result) = match (old, change) {
                (None, Change::Set(value)) => (*value, None),
                (old, change) => self.update(old.expect("loaded"), rest, change),
            };
            self.store_view(&view, value);
            return result;
        };
        let kind = self.low.module.slot(entity, slot).kind.clone();
        match (&kind, rest.split_first(), change) {
            (_, None, Change::Set(value)) => {
                self.store_view(&view, *value);
                None
            }
            (SlotKind::Scalar(_), _, _) => {
                let old = self.load_view(&view);
                let (value, result) = self.update(old, rest, change);
                self.store_view(&view, value);
                result
            }
            (SlotKind::List(item), Some((Step::Index(at), behind)), _) => {
                self.materialise(&view, slot, None);
                let (value, result) = match change {
                    Change::Set(value) if behind.is_empty() => (*value, None),
                    _ => {
                        let old = self
                            .b
                            .emit(item.clone(), Op::ListSlotGet(instance, slot, *at));
                        self.update(old, behind, change)
                    }
                };
                let value = self.b.coerce(value, item);
                self.b.run(Op::ListSlotSet(instance, slot, *at, value));
                result
            }
            (SlotKind::Map(k, v), Some((Step::Key(key), behind)), _) => {
                self.materialise(&view, slot, None);
                let key = self.b.coerce(*key, k);
                let (value, result) = match change {
                    Change::Set(value) if behind.is_empty() => (*value, None),
                    _ => {
                        let ty = Type::Option(Box::new(v.clone()));
                        let found = self.b.emit(ty, Op::MapSlotGet(instance, slot, key));
                        let old = self.must_exist(found);
                        self.update(old, behind, change)
                    }
                };
                let value = self.b.coerce(value, v);
                self.b.run(Op::MapSlotPut(instance, slot, key, value));
                result
            }
            (_, None, Change::Mutate(op, args)) => {
                let taken = match op {
                    MutateOp::ListPop => Some(Taken::Last),
                    MutateOp::MapRemove | MutateOp::SetRemove => Some(Taken::Key(args[0])),
                    _ => None,
                };
                self.materialise(&view, slot, taken);
                self.mutate_slot(instance, slot, &kind, *op, args)
            }
            (kind, _, _) => unreachable!("{kind:?} at {path:?}"),
        }
    }

    fn mutate_slot(
        &mut self,
        i: Reg,
        s: SlotId,
        kind: &SlotKind,
        op: MutateOp,
        args: &[Reg],
    ) -> Option<Reg> {
        let option = |ty: &Type| Type::Option(Box::new(ty.clone()));
        match (kind, op) {
            (SlotKind::List(t), MutateOp::ListPush) => {
                let item = self.b.coerce(args[0], t);
                self.b.run(Op::ListSlotPush(i, s, item));
                None
            }
            (SlotKind::List(t), MutateOp::ListPop) => {
                Some(self.b.emit(option(t), Op::ListSlotPop(i, s)))
            }
            (SlotKind::List(t), MutateOp::ListInsert) => {
                let item = self.b.coerce(args[1], t);
                self.b.run(Op::ListSlotInsert(i, s, args[0], item));
                None
            }
            (SlotKind::List(t), MutateOp::ListRemove) => {
                Some(self.b.emit(t.clone(), Op::ListSlotRemove(i, s, args[0])))
            }
            (SlotKind::Map(k, v), MutateOp::MapRemove) => {
                let key = self.b.coerce(args[0], k);
                Some(self.b.emit(option(v), Op::MapSlotRemove(i, s, key)))
            }
            (SlotKind::Set(t), MutateOp::SetAdd) => {
                let item = self.b.coerce(args[0], t);
                Some(self.b.emit(Type::Bool, Op::SetSlotAdd(i, s, item)))
            }
            (SlotKind::Set(t), MutateOp::SetRemove) => {
                let item = self.b.coerce(args[0], t);
                Some(self.b.emit(Type::Bool, Op::SetSlotRemove(i, s, item)))
            }
            (_, MutateOp::ListClear | MutateOp::MapClear | MutateOp::SetClear) => {
                self.b.run(Op::SlotClear(i, s));
                None
            }
            (kind, op) => unreachable!("{op:?} on {kind:?}"),
        }
    }
}

//! Entities: their slots with initial values, their invariants and rules of access as functions.

use weir_check::hir::{self, ExprKind};
use weir_contract::slots::{self, flatten_all};
use weir_contract::{CrashReason, Field, Type};

use super::body::{Binding, Body};
use super::builder::Builder;
use super::state::{Node, Shape};
use super::{Context, Lowering};
use crate::ir::*;

impl Lowering<'_> {
    pub fn entities(&mut self) {
        let checked = self.checked;
        for (i, source) in checked.entities.iter().enumerate() {
            let declared: Vec<Field> = source
                .fields
                .iter()
                .map(|f| Field {
                    name: f.name.clone(),
                    ty: self.places.ty(&f.ty, &[]),
                })
                .collect();
            let fields = source
                .fields
                .iter()
                .zip(&declared)
                .map(|(f, d)| StateField {
                    name: f.name.clone(),
                    ty: d.ty.clone(),
                    public: f.is_pub,
                    merge: f.merge.as_ref().map(|lattice| self.places.lattice(lattice)),
                });
            let fields: Vec<StateField> = fields.collect();
            let mut next = 0;
            let nodes = fields
                .iter()
                .map(|f| match f.merge {
                    Some(_) => Node::leaf(&f.ty, &mut next),
                    None => Node::new(&self.module.defs, &f.ty, &mut next),
                })
                .collect();
            self.fields.push(nodes);
            let merges = fields.iter().map(|f| f.merge.as_ref());
            let slots = flatten_all(&self.module.defs, declared.iter().zip(merges))
                .into_iter()
                .map(|s| Slot {
                    name: s.path.join("."),
                    kind: kind(s.kind),
                    init: Init::Empty,
                    merge: s.merge,
                })
                .collect();
            self.module.entities.push(Entity {
                name: source.name.clone(),
                def: self.places.entity(hir::EntityId(i as u32)),
                fields,
                slots,
                check: None,
                allow: None,
                workflow: None,
                doc: source.doc.clone(),
            });
        }
        // Code may mention any entity, so it comes when all are known.
        for (i, source) in checked.entities.iter().enumerate() {
            let id = EntityId(i as u32);
            for (f, field) in source.fields.iter().enumerate() {
                let node = self.fields[i][f].clone();
                self.initial_values(id, field, &node, &mut vec![]);
            }
        }
        for (i, source) in checked.entities.iter().enumerate() {
            let id = EntityId(i as u32);
            if !source.invariants.is_empty() {
                let check = self.rules(id, &source.invariants, "invariants", Type::Unit);
                self.module.entities[i].check = Some(check);
            }
            if !source.allows.is_empty() {
                let allow = self.rules(id, &source.allows, "allow", Type::Bool);
                self.module.entities[i].allow = Some(allow);
            }
            if let Some(workflow) = &source.workflow {
                self.module.entities[i].workflow = Some(self.workflow(id, workflow));
            }
        }
    }

    fn initial_values(
        &mut self,
        id: EntityId,
        field: &hir::StateField,
        node: &Node,
        path: &mut Vec<u32>,
    ) {
        match &node.shape {
            Shape::Inner(children) => {
                for (i, child) in children.iter().enumerate() {
                    path.push(i as u32);
                    self.initial_values(id, field, child, path);
                    path.pop();
                }
            }
            Shape::Leaf(slot) => {
                let init = self.initial_value(id, field, *slot, path);
                self.module.entities[id.0 as usize].slots[slot.0 as usize].init = init;
            }
        }
    }

    fn initial_value(
        &mut self,
        id: EntityId,
        field: &hir::StateField,
        slot: SlotId,
        path: &[u32],
    ) -> Init {
        let scalar = matches!(self.module.slot(id, slot).kind, SlotKind::Scalar(_));
        if path.is_empty() {
            if scalar && let Some(literal) = Lowering::literal(&field.init.root) {
                return Init::Literal(literal);
            }
            if !scalar && self.is_empty_collection(&field.init.root) {
                return Init::Empty;
            }
        }
        let func = self.reserve();
        let site = self.site(field.init.root.span);
        let ret = self.module.slot(id, slot).kind.value_type();
        let name = format!(
            "{}.{}.initial",
            self.module.entity(id).name,
            self.module.slot(id, slot).name
        );
        let builder = Builder::new(self.unique_name(name), ret.clone(), site);
        let mut body = Body::new(self, builder, vec![], &field.init.locals, Context::Outside);
        body.this = Some(body.b.param(RegType::Instance(id), Some("self")));
        body.bind_keys(hir::EntityId(id.0));
        if let Some(mut value) = body.expr(&field.init.root) {
            for step in path {
                value = body.field(value, *step);
            }
            let value = body.b.coerce(value, &ret);
            body.leave(value);
        }
        let lowered = body.b.func;
        self.define(func, lowered);
        Init::Func(func)
    }

    fn is_empty_collection(&self, e: &hir::Expr) -> bool {
        match &e.kind {
            ExprKind::List(items) => items.is_empty(),
            ExprKind::Map(entries) => entries.is_empty(),
            ExprKind::Wrap(_, inner) => self.is_empty_collection(inner),
            ExprKind::Call { function, args, .. } => {
                let function = self.checked.function(*function);
                let of_empty = match args.as_slice() {
                    [] => true,
                    [hir::Arg::Value(e)] => self.is_empty_collection(e),
                    _ => false,
                };
                let makes_set = matches!(
                    function.name.as_str(),
                    "set_of" | "to_set" | "set_from_sorted"
                );
                function.is_prelude && makes_set && of_empty
            }
            _ => false,
        }
    }

    /// All rules in one function: a broken invariant crashes at its own place, a broken `allow` gives false.
    fn rules(&mut self, id: EntityId, rules: &[hir::Body], name: &str, ret: Type) -> FuncId {
        let func = self.reserve();
        let name = self.unique_name(format!("{}.{name}", self.module.entity(id).name));
        let site = self.site(rules[0].root.span);
        let builder = Builder::new(name, ret.clone(), site);
        let mut body = Body::new(self, builder, vec![], &rules[0].locals, Context::Outside);
        body.this = Some(body.b.param(RegType::Instance(id), Some("self")));
        for rule in rules {
            body.locals = &rule.locals;
            body.env = vec![Binding::Unset; rule.locals.len()];
            body.at(rule.root.span);
            body.bind_keys(hir::EntityId(id.0));
            let (holds, broken) = (body.b.block(), body.b.block());
            if body.condition(&rule.root, holds, broken).is_none() {
                // The rule itself always crashes; nothing behind it runs.
                body.b.go_to(holds);
                continue;
            }
            body.b.go_to(broken);
            body.at(rule.root.span);
            if ret == Type::Bool {
                let no = body.b.literal(Literal::Bool(false));
                body.b.end(Term::Return(no));
            } else {
                body.b.crash(CrashReason::InvariantBroken, None);
            }
            body.b.go_to(holds);
        }
        let value = if ret == Type::Bool {
            Literal::Bool(true)
        } else {
            Literal::Unit
        };
        let value = body.b.literal(value);
        body.b.end(Term::Return(value));
        let lowered = body.b.func;
        self.define(func, lowered);
        func
    }
}

fn kind(kind: slots::SlotKind) -> SlotKind {
    match kind {
        slots::SlotKind::Scalar(t) => SlotKind::Scalar(t),
        slots::SlotKind::List(t) => SlotKind::List(t),
        slots::SlotKind::Map(k, v) => SlotKind::Map(k, v),
        slots::SlotKind::Set(t) => SlotKind::Set(t),
    }
}

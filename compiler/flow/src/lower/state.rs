//! State: how fields lie in slots, and reading them.

use weir_check::hir::{self, ExprKind};
use weir_contract::{Defs, Type};

use super::Lowering;
use super::body::{Binding, Body};
use crate::ir::*;

/// A state field, or a part of one.
#[derive(Clone, Debug)]
pub struct Node {
    /// As declared.
    pub ty: Type,
    pub shape: Shape,
}

#[derive(Clone, Debug)]
pub enum Shape {
    Leaf(SlotId),
    Inner(Vec<Node>),
}

impl Node {
    /// Takes the next slots from `next`, in the order of `contract::slots::flatten`.
    pub fn new(defs: &Defs, ty: &Type, next: &mut u32) -> Node {
        let shape = match weir_contract::slots::parts(defs, ty) {
            Some(parts) => Shape::Inner(
                parts
                    .into_iter()
                    .map(|(_, t)| Node::new(defs, t, next))
                    .collect(),
            ),
            None => return Node::leaf(ty, next),
        };
        Node {
            ty: ty.clone(),
            shape,
        }
    }

    /// One slot, whatever the type is made of: what merges.
    pub fn leaf(ty: &Type, next: &mut u32) -> Node {
        *next += 1;
        Node {
            ty: ty.clone(),
            shape: Shape::Leaf(SlotId(*next - 1)),
        }
    }
}

/// A part of the state of an opened instance. The path leads from the field on.
#[derive(Clone, Debug)]
pub struct View {
    pub instance: Reg,
    pub entity: EntityId,
    pub path: Vec<u32>,
}

/// What a change takes out of a collection, if it is there.
#[derive(Clone, Copy, Debug)]
pub enum Taken {
    Last,
    /// Of a map or a set.
    Key(Reg),
}

impl Lowering<'_> {
    pub fn node(&self, entity: EntityId, path: &[u32]) -> &Node {
        let mut node = &self.fields[entity.0 as usize][path[0] as usize];
        for step in &path[1..] {
            match &node.shape {
                Shape::Inner(children) => node = &children[*step as usize],
                Shape::Leaf(_) => panic!("a path below a slot"),
            }
        }
        node
    }
}

impl Body<'_, '_> {
    /// Where in the state an expression looks, without evaluating anything.
    pub fn view_path(&self, e: &hir::Expr) -> Option<(EntityId, Vec<u32>)> {
        match &e.kind {
            ExprKind::State(field) => Some((self.b.func.instance_of(self.this()), vec![field.0])),
            ExprKind::StateOf { entity, field, .. } => Some((EntityId(entity.0), vec![field.0])),
            ExprKind::Local(id) => match &self.env[id.0 as usize] {
                Binding::Slot(instance, path) => {
                    Some((self.b.func.instance_of(*instance), path.clone()))
                }
                _ => None,
            },
            ExprKind::Unwrap(_, inner) => self.view_path(inner),
            ExprKind::Field(inner, position) => {
                let (entity, mut path) = self.view_path(inner)?;
                match &self.low.node(entity, &path).shape {
                    Shape::Inner(_) => {
                        path.push(*position);
                        Some((entity, path))
                    }
                    Shape::Leaf(_) => None,
                }
            }
            _ => None,
        }
    }

    /// The part of state an expression names, its instance opened. The outer `None`: does not come back.
    pub fn slot_view(&mut self, e: &hir::Expr) -> Option<Option<View>> {
        let Some((entity, path)) = self.view_path(e) else {
            return Some(None);
        };
        let mut root = e;
        let instance = loop {
            match &root.kind {
                ExprKind::Unwrap(_, inner) | ExprKind::Field(inner, _) => root = inner,
                ExprKind::StateOf { target, .. } => {
                    let keys = self.expr(target)?;
                    break self.open(entity, keys);
                }
                ExprKind::Local(id) => match &self.env[id.0 as usize] {
                    Binding::Slot(instance, _) => break *instance,
                    other => unreachable!("{other:?} has a path"),
                },
                _ => break self.this(),
            }
        };
        Some(Some(View {
            instance,
            entity,
            path,
        }))
    }

    /// Whether parts of what the expression names can be reached without loading it: a collection slot that
    /// starts empty.
    pub fn collection_slot(&self, e: &hir::Expr) -> Option<SlotKind> {
        let (entity, path) = self.view_path(e)?;
        let slot = self.leaf(entity, &path)?;
        let slot = self.low.module.slot(entity, slot);
        match (&slot.kind, &slot.init) {
            (SlotKind::Scalar(_), _) => None,
            (kind, Init::Empty) => Some(kind.clone()),
            _ => None,
        }
    }

    pub fn leaf(&self, entity: EntityId, path: &[u32]) -> Option<SlotId> {
        match self.low.node(entity, path).shape {
            Shape::Leaf(slot) => Some(slot),
            Shape::Inner(_) => None,
        }
    }

    /// The value of a part of state.
    pub fn load_view(&mut self, view: &View) -> Reg {
        let node = self.low.node(view.entity, &view.path).clone();
        self.load_node(view, &node)
    }

    fn load_node(&mut self, view: &View, node: &Node) -> Reg {
        match &node.shape {
            Shape::Leaf(slot) => {
                let ty = self.low.module.slot(view.entity, *slot).kind.value_type();
                let value = self.b.emit(ty, Op::Load(view.instance, *slot));
                self.b.coerce(value, &node.ty)
            }
            Shape::Inner(children) => {
                let fields = children
                    .iter()
                    .map(|child| self.load_node(view, child))
                    .collect();
                let base = self.low.module.defs.base(&node.ty).clone();
                let value = self.b.emit(base, Op::RecordMake(fields));
                self.b.coerce(value, &node.ty)
            }
        }
    }

    /// Replaces a part of state.
    pub fn store_view(&mut self, view: &View, value: Reg) {
        let node = self.low.node(view.entity, &view.path).clone();
        self.store_node(view, &node, value);
    }

    fn store_node(&mut self, view: &View, node: &Node, value: Reg) {
        match &node.shape {
            Shape::Leaf(slot) => {
                let ty = self.low.module.slot(view.entity, *slot).kind.value_type();
                let value = self.b.coerce(value, &ty);
                self.b.run(Op::Store(view.instance, *slot, value));
            }
            Shape::Inner(children) => {
                for (i, child) in children.iter().enumerate() {
                    let part = self.field(value, i as u32);
                    self.store_node(view, child, part);
                }
            }
        }
    }

    /// Makes a collection slot that does not start empty present, before a part of it changes. Only when what it starts with
    /// has what the change takes out, where it takes something out: taking out what is not there is no write.
    pub fn materialise(&mut self, view: &View, slot: SlotId, taken: Option<Taken>) {
        let slot_info = self.low.module.slot(view.entity, slot);
        if slot_info.init == Init::Empty {
            return;
        }
        let ty = slot_info.kind.value_type();
        let (absent, ready) = (self.b.block(), self.b.block());
        let present = self.b.emit(Type::Bool, Op::Present(view.instance, slot));
        self.b.end(Term::Branch(present, ready, absent));
        self.b.go_to(absent);
        let value = self.b.emit(ty, Op::Load(view.instance, slot));
        if let Some(taken) = taken {
            let found = match taken {
                Taken::Last => self.is_filled(value),
                Taken::Key(key) => self.call_prelude("has", &[value, key]),
            };
            let store = self.b.block();
            self.b.end(Term::Branch(found, store, ready));
            self.b.go_to(store);
        }
        self.b.run(Op::Store(view.instance, slot, value));
        self.b.jump(ready);
        self.b.go_to(ready);
    }
}

//! The code of a decision (`decide`): each node a block, each part of the value read where it is first needed on a way.

use std::collections::BTreeSet;

use weir_check::hir;
use weir_contract::{DefKind, Type};

use super::body::Body;
use super::decide::{Decision, Node, NodeId, Part, Place};
use super::expr::Join;
use crate::ir::*;

/// The parts that registers hold on the way to a block.
type Read = BTreeSet<Place>;

struct Code<'d, 'h> {
    decision: &'d Decision<'h>,
    arms: &'h [hir::Arm],
    /// The whole value.
    value: Reg,
    /// By place: the register for it.
    regs: Vec<Option<Reg>>,
    /// By node: how many lead there.
    ways: Vec<usize>,
    /// By node to which several lead.
    shared: Vec<Option<BlockId>>,
    /// By arm: where its body begins, once something leads there.
    bodies: Vec<Option<BlockId>>,
    /// What is still to be made.
    open: Vec<(NodeId, BlockId, Read)>,
}

impl Body<'_, '_> {
    /// Goes on at the join with what the arm that matches gives.
    pub fn match_decided(
        &mut self,
        decision: &Decision<'_>,
        arms: &[hir::Arm],
        value: Reg,
        join: &mut Join,
    ) {
        let mut ways = vec![0; decision.nodes.len()];
        ways[decision.root] += 1;
        for node in &decision.nodes {
            node.for_each_next(|next| ways[next] += 1);
        }
        let mut code = Code {
            decision,
            arms,
            value,
            regs: vec![None; decision.parts.len()],
            shared: vec![None; decision.nodes.len()],
            ways,
            bodies: vec![None; arms.len()],
            open: Vec::new(),
        };
        let first = code.go(self, decision.root, &Read::new());
        self.b.jump(first);
        while let Some((node, block, mut read)) = code.open.pop() {
            self.b.go_to(block);
            code.node(self, node, &mut read);
        }
        for (arm, body) in arms.iter().zip(code.bodies) {
            let Some(body) = body else { continue };
            self.b.go_to(body);
            let value = self.expr(&arm.body);
            join.arrive(self, value);
        }
    }

    /// How many tags a type has.
    fn tags(&self, ty: &Type) -> usize {
        match self.low.module.defs.base(ty) {
            Type::Option(_) => 2,
            Type::Result(_, errors) => 1 + errors.len(),
            Type::Named(id) => match &self.low.module.defs.get(*id).kind {
                DefKind::Enum { variants } => variants.len(),
                other => panic!("{other:?} has no tags"),
            },
            other => panic!("{other:?} has no tags"),
        }
    }
}

impl<'h> Code<'_, 'h> {
    /// The block of a node, made later.
    fn go(&mut self, body: &mut Body, node: NodeId, read: &Read) -> BlockId {
        if let Node::Dead = self.decision.nodes[node] {
            return body.b.block();
        }
        if self.ways[node] == 1 {
            let block = body.b.block();
            self.open.push((node, block, read.clone()));
            return block;
        }
        if let Some(block) = self.shared[node] {
            return block;
        }
        let block = body.b.block();
        self.shared[node] = Some(block);
        // The ways there may have read different parts.
        self.open.push((node, block, Read::new()));
        block
    }

    fn node(&mut self, body: &mut Body, node: NodeId, read: &mut Read) {
        match &self.decision.nodes[node] {
            Node::Dead => unreachable!("it has no code"),
            Node::Arm {
                arm,
                binds,
                otherwise,
            } => {
                for (local, place) in binds {
                    let value = self.read(body, *place, read);
                    let variable = body.variable(*local);
                    body.b.assign(variable, value);
                }
                let to = match self.bodies[*arm] {
                    Some(block) => block,
                    None => body.b.block(),
                };
                let arms: &'h [hir::Arm] = self.arms;
                let came_back = match (&arms[*arm].guard, otherwise) {
                    (Some(guard), Some(otherwise)) => {
                        let next = self.go(body, *otherwise, read);
                        body.condition(guard, to, next).is_some()
                    }
                    _ => {
                        body.b.jump(to);
                        true
                    }
                };
                if came_back {
                    self.bodies[*arm] = Some(to);
                }
            }
            Node::Tags {
                place,
                cases,
                default,
            } => {
                let on = self.base(body, *place, read);
                let is_whole = cases.len() == body.tags(&body.b.ty(on).clone());
                let is_dead = matches!(self.decision.nodes[*default], Node::Dead);
                let default = match is_whole || is_dead {
                    true => None,
                    false => Some(self.go(body, *default, read)),
                };
                let mut to = Vec::new();
                for (tag, next) in cases.iter().rev() {
                    to.push((*tag, self.go(body, *next, read)));
                }
                to.reverse();
                body.b.end(Term::Switch {
                    on,
                    cases: to,
                    default,
                });
            }
            Node::Bool { place, yes, no } => {
                let on = self.base(body, *place, read);
                self.branch(body, on, (*yes, *no), read);
            }
            Node::Literal {
                place,
                literal,
                yes,
                no,
            } => {
                let value = self.read(body, *place, read);
                // A literal always comes back.
                if let Some(literal) = body.expr(literal) {
                    let on = body.b.compare(CompareOp::Eq, value, literal);
                    self.branch(body, on, (*yes, *no), read);
                }
            }
            Node::Length {
                place,
                items,
                or_more,
                yes,
                no,
            } => {
                let list = self.base(body, *place, read);
                let len = body.b.len(list);
                let wanted = body.b.int(*items as i64);
                let op = match or_more {
                    true => CompareOp::Ge,
                    false => CompareOp::Eq,
                };
                let on = body.b.compare(op, len, wanted);
                self.branch(body, on, (*yes, *no), read);
            }
        }
    }

    fn branch(&mut self, body: &mut Body, on: Reg, (yes, no): (NodeId, NodeId), read: &Read) {
        let no = self.go(body, no, read);
        let yes = self.go(body, yes, read);
        body.b.end(Term::Branch(on, yes, no));
    }

    /// The register that holds the part, read unless the way here has done so.
    fn read(&mut self, body: &mut Body, place: Place, read: &mut Read) -> Reg {
        if let Part::Whole = self.decision.parts[place] {
            return self.value;
        }
        if let Some(reg) = self.regs[place].filter(|_| read.contains(&place)) {
            return reg;
        }
        let (ty, op) = match self.decision.parts[place] {
            Part::Whole => unreachable!("it is there"),
            Part::Payload(of, tag, at) => {
                let of = self.base(body, of, read);
                let types = body.variant_types(&body.b.ty(of).clone(), tag);
                (types[at as usize].clone(), Op::VariantGet(of, tag, at))
            }
            Part::Field(of, at) => {
                let of = self.base(body, of, read);
                let types = body.field_types(&body.b.ty(of).clone());
                (types[at as usize].clone(), Op::FieldGet(of, at))
            }
            Part::Item(of, at) => {
                let of = self.base(body, of, read);
                let at = body.b.int(at as i64);
                (body.b.item_type(of), Op::ListGet(of, at))
            }
            Part::FromEnd(of, at) => {
                let of = self.base(body, of, read);
                let len = body.b.len(of);
                let at = body.before(len, at + 1);
                (body.b.item_type(of), Op::ListGet(of, at))
            }
            Part::Rest(of, from, behind) => {
                let of = self.base(body, of, read);
                let (from, len) = (body.b.int(from as i64), body.b.len(of));
                let to = body.before(len, behind);
                (body.b.ty(of).clone(), Op::ListSlice(of, from, to))
            }
        };
        let reg = match self.regs[place] {
            Some(reg) => reg,
            None => body.b.reg(RegType::Value(ty), None),
        };
        self.regs[place] = Some(reg);
        body.b.emit_into(reg, op);
        read.insert(place);
        reg
    }

    /// The same under all `new` layers.
    fn base(&mut self, body: &mut Body, place: Place, read: &mut Read) -> Reg {
        let reg = self.read(body, place, read);
        body.base(reg)
    }
}

//! Patterns: tests one after the other, tags by switch, variables assigned on the way. The arms of a `match` are told apart by a
//! decision (`decide`), unless that would be too large.

use weir_check::hir::{self, PatternKind};
use weir_contract::{DefId, Type};

use super::body::Body;
use super::decide::decide;
use super::expr::Join;
use crate::ir::*;

impl Body<'_, '_> {
    /// Goes on in the current block when the value matches, else to `fail`.
    pub fn test(&mut self, pattern: &hir::Pattern, value: Reg, fail: BlockId) {
        match &pattern.kind {
            PatternKind::Wildcard => {}
            PatternKind::Bind(local) => {
                let variable = self.variable(*local);
                self.b.assign(variable, value);
            }
            PatternKind::Bool(expected) => {
                let next = self.b.block();
                let (yes, no) = if *expected {
                    (next, fail)
                } else {
                    (fail, next)
                };
                self.b.end(Term::Branch(value, yes, no));
                self.b.go_to(next);
            }
            PatternKind::Literal(literal) => {
                // A literal always comes back.
                if let Some(literal) = self.expr(literal) {
                    let equal = self.b.compare(CompareOp::Eq, value, literal);
                    let next = self.b.block();
                    self.b.end(Term::Branch(equal, next, fail));
                    self.b.go_to(next);
                }
            }
            PatternKind::None => self.test_tag(value, 0, fail),
            PatternKind::Some(inner) => {
                self.test_tag(value, 1, fail);
                self.test_payload(value, 1, std::slice::from_ref(inner), fail);
            }
            PatternKind::Ok(inner) => {
                self.test_tag(value, 0, fail);
                self.test_payload(value, 0, std::slice::from_ref(inner), fail);
            }
            PatternKind::Error(id, fields) => {
                let def = self.low.places.error(*id);
                self.test_error(value, def, fields, fail);
            }
            PatternKind::Variant(_, tag, fields) => {
                let value = self.base(value);
                self.test_tag(value, *tag, fail);
                self.test_payload(value, *tag, fields, fail);
            }
            PatternKind::Fields(fields) => {
                for (i, pattern) in fields.iter().enumerate() {
                    if !matches!(pattern.kind, PatternKind::Wildcard) {
                        let field = self.field(value, i as u32);
                        self.test(pattern, field, fail);
                    }
                }
            }
            PatternKind::List { items, rest } => self.test_list(value, items, *rest, fail),
            PatternKind::Or(choices) => {
                let matched = self.b.block();
                for (i, choice) in choices.iter().enumerate() {
                    let last = i + 1 == choices.len();
                    let next = if last { fail } else { self.b.block() };
                    self.test(choice, value, next);
                    self.b.jump(matched);
                    if !last {
                        self.b.go_to(next);
                    }
                }
                self.b.go_to(matched);
            }
        }
    }

    /// A pattern that cannot fail to match.
    pub fn bind(&mut self, pattern: &hir::Pattern, value: Reg) {
        if let PatternKind::Bind(local) = pattern.kind {
            let variable = self.variable(local);
            return self.b.assign(variable, value);
        }
        let fail = self.unreachable();
        self.test(pattern, value, fail);
    }

    pub fn match_(&mut self, subject: &hir::Expr, arms: &[hir::Arm], ty: Type) -> Option<Reg> {
        let mut value = self.expr(subject)?;
        if matches!(subject.kind, hir::ExprKind::Local(_)) {
            // A guard or an arm may assign the variable.
            let ty = self.b.ty(value).clone();
            value = self.b.emit(ty, Op::Copy(value));
        }
        let mut join = Join::new(self, ty);
        let places = &self.low.places;
        let tag = |pattern: &hir::Pattern| match &pattern.kind {
            PatternKind::None | PatternKind::Ok(_) => Some(0),
            PatternKind::Some(_) => Some(1),
            PatternKind::Error(id, _) => Some(places.error(*id).0 + 1),
            PatternKind::Variant(_, tag, _) => Some(*tag),
            _ => None,
        };
        if let Some(decision) = decide(arms, tag) {
            self.match_decided(&decision, arms, value, &mut join);
            return join.go_on(self);
        }
        for (i, arm) in arms.iter().enumerate() {
            let next = if i + 1 == arms.len() {
                self.unreachable()
            } else {
                self.b.block()
            };
            self.test(&arm.pattern, value, next);
            let came_back = match &arm.guard {
                None => true,
                Some(guard) => {
                    let body = self.b.block();
                    let came_back = self.condition(guard, body, next).is_some();
                    if came_back {
                        self.b.go_to(body);
                    }
                    came_back
                }
            };
            if came_back {
                let value = self.expr(&arm.body);
                join.arrive(self, value);
            }
            if i + 1 < arms.len() {
                self.b.go_to(next);
            }
        }
        join.go_on(self)
    }

    /// A block nothing reaches, for the way patterns that cover everything cannot go.
    fn unreachable(&mut self) -> BlockId {
        self.b.block()
    }

    fn test_tag(&mut self, value: Reg, tag: u32, fail: BlockId) {
        let next = self.b.block();
        self.b.end(Term::Switch {
            on: value,
            cases: vec![(tag, next)],
            default: Some(fail),
        });
        self.b.go_to(next);
    }

    fn test_payload(
        &mut self,
        value: Reg,
        tag: u32,
        patterns: &[impl std::borrow::Borrow<hir::Pattern>],
        fail: BlockId,
    ) {
        let types = self.variant_types(&self.b.ty(value).clone(), tag);
        for (i, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.borrow();
            if !matches!(pattern.kind, PatternKind::Wildcard) {
                let field = self
                    .b
                    .emit(types[i].clone(), Op::VariantGet(value, tag, i as u32));
                self.test(pattern, field, fail);
            }
        }
    }

    fn test_error(&mut self, value: Reg, def: DefId, fields: &[hir::Pattern], fail: BlockId) {
        self.test_tag(value, def.0 + 1, fail);
        if fields
            .iter()
            .all(|p| matches!(p.kind, PatternKind::Wildcard))
        {
            return;
        }
        let error = self
            .b
            .emit(Type::Named(def), Op::VariantGet(value, def.0 + 1, 0));
        for (i, pattern) in fields.iter().enumerate() {
            if !matches!(pattern.kind, PatternKind::Wildcard) {
                let field = self.field(error, i as u32);
                self.test(pattern, field, fail);
            }
        }
    }

    fn test_list(
        &mut self,
        value: Reg,
        items: &[hir::Pattern],
        rest: Option<hir::Rest>,
        fail: BlockId,
    ) {
        let value = self.base(value);
        let len = self.b.len(value);
        let wanted = self.b.int(items.len() as i64);
        let op = if rest.is_some() {
            CompareOp::Ge
        } else {
            CompareOp::Eq
        };
        let fits = self.b.compare(op, len, wanted);
        let next = self.b.block();
        self.b.end(Term::Branch(fits, next, fail));
        self.b.go_to(next);
        let ty = self.b.item_type(value);
        let at_start = rest.map_or(items.len(), |rest| rest.at);
        for (i, pattern) in items.iter().enumerate() {
            if !matches!(pattern.kind, PatternKind::Wildcard) {
                let at = match i < at_start {
                    true => self.b.int(i as i64),
                    false => self.before(len, items.len() - i),
                };
                let item = self.b.emit(ty.clone(), Op::ListGet(value, at));
                self.test(pattern, item, fail);
            }
        }
        if let Some(local) = rest.and_then(|rest| rest.local) {
            let ty = self.b.ty(value).clone();
            let from = self.b.int(at_start as i64);
            let to = self.before(len, items.len() - at_start);
            let between = self.b.emit(ty, Op::ListSlice(value, from, to));
            let variable = self.variable(local);
            self.b.assign(variable, between);
        }
    }

    /// A position so many before another one, where it is known that there are so many.
    pub fn before(&mut self, position: Reg, by: usize) -> Reg {
        if by == 0 {
            return position;
        }
        let by = self.b.int(by as i64);
        let before = Op::Arith(ArithOp::Sub, position, by);
        self.b.emit(Type::Int, before)
    }
}

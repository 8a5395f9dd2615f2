//! `parallel { }` and `parallel for`: each branch becomes a strand of the run, and the strand around them waits for all.

use weir_check::hir;
use weir_contract::{TupleField, Type};

use super::body::{Binding, Body};
use super::closure::Closure;
use crate::ir::*;

impl Body<'_, '_> {
    /// `parallel { a, b }`
    pub fn parallel(&mut self, branches: &[hir::Lambda], ty: Type) -> Option<Reg> {
        let types = match &ty {
            Type::Tuple(fields) => fields.iter().map(|f| f.ty.clone()).collect(),
            _ => vec![Type::Unit; branches.len()],
        };
        for (branch, ty) in branches.iter().zip(types) {
            let closure = self.closure(EntryKind::Branch, branch, ty);
            let cells = self.cells(&closure, &[]);
            self.b.run(Op::Spawn(closure.entry, cells));
        }
        let shape = match &ty {
            Type::Tuple(_) => ty.clone(),
            // Branches that give nothing: there is nothing to put together.
            _ => Type::Tuple(vec![]),
        };
        let joined = self.join(shape, false, None)?;
        Some(match ty {
            Type::Tuple(_) => joined,
            _ => self.b.unit(),
        })
    }

    /// `parallel for`: a branch for each item, begun when all items are there; at most so many at once.
    pub fn parallel_for(
        &mut self,
        (generators, wheres): (&[(hir::Pattern, hir::ForSource)], &[hir::Expr]),
        at_once: Option<Reg>,
        branch: &hir::Lambda,
        kind: hir::ForKind,
        ty: Type,
    ) -> Option<Reg> {
        let item = match (&ty, kind) {
            (Type::List(item), hir::ForKind::Select) => (**item).clone(),
            _ => Type::Unit,
        };
        // The same code for each item.
        let closure = self.closure(EntryKind::Branch, branch, item.clone());
        let after = self.b.block();
        if generators.len() == 1 && wheres.is_empty() {
            // Nothing happens between two items, so that each branch may begin on the way.
            self.walk(generators, wheres, after, &mut |this| {
                let params = this.item(branch);
                let cells = this.cells(&closure, &params);
                this.b.run(Op::Spawn(closure.entry, cells));
            })?;
        } else {
            let name = format!("{}.chosen", self.walked(&generators[0].0));
            let chosen = Chosen::new(self, closure, &name);
            self.walk(generators, wheres, after, &mut |this| {
                let params = this.item(branch);
                chosen.keep(this, &params);
            })?;
            chosen.begin(self);
        }
        let joined = self.join(Type::List(Box::new(item)), true, at_once)?;
        Some(match kind {
            hir::ForKind::Select => self.b.coerce(joined, &ty),
            hir::ForKind::Loop => self.b.unit(),
        })
    }

    /// What the branch of the item that a walk is at is given.
    fn item(&mut self, branch: &hir::Lambda) -> Vec<Reg> {
        branch.params.iter().map(|p| self.variable(*p)).collect()
    }

    /// Waits for the branches that were begun; a failure of one leaves the function.
    fn join(&mut self, shape: Type, list: bool, at_once: Option<Reg>) -> Option<Reg> {
        let wait = |fallible| Wait::Join {
            list,
            fallible,
            limit: at_once.is_some(),
        };
        let operands = at_once.into_iter().collect();
        let Type::Result(_, errors) = self.b.func.ret.clone() else {
            return Some(self.suspend(shape, wait(false), operands));
        };
        let ty = Type::Result(Box::new(shape.clone()), errors);
        let result = self.suspend(ty, wait(true), operands);
        self.value_or_leave(result, shape)
    }
}

/// The items for which a branch will begin. A condition may wait, write or fail, and so may a source inside another: no
/// branch begins before all of them have been looked at.
struct Chosen {
    closure: Closure,
    /// For each item a tuple of what its branch takes and another item's may not.
    list: Reg,
    /// Whether a value that the branch takes is in there: not what stays the same all the way.
    is_kept: Vec<bool>,
}

impl Chosen {
    fn new(body: &mut Body<'_, '_>, closure: Closure, name: &str) -> Chosen {
        let is_var = |reg: &Reg| {
            let mut all = body.locals.iter().zip(&body.env);
            all.any(|(local, bound)| local.is_var && matches!(bound, Binding::Value(r) if r == reg))
        };
        let is_kept = closure.taken().iter();
        let is_kept: Vec<bool> = is_kept
            .map(|taken| closure.captured().get(taken.given).is_none_or(is_var))
            .collect();
        let params = &body.low.module.entries[closure.entry.0 as usize].params;
        let kept = params.iter().zip(&is_kept).filter(|(_, kept)| **kept);
        let fields: Vec<TupleField> = kept
            .map(|(param, _)| TupleField {
                name: None,
                ty: param.ty.clone(),
            })
            .collect();
        let item = match fields.is_empty() {
            true => Type::Unit,
            false => Type::Tuple(fields),
        };
        let ty = RegType::Value(Type::List(Box::new(item)));
        let list = body.b.reg(ty, Some(name));
        body.b.emit_into(list, Op::ListMake(vec![]));
        Chosen {
            closure,
            list,
            is_kept,
        }
    }

    /// An item of which all conditions hold.
    fn keep(&self, body: &mut Body<'_, '_>, params: &[Reg]) {
        let cells = body.cells(&self.closure, params).into_iter();
        let kept = cells.zip(&self.is_kept).filter(|(_, kept)| **kept);
        let kept: Vec<Reg> = kept.map(|(cell, _)| cell).collect();
        let item = match kept.is_empty() {
            true => body.b.unit(),
            false => {
                let ty = body.b.item_type(self.list);
                body.b.emit(ty, Op::RecordMake(kept))
            }
        };
        body.b.emit_into(self.list, Op::ListPush(self.list, item));
    }

    fn begin(&self, body: &mut Body<'_, '_>) {
        let same: Vec<Option<Reg>> = self
            .closure
            .taken()
            .iter()
            .zip(&self.is_kept)
            .map(|(taken, kept)| (!kept).then(|| body.cell(taken, self.closure.captured())))
            .collect();
        body.each(self.list, &mut |body, item| {
            let mut cells = Vec::new();
            let mut position = 0;
            for cell in &same {
                cells.push(cell.unwrap_or_else(|| {
                    position += 1;
                    body.field(item, position - 1)
                }));
            }
            body.b.run(Op::Spawn(self.closure.entry, cells));
        });
    }
}

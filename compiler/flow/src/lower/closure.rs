//! Code that a run leaves for later or runs beside itself: compensations, branches of `parallel`, answers of mocks. Each
//! becomes a function of its own and an entry; what it uses from around it are its first parameters.

use weir_check::hir;
use weir_contract::Type;

use super::body::{Binding, Body};
use super::builder::Builder;
use super::trim::{Taken, trim};
use super::{Context, Lowering};
use crate::ir::*;

/// Code for later, and what it takes from where it is made.
#[derive(Clone, Debug)]
pub struct Closure {
    pub entry: EntryId,
    captured: Vec<Reg>,
    taken: Vec<Taken>,
}

impl Closure {
    /// The values it takes from here, untrimmed.
    pub fn captured(&self) -> &[Reg] {
        &self.captured
    }

    /// What its entry's parameters are made from: of what is captured, then of what the lambda's parameters are given.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }
}

impl Body<'_, '_> {
    /// A branch: it may fail with what the function around it may fail with.
    pub fn closure(&mut self, kind: EntryKind, lambda: &hir::Lambda, gives: Type) -> Closure {
        let ret = match (&self.b.func.ret, kind) {
            (Type::Result(_, errors), EntryKind::Branch) => {
                Type::Result(Box::new(gives), errors.clone())
            }
            _ => gives,
        };
        self.closure_giving(kind, lambda, ret)
    }

    /// The values that an entry takes, from what is captured here and what the lambda's parameters are given.
    pub fn cells(&mut self, closure: &Closure, params: &[Reg]) -> Vec<Reg> {
        let given: Vec<Reg> = closure.captured.iter().chain(params).copied().collect();
        let taken = closure.taken.iter();
        taken.map(|taken| self.cell(taken, &given)).collect()
    }

    /// One of them.
    pub fn cell(&mut self, taken: &Taken, given: &[Reg]) -> Reg {
        match taken.field {
            None => given[taken.given],
            Some(field) => self.field(given[taken.given], field),
        }
    }

    /// Makes the entry.
    pub fn closure_giving(&mut self, kind: EntryKind, lambda: &hir::Lambda, ret: Type) -> Closure {
        let what = match kind {
            EntryKind::Undo => "undo",
            EntryKind::Branch => "parallel",
            EntryKind::Mock => "mock",
            _ => unreachable!("{kind:?} is no closure"),
        };
        let func = self.low.reserve();
        let label = self.low.unique_name(format!("{}/{what}", self.b.func.name));
        let site = self.b.site;
        let entity = self.this.map(|this| self.b.func.instance_of(this));
        // The keys of a workflow's instance come with the run.
        let keys = entity.map_or(0, |e| self.low.checked.entities[e.0 as usize].keys.len());
        let mut b = Builder::new(label.clone(), ret, site);
        let this = entity.map(|e| b.param(RegType::Instance(e), Some("self")));
        let mut env = vec![Binding::Unset; self.locals.len()];
        let (mut params, mut captured) = (Vec::new(), Vec::new());
        let mut param = |b: &mut Builder, ty: Type, name: &str| {
            params.push(EntryParam {
                name: name.to_string(),
                ty: ty.clone(),
                defaulted: false,
            });
            b.param(RegType::Value(ty), Some(name))
        };
        let mut instances = Vec::new();
        for local in &lambda.captures {
            let at = local.0 as usize;
            if at < keys {
                continue;
            }
            match self.env[at].clone() {
                Binding::Unset => {}
                Binding::Value(reg) => {
                    let ty = self.b.ty(reg).clone();
                    env[at] = Binding::Value(param(&mut b, ty, &self.locals[at].name));
                    captured.push(reg);
                }
                // A function stays which it is; what it takes is kept.
                Binding::Function(callee, outer) => {
                    let mut taken = Vec::new();
                    for reg in outer {
                        let info = &self.b.func.regs[reg.0 as usize];
                        let name = info.name.as_ref().unwrap_or(&self.locals[at].name).clone();
                        let (cell, ty) = match info.ty.clone() {
                            RegType::Value(ty) => (reg, ty),
                            RegType::Instance(entity) => {
                                instances.push((at, taken.len(), entity));
                                let ty = Type::Named(self.low.module.entity(entity).def);
                                (self.b.emit(ty.clone(), Op::Keys(reg)), ty)
                            }
                        };
                        taken.push(param(&mut b, ty, &name));
                        captured.push(cell);
                    }
                    env[at] = Binding::Function(callee, taken);
                }
                other @ (Binding::Slot(..) | Binding::Range(..)) => {
                    panic!("{} is kept as {other:?}", self.locals[at].name)
                }
            }
        }
        for local in &lambda.params {
            let at = local.0 as usize;
            let ty = self.low.places.ty(&self.locals[at].ty, &self.types);
            env[at] = Binding::Value(param(&mut b, ty, &self.locals[at].name));
        }
        for (at, position, entity) in instances {
            if let Binding::Function(_, taken) = &mut env[at] {
                taken[position] = b.open(entity, taken[position]);
            }
        }
        let mut inner = Body::new(
            &mut *self.low,
            b,
            self.types.clone(),
            self.locals,
            Context::Outside,
        );
        inner.env = env;
        inner.this = this;
        inner.waits = true;
        if let Some(entity) = entity {
            inner.bind_keys(hir::EntityId(entity.0));
        }
        let mut lowered = inner.finish(&lambda.body);
        let fixed = entity.is_some() as u32;
        let mut taken: Vec<Taken> = (0..params.len())
            .map(|given| Taken { given, field: None })
            .collect();
        // The arguments of an extern function come to a mock as they are.
        if kind != EntryKind::Mock {
            let defs = &self.low.module.defs;
            (params, taken) = trim(defs, &mut lowered, fixed, params);
        }
        self.low.define(func, lowered);
        let low = &mut *self.low;
        Closure {
            entry: low.frame_entry(kind, label, entity, params, func, site),
            captured,
            taken,
        }
    }
}

impl Lowering<'_> {
    /// An entry that only a run of this program starts.
    pub fn frame_entry(
        &mut self,
        kind: EntryKind,
        name: String,
        entity: Option<EntityId>,
        params: Vec<EntryParam>,
        func: FuncId,
        site: SiteId,
    ) -> EntryId {
        self.module
            .entries
            .push(Entry::inside(kind, name, entity, params, func, site));
        EntryId(self.module.entries.len() as u32 - 1)
    }
}

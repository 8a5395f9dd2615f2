//! The state of lowering one body, and the ways out of it.

use std::collections::BTreeMap;

use weir_check::hir;
use weir_contract::{DefKind, Type};
use weir_diagnostics::Span;

use super::builder::Builder;
use super::{Context, FuncId, Instance, Lowering, Passed};
use crate::ir::*;

/// What a variable of the source is here.
#[derive(Clone, Debug)]
pub enum Binding {
    /// Not declared yet.
    Unset,
    Value(Reg),
    /// A parameter of function type: which function, with which captures.
    Function(FuncId, Vec<Reg>),
    /// A collection left in the store: the instance and the path to the slot, from the field on.
    Slot(Reg, Vec<u32>),
    /// A range that is only walked over: from where, and up to where.
    Range(Start, Reg),
}

/// Where a range begins.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    At(i64),
    Reg(Reg),
}

pub struct Body<'a, 'c> {
    pub low: &'a mut Lowering<'c>,
    pub b: Builder,
    /// What the type parameters stand for.
    pub types: Vec<Type>,
    pub locals: &'a [hir::Local],
    pub env: Vec<Binding>,
    /// The instance this code belongs to.
    pub this: Option<Reg>,
    pub context: Context,
    /// It may end in a later step than it begins.
    pub waits: bool,
    /// Rolled back to when the function fails.
    pub savepoint: Option<Reg>,
    /// Savepoints of the open outermost `atomic` blocks.
    pub atomics: Vec<Reg>,
    pub loops: Vec<Loop>,
    /// Temporary data that the function fails with where it is lost, and the failure.
    pub lost: BTreeMap<hir::LocalId, hir::ErrorId>,
}

pub struct Loop {
    pub on_break: BlockId,
    pub on_continue: BlockId,
    /// How many `atomic` blocks were open at its start.
    pub atomics: usize,
}

impl<'a, 'c> Body<'a, 'c> {
    pub fn new(
        low: &'a mut Lowering<'c>,
        b: Builder,
        types: Vec<Type>,
        locals: &'a [hir::Local],
        context: Context,
    ) -> Self {
        let env = vec![Binding::Unset; locals.len()];
        Body {
            low,
            b,
            types,
            locals,
            env,
            this: None,
            context,
            waits: false,
            savepoint: None,
            atomics: Vec::new(),
            loops: Vec::new(),
            lost: BTreeMap::new(),
        }
    }

    pub fn ty(&self, ty: &hir::Type) -> Type {
        self.low.places.ty(ty, &self.types)
    }

    /// Sites what is emitted from here on; gives the site before.
    pub fn at(&mut self, span: Span) -> SiteId {
        std::mem::replace(&mut self.b.site, self.low.site(span))
    }

    /// The register of a variable, made at its first mention.
    pub fn variable(&mut self, id: hir::LocalId) -> Reg {
        if let Binding::Value(reg) = self.env[id.0 as usize] {
            return reg;
        }
        let local = &self.locals[id.0 as usize];
        let ty = self.low.places.ty(&local.ty, &self.types);
        let reg = self.b.reg(RegType::Value(ty), Some(&local.name));
        self.env[id.0 as usize] = Binding::Value(reg);
        reg
    }

    /// The instance this code belongs to.
    pub fn this(&self) -> Reg {
        self.this.expect("own state outside an entity")
    }

    /// Binds the keys of the instance to the first locals.
    pub fn bind_keys(&mut self, entity: hir::EntityId) {
        let this = self.this();
        let def = self.low.places.entity(entity);
        let keys = self.b.emit(Type::Named(def), Op::Keys(this));
        let DefKind::Entity { keys: fields } = self.low.module.defs.get(def).kind.clone() else {
            unreachable!("entity {} has another definition", def.0)
        };
        for (i, field) in fields.iter().enumerate() {
            let reg = self
                .b
                .reg(RegType::Value(field.ty.clone()), Some(&field.name));
            self.b.emit_into(reg, Op::FieldGet(keys, i as u32));
            self.env[i] = Binding::Value(reg);
        }
    }

    pub fn this_entity(&self) -> EntityId {
        self.b.func.instance_of(self.this())
    }

    /// Returns with success. Ends the open transactions of this function.
    pub fn leave(&mut self, value: Reg) {
        for _ in 0..self.atomics.len() {
            self.b.run(Op::TxLeave);
        }
        let ret = self.b.func.ret.clone();
        let value = match &ret {
            Type::Result(ok, _) => {
                let value = self.b.coerce(value, &ok.clone());
                self.b.emit(ret, Op::VariantMake(0, vec![value]))
            }
            ty => self.b.coerce(value, &ty.clone()),
        };
        self.b.end(Term::Return(value));
    }

    /// Returns with a failure, given as a `Result` that is one. Undoes what was written.
    pub fn leave_failing(&mut self, result: Reg) {
        for savepoint in self.atomics.clone().into_iter().rev() {
            self.b.run(Op::Rollback(savepoint));
            self.b.run(Op::TxLeave);
        }
        if let Some(savepoint) = self.savepoint {
            self.b.run(Op::Rollback(savepoint));
        }
        let ret = self.b.func.ret.clone();
        let result = self.b.coerce(result, &ret);
        self.b.end(Term::Return(result));
    }

    /// Writes a whole body whose value is the function's result.
    pub fn finish(mut self, root: &hir::Expr) -> Func {
        if let Some(value) = self.expr(root) {
            let unit = match &self.b.func.ret {
                Type::Result(ok, _) => **ok == Type::Unit,
                ty => *ty == Type::Unit,
            };
            let value = if unit { self.b.unit() } else { value };
            self.leave(value);
        }
        self.b.func
    }
}

impl<'c> Lowering<'c> {
    /// Lowers one instance of a function.
    pub fn function(&mut self, id: FuncId, key: &Instance) {
        let checked = self.checked;
        let function = checked.function(key.function);
        let site = self.site(function.span);
        let waits = self.waits(key);
        let name = self.module.func(id).name.clone();
        let ret = self.module.func(id).ret.clone();
        let builder = Builder::new(name, ret, site);
        let func = match &function.implementation {
            hir::Implementation::Intrinsic(name) => {
                let mut body = Body::new(self, builder, key.types.clone(), &[], key.context);
                let args: Vec<Reg> = function
                    .params
                    .iter()
                    .map(|p| {
                        let ty = body.ty(&p.ty);
                        body.b.param(RegType::Value(ty), Some(&p.name))
                    })
                    .collect();
                let ret = body.b.func.ret.clone();
                let value = body.intrinsic(name, ret, &args);
                body.leave(value);
                body.b.func
            }
            hir::Implementation::Body(source) => {
                let mut body = Body::new(
                    self,
                    builder,
                    key.types.clone(),
                    &source.locals,
                    key.context,
                );
                let mut first = 0;
                body.waits = waits;
                if let Some(entity) = function.entity {
                    body.this = Some(
                        body.b
                            .param(RegType::Instance(EntityId(entity.0)), Some("self")),
                    );
                    first = checked.entity(entity).keys.len();
                }
                for (i, (param, passed)) in function.params.iter().zip(&key.params).enumerate() {
                    body.env[first + i] = body.parameter(param, passed);
                }
                if let Some(entity) = function.entity {
                    body.bind_keys(entity);
                }
                let writes = function.effect == hir::Effect::Write;
                if writes && !function.fails.is_empty() && key.context == Context::Transaction {
                    body.savepoint = Some(body.b.emit(Type::Int, Op::Savepoint));
                }
                body.finish(&source.root)
            }
        };
        self.define(id, func);
    }
}

impl Body<'_, '_> {
    fn parameter(&mut self, param: &hir::Param, passed: &Passed) -> Binding {
        match passed {
            Passed::Value => {
                let ty = self.ty(&param.ty);
                Binding::Value(self.b.param(RegType::Value(ty), Some(&param.name)))
            }
            Passed::Function(func) => {
                let captures = self.low.captures.get(func).cloned().unwrap_or_default();
                let regs = captures
                    .into_iter()
                    .map(|ty| self.b.param(ty, None))
                    .collect();
                Binding::Function(*func, regs)
            }
            Passed::Slot(entity, path) => {
                let instance = self.b.param(RegType::Instance(*entity), Some(&param.name));
                Binding::Slot(instance, path.clone())
            }
            Passed::Range(start) => {
                let mut bound = |which: &str| {
                    let name = format!("{}.{which}", param.name);
                    self.b.param(RegType::Value(Type::Int), Some(&name))
                };
                let start = match start {
                    Some(n) => Start::At(*n),
                    None => Start::Reg(bound("from")),
                };
                Binding::Range(start, bound("to"))
            }
        }
    }
}

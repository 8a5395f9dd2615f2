//! Calls: specialisation for types, functions and slots; lambdas become functions; handlers open their
//! instance and, outside a transaction, are one.

use weir_check::hir;
use weir_contract::Type;

use super::body::{Binding, Body, Start};
use super::builder::Builder;
use super::ranges::{as_range, written_out};
use super::{Context, FuncId, Instance, Lowering, Passed};
use crate::ir::*;

impl Body<'_, '_> {
    pub fn call(
        &mut self,
        id: hir::FnId,
        type_args: &[hir::Type],
        args: &[hir::Arg],
    ) -> Option<Reg> {
        let checked = self.low.checked;
        let function = checked.function(id);
        if function.is_prelude
            && let Some(value) = self.call_on_slot(&function.name, args)
        {
            return value;
        }
        if function.effect < hir::Effect::Wait && checked.call_reads_views(id, args) {
            self.step_ends();
        }
        let types: Vec<Type> = type_args.iter().map(|t| self.ty(t)).collect();
        let ranges = self.ranges(id, args);
        let values = self.explicit(args, &ranges)?;
        let (passed, regs) = self.arguments(function, id, &types, None, args, values, &ranges)?;
        if let hir::Implementation::Intrinsic(name) = &function.implementation {
            let ret = self.low.places.ty(&function.ret, &types);
            let value = match named(name, args) {
                Some(named) => self.named_intrinsic(&named, ret, &regs),
                None => self.intrinsic(name, ret, &regs),
            };
            return Some(value);
        }
        let context = match (function.effect, self.context) {
            (hir::Effect::Write, Context::Transaction) => Context::Transaction,
            _ => Context::Outside,
        };
        let func = self.low.instance(Instance {
            function: id,
            types,
            params: passed,
            context,
        });
        let ret = self.low.module.func(func).ret.clone();
        Some(self.b.emit(ret, Op::Call(func, regs)))
    }

    pub fn call_handler(
        &mut self,
        entity: hir::EntityId,
        id: hir::FnId,
        target: Option<&hir::Expr>,
        args: &[hir::Arg],
    ) -> Option<Reg> {
        let checked = self.low.checked;
        let function = checked.function(id);
        // What only reads needs no transaction of its own: a step sees one state. What waits is no transaction.
        let own = function.effect == hir::Effect::Write && self.context != Context::Transaction;
        if function.effect < hir::Effect::Wait && checked.call_reads_views(id, args) {
            self.step_ends();
        } else if own {
            self.step_may_end();
        }
        // Nothing may be waited for while a replica is open: it is opened again as the instance itself.
        let keys = match target {
            Some(target) => Some(self.expr(target)?),
            None => None,
        };
        let early = match keys {
            Some(keys) if self.is_replica(keys) => Some(self.explicit(args, &[])?),
            _ => None,
        };
        let instance = match keys {
            Some(keys) => self.open(EntityId(entity.0), keys),
            None => self.this(),
        };
        let values = match early {
            Some(values) => values,
            None => self.explicit(args, &[])?,
        };
        let (passed, mut regs) =
            self.arguments(function, id, &[], Some(instance), args, values, &[])?;
        regs.insert(0, instance);
        let key = Instance {
            function: id,
            types: vec![],
            params: passed,
            context: match function.effect {
                hir::Effect::Wait => Context::Outside,
                _ => Context::Transaction,
            },
        };
        let func = self.low.instance(key);
        let ret = self.low.module.func(func).ret.clone();
        if own {
            self.b.run(Op::TxEnter);
        }
        let value = self.b.emit(ret, Op::Call(func, regs));
        if own {
            self.b.run(Op::TxLeave);
        }
        Some(value)
    }

    /// The values of the arguments that are not left out, from left to right; of a range that stays one, the bounds that are made here.
    fn explicit(&mut self, args: &[hir::Arg], ranges: &[bool]) -> Option<Vec<Reg>> {
        let mut explicit = Vec::new();
        for (at, arg) in args.iter().enumerate() {
            let hir::Arg::Value(e) = arg else { continue };
            match ranges.get(at) {
                Some(true) => {
                    let Some((start, end)) = as_range(e) else {
                        continue;
                    };
                    explicit.extend(written_out(start).is_none().then_some(start));
                    explicit.push(end);
                }
                _ => explicit.push(e),
            }
        }
        self.operands(&explicit)
    }

    /// How each argument is passed, and the registers: explicit arguments left to right, then defaults.
    #[allow(clippy::too_many_arguments)] // What a call is made of.
    fn arguments(
        &mut self,
        function: &hir::Function,
        id: hir::FnId,
        types: &[Type],
        instance: Option<Reg>,
        args: &[hir::Arg],
        values: Vec<Reg>,
        ranges: &[bool],
    ) -> Option<(Vec<Passed>, Vec<Reg>)> {
        let mut values = values.into_iter();
        let mut passed = Vec::new();
        let mut regs = Vec::new();
        // What a default may mention: the values before it.
        let mut before = Vec::new();
        for (i, (param, arg)) in function.params.iter().zip(args).enumerate() {
            match arg {
                hir::Arg::Value(e) if ranges.get(i) == Some(&true) => {
                    let (start, end) = match (self.bounds_of(e), as_range(e)) {
                        (Some(bounds), _) => bounds,
                        (None, Some((start, _))) => {
                            let mut next = || values.next().expect("counted");
                            let start = match written_out(start) {
                                Some(n) => Start::At(n),
                                None => Start::Reg(next()),
                            };
                            (start, next())
                        }
                        (None, None) => unreachable!("it is a range"),
                    };
                    passed.push(match start {
                        Start::At(n) => Passed::Range(Some(n)),
                        Start::Reg(from) => {
                            regs.push(from);
                            Passed::Range(None)
                        }
                    });
                    regs.push(end);
                }
                hir::Arg::Value(_) => {
                    let ty = self.low.places.ty(&param.ty, types);
                    let value = self.b.coerce(values.next().expect("counted"), &ty);
                    before.push(value);
                    regs.push(value);
                    passed.push(Passed::Value);
                }
                hir::Arg::Default => {
                    let value = self.default(id, i, types, instance, &before);
                    before.push(value);
                    regs.push(value);
                    passed.push(Passed::Value);
                }
                hir::Arg::Lambda(lambda) => {
                    let hir::Type::Fn(_, ret) = &param.ty else {
                        unreachable!("a lambda for {:?}", param.ty)
                    };
                    let ret = self.low.places.ty(ret, types);
                    let (func, captures) = self.lambda(lambda, ret);
                    if self.low.checked.reads_views(&lambda.body) {
                        self.low.reading.insert(func);
                    }
                    regs.extend(captures);
                    passed.push(Passed::Function(func));
                }
                hir::Arg::Param(local) => {
                    let Binding::Function(func, captures) = self.env[local.0 as usize].clone()
                    else {
                        unreachable!("a parameter passed on is a function")
                    };
                    regs.extend(captures);
                    passed.push(Passed::Function(func));
                }
                hir::Arg::Function(function, type_args) => {
                    let types = type_args.iter().map(|t| self.ty(t)).collect();
                    let params =
                        vec![Passed::Value; self.low.checked.function(*function).params.len()];
                    let context = Context::Outside;
                    let func = self.low.instance(Instance {
                        function: *function,
                        types,
                        params,
                        context,
                    });
                    if !self.low.checked.function(*function).views.is_empty() {
                        self.low.reading.insert(func);
                    }
                    passed.push(Passed::Function(func));
                }
            }
        }
        Some((passed, regs))
    }

    pub fn call_param(&mut self, param: hir::LocalId, args: &[hir::Expr], ty: Type) -> Option<Reg> {
        let Binding::Function(func, captures) = self.env[param.0 as usize].clone() else {
            unreachable!("only parameters of function type are called")
        };
        if self.low.reading.contains(&func) {
            self.step_ends();
        }
        let items: Vec<&hir::Expr> = args.iter().collect();
        let values = self.operands(&items)?;
        let mut regs = captures;
        regs.extend(values);
        let ret = self.low.module.func(func).ret.clone();
        let value = self.b.emit(ret, Op::Call(func, regs));
        Some(self.b.coerce(value, &ty))
    }

    /// The value of a parameter that was left out.
    pub fn default(
        &mut self,
        id: hir::FnId,
        param: usize,
        types: &[Type],
        instance: Option<Reg>,
        before: &[Reg],
    ) -> Reg {
        let checked = self.low.checked;
        let default = checked.function(id).params[param]
            .default
            .as_ref()
            .expect("it has a default");
        let ty = self
            .low
            .places
            .ty(&checked.function(id).params[param].ty, types);
        if let Some(literal) = Lowering::literal(&default.root) {
            let value = self.b.literal(literal);
            return self.b.coerce(value, &ty);
        }
        let func = self.low.default_function(id, param, types);
        let regs = instance.into_iter().chain(before.iter().copied()).collect();
        self.b.emit(ty, Op::Call(func, regs))
    }

    /// Makes a function of a lambda, or takes the one there is; gives it and the registers it captures.
    fn lambda(&mut self, lambda: &hir::Lambda, ret: Type) -> (FuncId, Vec<Reg>) {
        let mut regs: Vec<Reg> = self.this.into_iter().collect();
        let mut how = Vec::new();
        for local in &lambda.captures {
            let (passed, captured) = match &self.env[local.0 as usize] {
                Binding::Unset => (Passed::Value, vec![]),
                Binding::Value(reg) => (Passed::Value, vec![*reg]),
                Binding::Slot(reg, path) => {
                    let RegType::Instance(entity) = self.b.func.reg_type(*reg) else {
                        unreachable!("a slot is of an instance")
                    };
                    (Passed::Slot(*entity, path.clone()), vec![*reg])
                }
                Binding::Range(..) => unreachable!("a range that is only walked"),
                Binding::Function(func, outer) => (Passed::Function(*func), outer.clone()),
            };
            let types = captured.iter().map(|r| self.b.func.reg_type(*r).clone());
            how.push((passed, types.collect()));
            regs.extend(captured);
        }
        let key = (std::ptr::from_ref(lambda), self.types.clone(), how);
        if let Some(id) = self.low.lambdas.get(&key) {
            return (*id, regs);
        }
        let id = self.lambda_function(lambda, ret);
        self.low.lambdas.insert(key, id);
        (id, regs)
    }

    /// The function of a lambda: what it captures, as in the environment here, then its own parameters.
    fn lambda_function(&mut self, lambda: &hir::Lambda, ret: Type) -> FuncId {
        let id = self.low.reserve();
        let name = self.low.unique_name(format!("{}.lambda", self.b.func.name));
        let mut b = Builder::new(name, ret, self.b.site);
        let mut env = vec![Binding::Unset; self.locals.len()];
        let this = self
            .this
            .map(|this| b.param(self.b.func.reg_type(this).clone(), Some("self")));
        let capture = |b: &mut Builder, outer: Reg, name: &str| {
            b.param(self.b.func.reg_type(outer).clone(), Some(name))
        };
        for local in &lambda.captures {
            let at = local.0 as usize;
            let name = &self.locals[at].name;
            env[at] = match &self.env[at] {
                Binding::Unset => Binding::Unset,
                Binding::Value(reg) => Binding::Value(capture(&mut b, *reg, name)),
                Binding::Slot(reg, path) => {
                    Binding::Slot(capture(&mut b, *reg, name), path.clone())
                }
                Binding::Range(..) => unreachable!("a range that is only walked"),
                Binding::Function(func, outer) => Binding::Function(
                    *func,
                    outer.iter().map(|r| capture(&mut b, *r, name)).collect(),
                ),
            };
        }
        let captures = b.func.regs.iter().map(|r| r.ty.clone()).collect();
        self.low.captures.insert(id, captures);
        for param in &lambda.params {
            let local = &self.locals[param.0 as usize];
            let ty = self.low.places.ty(&local.ty, &self.types);
            env[param.0 as usize] = Binding::Value(b.param(RegType::Value(ty), Some(&local.name)));
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
        let func = inner.finish(&lambda.body);
        self.low.define(id, func);
        id
    }
}

impl Lowering<'_> {
    /// The function that computes a parameter's default from the instance and the values before it.
    fn default_function(&mut self, id: hir::FnId, param: usize, types: &[Type]) -> FuncId {
        let key = (id, param, types.to_vec());
        if let Some(func) = self.defaults.get(&key) {
            return *func;
        }
        let func = self.reserve();
        self.defaults.insert(key, func);
        let checked = self.checked;
        let function = checked.function(id);
        let declared = &function.params[param];
        let source = declared.default.as_ref().expect("it has a default");
        let site = self.site(source.root.span);
        let ret = self.places.ty(&declared.ty, types);
        let name = self.unique_name(format!("{}.{}.default", function.name, declared.name));
        let builder = Builder::new(name, ret, site);
        let mut body = Body::new(
            self,
            builder,
            types.to_vec(),
            &source.locals,
            Context::Outside,
        );
        // A default of a parameter that comes before others may be checked with fewer locals than those.
        let mut first = 0;
        if let Some(entity) = function.entity {
            body.this = Some(
                body.b
                    .param(RegType::Instance(EntityId(entity.0)), Some("self")),
            );
            first = checked.entity(entity).keys.len();
        }
        for (i, before) in function.params[..param].iter().enumerate() {
            if matches!(before.ty, hir::Type::Fn(..)) {
                continue;
            }
            let ty = body.ty(&before.ty);
            let reg = body.b.param(RegType::Value(ty), Some(&before.name));
            if first + i < body.env.len() {
                body.env[first + i] = Binding::Value(reg);
            }
        }
        if let Some(entity) = function.entity {
            body.bind_keys(entity);
        }
        let lowered = body.finish(&source.root);
        self.define(func, lowered);
        func
    }
}

/// A setting or a secret with the name it is asked for by, which the checker has seen is written out.
fn named(intrinsic: &str, args: &[hir::Arg]) -> Option<String> {
    match (intrinsic, args.first()) {
        (
            "config.needed" | "config.given" | "secret.named",
            Some(hir::Arg::Value(hir::Expr {
                kind: hir::ExprKind::Text(name),
                ..
            })),
        ) => Some(format!("{intrinsic}.{name}")),
        _ => None,
    }
}

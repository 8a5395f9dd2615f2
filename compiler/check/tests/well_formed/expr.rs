//! Each kind of expression against its parts.

use weir_check::hir::*;

use crate::Checker;
use crate::types::{arith, more, mutation, same};

impl Checker<'_> {
    pub fn expr(&mut self, e: &Expr) {
        use ExprKind as K;
        self.closed(&e.ty, "an expression");
        let is = |ty: &Type| same(ty, &e.ty);
        let ok = match &e.kind {
            K::Unit => is(&Type::Unit),
            K::Bool(_) => is(&Type::Bool),
            K::Int(_) => is(&Type::Int),
            K::Decimal(_) => is(&Type::Decimal),
            K::Float(_) => is(&Type::Float),
            K::Text(_) => is(&Type::Text),
            K::Time(_) | K::Now => is(&Type::Time),
            K::Duration(_) => is(&Type::Duration),
            K::Date(_) => is(&Type::Date),
            K::Money(_) => is(&Type::Money),
            K::Interpolate(inner) => {
                inner.iter().for_each(|e| self.expr(e));
                inner.iter().all(|e| !matches!(e.ty, Type::Result(..))) && is(&Type::Text)
            }
            K::Local(id) => is(&self.local(*id)),
            K::Constant(id) => is(&self.program.constants[id.0 as usize].ty),
            K::State(id) => is(&self.state(*id)),
            K::Exists { entity, target } => {
                self.part(target, &Type::Entity(*entity), "an instance");
                is(&Type::Bool)
            }
            K::SetState {
                entity,
                target,
                fields,
            } => {
                self.part(target, &Type::Entity(*entity), "an instance");
                let known = &self.program.entity(*entity).fields;
                for (id, value) in fields {
                    self.part(value, &known[id.0 as usize].ty, "a field");
                }
                is(&Type::Unit)
            }
            K::StateOf {
                entity,
                target,
                field,
            } => {
                self.instance(target, *entity);
                is(&self.program.entity(*entity).fields[field.0 as usize].ty)
            }
            K::ReadView { view, key } => {
                let view = self.program.view(*view);
                if let Some(key) = key {
                    let at = view.at.expect("only what has keys is asked for one");
                    let ty = self.program.function(at).params[0].ty.clone();
                    self.part(key, &ty, "a key");
                }
                is(&Type::list(view.row.clone()))
            }
            K::SelfRef => is(&Type::Entity(self.entity.expect("self only in entities"))),
            K::CallerId => is(&Type::New(NewId(0), Vec::new())),
            K::CallerRoles => is(&Type::Set(Box::new(Type::Text))),
            K::Tuple(inner) => {
                inner.iter().for_each(|e| self.expr(e));
                let types = self.fields(&e.ty);
                types.len() == inner.len()
                    && inner.iter().zip(&types).all(|(e, ty)| same(&e.ty, ty))
            }
            K::List(items) => match &e.ty {
                Type::List(item) => {
                    items.iter().for_each(|e| self.part(e, item, "an item"));
                    true
                }
                _ => false,
            },
            K::Map(entries) => match &e.ty {
                Type::Map(key, value) => {
                    for (k, v) in entries {
                        self.part(k, key, "a key");
                        self.part(v, value, "a value");
                    }
                    true
                }
                _ => false,
            },
            K::Record(id, values) => {
                let args = self.args_of(&e.ty, Nominal::Record(*id));
                self.all(values, &self.program.record_fields(*id, &args), e);
                is(&Type::Record(*id, args))
            }
            K::Error(id, values) => {
                self.all(
                    values,
                    &self.program.errors[id.0 as usize].fields.clone(),
                    e,
                );
                is(&Type::Error(*id))
            }
            K::Variant(id, at, values) => {
                let args = self.args_of(&e.ty, Nominal::Enum(*id));
                let variant = self.program.variants(*id, &args).swap_remove(*at as usize);
                self.all(values, &variant.fields, e);
                is(&Type::Enum(*id, args))
            }
            K::EntityRef(id, values) => {
                self.all(values, &self.program.entity(*id).keys.clone(), e);
                is(&Type::Entity(*id))
            }
            K::Some(inner) => {
                self.expr(inner);
                is(&Type::option(inner.ty.clone()))
            }
            K::None => matches!(e.ty, Type::Option(_)),
            K::Wrap(id, inner) => {
                let args = self.args_of(&e.ty, Nominal::New(*id));
                self.part(inner, &self.program.base(*id, &args), "wrapped");
                is(&Type::New(*id, args))
            }
            K::Unwrap(id, inner) => {
                let args = self.args_of(&inner.ty, Nominal::New(*id));
                self.part(inner, &Type::New(*id, args.clone()), "unwrapped");
                is(&self.program.base(*id, &args))
            }
            K::With(base, changes) => {
                self.part(base, &e.ty, "with");
                let types = self.fields(&e.ty);
                for (at, value) in changes {
                    self.part(value, &types[*at as usize], "a changed field");
                }
                true
            }
            K::Field(base, at) => {
                self.expr(base);
                self.fields(&base.ty).get(*at as usize).is_some_and(is)
            }
            K::ListIndex(list, index) => {
                self.expr(list);
                self.part(index, &Type::Int, "an index");
                matches!(&list.ty, Type::List(item) if is(item))
            }
            K::MapIndex(map, key) => {
                self.expr(map);
                self.expr(key);
                matches!(&map.ty, Type::Map(k, v) if same(&key.ty, k) && is(&Type::Option(v.clone())))
            }
            K::Neg(inner) => {
                self.part(inner, &e.ty, "negated");
                matches!(
                    e.ty,
                    Type::Int | Type::Decimal | Type::Float | Type::Duration | Type::Money
                )
            }
            K::Not(inner) | K::Expect(inner) => {
                self.part(inner, &Type::Bool, "a condition");
                is(&Type::Bool) || matches!(e.kind, K::Expect(_))
            }
            K::And(left, right) | K::Or(left, right) => {
                self.part(left, &Type::Bool, "left");
                self.part(right, &Type::Bool, "right");
                is(&Type::Bool)
            }
            K::Compare(_, left, right) => {
                self.expr(left);
                self.expr(right);
                (same(&left.ty, &right.ty) || same(&right.ty, &left.ty)) && is(&Type::Bool)
            }
            K::Arith(op, left, right) => {
                self.expr(left);
                self.expr(right);
                arith(*op, &left.ty, &right.ty).is_some_and(|ty| is(&ty))
            }
            K::InRange { value, start, end } => {
                for e in [value, start, end] {
                    self.part(e, &Type::Int, "a range");
                }
                is(&Type::Bool)
            }
            K::In { value, collection } => {
                self.expr(value);
                self.expr(collection);
                match &collection.ty {
                    Type::List(item) | Type::Set(item) | Type::Map(item, _) => {
                        same(&value.ty, item) && is(&Type::Bool)
                    }
                    _ => false,
                }
            }
            K::Is(value, pattern) => {
                self.expr(value);
                self.pattern(pattern, &value.ty);
                is(&Type::Bool)
            }
            K::Call {
                function,
                type_args,
                args,
            } => {
                type_args
                    .iter()
                    .for_each(|ty| self.closed(ty, "a type argument"));
                self.args(*function, type_args, args, e);
                self.program.function(*function).entity.is_none()
            }
            K::CallHandler {
                entity,
                function,
                target,
                args,
            } => {
                if let Some(target) = target {
                    self.instance(target, *entity);
                }
                self.args(*function, &[], args, e);
                self.program.function(*function).entity == Some(*entity)
                    && (target.is_some() || self.entity == Some(*entity))
            }
            K::CallParam { param, args } => match self.local(*param) {
                Type::Fn(params, ret) => {
                    params
                        .iter()
                        .zip(args)
                        .for_each(|(ty, e)| self.part(e, ty, "an argument"));
                    params.len() == args.len() && is(&ret)
                }
                _ => false,
            },
            K::Try(inner) => {
                self.expr(inner);
                matches!(&inner.ty, Type::Result(ty, _) if is(ty))
            }
            K::Coalesce(value, otherwise) => {
                self.expr(value);
                self.part(otherwise, &e.ty, "otherwise");
                matches!(&value.ty, Type::Option(ty) | Type::Result(ty, _) if is(ty))
            }
            K::Fail(error) => {
                self.expr(error);
                matches!(error.ty, Type::Error(_)) && is(&Type::Never)
            }
            K::Block(block) => self.block(block, e),
            K::If {
                cond,
                then,
                otherwise,
            } => {
                self.part(cond, &Type::Bool, "a condition");
                self.expr(then);
                match otherwise {
                    Some(otherwise) => {
                        self.part(then, &e.ty, "then");
                        self.part(otherwise, &e.ty, "otherwise");
                        true
                    }
                    None => is(&Type::Unit),
                }
            }
            K::Match { subject, arms } => {
                self.expr(subject);
                for arm in arms {
                    self.pattern(&arm.pattern, &subject.ty);
                    if let Some(guard) = &arm.guard {
                        self.part(guard, &Type::Bool, "a guard");
                    }
                    self.part(&arm.body, &e.ty, "an arm");
                }
                true
            }
            K::While { cond, body } => {
                self.part(cond, &Type::Bool, "a condition");
                self.expr(body);
                is(&Type::Unit) || matches!(cond.kind, K::Bool(true)) && is(&Type::Never)
            }
            K::For(f) => self.for_(f, e),
            K::Return(value) => {
                let ret = self.ret.clone();
                if let Some(value) = value {
                    self.part(value, &ret, "returned");
                }
                (value.is_some() || ret == Type::Unit) && is(&Type::Never)
            }
            K::Break | K::Continue => is(&Type::Never),
            K::Atomic(inner) => {
                self.part(inner, &e.ty, "atomic");
                true
            }
            K::Assign { place, value } => {
                self.place(place);
                self.part(value, &place.ty, "assigned");
                is(&Type::Unit)
            }
            K::AssignOp { place, op, value } => {
                self.place(place);
                self.expr(value);
                arith(*op, &place.ty, &value.ty).is_some_and(|ty| same(&ty, &place.ty))
                    && is(&Type::Unit)
            }
            K::Mutate { place, op, args } => {
                self.place(place);
                let (wants, gives) = mutation(*op, &place.ty);
                args.iter()
                    .zip(&wants)
                    .for_each(|(e, ty)| self.part(e, ty, "an argument"));
                args.len() == wants.len() && is(&gives)
            }
            K::Sleep(time) | K::Advance(time) => {
                self.part(time, &Type::Duration, "a time to wait");
                is(&Type::Unit)
            }
            K::SleepUntil(time) => {
                self.part(time, &Type::Time, "a time");
                is(&Type::Unit)
            }
            K::Emit { stream, value } => {
                let stream = &self.program.streams[stream.0 as usize];
                self.part(value, &stream.ty, "an entry");
                is(&Type::Int)
            }
            K::Merge { path, value, .. } => {
                for step in path {
                    if let MergeStep::Key(key) = step {
                        self.expr(key);
                    }
                }
                value.iter().for_each(|value| self.expr(value));
                is(&Type::Unit)
            }
            K::Sync(one, other) => {
                for replica in [one, other] {
                    self.expr(replica);
                    assert!(
                        of_replica(&replica.ty).is_some(),
                        "only replicas tell each other"
                    );
                }
                is(&Type::Unit)
            }
            K::CrashAt(label) => {
                self.part(label, &Type::Text, "a label");
                is(&Type::Unit)
            }
            K::Settle => is(&Type::Unit),
            K::Random => is(&Type::Float),
            K::Fresh => is(&Type::Text),
            K::Cancel(ticket) => {
                self.expr(ticket);
                let option = Type::option(Type::Ticket);
                (same(&ticket.ty, &Type::Ticket) || same(&ticket.ty, &option)) && is(&Type::Unit)
            }
            K::Wait { arms, after } => self.wait(arms, after.as_ref(), e),
            K::CallExtern {
                function,
                args,
                within,
            } => {
                let function = self.program.extern_fn(*function);
                for (arg, param) in args.iter().zip(&function.params) {
                    match arg {
                        Arg::Value(value) => self.part(value, &param.ty, &param.name),
                        _ => self.say("an argument of the wrong kind", e),
                    }
                }
                let gives = self.limited(&function.ret, &function.fails, within.as_deref());
                args.len() == function.params.len() && is(&gives)
            }
            K::RunResult { run, within } => {
                self.expr(run);
                let Type::Run(gives, errors) = &run.ty else {
                    return self.say("the result of something that is no run", e);
                };
                let errors = more(errors, self.program.failures.cancelled);
                is(&self.limited(gives, &errors, within.as_deref()))
            }
            K::Parallel(branches) => {
                let types = self.fields(&e.ty);
                branches.iter().for_each(|branch| self.lambda(branch));
                let fit = |(branch, ty): (&Lambda, &Type)| same(&branch.body.ty, ty);
                types.len() == branches.len()
                    && branches.iter().zip(&types).all(fit)
                    && branches.iter().all(|branch| branch.params.is_empty())
            }
            K::ParallelFor {
                generators,
                wheres,
                at_once,
                branch,
                kind,
            } => {
                if let Some(at_once) = at_once {
                    self.part(at_once, &Type::Int, "a limit");
                }
                self.lambda(branch);
                self.items(generators, wheres)
                    && branch.params.is_sorted()
                    && match kind {
                        ForKind::Loop => e.ty == Type::Unit,
                        ForKind::Select => same(&Type::list(branch.body.ty.clone()), &e.ty),
                    }
            }
            K::Scratch(scratch) => {
                scratch.lambdas().iter().for_each(|l| self.lambda(l));
                match &scratch.code {
                    ScratchCode::Whole(lambda) => same(&lambda.body.ty, &e.ty),
                    ScratchCode::Tasks { each, finish, .. } => match finish {
                        None => same(&each.body.ty, &e.ty),
                        Some(finish) if !finish.keyed => same(&finish.lambda.body.ty, &e.ty),
                        Some(finish) => match (&finish.lambda.body.ty, &e.ty) {
                            (Type::List(pair), Type::List(item)) => {
                                matches!(&**pair, Type::Tuple(p) if p.len() == 2 && same(&p[1].ty, item))
                            }
                            _ => false,
                        },
                    },
                }
            }
            K::Send { message, after } => {
                if let Some(delay) = after {
                    self.part(delay, &Type::Duration, "a delay");
                }
                is(&self.message(message, after.is_some(), e))
            }
            K::PushUndo {
                if_ok,
                compensation,
            } => {
                self.lambda(compensation);
                let step_is_result =
                    if_ok.is_none_or(|id| matches!(self.local(id), Type::Result(..)));
                step_is_result && same(&compensation.body.ty, &Type::Unit) && is(&Type::Unit)
            }
            K::Mock { function, answer } => {
                let function = self.program.extern_fn(*function);
                for (id, param) in answer.params.iter().zip(&function.params) {
                    let found = self.local(*id);
                    if !same(&found, &param.ty) {
                        self.say("a parameter of a mock", e);
                    }
                }
                self.lambda(answer);
                self.fits(&answer.body, &function.ret, "an answer");
                answer.params.len() == function.params.len() && is(&Type::Unit)
            }
        };
        if !ok {
            self.say("is not well formed", e);
        }
    }

    /// The value is that of the last statement when that is an expression and the block is not of type Unit.
    fn block(&mut self, block: &Block, e: &Expr) -> bool {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let(pattern, value) => {
                    self.expr(value);
                    self.pattern(pattern, &value.ty);
                }
                Stmt::Expr(value) => self.expr(value),
            }
        }
        match (&e.ty, block.stmts.last()) {
            (Type::Unit, _) => true,
            (Type::Never, _) => block.stmts.iter().any(|stmt| match stmt {
                Stmt::Let(_, e) | Stmt::Expr(e) => e.ty == Type::Never,
            }),
            (ty, Some(Stmt::Expr(last))) => same(&last.ty, ty),
            _ => false,
        }
    }

    /// An instance, or in tests one of its replicas.
    pub(super) fn instance(&mut self, target: &Expr, entity: EntityId) {
        self.expr(target);
        let ty = of_replica(&target.ty).unwrap_or(&target.ty);
        assert_eq!(*ty, Type::Entity(entity), "a target");
    }

    fn for_(&mut self, f: &For, e: &Expr) -> bool {
        self.expr(&f.body);
        if let Some(most) = &f.most {
            self.part(most, &Type::Int, "a limit");
        }
        self.items(&f.generators, &f.wheres)
            && match f.kind {
                ForKind::Loop => e.ty == Type::Unit && f.most.is_none(),
                ForKind::Select => same(&Type::list(f.body.ty.clone()), &e.ty),
            }
    }

    fn items(&mut self, generators: &[(Pattern, ForSource)], wheres: &[Expr]) -> bool {
        for (pattern, source) in generators {
            match source {
                ForSource::Range(start, end) => {
                    self.part(start, &Type::Int, "a start");
                    self.part(end, &Type::Int, "an end");
                    self.pattern(pattern, &Type::Int);
                }
                ForSource::Entities(entity) => self.pattern(pattern, &Type::Entity(*entity)),
                ForSource::Entries(stream, _) => {
                    let entry = &self.program.streams[stream.0 as usize].ty;
                    self.pattern(pattern, entry);
                }
                ForSource::Collection(collection) => {
                    self.expr(collection);
                    match &collection.ty {
                        Type::List(item) | Type::Set(item) => self.pattern(pattern, item),
                        Type::Map(key, value) => {
                            let part = |ty: &Type| TupleField {
                                name: None,
                                ty: ty.clone(),
                            };
                            self.pattern(pattern, &Type::Tuple(vec![part(key), part(value)]));
                        }
                        _ => return false,
                    }
                }
            }
        }
        wheres
            .iter()
            .for_each(|e| self.part(e, &Type::Bool, "a filter"));
        true
    }
}

fn of_replica(ty: &Type) -> Option<&Type> {
    match ty {
        Type::New(id, of) if *id == REPLICA => of.first(),
        _ => None,
    }
}

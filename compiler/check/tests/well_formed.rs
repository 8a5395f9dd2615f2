//! What everything behind the gate relies on: a `Checked` is well typed through and through.
//!
//! This is a second, simpler type checker, over the HIR: it has nothing to infer. It looks at the prelude, the
//! examples, the programs on the pages of codes and the good ones of `tests/cases` and `tests/tables`.

use weir_check::hir::*;
use weir_check::{check, prelude};
use weir_diagnostics::SourceMap;

struct Checker<'a> {
    program: &'a Checked,
    entity: Option<EntityId>,
    locals: &'a [Local],
    ret: Type,
    wrong: Vec<String>,
}

fn problems(program: &Checked) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut body = |entity: Option<EntityId>, body: &Body, ret: &Type| {
        let mut checker = Checker {
            program,
            entity,
            locals: &body.locals,
            ret: ret.clone(),
            wrong: Vec::new(),
        };
        for local in &body.locals {
            checker.closed(&local.ty, &local.name);
        }
        checker.expr(&body.root);
        checker.fits(&body.root, ret, "the body");
        wrong.append(&mut checker.wrong);
    };
    for function in &program.functions {
        if let Implementation::Body(code) = &function.implementation {
            body(function.entity, code, &function.ret);
        }
        for param in &function.params {
            if let Some(default) = &param.default {
                body(function.entity, default, &param.ty);
            }
        }
    }
    for (at, entity) in program.entities.iter().enumerate() {
        let id = Some(EntityId(at as u32));
        for field in &entity.fields {
            body(id, &field.init, &field.ty);
        }
        for rule in entity.invariants.iter().chain(&entity.allows) {
            body(id, rule, &Type::Bool);
        }
    }
    for constant in &program.constants {
        body(None, &constant.body, &constant.ty);
    }
    for test in &program.tests {
        body(None, &test.body, &Type::Unit);
    }
    wrong
}

/// Whether a value of type `a` may stand where `b` is wanted.
fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Never, _) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Option(a), Type::Option(b)) => same(a, b),
        (Type::Map(k, v), Type::Map(l, w)) => same(k, l) && same(v, w),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.ty, &b.ty))
        }
        (Type::Result(a, es), Type::Result(b, fs)) | (Type::Run(a, es), Type::Run(b, fs)) => {
            es == fs && same(a, b)
        }
        (Type::Fn(ps, r), Type::Fn(qs, s)) => {
            ps.len() == qs.len() && ps.iter().zip(qs).all(|(p, q)| same(p, q)) && same(r, s)
        }
        _ => a == b,
    }
}

fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::List(t) | Type::Set(t) | Type::Option(t) | Type::Result(t, _) | Type::Run(t, _) => {
            vec![t]
        }
        Type::Map(k, v) => vec![k, v],
        Type::Tuple(fields) => fields.iter().map(|f| &f.ty).collect(),
        Type::Fn(params, ret) => params.iter().chain([&**ret]).collect(),
        _ => Vec::new(),
    }
}

fn substitute(ty: &Type, args: &[Type]) -> Type {
    let each = |t: &Type| Box::new(substitute(t, args));
    match ty {
        Type::Param(n) => args[*n as usize].clone(),
        Type::List(t) => Type::List(each(t)),
        Type::Set(t) => Type::Set(each(t)),
        Type::Option(t) => Type::Option(each(t)),
        Type::Map(k, v) => Type::Map(each(k), each(v)),
        Type::Result(t, errors) => Type::Result(each(t), errors.clone()),
        Type::Run(t, errors) => Type::Run(each(t), errors.clone()),
        Type::Tuple(fields) => Type::Tuple(
            fields
                .iter()
                .map(|f| TupleField {
                    name: f.name.clone(),
                    ty: substitute(&f.ty, args),
                })
                .collect(),
        ),
        Type::Fn(params, ret) => Type::Fn(
            params.iter().map(|t| substitute(t, args)).collect(),
            each(ret),
        ),
        other => other.clone(),
    }
}

impl Checker<'_> {
    fn say(&mut self, what: &str, e: &Expr) {
        let shown = format!("{:?}", e.kind);
        let shown: String = shown.chars().take(160).collect();
        self.wrong
            .push(format!("{:?} {what}: {:?} of {shown}", e.span, e.ty));
    }

    /// Nothing unknown is left in a type.
    fn closed(&mut self, ty: &Type, name: &str) {
        if matches!(ty, Type::Unknown | Type::Infer(_)) {
            self.wrong.push(format!("`{name}` has the type {ty:?}"));
        }
        parts(ty)
            .into_iter()
            .for_each(|part| self.closed(part, name));
    }

    fn fits(&mut self, e: &Expr, want: &Type, what: &str) {
        if !same(&e.ty, want) {
            self.say(&format!("{what} should be {want:?}"), e);
        }
    }

    /// Checks a part and holds its type against what is wanted.
    fn part(&mut self, e: &Expr, want: &Type, what: &str) {
        self.expr(e);
        self.fits(e, want, what);
    }

    fn all(&mut self, exprs: &[Expr], wants: &[NamedType], at: &Expr) {
        if exprs.len() != wants.len() {
            self.say("wrong number of parts", at);
        }
        for (e, want) in exprs.iter().zip(wants) {
            self.part(e, &want.ty, &want.name);
        }
    }

    /// Types of the parts of a record-like type.
    fn fields(&self, ty: &Type) -> Vec<Type> {
        let of = |fields: &[NamedType]| fields.iter().map(|f| f.ty.clone()).collect();
        match ty {
            Type::Record(id) => of(&self.program.records[id.0 as usize].fields),
            Type::Error(id) => of(&self.program.errors[id.0 as usize].fields),
            Type::Entity(id) => of(&self.program.entity(*id).keys),
            Type::Tuple(fields) => fields.iter().map(|f| f.ty.clone()).collect(),
            _ => Vec::new(),
        }
    }

    fn local(&mut self, id: LocalId) -> Type {
        match self.locals.get(id.0 as usize) {
            Some(local) => local.ty.clone(),
            None => {
                self.wrong.push(format!("there is no local {id:?}"));
                Type::Unknown
            }
        }
    }

    fn state(&mut self, id: FieldId) -> Type {
        let entity = self.entity.expect("state only in entities");
        self.program.entity(entity).fields[id.0 as usize].ty.clone()
    }

    fn args(&mut self, function: FnId, type_args: &[Type], args: &[Arg], at: &Expr) {
        let function = self.program.function(function);
        if args.len() != function.params.len() || type_args.len() != function.type_params.len() {
            self.say("wrong number of arguments", at);
            return;
        }
        for (arg, param) in args.iter().zip(&function.params) {
            let want = substitute(&param.ty, type_args);
            match (arg, &want) {
                (Arg::Default, _)
                    if param.default.is_some()
                        || matches!(function.implementation, Implementation::Intrinsic(_)) => {}
                (Arg::Value(e), want) if !matches!(want, Type::Fn(..)) => {
                    self.part(e, want, &param.name)
                }
                (Arg::Param(id), want) => {
                    let found = self.local(*id);
                    if !same(&found, want) {
                        self.say("passes on another function type", at);
                    }
                }
                (Arg::Lambda(lambda), Type::Fn(params, ret)) => {
                    for (id, want) in lambda.params.iter().zip(params) {
                        let found = self.local(*id);
                        if !same(&found, want) {
                            self.say("a lambda's parameter", at);
                        }
                    }
                    self.part(&lambda.body, ret, "a lambda");
                }
                (Arg::Function(id, inner), Type::Fn(params, ret)) => {
                    let passed = self.program.function(*id);
                    let fine = passed
                        .params
                        .iter()
                        .zip(params)
                        .all(|(p, q)| same(&substitute(&p.ty, inner), q))
                        && same(&substitute(&passed.ret, inner), ret)
                        && passed.fails.is_empty();
                    if !fine {
                        self.say("a function by name", at);
                    }
                }
                _ => self.say("an argument of the wrong kind", at),
            }
        }
        let ret = substitute(&function.ret, type_args);
        let gives = match function.fails.is_empty() {
            true => ret,
            false => Type::Result(Box::new(ret), function.fails.clone()),
        };
        self.fits(at, &gives, "a call");
        if !same(&gives, &at.ty) {
            self.say("a call", at);
        }
    }

    fn place(&mut self, place: &Place) {
        let mut ty = match place.root {
            PlaceRoot::Local(id) => {
                if !self.locals[id.0 as usize].is_var {
                    self.wrong.push(format!("assigns {id:?}, which is no var"));
                }
                self.local(id)
            }
            PlaceRoot::State(id) => self.state(id),
        };
        for step in &place.path {
            ty = match (step, &ty) {
                (PlaceStep::Field(at), ty) => self.fields(ty)[*at as usize].clone(),
                (PlaceStep::ListIndex(index), Type::List(item)) => {
                    self.part(index, &Type::Int, "an index");
                    (**item).clone()
                }
                (PlaceStep::MapKey(index), Type::Map(key, value)) => {
                    self.part(index, key, "a key");
                    (**value).clone()
                }
                _ => {
                    self.wrong.push(format!("{step:?} into {ty:?}"));
                    return;
                }
            };
        }
        if !same(&ty, &place.ty) {
            self.wrong
                .push(format!("a place of {ty:?} says it is {:?}", place.ty));
        }
    }

    fn pattern(&mut self, p: &Pattern, against: &Type) {
        self.closed(&p.ty, "a pattern");
        if !same(against, &p.ty) {
            self.wrong.push(format!(
                "{:?} a pattern for {:?} against {against:?}",
                p.span, p.ty
            ));
        }
        match (&p.kind, &p.ty) {
            (PatternKind::Wildcard, _)
            | (PatternKind::Bool(_), Type::Bool)
            | (PatternKind::None, Type::Option(_)) => {}
            (PatternKind::Bind(id), ty) => {
                let found = self.local(*id);
                if !same(ty, &found) {
                    self.wrong
                        .push(format!("{:?} binds {found:?} to {ty:?}", p.span));
                }
            }
            (PatternKind::Literal(e), ty) => self.part(e, ty, "a literal pattern"),
            (PatternKind::Some(inner), Type::Option(ty))
            | (PatternKind::Ok(inner), Type::Result(ty, _)) => {
                self.pattern(inner, ty);
            }
            (PatternKind::Error(id, inner), Type::Result(_, errors)) if errors.contains(id) => {
                let types = self.fields(&Type::Error(*id));
                self.patterns(inner, &types);
            }
            (PatternKind::Variant(id, at, inner), Type::Enum(of)) if id == of => {
                let fields = &self.program.enums[id.0 as usize].variants[*at as usize].fields;
                let types: Vec<Type> = fields.iter().map(|f| f.ty.clone()).collect();
                self.patterns(inner, &types);
            }
            (PatternKind::Fields(inner), ty) => {
                let types = self.fields(ty);
                self.patterns(inner, &types);
            }
            (PatternKind::List { items, rest }, Type::List(item)) => {
                items.iter().for_each(|p| self.pattern(p, item));
                if let Some(rest) = rest {
                    let found = self.local(*rest);
                    if !same(&p.ty, &found) {
                        self.wrong.push(format!("{:?} rest of {found:?}", p.span));
                    }
                }
            }
            (PatternKind::Or(inner), ty) => inner.iter().for_each(|p| self.pattern(p, ty)),
            (kind, ty) => self
                .wrong
                .push(format!("{:?} {kind:?} against {ty:?}", p.span)),
        }
    }

    fn patterns(&mut self, inner: &[Pattern], types: &[Type]) {
        if inner.len() != types.len() {
            self.wrong.push(format!("{inner:?} for {types:?}"));
        }
        for (p, ty) in inner.iter().zip(types) {
            self.pattern(p, ty);
        }
    }

    fn expr(&mut self, e: &Expr) {
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
            K::Interpolate(inner) => {
                inner.iter().for_each(|e| self.expr(e));
                inner.iter().all(|e| !matches!(e.ty, Type::Result(..))) && is(&Type::Text)
            }
            K::Local(id) => is(&self.local(*id)),
            K::Constant(id) => is(&self.program.constants[id.0 as usize].ty),
            K::State(id) => is(&self.state(*id)),
            K::StateOf {
                entity,
                target,
                field,
            } => {
                self.part(target, &Type::Entity(*entity), "a target");
                is(&self.program.entity(*entity).fields[field.0 as usize].ty)
            }
            K::SelfRef => is(&Type::Entity(self.entity.expect("self only in entities"))),
            K::CallerId => is(&Type::New(NewId(0))),
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
                self.all(
                    values,
                    &self.program.records[id.0 as usize].fields.clone(),
                    e,
                );
                is(&Type::Record(*id))
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
                let fields = self.program.enums[id.0 as usize].variants[*at as usize]
                    .fields
                    .clone();
                self.all(values, &fields, e);
                is(&Type::Enum(*id))
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
                self.part(
                    inner,
                    &self.program.news[id.0 as usize].base.clone(),
                    "wrapped",
                );
                is(&Type::New(*id))
            }
            K::Unwrap(id, inner) => {
                self.part(inner, &Type::New(*id), "unwrapped");
                is(&self.program.news[id.0 as usize].base)
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
                    Type::Int | Type::Decimal | Type::Float | Type::Duration
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
                    self.part(target, &Type::Entity(*entity), "a target");
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
                is(&Type::Unit)
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
                branch,
                kind,
            } => {
                self.lambda(branch);
                self.items(generators, wheres)
                    && branch.params.is_sorted()
                    && match kind {
                        ForKind::Loop => e.ty == Type::Unit,
                        ForKind::Select => same(&Type::list(branch.body.ty.clone()), &e.ty),
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

    /// A branch or compensation: what it reads around it is in its captures.
    fn lambda(&mut self, lambda: &Lambda) {
        self.expr(&lambda.body);
        if !lambda.captures.is_sorted()
            || lambda.captures.iter().any(|id| lambda.params.contains(id))
        {
            self.say("captures are not as they should be", &lambda.body);
        }
    }

    /// What a call gives that may say how long to wait.
    fn limited(&mut self, gives: &Type, errors: &[ErrorId], within: Option<&Expr>) -> Type {
        let mut errors = errors.to_vec();
        if let Some(limit) = within {
            self.part(limit, &Type::Duration, "a limit");
            errors = more(&errors, self.program.failures.timed_out);
        }
        match errors.is_empty() {
            true => gives.clone(),
            false => Type::Result(Box::new(gives.clone()), errors),
        }
    }

    fn wait(&mut self, arms: &[WaitArm], after: Option<&(Box<Expr>, Box<Expr>)>, e: &Expr) -> bool {
        let entity = self.entity.expect("`wait` only in workflows");
        let workflow = self.program.entity(entity).workflow.as_ref();
        let events = &workflow.expect("`wait` only in workflows").events;
        for arm in arms {
            let params = &events[arm.event.0 as usize].params;
            let types: Vec<Type> = params.iter().map(|p| p.ty.clone()).collect();
            self.patterns(&arm.patterns, &types);
            self.part(&arm.body, &e.ty, "an arm");
        }
        if let Some((delay, body)) = after {
            self.part(delay, &Type::Duration, "a delay");
            self.part(body, &e.ty, "an arm");
        }
        !arms.is_empty() || after.is_some()
    }

    /// What sending gives.
    fn message(&mut self, message: &Message, is_delayed: bool, e: &Expr) -> Type {
        match message {
            Message::Function { function, args } => {
                self.sent(*function, args, e);
                Type::Ticket
            }
            Message::Handler {
                function,
                target,
                args,
            } => {
                self.sent(*function, args, e);
                let entity = self.program.function(*function).entity;
                let entity = entity.expect("a handler has an entity");
                self.target(entity, target.as_deref());
                let function_id = *function;
                let function = self.program.function(function_id);
                let workflow = self.program.entity(entity).workflow.as_ref();
                match workflow {
                    Some(workflow) if workflow.run == function_id && !is_delayed => {
                        Type::Run(Box::new(function.ret.clone()), function.fails.clone())
                    }
                    _ => Type::Ticket,
                }
            }
            Message::Event {
                entity,
                event,
                target,
                args,
            } => {
                self.target(*entity, target.as_deref());
                let workflow = self.program.entity(*entity).workflow.as_ref();
                let events = &workflow.expect("events only of workflows").events;
                self.all(args, &events[event.0 as usize].params, e);
                Type::Unit
            }
        }
    }

    fn target(&mut self, entity: EntityId, target: Option<&Expr>) {
        match target {
            Some(target) => self.part(target, &Type::Entity(entity), "a target"),
            None => assert_eq!(self.entity, Some(entity), "another entity without a target"),
        }
    }

    fn sent(&mut self, function: FnId, args: &[Arg], at: &Expr) {
        let params = &self.program.function(function).params;
        for (arg, param) in args.iter().zip(params) {
            match arg {
                Arg::Value(value) => self.part(value, &param.ty, &param.name),
                Arg::Default if param.default.is_some() => {}
                _ => self.say("an argument that cannot be sent", at),
            }
        }
        if args.len() != params.len() {
            self.say("wrong number of arguments", at);
        }
    }

    fn for_(&mut self, f: &For, e: &Expr) -> bool {
        self.expr(&f.body);
        self.items(&f.generators, &f.wheres)
            && match f.kind {
                ForKind::Loop => e.ty == Type::Unit,
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

/// A set of errors with one more.
fn more(errors: &[ErrorId], error: ErrorId) -> Vec<ErrorId> {
    let mut errors = errors.to_vec();
    if !errors.contains(&error) {
        errors.push(error);
        errors.sort();
    }
    errors
}

fn arith(op: ArithOp, left: &Type, right: &Type) -> Option<Type> {
    use ArithOp::*;
    use Type::*;
    Some(match (op, left, right) {
        (_, Int, Int) => Int,
        (_, Decimal, Decimal) => Decimal,
        (_, Float, Float) => Float,
        (Add, Text, Text) => Text,
        (Add | Sub | Rem, Duration, Duration)
        | (Mul | Div, Duration, Int)
        | (Mul, Int, Duration) => Duration,
        (Div, Duration, Duration) => Int,
        (Add | Sub, Time, Duration) | (Add, Duration, Time) => Time,
        (Sub, Time, Time) => Duration,
        _ => return None,
    })
}

fn mutation(op: MutateOp, ty: &Type) -> (Vec<Type>, Type) {
    use MutateOp::*;
    match (op, ty) {
        (ListPush, Type::List(t)) => (vec![(**t).clone()], Type::Unit),
        (ListPop, Type::List(t)) => (vec![], Type::Option(t.clone())),
        (ListInsert, Type::List(t)) => (vec![Type::Int, (**t).clone()], Type::Unit),
        (ListRemove, Type::List(t)) => (vec![Type::Int], (**t).clone()),
        (ListClear, Type::List(_)) | (MapClear, Type::Map(..)) | (SetClear, Type::Set(_)) => {
            (vec![], Type::Unit)
        }
        (MapRemove, Type::Map(k, v)) => (vec![(**k).clone()], Type::Option(v.clone())),
        (SetAdd | SetRemove, Type::Set(t)) => (vec![(**t).clone()], Type::Bool),
        _ => panic!("{op:?} on {ty:?}"),
    }
}

/// Programs of this crate's cases and the examples.
fn programs() -> Vec<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut out = Vec::new();
    for folder in ["tests/cases", "tests/tables"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).expect("cases") {
            let text = std::fs::read_to_string(entry.expect("entry").path()).expect("case file");
            for case in text.split("=== ").skip(1) {
                let (_, case) = case.split_once('\n').expect("a name");
                out.push(case.split("---\n").next().unwrap_or_default().to_owned());
            }
        }
    }
    for entry in weir_diagnostics::all_codes() {
        let right = entry.page.split("```weir right\n").nth(1);
        out.extend(
            right
                .and_then(|rest| rest.split("\n```").next())
                .map(str::to_owned),
        );
    }
    for entry in std::fs::read_dir(format!("{root}/../../examples")).expect("examples") {
        let path = entry.expect("entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        out.extend(std::fs::read_to_string(path.join(format!("{name}.weir"))));
    }
    out
}

#[test]
fn what_passes_the_gate_is_well_typed() {
    let mut sources = SourceMap::new();
    let prelude = prelude::load(&mut sources);
    let mut good = 0;
    for text in programs() {
        let file = sources.add("main.weir", text.as_str());
        let parsed = weir_syntax::parse(file, &text);
        let whole = parsed.diagnostics.is_empty();
        let checked = check(&prelude, &parsed.module).checked;
        if let Some(program) = checked.filter(|_| whole) {
            good += 1;
            let wrong = problems(&program);
            assert!(wrong.is_empty(), "{text}\n{}", wrong.join("\n"));
        }
    }
    assert!(good > 60, "only {good} good programs");
}

//! Visits the parts of checked code, for passes that look at all of it.

use weir_diagnostics::Span;

use crate::hir::*;

/// Calls `visit` with each expression directly inside `expr`, in the order they are evaluated.
pub fn children<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Unit
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Decimal(_)
        | ExprKind::Float(_)
        | ExprKind::Text(_)
        | ExprKind::Time(_)
        | ExprKind::Duration(_)
        | ExprKind::Local(_)
        | ExprKind::Constant(_)
        | ExprKind::State(_)
        | ExprKind::SelfRef
        | ExprKind::Now
        | ExprKind::CallerId
        | ExprKind::CallerRoles
        | ExprKind::None
        | ExprKind::Break
        | ExprKind::Continue => {}
        ExprKind::Interpolate(parts)
        | ExprKind::Tuple(parts)
        | ExprKind::List(parts)
        | ExprKind::Record(_, parts)
        | ExprKind::Error(_, parts)
        | ExprKind::Variant(_, _, parts)
        | ExprKind::EntityRef(_, parts)
        | ExprKind::CallParam { args: parts, .. } => parts.iter().for_each(visit),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                visit(key);
                visit(value);
            }
        }
        ExprKind::StateOf { target: part, .. }
        | ExprKind::Some(part)
        | ExprKind::Wrap(_, part)
        | ExprKind::Unwrap(_, part)
        | ExprKind::Field(part, _)
        | ExprKind::Neg(part)
        | ExprKind::Not(part)
        | ExprKind::Is(part, _)
        | ExprKind::Try(part)
        | ExprKind::Fail(part)
        | ExprKind::Atomic(part)
        | ExprKind::Expect(part) => visit(part),
        ExprKind::ListIndex(left, right)
        | ExprKind::MapIndex(left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::Arith(_, left, right)
        | ExprKind::Coalesce(left, right)
        | ExprKind::In {
            value: left,
            collection: right,
        }
        | ExprKind::While {
            cond: left,
            body: right,
        } => {
            visit(left);
            visit(right);
        }
        ExprKind::InRange { value, start, end } => {
            visit(value);
            visit(start);
            visit(end);
        }
        ExprKind::With(base, fields) => {
            visit(base);
            fields.iter().for_each(|(_, value)| visit(value));
        }
        ExprKind::Call { args, .. } => arguments(args, visit),
        ExprKind::CallHandler { target, args, .. } => {
            target.iter().for_each(|target| visit(target));
            arguments(args, visit);
        }
        ExprKind::Block(block) => {
            for stmt in &block.stmts {
                match stmt {
                    Stmt::Let(_, value) | Stmt::Expr(value) => visit(value),
                }
            }
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            visit(cond);
            visit(then);
            otherwise.iter().for_each(|part| visit(part));
        }
        ExprKind::Match { subject, arms } => {
            visit(subject);
            for arm in arms {
                arm.guard.iter().for_each(&mut *visit);
                visit(&arm.body);
            }
        }
        ExprKind::For(for_) => {
            for (_, source) in &for_.generators {
                match source {
                    ForSource::Range(start, end) => {
                        visit(start);
                        visit(end);
                    }
                    ForSource::Collection(collection) => visit(collection),
                }
            }
            for_.wheres.iter().for_each(&mut *visit);
            visit(&for_.body);
        }
        ExprKind::Return(value) => value.iter().for_each(|value| visit(value)),
        ExprKind::Assign { place, value } | ExprKind::AssignOp { place, value, .. } => {
            steps(place, visit);
            visit(value);
        }
        ExprKind::Mutate { place, args, .. } => {
            steps(place, visit);
            args.iter().for_each(visit);
        }
        _ => unreachable!("not made yet"),
    }
}

/// Calls `visit` with `expr` and everything inside it, the outer before the inner.
pub fn all<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    children(expr, &mut |part| all(part, visit));
}

/// The arguments that are lambdas or functions by name, of calls of plain functions.
pub fn call_args(expr: &Expr) -> &[Arg] {
    match &expr.kind {
        ExprKind::Call { args, .. } | ExprKind::CallHandler { args, .. } => args,
        _ => &[],
    }
}

fn arguments<'a>(args: &'a [Arg], visit: &mut dyn FnMut(&'a Expr)) {
    for arg in args {
        match arg {
            Arg::Value(value) => visit(value),
            Arg::Lambda(lambda) => visit(&lambda.body),
            Arg::Default | Arg::Param(_) | Arg::Function(..) => {}
        }
    }
}

fn steps<'a>(place: &'a Place, visit: &mut dyn FnMut(&'a Expr)) {
    for step in &place.path {
        match step {
            PlaceStep::ListIndex(index) | PlaceStep::MapKey(index) => visit(index),
            PlaceStep::Field(_) => {}
        }
    }
}

/// Every body of the program's own code and of the prelude, with what it is the body of.
pub fn bodies(program: &Checked) -> Vec<(Owner, &Body)> {
    let mut out = Vec::new();
    for (at, constant) in program.constants.iter().enumerate() {
        out.push((Owner::Constant(ConstId(at as u32)), &constant.body));
    }
    for entity in &program.entities {
        out.extend(entity.fields.iter().map(|field| (Owner::Init, &field.init)));
        out.extend(
            entity
                .invariants
                .iter()
                .map(|body| (Owner::Invariant, body)),
        );
        out.extend(entity.allows.iter().map(|body| (Owner::Allow, body)));
    }
    for (at, function) in program.functions.iter().enumerate() {
        let defaults = function
            .params
            .iter()
            .filter_map(|param| param.default.as_ref());
        out.extend(defaults.map(|body| (Owner::Default, body)));
        if let Implementation::Body(body) = &function.implementation {
            out.push((Owner::Function(FnId(at as u32)), body));
        }
    }
    out.extend(program.tests.iter().map(|test| (Owner::Test, &test.body)));
    out
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Constant(ConstId),
    Init,
    Invariant,
    Allow,
    Default,
    Function(FnId),
    Test,
}

/// Calls `change` with every type written in the code, to fill in what is known by then.
pub fn each_type_mut(expr: &mut Expr, change: &mut impl FnMut(&mut Type, Span)) {
    change(&mut expr.ty, expr.span);
    let span = expr.span;
    match &mut expr.kind {
        ExprKind::Unit
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Decimal(_)
        | ExprKind::Float(_)
        | ExprKind::Text(_)
        | ExprKind::Time(_)
        | ExprKind::Duration(_)
        | ExprKind::Local(_)
        | ExprKind::Constant(_)
        | ExprKind::State(_)
        | ExprKind::SelfRef
        | ExprKind::Now
        | ExprKind::CallerId
        | ExprKind::CallerRoles
        | ExprKind::None
        | ExprKind::Break
        | ExprKind::Continue => {}
        ExprKind::Interpolate(parts)
        | ExprKind::Tuple(parts)
        | ExprKind::List(parts)
        | ExprKind::Record(_, parts)
        | ExprKind::Error(_, parts)
        | ExprKind::Variant(_, _, parts)
        | ExprKind::EntityRef(_, parts)
        | ExprKind::CallParam { args: parts, .. } => each_of(parts, change),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                each_type_mut(key, change);
                each_type_mut(value, change);
            }
        }
        ExprKind::StateOf { target: part, .. }
        | ExprKind::Some(part)
        | ExprKind::Wrap(_, part)
        | ExprKind::Unwrap(_, part)
        | ExprKind::Field(part, _)
        | ExprKind::Neg(part)
        | ExprKind::Not(part)
        | ExprKind::Try(part)
        | ExprKind::Fail(part)
        | ExprKind::Atomic(part)
        | ExprKind::Expect(part) => each_type_mut(part, change),
        ExprKind::Is(part, pattern) => {
            each_type_mut(part, change);
            each_in_pattern(pattern, change);
        }
        ExprKind::ListIndex(left, right)
        | ExprKind::MapIndex(left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::Arith(_, left, right)
        | ExprKind::Coalesce(left, right)
        | ExprKind::In {
            value: left,
            collection: right,
        }
        | ExprKind::While {
            cond: left,
            body: right,
        } => {
            each_type_mut(left, change);
            each_type_mut(right, change);
        }
        ExprKind::InRange { value, start, end } => {
            each_type_mut(value, change);
            each_type_mut(start, change);
            each_type_mut(end, change);
        }
        ExprKind::With(base, fields) => {
            each_type_mut(base, change);
            for (_, value) in fields {
                each_type_mut(value, change);
            }
        }
        ExprKind::Call {
            type_args, args, ..
        } => {
            type_args.iter_mut().for_each(|ty| change(ty, span));
            each_in_args(args, span, change);
        }
        ExprKind::CallHandler { target, args, .. } => {
            if let Some(target) = target {
                each_type_mut(target, change);
            }
            each_in_args(args, span, change);
        }
        ExprKind::Block(block) => {
            for stmt in &mut block.stmts {
                match stmt {
                    Stmt::Let(pattern, value) => {
                        each_in_pattern(pattern, change);
                        each_type_mut(value, change);
                    }
                    Stmt::Expr(value) => each_type_mut(value, change),
                }
            }
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            each_type_mut(cond, change);
            each_type_mut(then, change);
            if let Some(part) = otherwise {
                each_type_mut(part, change);
            }
        }
        ExprKind::Match { subject, arms } => {
            each_type_mut(subject, change);
            for arm in arms {
                each_in_pattern(&mut arm.pattern, change);
                if let Some(guard) = &mut arm.guard {
                    each_type_mut(guard, change);
                }
                each_type_mut(&mut arm.body, change);
            }
        }
        ExprKind::For(for_) => {
            for (pattern, source) in &mut for_.generators {
                each_in_pattern(pattern, change);
                match source {
                    ForSource::Range(start, end) => {
                        each_type_mut(start, change);
                        each_type_mut(end, change);
                    }
                    ForSource::Collection(collection) => each_type_mut(collection, change),
                }
            }
            each_of(&mut for_.wheres, change);
            each_type_mut(&mut for_.body, change);
        }
        ExprKind::Return(value) => {
            if let Some(value) = value {
                each_type_mut(value, change);
            }
        }
        ExprKind::Assign { place, value } | ExprKind::AssignOp { place, value, .. } => {
            each_in_place(place, change);
            each_type_mut(value, change);
        }
        ExprKind::Mutate { place, args, .. } => {
            each_in_place(place, change);
            each_of(args, change);
        }
        _ => unreachable!("not made yet"),
    }
}

fn each_of(parts: &mut [Expr], change: &mut impl FnMut(&mut Type, Span)) {
    for part in parts {
        each_type_mut(part, change);
    }
}

fn each_in_args(args: &mut [Arg], span: Span, change: &mut impl FnMut(&mut Type, Span)) {
    for arg in args {
        match arg {
            Arg::Value(value) => each_type_mut(value, change),
            Arg::Lambda(lambda) => each_type_mut(&mut lambda.body, change),
            Arg::Function(_, type_args) => type_args.iter_mut().for_each(|ty| change(ty, span)),
            Arg::Default | Arg::Param(_) => {}
        }
    }
}

fn each_in_place(place: &mut Place, change: &mut impl FnMut(&mut Type, Span)) {
    change(&mut place.ty, place.span);
    for step in &mut place.path {
        match step {
            PlaceStep::ListIndex(index) | PlaceStep::MapKey(index) => each_type_mut(index, change),
            PlaceStep::Field(_) => {}
        }
    }
}

fn each_in_pattern(pattern: &mut Pattern, change: &mut impl FnMut(&mut Type, Span)) {
    change(&mut pattern.ty, pattern.span);
    match &mut pattern.kind {
        PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Bool(_) | PatternKind::None => {
        }
        PatternKind::Literal(value) => each_type_mut(value, change),
        PatternKind::Some(part) | PatternKind::Ok(part) => each_in_pattern(part, change),
        PatternKind::Error(_, parts)
        | PatternKind::Variant(_, _, parts)
        | PatternKind::Fields(parts)
        | PatternKind::Or(parts)
        | PatternKind::List { items: parts, .. } => {
            for part in parts {
                each_in_pattern(part, change);
            }
        }
    }
}

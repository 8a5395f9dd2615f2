//! Visits the parts of checked code, for passes that look at all of it.

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
        | ExprKind::Random
        | ExprKind::Fresh
        | ExprKind::Settle
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
            sources(&for_.generators, visit);
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
        ExprKind::Sleep(part)
        | ExprKind::SleepUntil(part)
        | ExprKind::Cancel(part)
        | ExprKind::Advance(part)
        | ExprKind::CrashAt(part) => visit(part),
        ExprKind::Wait { arms, after } => {
            if let Some((delay, _)) = after {
                visit(delay);
            }
            arms.iter().for_each(|arm| visit(&arm.body));
            if let Some((_, body)) = after {
                visit(body);
            }
        }
        ExprKind::CallExtern { args, within, .. } => {
            arguments(args, visit);
            within.iter().for_each(|limit| visit(limit));
        }
        ExprKind::RunResult { run, within } => {
            visit(run);
            within.iter().for_each(|limit| visit(limit));
        }
        ExprKind::Parallel(branches) => branches.iter().for_each(|branch| visit(&branch.body)),
        ExprKind::ParallelFor {
            generators,
            wheres,
            branch,
            ..
        } => {
            sources(generators, visit);
            wheres.iter().for_each(&mut *visit);
            visit(&branch.body);
        }
        ExprKind::Send { message, after } => {
            match message {
                Message::Function { args, .. } => arguments(args, visit),
                Message::Handler { target, args, .. } => {
                    target.iter().for_each(|target| visit(target));
                    arguments(args, visit);
                }
                Message::Event { target, args, .. } => {
                    target.iter().for_each(|target| visit(target));
                    args.iter().for_each(&mut *visit);
                }
            }
            after.iter().for_each(|delay| visit(delay));
        }
        ExprKind::PushUndo { compensation, .. } => visit(&compensation.body),
        ExprKind::Mock { answer, .. } => visit(&answer.body),
    }
}

fn sources<'a>(generators: &'a [(Pattern, ForSource)], visit: &mut dyn FnMut(&'a Expr)) {
    for (_, source) in generators {
        match source {
            ForSource::Range(start, end) => {
                visit(start);
                visit(end);
            }
            ForSource::Collection(collection) => visit(collection),
        }
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

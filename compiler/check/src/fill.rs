//! Changes the types written in checked code: what was a variable when a node was made is known at the end of its body.

use weir_diagnostics::Span;

use crate::hir::*;

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
            each_in_part(target, change);
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
            each_in_part(otherwise, change);
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
            each_in_sources(&mut for_.generators, change);
            each_of(&mut for_.wheres, change);
            each_type_mut(&mut for_.body, change);
        }
        ExprKind::Return(value) => each_in_part(value, change),
        ExprKind::Assign { place, value } | ExprKind::AssignOp { place, value, .. } => {
            each_in_place(place, change);
            each_type_mut(value, change);
        }
        ExprKind::Mutate { place, args, .. } => {
            each_in_place(place, change);
            each_of(args, change);
        }
        ExprKind::Sleep(part)
        | ExprKind::SleepUntil(part)
        | ExprKind::Cancel(part)
        | ExprKind::Advance(part)
        | ExprKind::CrashAt(part) => each_type_mut(part, change),
        ExprKind::Wait { arms, after } => {
            for arm in arms {
                for pattern in &mut arm.patterns {
                    each_in_pattern(pattern, change);
                }
                each_type_mut(&mut arm.body, change);
            }
            if let Some((delay, body)) = after {
                each_type_mut(delay, change);
                each_type_mut(body, change);
            }
        }
        ExprKind::CallExtern { args, within, .. } => {
            each_in_args(args, span, change);
            each_in_part(within, change);
        }
        ExprKind::RunResult { run, within } => {
            each_type_mut(run, change);
            each_in_part(within, change);
        }
        ExprKind::Parallel(branches) => {
            for branch in branches {
                each_type_mut(&mut branch.body, change);
            }
        }
        ExprKind::ParallelFor {
            generators,
            wheres,
            branch,
            ..
        } => {
            each_in_sources(generators, change);
            each_of(wheres, change);
            each_type_mut(&mut branch.body, change);
        }
        ExprKind::Send { message, after } => {
            match message {
                Message::Function { args, .. } => each_in_args(args, span, change),
                Message::Handler { target, args, .. } => {
                    each_in_part(target, change);
                    each_in_args(args, span, change);
                }
                Message::Event { target, args, .. } => {
                    each_in_part(target, change);
                    each_of(args, change);
                }
            }
            each_in_part(after, change);
        }
        ExprKind::PushUndo { compensation, .. } => each_type_mut(&mut compensation.body, change),
        ExprKind::Mock { answer, .. } => each_type_mut(&mut answer.body, change),
    }
}

fn each_in_part(part: &mut Option<Box<Expr>>, change: &mut impl FnMut(&mut Type, Span)) {
    if let Some(part) = part {
        each_type_mut(part, change);
    }
}

fn each_in_sources(
    generators: &mut [(Pattern, ForSource)],
    change: &mut impl FnMut(&mut Type, Span),
) {
    for (pattern, source) in generators {
        each_in_pattern(pattern, change);
        match source {
            ForSource::Range(start, end) => {
                each_type_mut(start, change);
                each_type_mut(end, change);
            }
            ForSource::Collection(collection) => each_type_mut(collection, change),
        }
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

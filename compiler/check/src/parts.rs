//! What an expression is made of: the one place that knows the inside of every kind.
//!
//! Written once and made twice, for passes that look at code (`walk`) and for those that change it (`fill`).

use weir_diagnostics::Span;

use crate::hir::*;

macro_rules! parts {
    ($of:ident, $Part:ident, $for_whom:literal $(, $mutable:tt)?) => {
        #[doc = concat!("A part of an expression, for code that ", $for_whom, " it.")]
        // Who looks needs the expressions only.
        #[allow(dead_code)]
        pub enum $Part<'a> {
            Expr(&'a $($mutable)? Expr),
            Pattern(&'a $($mutable)? Pattern),
            /// A type that is written in the expression itself, besides its own; and the place a message about it points at.
            Type(&'a $($mutable)? Type, Span),
        }

        #[doc = concat!("Calls `visit` with each part, the expressions in the order they are evaluated. For code that ", $for_whom, " them.")]
        pub fn $of<'a>(expr: &'a $($mutable)? Expr, visit: &mut dyn FnMut($Part<'a>)) {
            use $Part::{Expr as E, Pattern as P, Type as T};
            type Visit<'v, 'a> = &'v mut dyn FnMut($Part<'a>);

            fn arguments<'a>(args: &'a $($mutable)? [Arg], span: Span, visit: Visit<'_, 'a>) {
                for arg in args {
                    match arg {
                        Arg::Value(value) => visit(E(value)),
                        Arg::Lambda(lambda) => visit(E(&$($mutable)? lambda.body)),
                        Arg::Function(_, types) => {
                            for ty in types {
                                visit(T(ty, span));
                            }
                        }
                        Arg::Default | Arg::Param(_) => {}
                    }
                }
            }

            fn sources<'a>(all: &'a $($mutable)? [(Pattern, ForSource)], visit: Visit<'_, 'a>) {
                for (pattern, source) in all {
                    match source {
                        ForSource::Range(start, end) => {
                            visit(E(start));
                            visit(E(end));
                        }
                        ForSource::Collection(collection) => visit(E(collection)),
                        ForSource::Entities(_) | ForSource::Entries(..) => {}
                    }
                    visit(P(pattern));
                }
            }

            fn place<'a>(place: &'a $($mutable)? Place, visit: Visit<'_, 'a>) {
                visit(T(&$($mutable)? place.ty, place.span));
                for step in &$($mutable)? place.path {
                    match step {
                        PlaceStep::ListIndex(index) | PlaceStep::MapKey(index) => visit(E(index)),
                        PlaceStep::Field(_) => {}
                    }
                }
            }

            let span = expr.span;
            match &$($mutable)? expr.kind {
                ExprKind::Unit
                | ExprKind::Bool(_)
                | ExprKind::Int(_)
                | ExprKind::Decimal(_)
                | ExprKind::Float(_)
                | ExprKind::Text(_)
                | ExprKind::Time(_)
                | ExprKind::Duration(_)
                | ExprKind::Date(_)
                | ExprKind::Money(_)
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
                | ExprKind::CallParam { args: parts, .. } => {
                    for part in parts {
                        visit(E(part));
                    }
                }
                ExprKind::Map(entries) => {
                    for (key, value) in entries {
                        visit(E(key));
                        visit(E(value));
                    }
                }
                ExprKind::SetState { target, fields, .. } => {
                    visit(E(target));
                    for (_, value) in fields {
                        visit(E(value));
                    }
                }
                ExprKind::StateOf { target: part, .. }
                | ExprKind::Exists { target: part, .. }
                | ExprKind::Some(part)
                | ExprKind::Wrap(_, part)
                | ExprKind::Unwrap(_, part)
                | ExprKind::Field(part, _)
                | ExprKind::Neg(part)
                | ExprKind::Not(part)
                | ExprKind::Try(part)
                | ExprKind::Fail(part)
                | ExprKind::Atomic(part)
                | ExprKind::Expect(part)
                | ExprKind::Sleep(part)
                | ExprKind::SleepUntil(part)
                | ExprKind::Cancel(part)
                | ExprKind::Advance(part)
                | ExprKind::CrashAt(part)
                | ExprKind::Emit { value: part, .. } => visit(E(part)),
                ExprKind::Is(part, pattern) => {
                    visit(E(part));
                    visit(P(pattern));
                }
                ExprKind::ListIndex(left, right)
                | ExprKind::MapIndex(left, right)
                | ExprKind::And(left, right)
                | ExprKind::Or(left, right)
                | ExprKind::Compare(_, left, right)
                | ExprKind::Arith(_, left, right)
                | ExprKind::Coalesce(left, right)
                | ExprKind::Sync(left, right)
                | ExprKind::In {
                    value: left,
                    collection: right,
                }
                | ExprKind::While {
                    cond: left,
                    body: right,
                } => {
                    visit(E(left));
                    visit(E(right));
                }
                ExprKind::InRange { value, start, end } => {
                    visit(E(value));
                    visit(E(start));
                    visit(E(end));
                }
                ExprKind::With(base, fields) => {
                    visit(E(base));
                    for (_, value) in fields {
                        visit(E(value));
                    }
                }
                ExprKind::Call {
                    type_args, args, ..
                } => {
                    for ty in type_args {
                        visit(T(ty, span));
                    }
                    arguments(args, span, visit);
                }
                ExprKind::CallHandler { target, args, .. } => {
                    if let Some(target) = target {
                        visit(E(target));
                    }
                    arguments(args, span, visit);
                }
                ExprKind::Block(block) => {
                    for stmt in &$($mutable)? block.stmts {
                        match stmt {
                            Stmt::Let(pattern, value) => {
                                visit(E(value));
                                visit(P(pattern));
                            }
                            Stmt::Expr(value) => visit(E(value)),
                        }
                    }
                }
                ExprKind::If {
                    cond,
                    then,
                    otherwise,
                } => {
                    visit(E(cond));
                    visit(E(then));
                    if let Some(otherwise) = otherwise {
                        visit(E(otherwise));
                    }
                }
                ExprKind::Match { subject, arms } => {
                    visit(E(subject));
                    for arm in arms {
                        visit(P(&$($mutable)? arm.pattern));
                        if let Some(guard) = &$($mutable)? arm.guard {
                            visit(E(guard));
                        }
                        visit(E(&$($mutable)? arm.body));
                    }
                }
                ExprKind::For(walk) => {
                    let For {
                        most,
                        generators,
                        wheres,
                        body,
                        ..
                    } = &$($mutable)? **walk;
                    if let Some(most) = most {
                        visit(E(most));
                    }
                    sources(generators, visit);
                    for condition in wheres {
                        visit(E(condition));
                    }
                    visit(E(body));
                }
                ExprKind::Return(value) | ExprKind::ReadView { key: value, .. } => {
                    if let Some(value) = value {
                        visit(E(value));
                    }
                }
                ExprKind::Assign { place: to, value }
                | ExprKind::AssignOp {
                    place: to, value, ..
                } => {
                    place(to, visit);
                    visit(E(value));
                }
                ExprKind::Mutate {
                    place: to, args, ..
                } => {
                    place(to, visit);
                    for arg in args {
                        visit(E(arg));
                    }
                }
                ExprKind::Wait { arms, after } => {
                    let (delay, late) = match after {
                        Some((delay, late)) => (Some(delay), Some(late)),
                        None => (None, None),
                    };
                    if let Some(delay) = delay {
                        visit(E(delay));
                    }
                    for arm in arms {
                        for pattern in &$($mutable)? arm.patterns {
                            visit(P(pattern));
                        }
                        visit(E(&$($mutable)? arm.body));
                    }
                    if let Some(late) = late {
                        visit(E(late));
                    }
                }
                ExprKind::CallExtern { args, within, .. } => {
                    arguments(args, span, visit);
                    if let Some(within) = within {
                        visit(E(within));
                    }
                }
                ExprKind::RunResult { run, within } => {
                    visit(E(run));
                    if let Some(within) = within {
                        visit(E(within));
                    }
                }
                ExprKind::Parallel(branches) => {
                    for branch in branches {
                        visit(E(&$($mutable)? branch.body));
                    }
                }
                ExprKind::ParallelFor {
                    generators,
                    wheres,
                    at_once,
                    branch,
                    ..
                } => {
                    if let Some(at_once) = at_once {
                        visit(E(at_once));
                    }
                    sources(generators, visit);
                    for condition in wheres {
                        visit(E(condition));
                    }
                    visit(E(&$($mutable)? branch.body));
                }
                ExprKind::Send { message, after } => {
                    match message {
                        Message::Function { args, .. } => arguments(args, span, visit),
                        Message::Handler { target, args, .. } => {
                            if let Some(target) = target {
                                visit(E(target));
                            }
                            arguments(args, span, visit);
                        }
                        Message::Event { target, args, .. } => {
                            if let Some(target) = target {
                                visit(E(target));
                            }
                            for arg in args {
                                visit(E(arg));
                            }
                        }
                    }
                    if let Some(after) = after {
                        visit(E(after));
                    }
                }
                ExprKind::PushUndo { compensation, .. } => {
                    visit(E(&$($mutable)? compensation.body))
                }
                ExprKind::Mock { answer, .. } => visit(E(&$($mutable)? answer.body)),
                ExprKind::Merge { path, value, .. } => {
                    for step in path {
                        if let MergeStep::Key(key) = step {
                            visit(E(key));
                        }
                    }
                    if let Some(value) = value {
                        visit(E(value));
                    }
                }
                ExprKind::Scratch(scratch) => match &$($mutable)? scratch.code {
                    ScratchCode::Whole(lambda) => visit(E(&$($mutable)? lambda.body)),
                    ScratchCode::Tasks { source, each, finish } => {
                        if let ScratchSource::List(lambda) = source {
                            visit(E(&$($mutable)? lambda.body));
                        }
                        visit(E(&$($mutable)? each.body));
                        if let Some(finish) = finish {
                            visit(E(&$($mutable)? finish.lambda.body));
                        }
                    }
                },
            }
        }
    };
}

parts!(parts, Part, "looks at");
parts!(parts_mut, PartMut, "changes", mut);

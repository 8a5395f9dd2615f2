//! Where bodies stand: functions, initial values, rules, constants, tests.

use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, FnBody, MemberKind};

pub use super::view::view;
use super::{BodyCx, Fails, hole, order};
use crate::again::Again;
use crate::hir::*;
use crate::scope::{Cx, Progress, StreamPart};
use crate::walk;

/// What has bodies, by modules.
#[derive(Clone, Default)]
struct Parts {
    constants: Vec<ConstId>,
    functions: Vec<FnId>,
    entities: Vec<EntityId>,
    tests: Vec<usize>,
    views: Vec<ViewId>,
}

/// All modules, imported ones first; those for which nothing has changed are taken over.
pub fn check_all(cx: &mut Cx, again: &mut Again<'_>) {
    // Modules that need each other are as one.
    let order = again.order();
    let count = order.as_ref().map_or(1, Vec::len);
    let place = |span: Span| if count == 1 { 0 } else { again.module_of(span) };
    let mut parts = vec![Parts::default(); count];
    for (constant, id) in cx.program.constants.iter().zip((0..).map(ConstId)) {
        parts[place(constant.span)].constants.push(id);
    }
    for (function, id) in cx.program.functions.iter().zip((0..).map(FnId)) {
        parts[place(function.span)].functions.push(id);
    }
    for (at, entity) in cx.program.entities.iter().enumerate() {
        parts[place(entity.span)].entities.push(EntityId(at as u32));
    }
    for (at, test) in cx.program.tests.iter().enumerate() {
        parts[place(test.span)].tests.push(at);
    }
    for (at, view) in cx.program.views.iter().enumerate() {
        parts[place(view.span)].views.push(ViewId(at as u32));
    }
    match order {
        None => check_parts(cx, &parts[0]),
        Some(order) => {
            for module in order {
                if !again.take(cx, module) {
                    check_parts(cx, &parts[module]);
                }
                again.done(cx, module);
            }
        }
    }
    super::field_defaults::check(cx);
}

/// Only the declaration around a place, and the types of constants.
pub fn check_around(cx: &mut Cx, place: Span) {
    let constants: Vec<ConstId> = (0..cx.constants.len() as u32).map(ConstId).collect();
    for id in order::constants(cx, &constants) {
        constant(cx, id);
    }
    let within = |start: Span, end: Span| {
        start.file == place.file && start.start <= place.start && place.end <= end.end
    };
    let body = |decl: &ast::FnDecl| match &decl.body {
        FnBody::Block(block) => block.span,
        FnBody::Expr(e) => e.span,
    };
    let functions = cx.functions.iter();
    let functions = functions.map(|f| within(f.decl.name.span, body(&f.decl)));
    if let Some(at) = functions
        .collect::<Vec<_>>()
        .iter()
        .position(|found| *found)
    {
        return function(cx, FnId(at as u32));
    }
    let mut tests = cx.tests.iter();
    if let Some(at) = tests.position(|test| within(test.name.span, test.body.span)) {
        return test(cx, at);
    }
    let mut views = cx.views.iter();
    if let Some(at) = views.position(|(decl, _)| within(decl.name.span, decl.value.span)) {
        return view(cx, ViewId(at as u32));
    }
    let mut entities = cx.entities.iter();
    let holds = |decl: &std::sync::Arc<ast::EntityDecl>| {
        let last = decl.members.last();
        last.is_some_and(|last| within(decl.name.span, last.span))
    };
    if let Some(at) = entities.position(holds) {
        entity(cx, EntityId(at as u32));
    }
}

fn check_parts(cx: &mut Cx, parts: &Parts) {
    for id in order::constants(cx, &parts.constants) {
        constant(cx, id);
    }
    for id in order::functions(cx, &parts.functions) {
        match cx.program.function(id).implementation {
            Implementation::Intrinsic(_) => built_in(cx, id),
            Implementation::Body(_) => function(cx, id),
        }
    }
    for id in &parts.entities {
        entity(cx, *id);
    }
    for at in &parts.tests {
        test(cx, *at);
    }
    for id in &parts.views {
        view(cx, *id);
    }
}

/// What is built in has no body to check, but it may have defaults.
fn built_in(cx: &mut Cx, id: FnId) {
    let decl = cx.functions[id.0 as usize].decl.clone();
    let signature = cx.program.function(id).clone();
    defaults(cx, id, &decl, &signature);
}

/// Checks a function's body unless that was done; needed early where its failures are worked out.
pub fn function(cx: &mut Cx, id: FnId) {
    let at = id.0 as usize;
    match cx.functions[at].progress {
        Progress::Done => return,
        Progress::Running => {
            cx.recursive.insert(id);
            return;
        }
        Progress::Waiting => cx.functions[at].progress = Progress::Running,
    }
    let decl = cx.functions[at].decl.clone();
    let outer = cx.enter(decl.name.span);
    let infers = cx.functions[at].infers_fails;
    let signature = cx.program.functions[at].clone();
    defaults(cx, id, &decl, &signature);

    let source = &cx.functions[at];
    let fails = match (infers, source.is_tick, source.of_stream) {
        (true, ..) => Fails::Inferred(Vec::new()),
        (false, false, None) => Fails::Declared(signature.fails.clone()),
        (false, true, _) => Fails::Never("what `every` does"),
        (false, _, Some(StreamPart::Consumer)) => Fails::Never("what `on` does"),
        (false, _, Some(StreamPart::Other)) => Fails::Never("what is worked out from an entry"),
    };
    let mut body = parameters(cx, &decl, &signature, signature.params.len(), fails);
    body.ret = Some(signature.ret.clone());
    body.fails_place = super::FailsPlace::of(&decl);
    body.function = infers.then_some(id);
    let root = match &decl.body {
        FnBody::Block(block) => {
            let root = body.block(block, Some(&signature.ret));
            body.result_of_block(
                root,
                block,
                &signature.ret,
                decl.ret.as_ref().map(|t| t.span),
            )
        }
        FnBody::Expr(e) => body.value(e, &signature.ret),
    };
    let recursive_try = body.recursive_try;
    let (body, fails) = body.finish(root);
    if let Fails::Inferred(found) = fails {
        if let (Some(span), true) = (recursive_try, found.is_empty()) {
            let d = Diagnostic::new(codes::E0402, span, "`?` on a call that cannot fail");
            let sign = Span::new(span.file, span.end - 1, span.end);
            cx.report(
                d.label("cannot fail")
                    .help("remove the `?`")
                    .certain_fix("remove the `?`", vec![(sign, String::new())]),
            );
        }
        if !found.is_empty() && cx.recursive.contains(&id) {
            let names: Vec<String> = found
                .iter()
                .map(|e| cx.program.errors[e.0 as usize].name.clone())
                .collect();
            cx.report(
                Diagnostic::new(
                    codes::E0403,
                    decl.name.span,
                    format!(
                        "`{}` calls itself and may fail, so it has to say with what",
                        decl.name
                    ),
                )
                .label("what it fails with cannot be worked out")
                .help(format!("add `fails {}` to its signature", names.join(", "))),
            );
        }
        cx.program.functions[at].fails = found;
    }
    cx.program.functions[at].implementation = Implementation::Body(Arc::new(body));
    cx.functions[at].progress = Progress::Done;
    cx.enter_module(outer);
}

/// A body context with the keys and the first `count` parameters declared.
fn parameters<'a>(
    cx: &'a mut Cx,
    decl: &ast::FnDecl,
    signature: &Function,
    count: usize,
    fails: Fails,
) -> BodyCx<'a> {
    let mut body = BodyCx::new(cx, fails);
    body.is_prelude = signature.is_prelude;
    body.type_params = decl.type_params.clone();
    if let Some(entity) = signature.entity {
        body = body.with_keys(entity);
    }
    for (field, param) in decl.params.iter().zip(&signature.params).take(count) {
        let id = body.declare(&param.name, param.ty.clone(), false, field.name.span);
        body.used[id.0 as usize] = true;
    }
    body
}

fn defaults(cx: &mut Cx, id: FnId, decl: &ast::FnDecl, signature: &Function) {
    for (at, field) in decl.params.iter().enumerate() {
        let Some(default) = &field.default else {
            continue;
        };
        let mut body = parameters(cx, decl, signature, at, Fails::Never("a default"));
        let root = body.expr_of(default, &signature.params[at].ty);
        let (body, _) = body.finish(root);
        function_in_default(cx, &body, default.span);
        cx.program.functions[id.0 as usize].params[at].default = Some(body);
    }
}

/// A default is worked out by itself, where a function that is passed is not known.
fn function_in_default(cx: &mut Cx, body: &Body, span: Span) {
    let mut uses = false;
    walk::all(&body.root, &mut |e| match &e.kind {
        ExprKind::CallParam { .. } => uses = true,
        ExprKind::Call { args, .. } | ExprKind::CallHandler { args, .. } => {
            uses |= args.iter().any(|arg| matches!(arg, Arg::Param(_)));
        }
        _ => {}
    });
    if uses {
        cx.report(
            Diagnostic::new(
                codes::E0405,
                span,
                "a default cannot use a function that is passed",
            )
            .label("not known here")
            .help("make the parameter optional, and work this out in the body where it is `None`"),
        );
    }
}

/// Checks a constant unless that was done.
pub fn constant(cx: &mut Cx, id: ConstId) {
    let at = id.0 as usize;
    let (decl, progress) = cx.constants[at].clone();
    match progress {
        Progress::Done => return,
        Progress::Running => {
            cx.report(
                Diagnostic::new(
                    codes::E0507,
                    decl.name.span,
                    format!("the value of `{}` depends on itself", decl.name),
                )
                .label("leads back here")
                .help("write the value out"),
            );
            return;
        }
        Progress::Waiting => cx.constants[at].1 = Progress::Running,
    }
    let outer = cx.enter(decl.name.span);
    let declared = cx.program.constants[at].ty.clone();
    let mut body = BodyCx::new(cx, Fails::Never("a constant"));
    let root = if decl.ty.is_some() {
        body.expr_of(&decl.value, &declared)
    } else {
        let found = body.expr(&decl.value, None);
        let ty = found.ty.clone();
        body.fit(found, &ty, None)
    };
    let (body, _) = body.finish(root);
    cx.program.constants[at].ty = if decl.ty.is_some() {
        declared
    } else {
        body.root.ty.clone()
    };
    cx.program.constants[at].body = body;
    cx.constants[at].1 = Progress::Done;
    cx.enter_module(outer);
}

fn entity(cx: &mut Cx, id: EntityId) {
    let at = id.0 as usize;
    let decl = cx.entities[at].clone();
    cx.enter(decl.name.span);
    let mut field = 0;
    for member in &decl.members {
        match &member.kind {
            MemberKind::State(state) => {
                let ty = cx.program.entities[at].fields[field].ty.clone();
                if matches!(ty, Type::Fn(..)) {
                    cx.report(
                        Diagnostic::new(
                            codes::E0405,
                            state.ty.span,
                            "a function cannot be kept in state",
                        )
                        .label("not data")
                        .help("keep data that says what to do"),
                    );
                }
                let mut body = BodyCx::new(cx, Fails::Never("an initial value")).with_keys(id);
                let root = match &state.init {
                    Some(init) => body.expr_of(init, &ty),
                    None => body.initial(&ty, state),
                };
                let (body, _) = body.finish(root);
                cx.program.entities[at].fields[field].init = body;
                field += 1;
            }
            MemberKind::Invariant(e) => {
                let rule = rule(cx, id, e, "an invariant");
                cx.program.entities[at].invariants.push(rule);
            }
            MemberKind::Allow(e) => {
                let rule = rule(cx, id, e, "`allow`");
                cx.program.entities[at].allows.push(rule);
            }
            MemberKind::Merge(merge) => {
                let ty = cx.program.entities[at].fields[field].ty.clone();
                let mut body = BodyCx::new(cx, Fails::Never("an initial value")).with_keys(id);
                let root = body.bottom(&ty, merge.name.span);
                let (body, _) = body.finish(root);
                cx.program.entities[at].fields[field].init = body;
                field += 1;
            }
            MemberKind::Fn(_) | MemberKind::Event(_) | MemberKind::Hole => {}
        }
    }
}

fn rule(cx: &mut Cx, entity: EntityId, e: &ast::Expr, place: &'static str) -> Body {
    let mut body = BodyCx::new(cx, Fails::Never(place)).with_keys(entity);
    let root = body.scoped(|b| b.expr_of(e, &Type::Bool));
    body.finish(root).0
}

fn test(cx: &mut Cx, at: usize) {
    let decl = cx.tests[at].clone();
    cx.enter(decl.name.span);
    let params = cx.program.tests[at].params.clone();
    let mut body = BodyCx::new(cx, Fails::Inferred(Vec::new()));
    body.in_test = true;
    body.ret = Some(Type::Unit);
    for (field, param) in decl.params.iter().flatten().zip(params) {
        body.declare(&param.name, param.ty, false, field.name.span);
    }
    let root = body.block(&decl.body, Some(&Type::Unit));
    let root = body.fit(root, &Type::Unit, None);
    let (body, fails) = body.finish(root);
    cx.program.tests[at].body = Arc::new(body);
    if let Fails::Inferred(found) = fails {
        cx.program.tests[at].fails = found;
    }
}

impl BodyCx<'_> {
    /// What state without `=` starts as, where that is obvious.
    fn initial(&mut self, ty: &Type, state: &ast::StateDecl) -> Expr {
        let span = state.name.span;
        let kind = match ty {
            Type::Option(_) => ExprKind::None,
            Type::List(_) => ExprKind::List(Vec::new()),
            Type::Set(item) => {
                let list = super::node(ExprKind::List(Vec::new()), Type::List(item.clone()), span);
                return self.set_of(list, (**item).clone());
            }
            Type::Map(..) => ExprKind::Map(Vec::new()),
            Type::Unknown => return hole(span),
            _ => {
                let shown = self.show(ty);
                self.report(
                    Diagnostic::new(
                        codes::E0504,
                        span,
                        format!("the state `{}` does not say what it starts as", state.name),
                    )
                    .label("no initial value")
                    .help(format!("write `state {}: {shown} = ..`", state.name)),
                );
                return hole(span);
            }
        };
        super::node(kind, ty.clone(), span)
    }
}

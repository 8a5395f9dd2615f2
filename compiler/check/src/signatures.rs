//! What declarations say: types of fields, parameters and results, `fails`, attributes.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use crate::as_step;
use crate::budget;
use crate::counts::{Between, Counts, numbers};
use crate::endless;
use crate::externs;
use crate::hir::*;
use crate::lattices;
use crate::routes;
use crate::scope::Cx;
use crate::streams;
use crate::types::{alias, error_named, merging_ty, ty};
use crate::workflows;

/// Of everything that is declared.
pub fn resolve(cx: &mut Cx) {
    let all = cx.counts();
    resolve_between(cx, &[(Counts::default(), all)]);
}

/// Of what is declared between counts; what stands in front and behind is known already, where there is something.
pub fn resolve_between(cx: &mut Cx, between: &[Between]) {
    cx.written_types = Some(Vec::new());
    for at in numbers(between, |counts| counts.aliases) {
        alias(cx, at, &mut Vec::new());
    }
    for at in numbers(between, |counts| counts.news) {
        if let Some(decl) = cx.news[at].clone() {
            cx.enter(decl.name.span);
            cx.program.news[at].base = ty(cx, &decl.ty, &decl.type_params);
        }
    }
    for at in numbers(between, |counts| counts.records) {
        let decl = cx.records[at].clone();
        cx.enter(decl.name.span);
        cx.program.records[at].fields = fields_as(cx, &decl.fields, &decl.type_params, merging_ty);
    }
    lattices::records(cx, numbers(between, |counts| counts.records));
    for at in numbers(between, |counts| counts.errors) {
        let decl = cx.errors[at].clone();
        cx.enter(decl.name.span);
        cx.program.errors[at].fields = fields(cx, &decl.fields, &[]);
        let attrs = cx.error_attrs[at].clone();
        let is_prelude = at < cx.prelude_errors;
        if let Some(status) = status(cx, &attrs, is_prelude) {
            cx.program.errors[at].status = status;
        }
    }
    for at in numbers(between, |counts| counts.enums) {
        let decl = cx.enums[at].clone();
        cx.enter(decl.name.span);
        let mut seen: Vec<&ast::Ident> = Vec::new();
        for variant in &decl.variants {
            if let Some(first) = seen.iter().find(|s| s.name == variant.name.name) {
                let found = Diagnostic::new(
                    codes::E0203,
                    variant.name.span,
                    format!("the variant `{}` is declared twice", variant.name),
                );
                cx.report(
                    found
                        .label("again here")
                        .secondary(first.span, "first here")
                        .help("rename one of them"),
                );
            }
            seen.push(&variant.name);
            let variant = Variant {
                name: variant.name.name.clone(),
                fields: fields(cx, &variant.fields, &decl.type_params),
                span: variant.name.span,
            };
            cx.program.enums[at].variants.push(variant);
        }
    }
    // Of a part nothing is asked that the whole was not asked before.
    if between.iter().any(|(start, _)| *start == Counts::default()) {
        endless::check(cx);
    }
    for at in numbers(between, |counts| counts.entities) {
        cx.enter(cx.entities[at].name.span);
        entity(cx, at);
    }
    for at in numbers(between, |counts| counts.functions) {
        cx.enter(cx.functions[at].decl.name.span);
        function(cx, at);
    }
    for at in numbers(between, |counts| counts.constants) {
        let decl = cx.constants[at].0.clone();
        cx.enter(decl.name.span);
        if let Some(written) = &decl.ty {
            cx.program.constants[at].ty = ty(cx, written, &[]);
        }
    }
    for at in numbers(between, |counts| counts.tests) {
        let decl = cx.tests[at].clone();
        cx.enter(decl.name.span);
        let params = decl.params.as_deref().unwrap_or_default();
        for default in params.iter().filter_map(|field| field.default.as_ref()) {
            no_default(
                cx,
                default.span,
                "what a test is given",
                "leave it out: the test is run with many values",
            );
        }
        cx.program.tests[at].params = fields(cx, params, &[]);
    }
    externs::resolve(cx, numbers(between, |counts| counts.externs));
    streams::resolve(cx, between);
    lattices::check_places(cx);
}

fn entity(cx: &mut Cx, at: usize) {
    let decl = cx.entities[at].clone();
    if decl.keys.is_empty() {
        cx.report(
            Diagnostic::new(
                codes::E0504,
                decl.name.span,
                format!("the entity `{}` has no key", decl.name),
            )
            .label("needs at least one key")
            .help(format!(
                "write what tells one from another: `entity {}(id: Text)`",
                decl.name
            )),
        );
    }
    cx.program.entities[at].keys = fields(cx, &decl.keys, &[]);
    for (key, resolved) in decl.keys.iter().zip(cx.program.entities[at].keys.clone()) {
        if !can_be_key(cx, &resolved.ty) {
            cx.report(
                Diagnostic::new(codes::E0504, key.ty.span, "this type cannot be a key")
                    .label("not a key")
                    .help("keys are made of Bool, Int, Decimal, Text, Bytes, Time, Duration, Date, Money, `new` types and tuples of them"),
            );
        }
        if let Some(default) = &key.default {
            no_default(
                cx,
                default.span,
                "a key",
                "leave it out: whoever names an instance gives its whole key",
            );
        }
    }
    workflows::resolve(cx, EntityId(at as u32), &decl);
    let mut next = 0;
    for member in &decl.members {
        let resolved = match &member.kind {
            ast::MemberKind::State(state) => ty(cx, &state.ty, &[]),
            ast::MemberKind::Merge(merge) => {
                let (resolved, lattice) = lattices::of_field(cx, merge);
                cx.program.entities[at].fields[next].merge = lattice;
                resolved
            }
            _ => continue,
        };
        cx.program.entities[at].fields[next].ty = resolved;
        next += 1;
        for attr in &member.attrs {
            if attr.name.as_str() == "keep" {
                let keep = as_step::reason(cx, attr);
                cx.program.entities[at].fields[next - 1].keep = keep;
                continue;
            }
            cx.attribute_later(attr, "on state");
        }
    }
}

/// Says that what stands here always has a value.
pub fn no_default(cx: &mut Cx, place: Span, what: &str, help: &str) {
    let message = format!("{what} has no default");
    let found = Diagnostic::new(codes::E0508, place, message);
    cx.report(found.label("never used").help(help));
}

pub fn can_be_key(cx: &Cx, ty: &Type) -> bool {
    match ty {
        Type::Bool
        | Type::Int
        | Type::Decimal
        | Type::Text
        | Type::Bytes
        | Type::Time
        | Type::Duration
        | Type::Date
        | Type::Money
        | Type::Unknown => true,
        Type::New(id, args) => can_be_key(cx, &cx.program.base(*id, args)),
        Type::Tuple(fields) => fields.iter().all(|f| can_be_key(cx, &f.ty)),
        _ => false,
    }
}

fn function(cx: &mut Cx, at: usize) {
    if cx.functions[at].of_stream.is_some() {
        // Its types are those of the stream.
        return;
    }
    let decl = cx.functions[at].decl.clone();
    let attrs = cx.functions[at].attrs.clone();
    let entity = cx.program.functions[at].entity;
    let from_outside = entity.is_some() || decl.is_pub.is_some();
    if from_outside && !decl.type_params.is_empty() && !cx.program.functions[at].is_prelude {
        let place = decl.type_params[0].span;
        let message = match entity {
            Some(_) => "a function of an entity takes no type parameters",
            None => "a `pub` function takes no type parameters",
        };
        cx.report(
            Diagnostic::new(codes::E0508, place, message)
                .label("called from outside, where nobody chooses a type")
                .help("name the types, and put what is the same for all of them into a plain `fn`"),
        );
    }
    let mut params: Vec<Param> = Vec::new();
    for field in &decl.params {
        if let Some(first) = decl
            .params
            .iter()
            .take(params.len())
            .find(|p| p.name.name == field.name.name)
        {
            let found = Diagnostic::new(
                codes::E0203,
                field.name.span,
                format!("`{}` is a parameter twice", field.name),
            );
            cx.report(
                found
                    .label("again here")
                    .secondary(first.name.span, "first here")
                    .help("rename one of them"),
            );
        }
        for attr in &field.attrs {
            cx.attribute_later(attr, "on a parameter");
        }
        let resolved = ty(cx, &field.ty, &decl.type_params);
        let is_fn = matches!(resolved, Type::Fn(..));
        if is_fn && (decl.is_pub.is_some() || entity.is_some()) {
            cx.report(
                Diagnostic::new(
                    codes::E0405,
                    field.ty.span,
                    "a function cannot come from outside",
                )
                .label("only plain functions that are not `pub` take functions")
                .help("take data, and choose what to do inside"),
            );
        }
        params.push(Param {
            name: field.name.name.clone(),
            ty: resolved,
            default: None,
        });
    }
    let ret = match &decl.ret {
        Some(written) => ty(cx, written, &decl.type_params),
        None => Type::Unit,
    };
    let mut fails = Vec::new();
    for path in &decl.fails {
        match error_named(cx, path) {
            Some(id) => fails.push(id),
            // What it fails with is not known, so nobody is told that he should not.
            None => cx.functions[at].infers_fails = true,
        }
    }
    fails.sort();
    fails.dedup();
    routes::read(cx, FnId(at as u32), &attrs);
    let as_step = as_step::read(cx, &attrs);
    let is_started = decl.is_pub.is_some() || is_run(cx, entity, decl.name.as_str());
    let budget = budget::read(cx, &attrs, is_started);
    let others: Vec<ast::Attr> = attrs
        .iter()
        .filter(|attr| !as_step::is_one(attr) && !budget::is_one(attr) && !routes::is_route(attr))
        .cloned()
        .collect();
    let is_prelude = cx.program.functions[at].is_prelude;
    let (access, intrinsic) = attributes(cx, &others, decl.is_pub, is_prelude);
    let function = &mut cx.program.functions[at];
    function.params = params;
    function.ret = ret;
    function.fails = fails;
    function.access = access;
    function.as_step = as_step;
    function.budget = budget;
    if let Some(name) = intrinsic {
        function.implementation = Implementation::Intrinsic(name);
        cx.functions[at].progress = crate::scope::Progress::Done;
    }
}

/// Whether a function is the `run` of a workflow.
fn is_run(cx: &Cx, entity: Option<EntityId>, name: &str) -> bool {
    let of = entity.and_then(|e| cx.program.entity(e).workflow.as_ref());
    of.is_some() && name == "run"
}

/// Reads the attributes of a function: who may call it, and whether it is built in.
pub fn attributes(
    cx: &mut Cx,
    attrs: &[ast::Attr],
    is_pub: Option<Span>,
    is_prelude: bool,
) -> (Access, Option<String>) {
    let mut access = Access::Allow;
    let mut intrinsic = None;
    contradiction(cx, attrs);
    for attr in attrs {
        match attr.name.as_str() {
            "intrinsic" if is_prelude => intrinsic = text_arg(attr),
            // `collect` has seen to it.
            "module" if is_prelude => {}
            "anyone" | "role" if is_pub.is_none() => cx.report(
                Diagnostic::new(
                    codes::E0508,
                    attr.span,
                    format!(
                        "`@{}` says who may call from outside, but this is not `pub`",
                        attr.name
                    ),
                )
                .label("nobody can call it from outside")
                .help("write `pub fn`, or remove the attribute"),
            ),
            "anyone" => access = Access::Anyone,
            "role" => match text_arg(attr) {
                Some(role) => match &mut access {
                    Access::Roles(roles) => roles.push(role),
                    Access::Anyone => {}
                    Access::Allow => access = Access::Roles(vec![role]),
                },
                None => cx.report(
                    Diagnostic::new(codes::E0508, attr.span, "`@role` needs the name of a role")
                        .label("no role named")
                        .help(match attr.args.as_slice() {
                            [
                                ast::Arg {
                                    value:
                                        ast::Expr {
                                            kind: Ast::Var(name),
                                            ..
                                        },
                                    ..
                                },
                            ] => {
                                format!("it is a text: write `@role(\"{name}\")`")
                            }
                            _ => "write `@role(\"teller\")`".to_owned(),
                        }),
                ),
            },
            _ => cx.attribute_later(attr, "here"),
        }
    }
    (access, intrinsic)
}

/// `@anyone` and `@role` on one thing: one of them is not meant, and which one nobody can know.
fn contradiction(cx: &mut Cx, attrs: &[ast::Attr]) {
    let find = |name: &str| attrs.iter().find(|attr| attr.name.as_str() == name);
    if let (Some(anyone), Some(role)) = (find("anyone"), find("role")) {
        cx.report(
            Diagnostic::new(
                codes::E0508,
                anyone.span,
                "`@anyone` and `@role` contradict each other",
            )
            .label("lets in everybody")
            .secondary(role.span, "lets in whoever has the role")
            .help("take one of them away"),
        );
    }
}

/// The one text an attribute is given.
pub fn text_arg(attr: &ast::Attr) -> Option<String> {
    match attr.args.as_slice() {
        [
            ast::Arg {
                value:
                    ast::Expr {
                        kind: Ast::Text(text),
                        ..
                    },
                ..
            },
        ] => Some(text.clone()),
        _ => None,
    }
}

/// The status of a reply that fails so; only the runtime's own failures may say that the server is at fault.
fn status(cx: &mut Cx, attrs: &[ast::Attr], is_prelude: bool) -> Option<u16> {
    let mut found = None;
    let max = if is_prelude { 599 } else { 499 };
    for attr in attrs {
        if attr.name.as_str() != "status" {
            cx.attribute_later(attr, "on an error");
            continue;
        }
        match attr.args.as_slice() {
            [
                ast::Arg {
                    value:
                        ast::Expr {
                            kind: Ast::Int(n @ 400..),
                            ..
                        },
                    ..
                },
            ] if *n <= max => found = Some(*n as u16),
            _ => cx.report(
                Diagnostic::new(
                    codes::E0508,
                    attr.span,
                    "`@status` takes one number from 400 to 499",
                )
                .label("not a status of a refusal")
                .help("write `@status(409)`"),
            ),
        }
    }
    found
}

/// Fields with their types; `params` are the type parameters in scope.
pub fn fields(cx: &mut Cx, decls: &[ast::Field], params: &[ast::Ident]) -> Vec<NamedType> {
    fields_as(cx, decls, params, ty)
}

fn fields_as(
    cx: &mut Cx,
    decls: &[ast::Field],
    params: &[ast::Ident],
    ty: fn(&mut Cx, &ast::Type, &[ast::Ident]) -> Type,
) -> Vec<NamedType> {
    let mut out: Vec<NamedType> = Vec::new();
    for field in decls {
        if out.iter().any(|f| f.name == field.name.name) {
            let first = decls
                .iter()
                .find(|f| f.name.name == field.name.name)
                .map_or(field.name.span, |f| f.name.span);
            let found = Diagnostic::new(
                codes::E0203,
                field.name.span,
                format!("the field `{}` is declared twice", field.name),
            );
            cx.report(
                found
                    .label("again here")
                    .secondary(first, "first here")
                    .help("rename one of them"),
            );
        }
        for attr in &field.attrs {
            cx.attribute_later(attr, "here");
        }
        let resolved = ty(cx, &field.ty, params);
        if let Type::Fn(..) = resolved {
            cx.report(
                Diagnostic::new(
                    codes::E0405,
                    field.ty.span,
                    "a function cannot be kept in a value",
                )
                .label("not data")
                .help("keep data that says what to do, and decide where it is used"),
            );
        }
        out.push(NamedType {
            name: field.name.name.clone(),
            ty: resolved,
        });
    }
    out
}

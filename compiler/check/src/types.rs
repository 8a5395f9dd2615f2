//! Types as written become types.

use weir_diagnostics::{Diagnostic, codes};
use weir_syntax::ast::{self, TypeKind};

use crate::collect::{BUILTIN_TYPES, LATER_TYPES};
use crate::copies::TYPE_PARTS_MAX;
use crate::hir::*;
use crate::lattices;
use crate::meanings::Def;
use crate::messages::{did_you_mean, meant};
use crate::modules;
use crate::scope::{Cx, TypeName};

/// The error a `fails` clause names.
pub fn error_named(cx: &mut Cx, path: &ast::TypePath) -> Option<ErrorId> {
    let found = match path.module.is_empty() {
        true => cx.names.types.get(&path.name.name).copied(),
        false => Some((modules::type_in(cx, path)?, path.span)),
    };
    match &found {
        Some((TypeName::Error(id), _)) => {
            let id = *id;
            cx.means(path.name.span, Def::Error(id));
            Some(id)
        }
        Some((TypeName::Later, _)) => None,
        Some((_, declared)) => {
            let declared = *declared;
            cx.report(
                Diagnostic::new(
                    codes::E0404,
                    path.span,
                    format!("`{}` is not an error", path.name),
                )
                .label("`fails` takes errors")
                .secondary(declared, "declared here")
                .help(format!("declare it with `error {}` instead", path.name)),
            );
            None
        }
        None => {
            let names: Vec<String> = cx.program.errors.iter().map(|e| e.name.clone()).collect();
            let found = Diagnostic::new(
                codes::E0202,
                path.span,
                format!("there is no error `{}`", path.name),
            )
            .label("not declared");
            if let Some(elsewhere) = modules::elsewhere(cx, &path.name) {
                cx.report(elsewhere.help(found));
                return None;
            }
            let known = names.iter().map(String::as_str);
            let found = did_you_mean(found, path.name.span, path.name.as_str(), known);
            cx.report(found.or(|found| found.help(format!("declare it: `error {}`", path.name))));
            None
        }
    }
}

/// What a `type Name = ..` stands for, with its type parameters open; `running` are those being worked out.
pub fn alias(cx: &mut Cx, at: usize, running: &mut Vec<usize>) -> Type {
    if let Some(known) = &cx.aliases[at].1 {
        return known.clone();
    }
    let decl = cx.aliases[at].0.clone();
    if running.contains(&at) {
        cx.report(
            Diagnostic::new(codes::E0507, decl.ty.span, "this type is defined by itself")
                .label("leads back here")
                .help("name an existing type, or declare a `record` or `enum`"),
        );
        return Type::Unknown;
    }
    running.push(at);
    let outer = cx.enter(decl.name.span);
    let found = resolve_type(cx, &decl.ty, &decl.type_params, running);
    cx.enter_module(outer);
    running.pop();
    cx.aliases[at].1 = Some(found.clone());
    found
}

/// Resolves a type as written; `params` are the type parameters in scope.
pub fn ty(cx: &mut Cx, written: &ast::Type, params: &[ast::Ident]) -> Type {
    let found = resolve_type(cx, written, params, &mut Vec::new());
    lattices::written(cx, written.span, &found);
    found
}

/// The same where what merges may stand: behind `merge`, and in a record.
pub fn merging_ty(cx: &mut Cx, written: &ast::Type, params: &[ast::Ident]) -> Type {
    resolve_type(cx, written, params, &mut Vec::new())
}

fn resolve_type(
    cx: &mut Cx,
    written: &ast::Type,
    params: &[ast::Ident],
    running: &mut Vec<usize>,
) -> Type {
    match &written.kind {
        TypeKind::Hole => Type::Unknown,
        TypeKind::Optional(inner) => Type::option(data(cx, inner, params, running)),
        TypeKind::Tuple(fields) if fields.is_empty() => Type::Unit,
        TypeKind::Tuple(fields) => Type::Tuple(
            fields
                .iter()
                .map(|f| TupleField {
                    name: f.label.as_ref().map(|l| l.name.clone()),
                    ty: data(cx, &f.ty, params, running),
                })
                .collect(),
        ),
        TypeKind::Fn { params: from, ret } => Type::Fn(
            from.iter()
                .map(|t| resolve_type(cx, t, params, running))
                .collect(),
            Box::new(resolve_type(cx, ret, params, running)),
        ),
        TypeKind::Path { path, args } => {
            let args: Vec<Type> = args.iter().map(|t| data(cx, t, params, running)).collect();
            named(cx, path, args, params, running)
        }
    }
}

/// A type inside another: of something that is kept.
fn data(cx: &mut Cx, written: &ast::Type, params: &[ast::Ident], running: &mut Vec<usize>) -> Type {
    match resolve_type(cx, written, params, running) {
        Type::Fn(..) => {
            let message = "a function cannot be kept in a value";
            let found = Diagnostic::new(codes::E0405, written.span, message);
            cx.report(
                found
                    .label("not data")
                    .help("keep data that says what to do, and decide where it is used"),
            );
            Type::Unknown
        }
        found => found,
    }
}

/// Makes a type of its arguments, of which there are as many as it takes.
type MakeType = fn(Vec<Type>) -> Type;

fn named(
    cx: &mut Cx,
    path: &ast::TypePath,
    args: Vec<Type>,
    params: &[ast::Ident],
    running: &mut Vec<usize>,
) -> Type {
    if !path.module.is_empty() {
        return match modules::type_in(cx, path) {
            Some(found) => applied(cx, path, found, args, running),
            None => Type::Unknown,
        };
    }
    let name = path.name.as_str();
    if let Some(i) = params.iter().position(|p| p.name == name) {
        cx.means(path.name.span, Def::TypeParam(params[i].span));
        return match takes(cx, path, 0, args.len()) {
            true => Type::Param(i as u32),
            false => Type::Unknown,
        };
    }
    if let Some(name) = BUILTIN_TYPES.iter().find(|known| **known == name) {
        cx.means(path.name.span, Def::Builtin(name));
    }
    if name == "Run" {
        return run_type(cx, path, args);
    }
    let builtin: Option<(usize, MakeType)> = match name {
        "Bool" => Some((0, |_| Type::Bool)),
        "Int" => Some((0, |_| Type::Int)),
        "Decimal" => Some((0, |_| Type::Decimal)),
        "Float" => Some((0, |_| Type::Float)),
        "Text" => Some((0, |_| Type::Text)),
        "Bytes" => Some((0, |_| Type::Bytes)),
        "Time" => Some((0, |_| Type::Time)),
        "Duration" => Some((0, |_| Type::Duration)),
        "Date" => Some((0, |_| Type::Date)),
        "Money" => Some((0, |_| Type::Money)),
        "Ticket" => Some((0, |_| Type::Ticket)),
        "Blob" => Some((0, |_| Type::Blob)),
        "List" => Some((1, |mut args| Type::list(args.remove(0)))),
        "Set" => Some((1, |mut args| Type::Set(Box::new(args.remove(0))))),
        "Map" => Some((2, |mut args| {
            Type::Map(Box::new(args.remove(0)), Box::new(args.remove(0)))
        })),
        _ => None,
    };
    if let Some((wanted, make)) = builtin {
        return match takes(cx, path, wanted, args.len()) {
            true => make(args),
            false => Type::Unknown,
        };
    }
    match cx.names.types.get(name).map(|(t, _)| *t) {
        Some(found) => {
            cx.means_type(path.name.span, found);
            applied(cx, path, found, args, running)
        }
        None if name == "Result" => {
            cx.report(
                Diagnostic::new(codes::E0202, path.span, "`Result` is not written out")
                    .label("no type to write")
                    .help("write `-> Int fails NotFound`: a call of it is a value or a failure"),
            );
            Type::Unknown
        }
        None if LatticeKind::of_name(name).is_some() => lattice(cx, path, args),
        None if LATER_TYPES.contains(&name) => {
            cx.later(path.span, &format!("the type `{name}`"));
            Type::Unknown
        }
        None => {
            unknown_type(cx, path);
            Type::Unknown
        }
    }
}

/// One of the builtin types that merge; a program may have a name of these for something else.
fn lattice(cx: &mut Cx, path: &ast::TypePath, args: Vec<Type>) -> Type {
    let Some(kind) = LatticeKind::of_name(path.name.as_str()) else {
        return Type::Unknown;
    };
    cx.means(path.name.span, Def::Builtin(kind.name()));
    match takes(cx, path, kind.type_params().len(), args.len()) {
        true => Type::New(kind.id(), args),
        false => Type::Unknown,
    }
}

/// What is declared, with type arguments.
fn applied(
    cx: &mut Cx,
    path: &ast::TypePath,
    found: TypeName,
    args: Vec<Type>,
    running: &mut Vec<usize>,
) -> Type {
    let wanted = match found {
        TypeName::Record(id) => cx.records[id.0 as usize].type_params.len(),
        TypeName::Enum(id) => cx.enums[id.0 as usize].type_params.len(),
        TypeName::Alias(at) => cx.aliases[at].0.type_params.len(),
        TypeName::New(id) => {
            let decl = cx.news[id.0 as usize].as_ref();
            decl.map_or(0, |decl| decl.type_params.len())
        }
        TypeName::Error(_) | TypeName::Entity(_) => 0,
        TypeName::Later => return Type::Unknown,
    };
    if !takes(cx, path, wanted, args.len()) {
        return Type::Unknown;
    }
    match found {
        TypeName::Record(id) => Type::Record(id, args),
        TypeName::Error(id) => Type::Error(id),
        TypeName::Enum(id) => Type::Enum(id, args),
        TypeName::New(id) => Type::New(id, args),
        TypeName::Entity(id) => Type::Entity(id),
        TypeName::Alias(at) => {
            let open = alias(cx, at, running);
            // Each alias can double the one before.
            let of_param = |param: usize| args.get(param).map_or(1, |arg| arg.parts(&|_| 1));
            if open.parts(&of_param) > TYPE_PARTS_MAX {
                let message = format!("`{}` has more than {TYPE_PARTS_MAX} parts", path.name);
                let told = Diagnostic::new(codes::E0307, path.span, message);
                cx.report(
                    told.label("too large")
                        .help("declare a `record` for what belongs together, and use its name"),
                );
                return Type::Unknown;
            }
            open.substitute(&args)
        }
        TypeName::Later => Type::Unknown,
    }
}

/// Whether a type is given as many types as it takes; says so when not.
fn takes(cx: &mut Cx, path: &ast::TypePath, wanted: usize, found: usize) -> bool {
    if wanted == found {
        return true;
    }
    let name = &path.name;
    let all = |names: &[ast::Ident]| {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        format!("write `{name}<{}>`", names.join(", "))
    };
    let declared = cx.names.types.get(name.as_str()).map(|(found, _)| *found);
    let help = match (name.as_str(), declared) {
        _ if wanted == 0 => format!("write just `{name}`"),
        ("Map", _) => "write `Map<Key, Value>`".into(),
        ("MergeMap", _) => "write `MergeMap<Key, Counter>`".into(),
        ("List" | "Set", _) => format!("write `{name}<Item>`"),
        (_, Some(TypeName::Record(id))) => all(&cx.records[id.0 as usize].type_params),
        (_, Some(TypeName::Enum(id))) => all(&cx.enums[id.0 as usize].type_params),
        (_, Some(TypeName::Alias(at))) => all(&cx.aliases[at].0.type_params),
        _ => format!("write `{name}<..>` with {wanted} of them"),
    };
    let types = if wanted == 1 { "type" } else { "types" };
    let message = format!("`{name}` takes {wanted} {types}, found {found}");
    let told = Diagnostic::new(codes::E0302, path.span, message);
    cx.report(told.label("wrong number of types").help(help));
    false
}

/// `Run<T>`, `Run<T, Declined, Expired>`: a run and what it may fail with.
fn run_type(cx: &mut Cx, path: &ast::TypePath, args: Vec<Type>) -> Type {
    let mut args = args.into_iter();
    let gives = args.next();
    let errors: Option<Vec<ErrorId>> = args
        .map(|ty| match ty {
            Type::Error(id) => Some(id),
            _ => None,
        })
        .collect();
    match (gives, errors) {
        (Some(gives), Some(mut errors)) => {
            errors.sort();
            errors.dedup();
            Type::Run(Box::new(gives), errors)
        }
        _ => {
            cx.report(
                Diagnostic::new(
                    codes::E0302,
                    path.span,
                    "`Run` takes what the run gives, and then the errors it may fail with",
                )
                .label("not a type of runs")
                .help("write `Run<Text>`, or `Run<Text, Declined, Expired>`"),
            );
            Type::Unknown
        }
    }
}

fn unknown_type(cx: &mut Cx, path: &ast::TypePath) {
    let name = path.name.as_str();
    let found = Diagnostic::new(
        codes::E0202,
        path.span,
        format!("there is no type `{name}`"),
    )
    .label("not declared");
    let known: Vec<String> = cx
        .names
        .types
        .keys()
        .cloned()
        .chain(BUILTIN_TYPES.iter().map(|s| s.to_string()))
        .collect();
    let usual = weir_syntax::familiar::type_name(name).filter(|usual| *usual != name);
    if matches!(name, "Option" | "Optional" | "Maybe" | "Nullable") {
        return cx
            .report(found.help("a value that may be missing has a `?` after its type: `Int?`"));
    }
    if let Some(elsewhere) = modules::elsewhere(cx, &path.name) {
        return cx.report(elsewhere.help(found));
    }
    if let Some(what) = match name {
        "Stream" | "Topic" | "Queue" | "Channel" => {
            Some("a stream is declared with the type of an entry: `stream clicks: Click`")
        }
        "View" | "Table" => Some("a view is declared with its query: `view totals = for ..`"),
        _ => None,
    } {
        return cx.report(found.help(what));
    }
    let found = match usual {
        Some(usual) => meant(found, path.name.span, usual, true),
        None => did_you_mean(
            found,
            path.name.span,
            name,
            known.iter().map(String::as_str),
        ),
    };
    cx.report(found.or(|found| {
        found.help(format!(
            "declare it, for example `record {name}(..)` or `type {name} = new Text`"
        ))
    }));
}

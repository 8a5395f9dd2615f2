//! Types as written become types.

use weir_diagnostics::{Diagnostic, codes};
use weir_syntax::ast::{self, TypeKind};

use crate::collect::{BUILTIN_TYPES, LATER_TYPES};
use crate::hir::*;
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
        Some((TypeName::Error(id), _)) => Some(*id),
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

/// What a `type Name = ..` stands for; `running` are those being worked out.
pub fn alias(cx: &mut Cx, at: usize, running: &mut Vec<usize>) -> Type {
    if let Some(known) = &cx.aliases[at].1 {
        return known.clone();
    }
    let written = cx.aliases[at].0.clone();
    if running.contains(&at) {
        cx.report(
            Diagnostic::new(codes::E0507, written.span, "this type is defined by itself")
                .label("leads back here")
                .help("name an existing type, or declare a `record` or `enum`"),
        );
        return Type::Unknown;
    }
    running.push(at);
    let outer = cx.enter(written.span);
    let found = resolve_type(cx, &written, &[], running);
    cx.enter_module(outer);
    running.pop();
    cx.aliases[at].1 = Some(found.clone());
    found
}

/// Resolves a type as written; `params` are the type parameters in scope.
pub fn ty(cx: &mut Cx, written: &ast::Type, params: &[ast::Ident]) -> Type {
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
        TypeKind::Optional(inner) => Type::option(resolve_type(cx, inner, params, running)),
        TypeKind::Tuple(fields) if fields.is_empty() => Type::Unit,
        TypeKind::Tuple(fields) => Type::Tuple(
            fields
                .iter()
                .map(|f| TupleField {
                    name: f.label.as_ref().map(|l| l.name.clone()),
                    ty: resolve_type(cx, &f.ty, params, running),
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
            let args: Vec<Type> = args
                .iter()
                .map(|t| resolve_type(cx, t, params, running))
                .collect();
            named(cx, path, args, params, running)
        }
    }
}

fn named(
    cx: &mut Cx,
    path: &ast::TypePath,
    args: Vec<Type>,
    params: &[ast::Ident],
    running: &mut Vec<usize>,
) -> Type {
    if !path.module.is_empty() {
        let Some(found) = modules::type_in(cx, path) else {
            return Type::Unknown;
        };
        return match args.is_empty() {
            true => type_of(cx, found, running),
            false => takes_no_types(cx, path, args.len()),
        };
    }
    let name = path.name.as_str();
    let wanted = match name {
        "List" | "Set" => 1,
        "Map" => 2,
        _ => 0,
    };
    if let Some(i) = params.iter().position(|p| p.name == name) {
        return Type::Param(i as u32);
    }
    let builtin = match name {
        "Bool" => Some(Type::Bool),
        "Int" => Some(Type::Int),
        "Decimal" => Some(Type::Decimal),
        "Float" => Some(Type::Float),
        "Text" => Some(Type::Text),
        "Bytes" => Some(Type::Bytes),
        "Time" => Some(Type::Time),
        "Duration" => Some(Type::Duration),
        "Ticket" => Some(Type::Ticket),
        _ => None,
    };
    if name == "Run" {
        return run_type(cx, path, args);
    }
    let is_later = matches!(cx.names.types.get(name), Some((TypeName::Later, _)));
    if args.len() != wanted
        && !is_later
        && (wanted > 0 || builtin.is_some() || cx.names.types.contains_key(name))
    {
        let help = match name {
            "Map" => "write `Map<Key, Value>`".into(),
            "List" | "Set" => format!("write `{name}<Item>`"),
            _ => format!("write just `{name}`"),
        };
        cx.report(
            Diagnostic::new(
                codes::E0302,
                path.span,
                format!("`{name}` takes {wanted} types, found {}", args.len()),
            )
            .label("wrong number of types")
            .help(help),
        );
        return Type::Unknown;
    }
    let mut args = args.into_iter();
    match (name, args.next(), args.next()) {
        ("List", Some(t), _) => return Type::list(t),
        ("Set", Some(t), _) => return Type::Set(Box::new(t)),
        ("Map", Some(k), Some(v)) => return Type::Map(Box::new(k), Box::new(v)),
        _ => {}
    }
    if let Some(found) = builtin {
        return found;
    }
    match cx.names.types.get(name).map(|(t, _)| *t) {
        Some(found) => type_of(cx, found, running),
        None if name == "Result" => {
            cx.report(
                Diagnostic::new(codes::E0202, path.span, "`Result` is not written out")
                    .label("no type to write")
                    .help("write `-> Int fails NotFound`: a call of it is a value or a failure"),
            );
            Type::Unknown
        }
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

fn type_of(cx: &mut Cx, found: TypeName, running: &mut Vec<usize>) -> Type {
    match found {
        TypeName::Record(id) => Type::Record(id),
        TypeName::Error(id) => Type::Error(id),
        TypeName::Enum(id) => Type::Enum(id),
        TypeName::New(id) => Type::New(id),
        TypeName::Entity(id) => Type::Entity(id),
        TypeName::Alias(at) => alias(cx, at, running),
        TypeName::Later => Type::Unknown,
    }
}

fn takes_no_types(cx: &mut Cx, path: &ast::TypePath, found: usize) -> Type {
    let name = &path.name;
    cx.report(
        Diagnostic::new(
            codes::E0302,
            path.span,
            format!("`{name}` takes 0 types, found {found}"),
        )
        .label("wrong number of types")
        .help(format!("write just `{name}`")),
    );
    Type::Unknown
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

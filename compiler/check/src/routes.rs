//! Routes of their own: `@get("/rates/{currency}")` in front of a `pub fn`, instead of the route its name gives.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast};

use crate::hir::*;
use crate::scope::Cx;

/// The attributes that are methods of HTTP.
const METHODS: &[(&str, Method)] = &[
    ("get", Method::Get),
    ("post", Method::Post),
    ("put", Method::Put),
    ("patch", Method::Patch),
    ("delete", Method::Delete),
];

pub fn is_route(attr: &ast::Attr) -> bool {
    METHODS.iter().any(|(name, _)| *name == attr.name.as_str())
}

/// Reads the route of a function, if it says one.
pub fn read(cx: &mut Cx, id: FnId, attrs: &[ast::Attr]) {
    let mut routes = attrs.iter().filter(|attr| is_route(attr));
    let Some(attr) = routes.next() else { return };
    if let Some(second) = routes.next() {
        let help = "keep one; another function can call this one for the other";
        return told(cx, second.span, "a function has one route", help);
    }
    let function = cx.program.function(id);
    if !function.is_pub {
        let help = "write `pub fn`, or remove the attribute";
        return told(cx, attr.span, "a route is for a `pub fn`", help);
    }
    let path = match attr.args.as_slice() {
        [arg] => written(&arg.value),
        _ => None,
    };
    let Some(parts) = path.and_then(|path| parts(&path)) else {
        let message = format!("`@{}` needs a path", attr.name);
        let is_colon = |arg: &ast::Arg| written(&arg.value).is_some_and(|path| path.contains("/:"));
        if attr.args.iter().any(is_colon) {
            let message = format!("this is no path for `@{}`", attr.name);
            let help = "a parameter stands in braces: `\"/users/{id}\"`";
            return told(cx, attr.span, &message, help);
        }
        let help = "write it like `\"/rates/{currency}\"`: letters, digits, `-`, `_`, `.`, and parameters in braces";
        return told(cx, attr.span, &message, help);
    };
    let method = METHODS.iter().find(|(name, _)| *name == attr.name.as_str());
    cx.program.functions[id.0 as usize].route = Some(Route {
        method: method.expect("it is a route").1,
        parts,
        span: attr.span,
    });
}

/// The path as it stands in the source, where a parameter in braces looks like a hole of a text.
fn written(e: &ast::Expr) -> Option<String> {
    let part = |part: &ast::TextPart| match part {
        ast::TextPart::Text(text) => Some(text.clone()),
        ast::TextPart::Expr(e) => match &e.kind {
            Ast::Var(name) => Some(format!("{{{name}}}")),
            _ => None,
        },
    };
    match &e.kind {
        Ast::Text(path) => Some(path.clone()),
        Ast::Interpolated(parts) => parts.iter().map(part).collect(),
        _ => None,
    }
}

fn parts(path: &str) -> Option<Vec<RoutePart>> {
    let part = |text: &str| {
        if let Some(name) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            let is_name =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            return is_name.then(|| RoutePart::Param(name.to_owned()));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        let fine = !text.is_empty() && text.chars().all(is_plain) && text != "." && text != "..";
        fine.then(|| RoutePart::Text(text.to_owned()))
    };
    path.strip_prefix('/')?.split('/').map(part).collect()
}

/// What only types and effects can tell.
pub fn check(cx: &mut Cx) {
    let with_routes: Vec<FnId> = (0..cx.program.functions.len() as u32)
        .map(FnId)
        .filter(|id| cx.program.function(*id).route.is_some())
        .collect();
    for (at, id) in with_routes.iter().enumerate() {
        let function = cx.program.function(*id).clone();
        let Some(route) = &function.route else {
            continue;
        };
        parameters(cx, &function, route);
        if route.method == Method::Get && function.effect > Effect::Read {
            let help = "write `@post`; whoever follows a link, or looks ahead, must change nothing";
            told(
                cx,
                route.span,
                "`@get` is for what only reads, and this may change something",
                help,
            );
        }
        if matches!(&route.parts[0], RoutePart::Text(first) if first == "_weir") {
            told(
                cx,
                route.span,
                "`/_weir` is where a node answers about itself",
                "choose another path",
            );
        }
        let same = with_routes[..at].iter().find_map(|other| {
            let other = cx.program.function(*other).route.as_ref()?;
            (other.method == route.method && shape(other) == shape(route)).then_some(other.span)
        });
        if let Some(first) = same {
            cx.report(
                Diagnostic::new(codes::E0203, route.span, "two functions have this route")
                    .label("again here")
                    .secondary(first, "first here")
                    .help("change one of the paths"),
            );
        }
    }
}

fn parameters(cx: &mut Cx, function: &Function, route: &Route) {
    let keys = function
        .entity
        .map(|entity| cx.program.entity(entity).keys.clone());
    let keys = keys.unwrap_or_default();
    let known: Vec<(&str, &Type)> = keys
        .iter()
        .map(|key| (key.name.as_str(), &key.ty))
        .chain(function.params.iter().map(|p| (p.name.as_str(), &p.ty)))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for part in &route.parts {
        let RoutePart::Param(name) = part else {
            continue;
        };
        let message = match known.iter().find(|(n, _)| n == name) {
            None => Some(format!("`{name}` is no parameter of `{}`", function.name)),
            Some(_) if seen.contains(&name.as_str()) => {
                Some(format!("`{name}` stands twice in the path"))
            }
            Some((_, ty)) if !fits_a_path(cx, ty) => {
                Some(format!("`{name}` is of a type that cannot stand in a path"))
            }
            Some(_) => None,
        };
        if let Some(message) = message {
            let help = "in braces stand parameters of text, numbers, times, or `new` types of them";
            told(cx, route.span, &message, help);
        }
        seen.push(name);
    }
    if let Some(missing) = keys.iter().find(|key| !seen.contains(&key.name.as_str())) {
        let message = format!(
            "the path does not say which one: `{}` is missing",
            missing.name
        );
        let help = format!("add `{{{}}}`", missing.name);
        told(cx, route.span, &message, &help);
    }
}

pub fn fits_a_path(cx: &Cx, ty: &Type) -> bool {
    match ty {
        Type::Bool
        | Type::Int
        | Type::Decimal
        | Type::Text
        | Type::Time
        | Type::Duration
        | Type::Date
        | Type::Money => true,
        Type::New(id, args) => fits_a_path(cx, &cx.program.base(*id, args)),
        _ => false,
    }
}

/// A path without the names in it.
fn shape(route: &Route) -> Vec<Option<&str>> {
    let parts = route.parts.iter().map(|part| match part {
        RoutePart::Text(text) => Some(text.as_str()),
        RoutePart::Param(_) => None,
    });
    parts.collect()
}

fn told(cx: &mut Cx, span: Span, message: &str, help: &str) {
    let found = Diagnostic::new(codes::E0508, span, message);
    cx.report(found.label("does not fit").help(help));
}

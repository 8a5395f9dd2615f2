//! Where a function is over HTTP, and what it takes and gives, in words.

use weir_contract::manifest::{Effect, Function, FunctionKind, Manifest, Method, Param};
use weir_contract::{Defs, Type};

/// `POST /Account/{owner}/transfer`
pub fn route(manifest: &Manifest, function: &Function) -> String {
    let method = method(manifest, function);
    format!("{method} {}", manifest.path_of(function))
}

/// What a request for a function is: as its attribute says, else `GET` for what only reads and needs no body.
pub fn method(manifest: &Manifest, function: &Function) -> &'static str {
    if let Some(route) = &function.route {
        return route.method.name();
    }
    let needed = function.params.iter().filter(|param| !param.has_default);
    let is_read = function.effect < Effect::Write;
    match is_read && needed.into_iter().all(|p| is_plain(&manifest.defs, &p.ty)) {
        true => Method::Get.name(),
        false => Method::Post.name(),
    }
}

/// `(to: UserId, amount: Decimal) -> Decimal`
pub fn signature(defs: &Defs, function: &Function) -> String {
    let mut text = String::new();
    if matches!(
        function.kind,
        FunctionKind::Function | FunctionKind::Handler | FunctionKind::Run
    ) {
        let params: Vec<String> = function
            .params
            .iter()
            .map(|param| shown(defs, param))
            .collect();
        text.push_str(&format!("({})", params.join(", ")));
    }
    if function.returns != Type::Unit {
        text.push_str(&format!(" -> {}", defs.name_of(&function.returns)));
    }
    let fails: Vec<&str> = function
        .fails
        .iter()
        .map(|id| defs.get(*id).name.as_str())
        .collect();
    if !fails.is_empty() {
        text.push_str(&format!(" fails {}", fails.join(", ")));
    }
    text
}

fn shown(defs: &Defs, param: &Param) -> String {
    let ending = if param.has_default { " = .." } else { "" };
    format!("{}: {}{ending}", param.name, defs.name_of(&param.ty))
}

/// Whether a value fits into a path or query as it is.
fn is_plain(defs: &Defs, ty: &Type) -> bool {
    matches!(
        defs.base(ty),
        Type::Bool
            | Type::Int
            | Type::Decimal
            | Type::Float
            | Type::Text
            | Type::Time
            | Type::Duration
            | Type::Date
            | Type::Money
    )
}

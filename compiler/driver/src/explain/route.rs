//! Where a function is over HTTP, and what it takes and gives, in words.

use weir_contract::manifest::{Effect, Function, FunctionKind, Manifest, Method, Param};
use weir_contract::{Defs, TupleField, Type};

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

/// What a function answers with over HTTP. State that merges answers with its value: a `Counter` with an `Int`.
fn answers_with(manifest: &Manifest, function: &Function) -> Type {
    let entity = function.entity.map(|id| &manifest.entities[id as usize]);
    let value_of = |name: &str| {
        let mut fields = entity?.fields.iter();
        let field = fields.find(|field| field.name == name)?;
        Some(field.merge.as_ref()?.value_type())
    };
    let part = |part: &TupleField| {
        let value = part.name.as_deref().and_then(value_of);
        TupleField {
            name: part.name.clone(),
            ty: value.unwrap_or_else(|| part.ty.clone()),
        }
    };
    match (function.kind, &function.returns) {
        (FunctionKind::Field, ty) => value_of(&function.name).unwrap_or_else(|| ty.clone()),
        (FunctionKind::Whole, Type::Tuple(parts)) => Type::Tuple(parts.iter().map(part).collect()),
        (_, ty) => ty.clone(),
    }
}

/// `(to: UserId, amount: Decimal) -> Decimal`
pub fn signature(manifest: &Manifest, function: &Function) -> String {
    let defs = &manifest.defs;
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
    let returns = answers_with(manifest, function);
    if returns != Type::Unit {
        text.push_str(&format!(" -> {}", defs.name_of(&returns)));
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::Disk;

    use super::signature;

    #[test]
    fn what_merges_answers_with_its_value() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/social");
        let program = crate::find(&Disk, &folder).expect("it is there");
        let analysis = crate::check(&Disk, &program).expect("it is read");
        let manifest = crate::build(&program, &analysis)
            .expect("it is right")
            .manifest;
        let shown = |name: &str| {
            let mut functions = manifest.functions.iter();
            let function = functions.find(|f| f.name == name && f.entity == Some(0));
            signature(&manifest, function.expect("it is there"))
        };
        assert_eq!(shown("followers"), " -> Set<Handle>");
        assert_eq!(
            shown(""),
            " -> (following: Set<Handle>, followers: Set<Handle>)"
        );
    }
}

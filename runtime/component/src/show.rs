//! Types of WIT in words: as WIT writes them, and as one would write them here.

use wasmtime::component::types::{ComponentFunc, Type};

use weir_contract::names::{camel, snake};

/// `func(png: list<u8>, width: u32) -> list<u8>`
pub fn function(ty: &ComponentFunc) -> String {
    let params: Vec<String> = ty
        .params()
        .map(|(name, ty)| format!("{name}: {}", in_wit(&ty)))
        .collect();
    let result = ty.results().next();
    let result = result.map_or(String::new(), |ty| format!(" -> {}", in_wit(&ty)));
    format!("func({}){result}", params.join(", "))
}

/// As WIT writes it; what has a name there is shown by what is in it, since the name is not kept.
pub fn in_wit(ty: &Type) -> String {
    let optional = |ty: Option<Type>| ty.map_or("_".to_owned(), |ty| in_wit(&ty));
    match ty {
        Type::Bool => "bool".into(),
        Type::S8 => "s8".into(),
        Type::U8 => "u8".into(),
        Type::S16 => "s16".into(),
        Type::U16 => "u16".into(),
        Type::S32 => "s32".into(),
        Type::U32 => "u32".into(),
        Type::S64 => "s64".into(),
        Type::U64 => "u64".into(),
        Type::Float32 => "f32".into(),
        Type::Float64 => "f64".into(),
        Type::Char => "char".into(),
        Type::String => "string".into(),
        Type::List(list) => format!("list<{}>", in_wit(&list.ty())),
        Type::Map(map) => format!("map<{}, {}>", in_wit(&map.key()), in_wit(&map.value())),
        Type::Option(option) => format!("option<{}>", in_wit(&option.ty())),
        Type::Tuple(tuple) => format!("tuple<{}>", commas(tuple.types().map(|ty| in_wit(&ty)))),
        Type::Record(record) => {
            let fields = record.fields();
            let fields = fields.map(|f| format!("{}: {}", f.name, in_wit(&f.ty)));
            format!("record {{ {} }}", commas(fields))
        }
        Type::Variant(variant) => {
            let cases = variant.cases().map(|case| match case.ty {
                Some(ty) => format!("{}({})", case.name, in_wit(&ty)),
                None => case.name.to_owned(),
            });
            format!("variant {{ {} }}", commas(cases))
        }
        Type::Enum(names) => format!("enum {{ {} }}", commas(names.names().map(str::to_owned))),
        Type::Flags(names) => format!("flags {{ {} }}", commas(names.names().map(str::to_owned))),
        Type::Result(result) => match (result.ok(), result.err()) {
            (None, None) => "result".into(),
            (Some(ok), None) => format!("result<{}>", in_wit(&ok)),
            (ok, err) => format!("result<{}, {}>", optional(ok), optional(err)),
        },
        Type::Own(_) | Type::Borrow(_) => "a resource".into(),
        Type::Future(_) => "a future".into(),
        Type::Stream(_) => "a stream".into(),
        Type::ErrorContext => "error-context".into(),
        Type::FixedLengthList(list) => format!("list<{}, {}>", in_wit(&list.ty()), list.len()),
    }
}

/// What a program writes for it, or nothing when there is nothing.
pub fn in_weir(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Bool => "Bool".into(),
        Type::S8 | Type::U8 | Type::S16 | Type::U16 | Type::S32 | Type::U32 | Type::S64 => {
            "Int".into()
        }
        Type::U64 => "Decimal".into(),
        Type::Float32 | Type::Float64 => "Float".into(),
        Type::Char | Type::String => "Text".into(),
        Type::List(list) => match list.ty() {
            Type::U8 => "Bytes".into(),
            item => format!("List<{}>", in_weir(&item)?),
        },
        Type::Option(option) => format!("{}?", in_weir(&option.ty())?),
        Type::Tuple(tuple) => {
            let types: Option<Vec<String>> = tuple.types().map(|ty| in_weir(&ty)).collect();
            format!("({})", types?.join(", "))
        }
        Type::Record(record) => {
            let fields = record.fields();
            let fields: Option<Vec<String>> = fields
                .map(|f| Some(format!("{}: {}", snake(f.name), in_weir(&f.ty)?)))
                .collect();
            format!("record R({})", fields?.join(", "))
        }
        Type::Flags(names) => {
            let fields = names.names().map(|name| format!("{}: Bool", snake(name)));
            format!("record R({})", commas(fields))
        }
        Type::Enum(names) => format!("enum E {{ {} }}", commas(names.names().map(camel))),
        Type::Variant(variant) => {
            let cases: Option<Vec<String>> = variant
                .cases()
                .map(|case| match case.ty {
                    Some(ty) => Some(format!("{}(value: {})", camel(case.name), in_weir(&ty)?)),
                    None => Some(camel(case.name)),
                })
                .collect();
            format!("enum E {{ {} }}", cases?.join(", "))
        }
        Type::Result(result) => match result.ok() {
            Some(ok) => in_weir(&ok)?,
            None => "()".into(),
        },
        Type::Map(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::FixedLengthList(_) => return None,
    })
}

fn commas(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

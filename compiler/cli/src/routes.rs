//! The routes of a program as `weir run` prints them, each with a `curl` line that works when pasted.
//!
//! Arguments are made up from the types: a `UserId` is ann when it is a key and bob when it is an argument, a `Text` is
//! the parameter's name with a 1, and so on. What has a default is left out.

use serde_json::{Value, json};
use weir_contract::manifest::{
    Access, Effect, Event, Function, FunctionKind, Manifest, Method, RoutePart, Workflow, parts,
};
use weir_contract::{DefKind, Defs, Field, Type};
use weir_driver::explain::{method, signature};

pub struct Route {
    /// Of what: `Account.transfer`, `hello`.
    pub of: String,
    pub method: &'static str,
    /// With its keys in braces: `/Account/{owner}/transfer`.
    pub path: String,
    /// `(to: UserId, amount: Decimal) -> Decimal`
    pub signature: String,
    pub curl: String,
}

/// The public functions and states in the order of the manifest, then the events; `url` is `http://HOST:PORT`.
pub fn routes(manifest: &Manifest, url: &str) -> Vec<Route> {
    let public = manifest.functions.iter().filter(|function| function.public);
    let mut routes: Vec<Route> = public
        .map(|function| route(manifest, function, url))
        .collect();
    let events = events(manifest);
    routes.extend(events.iter().map(|event| route(manifest, event, url)));
    routes
}

/// The events that may be sent from outside, as functions that give nothing.
fn events(manifest: &Manifest) -> Vec<Function> {
    let workflows = manifest.entities.iter().filter_map(|e| e.workflow.as_ref());
    let of = |workflow: &Workflow| -> Vec<Function> {
        let run = &manifest.functions[workflow.run as usize];
        let public = workflow.events.iter().filter(|event| event.public);
        let function = |event: &Event| Function {
            name: event.name.clone(),
            kind: FunctionKind::Handler,
            public: true,
            params: event.params.clone(),
            returns: Type::Unit,
            fails: Vec::new(),
            effect: Effect::Write,
            access: event.access.clone(),
            doc: event.doc.clone(),
            route: None,
            ..run.clone()
        };
        public.map(function).collect()
    };
    workflows.flat_map(of).collect()
}

fn route(manifest: &Manifest, function: &Function, url: &str) -> Route {
    let defs = &manifest.defs;
    let entity = function.entity.map(|id| &manifest.entities[id as usize]);
    let keys: &[Field] = entity.map_or(&[], |entity| &entity.keys);

    let stands_in_path = |name: &str| {
        let mut parts = function.route.iter().flat_map(|route| route.parts());
        parts.any(|part| part == RoutePart::Param(name))
    };
    let path = manifest.path_of(function);
    let at = filled(manifest, function, &path);

    let needed = || {
        let params = function.params.iter().filter(|param| !param.has_default);
        params.filter(|param| !stands_in_path(&param.name))
    };
    let method = method(manifest, function);
    let reads = method == Method::Get.name();
    let mut curl = String::from("curl");
    if !matches!(method, "GET" | "POST") {
        curl.push_str(&format!(" -X {method}"));
    }
    let mut query = String::new();
    let content = match reads {
        true => None,
        false => function.blob_param(defs).filter(|param| !param.has_default),
    };
    if reads || content.is_some() {
        let is_content = |name: &str| content.is_some_and(|param| param.name == name);
        for param in needed().filter(|param| !is_content(&param.name)) {
            let mark = if query.is_empty() { '?' } else { '&' };
            let value = in_path(&example(defs, &param.ty, &param.name, "bob"));
            query.push_str(&format!("{mark}{}={value}", param.name));
        }
        if content.is_some() {
            curl.push_str(" --data-binary 'hello' -H 'Content-Type: text/plain'");
        }
    } else {
        if let Some(stream) = manifest.stream_of(function) {
            let entry = example(defs, &stream.ty, "entry", "bob");
            curl.push_str(&format!(" --json '{entry}'"));
        }
        let body: serde_json::Map<String, Value> = needed()
            .filter(|_| manifest.stream_of(function).is_none())
            .map(|param| {
                (
                    param.name.clone(),
                    example(defs, &param.ty, &param.name, "bob"),
                )
            })
            .collect();
        if !body.is_empty() || function.route.is_none() {
            curl.push_str(&format!(" --json '{}'", Value::Object(body)));
        } else if method == "POST" && manifest.stream_of(function).is_none() {
            curl.push_str(" -X POST");
        }
    }
    if function.access == Access::Allow && keys.iter().any(|key| is_user(defs, &key.ty)) {
        curl.push_str(" -H 'Weir-Caller: ann'");
    }
    let target = format!("{url}{at}{query}");
    // Shells take both of these for signs of their own.
    if query.contains(['&', '?']) {
        curl.push_str(&format!(" '{target}'"));
    } else {
        curl.push_str(&format!(" {target}"));
    }
    Route {
        of: match entity {
            Some(entity) => format!("{}.{}", entity.name, function.name),
            None => function.name.clone(),
        },
        method,
        path,
        signature: match manifest.stream_of(function) {
            Some(stream) => {
                let entry = defs.name_of(&stream.ty);
                format!("({entry} or List<{entry}>) -> List<Int>")
            }
            None => signature(manifest, function),
        },
        curl,
    }
}

/// A path with examples in place of its parameters.
fn filled(manifest: &Manifest, function: &Function, path: &str) -> String {
    let entity = function.entity.map(|id| &manifest.entities[id as usize]);
    let keys = entity.map_or(&[][..], |entity| &entity.keys);
    let part = |part: RoutePart<'_>| match part {
        RoutePart::Text(text) => format!("/{text}"),
        RoutePart::Param(name) => {
            let key = keys.iter().find(|key| key.name == name);
            let param = function.params.iter().find(|param| param.name == name);
            let (ty, user) = match (key, param) {
                (Some(key), _) => (&key.ty, "ann"),
                (None, Some(param)) => (&param.ty, "bob"),
                (None, None) => return format!("/{name}"),
            };
            format!("/{}", in_path(&example(&manifest.defs, ty, name, user)))
        }
    };
    parts(path).map(part).collect()
}

/// A value of a type as JSON carries it. `user` is who a `UserId` is.
fn example(defs: &Defs, ty: &Type, name: &str, user: &str) -> Value {
    let inner = |ty| example(defs, ty, name, user);
    let record = |fields: &[Field]| {
        let fields = fields.iter().map(|field| {
            (
                field.name.clone(),
                example(defs, &field.ty, &field.name, user),
            )
        });
        Value::Object(fields.collect())
    };
    match ty {
        Type::Unit => Value::Null,
        Type::Bool => json!(true),
        Type::Int => json!(1),
        Type::Decimal => json!("10"),
        Type::Float => json!(1.5),
        Type::Text => json!(format!("{name}1")),
        Type::Bytes => json!("aGVsbG8="),
        Type::Time => json!("2026-01-31T10:00:00Z"),
        Type::Duration => json!("PT1H"),
        Type::Date => json!("2026-01-31"),
        Type::Money => json!("10.00 EUR"),
        // Of the empty content; `POST /blobs` gives others.
        Type::Blob => json!(weir_contract::BlobHash::of(b"").to_string()),
        Type::List(of) | Type::Set(of) => json!([inner(of)]),
        // Empty, because its form depends on the type of its keys.
        Type::Map(..) => json!({}),
        // Absent is a value of each of these, so a type that contains itself ends here.
        Type::Option(_) => Value::Null,
        Type::Tuple(fields) if fields.iter().all(|field| field.name.is_some()) => {
            let fields = fields
                .iter()
                .map(|field| (field.name.clone().unwrap_or_default(), inner(&field.ty)));
            Value::Object(fields.collect())
        }
        Type::Tuple(fields) => fields.iter().map(|field| inner(&field.ty)).collect(),
        Type::Named(_) if is_user(defs, ty) => json!(user),
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::New { base } => inner(base),
            DefKind::Record { fields } | DefKind::Error { fields, .. } => record(fields),
            DefKind::Entity { keys } if keys.len() == 1 => inner(&keys[0].ty),
            DefKind::Entity { keys } => keys.iter().map(|key| inner(&key.ty)).collect(),
            DefKind::Enum { variants } => {
                match variants.iter().min_by_key(|variant| variant.fields.len()) {
                    Some(variant) if variant.fields.is_empty() => json!(variant.name),
                    Some(variant) => {
                        let mut whole = json!({ "kind": variant.name });
                        for field in &variant.fields {
                            whole[&field.name] = example(defs, &field.ty, &field.name, user);
                        }
                        whole
                    }
                    None => Value::Null,
                }
            }
        },
        Type::Result(of, _) => inner(of),
    }
}

fn is_user(defs: &Defs, ty: &Type) -> bool {
    matches!(ty, Type::Named(id) if defs.get(*id).name == "UserId")
}

/// A value as a segment of a path. What the examples are made of needs no escape but for brackets and quotes.
fn in_path(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    percent_encode(&text)
}

/// Everything but letters, digits and `-._~:` as `%XX`.
pub fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                (byte as char).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

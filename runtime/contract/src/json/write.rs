//! From values to JSON.

use serde_json::{Map, Value as Json, json};

use super::{duration, is_nullable, is_text_like};
use crate::library::{bytes, date, decimal, money, time};
use crate::types::{DefId, DefKind, Defs, Field, Type};
use crate::value::Value;

/// The JSON of a value.
///
/// # Panics
/// When the value is not of the type.
pub fn to_json(defs: &Defs, ty: &Type, value: &Value) -> Json {
    match (ty, value) {
        (Type::Unit, _) => Json::Null,
        (_, Value::Bool(b)) => json!(b),
        (_, Value::Int(n)) => json!(n),
        (_, Value::Decimal(n)) => json!(decimal::show(*n)),
        (_, Value::Float(x)) if x.is_nan() => json!("NaN"),
        (_, Value::Float(x)) if x.is_infinite() => {
            json!(if *x > 0.0 { "Infinity" } else { "-Infinity" })
        }
        (_, Value::Float(x)) => json!(x),
        (_, Value::Text(s)) => json!(s),
        (_, Value::Bytes(b)) => json!(bytes::base64(b)),
        (_, Value::Time(t)) => json!(time::show(*t)),
        (_, Value::Duration(d)) => json!(duration::show(*d)),
        (_, Value::Date(days)) => json!(date::show(*days)),
        (_, Value::Money(m)) => json!(money::show(*m)),
        (Type::List(item), Value::List(items)) => {
            items.iter().map(|v| to_json(defs, item, v)).collect()
        }
        (Type::Set(item), Value::Set(items)) => {
            items.iter().map(|v| to_json(defs, item, v)).collect()
        }
        (Type::Map(key, item), Value::Map(entries)) if is_text_like(defs, key) => {
            let member = |(k, v): (&Value, &Value)| (text_of(k).to_owned(), to_json(defs, item, v));
            Json::Object(entries.iter().map(member).collect())
        }
        (Type::Map(key, item), Value::Map(entries)) => {
            let pair = |(k, v)| json!([to_json(defs, key, k), to_json(defs, item, v)]);
            entries.iter().map(pair).collect()
        }
        (Type::Option(_), Value::Option(None)) => Json::Null,
        (Type::Option(inner), Value::Option(Some(v))) => {
            let some = to_json(defs, inner, v);
            if is_nullable(defs, inner) {
                json!([some])
            } else {
                some
            }
        }
        (Type::Tuple(fields), Value::Record(values)) => {
            let all_named = !fields.is_empty() && fields.iter().all(|f| f.name.is_some());
            let parts = fields
                .iter()
                .zip(values)
                .map(|(f, v)| (&f.name, to_json(defs, &f.ty, v)));
            if all_named {
                let member =
                    |(name, v): (&Option<String>, Json)| (name.clone().unwrap_or_default(), v);
                Json::Object(parts.map(member).collect())
            } else {
                parts.map(|(_, v)| v).collect()
            }
        }
        (Type::Named(id), _) => named_to_json(defs, *id, value),
        (Type::Result(ok, _), Value::Ok(v)) => json!({ "ok": to_json(defs, ok, v) }),
        (Type::Result(..), Value::Err(id, values)) => failure_to_json(defs, *id, values),
        _ => panic!("value {value:?} is not of type {ty:?}"),
    }
}

/// `{"error": "Insufficient", "have": "12.50"}`.
pub fn failure_to_json(defs: &Defs, error: DefId, values: &[Value]) -> Json {
    let def = defs.get(error);
    let DefKind::Error { fields, .. } = &def.kind else {
        panic!("{} is not an error", def.name)
    };
    let mut object = Map::new();
    object.insert("error".to_owned(), json!(def.name));
    add_fields(defs, fields, values, &mut object);
    Json::Object(object)
}

/// An object of fields by name.
pub fn fields_to_json(defs: &Defs, fields: &[Field], values: &[Value]) -> Json {
    let mut object = Map::new();
    add_fields(defs, fields, values, &mut object);
    Json::Object(object)
}

fn named_to_json(defs: &Defs, id: DefId, value: &Value) -> Json {
    let def = defs.get(id);
    match (&def.kind, value) {
        (DefKind::New { base }, v) => to_json(defs, base, v),
        (DefKind::Entity { keys }, Value::Record(values)) if keys.len() == 1 => {
            to_json(defs, &keys[0].ty, &values[0])
        }
        (
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields },
            Value::Record(values),
        ) => fields_to_json(defs, fields, values),
        (DefKind::Enum { variants }, Value::Variant(index, values)) => {
            let variant = &variants[*index as usize];
            if variant.fields.is_empty() {
                return json!(variant.name);
            }
            let mut object = Map::new();
            object.insert("kind".to_owned(), json!(variant.name));
            add_fields(defs, &variant.fields, values, &mut object);
            Json::Object(object)
        }
        _ => panic!("value {value:?} is not of type {}", def.name),
    }
}

fn add_fields(defs: &Defs, fields: &[Field], values: &[Value], object: &mut Map<String, Json>) {
    for (field, v) in fields.iter().zip(values) {
        object.insert(field.name.clone(), to_json(defs, &field.ty, v));
    }
}

/// The text of a text-like key.
fn text_of(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        Value::Record(values) => text_of(&values[0]),
        _ => panic!("{value:?} is not text-like"),
    }
}

//! From values to JSON.

use serde_json::Value as Json;

use super::document::{Document, Members};
use super::{any, duration, is_nullable, is_text_like};
use crate::library::{base64, date, decimal, money, time};
use crate::types::{DefId, DefKind, Defs, Field, Type};
use crate::value::Value;

/// The JSON of a value, for those who put it beside other JSON.
///
/// # Panics
/// When the value is not of the type.
pub fn to_json(defs: &Defs, ty: &Type, value: &Value) -> Json {
    Json::from(&to_document(defs, ty, value))
}

/// The JSON of a value.
///
/// # Panics
/// When the value is not of the type.
pub fn to_document(defs: &Defs, ty: &Type, value: &Value) -> Document {
    let string = |text: String| Document::String(text);
    let all = |of: &Type, items: &mut dyn Iterator<Item = &Value>| {
        Document::Array(items.map(|v| to_document(defs, of, v)).collect())
    };
    match (ty, value) {
        (Type::Unit, _) => Document::Null,
        (_, Value::Bool(b)) => Document::Bool(*b),
        (_, Value::Int(n)) => Document::Number(n.to_string()),
        (_, Value::Decimal(n)) => string(decimal::show(*n)),
        (_, Value::Float(x)) => match serde_json::Number::from_f64(*x) {
            Some(number) => Document::Number(number.to_string()),
            None if x.is_nan() => string("NaN".to_owned()),
            None if *x > 0.0 => string("Infinity".to_owned()),
            None => string("-Infinity".to_owned()),
        },
        (_, Value::Text(s)) => string(s.clone()),
        (_, Value::Bytes(b)) => string(base64::encode(b)),
        (_, Value::Time(t)) => string(time::show(*t)),
        (_, Value::Duration(d)) => string(duration::show(*d)),
        (_, Value::Date(days)) => string(date::show(*days)),
        (_, Value::Money(m)) => string(money::show(*m)),
        (Type::List(item), Value::List(items)) => all(item, &mut items.iter()),
        (Type::Set(item), Value::Set(items)) => all(item, &mut items.iter()),
        (Type::Map(key, item), Value::Map(entries)) if is_text_like(defs, key) => {
            let member =
                |(k, v): (&Value, &Value)| (text_of(k).to_owned(), to_document(defs, item, v));
            Document::Object(entries.iter().map(member).collect())
        }
        (Type::Map(key, item), Value::Map(entries)) => {
            let pair = |(k, v)| {
                Document::Array(vec![to_document(defs, key, k), to_document(defs, item, v)])
            };
            Document::Array(entries.iter().map(pair).collect())
        }
        (Type::Option(_), Value::Option(None)) => Document::Null,
        (Type::Option(inner), Value::Option(Some(v))) => {
            let some = to_document(defs, inner, v);
            match is_nullable(defs, inner) {
                true => Document::Array(vec![some]),
                false => some,
            }
        }
        (Type::Tuple(fields), Value::Record(values)) => {
            let all_named = !fields.is_empty() && fields.iter().all(|f| f.name.is_some());
            let parts = fields
                .iter()
                .zip(values)
                .map(|(f, v)| (&f.name, to_document(defs, &f.ty, v)));
            match all_named {
                true => {
                    let member =
                        |(name, v): (&Option<String>, _)| (name.clone().unwrap_or_default(), v);
                    Document::Object(parts.map(member).collect())
                }
                false => Document::Array(parts.map(|(_, v)| v).collect()),
            }
        }
        (_, Value::Blob(blob)) => Document::Object(vec![
            ("blob".to_owned(), string(blob.hash.to_string())),
            ("size".to_owned(), Document::Number(blob.size.to_string())),
            ("type".to_owned(), string(blob.media_type.clone())),
        ]),
        (Type::Named(id), _) => named_to_document(defs, *id, value),
        (Type::Result(ok, _), Value::Ok(v)) => {
            Document::Object(vec![("ok".to_owned(), to_document(defs, ok, v))])
        }
        (Type::Result(..), Value::Err(id, values)) => failure_to_document(defs, *id, values),
        _ => panic!("value {value:?} is not of type {ty:?}"),
    }
}

/// `{"error": "Insufficient", "have": "12.50"}`.
pub fn failure_to_document(defs: &Defs, error: DefId, values: &[Value]) -> Document {
    let def = defs.get(error);
    let DefKind::Error { fields, .. } = &def.kind else {
        panic!("{} is not an error", def.name)
    };
    let mut members = vec![("error".to_owned(), Document::String(def.name.clone()))];
    add_fields(defs, fields, values, &mut members);
    Document::Object(members)
}

/// An object of fields by name.
pub fn fields_to_document(defs: &Defs, fields: &[Field], values: &[Value]) -> Document {
    let mut members = Members::new();
    add_fields(defs, fields, values, &mut members);
    Document::Object(members)
}

/// The same, for those who put it beside other JSON.
pub fn fields_to_json(defs: &Defs, fields: &[Field], values: &[Value]) -> Json {
    Json::from(&fields_to_document(defs, fields, values))
}

fn named_to_document(defs: &Defs, id: DefId, value: &Value) -> Document {
    let def = defs.get(id);
    match (&def.kind, value) {
        (DefKind::New { base }, v) => to_document(defs, base, v),
        (DefKind::Entity { keys }, Value::Record(values)) if keys.len() == 1 => {
            to_document(defs, &keys[0].ty, &values[0])
        }
        (
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields },
            Value::Record(values),
        ) => fields_to_document(defs, fields, values),
        (DefKind::Enum { .. }, _) if any::is_json(defs, id) => any::to_document(value),
        (DefKind::Enum { variants }, Value::Variant(index, values)) => {
            let variant = &variants[*index as usize];
            let name = Document::String(variant.name.clone());
            if variant.fields.is_empty() {
                return name;
            }
            let mut members = vec![("kind".to_owned(), name)];
            add_fields(defs, &variant.fields, values, &mut members);
            Document::Object(members)
        }
        _ => panic!("value {value:?} is not of type {}", def.name),
    }
}

fn add_fields(defs: &Defs, fields: &[Field], values: &[Value], members: &mut Members) {
    for (field, v) in fields.iter().zip(values) {
        members.push((field.name.clone(), to_document(defs, &field.ty, v)));
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

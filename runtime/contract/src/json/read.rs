//! From JSON to values. Every error says where it is and, for an unknown name, which was probably meant.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Members, member};
use super::error::{JsonError, shorten};
use super::{any, duration, is_nullable, is_text_like};
use crate::blobs::{Blob, BlobHash};
use crate::currency::Currency;
use crate::library::{base64, date, decimal, money, time};
use crate::types::{DefKind, Defs, Field, Type};
use crate::value::Value;

/// The value that JSON is, by type. `path` is where the JSON stands, for errors.
pub fn from_json(defs: &Defs, ty: &Type, json: &Document, path: &str) -> Result<Value, JsonError> {
    let wrong = |expected: &str| Err(mismatch(path, expected, json));
    Ok(match ty {
        Type::Unit if *json == Document::Null => Value::Unit,
        Type::Unit => return wrong("null"),
        Type::Bool => match json {
            Document::Bool(b) => Value::Bool(*b),
            _ => return wrong("true or false"),
        },
        Type::Int => match json.as_i64() {
            Some(n) => Value::Int(n),
            None => return wrong("an Int (a whole number of 64 bits)"),
        },
        Type::Decimal => match (json.as_i64(), json.as_str().and_then(decimal::parse)) {
            (Some(n), _) => Value::Decimal(n as i128 * 1_000_000_000),
            (None, Some(n)) => Value::Decimal(n),
            _ => return wrong("a Decimal as a string, as \"12.50\""),
        },
        Type::Float => match (json.as_f64(), json.as_str()) {
            (Some(x), _) => Value::Float(x),
            (_, Some("NaN")) => Value::Float(f64::NAN),
            (_, Some("Infinity")) => Value::Float(f64::INFINITY),
            (_, Some("-Infinity")) => Value::Float(f64::NEG_INFINITY),
            _ => return wrong("a number"),
        },
        Type::Text => match json.as_str() {
            Some(text) => Value::Text(text.to_owned()),
            None => return wrong("a string"),
        },
        Type::Bytes => match json.as_str().and_then(base64::decode) {
            Some(bytes) => Value::Bytes(bytes),
            None => return wrong("bytes in base64"),
        },
        Type::Time => match json.as_str().and_then(time::parse) {
            Some(t) => Value::Time(t),
            None => return wrong("a time as \"2026-01-31T10:00:00Z\""),
        },
        Type::Duration => match json.as_str().and_then(duration::parse) {
            Some(d) => Value::Duration(d),
            None => return wrong("a duration as \"PT1H30M\""),
        },
        Type::Date => match json.as_str().and_then(date::parse) {
            Some(days) => Value::Date(days),
            None => return wrong("a date as \"2026-01-31\""),
        },
        Type::Money => match json.as_str().map(money::parse) {
            Some(Ok(money)) => Value::Money(money),
            Some(Err(money::Unread::Currency(code))) => {
                let known: Vec<Currency> = Currency::all().collect();
                let known = known.iter().map(Currency::code);
                return Err(JsonError::unknown(path, "currency", code, known));
            }
            _ => return wrong("money as \"19.90 USD\""),
        },
        Type::List(item) => {
            let items = array(json, path)?.iter().enumerate();
            let read = |(i, v)| from_json(defs, item, v, &format!("{path}[{i}]"));
            Value::List(items.map(read).collect::<Result<_, _>>()?)
        }
        Type::Set(item) => {
            let mut set = BTreeSet::new();
            for (i, v) in array(json, path)?.iter().enumerate() {
                let at = format!("{path}[{i}]");
                if !set.insert(from_json(defs, item, v, &at)?) {
                    return Err(JsonError::new(&at, "is in the set twice"));
                }
            }
            Value::Set(set)
        }
        Type::Map(key, item) => map(defs, key, item, json, path)?,
        Type::Option(_) if *json == Document::Null => Value::Option(None),
        Type::Option(inner) if is_nullable(defs, inner) => match json.as_array() {
            Some([some]) => Value::Option(Some(Box::new(from_json(defs, inner, some, path)?))),
            _ => return wrong("null or an array of one"),
        },
        Type::Option(inner) => Value::Option(Some(Box::new(from_json(defs, inner, json, path)?))),
        Type::Tuple(fields) => {
            let named = fields.iter().filter_map(|f| {
                let name = f.name.clone()?;
                Some(Field {
                    name,
                    ty: f.ty.clone(),
                })
            });
            let named: Vec<Field> = named.collect();
            if !fields.is_empty() && named.len() == fields.len() {
                return Ok(Value::Record(field_values(
                    defs,
                    &named,
                    object(json, path)?,
                    path,
                    &[],
                )?));
            }
            let items = array(json, path)?;
            if items.len() != fields.len() {
                let what = format!(
                    "expected an array of {}, found one of {}",
                    fields.len(),
                    items.len()
                );
                return Err(JsonError::new(path, what));
            }
            let parts = fields.iter().zip(items).enumerate();
            let read = |(i, (f, v)): (usize, (&crate::types::TupleField, &Document))| {
                from_json(defs, &f.ty, v, &format!("{path}[{i}]"))
            };
            Value::Record(parts.map(read).collect::<Result<_, _>>()?)
        }
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::New { base } => from_json(defs, base, json, path)?,
            DefKind::Entity { keys } if keys.len() == 1 => {
                Value::Record(vec![from_json(defs, &keys[0].ty, json, path)?])
            }
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => {
                Value::Record(field_values(defs, fields, object(json, path)?, path, &[])?)
            }
            DefKind::Enum { .. } if any::is_json(defs, *id) => any::from_document(json),
            DefKind::Enum { variants } => {
                let kind = match json {
                    Document::String(name) => Some(name.as_str()),
                    _ => json.get("kind").and_then(Document::as_str),
                };
                let Some(kind) = kind else {
                    return wrong("a variant as \"Name\" or {\"kind\": \"Name\", ...}");
                };
                let Some(index) = variants.iter().position(|v| v.name == kind) else {
                    let known = variants.iter().map(|v| v.name.as_str());
                    return Err(JsonError::unknown(path, "variant", kind, known));
                };
                let none = Members::new();
                let members = json.as_object().unwrap_or(&none);
                let values = field_values(defs, &variants[index].fields, members, path, &["kind"])?;
                Value::Variant(index as u32, values)
            }
        },
        Type::Blob => Value::Blob(Box::new(blob(json, path)?)),
        Type::Result(ok, errors) => {
            let members = object(json, path)?;
            match (
                member(members, "ok"),
                member(members, "error").and_then(Document::as_str),
            ) {
                (Some(v), _) => Value::Ok(Box::new(from_json(defs, ok, v, &join(path, "ok"))?)),
                (None, Some(name)) => {
                    let Some(id) = errors.iter().find(|id| defs.get(**id).name == name) else {
                        let known = errors.iter().map(|id| defs.get(*id).name.as_str());
                        return Err(JsonError::unknown(path, "error", name, known));
                    };
                    let DefKind::Error { fields, .. } = &defs.get(*id).kind else {
                        return wrong("an error");
                    };
                    Value::Err(*id, field_values(defs, fields, members, path, &["error"])?)
                }
                _ => return wrong("{\"ok\": ...} or {\"error\": ...}"),
            }
        }
    })
}

/// The values of fields from an object's members: each field once, nothing else but the names in `besides`.
pub fn field_values(
    defs: &Defs,
    fields: &[Field],
    members: &Members,
    path: &str,
    besides: &[&str],
) -> Result<Vec<Value>, JsonError> {
    for (name, _) in members {
        if !besides.contains(&name.as_str()) && !fields.iter().any(|f| f.name == *name) {
            let known = fields.iter().map(|f| f.name.as_str());
            return Err(JsonError::unknown(&join(path, name), "field", name, known));
        }
    }
    let read = |field: &Field| match member(members, &field.name) {
        Some(json) => from_json(defs, &field.ty, json, &join(path, &field.name)),
        None if matches!(defs.base(&field.ty), Type::Option(_)) => Ok(Value::Option(None)),
        None => Err(JsonError::new(&join(path, &field.name), "is missing")),
    };
    fields.iter().map(read).collect()
}

fn map(
    defs: &Defs,
    key: &Type,
    item: &Type,
    json: &Document,
    path: &str,
) -> Result<Value, JsonError> {
    let mut entries = BTreeMap::new();
    if is_text_like(defs, key) {
        for (name, v) in object(json, path)? {
            let at = join(path, name);
            let k = from_json(defs, key, &Document::String(name.clone()), &at)?;
            entries.insert(k, from_json(defs, item, v, &at)?);
        }
        return Ok(Value::Map(entries));
    }
    for (i, pair) in array(json, path)?.iter().enumerate() {
        let at = format!("{path}[{i}]");
        let Some([k, v]) = pair.as_array() else {
            return Err(mismatch(&at, "a pair [key, value]", pair));
        };
        let k = from_json(defs, key, k, &format!("{at}[0]"))?;
        let v = from_json(defs, item, v, &format!("{at}[1]"))?;
        if entries.insert(k, v).is_some() {
            return Err(JsonError::new(&at, "has a key that occurs twice"));
        }
    }
    Ok(Value::Map(entries))
}

/// `{"blob": "<hash>", "size": 12, "type": "image/png"}`, or the hash alone. Whether there is such a content is another question.
fn blob(json: &Document, path: &str) -> Result<Blob, JsonError> {
    let wrong = |at: &str, found| {
        Err(mismatch(
            at,
            "a blob as {\"blob\": \"64 hexadecimal digits\", \"size\": 12, \"type\": \"image/png\"}",
            found,
        ))
    };
    let hash_of = |json: &Document| json.as_str().and_then(BlobHash::parse);
    if let Some(hash) = hash_of(json) {
        return Ok(Blob {
            hash,
            size: Blob::UNKNOWN,
            media_type: String::new(),
        });
    }
    let Some(members) = json.as_object() else {
        return wrong(path, json);
    };
    let known = ["blob", "size", "type"];
    if let Some((name, _)) = members
        .iter()
        .find(|(name, _)| !known.contains(&name.as_str()))
    {
        return Err(JsonError::unknown(&join(path, name), "field", name, known));
    }
    let Some(named) = member(members, "blob") else {
        return Err(JsonError::new(&join(path, "blob"), "is missing"));
    };
    let Some(hash) = hash_of(named) else {
        return wrong(&join(path, "blob"), named);
    };
    let size = match member(members, "size") {
        None => Blob::UNKNOWN,
        Some(size) => match size.as_i64() {
            Some(size) if size >= 0 => size,
            _ => return Err(mismatch(&join(path, "size"), "a number of bytes", size)),
        },
    };
    let media_type = match member(members, "type").map(|ty| (ty, ty.as_str())) {
        None => String::new(),
        Some((_, Some(text))) => match Blob::problem(text) {
            None => text.to_owned(),
            Some(why) => return Err(JsonError::new(&join(path, "type"), why)),
        },
        Some((found, None)) => return Err(mismatch(&join(path, "type"), "a string", found)),
    };
    Ok(Blob {
        hash,
        size,
        media_type,
    })
}

fn array<'j>(json: &'j Document, path: &str) -> Result<&'j [Document], JsonError> {
    json.as_array()
        .ok_or_else(|| mismatch(path, "an array", json))
}

fn object<'j>(json: &'j Document, path: &str) -> Result<&'j Members, JsonError> {
    json.as_object()
        .ok_or_else(|| mismatch(path, "an object", json))
}

/// `lines[2].qty`
pub(super) fn join(path: &str, name: &str) -> String {
    let name = shorten(name);
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

pub(super) fn mismatch(path: &str, expected: &str, found: &Document) -> JsonError {
    let found = match found {
        Document::Null => "null".to_owned(),
        Document::Array(_) => "an array".to_owned(),
        Document::Object(_) => "an object".to_owned(),
        Document::String(text) => format!("\"{}\"", shorten(text)),
        Document::Number(text) => shorten(text),
        other => other.to_string(),
    };
    JsonError::new(path, format!("expected {expected}, found {found}"))
}

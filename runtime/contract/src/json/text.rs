//! Values in the path and query of a URL: `/Account/ann` and `?near.lat=52.1&near.lon=4.9`.

use std::collections::BTreeSet;

use super::document::Document;
use super::error::JsonError;
use super::parse::parse;
use super::read::{from_json, join};
use crate::types::{DefKind, Defs, Field, Type};
use crate::value::Value;

/// The value a piece of text is. Text, times and the like stand for themselves, without quotes; what has no form
/// of its own (lists, records, ...) is read as JSON.
pub fn from_text(defs: &Defs, ty: &Type, text: &str, path: &str) -> Result<Value, JsonError> {
    match defs.base(ty) {
        Type::Text
        | Type::Decimal
        | Type::Time
        | Type::Duration
        | Type::Date
        | Type::Money
        | Type::Bytes => from_json(defs, ty, &Document::String(text.to_owned()), path),
        Type::Option(inner) => Ok(Value::Option(Some(Box::new(from_text(
            defs, inner, text, path,
        )?)))),
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Entity { keys } if keys.len() == 1 => Ok(Value::Record(vec![from_text(
                defs,
                &keys[0].ty,
                text,
                path,
            )?])),
            DefKind::Enum { .. } if !text.starts_with('{') => {
                from_json(defs, ty, &Document::String(text.to_owned()), path)
            }
            _ => from_json(
                defs,
                ty,
                &parse(text.as_bytes()).map_err(|e| at(path, e))?,
                path,
            ),
        },
        Type::Blob if !text.starts_with('{') => {
            from_json(defs, ty, &Document::String(text.to_owned()), path)
        }
        // What is not JSON at all is shown as the text it is, so that the error speaks of the type.
        _ => match parse(text.as_bytes()) {
            Ok(json) => from_json(defs, ty, &json, path),
            Err(_) => from_json(defs, ty, &Document::String(text.to_owned()), path),
        },
    }
}

/// A list or a set whose items stand in a pair each, `tag=new&tag=cheap`. `None` where the type is no such, no pair has the name, or
/// the one that has is a list as JSON.
fn several(
    defs: &Defs,
    ty: &Type,
    name: &str,
    pairs: &[(String, String)],
    used: &mut [bool],
) -> Result<Option<Value>, JsonError> {
    let (optional, base) = match defs.base(ty) {
        Type::Option(inner) => (true, defs.base(inner)),
        base => (false, base),
    };
    let (Type::List(item) | Type::Set(item)) = base else {
        return Ok(None);
    };
    let named = pairs.iter().enumerate().filter(|(_, (key, _))| key == name);
    let named: Vec<(usize, &str)> = named.map(|(i, (_, text))| (i, text.as_str())).collect();
    match named.as_slice() {
        [] => return Ok(None),
        [(_, text)] if text.trim_start().starts_with('[') => return Ok(None),
        _ => {}
    }
    let read = |(at, (i, text)): (usize, &(usize, &str))| {
        used[*i] = true;
        from_text(defs, item, text, &format!("{name}[{at}]"))
    };
    let items = named.iter().enumerate().map(read);
    let value = match base {
        Type::Set(_) => {
            let mut set = BTreeSet::new();
            for (at, item) in items.enumerate() {
                if !set.insert(item?) {
                    let path = format!("{name}[{at}]");
                    return Err(JsonError::new(&path, "is in the set twice"));
                }
            }
            Value::Set(set)
        }
        _ => Value::List(items.collect::<Result<_, _>>()?),
    };
    Ok(Some(match optional {
        true => Value::Option(Some(Box::new(value))),
        false => value,
    }))
}

/// One parameter from a query's pairs; `None` when no pair names it. A record may be spread over `name.field` pairs.
/// Names that are used are marked in `used`.
pub fn from_query(
    defs: &Defs,
    ty: &Type,
    name: &str,
    pairs: &[(String, String)],
    used: &mut [bool],
) -> Result<Option<Value>, JsonError> {
    if let Some(list) = several(defs, ty, name, pairs, used)? {
        return Ok(Some(list));
    }
    let mut found = None;
    for (i, (key, text)) in pairs.iter().enumerate() {
        if key == name {
            used[i] = true;
            if found.is_some() {
                return Err(JsonError::new(name, "is given twice"));
            }
            found = Some(from_text(defs, ty, text, name)?);
        }
    }
    let prefix = format!("{name}.");
    if found.is_some() || !pairs.iter().any(|(key, _)| key.starts_with(&prefix)) {
        return Ok(found);
    }
    let (optional, base) = match defs.base(ty) {
        Type::Option(inner) => (true, defs.base(inner)),
        base => (false, base),
    };
    let Type::Named(id) = base else {
        return Ok(None);
    };
    let DefKind::Record { fields } = &defs.get(*id).kind else {
        return Ok(None);
    };
    let read = |field: &Field| {
        let path = join(name, &field.name);
        match from_query(defs, &field.ty, &path, pairs, used)? {
            Some(value) => Ok(value),
            None if matches!(defs.base(&field.ty), Type::Option(_)) => Ok(Value::Option(None)),
            None => Err(JsonError::new(&path, "is missing")),
        }
    };
    let record = Value::Record(fields.iter().map(read).collect::<Result<_, _>>()?);
    Ok(Some(if optional {
        Value::Option(Some(Box::new(record)))
    } else {
        record
    }))
}

fn at(path: &str, mut error: JsonError) -> JsonError {
    error.path = path.to_owned();
    error
}

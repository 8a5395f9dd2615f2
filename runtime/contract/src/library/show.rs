//! How text interpolation shows a value of each type.
//!
//! A `Text` (or a `new` type over one) is itself at the top and quoted inside other values. The rest looks as
//! the source would write it: `12`, `0.5`, `[1, 2]`, `["a": 1]` (`[:]` when empty), `Some(1)`, `None`, `Line(sku: "bike", qty: 2)`,
//! `Paid(charge: "c1")`, `Open`, `(1, day: 2)`, `Account("ann")`, `Ok(1)`, `()`. Where the source has no such form: sets are
//! `{1, 2}`, bytes `0x6869`, times RFC 3339, dates `2026-01-31`, money `19.90 USD`, blobs `Blob(hash: 0x68.., size: 2, media_type: "")`. A `new` type looks like its base.

use super::{date, decimal, duration, float, hex, money, time};
use crate::types::{DefKind, Defs, Field, Type};
use crate::value::Value;

/// The text of a value.
///
/// # Panics
/// When the value is not of the type.
pub fn show(defs: &Defs, ty: &Type, value: &Value) -> String {
    let mut out = String::new();
    match (defs.base(ty), value) {
        (Type::Text, Value::Text(text)) => out.push_str(text),
        (base, _) => show_into(defs, base, value, &mut out),
    }
    out
}

fn show_into(defs: &Defs, ty: &Type, value: &Value, out: &mut String) {
    match (defs.base(ty), value) {
        (Type::Unit, Value::Unit) => out.push_str("()"),
        (Type::Bool, Value::Bool(b)) => out.push_str(if *b { "true" } else { "false" }),
        (Type::Int, Value::Int(n)) => out.push_str(&n.to_string()),
        (Type::Decimal, Value::Decimal(n)) => out.push_str(&decimal::show(*n)),
        (Type::Float, Value::Float(x)) => out.push_str(&float::show(*x)),
        (Type::Text, Value::Text(text)) => quote(text, out),
        (Type::Bytes, Value::Bytes(b)) => {
            out.push_str("0x");
            out.push_str(&hex::encode(b));
        }
        (Type::Time, Value::Time(t)) => out.push_str(&time::show(*t)),
        (Type::Duration, Value::Duration(d)) => out.push_str(&duration::show(*d)),
        (Type::Date, Value::Date(days)) => out.push_str(&date::show(*days)),
        (Type::Money, Value::Money(m)) => out.push_str(&money::show(*m)),
        (Type::Blob, Value::Blob(blob)) => {
            out.push_str(&format!(
                "Blob(hash: 0x{}, size: {}, ",
                blob.hash, blob.size
            ));
            out.push_str("media_type: ");
            quote(&blob.media_type, out);
            out.push(')');
        }
        (Type::List(item), Value::List(items)) => {
            listed(out, "[", "]", items, |v, out| show_into(defs, item, v, out));
        }
        (Type::Set(item), Value::Set(items)) => {
            listed(out, "{", "}", items, |v, out| show_into(defs, item, v, out));
        }
        (Type::Map(..), Value::Map(entries)) if entries.is_empty() => out.push_str("[:]"),
        (Type::Map(key, item), Value::Map(entries)) => {
            listed(out, "[", "]", entries, |(k, v), out| {
                show_into(defs, key, k, out);
                out.push_str(": ");
                show_into(defs, item, v, out);
            })
        }
        (Type::Option(_), Value::Option(None)) => out.push_str("None"),
        (Type::Option(inner), Value::Option(Some(v))) => {
            listed(out, "Some(", ")", [v], |v, out| {
                show_into(defs, inner, v, out)
            });
        }
        (Type::Tuple(fields), Value::Record(values)) => {
            listed(
                out,
                "(",
                ")",
                fields.iter().zip(values),
                |(field, v), out| {
                    if let Some(name) = &field.name {
                        out.push_str(name);
                        out.push_str(": ");
                    }
                    show_into(defs, &field.ty, v, out);
                },
            );
        }
        (Type::Result(ok, _), Value::Ok(v)) => {
            listed(out, "Ok(", ")", [v], |v, out| show_into(defs, ok, v, out));
        }
        (Type::Result(..), Value::Err(id, values)) => match &defs.get(*id).kind {
            DefKind::Error { fields, .. } => {
                show_fields(defs, &defs.get(*id).name, fields, values, out)
            }
            other => panic!("{other:?} is not an error"),
        },
        (Type::Named(id), _) => {
            let def = defs.get(*id);
            match (&def.kind, value) {
                (
                    DefKind::Record { fields } | DefKind::Error { fields, .. },
                    Value::Record(values),
                ) => show_fields(defs, def.constructor(), fields, values, out),
                (DefKind::Enum { variants }, Value::Variant(tag, values)) => {
                    let variant = &variants[*tag as usize];
                    show_fields(defs, &variant.name, &variant.fields, values, out)
                }
                (DefKind::Entity { keys }, Value::Record(values)) => {
                    out.push_str(&def.name);
                    listed(out, "(", ")", keys.iter().zip(values), |(key, v), out| {
                        show_into(defs, &key.ty, v, out)
                    });
                }
                _ => panic!("value {value:?} is not of type {}", def.name),
            }
        }
        (ty, value) => panic!("value {value:?} is not of type {ty:?}"),
    }
}

/// `Name(a: 1, b: 2)`, or just `Name` when there is nothing in it.
fn show_fields(defs: &Defs, name: &str, fields: &[Field], values: &[Value], out: &mut String) {
    out.push_str(name);
    if fields.is_empty() {
        return;
    }
    listed(
        out,
        "(",
        ")",
        fields.iter().zip(values),
        |(field, v), out| {
            out.push_str(&field.name);
            out.push_str(": ");
            show_into(defs, &field.ty, v, out);
        },
    );
}

fn listed<T>(
    out: &mut String,
    open: &str,
    close: &str,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(T, &mut String),
) {
    out.push_str(open);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        each(item, out);
    }
    out.push_str(close);
}

/// As a literal that reads back as the same text.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Def, DefId, TupleField, Variant};

    fn text(s: &str) -> Value {
        Value::Text(s.to_owned())
    }

    #[test]
    fn values_look_as_the_source_writes_them() {
        let field = |name: &str, ty| Field {
            name: name.into(),
            ty,
        };
        let def = |name: &str, kind| Def {
            name: name.into(),
            kind,
        };
        let defs = Defs {
            defs: vec![
                def(
                    "Line",
                    DefKind::Record {
                        fields: vec![field("sku", Type::Text), field("qty", Type::Int)],
                    },
                ),
                def(
                    "State",
                    DefKind::Enum {
                        variants: vec![
                            Variant {
                                name: "Open".into(),
                                fields: vec![],
                            },
                            Variant {
                                name: "Paid".into(),
                                fields: vec![field("by", Type::Text)],
                            },
                        ],
                    },
                ),
                def("Sku", DefKind::New { base: Type::Text }),
                def(
                    "Account",
                    DefKind::Entity {
                        keys: vec![field("owner", Type::Named(DefId(2)))],
                    },
                ),
                def(
                    "Broke",
                    DefKind::Error {
                        fields: vec![field("have", Type::Int)],
                        status: 422,
                    },
                ),
            ],
        };
        let named = |n| Type::Named(DefId(n));
        let list = |ty| Type::List(Box::new(ty));
        let map = Type::Map(Box::new(Type::Text), Box::new(Type::Int));
        let line = Value::Record(vec![text("bi\"ke"), Value::Int(2)]);
        let result = Type::Result(Box::new(Type::Int), vec![DefId(4)]);
        let pair = Type::Tuple(vec![
            TupleField {
                name: None,
                ty: Type::Int,
            },
            TupleField {
                name: Some("day".into()),
                ty: Type::Bool,
            },
        ]);
        let cases = [
            (Type::Text, text("a\"b"), "a\"b"),
            (named(2), text("a b"), "a b"),
            (
                list(named(2)),
                Value::List(vec![text("a{"), text("\n")]),
                r#"["a\{", "\n"]"#,
            ),
            (named(0), line, r#"Line(sku: "bi\"ke", qty: 2)"#),
            (named(1), Value::Variant(0, vec![]), "Open"),
            (
                named(1),
                Value::Variant(1, vec![text("x")]),
                r#"Paid(by: "x")"#,
            ),
            (
                named(3),
                Value::Record(vec![text("ann")]),
                r#"Account("ann")"#,
            ),
            (
                result.clone(),
                Value::Err(DefId(4), vec![Value::Int(1)]),
                "Broke(have: 1)",
            ),
            (result, Value::Ok(Box::new(Value::Int(1))), "Ok(1)"),
            (map.clone(), Value::Map(Default::default()), "[:]"),
            (
                map,
                Value::Map([(text("a"), Value::Int(1))].into()),
                r#"["a": 1]"#,
            ),
            (
                Type::Set(Box::new(Type::Int)),
                Value::Set([Value::Int(2), Value::Int(1)].into()),
                "{1, 2}",
            ),
            (
                pair,
                Value::Record(vec![Value::Int(1), Value::Bool(true)]),
                "(1, day: true)",
            ),
            (
                Type::Option(Box::new(Type::Decimal)),
                Value::Option(Some(Box::new(Value::Decimal(500_000_000)))),
                "Some(0.5)",
            ),
            (Type::Bytes, Value::Bytes(b"hi".to_vec()), "0x6869"),
            (Type::Unit, Value::Unit, "()"),
        ];
        for (ty, value, expected) in cases {
            assert_eq!(show(&defs, &ty, &value), expected);
        }
    }
}

//! JSON of no fixed shape as a value: the enum `Json` of the library.
//!
//! It is known by its name and its variants. A program's own enum that has just these is the same thing by another way.

use super::document::{Document, Members};
use super::parse::parse;
use crate::library::decimal;
use crate::types::{DefId, DefKind, Defs, Type, Variant};
use crate::value::Value;

/// Its variants in their order, each with its one field.
const VARIANTS: [(&str, Option<&str>); 7] = [
    ("Null", None),
    ("Bool", Some("value")),
    ("Number", Some("value")),
    ("OtherNumber", Some("text")),
    ("String", Some("text")),
    ("Array", Some("items")),
    ("Object", Some("members")),
];

/// Whether this is the library's `Json`.
pub(super) fn is_json(defs: &Defs, id: DefId) -> bool {
    let def = defs.get(id);
    let DefKind::Enum { variants } = &def.kind else {
        return false;
    };
    if def.name != "Json" || variants.len() != VARIANTS.len() {
        return false;
    }
    let itself = || Box::new(Type::Named(id));
    let types = [
        None,
        Some(Type::Bool),
        Some(Type::Decimal),
        Some(Type::Text),
        Some(Type::Text),
        Some(Type::List(itself())),
        Some(Type::Map(Box::new(Type::Text), itself())),
    ];
    type Known = (&'static str, Option<&'static str>);
    let is_same = |((variant, (name, field)), ty): ((&Variant, Known), &Option<Type>)| {
        let mut fields = variant.fields.iter().map(|f| (f.name.as_str(), &f.ty));
        variant.name == name && variant.fields.len() <= 1 && fields.next() == field.zip(ty.as_ref())
    };
    variants.iter().zip(VARIANTS).zip(&types).all(is_same)
}

/// Numbers that are decimals become decimals; the others keep their digits.
pub(super) fn from_document(document: &Document) -> Value {
    let (variant, field) = match document {
        Document::Null => return Value::Variant(0, Vec::new()),
        Document::Bool(b) => (1, Value::Bool(*b)),
        Document::Number(text) => match exact(text) {
            Some(count) => (2, Value::Decimal(count)),
            None => (3, Value::Text(text.clone())),
        },
        Document::String(text) => (4, Value::Text(text.clone())),
        Document::Array(items) => (5, Value::List(items.iter().map(from_document).collect())),
        Document::Object(members) => {
            let member = |(name, value): &(String, Document)| {
                (Value::Text(name.clone()), from_document(value))
            };
            (6, Value::Map(members.iter().map(member).collect()))
        }
    };
    Value::Variant(variant, vec![field])
}

/// # Panics
/// When the value is no `Json`.
pub(super) fn to_document(value: &Value) -> Document {
    let Value::Variant(variant, fields) = value else {
        panic!("{value:?} is no Json")
    };
    match (variant, fields.as_slice()) {
        (0, []) => Document::Null,
        (1, [Value::Bool(b)]) => Document::Bool(*b),
        (2, [Value::Decimal(count)]) => Document::Number(decimal::show(*count)),
        // A program can put any text there.
        (3, [Value::Text(text)]) => match parse(text.as_bytes()) {
            Ok(number @ Document::Number(_)) => number,
            _ => Document::String(text.clone()),
        },
        (4, [Value::Text(text)]) => Document::String(text.clone()),
        (5, [Value::List(items)]) => Document::Array(items.iter().map(to_document).collect()),
        (6, [Value::Map(entries)]) => {
            let member = |(name, value): (&Value, &Value)| match name {
                Value::Text(name) => (name.clone(), to_document(value)),
                other => panic!("{other:?} is no name"),
            };
            Document::Object(entries.iter().map(member).collect::<Members>())
        }
        _ => panic!("{value:?} is no Json"),
    }
}

/// The decimal that a number of JSON is; `None` for one that is none.
fn exact(number: &str) -> Option<i128> {
    let (digits, exponent) = match number.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    if exponent == 0
        && let Some(count) = decimal::parse(digits)
    {
        return Some(count);
    }
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let (sign, whole) = match whole.strip_prefix('-') {
        Some(whole) => ("-", whole),
        None => ("", whole),
    };
    let all = format!("{whole}{part}");
    let all = all.trim_start_matches('0');
    // Zeros at the end move the point.
    let kept = all.trim_end_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    let dropped = (all.len() - kept.len()) as i64;
    let scale = part.len() as i64 - i64::from(exponent) - dropped;
    match scale {
        // Longer than all decimals; also keeps the text short.
        ..-40 | 10.. => None,
        ..=0 => decimal::parse(&format!("{sign}{kept}{}", "0".repeat(-scale as usize))),
        _ => {
            let padded = format!("{}{kept}", "0".repeat(scale as usize));
            let (whole, part) = padded.split_at(padded.len() - scale as usize);
            let whole = if whole.is_empty() { "0" } else { whole };
            decimal::parse(&format!("{sign}{whole}.{part}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_left_alone() {
        const ONE: i128 = 1_000_000_000;
        for (text, count) in [
            ("0", Some(0)),
            ("-0.000", Some(0)),
            ("0e999999", Some(0)),
            ("12", Some(12 * ONE)),
            ("1.50", Some(ONE * 3 / 2)),
            ("15e-1", Some(ONE * 3 / 2)),
            ("-1.5E+2", Some(-150 * ONE)),
            ("0.0000000010", Some(1)),
            ("1e-9", Some(1)),
            ("100e-11", Some(1)),
            ("1e-10", None),
            ("0.0000000001", None),
            ("1e29", Some(ONE * 10i128.pow(29))),
            ("1e30", None),
            ("1e400", None),
            ("1e99999999999", None),
            ("170141183460469231731687303715.884105727", Some(i128::MAX)),
            ("-170141183460469231731687303715.884105728", Some(i128::MIN)),
            ("170141183460469231731687303715.884105728", None),
        ] {
            assert_eq!(exact(text), count, "{text}");
        }
    }
}

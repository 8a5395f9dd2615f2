//! Holding a pattern against a value.

use weir_check::hir::{Checked, Expr, ExprKind, Pattern, PatternKind};
use weir_contract::Value;

use crate::call::Frame;
use crate::operator;
use crate::types::error_def;

/// Whether the value has the pattern's form. Names in the pattern are assigned on the way; when it does not
/// match nobody can see them.
pub(crate) fn matches(
    program: &Checked,
    pattern: &Pattern,
    value: Value,
    frame: &mut Frame<'_>,
) -> bool {
    use PatternKind as P;
    match (&pattern.kind, value) {
        (P::Wildcard, _) => true,
        (P::Bind(local), value) => {
            frame.locals[local.0 as usize] = Some(value);
            true
        }
        (P::Bool(expected), value) => value == Value::Bool(*expected),
        (P::Literal(expected), value) => literal(expected) == value,
        (P::None, Value::Option(value)) => value.is_none(),
        (P::Some(inner), Value::Option(Some(value))) | (P::Ok(inner), Value::Ok(value)) => {
            matches(program, inner, *value, frame)
        }
        (P::Error(id, patterns), Value::Err(def, fields)) => {
            error_def(*id) == def && all_match(program, patterns, fields, frame)
        }
        (P::Variant(_, tag, patterns), Value::Variant(found, fields)) => {
            *tag == found && all_match(program, patterns, fields, frame)
        }
        (P::Fields(patterns), Value::Record(fields)) => all_match(program, patterns, fields, frame),
        (P::List { items, rest }, Value::List(mut values)) => {
            let long_enough = match rest {
                None => values.len() == items.len(),
                Some(_) => values.len() >= items.len(),
            };
            if !long_enough {
                return false;
            }
            if let Some(rest) = rest {
                let many = values.len() - items.len();
                let between = values.drain(rest.at..rest.at + many).collect();
                if let Some(local) = rest.local {
                    frame.locals[local.0 as usize] = Some(Value::List(between));
                }
            }
            all_match(program, items, values, frame)
        }
        (P::Or(alternatives), value) => alternatives
            .iter()
            .any(|alternative| matches(program, alternative, value.clone(), frame)),
        (_, _) => false,
    }
}

pub(crate) fn all_match(
    program: &Checked,
    patterns: &[Pattern],
    values: Vec<Value>,
    frame: &mut Frame<'_>,
) -> bool {
    assert_eq!(patterns.len(), values.len(), "a pattern for each part");
    let mut parts = patterns.iter().zip(values);
    parts.all(|(pattern, value)| matches(program, pattern, value, frame))
}

/// What a literal stands for. The base of every `new` type is its own value; nothing marks it.
fn literal(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Bool(b) => Value::Bool(*b),
        ExprKind::Int(n) => Value::Int(*n),
        ExprKind::Decimal(n) => Value::Decimal(*n),
        ExprKind::Float(x) => Value::Float(*x),
        ExprKind::Text(text) => Value::Text(text.clone()),
        ExprKind::Neg(inner) => operator::negate(literal(inner)).expect("a literal fits its type"),
        ExprKind::Wrap(_, inner) => literal(inner),
        other => panic!("{other:?} is no literal"),
    }
}

//! Arithmetic and comparison, and reading values as what the checker promised.
//!
//! Whole numbers, times and durations are exact or a bug; decimals round half to even (`contract::library`);
//! floats follow IEEE 754 but have one NaN and one zero, since equal values must not be told apart.

use std::collections::BTreeMap;

use weir_check::hir::{ArithOp, CompareOp};
use weir_contract::encode::canonical_float;
use weir_contract::library::decimal;
use weir_contract::{CrashReason, Money, Value};

pub(crate) fn arith(op: ArithOp, a: Value, b: Value) -> Result<Value, CrashReason> {
    use ArithOp::*;
    use Value as V;
    Ok(match (op, a, b) {
        (op, V::Int(a), V::Int(b)) => V::Int(whole(op, a, b)?),
        (op, V::Float(a), V::Float(b)) => V::Float(float(op, a, b)),
        (op, V::Decimal(a), V::Decimal(b)) => V::Decimal(match op {
            Add => a.checked_add(b).ok_or(CrashReason::Overflow)?,
            Sub => a.checked_sub(b).ok_or(CrashReason::Overflow)?,
            Mul => decimal::mul(a, b)?,
            Div => decimal::div(a, b)?,
            Rem => decimal::rem(a, b)?,
        }),
        (Div, V::Duration(a), V::Duration(b)) => V::Int(whole(Div, a, b)?),
        (Add | Sub | Rem, V::Duration(a), V::Duration(b)) => V::Duration(whole(op, a, b)?),
        (Mul | Div, V::Duration(a), V::Int(b)) => V::Duration(whole(op, a, b)?),
        (Mul, V::Int(a), V::Duration(b)) => V::Duration(whole(op, a, b)?),
        (Add | Sub, V::Time(a), V::Duration(b)) => V::Time(whole(op, a, b)?),
        (Add, V::Duration(a), V::Time(b)) => V::Time(whole(op, a, b)?),
        (Sub, V::Time(a), V::Time(b)) => V::Duration(whole(op, a, b)?),
        (op, V::Money(a), V::Money(b)) => {
            same_currency(&a, &b)?;
            let amount = arith(op, V::Decimal(a.amount), V::Decimal(b.amount))?;
            if op == Div {
                amount
            } else {
                with_amount(a, amount)
            }
        }
        (op, V::Money(a), b) => with_amount(a, arith(op, V::Decimal(a.amount), factor(b))?),
        (op, a, V::Money(b)) => with_amount(b, arith(op, factor(a), V::Decimal(b.amount))?),
        (Add, V::Text(a), V::Text(b)) => V::Text(a + &b),
        (op, a, b) => panic!("{op:?} of {a:?} and {b:?}"),
    })
}

/// Two currencies are a bug, except where any two values are compared.
fn same_currency(a: &Money, b: &Money) -> Result<(), CrashReason> {
    match a.currency == b.currency {
        true => Ok(()),
        false => Err(CrashReason::MixedCurrencies),
    }
}

fn with_amount(money: Money, amount: Value) -> Value {
    match amount {
        Value::Decimal(amount) => Value::Money(Money { amount, ..money }),
        other => panic!("{other:?} is no amount"),
    }
}

/// What money is multiplied with or divided by.
fn factor(number: Value) -> Value {
    match number {
        Value::Int(n) => Value::Decimal(i128::from(n) * decimal::UNIT),
        number => number,
    }
}

/// Division goes towards zero; a remainder has the sign of the dividend.
fn whole(op: ArithOp, a: i64, b: i64) -> Result<i64, CrashReason> {
    let result = match op {
        ArithOp::Add => a.checked_add(b),
        ArithOp::Sub => a.checked_sub(b),
        ArithOp::Mul => a.checked_mul(b),
        ArithOp::Div | ArithOp::Rem if b == 0 => return Err(CrashReason::DivideByZero),
        ArithOp::Div => a.checked_div(b),
        // The remainder by -1 is 0 for every number, also where the quotient does not fit.
        ArithOp::Rem => Some(a.wrapping_rem(b)),
    };
    result.ok_or(CrashReason::Overflow)
}

fn float(op: ArithOp, a: f64, b: f64) -> f64 {
    canonical_float(match op {
        ArithOp::Add => a + b,
        ArithOp::Sub => a - b,
        ArithOp::Mul => a * b,
        ArithOp::Div => a / b,
        ArithOp::Rem => a % b,
    })
}

pub(crate) fn negate(value: Value) -> Result<Value, CrashReason> {
    let overflow = CrashReason::Overflow;
    Ok(match value {
        Value::Int(n) => Value::Int(n.checked_neg().ok_or(overflow)?),
        Value::Decimal(n) => Value::Decimal(n.checked_neg().ok_or(overflow)?),
        Value::Duration(n) => Value::Duration(n.checked_neg().ok_or(overflow)?),
        Value::Float(x) => Value::Float(canonical_float(-x)),
        Value::Money(m) => with_amount(m, negate(Value::Decimal(m.amount))?),
        other => panic!("minus {other:?}"),
    })
}

/// What is compared as money has to be in one currency.
pub(crate) fn comparable(a: &Value, b: &Value) -> Result<(), CrashReason> {
    match (a, b) {
        (Value::Money(a), Value::Money(b)) => same_currency(a, b),
        _ => panic!("{a:?} and {b:?} are no money"),
    }
}

/// By the total order of [`Value`], which every type has.
pub(crate) fn compare(op: CompareOp, a: &Value, b: &Value) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }
}

pub(crate) fn int(value: &Value) -> i64 {
    match value {
        Value::Int(n) => *n,
        other => panic!("{other:?} is no Int"),
    }
}

/// A position below `len`.
pub(crate) fn position(index: &Value, len: usize) -> Option<usize> {
    let index = usize::try_from(int(index)).ok()?;
    (index < len).then_some(index)
}

pub(crate) fn entries(value: Value) -> BTreeMap<Value, Value> {
    match value {
        Value::Map(entries) => entries,
        other => panic!("{other:?} is no Map"),
    }
}

/// What a walk over a collection meets: a map gives pairs.
pub(crate) fn items(value: Value) -> Vec<Value> {
    match value {
        Value::List(items) => items,
        Value::Set(items) => items.into_iter().collect(),
        Value::Map(entries) => entries
            .into_iter()
            .map(|(k, v)| Value::Record(vec![k, v]))
            .collect(),
        other => panic!("{other:?} is no collection"),
    }
}

/// The parts of a record, tuple, error or entity reference.
pub(crate) fn fields_of(value: Value) -> Vec<Value> {
    match value {
        Value::Record(fields) => fields,
        other => panic!("{other:?} has no fields"),
    }
}

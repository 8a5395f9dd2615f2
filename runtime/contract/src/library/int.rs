//! `Int`: conversions and powers. The four operations are in the language itself.

use super::decimal::UNIT;
use super::{Answer, int_at, option, text_at};
use crate::crash::CrashReason;
use crate::value::Value;

pub(super) fn op_to_decimal(args: &[Value]) -> Answer {
    // Always fits: 2^63 * 10^9 < 2^127.
    Ok(Value::Decimal(int_at(args, 0) as i128 * UNIT))
}

/// The nearest float.
pub(super) fn op_to_float(args: &[Value]) -> Answer {
    Ok(Value::Float(int_at(args, 0) as f64))
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(int_at(args, 0).to_string()))
}

/// Digits with an optional sign and nothing else.
pub(super) fn op_parse(args: &[Value]) -> Answer {
    Ok(option(text_at(args, 0).parse().ok().map(Value::Int)))
}

/// A negative exponent has no integer answer.
pub(super) fn op_pow(args: &[Value]) -> Answer {
    let (mut base, exponent) = (int_at(args, 0), int_at(args, 1));
    if exponent < 0 {
        return Err(CrashReason::BadArgument);
    }
    let mut rest = exponent as u64;
    let mut result = 1i64;
    while rest > 0 {
        if rest & 1 == 1 {
            result = result.checked_mul(base).ok_or(CrashReason::Overflow)?;
        }
        rest >>= 1;
        if rest > 0 {
            base = base.checked_mul(base).ok_or(CrashReason::Overflow)?;
        }
    }
    Ok(Value::Int(result))
}

/// The number itself: how the library refuses sizes.
pub(super) fn op_at_least_one(args: &[Value]) -> Answer {
    match int_at(args, 0) {
        n @ 1.. => Ok(Value::Int(n)),
        _ => Err(CrashReason::BadArgument),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_overflow_exactly_when_the_result_does() {
        let pow = |a, b| op_pow(&[Value::Int(a), Value::Int(b)]);
        assert_eq!(pow(-2, 63), Ok(Value::Int(i64::MIN)));
        assert_eq!(pow(2, 63), Err(CrashReason::Overflow));
        assert_eq!(pow(-1, i64::MAX), Ok(Value::Int(-1)));
        assert_eq!(pow(0, 0), Ok(Value::Int(1)));
        assert_eq!(pow(2, -1), Err(CrashReason::BadArgument));
        assert_eq!(
            pow(3_037_000_499, 2),
            Ok(Value::Int(9_223_372_030_926_249_001))
        );
    }
}

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

/// Digits `0` to `9` and `a` to `z`, of a base from 2 to 36.
pub(super) fn op_to_base(args: &[Value]) -> Answer {
    let (n, base) = (int_at(args, 0), base_at(args, 1)?);
    let mut rest = n.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        let digit = (rest % base as u64) as u32;
        digits.push(char::from_digit(digit, base).expect("it is below the base"));
        rest /= base as u64;
    }
    if n < 0 {
        digits.push('-');
    }
    Ok(Value::Text(digits.iter().rev().collect()))
}

/// Digits of either case with an optional sign.
pub(super) fn op_from_base(args: &[Value]) -> Answer {
    let base = base_at(args, 1)?;
    let parsed = i64::from_str_radix(text_at(args, 0), base).ok();
    Ok(option(parsed.map(Value::Int)))
}

fn base_at(args: &[Value], at: usize) -> Result<u32, CrashReason> {
    match int_at(args, at) {
        base @ 2..=36 => Ok(base as u32),
        _ => Err(CrashReason::BadArgument),
    }
}

pub(super) fn op_bit_and(args: &[Value]) -> Answer {
    Ok(Value::Int(int_at(args, 0) & int_at(args, 1)))
}

pub(super) fn op_bit_or(args: &[Value]) -> Answer {
    Ok(Value::Int(int_at(args, 0) | int_at(args, 1)))
}

pub(super) fn op_bit_xor(args: &[Value]) -> Answer {
    Ok(Value::Int(int_at(args, 0) ^ int_at(args, 1)))
}

/// Bits that leave are gone; 0 to 63.
pub(super) fn op_shift_left(args: &[Value]) -> Answer {
    Ok(Value::Int(int_at(args, 0) << shift_at(args, 1)?))
}

/// The sign stays.
pub(super) fn op_shift_right(args: &[Value]) -> Answer {
    Ok(Value::Int(int_at(args, 0) >> shift_at(args, 1)?))
}

fn shift_at(args: &[Value], at: usize) -> Result<u32, CrashReason> {
    match int_at(args, at) {
        by @ 0..=63 => Ok(by as u32),
        _ => Err(CrashReason::BadArgument),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_read_what_they_write() {
        for n in [0, -1, 255, i64::MIN, i64::MAX] {
            for base in [2, 10, 16, 36] {
                let text = op_to_base(&[Value::Int(n), Value::Int(base)]).unwrap();
                let read = op_from_base(&[text, Value::Int(base)]);
                assert_eq!(read, Ok(option(Some(Value::Int(n)))));
            }
        }
        let bad = op_to_base(&[Value::Int(1), Value::Int(37)]);
        assert_eq!(bad, Err(CrashReason::BadArgument));
        let shift = op_shift_left(&[Value::Int(1), Value::Int(64)]);
        assert_eq!(shift, Err(CrashReason::BadArgument));
    }

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

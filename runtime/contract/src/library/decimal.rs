//! `Decimal`: a 128-bit count of 10^-9.
//!
//! `*`, `/` and rounding go half to even; a result that does not fit is a bug of the program. Products
//! and quotients are exact before they are rounded, so they are worked out in 256 bits where needed.

use super::{Answer, decimal_at, int_at, option, text_at};
use crate::crash::CrashReason;
use crate::value::Value;

/// The count that means 1.
pub const UNIT: i128 = 1_000_000_000;
const PLACES: usize = 9;

/// `a * b`, half to even at the ninth place.
pub fn mul(a: i128, b: i128) -> Result<i128, CrashReason> {
    let negative = (a < 0) != (b < 0);
    let wide = wide_mul(a.unsigned_abs(), b.unsigned_abs());
    signed(negative, wide_div_half_even(wide, UNIT as u128))
}

/// `a / b`, half to even at the ninth place.
pub fn div(a: i128, b: i128) -> Result<i128, CrashReason> {
    if b == 0 {
        return Err(CrashReason::DivideByZero);
    }
    let negative = (a < 0) != (b < 0);
    let wide = wide_mul(a.unsigned_abs(), UNIT as u128);
    signed(negative, wide_div_half_even(wide, b.unsigned_abs()))
}

/// The exact remainder of division towards zero; it has the sign of `a`.
pub fn rem(a: i128, b: i128) -> Result<i128, CrashReason> {
    match b {
        0 => Err(CrashReason::DivideByZero),
        -1 => Ok(0),
        _ => Ok(a % b),
    }
}

/// Where a number between two goes. The sign plays no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, from the middle to the even one.
    HalfEven,
    /// To the nearest, from the middle away from zero.
    HalfUp,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// Half to even at `places` after the point, 0 to 9.
pub fn round(a: i128, places: i64) -> Result<i128, CrashReason> {
    round_by(a, places, Rounding::HalfEven)
}

/// Rounded at `places` after the point, 0 to 9.
pub fn round_by(a: i128, places: i64, rounding: Rounding) -> Result<i128, CrashReason> {
    if !(0..=PLACES as i64).contains(&places) {
        return Err(CrashReason::BadArgument);
    }
    let unit = 10u128.pow(PLACES as u32 - places as u32);
    let size = a.unsigned_abs();
    let (whole, rest) = (size / unit, size % unit);
    let up = match rounding {
        Rounding::HalfEven => rest * 2 > unit || (rest * 2 == unit && whole % 2 == 1),
        Rounding::HalfUp => rest > 0 && rest * 2 >= unit,
        Rounding::Down => false,
        Rounding::Up => rest > 0,
    };
    let rounded = (whole + u128::from(up)).checked_mul(unit);
    signed(a < 0, rounded)
}

/// Without trailing zeros: `12`, `0.5`, `-3.25`.
pub fn show(a: i128) -> String {
    let size = a.unsigned_abs();
    let sign = if a < 0 { "-" } else { "" };
    let (whole, part) = (size / UNIT as u128, size % UNIT as u128);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{part:09}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// Digits with an optional sign and at most nine places: `-12`, `0.50`. Anything else, and what does not
/// fit, is `None`: reading never rounds.
pub fn parse(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    if whole.is_empty() || part.len() > PLACES {
        return None;
    }
    let mut count: i128 = 0;
    let zeros = std::iter::repeat_n(b'0', PLACES - part.len());
    for digit in whole.bytes().chain(part.bytes()).chain(zeros) {
        let digit = (digit as char).to_digit(10)? as i128;
        // Counted downwards, because the lowest value has no positive twin.
        count = count.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative {
        Some(count)
    } else {
        count.checked_neg()
    }
}

/// `(high, low)` halves of the product.
fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    if let Some(product) = a.checked_mul(b) {
        return (0, product);
    }
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 64);
    let middle2 = a0 * b1 + (middle & LOW);
    let high = a1 * b1 + (middle >> 64) + (middle2 >> 64);
    (high, (middle2 << 64) | (low & LOW))
}

/// The quotient rounded half to even; `None` when it has more than 128 bits.
fn wide_div_half_even((high, low): (u128, u128), by: u128) -> Option<u128> {
    let (quotient, rest) = if high == 0 {
        (low / by, low % by)
    } else if high >= by {
        return None;
    } else {
        // Bit by bit, as on paper. Divisors are below 2^128, so the rest needs one bit more at most.
        let (mut quotient, mut rest) = (0u128, high);
        for bit in (0..128).rev() {
            let carry = rest >> 127 == 1;
            rest = (rest << 1) | ((low >> bit) & 1);
            quotient <<= 1;
            if carry || rest >= by {
                rest = rest.wrapping_sub(by);
                quotient |= 1;
            }
        }
        (quotient, rest)
    };
    let above_half = rest > by - rest;
    let at_half = rest == by - rest;
    let up = above_half || (at_half && quotient & 1 == 1);
    quotient.checked_add(up as u128)
}

fn signed(negative: bool, size: Option<u128>) -> Result<i128, CrashReason> {
    let size = size.ok_or(CrashReason::Overflow)?;
    let value = if negative {
        0i128.checked_sub_unsigned(size)
    } else {
        0i128.checked_add_unsigned(size)
    };
    value.ok_or(CrashReason::Overflow)
}

pub(super) fn op_mul(args: &[Value]) -> Answer {
    mul(decimal_at(args, 0), decimal_at(args, 1)).map(Value::Decimal)
}

pub(super) fn op_div(args: &[Value]) -> Answer {
    div(decimal_at(args, 0), decimal_at(args, 1)).map(Value::Decimal)
}

pub(super) fn op_rem(args: &[Value]) -> Answer {
    rem(decimal_at(args, 0), decimal_at(args, 1)).map(Value::Decimal)
}

pub(super) fn op_round(args: &[Value]) -> Answer {
    round(decimal_at(args, 0), int_at(args, 1)).map(Value::Decimal)
}

pub(super) fn op_round_half_up(args: &[Value]) -> Answer {
    round_by(decimal_at(args, 0), int_at(args, 1), Rounding::HalfUp).map(Value::Decimal)
}

pub(super) fn op_round_down(args: &[Value]) -> Answer {
    round_by(decimal_at(args, 0), int_at(args, 1), Rounding::Down).map(Value::Decimal)
}

pub(super) fn op_round_up(args: &[Value]) -> Answer {
    round_by(decimal_at(args, 0), int_at(args, 1), Rounding::Up).map(Value::Decimal)
}

/// The next whole number below.
pub(super) fn op_floor(args: &[Value]) -> Answer {
    let a = decimal_at(args, 0);
    let floor = a.checked_sub(a.rem_euclid(UNIT));
    floor.map(Value::Decimal).ok_or(CrashReason::Overflow)
}

/// The next whole number above.
pub(super) fn op_ceil(args: &[Value]) -> Answer {
    let a = decimal_at(args, 0);
    let ceil = match a.rem_euclid(UNIT) {
        0 => Some(a),
        part => a.checked_add(UNIT - part),
    };
    ceil.map(Value::Decimal).ok_or(CrashReason::Overflow)
}

/// The whole part, towards zero.
pub(super) fn op_to_int(args: &[Value]) -> Answer {
    let whole = i64::try_from(decimal_at(args, 0) / UNIT);
    whole.map(Value::Int).map_err(|_| CrashReason::Overflow)
}

/// The nearest float, by way of the shortest text, which Rust reads correctly rounded.
pub(super) fn op_to_float(args: &[Value]) -> Answer {
    let shown = show(decimal_at(args, 0));
    Ok(Value::Float(shown.parse().expect("digits and a point")))
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(show(decimal_at(args, 0))))
}

pub(super) fn op_parse(args: &[Value]) -> Answer {
    Ok(option(parse(text_at(args, 0)).map(Value::Decimal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: Result<i128, CrashReason>, expected: &str) {
        assert_eq!(result.map(show), Ok(expected.to_owned()));
    }

    fn d(text: &str) -> i128 {
        parse(text).unwrap_or_else(|| panic!("{text} is a decimal"))
    }

    #[test]
    fn reads_what_it_shows_and_nothing_sloppy() {
        let extremes = [i128::MIN, i128::MAX, 0, 1, -1, UNIT, -UNIT / 2];
        for n in extremes {
            assert_eq!(parse(&show(n)), Some(n));
        }
        assert_eq!(d("-0.50"), -500_000_000);
        for bad in [
            "",
            "-",
            ".5",
            "5.",
            "1.0000000001",
            "1e3",
            " 1",
            "1_0",
            "--1",
            "+-1",
            "٣",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
        assert_eq!(parse("170141183460469231731687303716"), None);
    }

    #[test]
    fn products_and_quotients_round_half_to_even() {
        check(mul(d("1.5"), d("-2.25")), "-3.375");
        check(mul(d("0.000000001"), d("0.5")), "0");
        check(mul(d("0.000000003"), d("0.5")), "0.000000002");
        check(mul(d("-0.000000001"), d("0.500000001")), "-0.000000001");
        check(div(d("2"), d("3")), "0.666666667");
        check(div(d("-1"), d("8")), "-0.125");
        check(div(d("0.000000005"), d("2")), "0.000000002");
        assert_eq!(div(1, 0), Err(CrashReason::DivideByZero));
    }

    #[test]
    fn wide_intermediate_results_do_not_overflow() {
        let big = d("100000000000000000000");
        assert_eq!(
            div(mul(big, d("1000000000")).unwrap(), d("1000000000")),
            Ok(big)
        );
        assert_eq!(mul(i128::MAX, UNIT), Ok(i128::MAX));
        assert_eq!(div(i128::MIN, UNIT), Ok(i128::MIN));
        assert_eq!(div(i128::MIN, -UNIT), Err(CrashReason::Overflow));
        assert_eq!(div(i128::MAX, i128::MAX), Ok(UNIT));
        assert_eq!(div(i128::MIN, i128::MIN), Ok(UNIT));
        assert_eq!(div(i128::MAX - 1, i128::MAX), Ok(UNIT));
        assert_eq!(mul(i128::MAX, 2 * UNIT), Err(CrashReason::Overflow));
        assert_eq!(div(i128::MAX, 1), Err(CrashReason::Overflow));
    }

    #[test]
    fn rounds_to_places() {
        check(round(d("2.5"), 0), "2");
        check(round(d("3.5"), 0), "4");
        check(round(d("-2.345"), 2), "-2.34");
        check(round(d("1.23456789"), 9), "1.23456789");
        assert_eq!(round(i128::MAX, 0), Err(CrashReason::Overflow));
        assert_eq!(round(0, 10), Err(CrashReason::BadArgument));
    }

    #[test]
    fn rounds_in_four_ways() {
        use Rounding::*;
        // Of each number what it is without places: half-even, half-up, down, up.
        for (number, expected) in [
            ("2.5", ["2", "3", "2", "3"]),
            ("-2.5", ["-2", "-3", "-2", "-3"]),
            ("3.5", ["4", "4", "3", "4"]),
            ("2.000000001", ["2", "2", "2", "3"]),
            ("-2.499999999", ["-2", "-2", "-2", "-3"]),
            ("7", ["7", "7", "7", "7"]),
        ] {
            for (rounding, expected) in [HalfEven, HalfUp, Down, Up].into_iter().zip(expected) {
                check(round_by(d(number), 0, rounding), expected);
                let exact = round_by(d(number), 9, rounding);
                check(exact, &show(d(number)));
            }
        }
        assert_eq!(round_by(i128::MIN, 0, Up), Err(CrashReason::Overflow));
        check(
            round_by(i128::MIN, 0, Down),
            "-170141183460469231731687303715",
        );
    }

    #[test]
    fn remainders_keep_the_sign_of_the_dividend() {
        check(rem(d("-7.5"), d("2")), "-1.5");
        check(rem(d("7.5"), d("-2")), "1.5");
        assert_eq!(rem(i128::MIN, -1), Ok(0));
        assert_eq!(
            op_floor(&[Value::Decimal(d("-0.5"))]),
            Ok(Value::Decimal(d("-1")))
        );
        assert_eq!(op_ceil(&[Value::Decimal(d("-0.5"))]), Ok(Value::Decimal(0)));
        assert_eq!(op_to_int(&[Value::Decimal(d("-2.9"))]), Ok(Value::Int(-2)));
    }
}

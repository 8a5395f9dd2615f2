//! `Float`: IEEE 754 doubles with one NaN, and -0.0 that is never told from 0.0.
//!
//! What a processor or a C library would do in its own way is done by `libm` in plain arithmetic, so that a result is the same
//! on every machine.

use super::{Answer, decimal, float_at, int_at, option, text_at};
use crate::crash::CrashReason;
use crate::value::Value;

/// The shortest digits that read back as the same number: `1.0`, `0.1`, `1e300`, `NaN`, `inf`, `-inf`.
pub fn show(x: f64) -> String {
    // Equal values look equal, so the zero has no sign.
    if x == 0.0 {
        "0.0".to_owned()
    } else {
        format!("{x:?}")
    }
}

/// All results go through here: one NaN, one zero.
fn float(x: f64) -> Answer {
    Ok(Value::Float(crate::encode::canonical_float(x)))
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(show(float_at(args, 0))))
}

/// So many digits behind the point, 0 to 9, halves of what the float really is to the even one.
pub(super) fn op_show_places(args: &[Value]) -> Answer {
    let (x, places) = (float_at(args, 0), int_at(args, 1));
    let places = usize::try_from(places).ok().filter(|places| *places <= 9);
    let text = format!("{x:.*}", places.ok_or(CrashReason::BadArgument)?);
    // What is rounded to nothing has no sign.
    let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    Ok(Value::Text(match text.strip_prefix('-') {
        Some(zero) if is_zero => zero.to_owned(),
        _ => text,
    }))
}

/// What `show` gives, and the usual spellings with or without point and exponent.
pub(super) fn op_parse(args: &[Value]) -> Answer {
    let parsed = text_at(args, 0).parse::<f64>().ok();
    Ok(option(
        parsed.map(crate::encode::canonical_float).map(Value::Float),
    ))
}

pub(super) fn op_floor(args: &[Value]) -> Answer {
    float(float_at(args, 0).floor())
}

pub(super) fn op_ceil(args: &[Value]) -> Answer {
    float(float_at(args, 0).ceil())
}

/// Half to even, as everywhere in the language.
pub(super) fn op_round(args: &[Value]) -> Answer {
    float(float_at(args, 0).round_ties_even())
}

pub(super) fn op_sqrt(args: &[Value]) -> Answer {
    float(float_at(args, 0).sqrt())
}

pub(super) fn op_pow(args: &[Value]) -> Answer {
    float(libm::pow(float_at(args, 0), float_at(args, 1)))
}

pub(super) fn op_exp(args: &[Value]) -> Answer {
    float(libm::exp(float_at(args, 0)))
}

pub(super) fn op_ln(args: &[Value]) -> Answer {
    float(libm::log(float_at(args, 0)))
}

pub(super) fn op_sin(args: &[Value]) -> Answer {
    float(libm::sin(float_at(args, 0)))
}

pub(super) fn op_cos(args: &[Value]) -> Answer {
    float(libm::cos(float_at(args, 0)))
}

pub(super) fn op_tan(args: &[Value]) -> Answer {
    float(libm::tan(float_at(args, 0)))
}

pub(super) fn op_asin(args: &[Value]) -> Answer {
    float(libm::asin(float_at(args, 0)))
}

pub(super) fn op_acos(args: &[Value]) -> Answer {
    float(libm::acos(float_at(args, 0)))
}

pub(super) fn op_atan(args: &[Value]) -> Answer {
    float(libm::atan(float_at(args, 0)))
}

pub(super) fn op_log2(args: &[Value]) -> Answer {
    float(libm::log2(float_at(args, 0)))
}

pub(super) fn op_log10(args: &[Value]) -> Answer {
    float(libm::log10(float_at(args, 0)))
}

pub(super) fn op_cbrt(args: &[Value]) -> Answer {
    float(libm::cbrt(float_at(args, 0)))
}

/// The angle of the point `(x, y)`, `y` first.
pub(super) fn op_atan2(args: &[Value]) -> Answer {
    float(libm::atan2(float_at(args, 0), float_at(args, 1)))
}

/// The whole part.
pub(super) fn op_trunc(args: &[Value]) -> Answer {
    float(float_at(args, 0).trunc())
}

/// The remainder of division towards zero, with the sign of the dividend.
pub(super) fn op_rem(args: &[Value]) -> Answer {
    float(float_at(args, 0) % float_at(args, 1))
}

/// The whole part, towards zero. NaN and what does not fit are bugs.
pub(super) fn op_to_int(args: &[Value]) -> Answer {
    let x = float_at(args, 0).trunc();
    // Both bounds are powers of two, so they are exact floats.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) {
        Ok(Value::Int(x as i64))
    } else {
        Err(CrashReason::Overflow)
    }
}

/// The decimal nearest to the shortest digits; `None` for NaN and what does not fit.
pub(super) fn op_to_decimal(args: &[Value]) -> Answer {
    let x = float_at(args, 0);
    if !x.is_finite() {
        return Ok(option(None));
    }
    let digits = format!("{x}");
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    let value = if part.len() <= 9 {
        decimal::parse(&digits)
    } else {
        // Cut at ten places with a one behind them when more follow: rounding then goes the right way.
        let sticky = if part[10..].bytes().any(|b| b != b'0') {
            1
        } else {
            0
        };
        let tenth = part.as_bytes()[9] - b'0';
        decimal::parse(&format!("{whole}.{}", &part[..9])).and_then(|cut| {
            let odd = cut & 1 != 0;
            let up = tenth > 5 || (tenth == 5 && (sticky == 1 || odd));
            cut.checked_add(if up { if x < 0.0 { -1 } else { 1 } } else { 0 })
        })
    };
    Ok(option(value.map(Value::Decimal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_shortest_digits_and_reads_them_back() {
        for (x, text) in [
            (0.1, "0.1"),
            (-0.0, "0.0"),
            (1e300, "1e300"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(show(x), text);
            let parsed = op_parse(&[Value::Text(text.into())]).unwrap();
            assert_eq!(parsed, option(Some(Value::Float(x))));
        }
        assert_eq!(op_parse(&[Value::Text("one".into())]), Ok(option(None)));
    }

    #[test]
    fn whole_numbers_that_do_not_fit_are_bugs() {
        let to_int = |x| op_to_int(&[Value::Float(x)]);
        assert_eq!(to_int(-2.9), Ok(Value::Int(-2)));
        assert_eq!(
            to_int(-9_223_372_036_854_775_808.0),
            Ok(Value::Int(i64::MIN))
        );
        assert_eq!(
            to_int(9_223_372_036_854_775_808.0),
            Err(CrashReason::Overflow)
        );
        assert_eq!(to_int(f64::NAN), Err(CrashReason::Overflow));
    }

    #[test]
    fn decimals_of_floats_round_half_to_even() {
        let to_decimal = |x| match op_to_decimal(&[Value::Float(x)]) {
            Ok(Value::Option(Some(d))) => match *d {
                Value::Decimal(d) => decimal::show(d),
                other => panic!("{other:?}"),
            },
            other => format!("{other:?}"),
        };
        assert_eq!(to_decimal(0.1), "0.1");
        assert_eq!(to_decimal(-12.0), "-12");
        assert_eq!(to_decimal(0.0000000025), "0.000000002");
        assert_eq!(to_decimal(-0.00000000251), "-0.000000003");
        assert_eq!(to_decimal(1e300), "Ok(Option(None))");
    }
}

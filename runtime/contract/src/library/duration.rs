//! `Duration`: microseconds, shown as the language writes them.

use super::{Answer, duration_at, int_at, option, text_at};
use crate::value::Value;

const UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// The largest units first, those of zero left out: `1h30m`, `250ms`, `-2d`, `0s`.
pub fn show(micros: i64) -> String {
    if micros == 0 {
        return "0s".to_owned();
    }
    let mut out = if micros < 0 {
        "-".to_owned()
    } else {
        String::new()
    };
    let mut rest = micros.unsigned_abs();
    for (name, size) in UNITS {
        if rest >= size {
            out += &format!("{}{name}", rest / size);
            rest %= size;
        }
    }
    out
}

/// Reads what `show` writes, and other units behind one another as long as each is smaller than the one before: `90m`, `1h5s`.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut units = UNITS.iter();
    // Counted downwards, because the lowest value has no positive twin.
    let mut micros = 0i64;
    while !rest.is_empty() || units.len() == UNITS.len() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let (_, size) = units.find(|(name, _)| *name == &rest[..letters])?;
        rest = &rest[letters..];
        micros = micros.checked_sub(number.checked_mul(*size as i64)?)?;
    }
    match negative {
        true => Some(micros),
        false => micros.checked_neg(),
    }
}

pub(super) fn op_parse(args: &[Value]) -> Answer {
    Ok(option(parse(text_at(args, 0)).map(Value::Duration)))
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(show(duration_at(args, 0))))
}

pub(super) fn op_to_micros(args: &[Value]) -> Answer {
    Ok(Value::Int(duration_at(args, 0)))
}

pub(super) fn op_from_micros(args: &[Value]) -> Answer {
    Ok(Value::Duration(int_at(args, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_duration() {
        assert_eq!(parse("90m"), Some(5_400_000_000));
        for bad in [
            "",
            "-",
            "5",
            "h",
            "1h 5m",
            "5m1h",
            "1h1h",
            "1w",
            "--1s",
            "1.5h",
            "é",
            "9999999999999d",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn shows_the_largest_units_first() {
        for (micros, text) in [
            (0, "0s"),
            (5_400_000_000, "1h30m"),
            (-250_000, "-250ms"),
            (1_000_001, "1s1us"),
            (i64::MIN, "-106751991d4h54s775ms808us"),
        ] {
            assert_eq!(show(micros), text);
            assert_eq!(parse(text), Some(micros), "{text}");
        }
    }
}

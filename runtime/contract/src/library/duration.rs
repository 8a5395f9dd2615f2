//! `Duration`: microseconds, shown as the language writes them.

use super::{Answer, duration_at, int_at};
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
    fn shows_the_largest_units_first() {
        for (micros, text) in [
            (0, "0s"),
            (5_400_000_000, "1h30m"),
            (-250_000, "-250ms"),
            (1_000_001, "1s1us"),
            (i64::MIN, "-106751991d4h54s775ms808us"),
        ] {
            assert_eq!(show(micros), text);
        }
    }
}

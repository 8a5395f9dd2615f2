//! Values of literals, read from their text.
//!
//! Each function gives the value or the message of what is wrong with it; the
//! caller knows the place.

/// A decimal is a count of 10^-9; this many of them are one.
pub const DECIMAL_ONE: i128 = 1_000_000_000;

const DECIMAL_PLACES: usize = 9;

/// `1_000`. The magnitude only, so that 2^63 can still become the lowest `Int`.
pub fn int(text: &str) -> Result<u64, String> {
    match digits(text).parse::<u64>() {
        Ok(value) if value <= 1 << 63 => Ok(value),
        _ => Err("this number does not fit: an `Int` ends at 9_223_372_036_854_775_807".into()),
    }
}

/// `12.50` or `12`, as a count of 10^-9.
pub fn decimal(text: &str) -> Result<i128, String> {
    let text = digits(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let significant = fraction.trim_end_matches('0');
    if significant.len() > DECIMAL_PLACES {
        return Err("a `Decimal` has at most nine digits after the point".into());
    }
    let padded = format!("{significant:0<DECIMAL_PLACES$}");
    let too_big = || "this number does not fit into a `Decimal`".to_string();
    let whole: i128 = whole.parse().map_err(|_| too_big())?;
    let fraction: i128 = padded.parse().map_err(|_| too_big())?;
    whole
        .checked_mul(DECIMAL_ONE)
        .and_then(|value| value.checked_add(fraction))
        .ok_or_else(too_big)
}

/// `1.5f`.
pub fn float(text: &str) -> Result<f64, String> {
    match digits(text.trim_end_matches('f')).parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("this number does not fit into a `Float`".into()),
    }
}

/// `19.99USD`: the amount as a count of 10^-9, and the currency.
pub fn money(text: &str) -> Result<(i128, String), String> {
    let (amount, currency) = text.split_at(text.len() - 3);
    Ok((decimal(amount)?, currency.to_owned()))
}

/// `1h30m` in microseconds. Units go from the biggest to the smallest, each once.
pub fn duration(text: &str) -> Result<i64, String> {
    const UNITS: [(&str, i64); 6] = [
        ("w", 604_800_000_000),
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("m", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1_000),
    ];
    let too_long = || "this duration does not fit into 64 bits of microseconds".to_string();
    let text = digits(text);
    let mut rest = text.as_str();
    let mut biggest = 0;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (count, after) = rest.split_at(number);
        let length = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        let Some(at) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return Err(format!(
                "`{unit}` is no unit of time: there are w, d, h, m, s and ms"
            ));
        };
        if at < biggest {
            return Err(format!(
                "each unit stands once and the biggest first, but `{unit}` comes late"
            ));
        }
        biggest = at + 1;
        let count: i64 = count.parse().map_err(|_| too_long())?;
        total = count
            .checked_mul(UNITS[at].1)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(too_long)?;
        rest = after;
    }
    Ok(total)
}

fn digits(text: &str) -> String {
    text.replace('_', "")
}

/// `2026-01-31T10:00Z`, the inside of `t"..."`, in microseconds since 1970. A day
/// alone is its midnight in UTC.
pub fn time(text: &str) -> Result<i64, String> {
    let wrong = "write a time as `t\"2026-01-31T10:00Z\"`".to_string();
    let mut reader = TimeReader { rest: text };
    let mut read = || -> Option<(i64, i64)> {
        let days = reader.date()?;
        if reader.rest.is_empty() {
            return Some((days * 86_400, 0));
        }
        reader.literal("T")?;
        let hour = reader.number(2).filter(|h| *h < 24)?;
        reader.literal(":")?;
        let minute = reader.number(2).filter(|m| *m < 60)?;
        let (mut second, mut micros) = (0, 0);
        if reader.literal(":").is_some() {
            second = reader.number(2).filter(|s| *s < 60)?;
            if reader.literal(".").is_some() {
                micros = reader.fraction()?;
            }
        }
        let offset = reader.offset()?;
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second;
        reader.rest.is_empty().then_some((seconds, micros))
    };
    let (seconds, micros) = read().ok_or(wrong)?;
    Ok(seconds * 1_000_000 + micros)
}

/// `2026-01-31`, the inside of `d"..."`, in days since 1970.
pub fn date(text: &str) -> Result<i64, String> {
    let mut reader = TimeReader { rest: text };
    let day = reader.date().filter(|_| reader.rest.is_empty());
    day.ok_or_else(|| match time(text) {
        Ok(_) => "a date has no clock: write `d\"2026-01-31\"`, or the time as `t\"..\"`".into(),
        Err(_) => "write a date as `d\"2026-01-31\"`".into(),
    })
}

struct TimeReader<'t> {
    rest: &'t str,
}

impl TimeReader<'_> {
    fn literal(&mut self, expected: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    /// `2026-01-31`, in days since 1970.
    fn date(&mut self) -> Option<i64> {
        let year = self.number(4)?;
        self.literal("-")?;
        let month = self.number(2)?;
        self.literal("-")?;
        let day = self.number(2)?;
        days_since_1970(year, month, day)
    }

    /// Exactly so many digits.
    fn number(&mut self, length: usize) -> Option<i64> {
        let digits = self.rest.get(..length)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.rest = &self.rest[length..];
        digits.parse().ok()
    }

    /// One to six digits, as microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let length = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        if length == 0 || length > 6 {
            return None;
        }
        let value = self.number(length)?;
        Some(value * 10_i64.pow(6 - length as u32))
    }

    /// `Z`, `+02:00` or `-05:30`, in minutes.
    fn offset(&mut self) -> Option<i64> {
        if self.literal("Z").is_some() {
            return Some(0);
        }
        let sign = if self.literal("+").is_some() {
            1
        } else {
            self.literal("-")?;
            -1
        };
        let hours = self.number(2).filter(|h| *h < 24)?;
        self.literal(":")?;
        let minutes = self.number(2).filter(|m| *m < 60)?;
        Some(sign * (hours * 60 + minutes))
    }
}

/// Days of the proleptic Gregorian calendar; `None` for a day that does not exist.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [
        31,
        if leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if day < 1 || day > length {
        return None;
    }
    let before: i64 = lengths[..month as usize - 1].iter().sum();
    // Days from year 0 to the first of January of `year`.
    let from_zero = |year: i64| {
        let past = year - 1;
        year * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
    };
    Some(from_zero(year) - from_zero(1970) + before + day - 1)
}

/// An escape that does not exist, at a byte range of the text it was found in.
pub struct BadEscape {
    pub start: usize,
    pub end: usize,
    pub message: String,
}

/// The value of a piece of text between quotes and holes. Where its lines end is one character, however the file ends them, so
/// that a program means the same wherever it was checked out.
pub fn unescape(text: &str) -> (String, Vec<BadEscape>) {
    let mut value = String::with_capacity(text.len());
    let mut bad = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at].replace("\r\n", "\n"));
        let start = text.len() - rest.len() + at;
        let after = &rest[at + 1..];
        let Some(c) = after.chars().next() else {
            bad.push(BadEscape {
                start,
                end: text.len(),
                message: "a `\\` stands before the character it escapes".into(),
            });
            rest = "";
            break;
        };
        let mut length = c.len_utf8();
        match c {
            '{' | '}' | '"' | '\\' => value.push(c),
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'u' => match unicode(&after[1..]) {
                Some((c, used)) => {
                    value.push(c);
                    length += used;
                }
                None => bad.push(BadEscape {
                    start,
                    end: start + 2,
                    message: "write `\\u{...}` with the number of a character in hexadecimal"
                        .into(),
                }),
            },
            _ => bad.push(BadEscape {
                start,
                end: start + 1 + length,
                message: format!("`\\{}` is no escape", c.escape_debug()),
            }),
        }
        rest = &after[length..];
    }
    value.push_str(&rest.replace("\r\n", "\n"));
    (value, bad)
}

/// Reads `{1F600}`: the character and how many bytes were read.
fn unicode(text: &str) -> Option<(char, usize)> {
    let inside = text.strip_prefix('{')?;
    let end = inside.find('}')?;
    let number = u32::from_str_radix(&inside[..end], 16).ok()?;
    Some((char::from_u32(number)?, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(int("1_000"), Ok(1000));
        assert_eq!(int("9223372036854775808"), Ok(1 << 63));
        assert!(int("9223372036854775809").is_err());
        assert_eq!(decimal("12.50"), Ok(12_500_000_000));
        assert_eq!(decimal("0.000000001"), Ok(1));
        assert!(decimal("0.0000000001").is_err());
        assert_eq!(money("19.99USD"), Ok((19_990_000_000, "USD".into())));
        assert_eq!(float("1.5f"), Ok(1.5));
    }

    #[test]
    fn durations_add_up_from_the_biggest_unit_down() {
        assert_eq!(duration("250ms"), Ok(250_000));
        assert_eq!(duration("1h30m"), Ok(5_400_000_000));
        assert_eq!(duration("2w"), Ok(14 * 86_400_000_000));
        assert!(duration("30m1h").is_err());
        assert!(duration("1m1m").is_err());
        assert!(duration("99999999999w").is_err());
    }

    #[test]
    fn times_are_microseconds_since_1970() {
        assert_eq!(time("1970-01-01T00:00Z"), Ok(0));
        assert_eq!(time("2026-01-31T10:00Z"), Ok(1_769_853_600_000_000));
        assert_eq!(time("2000-02-29T00:00:01.5+02:00"), Ok(951_775_201_500_000));
        assert_eq!(time("1970-01-02"), Ok(86_400_000_000));
        assert_eq!(time("1969-12-31T23:59:59Z"), Ok(-1_000_000));
        assert_eq!(time("0001-01-01T00:00Z"), Ok(-62_135_596_800_000_000));
        for wrong in [
            "2026-02-29T00:00Z",
            "2026-1-1T0:0Z",
            "2026-01-01T",
            "2026-01-01T24:00Z",
            "é",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(date("1970-01-02"), Ok(1));
        assert_eq!(date("1969-12-31"), Ok(-1));
        assert!(date("2026-02-29").is_err());
        assert!(date("2026-1-1").is_err());
        let clock = date("2026-01-31T10:00Z").unwrap_err();
        assert!(clock.starts_with("a date has no clock"), "{clock}");
    }

    #[test]
    fn escapes_are_the_closed_set() {
        assert_eq!(unescape("a\r\nb\\t\r\n").0, "a\nb\t\n");
        assert_eq!(unescape(r#"a\n\t\"\{\}\\\u{1F600}é"#).0, "a\n\t\"{}\\😀é");
        let (value, bad) = unescape(r"C:\dir\");
        assert_eq!(value, "C:ir");
        assert_eq!(bad.len(), 2);
    }
}

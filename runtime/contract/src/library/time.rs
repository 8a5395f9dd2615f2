//! `Time`: microseconds since 1970 in UTC, and the calendar (proleptic Gregorian, no leap seconds).

use super::{Answer, duration_at, int_at, option, text_at, time_at};
use crate::crash::CrashReason;
use crate::value::Value;

pub(super) const DAY: i64 = 86_400_000_000;

/// A time taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    /// Microseconds within the second.
    pub micros: i64,
}

/// RFC 3339 in UTC: `2026-01-31T10:00:00Z`, with as many digits after the second as are needed.
/// Years outside 0 to 9999, which RFC 3339 cannot write, carry a sign.
pub fn show(time: i64) -> String {
    let p = parts(time);
    let year = show_year(p.year);
    let fraction = match p.micros {
        0 => String::new(),
        micros => format!(".{}", format!("{micros:06}").trim_end_matches('0')),
    };
    let Parts {
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = p;
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Four digits; outside 0 to 9999 as many as it takes, with a sign.
pub(super) fn show_year(year: i64) -> String {
    match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{year:+05}"),
    }
}

/// Reads RFC 3339 with any offset. Seconds may be left out (as in the language's literals); digits beyond
/// microseconds are refused rather than cut, and so is a second 60.
pub fn parse(text: &str) -> Option<i64> {
    let (year, rest) = match text.as_bytes().first()? {
        b'+' | b'-' => {
            let end = text[1..].find('-')? + 1;
            let digits = &text[1..end];
            if digits.len() < 4 || digits.len() > 6 {
                return None;
            }
            let year = number(digits)?;
            (
                if text.starts_with('-') { -year } else { year },
                &text[end..],
            )
        }
        _ => (number(text.get(..4)?)?, &text[4..]),
    };
    let month = number(rest.strip_prefix('-')?.get(..2)?)?;
    let day = number(rest.get(3..)?.strip_prefix('-')?.get(..2)?)?;
    let clock = rest.get(6..)?.strip_prefix(['T', 't'])?;
    let hour = number(clock.get(..2)?)?;
    let minute = number(clock.get(2..)?.strip_prefix(':')?.get(..2)?)?;
    let mut rest = &clock[5..];
    let (mut second, mut micros) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        second = number(after.get(..2)?)?;
        rest = &after[2..];
        if let Some(after) = rest.strip_prefix('.') {
            let len = after.bytes().take_while(u8::is_ascii_digit).count();
            if len == 0 || len > 6 {
                return None;
            }
            micros = number(&after[..len])? * 10i64.pow(6 - len as u32);
            rest = &after[len..];
        }
    }
    let offset_minutes = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(rest.get(1..3)?)?, number(rest.get(4..)?)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_of(year, month, day)?;
    let clock = ((hour * 60 + minute - offset_minutes) * 60 + second) * 1_000_000 + micros;
    let time = days as i128 * DAY as i128 + clock as i128;
    i64::try_from(time).ok()
}

/// The calendar and clock of a time.
pub fn parts(time: i64) -> Parts {
    let (days, clock) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    Parts {
        year,
        month,
        day,
        hour: clock / 3_600_000_000,
        minute: clock / 60_000_000 % 60,
        second: clock / 1_000_000 % 60,
        micros: clock % 1_000_000,
    }
}

/// Year, month and day of a day counted from 1970.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    // Howard Hinnant's days-to-civil: years begin in March, so that the leap day is the last.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    (year, month, day)
}

/// Days since 1970 of a date; `None` when there is no such date.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(-999_999..=999_999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    if !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let y = year - (month <= 2) as i64;
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// How many days a month has, 1 to 12.
pub(super) fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + leap as i64,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// ISO 8601: Monday is 1, Sunday 7. The first day of 1970 was a Thursday.
pub(super) fn weekday(time: i64) -> i64 {
    (time.div_euclid(DAY) + 3).rem_euclid(7) + 1
}

/// Digits only.
pub(super) fn number(digits: &str) -> Option<i64> {
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(show(time_at(args, 0))))
}

pub(super) fn op_parse(args: &[Value]) -> Answer {
    Ok(option(parse(text_at(args, 0)).map(Value::Time)))
}

pub(super) fn op_year(args: &[Value]) -> Answer {
    Ok(Value::Int(parts(time_at(args, 0)).year))
}

pub(super) fn op_month(args: &[Value]) -> Answer {
    Ok(Value::Int(parts(time_at(args, 0)).month))
}

pub(super) fn op_day(args: &[Value]) -> Answer {
    Ok(Value::Int(parts(time_at(args, 0)).day))
}

pub(super) fn op_hour(args: &[Value]) -> Answer {
    Ok(Value::Int(parts(time_at(args, 0)).hour))
}

pub(super) fn op_minute(args: &[Value]) -> Answer {
    Ok(Value::Int(parts(time_at(args, 0)).minute))
}

pub(super) fn op_second(args: &[Value]) -> Answer {
    Ok(Value::Int(parts(time_at(args, 0)).second))
}

pub(super) fn op_weekday(args: &[Value]) -> Answer {
    Ok(Value::Int(weekday(time_at(args, 0))))
}

/// Midnight of a date, when there is such a date and it fits.
pub(super) fn op_from_date(args: &[Value]) -> Answer {
    let days = days_of(int_at(args, 0), int_at(args, 1), int_at(args, 2));
    let time = days.and_then(|days| days.checked_mul(DAY));
    Ok(option(time.map(Value::Time)))
}

/// The start of the window of this length, counted from 1970, that the time lies in.
pub(super) fn op_floor(args: &[Value]) -> Answer {
    let (time, length) = (time_at(args, 0), duration_at(args, 1));
    if length <= 0 {
        return Err(CrashReason::BadArgument);
    }
    let start = time.checked_sub(time.rem_euclid(length));
    start.map(Value::Time).ok_or(CrashReason::Overflow)
}

pub(super) fn op_to_micros(args: &[Value]) -> Answer {
    Ok(Value::Int(time_at(args, 0)))
}

pub(super) fn op_from_micros(args: &[Value]) -> Answer {
    Ok(Value::Time(int_at(args, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_and_reads_rfc_3339() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2026-01-31T10:00:00.25Z",
            "2000-02-29T23:59:59Z",
            "0001-03-01T00:00:00Z",
        ] {
            assert_eq!(show(parse(text).expect(text)), text);
        }
        for time in [i64::MIN, i64::MAX, -1, 951_782_400_000_000] {
            assert_eq!(parse(&show(time)), Some(time), "{}", show(time));
        }
        assert_eq!(
            parse("2026-01-31T10:00Z"),
            parse("2026-01-31T12:30:00+02:30")
        );
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(1_000_000));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for bad in [
            "",
            "2026",
            "2026-02-30T00:00Z",
            "2026-13-01T00:00Z",
            "2026-01-01T24:00Z",
            "2026-01-01T00:00",
            "2026-01-01 00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.1234567Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00Zé",
            "é026-01-01T00:00Z",
            "2026-01-01T00:00+24:00",
            "+1-01-01T00:00Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn windows_and_weekdays() {
        let at = |text| Value::Time(parse(text).unwrap());
        let hour = Value::Duration(3_600_000_000);
        assert_eq!(
            op_floor(&[at("2026-01-31T10:59Z"), hour.clone()]),
            Ok(at("2026-01-31T10:00Z"))
        );
        assert_eq!(
            op_floor(&[at("1969-12-31T23:30Z"), hour]),
            Ok(at("1969-12-31T23:00Z"))
        );
        assert_eq!(
            op_floor(&[at("1970-01-01T00:00Z"), Value::Duration(0)]),
            Err(CrashReason::BadArgument)
        );
        assert_eq!(op_weekday(&[at("2026-01-31T10:00Z")]), Ok(Value::Int(6)));
    }
}

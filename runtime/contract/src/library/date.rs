//! `Date`: a day of the calendar, counted from 1970, in no zone.
//!
//! The calendar is the Gregorian one, also before it was introduced. Years go from -999999 to 999999; what leads out of them is
//! an overflow.

use std::ops::RangeInclusive;

use super::time::{DAY, civil, days_in, days_of, number};
use super::{Answer, calendar, date_at, int_at, option, text_at, time_at};
use crate::crash::CrashReason;
use crate::value::Value;

/// The days there are, as counts from 1970.
pub const DAYS: RangeInclusive<i64> = -365_961_662..=364_522_971;

/// ISO 8601: `2026-01-31`. Years outside 0 to 9999 carry a sign.
pub fn show(days: i64) -> String {
    let (year, month, day) = civil(days);
    format!("{}-{month:02}-{day:02}", super::time::show_year(year))
}

/// Reads what `show` writes.
pub fn parse(text: &str) -> Option<i64> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let signs = text.len() - unsigned.len();
    let end = signs + unsigned.find('-')?;
    let (year, rest) = text.split_at(end);
    let year = match (signs, end - signs) {
        (0, 4) => number(year)?,
        (1, 4..=6) => number(&year[1..])? * if text.starts_with('-') { -1 } else { 1 },
        _ => return None,
    };
    let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
    if month.len() != 2 || day.len() != 2 {
        return None;
    }
    days_of(year, number(month)?, number(day)?)
}

/// The date so many days after 1970, if there is one.
fn date(days: Option<i64>) -> Answer {
    let days = days.filter(|days| DAYS.contains(days));
    days.map(Value::Date).ok_or(CrashReason::Overflow)
}

pub(super) fn op_of(args: &[Value]) -> Answer {
    let days = days_of(int_at(args, 0), int_at(args, 1), int_at(args, 2));
    Ok(option(days.map(Value::Date)))
}

pub(super) fn op_year(args: &[Value]) -> Answer {
    Ok(Value::Int(civil(date_at(args, 0)).0))
}

pub(super) fn op_month(args: &[Value]) -> Answer {
    Ok(Value::Int(civil(date_at(args, 0)).1))
}

pub(super) fn op_day(args: &[Value]) -> Answer {
    Ok(Value::Int(civil(date_at(args, 0)).2))
}

pub(super) fn op_add_days(args: &[Value]) -> Answer {
    date(date_at(args, 0).checked_add(int_at(args, 1)))
}

pub(super) fn op_add_months(args: &[Value]) -> Answer {
    date(calendar::months_later(date_at(args, 0), int_at(args, 1)))
}

pub(super) fn op_days_in_month(args: &[Value]) -> Answer {
    let (year, month, _) = civil(date_at(args, 0));
    Ok(Value::Int(days_in(year, month)))
}

pub(super) fn op_to_days(args: &[Value]) -> Answer {
    Ok(Value::Int(date_at(args, 0)))
}

pub(super) fn op_from_days(args: &[Value]) -> Answer {
    date(Some(int_at(args, 0)))
}

pub(super) fn op_midnight(args: &[Value]) -> Answer {
    let time = date_at(args, 0).checked_mul(DAY);
    time.map(Value::Time).ok_or(CrashReason::Overflow)
}

pub(super) fn op_of_time(args: &[Value]) -> Answer {
    Ok(Value::Date(time_at(args, 0).div_euclid(DAY)))
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    Ok(Value::Text(show(date_at(args, 0))))
}

pub(super) fn op_parse(args: &[Value]) -> Answer {
    Ok(option(parse(text_at(args, 0)).map(Value::Date)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_and_reads_every_date() {
        for text in [
            "1970-01-01",
            "2024-02-29",
            "0000-01-01",
            "-0001-12-31",
            "-999999-01-01",
            "+999999-12-31",
        ] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        assert_eq!(parse("-999999-01-01"), Some(*DAYS.start()));
        assert_eq!(parse("+999999-12-31"), Some(*DAYS.end()));
        assert_eq!(parse("1970-01-02"), Some(1));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for bad in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "26-01-01",
            "+2026-01",
            "--2026-01-01",
            "2026-01-01T00:00Z",
            "2026-01-é",
            "+1000000-01-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_kept() {
        let last = Value::Date(*DAYS.end());
        let overflow = Err(CrashReason::Overflow);
        assert_eq!(op_add_days(&[last.clone(), Value::Int(1)]), overflow);
        assert_eq!(op_add_months(&[last.clone(), Value::Int(1)]), overflow);
        assert_eq!(op_from_days(&[Value::Int(i64::MAX)]), overflow);
        assert_eq!(op_midnight(&[last]), overflow);
    }
}

//! Months, which have no length of their own, and times written as a pattern says.

use super::time::{DAY, Parts, civil, days_in, days_of, parts};
use super::{Answer, Misread, date_at, int_at, limit, text_at, time_at};
use crate::crash::CrashReason;
use crate::value::Value;

/// The same day so many months later, or the last day of that month where it is shorter.
pub(super) fn op_add_months(args: &[Value]) -> Answer {
    let (time, months) = (time_at(args, 0), int_at(args, 1));
    let later = || {
        let days = months_later(time.div_euclid(DAY), months)?;
        days.checked_mul(DAY)?.checked_add(time.rem_euclid(DAY))
    };
    later().map(Value::Time).ok_or(CrashReason::Overflow)
}

/// The same for a day counted from 1970; `None` where the calendar ends.
pub(super) fn months_later(days: i64, months: i64) -> Option<i64> {
    let (year, month, day) = civil(days);
    let month = (year * 12 + month - 1).checked_add(months)?;
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    // A year this far away has no days; asking how many would not fit.
    if year.abs() > 999_999 {
        return None;
    }
    days_of(year, month, day.min(days_in(year, month)))
}

pub(super) fn op_days_in_month(args: &[Value]) -> Answer {
    let p = parts(time_at(args, 0));
    Ok(Value::Int(days_in(p.year, p.month)))
}

/// English, as in mail headers and logs; what is for people of other tongues is not for a standard library.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// What is wrong with a pattern for times; `None` when it is one.
pub fn problem(pattern: &str) -> Option<Misread> {
    if is_foreign(pattern) {
        return Some(Misread {
            what: "this is no pattern for times",
            why: format!("no `%` in `{pattern}`, so it would stand there as it is"),
            help: "parts of a time are a `%` and a letter: `%H:%M` for `HH:mm`, `%Y-%m-%d` for `yyyy-MM-dd`",
        });
    }
    let why = match write(pattern, &parts(0)) {
        Ok(_) => return None,
        Err(Some(letter)) => format!("`%{letter}` stands for nothing"),
        Err(None) => "nothing follows the last `%`".to_owned(),
    };
    Some(Misread {
        what: "this is no pattern for times",
        why,
        help: "write `%%` for a percent sign; `%Y-%m-%d %H:%M:%S` is a date and a clock",
    })
}

/// `HH:mm` and its like: letters, as other languages have them, and no part of a time. It would be the same text at any time.
pub(super) fn is_foreign(pattern: &str) -> bool {
    !pattern.contains('%') && pattern.bytes().any(|b| b.is_ascii_alphabetic())
}

/// As `strftime` of C does it, in English.
pub(super) fn op_format(args: &[Value]) -> Answer {
    format_by(text_at(args, 1), &parts(time_at(args, 0)))
}

/// The same for a day, which may lie where no time does.
pub(super) fn op_format_date(args: &[Value]) -> Answer {
    let (year, month, day) = civil(date_at(args, 0));
    let midnight = Parts {
        year,
        month,
        day,
        ..parts(0)
    };
    format_by(text_at(args, 1), &midnight)
}

fn format_by(pattern: &str, p: &Parts) -> Answer {
    // The longest of all parts has nine letters.
    limit(pattern.len().saturating_mul(9))?;
    if is_foreign(pattern) {
        return Err(CrashReason::BadText);
    }
    let written = write(pattern, p).map_err(|_| CrashReason::BadText)?;
    Ok(Value::Text(written))
}

/// The letter behind a `%` that means nothing, or `None` where there is none.
fn write(pattern: &str, p: &Parts) -> Result<String, Option<char>> {
    let mut out = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let name = |names: &[&'static str], at: i64| names[at as usize - 1];
        match letters.next().ok_or(None)? {
            'Y' => out += &format!("{:04}", p.year),
            'y' => out += &format!("{:02}", p.year.rem_euclid(100)),
            'm' => out += &format!("{:02}", p.month),
            'd' => out += &format!("{:02}", p.day),
            'e' => out += &p.day.to_string(),
            'j' => out += &format!("{:03}", day_of_year(p)),
            'H' => out += &format!("{:02}", p.hour),
            'I' => out += &format!("{:02}", (p.hour + 11) % 12 + 1),
            'p' => out += if p.hour < 12 { "AM" } else { "PM" },
            'M' => out += &format!("{:02}", p.minute),
            'S' => out += &format!("{:02}", p.second),
            'f' => out += &format!("{:06}", p.micros),
            'B' => out += name(&MONTHS, p.month),
            'b' => out += &name(&MONTHS, p.month)[..3],
            'A' => out += name(&WEEKDAYS, weekday(p)),
            'a' => out += &name(&WEEKDAYS, weekday(p))[..3],
            'F' => out += &format!("{:04}-{:02}-{:02}", p.year, p.month, p.day),
            'T' => out += &format!("{:02}:{:02}:{:02}", p.hour, p.minute, p.second),
            '%' => out.push('%'),
            other => return Err(Some(other)),
        }
    }
    Ok(out)
}

/// 1 to 366.
pub(super) fn day_of_year(p: &Parts) -> i64 {
    p.day
        + (1..p.month)
            .map(|month| days_in(p.year, month))
            .sum::<i64>()
}

/// Monday is 1.
pub(super) fn weekday(p: &Parts) -> i64 {
    let days = days_of(p.year, p.month, p.day).expect("it was made from a day");
    (days + 3).rem_euclid(7) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::time::{parse, show};

    #[test]
    fn months_are_added_within_the_calendar() {
        let add = |text: &str, months| {
            let time = Value::Time(parse(text).expect(text));
            match op_add_months(&[time, Value::Int(months)]) {
                Ok(Value::Time(time)) => show(time),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(add("2026-01-31T10:00Z", 1), "2026-02-28T10:00:00Z");
        assert_eq!(add("2024-01-31T10:00Z", 1), "2024-02-29T10:00:00Z");
        assert_eq!(add("2026-01-31T10:00Z", -2), "2025-11-30T10:00:00Z");
        assert_eq!(add("2026-12-15T23:59:59.5Z", 1), "2027-01-15T23:59:59.5Z");
        assert_eq!(add("1969-03-31T23:00Z", -1), "1969-02-28T23:00:00Z");
        assert_eq!(add("2026-01-01T00:00Z", i64::MAX), "Err(Overflow)");
        assert_eq!(add("2026-01-01T00:00Z", i64::MIN), "Err(Overflow)");
    }

    #[test]
    fn patterns_write_each_part() {
        let time = parse("2026-03-09T15:04:05.006Z").unwrap();
        let all = "%Y %y %m %d %e %j %H %I %p %M %S %f %B %b %A %a %F %T %%";
        let written =
            "2026 26 03 09 9 068 15 03 PM 04 05 006000 March Mar Monday Mon 2026-03-09 15:04:05 %";
        assert_eq!(write(all, &parts(time)).as_deref(), Ok(written));
        assert_eq!(write("%I %p", &parts(0)).as_deref(), Ok("12 AM"));
        let why = |pattern| problem(pattern).map(|misread| misread.why);
        assert_eq!(why("%Q").as_deref(), Some("`%Q` stands for nothing"));
        assert_eq!(why("1%").as_deref(), Some("nothing follows the last `%`"));
    }
}

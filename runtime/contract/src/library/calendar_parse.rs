//! Times and days read as a pattern says: what [`calendar`] writes, and what people write by hand.
//!
//! Numbers may lack the zeros in front, names may be in either case. What the pattern does not ask for is that of the first moment
//! of 1970. What contradicts itself, a Monday that was a Tuesday, is none.

use super::calendar::{MONTHS, WEEKDAYS, day_of_year, is_foreign, problem, weekday};
use super::time::{DAY, Parts, civil, days_of};
use super::{Answer, option, text_at};
use crate::crash::CrashReason;
use crate::value::Value;

pub(super) fn op_parse(args: &[Value]) -> Answer {
    let found = read(text_at(args, 1), text_at(args, 0))?;
    Ok(option(found.and_then(time).map(Value::Time)))
}

pub(super) fn op_parse_date(args: &[Value]) -> Answer {
    let found = read(text_at(args, 1), text_at(args, 0))?;
    let days = found.map(|p| days_of(p.year, p.month, p.day).expect("read makes days"));
    Ok(option(days.map(Value::Date)))
}

fn time(p: Parts) -> Option<i64> {
    let days = days_of(p.year, p.month, p.day)?;
    let clock = ((p.hour * 60 + p.minute) * 60 + p.second) * 1_000_000 + p.micros;
    days.checked_mul(DAY)?.checked_add(clock)
}

/// `None` where the text is not what the pattern says.
fn read(pattern: &str, text: &str) -> Result<Option<Parts>, CrashReason> {
    if is_foreign(pattern) || problem(pattern).is_some() {
        return Err(CrashReason::BadText);
    }
    let mut reading = Reading {
        rest: text,
        ..Reading::default()
    };
    let fits = reading.all(pattern).is_some() && reading.rest.is_empty();
    Ok(fits.then(|| reading.parts()).flatten())
}

/// What has been found so far.
#[derive(Default)]
struct Reading<'t> {
    rest: &'t str,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    /// 1 to 12, and whether it is after noon.
    hour_of_half: Option<i64>,
    is_afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
}

impl Reading<'_> {
    fn all(&mut self, pattern: &str) -> Option<()> {
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '%' => self.one(letters.next()?)?,
                other => self.rest = self.rest.strip_prefix(other)?,
            }
        }
        Some(())
    }

    fn one(&mut self, letter: char) -> Option<()> {
        match letter {
            'Y' => self.year = Some(self.digits(4, 4)?),
            // As in POSIX: the hundred years from 1969 on.
            'y' => {
                let short = self.digits(2, 2)?;
                self.year = Some(short + if short < 69 { 2000 } else { 1900 });
            }
            'm' => self.month = Some(self.digits(1, 2)?),
            'd' | 'e' => self.day = Some(self.digits(1, 2)?),
            'j' => self.day_of_year = Some(self.digits(1, 3)?),
            'H' => self.hour = Some(self.digits(1, 2).filter(|n| *n < 24)?),
            'I' => {
                self.hour_of_half = Some(self.digits(1, 2).filter(|n| (1..=12).contains(n))?);
            }
            'p' => self.is_afternoon = Some(self.name(["AM", "PM"].into_iter())? == 1),
            'M' => self.minute = self.digits(1, 2).filter(|n| *n < 60)?,
            'S' => self.second = self.digits(1, 2).filter(|n| *n < 60)?,
            // A fraction: `5` is half a second.
            'f' => {
                let before = self.rest.len();
                let number = self.digits(1, 6)?;
                let digits = before - self.rest.len();
                self.micros = number * 10i64.pow(6 - digits as u32);
            }
            'B' => self.month = Some(self.name(MONTHS.into_iter())? + 1),
            'b' => self.month = Some(self.name(MONTHS.iter().map(|name| &name[..3]))? + 1),
            'A' => self.weekday = Some(self.name(WEEKDAYS.into_iter())? + 1),
            'a' => self.weekday = Some(self.name(WEEKDAYS.iter().map(|name| &name[..3]))? + 1),
            'F' => self.all("%Y-%m-%d")?,
            'T' => self.all("%H:%M:%S")?,
            '%' => self.rest = self.rest.strip_prefix('%')?,
            other => unreachable!("`%{other}` was refused before"),
        }
        Some(())
    }

    /// As many digits as there are, within bounds.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.rest.bytes().take(most);
        let count = digits.take_while(u8::is_ascii_digit).count();
        if count < least {
            return None;
        }
        let (number, rest) = self.rest.split_at(count);
        self.rest = rest;
        number.parse().ok()
    }

    /// The position of the name that comes next.
    fn name<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Option<i64> {
        for (at, name) in names.enumerate() {
            let next = self.rest.get(..name.len());
            if next.is_some_and(|next| next.eq_ignore_ascii_case(name)) {
                self.rest = &self.rest[name.len()..];
                return Some(at as i64);
            }
        }
        None
    }

    fn parts(&self) -> Option<Parts> {
        let year = self.year.unwrap_or(1970);
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(at) = self.day_of_year
            && self.month.is_none()
            && self.day.is_none()
        {
            let found = civil(days_of(year, 1, 1)? + at - 1);
            (month, day) = (found.1, found.2);
        }
        days_of(year, month, day)?;
        let hour = match (self.hour, self.hour_of_half) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour % 12 + 12 * self.is_afternoon.unwrap_or(false) as i64,
            (None, None) => 0,
        };
        let parts = Parts {
            year,
            month,
            day,
            hour,
            minute: self.minute,
            second: self.second,
            micros: self.micros,
        };
        let agrees = |said: Option<i64>, is: i64| said.is_none_or(|said| said == is);
        let is_one = agrees(self.day_of_year, day_of_year(&parts))
            && agrees(self.weekday, weekday(&parts))
            && agrees(self.hour_of_half, (hour + 11) % 12 + 1)
            && self.is_afternoon.is_none_or(|after| after == (hour >= 12));
        is_one.then_some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::time::show;

    fn parsed(text: &str, pattern: &str) -> Option<String> {
        let args = [text, pattern].map(|text| Value::Text(text.to_owned()));
        match op_parse(&args).expect("a pattern") {
            Value::Option(found) => found.map(|time| match *time {
                Value::Time(time) => show(time),
                other => panic!("{other:?}"),
            }),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_people_write_is_read() {
        for (text, pattern, time) in [
            ("09.03.2026", "%d.%m.%Y", "2026-03-09T00:00:00Z"),
            ("9.3.2026", "%d.%m.%Y", "2026-03-09T00:00:00Z"),
            ("090326", "%d%m%y", "2026-03-09T00:00:00Z"),
            (
                "3/9/26 3:04 pm",
                "%m/%d/%y %I:%M %p",
                "2026-03-09T15:04:00Z",
            ),
            ("12:00 AM", "%I:%M %p", "1970-01-01T00:00:00Z"),
            ("mon, 9 MARCH 2026", "%a, %e %B %Y", "2026-03-09T00:00:00Z"),
            (
                "2026-03-09 15:04:05.5",
                "%F %T.%f",
                "2026-03-09T15:04:05.5Z",
            ),
            ("2024-366", "%Y-%j", "2024-12-31T00:00:00Z"),
            ("100% 29 Feb 2024", "100%% %d %b %Y", "2024-02-29T00:00:00Z"),
            ("01.01.69", "%d.%m.%y", "1969-01-01T00:00:00Z"),
        ] {
            assert_eq!(parsed(text, pattern).as_deref(), Some(time), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_not_read() {
        for (text, pattern) in [
            ("29.02.2026", "%d.%m.%Y"),
            ("09.13.2026", "%d.%m.%Y"),
            ("09.03.26", "%d.%m.%Y"),
            ("09.03.2026 ", "%d.%m.%Y"),
            ("", "%Y"),
            ("24:00", "%H:%M"),
            ("13:00 PM", "%I:%M %p"),
            ("15:00 AM", "%H:%M %p"),
            ("Tue 09.03.2026", "%a %d.%m.%Y"),
            ("2026-366", "%Y-%j"),
            ("2026-000", "%Y-%j"),
            ("é", "%b"),
        ] {
            assert_eq!(parsed(text, pattern), None, "{text}");
        }
        let args = ["1", "%Q"].map(|text| Value::Text(text.to_owned()));
        assert_eq!(op_parse(&args), Err(CrashReason::BadText));
    }
}

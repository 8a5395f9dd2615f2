//! Time zones: how far the clocks on a wall are from UTC, by the database of the IANA.
//!
//! The database is inside, never that of the machine, so a program means the same wherever it runs. A local time is held as if
//! it were UTC.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::time::DAY;
use super::{Answer, Misread, text_at, time_at};
use crate::crash::CrashReason;
use crate::value::Value;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The calendar and its weekdays repeat after 400 years.
const CYCLE: i64 = 146_097 * DAY;

/// Times the database knows are from the year -9999 to 9999. Later ones are as those whole cycles before, by the rules in force
/// then; earlier ones as the earliest.
const FIRST: i64 = -370_000_000_000_000_000;
const LAST: i64 = 253_000_000_000_000_000;

/// What is wrong with the name of a zone; `None` when there is one of that name.
pub fn problem(name: &str) -> Option<Misread> {
    match zone(name) {
        Ok(_) => None,
        Err(_) => Some(Misread {
            what: "there is no such time zone",
            why: format!("nothing is called `{name}`"),
            help: "zones are called as in `Europe/Berlin`, by continent or ocean and a large city",
        }),
    }
}

fn zone(name: &str) -> Result<TimeZone, CrashReason> {
    ZONES.get(name).map_err(|_| CrashReason::BadText)
}

pub(super) fn op_is_known(args: &[Value]) -> Answer {
    Ok(Value::Bool(zone(text_at(args, 0)).is_ok()))
}

/// What is to be added to a time in UTC.
pub(super) fn op_offset(args: &[Value]) -> Answer {
    offset(args).map(Value::Duration)
}

/// What the clocks of the zone show.
pub(super) fn op_in_zone(args: &[Value]) -> Answer {
    let local = time_at(args, 0).checked_add(offset(args)?);
    local.map(Value::Time).ok_or(CrashReason::Overflow)
}

/// Of the zone that is the second argument, at the time that is the first.
fn offset(args: &[Value]) -> Result<i64, CrashReason> {
    let zone = zone(text_at(args, 1))?;
    let offset = zone.to_offset(known(time_at(args, 0)).0);
    Ok(offset.seconds() as i64 * 1_000_000)
}

/// The time at which the clocks of the zone show a local time. When they show it twice it is the first; when they skip it, it
/// is moved by what they skip.
pub(super) fn op_to_time(args: &[Value]) -> Answer {
    let zone = zone(text_at(args, 1))?;
    let (shown, moved) = known(time_at(args, 0));
    let shown = TimeZone::UTC.to_datetime(shown);
    let time = zone.to_ambiguous_timestamp(shown).compatible();
    let time = time.expect("far from both ends").as_microsecond();
    let time = time.checked_add(moved).ok_or(CrashReason::Overflow)?;
    Ok(Value::Time(time))
}

/// A time of the database that is as the given one, and what lies between them.
fn known(time: i64) -> (Timestamp, i64) {
    let inside = match time {
        ..FIRST => FIRST,
        FIRST..=LAST => time,
        _ => LAST - CYCLE + (time - LAST) % CYCLE,
    };
    let timestamp = Timestamp::from_microsecond(inside).expect("it is inside");
    (timestamp, time - inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::time::{parse, show};

    fn to_time(local: &str, zone: &str) -> String {
        let local = Value::Time(parse(local).expect(local));
        match op_to_time(&[local, Value::Text(zone.into())]) {
            Ok(Value::Time(time)) => show(time),
            other => format!("{other:?}"),
        }
    }

    fn hours(time: i64, zone: &str) -> f64 {
        match op_offset(&[Value::Time(time), Value::Text(zone.into())]) {
            Ok(Value::Duration(offset)) => offset as f64 / 3_600_000_000.0,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clocks_are_put_forward_and_back() {
        let berlin = "Europe/Berlin";
        assert_eq!(hours(parse("2026-01-31T10:00Z").unwrap(), berlin), 1.0);
        assert_eq!(hours(parse("2026-07-31T10:00Z").unwrap(), berlin), 2.0);
        assert_eq!(to_time("2026-07-31T12:00Z", berlin), "2026-07-31T10:00:00Z");
        // Skipped on the 29th of March, twice on the 25th of October.
        assert_eq!(to_time("2026-03-29T02:30Z", berlin), "2026-03-29T01:30:00Z");
        assert_eq!(to_time("2026-10-25T02:30Z", berlin), "2026-10-25T00:30:00Z");
        assert_eq!(to_time("2026-01-31T12:00Z", "Mars/Base"), "Err(BadText)");
        assert!(problem("Asia/Kathmandu").is_none() && problem("").is_some());
    }

    #[test]
    fn every_time_has_an_offset_and_comes_back() {
        let zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"];
        let edges = [FIRST, LAST]
            .into_iter()
            .flat_map(|edge| [edge - 1, edge, edge + 1]);
        let days = 2 * DAY;
        let far = [
            i64::MIN + days,
            i64::MAX - days,
            0,
            LAST + CYCLE,
            LAST + CYCLE + 1,
        ];
        for time in edges.chain(far) {
            for zone in zones {
                let offset = (hours(time, zone) * 3_600_000_000.0) as i64;
                let local = Value::Time(time + offset);
                let back = op_to_time(&[local, Value::Text(zone.into())]);
                assert_eq!(back, Ok(Value::Time(time)), "{} in {zone}", show(time));
            }
        }
        // The same day of the year, 400 years and many times 400 years later.
        let summer = parse("2026-07-31T10:00Z").unwrap();
        assert_eq!(hours(summer + 600 * CYCLE, "Europe/Berlin"), 2.0);
    }
}

//! ISO 8601 durations, with days as the largest unit because months and years have no fixed length.

const SECOND: u64 = 1_000_000;

/// `P1DT2H3M4.5S`; negative ones start with a minus sign, zero is `PT0S`.
pub(super) fn show(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let all = micros.unsigned_abs();
    let (days, hours) = (all / (86_400 * SECOND), all / (3_600 * SECOND) % 24);
    let (minutes, seconds, fraction) = (all / (60 * SECOND) % 60, all / SECOND % 60, all % SECOND);
    let mut out = format!("{sign}P");
    if days > 0 {
        out += &format!("{days}D");
    }
    let mut time = String::new();
    if hours > 0 {
        time += &format!("{hours}H");
    }
    if minutes > 0 {
        time += &format!("{minutes}M");
    }
    if fraction > 0 {
        time += &format!(
            "{seconds}.{}S",
            format!("{fraction:06}").trim_end_matches('0')
        );
    } else if seconds > 0 || all == 0 {
        time += &format!("{seconds}S");
    }
    if !time.is_empty() {
        out += "T";
        out += &time;
    }
    out
}

/// Reads weeks, days, hours, minutes and seconds, each at most once and in that order; only seconds may have a
/// fraction, of at most six digits.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date = units(date, &[('W', 604_800 * SECOND), ('D', 86_400 * SECOND)])?;
    let time = units(
        time,
        &[('H', 3_600 * SECOND), ('M', 60 * SECOND), ('S', SECOND)],
    )?;
    let micros = i128::from(date) + i128::from(time);
    i64::try_from(if negative { -micros } else { micros }).ok()
}

fn units(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum: u64 = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let letter = text[end..].chars().next()?;
        let (_, size) = units.find(|(name, _)| *name == letter)?;
        let (whole, fraction) = match text[..end].split_once('.') {
            Some((whole, fraction)) if letter == 'S' => (whole, fraction),
            Some(_) => return None,
            None => (&text[..end], "0"),
        };
        if !(1..=6).contains(&fraction.len()) || !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
        let whole: u64 = whole.parse().ok()?;
        sum = sum
            .checked_add(whole.checked_mul(*size)?)?
            .checked_add(fraction)?;
        text = &text[end + 1..];
    }
    Some(sum)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_reads_back() {
        for micros in [
            0,
            1,
            -1,
            1_500_000,
            90_061_000_001,
            86_400_000_000,
            i64::MAX,
            i64::MIN,
        ] {
            assert_eq!(parse(&show(micros)), Some(micros), "{}", show(micros));
        }
        assert_eq!(show(93_784_500_000), "P1DT2H3M4.5S");
        assert_eq!(parse("P2W"), Some(1_209_600_000_000));
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "1D",
            "P1H",
            "PT1D",
            "P1.5D",
            "PT1S1H",
            "PT1.0000001S",
            "P1M",
            "P-1D",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

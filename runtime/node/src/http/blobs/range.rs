//! `Range`: the part of a content that a client asks for (RFC 9110, 14). One part; who asks for several gets the whole.

/// What of a content is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    /// From the one byte up to, not with, the other; never empty.
    Part(u64, u64),
    /// A part behind the end.
    Nothing,
}

/// What a `Range` asks of a content of that size. One that is not understood asks for the whole.
pub(super) fn asked(range: &str, size: u64) -> Asked {
    let Some(part) = range.trim().strip_prefix("bytes=") else {
        return Asked::Whole;
    };
    let Some((first, last)) = part.trim().split_once('-') else {
        return Asked::Whole;
    };
    let number = |text: &str| {
        let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More digits than a number has are as good as the largest.
        all_digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => match number(last) {
            None => Asked::Whole,
            Some(0) => Asked::Nothing,
            Some(_) if size == 0 => Asked::Nothing,
            Some(count) => Asked::Part(size.saturating_sub(count), size),
        },
        (first, last) => {
            let end = match last {
                "" => Some(u64::MAX),
                last => number(last).map(|last| last.saturating_add(1)),
            };
            match (number(first), end) {
                (Some(first), Some(end)) if first >= end => Asked::Whole,
                (Some(first), Some(_)) if first >= size => Asked::Nothing,
                (Some(first), Some(end)) => Asked::Part(first, end.min(size)),
                _ => Asked::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_what_the_standard_says() {
        let cases = [
            ("bytes=0-0", Asked::Part(0, 1)),
            ("bytes=2-4", Asked::Part(2, 5)),
            ("bytes=2-", Asked::Part(2, 10)),
            ("bytes=-3", Asked::Part(7, 10)),
            ("bytes=-30", Asked::Part(0, 10)),
            ("bytes=8-99999999999999999999999", Asked::Part(8, 10)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=10-12", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=a-", Asked::Whole),
            ("bytes=", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(asked(range, 10), expected, "{range}");
        }
        assert_eq!(asked("bytes=0-", 0), Asked::Nothing);
        assert_eq!(asked("bytes=-1", 0), Asked::Nothing);
    }
}

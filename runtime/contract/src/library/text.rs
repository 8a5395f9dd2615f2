//! `Text`: positions and lengths count Unicode scalar values; order and equality are those of the bytes.

use super::{Answer, int_at, limit, list, list_at, option, text_at, texts};
use crate::crash::CrashReason;
use crate::value::Value;

fn text(text: impl Into<String>) -> Answer {
    Ok(Value::Text(text.into()))
}

pub(super) fn op_length(args: &[Value]) -> Answer {
    Ok(Value::Int(text_at(args, 0).chars().count() as i64))
}

/// From the first position up to, not with, the second; both are moved into the text when outside.
pub(super) fn op_slice(args: &[Value]) -> Answer {
    let (from, to) = (int_at(args, 1).max(0), int_at(args, 2));
    let take = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
    let chars = text_at(args, 0).chars();
    text(chars.skip(from as usize).take(take).collect::<String>())
}

/// The parts between separators. An empty separator gives the characters.
pub(super) fn op_split(args: &[Value]) -> Answer {
    match text_at(args, 1) {
        "" => op_chars(args),
        separator => texts(text_at(args, 0).split(separator)),
    }
}

/// Lines without their ends (`\n` or `\r\n`); an end at the very end begins no further line.
pub(super) fn op_lines(args: &[Value]) -> Answer {
    texts(text_at(args, 0).lines())
}

/// The parts between white space, none of them empty.
pub(super) fn op_words(args: &[Value]) -> Answer {
    texts(text_at(args, 0).split_whitespace())
}

/// Each Unicode scalar value as a text of its own.
pub(super) fn op_chars(args: &[Value]) -> Answer {
    let chars = text_at(args, 0).chars();
    list(chars.map(|c| Value::Text(c.to_string())))
}

pub(super) fn op_join(args: &[Value]) -> Answer {
    let parts = list_at(args, 0).iter().map(|part| match part {
        Value::Text(part) => part.as_str(),
        other => panic!("a part is {other:?}"),
    });
    let parts: Vec<&str> = parts.collect();
    let separators = parts
        .len()
        .saturating_sub(1)
        .saturating_mul(text_at(args, 1).len());
    let size = parts.iter().map(|part| part.len()).sum::<usize>();
    limit(size.saturating_add(separators))?;
    text(parts.join(text_at(args, 1)))
}

pub(super) fn op_trim(args: &[Value]) -> Answer {
    text(text_at(args, 0).trim())
}

pub(super) fn op_trim_start(args: &[Value]) -> Answer {
    text(text_at(args, 0).trim_start())
}

pub(super) fn op_trim_end(args: &[Value]) -> Answer {
    text(text_at(args, 0).trim_end())
}

pub(super) fn op_lower(args: &[Value]) -> Answer {
    text(text_at(args, 0).to_lowercase())
}

pub(super) fn op_upper(args: &[Value]) -> Answer {
    text(text_at(args, 0).to_uppercase())
}

pub(super) fn op_starts_with(args: &[Value]) -> Answer {
    Ok(Value::Bool(text_at(args, 0).starts_with(text_at(args, 1))))
}

pub(super) fn op_ends_with(args: &[Value]) -> Answer {
    Ok(Value::Bool(text_at(args, 0).ends_with(text_at(args, 1))))
}

pub(super) fn op_contains(args: &[Value]) -> Answer {
    Ok(Value::Bool(text_at(args, 0).contains(text_at(args, 1))))
}

/// Where the part first begins. The empty text begins at 0.
pub(super) fn op_index_of(args: &[Value]) -> Answer {
    let whole = text_at(args, 0);
    position(whole, whole.find(text_at(args, 1)))
}

/// Where the part last begins. The empty text begins at the end.
pub(super) fn op_last_index_of(args: &[Value]) -> Answer {
    let whole = text_at(args, 0);
    position(whole, whole.rfind(text_at(args, 1)))
}

/// The number of characters in front of a byte.
fn position(whole: &str, byte: Option<usize>) -> Answer {
    let position = byte.map(|at| whole[..at].chars().count() as i64);
    Ok(option(position.map(Value::Int)))
}

/// Every occurrence, left to right. The empty text is found nowhere.
pub(super) fn op_replace(args: &[Value]) -> Answer {
    let (whole, part, by) = (text_at(args, 0), text_at(args, 1), text_at(args, 2));
    if part.is_empty() {
        return text(whole);
    }
    let grown = whole.matches(part).count().saturating_mul(by.len());
    limit(whole.len().saturating_add(grown))?;
    text(whole.replace(part, by))
}

/// Nothing for a count of zero or less.
pub(super) fn op_repeat(args: &[Value]) -> Answer {
    let (part, count) = (text_at(args, 0), int_at(args, 1).max(0) as usize);
    limit(part.len().saturating_mul(count))?;
    text(part.repeat(if part.is_empty() { 0 } else { count }))
}

pub(super) fn op_pad_start(args: &[Value]) -> Answer {
    let filling = filling(args)?;
    text(filling + text_at(args, 0))
}

pub(super) fn op_pad_end(args: &[Value]) -> Answer {
    let filling = filling(args)?;
    text(text_at(args, 0).to_owned() + &filling)
}

/// What brings the text to the length: the third argument again and again, cut where it is enough.
/// Nothing to fill with is nothing filled.
fn filling(args: &[Value]) -> Result<String, CrashReason> {
    let (length, fill) = (int_at(args, 1), text_at(args, 2));
    let missing = length.saturating_sub(text_at(args, 0).chars().count() as i64);
    let missing = usize::try_from(missing).unwrap_or(0);
    if fill.is_empty() {
        return Ok(String::new());
    }
    limit(missing)?;
    Ok(fill.chars().cycle().take(missing).collect())
}

pub(super) fn op_to_bytes(args: &[Value]) -> Answer {
    Ok(Value::Bytes(text_at(args, 0).as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Op;

    fn t(s: &str) -> Value {
        Value::Text(s.to_owned())
    }

    fn parts(parts: &[&str]) -> Answer {
        Ok(Value::List(parts.iter().map(|p| t(p)).collect()))
    }

    #[test]
    fn positions_count_scalar_values() {
        assert_eq!(Op::TextLength.apply(&[t("żółw")]), Ok(Value::Int(4)));
        let slice = |from, to| Op::TextSlice.apply(&[t("żółw"), Value::Int(from), Value::Int(to)]);
        assert_eq!(slice(1, 3), Ok(t("ół")));
        assert_eq!(slice(-5, 99), Ok(t("żółw")));
        assert_eq!(slice(3, 1), Ok(t("")));
        assert_eq!(slice(i64::MAX, i64::MIN), Ok(t("")));
        let index = |part| Op::TextIndexOf.apply(&[t("żółw"), t(part)]);
        assert_eq!(index("w"), Ok(option(Some(Value::Int(3)))));
        assert_eq!(index("x"), Ok(option(None)));
    }

    #[test]
    fn splits_and_joins() {
        assert_eq!(
            Op::TextSplit.apply(&[t("a,,b"), t(",")]),
            parts(&["a", "", "b"])
        );
        assert_eq!(Op::TextSplit.apply(&[t("añ"), t("")]), parts(&["a", "ñ"]));
        assert_eq!(Op::TextSplit.apply(&[t(""), t(",")]), parts(&[""]));
        assert_eq!(Op::TextLines.apply(&[t("a\r\nb\n")]), parts(&["a", "b"]));
        assert_eq!(Op::TextWords.apply(&[t("  a b\t")]), parts(&["a", "b"]));
        let joined = Op::TextJoin.apply(&[parts(&["a", "b"]).unwrap(), t("-")]);
        assert_eq!(joined, Ok(t("a-b")));
    }

    #[test]
    fn fills_and_repeats_within_limits() {
        let pad = |n| Op::TextPadStart.apply(&[t("7"), Value::Int(n), t("ab")]);
        assert_eq!(pad(4), Ok(t("aba7")));
        assert_eq!(pad(-1), Ok(t("7")));
        assert_eq!(pad(i64::MAX), Err(CrashReason::StepTooLarge));
        assert_eq!(
            Op::TextPadEnd.apply(&[t("7"), Value::Int(3), t("")]),
            Ok(t("7"))
        );
        assert_eq!(
            Op::TextRepeat.apply(&[t("ab"), Value::Int(2)]),
            Ok(t("abab"))
        );
        assert_eq!(
            Op::TextRepeat.apply(&[t("ab"), Value::Int(i64::MAX)]),
            Err(CrashReason::StepTooLarge)
        );
        assert_eq!(
            Op::TextRepeat.apply(&[t(""), Value::Int(i64::MAX)]),
            Ok(t(""))
        );
        assert_eq!(
            Op::TextReplace.apply(&[t("aXbX"), t("X"), t("yy")]),
            Ok(t("ayybyy"))
        );
        assert_eq!(Op::TextReplace.apply(&[t("a"), t(""), t("y")]), Ok(t("a")));
    }
}

//! Rows of comma-separated values (RFC 4180): quotes where they are needed, read with either end of line.

use csv::{ReaderBuilder, WriterBuilder};

use super::{Answer, Misread, RESULT_ITEMS_MAX, limit, list_at, option, text_at};
use crate::crash::CrashReason;
use crate::value::Value;

/// What is wrong with a text that is to stand between fields; `None` when it can.
pub(super) fn problem(separator: &str) -> Option<Misread> {
    byte(separator).is_none().then(|| Misread {
        what: "this cannot stand between fields",
        why: "not one character of ASCII other than a quote or an end of line".to_owned(),
        help: "write `\",\"`, `\";\"`, `\"|\"` or, for a tab, `\"\\t\"`",
    })
}

fn byte(separator: &str) -> Option<u8> {
    match separator.as_bytes() {
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Some(*byte),
        _ => None,
    }
}

fn separator_at(args: &[Value], at: usize) -> Result<u8, CrashReason> {
    byte(text_at(args, at)).ok_or(CrashReason::BadText)
}

pub(super) fn op_parse(args: &[Value]) -> Answer {
    parse(text_at(args, 0), b',')
}

pub(super) fn op_parse_by(args: &[Value]) -> Answer {
    parse(text_at(args, 0), separator_at(args, 1)?)
}

pub(super) fn op_show(args: &[Value]) -> Answer {
    show(list_at(args, 0), b',')
}

pub(super) fn op_show_by(args: &[Value]) -> Answer {
    show(list_at(args, 0), separator_at(args, 1)?)
}

/// `None` where a quoted field does not end. Empty lines are no rows; rows may differ in length.
fn parse(text: &str, separator: u8) -> Answer {
    // Quotes come in pairs: around a field, or doubled inside it.
    if !text
        .bytes()
        .filter(|byte| *byte == b'"')
        .count()
        .is_multiple_of(2)
    {
        return Ok(option(None));
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut fields = 0;
    for row in reader.records() {
        // Nothing but UTF-8 goes in, and lengths may differ: there is nothing to go wrong.
        let Ok(row) = row else {
            return Ok(option(None));
        };
        fields += row.len();
        if fields > RESULT_ITEMS_MAX {
            return Err(CrashReason::StepTooLarge);
        }
        let row = row.iter().map(|field| Value::Text(field.to_owned()));
        rows.push(Value::List(row.collect()));
    }
    Ok(option(Some(Value::List(rows))))
}

fn show(rows: &[Value], separator: u8) -> Answer {
    let mut writer = WriterBuilder::new()
        .flexible(true)
        .delimiter(separator)
        .from_writer(Vec::new());
    for row in rows {
        let row = list_at(std::slice::from_ref(row), 0);
        let fields = (0..row.len()).map(|at| text_at(row, at));
        writer.write_record(fields).expect("memory takes it");
    }
    let bytes = writer.into_inner().expect("memory takes it");
    limit(bytes.len())?;
    let text = String::from_utf8(bytes).expect("texts and commas");
    Ok(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Value {
        let row = |row: &&[&str]| {
            let fields = row.iter().map(|field| Value::Text((*field).to_owned()));
            Value::List(fields.collect())
        };
        Value::List(rows.iter().map(row).collect())
    }

    #[test]
    fn rows_come_back_as_they_were_written() {
        let hard: &[&[&str]] = &[
            &["plain", "a,b", "say \"hi\"", "two\nlines", "", " spaced "],
            &["", ""],
            &[""],
            &["\"", "\r\n", "żółw"],
        ];
        let text = op_show(&[rows(hard)]).unwrap();
        assert_eq!(op_parse(&[text]), Ok(option(Some(rows(hard)))));
    }

    #[test]
    fn fields_may_have_something_else_between_them() {
        let hard = rows(&[&["a;b", "c,d", "e\tf"], &["1,5", "\"", ""]]);
        for separator in [";", "\t", "|", " "] {
            let separator = Value::Text(separator.into());
            let text = op_show_by(&[hard.clone(), separator.clone()]).unwrap();
            let again = op_parse_by(&[text, separator]);
            assert_eq!(again, Ok(option(Some(hard.clone()))));
        }
        for bad in ["", "\"", "\n", "\r", ";;", "é"] {
            assert!(problem(bad).is_some(), "{bad:?}");
            let answer = op_parse_by(&[Value::Text("a".into()), Value::Text(bad.into())]);
            assert_eq!(answer, Err(CrashReason::BadText));
        }
    }

    #[test]
    fn reads_what_others_write() {
        let parse = |text: &str| op_parse(&[Value::Text(text.into())]);
        let expected = rows(&[&["a", "b"], &["c"]]);
        for text in ["a,b\nc\n", "a,b\r\nc", "a,\"b\"\n\nc\n", "\u{feff}a,b\nc\n"] {
            assert_eq!(parse(text), Ok(option(Some(expected.clone()))), "{text:?}");
        }
        assert_eq!(parse(""), Ok(option(Some(rows(&[])))));
        assert_eq!(parse("a,\"b\nc"), Ok(option(None)));
    }
}

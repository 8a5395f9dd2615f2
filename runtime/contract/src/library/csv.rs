//! Rows of comma-separated values (RFC 4180): quotes where they are needed, read with either end of line.

use csv::{ReaderBuilder, WriterBuilder};

use super::{Answer, RESULT_ITEMS_MAX, limit, list_at, option, text_at};
use crate::crash::CrashReason;
use crate::value::Value;

/// `None` where a quoted field does not end. Empty lines are no rows; rows may differ in length.
pub(super) fn op_parse(args: &[Value]) -> Answer {
    let text = text_at(args, 0);
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

pub(super) fn op_show(args: &[Value]) -> Answer {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in list_at(args, 0) {
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
    fn reads_what_others_write() {
        let parse = |text: &str| op_parse(&[Value::Text(text.into())]);
        let expected = rows(&[&["a", "b"], &["c"]]);
        for text in ["a,b\nc\n", "a,b\r\nc", "a,\"b\"\n\nc\n"] {
            assert_eq!(parse(text), Ok(option(Some(expected.clone()))), "{text:?}");
        }
        assert_eq!(parse(""), Ok(option(Some(rows(&[])))));
        assert_eq!(parse("a,\"b\nc"), Ok(option(None)));
    }
}

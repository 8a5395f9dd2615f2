//! Reading a JSON text.
//!
//! It keeps to RFC 8259 and is stricter where that leaves things open: a name occurs once in an object, because of two nobody
//! could say which was meant; text is Unicode, so half a surrogate pair is refused; and nesting has a limit, so that a text cannot
//! exhaust the stack.

use super::document::{Document, Members};
use super::error::{JsonError, shorten};
use crate::limits::JSON_DEPTH_MAX;

/// Reads a text. What is wrong with it is told with line and column.
pub fn parse(text: &[u8]) -> Result<Document, JsonError> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let before = &text[..error.valid_up_to()];
            let before = str::from_utf8(before).unwrap_or_default();
            return Err(wrong_at(before, "bytes that are no UTF-8"));
        }
    };
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let document = reader.value()?;
    reader.blank();
    match reader.at == text.len() {
        true => Ok(document),
        false => reader.wrong("something behind the value"),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn wrong<T>(&self, what: &str) -> Result<T, JsonError> {
        Err(wrong_at(&self.text[..self.at], what))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += is_there as usize;
        is_there
    }

    fn value(&mut self) -> Result<Document, JsonError> {
        self.blank();
        match self.peek() {
            Some(b'n') => self.word("null", Document::Null),
            Some(b't') => self.word("true", Document::Bool(true)),
            Some(b'f') => self.word("false", Document::Bool(false)),
            Some(b'"') => Ok(Document::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'[' | b'{') => {
                if self.depth == JSON_DEPTH_MAX {
                    let what = format!("JSON is nested deeper than {JSON_DEPTH_MAX} levels");
                    return Err(JsonError::new("", what));
                }
                self.depth += 1;
                let inner = match self.eat(b'[') {
                    true => self.array(),
                    false => self.object(),
                };
                self.depth -= 1;
                inner
            }
            Some(_) => self.wrong("something that begins no value"),
            None => self.wrong("the end where a value is expected"),
        }
    }

    fn word(&mut self, word: &str, means: Document) -> Result<Document, JsonError> {
        if !self.text[self.at..].starts_with(word) {
            return self.wrong("a word that is neither null, true nor false");
        }
        self.at += word.len();
        Ok(means)
    }

    fn array(&mut self) -> Result<Document, JsonError> {
        let mut items = Vec::new();
        self.blank();
        if self.eat(b']') {
            return Ok(Document::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.blank();
            if self.eat(b']') {
                return Ok(Document::Array(items));
            }
            if !self.eat(b',') {
                return self.wrong("no `,` or `]` behind an item");
            }
        }
    }

    fn object(&mut self) -> Result<Document, JsonError> {
        self.at += 1;
        let mut members = Members::new();
        self.blank();
        if self.eat(b'}') {
            return Ok(Document::Object(members));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return self.wrong("no name in quotes where a member begins");
            }
            let name = self.string()?;
            self.blank();
            if !self.eat(b':') {
                return self.wrong("no `:` behind a name");
            }
            members.push((name, self.value()?));
            self.blank();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') {
                return self.wrong("no `,` or `}` behind a member");
            }
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => {
                let what = format!("an object that has \"{}\" twice", shorten(twice[0]));
                self.wrong(&what)
            }
            None => Ok(Document::Object(members)),
        }
    }

    fn number(&mut self) -> Result<Document, JsonError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') && self.digits() == 0 {
            return self.wrong("a number without digits");
        }
        if let Some(b'0'..=b'9') = self.peek() {
            return self.wrong("a number with a zero in front");
        }
        if self.eat(b'.') && self.digits() == 0 {
            return self.wrong("a number without digits behind its point");
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            if self.digits() == 0 {
                return self.wrong("a number without digits in its exponent");
            }
        }
        Ok(Document::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\u{1f}'));
            let Some(plain) = plain else {
                self.at = self.text.len();
                return self.wrong("the end within a string");
            };
            out.push_str(&rest[..plain]);
            self.at += plain;
            match rest.as_bytes()[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => out.push(self.escaped()?),
                _ => return self.wrong("a control character within a string"),
            }
        }
    }

    /// Of a backslash and what follows it.
    fn escaped(&mut self) -> Result<char, JsonError> {
        let c = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => return self.wrong("an escape that is none"),
        };
        self.at += 2;
        Ok(c)
    }

    fn code_point(&mut self) -> Result<char, JsonError> {
        let Some(first) = self.unit(self.at) else {
            return self.wrong("an escape without four hexadecimal digits");
        };
        let (code, len) = match (first, self.unit(self.at + 6)) {
            (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
                (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
            }
            _ => (first, 6),
        };
        match char::from_u32(code) {
            Some(c) => {
                self.at += len;
                Ok(c)
            }
            None => self.wrong("half of a surrogate pair"),
        }
    }

    /// The four digits of `\u00e9`, where one stands there.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

/// `before` is the text in front of what is wrong.
fn wrong_at(before: &str, what: &str) -> JsonError {
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    JsonError::new(
        "",
        format!("not JSON: {what} at line {line}, column {column}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(document) => document.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_json_comes_back_as_it_was() {
        for text in [
            "null",
            "[true,false,null]",
            "[0,-0,1.50,-12e+400,1E-2,123456789012345678901234567890]",
            r#"{"b":1,"a":{"":[]}}"#,
            r#""tab\t quote\" slash/ é 😀 \u0001""#,
        ] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read(" [ 1 ,\n2 ] "), "[1,2]");
        assert_eq!(read(r#""\u00e9\ud83d\ude00\/\b\f""#), "\"é😀/\\b\\f\"");
    }

    #[test]
    fn what_is_not_says_where() {
        for (text, wrong) in [
            (
                "",
                "not JSON: the end where a value is expected at line 1, column 1",
            ),
            (
                "[1,]",
                "not JSON: something that begins no value at line 1, column 4",
            ),
            (
                "[1 2]",
                "not JSON: no `,` or `]` behind an item at line 1, column 4",
            ),
            (
                "{\"a\":1,\n \"a\":2}",
                "not JSON: an object that has \"a\" twice at line 2, column 8",
            ),
            (
                "{a:1}",
                "not JSON: no name in quotes where a member begins at line 1, column 2",
            ),
            (
                "01",
                "not JSON: a number with a zero in front at line 1, column 2",
            ),
            (
                "1.",
                "not JSON: a number without digits behind its point at line 1, column 3",
            ),
            (
                "1e",
                "not JSON: a number without digits in its exponent at line 1, column 3",
            ),
            (
                "+1",
                "not JSON: something that begins no value at line 1, column 1",
            ),
            (
                "nul",
                "not JSON: a word that is neither null, true nor false at line 1, column 1",
            ),
            (
                "1 x",
                "not JSON: something behind the value at line 1, column 3",
            ),
            (
                "\"a",
                "not JSON: the end within a string at line 1, column 3",
            ),
            (
                "\"a\nb\"",
                "not JSON: a control character within a string at line 1, column 3",
            ),
            (
                r#""\x""#,
                "not JSON: an escape that is none at line 1, column 2",
            ),
            (
                r#""\u12g4""#,
                "not JSON: an escape without four hexadecimal digits at line 1, column 2",
            ),
            (
                r#""\ud83d!""#,
                "not JSON: half of a surrogate pair at line 1, column 2",
            ),
            (
                r#""\ude00""#,
                "not JSON: half of a surrogate pair at line 1, column 2",
            ),
        ] {
            assert_eq!(read(text), wrong, "{text:?}");
        }
        let bytes = parse(b"[\"\xff\"]").unwrap_err().to_string();
        assert_eq!(
            bytes,
            "not JSON: bytes that are no UTF-8 at line 1, column 3"
        );
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(deep(JSON_DEPTH_MAX).as_bytes()).is_ok());
        let error = parse(deep(JSON_DEPTH_MAX + 1).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "JSON is nested deeper than 64 levels");
        assert!(parse("[".repeat(1 << 20).as_bytes()).is_err());
    }

    #[test]
    fn numbers_are_what_fits() {
        let number = |text: &str| Document::Number(text.to_owned());
        assert_eq!(number("9223372036854775807").as_i64(), Some(i64::MAX));
        assert_eq!(number("9223372036854775808").as_i64(), None);
        assert_eq!(number("1.0").as_i64(), None);
        assert_eq!(number("1e2").as_f64(), Some(100.0));
        assert_eq!(number("1e400").as_f64(), None);
    }

    #[test]
    fn pretty_has_a_line_for_each_part() {
        let document = parse(br#"{"a":[1,{}],"b":[]}"#).unwrap();
        let lines = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}";
        assert_eq!(document.pretty(), lines);
    }
}

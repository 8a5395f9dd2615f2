//! A JSON text taken apart, and written: numbers stay as they were written, so that none is rounded, and members stay in order.

use std::fmt::{self, Write as _};

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    Null,
    Bool(bool),
    /// As it was written: `-1.50e3`.
    Number(String),
    String(String),
    Array(Vec<Document>),
    /// In the order of the text.
    Object(Members),
}

/// The members of an object. Each name occurs once.
pub type Members = Vec<(String, Document)>;

impl Document {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Document::String(text) => Some(text),
            _ => None,
        }
    }

    /// A number without fraction and exponent that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Document::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The nearest `Float`; `None` where that is infinite.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Document::Number(text) => text.parse().ok().filter(|x: &f64| x.is_finite()),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Document]> {
        match self {
            Document::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Members> {
        match self {
            Document::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member of that name, if this is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Document> {
        member(self.as_object()?, name)
    }

    /// With line breaks and two spaces for each level.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        write(self, Some(0), &mut out);
        out
    }
}

/// The member of that name.
pub fn member<'d>(members: &'d Members, name: &str) -> Option<&'d Document> {
    let mut all = members.iter();
    all.find(|(n, _)| n == name).map(|(_, value)| value)
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        write(self, None, &mut out);
        f.write_str(&out)
    }
}

/// For those who put it beside other JSON. A number of more digits than a `Float` has loses some there.
impl From<&Document> for serde_json::Value {
    fn from(document: &Document) -> Self {
        use serde_json::{Number, Value as Json};
        match document {
            Document::Null => Json::Null,
            Document::Bool(b) => Json::Bool(*b),
            Document::Number(text) => match (text.parse::<i64>(), text.parse::<u64>()) {
                (Ok(n), _) => n.into(),
                (_, Ok(n)) => n.into(),
                _ => {
                    let nearest = document.as_f64().and_then(Number::from_f64);
                    nearest.map_or(Json::Null, Json::Number)
                }
            },
            Document::String(text) => Json::String(text.clone()),
            Document::Array(items) => items.iter().map(Json::from).collect(),
            Document::Object(members) => {
                let member = |(name, value): &(String, Document)| (name.clone(), Json::from(value));
                Json::Object(members.iter().map(member).collect())
            }
        }
    }
}

/// `level` is how far what begins here is indented; `None` writes everything in one line.
fn write(document: &Document, level: Option<usize>, out: &mut String) {
    let inner = level.map(|level| level + 1);
    match document {
        Document::Null => out.push_str("null"),
        Document::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Document::Number(text) => out.push_str(text),
        Document::String(text) => quote(text, out),
        Document::Array(items) if items.is_empty() => out.push_str("[]"),
        Document::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, inner, out);
                write(item, inner, out);
            }
            line(level, out);
            out.push(']');
        }
        Document::Object(members) if members.is_empty() => out.push_str("{}"),
        Document::Object(members) => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                separate(at, inner, out);
                quote(name, out);
                out.push_str(if inner.is_some() { ": " } else { ":" });
                write(value, inner, out);
            }
            line(level, out);
            out.push('}');
        }
    }
}

fn separate(at: usize, level: Option<usize>, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
    line(level, out);
}

fn line(level: Option<usize>, out: &mut String) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

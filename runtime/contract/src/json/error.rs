//! What is wrong with JSON from outside: where, what, and the name that was probably meant.

use crate::near::distance;

/// Why JSON is not a value of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// `lines[2].qty`; empty for the whole.
    pub path: String,
    /// What was found and what was expected.
    pub what: String,
    /// The known name nearest to an unknown one.
    pub nearest: Option<String>,
}

impl JsonError {
    pub fn new(path: &str, what: impl Into<String>) -> JsonError {
        JsonError {
            path: path.to_owned(),
            what: what.into(),
            nearest: None,
        }
    }

    pub(super) fn unknown<'a>(
        path: &str,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> JsonError {
        JsonError {
            path: path.to_owned(),
            what: format!("unknown {kind} \"{}\"", shorten(name)),
            nearest: nearest(name, known).map(str::to_owned),
        }
    }
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean \"{name}\"?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for JsonError {}

/// The known name that takes the fewest edits, if they are few for its length.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 64 {
        return None;
    }
    let edits = |other: &&str| distance(name, other);
    let best = known.into_iter().min_by_key(edits)?;
    (distance(name, best) <= name.chars().count().max(3) / 3 + 1).then_some(best)
}

/// What a message shows of a text from outside.
pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    let start: String = text.chars().take(57).collect();
    format!("{start}...")
}

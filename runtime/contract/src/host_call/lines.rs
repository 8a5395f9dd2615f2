//! Lines of a program's log: how many and how long, and what is cut.

use serde::{Deserialize, Serialize};

use crate::json::Document;
use crate::limits::{LOG_LINE_MAX, LOG_LINES_MAX};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::Debug, Level::Info, Level::Warn, Level::Error];

    /// `info`
    pub fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// A line of a program's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub level: Level,
    /// What the program said.
    pub message: String,
    /// The values beside it, by name.
    pub fields: Vec<(String, Document)>,
}

/// The lines of a step, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    pub lines: Vec<Line>,
    /// How many more there were than are kept.
    pub more: usize,
}

impl Lines {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn say(&mut self, line: Line) {
        match self.lines.len() < LOG_LINES_MAX {
            true => self.lines.push(line),
            false => self.more += 1,
        }
    }
}

/// What a program said, as far as a line has room for it.
pub(super) fn line(level: Level, message: &str, values: Document) -> Line {
    let mut left = LOG_LINE_MAX;
    let mut line = Line {
        level,
        message: cut(message.to_owned(), &mut left),
        fields: Vec::new(),
    };
    let Document::Object(members) = values else {
        return line;
    };
    for (name, value) in members {
        let written = value.to_string();
        let fits = written.len() + name.len() <= left;
        let value = match (fits, value) {
            (true, value) => {
                left -= written.len() + name.len();
                value
            }
            (false, Document::String(text)) => Document::String(cut(text, &mut left)),
            (false, _) => Document::String(cut(written, &mut left)),
        };
        line.fields.push((name, value));
    }
    line
}

/// As much of a text as is left, marked where it was cut.
fn cut(mut text: String, left: &mut usize) -> String {
    if text.len() > *left {
        text.truncate(text.floor_char_boundary(*left));
        text.push_str("...");
    }
    *left = left.saturating_sub(text.len());
    text
}

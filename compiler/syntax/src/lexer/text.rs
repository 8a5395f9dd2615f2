//! Texts: their holes, and where they end. So are times, `t"2026-01-31T10:00Z"`.

use weir_diagnostics::{Diagnostic, codes};

use super::{Lexer, is_word};
use crate::token::Tok;

/// How deep texts may nest in holes of texts.
const TEXT_NESTING_MAX: usize = 32;

/// Where a text, or a piece of it, stops.
enum TextEnd {
    /// At this closing quote.
    Quote(usize),
    /// At this `{` of a hole, whose `}` is the second.
    Hole(usize, usize),
    /// Nowhere.
    Never,
}

impl Lexer<'_> {
    /// `t".."` or `d".."`.
    pub(super) fn time(&mut self) {
        let start = self.at;
        let from = start + 2;
        let line_end = self.line_end(from);
        match self.text[from..line_end].find('"') {
            Some(length) => self.at = from + length + 1,
            None => {
                self.unclosed_text(start, line_end);
                self.at = line_end;
            }
        }
        self.push(Tok::Time, start, self.at);
    }

    /// A text, or what follows a hole of one. `start` is the quote or the `}`,
    /// `from` the first byte of the text after it.
    pub(super) fn string(&mut self, start: usize, from: usize, nesting: usize) {
        let (mut start, mut from, mut first) = (start, from, true);
        loop {
            let found = if nesting < TEXT_NESTING_MAX {
                self.text_end(from, nesting)
            } else {
                TextEnd::Never
            };
            match found {
                TextEnd::Quote(quote) => {
                    self.at = quote + 1;
                    let kind = if first { Tok::Str } else { Tok::StrTail };
                    self.push(kind, start, self.at);
                    return;
                }
                TextEnd::Hole(open, close) => {
                    self.at = open + 1;
                    let kind = if first { Tok::StrHead } else { Tok::StrMid };
                    self.push(kind, start, self.at);
                    self.run(close, nesting + 1);
                    // A token may not cross the end of the hole.
                    self.at = close;
                    (start, from, first) = (close, close + 1, false);
                }
                TextEnd::Never => {
                    self.cautious = true;
                    let line_end = self.line_end(start);
                    self.unclosed_text(start, line_end);
                    self.at = line_end;
                    let kind = if first { Tok::Str } else { Tok::StrTail };
                    self.push(kind, start, line_end);
                    return;
                }
            }
        }
    }

    /// Finds where the text that goes on at `from` stops.
    fn text_end(&self, from: usize, nesting: usize) -> TextEnd {
        let mut at = from;
        let mut lines = false;
        while let Some(&b) = self.bytes.get(at) {
            match b {
                // The brace of `\u{...}` opens no hole.
                b'\\' if self.bytes[at + 1..].starts_with(b"u{") => at += 2,
                b'\\' => at += 1,
                b'"' => {
                    let next = self.bytes.get(at + 1).copied();
                    let doubtful = lines
                        && self.cautious
                        && next.is_none_or(|b| is_word(b) || b == b'"' || b == b'{' || b == b'\\');
                    if doubtful {
                        return TextEnd::Never;
                    }
                    return TextEnd::Quote(at);
                }
                b'{' => {
                    return match self.hole_end(at + 1, nesting) {
                        Some(close) => TextEnd::Hole(at, close),
                        None => TextEnd::Never,
                    };
                }
                b'\n' => lines = true,
                _ => {}
            }
            at += 1;
        }
        TextEnd::Never
    }

    /// Finds the `}` of the hole whose inside starts at `from`.
    fn hole_end(&self, from: usize, nesting: usize) -> Option<usize> {
        let mut at = from;
        let mut depth = 0;
        while let Some(&b) = self.bytes.get(at) {
            match b {
                b'{' => depth += 1,
                b'}' if depth == 0 => return Some(at),
                b'}' => depth -= 1,
                b'"' => at = self.whole_text_end(at + 1, nesting + 1)?,
                b'/' if self.bytes.get(at + 1) == Some(&b'/') => return None,
                // A hole over several lines is legal, but when quotes are in doubt
                // it is more likely that its `}` is missing.
                b'\n' if self.cautious => return None,
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The closing quote of a text inside a hole.
    fn whole_text_end(&self, from: usize, nesting: usize) -> Option<usize> {
        if nesting >= TEXT_NESTING_MAX {
            return None;
        }
        let mut from = from;
        loop {
            match self.text_end(from, nesting) {
                TextEnd::Quote(at) => return Some(at),
                TextEnd::Hole(_, close) => from = close + 1,
                TextEnd::Never => return None,
            }
        }
    }

    pub(super) fn unclosed_text(&mut self, start: usize, end: usize) {
        let span = self.span(start, end);
        let hole = self.text[start..end].rfind('{');
        let found = Diagnostic::new(codes::E0102, span, "this text is never closed");
        let found = match hole {
            Some(at) if !self.text[start + at..end].contains('}') => found
                .label("the hole that starts with `{` does not end")
                .help(
                    "close the hole with `}`, or write `\\{` for a brace that is part of the text",
                ),
            _ => found
                .label("starts here and does not end")
                .help("put a `\"` where the text ends"),
        };
        self.diagnostics.push(found);
    }
}

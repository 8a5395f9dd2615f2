//! Text to tokens and comments, by hand.
//!
//! What no rule accepts is reported and left out, so lexing never fails. The
//! newline rule and brackets are not settled here but in `layout`; the lexer
//! only notes which token is the first of its line.
//!
//! A text with holes, `"a {x} b"`, becomes `StrHead x StrTail`. Its end is found
//! before its holes are read, so a bracket forgotten inside a hole stays a
//! problem of that hole.

use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::parse::Comment;
use crate::token::{Tok, Token};

/// How deep texts may nest in holes of texts.
const TEXT_NESTING_MAX: usize = 32;

pub struct Lexed {
    pub tokens: Vec<Token>,
    pub comments: Vec<Comment>,
    pub diagnostics: Vec<Diagnostic>,
}

pub fn lex(file: FileId, text: &str) -> Lexed {
    let mut lexer = Lexer {
        file,
        text,
        bytes: text.as_bytes(),
        tokens: Vec::with_capacity(text.len() / 4),
        comments: Vec::new(),
        diagnostics: Vec::new(),
        at: 0,
        line_start: Some(0),
        cautious: false,
    };
    lexer.run(text.len(), 0);
    if lexer.cautious {
        // A text was still open at the end of the file, so which quotes open and
        // which close is in doubt: read again and doubt texts that span lines.
        lexer.tokens.clear();
        lexer.comments.clear();
        lexer.diagnostics.clear();
        lexer.at = 0;
        lexer.line_start = Some(0);
        lexer.run(text.len(), 0);
    }
    Lexed {
        tokens: lexer.tokens,
        comments: lexer.comments,
        diagnostics: lexer.diagnostics,
    }
}

struct Lexer<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    diagnostics: Vec<Diagnostic>,
    at: usize,
    /// Where the current line starts, until its first token is made.
    line_start: Option<usize>,
    /// Second reading, after a text was found to be open at the end of the file.
    cautious: bool,
}

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
    fn run(&mut self, end: usize, nesting: usize) {
        while self.at < end {
            self.token(end, nesting);
        }
    }

    fn token(&mut self, end: usize, nesting: usize) {
        let start = self.at;
        match self.bytes[start] {
            b'\n' => {
                self.at += 1;
                self.line_start = Some(self.at);
            }
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'/' if self.peek(1) == Some(b'/') => self.comment(end),
            b'/' if self.peek(1) == Some(b'*') => self.block_comment(end),
            b'"' => self.string(start, start + 1, nesting),
            b't' | b'd' if self.peek(1) == Some(b'"') => self.time(),
            b'@' if self.peek(1).is_some_and(|b| b.is_ascii_alphabetic()) => {
                self.at += 1;
                self.word();
                self.push(Tok::At, start, self.at);
            }
            b'0'..=b'9' => self.number(),
            b'_' if !self.peek(1).is_some_and(is_word) => {
                self.at += 1;
                self.push(Tok::Underscore, start, self.at);
            }
            b if is_word(b) => self.name_or_keyword(end),
            b'\'' | b'`' => self.other_quotes(),
            _ => self.punctuation(),
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start as u32, end as u32)
    }

    fn push(&mut self, kind: Tok, start: usize, end: usize) {
        let indent = self
            .line_start
            .take()
            .map(|line| self.text[line..start].chars().count() as u32);
        self.tokens.push(Token {
            kind,
            start: start as u32,
            end: end as u32,
            indent,
        });
    }

    fn comment(&mut self, end: usize) {
        let start = self.at;
        while self.at < end && self.bytes[self.at] != b'\n' {
            self.at += 1;
        }
        let mut stop = self.at;
        if self.bytes[stop - 1] == b'\r' {
            stop -= 1;
        }
        let is_doc = self.text[start..stop].starts_with("///")
            && !self.text[start..stop].starts_with("////");
        self.comments.push(Comment {
            span: self.span(start, stop),
            is_doc,
        });
    }

    /// `/* .. */` of other languages: read as what it is meant to be, and told.
    fn block_comment(&mut self, end: usize) {
        let start = self.at;
        let rest = &self.text[start..end];
        let length = rest.find("*/").map_or(rest.len(), |at| at + 2);
        if rest[..length].contains('\n') {
            let line = rest[..length].rfind('\n').map_or(0, |at| at + 1);
            self.line_start = Some(start + line);
        }
        self.at += length;
        let first_line = rest[..length].lines().next().map_or(2, str::len);
        let span = self.span(start, start + first_line);
        self.diagnostics.push(
            Diagnostic::new(codes::E0103, span, "there are no block comments in Weir")
                .help("start each line with `//`, or `///` to describe what is below"),
        );
    }

    /// `'text'` and `` `text` `` of other languages: a value that was told, when it is closed.
    fn other_quotes(&mut self) {
        let start = self.at;
        let quote = self.text[start..].chars().next().unwrap_or('\'');
        let line_end = self.line_end(start);
        let stop = match quote {
            '`' => self.text.len(),
            _ => line_end,
        };
        let Some(length) = self.text[start + 1..stop].find(quote) else {
            return self.strange_characters();
        };
        self.at = start + 1 + length + 1;
        self.push(Tok::Hole, start, self.at);
        let span = self.span(start, self.at.min(line_end));
        let message = match quote {
            '`' => "a text stands in double quotes, not in backticks",
            _ => "a text stands in double quotes",
        };
        self.diagnostics.push(
            Diagnostic::new(codes::E0103, span, message)
                .help("write `\"text\"`; values stand in braces: `\"Hello {name}\"`"),
        );
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        while self.peek(0).is_some_and(is_word) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn name_or_keyword(&mut self, end: usize) {
        let start = self.at;
        let mut kind = Tok::of_word(self.word());
        let after_dot = self.tokens.last().is_some_and(|t| t.kind == Tok::Dot);
        match &self.text[start..self.at] {
            // `group by` is one token, so that neither word is reserved.
            word @ ("group" | "sort") if !after_dot => {
                let kind = if word == "group" {
                    Tok::GroupBy
                } else {
                    Tok::SortBy
                };
                let rest = &self.text[self.at..end];
                let by = rest.trim_start_matches([' ', '\t', '\r', '\n']);
                let gap = rest.len() - by.len();
                let after_by = by.as_bytes().get(2);
                if gap > 0
                    && by.starts_with("by")
                    && !after_by.is_some_and(|&b| is_word(b) || b == b'(')
                {
                    self.at += gap + 2;
                    self.push(kind, start, self.at);
                    return;
                }
            }
            // `else {` and `else if` go with an `if`, any other `else` with a `require`.
            "else" if !after_dot => {
                let rest = self.text[self.at..end].trim_start();
                let to_if = rest
                    .strip_prefix("if")
                    .is_some_and(|r| !r.bytes().next().is_some_and(is_word));
                if !rest.starts_with('{') && !rest.starts_with(':') && !to_if {
                    kind = Tok::ElseThen;
                }
            }
            _ => {}
        }
        self.push(kind, start, self.at);
    }

    fn number(&mut self) {
        let start = self.at;
        self.digits();
        let mut kind = Tok::Int;
        // In `pair.0.1` the dots select parts; they are no decimal point.
        let after_dot = self.tokens.last().is_some_and(|t| t.kind == Tok::Dot);
        if !after_dot
            && self.peek(0) == Some(b'.')
            && self.peek(1).is_some_and(|b| b.is_ascii_digit())
        {
            self.at += 1;
            self.digits();
            kind = Tok::Decimal;
        }
        let suffix_start = self.at;
        while self.peek(0).is_some_and(|b| b.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        let suffix = &self.text[suffix_start..self.at];
        if suffix == "f" {
            kind = Tok::Float;
        } else if suffix.len() == 3 && suffix.bytes().all(|b| b.is_ascii_uppercase()) {
            kind = Tok::Money;
        } else if !suffix.is_empty() && kind == Tok::Int && is_duration_suffix(suffix) {
            kind = Tok::Duration;
        } else if !suffix.is_empty() {
            let span = self.span(suffix_start, self.at);
            let message = format!("`{suffix}` cannot follow a number");
            let help = if kind == Tok::Decimal && is_duration_suffix(suffix) {
                "a duration is made of whole numbers: write `1h30m` instead of `1.5h`"
            } else {
                "write `1.5f` for a Float, `20USD` for Money, `250ms`, `30s`, `5m`, `1h30m`, `7d` or `2w` for a Duration"
            };
            self.diagnostics.push(
                Diagnostic::new(codes::E0104, span, message)
                    .label("no such ending")
                    .help(help),
            );
        }
        self.push(kind, start, self.at);
    }

    fn digits(&mut self) {
        while self
            .peek(0)
            .is_some_and(|b| b.is_ascii_digit() || b == b'_')
        {
            self.at += 1;
        }
    }

    /// `t".."` or `d".."`.
    fn time(&mut self) {
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
    fn string(&mut self, start: usize, from: usize, nesting: usize) {
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

    fn line_end(&self, from: usize) -> usize {
        let end = self.text[from..]
            .find('\n')
            .map_or(self.text.len(), |length| from + length);
        let line = self.text[from..end].trim_end_matches('\r');
        from + line.len()
    }

    fn unclosed_text(&mut self, start: usize, end: usize) {
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

    fn punctuation(&mut self) {
        let start = self.at;
        let two = match (self.bytes[start], self.peek(1)) {
            (b'-', Some(b'>')) => Some(Tok::Arrow),
            (b'=', Some(b'>')) => Some(Tok::FatArrow),
            (b'=', Some(b'=')) => Some(Tok::EqEq),
            (b'!', Some(b'=')) => Some(Tok::Ne),
            (b'<', Some(b'=')) => Some(Tok::Le),
            (b'>', Some(b'=')) => Some(Tok::Ge),
            (b'+', Some(b'=')) => Some(Tok::PlusEq),
            (b'-', Some(b'=')) => Some(Tok::MinusEq),
            (b'*', Some(b'=')) => Some(Tok::StarEq),
            (b'.', Some(b'.')) => Some(Tok::DotDot),
            (b'?', Some(b'?')) => Some(Tok::QuestionQuestion),
            _ => None,
        };
        if let Some(kind) = two {
            self.at += 2;
            self.push(kind, start, self.at);
            return;
        }
        let one = match self.bytes[start] {
            b'(' => Tok::LParen,
            b')' => Tok::RParen,
            b'[' => Tok::LBracket,
            b']' => Tok::RBracket,
            b'{' => Tok::LBrace,
            b'}' => Tok::RBrace,
            b'<' => Tok::Lt,
            b'>' => Tok::Gt,
            b'=' => Tok::Eq,
            b'+' => Tok::Plus,
            b'-' => Tok::Minus,
            b'*' => Tok::Star,
            b'/' => Tok::Slash,
            b'%' => Tok::Percent,
            b'.' => Tok::Dot,
            b',' => Tok::Comma,
            b':' => Tok::Colon,
            b';' => Tok::Semi,
            b'?' => Tok::Question,
            b'|' => Tok::Bar,
            _ => return self.strange_characters(),
        };
        self.at += 1;
        self.push(one, start, self.at);
    }

    /// A run of characters the language does not use: one diagnostic for all.
    fn strange_characters(&mut self) {
        let start = self.at;
        let strange = |c: char| {
            !c.is_ascii()
                || matches!(
                    c,
                    '!' | '#' | '$' | '&' | '\'' | '@' | '\\' | '^' | '`' | '~'
                )
                || (c.is_ascii_control() && !matches!(c, '\n' | '\t' | '\r'))
        };
        let rest = &self.text[start..];
        let length = rest.find(|c| !strange(c)).unwrap_or(rest.len());
        // `!=` after another strange character is an operator of its own.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = rest[..length].find("!=").unwrap_or(length).max(first);
        self.at += length;
        let run = &rest[..length];
        let help = match run {
            "!" => "write `not` instead of `!`",
            "&&" | "&" => "write `and`",
            "'" => "texts stand in double quotes: `\"text\"`",
            "“" | "”" | "„" => "write the straight quote `\"`",
            "#" => "a comment starts with `//`",
            "^" => "multiply, or write `x.pow(2)`",
            "$" => "a name has no `$`; values stand in braces in a text: `\"{name}\"`",
            "~" => "write `not`, or subtract for numbers",
            "||" => "write `or`",
            "@" => "an attribute is `@` and a name, such as `@anyone`",
            _ if run.chars().all(char::is_alphabetic) => "names are made of a-z, A-Z, 0-9 and `_`",
            _ => "take it away, or put it into a text or a comment",
        };
        let shown: String = run.chars().take(12).collect();
        // Understood all the same, so that the rest of the line is read right.
        match run {
            "!" => self.push(Tok::Not, start, start + 1),
            "&&" | "&" => self.push(Tok::And, start, start + length),
            _ => {}
        }
        let span = self.span(start, start + length);
        let shown = shown.escape_debug().to_string().replace("\\'", "'");
        let message = format!("`{shown}` means nothing in Weir");
        let mut found = Diagnostic::new(codes::E0103, span, message).help(help);
        let word = match run {
            "!" => Some("not"),
            "&&" => Some("and"),
            _ => None,
        };
        if let Some(word) = word {
            let before =
                self.text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ')');
            let after = self.text[start + length..].starts_with(char::is_whitespace);
            let spaced = format!(
                "{}{word}{}",
                if before { " " } else { "" },
                if after { "" } else { " " }
            );
            found = found.certain_fix(format!("write `{word}`"), vec![(span, spaced)]);
        }
        self.diagnostics.push(found);
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// `s`, `h30m`, `ms`: what follows the first number of a duration.
fn is_duration_suffix(suffix: &str) -> bool {
    suffix.starts_with(|c: char| c.is_ascii_lowercase())
        && !suffix.ends_with(|c: char| c.is_ascii_digit())
        && suffix
            .split(|c: char| c.is_ascii_digit())
            .filter(|unit| !unit.is_empty())
            .all(|unit| matches!(unit, "ms" | "s" | "m" | "h" | "d" | "w"))
}

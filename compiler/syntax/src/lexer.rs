//! Text to tokens and comments, by hand.
//!
//! What no rule accepts is reported and left out, so lexing never fails. The
//! newline rule and brackets are not settled here but in `layout`; the lexer
//! only notes which token is the first of its line.
//!
//! A text with holes, `"a {x} b"`, becomes `StrHead x StrTail`. Its end is found
//! before its holes are read, so a bracket forgotten inside a hole stays a
//! problem of that hole.

mod foreign;
mod text;

use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::parse::Comment;
use crate::token::{Tok, Token};

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
        at: mark(text),
        line_start: Some(mark(text)),
        cautious: false,
    };
    lexer.run(text.len(), 0);
    if lexer.cautious {
        // A text was still open at the end of the file, so which quotes open and
        // which close is in doubt: read again and doubt texts that span lines.
        lexer.tokens.clear();
        lexer.comments.clear();
        lexer.diagnostics.clear();
        lexer.at = mark(text);
        lexer.line_start = Some(lexer.at);
        lexer.run(text.len(), 0);
    }
    Lexed {
        tokens: lexer.tokens,
        comments: lexer.comments,
        diagnostics: lexer.diagnostics,
    }
}

/// Length of the byte order mark that some editors write in front of a file: it is no part of the program.
fn mark(text: &str) -> usize {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => text.len() - rest.len(),
        None => 0,
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
            } else if suffix.starts_with(['x', 'b', 'o']) && suffix.len() > 1 {
                "whole numbers are written in tens: `255`"
            } else if suffix.starts_with(['e', 'E']) {
                "write all its digits: `1_000_000`, or `0.000_1f`"
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

    fn line_end(&self, from: usize) -> usize {
        let end = self.text[from..]
            .find('\n')
            .map_or(self.text.len(), |length| from + length);
        let line = self.text[from..end].trim_end_matches('\r');
        from + line.len()
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

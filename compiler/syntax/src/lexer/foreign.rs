//! Characters that mean nothing in Weir. Those of other languages are read as what they are meant to be, and told.

use weir_diagnostics::{Diagnostic, codes};

use super::Lexer;
use crate::token::Tok;

impl Lexer<'_> {
    /// `/* .. */` of other languages: read as what it is meant to be, and told.
    pub(super) fn block_comment(&mut self, end: usize) {
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
    pub(super) fn other_quotes(&mut self) {
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

    /// `$19.99`: a value that was told.
    fn price(&mut self, length: usize) {
        let start = self.at;
        self.at += length;
        self.push(Tok::Hole, start, self.at);
        let amount = self.text[start..self.at].trim_start_matches('$');
        let found = Diagnostic::new(codes::E0103, self.span(start, self.at), "money has no `$`");
        let help = format!("write the number and the code of its currency: `{amount}USD`");
        self.diagnostics.push(found.help(help));
    }

    /// A run of characters the language does not use: one diagnostic for all.
    pub(super) fn strange_characters(&mut self) {
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
        if let Some(length) = price(rest) {
            return self.price(length);
        }
        let length = rest.find(|c| !strange(c)).unwrap_or(rest.len());
        // `!=` after another strange character is an operator of its own.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = rest[..length].find("!=").unwrap_or(length).max(first);
        self.at += length;
        let run = &rest[..length];
        let after = &rest[length..];
        let help = match run {
            "!" if after.starts_with(['(', '[']) && self.text[..start].ends_with(is_name) => {
                macro_call(&self.text[..start])
            }
            "!!" if self.text[..start].ends_with([')', ']'])
                || self.text[..start].ends_with(is_name) =>
            {
                "say what happens without it: `?? other`, `?? fail Error`, or `if value is Some(x) { .. }`"
            }
            "&" if after.starts_with(is_name) && !self.text[..start].ends_with(' ') => {
                "take it away: there are no references, a value is copied where it is passed"
            }
            "!" => "write `not` instead of `!`",
            "&&" | "&" => "write `and`",
            "'" => "texts stand in double quotes: `\"text\"`",
            "“" | "”" | "„" => "write the straight quote `\"`",
            "#" => "a comment starts with `//`",
            "^" => "multiply, or write `x.pow(2)`",
            "€" | "£" | "¥" => "money is a number and the code of its currency: `20EUR`",
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

/// Length of a price in dollars that the text starts with.
fn price(text: &str) -> Option<usize> {
    let amount = text.strip_prefix('$')?;
    let digits = amount
        .find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.')
        .unwrap_or(amount.len());
    let amount = amount[..digits].trim_end_matches('.');
    amount
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(1 + amount.len())
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// What is written in place of a macro, whose name the text ends with.
fn macro_call(before: &str) -> &'static str {
    let word = before.rsplit(|c| !is_name(c)).next().unwrap_or("");
    match word {
        "println" | "print" | "eprintln" | "eprint" | "dbg" | "info" | "debug" | "warn" => {
            "there are no macros: write `log.info(\"paid\", order: id)`"
        }
        "vec" => "there are no macros: write `[1, 2]`, and `[]` for an empty one",
        "format" => "there are no macros: put values into a text, `\"{a}{b}\"`",
        "assert" | "assert_eq" | "assert_ne" | "debug_assert" => {
            "there are no macros: write `expect a == b` in a test, `invariant condition` in an entity"
        }
        "panic" | "todo" | "unimplemented" | "unreachable" | "bail" => {
            "there are no macros: write `fail Error(..)` for what may happen"
        }
        "matches" => "there are no macros: write `value is pattern`",
        _ => "there are no macros: call a function, without `!`",
    }
}

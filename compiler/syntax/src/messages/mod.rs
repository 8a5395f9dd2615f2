//! What to say when the grammar stops.
//!
//! The list of tokens an LALR(1) parser would have taken is no message. The table
//! in [`rules`] goes through the situations people get into, from what was found and
//! where; only what none of them fits is described by the list.

mod rules;

use std::ops::RangeInclusive;

use weir_diagnostics::{Code, Diagnostic, Span, codes};

use crate::token::{Tok, Token};

/// Where the grammar stopped.
pub struct Situation<'s> {
    pub text: &'s str,
    /// The tokens of the item.
    pub tokens: &'s [Token],
    /// Index of the token that fits nothing; past the last one at the end.
    pub at: usize,
    /// Index of the first token of the statement, member, argument, ... around it.
    pub unit_start: usize,
    /// What the innermost bracket around it is, if there is one.
    pub bracket: Option<Tok>,
    /// Names of the tokens that would have fitted, as in the grammar.
    pub expected: &'s [String],
    /// Place of the token, or of the end.
    pub span: Span,
}

/// What to say: the message, the next step, and the code if not the usual one.
struct Said {
    code: Code,
    message: String,
    label: Option<String>,
    help: Option<String>,
    /// The token to point at, if not the one that was refused.
    at: Option<usize>,
    /// What must stand in place of these tokens.
    instead: Option<(RangeInclusive<usize>, String)>,
}

impl Said {
    fn pointing_at(mut self, at: usize) -> Option<Said> {
        self.at = Some(at);
        Some(self)
    }

    /// Nothing but `text` can have been meant by these tokens.
    fn replacing(mut self, tokens: RangeInclusive<usize>, text: impl Into<String>) -> Option<Said> {
        self.instead = Some((tokens, text.into()));
        Some(self)
    }
}

fn said(message: impl Into<String>, help: impl Into<String>) -> Option<Said> {
    Some(Said {
        code: codes::E0101,
        message: message.into(),
        label: None,
        help: Some(help.into()),
        at: None,
        instead: None,
    })
}

pub fn unexpected(s: &Situation) -> Diagnostic {
    let said = rules::RULES
        .iter()
        .find_map(|rule| rule(s))
        .unwrap_or_else(|| by_expectation(s));
    let span = match said.at.and_then(|at| s.tokens.get(at)) {
        Some(token) => Span::new(s.span.file, token.start, token.end),
        None => s.place(),
    };
    let mut found = Diagnostic::new(said.code, span, said.message)
        .label(said.label.unwrap_or_else(|| "not expected here".to_owned()));
    found.help = said.help;
    match said.instead {
        Some((tokens, text)) => s.replace(found, tokens, &text),
        None => found,
    }
}

/// The last resort: names what was found and the kinds of things that would fit.
fn by_expectation(s: &Situation) -> Said {
    let wanted = wanted(s);
    let message = match s.found() {
        None => "the end of the file comes too early".to_owned(),
        Some(Tok::Semi) if s.is_made(s.at) => "this line ends too early".to_owned(),
        Some(Tok::Hole) => "this cannot stand here".to_owned(),
        Some(_) => format!("{} cannot stand here", s.shown(s.at)),
    };
    Said {
        code: codes::E0101,
        message,
        label: wanted.map(|wanted| format!("expected {wanted}")),
        help: None,
        at: None,
        instead: None,
    }
}

fn wanted(s: &Situation) -> Option<String> {
    let mut kinds: Vec<String> = Vec::new();
    let value = s.expects_value();
    if value {
        kinds.push("a value".into());
    } else if s.expects("Name") && s.expects("fn") && s.expects("(") {
        kinds.push("a type".into());
    } else if s.expects("_") && s.expects("name") {
        kinds.push("a pattern".into());
    } else if s.expects("name") {
        kinds.push("a name".into());
    } else if s.expects("Name") {
        kinds.push("a name that starts with a capital".into());
    }
    // Where any word may be a label, keywords are no help.
    let label = s.expects("name") && s.expects("while") && s.expects("pub");
    // What can only carry on is listed when there is little of it.
    let punctuation = [
        "=", ":", "=>", "->", "(", "{", "in", "from", "select", "else:", "str", ",", ")", "]", "}",
    ];
    for name in punctuation {
        if s.expects(name) && !value && !label && kinds.len() < 4 {
            kinds.push(match name {
                "str" => "a text".into(),
                "else:" => "`else`".into(),
                _ => format!("`{name}`"),
            });
        }
    }
    let last = kinds.pop()?;
    Some(match kinds.is_empty() {
        true => last,
        false => format!("{} or {last}", kinds.join(", ")),
    })
}

impl Situation<'_> {
    fn kind(&self, at: usize) -> Option<Tok> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn found(&self) -> Option<Tok> {
        self.kind(self.at)
    }

    fn previous(&self) -> Option<Tok> {
        self.at.checked_sub(1).and_then(|at| self.kind(at))
    }

    fn next(&self) -> Option<Tok> {
        self.kind(self.at + 1)
    }

    /// The first token of the unit.
    fn first(&self) -> Option<Tok> {
        self.kind(self.unit_start)
    }

    fn source(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| {
            &self.text[token.start as usize..token.end as usize]
        })
    }

    /// A token as shown in a message.
    fn shown(&self, at: usize) -> String {
        match self.kind(at) {
            None => "the end".into(),
            Some(Tok::Semi) if self.is_made(at) => "the end of the line".into(),
            Some(Tok::Str | Tok::StrHead) => "this text".into(),
            Some(Tok::StrTail | Tok::StrMid) => "the end of this hole".into(),
            Some(_) => format!("`{}`", self.source(at)),
        }
    }

    /// The token is not in the text.
    fn is_made(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.start == token.end)
    }

    /// Puts `text` in place of tokens, with spaces where words would meet; without text they go with the space behind them.
    fn replace(&self, found: Diagnostic, tokens: RangeInclusive<usize>, text: &str) -> Diagnostic {
        let (Some(first), Some(last)) = (
            self.tokens.get(*tokens.start()),
            self.tokens.get(*tokens.end()),
        ) else {
            return found;
        };
        let (start, end) = (first.start as usize, last.end as usize);
        if text.is_empty() {
            let rest = &self.text[end..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let span = Span::new(self.span.file, first.start, last.end + blank as u32);
            return found.certain_fix("take it away", vec![(span, String::new())]);
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = text.starts_with(is_word);
        let before = if word && self.text[..start].ends_with(is_word) {
            " "
        } else {
            ""
        };
        let after = if word && self.text[end..].starts_with(is_word) {
            " "
        } else {
            ""
        };
        let span = Span::new(self.span.file, first.start, last.end);
        found.certain_fix(
            format!("write `{text}`"),
            vec![(span, format!("{before}{text}{after}"))],
        )
    }

    fn expects(&self, name: &str) -> bool {
        self.expected
            .iter()
            .any(|e| e.strip_prefix('"').and_then(|e| e.strip_suffix('"')) == Some(name))
    }

    fn expects_value(&self) -> bool {
        self.expects("self") && self.expects("int")
    }

    /// The unit ends here: nothing more comes, or what comes begins another.
    fn ends(&self) -> bool {
        self.tokens.get(self.at).is_none_or(|found| {
            found.kind.is_close()
                || matches!(found.kind, Tok::Semi | Tok::Comma | Tok::StrMid)
                || found.indent.is_some() && self.at > self.unit_start && found.kind.is_hard()
        })
    }

    /// The refused token, or the end of what comes before it when that is where
    /// something is missing.
    fn place(&self) -> Span {
        let next_line = self
            .tokens
            .get(self.at)
            .is_none_or(|found| found.indent.is_some() || found.start == found.end);
        match self.at.checked_sub(1) {
            Some(before) if next_line && self.ends() => {
                let end = self.tokens[before].end;
                Span::new(self.span.file, end, end)
            }
            _ => self.span,
        }
    }

    /// A token of the unit before the place, outside of inner brackets.
    fn unit_has(&self, kind: Tok) -> bool {
        let mut depth = 0_usize;
        self.tokens[self.unit_start.min(self.at)..self.at]
            .iter()
            .any(|token| {
                if token.kind.is_open() {
                    depth += 1;
                } else if token.kind.is_close() {
                    depth = depth.saturating_sub(1);
                }
                depth == 0 && token.kind == kind
            })
    }
}

//! Brackets and line ends: after this pass every bracket has its partner and
//! every statement that ends with its line has a `;`.
//!
//! A newline ends a statement when the token before can end one and the token
//! after cannot only continue one; inside `( )`, `[ ]` and holes of texts newlines
//! are spaces.
//!
//! Where brackets do not fit, the indentation says what was meant, the way a
//! reader would guess it: what a bracket holds is indented further than the line
//! that opened it. Only files with a mistake are read that way, so a correct
//! program may be laid out as it likes. A closing bracket that is missing is put
//! in with one diagnostic, one too many is left out.

use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::token::{Tok, Token};

pub struct LaidOut {
    pub tokens: Vec<Token>,
    pub diagnostics: Vec<Diagnostic>,
}

pub fn lay_out(file: FileId, tokens: &[Token], text_end: u32) -> LaidOut {
    let mut layout = Layout {
        file,
        out: Vec::with_capacity(tokens.len() + tokens.len() / 4),
        open: Vec::new(),
        diagnostics: Vec::new(),
        unit_indent: 0,
        unit_starts: true,
        put_in: 0,
    };
    let guess = !brackets_fit(tokens);
    for (n, token) in tokens.iter().enumerate() {
        if guess {
            layout.close_by_indentation(token, tokens.get(n + 1));
        }
        layout.token(token);
    }
    layout.close_down_to(0, text_end);
    LaidOut {
        tokens: layout.out,
        diagnostics: layout.diagnostics,
    }
}

fn brackets_fit(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        if token.kind.is_open() {
            open.push(token.kind);
        } else if token.kind.is_close() && open.pop() != opener(token.kind) {
            return false;
        }
    }
    open.is_empty()
}

/// The bracket that a closing one closes.
fn opener(close: Tok) -> Option<Tok> {
    match close {
        Tok::RParen => Some(Tok::LParen),
        Tok::RBracket => Some(Tok::LBracket),
        Tok::RBrace => Some(Tok::LBrace),
        Tok::StrTail => Some(Tok::StrHead),
        _ => None,
    }
}

fn closer(open: Tok) -> (Tok, &'static str, &'static str) {
    match open {
        Tok::LParen => (Tok::RParen, "(", ")"),
        Tok::LBracket => (Tok::RBracket, "[", "]"),
        Tok::LBrace => (Tok::RBrace, "{", "}"),
        _ => (Tok::StrTail, "\"", "\""),
    }
}

struct Open {
    kind: Tok,
    span: Span,
    /// Indentation of the line on which the statement or member it is part of starts.
    indent: u32,
    /// The parentheses of `fn f(`, `entity E(`, ...
    of_head: bool,
}

struct Layout {
    file: FileId,
    out: Vec<Token>,
    open: Vec<Open>,
    diagnostics: Vec<Diagnostic>,
    /// Indentation of the line the current statement starts on.
    unit_indent: u32,
    /// The next token starts a statement.
    unit_starts: bool,
    /// How many closing brackets were put in by guess and not yet met after all.
    put_in: usize,
}

impl Layout {
    fn token(&mut self, token: &Token) {
        if token.kind.is_close() && !self.fits_closer(token) {
            return;
        }
        self.end_of_line(token);
        if let Some(indent) = token.indent
            && self.unit_starts
        {
            self.unit_indent = indent;
        }
        self.unit_starts = false;
        match token.kind {
            kind if kind.is_open() => {
                self.open.push(Open {
                    kind,
                    span: Span::new(self.file, token.start, token.end),
                    indent: self.unit_indent,
                    of_head: kind == Tok::LParen && self.after_head_name(),
                });
                self.unit_starts = kind == Tok::LBrace;
            }
            kind if kind.is_close() => {
                if let Some(open) = self.open.pop() {
                    self.unit_indent = open.indent;
                }
            }
            // The end of one hole and the start of the next.
            Tok::StrMid => {
                if let Some(at) = self.open.iter().rposition(|o| o.kind == Tok::StrHead) {
                    self.close_down_to(at + 1, token.start);
                }
            }
            Tok::Semi | Tok::Comma => self.unit_starts = self.in_braces(),
            _ => {}
        }
        self.out.push(*token);
    }

    fn after_head_name(&self) -> bool {
        let word = self.out.len().checked_sub(2).map(|at| self.out[at].kind);
        matches!(
            word,
            Some(Tok::Fn | Tok::Entity | Tok::Workflow | Tok::Record | Tok::Event)
        )
    }

    fn in_braces(&self) -> bool {
        self.open.last().is_none_or(|open| open.kind == Tok::LBrace)
    }

    /// Puts in a `;` before `next` when the line before it ended a statement.
    fn end_of_line(&mut self, next: &Token) {
        if next.indent.is_none() || !self.in_braces() {
            return;
        }
        // After a dot every word is a name.
        let named = |last: &Token| {
            let before = self.out.len().checked_sub(2).map(|at| self.out[at].kind);
            last.kind.is_hard() && before == Some(Tok::Dot)
        };
        if let Some(last) = self.out.last()
            && (last.kind.ends_statement() || named(last))
            && !next.kind.continues_statement()
        {
            let at = last.end;
            self.out.push(Token::made(Tok::Semi, at));
            self.unit_starts = true;
        }
    }

    /// Makes a closing bracket fit: closes what is open inside its partner. False
    /// when it has none and is to be left out.
    fn fits_closer(&mut self, token: &Token) -> bool {
        let wanted = opener(token.kind);
        let partner = self.open.iter().rposition(|open| Some(open.kind) == wanted);
        // A bracket inside the hole of a text has its partner in that hole.
        let hole = self.open.iter().rposition(|open| open.kind == Tok::StrHead);
        match partner {
            Some(at) if hole.is_none_or(|hole| hole <= at) => {
                self.close_down_to(at + 1, token.start);
                true
            }
            _ if self.put_in > 0 => {
                self.put_in -= 1;
                false
            }
            _ => {
                let span = Span::new(self.file, token.start, token.end);
                self.diagnostics.push(
                    Diagnostic::new(codes::E0106, span, "this bracket closes nothing")
                        .label("no bracket is open here")
                        .help("take it away, or put in the one that opens")
                        .fix("take it away", vec![(span, String::new())]),
                );
                false
            }
        }
    }

    /// Closes brackets that their content has already left.
    fn close_by_indentation(&mut self, token: &Token, next: Option<&Token>) {
        let Some(last) = self.open.last() else { return };
        if last.of_head && self.leaves_head(token) {
            return self.close_guessed(self.open.len() - 1, token);
        }
        let Some(indent) = token.indent else { return };
        if self.open.iter().any(|open| open.kind == Tok::StrHead) {
            return;
        }
        if indent == 0 && starts_item(token, next) {
            return self.close_guessed(0, token);
        }
        let keep = if token.kind.is_close() {
            // `}` at the indentation of an outer block closes that one.
            let same = |open: &Open| open.indent == indent && Some(open.kind) == opener(token.kind);
            if same(last) || last.indent < indent {
                return;
            }
            match self.open.iter().rposition(same) {
                Some(at) => at + 1,
                None => return,
            }
        } else if token.kind.continues_statement() || token.kind == Tok::At {
            return;
        } else {
            self.open
                .iter()
                .rposition(|open| open.indent < indent)
                .map_or(0, |at| at + 1)
        };
        if keep < self.open.len() {
            self.close_guessed(keep, token);
        }
    }

    /// Whether a token cannot stand in the parentheses of a head, but after them.
    fn leaves_head(&self, token: &Token) -> bool {
        let before = self.out.last().map(|last| last.kind);
        match token.kind {
            Tok::LBrace | Tok::Fails => before != Some(Tok::Colon),
            // `fn(A) -> B` is a type as well.
            Tok::Arrow => before != Some(Tok::RParen),
            _ => false,
        }
    }

    fn close_guessed(&mut self, keep: usize, before: &Token) {
        self.put_in += self.open.len() - keep;
        let at = self.out.last().map_or(before.start, |last| last.end);
        self.close_down_to(keep, at);
    }

    /// Closes all brackets but the first `keep`, with one diagnostic.
    fn close_down_to(&mut self, keep: usize, at: u32) {
        if self.open.len() <= keep {
            return;
        }
        let closed = self.open.split_off(keep);
        let inner = &closed[closed.len() - 1];
        let (_, opens, closes) = closer(inner.kind);
        let mut found = Diagnostic::new(
            codes::E0105,
            inner.span,
            format!("this `{opens}` is never closed"),
        )
        .label("opened here")
        .secondary(
            Span::new(self.file, at, at),
            format!("a `{closes}` is missing, by here at the latest"),
        );
        for outer in closed[..closed.len() - 1].iter().rev() {
            found = found.secondary(outer.span, "not closed either");
        }
        let all: String = closed.iter().rev().map(|o| closer(o.kind).2).collect();
        let title = format!("put `{all}` in");
        let here = Span::new(self.file, at, at);
        self.diagnostics
            .push(found.help(title.clone()).fix(title, vec![(here, all)]));
        for open in closed.iter().rev() {
            let kind = closer(open.kind).0;
            self.out.push(Token::made(kind, at));
            self.unit_indent = open.indent;
        }
        // What comes next in a block is a statement of its own.
        self.unit_starts = self.in_braces();
    }
}

/// Whether a token at the start of a line can only be the start of an item.
pub fn starts_item(token: &Token, next: Option<&Token>) -> bool {
    let next_is = |accept: fn(Tok) -> bool| {
        next.is_some_and(|next| next.indent.is_none() && accept(next.kind))
    };
    match token.kind {
        Tok::Pub | Tok::Let | Tok::At => true,
        Tok::Fn | Tok::Stream | Tok::View | Tok::On | Tok::Extern | Tok::Import => {
            next_is(Tok::is_name)
        }
        Tok::Record
        | Tok::Enum
        | Tok::Error
        | Tok::Type
        | Tok::Entity
        | Tok::Workflow
        | Tok::Migrate => next_is(|kind| kind == Tok::UpperName),
        Tok::Test => next_is(|kind| kind == Tok::Str),
        Tok::Every => next_is(|kind| kind == Tok::Duration),
        _ => false,
    }
}

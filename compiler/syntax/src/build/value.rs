//! Nodes of literals: their values, and what is wrong with them.

use weir_diagnostics::{Diagnostic, codes};

use super::Build;
use crate::ast::{ExprKind, PatternKind, TextLit};
use crate::literal;

impl<'t> Build<'t> {
    fn literal<T>(&self, l: u32, r: u32, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(message) => {
                self.report(Diagnostic::new(codes::E0104, self.span(l, r), message));
                None
            }
        }
    }

    /// The lexer has already reported a number with an ending that does not exist.
    fn number(&self, l: u32, r: u32) -> &'t str {
        let text = self.source(l, r);
        let end = text.find(|c: char| c.is_ascii_alphabetic());
        &text[..end.unwrap_or(text.len())]
    }

    pub fn int(&self, l: u32, r: u32) -> ExprKind {
        match self.literal(l, r, literal::int(self.number(l, r))) {
            Some(value) => match i64::try_from(value) {
                Ok(value) => ExprKind::Int(value),
                Err(_) => {
                    self.lowest_ints.borrow_mut().push(self.span(l, r));
                    ExprKind::Hole
                }
            },
            None => ExprKind::Hole,
        }
    }

    pub fn int_pattern(&self, l: u32, r: u32, negative: bool) -> PatternKind {
        let magnitude = self.literal(l, r, literal::int(self.number(l, r)));
        let value = magnitude.and_then(|value| {
            let value = i128::from(value);
            let value = i64::try_from(if negative { -value } else { value });
            if value.is_err() {
                self.lowest_ints.borrow_mut().push(self.span(l, r));
            }
            value.ok()
        });
        value.map_or(PatternKind::Hole, PatternKind::Int)
    }

    pub fn decimal(&self, l: u32, r: u32) -> ExprKind {
        let read = literal::decimal(self.number(l, r));
        self.literal(l, r, read)
            .map_or(ExprKind::Hole, ExprKind::Decimal)
    }

    pub fn float(&self, l: u32, r: u32) -> ExprKind {
        let read = literal::float(self.source(l, r));
        self.literal(l, r, read)
            .map_or(ExprKind::Hole, ExprKind::Float)
    }

    pub fn money(&self, l: u32, r: u32) -> ExprKind {
        match self.literal(l, r, literal::money(self.source(l, r))) {
            Some((amount, currency)) => ExprKind::Money { amount, currency },
            None => ExprKind::Hole,
        }
    }

    pub fn duration(&self, l: u32, r: u32) -> ExprKind {
        let read = literal::duration(self.source(l, r));
        self.literal(l, r, read)
            .map_or(ExprKind::Hole, ExprKind::Duration)
    }

    pub fn time(&self, l: u32, r: u32) -> ExprKind {
        let text = self.source(l, r);
        if let Some(text) = text.strip_prefix('d') {
            return self.date(l, r, text);
        }
        // A time that is never closed was reported by the lexer.
        let Some(inside) = text.strip_prefix("t\"").and_then(|t| t.strip_suffix('"')) else {
            return ExprKind::Hole;
        };
        match literal::time(inside) {
            Ok(micros) => ExprKind::Time(micros),
            Err(help) => {
                let message = "this is not a time";
                self.report(Diagnostic::new(codes::E0113, self.span(l, r), message).help(help));
                ExprKind::Hole
            }
        }
    }

    fn date(&self, l: u32, r: u32, quoted: &str) -> ExprKind {
        let inside = quoted
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        let Some(inside) = inside else {
            return ExprKind::Hole;
        };
        match literal::date(inside) {
            Ok(days) => ExprKind::Date(days),
            Err(help) => {
                let message = "this is not a date";
                self.report(Diagnostic::new(codes::E0113, self.span(l, r), message).help(help));
                ExprKind::Hole
            }
        }
    }

    pub fn text_lit(&self, l: u32, r: u32) -> TextLit {
        TextLit {
            value: self.text_piece(l, r),
            span: self.span(l, r),
        }
    }

    /// The value of a text token, or of one around the holes of a text. The last
    /// quote or brace may be missing; the lexer has reported that.
    pub fn text_piece(&self, l: u32, r: u32) -> String {
        let source = self.source(l, r);
        let inside = source.get(1..).unwrap_or("");
        let escaped_end =
            |text: &str| text.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
        let inside = match inside.strip_suffix(['"', '{']) {
            Some(shorter) if !escaped_end(shorter) => shorter,
            _ => inside,
        };
        let (value, bad) = literal::unescape(inside);
        for escape in bad {
            let span = self.span(l + 1 + escape.start as u32, l + 1 + escape.end as u32);
            self.report(
                Diagnostic::new(codes::E0107, span, escape.message)
                    .help("write `\\\\` for a backslash that is part of the text"),
            );
        }
        value
    }
}

//! Colours of a text: which bytes are keywords, names of types, literals, comments.

use weir_diagnostics::Span;
use weir_syntax::Parsed;
use weir_syntax::token::Tok;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Keyword,
    Type,
    Literal,
    Comment,
    Attribute,
}

/// The coloured pieces of a text, in its order.
pub struct Highlighted {
    pieces: Vec<(u32, u32, Colour)>,
}

impl Highlighted {
    pub fn new(parsed: &Parsed) -> Highlighted {
        let mut pieces: Vec<(u32, u32, Colour)> = Vec::new();
        let tokens = &parsed.tokens;
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| tokens[at].kind);
            let next = tokens.get(at + 1).map(|token| token.kind);
            let colour = match token.kind {
                Tok::At => Colour::Attribute,
                _ if before == Some(Tok::At) => Colour::Attribute,
                Tok::UpperName => Colour::Type,
                Tok::Int | Tok::Decimal | Tok::Float | Tok::Money | Tok::Duration | Tok::Time => {
                    Colour::Literal
                }
                Tok::Str | Tok::StrHead | Tok::StrMid | Tok::StrTail => Colour::Literal,
                kind if kind.is_hard() => Colour::Keyword,
                // A soft keyword is one where a name or more follows on its line.
                kind if kind.is_soft() && before != Some(Tok::Dot) && begins(next) => {
                    Colour::Keyword
                }
                _ => continue,
            };
            if token.start < token.end {
                pieces.push((token.start, token.end, colour));
            }
        }
        pieces.extend(
            parsed
                .comments
                .iter()
                .map(|c| (c.span.start, c.span.end, Colour::Comment)),
        );
        pieces.sort_by_key(|piece| (piece.0, piece.1));
        Highlighted { pieces }
    }

    /// The pieces of a span: with its colour, or none for what is between them.
    pub fn of(&self, span: Span) -> Vec<(u32, u32, Option<Colour>)> {
        let mut found = Vec::new();
        let mut at = span.start;
        let first = self.pieces.partition_point(|piece| piece.1 <= span.start);
        for (start, end, colour) in &self.pieces[first..] {
            if *start >= span.end {
                break;
            }
            let (start, end) = ((*start).max(at), (*end).min(span.end));
            if start > at {
                found.push((at, start, None));
            }
            if end > start {
                found.push((start, end, Some(*colour)));
                at = end;
            }
        }
        if at < span.end {
            found.push((at, span.end, None));
        }
        found
    }
}

/// What may stand behind a word that is a keyword there.
fn begins(next: Option<Tok>) -> bool {
    next.is_some_and(|next| {
        next.is_name()
            || matches!(next, Tok::UpperName | Tok::Str | Tok::LBrace | Tok::Int)
            || next.is_hard() && next != Tok::In
    })
}

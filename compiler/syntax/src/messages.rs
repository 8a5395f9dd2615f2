//! What to say when the grammar stops.
//!
//! The list of tokens an LALR(1) parser would have taken is no message. [`unexpected`]
//! goes through a table of situations people get into, from what was found and where;
//! only what none of them fits is described by the list.

use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::token::{Tok, Token};

/// Where the grammar stopped.
pub struct Situation<'s> {
    pub file: FileId,
    pub text: &'s str,
    /// The tokens of the item.
    pub tokens: &'s [Token],
    /// Index of the token that fits nothing; past the last one at the end.
    pub at: usize,
    /// Index of the first token of the statement, member, ... around it.
    pub unit_start: usize,
    /// There is a unit around this one: it is not the item itself.
    pub in_braces: bool,
    /// Names of the tokens that would have fitted, as in the grammar.
    pub expected: &'s [String],
    /// Place of the token, or of the end.
    pub span: Span,
}

pub fn unexpected(s: &Situation) -> Diagnostic {
    Diagnostic::new(
        codes::E0101,
        s.span,
        format!("{:?} {:?}", s.tokens.get(s.at).map(|t| t.kind), s.expected),
    )
}

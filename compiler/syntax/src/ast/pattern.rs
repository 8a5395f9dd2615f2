//! Patterns of `let`, `for`, `match`, `is`, `wait` and `on`.

use weir_diagnostics::Span;

use super::Ident;

#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub kind: PatternKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A lower-case name: binds what is there.
    Bind(Ident),
    Int(i64),
    Text(String),
    Bool(bool),
    /// `Paid`, `Paid(charge)`, `Status.Paid(charge: c)`, `Some(x)`.
    Con {
        /// `Status` of `Status.Paid`.
        qualifier: Option<Ident>,
        name: Ident,
        /// `None` without parentheses.
        args: Option<Vec<PatternArg>>,
    },
    /// `(a, b)`; never exactly one part.
    Tuple(Vec<Pattern>),
    /// `[a, b]`, `[first, ..rest]`, `[.., last]`: the parts in order, among them at most one [`PatternKind::Rest`]; of more of them
    /// the others are reported.
    List(Vec<Pattern>),
    /// `A | B`: at least two, none of them an `Or`.
    Or(Vec<Pattern>),
    /// `..`, `..rest`: the items of a list between those around it. Stands in a `List` only.
    Rest(Option<Ident>),
    /// Broken, and reported.
    Hole,
}

impl PatternKind {
    pub fn is_rest(&self) -> bool {
        matches!(self, PatternKind::Rest(_))
    }
}

/// A pattern inside a constructor: by position, or `field: pattern`.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternArg {
    pub label: Option<Ident>,
    pub pattern: Pattern,
    pub span: Span,
}

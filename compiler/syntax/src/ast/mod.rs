//! The syntax tree: plain data, one node a construct, a [`Span`] on each.
//!
//! - Broken places are holes (`ItemKind::Hole`, `ExprKind::Hole`, ...). A hole always
//!   has a diagnostic, so later stages skip it without a word.
//! - Literals are values already: numbers are read, texts unescaped.
//! - Parentheses around one expression, pattern or type leave no node.
//! - Docs (`///`) hang on the item, member, field or variant below them.
//!
//! [`item`] has what stands at the top of a file and in entities, [`expr`]
//! statements and expressions, [`pattern`] and [`types`] the rest.

pub mod expr;
pub mod item;
pub mod pattern;
pub mod types;
pub mod walk;

use std::fmt;

pub use expr::*;
pub use item::*;
pub use pattern::*;
pub use types::*;
use weir_diagnostics::{FileId, Span};

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    pub file: FileId,
    pub items: Vec<Item>,
    pub span: Span,
}

/// A name as written, upper or lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ident {
    pub name: String,
    pub span: Span,
}

impl Ident {
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Starts with a capital: a type, record, variant, error or entity.
    pub fn is_upper(&self) -> bool {
        self.name.starts_with(char::is_uppercase)
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A text literal without interpolation: a test's name, an extern's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLit {
    /// Unescaped.
    pub value: String,
    pub span: Span,
}

/// The `///` lines above something, without the slashes and one leading space,
/// joined by `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    pub text: String,
    pub span: Span,
}

/// `@name` or `@name(args)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attr {
    /// Without the `@`; always one of the closed set, else it was reported.
    pub name: Ident,
    /// Empty when there are no parentheses.
    pub args: Vec<Arg>,
    pub span: Span,
}

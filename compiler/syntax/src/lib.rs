//! From text to syntax tree.
//!
//! ```text
//! text -> lexer: tokens, comments -> layout: brackets and line ends -> recover: items
//!      -> grammar (LALRPOP), one item at a time -> ast with holes -> checks
//! ```
//!
//! [`parse`] never fails: where the text is broken the tree has a hole and
//! there is a diagnostic that says why. What follows only has to skip holes.

pub mod ast;
mod bound_twice;
mod build;
mod checks;
pub mod familiar;
mod format;
mod layout;
mod lexer;
mod literal;
mod messages;
mod parse;
mod recover;
pub mod token;

lalrpop_util::lalrpop_mod!(
    /// Generated from `weir.lalrpop`.
    #[allow(clippy::all, unused)]
    grammar,
    "/weir.rs"
);

pub use checks::ATTRIBUTES;
pub use format::{WIDTH, format};
pub use parse::{Comment, Parsed, parse};

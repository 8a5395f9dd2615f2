//! From text to syntax tree.
//!
//! ```text
//! text -> lexer: tokens, trivia -> layout: brackets and line ends -> items
//!      -> grammar (LALRPOP), one item at a time -> ast with holes -> syntactic checks
//! ```
//!
//! [`parse`] never fails: where the text is broken the tree has a hole and
//! there is a diagnostic that says why. What follows only has to skip holes.

pub mod ast;
mod parse;

pub use parse::{Comment, Parsed, parse};

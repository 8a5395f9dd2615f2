//! The tree-sitter grammar of Weir: the parser editors use for colours, folding, indentation and selections.
//!
//! `grammar.js` is the grammar, `src/parser.c` what the tree-sitter command line makes of it, `queries/` what editors ask.
//! The compiler does not use it; tests hold it to the compiler's own grammar.

use tree_sitter_language::LanguageFn;

#[allow(unsafe_code)]
// The one function of the C parser that users call.
unsafe extern "C" {
    fn tree_sitter_weir() -> *const ();
}

/// The language, for `tree_sitter::Language::new`.
// What `tree_sitter_weir` gives is a constant of the generated C code, made for this very version of the interface.
#[allow(unsafe_code)]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_weir) };

/// Which capture each piece of text has, for colours.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
/// Which texts are in another language.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
/// Which names belong together.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
/// What is declared and what is called.
pub const TAGS_QUERY: &str = include_str!("../../queries/tags.scm");

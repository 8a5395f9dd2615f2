//! Pages about a program or the library: what there is, what it says of itself, and where it is.
//!
//! ```text
//! texts -> syntax tree ----\
//!                           model (items, members, what the checker knows) -> pages of HTML, or text for a terminal
//! checked program, routes --/
//! ```
//!
//! The pages need no network and nobody who serves them: they are files that link to each other, with one style sheet and one small
//! script for the search. The same program gives the same bytes.

mod highlight;
mod html;
mod markdown;
mod model;
mod page;
mod sources;
mod terminal;

use std::collections::BTreeMap;

use weir_check::Checked;
use weir_diagnostics::{FileId, SourceMap};

pub use model::{Book, Item, Kind, Module};
pub use page::site;
pub use terminal::{names, parts, text};

/// What a book is made from.
pub struct Input<'a> {
    /// `shop`
    pub title: &'a str,
    pub version: Option<&'a str>,
    pub sources: &'a SourceMap,
    /// The files that are shown: their module paths, and what they are called on pages (`shop/orders.weir`).
    pub modules: &'a [(FileId, String, String)],
    /// Effects and failures of functions.
    pub checked: Option<&'a Checked>,
    /// Method and path of what can be called from outside, by `Account.deposit` or `hello`.
    pub routes: &'a BTreeMap<String, (String, String)>,
    /// Class and cost of what can be called from outside, in words, by name.
    pub costs: &'a BTreeMap<String, (String, String)>,
    /// What has no comment is for the library alone.
    pub only_documented: bool,
}

/// Reads what the pages are about.
pub fn read(input: &Input<'_>) -> Book {
    model::read(input)
}

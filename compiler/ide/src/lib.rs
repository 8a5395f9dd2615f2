//! What an editor asks about a program: plain functions over a [`Snapshot`], one file a question.
//!
//! ```text
//! text of all files -> driver::survey -> Snapshot --- hover(&snapshot, at) --> what to show
//!                                               \--- rename(&snapshot, at, to) --> edits, or why not
//! ```
//!
//! Nothing here knows of a protocol, of lines or of UTF-16: places are files and byte offsets. Nothing fails on broken
//! programs: what is not known is left out.

mod builtins;
mod calls;
mod complete;
pub mod declared;
mod definition;
mod facts;
mod hover;
mod labels;
mod nodes;
mod references;
mod regions;
mod rename;
mod show;
mod snapshot;
mod symbols;

pub use complete::{Completion, Suggested, completion, documentation_of};
pub use definition::{definition, type_definition};
pub use hover::{Hover, hover};
pub use references::{Reference, highlights, references};
pub use regions::{Folded, folds, selections};
pub use rename::{Edit, prepare_rename, rename};
pub use snapshot::{At, Snapshot};
pub use symbols::{Symbol, document_symbols};

//! What an editor asks about a program: plain functions over a [`Snapshot`], one file a question.
//!
//! ```text
//! text of all files -> driver::survey -> Snapshot --- hover(&snapshot, at) --> what to show
//!                                               \--- rename(&snapshot, at, to) --> edits, or why not
//! ```
//!
//! Nothing here knows of a protocol, of lines or of UTF-16: places are files and byte offsets. Nothing fails on broken
//! programs: what is not known is left out.

pub mod actions;
mod builtins;
pub mod call_hierarchy;
mod calls;
mod complete;
pub mod declared;
mod definition;
mod facts;
mod hints;
mod hover;
mod implementations;
mod labels;
mod lenses;
mod links;
mod nodes;
mod references;
mod regions;
mod rename;
mod show;
mod signature;
mod snapshot;
mod step_graph;
mod streams;
mod style;
mod symbols;
mod temporary;
mod tokens;
mod views;
mod words;

pub use actions::{Action, ActionKind, actions, organize as organize_imports};
pub use builtins::doc as documentation_of_builtin;
pub use complete::{Beside, Completion, Suggested, completion, documentation_of};
pub use definition::{definition, type_definition};
pub use hints::{Hint, HintKind, hints};
pub use hover::{Hover, hover};
pub use implementations::implementations;
pub use lenses::{Does, Lens, lenses};
pub use links::{Link, Target, links};
pub use references::{Reference, highlights, references};
pub use regions::{Folded, folds, selections};
pub use rename::{Edit, prepare_rename, rename};
pub use signature::{Signature, signature};
pub use snapshot::{At, Snapshot};
pub use step_graph::{AccessPlan, Step, StepGraph, Way, access_plan, step_graph};
pub use style::{format, format_range, format_typed, text_edits};
pub use symbols::{Symbol, document_symbols, matching_symbols};
pub use tokens::{ColouredToken, MODIFIERS, TOKEN_KINDS, TokenKind, modifier_names, tokens};

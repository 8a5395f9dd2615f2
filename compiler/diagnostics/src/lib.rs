//! Source files, spans and what the compiler says about them.
//!
//! Every stage in front of the gate reports problems as [`Diagnostic`] values:
//! data, not text. The words of a message are chosen where the problem is
//! found; how they look is decided in one place, [`render`] for people and
//! [`json`] for programs. Each diagnostic has a stable [`Code`] from the one
//! table in [`codes`], and each code has a page that `weir explain` prints.

pub mod codes;
mod diagnostic;
mod json;
mod render;
mod source;

pub use codes::{Code, Entry, all_codes, explain};
pub use diagnostic::{Diagnostic, Fix, Label, Severity, sort};
pub use json::{json_line, json_lines};
pub use render::render;
pub use source::{FileId, LineColumn, SourceFile, SourceMap, Span};

//! From syntax tree to checked program: names, types, effects, failures.

pub mod hir;

pub use hir::Checked;

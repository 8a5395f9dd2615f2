//! What calls cost, for people: receipts as tables and lines, two programs beside each other, and budgets.

pub mod against;
mod branches;
pub(crate) mod budget;
mod frames;
mod page;
mod table;

pub use frames::Frames;
pub use page::{barriers, class, cost, lines};
pub use table::{Row, count, line_of, rows, size, table, to_json};

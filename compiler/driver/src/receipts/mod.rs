//! What calls cost, for people: receipts as tables and lines, and two programs beside each other.

pub mod against;
mod frames;
mod page;
mod table;

pub use frames::Frames;
pub use page::{barriers, class, cost, lines};
pub use table::{Row, count, line_of, rows, size, table, to_json};

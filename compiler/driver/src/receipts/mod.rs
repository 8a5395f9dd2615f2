//! What calls cost, for people: receipts as tables and lines, two programs beside each other, and budgets.

pub mod against;
mod barriers;
mod branches;
pub(crate) mod budget;
mod frames;
mod page;
mod rounds;
mod swaps;
mod table;

pub use barriers::{Barrier, barriers, barriers_of};
pub use frames::Frames;
pub use page::{class, cost, lines};
pub use rounds::each_tick;
pub use swaps::{Swaps, swaps};
pub use table::{Row, count, line_of, rows, size, table, to_json};

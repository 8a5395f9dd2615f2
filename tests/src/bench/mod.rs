//! What the benchmarks share: a program on a machine, load over HTTP, and the raw disk to hold both against.

mod load;
mod machine;
pub mod raw;

pub use load::{Load, load};
pub use machine::Bench;

use std::time::Duration;

/// How long each figure is measured.
pub const MEASURE: Duration = Duration::from_secs(2);

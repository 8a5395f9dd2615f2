//! What the tests of the whole share: an HTTP client, the real binary as a process, what lies outside it, chance from a seed,
//! long programs; and what the benchmarks share.

pub mod analytics;
pub mod bench;
pub mod editor;
pub mod faults;
pub mod generate;
pub mod http;
pub mod large;
pub mod ledger;
pub mod markdown;
pub mod payments;
pub mod process;
pub mod random;
pub mod restarting;
pub mod server;
pub mod service;

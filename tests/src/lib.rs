//! What the tests of the whole share: an HTTP client, the real binary as a process, chance from a seed, long programs.

pub mod generate;
pub mod http;
pub mod large;
pub mod process;
pub mod random;

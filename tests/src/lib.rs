//! What the tests of the whole share: an HTTP client, the real binary as a process, chance from a seed.

pub mod http;
pub mod process;
pub mod random;

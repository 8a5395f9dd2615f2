//! Runs over many steps, with scripts as their program.

mod cancelling;
mod histories;
#[path = "../../../contract/tests/random/mod.rs"]
mod random;
mod relabel;
mod scripts;
mod streams;
mod waits;

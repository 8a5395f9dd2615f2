//! Runs over many steps, with scripts as their program.

mod cancelling;
mod histories;
#[path = "../random/mod.rs"]
mod random;
mod relabel;
mod scripts;
mod streams;
mod waits;

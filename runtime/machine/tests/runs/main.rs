//! Runs over many steps, with scripts as their program.

mod cancelling;
mod histories;
mod relabel;
mod scripts;
mod streams;
mod waits;

//! What steps have asked of the state: counted while they run, for tests and people that hold a program to its receipts.
//!
//! No part of the machine's state: a machine that is recovered begins at nothing.

use std::cell::Cell;

/// Counts, as `weir_contract::receipt::Cost` has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Instances that were read or written, of each step by itself.
    pub keys: u64,
    pub reads: u64,
    pub writes: u64,
}

impl Spent {
    pub fn add(&mut self, more: Spent) {
        self.keys += more.keys;
        self.reads += more.reads;
        self.writes += more.writes;
    }
}

/// Of one step, while it runs.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    reads: Cell<u64>,
    writes: Cell<u64>,
}

impl Meter {
    pub fn read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    pub fn write(&self) {
        self.writes.set(self.writes.get() + 1);
    }

    pub fn spent(&self, keys: u64) -> Spent {
        Spent {
            keys,
            reads: self.reads.get(),
            writes: self.writes.get(),
        }
    }
}

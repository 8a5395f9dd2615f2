//! The numbers that name things in a log: partitions, positions, epochs, times.

use std::fmt;

/// One totally ordered log. A key belongs to exactly one partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Partition(pub u16);

/// The position of one record in its partition: dense, starts at 1, the same
/// in every implementation. 0 names the place before the first record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// The place before the first record.
    pub const ZERO: Lsn = Lsn(0);
    /// The first record of every partition.
    pub const FIRST: Lsn = Lsn(1);
    /// Later than any record.
    pub const MAX: Lsn = Lsn(u64::MAX);

    /// The position `records` further on. Saturates, so hostile bytes cannot
    /// make it wrap around.
    pub fn plus(self, records: u64) -> Lsn {
        Lsn(self.0.saturating_add(records))
    }

    /// The position just before this one; `ZERO` stays `ZERO`.
    pub fn before(self) -> Lsn {
        Lsn(self.0.saturating_sub(1))
    }
}

/// The reign of one writer over a partition. Grows by one with each `take`;
/// 0 means that nobody has taken the partition yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Epoch(pub u64);

/// The time a frame was written. The log only promises that it never goes
/// back inside a partition; the machine decides the unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Hlc(pub u64);

/// Who took a partition; written into the epoch record for people to read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OwnerId(pub u128);

/// A label of a record, for finding it again: commonly a hash of an entity key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tag(pub u64);

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

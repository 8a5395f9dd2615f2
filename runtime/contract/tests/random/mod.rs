//! Chance that can be had again: the same numbers for the same seed, everywhere (xorshift).
#![allow(dead_code)]

pub struct Random(u64);

impl Random {
    /// Seeds that are next to each other give numbers that are not alike.
    pub fn new(seed: u64) -> Random {
        // Never zero, where it would stay.
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From `0..below`.
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % below
    }

    /// Where it is now.
    pub fn state(&self) -> u64 {
        self.0
    }

    /// From now on it goes another way for each value.
    pub fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3) | 1;
        }
    }
}

//! Chance that can be had again: xorshift from a printed seed.

pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        // Spreads small seeds, and keeps the state from being zero, where xorshift stays.
        Random {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    /// The seed in the environment variable `WEIR_SEED`, or one of this moment. Printed, so that a failure can be
    /// had again.
    pub fn seed(test: &str) -> u64 {
        let seed = std::env::var("WEIR_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| {
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(1, |since| since.as_nanos() as u64 % 1_000_000_007)
            });
        println!("{test}: run again with WEIR_SEED={seed}");
        seed
    }

    pub fn draw(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// Evenly from `0..bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.draw() >> 11) % bound
    }
}

//! Chance that is no input: drawn from the place of a step, so that a step that runs again draws the same.
//!
//! SplitMix64 (Steele, Lea, Flood 2014): one addition and one mixing per number, and every seed is good.

/// The numbers of one step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chance(u64);

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
/// Crockford's: no I, L, O, U.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Chance {
    /// For the step of a run before which it had done `steps`.
    pub fn new(run: u64, steps: u64) -> Chance {
        Chance(mix(mix(run.wrapping_add(GAMMA)) ^ steps))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// 26 characters: 48 bits of milliseconds, so that ids sort by age, and 80 bits of chance.
    pub fn fresh(&mut self, time_us: i64) -> [u8; 26] {
        let ms = (time_us.max(0) as u64 / 1000) & ((1 << 48) - 1);
        let chance = (self.draw() as u128) << 64 | self.draw() as u128;
        let bits = (ms as u128) << 80 | chance >> 48;
        std::array::from_fn(|i| BASE32[(bits >> (125 - 5 * i)) as usize & 31])
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let mut chance = Chance(0);
        let first = [chance.draw(), chance.draw(), chance.draw()];
        let known = [
            0xe220_a839_7b1d_cdaf,
            0x6e78_9e6a_a1b9_65f4,
            0x06c4_5d18_8009_454f,
        ];
        assert_eq!(first, known);
    }

    #[test]
    fn ids_sort_by_age_and_differ() {
        let mut chance = Chance::new(3, 1);
        let a = chance.fresh(1_700_000_000_000_000);
        let b = chance.fresh(1_700_000_000_001_000);
        assert!(a < b && a[..10] != b[..10]);
        assert!(a.iter().all(u8::is_ascii_alphanumeric));
        assert_ne!(Chance::new(3, 1).draw(), Chance::new(3, 2).draw());
        assert_ne!(Chance::new(3, 1).draw(), Chance::new(4, 1).draw());
    }
}

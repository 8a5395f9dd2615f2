//! The time of steps: that of the clock, but never before a time that the log has seen.
//!
//! A clock that is set back leaves the log's time ahead of it. Waiting for the clock to come after would let every timer stand
//! still, for years if the clock was that wrong before. So the log's time goes on meanwhile, a little slower than a clock, until
//! both are the same again.

use std::time::Instant;

use crate::config::Clock;

/// While the clock is behind, of this many microseconds the log's time lets one pass unnoticed.
const SLOWER: i64 = 8;

pub(super) struct Time {
    clock: Clock,
    /// Microseconds since 1970.
    now: i64,
    /// When it was found to be behind, or went on since.
    behind: Option<Instant>,
}

impl Time {
    /// Nothing is before `seen`, the time of the newest record.
    pub fn new(clock: Clock, seen: i64) -> Time {
        let mut time = Time {
            clock,
            now: seen,
            behind: None,
        };
        time.tick();
        time
    }

    /// As it was at the last tick.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Looks at the clock.
    pub fn tick(&mut self) -> i64 {
        match self.clock.now() {
            clock if clock >= self.now => {
                (self.now, self.behind) = (clock, None);
            }
            // Who tells the time tells all of it.
            _ if matches!(self.clock, Clock::Told(_)) => {}
            clock => self.go_on(clock, Instant::now()),
        }
        self.now
    }

    /// The clock is behind.
    fn go_on(&mut self, clock: i64, at: Instant) {
        let since = *self.behind.get_or_insert(at);
        let passed = i64::try_from(at.duration_since(since).as_micros()).unwrap_or(0);
        let passed = passed - passed / SLOWER;
        if passed > 0 {
            self.now = self.now.saturating_add(passed).max(clock);
            self.behind = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use super::*;

    const DAY: i64 = 24 * 3_600 * 1_000_000;

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_the_time() {
        let mut time = Time::new(Clock::System, 0);
        let began = time.tick();
        // The log comes from a time in which the clock was ten years ahead.
        time.now = began + 3_650 * DAY;
        let ahead = time.now;
        let start = Instant::now();
        for second in 0..=80 {
            let at = start + Duration::from_secs(second);
            time.go_on(began + second as i64 * 1_000_000, at);
        }
        assert_eq!(time.now() - ahead, 70_000_000, "of 80 seconds");
        let ahead = time.now();
        assert!(time.tick() >= ahead);
    }

    #[test]
    fn a_clock_a_little_behind_comes_after() {
        let mut time = Time::new(Clock::System, 0);
        let began = time.now;
        time.now += 1_000_000;
        let start = Instant::now();
        for ms in 0..=9_000 {
            let clock = began + ms * 1_000;
            let at = start + Duration::from_millis(ms as u64);
            match clock >= time.now {
                true => (time.now, time.behind) = (clock, None),
                false => time.go_on(clock, at),
            }
        }
        assert_eq!(time.now, began + 9_000_000);
    }

    #[test]
    fn a_time_that_is_told_is_never_made_up() {
        let told = Arc::new(AtomicI64::new(5));
        let mut time = Time::new(Clock::Told(told.clone()), 7);
        assert_eq!(time.tick(), 7);
        std::thread::sleep(Duration::from_millis(3));
        assert_eq!(time.tick(), 7);
        told.store(9, Ordering::Release);
        assert_eq!(time.tick(), 9);
    }
}

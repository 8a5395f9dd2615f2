//! Checkouts in a machine that crashes over and over: behind any record, with any part of what was not yet durable lost, while
//! calls of the outside world are on their way or their answers are, and while people cancel what goes on.
//!
//! No HTTP and no clock, so that ten thousand crashes take seconds and a seed gives the same history again. `WEIR_SEED` is the
//! first seed and `WEIR_COUNT` the number of crashes, for longer runs.

mod audit;
mod history;
mod node;
mod outside;
mod shop;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use shop::{Shop, Variant};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn a_checkout_survives_ten_thousand_crashes() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 10_000));
    let shops = Variant::ALL.map(Shop::compile);
    let (next, crashes) = (AtomicU64::new(first), AtomicU64::new(0));
    let all = Mutex::new(audit::Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                let mut runners = shops.each_ref().map(Shop::runner);
                while crashes.load(Ordering::Relaxed) < count {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let _named = Named(seed);
                    let which = seed as usize % shops.len();
                    let tally = history::play(&shops[which], &mut runners[which], seed);
                    crashes.fetch_add(tally.crashes, Ordering::Relaxed);
                    all.lock().expect("no thread panicked").add(tally);
                }
            });
        }
    });
    let all = all.into_inner().expect("no thread panicked");
    println!("{all}");
    all.assert_telling();
}

/// Says which history a panic is in.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("this one again: WEIR_SEED={} WEIR_COUNT=1", self.0);
        }
    }
}

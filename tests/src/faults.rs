//! How an outside service fails, from a seed: before it has done what it was asked for, or after.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::ledger::Said;
use crate::random::Random;
use crate::server::{Answer, Request};

/// After so many attempts with one key the service is well, so that each call ends in bounded time.
const FAULTS_MAX: u64 = 2;

/// Shorter than any pause between attempts.
const HANG: Duration = Duration::from_millis(300);

/// Puts faults between a service and its callers.
pub struct Faults {
    seed: Mutex<Random>,
    /// Faults by key.
    met: Mutex<BTreeMap<String, u64>>,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Faults {
            seed: Mutex::new(Random::new(seed)),
            met: Mutex::default(),
        }
    }

    /// The answer of `service`, or what becomes of it on the way.
    pub fn answer(&self, request: &Request, service: impl FnOnce(&Request) -> Said) -> Answer {
        let chance = self.seed.lock().expect("no thread panicked").below(12);
        let met = {
            let mut met = self.met.lock().expect("no thread panicked");
            let met = met.entry(request.key.clone()).or_default();
            *met += u64::from(chance < 5);
            *met
        };
        let chance = if met > FAULTS_MAX { 11 } else { chance };
        let error = |status, error: &str| Answer::Reply(status, json!({ "error": error }));
        match chance {
            0 => error(500, "Bug"),
            // By the name that means here that nothing helped: one more reason to try again, not the end.
            1 => error(503, "Unavailable"),
            2 => Answer::Silence(HANG),
            3 | 4 => {
                // Done, and nobody hears of it.
                let _ = service(request);
                Answer::Silence(HANG * (chance as u32 - 3))
            }
            5 => {
                let (status, body) = status(service(request));
                Answer::Twice(status, body)
            }
            _ => {
                let (status, body) = status(service(request));
                Answer::Reply(status, body)
            }
        }
    }
}

fn status(said: Said) -> (u16, Value) {
    match said {
        Ok(value) => (200, value),
        Err(failure) => (402, failure),
    }
}

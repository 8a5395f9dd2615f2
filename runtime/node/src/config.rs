//! What can be set on a node, and what holds when it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use weir_contract::blobs::Blobs;

use crate::core::BesideConfig;
use crate::outside::http::Bases;
use crate::scratch::ScratchConfig;
use crate::speech::Speech;

/// Limits and habits of a node; [`Default`] is right for `weir run`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Base URL of each name of `extern .. from "http:NAME"`.
    pub externs: Bases,
    /// Where the lines of the program's own log go.
    pub speech: Speech,
    /// Where the contents of blobs are kept; in memory unless it is said.
    pub blobs: Blobs,
    /// Where and how temporary data is made; in memory unless it is said.
    pub scratch: ScratchConfig,
    /// Which calls run beside the machine, and how many at the same time.
    pub beside: BesideConfig,
    /// TCP port on loopback; 0 lets the system choose.
    pub port: u16,
    /// A snapshot is taken after so many records.
    pub snapshot_every_records: u64,
    /// Who reads a view waits for so many rows of its sources to be fed to it; a view that has more to go is being built.
    pub view_rows_waited_for: u64,
    /// What time it is.
    pub clock: Clock,
    /// Calls that may wait for the machine; beyond it they are told to come back.
    pub queue_max: usize,
    pub connections_max: usize,
    /// Request bodies over 64 KiB that are held at a time; further ones wait.
    pub big_bodies_max: usize,
    /// Time for the head of a request, and for a connection to stay idle.
    pub head_timeout_ms: u64,
    /// Time for the body of a request.
    pub body_timeout_ms: u64,
    /// Time without any progress in sending an answer.
    pub send_timeout_ms: u64,
    /// Time that open requests have to finish when the node stops.
    pub drain_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            externs: Bases::new(),
            speech: Speech::default(),
            blobs: Blobs::default(),
            scratch: ScratchConfig::default(),
            beside: BesideConfig::default(),
            port: 0,
            snapshot_every_records: 100_000,
            view_rows_waited_for: 20_000,
            clock: Clock::default(),
            queue_max: 10_000,
            connections_max: 2_000,
            big_bodies_max: 32,
            head_timeout_ms: 15_000,
            body_timeout_ms: 30_000,
            send_timeout_ms: 30_000,
            drain_timeout_ms: 5_000,
        }
    }
}

/// What tells the time of steps.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Microseconds since 1970, for tests. Nothing wakes a node when it is put forward.
    Told(Arc<AtomicI64>),
}

impl Clock {
    /// Microseconds since 1970.
    pub fn now(&self) -> i64 {
        match self {
            Clock::System => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.unwrap_or_default().as_micros() as i64
            }
            Clock::Told(now) => now.load(Ordering::Acquire),
        }
    }
}

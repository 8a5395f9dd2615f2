//! Load over HTTP: blocking clients with one connection each, on the same machine as the server.

use std::time::{Duration, Instant};

use super::MEASURE;
use crate::http::{Client, Reply};

pub struct Load {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// Calls from `clients` threads for [`MEASURE`], after a quarter of it to warm up. Each must be answered with 200.
pub fn load(
    host: &str,
    clients: usize,
    call: impl Fn(&mut Client, usize) -> std::io::Result<Reply> + Sync,
) -> Load {
    let begin = Instant::now() + MEASURE / 4;
    let end = begin + MEASURE;
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|number| {
                let call = &call;
                scope.spawn(move || {
                    let mut client = Client::connect(host).expect("the server accepts");
                    let mut times = Vec::new();
                    loop {
                        let start = Instant::now();
                        if start >= end {
                            return times;
                        }
                        let reply = call(&mut client, number).expect("the server answers");
                        assert_eq!(reply.status, 200, "{reply:?}");
                        if start >= begin {
                            times.push(start.elapsed());
                        }
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a client ends well"))
            .collect()
    });
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    Load {
        per_second: times.len() as f64 / MEASURE.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
    }
}

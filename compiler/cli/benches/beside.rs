//! `cargo bench -p weir-cli --bench beside`: what it brings to run long calls beside the machine. Calls that compute for some
//! milliseconds on different keys, with no thread, one and two; and what a short call has to wait meanwhile. Ratios hold, times vary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const MEASURE: Duration = Duration::from_secs(3);
const CLIENTS: u64 = 4;
/// Rounds of a loop, about 5 ms.
const ROUNDS: u64 = 1_500_000;

const PROGRAM: &str = r#"
entity Job(name: Int) {
  pub state x: Int = 0
  allow true

  pub fn grind(rounds: Int) -> Int {
    var n = x + 1
    for _ in 0..rounds { n = (n * 1103515245 + 12345) % 2147483648 }
    x = n
    n
  }
  pub fn tick() { x += 1 }
}
"#;

fn main() {
    let scratch = Scratch::new("beside_bench");
    let program = scratch.join("jobs.weir");
    std::fs::write(&program, PROGRAM).expect("it is written");
    let start = |threads: &str| {
        let data = scratch.join(&format!("data-{threads}"));
        let args = [&program, "--data", &data, "--port", "0"].map(str::to_owned);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        Node::start(WEIR, &[&args[..], &["--threads", threads]].concat())
    };
    println!("{CLIENTS} clients whose calls compute for long, each on its own key");
    let mut one = None;
    for threads in ["0", "1", "2"] {
        let node = start(threads);
        let (quiet, _) = short(&node);
        let stop = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicU64::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|key| {
                let (stop, done, host) = (stop.clone(), done.clone(), node.host.clone());
                std::thread::spawn(move || {
                    let mut http = Client::connect(&host).expect("the node serves");
                    let body = format!(r#"{{"rounds": {ROUNDS}}}"#);
                    while !stop.load(Ordering::Relaxed) {
                        let reply = http.post(&format!("/Job/{key}/grind"), &[], &body);
                        assert_eq!(reply.expect("an answer").status, 200);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        let (before, begin) = (done.load(Ordering::Relaxed), Instant::now());
        let (median, last) = short(&node);
        let rate = (done.load(Ordering::Relaxed) - before) as f64 / begin.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().expect("a client ends well");
        }
        let ratio = match threads {
            "2" => format!("   to one thread {:.2}", rate / one.unwrap_or(rate)),
            _ => String::new(),
        };
        if threads == "1" {
            one = Some(rate);
        }
        println!("  {threads} threads");
        println!("    long calls a second         {rate:>9.1}{ratio}");
        println!(
            "    a short call, p50, p99      {:>9.2} ms {:>9.2} ms   p50 to that without long ones {:.1}",
            ms(median),
            ms(last),
            ms(median) / ms(quiet)
        );
        let counts = Client::connect(&node.host)
            .and_then(|mut http| http.get("/_weir/beside", &[]))
            .expect("an answer");
        println!("    {}", counts.body);
    }
}

/// How long a short call takes: in the middle, and almost at most.
fn short(node: &Node) -> (Duration, Duration) {
    let mut http = Client::connect(&node.host).expect("the node serves");
    let mut times = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < MEASURE {
        let one = Instant::now();
        let reply = http.post("/Job/1000/tick", &[], "{}").expect("an answer");
        assert_eq!(reply.status, 200);
        times.push(one.elapsed());
    }
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

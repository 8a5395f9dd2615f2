//! Every entry that was acknowledged is consumed once, in the order of its key, however often the process is killed.
//!
//! The real binary serves a program with a `pub stream`. Threads append entries over HTTP, one thread a key, each request with an
//! idempotency key and asked again until it is answered. One consumer notes the entries of each key in a list, one waits in the
//! middle of its work and counts, one hands entries on into a second stream. Meanwhile the process is killed with SIGKILL at random
//! moments. At the end the lists are what was sent.

use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const KILLS: u64 = 16;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];

const PROGRAM: &str = r#"
record Hit(key: Text, number: Int)

@key(key) @anyone
pub stream hits: Hit

@key(key)
stream echoes: Hit

entity Sink(key: Text) {
  pub state seen: List<Int> = []
  pub state echoed: List<Int> = []
  pub state waited: Int = 0

  fn see(number: Int) { seen.push(number) }
  fn echo(number: Int) { echoed.push(number) }
  fn rest() { waited += 1 }
}

on hits(Hit(key, number)) { Sink(key).see(number) }

on hits(hit) {
  sleep(2ms)
  Sink(hit.key).rest()
}

on hits(hit) { echoes.emit(hit) }

on echoes(Hit(key, number)) { Sink(key).echo(number) }
"#;

struct Shared {
    host: Mutex<String>,
    stop: AtomicBool,
    /// Entries of each key that were acknowledged: all below that number.
    sent: [AtomicU64; KEYS.len()],
}

#[test]
fn each_acknowledged_entry_is_consumed_once_and_in_order() {
    let seed = Random::seed("streams_kill");
    let mut random = Random::new(seed);
    let scratch = Scratch::new("streams_kill");
    let program = scratch.join("hits.weir");
    std::fs::write(&program, PROGRAM).expect("the program is written");
    let data = scratch.join("data");
    let start = || Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);
    let mut node = start();
    let shared = Arc::new(Shared {
        host: Mutex::new(node.host.clone()),
        stop: AtomicBool::new(false),
        sent: Default::default(),
    });
    let clients: Vec<_> = (0..KEYS.len())
        .map(|key| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || append(&shared, key, seed ^ key as u64))
        })
        .collect();
    for kill in 0..KILLS {
        std::thread::sleep(Duration::from_millis(20 + random.below(150)));
        node.kill();
        if kill % 4 == 3 {
            kill_while_starting(&program, &data, Duration::from_millis(random.below(60)));
        }
        node = start();
        *shared.host.lock().unwrap() = node.host.clone();
    }
    shared.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().expect("a client ends well");
    }
    node.kill();
    let node = start();
    let mut client = Client::connect(&node.host).expect("the node serves");
    let sent: Vec<u64> = shared
        .sent
        .iter()
        .map(|n| n.load(Ordering::SeqCst))
        .collect();
    println!("{sent:?} entries over {KILLS} kills");
    assert!(
        sent.iter().sum::<u64>() > 4 * KILLS,
        "too few entries to mean anything"
    );
    for (key, sent) in KEYS.iter().zip(&sent) {
        let all: Vec<Value> = (0..*sent).map(Value::from).collect();
        let state = when_consumed(&mut client, key, *sent);
        assert_eq!(
            state["seen"],
            Value::from(all.clone()),
            "{key}, seed {seed}"
        );
        assert_eq!(state["echoed"], Value::from(all), "{key}, seed {seed}");
        assert_eq!(state["waited"], *sent, "{key}, seed {seed}");
    }
    let shown = client.get("/_weir/streams", &[]).expect("an answer");
    let shown: Value = serde_json::from_str(&shown.body).expect("JSON");
    for stream in shown.as_array().expect("streams") {
        assert_eq!(stream["next"], sent.iter().sum::<u64>(), "{stream}");
        assert_eq!(stream["backlog"], 0, "{stream}");
    }
}

/// Appends entries of one key, one or some at a time, until told to stop; each request until it is answered.
fn append(shared: &Shared, key: usize, seed: u64) {
    let mut random = Random::new(seed);
    let mut next = 0;
    while !shared.stop.load(Ordering::SeqCst) {
        let count = 1 + random.below(3);
        let entry = |number: u64| format!(r#"{{"key": "{}", "number": {number}}}"#, KEYS[key]);
        let body = match count {
            1 => entry(next),
            _ => {
                let all: Vec<String> = (next..next + count).map(entry).collect();
                format!("[{}]", all.join(","))
            }
        };
        let idempotency = format!("{}-{next}", KEYS[key]);
        let headers = [("idempotency-key", idempotency.as_str())];
        // The last one is asked until it is answered too: otherwise nobody knows whether it is there.
        let positions = loop {
            let host = shared.host.lock().unwrap().clone();
            let reply = Client::connect(&host).and_then(|mut c| c.post("/hits", &headers, &body));
            match reply {
                Ok(reply) if reply.status == 202 => break reply.body,
                Ok(reply) => assert!(reply.status >= 500, "{} {}", reply.status, reply.body),
                Err(_) => {}
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let positions: Vec<u64> = serde_json::from_str(&positions).expect("positions");
        assert_eq!(positions.len() as u64, count);
        assert!(positions.windows(2).all(|two| two[0] + 1 == two[1]));
        next += count;
        shared.sent[key].store(next, Ordering::SeqCst);
    }
}

/// What the sink of a key holds when it has had so many entries.
fn when_consumed(client: &mut Client, key: &str, sent: u64) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let reply = client.get(&format!("/Sink/{key}"), &[("weir-caller", "dev")]);
        let reply = reply.expect("an answer");
        let state: Value = serde_json::from_str(&reply.body).expect("JSON");
        let count = |name: &str| state[name].as_array().map_or(0, Vec::len) as u64;
        let is_done = count("seen") >= sent && count("echoed") >= sent && state["waited"] == sent;
        if is_done || Instant::now() > until {
            return state;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts the node and kills it before it is ready.
fn kill_while_starting(program: &str, data: &str, after: Duration) {
    let mut child = Command::new(WEIR)
        .args(["run", program, "--data", data, "--port", "0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(after);
    let _ = child.kill();
    let _ = child.wait();
}

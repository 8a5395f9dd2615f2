//! `cargo bench --workspace --bench streams`: entries a second through `on`, in the machine alone and through HTTP onto the disk, beside
//! plain calls and raw writes of the same minute. Ratios hold, times vary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use weir_contract::Value;
use weir_machine::Call;
use weir_tests::bench::{Bench, MEASURE, raw};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
/// Entries of one request.
const BATCH: i64 = 100;
const FANS: i64 = 1_000;
const CLIENTS: u64 = 8;
/// Bytes of the records of an entry and of its step, and how many of them are written at once.
const RECORD: usize = 250;
const GROUP: usize = 64;

const PROGRAM: &str = r#"
record Hit(key: Text, number: Int)

@key(key) @anyone
pub stream hits: Hit

@anyone
pub stream loose: Hit

@anyone @key(by)
pub stream posts: Post

record Post(by: Text, text: Text)

entity Counter(name: Text) {
  pub state n: Int = 0
  @anyone
  pub fn add() -> Int {
    n += 1
    n
  }
}

entity Timeline(owner: Int) {
  state recent: List<Post> = []
  fn push(p: Post) { recent.push(p) }
}

on hits(hit) { let _ = Counter(hit.key).add() }
on loose(hit) { let _ = Counter(hit.key).add() }
on posts(p) { for fan in 0..1_000 { Timeline(fan).push(p) } }
"#;

fn main() {
    in_the_machine();
    over_http();
}

/// Calls a second, each with all that follows from it.
fn rate(call: impl Fn(&Bench, i64) -> Call) -> f64 {
    Bench::new(PROGRAM).rate(|bench, n| {
        let call = call(bench, n);
        bench.whole(&call);
    })
}

fn hits(from: i64, keys: i64) -> Value {
    let hit = |n: i64| Value::Record(vec![Value::Text(format!("c{}", n % keys)), Value::Int(n)]);
    Value::List((from..from + BATCH).map(hit).collect())
}

fn in_the_machine() {
    println!("machine, one thread: a second");
    let counter = |n: i64| vec![Value::Text(format!("c{}", n % 1_000))];
    let plain = rate(|b, n| b.call(Some("Counter"), "add", counter(n), vec![]));
    println!("  calls of a counter            {plain:>9.0}");
    for (name, function, keys) in [
        ("1,000 keys", "hits.append", 1_000),
        ("one key   ", "hits.append", 1),
        ("no key    ", "loose.append", 1_000),
    ] {
        let rate = rate(|b, n| b.call(None, function, vec![], vec![hits(n * BATCH, keys)]));
        let entries = rate * BATCH as f64;
        println!(
            "  entries consumed, {name}  {entries:>9.0}   ratio to calls {:.2}",
            entries / plain
        );
    }
    let rate = rate(|b, _| {
        let post = Value::Record(vec![Value::Text("ann".into()), Value::Text("hello".into())]);
        b.call(None, "posts.append", vec![], vec![Value::List(vec![post])])
    });
    let pushes = rate * FANS as f64;
    println!(
        "  timelines, {FANS} for each post {pushes:>9.0}   ratio to calls {:.2}",
        pushes / plain
    );
}

fn over_http() {
    let scratch = Scratch::new("streams_bench");
    let program = scratch.join("streams.weir");
    std::fs::write(&program, PROGRAM).expect("it is written");
    println!("over HTTP, on the disk, {CLIENTS} clients: a second");
    for count in [1, BATCH] {
        let data = scratch.join(&format!("data{count}"));
        let node = Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);
        let (stop, sent) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let begin = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (stop, sent, host) = (stop.clone(), sent.clone(), node.host.clone());
                std::thread::spawn(move || {
                    let mut http = Client::connect(&host).expect("the node serves");
                    let entry =
                        |n: i64| format!(r#"{{"key": "{client}-{}", "number": {n}}}"#, n % 100);
                    let all: Vec<String> = (0..count).map(entry).collect();
                    let body = format!("[{}]", all.join(","));
                    while !stop.load(Ordering::Relaxed) {
                        match http.post("/hits", &[], &body).expect("an answer").status {
                            202 => drop(sent.fetch_add(count as u64, Ordering::Relaxed)),
                            // Too many wait.
                            _ => std::thread::sleep(Duration::from_millis(1)),
                        }
                    }
                })
            })
            .collect();
        std::thread::sleep(MEASURE);
        stop.store(true, Ordering::Relaxed);
        clients
            .into_iter()
            .for_each(|c| c.join().expect("it ends well"));
        let taken = begin.elapsed();
        let mut http = Client::connect(&node.host).expect("the node serves");
        loop {
            let shown = http.get("/_weir/streams", &[]).expect("an answer").json();
            if shown[0]["backlog"] == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let sent = sent.load(Ordering::Relaxed) as f64;
        let done = sent / begin.elapsed().as_secs_f64();
        let raw = raw::groups(scratch.path(), [RECORD; GROUP]) * GROUP as f64;
        println!(
            "  requests of {count:>3} entries       {done:>9.0} consumed, {:>9.0} taken; ratio to raw records {:.2}",
            sent / taken.as_secs_f64(),
            done / raw
        );
    }
}

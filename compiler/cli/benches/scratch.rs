//! `cargo bench --workspace --bench scratch`: words counted by tasks over files, through HTTP and with all that a node does, beside the same
//! in plain Rust on as many threads, in the same minute. Once with room in memory for all that goes from task to task, and once with
//! next to none, so that it goes through files. Ratios hold, times vary.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_tests::analytics::send;
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const FILES: u64 = 16;
const LINES: u64 = 10_000;
const WORDS: u64 = 8;
const ROUNDS: usize = 3;

const PROGRAM: &str = r#"
/// Each task counts its own words.
@anyone
pub fn counted(files: List<Blob>, n: Int) -> List<(Text, Int)> {
  scratch let counts = parallel for f in files, line in f.lines(), word in line.split(" ")
    group by word: word
    select (word, count())

  for (word, times) in counts sort by times desc select (word, times) limit n
}

/// Each word goes to the task that has its group.
@anyone
pub fn collected(files: List<Blob>, n: Int) -> List<(Text, Int)> {
  scratch let counts = parallel for f in files, line in f.lines(), word in line.split(" ")
    group by word: word
    select (word, collect(1).length())

  for (word, times) in counts sort by times desc select (word, times) limit n
}
"#;

fn main() {
    let contents = contents();
    let bytes: usize = contents.iter().map(String::len).sum();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{} words in {FILES} files, {:.1} MiB; {threads} threads",
        FILES * LINES * WORDS,
        mib(bytes as u64)
    );
    let (plain, expected) = best(|| plain(&contents, threads));
    say("plain Rust", plain, plain, bytes, None);
    for (name, function, memory) in [
        ("a count in each task, in memory", "counted", "1GiB"),
        ("a count in each task, in files", "counted", "1KiB"),
        ("every word to its group, in memory", "collected", "1GiB"),
        ("every word to its group, in files", "collected", "1KiB"),
    ] {
        let (time, held) = counted(&contents, function, memory, &expected);
        say(name, time, plain, bytes, Some(held));
    }
}

fn say(name: &str, time: Duration, plain: Duration, bytes: usize, held: Option<(u64, u64)>) {
    let seconds = time.as_secs_f64();
    let held = held.map_or(String::new(), |(memory, disk)| {
        format!(
            "   at most {:.2} MiB in memory, {:.2} in files",
            mib(memory),
            mib(disk)
        )
    });
    println!(
        "  {name:<36} {seconds:>7.2} s   {:>6.1} MiB/s   {:>5.1} times as long{held}",
        mib(bytes as u64) / seconds,
        seconds / plain.as_secs_f64()
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Words of which few come often.
fn contents() -> Vec<String> {
    let mut random = Random::new(1);
    let mut line = || {
        let word = |random: &mut Random| {
            let n = random.below(150) * random.below(150);
            format!("word{n}")
        };
        let words: Vec<String> = (0..WORDS).map(|_| word(&mut random)).collect();
        words.join(" ") + "\n"
    };
    let mut file = |_| (0..LINES).map(|_| line()).collect();
    (0..FILES).map(&mut file).collect()
}

fn best<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let timed = |_| {
        let begun = Instant::now();
        let made = run();
        (begun.elapsed(), made)
    };
    let all = (0..ROUNDS).map(timed);
    all.min_by_key(|(time, _)| *time).expect("there are rounds")
}

fn most_often(counts: HashMap<&str, i64>) -> Vec<(&str, i64)> {
    let mut all: Vec<(&str, i64)> = counts.into_iter().collect();
    all.sort_by_key(|(word, times)| (-times, *word));
    all.truncate(100);
    all
}

fn plain(contents: &[String], threads: usize) -> Vec<(&str, i64)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut counts: HashMap<&str, i64> = HashMap::new();
        while let Some(content) = contents.get(next.fetch_add(1, Relaxed)) {
            for word in content.lines().flat_map(|line| line.split(' ')) {
                *counts.entry(word).or_default() += 1;
            }
        }
        counts
    };
    let mut all: HashMap<&str, i64> = HashMap::new();
    std::thread::scope(|scope| {
        let begun: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in begun {
            for (word, times) in thread.join().expect("it counts") {
                *all.entry(word).or_default() += times;
            }
        }
    });
    most_often(all)
}

/// The time of the best round, and what was held at most in memory and in files.
fn counted(
    contents: &[String],
    function: &str,
    memory: &str,
    expected: &[(&str, i64)],
) -> (Duration, (u64, u64)) {
    let folder = Scratch::new("bench-scratch");
    std::fs::write(folder.join("main.weir"), PROGRAM).expect("it is written");
    let config = format!(
        "name = \"words\"\nentry = \"main.weir\"\n[limits]\nscratch_memory = \"{memory}\"\n"
    );
    std::fs::write(folder.join("weir.toml"), config).expect("it is written");
    let (program, data) = (folder.join(""), folder.join("data"));
    let node = Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);
    let mut client = Client::connect(&node.host).expect("it listens");
    let sent = send(&mut client, contents.to_vec());
    let body = json!({ "files": sent.names, "n": 100 }).to_string();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| watch(&node.host, &is_over));
        let (time, answer) = best(|| {
            let headers = [("accept", "application/json"), ("prefer", "wait=600")];
            let path = format!("/{function}");
            let reply = client.post(&path, &headers, &body).expect("it answers");
            assert_eq!(reply.status, 200, "{}", reply.body);
            reply.json()
        });
        is_over.store(true, Relaxed);
        assert!(answer == json!(expected), "another result");
        (time, watch.join().expect("it watches"))
    })
}

fn watch(host: &str, is_over: &AtomicBool) -> (u64, u64) {
    let mut client = Client::connect(host).expect("it listens");
    let (mut memory, mut disk) = (0, 0);
    while !is_over.load(Relaxed) {
        let all: Value = client.get("/_weir/scratch", &[]).expect("it says").json();
        let of = |member: &str| all[member].as_u64().unwrap_or(0);
        memory = memory.max(of("memory_bytes"));
        disk = disk.max(of("disk_bytes"));
        std::thread::sleep(Duration::from_millis(5));
    }
    (memory, disk)
}

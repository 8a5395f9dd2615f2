//! How long an editor waits: a generated session of typing in a project of 10,000 lines, over the real protocol.
//!
//! ```text
//! cargo bench --workspace --bench editing
//! ```
//!
//! The server runs in this process and is spoken to over pipes, so that every byte of the protocol is written and read. Each
//! keystroke is a change of its own; what is measured is the time until the diagnostics of that version are there, and until a
//! completion asked for at the same moment is answered. What is printed: percentiles, and the most memory the process held.

mod client;
mod project;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use client::Client;
use project::{FILES, LINES_MIN};

/// What is typed, again and again in another file: statements with names, a call, a text; some of it wrong until it is complete.
const TYPED: [&str; 4] = [
    "    let spare = free - held.values().sum()\n",
    "    require spare_of(qty) > 0 else BadQuantity(qty)\n",
    "    let note = \"{warehouse}: {free}\"\n",
    "    for (order, n) in held { moves.push(Released(order, n)) }\n",
];

/// Everything that was measured, in the order of the keystrokes.
#[derive(Default)]
struct Times {
    diagnostics: Vec<Duration>,
    completion: Vec<Duration>,
}

fn main() {
    // `cargo test` runs benchmarks too, to see that they work. A number is the number of files that are typed in.
    let args: Vec<String> = std::env::args().collect();
    let wanted = args.iter().find_map(|arg| arg.parse().ok());
    let rounds = wanted.unwrap_or(match args.iter().any(|arg| arg == "--bench") {
        true => 24,
        false => 1,
    });
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("editing");
    let lines = project::write(&folder);
    assert!(lines >= LINES_MIN, "{lines} lines");
    let before = Instant::now();
    let mut client = Client::start(&folder);
    client.open("main.weir");
    client.diagnosed("main.weir", 1);
    println!("{lines} lines in {FILES} files");
    println!("opened in {} ms", before.elapsed().as_millis());
    let memory_before = memory_bytes("VmRSS");
    let cpu_before = cpu_ms();

    let mut times = Times::default();
    for round in 0..rounds {
        let name = project::name((round * 17 + 3) % FILES);
        session(&mut client, &name, TYPED[round % TYPED.len()], &mut times);
    }
    let memory_after = memory_bytes("VmRSS");
    let cpu = cpu_ms() - cpu_before;
    client.end();
    report("diagnostics", &mut times.diagnostics);
    report("completion", &mut times.completion);
    // On a busy machine this says more than the clock.
    let keys = times.diagnostics.len().max(1) as f64;
    println!("processor: {:.1} ms a keystroke", cpu / keys);
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "memory: {} MiB when opened, {} MiB at the end, {} MiB at most",
        mib(memory_before),
        mib(memory_after),
        mib(memory_bytes("VmHWM"))
    );
}

/// Opens a file, types a text into the body of `receive`, takes it away, closes the file.
fn session(client: &mut Client, name: &str, typed: &str, times: &mut Times) {
    let text = client.open(name);
    let mut version = 1_i64;
    client.diagnosed(name, version);
    let line = text
        .lines()
        .position(|line| line.trim_start().starts_with("free += qty"))
        .expect("the project has it") as u32;
    let mut at = (line, 0);
    for c in typed.chars() {
        version += 1;
        let begun = Instant::now();
        client.change(name, version, (at, at), &c.to_string());
        at = match c {
            '\n' => (at.0 + 1, 0),
            _ => (at.0, at.1 + 1),
        };
        if c.is_alphanumeric() || c == '.' {
            client.complete(name, at);
            times.completion.push(begun.elapsed());
        }
        client.diagnosed(name, version);
        times.diagnostics.push(begun.elapsed());
    }
    version += 1;
    client.change(name, version, ((line, 0), at), "");
    client.diagnosed(name, version);
    client.close(name);
}

fn report(what: &str, times: &mut [Duration]) {
    if times.is_empty() {
        return println!("{what}: not asked for");
    }
    times.sort();
    let of = |percent: usize| {
        let at = (times.len() * percent).div_ceil(100).max(1) - 1;
        times[at].as_secs_f64() * 1e3
    };
    println!(
        "{what}: {} times, ms: 50% {:.1}, 95% {:.1}, 99% {:.1}, longest {:.1}",
        times.len(),
        of(50),
        of(95),
        of(99),
        of(100)
    );
}

/// The time that this process has worked, as Linux tells it; 0 elsewhere.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind.split_whitespace().skip(11).take(2);
    // A tick is 10 ms on every Linux of today.
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        * 10.0
}

/// A figure of this process as Linux tells it; 0 elsewhere.
fn memory_bytes(figure: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(figure));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

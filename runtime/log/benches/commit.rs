//! What a durable commit costs, beside the same bytes written raw in the same
//! minute: only the ratios mean something on a shared machine.
//!
//! `cargo bench -p weir-log`; `WEIR_LOG_BENCH_DIR` chooses the disk.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use weir_log::{FileLog, Hlc, Log, Options, OwnerId, Partition, Record, RecordKind, Writer};

const BODY_BYTES: usize = 200;
/// One record of that size in its frame in its envelope.
const FRAME_BYTES: usize = 56 + 48 + 8 + BODY_BYTES;
const GROUP: usize = 64;
const THREADS: usize = 2;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1500);

/// What one kind of run did in one round.
struct Measured {
    p50: Duration,
    p99: Duration,
    per_second: f64,
}

fn summarise(mut times: Vec<Duration>, records: usize, took: Duration) -> Measured {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    Measured {
        p50: at(0.5),
        p99: at(0.99),
        per_second: records as f64 / took.as_secs_f64(),
    }
}

fn zero_filled(dir: &Path) -> File {
    let path = dir.join("raw");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.write_all_at(&vec![0; 16 << 20], 0).unwrap();
    file.sync_all().unwrap();
    file
}

/// Write and sync `records` frames at a time over a file that does not grow.
fn raw(dir: &Path, records: usize) -> Measured {
    let file = zero_filled(dir);
    let bytes = vec![0x5a; FRAME_BYTES * records];
    let (mut at, mut times) = (0, Vec::new());
    let start = Instant::now();
    while start.elapsed() < ROUND {
        let one = Instant::now();
        file.write_all_at(&bytes, at).unwrap();
        file.sync_data().unwrap();
        times.push(one.elapsed());
        at = (at + bytes.len() as u64) % (15 << 20);
    }
    let took = start.elapsed();
    let written = times.len() * records;
    summarise(times, written, took)
}

fn record() -> Vec<Record> {
    vec![Record::new(RecordKind(1), vec![0x5a; BODY_BYTES])]
}

fn open(dir: &Path, name: &str) -> FileLog {
    let log = FileLog::open(
        dir.join(name),
        Options {
            prepare_ahead: 2,
            ..Options::default()
        },
    )
    .unwrap();
    // The first segments are being prepared; that is not what is measured.
    std::thread::sleep(Duration::from_millis(500));
    log
}

fn single(dir: &Path) -> Measured {
    let log = open(dir, "single");
    let mut writer = log.take(Partition(0), OwnerId(0)).unwrap();
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < ROUND {
        let one = Instant::now();
        writer.append(Hlc(0), record()).wait().unwrap();
        times.push(one.elapsed());
    }
    let took = start.elapsed();
    let count = times.len();
    summarise(times, count, took)
}

/// Writers with one frame in flight each, so many to a thread.
fn many(dir: &Path) -> Measured {
    let log = open(dir, "many");
    let start = Instant::now();
    let times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let per_thread = GROUP / THREADS;
                let writers: Vec<Writer> = (thread * per_thread..(thread + 1) * per_thread)
                    .map(|partition| log.take(Partition(partition as u16), OwnerId(0)).unwrap())
                    .collect();
                scope.spawn(move || drive(writers, start))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let took = start.elapsed();
    let count = times.len();
    summarise(times, count, took)
}

fn drive(mut writers: Vec<Writer>, start: Instant) -> Vec<Duration> {
    let (send, receive) = mpsc::channel();
    let append = |writers: &mut Vec<Writer>, nth: usize| {
        let send = send.clone();
        let one = Instant::now();
        writers[nth]
            .append(Hlc(0), record())
            .on_done(move |outcome| {
                outcome.unwrap();
                send.send((nth, one)).unwrap();
            });
    };
    for nth in 0..writers.len() {
        append(&mut writers, nth);
    }
    let (mut times, mut in_flight) = (Vec::new(), writers.len());
    while in_flight > 0 {
        let (nth, one) = receive.recv().unwrap();
        times.push(one.elapsed());
        match start.elapsed() < ROUND {
            true => append(&mut writers, nth),
            false => in_flight -= 1,
        }
    }
    times
}

fn main() {
    let root = std::env::var_os("WEIR_LOG_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let dir = root.join("weir-log-bench");
    println!(
        "{BODY_BYTES}-byte records, {ROUNDS} rounds of {} ms each; medians of the rounds",
        ROUND.as_millis()
    );
    println!(
        "{:<34} {:>9} {:>9} {:>11}",
        "", "p50 us", "p99 us", "records/s"
    );
    let names = [
        "raw write + fdatasync",
        "log, 1 writer",
        "raw group of 64",
        "log, 64 writers on 2 threads",
    ];
    let mut rounds: Vec<[Measured; 4]> = Vec::new();
    for _ in 0..ROUNDS {
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let round = [raw(&dir, 1), single(&dir), raw(&dir, GROUP), many(&dir)];
        for (name, measured) in names.iter().zip(&round) {
            let (p50, p99) = (measured.p50.as_micros(), measured.p99.as_micros());
            println!("{name:<34} {p50:>9} {p99:>9} {:>11.0}", measured.per_second);
        }
        println!();
        rounds.push(round);
    }
    std::fs::remove_dir_all(&dir).unwrap();
    let median = |ratio: &dyn Fn(&[Measured; 4]) -> f64| {
        let mut ratios: Vec<f64> = rounds.iter().map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    };
    let commit = median(&|round| round[1].p50.as_secs_f64() / round[0].p50.as_secs_f64());
    let group = median(&|round| round[3].per_second / round[2].per_second);
    let group_p99 = median(&|round| round[3].p99.as_secs_f64() / round[2].p99.as_secs_f64());
    println!("one commit, p50 / raw p50          {commit:.2}   (goal: at most 1.3)");
    println!("64 writers, records/s / raw group  {group:.2}   (goal: at least 0.35)");
    println!("64 writers, p99 / raw p99          {group_p99:.2}   (goal: at most 5)");
}

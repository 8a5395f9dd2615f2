//! `cargo bench --workspace --bench dataflow`: what views cost in the machine, without HTTP, beside plain calls and
//! beside the same records written raw to a file in the same minute. Ratios hold, times vary.

use std::io::Write;
use std::time::Instant;

use weir_contract::Value;
use weir_log::Record;
use weir_machine::Call;
use weir_tests::bench::Bench;

const BATCH: i64 = 100;

const PROGRAM: &str = r#"
record Click(user: Int, page: Text, at: Time, ms: Int)
record PageMinute(page: Text, minute: Time, views: Int, slowest: Int)

@key(user) @time(at) @late(30s) @keep(7d)
stream clicks: Click

view page_minutes =
  for c in clicks
  group by page: c.page, minute: window(c.at, 1m)
  select PageMinute(page, minute, views: count(), slowest: max(c.ms))

view busiest = for m in page_minutes sort by m.views desc select m limit 10

pub fn see(user: Int, at: Time) { clicks.emit(Click(user, "/page/{user % 50}", at, user % 700)) }
pub fn top() -> List<PageMinute> = busiest.all()

entity Counter(name: Text) {
  state n: Int = 0
  pub fn add() -> Int {
    n += 1
    n
  }
}
"#;

fn main() {
    println!("machine, one thread: a second, and ratios");
    let (plain, counted) = counters();
    let raw = write_raw(&counted);
    println!(
        "  plain calls of a counter          {plain:>9.0}   to raw records of the same bytes {:.2}",
        plain / raw
    );
    windows(plain);
}

fn counters() -> (f64, Vec<Record>) {
    let mut bench = Bench::new(PROGRAM);
    let counter = |n| vec![Value::Text(format!("c{n}"))];
    let calls = (0..1_000).map(|n| bench.call(Some("Counter"), "add", counter(n), vec![]));
    let calls: Vec<Call> = calls.collect();
    let mut records = Vec::new();
    let rate = bench.rate(|b, n| {
        b.now += 1_000;
        records.extend(b.once(&calls[n as usize % calls.len()]).record);
    });
    (rate, records)
}

/// The same records, in writes of a mebibyte with a sync each: a second.
fn write_raw(records: &[Record]) -> f64 {
    let folder = weir_tests::process::Scratch::new("dataflow");
    let mut file = std::fs::File::create(folder.join("raw")).expect("a file");
    let begin = Instant::now();
    let mut frame = Vec::new();
    for record in records {
        frame.extend_from_slice(&record.body);
        if frame.len() >= 1 << 20 {
            file.write_all(&frame).expect("it is written");
            file.sync_data().expect("it is synced");
            frame.clear();
        }
    }
    file.write_all(&frame).expect("it is written");
    file.sync_data().expect("it is synced");
    records.len() as f64 / begin.elapsed().as_secs_f64()
}

/// Events into a window by key, with the view brought up to date every hundred events, and how long one read takes then.
fn windows(plain: f64) {
    let mut bench = Bench::new(PROGRAM);
    let see = |b: &Bench, user: i64, at: i64| {
        let args = vec![Value::Int(user), Value::Time(at)];
        b.call(None, "see", vec![], args)
    };
    let top = bench.call(None, "top", vec![], vec![]);
    let mut reads = Vec::new();
    let rate = bench.rate(|b, n| {
        let call = see(b, n, n * 20_000);
        b.now += 1_000;
        b.once(&call);
        if n % BATCH == BATCH - 1 {
            while b.machine.tend_views(&mut b.runner, &b.manifest, b.now) {}
        }
    });
    for n in 0..200 {
        let call = see(&bench, n, bench.now);
        bench.now += 1_000;
        bench.once(&call);
        let begin = Instant::now();
        bench.once(&top);
        reads.push(begin.elapsed());
    }
    reads.sort();
    println!(
        "  events through a keyed window     {rate:>9.0}   to plain calls {:.2}",
        rate / plain
    );
    println!(
        "  read of a view after one event    {:>9.1} us at the median, {:.1} at the 95th percentile",
        reads[100].as_secs_f64() * 1e6,
        reads[190].as_secs_f64() * 1e6
    );
}

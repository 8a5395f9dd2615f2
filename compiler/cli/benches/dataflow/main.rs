//! `cargo bench --workspace --bench dataflow`: what views cost in the machine, without HTTP, beside plain calls and
//! beside the same records written raw to a file in the same minute. Ratios hold, times vary.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use weir_contract::call::encode_args;
use weir_contract::{Manifest, Value};
use weir_driver::Memory;
use weir_engine::Runner;
use weir_log::Record;
use weir_machine::{Answer, Call, Machine};

const MEASURE: Duration = Duration::from_secs(2);
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

struct Bench {
    machine: Machine,
    runner: Runner,
    manifest: Manifest,
    now: i64,
    records: Vec<Record>,
}

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

impl Bench {
    fn new() -> Bench {
        let world = Memory::default().with("dataflow.weir", PROGRAM);
        let program = weir_driver::find(&world, Path::new("dataflow.weir")).expect("it is there");
        let analysis = weir_driver::check(&world, &program).expect("it is read");
        let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
        let loaded = weir_engine::Program::load(&bundle.wasm).expect("the engine takes it");
        let mut machine = Machine::new();
        machine.deploy(&bundle.manifest, 0).expect("no state yet");
        Bench {
            machine,
            runner: Runner::new(&loaded).expect("it starts"),
            manifest: bundle.manifest,
            now: 0,
            records: Vec::new(),
        }
    }

    fn function(&self, name: &str, args: &[Value]) -> Call {
        let functions = &self.manifest.functions;
        let number = functions
            .iter()
            .position(|f| f.name == name && f.entity.is_none());
        let number = number.expect("the program has it");
        let args: Vec<Option<Value>> = args.iter().cloned().map(Some).collect();
        Call {
            function: number as u32,
            caller: "dev".into(),
            roles: vec![],
            keys: vec![],
            args: encode_args(&self.manifest.defs, &functions[number].params, &args),
            idempotency: None,
            if_match: None,
        }
    }

    fn counter(&self, name: i64) -> Call {
        let call = weir_node::NamedCall {
            entity: Some("Counter".into()),
            function: "add".into(),
            kind: weir_contract::manifest::FunctionKind::Handler,
            keys: vec![Value::Text(format!("c{name}"))],
            args: vec![],
            caller: weir_node::Caller::new("dev", []),
            idempotency: None,
        };
        call.resolve(&self.manifest).expect("the program has it")
    }

    fn call(&mut self, call: &Call) {
        self.now += 1_000;
        let done = self
            .machine
            .call(&mut self.runner, &self.manifest, call, self.now);
        assert!(
            matches!(done.answer, Answer::Output(_)),
            "{:?}",
            done.answer
        );
        self.records.extend(done.record);
    }

    /// Rounds of a batch until the time is over: how many calls a second.
    fn rate(&mut self, mut round: impl FnMut(&mut Bench, i64)) -> f64 {
        let begin = Instant::now();
        let mut count = 0;
        while begin.elapsed() < MEASURE {
            for _ in 0..BATCH {
                round(self, count);
                count += 1;
            }
        }
        count as f64 / begin.elapsed().as_secs_f64()
    }
}

fn counters() -> (f64, Vec<Record>) {
    let mut bench = Bench::new();
    let calls: Vec<Call> = (0..1_000).map(|n| bench.counter(n)).collect();
    let rate = bench.rate(|b, n| b.call(&calls[n as usize % calls.len()]));
    (rate, bench.records)
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
    let mut bench = Bench::new();
    let top = bench.function("top", &[]);
    let mut reads = Vec::new();
    let rate = bench.rate(|b, n| {
        let call = b.function("see", &[Value::Int(n), Value::Time(n * 20_000)]);
        b.call(&call);
        if n % BATCH == BATCH - 1 {
            while b.machine.tend_views(&mut b.runner, &b.manifest, b.now) {}
        }
    });
    for n in 0..200 {
        let call = bench.function("see", &[Value::Int(n), Value::Time(bench.now)]);
        bench.call(&call);
        let begin = Instant::now();
        bench
            .machine
            .call(&mut bench.runner, &bench.manifest, &top, bench.now);
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

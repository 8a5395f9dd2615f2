//! `cargo bench -p weir-cli --bench streams`: entries a second through `on`, in the machine alone and through HTTP onto the disk, beside
//! plain calls and raw writes of the same minute. Ratios hold, times vary.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use weir_contract::manifest::FunctionKind;
use weir_contract::{Manifest, Value};
use weir_driver::Memory;
use weir_engine::Runner;
use weir_machine::{Answer, Call, Machine};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const MEASURE: Duration = Duration::from_secs(2);
/// Entries of one request.
const BATCH: i64 = 100;
const FANS: i64 = 1_000;
const CLIENTS: u64 = 8;

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

struct Bench {
    machine: Machine,
    runner: Runner,
    manifest: Manifest,
}

fn main() {
    in_the_machine();
    over_http();
}

impl Bench {
    fn new() -> Bench {
        let world = Memory::default().with("streams.weir", PROGRAM);
        let program = weir_driver::find(&world, Path::new("streams.weir")).expect("it is there");
        let analysis = weir_driver::check(&world, &program).expect("it is read");
        let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
        let loaded = weir_engine::Program::load(&bundle.wasm).expect("the engine takes it");
        let mut machine = Machine::new();
        machine.deploy(&bundle.manifest, 0).expect("no state yet");
        Bench {
            machine,
            runner: Runner::new(&loaded).expect("it starts"),
            manifest: bundle.manifest,
        }
    }

    fn call(
        &self,
        entity: Option<&str>,
        function: &str,
        keys: Vec<Value>,
        args: Vec<Value>,
    ) -> Call {
        let call = weir_node::NamedCall {
            entity: entity.map(str::to_owned),
            function: function.to_owned(),
            kind: match entity {
                Some(_) => FunctionKind::Handler,
                None => FunctionKind::Function,
            },
            keys,
            args: args.into_iter().map(Some).collect(),
            caller: weir_node::Caller::new("dev", []),
            idempotency: None,
        };
        call.resolve(&self.manifest).expect("the program has it")
    }

    /// A call and all that follows from it; gives the records made.
    fn whole(&mut self, call: &Call) -> u64 {
        let done = self.machine.call(&mut self.runner, &self.manifest, call, 0);
        assert!(
            matches!(done.answer, Answer::Output(_)),
            "{:?}",
            done.answer
        );
        let mut records = done.record.is_some() as u64;
        while self
            .machine
            .advance_one(&mut self.runner, &self.manifest, 0)
            .is_some()
        {
            records += 1;
        }
        records
    }

    /// Calls a second.
    fn rate(&mut self, mut call: impl FnMut(&Bench, i64) -> Call) -> f64 {
        let mut count = 0;
        let begin = Instant::now();
        while begin.elapsed() < MEASURE {
            let call = call(self, count);
            self.whole(&call);
            count += 1;
        }
        count as f64 / begin.elapsed().as_secs_f64()
    }
}

fn hits(from: i64, keys: i64) -> Value {
    let hit = |n: i64| Value::Record(vec![Value::Text(format!("c{}", n % keys)), Value::Int(n)]);
    Value::List((from..from + BATCH).map(hit).collect())
}

fn in_the_machine() {
    println!("machine, one thread: a second");
    let counter = |n: i64| vec![Value::Text(format!("c{}", n % 1_000))];
    let plain = Bench::new().rate(|b, n| b.call(Some("Counter"), "add", counter(n), vec![]));
    println!("  calls of a counter            {plain:>9.0}");
    for (name, function, keys) in [
        ("1,000 keys", "hits.append", 1_000),
        ("one key   ", "hits.append", 1),
        ("no key    ", "loose.append", 1_000),
    ] {
        let rate =
            Bench::new().rate(|b, n| b.call(None, function, vec![], vec![hits(n * BATCH, keys)]));
        let entries = rate * BATCH as f64;
        println!(
            "  entries consumed, {name}  {entries:>9.0}   ratio to calls {:.2}",
            entries / plain
        );
    }
    let rate = Bench::new().rate(|b, _| {
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
        let raw = raw_writes(&scratch);
        println!(
            "  requests of {count:>3} entries       {done:>9.0} consumed, {:>9.0} taken; ratio to raw records {:.2}",
            sent / taken.as_secs_f64(),
            done / raw
        );
    }
}

/// Records of the length of an entry's and its step's a second, 64 of them for each `fdatasync`.
fn raw_writes(scratch: &Scratch) -> f64 {
    const RECORD: usize = 250;
    const GROUP: usize = 64;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(scratch.join("raw"))
        .expect("a file");
    file.write_all_at(&vec![0; 16 << 20], 0).expect("room");
    file.sync_all().expect("a disk");
    let bytes = vec![0x5a; RECORD * GROUP];
    let (mut at, mut count) = (0, 0);
    let begin = Instant::now();
    while begin.elapsed() < MEASURE / 2 {
        file.write_all_at(&bytes, at).expect("room");
        file.sync_data().expect("a disk");
        at = (at + bytes.len() as u64) % (15 << 20);
        count += GROUP;
    }
    count as f64 / begin.elapsed().as_secs_f64()
}

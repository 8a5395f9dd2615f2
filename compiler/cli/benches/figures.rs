//! `cargo bench -p weir-cli`: the figures that people meet, each beside a raw reference from the same minute.
//!
//! Times differ from machine to machine and from run to run; the ratios hold.

// Memory as `weir` has it, because `compile` compiles in this process.
#[path = "../src/memory.rs"]
mod memory;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use weir_contract::Value;
use weir_contract::manifest::FunctionKind;
use weir_driver::Memory;
use weir_tests::bench::{MEASURE, load};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const COUNTER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/counter/counter.weir"
);
const BANK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bank/bank.weir");
const CLIENTS: [usize; 3] = [1, 16, 64];

/// `cargo bench -p weir-cli --bench figures -- compile` measures only that.
fn main() {
    memory::set_up();
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let parts: [(&str, fn()); 4] = [
        ("compile", compile),
        ("steps", steps),
        ("start", start),
        ("serve", serve),
    ];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            part();
        }
    }
}

/// Time and memory to check and to build programs of growing length: what grows faster than they do is a mistake.
fn compile() {
    println!(
        "compile                         check ms   build ms   us a line   peak MB   KB a line"
    );
    for (lines, times) in [(1_000, 15), (10_000, 7), (100_000, 3)] {
        let text = weir_tests::large::program(lines);
        let lines = text.lines().count();
        let world = Memory::default().with("large.weir", &text);
        let program =
            weir_driver::find(&world, Path::new("large.weir")).expect("the program is there");
        let check = median(times, || {
            let analysis = weir_driver::check(&world, &program).expect("it is read");
            assert_eq!(analysis.errors(), 0, "{:?}", analysis.diagnostics.first());
        });
        memory::give_back();
        forget_peak();
        let before = status_kib("VmRSS");
        let whole = median(times, || {
            let analysis = weir_driver::check(&world, &program).expect("it is read");
            weir_driver::build(&program, &analysis).expect("it has no errors");
        });
        let kib = status_kib("VmHWM").saturating_sub(before.min(status_kib("VmHWM")));
        let peak = status_kib("VmHWM") as f64 / 1024.0;
        println!(
            "  {lines:>7} lines               {:>9.1} {:>10.1} {:>11.2} {:>9.1} {:>11.2}",
            ms(check),
            ms(whole),
            us(whole) / lines as f64,
            peak,
            kib as f64 / lines as f64
        );
    }
}

/// A figure of this process, in KiB: `VmRSS` now, `VmHWM` at most.
fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// From now on `VmHWM` counts anew.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Steps a second in the machine, without HTTP and without a disk: the counter's `add` with its record.
fn steps() {
    let program = weir_driver::find(&weir_driver::Disk, Path::new(COUNTER)).expect("it is there");
    let analysis = weir_driver::check(&weir_driver::Disk, &program).expect("it is read");
    let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
    let loaded = weir_engine::Program::load(&bundle.wasm).expect("the engine takes it");
    let mut runner = weir_engine::Runner::new(&loaded).expect("it starts");
    let mut machine = weir_machine::Machine::new();
    machine
        .deploy(&bundle.manifest, 0)
        .expect("there is no state to fit");
    let calls: Vec<weir_machine::Call> = (0..1_000)
        .map(|number| {
            let call = weir_node::NamedCall {
                entity: Some("Counter".into()),
                function: "add".into(),
                kind: FunctionKind::Handler,
                keys: vec![Value::Text(format!("c{number}"))],
                args: vec![None],
                caller: weir_node::Caller::new("dev", []),
                idempotency: None,
            };
            call.resolve(&bundle.manifest)
                .expect("the counter has `add`")
        })
        .collect();
    let mut bytes = 0;
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < MEASURE {
        for call in &calls {
            let done = machine.call(&mut runner, &bundle.manifest, call, count);
            bytes += done.record.expect("it writes").body.len();
            count += 1;
        }
    }
    let per_second = count as f64 / begin.elapsed().as_secs_f64();
    println!("machine, one thread, 1,000 counters");
    println!("  steps a second                {per_second:>9.0}");
    println!(
        "  bytes of a record             {:>9.0}",
        bytes as f64 / count as f64
    );
}

/// Time from starting the process to its ready line, and what it then holds.
fn start() {
    let scratch = Scratch::new("bench-start");
    let mut memory = 0;
    let time = median(5, || {
        let node = Node::start(
            WEIR,
            &[COUNTER, "--data", &scratch.join("data"), "--port", "0"],
        );
        memory = resident_kib(node.pid());
        node.kill();
    });
    println!("start");
    println!("  from exec to the ready line   {:>9.1} ms", ms(time));
    println!(
        "  resident memory, idle         {:>9.1} MB",
        memory as f64 / 1024.0
    );
}

/// Calls a second over HTTP, and how long one takes.
fn serve() {
    let scratch = Scratch::new("bench-serve");
    let sync = raw_sync(scratch.path());
    println!("raw");
    println!("  fdatasync of 256 bytes, p50   {:>9.1} us", us(sync));
    let bare = BareHello::start();
    let counter = Node::start(
        WEIR,
        &[COUNTER, "--data", &scratch.join("counter"), "--port", "0"],
    );
    let bank = Node::start(
        WEIR,
        &[BANK, "--data", &scratch.join("bank"), "--port", "0"],
    );
    let mut teller = Client::connect(&bank.host).expect("the bank serves");
    for client in 0..CLIENTS[2] {
        let reply = teller
            .post(
                &format!("/Account/c{client}/deposit"),
                &[("weir-roles", "teller")],
                r#"{"amount": "1000000"}"#,
            )
            .expect("the bank answers");
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    println!("over HTTP                        calls/s   p50 us   p99 us");
    for clients in CLIENTS {
        let hello_bare = load(&bare.host, clients, |client, _| client.get("/", &[]));
        let hello = load(&counter.host, clients, |client, _| {
            client.get("/counter/hello", &[])
        });
        let add = load(&counter.host, clients, |client, n| {
            client.post(&format!("/Counter/c{n}/add"), &[], "{}")
        });
        let transfer = load(&bank.host, clients, |client, n| {
            let to = (n + 1) % CLIENTS[2];
            client.post(
                &format!("/Account/c{n}/transfer"),
                &[("weir-caller", &format!("c{n}"))],
                &format!(r#"{{"to": "c{to}", "amount": "0.01"}}"#),
            )
        });
        for (name, load) in [
            ("bare axum hello", &hello_bare),
            ("stateless hello", &hello),
            ("durable counter", &add),
            ("transfer", &transfer),
        ] {
            println!(
                "  {clients:>2} clients  {name:<18} {:>9.0} {:>8.0} {:>8.0}",
                load.per_second,
                us(load.p50),
                us(load.p99)
            );
        }
        println!(
            "      ratios  hello/bare {:.2}   counter/hello {:.2}   transfer/counter {:.2}",
            hello.per_second / hello_bare.per_second,
            add.per_second / hello.per_second,
            transfer.per_second / add.per_second
        );
        if clients == 1 {
            let beyond = add.p50.saturating_sub(hello.p50);
            println!(
                "              (counter - hello) p50 / fdatasync p50 {:.2}",
                beyond.as_secs_f64() / sync.as_secs_f64()
            );
        }
    }
}

/// The median of writing 256 bytes into a file that is long enough, and waiting until they are on disk.
fn raw_sync(folder: &Path) -> Duration {
    let path = folder.join("raw");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(&vec![0; 1 << 20]).expect("it is prepared");
    file.sync_all().expect("it is on disk");
    use std::os::unix::fs::FileExt;
    let mut at = 0;
    median(500, || {
        file.write_all_at(&[7; 256], at).expect("it is written");
        file.sync_data().expect("it is on disk");
        at += 256;
    })
}

/// What HTTP costs without us: axum with one route.
struct BareHello {
    host: String,
    _runtime: tokio::runtime::Runtime,
}

impl BareHello {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("threads start");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port is free");
        let host = listener.local_addr().expect("it has a port").to_string();
        let hello = axum::routing::get(|| async { "\"Hello, world!\"" });
        runtime.spawn(
            async move { axum::serve(listener, axum::Router::new().route("/", hello)).await },
        );
        BareHello {
            host,
            _runtime: runtime,
        }
    }
}

fn median(times: usize, mut run: impl FnMut()) -> Duration {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    all.sort_unstable();
    all[all.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn resident_kib(pid: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

//! `cargo bench -p weir-cli --bench runs`: what runs cost in the machine, without HTTP and disk, beside plain calls of the same
//! minute. Ratios hold, times vary.

use std::path::Path;
use std::time::{Duration, Instant};

use weir_contract::manifest::FunctionKind;
use weir_contract::{Manifest, Value};
use weir_driver::Memory;
use weir_engine::Runner;
use weir_machine::{Action, Answer, Call, EventTo, Machine, Progress, Sent, Taken};

const MEASURE: Duration = Duration::from_secs(2);
const SLEEPERS: i64 = 1_000_000;
const FIRED: i64 = 10_000;

const PROGRAM: &str = r#"
extern shop from "http:shop" {
  @idempotent fn order(n: Int) -> Int
}

entity Counter(name: Text) {
  state n: Int = 0
  pub fn add() -> Int {
    n += 1
    n
  }
}

/// Five transactions: fused into one step.
workflow Five(id: Int) {
  pub fn run() -> Int {
    let a = Counter("a{id}").add()
    let b = Counter("b{id}").add()
    let c = Counter("c{id}").add()
    let d = Counter("d{id}").add()
    a + b + c + d + Counter("e{id}").add()
  }
}

/// Five outside calls.
workflow Calls(id: Int) {
  pub fn run() -> Int {
    let a = shop.order(1)
    let b = shop.order(a)
    let c = shop.order(b)
    let d = shop.order(c)
    shop.order(d)
  }
}

workflow Sleeper(id: Int) {
  pub event woken(by: Int)
  pub fn run(pause: Duration, card: Text) -> Text {
    var sum = 0
    while sum < 1_000_000 {
      wait {
        woken(by) => sum += by
        after pause => return card
      }
    }
    card
  }
}

record Line(sku: Text, qty: Int, price: Decimal)
record Address(name: Text, street: Text, city: Text, country: Text)

/// What is used behind the wait: the key, the card, a field of the address, and a number that is cheap to make again.
workflow Checkout(order: Text) {
  pub fn run(lines: List<Line>, to: Address, card: Text) -> Text {
    let total = (for l in lines select l.price * l.qty.to_decimal()).sum()
    let fee = 3
    sleep(1h)
    "{order} {card} {to.city} {total} {fee}"
  }
}

/// The same with all that is in reach used, and so kept.
workflow Whole(order: Text) {
  pub fn run(lines: List<Line>, to: Address, card: Text) -> Text {
    let total = (for l in lines select l.price * l.qty.to_decimal()).sum()
    let fee = 3
    sleep(1h)
    "{order} {card} {to} {lines} {total} {fee}"
  }
}
"#;

struct Bench {
    machine: Machine,
    runner: Runner,
    manifest: Manifest,
    now: i64,
}

fn main() {
    calls_and_workflows();
    wake_up();
    frames();
    sleepers();
}

impl Bench {
    fn new() -> Bench {
        let world = Memory::default().with("runs.weir", PROGRAM);
        let program = weir_driver::find(&world, Path::new("runs.weir")).expect("it is there");
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
        }
    }

    fn call(&self, entity: &str, key: Value, args: Vec<Value>) -> Call {
        let is_run = entity != "Counter";
        let call = weir_node::NamedCall {
            entity: Some(entity.into()),
            function: if is_run { "run" } else { "add" }.into(),
            kind: match is_run {
                true => FunctionKind::Run,
                false => FunctionKind::Handler,
            },
            keys: vec![key],
            args: args.into_iter().map(Some).collect(),
            caller: weir_node::Caller::new("dev", []),
            idempotency: None,
        };
        call.resolve(&self.manifest).expect("the program has it")
    }

    /// Starts a run or makes a call, and lets everything happen; gives the records made.
    fn whole(&mut self, call: &Call) -> u64 {
        let done = self
            .machine
            .call(&mut self.runner, &self.manifest, call, self.now);
        assert!(!matches!(done.answer, Answer::Bug(_)), "{:?}", done.answer);
        let mut actions = done.actions;
        let mut records = done.record.is_some() as u64;
        loop {
            for action in std::mem::take(&mut actions) {
                if let Action::Outside(call) = action {
                    // OUTPUT_OK and an `Int`.
                    let answered = self.machine.answer_and_go_on(
                        &mut self.runner,
                        &self.manifest,
                        call.call,
                        vec![0, 2],
                        self.now,
                    );
                    records += 1;
                    actions.extend(answered.map(|p| p.actions).unwrap_or_default());
                }
            }
            if !actions.is_empty() {
                continue;
            }
            let Some(Progress { actions: more, .. }) =
                self.machine
                    .advance_one(&mut self.runner, &self.manifest, self.now)
            else {
                return records;
            };
            records += 1;
            actions.extend(more);
        }
    }

    /// Calls a second, and records for each.
    fn rate(&mut self, mut call: impl FnMut(&Bench, i64) -> Call) -> (f64, f64) {
        let (mut count, mut records) = (0, 0);
        let begin = Instant::now();
        while begin.elapsed() < MEASURE {
            for _ in 0..100 {
                let call = call(self, count);
                records += self.whole(&call);
                count += 1;
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        (count as f64 / seconds, records as f64 / count as f64)
    }
}

fn calls_and_workflows() {
    println!("machine, one thread: a second, and records each");
    let (plain, records) =
        Bench::new().rate(|b, n| b.call("Counter", Value::Text(format!("c{}", n % 1_000)), vec![]));
    println!("  one call of a counter         {plain:>9.0} {records:>5.1}");
    let (five, records) = Bench::new().rate(|b, n| b.call("Five", Value::Int(n), vec![]));
    println!(
        "  workflow of five transactions {five:>9.0} {records:>5.1}   ratio to 5 calls {:.2}",
        five * 5.0 / plain
    );
    let (calls, records) = Bench::new().rate(|b, n| b.call("Calls", Value::Int(n), vec![]));
    println!(
        "  workflow of five outside calls{calls:>9.0} {records:>5.1}   ratio to 6 calls {:.2}",
        calls * 6.0 / plain
    );
}

/// An event to a sleeping run, and the step it wakes.
fn wake_up() {
    let mut bench = Bench::new();
    let args = vec![Value::Duration(i64::MAX / 4), Value::Text("4242".into())];
    let start = bench.call("Sleeper", Value::Int(0), args);
    bench.whole(&start);
    let entity = bench.manifest.entity("Sleeper").expect("it is there").0;
    let sent = Sent {
        to: EventTo {
            entity,
            key: start.keys.clone().into(),
            event: 0,
            args: vec![2].into(),
        },
        caller: "dev".into(),
        roles: vec![],
        idempotency: None,
    };
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < MEASURE && count < 900_000 {
        let taken = bench
            .machine
            .send_event(&mut bench.runner, &bench.manifest, &sent, bench.now);
        assert!(matches!(taken, Taken::Yes(_)), "{taken:?}");
        bench
            .machine
            .advance_one(&mut bench.runner, &bench.manifest, bench.now)
            .expect("it wakes");
        count += 1;
    }
    println!(
        "  event, and the step it wakes  {:>9.2} us",
        begin.elapsed().as_secs_f64() * 1e6 / count as f64
    );
}

/// What a frame keeps, beside all variables in reach.
fn frames() {
    let mut bench = Bench::new();
    let text = |text: &str| Value::Text(text.into());
    let line = |sku: &str, qty: i64| {
        Value::Record(vec![
            text(sku),
            Value::Int(qty),
            Value::Decimal(19_990_000_000),
        ])
    };
    let lines = Value::List(vec![
        line("rod-and-reel", 1),
        line("line-0.30mm", 2),
        line("hooks-no-8", 3),
    ]);
    let to = Value::Record(vec![
        text("Ann Example"),
        text("12 Weir Street"),
        text("Bern"),
        text("CH"),
    ]);
    let mut bytes = |entity: &str| {
        let args = vec![lines.clone(), to.clone(), text("4242424242424242")];
        let call = bench.call(entity, text("o1"), args);
        bench.whole(&call);
        let runs = bench.machine.runs();
        let newest = runs.going().last().expect("it sleeps").1;
        let frames = newest.strands.iter().flat_map(|strand| &strand.frames);
        frames.map(|frame| frame.cells.len()).sum::<usize>()
    };
    let (kept, all) = (bytes("Checkout"), bytes("Whole"));
    println!(
        "  frame of a checkout           {kept:>9} B, all variables in reach {all} B: ratio {:.2}",
        kept as f64 / all as f64
    );
}

fn sleepers() {
    let mut bench = Bench::new();
    let before = resident_kib();
    let begin = Instant::now();
    for n in 0..SLEEPERS {
        // The first ten thousand wake after a second, the rest in a year or later.
        let pause = if n < FIRED { 1 } else { 31_536_000 + n };
        let args = vec![
            Value::Duration(pause * 1_000_000),
            Value::Text("4242".into()),
        ];
        let call = bench.call("Sleeper", Value::Int(n), args);
        bench
            .machine
            .call(&mut bench.runner, &bench.manifest, &call, bench.now);
    }
    let each = (resident_kib() - before) as f64 * 1024.0 / SLEEPERS as f64;
    let frames: usize = bench
        .machine
        .runs()
        .going()
        .flat_map(|(_, run)| &run.strands)
        .flat_map(|strand| &strand.frames)
        .map(|frame| frame.cells.len())
        .sum();
    println!("{SLEEPERS} sleeping runs");
    println!(
        "  to start them                 {:>9.1} s",
        begin.elapsed().as_secs_f64()
    );
    println!(
        "  memory each                   {each:>9.0} B, of which the frame's cells {:.0}",
        frames as f64 / SLEEPERS as f64
    );
    bench.now = 2_000_000;
    let begin = Instant::now();
    let mut fired = 0;
    while bench
        .machine
        .advance_one(&mut bench.runner, &bench.manifest, bench.now)
        .is_some()
    {
        fired += 1;
    }
    assert_eq!(fired, FIRED);
    println!(
        "  to fire {FIRED} timers          {:>9.1} ms",
        begin.elapsed().as_secs_f64() * 1e3
    );
}

/// Resident memory of this process.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

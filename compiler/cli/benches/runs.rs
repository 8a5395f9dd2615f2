//! `cargo bench --workspace --bench runs`: what runs cost in the machine, without HTTP and disk, beside plain calls of the same
//! minute. Ratios hold, times vary.

use std::time::Instant;

use weir_contract::Value;
use weir_machine::{Call, EventTo, Sent, Taken};
use weir_tests::bench::{Bench, MEASURE};

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

fn main() {
    calls_and_workflows();
    wake_up();
    frames();
    sleepers();
}

/// The `run` of a workflow.
fn run(bench: &Bench, workflow: &str, key: Value, args: Vec<Value>) -> Call {
    bench.call(Some(workflow), "run", vec![key], args)
}

/// Calls or runs a second, and records for each.
fn rate(call: impl Fn(&Bench, i64) -> Call) -> (f64, f64) {
    let (mut count, mut records) = (0, 0);
    let per_second = Bench::new(PROGRAM).rate(|bench, n| {
        let call = call(bench, n);
        records += bench.whole(&call).len();
        count += 1;
    });
    (per_second, records as f64 / count as f64)
}

fn calls_and_workflows() {
    println!("machine, one thread: a second, and records each");
    let (plain, records) = rate(|b, n| {
        let key = Value::Text(format!("c{}", n % 1_000));
        b.call(Some("Counter"), "add", vec![key], vec![])
    });
    println!("  one call of a counter         {plain:>9.0} {records:>5.1}");
    let (five, records) = rate(|b, n| run(b, "Five", Value::Int(n), vec![]));
    println!(
        "  workflow of five transactions {five:>9.0} {records:>5.1}   ratio to 5 calls {:.2}",
        five * 5.0 / plain
    );
    let (calls, records) = rate(|b, n| run(b, "Calls", Value::Int(n), vec![]));
    println!(
        "  workflow of five outside calls{calls:>9.0} {records:>5.1}   ratio to 6 calls {:.2}",
        calls * 6.0 / plain
    );
}

/// An event to a sleeping run, and the step it wakes.
fn wake_up() {
    let mut bench = Bench::new(PROGRAM);
    let args = vec![Value::Duration(i64::MAX / 4), Value::Text("4242".into())];
    let start = run(&bench, "Sleeper", Value::Int(0), args);
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
    let mut bench = Bench::new(PROGRAM);
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
        let call = run(&bench, entity, text("o1"), args);
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
    let mut bench = Bench::new(PROGRAM);
    let before = resident_kib();
    let begin = Instant::now();
    for n in 0..SLEEPERS {
        // The first ten thousand wake after a second, the rest in a year or later.
        let pause = if n < FIRED { 1 } else { 31_536_000 + n };
        let args = vec![
            Value::Duration(pause * 1_000_000),
            Value::Text("4242".into()),
        ];
        let call = run(&bench, "Sleeper", Value::Int(n), args);
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

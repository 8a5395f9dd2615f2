//! `cargo bench --workspace --bench coordination`: one hot key at 64 clients over HTTP, on the disk: state that merges (class `free`)
//! beside plain state (class `serial`), the stateless hello, and raw writes of the same records in the same minute.
//!
//! A node has one order of all steps, so neither waits for the other's disk: a step begins when the one before it has ended, not when it
//! is durable. That is what is held here: a hot key costs no more than many keys, and what merges no more than what does not.
//! Ratios hold, times vary.

use weir_contract::Value;
use weir_contract::receipt::Class;
use weir_tests::bench::{Bench, Load, load, raw};
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const CLIENTS: usize = 64;
const ROUNDS: usize = 3;

const PROGRAM: &str = r#"
entity Likes(page: Text) {
  pub merge count: Counter
  @anyone
  pub fn like() { count.add(1) }
}

entity Visits(page: Text) {
  pub state count: Int = 0
  @anyone
  pub fn visit() { count += 1 }
}

@anyone
pub fn hello() -> Text = "Hello, world!"
"#;

/// What is called, and the entity and handler behind it.
struct Case {
    name: &'static str,
    handler: Option<(&'static str, &'static str)>,
    /// The clients call as many instances.
    keys: usize,
}

const CASES: [Case; 5] = [
    Case {
        name: "stateless hello",
        handler: None,
        keys: 1,
    },
    Case {
        name: "merge, one key",
        handler: Some(("Likes", "like")),
        keys: 1,
    },
    Case {
        name: "state, one key",
        handler: Some(("Visits", "visit")),
        keys: 1,
    },
    Case {
        name: "merge, 64 keys",
        handler: Some(("Likes", "like")),
        keys: 64,
    },
    Case {
        name: "state, 64 keys",
        handler: Some(("Visits", "visit")),
        keys: 64,
    },
];

fn main() {
    let scratch = Scratch::new("coordination");
    let program = scratch.join("hot.weir");
    std::fs::write(&program, PROGRAM).expect("it is written");
    let node = Node::start(
        WEIR,
        &[&program, "--data", &scratch.join("data"), "--port", "0"],
    );
    // In turn, so that each has the same neighbours.
    let mut rounds: Vec<Vec<Load>> = CASES.iter().map(|_| Vec::new()).collect();
    let mut raws: Vec<Vec<f64>> = CASES.iter().map(|_| Vec::new()).collect();
    let bytes = CASES.map(|case| case.handler.map(|(entity, f)| record_bytes(entity, f)));
    for _ in 0..ROUNDS {
        for (number, case) in CASES.iter().enumerate() {
            rounds[number].push(measure(&node.host, case));
            if let Some(bytes) = bytes[number] {
                let groups = raw::groups(scratch.path(), [bytes; CLIENTS]);
                raws[number].push(groups * CLIENTS as f64);
            }
        }
    }
    println!("{CLIENTS} clients over HTTP: the median of {ROUNDS} rounds each");
    println!("                     calls/s   p50 us   p99 us  record   to hello   to raw writes");
    let mut rates = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let load = median(&mut rounds[number], |load| load.per_second);
        rates.push(load.per_second);
        print!(
            "  {:<16} {:>9.0} {:>8} {:>8}",
            case.name,
            load.per_second,
            load.p50.as_micros(),
            load.p99.as_micros()
        );
        match bytes[number] {
            None => println!(),
            Some(bytes) => println!(
                "  {bytes:>4} B       {:.2}            {:.2}",
                load.per_second / rates[0],
                load.per_second / median(&mut raws[number], |raw| *raw)
            ),
        }
    }
    println!(
        "  ratios: merge to state, one key {:.2}; one key to 64 keys, merge {:.2}, state {:.2}",
        rates[1] / rates[2],
        rates[1] / rates[3],
        rates[2] / rates[4]
    );
}

fn measure(host: &str, case: &Case) -> Load {
    load(host, CLIENTS, |client, number| match case.handler {
        None => client.get("/hot/hello", &[]),
        Some((entity, handler)) => {
            let key = number % case.keys;
            client.post(&format!("/{entity}/p{key}/{handler}"), &[], "{}")
        }
    })
}

/// Of what the log gets for one call. Also holds the program to its classes.
fn record_bytes(entity: &str, handler: &str) -> usize {
    let mut bench = Bench::new(PROGRAM);
    let call = bench.call(
        Some(entity),
        handler,
        vec![Value::Text("p0".into())],
        vec![],
    );
    let receipt = bench.manifest.functions[call.function as usize]
        .receipt
        .as_ref();
    let class = match entity {
        "Likes" => Class::Free,
        _ => Class::Serial,
    };
    assert_eq!(receipt.expect("each has one").class, class);
    // The counter has a few digits by then.
    (0..1_000).for_each(|_| drop(bench.whole(&call)));
    bench.whole(&call).iter().sum()
}

fn median<T>(all: &mut [T], by: impl Fn(&T) -> f64) -> &T {
    all.sort_by(|a, b| by(a).total_cmp(&by(b)));
    &all[all.len() / 2]
}

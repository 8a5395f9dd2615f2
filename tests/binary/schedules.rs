//! Schedules go on over kills: no tick is done twice, each is done whole, and what was missed is made up for once.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const KILLS: usize = 4;

const PROGRAM: &str = r#"
entity Tick(place: Text) {
  @anyone pub fn all() -> List<Int> = seconds
  state seconds: List<Int> = []

  fn note(second: Int) { seconds.push(second) }
}

every 1s {
  let second = now().to_micros() / 1_000_000
  Tick("first").note(second)
  sleep(20ms)
  Tick("second").note(second)
}
"#;

fn ticks(client: &mut Client, place: &str) -> Vec<i64> {
    let path = format!("/Tick/{place}/all");
    let reply = client.get(&path, &[]).expect("the node answers");
    let all: Vec<Value> = reply.json().as_array().expect("a list").clone();
    all.iter()
        .map(|second| second.as_i64().expect("a number"))
        .collect()
}

#[test]
fn ticks_go_on_over_kills_and_none_is_done_twice() {
    let scratch = Scratch::new("schedules");
    let program = scratch.join("ticks.weir");
    fs::write(&program, PROGRAM).expect("it can be written");
    let data = scratch.join("data");
    let start = || Node::start(WEIR, &[&program, "--data", &data, "--port", "0"]);
    for kill in 0..KILLS {
        let node = start();
        std::thread::sleep(Duration::from_millis(1_400));
        node.kill();
        // Nothing runs for more than two ticks.
        if kill == 0 {
            std::thread::sleep(Duration::from_millis(2_200));
        }
    }
    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    let seen = ticks(&mut client, "first").len();
    let until = Instant::now() + Duration::from_secs(20);
    while ticks(&mut client, "second").len() < seen + 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let (first, second) = (ticks(&mut client, "first"), ticks(&mut client, "second"));
    // The block is done in order, and at most the newest is not yet done.
    assert!(
        first.starts_with(&second) && first.len() <= second.len() + 1,
        "{first:?} {second:?}"
    );
    assert!(second.len() >= KILLS + 2, "{second:?}");
    assert_eq!(
        first.iter().collect::<BTreeSet<_>>().len(),
        first.len(),
        "{first:?}"
    );
    // Seconds in which nobody ran are left out.
    let spanned = first[first.len() - 1] - first[0] + 1;
    assert!((first.len() as i64) < spanned, "{first:?}");
    drop(client);
    node.kill();

    // A program without it ends it.
    let without = PROGRAM
        .split("every")
        .next()
        .expect("what stands before it");
    fs::write(&program, without).expect("it can be written");
    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    let before = ticks(&mut client, "second").len();
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(ticks(&mut client, "second").len(), before);
    let (_, runs, _) = said(WEIR, scratch.path(), &["runs", "--data", &data]);
    assert!(!runs.contains("every_1s"), "{runs}");
}

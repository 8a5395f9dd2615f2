//! Components that go wrong outside of a step: the attempts, limits and failures of services hold for them, and a call whose answer
//! never came is made again after `kill -9`.

use std::fs;
use std::time::{Duration, Instant};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"extern odd from "wit:acme/odd" {
  @read @retry(1, pause: 10ms) fn trap() -> Int
  @once fn once() -> Int
  @read @timeout(50ms) fn spin() -> Int
  @idempotent fn answer() -> Int
}

workflow Trap(id: Text) {
  pub fn run() -> Text = match odd.trap() { Ok(n) => "{n}", Unavailable => "unavailable" }
}

workflow Once(id: Text) {
  pub fn run() -> Text = match odd.once() { Ok(n) => "{n}", Unknown => "unknown" }
}

workflow Spin(id: Text) {
  pub fn run() -> Text = match odd.spin() { Ok(n) => "{n}", Unavailable => "unavailable" }
}

workflow Answer(id: Text) {
  pub fn run() -> Int = odd.answer()
}
"#;

/// `answer` does what it is told, the others go wrong.
fn write_component(scratch: &Scratch, answer: &str) {
    let text = format!(
        r#"(component
  (core module $m
    (func (export "trap") (result i32) unreachable)
    (func (export "spin") (result i32) (loop (br 0)) unreachable)
    (func (export "answer") (result i32) {answer}))
  (core instance $i (instantiate $m))
  (func (export "trap") (result u32) (canon lift (core func $i "trap")))
  (func (export "once") (result u32) (canon lift (core func $i "trap")))
  (func (export "spin") (result u32) (canon lift (core func $i "spin")))
  (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#
    );
    let bytes = wat::parse_str(text).unwrap_or_else(|e| panic!("{e}"));
    fs::write(scratch.join("odd.wasm"), bytes).expect("the file is written");
}

fn start(scratch: &Scratch) -> Node {
    let environment = [("WEIR_EXTERN_ODD".to_owned(), scratch.join("odd.wasm"))];
    let program = scratch.join("calls.weir");
    Node::start_with(WEIR, &[&program, "--port", "0"], &environment)
}

fn begin(answer: &str) -> Scratch {
    let scratch = Scratch::new("component-calls");
    fs::write(scratch.join("calls.weir"), PROGRAM).expect("the file is written");
    write_component(&scratch, answer);
    scratch
}

/// Runs a workflow and gives what it gave.
fn result(node: &Node, workflow: &str) -> String {
    let mut client = Client::connect(&node.host).unwrap();
    let path = format!("/{workflow}/a/run");
    let reply = client.post(&path, &[("Prefer", "wait=20")], "{}").unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body
}

#[test]
fn what_goes_wrong_is_a_call_without_an_answer() {
    let scratch = begin("(i32.const 42)");
    let node = start(&scratch);
    assert_eq!(result(&node, "Answer"), "42");
    assert_eq!(result(&node, "Trap"), "\"unavailable\"");
    assert_eq!(result(&node, "Once"), "\"unknown\"");
    let begun = Instant::now();
    assert_eq!(result(&node, "Spin"), "\"unavailable\"");
    // One attempt, of 50 ms; 60 s would be the limit if none were written.
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_component_that_computes_for_long_holds_up_nobody_else() {
    let scratch = begin("(loop (br 0)) unreachable");
    let node = start(&scratch);
    let mut client = Client::connect(&node.host).unwrap();
    let started = client.post("/Answer/a/run", &[], "{}").unwrap();
    assert_eq!(started.status, 202, "{started:?}");
    let begun = Instant::now();
    assert_eq!(result(&node, "Once"), "\"unknown\"");
    assert!(begun.elapsed() < Duration::from_secs(15));
    // Nor does it keep the node from stopping.
    let begun = Instant::now();
    assert_eq!(node.terminate(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_call_that_was_under_way_when_the_node_died_is_made_again() {
    let scratch = begin("(loop (br 0)) unreachable");
    let node = start(&scratch);
    let mut client = Client::connect(&node.host).unwrap();
    let started = client.post("/Answer/a/run", &[], "{}").unwrap();
    assert_eq!(started.status, 202, "{started:?}");
    node.kill();
    // Another component: the manifest is another, and the run goes on in it.
    write_component(&scratch, "(i32.const 7)");
    let node = start(&scratch);
    assert_eq!(result(&node, "Answer"), "7");
}

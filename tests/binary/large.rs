//! A program of thousands of lines, whose manifest is in the log in pieces, is served like any other.

use std::fs;

use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const LINES: usize = 2_500;

#[test]
fn a_large_program_is_killed_started_again_and_reloaded() {
    let scratch = Scratch::new("large");
    let (file, data) = (scratch.join("large.weir"), scratch.join("data"));
    let text = weir_tests::large::program(LINES);
    fs::write(&file, &text).unwrap();
    let start = || Node::start(WEIR, &[&file, "--data", &data, "--port", "0"]);
    let receive = |node: &Node, qty: u32| {
        let mut client = Client::connect(&node.host).unwrap();
        let body = format!(r#"{{"qty": {qty}}}"#);
        let reply = client.post("/Part7/a/receive", &[], &body).unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    };
    let node = start();
    assert_eq!(receive(&node, 3), "3");
    node.kill();
    let mut node = start();
    assert_eq!(receive(&node, 4), "7");

    fs::write(&file, text.replacen("left += qty", "left += qty + 0", 1)).unwrap();
    node.lines_until("reloaded:");
    assert_eq!(receive(&node, 5), "12");
    node.kill();

    let (code, shown, _) = said(WEIR, scratch.path(), &["log", "show", "--data", &data]);
    assert_eq!(code, 0);
    let count = |kind: &str| shown.matches(&format!(r#""kind":"{kind}""#)).count();
    assert_eq!(count("program"), 2, "{shown}");
    assert!(
        count("program_piece") >= 2,
        "so small that it is one record"
    );
    assert_eq!(count("step"), 3);
}

//! What has no room in a record of the log is refused, or is a bug of the program. Nothing that a client sends stops the node.

mod support;

use std::sync::Arc;

use serde_json::json;
use support::{Bank, ask, get, manifest, post, program};
use weir_contract::limits;
use weir_contract::manifest::Source;
use weir_log::{Log, MemoryLog};
use weir_node::{Config, Node, Program, recover};

const DEPOSIT: &str = "/Account/ann/deposit";

fn deposit(amount: i64, memo: usize) -> String {
    json!({ "amount": amount, "memo": "x".repeat(memo) }).to_string()
}

#[test]
fn arguments_that_have_no_room_in_a_record_are_refused() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let node = Node::start(Config::default(), program(), log.clone()).unwrap();
    let to = node.address();
    for memo in [
        limits::RECORD_MAX - 600,
        limits::RECORD_MAX - 300,
        2 * limits::RECORD_MAX - 300,
    ] {
        let answer = post(to, DEPOSIT, &deposit(1, memo));
        assert_eq!(
            answer.status,
            if memo < limits::RECORD_MAX - 512 {
                200
            } else {
                413
            },
            "{memo}: {answer:?}"
        );
    }
    // What it was called with is recorded with the bug.
    let bug = post(to, DEPOSIT, &deposit(i64::MAX, limits::RECORD_MAX - 600));
    assert_eq!((bug.status, &bug.json["error"]), (500, &json!("Bug")));
    let caller = format!("weir-caller: {}", "c".repeat(50 << 10));
    let long = ask(
        to,
        "POST",
        DEPOSIT,
        &[&caller],
        &deposit(1, limits::RECORD_MAX - 600),
    );
    assert_eq!(
        (long.status, &long.json["error"]),
        (413, &json!("PayloadTooLarge"))
    );
    assert_eq!(get(to, "/Account/ann/balance").json, json!(1));
    node.stop().unwrap();
    let node = Node::start(Config::default(), program(), log).unwrap();
    assert_eq!(get(node.address(), "/Account/ann/balance").json, json!(1));
}

#[test]
fn a_program_that_has_no_room_in_a_frame_is_there_in_pieces() {
    let large = |extra: usize| {
        let mut manifest = manifest();
        let source = |n| Source {
            path: format!("{n}{}", "s".repeat(100 << 10)),
            sha256: "ff".to_owned(),
        };
        manifest.sources.extend((0..50 + extra).map(source));
        Program::new(manifest, Box::new(Bank))
    };
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let node = Node::start(Config::default(), large(0), log.clone()).unwrap();
    assert_eq!(post(node.address(), DEPOSIT, &deposit(1, 0)).status, 200);
    node.reload(large(1)).unwrap();
    assert_eq!(post(node.address(), DEPOSIT, &deposit(1, 0)).status, 200);
    let (machine, _) = recover(&*log).unwrap();
    assert_eq!(machine.program().unwrap().sources.len(), 52);
    node.stop().unwrap();
}

//! What a client sees: routes, arguments, failures, conditions, limits. The steps are plain functions.

mod support;

use std::sync::Arc;

use serde_json::json;
use support::{ask, get, post, program, raw};
use weir_log::MemoryLog;
use weir_node::{Config, Node};

fn start() -> Node {
    Node::start(Config::default(), program(), Arc::new(MemoryLog::new())).unwrap()
}

#[test]
fn a_call_changes_state_that_is_read_back() {
    let node = start();
    let to = node.address();
    let answer = post(to, "/Account/ann/deposit", r#"{"amount": 5}"#);
    assert_eq!((answer.status, answer.json), (200, json!(5)));
    assert_eq!(
        post(to, "/Account/ann/deposit", r#"{"amount": 2, "memo": "x"}"#).json,
        json!(7)
    );
    assert_eq!(get(to, "/Account/ann/balance").json, json!(7));
    assert_eq!(get(to, "/Account/ann").json, json!({ "balance": 7 }));
    assert_eq!(get(to, "/Account/%C3%A4%2Fb").json, json!({ "balance": 0 }));
    assert_eq!(get(to, "/sum?line.price=1.50&line.qty=3").json, json!(3));
    assert_eq!(
        post(to, "/sum", r#"{"line": {"price": "1.50", "qty": 4}}"#).json,
        json!(4)
    );
}

#[test]
fn a_failure_has_its_status_and_fields_and_changes_nothing() {
    let node = start();
    let to = node.address();
    post(to, "/Account/ann/deposit", r#"{"amount": 5}"#);
    let answer = post(to, "/Account/ann/withdraw", r#"{"amount": 6}"#);
    assert_eq!(
        (answer.status, answer.json),
        (422, json!({ "error": "Insufficient", "have": 5 }))
    );
    assert_eq!(get(to, "/Account/ann/balance").json, json!(5));
}

#[test]
fn a_bug_names_its_place_changes_nothing_and_the_node_goes_on() {
    let node = start();
    let to = node.address();
    let answer = post(to, "/Account/ann/spoil", "{}");
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json["error"], "Bug");
    assert_eq!(answer.json["at"], "bank.weir:12:5");
    assert_eq!(answer.json["reason"], "invariant broken: balance >= 0");
    assert!(answer.json["run"].is_string());
    post(
        to,
        "/Account/ann/deposit",
        &json!({ "amount": i64::MAX }).to_string(),
    );
    assert_eq!(
        post(to, "/Account/ann/deposit", r#"{"amount": 1}"#).status,
        500
    );
    assert_eq!(get(to, "/Account/ann/balance").json, json!(i64::MAX));
}

#[test]
fn wrong_arguments_name_the_path_and_the_nearest_name() {
    let node = start();
    let to = node.address();
    let cases = [
        (r#"{"amuont": 5}"#, "amuont", Some("amount")),
        (r#"{}"#, "amount", None),
        (r#"{"amount": "5"}"#, "amount", None),
        (r#"{"amount": 1.5}"#, "amount", None),
        (r#"{"amount": 5, "memo": 3}"#, "memo", None),
    ];
    for (body, path, near) in cases {
        let answer = post(to, "/Account/ann/deposit", body);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json["path"], path, "{body}");
        assert_eq!(
            answer.json.get("did_you_mean").and_then(|n| n.as_str()),
            near,
            "{body}"
        );
    }
    let answer = post(to, "/sum", r#"{"line": {"price": "1", "qyt": 2}}"#);
    assert_eq!(answer.json["path"], "line.qyt");
    assert_eq!(answer.json["did_you_mean"], "qty");
    for body in [
        "",
        "[]",
        "{",
        "nonsense",
        "{\"amount\": 5} x",
        &"[".repeat(100_000),
    ] {
        assert_eq!(
            post(to, "/Account/ann/deposit", body).status,
            400,
            "{}",
            &body[..body.len().min(20)]
        );
    }
    assert_eq!(get(to, "/sum?line.price=1&line.qty=2&x=1").status, 400);
}

#[test]
fn unknown_routes_and_methods_say_what_there_is() {
    let node = start();
    let to = node.address();
    let answer = get(to, "/Acount/ann");
    assert_eq!(
        (answer.status, &answer.json["did_you_mean"]),
        (404, &json!("Account"))
    );
    let answer = post(to, "/Account/ann/depsit", "{}");
    assert_eq!(
        (answer.status, &answer.json["did_you_mean"]),
        (404, &json!("deposit"))
    );
    assert_eq!(post(to, "/Account/ann/bob/deposit", "{}").status, 404);
    assert_eq!(get(to, "/").status, 404);
    let answer = get(to, "/Account/ann/deposit");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = post(to, "/Account/ann/balance", "{}");
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
    assert_eq!(ask(to, "DELETE", "/Account/ann", &[], "").status, 405);
}

#[test]
fn access_rules_are_enforced() {
    let node = start();
    let to = node.address();
    let who = |caller: &str, roles: &str, path: &str| {
        let headers = [
            format!("weir-caller: {caller}"),
            format!("weir-roles: {roles}"),
        ];
        let method = if path.contains("Account") {
            "POST"
        } else {
            "GET"
        };
        let body = if method == "POST" {
            r#"{"amount": 0}"#
        } else {
            ""
        };
        ask(to, method, path, &[&headers[0], &headers[1]], body).status
    };
    assert_eq!(who("", "", "/hello"), 200);
    assert_eq!(who("", "auditor", "/close_books"), 401);
    assert_eq!(who("ann", "teller", "/close_books"), 403);
    assert_eq!(who("ann", "teller, auditor", "/close_books"), 200);
    assert_eq!(who("", "", "/Account/ann/deposit"), 401);
    assert_eq!(who("ann", "", "/Account/ann/withdraw"), 200);
    assert_eq!(who("bob", "", "/Account/ann/withdraw"), 403);
    assert_eq!(get(to, "/close_books").status, 200);
}

#[test]
fn the_same_idempotency_key_gets_the_same_answer() {
    let node = start();
    let to = node.address();
    let deposit = |key: &str, caller: &str, amount: i64| {
        let headers = [
            format!("idempotency-key: {key}"),
            format!("weir-caller: {caller}"),
        ];
        let body = json!({ "amount": amount }).to_string();
        ask(
            to,
            "POST",
            "/Account/ann/deposit",
            &[&headers[0], &headers[1]],
            &body,
        )
    };
    let first = deposit("k1", "ann", 5);
    let again = deposit("k1", "ann", 5);
    assert_eq!((again.status, &again.json), (200, &json!(5)));
    assert_eq!(first.header("weir-run"), again.header("weir-run"));
    assert_eq!(deposit("k1", "ann", 6).status, 422);
    assert_eq!(deposit("k1", "bob", 5).json, json!(10));
    let failing = |amount: i64| {
        let body = json!({ "amount": amount }).to_string();
        ask(
            to,
            "POST",
            "/Account/ann/withdraw",
            &["idempotency-key: k2"],
            &body,
        )
    };
    assert_eq!(failing(11).status, 422);
    deposit("k3", "ann", 100);
    assert_eq!(
        failing(11).json,
        json!({ "error": "Insufficient", "have": 10 })
    );
    assert_eq!(deposit(&"x".repeat(256), "ann", 1).status, 400);
}

#[test]
fn etags_guard_reading_and_writing() {
    let node = start();
    let to = node.address();
    post(to, "/Account/ann/deposit", r#"{"amount": 5}"#);
    let tag = get(to, "/Account/ann").header("etag").unwrap().to_owned();
    let same = ask(
        to,
        "GET",
        "/Account/ann",
        &[&format!("if-none-match: {tag}")],
        "",
    );
    assert_eq!(
        (same.status, same.header("etag")),
        (304, Some(tag.as_str()))
    );
    let matching = [format!("if-match: {tag}")];
    let write = || {
        ask(
            to,
            "POST",
            "/Account/ann/deposit",
            &[&matching[0]],
            r#"{"amount": 1}"#,
        )
    };
    assert_eq!(write().status, 200);
    assert_eq!(write().status, 412);
    assert_eq!(get(to, "/Account/ann/balance").json, json!(6));
    assert_eq!(
        ask(
            to,
            "GET",
            "/Account/ann",
            &[&format!("if-none-match: {tag}")],
            ""
        )
        .status,
        200
    );
}

#[test]
fn requests_from_elsewhere_are_refused() {
    let node = start();
    let to = node.address();
    let host = |line: &str| {
        raw(
            to,
            format!("GET /hello HTTP/1.1\r\n{line}connection: close\r\n\r\n").as_bytes(),
        )
        .status
    };
    assert_eq!(host("host: localhost\r\n"), 200);
    assert_eq!(host("host: evil.example\r\n"), 403);
    assert_eq!(host(""), 400);
    assert_eq!(
        host("host: localhost\r\norigin: http://localhost:3000\r\n"),
        200
    );
    assert_eq!(
        host("host: localhost\r\norigin: https://evil.example\r\n"),
        403
    );
    assert_eq!(host("host: localhost\r\norigin: null\r\n"), 403);
}

#[test]
fn bodies_have_limits() {
    let node = Node::start(
        Config {
            body_timeout_ms: 200,
            head_timeout_ms: 200,
            ..Config::default()
        },
        program(),
        Arc::new(MemoryLog::new()),
    )
    .unwrap();
    let to = node.address();
    let big = "x".repeat(5 << 20);
    assert_eq!(post(to, "/Account/ann/deposit", &big).status, 413);
    let head = "POST /Account/ann/deposit HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let late = raw(
        to,
        format!("{head}content-length: 10\r\n\r\n{{\"am").as_bytes(),
    );
    assert_eq!(late.status, 408);
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!(raw(to, chunked.as_bytes()).status, 400);
    assert_eq!(raw(to, b"GET /hello HTTP/1.1\r\nhost: loc").status, 0);
    assert_eq!(raw(to, b"nonsense\r\n\r\n").status, 400);
    let many: String = (0..5000).map(|i| format!("h{i}: x\r\n")).collect();
    assert_eq!(
        raw(
            to,
            format!("GET /hello HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes()
        )
        .status,
        431
    );
    assert_eq!(get(to, "/hello").json, json!("hello"));
}

#[test]
fn too_many_calls_are_told_to_come_back() {
    let config = Config {
        queue_max: 0,
        ..Config::default()
    };
    let node = Node::start(config, program(), Arc::new(MemoryLog::new())).unwrap();
    let answer = get(node.address(), "/hello");
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1"))
    );
}

#[test]
fn too_many_connections_are_told_to_come_back() {
    let config = Config {
        connections_max: 1,
        ..Config::default()
    };
    let node = Node::start(config, program(), Arc::new(MemoryLog::new())).unwrap();
    let idle = std::net::TcpStream::connect(node.address()).unwrap();
    assert_eq!(get(node.address(), "/hello").status, 503);
    drop(idle);
    let freed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        get(node.address(), "/hello").status == 200
    });
    assert!(freed);
}

#[test]
fn administration_shows_log_state_and_program() {
    let node = start();
    let to = node.address();
    post(to, "/Account/ann/deposit", r#"{"amount": 5}"#);
    assert_eq!(get(to, "/_weir/health").json, json!({ "ready": true }));
    assert_eq!(get(to, "/_weir/program").json["program"], "bank");
    let state = get(to, "/_weir/state/Account/ann").json;
    assert_eq!(
        state,
        json!({ "entity": "Account", "key": { "owner": "ann" }, "version": 1, "state": { "balance": 5 } })
    );
    assert_eq!(get(to, "/_weir/state/Account").json, json!([state]));
    assert_eq!(
        get(to, "/_weir/state").json,
        json!([{ "entity": "Account", "keys": 1 }])
    );
    assert_eq!(get(to, "/_weir/state/Account/bob").status, 404);
    let log = get(to, "/_weir/log");
    let text = log.json.as_str().unwrap();
    let mut steps = text.lines().filter(|l| l.contains("\"kind\":\"step\""));
    let step: serde_json::Value = serde_json::from_str(steps.next_back().unwrap()).unwrap();
    assert_eq!(step["fn"], "Account.deposit");
    assert_eq!(step["args"], json!({ "amount": 5 }));
    assert_eq!(step["caller"], "dev");
    assert_eq!(step["writes"][0]["value"], 5);
}

#[test]
fn many_clients_lose_nothing() {
    let node = start();
    let to = node.address();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(
                        post(to, "/Account/ann/deposit", r#"{"amount": 1}"#).status,
                        200
                    );
                }
            });
        }
    });
    assert_eq!(get(to, "/Account/ann/balance").json, json!(200));
}

//! Requests that no client should make: each gets a clear 4xx or is cut off, and other requests do not notice.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch, resident_kib};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const BANK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bank/bank.weir");
const TELLER: [(&str, &str); 1] = [("weir-roles", "teller")];

/// A bank where ann has 50.
fn bank() -> (Node, Scratch) {
    let scratch = Scratch::new("abuse");
    let node = Node::start(
        WEIR,
        &[BANK, "--data", &scratch.join("data"), "--port", "0"],
    );
    let reply = post(&node, "/Account/ann/deposit", r#"{"amount": "50"}"#);
    assert_eq!(reply.status, 200, "{reply:?}");
    (node, scratch)
}

fn post(node: &Node, path: &str, body: &str) -> Reply {
    let mut client = Client::connect(&node.host).expect("the node accepts");
    client.post(path, &TELLER, body).expect("the node answers")
}

/// What every test here ends with: the node serves, and the abuse changed nothing.
fn unharmed(node: &Node) {
    let mut client = Client::connect(&node.host).expect("the node accepts");
    let reply = client
        .get("/Account/ann/balance", &[("weir-caller", "ann")])
        .expect("the node answers");
    assert_eq!(
        (reply.status, reply.json()),
        (200, "50".into()),
        "{reply:?}"
    );
}

/// A refusal tells what is wrong as JSON, and does not speak of the inside of the node.
fn refused(reply: &Reply, status: u16, says: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.json()["error"].is_string(), "{reply:?}");
    assert!(reply.body.contains(says), "{says:?} is not in {reply:?}");
    for inside in ["panicked", ".rs", "unwrap", "wasm"] {
        assert!(!reply.body.contains(inside), "{reply:?}");
    }
}

#[test]
fn bad_json_and_wrong_types_name_the_place() {
    let (node, _scratch) = bank();
    let path = "/Account/ann/deposit";
    for (body, says) in [
        ("{", ""),
        ("", "amount"),
        ("[]", ""),
        ("null", ""),
        ("\"amount\"", ""),
        (r#"{"amount": "1"} {"#, ""),
        (r#"{"amount": true}"#, "amount"),
        (r#"{"amount": []}"#, "amount"),
        (r#"{"amount": "many"}"#, "amount"),
        (r#"{"amount": "1e99"}"#, "amount"),
        (
            r#"{"amount": "99999999999999999999999999999999999999"}"#,
            "amount",
        ),
        (r#"{"amount": "1", "memo": 7}"#, "memo"),
        (r#"{"amount": "1", "mmeo": "x"}"#, "mmeo"),
        (r#"{"memo": "x"}"#, "amount"),
        ("{\"amount\": \"1\u{0}\"}", ""),
        (r#"{"amount": "1", "memo": "\ud800"}"#, ""),
    ] {
        let reply = post(&node, path, body);
        assert_eq!(reply.status, 400, "{body}: {reply:?}");
        refused(&reply, 400, says);
    }
    unharmed(&node);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let (node, _scratch) = bank();
    let mut client = Client::connect(&node.host).unwrap();
    let reply = client
        .request(
            "POST",
            "/Account/ann/deposit",
            &TELLER,
            b"{\"amount\": \"\xff\xfe\"}",
        )
        .unwrap();
    assert_eq!(reply.status, 400, "{reply:?}");
    let reply = client.get("/Account/%ff%fe/balance", &[]).unwrap();
    assert!(matches!(reply.status, 400 | 404), "{reply:?}");
    unharmed(&node);
}

#[test]
fn deep_nesting_is_refused_quickly() {
    let (node, _scratch) = bank();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [200, 100_000] {
            let body = format!(
                r#"{{"amount": {}1{}}}"#,
                open.repeat(depth),
                close.repeat(depth)
            );
            let begin = Instant::now();
            let reply = post(&node, "/Account/ann/deposit", &body);
            assert_eq!(reply.status, 400, "{}", reply.status);
            assert!(begin.elapsed() < Duration::from_secs(5));
        }
    }
    unharmed(&node);
}

#[test]
fn what_has_no_room_in_the_log_stops_nothing() {
    let (node, _scratch) = bank();
    let deposit = |memo: usize| {
        let body = format!(r#"{{"amount": "1", "memo": "{}"}}"#, "m".repeat(memo));
        post(&node, "/Account/ann/deposit", &body)
    };
    refused(&deposit(3 << 20), 413, "too long for a record of the log");
    // It is in the arguments and in what is written: a bug of the program, which is recorded.
    let bug = deposit(3 << 19);
    assert_eq!(bug.status, 500, "{bug:?}");
    assert!(bug.body.contains("writes too much"), "{bug:?}");
    unharmed(&node);
}

#[test]
fn huge_bodies_are_refused_and_take_no_memory() {
    let (node, _scratch) = bank();
    let before = resident_kib(node.pid());
    for _ in 0..8 {
        let mut client = Client::connect(&node.host).unwrap();
        let head = format!(
            "POST /Account/ann/deposit HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 4294967296\r\n\r\n",
            node.host
        );
        client.send_raw(head.as_bytes()).unwrap();
        let block = vec![b' '; 1 << 20];
        // The node may close as soon as it has seen enough; it must not swallow it all.
        let mut sent = 0;
        while sent < 64 && client.send_raw(&block).is_ok() {
            sent += 1;
        }
        if let Ok(reply) = client.read_reply() {
            assert_eq!(reply.status, 413, "{reply:?}");
        } else {
            assert!(sent < 64, "64 MiB were taken without an answer");
        }
    }
    let after = resident_kib(node.pid());
    assert!(
        after < before + 128 * 1024,
        "resident memory grew from {before} to {after} KiB"
    );
    unharmed(&node);
}

#[test]
fn unknown_routes_and_methods_are_told_apart() {
    let (node, _scratch) = bank();
    let mut client = Client::connect(&node.host).unwrap();
    for path in [
        "/",
        "/Account",
        "/Acount/ann/balance",
        "/Account/ann/blance",
        "/Account/ann/entries",
        "/Account/ann/balance/more",
        "/../../etc/passwd",
        "/Account/ann/statement/",
    ] {
        let reply = client.get(path, &[("weir-caller", "ann")]).unwrap();
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
    }
    for (method, path) in [
        ("DELETE", "/Account/ann/balance"),
        ("GET", "/Account/ann/deposit"),
        ("PUT", "/Account/ann/transfer"),
    ] {
        let reply = client
            .request(method, path, &[("weir-caller", "ann")], b"")
            .unwrap();
        assert_eq!(reply.status, 405, "{method} {path}: {reply:?}");
    }
    unharmed(&node);
}

#[test]
fn rules_about_callers_are_kept() {
    let (node, _scratch) = bank();
    let mut client = Client::connect(&node.host).unwrap();
    let body = r#"{"amount": "1", "to": "bob"}"#;
    let stranger = client
        .post("/Account/ann/transfer", &[("weir-caller", "bob")], body)
        .unwrap();
    refused(&stranger, 403, "");
    let no_teller = client
        .post(
            "/Account/ann/deposit",
            &[("weir-caller", "ann"), ("weir-roles", "manager")],
            r#"{"amount": "1"}"#,
        )
        .unwrap();
    refused(&no_teller, 403, "");
    let peeping = client
        .get("/Account/ann/balance", &[("weir-caller", "bob")])
        .unwrap();
    refused(&peeping, 403, "");
    unharmed(&node);
}

#[test]
fn partial_and_slow_requests_hold_up_nobody() {
    let (node, _scratch) = bank();
    let mut hanging = Vec::new();
    for n in 0..64 {
        let mut socket = TcpStream::connect(&node.host).unwrap();
        let head = "POST /Account/ann/deposit HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n{\"amount\":";
        // Some stop in the head, some in the body.
        let text = &head[..head.len() - n % head.len()];
        socket.write_all(text.as_bytes()).unwrap();
        hanging.push(socket);
    }
    let begin = Instant::now();
    for _ in 0..20 {
        unharmed(&node);
    }
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "others waited {:?}",
        begin.elapsed()
    );
    drop(hanging);
    unharmed(&node);
}

#[test]
fn what_is_not_http_is_cut_off() {
    let (node, _scratch) = bank();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"POST /Account/ann/deposit HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /Account/ann/deposit HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /Account/ann/deposit HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut client = Client::connect(&node.host).unwrap();
        client.send_raw(bytes).unwrap();
        let _ = client.finish_sending();
        if let Ok(reply) = client.read_reply() {
            assert!((400..500).contains(&reply.status), "{reply:?}");
        }
    }
    let mut client = Client::connect(&node.host).unwrap();
    let long = "x".repeat(300_000);
    if let Ok(reply) = client.get("/Account/ann/balance", &[("weir-caller", &long)]) {
        assert!((400..500).contains(&reply.status), "{}", reply.status);
    }
    unharmed(&node);
}

#[test]
fn keys_that_are_too_long_are_refused() {
    let (node, _scratch) = bank();
    let long = "k".repeat(5_000);
    let mut client = Client::connect(&node.host).unwrap();
    let reply = client
        .post(
            &format!("/Account/{long}/deposit"),
            &TELLER,
            r#"{"amount": "1"}"#,
        )
        .unwrap();
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    let mut client = Client::connect(&node.host).unwrap();
    let reply = client
        .post(
            "/Account/ann/deposit",
            &[TELLER[0], ("idempotency-key", &long)],
            r#"{"amount": "1"}"#,
        )
        .unwrap();
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    unharmed(&node);
}

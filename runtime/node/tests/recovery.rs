//! What outlives a node: state, answers, programs. The log is in memory or in a directory.

mod support;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support::{ask, get, manifest, post, program};
use weir_contract::Value;
use weir_contract::call::Reply;
use weir_contract::manifest::FunctionKind;
use weir_log::memory::Fault;
use weir_log::{FileLog, Log, Lsn, MemoryLog, Options};
use weir_node::{Caller, Config, Embedded, NamedCall, Node, Outcome, PARTITION, Program, recover};

fn config() -> Config {
    Config {
        snapshot_every_records: 10,
        ..Config::default()
    }
}

#[test]
fn state_and_answers_outlive_a_node() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    for round in 1..=3 {
        let node = Node::start(config(), program(), log.clone()).unwrap();
        let to = node.address();
        for _ in 0..15 {
            assert_eq!(
                post(to, "/Account/ann/deposit", r#"{"amount": 1}"#).status,
                200
            );
        }
        assert_eq!(
            get(to, "/Account/ann/balance").json,
            json!(round * 15 + i64::from(round > 1))
        );
        let keyed = ask(
            to,
            "POST",
            "/Account/ann/deposit",
            &["idempotency-key: once"],
            r#"{"amount": 1}"#,
        );
        assert_eq!(keyed.json, json!(16), "round {round}");
        node.stop().unwrap();
    }
    assert!(
        log.tail(PARTITION).unwrap().trimmed.0 > 0,
        "snapshots let the log be trimmed"
    );
}

#[test]
fn a_stopped_node_recovers_to_where_it_was() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let node = Node::start(Config::default(), program(), log.clone()).unwrap();
    post(node.address(), "/Account/ann/deposit", r#"{"amount": 7}"#);
    let (machine, _) = recover(&*log).unwrap();
    node.stop().unwrap();
    let (after, _) = recover(&*log).unwrap();
    assert_eq!(machine.snapshot(), after.snapshot());
}

#[test]
fn a_reload_keeps_the_state_or_is_refused_and_nothing_happens() {
    let node = Node::start(Config::default(), program(), Arc::new(MemoryLog::new())).unwrap();
    let to = node.address();
    post(to, "/Account/ann/deposit", r#"{"amount": 7}"#);

    let mut smaller = manifest();
    smaller.functions.retain(|f| f.name != "hello");
    smaller.module_sha256 = "44".into();
    node.reload(Program::new(smaller, Box::new(support::Bank)))
        .unwrap();
    assert_eq!(get(to, "/hello").status, 404);
    assert_eq!(get(to, "/Account/ann/balance").json, json!(7));

    let mut other = manifest();
    other.entities[0].keys[0].ty = weir_contract::Type::Int;
    let refused = node
        .reload(Program::new(other, Box::new(support::Bank)))
        .unwrap_err();
    assert_eq!(
        refused.0,
        ["the key of entity Account is of another type, but there is state for 1 key"]
    );
    assert_eq!(get(to, "/Account/ann/balance").json, json!(7));
}

#[test]
fn embedded_calls_need_no_http() {
    let embedded =
        Embedded::start(&Config::default(), program(), Arc::new(MemoryLog::new())).unwrap();
    let call = |function: &str, amount: i64| {
        let mut args = vec![Some(Value::Int(amount))];
        if function == "deposit" {
            args.push(None);
        }
        embedded.submit(&NamedCall {
            entity: Some("Account".into()),
            function: function.into(),
            kind: FunctionKind::Handler,
            keys: vec![Value::Text("ann".into())],
            args,
            caller: Caller::new("ann", []),
            idempotency: None,
        })
    };
    assert_eq!(call("deposit", 3), Outcome::Reply(Reply::Ok(Value::Int(3))));
    let failed = Reply::Failed(weir_contract::DefId(0), vec![Value::Int(3)]);
    assert_eq!(call("withdraw", 4), Outcome::Reply(failed));
    embedded.stop().unwrap();
}

#[test]
fn a_directory_keeps_what_was_answered_without_a_clean_stop() {
    let dir = std::env::temp_dir().join(format!("weir-node-recovery-{}", std::process::id()));
    let copy = dir.with_extension("copy");
    for dir in [&dir, &copy] {
        let _ = std::fs::remove_dir_all(dir);
    }
    let open = |dir: &std::path::Path| -> Arc<dyn Log> {
        Arc::new(FileLog::open(dir, Options::default()).unwrap())
    };
    let node = Node::start(config(), program(), open(&dir)).unwrap();
    for amount in 1..=40 {
        let body = json!({ "amount": amount }).to_string();
        assert_eq!(
            post(node.address(), "/Account/ann/deposit", &body).status,
            200
        );
    }
    // What is in the files at this moment is what a killed process would leave.
    copy_dir(&dir, &copy);
    node.stop().unwrap();
    for dir in [&dir, &copy] {
        let node = Node::start(config(), program(), open(dir)).unwrap();
        assert_eq!(get(node.address(), "/Account/ann/balance").json, json!(820));
        node.stop().unwrap();
        std::fs::remove_dir_all(dir).unwrap();
    }
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy_dir(&path, &target),
            // A snapshot that is just being stored or deleted may go away meanwhile.
            false => drop(std::fs::copy(&path, &target)),
        }
    }
}

#[test]
fn an_answer_waits_for_its_record_and_what_shows_it_too() {
    let log = MemoryLog::new();
    let node = Node::start(Config::default(), program(), Arc::new(log.clone())).unwrap();
    let to = node.address();
    // Calls one after the other: each is the only one, so its record is appended where it ran.
    for _ in 0..5 {
        assert_eq!(post(to, DEPOSIT, r#"{"amount": 1}"#).status, 200);
    }
    log.plan(1, Fault::Hold);
    let (sender, answers) = std::sync::mpsc::channel();
    let write = sender.clone();
    std::thread::spawn(move || write.send(post(to, DEPOSIT, r#"{"amount": 1}"#)));
    let quiet = Duration::from_millis(100);
    assert!(answers.recv_timeout(quiet).is_err(), "not durable yet");
    std::thread::spawn(move || sender.send(get(to, "/Account/ann/balance")));
    assert!(answers.recv_timeout(quiet).is_err(), "it would show it");
    log.release();
    for answer in answers.iter().take(2) {
        assert_eq!((answer.status, answer.json), (200, json!(6)));
    }
}

#[test]
fn a_log_that_fails_under_a_lone_call_stops_the_node() {
    let log = MemoryLog::new();
    let node = Node::start(Config::default(), program(), Arc::new(log.clone())).unwrap();
    let to = node.address();
    for _ in 0..5 {
        assert_eq!(post(to, DEPOSIT, r#"{"amount": 1}"#).status, 200);
    }
    log.plan(1, Fault::Unknown { landed: false });
    assert_eq!(post(to, DEPOSIT, r#"{"amount": 1}"#).status, 503);
    let balance = get(to, "/Account/ann/balance");
    assert_eq!(balance.status, 503, "the state is ahead of the log");
    assert!(soon(|| node.has_failed()));
    assert!(node.stop().is_err());
    let node = Node::start(Config::default(), program(), Arc::new(log)).unwrap();
    assert_eq!(get(node.address(), "/Account/ann/balance").json, json!(5));
}

#[test]
fn a_step_that_panics_stops_the_node_and_loses_nothing() {
    let log = MemoryLog::new();
    let mut broken = manifest();
    let spoil = broken.functions.iter_mut().find(|f| f.name == "spoil");
    spoil.unwrap().entry = 99;
    let program_99 = Program::new(broken, Box::new(support::Bank));
    let node = Node::start(Config::default(), program_99, Arc::new(log.clone())).unwrap();
    let to = node.address();
    assert_eq!(post(to, DEPOSIT, r#"{"amount": 5}"#).status, 200);
    assert_ne!(post(to, "/Account/ann/spoil", "").status, 200);
    assert_eq!(get(to, "/Account/ann/balance").status, 503);
    assert!(soon(|| node.has_failed()));
    assert!(node.stop().is_err());
    let node = Node::start(Config::default(), program(), Arc::new(log)).unwrap();
    assert_eq!(get(node.address(), "/Account/ann/balance").json, json!(5));
}

#[test]
fn a_snapshot_of_more_than_the_log_has_is_not_gone_on_from() {
    let log = MemoryLog::new();
    let node = Node::start(config(), program(), Arc::new(log.clone())).unwrap();
    for _ in 0..5 {
        post(node.address(), DEPOSIT, r#"{"amount": 1}"#);
    }
    node.stop().unwrap();
    let snapshot = log
        .snapshots()
        .newest(PARTITION, Lsn::MAX)
        .unwrap()
        .unwrap();
    // As when somebody puts snapshots of one log into another.
    let other = MemoryLog::new();
    let at = snapshot.id.at;
    other
        .snapshots()
        .put(PARTITION, at, &snapshot.body)
        .unwrap();
    // However often it is tried: the log is not written to until it comes up to the snapshot.
    for _ in 0..10 {
        let Err(refused) = Node::start(config(), program(), Arc::new(other.clone())) else {
            panic!("what it answers from now on would be passed over at its next start");
        };
        let says = format!("there is a snapshot of record {at}, and the log ends at record 0");
        assert!(refused.to_string().starts_with(&says), "{refused}");
    }
}

#[test]
fn a_snapshot_is_stored_though_nothing_comes_after_it() {
    let log = MemoryLog::new();
    let each = Config {
        snapshot_every_records: 1,
        ..Config::default()
    };
    let node = Node::start(each, program(), Arc::new(log.clone())).unwrap();
    post(node.address(), DEPOSIT, r#"{"amount": 1}"#);
    let stored = || !log.snapshots().list(PARTITION).unwrap().is_empty();
    assert!(soon(stored), "it waits in memory for the next call");
    node.stop().unwrap();
}

#[test]
fn snapshots_alone_are_enough_to_go_on() {
    let dir = std::env::temp_dir().join(format!("weir-node-restore-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    let start = || {
        let log: Arc<dyn Log> = Arc::new(FileLog::open(&dir, Options::default()).unwrap());
        Node::start(Config::default(), program(), log).unwrap()
    };
    let node = start();
    post(node.address(), DEPOSIT, r#"{"amount": 7}"#);
    node.stop().unwrap();
    for gone in ["MANIFEST.a", "MANIFEST.b"] {
        std::fs::remove_file(dir.join(gone)).unwrap();
    }
    std::fs::remove_dir_all(dir.join("log")).unwrap();
    for round in 1..=3 {
        let node = start();
        let answer = post(node.address(), DEPOSIT, r#"{"amount": 1}"#);
        assert_eq!(
            answer.json,
            json!(7 + round),
            "what was answered before is kept"
        );
        // Without a last snapshot, as after a crash.
        let copy = dir.with_extension("crashed");
        let _ = std::fs::remove_dir_all(&copy);
        copy_dir(&dir, &copy);
        node.stop().unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        std::fs::rename(&copy, &dir).unwrap();
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_program_that_comes_while_the_node_stops_is_refused() {
    let log = MemoryLog::new();
    let mut embedded =
        Some(Embedded::start(&Config::default(), program(), Arc::new(log.clone())).unwrap());
    let door = embedded.as_ref().unwrap().door().clone();
    log.plan(1, Fault::Hold);
    let call = NamedCall {
        entity: Some("Account".into()),
        function: "deposit".into(),
        kind: FunctionKind::Handler,
        keys: vec![Value::Text("ann".into())],
        args: vec![Some(Value::Int(1)), None],
        caller: Caller::new("ann", []),
        idempotency: None,
    };
    let manifest_now = door.program();
    let call = call.resolve(&manifest_now).unwrap();
    door.call(call, manifest_now, |_| {});
    let node = embedded.take();
    let stopping = std::thread::spawn(move || node.unwrap().stop());
    // A look is answered behind all that was sent before, so the order to stop has come by then, or comes first.
    std::thread::sleep(Duration::from_millis(100));
    let (sender, told) = std::sync::mpsc::channel();
    let mut other = manifest();
    other.module_sha256 = "44".into();
    door.reload(Program::new(other, Box::new(support::Bank)), move |done| {
        let _ = sender.send(done);
    });
    let told = told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(told.unwrap_err().0, ["the node is stopping"]);
    log.release();
    stopping.join().unwrap().unwrap();
}

const DEPOSIT: &str = "/Account/ann/deposit";

fn soon(what: impl Fn() -> bool) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        what()
    })
}

//! Calls that run on threads of their own, in a node: what goes on at the same time and what does not, and that a reload, a stop, a
//! thread that panics and a log that fails lose nothing. The steps sleep instead of computing.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use support::{Answer, Bank, ask, get, manifest, post};
use weir_contract::border::StepInput;
use weir_contract::manifest::FunctionKind;
use weir_contract::{Manifest, Value};
use weir_log::memory::Fault;
use weir_log::{Log, Lsn, MemoryLog};
use weir_machine::{Crash, Steps, Transaction};
use weir_node::{BesideConfig, BesideCounts, Caller, Config, NamedCall, Node, Program, inspect};

const STEP: Duration = Duration::from_millis(60);

/// What the steps of a node are about.
#[derive(Default)]
struct Gauge {
    running: AtomicUsize,
    most: AtomicUsize,
    /// On threads of their own they panic.
    panics: AtomicBool,
}

/// The bank with steps that take their time.
struct Slow {
    gauge: Arc<Gauge>,
    is_twin: bool,
}

impl Steps for Slow {
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        assert!(!(self.is_twin && self.gauge.panics.load(Ordering::SeqCst)));
        if entry > 1 {
            return Bank.run(entry, input, on);
        }
        let running = self.gauge.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.gauge.most.fetch_max(running, Ordering::SeqCst);
        // Its reads come first, as those of most steps do.
        let done = Bank.run(entry, input, on);
        std::thread::sleep(STEP);
        self.gauge.running.fetch_sub(1, Ordering::SeqCst);
        done
    }

    fn twin(&self) -> Option<Box<dyn Steps + Send>> {
        Some(Box::new(Slow {
            gauge: self.gauge.clone(),
            is_twin: true,
        }))
    }
}

/// The bank's manifest, with a plan of what its calls touch.
fn planned() -> Manifest {
    let mut manifest = manifest();
    manifest.version = 7;
    let touch = |mode: &str| json!({ "mode": mode, "entity": "Account", "key": [{ "key": "owner" }], "path": ["balance"] });
    let plan = json!({ "complete": true, "touches": [touch("read"), touch("write")] });
    for function in manifest.functions.iter_mut().filter(|f| f.entry < 2) {
        function.plan = serde_json::from_value(plan.clone()).unwrap();
    }
    manifest
}

fn slow(gauge: &Arc<Gauge>) -> Program {
    let steps = Slow {
        gauge: gauge.clone(),
        is_twin: false,
    };
    Program::new(planned(), Box::new(steps))
}

fn start(gauge: &Arc<Gauge>, log: Arc<dyn Log>) -> Node {
    let config = Config {
        beside: BesideConfig {
            threads: Some(2),
            from: Duration::from_millis(1),
        },
        ..Config::default()
    };
    let node = Node::start(config, slow(gauge), log).unwrap();
    // From now on it is known how long these take.
    assert_eq!(deposit(node.address(), "first").join().unwrap().status, 200);
    gauge.most.store(0, Ordering::SeqCst);
    node
}

fn deposit(to: SocketAddr, owner: &str) -> JoinHandle<Answer> {
    let path = format!("/Account/{owner}/deposit");
    std::thread::spawn(move || post(to, &path, r#"{"amount": 1}"#))
}

fn balance(to: SocketAddr, owner: &str) -> serde_json::Value {
    get(to, &format!("/Account/{owner}/balance")).json
}

fn counts(node: &Node) -> BesideCounts {
    node.door().beside()
}

#[test]
fn calls_of_different_instances_go_on_at_the_same_time_those_of_one_do_not() {
    let gauge = Arc::<Gauge>::default();
    let node = start(&gauge, Arc::new(MemoryLog::new()));
    let to = node.address();
    let calls: Vec<_> = (0..4).map(|_| deposit(to, "ann")).collect();
    calls
        .into_iter()
        .for_each(|call| drop(call.join().unwrap()));
    assert_eq!(balance(to, "ann"), json!(4));
    assert_eq!(gauge.most.load(Ordering::SeqCst), 1);

    let calls = ["ann", "bob", "eve", "joe", "kim", "lea"].map(|owner| deposit(to, owner));
    calls
        .into_iter()
        .for_each(|call| drop(call.join().unwrap()));
    assert_eq!(
        gauge.most.load(Ordering::SeqCst),
        2,
        "there are two threads"
    );
    assert_eq!(balance(to, "ann"), json!(5));
    let counts = counts(&node);
    assert_eq!((counts.kept, counts.ordinary), (10, 0), "{counts:?}");
    node.stop().unwrap();
}

#[test]
fn what_a_short_call_changes_meanwhile_is_not_written_over() {
    let gauge = Arc::<Gauge>::default();
    let node = start(&gauge, Arc::new(MemoryLog::new()));
    let to = node.address();
    // The rule of `withdraw` and its failures are of the balance as it is in the end.
    for _ in 0..3 {
        let long = deposit(to, "ann");
        std::thread::sleep(STEP / 3);
        let denied = ask(
            to,
            "POST",
            "/Account/ann/withdraw",
            &["weir-caller: eve"],
            r#"{"amount": 1}"#,
        );
        assert_eq!(denied.status, 403);
        assert_eq!(long.join().unwrap().status, 200);
    }
    assert_eq!(balance(to, "ann"), json!(3));
    let keyed = ["idempotency-key: once"];
    let twice = [0, 1].map(|_| {
        std::thread::spawn(move || {
            ask(
                to,
                "POST",
                "/Account/bob/deposit",
                &keyed,
                r#"{"amount": 1}"#,
            )
        })
    });
    let answers = twice.map(|call| call.join().unwrap());
    assert_eq!(answers[0].json, json!(1));
    assert_eq!(answers[1].json, json!(1));
    assert_eq!(balance(to, "bob"), json!(1));
    node.stop().unwrap();
}

#[test]
fn a_reload_in_the_middle_loses_nothing() {
    let gauge = Arc::<Gauge>::default();
    let log = Arc::new(MemoryLog::new());
    let node = start(&gauge, log.clone());
    let to = node.address();
    let calls = ["ann", "bob", "eve"].map(|owner| deposit(to, owner));
    std::thread::sleep(STEP / 3);
    let mut other = slow(&gauge);
    // Functions have other numbers in it, so a record of the old one would say something else.
    Arc::make_mut(&mut other.manifest).functions.reverse();
    node.reload(other).unwrap();
    for call in calls {
        assert_eq!(call.join().unwrap().status, 200);
    }
    for owner in ["ann", "bob", "eve"] {
        assert_eq!(balance(to, owner), json!(1), "{owner}");
    }
    // The new program has threads, too.
    for _ in 0..2 {
        deposit(to, "ann").join().unwrap();
    }
    assert!(counts(&node).kept > 0);
    node.stop().unwrap();
    let mut functions = Vec::new();
    inspect::log_json(&*log, Lsn::ZERO, |record| {
        functions.extend(record["fn"].as_str().map(str::to_owned));
        true
    })
    .unwrap();
    assert_eq!(functions, vec!["Account.deposit"; 6]);
}

#[test]
fn a_stop_waits_for_what_was_handed_in() {
    let gauge = Arc::<Gauge>::default();
    let node = start(&gauge, Arc::new(MemoryLog::new()));
    let program = node.program();
    let (sender, answers) = std::sync::mpsc::channel();
    for owner in ["ann", "bob", "eve", "joe", "kim"] {
        let call = NamedCall {
            entity: Some("Account".into()),
            function: "deposit".into(),
            kind: FunctionKind::Handler,
            keys: vec![Value::Text(owner.into())],
            args: vec![Some(Value::Int(1)), None],
            caller: Caller::new("ann", []),
            idempotency: None,
        };
        let (call, sender) = (call.resolve(&program).unwrap(), sender.clone());
        node.door().call(call, program.clone(), move |answer| {
            sender
                .send(answer.is_ok_and(|done| done.record.is_none()))
                .unwrap();
        });
    }
    node.stop().unwrap();
    drop(sender);
    assert_eq!(answers.iter().collect::<Vec<_>>(), [true; 5]);
}

#[test]
fn a_stop_in_the_middle_loses_nothing_that_is_answered() {
    let gauge = Arc::<Gauge>::default();
    let log = Arc::new(MemoryLog::new());
    let node = start(&gauge, log.clone());
    let to = node.address();
    let calls = ["ann", "bob", "eve", "joe"].map(|owner| (owner, deposit(to, owner)));
    std::thread::sleep(STEP / 3);
    node.stop().unwrap();
    let node = start(&gauge, log);
    for (owner, call) in calls {
        let expected = match call.join().unwrap().status {
            200 => json!(1),
            status => panic!("{owner}: {status}"),
        };
        assert_eq!(balance(node.address(), owner), expected, "{owner}");
    }
}

#[test]
fn a_thread_that_panics_is_replaced_and_its_call_is_answered() {
    let gauge = Arc::<Gauge>::default();
    let node = start(&gauge, Arc::new(MemoryLog::new()));
    let to = node.address();
    gauge.panics.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(deposit(to, "ann").join().unwrap().status, 200);
    }
    assert_eq!(counts(&node).kept, 0);
    gauge.panics.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(deposit(to, "ann").join().unwrap().status, 200);
    }
    assert_eq!(balance(to, "ann"), json!(6));
    assert_eq!(counts(&node).kept, 3);
    node.stop().unwrap();
}

#[test]
fn a_log_that_fails_answers_those_under_way() {
    let gauge = Arc::<Gauge>::default();
    let log = Arc::new(MemoryLog::new());
    let node = start(&gauge, log.clone());
    let to = node.address();
    log.plan(1, Fault::Unknown { landed: false });
    let calls = ["ann", "bob", "eve", "joe", "kim"].map(|owner| deposit(to, owner));
    for call in calls {
        assert_eq!(call.join().unwrap().status, 503);
    }
    assert!(node.stop().is_err());
    let node = start(&gauge, log);
    for owner in ["ann", "bob", "eve", "joe", "kim"] {
        assert_eq!(balance(node.address(), owner), json!(0), "{owner}");
    }
}

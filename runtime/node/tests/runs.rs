//! Runs in a node: they go on by themselves, outside calls are made when durable and again after a start, and those who wait
//! are told.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use weir_contract::Manifest;
use weir_contract::border::{
    OUTPUT_OK, OUTPUT_SUSPENDED, SUSPEND_EVENTS, SUSPEND_EXTERN, SUSPEND_SLEEP, SUSPEND_YIELD,
    StepInput,
};
use weir_contract::call::Reply;
use weir_contract::encode::{Reader, put_bytes, put_int};
use weir_contract::manifest::FunctionKind;
use weir_contract::{DefId, Type, Value};
use weir_log::{Log, MemoryLog};
use weir_machine::{Answer, Crash, EventTo, OutsideCall, Sent, Steps, Transaction};
use weir_node::{
    Caller, Config, Embedded, EventAnswer, NamedCall, Order, Outcome, Outside, OutsideAnswer,
    Program, WhichRun,
};

/// Errors: Cancelled, TimedOut, Unavailable, Unknown.
const UNAVAILABLE: u32 = 2;
const UNKNOWN: u32 = 3;

/// `workflow Order(id) { event paid()  fn run(n) -> Int { sleep(n ms)  let x = charge|post(n)  wait { paid }  x } }`, and
/// `fn spin()`, which yields for ever. `n` below 0 asks for `post`, which may be called once.
fn manifest() -> Manifest {
    let error =
        |name: &str| json!({ "name": name, "kind": { "error": { "fields": [], "status": 409 } } });
    let n = json!([{ "name": "n", "ty": "int", "has_default": false }]);
    let frame = |label: &str, entry: u32, result: serde_json::Value| {
        let mut frame = json!({
            "label": label, "entry": entry, "role": "resume", "cells": [{ "name": "n", "ty": "int" }],
            "returns": "int", "fails": [UNAVAILABLE, UNKNOWN], "waits_for": label, "site": 0,
        });
        if !result.is_null() {
            frame["result"] = result;
        }
        frame
    };
    let external = |name: &str, promise: &str| {
        json!({
            "module": "payments", "name": name, "source": "http:payments", "params": n, "returns": "int",
            "fails": [2, 3], "promise": promise,
        })
    };
    let manifest = json!({
        "version": 2, "program": "orders", "module_sha256": "00",
        "defs": [
            error("Cancelled"), error("TimedOut"), error("Unavailable"), error("Unknown"),
            { "name": "Order.event", "kind": { "enum": { "variants": [
                { "name": "paid", "fields": [] }, { "name": "after", "fields": [] } ] } } },
        ],
        "entities": [{
            "name": "Order", "keys": [{ "name": "id", "ty": "int" }], "fields": [], "slots": [],
            "workflow": { "run": 0, "event_enum": 4, "events": [
                { "name": "paid", "params": [], "public": true, "access": "anyone" } ] },
        }],
        "functions": [
            {
                "name": "run", "kind": "run", "entity": 0, "entry": 0, "public": true, "params": n, "returns": "int",
                "fails": [UNAVAILABLE, UNKNOWN], "effect": "wait", "access": "anyone",
                "plan": { "complete": false, "touches": [] },
            },
            {
                "name": "spin", "kind": "function", "entry": 1, "public": true, "params": [], "returns": "unit",
                "fails": [], "effect": "wait", "access": "anyone", "plan": { "complete": false, "touches": [] },
            },
        ],
        "frames": [
            frame("run#sleep", 2, json!(null)),
            frame("run#call", 3, json!({ "result": ["int", [2, 3]] })),
            frame("run#paid", 4, json!({ "named": 4 })),
            frame("spin#yield", 5, json!(null)),
        ],
        "externs": [external("charge", "idempotent"), external("post", "once")],
        "failures": { "cancelled": 0, "timed_out": 1, "unavailable": 2, "unknown": 3 },
        "tests": [], "sites": [], "sources": [],
    });
    Manifest::from_json(manifest.to_string().as_bytes()).unwrap()
}

struct Orders;

impl Steps for Orders {
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        let mut r = Reader::new(input.args);
        let mut operands = Vec::new();
        let (kind, next) = match entry {
            0 => {
                put_int(&mut operands, r.clone().int().unwrap().abs() * 1000);
                (SUSPEND_SLEEP, 2)
            }
            2 => {
                let n = r.clone().int().unwrap();
                put_int(&mut operands, (n < 0) as i64);
                operands.push(0);
                put_int(&mut operands, n);
                (SUSPEND_EXTERN, 3)
            }
            3 => match r.varint().unwrap() {
                0 => {
                    let mut cells = Vec::new();
                    put_int(&mut cells, r.int().unwrap());
                    on.frame(4, &cells).unwrap();
                    on.suspend(SUSPEND_EVENTS, &[1, 0, 0]).unwrap();
                    return (on, Ok(vec![OUTPUT_SUSPENDED]));
                }
                error => return (on, Ok(vec![1, error as u8 - 1])),
            },
            4 => {
                assert_eq!(r.varint().unwrap(), 0);
                return (on, Ok([&[OUTPUT_OK], r.rest()].concat()));
            }
            _ => (SUSPEND_YIELD, 5),
        };
        // Entry 1 has no parameters, so what it keeps is made up.
        let cells = if entry == 1 { &[0] } else { r.rest() };
        on.frame(next, cells).unwrap();
        on.suspend(kind, &operands).unwrap();
        (on, Ok(vec![OUTPUT_SUSPENDED]))
    }
}

/// Hands calls to the test.
struct Teller(Mutex<Sender<(OutsideCall, OutsideAnswer)>>);

impl Outside for Teller {
    fn call(&self, _: &Arc<Manifest>, call: &OutsideCall, answer: OutsideAnswer) {
        let _ = self.0.lock().unwrap().send((call.clone(), answer));
    }
}

type Calls = Receiver<(OutsideCall, OutsideAnswer)>;

fn start(log: &Arc<MemoryLog>) -> (Embedded, Calls) {
    start_with(log, manifest())
}

fn start_with(log: &Arc<MemoryLog>, manifest: Manifest) -> (Embedded, Calls) {
    let (sender, calls) = channel();
    let outside = Arc::new(Teller(Mutex::new(sender)));
    let program = Program::new(manifest, Box::new(Orders)).with_outside(outside);
    let log: Arc<dyn Log> = log.clone();
    let node = Embedded::start(&Config::default(), program, log).unwrap();
    (node, calls)
}

/// On this thread when the machine is free, so that its own thread has to hear of what is due.
fn order(node: &Embedded, id: i64, n: i64) -> Answer {
    let call = NamedCall {
        entity: Some("Order".into()),
        function: "run".into(),
        kind: FunctionKind::Run,
        keys: vec![Value::Int(id)],
        args: vec![Some(Value::Int(n))],
        caller: Caller::new("ann", []),
        idempotency: None,
    };
    let manifest = node.door().program();
    let call = call.resolve(&manifest).unwrap();
    wait(|answer| node.door().call_here(call, manifest, answer))
        .unwrap()
        .answer
}

/// Calls with a callback and waits for it.
fn wait<T: Send + 'static>(ask: impl FnOnce(Box<dyn FnOnce(T) + Send>)) -> T {
    let (sender, receiver) = channel();
    ask(Box::new(move |answer| {
        let _ = sender.send(answer);
    }));
    receiver.recv_timeout(Duration::from_secs(10)).unwrap()
}

fn key(id: i64) -> Vec<u8> {
    (id ^ i64::MIN).to_be_bytes().to_vec()
}

fn paid(node: &Embedded, id: i64) -> EventAnswer {
    paid_with(node, id, 0)
}

/// With arguments of so many bytes.
fn paid_with(node: &Embedded, id: i64, args: usize) -> EventAnswer {
    let sent = Sent {
        to: EventTo {
            entity: 0,
            key: key(id).into(),
            event: 0,
            args: vec![0; args].into(),
        },
        caller: String::new(),
        roles: Vec::new(),
        idempotency: None,
    };
    let manifest = node.door().program();
    wait(|answer| node.door().event(sent, manifest, answer)).unwrap()
}

fn int(n: i64) -> Vec<u8> {
    let mut output = vec![OUTPUT_OK];
    put_int(&mut output, n);
    output
}

#[test]
fn a_workflow_sleeps_calls_waits_and_answers() {
    let log = Arc::new(MemoryLog::default());
    let (node, calls) = start(&log);
    assert_eq!(paid(&node, 1), EventAnswer::NoRun);
    assert_eq!(order(&node, 1, 20), Answer::GoesOn);
    assert_eq!(
        paid(&node, 1),
        EventAnswer::Taken,
        "before it is waited for"
    );
    let (call, answer) = calls.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(call.function, 0);
    assert_eq!(order(&node, 1, 999), Answer::GoesOn, "the first goes on");
    answer(int(7));
    let which = WhichRun::Workflow(0, key(1));
    assert_eq!(node.wait_for(which), Ok(Some(Answer::Output(int(7)))));
    assert_eq!(order(&node, 1, 999), Answer::Output(int(7)));
    assert_eq!(paid(&node, 1), EventAnswer::Ended);
    assert_eq!(node.wait_for(WhichRun::Number(12345)), Ok(None));
    let shown = wait(|answer| node.door().runs(None, 10, true, answer)).unwrap();
    assert_eq!(shown[0]["state"], "done");
    node.stop().unwrap();
}

#[test]
fn after_a_start_calls_are_made_again_with_their_key_or_answered_unknown() {
    let log = Arc::new(MemoryLog::default());
    let (node, calls) = start(&log);
    order(&node, 1, 1);
    order(&node, 2, -1);
    let first: Vec<OutsideCall> = (0..2)
        .map(|_| calls.recv_timeout(Duration::from_secs(10)).unwrap().0)
        .collect();
    node.stop().unwrap();

    let (node, calls) = start(&log);
    let (again, answer) = calls.recv_timeout(Duration::from_secs(10)).unwrap();
    let charge = first.iter().find(|call| call.function == 0).unwrap();
    assert_eq!(again.key(), charge.key());
    assert_eq!(&again, charge);
    let once = node.wait_for(WhichRun::Workflow(0, key(2))).unwrap();
    assert_eq!(once, Some(Answer::Output(vec![1, UNKNOWN as u8])));
    assert!(wait(|answer| node.door().order(again.run, Order::Retry, answer)).unwrap());
    let (third, _) = calls.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(third, again);
    answer(int(5));
    assert_eq!(paid(&node, 1), EventAnswer::Taken);
    let which = WhichRun::Number(again.run);
    assert_eq!(node.wait_for(which), Ok(Some(Answer::Output(int(5)))));
    node.stop().unwrap();
}

#[test]
fn a_cancelled_run_tells_those_who_wait() {
    let log = Arc::new(MemoryLog::default());
    let (node, _calls) = start(&log);
    order(&node, 3, 1_000_000);
    let run = node_run(&node, 3);
    let ended = node.door().wait_for_run(WhichRun::Number(run));
    assert!(wait(|answer| node.door().order(run, Order::Cancel, answer)).unwrap());
    let told = ended.blocking_recv().unwrap().unwrap();
    let cancelled = Answer::Ended(weir_machine::Ended::Cancelled);
    assert_eq!(told, Some((run, cancelled)));
    assert!(!wait(|answer| node.door().order(run, Order::Resume, answer)).unwrap());
    node.stop().unwrap();
}

#[test]
fn what_is_too_long_for_the_log_stops_no_node() {
    let mut texts = manifest();
    texts.externs[0].returns = Type::Text;
    let log = Arc::new(MemoryLog::default());
    let (node, calls) = start_with(&log, texts);
    order(&node, 1, 0);
    assert_eq!(paid_with(&node, 1, 5 << 20), EventAnswer::TooLong);
    let (call, answer) = calls.recv_timeout(Duration::from_secs(10)).unwrap();
    let text = |bytes: usize| {
        let mut output = vec![OUTPUT_OK];
        put_bytes(&mut output, &vec![b'x'; bytes]);
        output
    };
    answer(text(5 << 20));
    // It is as if it had not come.
    assert!(wait(|answer| node.door().order(call.run, Order::Retry, answer)).unwrap());
    let (again, answer) = calls.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(again, call);
    answer(text(0));
    assert_eq!(paid(&node, 1), EventAnswer::Taken);
    let which = WhichRun::Number(call.run);
    assert_eq!(node.wait_for(which), Ok(Some(Answer::Output(int(0)))));
    node.stop().unwrap();
}

#[test]
fn who_waits_no_more_is_in_nobodys_way() {
    let log = Arc::new(MemoryLog::default());
    let (node, _calls) = start(&log);
    order(&node, 3, 1_000_000);
    let run = node_run(&node, 3);
    let stays = node.door().wait_for_run(WhichRun::Number(run));
    for _ in 0..1_000 {
        drop(node.door().wait_for_run(WhichRun::Number(run)));
    }
    assert!(wait(|answer| node.door().order(run, Order::Cancel, answer)).unwrap());
    let told = stays.blocking_recv().unwrap().unwrap();
    assert_eq!(told.map(|(number, _)| number), Some(run));
    node.stop().unwrap();
}

fn node_run(node: &Embedded, id: i64) -> u64 {
    let run = wait(|answer| {
        node.door()
            .look(move |m| answer(m.runs().of_workflow(0, &key(id))))
    });
    run.unwrap()
}

#[test]
fn a_run_that_never_waits_leaves_room_for_calls() {
    let log = Arc::new(MemoryLog::default());
    let (node, calls) = start(&log);
    let spin = NamedCall {
        entity: None,
        function: "spin".into(),
        kind: FunctionKind::Function,
        keys: Vec::new(),
        args: Vec::new(),
        caller: Caller::new("ann", []),
        idempotency: None,
    };
    let manifest = node.door().program();
    let call = spin.resolve(&manifest).unwrap();
    let spinning = wait(|answer| node.door().call(call, manifest, answer)).unwrap();
    assert_eq!(spinning.answer, Answer::GoesOn);
    let began = Instant::now();
    for id in 0..20 {
        order(&node, id, 0);
        calls.recv_timeout(Duration::from_secs(10)).unwrap().1(int(id));
        paid(&node, id);
        let which = WhichRun::Workflow(0, key(id));
        assert_eq!(node.wait_for(which), Ok(Some(Answer::Output(int(id)))));
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    node.stop().unwrap();
}

#[test]
fn nobody_outside_is_unavailable() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::default());
    let program = Program::new(manifest(), Box::new(Orders));
    let node = Embedded::start(&Config::default(), program, log).unwrap();
    let call = NamedCall {
        entity: Some("Order".into()),
        function: "run".into(),
        kind: FunctionKind::Run,
        keys: vec![Value::Int(1)],
        args: vec![Some(Value::Int(0))],
        caller: Caller::new("ann", []),
        idempotency: None,
    };
    let failed = Reply::Failed(DefId(UNAVAILABLE), Vec::new());
    assert_eq!(node.submit(&call), Outcome::Reply(failed));
    node.stop().unwrap();
}

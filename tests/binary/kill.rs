//! Nothing acknowledged is lost, and nothing happens twice, however often the process is killed.
//!
//! The real binary serves `examples/bank`. Threads transfer and deposit over HTTP, each call with an idempotency key,
//! and ask again with the same key until they have an answer. Meanwhile the process is killed with SIGKILL at random
//! moments, also while it recovers, and started again on the same directory. At the end the books are compared: every
//! amount is used once (its last nine digits number the call), so each statement shows which calls took effect.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch};
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const BANK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bank/bank.weir");
const KILLS: u64 = 24;
const THREADS: u64 = 6;
const OWNERS: [&str; 5] = ["ann", "bob", "eve", "joe", "kim"];

/// One call as a client knows it, which is the same each time it is tried.
#[derive(Clone, Debug)]
struct Call {
    number: u64,
    /// `None` for a deposit.
    from: Option<&'static str>,
    to: &'static str,
    /// In units of 10^-9, as a `Decimal` counts.
    amount: i128,
}

impl Call {
    fn random(number: u64, random: &mut Random) -> Self {
        let owner = |random: &mut Random| OWNERS[random.below(OWNERS.len() as u64) as usize];
        let whole = 1 + random.below(if number.is_multiple_of(3) { 50 } else { 120 }) as i128;
        Call {
            number,
            from: (!number.is_multiple_of(3)).then(|| owner(random)),
            to: owner(random),
            amount: whole * 1_000_000_000 + i128::from(number),
        }
    }

    fn send(&self, client: &mut Client) -> std::io::Result<Reply> {
        let key = format!("call-{}", self.number);
        let amount = decimal(self.amount);
        match self.from {
            None => client.post(
                &format!("/Account/{}/deposit", self.to),
                &[("weir-roles", "teller"), ("idempotency-key", &key)],
                &format!(r#"{{"amount": "{amount}"}}"#),
            ),
            Some(from) => client.post(
                &format!("/Account/{from}/transfer"),
                &[("weir-caller", from), ("idempotency-key", &key)],
                &format!(r#"{{"to": "{}", "amount": "{amount}"}}"#, self.to),
            ),
        }
    }
}

/// A call and the first answer that came back for it.
type Answered = (Call, u16, String);

struct Shared {
    /// Where the node serves now.
    host: Mutex<String>,
    stop: AtomicBool,
    next: AtomicU64,
    answered: Mutex<Vec<Answered>>,
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled() {
    let seed = Random::seed("kill");
    let mut random = Random::new(seed);
    let scratch = Scratch::new("kill");
    let data = scratch.join("data");
    let start = || Node::start(WEIR, &[BANK, "--data", &data, "--port", "0"]);

    let mut node = start();
    let shared = Arc::new(Shared {
        host: Mutex::new(node.host.clone()),
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
        answered: Mutex::new(Vec::new()),
    });
    let clients: Vec<_> = (0..THREADS)
        .map(|thread| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || call_until_stopped(&shared, seed ^ thread))
        })
        .collect();

    for kill in 0..KILLS {
        std::thread::sleep(Duration::from_millis(10 + random.below(120)));
        node.kill();
        if kill % 4 == 3 {
            kill_while_starting(&data, Duration::from_millis(random.below(60)));
        }
        node = start();
        *shared.host.lock().unwrap() = node.host.clone();
        ask_again(&node, &shared, &mut random);
    }
    shared.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().expect("a client ends well");
    }
    // Once more from the disk alone.
    node.kill();
    let node = start();
    let answered = shared.answered.lock().unwrap();
    println!("{} calls answered over {KILLS} kills", answered.len());
    assert!(
        answered.len() as u64 > 2 * KILLS,
        "too few calls to mean anything"
    );
    audit(&node, &answered);
}

/// Makes up calls and sends each until it is answered, so that when the thread ends no call is in doubt.
fn call_until_stopped(shared: &Shared, seed: u64) {
    let mut random = Random::new(seed);
    let mut client = None;
    while !shared.stop.load(Ordering::SeqCst) {
        let call = Call::random(shared.next.fetch_add(1, Ordering::SeqCst), &mut random);
        let reply = loop {
            let host = shared.host.lock().unwrap().clone();
            if client.is_none() {
                client = Client::connect(&host).ok();
            }
            match client.as_mut().map(|client| call.send(client)) {
                // A node that is stopping or filling up may say "later".
                Some(Ok(reply)) if reply.status != 503 => break reply,
                _ => {
                    client = None;
                    std::thread::sleep(Duration::from_millis(3));
                }
            }
        };
        assert!(
            matches!(reply.status, 200 | 409),
            "{call:?} was answered with {reply:?}"
        );
        let mut answered = shared.answered.lock().unwrap();
        answered.push((call, reply.status, reply.body));
    }
}

/// Starts the node and kills it without waiting for it to serve.
fn kill_while_starting(data: &str, after: Duration) {
    let mut child = Command::new(WEIR)
        .args(["run", BANK, "--data", data, "--port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(after);
    let _ = child.kill();
    let _ = child.wait();
}

/// Sends some answered calls again: the same key gets the same answer, also across kills.
fn ask_again(node: &Node, shared: &Shared, random: &mut Random) {
    let mut client = Client::connect(&node.host).expect("the node serves");
    let sample: Vec<Answered> = {
        let answered = shared.answered.lock().unwrap();
        let newest = answered.iter().rev().take(8);
        let any = (0..8 * u64::from(!answered.is_empty()))
            .map(|_| &answered[random.below(answered.len() as u64) as usize]);
        newest.chain(any).cloned().collect()
    };
    for (call, status, body) in sample {
        let reply = call.send(&mut client).expect("the node answers");
        assert_eq!(
            (reply.status, reply.body),
            (status, body),
            "asked again: {call:?}"
        );
    }
}

fn audit(node: &Node, answered: &[Answered]) {
    let mut client = Client::connect(&node.host).expect("the node serves");
    let mut total = 0;
    // What each account's statement must show: (owner, amount) and how often.
    let mut expected: BTreeMap<(&str, i128), u32> = BTreeMap::new();
    for (call, status, _) in answered {
        if *status != 200 {
            continue;
        }
        *expected.entry((call.to, call.amount)).or_default() += 1;
        match call.from {
            None => total += call.amount,
            Some(from) => *expected.entry((from, -call.amount)).or_default() += 1,
        }
    }
    assert!(
        expected.values().all(|times| *times == 1),
        "each amount is used once"
    );
    let mut balances = 0;
    let mut found: BTreeMap<(&str, i128), u32> = BTreeMap::new();
    for owner in OWNERS {
        let headers = [("weir-caller", owner)];
        let balance = client
            .get(&format!("/Account/{owner}/balance"), &headers)
            .expect("the balance");
        balances += units(&balance.json());
        let statement = client
            .get(
                &format!("/Account/{owner}/statement?last=100000000"),
                &headers,
            )
            .expect("the statement");
        let mut sum = 0;
        for entry in statement.json().as_array().expect("a list of entries") {
            sum += units(&entry["amount"]);
            *found.entry((owner, units(&entry["amount"]))).or_default() += 1;
        }
        assert_eq!(sum, units(&balance.json()), "the entries of {owner} add up");
    }
    for entry in expected.keys() {
        assert!(
            found.contains_key(entry),
            "acknowledged and lost: {entry:?}"
        );
    }
    for (entry, times) in &found {
        assert_eq!(*times, 1, "happened more than once: {entry:?}");
        assert!(
            expected.contains_key(entry),
            "happened without being acknowledged as done: {entry:?}"
        );
    }
    assert_eq!(
        balances, total,
        "the money in the bank is the money paid in"
    );
}

/// A count of 10^-9 as the decimal that JSON carries.
fn decimal(units: i128) -> String {
    format!("{}.{:09}", units / 1_000_000_000, units % 1_000_000_000)
}

/// The other way, from the string that JSON carries.
fn units(json: &Value) -> i128 {
    let text = json
        .as_str()
        .unwrap_or_else(|| panic!("a decimal is a string, not {json}"));
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<9}");
    sign * (whole.parse::<i128>().unwrap() * 1_000_000_000 + part.parse::<i128>().unwrap())
}

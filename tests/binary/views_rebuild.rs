//! Views that take long to build, through the real binary: what answers until they are built, who has to wait, and that a kill in the
//! middle changes nothing.

use std::collections::VecDeque;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// More than who reads a view waits for, and so many that building it takes longer than live answers pause.
const INSTANCES: i64 = 100_000;
const DIGITS: i64 = 10;

const HEAD: &str = r#"
record Row(digit: Int, value: Int)

entity P(id: Int) {
  pub state n: Int = 0
  pub fn put(to: Int) { n = to }
}

entity Noted(id: Int) {
  pub state rows: Int = 0
  pub fn note(how_many: Int) { rows = how_many }
}

@anyone
pub fn fill(from: Int, to: Int) {
  for i in from..to { P(i).put(i % 10) }
}
"#;

/// A view of every instance, and with it who reads it.
fn program(view: &str) -> String {
    format!(
        r#"{HEAD}
@anyone
pub view digits = {view}

/// Reads and writes in one step.
@anyone
pub fn note_all() {{ Noted(1).note(digits.all().length) }}

/// Comes to the view in a step of its own.
workflow Noting(id: Int) {{
  @anyone
  pub fn run() {{ Noted(2).note(digits.all().length) }}
}}
"#
    )
}

const COUNTS: &str = "for p in P group by digit: p.n select Row(digit, count())";
const SUMS: &str = "for p in P group by digit: p.n select Row(digit, sum(p.n))";
const PAIRS: &str = "for p in P group by digit: p.n select (digit: digit, value: sum(p.n))";

fn counts() -> Value {
    let row = |digit| json!({ "digit": digit, "value": INSTANCES / DIGITS });
    (0..DIGITS).map(row).collect()
}

fn sums() -> Value {
    let row = |digit| json!({ "digit": digit, "value": digit * INSTANCES / DIGITS });
    (0..DIGITS).map(row).collect()
}

fn fill(client: &mut Client) {
    for from in (0..INSTANCES).step_by(500) {
        let body = json!({ "from": from, "to": from + 500 }).to_string();
        let reply = client.post("/fill", &[], &body).expect("the node answers");
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

fn get(client: &mut Client, path: &str) -> Reply {
    client.get(path, &[]).expect("the node answers")
}

fn position(reply: &Reply) -> u64 {
    let position = reply.header("weir-position").expect("a position");
    position.parse().expect("a number")
}

/// Asks until the view is built; gives the answer, and what was answered before.
fn built(client: &mut Client) -> (Value, Vec<Reply>) {
    let begin = Instant::now();
    let mut before = Vec::new();
    loop {
        let reply = get(client, "/digits");
        if reply.status == 200 && reply.header("weir-building").is_none() {
            return (reply.json(), before);
        }
        before.push(reply);
        assert!(begin.elapsed() < Duration::from_secs(60), "{before:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is still to do, as the answers told it.
fn to_go(replies: &[Reply]) -> Vec<u64> {
    let of = |reply: &Reply| match reply.header("weir-building") {
        Some(far) => far.split(' ').next().expect("a number").parse().ok(),
        None => reply.json()["behind"].as_u64(),
    };
    let to_go: Option<Vec<u64>> = replies.iter().map(of).collect();
    to_go.expect("each says how far it is")
}

/// Events as they come; several may come at once.
struct Live {
    client: Client,
    come: VecDeque<(String, u64, Value)>,
}

impl Live {
    fn begin(host: &str, path: &str) -> Live {
        let mut client = Client::connect(host).expect("it listens");
        client
            .begin(path, &[("accept", "text/event-stream")])
            .expect("the node answers");
        let come = VecDeque::new();
        Live { client, come }
    }

    /// The next event: its name, position and what it says.
    fn next(&mut self) -> (String, u64, Value) {
        loop {
            if let Some(event) = self.come.pop_front() {
                return event;
            }
            let (mut name, mut at) = (String::new(), 0);
            for line in self.client.read_chunk().expect("an event comes").lines() {
                if let Some(rest) = line.strip_prefix("event: ") {
                    name = rest.to_owned();
                }
                if let Some(rest) = line.strip_prefix("id: ") {
                    at = rest.parse().expect("a number");
                }
                if let Some(rest) = line.strip_prefix("data: ") {
                    let said = serde_json::from_str(rest).expect("it is JSON");
                    self.come.push_back((name.clone(), at, said));
                }
            }
        }
    }
}

#[test]
fn a_new_view_says_how_far_it_is() {
    let scratch = Scratch::new("views_new");
    let path = scratch.join("digits.weir");
    fs::write(&path, HEAD).expect("it can be written");
    let data = scratch.join("data");
    let mut node = Node::start(WEIR, &[&path, "--data", &data, "--port", "0"]);
    let mut client = Client::connect(&node.host).expect("it listens");
    fill(&mut client);
    fs::write(&path, program(COUNTS)).expect("it can be written");
    node.lines_until("reloaded:");

    let first = get(&mut client, "/digits");
    assert_eq!(first.status, 503, "{first:?}");
    assert_eq!(first.json()["whole"], json!(INSTANCES), "{first:?}");
    assert!(first.header("retry-after").is_some(), "{first:?}");
    // Nothing that reads it in its step is done meanwhile.
    let noted = client.post("/note_all", &[], "{}").expect("an answer");
    assert_eq!(noted.status, 503, "{noted:?}");
    assert_eq!(get(&mut client, "/Noted/1/rows").json(), json!(0));
    let views = std::process::Command::new(WEIR)
        .args(["views", "--data", &data])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&views.stdout).into_owned();
    assert!(said.contains(&format!("of {INSTANCES} to go")), "{said}");
    // A run that reads it waits, and goes on by itself.
    let run = client.post("/Noting/1/run", &[], "{}").expect("an answer");
    assert!(matches!(run.status, 200 | 202), "{run:?}");

    let (rows, before) = built(&mut client);
    assert_eq!(rows, counts());
    let to_go = to_go(&before);
    assert!(to_go.is_sorted_by(|a, b| a >= b), "{to_go:?}");
    let noted = client.post("/note_all", &[], "{}").expect("an answer");
    assert_eq!(noted.status, 200, "{noted:?}");
    let begin = Instant::now();
    while get(&mut client, "/Noted/2/rows").json() != json!(DIGITS) {
        assert!(begin.elapsed() < Duration::from_secs(20), "the run goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    node.kill();
}

#[test]
fn the_old_view_answers_until_the_new_one_is_built() {
    let scratch = Scratch::new("views_changed");
    let path = scratch.join("digits.weir");
    fs::write(&path, program(COUNTS)).expect("it can be written");
    let data = scratch.join("data");
    let start = || Node::start(WEIR, &[&path, "--data", &data, "--port", "0"]);
    let mut node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    fill(&mut client);
    assert_eq!(built(&mut client).0, counts());
    let mut live = Live::begin(&node.host, "/digits/3");
    let three = |value: i64| json!([{ "digit": 3, "value": value }]);
    let (name, at, rows) = live.next();
    assert_eq!((&*name, rows), ("rows", three(INSTANCES / DIGITS)));

    // Another function: what the view showed goes on, at the position that it was exact at.
    fs::write(&path, program(SUMS)).expect("it can be written");
    node.lines_until("reloaded:");
    let old = get(&mut client, "/digits");
    assert_eq!((old.status, old.json()), (200, counts()), "{old:?}");
    assert!(old.header("weir-building").is_some(), "{old:?}");
    assert_eq!(position(&old), at);
    let of_three = get(&mut client, "/digits/3");
    assert_eq!(of_three.json(), three(INSTANCES / DIGITS));
    // Who has seen what came later is not shown it, and no step is.
    let put = client.post("/P/1/put", &[], r#"{"to": 1}"#);
    let put = put.expect("the node answers");
    let seen = position(&put).to_string();
    assert!(position(&put) > position(&old));
    let refused = client.get("/digits", &[("weir-position", &seen)]);
    assert_eq!(refused.expect("the node answers").status, 503);
    let noted = client.post("/note_all", &[], "{}").expect("an answer");
    assert_eq!(noted.status, 503, "{noted:?}");
    // Who listens is told how far it is, and then of the new rows.
    let mut told = Vec::new();
    loop {
        let (name, _, said) = live.next();
        if said == three(3 * INSTANCES / DIGITS) {
            break;
        }
        told.push(name);
    }
    assert!(told.contains(&"building".to_owned()), "{told:?}");
    assert_eq!(get(&mut client, "/digits").json(), sums());

    // Other rows cannot stand for them.
    fs::write(&path, program(PAIRS)).expect("it can be written");
    node.lines_until("reloaded:");
    assert_eq!(get(&mut client, "/digits").status, 503);
    assert_eq!(built(&mut client).0, sums());
    // An edit elsewhere builds nothing anew.
    fs::write(
        &path,
        program(PAIRS) + "\n@anyone\npub fn one() -> Int = 1\n",
    )
    .expect("written");
    node.lines_until("reloaded:");
    let reply = get(&mut client, "/digits");
    assert_eq!((reply.status, reply.header("weir-building")), (200, None));
    node.kill();
}

#[test]
fn a_start_shows_what_the_snapshot_holds_and_a_kill_changes_nothing() {
    let scratch = Scratch::new("views_killed");
    let path = scratch.join("digits.weir");
    fs::write(&path, program(COUNTS)).expect("it can be written");
    let data = scratch.join("data");
    let start = || Node::start(WEIR, &[&path, "--data", &data, "--port", "0"]);
    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    fill(&mut client);
    let (rows, _) = built(&mut client);
    assert_eq!(rows, counts());
    let at = position(&get(&mut client, "/digits"));
    node.terminate();

    // Another program while nothing runs.
    fs::write(&path, program(SUMS)).expect("it can be written");
    for _ in 0..2 {
        let node = start();
        let mut client = Client::connect(&node.host).expect("it listens");
        let old = get(&mut client, "/digits");
        assert_eq!((old.status, old.json()), (200, counts()), "{old:?}");
        assert!(old.header("weir-building").is_some(), "{old:?}");
        assert_eq!(position(&old), at);
        // In the middle of it.
        node.kill();
    }
    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    let (rows, before) = built(&mut client);
    assert_eq!(rows, sums());
    assert!(before.iter().all(|reply| reply.json() == counts()));
    // The same program shows its own rows at once.
    node.terminate();
    let node = start();
    let mut client = Client::connect(&node.host).expect("it listens");
    assert_eq!(get(&mut client, "/digits").json(), sums());
    node.kill();
}

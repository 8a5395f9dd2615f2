//! Temporary data through the binary: words counted and points gathered by tasks over contents that are larger than its memory, held
//! against plain programs; nothing left at the end, however a run ends; and nothing of it in the log.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_tests::analytics::{counted, gathered, points, send, words};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
record Point(x: Float, y: Float)
record Partial(center: Int, x: Float, y: Float, n: Int)

@anyone
pub fn top_words(files: List<Blob>, n: Int = 100) -> List<(Text, Int)> {
  scratch let counts =
    parallel for f in files, line in f.lines(), word in line.split(" ")
    where word.length() > 3
    group by word: word.lower()
    select (word, count())

  for (word, times) in counts sort by times desc select (word, times) limit n
}

@anyone
pub fn kmeans(files: List<Blob>, k: Int, rounds: Int = 10) -> List<Point> {
  scratch let points = parallel for f in files, line in f.lines() select parse_point(line)

  var centers = for p in points select p limit k
  for _ in 0..rounds {
    scratch let sums =
      parallel for p in points
      group by center: nearest(centers, p)
      select Partial(center, sum(p.x), sum(p.y), count())

    centers = for s in sums select Point(s.x / s.n.to_float(), s.y / s.n.to_float())
  }
  centers
}

fn parse_point(line: Text) -> Point {
  let cols = line.split(",")
  Point(cols[0].to_float() ?? 0f, cols[1].to_float() ?? 0f)
}

fn nearest(centers: List<Point>, p: Point) -> Int {
  var best = 0
  for i in 1..centers.length() {
    if away(centers[i], p) < away(centers[best], p) { best = i }
  }
  best
}

fn away(c: Point, p: Point) -> Float = (c.x - p.x) * (c.x - p.x) + (c.y - p.y) * (c.y - p.y)

// Held over a wait: there until the run has read it.
@anyone
pub fn patient(files: List<Blob>) -> Int {
  scratch let lines = parallel for f in files, line in f.lines() select line
  let first = lines.length()
  sleep(1d)
  first + lines.length()
}

// Held while something else is waited for, and not used any more after.
@anyone
pub fn forgetful(files: List<Blob>) -> Int {
  scratch let lines = parallel for f in files, line in f.lines() select line
  let first = lines.length()
  sleep(1d)
  first
}

@anyone
pub fn broken(files: List<Blob>) -> Int {
  scratch let words = parallel for f in files, line in f.lines() select line.split(" ")[1000]
  words.length()
}
"#;

fn started(name: &str, limits: &str, env: &[(String, String)]) -> (Scratch, Node) {
    let folder = Scratch::new(name);
    std::fs::write(folder.join("main.weir"), PROGRAM).unwrap();
    let config = format!("name = \"words\"\nentry = \"main.weir\"\n[limits]\n{limits}\n");
    std::fs::write(folder.join("weir.toml"), config).unwrap();
    let node = again(&folder, env);
    (folder, node)
}

fn again(folder: &Scratch, env: &[(String, String)]) -> Node {
    let (program, data) = (folder.join(""), folder.join("data"));
    Node::start_with(WEIR, &[&program, "--data", &data, "--port", "0"], env)
}

fn call(client: &mut Client, path: &str, body: Value) -> (u16, Value) {
    let headers = [("accept", "application/json"), ("prefer", "wait=200")];
    let reply = client.post(path, &headers, &body.to_string()).unwrap();
    (reply.status, reply.json())
}

fn alive(client: &mut Client) -> Value {
    let all = client.get("/_weir/scratch", &[]).unwrap().json();
    let of = |member: &str| all[member].clone();
    json!({ "data": of("data"), "memory_bytes": of("memory_bytes"), "disk_bytes": of("disk_bytes") })
}

fn nothing() -> Value {
    json!({ "data": 0, "memory_bytes": 0, "disk_bytes": 0 })
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The records there are, as people see them.
fn log(client: &mut Client) -> String {
    client.get("/_weir/log", &[]).unwrap().body
}

#[test]
fn words_and_points_are_as_plain_programs_have_them_and_nothing_is_left() {
    let (folder, node) = started("scratch-words", "scratch_memory = \"64KiB\"", &[]);
    let mut client = Client::connect(&node.host).unwrap();
    let mut random = Random::new(7);
    let sent = send(&mut client, words(&mut random, 6, 1500));
    let before = log(&mut client);
    let body = json!({ "files": sent.names, "n": 50 });
    let (status, answer) = call(&mut client, "/top_words", body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer, counted(&sent.contents, 50));
    let read: usize = sent.contents.iter().map(String::len).sum();
    let after = log(&mut client);
    let written = &after[before.len()..];
    println!(
        "{read} bytes read; {} records with {} bytes as JSON",
        written.lines().count(),
        written.len()
    );
    // The call, with the names of six contents and what it keeps; and the answer.
    assert_eq!(written.lines().count(), 2, "{written}");
    assert!(written.len() < 10_000, "{written}");

    let sent = send(&mut client, points(&mut random, 4, 4000));
    let body = json!({ "files": sent.names, "k": 5, "rounds": 4 });
    let (status, answer) = call(&mut client, "/kmeans", body);
    assert_eq!(status, 200, "{answer}");
    let found: Vec<(f64, f64)> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["x"].as_f64().unwrap(), p["y"].as_f64().unwrap()))
        .collect();
    assert_eq!(found, gathered(&sent.contents, 5, 4));
    assert_eq!(alive(&mut client), nothing());
    let files = std::fs::read_dir(folder.join("data/scratch")).unwrap();
    assert_eq!(files.count(), 0, "no file is left");
}

#[test]
fn it_is_held_while_a_run_may_read_it_and_no_longer() {
    let (_folder, node) = started("scratch-held", "", &[]);
    let mut client = Client::connect(&node.host).unwrap();
    let sent = send(&mut client, words(&mut Random::new(3), 3, 200));
    let headers = [("accept", "application/json"), ("prefer", "wait=0")];
    let body = json!({ "files": sent.names }).to_string();
    for path in ["/forgetful", "/patient"] {
        let reply = client.post(path, &headers, &body).unwrap();
        assert_eq!(reply.status, 202, "{}", reply.body);
    }
    let runs = |client: &mut Client| client.get("/_weir/runs", &[]).unwrap().json();
    let sleeps = |client: &mut Client| {
        let all = runs(client);
        let all = all.as_array().unwrap().clone();
        all.len() == 2 && all.iter().all(|run| run["strands"][0]["due"].is_string())
    };
    until("both sleep", || sleeps(&mut client));
    // Both made the same of the same, but they are two pieces of data; one is not used any more.
    let held = alive(&mut client);
    assert_eq!(held["data"], 1, "{held}");
    let bytes: usize = sent.contents.iter().map(String::len).sum();
    let memory = held["memory_bytes"].as_u64().unwrap() as usize;
    assert!(
        memory > bytes / 2 && memory < bytes * 2,
        "{held} of {bytes}"
    );
    let all = runs(&mut client);
    let shown = all
        .as_array()
        .unwrap()
        .iter()
        .find(|run| run["fn"] == "patient");
    let shown = shown.expect("it sleeps");
    assert_eq!(shown["scratch"][0]["name"], "patient.lines");
    assert_eq!(shown["scratch"][0]["state"], "there");
    // All that is held is what the variables of the frames name.
    assert_eq!(shown["scratch"][0]["bytes"], held["memory_bytes"]);
    let number = shown["run"].as_u64().unwrap();
    let reply = client.post(&format!("/_weir/runs/{number}/cancel"), &[], "");
    assert_eq!(reply.unwrap().status, 200);
    assert_eq!(alive(&mut client), nothing());
}

#[test]
fn a_bug_in_a_task_parks_the_run_and_leaves_nothing() {
    let (_folder, node) = started("scratch-bug", "", &[]);
    let mut client = Client::connect(&node.host).unwrap();
    let sent = send(&mut client, words(&mut Random::new(4), 3, 20));
    let headers = [("accept", "application/json"), ("prefer", "wait=0")];
    let body = json!({ "files": sent.names }).to_string();
    let reply = client.post("/broken", &headers, &body).unwrap();
    assert_eq!(reply.status, 202, "{}", reply.body);
    let mut reason = String::new();
    until("it is parked", || {
        let all = client.get("/_weir/runs", &[]).unwrap().json();
        reason = all[0]["strands"][0]["bug"]["reason"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        all[0]["state"] == "parked"
    });
    assert!(reason.starts_with("index out of range"), "{reason}");
    assert!(reason.contains("main.weir:"), "{reason}");
    let held = alive(&mut client);
    assert_eq!(
        (&held["memory_bytes"], &held["disk_bytes"]),
        (&json!(0), &json!(0))
    );
    let all = client.get("/_weir/runs", &[]).unwrap().json();
    let number = all[0]["run"].as_u64().unwrap();
    let reply = client.post(&format!("/_weir/runs/{number}/cancel"), &[], "");
    assert_eq!(reply.unwrap().status, 200);
    assert_eq!(alive(&mut client), nothing());
}

#[test]
fn what_is_too_much_says_which_limit() {
    let limits = "scratch_memory = \"1KiB\"\nscratch_disk = \"20KiB\"";
    let (_folder, node) = started("scratch-much", limits, &[]);
    let mut client = Client::connect(&node.host).unwrap();
    let sent = send(&mut client, words(&mut Random::new(5), 3, 400));
    let headers = [("accept", "application/json"), ("prefer", "wait=0")];
    let body = json!({ "files": sent.names }).to_string();
    client.post("/patient", &headers, &body).unwrap();
    let mut reason = String::new();
    until("it is parked", || {
        let all = client.get("/_weir/runs", &[]).unwrap().json();
        reason = all[0]["strands"][0]["bug"]["reason"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        all[0]["state"] == "parked"
    });
    assert!(reason.contains("`scratch_disk`"), "{reason}");
}

#[test]
fn killed_in_the_middle_it_goes_on_with_the_same_result() {
    let (folder, mut node) = started("scratch-kill", "scratch_memory = \"64KiB\"", &[]);
    let mut client = Client::connect(&node.host).unwrap();
    let mut random = Random::new(Random::seed("scratch_kill"));
    let sent = send(&mut client, words(&mut random, 16, 1500));
    let headers = [
        ("accept", "application/json"),
        ("prefer", "wait=0"),
        ("idempotency-key", "once"),
    ];
    let body = json!({ "files": sent.names, "n": 200 }).to_string();
    let before = log(&mut client).len();
    let reply = client.post("/top_words", &headers, &body).unwrap();
    assert_eq!(reply.status, 202, "{}", reply.body);
    let (mut kills, mut under_way) = (0, 0);
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(30 + random.below(250)));
        let runs = client.get("/_weir/runs", &[]).unwrap().json();
        under_way += usize::from(runs[0]["scratch"][0]["state"] == "being made");
        node.kill();
        kills += 1;
        node = again(&folder, &[]);
        client = Client::connect(&node.host).unwrap();
    }
    let headers = [
        ("accept", "application/json"),
        ("prefer", "wait=200"),
        ("idempotency-key", "once"),
    ];
    let reply = client.post("/top_words", &headers, &body).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(
        reply.json() == counted(&sent.contents, 200),
        "another result"
    );
    let written = log(&mut client)[before..].to_owned();
    println!(
        "{kills} kills, {under_way} of them while it was made; {} records with {} bytes as JSON",
        written.lines().count(),
        written.len()
    );
    assert!(under_way > 0, "too quick to mean anything");
    assert!(written.len() < 40_000, "{written}");
    until("nothing is left", || alive(&mut client) == nothing());
}

#[test]
fn tasks_that_are_lost_with_their_thread_are_run_again() {
    let env = [("WEIR_LOSE_TASKS".to_owned(), "3".to_owned())];
    let (_folder, node) = started("scratch-lost", "scratch_memory = \"64KiB\"", &env);
    let mut client = Client::connect(&node.host).unwrap();
    let mut random = Random::new(11);
    let sent = send(&mut client, words(&mut random, 9, 150));
    let body = json!({ "files": sent.names, "n": 40 });
    let (status, answer) = call(&mut client, "/top_words", body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer, counted(&sent.contents, 40));
    assert_eq!(alive(&mut client), nothing());
}

#[test]
fn a_program_that_takes_over_makes_it_anew_with_its_own_code() {
    let (folder, node) = started("scratch-reload", "", &[]);
    let mut client = Client::connect(&node.host).unwrap();
    let sent = send(&mut client, vec!["one\ntwo\nthree".to_owned()]);
    let headers = [("accept", "application/json"), ("prefer", "wait=0")];
    let body = json!({ "files": sent.names }).to_string();
    client.post("/patient", &headers, &body).unwrap();
    let runs = |client: &mut Client| client.get("/_weir/runs", &[]).unwrap().json();
    until("it sleeps", || {
        runs(&mut client)[0]["strands"][0]["due"].is_string()
    });
    // What is read behind the sleep will be what the new code makes of the same files.
    let changed = PROGRAM.replacen("for f in files, line in f.lines() select line\n  let first = lines.length()\n  sleep(1d)\n  first + lines.length()", "for f in files, line in f.lines(), _ in 0..2 select line\n  let first = lines.length()\n  sleep(1d)\n  first + lines.length()", 1);
    assert_ne!(changed, PROGRAM);
    let before = client.get("/_weir/program", &[]).unwrap().body;
    std::fs::write(folder.join("main.weir"), &changed).unwrap();
    until("the new one is in force", || {
        client.get("/_weir/program", &[]).unwrap().body != before
    });
    let shown = runs(&mut client);
    assert_eq!(shown[0]["scratch"][0]["state"], "not made", "{shown}");
    assert_eq!(alive(&mut client), nothing());
}

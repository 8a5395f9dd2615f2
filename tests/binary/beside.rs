//! Calls that compute for long, on the real binary: they hold up nobody, go on at the same time, and are killed in the middle without
//! anything being lost or done twice.
//!
//! Nothing is said of how fast this is, which hangs on who else uses the machine: only what comes before what, and by far.

use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use weir_tests::http::{Client, Reply};
use weir_tests::process::{Node, Scratch, said};
use weir_tests::random::Random;
use weir_tests::restarting::Restarting;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const KILLS: u64 = 12;
const JOBS: [&str; 3] = ["a", "b", "c"];
/// Short calls that are measured.
const TICKS: u64 = 15;

/// These tests measure, so they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|failed| failed.into_inner())
}

const PROGRAM: &str = r#"
entity Job(name: Text) {
  pub state total: Int = 0
  pub state numbers: List<Int> = []
  pub state next: Text? = None
  pub state at: Time? = None
  allow true

  pub fn grind(rounds: Int, number: Int) -> Int {
    let x = turn(rounds, number)
    total += 1
    numbers.push(number)
    x
  }

  // Which instance it is about is not known before it has begun.
  pub fn grind_next(rounds: Int) -> Int {
    let x = turn(rounds, total)
    Job(next ?? "").count(x % 2)
    x
  }

  pub fn stamp(rounds: Int) -> Int {
    at = Some(now())
    turn(rounds, 1)
  }

  pub fn look(rounds: Int) -> Int { turn(rounds, total) }
  pub fn point(to: Text) { next = Some(to) }
  pub fn tick() { total += 1 }
  fn count(n: Int) { total += n }
}

fn turn(rounds: Int, from: Int) -> Int {
  var x = from
  for _ in 0..rounds { x = (x * 1103515245 + 12345) % 2147483648 }
  x
}
"#;

fn project(scratch: &Scratch) -> String {
    let program = scratch.join("jobs.weir");
    std::fs::write(&program, PROGRAM).expect("the program is written");
    // Long, so that the tests do not fail where many things run.
    std::fs::write(
        scratch.join("weir.toml"),
        "entry = \"jobs.weir\"\n[limits]\nstep = \"5s\"\n",
    )
    .expect("it is written");
    program
}

fn start(scratch: &Scratch, threads: &str) -> Node {
    let program = project(scratch);
    let data = scratch.join(&format!("data-{threads}"));
    let args = ["--data", &data, "--port", "0", "--threads", threads];
    Node::start(WEIR, &[&[program.as_str()], &args[..]].concat())
}

fn client(node: &Node) -> Client {
    Client::connect(&node.host).expect("the node serves")
}

fn call(client: &mut Client, path: &str, body: String) -> Reply {
    let reply = client.post(path, &[], &body).expect("an answer");
    assert_eq!(reply.status, 200, "{path} {body}: {reply:?}");
    reply
}

fn grind(client: &mut Client, job: &str, rounds: u64) {
    let body = format!(r#"{{"rounds": {rounds}, "number": 1}}"#);
    call(client, &format!("/Job/{job}/grind"), body);
}

fn counts(node: &Node) -> Value {
    client(node)
        .get("/_weir/beside", &[])
        .expect("an answer")
        .json()
}

fn total(node: &Node, job: &str) -> Value {
    let path = format!("/Job/{job}/total");
    client(node).get(&path, &[]).expect("an answer").json()
}

/// So many rounds take about that long here and now. The node has seen then that such calls take long.
fn rounds_for(node: &Node, time: Duration) -> u64 {
    let mut client = client(node);
    let mut rounds = 100_000;
    loop {
        // The fastest of some: others may have the cores meanwhile.
        let times = [(); 4].map(|()| {
            let begin = Instant::now();
            grind(&mut client, "try", rounds);
            begin.elapsed()
        });
        let took = *times.iter().min().expect("there are some");
        if took > Duration::from_millis(30) {
            return (rounds as f64 * time.as_secs_f64() / took.as_secs_f64()) as u64;
        }
        rounds *= 2;
    }
}

/// How long a short call takes while others compute, in the middle.
fn short_beside_long(node: &Node) -> Duration {
    let rounds = rounds_for(node, Duration::from_millis(200));
    let stop = Arc::new(AtomicBool::new(false));
    let grinders: Vec<_> = JOBS
        .map(|job| {
            let (mut client, stop) = (client(node), stop.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    grind(&mut client, job, rounds);
                }
            })
        })
        .into_iter()
        .collect();
    let mut client = client(node);
    let mut times: Vec<Duration> = (0..TICKS)
        .map(|_| {
            let begin = Instant::now();
            call(&mut client, "/Job/short/tick", "{}".into());
            begin.elapsed()
        })
        .collect();
    stop.store(true, Ordering::Relaxed);
    for grinder in grinders {
        grinder.join().expect("it grinds to the end");
    }
    times.sort();
    times[times.len() / 2]
}

#[test]
fn long_calls_do_not_hold_up_short_ones() {
    let _alone = alone();
    let scratch = Scratch::new("beside_short");
    let (without, with) = (start(&scratch, "0"), start(&scratch, "2"));
    let mut seen = Vec::new();
    for tries in 1..=3 {
        let held_up = short_beside_long(&without);
        let free = short_beside_long(&with);
        assert_eq!(counts(&without)["kept"], 0);
        assert!(counts(&with)["kept"].as_u64() > Some(5));
        assert_eq!(total(&with, "short"), tries * TICKS);
        seen.push((held_up, free));
        if free * 4 < held_up {
            println!("a short call took {held_up:?}, and {free:?} with threads");
            return;
        }
    }
    panic!("short calls without and with threads: {seen:?}");
}

/// Begins one long call and then another one that is a tenth as long; whether the second is answered first.
fn overtakes(node: &Node, first: &'static str, second: &str) -> bool {
    let rounds = rounds_for(node, Duration::from_millis(500));
    let (mut one, mut other) = (client(node), client(node));
    let long = std::thread::spawn(move || {
        grind(&mut one, first, rounds);
        Instant::now()
    });
    while counts(node)["running"] == 0 {
        assert!(!long.is_finished(), "it ran in the ordinary way");
    }
    grind(&mut other, second, rounds / 10);
    let short = Instant::now();
    short < long.join().expect("it is answered")
}

#[test]
fn calls_that_cannot_conflict_go_on_at_the_same_time() {
    let _alone = alone();
    let scratch = Scratch::new("beside_both");
    let node = start(&scratch, "2");
    assert!(overtakes(&node, "one", "other"));
    assert!(!overtakes(&node, "same", "same"), "one waits for the other");
    assert_eq!(counts(&node)["conflicts"], 0);
    let one = start(&scratch, "1");
    assert!(!overtakes(&one, "one", "other"), "there is one thread");
}

#[test]
fn who_was_overtaken_or_sent_astray_comes_to_the_same() {
    let _alone = alone();
    let scratch = Scratch::new("beside_same");
    let node = start(&scratch, "2");
    let rounds = rounds_for(&node, Duration::from_millis(150));
    let mut long = client(&node);
    let mut short = client(&node);

    // Somebody changes what a long call has read.
    let before = counts(&node)["conflicts"].clone();
    let (mut grinds, mut ticks) = (0, 0);
    while counts(&node)["conflicts"] == before && grinds < 20 {
        let grinder = std::thread::spawn({
            let mut long = client(&node);
            move || grind(&mut long, "hot", rounds)
        });
        while !grinder.is_finished() {
            call(&mut short, "/Job/hot/tick", "{}".into());
            ticks += 1;
            std::thread::sleep(Duration::from_millis(5));
        }
        grinder.join().expect("it is answered");
        grinds += 1;
    }
    assert_eq!(total(&node, "hot"), grinds + ticks);
    assert_ne!(counts(&node)["conflicts"], before);

    // What it is about is found while it runs.
    call(&mut short, "/Job/from/point", r#"{"to": "there"}"#.into());
    for _ in 0..4 {
        let body = format!(r#"{{"rounds": {rounds}}}"#);
        call(&mut long, "/Job/from/grind_next", body);
    }
    let body = format!(r#"{{"rounds": {rounds}}}"#);
    let x = call(&mut long, "/Job/from/look", body.clone()).json();
    let odd = x.as_i64().expect("a number") % 2;
    assert_eq!(total(&node, "there"), 4 * odd);
    let missed = counts(&node);
    assert!(missed["misses"].as_u64() > Some(0), "{missed}");

    // Who only reads is told of the state that it saw, however that changes.
    for _ in 0..2 {
        call(&mut long, "/Job/hot/look", body.clone());
    }
    let again = counts(&node);
    assert!(again["kept"].as_u64() > missed["kept"].as_u64(), "{again}");

    // The time does not go back.
    for _ in 0..3 {
        call(&mut long, "/Job/timed/stamp", body.clone());
        call(&mut short, "/Job/short/tick", "{}".into());
    }
    drop(node);
    let log = std::process::Command::new(WEIR)
        .args(["log", "show", "--data", &scratch.join("data-2")])
        .output()
        .expect("it runs");
    let log = String::from_utf8(log.stdout).expect("text");
    let records: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let times = records.iter().filter_map(|record| record["time"].as_str());
    let times: Vec<&str> = times.map(|time| time.trim_end_matches('Z')).collect();
    assert!(times.len() > 10 && times.is_sorted(), "{log}");
    let stamps = records.iter().filter(|r| r["fn"] == "Job.stamp");
    let stamps: Vec<&Value> = stamps.collect();
    let is_its_time = |r: &&&Value| r["writes"][0]["value"] == r["time"];
    assert_eq!(stamps.iter().filter(is_its_time).count(), 3, "{stamps:?}");
}

#[test]
fn explain_says_which_calls_hold_up_others() {
    let scratch = Scratch::new("beside_explain");
    let program = scratch.join("items.weir");
    let text = "entity Item(id: Text) {\n  pub state n: Int = 0\n  pub fn add() { n += 1 }\n}\n\
        pub fn all() -> Int { sum(for i in Item select i.n) }\n";
    std::fs::write(&program, text).expect("it is written");
    let explain = |function: &str| {
        let (code, out, told) = said(WEIR, scratch.path(), &["explain", function, &program]);
        assert_eq!(code, 0, "{told}");
        out
    };
    let line =
        "threads  none of its own, however long it computes: it asks which instances there are\n";
    assert!(explain("all").contains(line), "{}", explain("all"));
    assert!(!explain("Item.add").contains("threads"));
}

#[test]
fn a_kill_in_the_middle_loses_nothing_and_doubles_nothing() {
    let _alone = alone();
    let seed = Random::seed("beside_kill");
    let mut random = Random::new(seed);
    let scratch = Scratch::new("beside_kill");
    // Leaked: where it lies is asked for as long as the process lives.
    let program: &'static str = project(&scratch).leak();
    let mut node = Restarting::start(WEIR, program, &[]);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..6)
        .map(|client| {
            let (mut http, stop) = (node.client(), stop.clone());
            let mut random = Random::new(seed ^ client);
            std::thread::spawn(move || {
                let mut done: Vec<(&str, u64)> = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let number = client * 1_000_000 + done.len() as u64;
                    let job = JOBS[random.below(JOBS.len() as u64) as usize];
                    let rounds = 50_000 + random.below(4_000_000);
                    let key = format!("n{number}");
                    let body = format!(r#"{{"rounds": {rounds}, "number": {number}}}"#);
                    let path = format!("/Job/{job}/grind");
                    let reply = http.post(&path, &[("idempotency-key", &key)], &body);
                    assert_eq!(reply.status, 200, "{reply:?}");
                    done.push((job, number));
                    if random.below(4) == 0 {
                        let again = http.post(&path, &[("idempotency-key", &key)], &body);
                        assert_eq!(reply.body, again.body);
                    }
                }
                done
            })
        })
        .collect();
    for kill in 0..KILLS {
        std::thread::sleep(Duration::from_millis(100 + random.below(250)));
        match kill % 4 {
            2 => node.kill_twice(Duration::from_millis(random.below(60))),
            3 => node.stop(),
            _ => node.kill(),
        }
    }
    stop.store(true, Ordering::Relaxed);
    let clients = clients.into_iter();
    let done: Vec<(&str, u64)> = clients
        .flat_map(|client| client.join().expect("a client ends well"))
        .collect();
    node.kill();
    println!("{} calls over {KILLS} kills, seed {seed}", done.len());
    assert!(done.len() as u64 > 2 * KILLS, "too few calls");
    for job in JOBS {
        let mut http = node.client();
        let reply = http.get(&format!("/Job/{job}"), &[]).json();
        let numbers = reply["numbers"].as_array().expect("a list");
        let mut found: Vec<u64> = numbers.iter().filter_map(Value::as_u64).collect();
        assert_eq!(reply["total"], found.len(), "{job}, seed {seed}");
        let of = done.iter().filter(|(of, _)| *of == job);
        let mut sent: Vec<u64> = of.map(|(_, number)| *number).collect();
        found.sort_unstable();
        sent.sort_unstable();
        assert_eq!(found, sent, "{job}, seed {seed}");
    }
}

//! Timers and loops go on over kills: the next person is called when it is time, nobody is called twice for the same turn,
//! and a device that stops reporting is noticed.
//!
//! The real binary serves `examples/alarms` with a pager that hangs and fails. Its waits of minutes are made seconds in the
//! text of the program, because over HTTP no clock can be moved.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use weir_tests::process::Scratch;
use weir_tests::random::Random;
use weir_tests::restarting::{Patient, Restarting};
use weir_tests::service::{Asked, Service};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const ALARMS: &str = include_str!("../../examples/alarms/alarms.weir");
const KILLS: u64 = 5;
const DEVICES: u64 = 6;
/// Longer than the longest escalation takes on a busy computer.
const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn the_next_person_is_called_although_the_process_is_killed() {
    let seed = Random::seed("alarms_kill");
    let mut random = Random::new(seed);
    let pager = Service::start(seed, |_| Ok(json!(null)));
    let (_folder, program) = program(&[("after 5m", "after 2s")]);
    let mut node = Restarting::start(WEIR, &program, &[("pager", pager.url())]);
    let mut client = node.client();
    for device in 0..DEVICES {
        report(&mut client, &format!("oven{device}"), "91", 0);
    }
    // Every second one is taken by whoever is called after ann.
    let people: Vec<_> = (0..DEVICES)
        .step_by(2)
        .map(|device| {
            let client = node.client();
            std::thread::spawn(move || take(client, &format!("oven{device}")))
        })
        .collect();
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(300 + random.below(900)));
        node.kill();
    }
    let taken: Vec<bool> = people
        .into_iter()
        .map(|person| person.join().expect("a person ends well"))
        .collect();
    let runs = ended_runs(&mut client, DEVICES);
    let asked = pager.calls();
    println!("{} calls over {KILLS} kills, taken: {taken:?}", asked.len());
    for device in 0..DEVICES {
        let name = format!("oven{device}");
        let of: Vec<&Value> = runs.iter().filter(|r| is_of(r, &name)).collect();
        assert_eq!(of.len(), 1, "one escalation of {name}: {runs:?}");
        let is_taken = device % 2 == 0 && taken[device as usize / 2];
        let result = if is_taken { json!("bob") } else { json!(null) };
        assert_eq!(of[0]["result"], result, "{name}");

        let message = format!("{name} is at 91 C");
        let calls: Vec<&Asked> = asked
            .iter()
            .filter(|a| a.body["message"] == message)
            .collect();
        let called: Vec<_> = calls.iter().map(|a| a.body["person"].clone()).collect();
        let line = [json!("ann"), json!("bob"), json!("carol")];
        assert!(line.starts_with(&called), "{name}: {calls:?}");
        let enough = if is_taken { 2 } else { 3 };
        assert!(called.len() >= enough, "{name}: {calls:?}");
        for pair in calls.windows(2) {
            let pause = pair[1].at - pair[0].at;
            assert!(
                pause >= Duration::from_secs(2),
                "{name}, too early: {pause:?}"
            );
        }
    }
}

#[test]
fn silence_is_noticed_once_although_the_process_is_killed() {
    let seed = Random::seed("alarms_kill");
    let mut random = Random::new(seed);
    let pager = Service::start(seed, |_| Ok(json!(null)));
    let (_folder, program) = program(&[("after 10m", "after 8s"), ("after 5m", "after 100ms")]);
    let mut node = Restarting::start(WEIR, &program, &[("pager", pager.url())]);
    let mut client = node.client();
    for kill in 0..KILLS {
        // Each reading disarms one timer and arms another.
        for device in 0..DEVICES {
            report(&mut client, &format!("fridge{device}"), "4.5", kill);
        }
        std::thread::sleep(Duration::from_millis(random.below(200)));
        node.kill();
    }
    std::thread::sleep(Duration::from_millis(500));
    node.kill();
    let until = Instant::now() + PATIENCE;
    for device in 0..DEVICES {
        let path = format!("/Device/fridge{device}/alarm");
        while client.get(&path, &[]).json()["kind"] != "Silent" {
            assert!(Instant::now() < until, "nobody noticed: {path}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let runs = ended_runs(&mut client, DEVICES);
    for device in 0..DEVICES {
        let name = format!("fridge{device}");
        let of = runs.iter().filter(|r| is_of(r, &name)).count();
        assert_eq!(of, 1, "one silence of {name}: {runs:?}");
    }
}

/// The example with other waits, in a folder that lives as long.
fn program(edits: &[(&str, &str)]) -> (Scratch, String) {
    let (mut text, _tests) = ALARMS.split_once("\ntest ").map_or_else(
        || panic!("the example has tests"),
        |(text, tests)| (text.to_owned(), tests),
    );
    for (from, to) in edits {
        assert_eq!(
            text.matches(from).count(),
            1,
            "the example has another {from:?}"
        );
        text = text.replace(from, to);
    }
    let folder = Scratch::new("alarms");
    let path = folder.join("alarms.weir");
    std::fs::write(&path, text).expect("the program is written");
    (folder, path)
}

fn report(client: &mut Patient, device: &str, celsius: &str, number: u64) {
    let key = format!("{device}-{number}");
    let headers = [("weir-roles", "device"), ("idempotency-key", &key)];
    let body = json!({ "celsius": celsius }).to_string();
    let reply = client.post(&format!("/Device/{device}/report"), &headers, &body);
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Acknowledges the alarm of a device when somebody after ann is called; whether that was in time.
fn take(mut client: Patient, device: &str) -> bool {
    let alarm = client.get(&format!("/Device/{device}/alarm"), &[]).json();
    let since = alarm["since"].as_str().expect("it is hot");
    let path = |name: &str| format!("/Escalation/{device}/{since}/{name}");
    let until = Instant::now() + PATIENCE;
    loop {
        let reply = client.get(&path("calling"), &[]);
        // Not begun yet, or ann.
        if reply.status == 200 && !matches!(reply.json().as_str(), Some("ann")) {
            break;
        }
        assert!(
            Instant::now() < until,
            "nobody after ann is called: {reply:?}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let key = format!("{device}-taken");
    let headers = [("weir-roles", "on_call"), ("idempotency-key", &key)];
    let reply = client.post(
        &path("acknowledged"),
        &headers,
        &json!({ "by": "bob" }).to_string(),
    );
    assert!(matches!(reply.status, 202 | 410), "{reply:?}");
    reply.status == 202
}

/// All runs of escalations, when at least so many have ended and none goes on.
fn ended_runs(client: &mut Patient, count: u64) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let path = "/_weir/runs?ended=true&limit=10000&fn=Escalation.run";
        let runs = client.get(path, &[]).json();
        let runs = runs.as_array().expect("a list of runs").clone();
        let has_ended = |run: &Value| run["state"] == "done";
        if runs.len() as u64 >= count && runs.iter().all(has_ended) {
            return runs;
        }
        assert!(Instant::now() < until, "they do not end: {runs:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_of(run: &Value, device: &str) -> bool {
    run["key"].to_string().contains(&format!("\"{device}\""))
}

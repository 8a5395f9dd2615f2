//! Streams: what is consumed in which order, what is given up, what is kept, and when there is too much.

use serde_json::{Value as Json, json};
use weir_contract::Manifest;
use weir_machine::{Answer, Machine};

use crate::scripts::World;

const KEYED: u32 = 0;
const LOOSE: u32 = 1;

fn program(change: impl FnOnce(&mut Json)) -> Manifest {
    let mut json = crate::scripts::json();
    change(&mut json);
    Manifest::from_json(json.to_string().as_bytes()).unwrap()
}

fn stream(machine: &Machine, number: usize) -> Json {
    machine.streams_json().swap_remove(number)
}

#[test]
fn entries_of_a_key_come_one_after_the_other_and_keys_side_by_side() {
    let mut world = World::new();
    world.go("emit a (log a1; sleep 5; log a2); emit a (log a3); emit b (log b1; sleep 1; log b2); emit b (log b3)");
    world.settle();
    assert_eq!(world.log(), "at:0 at:1 at:2 at:3 a1 b1");
    world.pass(1);
    world.restart(3);
    world.pass(10);
    assert_eq!(world.log(), "at:0 at:1 at:2 at:3 a1 b1 b2 b3 a2 a3");
    assert_eq!(stream(&world.machine, 0)["backlog"], 0);
    assert_eq!(stream(&world.machine, 0)["kept"], 4);
}

#[test]
fn without_a_key_so_many_are_consumed_at_one_time() {
    let mut world = World::new();
    let all: Vec<String> = (0..70)
        .map(|n| format!("loose (sleep 5; log l{n})"))
        .collect();
    world.go(&all.join("; "));
    world.settle();
    let shown = stream(&world.machine, 1);
    assert_eq!(shown["consumers"][0]["going"], 64);
    assert_eq!(shown["consumers"][0]["waiting"], 6);
    world.pass(5);
    assert_eq!(stream(&world.machine, 1)["consumers"][0]["going"], 6);
    world.pass(5);
    assert_eq!(stream(&world.machine, 1)["backlog"], 0);
}

#[test]
fn without_a_key_bugs_take_nobodys_place() {
    let mut world = World::new();
    let mut all = vec!["loose (bug)".to_owned(); 64];
    all.extend((0..6).map(|n| format!("loose (log l{n})")));
    world.go(&all.join("; "));
    world.settle();
    assert!(
        world.log().ends_with("l0 l1 l2 l3 l4 l5"),
        "{}",
        world.log()
    );
    assert_eq!(stream(&world.machine, 1)["backlog"], 64);
    world.restart(3);
}

#[test]
fn a_bug_holds_up_its_key_alone_and_what_is_cancelled_can_be_put_back() {
    let mut world = World::new();
    let first = world
        .go("emit a (log a1; bug; log mended); emit a (log a2); emit b (log b1)")
        .run;
    world.settle();
    // What a step with a bug wrote is not there.
    assert_eq!(world.log(), "at:0 at:1 at:2 b1");
    let parked = world.run_json(first + 1);
    assert_eq!(parked["state"], "parked");
    let consumes = json!({ "stream": "keyed", "position": 0, "key": "a" });
    assert_eq!(parked["consumes"], consumes);
    assert_eq!(stream(&world.machine, 0)["consumers"][0]["parked"], 1);
    assert!(!world.retry_entry(KEYED, 0), "nobody gave it up");

    assert!(world.cancel(first + 1));
    world.settle();
    assert_eq!(world.log(), "at:0 at:1 at:2 b1 a2");
    let dead = world.machine.dead_json("keyed").unwrap().unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0]["position"], 0);
    assert_eq!(dead[0]["consumer"], "keyed.on");
    assert_eq!(dead[0]["entry"], "log a1; bug; log mended");
    world.restart(4);

    world.steps.mended = true;
    assert!(world.retry_entry(KEYED, 0));
    world.settle();
    assert_eq!(world.log(), "at:0 at:1 at:2 b1 a2 a1 mended");
    assert!(
        world
            .machine
            .dead_json("keyed")
            .unwrap()
            .unwrap()
            .is_empty()
    );
    assert!(!world.retry_entry(KEYED, 0));
}

#[test]
fn what_is_taken_back_was_never_emitted() {
    let mut world = World::new();
    world.go(
        "try (emit a (log no)); emit a (log yes); sleep 1; try (emit a (log no)); emit a (log too)",
    );
    world.pass(2);
    assert_eq!(world.log(), "at:0 yes at:1 too");
    // With a bug nothing of the step is left.
    world.go("emit a (log no); bug");
    world.go("emit a (log three)");
    world.settle();
    assert_eq!(world.log(), "at:0 yes at:1 too at:2 three");
}

#[test]
fn entries_go_when_their_time_is_over_and_nobody_needs_them() {
    const DAY: i64 = 86_400_000_000;
    let mut world = World::new();
    world.go("emit a (log a1); emit b (bug)");
    world.settle();
    world.pass(6 * DAY);
    world.go("emit a (log a2)");
    world.settle();
    assert_eq!(stream(&world.machine, 0)["kept"], 3);
    world.pass(2 * DAY);
    world.go("emit a (log a3)");
    world.settle();
    // The first is gone; the second is not consumed.
    let kept = world.machine.entries_json("keyed", 0, 10).unwrap().unwrap();
    let positions: Vec<&Json> = kept.iter().map(|entry| &entry["position"]).collect();
    assert_eq!(positions, [1, 2, 3]);
    world.steps.mended = true;
    let run = world.machine.runs().going().next().unwrap().0;
    assert!(world.resume(run));
    world.settle();
    assert_eq!(stream(&world.machine, 0)["first"], 2);
    world.restart(2);
}

#[test]
fn a_new_consumer_begins_with_the_oldest_entry_and_one_that_is_gone_is_forgotten() {
    let mut world = World::new();
    world.go("emit a (log a1); emit a (log a2); emit b (log b1)");
    world.settle();
    // What only reads takes numbers too, and a replay knows nothing of it.
    world.deploy(program(|json| {
        json["program"] = json!("two");
        let mut second = json["functions"][3].clone();
        second["name"] = json!("keyed.on_no2");
        json["functions"].as_array_mut().unwrap().push(second);
        json["streams"][0]["consumers"] = json!([3, 5]);
    }));
    world.settle();
    assert_eq!(world.log(), "at:0 at:1 at:2 a1 b1 a2 a1 b1 a2");
    world.go("emit a (bug); emit a (log last)");
    world.settle();
    world.restart(5);
    // The bug of the one that goes is forgotten with it; the other one's waits.
    world.deploy(crate::scripts::manifest());
    assert_eq!(world.machine.runs().going().len(), 1);
    world.steps.mended = true;
    let run = world.machine.runs().going().next().unwrap().0;
    assert!(world.resume(run));
    world.settle();
    assert!(world.log().ends_with("at:3 at:4 last"), "{}", world.log());
    assert_eq!(stream(&world.machine, 0)["backlog"], 0);
    world.restart(1);
}

#[test]
fn a_program_that_would_lose_entries_is_refused() {
    let mut world = World::new();
    world.go("emit a (log a1); emit a (bug)");
    world.settle();
    let mut refused = |change: fn(&mut Json)| {
        let manifest = program(change);
        world.machine.deploy(&manifest, world.now).unwrap_err().0
    };
    assert_eq!(
        refused(|json| json["streams"][0]["name"] = json!("other")),
        [
            "stream keyed is gone, but keeps 2 entries: a stream that is called otherwise is another one"
        ]
    );
    let other_type = refused(|json| {
        json["streams"][0]["ty"] = json!("int");
        json["functions"][3]["params"][0]["ty"] = json!("int");
    });
    assert!(
        other_type.contains(&"stream keyed is of another type, but keeps 2 entries".to_owned()),
        "{other_type:?}"
    );
    assert_eq!(
        refused(|json| json["streams"][0]["key"] = json!("int")),
        ["the key of stream keyed is of another type, but 1 of its entries wait to be consumed"]
    );
    // A run that is in the middle of its work is not thrown away.
    world.go("loose (sleep 50; log l)");
    world.settle();
    let gone = program(|json| {
        json["streams"][1]["consumers"] = json!([]);
        json["functions"][4]["name"] = json!("other");
        json["functions"][4]["params"] = json!([]);
    });
    assert_eq!(
        world.machine.deploy(&gone, world.now).unwrap_err().0,
        ["1 run sleeps in loose.on, which is gone"]
    );
}

#[test]
fn when_there_is_too_much_callers_come_later_and_runs_wait() {
    let full = program(|json| {
        json["limits"] = json!({ "backlog": 2 });
        for at in [0, 2, 3] {
            json["functions"][at]["emits"] = json!([0]);
        }
        for frame in json["frames"].as_array_mut().unwrap() {
            frame["emits"] = json!([0]);
        }
    });
    let mut world = World::with(full);
    let waits = world.order("o", "sleep 1; emit c (log c1)").run;
    world.go("emit a (log a1; sleep 5; log a2); emit a (log a3)");
    world.settle();
    world.is_full = true;
    let refused = world.go("emit a (log no)");
    assert_eq!(refused.answer, Answer::Full(KEYED));
    assert!(refused.record.is_none());
    // The order is held up, and nothing of it changes.
    world.pass(2);
    // Another program lets it go, and it is held up again.
    let mut other = world.manifest.clone();
    other.program = "other".to_owned();
    world.deploy(other);
    world.settle();
    assert_eq!(world.log(), "at:0 at:1 a1");
    assert_eq!(world.machine.next_due(), Some(world.now + 3));
    assert_eq!(world.run_json(waits)["state"], "waiting");
    world.is_full = false;
    world.pass(3);
    assert_eq!(world.log(), "at:0 at:1 a1 a2 at:2 a3 c1");
    assert!(matches!(
        world.go("emit a (log yes)").answer,
        Answer::Output(_)
    ));
}

#[test]
fn what_consumes_is_not_held_up_by_its_own_stream() {
    let full = program(|json| {
        json["limits"] = json!({ "backlog": 1 });
        for at in [0, 3] {
            json["functions"][at]["emits"] = json!([0]);
        }
    });
    let mut world = World::with(full);
    world.is_full = true;
    world.go("emit a (log a1; emit a (log a2; emit b (log b1)))");
    world.settle();
    assert_eq!(world.log(), "at:0 a1 at:1 a2 at:2 b1");
    assert_eq!(stream(&world.machine, LOOSE as usize)["kept"], 0);
}

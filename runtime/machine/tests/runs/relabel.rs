//! Another program comes into force while runs sleep.

use crate::scripts::World;
use serde_json::{Value as Json, json};
use weir_contract::Manifest;

fn program(change: impl FnOnce(&mut Json)) -> Manifest {
    let mut json = crate::scripts::json();
    change(&mut json);
    Manifest::from_json(json.to_string().as_bytes()).unwrap()
}

/// Another order of everything: a new first error, frames the other way round, events and externs swapped. Entries stay,
/// so that the scripts' steps can go on.
fn shuffled() -> Manifest {
    program(|json| {
        json["program"] = json!("shuffled");
        json["externs"].as_array_mut().unwrap().reverse();
        let functions = json["functions"].as_array_mut().unwrap();
        functions.swap(0, 1);
        json["entities"].as_array_mut().unwrap().push(json!({
            "name": "More", "keys": [{ "name": "id", "ty": "int" }], "fields": [], "slots": [],
        }));
    })
}

/// Two errors have changed places.
pub fn renumbered() -> Manifest {
    program(|json| {
        let defs = json["defs"].as_array_mut().unwrap();
        defs.swap(2, 3);
        json["failures"]["unavailable"] = json!(3);
        json["failures"]["unknown"] = json!(2);
    })
}

fn refusal(world: &mut World, manifest: &Manifest) -> Vec<String> {
    world.machine.deploy(manifest, world.now).unwrap_err().0
}

#[test]
fn sleeping_runs_go_on_in_a_program_with_other_numbers() {
    let mut world = World::new();
    let order = world.order(
        "o",
        "undo u; sleep 5; charge 7; post 8; wait 0; par (sleep 1) (log b); fail",
    );
    world.order("p", "sleep 10; log p");
    world.go("sub (sleep 20; log g); log h");
    world.event("o", 0, "early");
    world.deploy(shuffled());
    world.pass(5);
    world.deploy(crate::scripts::manifest());
    world.answer(None);
    world.settle();
    world.deploy(shuffled());
    assert_eq!(
        world.run_json(order.run)["strands"][0]["waits_for"],
        "payments.post"
    );
    // The scripts name externs by number.
    world.deploy(crate::scripts::manifest());
    world.answer(None);
    world.pass(1);
    world.deploy(shuffled());
    world.pass(100);
    assert_eq!(
        world.log(),
        "answer:8 answer:9 approved:early b joined:[0,0] undo:u p g ok h"
    );
    assert_eq!(world.run_json(order.run)["result"]["error"], "Refused");
    world.restart(4);
    assert_eq!(world.run_json(order.run)["state"], "failed");
}

#[test]
fn errors_with_other_numbers_are_renumbered_in_what_waits() {
    let mut world = World::new();
    let order = world.order("o", "charge 1; log end");
    world.answer(Some(2));
    world.deploy(renumbered());
    world.settle();
    assert_eq!(world.log(), "error:3 end");
    assert_eq!(world.run_json(order.run)["state"], "done");
}

#[test]
fn a_place_that_is_gone_is_a_reason_to_refuse() {
    let mut world = World::new();
    world.order("o", "sleep 5; log a");
    world.order("p", "sleep 6; log a");
    world.go("undo x; charge 1");
    world.go("note_after 100 k text");
    let without = |label: &'static str| {
        program(move |json| {
            let frames = json["frames"].as_array_mut().unwrap();
            frames.retain(|f| f["label"] != label);
        })
    };
    assert_eq!(
        refusal(&mut world, &without("go#unit")),
        ["2 runs sleep at `go#unit`, which is gone"]
    );
    assert_eq!(
        refusal(&mut world, &without("go#undo")),
        ["1 run sleeps at `go#undo`, which is gone"]
    );
    world.deploy(without("go#joined"));
    let cell = |change: fn(&mut Json)| program(move |json| change(&mut json["frames"][0]["cells"]));
    assert_eq!(
        refusal(&mut world, &cell(|cells| cells[0]["ty"] = json!("bytes"))),
        ["2 runs sleep at `go#unit`, where `script` is of another type"]
    );
    assert_eq!(
        refusal(&mut world, &cell(|cells| *cells = json!([]))),
        ["2 runs sleep at `go#unit`, where `script` is gone"]
    );
    let more = json!([{ "name": "script", "ty": "text" }, { "name": "more", "ty": "int" }]);
    let grown = program(move |json| json["frames"][0]["cells"] = more);
    assert_eq!(
        refusal(&mut world, &grown),
        ["2 runs sleep at `go#unit`, which now needs `more`"]
    );
    let without_note = program(|json| {
        json["functions"][1]["name"] = json!("remark");
    });
    assert_eq!(
        refusal(&mut world, &without_note),
        ["1 run sleeps in note, which is gone"]
    );
}

#[test]
fn results_of_runs_outlive_their_types() {
    let mut world = World::new();
    let order = world.order("o", "log a");
    world.deploy(program(|json| {
        json["functions"][2]["returns"] = json!("int")
    }));
    let shown = world.run_json(order.run);
    assert_eq!(
        (&shown["state"], &shown["result"]),
        (&json!("done"), &Json::Null)
    );
    world.restart(1);
    assert_eq!(world.run_json(order.run), shown);
}

#[test]
fn an_answer_to_a_call_of_the_program_before_is_read_as_that_program_would() {
    let (old, new) = (crate::scripts::manifest(), renumbered());
    let unavailable = weir_machine::failed_output(weir_contract::DefId(2));
    let carried = weir_machine::carry_answer(&old, &new, 0, &unavailable);
    assert_eq!(carried, Some(vec![1, 3]));
    assert_eq!(
        weir_machine::carry_answer(&old, &new, 0, &[0, 14]),
        Some(vec![0, 14])
    );
    assert_eq!(weir_machine::carry_answer(&old, &new, 9, &[0, 14]), None);
}

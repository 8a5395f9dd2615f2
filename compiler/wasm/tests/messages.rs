//! What a step leaves to be done later, what it asks of the place it runs at, and calls that take no room.

mod world;

use std::time::Duration;

use weir_contract::encode::put_int;
use weir_contract::{DefId, Type, Value};
use weir_engine::Limits;
use weir_flow::ir::{EntryId, Workflow};
use weir_machine::asking::Surroundings;
use weir_machine::chance::Chance;
use weir_machine::{State, Transaction};
use world::live::Live;
use world::parts::{event, outside};
use world::{World, text, world_of};

fn world_with(limits: Limits) -> World {
    let mut module = weir_flow::text::parse(include_str!("messages.ir")).unwrap();
    let run = module.entries.iter().position(|e| e.name == "run").unwrap();
    module.entities[0].workflow = Some(Workflow {
        run: EntryId(run as u32),
        events: vec![
            event("cancelled", &[]),
            event("paid", &[("by", Type::Text)]),
        ],
        begins: false,
        event_enum: DefId(0),
    });
    module.externs = vec![outside("look", &[]), outside("ask", &[("n", Type::Int)])];
    world_of(module, limits)
}

fn world() -> World {
    world_with(Limits::default())
}

fn messages() -> Live {
    Live::new(world())
}

fn order(id: &str) -> Value {
    Value::Record(vec![text(id)])
}

/// Answer of a step that gives the number of the run after its own.
fn next_number(live: &Live) -> String {
    let mut number = vec![];
    put_int(&mut number, live.run as i64 + 1);
    let hex: String = number.iter().map(|b| format!("{b:02x}")).collect();
    format!("ok {hex}")
}

#[test]
fn a_message_to_a_function() {
    let mut live = messages();
    let told = live.call("send", &[], &[Value::Int(-1)]);
    // No instance, no delay; the argument that was left out is an option.
    assert_eq!(told, ["send taken - 0100".to_owned(), next_number(&live)]);
}

#[test]
fn a_message_to_an_instance() {
    let cases = [(5, 5), (0, 0), (-1, 0), (i64::MIN, 0), (i64::MAX, i64::MAX)];
    let mut live = messages();
    for (delay, after) in cases {
        let args = [order("a"), Value::Duration(delay)];
        let told = live.call("send_to", &[], &args);
        let message = format!("send handler 610001 036e6f77 after {after}");
        assert_eq!(told, [message, next_number(&live)]);
    }
}

#[test]
fn events() {
    let mut live = messages();
    let args = [order("a"), Value::Duration(9)];
    assert_eq!(
        live.call("event", &[], &args),
        [
            "event 1 610001 0463617264",
            "event 1 610001 0463617264 after 9",
            "event 0 610001 - after 9",
            "ok -"
        ]
    );
}

#[test]
fn what_entries_do_later() {
    let mut live = messages();
    let told = live.call("cancel", &[], &[Value::Int(12)]);
    assert_eq!(told, ["cancel 12", "ok -"]);
    let told = live.call("later", &[], &[Value::Int(3), text("é")]);
    assert_eq!(
        told,
        [
            "undo undo 0602c3a9",
            "branch branch 06",
            "branch idle -",
            "mock 1 mock 02c3a9",
            "crash_at é",
            "ok -"
        ]
    );
}

/// What is taken back leaves no gap.
#[test]
fn entries_of_streams() {
    let mut live = messages();
    let args = [Value::Int(7), text("é"), Value::Time(99)];
    // The key ends by itself, as keys do; without a time of its own an entry has that of the step.
    assert_eq!(
        live.call("emit", &[], &args),
        [
            "emit 0 0 c3a90001 0e at 99",
            "emit 1 0 - 02c3a9 at 0",
            "emit 0 1 c3a90001 00 at 99",
            "ok 02"
        ]
    );
}

/// Their entries are entries like others: all parameters one after the other.
#[test]
fn entries_for_later_run() {
    let mut w = world();
    assert_eq!(w.call("undo", &[], &[Value::Int(1), text("x")]), "()");
    assert_eq!(w.ints("branch", &[5]), "5");
    assert_eq!(w.call("idle", &[], &[]), "()");
    assert_eq!(w.call("mock", &[], &[text("x"), Value::Int(1)]), "x");
}

/// A step at the same place.
fn first_step_of(run: u64) -> Transaction {
    let around = Surroundings {
        chance: Chance::new(run, 0),
        ..Surroundings::default()
    };
    Transaction::begin_in(State::default(), around)
}

#[test]
fn chance_comes_from_the_place_of_the_step() {
    let mut live = messages();
    for _ in 0..20 {
        let told = live.call("random", &[], &[]);
        let bits = first_step_of(live.run).random();
        let expected = (bits >> 11) as f64 / (1u64 << 53) as f64;
        let hex: String = expected
            .to_le_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(told, [format!("ok {hex}")]);
    }
    let told = live.call("fresh", &[], &[]);
    let mut step = first_step_of(live.run);
    let (first, second) = (step.fresh(), step.fresh());
    let hex = |id: &[u8]| id.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (first, second) = (hex(&first), hex(&second));
    assert_eq!(told, [format!("ok 031a{first}1a{second}34{first}{second}")]);
}

#[test]
fn the_host_says_when_a_step_is_full() {
    let mut live = messages();
    assert_eq!(live.call("full", &[], &[]), ["ok 00"]);
    live.machine.step_cap.transactions = 0;
    assert_eq!(live.call("full", &[], &[]), ["ok 01"]);
}

#[test]
fn a_million_tail_calls_need_one_frame() {
    let mut w = world();
    assert_eq!(w.ints("sum", &[1_000_000, 0]), "500000500000");
    // Between functions of different parameters, some of them beyond the registers.
    assert_eq!(w.ints("even", &[1_000_000]), "true");
    assert_eq!(w.ints("even", &[1_000_001]), "false");
}

#[test]
fn endless_tail_calls_are_stopped() {
    let mut w = world_with(Limits {
        step: Duration::from_millis(30),
        ..Limits::default()
    });
    assert_eq!(w.ints("endless", &[1]), "bug step_too_long !1");
}

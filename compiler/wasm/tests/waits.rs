//! Steps that end in the middle of functions: what they hand over, and how the rest goes on with it.

mod world;

use weir_contract::{DefId, Type, Value};
use weir_engine::Limits;
use weir_flow::ir::{EntryId, Module, Workflow};
use world::live::Live;
use world::parts::{event, outside};
use world::{text, world_of};

fn module() -> Module {
    weir_flow::text::parse(include_str!("waits.ir")).unwrap()
}

fn waits() -> Live {
    let mut module = module();
    let pay = [("to", Type::Text), ("sum", Type::Int)];
    module.externs = vec![outside("look", &[]), outside("pay", &pay)];
    module.entities[0].workflow = Some(Workflow {
        run: EntryId(4),
        events: vec![event("paid", &[("by", Type::Text)])],
        begins: false,
        event_enum: DefId(1),
    });
    Live::new(world_of(module, Limits::default()))
}

fn int(n: i64) -> Value {
    Value::Int(n)
}

fn limit(us: i64) -> Value {
    Value::Option(Some(Box::new(Value::Duration(us))))
}

#[test]
fn caller_and_callee_end_together() {
    let mut live = waits();
    assert_eq!(
        live.call("outer", &[], &[int(3)]),
        [
            "frame outer.behind 06046b657074",
            "frame inner.behind 06",
            "sleep 0a"
        ]
    );
    assert!(live.step(4).is_empty());
    // The inner one's value goes to the outer one: "kept63".
    assert_eq!(live.step(5), ["ok 066b6570743633"]);
}

#[test]
fn what_does_not_wait_ends_at_once() {
    let mut live = waits();
    assert_eq!(live.call("outer", &[], &[int(0)]), ["ok 066b6570743030"]);
    // No step knows of the suspension of another.
    assert_eq!(live.call("outer", &[], &[int(1)]).len(), 3);
    assert_eq!(live.call("outer", &[], &[int(0)]), ["ok 066b6570743030"]);
}

#[test]
fn what_goes_on_may_wait_again() {
    let mut live = waits();
    assert_eq!(live.call("outer", &[], &[int(10)]).len(), 3);
    // The outer frame stays as it is.
    assert_eq!(live.step(5), ["frame inner.behind 28", "sleep 0c"]);
    assert_eq!(live.step(11), ["ok 086b65707434303130"]);
}

#[test]
fn a_run_goes_on_with_its_instance() {
    let mut live = waits();
    for (key, n, count) in [("a", 4, "ok 08"), ("b", 5, "ok 0a")] {
        let key = [text(key)];
        assert_eq!(live.call("run", &key, &[int(n)])[1], "yield -");
        assert_eq!(live.step(0), [count]);
        assert_eq!(live.call("count", &key, &[]), [count]);
    }
    assert_eq!(live.call("count", &[text("c")], &[]), ["ok 00"]);
}

#[test]
fn a_guard_is_only_asked() {
    let mut world = waits().world;
    let key = [text("a")];
    // Its function would crash.
    assert_eq!(world.call("guarded", &key, &[text("x")]), "()");
    assert_eq!(world.call("shut", &key, &[]), "()");
    assert_eq!(world.call("guarded", &key, &[text("x")]), "denied");
}

#[test]
fn a_result_of_any_representation_can_be_missing() {
    let mut live = waits();
    assert_eq!(
        live.call("fails", &[], &[int(-2)]),
        ["frame fails.behind 03", "yield -"]
    );
    assert_eq!(live.step(0), ["failed 0203"]);
    assert_eq!(live.call("fails", &[], &[int(2)]), ["ok 04"]);
    assert_eq!(live.call("float", &[], &[])[1], "yield -");
    assert_eq!(live.step(0), ["ok 000000000000f83f"]);
    assert_eq!(live.call("settle", &[], &[])[1], "settle -");
    assert_eq!(live.step(0), ["ok -"]);
}

#[test]
fn each_wait_says_what_it_is_for() {
    let none = Value::Option(None);
    // Waiting for events is only for a workflow's run; the programs of the examples do it.
    let cases: [(&str, Vec<Value>, &str); 10] = [
        ("sleep", vec![Value::Duration(-2)], "sleep 03"),
        ("sleep_until", vec![Value::Time(64)], "sleep_until 8001"),
        // The function's number, the limit, its arguments.
        (
            "extern",
            vec![limit(3), text("ann"), int(5)],
            "extern 02010603616e6e0a",
        ),
        (
            "extern",
            vec![none.clone(), text(""), int(0)],
            "extern 02000000",
        ),
        ("run it", vec![int(7), limit(3)], "run 0e0106"),
        ("run it", vec![int(0), none], "run 0000"),
        ("join_list", vec![], "join 0100"),
        ("join_fallible", vec![], "join 0001"),
        ("advance", vec![Value::Duration(4)], "advance 08"),
        ("settle", vec![], "settle -"),
    ];
    for (name, args, wait) in cases {
        let told = waits().call(name, &[], &args);
        assert_eq!(told, ["frame unit.behind -", wait]);
    }
}

/// Cells are written where nothing was reserved: the memory grows meanwhile.
#[test]
fn cells_may_be_large() {
    let mut live = waits();
    let long = "x".repeat(150);
    let told = live.call("many_cells", &[], &[text(&long)]);
    let cells = told[0].strip_prefix("frame many_cells.behind ").unwrap();
    assert_eq!(cells.len(), 2 * 2 * (2 + 3000 * 152));
    assert_eq!(live.step(0), ["ok e05d"]);
}

#[test]
fn the_same_module_gives_the_same_bytes() {
    assert_eq!(weir_wasm::compile(&module()), weir_wasm::compile(&module()));
}

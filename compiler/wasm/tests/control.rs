//! Blocks of every shape, and steps that do not end well: deep recursion, endless loops, too much memory.

mod world;

use std::time::Duration;

use weir_contract::Value;
use weir_engine::Limits;
use world::{World, text, world, world_with};

const SHAPES: &str = include_str!("shapes.ir");

fn shapes() -> World {
    world(SHAPES)
}

#[test]
fn loops_nest() {
    let mut w = shapes();
    let expected: i64 = (0..7)
        .flat_map(|i| (0..i).map(move |j| if j == 3 { 100 } else { i * j }))
        .sum();
    assert_eq!(w.ints("nested", &[7]), expected.to_string());
}

#[test]
fn switches_find_their_case() {
    let mut w = shapes();
    let kind = |tag, fields| Value::Variant(tag, fields);
    assert_eq!(w.call("switch", &[], &[kind(0, vec![])]), "10");
    assert_eq!(w.call("switch", &[], &[kind(1, vec![Value::Int(5)])]), "5");
    assert_eq!(w.call("switch", &[], &[kind(2, vec![])]), "99");
    assert_eq!(w.call("switch", &[], &[kind(3, vec![])]), "99");
}

#[test]
fn a_switch_can_be_a_loop() {
    let mut w = shapes();
    assert_eq!(w.ints("state_machine", &[5]), "16");
}

#[test]
fn deep_recursion_is_a_bug_of_the_step() {
    let mut w = shapes();
    assert_eq!(w.ints("deep", &[1000]), "1000");
    assert_eq!(w.ints("deep", &[10_000_000]), "bug stack_overflow !2");
    assert_eq!(w.ints("deep", &[1000]), "1000");
}

#[test]
fn an_endless_loop_is_a_bug_of_the_step() {
    let limits = Limits {
        step: Duration::from_millis(30),
        ..Limits::default()
    };
    let mut w = world_with(SHAPES, limits);
    assert_eq!(w.ints("endless", &[1]), "bug step_too_long !3");
    assert_eq!(w.ints("deep", &[3]), "3");
}

#[test]
fn too_much_memory_is_a_bug_of_the_step() {
    let limits = Limits {
        memory_bytes: 4 << 20,
        step: Duration::from_secs(20),
        ..Limits::default()
    };
    let mut w = world_with(SHAPES, limits);
    assert_eq!(w.ints("huge", &[10_000_000]), "bug step_too_large !4");
    assert_eq!(w.ints("huge", &[1000]), "1000");
    assert_eq!(w.ints("double", &[60]), "bug step_too_large !4");
    assert_eq!(w.ints("double", &[10]), "1024");
}

#[test]
fn lists_are_values() {
    let mut w = shapes();
    // Two lists grow from one; neither sees the other's element.
    assert_eq!(
        w.ints("shared", &[1]),
        "[[1, 2], [1, 3], [1, 2, 4], [9, 3]]"
    );
    assert_eq!(
        w.ints("slices", &[0]),
        "[[1, 2], [1, 2, 7], [2, 3], [], [0, 1, 2, 3, 2, 3]]"
    );
    assert_eq!(w.ints("at", &[3]), "3");
    assert_eq!(w.ints("at", &[4]), "bug index_out_of_range !2");
    assert_eq!(w.ints("at", &[-1]), "bug index_out_of_range !2");
}

#[test]
fn a_crash_says_why() {
    let mut w = shapes();
    assert_eq!(
        w.call("crash", &[], &[text("no such order")]),
        "bug missing_key !5: no such order"
    );
}

#[test]
fn the_library_is_there() {
    let mut w = shapes();
    assert_eq!(w.call("lib", &[], &[text("straße")]), r#"["STRASSE", "6"]"#);
    assert_eq!(w.ints("pow", &[64]), "bug overflow !2");
    assert_eq!(w.ints("pow", &[10]), "1024");
}

#[test]
fn parts_of_collections_in_state() {
    let mut w = shapes();
    assert_eq!(
        w.call("parts", &[text("k")], &[]),
        r#"["2", "c", "None", "Some(\"x\")", "true", "false", "1"]"#
    );
    assert_eq!(w.call("list_at", &[text("k")], &[Value::Int(1)]), "c");
    assert_eq!(
        w.call("list_at", &[text("k")], &[Value::Int(2)]),
        "bug index_out_of_range !2"
    );
    assert_eq!(
        w.call("when", &[text("k")], &[Value::Option(None)]),
        "1970-01-01T00:00:01Z ann None"
    );
    let given = Value::Option(Some(Box::new(Value::Int(4))));
    assert_eq!(
        w.call("when", &[text("k")], &[given]),
        "1970-01-01T00:00:01Z ann Some(4)"
    );
}

/// Thousands of conditions one after the other, as in a long test: neither compiler nor engine may
/// run out of stack.
#[test]
fn a_long_function_is_not_a_deep_one() {
    let mut source = String::from(
        "file \"t.weir\"\nsite 0 0 0 0\nsite 1 0 1 2\nfn @long(r0: Int) -> Int {\n  r1: Int\n  r2: Bool\nb0:\n  r1 = const 0\n  jump b1\n",
    );
    let conditions = 3000;
    for i in 0..conditions {
        let at = 1 + 4 * i;
        // One that crashes, then one whose arms meet again.
        source += &format!(
            "b{at}:\n  r2 = ge r0, r1\n  branch r2, b{}, b{}\n",
            at + 1,
            at + 2
        );
        source += &format!(
            "b{}:\n  r2 = eq r0, r1\n  branch r2, b{}, b{}\n",
            at + 1,
            at + 3,
            at + 4
        );
        source += &format!("b{}:\n  crash expect_failed !1\n", at + 2);
        source += &format!("b{}:\n  r0 = sub r0, r1\n  jump b{}\n", at + 3, at + 4);
    }
    source += &format!("b{}:\n  return r0\n}}\n", 1 + 4 * conditions);
    source += "entry function \"long\" (\"n\": Int) = @long anyone pure !1\n";
    let mut w = world(&source);
    assert_eq!(w.ints("long", &[5]), "5");
    assert_eq!(w.ints("long", &[-5]), "bug expect_failed !1");
}

//! Programs and what they mean: each case is a program with `test` blocks, and how each of them ends.

use crate::support::{check, expect, run};
use weir_meaning::{Caller, Outcome, Target, World};

#[test]
fn the_examples_pass_their_own_tests() {
    for source in [
        include_str!("../../../../examples/counter/counter.weir"),
        include_str!("../../../../examples/bank/bank.weir"),
        include_str!("../../../../examples/inventory/inventory.weir"),
        include_str!("../../../../examples/shop/shop.weir"),
        include_str!("../../../../examples/alarms/alarms.weir"),
        include_str!("../../../../examples/support/support.weir"),
    ] {
        for line in run(source).lines() {
            assert!(line.ends_with(": ok"), "{line}");
        }
    }
}

#[test]
fn programs_of_other_tests_mean_what_they_say_there() {
    for source in [
        include_str!("../../../../tests/waits/choosing.weir"),
        include_str!("../../../../tests/waits/mocks.weir"),
        include_str!("../../../../tests/waits/naming.weir"),
        include_str!("../../../../tests/waits/outside.weir"),
        include_str!("../../../../tests/waits/parallel.weir"),
        include_str!("../../../../tests/waits/ranges.weir"),
    ] {
        for line in run(source).lines() {
            assert!(line.ends_with(": ok"), "{line}");
        }
    }
}

const COUNTER: &str = r#"
error Stop
entity C(k: Text) {
  pub state n: Int = 0
  state seen: List<Int> = []
  invariant n < 100
  pub fn add(by: Int) { n += by; seen.push(by) }
  pub fn add_and_stop(by: Int) fails Stop { n += by; fail Stop }
  pub fn both(by: Int) fails Stop { add(by); C("other").add_and_stop(by)? }
  pub fn tries(by: Int) { add(by); let _ = C("other").both(by) }
  pub fn too_far_and_back() { n = 1000; n = 1 }
  pub fn too_far() { n = 1000 }
  pub fn through() { C("other").too_far(); C("other").add(0 - 950) }
  pub fn sum() -> Int = seen.fold(0, (a, b) => a + b)
}
"#;

#[test]
fn a_handler_that_fails_has_changed_nothing() {
    let tests = r#"
test "own writes and those of others" {
  expect C("a").both(5) is Stop
  expect C("a").n == 0 and C("other").n == 0 and C("a").sum() == 0
}
test "what the caller did stays when it goes on" {
  C("a").tries(5)
  expect C("a").n == 5 and C("a").sum() == 5 and C("other").n == 0
}
test "transactions that ended stay" {
  C("a").add(5)
  C("a").both(6)?
}
"#;
    let outcome = "own writes and those of others: ok\nwhat the caller did stays when it goes on: ok\n\
        transactions that ended stay: failed Stop";
    expect(&format!("{COUNTER}{tests}"), outcome);
}

#[test]
fn invariants_are_looked_at_when_the_outermost_transaction_ends() {
    let tests = r#"
test "broken" { C("a").too_far() }
test "broken and mended inside" { C("a").too_far_and_back() }
test "broken and mended by the caller" { C("a").through() }
test "an atomic block is one transaction" {
  atomic { C("a").too_far(); C("a").add(-950) }
  expect C("a").n == 50
}
test "outside one each handler is its own" { C("a").too_far(); C("a").add(-950) }
"#;
    let outcome = "broken: invariant_broken in line 6\nbroken and mended inside: ok\n\
        broken and mended by the caller: ok\nan atomic block is one transaction: ok\n\
        outside one each handler is its own: invariant_broken in line 6";
    expect(&format!("{COUNTER}{tests}"), outcome);
}

#[test]
fn bugs_say_where() {
    expect(
        r#"
fn down(n: Int) -> Int = down(n + 1) + 1
fn spin() { while true { } }
test "overflow" {
  let big = 9_223_372_036_854_775_807
  expect big + 1 == 0
}
test "division" { expect 1 / (2 - 2) == 0 }
test "index" { let xs = [1]
  expect xs[1] == 0 }
test "missing" { var m: Map<Text, Int> = [:]
  m["a"] += 1 }
test "expect" { expect 1 == 2 }
test "deep" { expect down(0) == 0 }
test "long" { spin() }
"#,
        "overflow: overflow in line 6\ndivision: divide_by_zero in line 8\nindex: index_out_of_range in line 10\n\
        missing: missing_key in line 12\nexpect: expect_failed in line 13\ndeep: stack_overflow in line 2\n\
        long: step_too_long in line 3",
    );
}

#[test]
fn values_have_no_identity() {
    expect(
        r#"
record P(x: Int, tags: List<Text>)
test "copies" {
  var a = [1, 2]
  let b = a
  a.push(3)
  a[0] = 9
  expect a == [9, 2, 3] and b == [1, 2]
  var p = P(1, [])
  let q = p.with(x: 2)
  p.tags.push("t")
  expect p == P(1, ["t"]) and q == P(2, [])
  var m: Map<Text, List<Int>> = [:]
  m["a"] = [1]
  m["a"].push(2)
  expect m["a"] == Some([1, 2]) and m["b"] == None
}
test "a place is looked up after the value is known" {
  var xs = [1]
  for x in xs { xs.push(x + 1) }
  expect xs == [1, 2]
}
test "text" {
  expect "{1} {1.50} {P(1, ["a"])} {Some("x")}" == "1 1.5 P(x: 1, tags: [\"a\"]) Some(\"x\")"
}
"#,
        "copies: ok\na place is looked up after the value is known: ok\ntext: ok",
    );
}

#[test]
fn callers_are_let_in_or_not() {
    let (_, checked) = check(
        r#"
entity E(owner: UserId) {
  state n: Int = 0
  allow caller.id == owner
  pub fn mine() -> Int { n += 1; n }
  @role("teller") pub fn told() -> Int = 1
  @anyone pub fn open() -> Int = 2
}
"#,
    );
    let mut world = World::new(&checked);
    let mut call = |name: &str, who: &str, role: &str| {
        let position = checked
            .functions
            .iter()
            .position(|f| f.name == name)
            .expect(name);
        let keys = vec![weir_contract::Value::Text("ann".into())];
        let target = Target::Handler(weir_check::hir::FnId(position as u32), keys);
        let caller = Caller {
            id: who.into(),
            roles: [role.to_owned()].into(),
        };
        world.call(&target, &[], &caller, 0) != Outcome::Denied
    };
    assert!(call("mine", "ann", ""));
    assert!(!call("mine", "bob", "teller"));
    assert!(call("told", "bob", "teller"));
    assert!(!call("told", "ann", ""));
    assert!(!call("told", "", "teller"));
    assert!(call("open", "", ""));
    assert!(!call("mine", "", ""));
}

//! The rules of workflows, each told by a program with tests of its own.

use crate::support::expect;

/// Where each thing that happens leaves a mark.
const TRACE: &str = r#"
error Stop(at: Text)
entity Trace(k: Text) {
  pub state seen: List<Text> = []
  pub fn note(what: Text) { seen.push(what) }
  pub fn refuse(what: Text) fails Stop { seen.push(what); fail Stop(what) }
}
fn seen() -> Text = Trace("t").seen.join(" ")
"#;

#[track_caller]
fn all_ok(source: &str) {
    let source = format!("{TRACE}{source}");
    let tests = source.matches("\ntest \"").count();
    let shown = crate::support::run(&source);
    let ok = shown.lines().filter(|line| line.ends_with(": ok")).count();
    assert!(ok == tests && tests > 0, "{shown}\n{source}");
}

#[test]
fn code_stops_in_the_middle_of_any_expression() {
    all_ok(
        r#"
fn later(n: Int) -> Int { sleep(1m); n }
fn count(n: Int) -> Int = if n == 0 { later(0) } else { count(n - 1) + later(1) }
fn first_even(xs: List<Int>) -> Int? {
  for x in xs {
    var y = 0
    while true {
      if later(y) > x { break }
      y += 1
      if later(y) == 3 { continue }
      if x % 2 == 0 and later(y) == x { return Some(x) }
    }
  }
  None
}
test "operands, arguments, conditions" {
  let start = now()
  expect later(1) - later(2) * later(3) == -5
  expect [later(1), later(later(2))] == [1, 2]
  expect if later(1) == 1 { later(2) } else { later(3) } == 2
  expect now() - start == 8m
}
test "arms and places" {
  var xs = [0, 0]
  xs[later(1)] = match later(7) { 7 => later(5), _ => 0 }
  xs[later(0)] += later(2)
  expect xs == [2, 5]
}
test "loops and recursion" {
  expect count(5) == 5
  expect first_even([1, 3, 2, 5]) == Some(2)
  expect first_even([1]) == None
}
"#,
    );
}

#[test]
fn each_transaction_stays_when_the_function_fails_later() {
    all_ok(
        r#"
workflow W(k: Text) {
  pub state n: Int = 0
  fn add() { n += 1 }
  fn add_and_stop() fails Stop { n += 10; fail Stop("add") }
  fn run() fails Stop {
    n += 1
    add()
    let _ = add_and_stop()
    let refused = atomic { Trace("t").note("a"); Trace("t").refuse("b") }
    sleep(1m)
    n += 1
    fail Stop("run")
  }
}
test "kept" {
  expect W("a").run() is Stop("run")
  expect W("a").n == 3
  expect seen() == "a"
}
"#,
    );
}

#[test]
fn undos_run_last_first() {
    all_ok(
        r#"
workflow W(k: Text) {
  fn step(what: Text) fails Stop {
    Trace("t").note(what)
    require what != "3" else Stop(what)
  }
  fn back(what: Text) { sleep(1m); Trace("t").note("-{what}") }
  fn run(until: Int) -> Int fails Stop {
    for n in 1..until {
      step("{n}")? undo back("{n}")
    }
    until
  }
}
test "a failed step is not undone" {
  expect W("a").run(9) is Stop("3")
  expect seen() == "1 2 -2 -1"
}
test "nothing failed" {
  expect W("a").run(3) is Ok(3)
  expect seen() == "1 2"
}
test "a result that was not asked for with ?" {
  let run = send W("a").run(5)
  expect run.result() is Stop(_)
}
"#,
    );
}

#[test]
fn events_are_kept_oldest_first() {
    all_ok(
        r#"
workflow W(k: Text) {
  pub event a(n: Int)
  pub event b(n: Int)
  fn run() -> Text {
    sleep(1h)
    var said = ""
    for i in 0..4 {
      said += wait {
        a(1) => "one "
        a(n) => "a{n} "
        after 10m => "late "
      }
    }
    said += wait { b(n) => "b{n} ", a(n) => "A{n} " }
    said
  }
}
test "kept until waited for" {
  let run = send W("k").run()
  W("k").b(5)
  W("k").a(2)
  W("k").a(1)
  advance(2h)
  W("k").a(3)
  expect run.result() is Ok("a2 one late late b5 ")
}
test "what comes before the run begins is lost, what comes after it ended too" {
  W("k").a(2)
  let run = send W("k").run()
  W("k").b(1)
  expect run.result() is Ok("late late late late b1 ")
  W("k").a(7)
}
"#,
    );
}

#[test]
fn branches_join_in_source_order() {
    all_ok(
        r#"
fn slow(n: Int) -> Int { sleep(1m * n); Trace("t").note("{n}"); n }
fn picky(n: Int) -> Int fails Stop {
  Trace("t").note("begin{n}")
  if n == 9 { fail Stop("at once") }
  sleep(1m * n)
  Trace("t").note("end{n}")
  if n == 2 { fail Stop("two") }
  n
}
fn both(xs: List<Int>) -> List<Int> fails Stop = parallel for x in xs where x > 0 select picky(x)?
test "values" {
  let (a, b, c) = parallel { slow(3), slow(1), slow(2) }
  expect (a, b, c) == (3, 1, 2)
  expect seen() == "1 2 3"
}
test "the first failure waits for those in flight" {
  let start = now()
  expect both([3, 0, 2, 1]) is Stop("two")
  expect now() - start == 3m
  expect seen() == "begin3 begin2 begin1 end1 end2 end3"
}
test "and what has not begun never does" {
  expect both([3, 9, 1]) is Stop("at once")
  expect seen() == "begin3 begin9 end3"
}
test "none at all" {
  expect both([]) is Ok([])
}
"#,
    );
}

#[test]
fn messages_begin_after_the_step() {
    all_ok(
        r#"
entity Box(k: Text) {
  pub state ticket: Ticket? = None
  pub fn put() { ticket = Some(send Trace("t").note("soon") after 1m); Trace("t").note("put") }
  pub fn drop() { cancel(ticket) }
  pub fn put_and_stop() fails Stop { send Trace("t").note("never"); fail Stop("box") }
}
fn tell(what: Text) { sleep(1m); Trace("t").note(what) }
test "order" {
  send Trace("t").note("sent")
  Trace("t").note("first")
  expect seen() == "first"
  settle()
  expect seen() == "first sent"
}
test "later, by time" {
  send tell("2m") after 1m
  Box("b").put()
  send Trace("t").note("30s") after 30s
  advance(1m)
  expect seen() == "put 30s soon"
  advance(1m)
  expect seen() == "put 30s soon 2m"
}
test "cancelled" {
  Box("b").put()
  Box("b").drop()
  let t = send Trace("t").note("never")
  cancel(t)
  advance(1h)
  expect seen() == "put"
}
test "cancelled too late" {
  Box("b").put()
  advance(1m)
  Box("b").drop()
  expect seen() == "put soon"
}
test "what was sent goes before branches" {
  send Trace("t").note("sent")
  parallel { Trace("t").note("a"), Trace("t").note("b") }
  expect seen() == "sent a b"
}
test "a handler that fails has sent nothing" {
  expect Box("b").put_and_stop() is Stop(_)
  advance(1h)
  expect seen() == ""
}
"#,
    );
}

#[test]
fn a_key_has_one_run() {
    all_ok(
        r#"
workflow W(k: Text) {
  fn run(n: Int) -> Int { Trace("t").note("{n}"); sleep(1m); n }
}
test "the second start is the first" {
  let a = send W("k").run(1)
  let b = send W("k").run(2)
  expect a == b
  expect b.result() is Ok(1)
  expect W("k").run(3) is Ok(1)
  expect W("l").run(4) is Ok(4)
  expect seen() == "1 4"
}
"#,
    );
}

#[test]
fn what_takes_too_long_goes_on() {
    all_ok(
        r#"
extern far from "http:far" {
  @read fn ask(n: Int) -> Int fails Stop
}
workflow W(k: Text) {
  fn run() -> Int { sleep(1h); Trace("t").note("done"); 1 }
}
test "a run" {
  let run = send W("k").run()
  expect run.result().within(1m) is TimedOut
  expect seen() == ""
  expect run.result().within(2h) is Ok(1)
  expect run.result().within(1m) is Ok(1)
  expect seen() == "done"
}
test "a mock answers and fails" {
  let base = 40
  mock(far.ask, n => if n > 1 { fail Stop("{n}") } else { base + n })
  expect far.ask(1) is Ok(41)
  expect far.ask(2) is Stop("2")
  expect far.ask(1).within(1s) is Ok(41)
}
"#,
    );
}

#[test]
fn bugs_park_the_run_and_drop_the_step() {
    expect(
        &format!(
            r#"{TRACE}
workflow W(k: Text) {{
  pub state n: Int = 0
  invariant n < 3
  fn run(start: Int) {{
    n = start
    sleep(1m)
    n += 1
    Trace("t").note("dropped")
    send Trace("t").note("never")
    n += 1
  }}
}}
test "the rest of the world goes on" {{
  send W("a").run(1)
  send W("b").run(0)
  advance(2m)
  expect W("a").n == 1 and W("b").n == 2
  expect seen() == "dropped never"
}}
test "who waits for it is stuck" {{
  W("a").run(1)?
}}
test "its own bug" {{
  Trace("t").note("a")
  expect 1 == 2
}}
"#
        ),
        "the rest of the world goes on: ok\nwho waits for it is stuck: stuck\nits own bug: expect_failed in line 34",
    );
}

#[test]
fn chance_and_time() {
    all_ok(
        r#"
test "two are never the same" {
  let (a, b) = (fresh_id(), fresh_id())
  expect a != b and a.length() == 26
  let (x, y) = (random(), random())
  expect x != y and x >= 0.0 and x < 1.0
}
test "sleeping less than nothing is nothing" {
  let start = now()
  sleep(0s - 1h)
  sleep_until(start - 1h)
  expect now() == start
  sleep_until(start + 1h)
  expect now() - start == 1h
}
"#,
    );
}

#[test]
fn entries_of_a_stream_are_consumed_once_and_in_order_for_each_key() {
    all_ok(
        r#"
record Hit(key: Text, n: Int)
@key(key) stream hits: Hit
stream loose: Int
entity Maker(k: Text) {
  fn two(n: Int) -> Int fails Stop {
    let at = hits.emit(Hit(k, n))
    require n > 0 else Stop("no")
    at
  }
}
on hits(h) {
  if h.n == 1 { sleep(1s) }
  Trace("t").note("{h.key}{h.n}")
}
on hits(Hit(_, n)) { if n > 1 { loose.emit(n) } }
on loose(n) {
  sleep(1m)
  Trace("t").note("l{n}")
}
test "the next begins when the one before has ended" {
  hits.emit(Hit("a", 1))
  hits.emit(Hit("a", 2))
  hits.emit(Hit("b", 3))
  settle()
  expect seen() == "b3"
  advance(1s)
  expect seen() == "b3 a1 a2"
  advance(1m)
  expect seen() == "b3 a1 a2 l3 l2"
}
test "what fails has emitted nothing" {
  expect Maker("a").two(0) is Stop(_)
  expect Maker("a").two(5) is Ok(0)
  settle()
  expect seen() == "a5"
}
test "without a key they go on side by side" {
  let since = now()
  for n in 0..64 { loose.emit(n) }
  advance(1m)
  expect Trace("t").seen.length() == 64 and now() - since == 1m
}
"#,
    );
}

//! Calls and how they end.

use std::time::{Duration, Instant};

use weir_contract::CrashReason;
use weir_contract::pure::Pure;

use crate::support::{component, lifted, load};

#[test]
fn a_result_is_a_value_or_one_of_the_failures_by_name() {
    let core = r#"(data (i32.const 1024) "done") (data (i32.const 1032) "no money")
    (func (export "charge") (param i64) (result i32)
      (i32.store8 (i32.const 256) (i64.le_s (local.get 0) (i64.const 0)))
      (if (i64.gt_s (local.get 0) (i64.const 0))
        (then
          (i32.store (i32.const 260) (i32.const 1024))
          (i32.store (i32.const 264) (i32.const 4)))
        (else
          (i32.store8 (i32.const 260) (i64.eqz (local.get 0)))
          (i32.store (i32.const 264) (i32.const 1032))
          (i32.store (i32.const 268) (i32.const 8))))
      (i32.const 256))
    (func (export "odd") (param i64) (result i32) (i32.wrap_i64 (i64.and (local.get 0) (i64.const 1))))
    (func (export "kind") (param i64) (result i32)
      (i32.store8 (i32.const 256) (i32.wrap_i64 (i64.and (local.get 0) (i64.const 1))))
      (i32.const 256))
    (func (export "check") (param i64) (result i32)
      (i32.store8 (i32.const 256) (i64.eqz (local.get 0)))
      (i32.store (i32.const 260) (i32.const 1032))
      (i32.store (i32.const 264) (i32.const 8))
      (i32.const 256))"#;
    let outer = r#"(type $e' (variant (case "declined" string) (case "too-late"))) (export $e "charge-error" (type $e'))
  (type $k' (enum "even")) (export $k "kind" (type $k'))
  "#
    .to_owned()
        + &lifted("charge", "(param \"amount\" s64) (result (result string (error $e)))", "charge")
        + &lifted("check", "(param \"n\" s64) (result (result (error string)))", "check")
        + &lifted("odd", "(param \"n\" s64) (result (result (error $k)))", "kind")
        + &lifted("even", "(param \"n\" s64) (result (result))", "odd");
    let source = r#"
error Declined(why: Text)
error TooLate
error Wrong(why: Text)
error Even
error Odd
extern m from "wit:acme/m" {
  @pure fn charge(amount: Int) -> Text fails Declined, TooLate
  @pure fn check(n: Int) fails Wrong
  @pure fn even(n: Int) fails Odd
  @read @retry(2) fn odd(n: Int) fails Even
}"#;
    let loaded = load(source, &component(core, &outer));
    let charge = |n: i64| loaded.call("charge", &format!(r#"{{"amount": {n}}}"#));
    assert_eq!(charge(1), r#""done""#);
    assert_eq!(
        charge(-1),
        r#"failed {"error":"Declined","why":"no money"}"#
    );
    assert_eq!(charge(0), r#"failed {"error":"TooLate"}"#);
    assert_eq!(loaded.call("check", r#"{"n": 1}"#), "null");
    let wrong = r#"failed {"error":"Wrong","why":"no money"}"#;
    assert_eq!(loaded.call("check", r#"{"n": 0}"#), wrong);
    assert_eq!(loaded.call("even", r#"{"n": 2}"#), "null");
    assert_eq!(
        loaded.call("even", r#"{"n": 3}"#),
        r#"failed {"error":"Odd"}"#
    );
    // `Unavailable`, which `@retry` brings, is the runtime's; the component need not have it.
    let odd = loaded.ask("odd", r#"{"n": 1}"#, Duration::from_secs(1));
    assert_eq!(odd, r#"failed {"error":"Even"}"#);
}

#[test]
fn a_component_may_say_of_itself_that_it_is_unavailable() {
    let core = r#"(func (export "f") (result i32) (i32.store8 (i32.const 256) (i32.const 1)) (i32.const 256))"#;
    let outer = r#"(type $e' (enum "unavailable")) (export $e "e" (type $e'))
  (func (export "f") (result (result (error $e))) (canon lift (core func $i "f") (memory $memory)))"#;
    let source = r#"extern m from "wit:acme/m" { @read @retry(2) fn f() }"#;
    let loaded = load(source, &component(core, outer));
    let said = loaded.ask("f", "{}", Duration::from_secs(1));
    assert_eq!(said, r#"failed {"error":"Unavailable"}"#);
}

#[test]
fn nothing_is_left_of_a_call_for_the_next() {
    let core = r#"(global $calls (mut i64) (i64.const 0))
    (func (export "count") (result i64)
      (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
      (global.get $calls))"#;
    let source = r#"extern m from "wit:acme/m" { @pure fn count() -> Int }"#;
    let loaded = load(
        source,
        &component(core, &lifted("count", "(result s64)", "count")),
    );
    assert_eq!(
        (loaded.call("count", "{}"), loaded.call("count", "{}")),
        ("1".into(), "1".into())
    );
}

#[test]
fn a_nan_is_the_same_however_it_was_made() {
    // 0 / 0 has the sign bit set on some machines; the bits are what a component could tell apart.
    let core = r#"(func (export "bits") (result i64)
      (i64.reinterpret_f64 (f64.div (f64.const 0) (f64.const 0))))"#;
    let source = r#"extern m from "wit:acme/m" { @pure fn bits() -> Int }"#;
    let loaded = load(
        source,
        &component(core, &lifted("bits", "(result s64)", "bits")),
    );
    assert_eq!(
        loaded.call("bits", "{}"),
        0x7ff8_0000_0000_0000_i64.to_string()
    );
}

const WRONG: &str = r#"(func (export "trap") unreachable)
    (func (export "spin") (loop (br 0)))
    (func $dig (export "dig") (call $dig))
    (func (export "hoard") (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable)
    (func (export "lie") (result i32) (i32.store (i32.const 16) (i32.const -1)) (i32.const 16))"#;

fn wrong() -> crate::support::Loaded {
    let names = ["trap", "spin", "dig", "hoard"];
    let lifted_all: String = names.iter().map(|name| lifted(name, "", name)).collect();
    let outer = lifted_all + &lifted("lie", "(result string)", "lie");
    let source = r#"extern m from "wit:acme/m" {
  @pure fn trap()
  @pure fn spin()
  @pure fn dig()
  @pure fn hoard()
  @pure fn lie() -> Text
}"#;
    load(source, &component(WRONG, &outer))
}

#[test]
fn a_component_that_goes_wrong_is_named_and_its_call_ends() {
    let loaded = wrong();
    let said = |name: &str| loaded.call(name, "{}");
    assert_eq!(
        said("trap"),
        "a component failed: m.trap (wit:acme/m): it trapped: wasm trap: wasm `unreachable` instruction executed"
    );
    assert_eq!(
        said("dig"),
        "calls nested too deep: m.dig (wit:acme/m): its calls nest too deep"
    );
    assert_eq!(
        said("hoard"),
        "step too large: m.hoard (wit:acme/m): it wants more than 64 MiB of memory"
    );
    let lie = said("lie");
    assert!(
        lie.starts_with("a component failed: m.lie (wit:acme/m): "),
        "{lie}"
    );
}

#[test]
fn an_endless_loop_is_stopped() {
    let loaded = wrong();
    let begun = Instant::now();
    assert_eq!(
        loaded.call("spin", "{}"),
        "step took too long: m.spin (wit:acme/m): it ran for more than 100 ms"
    );
    assert!(begun.elapsed() >= Duration::from_millis(95));
    let outside = loaded.ask("spin", "{}", Duration::from_millis(20));
    assert_eq!(
        outside,
        "step took too long: m.spin (wit:acme/m): it ran for more than 20 ms"
    );
}

#[test]
fn a_step_cannot_call_what_is_not_pure() {
    let core = r#"(func (export "f") (param i32) (result i32) (local.get 0))"#;
    let outer = lifted("f", "(param \"n\" u32) (result u32)", "f")
        + &lifted("g", "(param \"n\" u32) (result u32)", "f");
    let source = r#"extern m from "wit:acme/m" {
  @pure fn f(n: Int) -> Int
  @once fn g(n: Int) -> Int
}"#;
    let loaded = load(source, &component(core, &outer));
    let call = |number: u32, args: &[u8]| Pure::call(&loaded.components, number, args);
    assert_eq!(call(0, &[14]), Ok(vec![14]));
    for (number, args) in [(1, &[14][..]), (2, &[14]), (0, &[]), (0, &[14, 14])] {
        let stopped = call(number, args).unwrap_err();
        assert_eq!(stopped.reason, CrashReason::Unreachable, "{stopped:?}");
    }
}

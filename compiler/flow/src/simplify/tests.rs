//! Before and after, in text form.

use super::simplify;
use crate::text::{parse, print_func};

fn check(before: &str, after: &str) {
    let mut module = parse(before).unwrap();
    simplify(module.funcs.last_mut().unwrap());
    assert_eq!(crate::verify::verify(&module), Vec::<String>::new());
    assert_eq!(
        print_func(&module, module.funcs.last().unwrap()).trim(),
        after.trim(),
        "{before}"
    );
}

#[test]
fn results_go_where_they_are_copied_and_dead_code_goes() {
    check(
        "fn @f(r0: Int) -> Int {
  r1: Int
  r2: Int
  r3: Text
b0:
  r3 = show r0
  r1 = add r0, r0
  r2 = copy r1
  return r2
}",
        "fn @f(r0: Int) -> Int {
  r1: Int
b0:
  r1 = add r0, r0
  return r1
}",
    );
}

#[test]
fn what_may_crash_stays_even_if_nobody_reads_it() {
    let text = "fn @f(r0: Int) -> Int {
  r1: Int
b0:
  r1 = add r0, r0
  return r0
}";
    check(text, text);
}

#[test]
fn jumps_to_jumps_and_unreachable_blocks_go() {
    check(
        "fn @f(r0: Bool, r1: Int) -> Int {
b0:
  branch r0, b1, b2
b1:
  jump b3
b2:
  return r1
b3:
  jump b4
b4:
  r1 = add r1, r1
  return r1
b5:
  jump b5
}",
        "fn @f(r0: Bool, r1: Int) -> Int {
b0:
  branch r0, b1, b2
b1:
  r1 = add r1, r1
  return r1
b2:
  return r1
}",
    );
}

#[test]
fn a_write_through_another_instance_is_seen() {
    let text = "key E(k: Int)
entity E {
  slot .n: scalar Int = 0
}
fn @f(r0: instance E, r1: instance E, r2: Int) -> Int {
  r3: Int
b0:
  store r0, .n, r2
  r2 = add r2, r2
  store r1, .n, r2
  r3 = load r0, .n
  return r3
}";
    check(text, text.split_once("}\n").unwrap().1);
}

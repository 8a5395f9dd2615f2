//! On small functions in text form: the instructions that need no check, as `block.position`; with a `*` those whose list is
//! nobody else's.

use weir_flow::facts::facts;
use weir_flow::ir::BlockId;
use weir_flow::ownership::ownership;
use weir_flow::text::parse;

fn check(text: &str, expected: &str) {
    let module = parse(text).unwrap();
    assert_eq!(weir_flow::verify::verify(&module), Vec::<String>::new());
    let found = facts(&module, &module.funcs[0], &ownership(&module)[0]);
    let mut shown = Vec::new();
    for (number, block) in module.funcs[0].blocks.iter().enumerate() {
        for at in 0..block.insts.len() {
            let place = (BlockId(number as u32), at);
            if found.is_safe(place) {
                shown.push(format!("{number}.{at}"));
            }
            if found.is_owned(place) {
                shown.push(format!("{number}.{at}*"));
            }
        }
    }
    assert_eq!(shown.join(" "), expected, "{text}");
}

#[test]
fn a_loop_over_the_positions_of_a_list_checks_nothing() {
    check(
        "fn @f(r0: List<Int>) -> Int {
  r1: Int
  r2: Int
  r3: Int
  r4: Bool
  r5: Int
  r6: Int
b0:
  r1 = const 0
  r2 = list.len r0
  r3 = const 0
  r6 = const 1
  jump b1
b1:
  r4 = lt r3, r2
  branch r4, b2, b3
b2:
  r5 = list.get r0, r3
  r1 = add r1, r5
  r0 = list.set r0, r3, r1
  r3 = add r3, r6
  jump b1
b3:
  r5 = list.get r0, r3
  return r1
}",
        "2.0 2.2 2.3",
    );
}

#[test]
fn a_position_that_held_once_holds_until_list_or_number_are_others() {
    check(
        "fn @f(r0: List<Int>, r1: Int) -> List<Int> {
  r2: Int
  r3: Int
b0:
  r2 = list.get r0, r1
  r0 = list.set r0, r1, r2
  r0 = list.push r0, r2
  r0 = list.set r0, r1, r2
  r3 = const 1
  r1 = add r1, r3
  r0 = list.set r0, r1, r2
  r1 = sub r1, r3
  r1 = sub r1, r3
  r0 = list.slice r0, r3, r2
  r2 = list.get r0, r1
  return r0
}",
        "0.1 0.2* 0.3 0.3* 0.5 0.6* 0.7",
    );
}

#[test]
fn what_holds_on_one_way_only_does_not_hold() {
    check(
        "fn @f(r0: List<Int>, r1: Int, r2: Bool) -> Int {
  r3: Int
  r4: List<Int>
b0:
  branch r2, b1, b2
b1:
  r3 = list.get r0, r1
  jump b3
b2:
  r3 = const 0
  jump b3
b3:
  r3 = list.get r0, r1
  r3 = list.get r0, r1
  r4 = copy r0
  r0 = list.set r0, r1, r3
  r4 = list.set r4, r1, r3
  return r3
}",
        "3.1 3.3",
    );
}

#[test]
fn a_number_less_than_itself_later_is_not_known_to_be() {
    check(
        "fn @f(r0: List<Int>, r1: Int, r2: Int) -> Int {
  r3: Bool
  r4: Int
b0:
  r4 = const 1
  r3 = lt r1, r2
  branch r3, b1, b2
b1:
  r2 = copy r1
  r1 = add r1, r4
  return r1
b2:
  r2 = sub r1, r4
  r2 = add r2, r4
  r1 = add r1, r4
  return r1
}",
        "2.1",
    );
}

#[test]
fn a_length_that_was_asked_for_makes_known_positions_safe() {
    check(
        "fn @f(r0: List<Int>) -> Int {
  r1: Int
  r2: Int
  r3: Bool
  r4: Int
  r5: Int
b0:
  r1 = list.len r0
  r2 = const 2
  r3 = ge r1, r2
  branch r3, b1, b2
b1:
  r4 = const 1
  r5 = list.get r0, r4
  r5 = list.get r0, r2
  return r5
b2:
  r4 = const 1
  r5 = list.get r0, r4
  return r5
}",
        "1.1",
    );
}

#[test]
fn a_step_of_one_takes_one_of_the_room() {
    check(
        "fn @f(r0: List<Int>, r1: Int) -> Int {
  r2: Int
  r3: Int
  r4: Int
  r5: Bool
  r6: Int
  r7: Int
b0:
  r2 = list.len r0
  r3 = const 1
  r4 = sub r2, r3
  r5 = le r1, r4
  r6 = const 0
  branch r5, b5, b4
b1:
  r5 = lt r6, r1
  branch r5, b2, b3
b2:
  r7 = add r6, r3
  r7 = list.get r0, r7
  r0 = list.set r0, r6, r7
  r6 = add r6, r3
  jump b1
b3:
  r7 = list.get r0, r6
  return r7
b4:
  return r6
b5:
  jump b1
}",
        "0.2 2.0 2.1 2.2 2.3",
    );
}

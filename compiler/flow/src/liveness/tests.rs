//! Liveness on small functions in text form: the registers live at the start of each block.

use super::live_in;
use crate::text::parse;

fn check(text: &str, expected: &str) {
    let module = parse(text).unwrap();
    let rows: Vec<String> = live_in(&module.funcs[0])
        .iter()
        .enumerate()
        .map(|(i, live)| {
            let regs: Vec<String> = live.iter().map(|r| format!(" r{}", r.0)).collect();
            format!("b{i}:{}", regs.concat())
        })
        .collect();
    assert_eq!(rows.join("\n"), expected, "{text}");
}

#[test]
fn a_register_is_live_from_its_write_to_its_last_read() {
    check(
        "fn @f(r0: Bool, r1: Int, r2: Int) -> Int {
b0:
  branch r0, b1, b2
b1:
  r1 = add r1, r1
  return r1
b2:
  r1 = const 5
  return r2
}",
        "b0: r0 r1 r2\nb1: r1\nb2: r2",
    );
}

#[test]
fn a_loop_keeps_alive_what_its_next_round_reads() {
    check(
        "fn @f(r0: Int, r1: Int) -> Int {
  r2: Int
  r3: Bool
b0:
  r2 = const 0
  jump b1
b1:
  r3 = lt r2, r0
  branch r3, b2, b3
b2:
  r2 = add r2, r1
  jump b1
b3:
  return r2
}",
        "b0: r0 r1\nb1: r0 r1 r2\nb2: r0 r1 r2\nb3: r2",
    );
}

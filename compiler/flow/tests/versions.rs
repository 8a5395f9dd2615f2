//! Loops that are there twice: how many checks of positions are left, by loop.

use weir_flow::facts::facts;
use weir_flow::ir::{BlockId, Op};
use weir_flow::loops::loops;
use weir_flow::optimize::versions::versions;
use weir_flow::ownership::Ownership;
use weir_flow::text::parse;
use weir_flow::verify::verify;

/// By loop: the checks that may fail. `None`: the function stayed as it was.
fn checks(text: &str) -> Option<Vec<usize>> {
    let mut module = parse(text).unwrap();
    assert_eq!(verify(&module), Vec::<String>::new());
    let func = versions(&module, &module.funcs[0])?;
    module.funcs[0] = func;
    assert_eq!(verify(&module), Vec::<String>::new());
    let func = &module.funcs[0];
    let facts = facts(&module, func, &Ownership::default());
    let left = |block: &BlockId| {
        let insts = func.block(*block).insts.iter().enumerate();
        let reads = insts.filter(|(_, inst)| matches!(inst.op, Op::ListGet(..) | Op::ListSet(..)));
        reads
            .filter(|(at, _)| !facts.is_safe((*block, *at)))
            .count()
    };
    let all = loops(func).into_iter();
    Some(all.map(|each| each.blocks.iter().map(left).sum()).collect())
}

#[test]
fn a_bound_is_held_to_the_length_in_front_of_the_loop() {
    let found = checks(
        "fn @f(r0: List<Int>, r1: Int) -> List<Int> {
  r2: Int
  r3: Int
  r4: Bool
  r5: Int
b0:
  r2 = const 0
  r3 = const 1
  jump b1
b1:
  r4 = lt r2, r1
  branch r4, b2, b3
b2:
  r5 = add r2, r3
  r5 = list.get r0, r5
  r0 = list.set r0, r2, r5
  r2 = add r2, r3
  jump b1
b3:
  return r0
}",
    );
    // The position behind was checked, and with it the one in front.
    assert_eq!(found, Some(vec![2, 0]));
}

#[test]
fn two_positions_that_meet() {
    let found = checks(
        "fn @f(r0: List<Int>, r1: Int) -> List<Int> {
  r2: Int
  r3: Int
  r4: Bool
  r5: Int
  r6: Int
b0:
  r2 = const 0
  r3 = const 1
  jump b1
b1:
  r4 = lt r2, r1
  branch r4, b2, b3
b2:
  r5 = list.get r0, r2
  r6 = list.get r0, r1
  r0 = list.set r0, r2, r6
  r0 = list.set r0, r1, r5
  r2 = add r2, r3
  r1 = sub r1, r3
  jump b1
b3:
  return r0
}",
    );
    assert_eq!(found.map(|found| found[1]), Some(0));
}

#[test]
fn a_list_that_changes_its_length_is_asked_in_each_round() {
    let found = checks(
        "fn @f(r0: List<Int>, r1: Int) -> List<Int> {
  r2: Int
  r3: Int
  r4: Bool
  r5: Int
b0:
  r2 = const 0
  r3 = const 1
  jump b1
b1:
  r4 = lt r2, r1
  branch r4, b2, b3
b2:
  r5 = list.get r0, r2
  r0 = list.push r0, r5
  r2 = add r2, r3
  jump b1
b3:
  return r0
}",
    );
    assert_eq!(found, None);
}

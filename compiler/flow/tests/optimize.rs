//! Before and after, in text form.

use weir_flow::ir::{Inlined, SiteId};
use weir_flow::optimize::optimize;
use weir_flow::text::{parse, print_func};
use weir_flow::verify::verify;

/// Shows the first function.
fn check(before: &str, after: &str) {
    let mut module = parse(before).unwrap();
    assert_eq!(verify(&module), Vec::<String>::new());
    optimize(&mut module);
    assert_eq!(verify(&module), Vec::<String>::new());
    let shown = print_func(&module, &module.funcs[0]);
    assert_eq!(shown.trim(), after.trim(), "{before}");
}

#[test]
fn a_small_function_is_put_where_it_is_called() {
    check(
        "fn @f(r0: Int, r1: List<Int>) -> Int {
  r2: Int
b0:
  r2 = call @next, (r0, r1)
  r2 = call @next, (r2, r1)
  return r2
}
fn @next(r0: Int, r1: List<Int>) -> Int {
  r2: Int
b0:
  r2 = list.get r1, r0
  r0 = add r0, r2
  return r0
}",
        "fn @f(r0: Int, r1: List<Int>) -> Int {
  r2: Int
  r3: Int
  r4: Int
  r5: Int
  r6: Int
b0:
  r3 = copy r0
  r4 = list.get r1, r3
  r3 = add r3, r4
  r2 = copy r3
  r5 = copy r2
  r6 = list.get r1, r5
  r5 = add r5, r6
  r2 = copy r5
  return r2
}",
    );
}

#[test]
fn a_function_that_calls_itself_stays() {
    let text = "fn @f(r0: Int) -> Int {
  r1: Int
b0:
  r1 = call @f, (r0)
  return r1
}";
    check(text, text);
}

#[test]
fn a_byte_that_is_there_or_not_is_no_option() {
    check(
        "fn @f(r0: Bytes, r1: Int) -> Int {
  r2: Option<Int>
  r3: Int
b0:
  r2 = lib \"bytes.get\", (r0, r1)
  switch r2 { 0: b1, 1: b2 }
b1:
  r3 = const 7
  return r3
b2:
  r3 = payload r2, 1, 0
  return r3
}",
        "fn @f(r0: Bytes, r1: Int) -> Int {
  r2: Int
  r3: Int
  r4: Int
  r5: Bool
b0:
  r3 = bytes.at r0, r1
  r4 = const 0
  r5 = lt r3, r4
  branch r5, b1, b2
b1:
  r2 = const 7
  return r2
b2:
  r2 = copy r3
  return r2
}",
    );
}

#[test]
fn a_match_is_one_switch_and_a_tag_is_asked_for_once() {
    check(
        "enum Shape { Dot(), Circle(r: Int), Box(w: Int, h: Int) }
fn @f(r0: Shape, r1: Bool) -> Int {
  r2: Int
b0:
  switch r0 { 0: b1, else: b2 }
b1:
  r2 = const 0
  return r2
b2:
  switch r0 { 1: b3, else: b4 }
b3:
  branch r1, b1, b4
b4:
  switch r0 { 1: b5, else: b6 }
b5:
  r2 = payload r0, 1, 0
  return r2
b6:
  switch r0 { 2: b7, else: b8 }
b7:
  r2 = payload r0, 2, 1
  return r2
b8:
  crash unreachable
}",
        "fn @f(r0: Shape, r1: Bool) -> Int {
  r2: Int
b0:
  switch r0 { 0: b1, 1: b2, 2: b4 }
b1:
  r2 = const 0
  return r2
b2:
  branch r1, b1, b3
b3:
  r2 = payload r0, 1, 0
  return r2
b4:
  r2 = payload r0, 2, 1
  return r2
}",
    );
}

#[test]
fn a_record_that_is_only_taken_apart_is_not_made() {
    check(
        "fn @f(r0: Int, r1: Int, r2: Bool) -> Int {
  r3: (Int, Int)
  r4: (Int, Int)
  r5: Int
  r6: Int
b0:
  r3 = record (r0, r1)
  r4 = with r3, 1, r0
  branch r2, b1, b2
b1:
  r5 = field r4, 1
  return r5
b2:
  r0 = add r0, r1
  r5 = field r3, 0
  r6 = field r3, 1
  r5 = add r5, r6
  return r5
}",
        "fn @f(r0: Int, r1: Int, r2: Bool) -> Int {
  r3: (Int, Int)
  r4: Int
  r5: Int
b0:
  r3 = record (r0, r1)
  branch r2, b1, b2
b1:
  r4 = copy r0
  return r4
b2:
  r0 = add r0, r1
  r4 = field r3, 0
  r5 = field r3, 1
  r4 = add r4, r5
  return r4
}",
    );
}

#[test]
fn a_text_is_joined_once_unless_a_part_of_it_is_another_by_then() {
    check(
        "fn @f(r0: Text, r1: Text) -> Text {
  r2: Text
  r3: Text
b0:
  r2 = text.concat (r0, r1)
  r0 = text.concat (r2, r1)
  r2 = text.concat (r0, r1)
  r3 = text.concat (r1, r1)
  r1 = text.concat (r2, r0)
  r0 = text.concat (r3, r1)
  return r0
}",
        "fn @f(r0: Text, r1: Text) -> Text {
  r2: Text
  r3: Text
b0:
  r2 = text.concat (r0, r1)
  r0 = text.concat (r2, r1)
  r2 = text.concat (r0, r1)
  r3 = text.concat (r1, r1)
  r1 = text.concat (r2, r0)
  r0 = text.concat (r3, r1)
  return r0
}",
    );
    check(
        "fn @f(r0: Text, r1: Text) -> Text {
  r2: Text
  r3: Text
  r4: Text
b0:
  r2 = text.concat (r0, r1)
  r0 = text.concat (r2, r1)
  r3 = text.concat (r1, r1)
  r4 = text.concat (r0, r3, r1)
  return r4
}",
        "fn @f(r0: Text, r1: Text) -> Text {
  r2: Text
b0:
  r0 = text.concat (r0, r1, r1)
  r2 = text.concat (r0, r1, r1, r1)
  return r2
}",
    );
}

#[test]
fn a_loop_keeps_one_start() {
    let text = "fn @f(r0: Int) -> Int {
  r1: Option<Int>
  r2: Int
b0:
  r1 = variant 1, (r0)
  jump b1
b1:
  switch r1 { 0: b2, 1: b3 }
b2:
  r1 = variant 1, (r0)
  jump b1
b3:
  r2 = payload r1, 1, 0
  r0 = add r0, r2
  r1 = variant 0, ()
  jump b1
}";
    let mut module = parse(text).unwrap();
    optimize(&mut module);
    assert_eq!(verify(&module), Vec::<String>::new());
    assert_eq!(weir_flow::loops::loops(&module.funcs[0]).len(), 1);
}

/// The library is told by its files; another file of the program, whichever number it has, keeps its places.
#[test]
fn only_what_breaks_in_the_library_is_told_where_it_was_called() {
    let text = "library \"list.weir\"
file \"parts.weir\"
file \"main.weir\"
site 0 0 0 0
site 1 0 1 2
site 2 1 3 4
site 3 2 5 6
site 4 2 7 8
fn @f(r0: Int) -> Int {
b0:
  r0 = call @of_library, (r0) !3
  r0 = call @of_parts, (r0) !4
  return r0
}
fn @of_library(r0: Int) -> Int {
  r1: Int
b0:
  r1 = add r0, r0 !1
  return r1
}
fn @of_parts(r0: Int) -> Int {
  r1: Int
b0:
  r1 = add r0, r0 !2
  return r1
}";
    let mut module = parse(text).unwrap();
    assert_eq!(
        weir_flow::text::print(&module).lines().next(),
        text.lines().next()
    );
    optimize(&mut module);
    let insts = module.funcs[0].blocks.iter().flat_map(|block| &block.insts);
    let adds = insts.filter(|inst| matches!(inst.op, weir_flow::ir::Op::Arith(..)));
    let written = adds.map(|inst| module.written(inst.site).0);
    assert_eq!(Vec::from_iter(written), [3, 2]);
    let called_at = |site: &Inlined| (site.site.0, site.called_at.0);
    assert_eq!(
        Vec::from_iter(module.inlined.iter().map(called_at)),
        [(2, 4)]
    );
}

/// What is put in where it is called keeps all calls around it, one in the other.
#[test]
fn a_place_that_is_put_in_knows_where_it_was_called() {
    let text = "file \"main.weir\"
site 0 0 0 0
site 1 0 1 2
site 2 0 3 4
site 3 0 5 6
site 4 0 7 8
fn @f(r0: Int) -> Int !4 {
b0:
  r0 = call @outer, (r0) !3
  r0 = call @inner, (r0) !4
  return r0
}
fn @outer(r0: Int) -> Int {
  r1: Int
b0:
  r1 = call @inner, (r0) !2
  return r1
}
fn @inner(r0: Int) -> Int {
  r1: Int
b0:
  r1 = add r0, r0 !1
  return r1
}";
    let mut module = parse(text).unwrap();
    optimize(&mut module);
    assert_eq!(verify(&module), Vec::<String>::new());
    let insts = module.funcs[0].blocks.iter().flat_map(|block| &block.insts);
    let adds = insts.filter(|inst| matches!(inst.op, weir_flow::ir::Op::Arith(..)));
    let calls = |mut site: SiteId| {
        let mut all = Vec::new();
        while let Some(at) = (site.0 as usize).checked_sub(module.sites.len()) {
            all.push(module.inlined[at].site.0);
            site = module.inlined[at].called_at;
        }
        all.push(site.0);
        all
    };
    // The second call is that of an entry, which nobody wrote.
    let adds = adds.map(|inst| calls(inst.site));
    assert_eq!(Vec::from_iter(adds), [vec![1, 2, 3], vec![1]]);
    // The text form has them.
    let again = parse(&weir_flow::text::print(&module)).unwrap();
    assert_eq!(again.inlined, module.inlined);
}

#[test]
fn a_text_of_bytes_is_no_option_and_asks_the_host_only_where_it_must() {
    check(
        "fn @f(r0: Bytes) -> Text {
  r1: Option<Text>
  r2: Text
b0:
  r1 = lib \"bytes.text\", (r0)
  switch r1 { 0: b1, 1: b2 }
b1:
  r2 = const \"\"
  return r2
b2:
  r2 = payload r1, 1, 0
  return r2
}",
        "fn @f(r0: Bytes) -> Text {
  r1: Text
  r2: Bool
  r3: Text
  r4: Option<Text>
b0:
  r2 = bytes.plain r0
  branch r2, b1, b3
b1:
  r3 = cast r0
  jump b2
b2:
  r1 = copy r3
  return r1
b3:
  r4 = lib \"bytes.text\", (r0)
  switch r4 { 0: b4, 1: b5 }
b4:
  r1 = const \"\"
  return r1
b5:
  r3 = payload r4, 1, 0
  jump b2
}",
    );
}

#[test]
fn a_number_is_written_where_its_text_is_joined() {
    check(
        "fn @f(r0: Text, r1: Int, r2: Bool) -> Text {
  r3: Text
  r4: Text
  r5: Text
b0:
  r3 = show r1
  r4 = show r2
  r0 = text.concat (r0, r3, r4, r3)
  r5 = show r1
  r1 = neg r1
  r0 = text.concat (r0, r5)
  return r0
}",
        "fn @f(r0: Text, r1: Int, r2: Bool) -> Text {
  r3: Text
  r4: Text
b0:
  r3 = show r1
  r0 = text.concat (r0, r3, r2, r3)
  r4 = show r1
  r1 = neg r1
  r0 = text.concat (r0, r4)
  return r0
}",
    );
}

#[test]
fn what_is_at_hand_is_not_computed_again() {
    check(
        "fn @f(r0: Text, r1: Text) -> Int {
  r2: Bool
  r3: Bool
  r4: Int
b0:
  r2 = eq r0, r1
  branch r2, b1, b2
b1:
  r3 = eq r0, r1
  branch r3, b3, b2
b2:
  r4 = const 0
  return r4
b3:
  r0 = text.concat (r0, r1)
  r2 = eq r0, r1
  branch r2, b2, b4
b4:
  r4 = const 1
  return r4
}",
        "fn @f(r0: Text, r1: Text) -> Int {
  r2: Bool
  r3: Bool
  r4: Int
b0:
  r2 = eq r0, r1
  branch r2, b1, b3
b1:
  r3 = copy r2
  branch r3, b2, b3
b2:
  r0 = text.concat (r0, r1)
  r2 = eq r0, r1
  branch r2, b3, b4
b3:
  r4 = const 0
  return r4
b4:
  r4 = const 1
  return r4
}",
    );
}

//! Before and after, in text form. Everything that comes out must verify.

use super::{StepNames, split};
use crate::text::{parse, print};

/// A workflow with one event; the functions under test follow.
const AROUND: &str = "error Cancelled() 409
error TimedOut() 504
error Unavailable() 503
error Unknown() 502
record Line(sku: Text, qty: Int, price: Decimal)
key Order(id: Text)
enum Order.event { approved(by: Text), after() }
failures Cancelled TimedOut Unavailable Unknown
outside \"pay\" \"charge\" \"http:pay\" idempotent (\"card\": Text) -> Text []
entity Order {
  slot .done: scalar Bool = false
  run 0 Order.event
  event \"approved\" (\"by\": Text) signed_in public
}
";

/// The module behind the split without what stands around, and the frames as `label [cells]`.
fn frames(functions: &str) -> (String, Vec<String>) {
    let mut module = parse(&format!("{AROUND}{functions}")).unwrap();
    assert_eq!(crate::verify::verify(&module), Vec::<String>::new());
    split(&mut module, &StepNames::default());
    let text = print(&module);
    assert_eq!(
        crate::verify::verify(&module),
        Vec::<String>::new(),
        "{text}"
    );
    assert_eq!(print(&parse(&text).unwrap()), text, "the text is read back");
    let frame = |e: &crate::ir::Entry| {
        let cells: Vec<&str> = e.params[1..].iter().map(|p| p.name.as_str()).collect();
        format!("{} [{}] {}", e.name, cells.join(", "), e.waits_for)
    };
    let resumes = |e: &&crate::ir::Entry| e.kind == crate::ir::EntryKind::Resume;
    let frames = module.entries.iter().filter(resumes).map(frame).collect();
    let at = text.find("fn @").expect("functions");
    (text[at..].to_owned(), frames)
}

#[test]
fn a_frame_keeps_what_is_used_later_and_nothing_else() {
    let (text, frames) = frames(
        "fn @Order.run(r0 \"self\": instance Order, r1 \"line\": Line, r2 \"card\": Text) -> Text {
  r3: Order
  r4 \"id\": Text
  r5: Decimal
  r6: Int
  r7 \"rest\": Duration
  r8: Unit
  r9: Option<Duration>
  r10: Text
  r11: Text
b0:
  r3 = keys r0
  r4 = field r3, 0
  r7 = const 5us
  r8 = wait \"sleep\", (r7)
  r5 = field r1, 2
  r9 = variant 0, ()
  r10 = wait \"extern 0\", (r9, r2)
  r11 = show r5
  r11 = text.concat (r4, r10, r11)
  return r11
}
entry run \"run\" of Order (\"line\": Line, \"card\": Text) = @Order.run signed_in wait
",
    );
    assert_eq!(
        frames,
        [
            "Order.run/sleep#1 [card, line.price] sleep",
            "Order.run/pay.charge#1 [line.price] pay.charge",
        ],
        "{text}"
    );
}

#[test]
fn a_loop_with_two_waits_is_cut_without_copies() {
    let (text, frames) = frames(
        "fn @Order.run(r0 \"self\": instance Order, r1 \"n\": Int) -> Int {
  r2 \"i\": Int
  r3: Bool
  r4: Duration
  r5: Unit
  r6: Option<Duration>
  r7: Order.event
  r8: Int
  r9: Bool
b0:
  r2 = const 0
  jump b1
b1:
  r3 = lt r2, r1
  branch r3, b2, b5
b2:
  r4 = const 1us
  r5 = wait \"sleep\", (r4)
  r9 = gt r2, r1
  branch r9, b3, b4
b3:
  r6 = variant 0, ()
  r7 = wait \"events 0 [0]\", (r6)
  jump b4
b4:
  r8 = const 1
  r2 = add r2, r8
  jump b1
b5:
  return r2
}
entry run \"run\" of Order (\"n\": Int) = @Order.run signed_in wait
",
    );
    assert_eq!(
        frames,
        [
            "Order.run/sleep#1 [n, i] sleep",
            "Order.run/wait#1 [n, i] event approved",
        ]
    );
    let adds = text.matches("= add ").count();
    assert_eq!(adds, 1, "{text}");
}

#[test]
fn who_calls_what_waits_leaves_a_frame_of_its_own() {
    let (text, frames) = frames(
        "fn @nap(r0 \"d\": Duration) -> Int {
  r1: Unit
  r2: Int
b0:
  r1 = wait \"sleep\", (r0)
  r2 = const 7
  return r2
}
fn @twice(r0 \"d\": Duration) -> Int {
  r1 \"a\": Int
  r2 \"b\": Int
b0:
  r1 = call @nap, (r0)
  r2 = call @nap, (r0)
  r2 = add r1, r2
  return r2
}
entry function \"twice\" (\"d\": Duration) = @twice signed_in wait
",
    );
    assert_eq!(
        frames,
        [
            "nap/sleep#1 [] sleep",
            "twice/nap#1 [d] nap",
            "twice/nap#2 [a] nap",
        ],
        "{text}"
    );
}

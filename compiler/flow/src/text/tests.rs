//! Printing what was parsed gives the text again; broken text names its line.

use super::{parse, print};

/// Every operation, terminator, literal, kind of slot, definition and entry once.
const ALL: &str = include_str!("../../tests/ir/all.ir");

#[test]
fn every_construct_survives_the_round_trip() {
    let module = parse(ALL).unwrap();
    assert_eq!(print(&module), ALL);
}

#[test]
fn the_example_with_every_construct_verifies() {
    let problems = crate::verify::verify(&parse(ALL).unwrap());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn broken_text_names_its_line() {
    let cases = [
        (
            "fn @f() -> Int {\nb0:\n  r0 = bogus r0\n}",
            "line 3: no operation bogus with such operands",
        ),
        (
            "fn @f() -> Int {\n  r1: Int\nb0:\n}",
            "line 2: expected r0, found r1",
        ),
        ("fn @f() -> Intt {\n", "line 1: no type Intt"),
        (
            "fn @f() -> Int {\n}\nfn @f() -> Int {\n}",
            "line 3: two functions @f",
        ),
        ("file \"a", "line 1: unfinished string"),
        (
            "fn @f(r0: Int) -> Int {\nb0:\n  r0 = call @g, ()\n}",
            "line 3: no function @g",
        ),
        (
            "fn @f(r0: Int) -> Int {\nb0:\n  return r0",
            "line 3: expected a word, found End",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).unwrap_err(), expected, "{text}");
    }
}

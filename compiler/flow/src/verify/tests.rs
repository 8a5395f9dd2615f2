//! Each broken program in `tests/ir/broken.ir` raises exactly the problem written above it.

use crate::text::parse;
use crate::verify::verify;

#[test]
fn broken_modules_are_rejected_with_the_reason() {
    let cases = include_str!("../../tests/ir/broken.ir");
    let mut count = 0;
    for case in cases.split("//! ").skip(1) {
        let (expected, text) = case.split_once('\n').unwrap();
        let module = parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(verify(&module).join(" / "), expected, "{text}");
        count += 1;
    }
    assert!(count >= 25, "only {count} cases were found");
}

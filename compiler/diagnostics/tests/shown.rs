//! What people and programs get to see of a diagnostic.

use weir_diagnostics::{Diagnostic, SourceMap, Span, codes, json_lines, render, sort};

fn sample() -> (SourceMap, Diagnostic) {
    let mut sources = SourceMap::new();
    let file = sources.add("shop.weir", "let a = 1\nlet é = a b\n");
    let found = Diagnostic::new(
        codes::E0101,
        Span::new(file, 21, 22),
        "`b` cannot stand here",
    )
    .label("not expected here")
    .secondary(Span::new(file, 4, 5), "`a` is made here")
    .note("a note")
    .help("put a new line between the two")
    .fix(
        "put a line end in",
        vec![(Span::new(file, 20, 21), "\n".into())],
    );
    (sources, found)
}

#[test]
fn people_see_both_places_and_the_next_step() {
    let (sources, found) = sample();
    let expected = "\
error[E0101]: `b` cannot stand here
  ┌─ shop.weir:2:11
  │
1 │ let a = 1
  │     - `a` is made here
2 │ let é = a b
  │           ^ not expected here
  │
  = note: a note
  = help: put a new line between the two

";
    assert_eq!(render(&sources, &found, false), expected);
    assert!(render(&sources, &found, true).contains("\u{1b}["));
}

#[test]
fn programs_get_one_object_a_line() {
    let (sources, found) = sample();
    let expected = concat!(
        r#"{"code":"E0101","severity":"error","message":"`b` cannot stand here","file":"shop.weir","#,
        r#""span":{"start":{"line":2,"column":11,"offset":21},"end":{"line":2,"column":12,"offset":22}},"#,
        r#""label":"not expected here","secondary":[{"file":"shop.weir","span":{"start":"#,
        r#"{"line":1,"column":5,"offset":4},"end":{"line":1,"column":6,"offset":5}},"#,
        r#""label":"`a` is made here"}],"notes":["a note"],"help":"put a new line between the two","#,
        r#""fixes":[{"title":"put a line end in","edits":[{"file":"shop.weir","span":{"start":"#,
        r#"{"line":2,"column":10,"offset":20},"end":{"line":2,"column":11,"offset":21}},"text":"\n"}],"certain":false}]}"#,
        "\n"
    );
    assert_eq!(json_lines(&sources, &[found]), expected);
}

#[test]
fn diagnostics_are_sorted_by_place() {
    let (_, late) = sample();
    let mut early = late.clone();
    early.primary.span.start = 3;
    let mut both = vec![late.clone(), early.clone()];
    sort(&mut both);
    assert_eq!(both, [early, late]);
}

//! What is refused before anything runs, and what is said about it.

use crate::support::{component, lifted, load, manifest, refused};
use weir_component::{Components, Files};

const SAME: &str = r#"(func (export "same") (param i32) (result i32) (local.get 0))"#;

/// What is said of one function declared so and exported so.
#[track_caller]
fn misfit(declared: &str, types: &str, exported: &str) -> String {
    let source = format!("error Declined(why: Text)\nerror Late\n{declared}");
    let params = exported.matches("(param").count();
    let result = match exported {
        e if e.contains("(result f32)") => "(result f32)",
        e if e.contains("(result") => "(result i32)",
        _ => "",
    };
    let params = "(param i32)".repeat(params);
    let core = format!(r#"(func (export "f") {params} {result} unreachable)"#);
    refused(
        &source,
        &component(&core, &format!("{types}\n  {}", lifted("f", exported, "f"))),
    )
}

#[test]
fn a_function_that_does_not_fit_is_named_with_both_types() {
    let one = |params: &str, exported: &str| {
        let declared = format!(r#"extern m from "wit:acme/m" {{ @pure fn f({params}) -> Int }}"#);
        misfit(&declared, "", exported)
    };
    assert_eq!(
        one("n: Int", "(param \"n\" u32) (result f32)"),
        "`m.f` does not fit its component: here it has Int, and there f32
  here:  fn f(n: Int) -> Int
  there: f: func(n: u32) -> f32
next: write `Float`"
    );
    assert_eq!(
        one("width: Int", "(param \"height\" u32) (result u32)"),
        "`m.f` does not fit its component: `width` is here `width`, and there `height`
  here:  fn f(width: Int) -> Int
  there: f: func(height: u32) -> u32
next: call it `height`"
    );
    assert_eq!(
        one("", "(param \"n\" u32) (result u32)"),
        "`m.f` does not fit its component: here it has 0 parameters, and there 1 parameter
  here:  fn f() -> Int
  there: f: func(n: u32) -> u32
next: declare the parameters that it has"
    );
}

#[test]
fn so_is_a_type_inside_of_another() {
    let declared = "record Line(sku: Text, price: Int)
extern m from \"wit:acme/m\" { @pure fn f(line: Line) -> Int }";
    let types = r#"(type $line' (record (field "sku" string) (field "price" f64))) (export $line "line" (type $line'))"#;
    let core = r#"(func (export "f") (param i32 i32 f64) (result i32) unreachable)"#;
    let outer = format!(
        "{types} {}",
        lifted("f", "(param \"line\" $line) (result u32)", "f")
    );
    let said = refused(declared, &component(core, &outer));
    assert_eq!(
        said,
        "`m.f` does not fit its component: `line.price` is here Int, and there f64
  here:  fn f(line: Line) -> Int
  there: f: func(line: record { sku: string, price: f64 }) -> u32
next: write `Float`"
    );
}

#[test]
fn failures_are_held_against_the_cases_of_the_error() {
    let types = r#"(type $e' (enum "declined" "late")) (export $e "e" (type $e'))"#;
    let said = |fails: &str, exported: &str| {
        let declared = format!("extern m from \"wit:acme/m\" {{ @pure fn f() {fails} }}");
        let said = misfit(&declared, types, exported);
        let mut lines = said.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let next = lines.last().unwrap_or_default();
        format!("{}; {next}", first.rsplit_once(": ").expect("a reason").1)
    };
    let fallible = "(result (result (error $e)))";
    assert_eq!(
        said("fails Late", fallible),
        "here it has fails Late, and there result<_, enum { declined, late }>; next: add `Declined` to its `fails`"
    );
    assert_eq!(
        said("", fallible),
        "here it has no `fails`, and there result<_, enum { declined, late }>; next: add `Declined` to its `fails`"
    );
    // What has fields here has none there.
    assert_eq!(
        said("fails Declined, Late", fallible),
        "Text), and there nothing; next: give it no fields"
    );
    assert_eq!(
        said("fails Late", ""),
        "here it has fails Late, and there nothing to fail with; next: leave its `fails` out"
    );
}

#[test]
fn what_wants_something_from_outside_is_refused() {
    let source = r#"extern m from "wit:acme/m" { @pure fn same(n: Int) -> Int }"#;
    let same = lifted("same", "(param \"n\" u32) (result u32)", "same");
    let with = |import: &str| refused(source, &component(SAME, &format!("{same} {import}")));
    assert_eq!(
        with(r#"(import "wasi:cli/environment@0.2.0" (instance (export "get" (func))))"#),
        "the component of `m` imports `wasi:cli/environment@0.2.0`, and a component runs here with nothing from outside
next: build it without WASI and other imports, and pass what it needs as arguments"
    );
    assert!(with(r#"(import "log" (func (param "what" string)))"#).contains("imports `log`"));
    // The types that an interface only gives names to are no wish.
    let types = r#"(import "acme:m/types" (instance (type $n u32) (export "n" (type (eq $n)))))"#;
    let loaded = load(source, &component(SAME, &format!("{same} {types}")));
    assert_eq!(loaded.call("same", r#"{"n": 7}"#), "7");
}

#[test]
fn a_resource_is_refused() {
    let source = r#"extern m from "wit:acme/m" { @pure fn f() -> Int }"#;
    let outer = r#"(type $r' (resource (rep i32))) (export $r "file" (type $r'))
  (core func $new (canon resource.new $r'))
  "#
    .to_owned()
        + &lifted("f", "(result (own $r))", "f");
    let core = r#"(func (export "f") (result i32) unreachable)"#;
    let said = refused(source, &component(core, &outer));
    assert!(
        said.contains("here it has Int, and there a resource"),
        "{said}"
    );
    assert!(
        said.ends_with("next: a resource cannot be taken over; leave this function out"),
        "{said}"
    );
}

#[test]
fn functions_of_an_interface_are_those_of_the_package_that_is_named() {
    let same = r#"(func $same (param "n" u32) (result u32) (canon lift (core func $i "same")))
  (instance $api (export "same" (func $same)))
  (export "acme:m-tools/api@0.3.1" (instance $api))"#;
    let component = component(SAME, same);
    let source = |package: &str| {
        format!("extern m from \"wit:{package}\" {{ @pure fn same(n: Int) -> Int }}")
    };
    for package in ["acme/m-tools@0.3", "acme/m-tools@0.3.1", "acme/m-tools"] {
        let loaded = load(&source(package), &component);
        assert_eq!(loaded.call("same", r#"{"n": 7}"#), "7", "{package}");
    }
    for package in [
        "acme/m-tools@0.4",
        "acme/m-tools@0.3.11",
        "acme/m",
        "other/m-tools",
    ] {
        assert_eq!(
            refused(&source(package), &component),
            format!(
                "`m.same` is not in its component under `same`: it exports `acme:m-tools/api@0.3.1.same`
next: name the package and version that it has, instead of \"wit:{package}\""
            )
        );
    }
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let source = r#"extern m from "wit:acme/m" { @pure fn send_letter(n: Int) -> Int }"#;
    let same = lifted("same", "(param \"n\" u32) (result u32)", "same");
    assert_eq!(
        refused(source, &component(SAME, &same)),
        "`m.send_letter` is not in its component under `send-letter`: it exports `same`
next: declare a function that it exports"
    );
    let letter = lifted("send-letter", "(param \"n\" u32) (result u32)", "same");
    assert_eq!(
        load(source, &component(SAME, &letter)).call("send_letter", r#"{"n": 1}"#),
        "1"
    );
}

#[test]
fn what_is_no_component_is_refused() {
    let source = r#"extern m from "wit:acme/m" { @pure fn same(n: Int) -> Int }"#;
    assert_eq!(
        refused(source, "(module)"),
        "the component of `m` is a core module, not a component
next: make a component of it: `wasm-tools component new`"
    );
    let files: Files = [("m".to_owned(), b"not Wasm at all".to_vec())].into();
    let Err(error) = Components::load(manifest(source), &files) else {
        panic!("it was taken")
    };
    assert!(
        error
            .to_string()
            .starts_with("the component of `m` cannot be read: "),
        "{error}"
    );
}

#[test]
fn only_what_a_step_calls_must_be_here() {
    let source = r#"
extern m from "wit:acme/m" { @pure fn same(n: Int) -> Int }
extern later from "wit:acme/later" { @read fn look() -> Int }"#;
    let Ok(none) = Components::load(manifest(source), &Files::new()) else {
        panic!("nothing is wrong with nothing")
    };
    assert_eq!(none.missing(), ["m"]);
    assert!(!none.has("m") && !none.has("later"));
}

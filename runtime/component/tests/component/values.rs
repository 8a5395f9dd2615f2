//! Values on their way into a component and back.

use crate::support::{component, lifted, load};

/// One value of a kind, there and back. `types` are the declarations of the program and those of the component.
#[track_caller]
fn echoes(ours: &str, theirs: &str, types: (&str, &str), values: &str) {
    let source = format!(
        "{}\nextern m from \"wit:acme/m\" {{ @pure fn echo(xs: List<{ours}>) -> List<{ours}> }}",
        types.0
    );
    let ty = format!("(param \"xs\" (list {theirs})) (result (list {theirs}))");
    let outer = format!("{}\n  {}", types.1, lifted("echo", &ty, "echo"));
    let loaded = load(&source, &component("", &outer));
    let found = loaded.call("echo", &format!("{{\"xs\": {values}}}"));
    assert_eq!(found, values.replace(['\n', ' '], ""), "{ours} as {theirs}");
}

const NONE: (&str, &str) = ("", "");

#[test]
fn numbers_and_texts() {
    echoes("Bool", "bool", NONE, "[true, false]");
    echoes("Int", "s8", NONE, "[-128, 127]");
    echoes("Int", "s16", NONE, "[-32768, 32767]");
    echoes("Int", "u16", NONE, "[0, 65535]");
    echoes("Int", "s32", NONE, "[-2147483648, 2147483647]");
    echoes("Int", "u32", NONE, "[0, 4294967295]");
    let wide = "[-9223372036854775808, 9223372036854775807]";
    echoes("Int", "s64", NONE, wide);
    let decimals = "[\"0\", \"18446744073709551615\"]";
    echoes("Decimal", "u64", NONE, decimals);
    echoes(
        "Float",
        "f64",
        NONE,
        "[0.1, -1.5e+300, \"NaN\", \"-Infinity\"]",
    );
    echoes("Float", "f32", NONE, "[0.5, \"NaN\", \"Infinity\"]");
    echoes("Text", "string", NONE, "[\"\", \"grüße\", \"\u{1F980}\"]");
    echoes("Text", "char", NONE, "[\"a\", \"ß\", \"\u{1F980}\"]");
    echoes("Sku", "string", ("type Sku = new Text", ""), "[\"tea\"]");
}

#[test]
fn lists_options_and_tuples() {
    echoes("Bytes", "(list u8)", NONE, "[\"\", \"AAEC/w==\"]");
    echoes("List<Int>", "(list s32)", NONE, "[[], [1, 2, 3]]");
    echoes("Text?", "(option string)", NONE, "[null, \"a\"]");
    let maybe = ("type Maybe = Int?", "");
    echoes(
        "Maybe?",
        "(option (option s64))",
        maybe,
        "[null, [null], [1]]",
    );
    echoes("(Int, Text)", "(tuple u32 string)", NONE, "[[7, \"a\"]]");
}

#[test]
fn records_go_by_names() {
    let ours = "record Line(unit_price: Decimal, sku: Text, note: Text?)";
    // In another order, which is nobody's business.
    let theirs = r#"(type $line' (record (field "note" (option string)) (field "sku" string) (field "unit-price" u64)))
  (export $line "line" (type $line'))"#;
    let values = "[{\"unit_price\": \"3\", \"sku\": \"tea\", \"note\": null}]";
    echoes("Line", "$line", (ours, theirs), values);

    let ours = "record Rights(read: Bool, write_all: Bool)";
    let theirs =
        r#"(type $rights' (flags "write-all" "read")) (export $rights "rights" (type $rights'))"#;
    let values = "[{\"read\": true, \"write_all\": false}, {\"read\": true, \"write_all\": true}]";
    echoes("Rights", "$rights", (ours, theirs), values);
}

#[test]
fn variants_go_by_names() {
    let ours = "enum Color { DeepBlue, Red }";
    let theirs =
        r#"(type $color' (enum "red" "deep-blue")) (export $color "color" (type $color'))"#;
    echoes("Color", "$color", (ours, theirs), "[\"Red\", \"DeepBlue\"]");

    let ours = "record Point(x: Int, y: Int)
enum Shape { Dot, Circle(radius: Float), Box(width: Int, name: Text), Line(to: Point, bold: Bool) }";
    let theirs = r#"(type $point' (record (field "x" s32) (field "y" s32))) (export $point "point" (type $point'))
  (type $stroke' (record (field "bold" bool) (field "to" $point))) (export $stroke "stroke" (type $stroke'))
  (type $shape' (variant (case "line" $stroke) (case "dot") (case "circle" f64) (case "box" (tuple u8 string))))
  (export $shape "shape" (type $shape'))"#;
    let values = "[\"Dot\", {\"kind\": \"Circle\", \"radius\": 1.5}, {\"kind\": \"Box\", \"width\": 3, \"name\": \"b\"},
{\"kind\": \"Line\", \"to\": {\"x\": 1, \"y\": -1}, \"bold\": true}]";
    echoes("Shape", "$shape", (ours, theirs), values);
}

#[test]
fn what_a_narrower_type_does_not_hold_is_a_bug_of_the_caller() {
    let outer = lifted("byte", "(param \"n\" u8) (result u8)", "same")
        + &lifted("letter", "(param \"c\" char) (result char)", "same")
        + &lifted("count", "(param \"n\" u64) (result u64)", "same64");
    let core = r#"(func (export "same") (param i32) (result i32) (local.get 0))
    (func (export "same64") (param i64) (result i64) (local.get 0))"#;
    let source = r#"
extern m from "wit:acme/m@1.0" {
  @pure fn byte(n: Int) -> Int
  @pure fn letter(c: Text) -> Text
  @pure fn count(n: Decimal) -> Decimal
}"#;
    let loaded = load(source, &component(core, &outer));
    assert_eq!(loaded.call("byte", r#"{"n": 255}"#), "255");
    let said = |name: &str, args: &str, what: &str| {
        let expected = format!("argument out of range: m.{name} (wit:acme/m@1.0): {what}");
        assert_eq!(loaded.call(name, args), expected);
    };
    said("byte", r#"{"n": 256}"#, "`n`: 256 does not fit a u8");
    said("byte", r#"{"n": -1}"#, "`n`: -1 does not fit a u8");
    said(
        "letter",
        r#"{"c": "ab"}"#,
        "`c`: \"ab\" is not one character, as a char is",
    );
    said(
        "letter",
        r#"{"c": ""}"#,
        "`c`: \"\" is not one character, as a char is",
    );
    said("count", r#"{"n": "-1"}"#, "`n`: -1 does not fit a u64");
    said("count", r#"{"n": "0.5"}"#, "`n`: 0.5 does not fit a u64");
    let big = "18446744073709551616";
    said(
        "count",
        &format!(r#"{{"n": "{big}"}}"#),
        &format!("`n`: {big} does not fit a u64"),
    );
}

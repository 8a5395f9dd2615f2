//! Arithmetic at its edges: results, and crashes with the place in the source.

mod world;

use weir_contract::Value;
use world::{World, world};

fn binary(ty: &str, result: &str, ops: &[&str]) -> World {
    let mut source = String::from("file \"t.weir\"\nsite 0 0 0 0\nsite 1 0 1 2\nsite 2 0 3 4\n");
    for op in ops {
        source += &format!(
            "fn @{op}(r0: {ty}, r1: {ty}) -> {result} {{\n  r2: {result}\nb0:\n  r2 = {op} r0, r1 !2\n  return r2\n}}\n"
        );
    }
    source += &format!(
        "fn @neg(r0: {ty}, r1: {ty}) -> {ty} {{\nb0:\n  r0 = neg r0 !1\n  return r0\n}}\n"
    );
    for op in ops.iter().chain(&["neg"]) {
        source +=
            &format!("entry function \"{op}\" (\"x\": {ty}, \"y\": {ty}) = @{op} anyone pure !1\n");
    }
    world(&source)
}

const ALL: &[&str] = &["add", "sub", "mul", "div", "rem"];

#[test]
fn int_is_checked() {
    let mut w = binary("Int", "Int", ALL);
    let edges = [
        0,
        1,
        -1,
        2,
        -2,
        7,
        10,
        1 << 31,
        -(1 << 31),
        1 << 32,
        3_037_000_500,
        i64::MAX,
        i64::MIN,
        i64::MIN + 1,
    ];
    let shown = |r: Option<i64>| r.map_or("bug overflow !2".to_owned(), |n| n.to_string());
    for x in edges {
        for y in edges {
            assert_eq!(w.ints("add", &[x, y]), shown(x.checked_add(y)), "{x} + {y}");
            assert_eq!(w.ints("sub", &[x, y]), shown(x.checked_sub(y)), "{x} - {y}");
            assert_eq!(w.ints("mul", &[x, y]), shown(x.checked_mul(y)), "{x} * {y}");
            if y == 0 {
                assert_eq!(w.ints("div", &[x, y]), "bug divide_by_zero !2");
                assert_eq!(w.ints("rem", &[x, y]), "bug divide_by_zero !2");
            } else {
                assert_eq!(w.ints("div", &[x, y]), shown(x.checked_div(y)), "{x} / {y}");
                assert_eq!(
                    w.ints("rem", &[x, y]),
                    x.wrapping_rem(y).to_string(),
                    "{x} % {y}"
                );
            }
        }
        let negated = x
            .checked_neg()
            .map_or("bug overflow !1".to_owned(), |n| n.to_string());
        assert_eq!(w.ints("neg", &[x, 0]), negated);
    }
}

#[test]
fn decimal_is_checked() {
    use weir_contract::library::decimal;
    let mut w = binary("Decimal", "Decimal", ALL);
    let edges = [
        0,
        1,
        -1,
        1_500_000_000,
        -2_000_000_000,
        1 << 64,
        -(1 << 64),
        (1 << 64) - 1,
        i128::MAX,
        i128::MIN,
    ];
    let shown = |r: Option<i128>| r.map_or("bug overflow !2".to_owned(), decimal::show);
    for x in edges {
        for y in edges {
            let args = [Value::Decimal(x), Value::Decimal(y)];
            assert_eq!(
                w.call("add", &[], &args),
                shown(x.checked_add(y)),
                "{x} + {y}"
            );
            assert_eq!(
                w.call("sub", &[], &args),
                shown(x.checked_sub(y)),
                "{x} - {y}"
            );
            assert_eq!(
                w.call("mul", &[], &args),
                shown(decimal::mul(x, y).ok()),
                "{x} * {y}"
            );
            if y == 0 {
                assert_eq!(w.call("div", &[], &args), "bug divide_by_zero !2");
            } else {
                assert_eq!(
                    w.call("div", &[], &args),
                    shown(decimal::div(x, y).ok()),
                    "{x} / {y}"
                );
                assert_eq!(
                    w.call("rem", &[], &args),
                    shown(decimal::rem(x, y).ok()),
                    "{x} % {y}"
                );
            }
        }
        let negated = x
            .checked_neg()
            .map_or("bug overflow !1".to_owned(), decimal::show);
        assert_eq!(
            w.call("neg", &[], &[Value::Decimal(x), Value::Decimal(0)]),
            negated
        );
    }
}

#[test]
fn float_has_one_nan_and_one_zero() {
    let mut w = binary("Float", "Float", ALL);
    let cases = [
        ("div", 0.0, 0.0, "NaN"),
        ("div", 1.0, 0.0, "inf"),
        ("mul", -1.0, 0.0, "0.0"),
        ("rem", -7.5, 2.0, "-1.5"),
        ("rem", 1.0, 0.0, "NaN"),
        ("sub", f64::INFINITY, f64::INFINITY, "NaN"),
        ("neg", f64::NAN, 0.0, "NaN"),
        ("neg", 0.0, 0.0, "0.0"),
        ("add", 0.1, 0.2, "0.30000000000000004"),
    ];
    for (op, x, y, expected) in cases {
        assert_eq!(
            w.call(op, &[], &[Value::Float(x), Value::Float(y)]),
            expected,
            "{x} {op} {y}"
        );
    }
}

#[test]
fn durations_and_times_are_checked() {
    let mut w = binary("Duration", "Duration", &["add", "sub", "rem"]);
    let args = [Value::Duration(i64::MAX), Value::Duration(1)];
    assert_eq!(w.call("add", &[], &args), "bug overflow !2");
    let mut w = binary("Duration", "Int", &["div"]);
    assert_eq!(
        w.call(
            "div",
            &[],
            &[Value::Duration(7_000_000), Value::Duration(2_000_000)]
        ),
        "3"
    );
}

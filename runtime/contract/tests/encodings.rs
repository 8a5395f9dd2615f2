//! Generated types and values through every encoding: value, key, JSON.

mod random;

use std::collections::{BTreeMap, BTreeSet};

use random::Random;
use weir_contract::blobs::Blob;
use weir_contract::currency::Currency;
use weir_contract::encode::{decode, encode};
use weir_contract::json::{from_json, from_text, parse, to_json};
use weir_contract::keys::{decode_key, encode_key};
use weir_contract::library::date;
use weir_contract::types::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};
use weir_contract::value::{Money, Value};

impl Random {
    fn int(&mut self) -> i64 {
        match self.next(4) {
            0 => self.next(5) as i64 - 2,
            1 => [i64::MIN, i64::MAX, -1, 63, 64, -64, -65][self.next(7) as usize],
            2 => self.next(1 << 20) as i64 - (1 << 19),
            _ => self.next(u64::MAX) as i64,
        }
    }
}

fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.into(),
        ty,
    }
}

fn defs() -> Defs {
    let def = |name: &str, kind| Def {
        name: name.into(),
        kind,
    };
    let tree = Type::List(Box::new(Type::Named(DefId(2))));
    Defs {
        defs: vec![
            def(
                "Point",
                DefKind::Record {
                    fields: vec![field("x", Type::Int), field("label", Type::Text)],
                },
            ),
            def("Sku", DefKind::New { base: Type::Text }),
            def(
                "Tree",
                DefKind::Enum {
                    variants: vec![
                        Variant {
                            name: "Leaf".into(),
                            fields: vec![],
                        },
                        Variant {
                            name: "Node".into(),
                            fields: vec![field("of", tree), field("n", Type::Decimal)],
                        },
                    ],
                },
            ),
            def(
                "Missing",
                DefKind::Error {
                    fields: vec![field("what", Type::Text)],
                    status: 404,
                },
            ),
            def(
                "Broken",
                DefKind::Error {
                    fields: vec![],
                    status: 422,
                },
            ),
            def(
                "Account",
                DefKind::Entity {
                    keys: vec![field("owner", Type::Text)],
                },
            ),
            def(
                "Seat",
                DefKind::Entity {
                    keys: vec![field("row", Type::Int), field("side", Type::Text)],
                },
            ),
            def("Unit", DefKind::Record { fields: vec![] }),
        ],
    }
}

fn any_type(random: &mut Random, depth: u32) -> Type {
    let simple = [
        Type::Unit,
        Type::Bool,
        Type::Int,
        Type::Decimal,
        Type::Float,
        Type::Text,
        Type::Bytes,
        Type::Time,
        Type::Duration,
        Type::Date,
        Type::Money,
        Type::Blob,
    ];
    if depth == 0 {
        return simple[random.next(simple.len() as u64) as usize].clone();
    }
    let mut inner = || Box::new(any_type(random, depth - 1));
    let (a, b) = (inner(), inner());
    match random.next(9) {
        0 => Type::List(a),
        1 => Type::Set(a),
        2 => Type::Map(a, b),
        3 => Type::Option(a),
        4 => Type::Tuple(vec![
            TupleField { name: None, ty: *a },
            TupleField { name: None, ty: *b },
        ]),
        5 => Type::Tuple(vec![TupleField {
            name: Some("a".into()),
            ty: *a,
        }]),
        6 => Type::Result(a, vec![DefId(3), DefId(4)]),
        7 => Type::Named(DefId([0, 1, 2, 5, 6, 7][random.next(6) as usize])),
        _ => *a,
    }
}

fn any_decimal(random: &mut Random) -> i128 {
    match random.next(3) {
        0 => [i128::MIN, i128::MAX, 0, -1][random.next(4) as usize],
        1 => random.int() as i128 * random.int() as i128,
        _ => random.int() as i128,
    }
}

fn any_value(random: &mut Random, defs: &Defs, ty: &Type, depth: u32) -> Value {
    let fields = |random: &mut Random, fields: &[Field]| -> Vec<Value> {
        fields
            .iter()
            .map(|f| any_value(random, defs, &f.ty, depth))
            .collect()
    };
    match ty {
        Type::Unit => Value::Unit,
        Type::Bool => Value::Bool(random.next(2) == 1),
        Type::Int => Value::Int(random.int()),
        Type::Time => Value::Time(random.int() % (1 << 56)),
        Type::Duration => Value::Duration(random.int()),
        Type::Date => Value::Date(match random.next(3) {
            0 => [*date::DAYS.start(), *date::DAYS.end(), 0, -1][random.next(4) as usize],
            _ => random.int() % *date::DAYS.end(),
        }),
        Type::Decimal => Value::Decimal(any_decimal(random)),
        Type::Money => Value::Money(Money {
            currency: Currency::of(["EUR", "JPY", "USD"][random.next(3) as usize]).unwrap(),
            amount: any_decimal(random),
        }),
        Type::Blob => {
            let media_type = ["", "a", "image/png"][random.next(3) as usize];
            let blob = Blob::of(&[random.next(4) as u8], media_type);
            Value::Blob(Box::new(blob))
        }
        Type::Float => Value::Float(match random.next(8) {
            0 => f64::NAN,
            1 => -f64::NAN,
            2 => f64::INFINITY,
            3 => f64::NEG_INFINITY,
            4 => -0.0,
            5 => 0.0,
            6 => random.int() as f64 / 8.0,
            _ => f64::MIN_POSITIVE / 2.0 * random.next(9) as f64,
        }),
        Type::Text => {
            let letters = ["", "a", "b", "\0", "\u{1}", "ä", "\u{10ffff}", "\"", "zz"];
            Value::Text(
                (0..random.next(4))
                    .map(|_| letters[random.next(9) as usize])
                    .collect(),
            )
        }
        Type::Bytes => Value::Bytes(
            (0..random.next(5))
                .map(|_| [0, 1, 254, 255][random.next(4) as usize])
                .collect(),
        ),
        Type::List(t) => Value::List(
            (0..random.next(4))
                .map(|_| any_value(random, defs, t, depth))
                .collect(),
        ),
        Type::Set(t) => {
            let items: BTreeSet<Value> = (0..random.next(4))
                .map(|_| any_value(random, defs, t, depth))
                .collect();
            Value::Set(items)
        }
        Type::Map(k, v) => {
            let mut entries = BTreeMap::new();
            for _ in 0..random.next(4) {
                entries.insert(
                    any_value(random, defs, k, depth),
                    any_value(random, defs, v, depth),
                );
            }
            Value::Map(entries)
        }
        Type::Option(t) => Value::Option(
            (random.next(2) == 1).then(|| Box::new(any_value(random, defs, t, depth))),
        ),
        Type::Tuple(parts) => Value::Record(
            parts
                .iter()
                .map(|f| any_value(random, defs, &f.ty, depth))
                .collect(),
        ),
        Type::Result(t, _) => match random.next(3) {
            0 => Value::Err(DefId(3), vec![any_value(random, defs, &Type::Text, depth)]),
            1 => Value::Err(DefId(4), vec![]),
            _ => Value::Ok(Box::new(any_value(random, defs, t, depth))),
        },
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::New { base } => any_value(random, defs, base, depth),
            DefKind::Record { fields: f }
            | DefKind::Error { fields: f, .. }
            | DefKind::Entity { keys: f } => Value::Record(fields(random, f)),
            DefKind::Enum { variants } => {
                if depth == 0 {
                    return Value::Variant(0, vec![]);
                }
                let index = random.next(variants.len() as u64) as usize;
                let parts = variants[index].fields.iter();
                Value::Variant(
                    index as u32,
                    parts
                        .map(|f| any_value(random, defs, &f.ty, depth - 1))
                        .collect(),
                )
            }
        },
    }
}

#[test]
fn values_read_back_and_equal_values_have_equal_bytes() {
    let defs = defs();
    for seed in 1..3000 {
        let mut random = Random::new(seed);
        let ty = any_type(&mut random, 3);
        let values = [(); 4].map(|()| any_value(&mut random, &defs, &ty, 3));
        for a in &values {
            let bytes = encode(&defs, &ty, a);
            let back =
                decode(&defs, &ty, &bytes).unwrap_or_else(|e| panic!("seed {seed}: {e}\n{a:?}"));
            assert_eq!(&back, a, "seed {seed}");
            for b in &values {
                assert_eq!(
                    a == b,
                    bytes == encode(&defs, &ty, b),
                    "seed {seed}\n{a:?}\n{b:?}"
                );
            }
        }
    }
}

#[test]
fn keys_read_back_and_sort_as_their_values() {
    let defs = defs();
    for seed in 1..3000 {
        let mut random = Random::new(seed);
        let ty = any_type(&mut random, 2);
        let values = [(); 5].map(|()| any_value(&mut random, &defs, &ty, 2));
        for a in &values {
            let bytes = encode_key(&defs, &ty, a);
            assert_eq!(&decode_key(&defs, &ty, &bytes).unwrap(), a, "seed {seed}");
            for b in &values {
                let order = bytes.cmp(&encode_key(&defs, &ty, b));
                assert_eq!(order, a.cmp(b), "seed {seed}: {ty:?}\n{a:?}\n{b:?}");
            }
        }
    }
}

#[test]
fn json_reads_back() {
    let defs = defs();
    for seed in 1..3000 {
        let mut random = Random::new(seed);
        let ty = any_type(&mut random, 3);
        let value = any_value(&mut random, &defs, &ty, 3);
        let json = to_json(&defs, &ty, &value);
        let text = json.to_string();
        let json = parse(text.as_bytes()).unwrap();
        let back = from_json(&defs, &ty, &json, "")
            .unwrap_or_else(|e| panic!("seed {seed}: {e}\n{ty:?}\n{text}"));
        assert_eq!(back, value, "seed {seed}: {text}");
    }
}

#[test]
fn other_spellings_of_a_value_are_refused() {
    let defs = defs();
    let list = |t| Type::List(Box::new(t));
    let cases: &[(Type, &[u8])] = &[
        (Type::Bool, &[2]),
        (Type::Int, &[0x80, 0]),
        (Type::Int, &[0xff; 11]),
        (Type::Int, &[0]),
        (
            Type::Float,
            &f64::NAN.to_bits().wrapping_add(1).to_le_bytes(),
        ),
        (Type::Float, &(-0.0f64).to_le_bytes()),
        (Type::Text, &[1, 0xff]),
        (Type::Text, &[5, b'a']),
        (Type::Set(Box::new(Type::Int)), &[2, 4, 2]),
        (Type::Set(Box::new(Type::Int)), &[2, 4, 4]),
        (
            Type::Map(Box::new(Type::Int), Box::new(Type::Unit)),
            &[2, 4, 2],
        ),
        (Type::Option(Box::new(Type::Unit)), &[2]),
        (Type::Named(DefId(2)), &[2]),
        (Type::Result(Box::new(Type::Unit), vec![DefId(3)]), &[5]),
        (
            list(Type::Unit),
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ),
        (list(Type::Int), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        (
            Type::Decimal,
            &[
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0xff, 0xff, 4,
            ],
        ),
    ];
    for (ty, bytes) in cases {
        let is_plain_int = *ty == Type::Int && *bytes == [0];
        assert_eq!(
            decode(&defs, ty, bytes).is_ok(),
            is_plain_int,
            "{ty:?} {bytes:?}"
        );
    }
    let deep = [vec![1u8; 2000], vec![0]].concat();
    assert!(decode(&defs, &Type::Named(DefId(2)), &deep).is_err());
}

#[test]
fn hostile_bytes_never_panic() {
    let defs = defs();
    for seed in 1..3000 {
        let mut random = Random::new(seed);
        let ty = any_type(&mut random, 3);
        let value = any_value(&mut random, &defs, &ty, 3);
        for mut bytes in [encode(&defs, &ty, &value), encode_key(&defs, &ty, &value)] {
            if let Some(last) = bytes.len().checked_sub(1) {
                bytes[random.next(last as u64 + 1) as usize] = random.next(256) as u8;
            }
            let _ = decode(&defs, &ty, &bytes).map(|v| assert_eq!(encode(&defs, &ty, &v), bytes));
            let _ = decode_key(&defs, &ty, &bytes);
        }
    }
}

#[test]
fn json_has_the_forms_of_the_reference() {
    let defs = defs();
    let shown = |ty: &Type, value: Value| to_json(&defs, ty, &value).to_string();
    assert_eq!(
        shown(&Type::Decimal, Value::Decimal(12_500_000_000)),
        r#""12.5""#
    );
    assert_eq!(
        shown(&Type::Time, Value::Time(0)),
        r#""1970-01-01T00:00:00Z""#
    );
    assert_eq!(
        shown(&Type::Duration, Value::Duration(5_400_000_000)),
        r#""PT1H30M""#
    );
    assert_eq!(shown(&Type::Bytes, Value::Bytes(vec![0, 255])), r#""AP8=""#);
    let tree = Type::Named(DefId(2));
    assert_eq!(shown(&tree, Value::Variant(0, vec![])), r#""Leaf""#);
    let node = Value::Variant(1, vec![Value::List(vec![]), Value::Decimal(0)]);
    assert_eq!(shown(&tree, node), r#"{"kind":"Node","of":[],"n":"0"}"#);
    let map = |k| Type::Map(Box::new(k), Box::new(Type::Int));
    let one = |k| Value::Map([(k, Value::Int(1))].into());
    assert_eq!(
        shown(&map(Type::Named(DefId(1))), one(Value::Text("a".into()))),
        r#"{"a":1}"#
    );
    assert_eq!(shown(&map(Type::Int), one(Value::Int(2))), "[[2,1]]");
    assert_eq!(
        shown(&Type::Option(Box::new(Type::Int)), Value::Option(None)),
        "null"
    );
    assert_eq!(
        from_text(&defs, &Type::Named(DefId(5)), "ann", "").unwrap(),
        Value::Record(vec![Value::Text("ann".into())])
    );
}

#[test]
fn json_errors_name_the_place_and_the_nearest_name() {
    let defs = defs();
    let list = Type::List(Box::new(Type::Named(DefId(0))));
    let cases = [
        (
            r#"[{"x": 1, "lable": "a"}]"#,
            r#"[0].lable: unknown field "lable"; did you mean "label"?"#,
        ),
        (r#"[{"x": 1}]"#, "[0].label: is missing"),
        (
            r#"[{"x": 1, "label": 2}]"#,
            "[0].label: expected a string, found 2",
        ),
        (
            r#"[{"x": 1.5, "label": ""}]"#,
            "[0].x: expected an Int (a whole number of 64 bits), found 1.5",
        ),
        (r#"{}"#, "expected an array, found an object"),
    ];
    for (text, expected) in cases {
        let json = parse(text.as_bytes()).unwrap();
        assert_eq!(
            from_json(&defs, &list, &json, "").unwrap_err().to_string(),
            expected
        );
    }
    let json = parse(br#"{"kind": "Nod"}"#).unwrap();
    let error = from_json(&defs, &Type::Named(DefId(2)), &json, "tree").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"tree: unknown variant "Nod"; did you mean "Node"?"#
    );
}

#[test]
fn json_text_is_read_strictly() {
    let text = r#"{"a": [1, -2, 1.5, true, null, "x"], "b": {"a": 18446744073709551615}}"#;
    let plain: serde_json::Value = serde_json::from_str(text).unwrap();
    let read = parse(text.as_bytes()).unwrap();
    assert_eq!(serde_json::Value::from(&read), plain);
    let doubled = parse(br#"[{"a": 1, "a": 1}]"#).unwrap_err().to_string();
    assert!(doubled.contains("has \"a\" twice"), "{doubled}");
    let deep = "[".repeat(65) + &"]".repeat(65);
    assert!(parse(deep.as_bytes()).is_err());
    assert!(parse(&deep.as_bytes()[1..129]).is_ok());
}

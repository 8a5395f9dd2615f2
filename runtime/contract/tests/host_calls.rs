//! Calls of the host by the types of a program, on bytes as a module makes them.

use weir_contract::encode::{decode, encode};
use weir_contract::host_call::{Given, HostCall, Level, Lines, Setting};
use weir_contract::json::{Document, parse, to_document};
use weir_contract::limits::{LOG_LINE_MAX, LOG_LINES_MAX};
use weir_contract::types::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};
use weir_contract::{Blob, CrashReason, Value};

const JSON: Type = Type::Named(DefId(0));

/// The library's `Json`, and a record with one.
fn defs() -> Defs {
    let field = |name: &str, ty| Field {
        name: name.to_owned(),
        ty,
    };
    let variant = |name: &str, fields: Vec<Field>| Variant {
        name: name.to_owned(),
        fields,
    };
    let json = || Box::new(JSON);
    let variants = vec![
        variant("Null", vec![]),
        variant("Bool", vec![field("value", Type::Bool)]),
        variant("Number", vec![field("value", Type::Decimal)]),
        variant("OtherNumber", vec![field("text", Type::Text)]),
        variant("String", vec![field("text", Type::Text)]),
        variant("Array", vec![field("items", Type::List(json()))]),
        variant(
            "Object",
            vec![field("members", Type::Map(Box::new(Type::Text), json()))],
        ),
    ];
    let hook = vec![field("kind", Type::Text), field("data", JSON)];
    let def = |name: &str, kind| Def {
        name: name.to_owned(),
        kind,
    };
    let defs = vec![
        def("Json", DefKind::Enum { variants }),
        def("Hook", DefKind::Record { fields: hook }),
    ];
    Defs { defs }
}

fn call(call: &HostCall, args: &[Value], given: &Given, log: &mut Lines) -> Result<Value, String> {
    let defs = defs();
    let mut bytes = Vec::new();
    for (arg, ty) in args.iter().zip(call.params()) {
        bytes.extend(encode(&defs, &ty, arg));
    }
    let answer = call.call(&defs, &bytes, given, log);
    let answer = answer.map_err(|r| format!("{}: {}", r.reason.name(), r.detail))?;
    Ok(decode(&defs, &call.result(), &answer).expect("it is of its type"))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The value or the place and what is wrong there.
fn read(ty: Type, json: &str) -> Result<Value, String> {
    let answer = call(
        &HostCall::Decode(ty),
        &[text(json)],
        &Given::default(),
        &mut Lines::default(),
    );
    match answer {
        Ok(Value::Record(parts)) => match parts.as_slice() {
            [Value::Option(Some(value)), _, _] => Ok((**value).clone()),
            [Value::Option(None), Value::Text(at), Value::Text(why)] => {
                Err(format!("{at} | {why}"))
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn json_of_no_shape_is_itself_wherever_it_stands() {
    for written in [
        "null",
        r#"{"a":[1.5,true,"x",null],"b":{}}"#,
        "[1e400,123456789012345678901234567890.5]",
    ] {
        let value = read(JSON, written).unwrap();
        assert_eq!(to_document(&defs(), &JSON, &value).to_string(), written);
        let hook = format!(r#"{{"kind":"k","data":{written}}}"#);
        let value = read(Type::Named(DefId(1)), &hook).unwrap();
        let again = call(
            &HostCall::Encode(Type::Named(DefId(1))),
            &[value],
            &Given::default(),
            &mut Lines::default(),
        );
        assert_eq!(again, Ok(text(&hook)));
    }
    // Of no number that JSON has nothing else may be made.
    let no_number = Value::Variant(3, vec![text("1, 2")]);
    assert_eq!(
        to_document(&defs(), &JSON, &no_number).to_string(),
        r#""1, 2""#
    );
    // Another enum of the name is an enum.
    let mut other = defs();
    other.defs[0].kind = DefKind::Enum {
        variants: vec![Variant {
            name: "Null".to_owned(),
            fields: vec![],
        }],
    };
    let null = Value::Variant(0, vec![]);
    assert_eq!(to_document(&other, &JSON, &null).to_string(), r#""Null""#);
}

#[test]
fn what_is_wrong_has_a_place() {
    let hooks = Type::List(Box::new(Type::Named(DefId(1))));
    let wrong = read(hooks.clone(), r#"[{"kind": 3, "data": 1}]"#).unwrap_err();
    assert_eq!(wrong, "[0].kind | expected a string, found 3");
    let wrong = read(hooks, "[1").unwrap_err();
    assert_eq!(
        wrong,
        " | not JSON: no `,` or `]` behind an item at line 1, column 3"
    );
}

#[test]
fn a_line_is_cut_and_a_step_says_only_so_much() {
    let values = Type::Tuple(vec![
        TupleField {
            name: Some("n".to_owned()),
            ty: Type::Int,
        },
        TupleField {
            name: Some("long".to_owned()),
            ty: Type::Text,
        },
    ]);
    let say = HostCall::Log(Level::Warn, values);
    let mut log = Lines::default();
    let long = "\u{e9}".repeat(LOG_LINE_MAX);
    let args = [
        text("said"),
        Value::Record(vec![Value::Int(3), text(&long)]),
    ];
    for _ in 0..LOG_LINES_MAX + 5 {
        assert_eq!(
            call(&say, &args, &Given::default(), &mut log),
            Ok(Value::Unit)
        );
    }
    assert_eq!((log.lines.len(), log.more), (LOG_LINES_MAX, 5));
    let line = &log.lines[0];
    assert_eq!((line.level, line.message.as_str()), (Level::Warn, "said"));
    assert_eq!(
        line.fields[0],
        ("n".to_owned(), Document::Number("3".to_owned()))
    );
    let cut = line.fields[1].1.as_str().unwrap();
    assert!(
        cut.ends_with("\u{e9}...") && cut.len() <= LOG_LINE_MAX + 3,
        "{}",
        cut.len()
    );
    let short = call(
        &HostCall::Log(Level::Info, Type::Unit),
        &[text("x"), Value::Unit],
        &Given::default(),
        &mut log,
    );
    assert_eq!(short, Ok(Value::Unit));
}

#[test]
fn settings_and_secrets_are_what_was_given() {
    let setting = |name: &str, ty, has_default| {
        let name = name.to_owned();
        HostCall::Config(Setting {
            name,
            ty,
            has_default,
        })
    };
    let fee = setting("fee", Type::Decimal, false);
    let hours = setting("hours", Type::List(Box::new(Type::Int)), true);
    let calls = [
        fee.clone(),
        hours.clone(),
        HostCall::Secret("key".to_owned()),
    ];
    let none = |_: &str| None;
    let lacking = Given::read(&defs(), &calls, none, none).unwrap_err();
    let names: Vec<_> = lacking
        .iter()
        .map(|l| (l.name.as_str(), l.is_secret))
        .collect();
    assert_eq!(names, [("fee", false), ("key", true)]);
    let config = |name: &str| (name == "fee").then(|| "0.25".to_owned());
    let given = Given::read(&defs(), &calls, config, |_| Some("s3cret".to_owned())).unwrap();
    assert!(!format!("{given:?}").contains("s3cret"), "{given:?}");
    let ask = |call_: &HostCall, args: &[Value]| call(call_, args, &given, &mut Lines::default());
    assert_eq!(ask(&fee, &[]), Ok(Value::Decimal(250_000_000)));
    assert_eq!(ask(&hours, &[]), Ok(Value::Option(None)));
    assert_eq!(
        ask(&HostCall::Secret("key".to_owned()), &[]),
        Ok(text("key"))
    );
    assert_eq!(ask(&HostCall::Reveal, &[text("key")]), Ok(text("s3cret")));
    let wrong = ask(&HostCall::Reveal, &[text("other")]).unwrap_err();
    assert_eq!(wrong, "not_given: nobody has set the secret `other`");
}

#[test]
fn contents_are_kept_and_read_by_their_blobs() {
    let given = Given::default();
    let ask = |call_: &HostCall, args: &[Value]| call(call_, args, &given, &mut Lines::default());
    let keep = |content: &[u8], media_type: &str| {
        let args = [Value::Bytes(content.to_vec()), text(media_type)];
        ask(&HostCall::KeepBlob, &args)
    };
    let blob = keep(b"one\ntwo", "text/plain").unwrap();
    let of = Blob::of(b"one\ntwo", "text/plain");
    assert_eq!(blob, Value::Blob(Box::new(of.clone())));
    let read = |from, to| {
        let args = [blob.clone(), Value::Int(from), Value::Int(to)];
        ask(&HostCall::ReadBlob, &args)
    };
    assert_eq!(read(4, 99), Ok(Value::Bytes(b"two".to_vec())));
    assert_eq!(read(-5, 3), Ok(Value::Bytes(b"one".to_vec())));
    assert_eq!(read(5, 2), Ok(Value::Bytes(Vec::new())));
    let lines = ask(&HostCall::BlobLines, std::slice::from_ref(&blob));
    assert_eq!(lines, Ok(Value::List(vec![text("one"), text("two")])));
    let binary = keep(b"\xff", "").unwrap();
    let wrong = ask(&HostCall::BlobLines, &[binary]).unwrap_err();
    assert!(
        wrong.starts_with("bad_text: the content of blob "),
        "{wrong}"
    );
    let wrong = keep(b"", "a\r\nb: c").unwrap_err();
    assert_eq!(
        wrong,
        "bad_text: a media type is made of visible ASCII, as `image/png`"
    );
    let missing = Blob::of(b"never kept", "");
    let hash = missing.hash.to_string();
    let args = [Value::Blob(Box::new(missing)), Value::Int(0), Value::Int(1)];
    let wrong = ask(&HostCall::ReadBlob, &args).unwrap_err();
    assert_eq!(wrong, format!("no_blob: there is no blob {hash}"));
    let long = Blob {
        size: 1 << 40,
        ..of.clone()
    };
    let args = [
        Value::Blob(Box::new(long)),
        Value::Int(0),
        Value::Int(1 << 40),
    ];
    let wrong = ask(&HostCall::ReadBlob, &args).unwrap_err();
    assert!(wrong.starts_with("step_too_large: "), "{wrong}");
    // A blob comes out of JSON only where its content is there, and then with all that is known of it.
    let decode = |json: String| ask(&HostCall::Decode(Type::Blob), &[text(&json)]).unwrap();
    let found = Value::Option(Some(Box::new(blob.clone())));
    assert_eq!(
        decode(format!("\"{}\"", of.hash)),
        Value::Record(vec![found, text(""), text("")])
    );
    let why = format!("there is no blob {hash}; send its content to POST /blobs first");
    assert_eq!(
        decode(format!("\"{hash}\"")),
        Value::Record(vec![Value::Option(None), text(""), text(&why)])
    );
}

#[test]
fn bytes_that_are_no_arguments_are_refused() {
    let log = &mut Lines::default();
    for bytes in [&[][..], &[9], &[1, b'1', 0]] {
        let answer = HostCall::Decode(Type::Int).call(&defs(), bytes, &Given::default(), log);
        assert_eq!(answer.unwrap_err().reason, CrashReason::BadArgument);
    }
    assert!(parse(b"1").is_ok());
}

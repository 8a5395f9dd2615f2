//! The functions that are built in: a few on collections, and the library that compiled code calls too.

use std::collections::BTreeSet;

use weir_contract::host_call::{Given, HostCall, Level, Lines, Setting};
use weir_contract::library::Op;
use weir_contract::{CrashReason, Defs, Type, Value};

use crate::operator;

/// The answer, or the reason why there is none.
pub(crate) fn run(name: &str, mut args: Vec<Value>) -> Result<Value, CrashReason> {
    match name {
        "list.len" => Ok(Value::Int(operator::items(args.remove(0)).len() as i64)),
        "list.slice" => {
            let (from, to) = (operator::int(&args[1]), operator::int(&args[2]));
            let items = operator::items(args.remove(0));
            let clip = |n: i64| n.clamp(0, items.len() as i64) as usize;
            let part = items.get(clip(from)..clip(to)).unwrap_or(&[]);
            Ok(Value::List(part.to_vec()))
        }
        "map.len" => Ok(Value::Int(operator::entries(args.remove(0)).len() as i64)),
        "map.find" => {
            let map = operator::entries(args.remove(0));
            let at = map.keys().position(|key| *key == args[0]);
            Ok(Value::Int(at.map_or(0, |at| at as i64 + 1)))
        }
        "map.at" => {
            let at = operator::int(&args[1]) as usize - 1;
            let map = operator::entries(args.remove(0));
            Ok(map.into_values().nth(at).expect("it was found"))
        }
        "map.put" => {
            let (value, key) = (args.remove(2), args.remove(1));
            let mut map = operator::entries(args.remove(0));
            map.insert(key, value);
            Ok(Value::Map(map))
        }
        "map.remove" => {
            let mut map = operator::entries(args.remove(0));
            map.remove(&args[0]);
            Ok(Value::Map(map))
        }
        "map.entries" | "set.items" => Ok(Value::List(operator::items(args.remove(0)))),
        "map.from_sorted" => {
            let pair = |pair| match pair {
                Value::Record(mut pair) => {
                    let value = pair.pop().expect("a pair");
                    (pair.pop().expect("a pair"), value)
                }
                other => panic!("{other:?} is no pair"),
            };
            Ok(Value::Map(
                operator::items(args.remove(0))
                    .into_iter()
                    .map(pair)
                    .collect(),
            ))
        }
        "set.len" => Ok(Value::Int(set(args.remove(0)).len() as i64)),
        "set.has" => Ok(Value::Bool(set(args.remove(0)).contains(&args[0]))),
        "set.put" => {
            let item = args.remove(1);
            let mut set = set(args.remove(0));
            set.insert(item);
            Ok(Value::Set(set))
        }
        "set.remove" => {
            let mut set = set(args.remove(0));
            set.remove(&args[0]);
            Ok(Value::Set(set))
        }
        "set.from_sorted" => Ok(Value::Set(
            operator::items(args.remove(0)).into_iter().collect(),
        )),
        name => {
            let op =
                Op::from_name(name).unwrap_or_else(|| panic!("no function `{name}` is built in"));
            op.apply(&args)
        }
    }
}

fn set(value: Value) -> BTreeSet<Value> {
    match value {
        Value::Set(items) => items,
        other => panic!("{other:?} is no set"),
    }
}

/// What a built-in function has the host do, if it is one of those.
pub(crate) fn host_call(name: &str, types: &[Type], args: &[Value]) -> Option<HostCall> {
    let ty = || types[0].clone();
    let named = || match &args[0] {
        Value::Text(name) => name.clone(),
        other => panic!("{other:?} is no name"),
    };
    let setting = |has_default| {
        HostCall::Config(Setting {
            name: named(),
            ty: ty(),
            has_default,
        })
    };
    Some(match name {
        "json.encode" => HostCall::Encode(ty()),
        "json.pretty" => HostCall::Pretty(ty()),
        "json.decode" => HostCall::Decode(ty()),
        "config.needed" => setting(false),
        "config.given" => setting(true),
        "secret.named" => HostCall::Secret(named()),
        "secret.reveal" => HostCall::Reveal,
        "blobs.keep" => HostCall::KeepBlob,
        "blobs.read" => HostCall::ReadBlob,
        "blobs.lines" => HostCall::BlobLines,
        _ => {
            let level = name.strip_prefix("log.")?;
            let level = Level::ALL.into_iter().find(|l| l.name() == level)?;
            HostCall::Log(level, ty())
        }
    })
}

/// What the host gives. Nobody reads the log here.
pub(crate) fn on_host(
    call: &HostCall,
    mut args: Vec<Value>,
    defs: &Defs,
    settings: &Given,
) -> Result<Value, CrashReason> {
    // The name is in the call, and behind it may stand what is used without one.
    let otherwise = match call {
        HostCall::Config(_) | HostCall::Secret(_) => args.drain(..).nth(1),
        _ => None,
    };
    let answer = call.apply(defs, &args, settings, &mut Lines::default());
    let answer = answer.map_err(|refusal| refusal.reason)?;
    Ok(match (call, answer) {
        (
            HostCall::Config(Setting {
                has_default: true, ..
            }),
            Value::Option(found),
        ) => found.map_or_else(|| otherwise.expect("it has a default"), |found| *found),
        (HostCall::Secret(_), name) => Value::Record(vec![name]),
        (_, answer) => answer,
    })
}

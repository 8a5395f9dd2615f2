//! The functions that are built in: a few on collections, and the library that compiled code calls too.

use weir_contract::library::Op;
use weir_contract::{CrashReason, Value};

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

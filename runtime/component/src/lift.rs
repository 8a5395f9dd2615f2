//! Values of a component on their way into a program. Each value that WIT allows has one here: the types fit (`fit`), and
//! wasmtime has checked what the component wrote.

use wasmtime::component::Val;
use weir_contract::call::Reply;
use weir_contract::encode::canonical_float;
use weir_contract::{DefId, Value};

use crate::shape::*;

/// What a function gave; `None` where it gives nothing.
pub fn reply(gives: &Gives, val: Option<Val>) -> Reply {
    match (gives, val) {
        (Gives::Value(None), None) => Reply::Ok(Value::Unit),
        (Gives::Value(Some(shape)), Some(val)) => Reply::Ok(lift(shape, val)),
        (Gives::Outcome(outcome), Some(Val::Result(Ok(val)))) => Reply::Ok(ok(outcome, val)),
        (Gives::Outcome(outcome), Some(Val::Result(Err(val)))) => {
            let (id, fields) = error(outcome, val);
            Reply::Failed(id, fields)
        }
        (gives, val) => unreachable!("{val:?} is not of the type of {gives:?}"),
    }
}

fn lift(shape: &Shape, val: Val) -> Value {
    match (shape, val) {
        (Shape::Bool, Val::Bool(b)) => Value::Bool(b),
        (Shape::Int(_), Val::S8(n)) => Value::Int(n.into()),
        (Shape::Int(_), Val::U8(n)) => Value::Int(n.into()),
        (Shape::Int(_), Val::S16(n)) => Value::Int(n.into()),
        (Shape::Int(_), Val::U16(n)) => Value::Int(n.into()),
        (Shape::Int(_), Val::S32(n)) => Value::Int(n.into()),
        (Shape::Int(_), Val::U32(n)) => Value::Int(n.into()),
        (Shape::Int(_), Val::S64(n)) => Value::Int(n),
        (Shape::Decimal, Val::U64(n)) => Value::Decimal(i128::from(n) * 1_000_000_000),
        (Shape::Float32, Val::Float32(x)) => Value::Float(canonical_float(x.into())),
        (Shape::Float64, Val::Float64(x)) => Value::Float(canonical_float(x)),
        (Shape::Char, Val::Char(c)) => Value::Text(c.to_string()),
        (Shape::Text, Val::String(text)) => Value::Text(text),
        (Shape::Bytes, Val::List(bytes)) => Value::Bytes(bytes.into_iter().map(byte).collect()),
        (Shape::List(item), Val::List(vals)) => {
            Value::List(vals.into_iter().map(|val| lift(item, val)).collect())
        }
        (Shape::Option(some), Val::Option(val)) => {
            Value::Option(val.map(|val| Box::new(lift(some, *val))))
        }
        (Shape::Tuple(shapes), Val::Tuple(vals)) => Value::Record(each(shapes, vals)),
        (Shape::Record(members), Val::Record(fields)) => Value::Record(record(members, fields)),
        (Shape::Flags(names), Val::Flags(set)) => {
            let flag = |name| Value::Bool(set.contains(name));
            Value::Record(names.iter().map(flag).collect())
        }
        (Shape::Enum(names), Val::Enum(name)) => {
            let at = names.iter().position(|known| *known == name);
            Value::Variant(at.expect("each name is known") as u32, Vec::new())
        }
        (Shape::Variant(cases), Val::Variant(name, val)) => {
            let at = cases.iter().position(|case| case.name == name);
            let at = at.expect("each case is known");
            Value::Variant(at as u32, payload(&cases[at].fields, val))
        }
        (Shape::Result(outcome), Val::Result(Ok(val))) => Value::Ok(Box::new(ok(outcome, val))),
        (Shape::Result(outcome), Val::Result(Err(val))) => {
            let (id, fields) = error(outcome, val);
            Value::Err(id, fields)
        }
        (shape, val) => unreachable!("{val:?} is not of the type of {shape:?}"),
    }
}

fn ok(outcome: &Outcome, val: Option<Box<Val>>) -> Value {
    match (&outcome.ok, val) {
        (Some(shape), Some(val)) => lift(shape, *val),
        _ => Value::Unit,
    }
}

fn error(outcome: &Outcome, val: Option<Box<Val>>) -> (DefId, Vec<Value>) {
    let cases = match &outcome.errors {
        Errors::One(id, fields) => return (*id, payload(fields, val)),
        Errors::ByName { cases, .. } => cases,
    };
    let (name, val) = match val.map(|val| *val) {
        Some(Val::Variant(name, val)) => (name, val),
        Some(Val::Enum(name)) => (name, None),
        other => unreachable!("{other:?} has no name"),
    };
    let found = cases.iter().find(|(_, case)| case.name == name);
    let (id, case) = found.expect("each case is known");
    (*id, payload(&case.fields, val))
}

fn payload(fields: &Payload, val: Option<Box<Val>>) -> Vec<Value> {
    match (fields, val.map(|val| *val)) {
        (Payload::None, _) => Vec::new(),
        (Payload::One(shape), Some(val)) => vec![lift(shape, val)],
        (Payload::Tuple(shapes), Some(Val::Tuple(vals))) => each(shapes, vals),
        (Payload::Record(members), Some(Val::Record(fields))) => record(members, fields),
        (fields, val) => unreachable!("{val:?} is not of the type of {fields:?}"),
    }
}

fn each(shapes: &[Shape], vals: Vec<Val>) -> Vec<Value> {
    let pairs = shapes.iter().zip(vals);
    pairs.map(|(shape, val)| lift(shape, val)).collect()
}

/// The fields in our order.
fn record(members: &[Member], fields: Vec<(String, Val)>) -> Vec<Value> {
    let mut values = vec![Value::Unit; members.len()];
    for (member, (_, val)) in members.iter().zip(fields) {
        values[member.at] = lift(&member.shape, val);
    }
    values
}

fn byte(val: Val) -> u8 {
    match val {
        Val::U8(byte) => byte,
        other => unreachable!("{other:?} is no byte"),
    }
}

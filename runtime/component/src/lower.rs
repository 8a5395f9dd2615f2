//! Values of a program on their way into a component. Types fit already (`fit`); what can still go wrong is a number or a text
//! that the narrower type of WIT does not hold.

use wasmtime::component::Val;
use weir_contract::Value;

use crate::shape::*;

/// Fails with what does not fit, in words.
pub fn lower(shape: &Shape, value: &Value) -> Result<Val, String> {
    Ok(match (shape, value) {
        (Shape::Bool, Value::Bool(b)) => Val::Bool(*b),
        (Shape::Int(whole), Value::Int(n)) => self::whole(*whole, *n)?,
        (Shape::Decimal, Value::Decimal(n)) => Val::U64(unsigned(*n)?),
        (Shape::Float32, Value::Float(x)) => Val::Float32(*x as f32),
        (Shape::Float64, Value::Float(x)) => Val::Float64(*x),
        (Shape::Char, Value::Text(text)) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Val::Char(c),
                _ => return Err(format!("{text:?} is not one character, as a char is")),
            }
        }
        (Shape::Text, Value::Text(text)) => Val::String(text.clone()),
        (Shape::Bytes, Value::Bytes(bytes)) => {
            Val::List(bytes.iter().map(|b| Val::U8(*b)).collect())
        }
        (Shape::List(item), Value::List(values)) => Val::List(all(item, values)?),
        (Shape::Option(some), Value::Option(value)) => Val::Option(match value {
            Some(value) => Some(Box::new(lower(some, value)?)),
            None => None,
        }),
        (Shape::Tuple(shapes), Value::Record(values)) => Val::Tuple(each(shapes, values)?),
        (Shape::Record(members), Value::Record(values)) => Val::Record(record(members, values)?),
        (Shape::Flags(names), Value::Record(values)) => {
            let set = names.iter().zip(values);
            let set = set.filter(|(_, value)| **value == Value::Bool(true));
            Val::Flags(set.map(|(name, _)| name.clone()).collect())
        }
        (Shape::Enum(names), Value::Variant(at, _)) => Val::Enum(names[*at as usize].clone()),
        (Shape::Variant(cases), Value::Variant(at, values)) => {
            let case = &cases[*at as usize];
            Val::Variant(case.name.clone(), payload(&case.fields, values)?)
        }
        (Shape::Result(outcome), Value::Ok(value)) => Val::Result(Ok(match &outcome.ok {
            Some(shape) => Some(Box::new(lower(shape, value)?)),
            None => None,
        })),
        (Shape::Result(outcome), Value::Err(id, values)) => {
            let error = match &outcome.errors {
                Errors::One(_, fields) => payload(fields, values)?,
                Errors::ByName { is_enum, cases } => {
                    let case = cases.iter().find(|(known, _)| known == id);
                    let (_, case) = case.expect("each error of the type has a case");
                    Some(Box::new(match is_enum {
                        true => Val::Enum(case.name.clone()),
                        false => Val::Variant(case.name.clone(), payload(&case.fields, values)?),
                    }))
                }
            };
            Val::Result(Err(error))
        }
        (shape, value) => unreachable!("{value:?} is not of the type of {shape:?}"),
    })
}

fn all(item: &Shape, values: &[Value]) -> Result<Vec<Val>, String> {
    values.iter().map(|value| lower(item, value)).collect()
}

fn each(shapes: &[Shape], values: &[Value]) -> Result<Vec<Val>, String> {
    let pairs = shapes.iter().zip(values);
    pairs.map(|(shape, value)| lower(shape, value)).collect()
}

fn record(members: &[Member], values: &[Value]) -> Result<Vec<(String, Val)>, String> {
    let member = |m: &Member| Ok((m.name.clone(), lower(&m.shape, &values[m.at])?));
    members.iter().map(member).collect()
}

fn payload(fields: &Payload, values: &[Value]) -> Result<Option<Box<Val>>, String> {
    Ok(match fields {
        Payload::None => None,
        Payload::One(shape) => Some(Box::new(lower(shape, &values[0])?)),
        Payload::Tuple(shapes) => Some(Box::new(Val::Tuple(each(shapes, values)?))),
        Payload::Record(members) => Some(Box::new(Val::Record(record(members, values)?))),
    })
}

fn whole(whole: Whole, n: i64) -> Result<Val, String> {
    let val = match whole {
        Whole::S8 => n.try_into().ok().map(Val::S8),
        Whole::U8 => n.try_into().ok().map(Val::U8),
        Whole::S16 => n.try_into().ok().map(Val::S16),
        Whole::U16 => n.try_into().ok().map(Val::U16),
        Whole::S32 => n.try_into().ok().map(Val::S32),
        Whole::U32 => n.try_into().ok().map(Val::U32),
        Whole::S64 => Some(Val::S64(n)),
    };
    let name = format!("{whole:?}").to_lowercase();
    val.ok_or_else(|| format!("{n} does not fit a {name}"))
}

/// How many of the counts of a `Decimal` are one.
const ONE: i128 = 1_000_000_000;

fn unsigned(n: i128) -> Result<u64, String> {
    let whole = (n % ONE == 0).then_some(n / ONE);
    let fits = whole.and_then(|n| n.try_into().ok());
    fits.ok_or_else(|| {
        let shown = weir_contract::library::decimal::show(n);
        format!("{shown} does not fit a u64")
    })
}

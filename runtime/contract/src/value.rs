//! A value of any type, as the interpreter, the JSON mapping and the tests hold it.
//!
//! Compiled code never builds one: it works on its own memory and on encoded
//! bytes. `Value` is the meeting place where those two can be compared.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::blobs::Blob;
use crate::currency::Currency;
use crate::types::DefId;

#[derive(Clone, Debug)]
pub enum Value {
    Unit,
    Bool(bool),
    Int(i64),
    /// Count of 10^-9.
    Decimal(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Microseconds since 1970.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// Days since 1970.
    Date(i64),
    Money(Money),
    List(Vec<Value>),
    Map(BTreeMap<Value, Value>),
    Set(BTreeSet<Value>),
    Option(Option<Box<Value>>),
    /// Records, tuples, errors and entity references: the fields in order.
    Record(Vec<Value>),
    /// An enum's variant by position, with its fields.
    Variant(u32, Vec<Value>),
    Ok(Box<Value>),
    Err(DefId, Vec<Value>),
    Blob(Box<Blob>),
}

impl Value {
    /// Position of the kind, only to order values of different kinds (which a
    /// well-typed program never compares).
    fn rank(&self) -> u8 {
        match self {
            Value::Unit => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::Decimal(_) => 3,
            Value::Float(_) => 4,
            Value::Text(_) => 5,
            Value::Bytes(_) => 6,
            Value::Time(_) => 7,
            Value::Duration(_) => 8,
            Value::Date(_) => 9,
            Value::Money(_) => 10,
            Value::List(_) => 11,
            Value::Map(_) => 12,
            Value::Set(_) => 13,
            Value::Option(_) => 14,
            Value::Record(_) => 15,
            Value::Variant(..) => 16,
            Value::Ok(_) => 17,
            Value::Err(..) => 18,
            Value::Blob(_) => 19,
        }
    }
}

/// An amount of money. Ordered by currency, then by amount, so that there is an order of all money; `<` of the language
/// itself refuses two currencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money {
    pub currency: Currency,
    /// Count of 10^-9.
    pub amount: i128,
}

/// The language's total order: numbers by size (-0.0 equals 0.0, NaN last and equal to itself),
/// text by code point (which is byte order in UTF-8), lists and records position
/// by position, `None` before `Some`, variants by position in their `enum`,
/// maps as the list of their entries by key.
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        use Value::*;
        match (self, other) {
            (Unit, Unit) => Ordering::Equal,
            (Bool(a), Bool(b)) => a.cmp(b),
            (Int(a), Int(b))
            | (Time(a), Time(b))
            | (Duration(a), Duration(b))
            | (Date(a), Date(b)) => a.cmp(b),
            (Money(a), Money(b)) => a.cmp(b),
            (Decimal(a), Decimal(b)) => a.cmp(b),
            (Float(a), Float(b)) => compare_floats(*a, *b),
            (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (List(a), List(b)) | (Record(a), Record(b)) => a.cmp(b),
            (Map(a), Map(b)) => a.cmp(b),
            (Set(a), Set(b)) => a.cmp(b),
            (Option(a), Option(b)) => a.cmp(b),
            (Variant(i, a), Variant(j, b)) => i.cmp(j).then_with(|| a.cmp(b)),
            (Ok(a), Ok(b)) => a.cmp(b),
            (Err(i, a), Err(j, b)) => i.cmp(j).then_with(|| a.cmp(b)),
            (Blob(a), Blob(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Numbers by size, NaN after all of them and equal to itself.
pub fn compare_floats(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

//! What a group keeps of its parts, so that one more or one less is little work and not a walk over all of them.
//!
//! Sums and counts are inverted by subtraction; the least, the greatest and the number of different values need all values with
//! how often each is there; everything else keeps its values and leaves the rest to the program.

use std::collections::BTreeMap;

use weir_contract::currency::Currency;
use weir_contract::encode::{
    DecodeError, Reader, decode, encode, put_bytes, put_decimal, put_int, put_varint,
};
use weir_contract::keys::{decode_key, encode_key};
use weir_contract::types::{Defs, Type};
use weir_contract::value::{Money, Value};
use weir_contract::view::Aggregate;
use weir_contract::{CrashReason, view::Group};

use crate::steps::Crash;

/// What is kept for one aggregate of one group.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    Count(i64),
    Sum(Sum),
    /// By key encoding, how often each is there: for the least, the greatest and the number of different ones.
    Multiset(BTreeMap<Box<[u8]>, u64>),
    /// In the value encoding, by where they come from.
    Values(BTreeMap<Box<[u8]>, Box<[u8]>>),
}

/// A sum that can go down again. Money has one for each currency, other types are under `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    totals: BTreeMap<Option<Currency>, Total>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Total {
    of: i128,
    count: u64,
}

impl Kept {
    /// Of a group without parts.
    pub fn empty(aggregate: &Aggregate) -> Kept {
        match aggregate {
            Aggregate::Count => Kept::Count(0),
            Aggregate::Sum(_) => Kept::Sum(Sum::default()),
            Aggregate::Min(_) | Aggregate::Max(_) | Aggregate::Distinct(_) => {
                Kept::Multiset(BTreeMap::new())
            }
            Aggregate::Values(_) => Kept::Values(BTreeMap::new()),
        }
    }

    /// One part more, which comes from `from`.
    pub fn add(
        &mut self,
        defs: &Defs,
        aggregate: &Aggregate,
        from: &[u8],
        operand: Option<&Value>,
    ) {
        match (self, aggregate.operand(), operand) {
            (Kept::Count(count), ..) => *count += 1,
            (Kept::Sum(sum), _, Some(value)) => sum.add(value),
            (Kept::Multiset(all), Some(ty), Some(value)) => {
                let key = encode_key(defs, ty, value).into_boxed_slice();
                *all.entry(key).or_default() += 1;
            }
            (Kept::Values(all), Some(ty), Some(value)) => {
                all.insert(from.into(), encode(defs, ty, value).into_boxed_slice());
            }
            _ => unreachable!("the manifest was checked: only a count has no operand"),
        }
    }

    /// One part less, which came from `from`.
    pub fn remove(
        &mut self,
        defs: &Defs,
        aggregate: &Aggregate,
        from: &[u8],
        operand: Option<&Value>,
    ) {
        match (self, aggregate.operand(), operand) {
            (Kept::Count(count), ..) => *count -= 1,
            (Kept::Sum(sum), _, Some(value)) => sum.remove(value),
            (Kept::Multiset(all), Some(ty), Some(value)) => {
                let key = encode_key(defs, ty, value);
                if let Some(count) = all.get_mut(&*key) {
                    *count -= 1;
                    if *count == 0 {
                        all.remove(&*key);
                    }
                }
            }
            (Kept::Values(all), ..) => {
                all.remove(from);
            }
            _ => unreachable!("the manifest was checked: only a count has no operand"),
        }
    }

    /// The result for a group that has parts.
    pub fn result(&self, defs: &Defs, aggregate: &Aggregate) -> Result<Value, Crash> {
        match (self, aggregate) {
            (Kept::Count(count), _) => Ok(Value::Int(*count)),
            (Kept::Sum(sum), Aggregate::Sum(ty)) => sum.result(ty),
            (Kept::Multiset(all), Aggregate::Distinct(_)) => Ok(Value::Int(all.len() as i64)),
            (Kept::Multiset(all), Aggregate::Min(ty)) => {
                key(defs, ty, all.first_key_value().map(|(key, _)| &**key))
            }
            (Kept::Multiset(all), Aggregate::Max(ty)) => {
                key(defs, ty, all.last_key_value().map(|(key, _)| &**key))
            }
            (Kept::Values(all), Aggregate::Values(ty)) => {
                let values = all.values().map(|bytes| decode(defs, ty, bytes));
                let values: Result<Vec<Value>, _> = values.collect();
                Ok(Value::List(values.map_err(|_| not_a_value())?))
            }
            _ => Err(not_a_value()),
        }
    }
}

fn key(defs: &Defs, ty: &Type, key: Option<&[u8]>) -> Result<Value, Crash> {
    let key = key.ok_or_else(not_a_value)?;
    decode_key(defs, ty, key).map_err(|_| not_a_value())
}

pub(super) fn not_a_value() -> Crash {
    let detail = "what a view keeps is not of its types";
    Crash::new(0, CrashReason::Unreachable, detail)
}

impl Sum {
    fn total(&mut self, value: &Value) -> (&mut Total, i128) {
        let (currency, n) = match value {
            Value::Int(n) | Value::Duration(n) => (None, i128::from(*n)),
            Value::Decimal(n) => (None, *n),
            Value::Money(money) => (Some(money.currency), money.amount),
            _ => unreachable!("the manifest was checked: no sum of such a type"),
        };
        (self.totals.entry(currency).or_default(), n)
    }

    /// Totals wrap around: a sum that comes back into range is right again, and [`Sum::result`] tells one that is out of it.
    fn add(&mut self, value: &Value) {
        let (total, n) = self.total(value);
        total.of = total.of.wrapping_add(n);
        total.count += 1;
    }

    fn remove(&mut self, value: &Value) {
        let (total, n) = self.total(value);
        total.of = total.of.wrapping_sub(n);
        total.count -= 1;
        self.totals.retain(|_, total| total.count > 0);
    }

    fn result(&self, ty: &Type) -> Result<Value, Crash> {
        if self.totals.len() > 1 {
            return Err(Crash::new(0, CrashReason::MixedCurrencies, ""));
        }
        let (currency, total) = match self.totals.first_key_value() {
            Some((currency, total)) => (*currency, total.of),
            None => return Err(not_a_value()),
        };
        let int = i64::try_from(total).map_err(|_| Crash::new(0, CrashReason::Overflow, ""));
        Ok(match (ty, currency) {
            (Type::Int, None) => Value::Int(int?),
            (Type::Duration, None) => Value::Duration(int?),
            (Type::Decimal, None) => Value::Decimal(total),
            (Type::Money, Some(currency)) => Value::Money(Money {
                currency,
                amount: total,
            }),
            _ => return Err(not_a_value()),
        })
    }
}

/// All aggregates of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// How many parts there are; a group without any is none.
    pub parts: u64,
    kept: Vec<Kept>,
}

impl Results {
    pub fn empty(group: &Group) -> Results {
        Results {
            parts: 0,
            kept: group.aggregates.iter().map(Kept::empty).collect(),
        }
    }

    /// `operands` are those of the aggregates that have one, in their order.
    pub fn add(&mut self, defs: &Defs, group: &Group, from: &[u8], operands: &[Value]) {
        self.parts += 1;
        let mut operands = operands.iter();
        for (kept, aggregate) in self.kept.iter_mut().zip(&group.aggregates) {
            let operand = aggregate.operand().and_then(|_| operands.next());
            kept.add(defs, aggregate, from, operand);
        }
    }

    pub fn remove(&mut self, defs: &Defs, group: &Group, from: &[u8], operands: &[Value]) {
        self.parts -= 1;
        let mut operands = operands.iter();
        for (kept, aggregate) in self.kept.iter_mut().zip(&group.aggregates) {
            let operand = aggregate.operand().and_then(|_| operands.next());
            kept.remove(defs, aggregate, from, operand);
        }
    }

    /// Appends what a snapshot holds.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.parts);
        for kept in &self.kept {
            match kept {
                Kept::Count(count) => put_int(out, *count),
                Kept::Sum(sum) => {
                    put_varint(out, sum.totals.len() as u64);
                    for (currency, total) in &sum.totals {
                        let code = currency.as_ref().map_or("", |currency| currency.code());
                        put_bytes(out, code.as_bytes());
                        put_decimal(out, total.of);
                        put_varint(out, total.count);
                    }
                }
                Kept::Multiset(all) => {
                    put_varint(out, all.len() as u64);
                    for (key, count) in all {
                        put_bytes(out, key);
                        put_varint(out, *count);
                    }
                }
                Kept::Values(all) => {
                    put_varint(out, all.len() as u64);
                    for (from, value) in all {
                        put_bytes(out, from);
                        put_bytes(out, value);
                    }
                }
            }
        }
    }

    pub fn decode(group: &Group, r: &mut Reader<'_>) -> Result<Results, DecodeError> {
        let parts = r.varint()?;
        let mut kept = Vec::new();
        for aggregate in &group.aggregates {
            kept.push(match Kept::empty(aggregate) {
                Kept::Count(_) => Kept::Count(r.int()?),
                Kept::Sum(mut sum) => {
                    for _ in 0..r.varint()? {
                        let currency = match r.text()? {
                            "" => None,
                            code => Some(Currency::of(code).ok_or(r.error("no such currency"))?),
                        };
                        let of = r.decimal()?;
                        let count = r.varint()?;
                        sum.totals.insert(currency, Total { of, count });
                    }
                    Kept::Sum(sum)
                }
                Kept::Multiset(mut all) => {
                    for _ in 0..r.varint()? {
                        all.insert(r.bytes()?.into(), r.varint()?);
                    }
                    Kept::Multiset(all)
                }
                Kept::Values(mut all) => {
                    for _ in 0..r.varint()? {
                        all.insert(r.bytes()?.into(), r.bytes()?.into());
                    }
                    Kept::Values(all)
                }
            });
        }
        Ok(Results { parts, kept })
    }

    pub fn results(&self, defs: &Defs, group: &Group) -> Result<Vec<Value>, Crash> {
        let both = self.kept.iter().zip(&group.aggregates);
        both.map(|(kept, aggregate)| kept.result(defs, aggregate))
            .collect()
    }
}

//! `Counter`, `MoneySum`, `Average`: each replica adds to a sum of its own, and the value is the sum of the sums.
//!
//! Of two tallies of one replica the one with more changes is the newer, as nobody else writes it. So what is added may be less than
//! nothing, and one delta is as large as the tally, however often was added.

use std::collections::BTreeMap;

use super::Overflow;
use crate::currency::Currency;
use crate::value::{Money, Value};

/// What one replica added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often; from 1.
    pub changes: u64,
    /// A number of things, or a count of 10^-9.
    pub sum: i128,
}

/// By replica, or by replica and something else.
pub type Tallies<K> = BTreeMap<K, Tally>;

pub fn join<K: Ord + Copy>(mine: &mut Tallies<K>, theirs: &Tallies<K>) {
    for (key, theirs) in theirs {
        let mine = mine.entry(*key).or_default();
        if theirs.changes > mine.changes {
            *mine = *theirs;
        }
    }
}

/// Adds to one's own tally; gives it as it is then, and as it was.
pub fn add<K: Ord + Copy>(
    tallies: &mut Tallies<K>,
    key: K,
    amount: i128,
) -> Result<(Tally, Option<Tally>), Overflow> {
    let old = tallies.get(&key).copied();
    let Tally { changes, sum } = old.unwrap_or_default();
    let new = Tally {
        changes: changes + 1,
        sum: sum.checked_add(amount).ok_or(Overflow)?,
    };
    tallies.insert(key, new);
    Ok((new, old))
}

/// Replicas that did not know of each other may have added more than there are numbers: the sum stays at the last one then.
fn total(tallies: impl Iterator<Item = i128>) -> i128 {
    tallies.fold(0, i128::saturating_add)
}

/// The sum of a counter.
pub fn count(tallies: &Tallies<u64>) -> i128 {
    total(tallies.values().map(|tally| tally.sum))
}

/// An `Int`.
pub fn counted(tallies: &Tallies<u64>) -> Value {
    let sum = count(tallies).clamp(i64::MIN.into(), i64::MAX.into());
    Value::Int(sum as i64)
}

/// A sum for each currency of which some was added, in the order of their codes.
pub fn money(tallies: &Tallies<(u64, Currency)>) -> Value {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for ((_, currency), tally) in tallies {
        let sum = sums.entry(*currency).or_default();
        *sum = sum.saturating_add(tally.sum);
    }
    let money = |(currency, amount)| Value::Money(Money { currency, amount });
    Value::List(sums.into_iter().map(money).collect())
}

/// The sum, a `Decimal`, and of how many.
pub fn average(tallies: &Tallies<u64>) -> Value {
    let changes = tallies.values().map(|tally| i128::from(tally.changes));
    let changes = total(changes).min(i64::MAX.into());
    Value::Record(vec![
        Value::Decimal(total(tallies.values().map(|tally| tally.sum))),
        Value::Int(changes as i64),
    ])
}

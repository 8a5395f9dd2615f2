//! What is kept of two sources that are joined: the rows of each by what they are joined on.

use std::collections::BTreeMap;
use std::ops::Bound;

use weir_contract::value::Value;

use super::rows::Rank;

/// One of the two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// Payloads by what they are joined on, in the order of the source.
    by_key: BTreeMap<Value, BTreeMap<Rank, Value>>,
    /// What each row of the source is joined on; it may have become several rows.
    rows: BTreeMap<Rank, Vec<(Rank, Value)>>,
}

/// A row of a side: where it stands, what it is joined on, and its payload.
pub type Joined = (Rank, Value, Value);

impl Side {
    /// Takes out what a row of the source had become.
    pub fn remove(&mut self, source: &[u8]) -> Vec<Joined> {
        let rows = self.rows.remove(source).unwrap_or_default();
        let mut removed = Vec::new();
        for (rank, on) in rows {
            let Some(all) = self.by_key.get_mut(&on) else {
                continue;
            };
            if let Some(payload) = all.remove(&rank) {
                if all.is_empty() {
                    self.by_key.remove(&on);
                }
                removed.push((rank, on, payload));
            }
        }
        removed
    }

    /// Puts in what a row of the source has become.
    pub fn put(&mut self, source: Rank, rows: Vec<Joined>) {
        if rows.is_empty() {
            return;
        }
        let ranks = rows.iter().map(|(rank, on, _)| (rank.clone(), on.clone()));
        self.rows.insert(source, ranks.collect());
        for (rank, on, payload) in rows {
            self.by_key.entry(on).or_default().insert(rank, payload);
        }
    }

    /// What is joined on that value.
    pub fn on(&self, value: &Value) -> impl Iterator<Item = (&Rank, &Value)> {
        self.by_key.get(value).into_iter().flatten()
    }

    /// The rows of the source that are kept, in order, up to one that is not before `end`.
    pub fn sources_before(&self, end: &[u8]) -> Vec<Rank> {
        let before = self
            .rows
            .range::<[u8], _>((Bound::Unbounded, Bound::Excluded(end)));
        before.map(|(rank, _)| rank.clone()).collect()
    }
}

//! The rows of a view in their order, which of them are shown, and which have changed.
//!
//! A row stands under a rank: the values it is sorted by in the key encoding, a descending one with all bits turned over, and
//! then where it comes from. So ranks sort as the rows do, and no two are the same.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::encode::put_varint;
use weir_contract::keys::encode_key_into;
use weir_contract::types::Defs;
use weir_contract::value::Value;
use weir_contract::view::Order;

/// Where a row stands among the rows of its view, or an entry among those of its stream.
pub type Rank = Box<[u8]>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// In the value encoding.
    all: BTreeMap<Rank, Box<[u8]>>,
    limit: Option<usize>,
    /// What was shown when changes were last taken; only kept with a limit.
    shown: BTreeMap<Rank, Box<[u8]>>,
    /// Rows that came, went or became others.
    changed: BTreeSet<Rank>,
}

impl Rows {
    pub fn new(limit: Option<u64>) -> Rows {
        Rows {
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            ..Rows::default()
        }
    }

    pub fn put(&mut self, rank: Rank, row: Box<[u8]>) {
        if self.all.get(&rank) != Some(&row) {
            self.changed.insert(rank.clone());
            self.all.insert(rank, row);
        }
    }

    pub fn remove(&mut self, rank: &[u8]) {
        if let Some((rank, _)) = self.all.remove_entry(rank) {
            self.changed.insert(rank);
        }
    }

    /// The rows that are shown, in order.
    pub fn shown(&self) -> impl Iterator<Item = (&Rank, &[u8])> {
        let limit = self.limit.unwrap_or(usize::MAX);
        self.all
            .iter()
            .take(limit)
            .map(|(rank, row)| (rank, &**row))
    }

    /// The row of that rank, if it is shown.
    pub fn get(&self, rank: &[u8]) -> Option<&[u8]> {
        let rows = match self.limit {
            Some(_) => &self.shown,
            None => &self.all,
        };
        rows.get(rank).map(|row| &**row)
    }

    pub fn len(&self) -> usize {
        self.limit.unwrap_or(usize::MAX).min(self.all.len())
    }

    /// The ranks whose row is another than when this was last asked, as far as it is shown. To be asked after every change,
    /// before [`Rows::get`].
    pub fn take_changes(&mut self) -> BTreeSet<Rank> {
        let changed = std::mem::take(&mut self.changed);
        if self.limit.is_none() || changed.is_empty() {
            return changed;
        }
        // The limit is small, so both lists are gone through.
        let now: BTreeMap<Rank, Box<[u8]>> = self
            .shown()
            .map(|(rank, row)| (rank.clone(), row.into()))
            .collect();
        let before = std::mem::replace(&mut self.shown, now);
        let either = before.keys().chain(self.shown.keys());
        either
            .filter(|rank| before.get(*rank) != self.shown.get(*rank))
            .cloned()
            .collect()
    }
}

/// The value encoding of a list of rows.
pub fn list<'r>(rows: impl ExactSizeIterator<Item = &'r [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, rows.len() as u64);
    for row in rows {
        out.extend_from_slice(row);
    }
    out
}

/// Begins a rank: the values that rows are sorted by.
pub fn rank_of(defs: &Defs, order: &[Order], values: &[Value]) -> Vec<u8> {
    let mut rank = Vec::new();
    for (order, value) in order.iter().zip(values) {
        let from = rank.len();
        encode_key_into(defs, &order.ty, value, &mut rank);
        if order.descending {
            rank[from..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
    rank
}

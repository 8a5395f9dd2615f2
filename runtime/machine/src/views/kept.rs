//! One view: takes a row of a source that came, went or became another, and changes its own rows accordingly.
//!
//! What a row of a source became is kept, so that it can be taken back without asking the program what it had made of it before.
//! Only entries of streams that go into windows are not kept: an entry never changes, and a window is forgotten as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use weir_contract::encode::{decode, encode};
use weir_contract::types::Defs;
use weir_contract::value::Value;
use weir_contract::view::View;

use super::aggregate::not_a_value;
use super::before::Before;
use super::groups::{Groups, whole_key};
use super::join::{Joined, Side};
use super::rows::{Rank, Rows, rank_of};
use crate::steps::Crash;

/// Runs the functions of the program that a view is made of.
pub trait Functions {
    /// The elements of the list that the function gives.
    fn call(&mut self, function: u32, args: &[Value]) -> Result<Vec<Value>, Crash>;
}

/// The keys and operands of a part; of a view that is not grouped the values it is sorted by and the row.
type Part = Vec<Value>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    sides: [Side; 2],
    /// What each row of the source, or each pair of rows, has become.
    parts: BTreeMap<Rank, Vec<Part>>,
    pub(super) groups: Groups,
    pub rows: Rows,
}

impl Kept {
    pub fn new(view: &View) -> Kept {
        Kept {
            rows: Rows::new(view.limit),
            ..Kept::default()
        }
    }

    /// Everything is to be made into rows again, by the functions of another program.
    pub(super) fn begin_again(&mut self, view: &View) {
        self.groups.soil_all();
        self.rows = Rows::new(view.limit);
    }

    /// The row of a source at that place is now this one, or is gone. `args` are what its feed takes.
    pub fn change(
        &mut self,
        defs: &Defs,
        view: &View,
        source: usize,
        rank: Rank,
        args: Option<&[Value]>,
        run: &mut dyn Functions,
    ) -> Result<(), Crash> {
        let fed = match args {
            Some(args) => run.call(view.sources[source].feed, args)?,
            None => Vec::new(),
        };
        let Some(pair) = view.pair else {
            let width = view.part().len();
            let parts = fed.into_iter().map(|part| apart(part, width));
            let parts = parts.collect::<Result<Vec<Part>, Crash>>()?;
            self.become_parts(defs, view, rank, parts);
            return Ok(());
        };
        let joined = fed.into_iter().enumerate().map(|(i, row)| {
            let [on, payload] =
                <[Value; 2]>::try_from(apart(row, 2)?).map_err(|_| not_a_value())?;
            Ok((numbered(&rank, i), on, payload))
        });
        let joined = joined.collect::<Result<Vec<Joined>, Crash>>()?;
        let other = 1 - source;
        let before = self.sides[source].remove(&rank);
        let mut gone = BTreeSet::new();
        for (mine, on, _) in &before {
            for (theirs, _) in self.sides[other].on(on) {
                gone.insert(both(source, mine, theirs));
            }
        }
        let mut came = Vec::new();
        for (mine, on, payload) in &joined {
            for (theirs, other) in self.sides[other].on(on) {
                let args = match source {
                    0 => [payload.clone(), other.clone()],
                    _ => [other.clone(), payload.clone()],
                };
                came.push((both(source, mine, theirs), args));
            }
        }
        self.sides[source].put(rank, joined);
        let width = view.part().len();
        for (rank, args) in came {
            let parts = run.call(pair, &args)?;
            let parts = parts.into_iter().map(|part| apart(part, width));
            let parts = parts.collect::<Result<Vec<Part>, Crash>>()?;
            gone.remove(&rank);
            self.become_parts(defs, view, rank, parts);
        }
        for rank in gone {
            self.become_parts(defs, view, rank, Vec::new());
        }
        Ok(())
    }

    /// Makes rows of the groups that have changed. To be called when all changes are in.
    pub fn settle(
        &mut self,
        defs: &Defs,
        view: &View,
        run: &mut dyn Functions,
    ) -> Result<(), Crash> {
        let Some(group) = &view.group else {
            return Ok(());
        };
        let width = view.ordered_row().len();
        while let Some(key) = self.groups.take_dirty() {
            let mut stands = Vec::new();
            let mut rows = Vec::new();
            for (keys, results) in self.groups.to_rows(defs, group, &key)? {
                let whole = whole_key(defs, group, &keys);
                let args = [keys, results].concat();
                let mut ranks = Vec::new();
                for (i, row) in run.call(group.row, &args)?.into_iter().enumerate() {
                    let (mut rank, row) = ranked(defs, view, &apart(row, width)?);
                    rank.extend_from_slice(&whole);
                    let rank = numbered(&rank, i);
                    ranks.push(rank.clone());
                    rows.push((rank, row));
                }
                stands.push((whole, ranks));
            }
            let before = self.groups.stand(key, stands);
            let now: BTreeSet<&Rank> = rows.iter().map(|(rank, _)| rank).collect();
            for rank in before.iter().filter(|rank| !now.contains(rank)) {
                self.rows.remove(rank);
            }
            for (rank, row) in rows {
                self.rows.put(rank, row);
            }
        }
        Ok(())
    }

    /// The rows of the source, in its order, that stand before `end` and are kept.
    pub fn sources_before(&self, view: &View, source: usize, end: &[u8]) -> Vec<Rank> {
        match view.pair {
            Some(_) => self.sides[source].sources_before(end),
            None => {
                let before = self
                    .parts
                    .range::<[u8], _>((Bound::Unbounded, Bound::Excluded(end)));
                before.map(|(rank, _)| rank.clone()).collect()
            }
        }
    }

    /// What is shown now, exact at that position of the log.
    pub fn as_before(&self, position: u64) -> Before {
        let mut at: BTreeMap<&[u8], u32> = BTreeMap::new();
        let mut rows = Vec::new();
        for (rank, row) in self.rows.shown() {
            let number = u32::try_from(rows.len()).expect("a view has fewer than 2^32 rows");
            at.insert(rank, number);
            rows.push(row.into());
        }
        let mut of_group = BTreeMap::new();
        for (key, ranks) in self.groups.all_ranks() {
            let shown = ranks.iter().filter_map(|rank| at.get(&**rank).copied());
            let shown: Vec<u32> = shown.collect();
            if !shown.is_empty() {
                of_group.insert(key.clone(), shown);
            }
        }
        Before {
            position,
            rows,
            of_group,
        }
    }

    /// The row of another view as the argument of a feed.
    pub fn row(&self, defs: &Defs, view: &View, rank: &[u8]) -> Result<Option<Value>, Crash> {
        let row = self.rows.get(rank).map(|row| decode(defs, &view.row, row));
        row.transpose().map_err(|_| not_a_value())
    }

    fn become_parts(&mut self, defs: &Defs, view: &View, rank: Rank, parts: Vec<Part>) {
        let before = self.parts.remove(&rank).unwrap_or_default();
        if before != parts {
            for (i, part) in before.iter().enumerate() {
                self.take_part(defs, view, &numbered(&rank, i), part);
            }
            for (i, part) in parts.iter().enumerate() {
                self.put_part(defs, view, &numbered(&rank, i), part);
            }
        }
        if !parts.is_empty() && !view.forgets() {
            self.parts.insert(rank, parts);
        }
    }

    fn put_part(&mut self, defs: &Defs, view: &View, from: &Rank, part: &Part) {
        match &view.group {
            Some(group) => self.groups.add(defs, group, from, part),
            None => {
                let (mut rank, row) = ranked(defs, view, part);
                rank.extend_from_slice(from);
                self.rows.put(rank.into_boxed_slice(), row);
            }
        }
    }

    fn take_part(&mut self, defs: &Defs, view: &View, from: &Rank, part: &Part) {
        match &view.group {
            Some(group) => self.groups.remove(defs, group, from, part),
            None => {
                let (mut rank, _) = ranked(defs, view, part);
                rank.extend_from_slice(from);
                self.rows.remove(&rank);
            }
        }
    }
}

/// The beginning of a row's rank, and the row in the value encoding.
fn ranked(defs: &Defs, view: &View, part: &[Value]) -> (Vec<u8>, Box<[u8]>) {
    let (order, row) = part.split_at(view.order.len());
    let row = encode(defs, &view.row, &row[0]).into_boxed_slice();
    (rank_of(defs, &view.order, order), row)
}

/// The `i`-th of what comes from there.
fn numbered(rank: &[u8], i: usize) -> Rank {
    let i = u32::try_from(i).expect("a list of a step has fewer than 2^32 elements");
    [rank, &i.to_be_bytes()].concat().into_boxed_slice()
}

/// Where a pair stands: in the order of the first source, then of the second.
fn both(source: usize, mine: &Rank, theirs: &Rank) -> Rank {
    match source {
        0 => [&**mine, theirs].concat().into_boxed_slice(),
        _ => [&**theirs, mine].concat().into_boxed_slice(),
    }
}

/// What an element of a list is made of: a tuple of so many, or the thing itself where it is one.
fn apart(element: Value, width: usize) -> Result<Vec<Value>, Crash> {
    match (element, width) {
        (element, 1) => Ok(vec![element]),
        (Value::Record(parts), _) if parts.len() == width => Ok(parts),
        _ => Err(not_a_value()),
    }
}

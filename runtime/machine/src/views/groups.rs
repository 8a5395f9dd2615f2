//! The groups of a view: what is kept of each, and which have to be made into rows again.
//!
//! Windows that follow one another are keys like others. A session is no such key, because which one a part belongs to depends on
//! the other parts: all parts with the same other keys are kept together in the order of their time, and are cut into sessions
//! each time one of them changes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use weir_contract::encode::{DecodeError, Reader, encode_into, put_bytes, put_int, put_varint};
use weir_contract::keys::{decode_keys, encode_key_into};
use weir_contract::types::{Defs, Field, Type};
use weir_contract::value::Value;
use weir_contract::view::{Aggregate, Group, WindowKind};

use super::aggregate::{Results, not_a_value};
use super::rows::Rank;
use crate::steps::Crash;

/// The keys of a group in the key encoding, one after the other. Of sessions without the time.
pub type GroupKey = Box<[u8]>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    results: BTreeMap<GroupKey, Results>,
    sessions: BTreeMap<GroupKey, BTreeMap<(i64, Rank), Vec<Value>>>,
    /// Under which ranks the rows of a group stand, by all of its keys.
    ranks: BTreeMap<GroupKey, Vec<Rank>>,
    /// All keys of the sessions with the same other keys; of other groups their key again.
    standing: BTreeMap<GroupKey, Vec<GroupKey>>,
    dirty: BTreeSet<GroupKey>,
    /// No window ends before this, so that there is nothing to forget until then.
    first_end: Option<i64>,
}

/// A group as it is to be made into rows: its keys and the results of its aggregates.
pub type ToRow = (Vec<Value>, Vec<Value>);

impl Groups {
    /// One part more; `part` are the keys and the operands.
    pub fn add(&mut self, defs: &Defs, group: &Group, from: &[u8], part: &[Value]) {
        let (keys, operands) = part.split_at(group.keys.len());
        let (key, at) = split(defs, group, keys);
        if let Some(end) = window_end(group, keys) {
            self.first_end = Some(self.first_end.map_or(end, |first| first.min(end)));
        }
        match at {
            Some(at) => {
                let parts = self.sessions.entry(key.clone()).or_default();
                parts.insert((at, from.into()), operands.to_vec());
            }
            None => {
                let results = self.results.entry(key.clone());
                let results = results.or_insert_with(|| Results::empty(group));
                results.add(defs, group, from, operands);
            }
        }
        self.dirty.insert(key);
    }

    /// One part less.
    pub fn remove(&mut self, defs: &Defs, group: &Group, from: &[u8], part: &[Value]) {
        let (keys, operands) = part.split_at(group.keys.len());
        let (key, at) = split(defs, group, keys);
        match at {
            Some(at) => {
                if let Some(parts) = self.sessions.get_mut(&key) {
                    parts.remove(&(at, from.into()));
                    if parts.is_empty() {
                        self.sessions.remove(&key);
                    }
                }
            }
            None => {
                if let Some(results) = self.results.get_mut(&key) {
                    results.remove(defs, group, from, operands);
                    if results.parts == 0 {
                        self.results.remove(&key);
                    }
                }
            }
        }
        self.dirty.insert(key);
    }

    /// All groups are to be made into rows.
    pub fn soil_all(&mut self) {
        let all = self.results.keys().chain(self.sessions.keys());
        self.dirty = all.cloned().collect();
        self.ranks.clear();
        self.standing.clear();
    }

    /// Appends what a snapshot holds.
    pub fn encode_into(&self, defs: &Defs, group: &Group, out: &mut Vec<u8>) {
        put_varint(out, self.results.len() as u64);
        for (key, results) in &self.results {
            put_bytes(out, key);
            results.encode_into(out);
        }
        let operands: Vec<&Type> = group
            .aggregates
            .iter()
            .filter_map(Aggregate::operand)
            .collect();
        put_varint(out, self.sessions.len() as u64);
        for (key, parts) in &self.sessions {
            put_bytes(out, key);
            put_varint(out, parts.len() as u64);
            for ((at, from), values) in parts {
                put_int(out, *at);
                put_bytes(out, from);
                for (ty, value) in operands.iter().zip(values) {
                    encode_into(defs, ty, value, out);
                }
            }
        }
    }

    pub fn decode(defs: &Defs, group: &Group, r: &mut Reader<'_>) -> Result<Groups, DecodeError> {
        let mut groups = Groups::default();
        for _ in 0..r.varint()? {
            let key = r.bytes()?.into();
            groups.results.insert(key, Results::decode(group, r)?);
        }
        let operands: Vec<&Type> = group
            .aggregates
            .iter()
            .filter_map(Aggregate::operand)
            .collect();
        for _ in 0..r.varint()? {
            let key: GroupKey = r.bytes()?.into();
            let mut parts = BTreeMap::new();
            for _ in 0..r.varint()? {
                let at = r.int()?;
                let from: Rank = r.bytes()?.into();
                let values = operands.iter().map(|ty| r.value(defs, ty));
                parts.insert((at, from), values.collect::<Result<Vec<Value>, _>>()?);
            }
            groups.sessions.insert(key, parts);
        }
        // What the first one is, forgetting finds out.
        groups.first_end = Some(i64::MIN);
        groups.soil_all();
        Ok(groups)
    }

    /// A group that has changed and was not taken yet.
    pub fn take_dirty(&mut self) -> Option<GroupKey> {
        self.dirty.pop_first()
    }

    /// What has to be made into rows for a key: nothing when it is gone, several when it has several sessions.
    pub fn to_rows(&self, defs: &Defs, group: &Group, key: &[u8]) -> Result<Vec<ToRow>, Crash> {
        let session = group.window.as_ref().and_then(|window| match window.kind {
            WindowKind::Session { gap_us } => Some((window.key as usize, gap_us)),
            WindowKind::Fixed { .. } => None,
        });
        let Some((position, gap)) = session else {
            let Some(results) = self.results.get(key) else {
                return Ok(Vec::new());
            };
            let keys = read_keys(defs, group, key, None)?;
            return Ok(vec![(keys, results.results(defs, group)?)]);
        };
        let mut rows = Vec::new();
        let mut now: Option<(i64, i64, Results)> = None;
        let mut close = |now: Option<(i64, i64, Results)>| -> Result<(), Crash> {
            if let Some((from, _, results)) = now {
                let keys = read_keys(defs, group, key, Some((position, from)))?;
                rows.push((keys, results.results(defs, group)?));
            }
            Ok(())
        };
        for ((at, from), operands) in self.sessions.get(key).into_iter().flatten() {
            let goes_on = now
                .as_ref()
                .is_some_and(|(_, last, _)| at.saturating_sub(*last) <= gap);
            if !goes_on {
                close(now.take())?;
                now = Some((*at, *at, Results::empty(group)));
            }
            if let Some((_, last, results)) = &mut now {
                *last = *at;
                results.add(defs, group, from, operands);
            }
        }
        close(now)?;
        Ok(rows)
    }

    /// Notes where the rows of what [`Groups::to_rows`] gave stand, by all of their keys, and gives where they stood before.
    pub fn stand(&mut self, key: GroupKey, ranks: Vec<(GroupKey, Vec<Rank>)>) -> Vec<Rank> {
        let before = self.standing.remove(&key).unwrap_or_default();
        let before = before.iter().filter_map(|key| self.ranks.remove(key));
        let before: Vec<Rank> = before.flatten().collect();
        if !ranks.is_empty() {
            let keys = ranks.iter().map(|(key, _)| key.clone());
            self.standing.insert(key, keys.collect());
            self.ranks.extend(ranks);
        }
        before
    }

    /// The ranks of the rows whose key begins with these bytes.
    pub fn ranks_at<'g>(&'g self, first: &'g [u8]) -> impl Iterator<Item = &'g Rank> {
        let from = self
            .ranks
            .range::<[u8], _>((Bound::Included(first), Bound::Unbounded));
        from.take_while(move |(key, _)| key.starts_with(first))
            .flat_map(|(_, ranks)| ranks)
    }

    /// Under which ranks the rows of each group stand, by all of its keys.
    pub fn all_ranks(&self) -> impl Iterator<Item = (&GroupKey, &Vec<Rank>)> {
        self.ranks.iter()
    }

    /// Forgets the windows that ended at or before `end`, as if they had never been.
    pub fn forget(&mut self, defs: &Defs, group: &Group, end: i64) -> Result<(), Crash> {
        let Some(window) = &group.window else {
            return Ok(());
        };
        if self.first_end.is_none_or(|first| first > end) {
            return Ok(());
        }
        let mut first_end = None;
        let mut stays =
            |end: i64| first_end = Some(first_end.map_or(end, |first: i64| first.min(end)));
        match window.kind {
            WindowKind::Fixed { size_us } => {
                let mut old = Vec::new();
                for key in self.results.keys() {
                    let keys = read_keys(defs, group, key, None)?;
                    let Value::Time(from) = keys[window.key as usize] else {
                        return Err(not_a_value());
                    };
                    match from.saturating_add(size_us) {
                        until if until <= end => old.push(key.clone()),
                        until => stays(until),
                    }
                }
                for key in old {
                    self.results.remove(&key);
                    self.dirty.insert(key);
                }
            }
            WindowKind::Session { gap_us } => {
                for (key, parts) in &mut self.sessions {
                    // Whole sessions go, so the last part of each decides.
                    let times: Vec<i64> = parts.keys().map(|(at, _)| *at).collect();
                    let mut until = None;
                    for (i, at) in times.iter().enumerate() {
                        let is_last = times
                            .get(i + 1)
                            .is_none_or(|next| next.saturating_sub(*at) > gap_us);
                        if is_last && at.saturating_add(gap_us) <= end {
                            until = Some(*at);
                        }
                    }
                    if let Some(until) = until {
                        parts.retain(|(at, _), _| *at > until);
                        self.dirty.insert(key.clone());
                    }
                }
                self.sessions.retain(|_, parts| !parts.is_empty());
                for ((at, _), _) in self.sessions.values().filter_map(BTreeMap::first_key_value) {
                    stays(at.saturating_add(gap_us));
                }
            }
        }
        self.first_end = first_end;
        Ok(())
    }
}

/// When the window of a part ends at the earliest.
fn window_end(group: &Group, keys: &[Value]) -> Option<i64> {
    let window = group.window.as_ref()?;
    let Value::Time(at) = keys.get(window.key as usize)? else {
        return None;
    };
    let (WindowKind::Fixed { size_us: long } | WindowKind::Session { gap_us: long }) = window.kind;
    Some(at.saturating_add(long))
}

/// The keys in the key encoding; for sessions without the time, and the time.
fn split(defs: &Defs, group: &Group, keys: &[Value]) -> (GroupKey, Option<i64>) {
    let session = group
        .window
        .as_ref()
        .filter(|w| matches!(w.kind, WindowKind::Session { .. }));
    let mut key = Vec::new();
    let mut at = None;
    for (position, (ty, value)) in group.keys.iter().zip(keys).enumerate() {
        match (session, value) {
            (Some(window), Value::Time(time)) if window.key as usize == position => {
                at = Some(*time)
            }
            _ => encode_key_into(defs, ty, value, &mut key),
        }
    }
    (key.into_boxed_slice(), at)
}

/// The inverse; of a session with its time at the position of the window.
fn read_keys(
    defs: &Defs,
    group: &Group,
    key: &[u8],
    session: Option<(usize, i64)>,
) -> Result<Vec<Value>, Crash> {
    let field = |ty: &Type| Field {
        name: String::new(),
        ty: ty.clone(),
    };
    let mut fields: Vec<Field> = group.keys.iter().map(field).collect();
    if let Some((position, _)) = session {
        fields.remove(position);
    }
    let mut keys = decode_keys(defs, &fields, key).map_err(|_| not_a_value())?;
    if let Some((position, time)) = session {
        keys.insert(position, Value::Time(time));
    }
    Ok(keys)
}

/// All keys of a group in the key encoding.
pub fn whole_key(defs: &Defs, group: &Group, keys: &[Value]) -> GroupKey {
    let mut out = Vec::new();
    for (ty, value) in group.keys.iter().zip(keys) {
        encode_key_into(defs, ty, value, &mut out);
    }
    out.into_boxed_slice()
}

//! The rows that a view had before it was begun again: they answer who only looks until the new ones are there.
//!
//! ```text
//!   another program, other code, the same row and key     the rows that the old code had made last
//!   a start                                               the rows that the newest snapshot holds
//! ```
//! They stay as they were: the code that made them is not in force any more, or what it had noted of its sources is gone. So they come
//! with the log position that they are exact at, and no step is ever shown them; what it wrote would follow from what was not so.

use std::collections::BTreeMap;
use std::ops::Bound;

use weir_contract::encode::{DecodeError, Reader, put_bytes, put_varint};
use weir_contract::keys::encode_key;
use weir_contract::manifest::Manifest;
use weir_contract::types::Type;
use weir_contract::value::Value;
use weir_contract::view::View;

use super::groups::GroupKey;
use super::rows::list;
use crate::program::same;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// The position in the log that the rows are exact at.
    pub position: u64,
    /// In their order, in the value encoding.
    pub rows: Vec<Box<[u8]>>,
    /// Which of them belong to a group, by all of its keys.
    pub of_group: BTreeMap<GroupKey, Vec<u32>>,
}

impl Before {
    /// A list in the value encoding: all rows, or those whose first key is this one.
    pub fn read(&self, program: &Manifest, view: &View, key: Option<&Value>) -> Option<Vec<u8>> {
        let Some(key) = key else {
            return Some(list(self.rows.iter().map(|row| &**row)));
        };
        let first = encode_key(&program.defs, first_key(view)?, key);
        let from = (Bound::Included(&*first), Bound::Unbounded);
        let from = self.of_group.range::<[u8], _>(from);
        let mut found: Vec<u32> = from
            .take_while(|(key, _)| key.starts_with(&first))
            .flat_map(|(_, rows)| rows.iter().copied())
            .collect();
        found.sort_unstable();
        let rows: Option<Vec<&[u8]>> = found
            .iter()
            .map(|at| self.rows.get(*at as usize).map(|row| &**row))
            .collect();
        Some(list(rows?.into_iter()))
    }

    pub fn encode_into(&self, out: &mut Vec<u8>) {
        put_varint(out, self.position);
        put_varint(out, self.rows.len() as u64);
        self.rows.iter().for_each(|row| put_bytes(out, row));
        put_varint(out, self.of_group.len() as u64);
        for (key, rows) in &self.of_group {
            put_bytes(out, key);
            put_varint(out, rows.len() as u64);
            rows.iter().for_each(|row| put_varint(out, (*row).into()));
        }
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Before, DecodeError> {
        let position = r.varint()?;
        let rows = (0..r.varint()?).map(|_| Ok(r.bytes()?.into()));
        let rows = rows.collect::<Result<Vec<Box<[u8]>>, DecodeError>>()?;
        let mut of_group = BTreeMap::new();
        for _ in 0..r.varint()? {
            let key = r.bytes()?.into();
            let mut of = Vec::new();
            for _ in 0..r.varint()? {
                let at = r.varint()?;
                if at >= rows.len() as u64 {
                    return Err(r.error("a row that is not there"));
                }
                of.push(at as u32);
            }
            of_group.insert(key, of);
        }
        Ok(Before {
            position,
            rows,
            of_group,
        })
    }
}

/// The type of the first key of a view that is grouped.
fn first_key(view: &View) -> Option<&Type> {
    view.group.as_ref().and_then(|group| group.keys.first())
}

/// Whether rows of the old view are rows of the new one, and are asked for by the same key.
pub fn looks_the_same(old: &Manifest, before: &View, new: &Manifest, now: &View) -> bool {
    let same_key = match (first_key(before), first_key(now)) {
        (None, None) => true,
        (Some(a), Some(b)) => same(&old.defs, a, &new.defs, b),
        _ => false,
    };
    before.name == now.name && same_key && same(&old.defs, &before.row, &new.defs, &now.row)
}

//! What code costs, over the parameters of its function: counts, and the instances it touches.
//!
//! Instances are kept by their keys and not as a number, because touching one twice is no second hop. What is known to be the
//! same instance is in `known`; the others are counted.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::formula::Formula;

use crate::ir::*;
use crate::plans::symbol::Symbol;

/// A length as a function knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    /// Elements of what a symbol stands for.
    Of(Symbol),
    /// The number a symbol stands for.
    Value(Symbol),
    Stored(EntityId, Vec<Symbol>, SlotId),
    Instances(EntityId),
    Rounds(SiteId),
    /// Only while the length of that register is being worked out: what it was before.
    Before(Reg),
}

pub type Count = Formula<Leaf>;

/// Positions in [`Cost::counts`].
pub const RECORDS: usize = 0;
pub const OUTSIDE: usize = 1;
pub const READS: usize = 2;
pub const WRITES: usize = 3;
pub const WAITS: usize = 4;
pub const MESSAGES: usize = 5;
/// Transactions that may end a step in front of them.
pub const TRANSACTIONS: usize = 6;
pub const COUNTS: usize = 7;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub counts: [Count; COUNTS],
    pub keys: Keys,
    /// Touched since the transaction began that is open at the end.
    pub open: Keys,
    /// Whether a transaction begins in it, so that what was touched before it is of another one.
    pub enters: bool,
    /// Where a transaction touches its second instance.
    pub second: Option<SiteId>,
}

/// Instances that are touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    pub known: BTreeMap<KeyId, Touched>,
    /// Those that may be different ones each time, by entity.
    pub many: BTreeMap<EntityId, Many>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    pub written: bool,
    /// Where first.
    pub site: SiteId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many {
    pub touched: Count,
    pub written: Count,
    pub site: SiteId,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId {
    pub entity: EntityId,
    pub keys: Vec<KeyPart>,
}

/// What tells one value of a key from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPart {
    /// The same for the whole call.
    Same(Symbol),
    /// The same until one of the registers is assigned again.
    Local(String, BTreeSet<Reg>),
}

impl KeyId {
    /// The registers that must stay as they are.
    pub fn regs(&self) -> impl Iterator<Item = Reg> + '_ {
        let parts = self.keys.iter().filter_map(|part| match part {
            KeyPart::Same(_) => None,
            KeyPart::Local(_, regs) => Some(regs),
        });
        parts.flatten().copied()
    }
}

impl Keys {
    pub fn touch(&mut self, key: KeyId, written: bool, site: SiteId) {
        let known = self.known.entry(key).or_insert(Touched { written, site });
        known.written |= written;
    }

    pub fn touch_many(&mut self, entity: EntityId, many: Many) {
        match self.many.get_mut(&entity) {
            None => {
                self.many.insert(entity, many);
            }
            Some(known) => {
                known.touched = known.touched.plus(&many.touched);
                known.written = known.written.plus(&many.written);
            }
        }
    }

    fn add(&mut self, other: &Keys) {
        for (key, touched) in &other.known {
            self.touch(key.clone(), touched.written, touched.site);
        }
        for (entity, many) in &other.many {
            self.touch_many(*entity, many.clone());
        }
    }

    /// Those of either way.
    fn max(&mut self, other: &Keys) {
        for (key, touched) in &other.known {
            self.touch(key.clone(), touched.written, touched.site);
        }
        for (entity, many) in &other.many {
            match self.many.get_mut(entity) {
                None => {
                    self.many.insert(*entity, many.clone());
                }
                Some(known) => {
                    known.touched = known.touched.dearer(&many.touched);
                    known.written = known.written.dearer(&many.written);
                }
            }
        }
    }

    fn times(&mut self, rounds: &Count, changes: &dyn Fn(Reg) -> bool) {
        for many in self.many.values_mut() {
            many.touched = many.touched.times(rounds);
            many.written = many.written.times(rounds);
        }
        let known = std::mem::take(&mut self.known);
        for (key, touched) in known {
            if key.regs().any(changes) {
                let written = match touched.written {
                    true => rounds.clone(),
                    false => Count::default(),
                };
                let many = Many {
                    touched: rounds.clone(),
                    written,
                    site: touched.site,
                };
                self.touch_many(key.entity, many);
            } else {
                self.known.insert(key, touched);
            }
        }
    }

    /// How many instances.
    pub fn count(&self) -> Count {
        let known = Count::number(self.known.len() as u64);
        let many = self.many.values().map(|many| &many.touched);
        many.fold(known, |all, one| all.plus(one))
    }

    /// The second instance, when there may be one.
    fn second(&self, place: &dyn Fn(SiteId) -> Site) -> Option<SiteId> {
        let mut sites: Vec<SiteId> = self.known.values().map(|touched| touched.site).collect();
        for many in self.many.values() {
            sites.push(many.site);
            if many.touched.as_number().is_none_or(|count| count > 1) {
                sites.push(many.site);
            }
        }
        sites.sort_by_key(|site| place(*site));
        sites.get(1).copied()
    }
}

impl Cost {
    pub fn count(&mut self, count: usize, times: u64) {
        self.counts[count] = self.counts[count].plus(&Count::number(times));
    }

    pub fn touch(&mut self, key: KeyId, written: bool, site: SiteId) {
        self.open.touch(key.clone(), written, site);
        self.keys.touch(key, written, site);
    }

    pub fn touch_many(&mut self, entity: EntityId, many: Many) {
        self.open.touch_many(entity, many.clone());
        self.keys.touch_many(entity, many);
    }

    /// One after the other.
    pub fn then(&mut self, next: &Cost) {
        for (count, more) in self.counts.iter_mut().zip(&next.counts) {
            *count = count.plus(more);
        }
        self.keys.add(&next.keys);
        match next.enters {
            true => self.open = next.open.clone(),
            false => self.open.add(&next.open),
        }
        self.enters |= next.enters;
        self.second = self.second.or(next.second);
    }

    /// One or the other.
    pub fn or(&mut self, other: &Cost) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.dearer(more);
        }
        self.keys.max(&other.keys);
        self.open.max(&other.open);
        // What is open then is more than there is.
        self.enters &= other.enters;
        self.second = self.second.or(other.second);
    }

    /// Again and again; `changes` says which registers are assigned meanwhile.
    pub fn times(&mut self, rounds: &Count, changes: &dyn Fn(Reg) -> bool) {
        for count in &mut self.counts {
            *count = count.times(rounds);
        }
        self.keys.times(rounds, changes);
        self.open.times(rounds, changes);
    }

    /// A transaction begins.
    pub fn enter(&mut self) {
        self.open = Keys::default();
        self.enters = true;
    }

    /// The outermost transaction ends; gives what it touched.
    pub fn leave(&mut self, place: &dyn Fn(SiteId) -> Site) -> &Keys {
        self.second = self.second.or(self.open.second(place));
        &self.open
    }
}

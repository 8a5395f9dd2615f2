//! Putting another program in force: what happens to the state.
//!
//! Entities, fields and slots are matched by name, types by name and structure, so a program whose slots moved reads what
//! the one before it wrote. Whatever would lose or misread data is refused before anything is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_contract::lattice::{self, Lattice, Tally};
use weir_contract::manifest::{Entity, Manifest};
use weir_contract::slots::{Slot as SlotOf, SlotKind};
use weir_contract::types::{DefId, DefKind, Defs, Field, Type};
use weir_contract::{Value, decode};

use crate::machine::Machine;
use crate::merged::Merging;
use crate::relabel;
use crate::state::{Instance, Kind, Slot, State, TableKind};

/// Why the state of the program in force cannot be taken over; one sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatible(pub Vec<String>);

impl std::fmt::Display for Incompatible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the state does not fit the new program: {}",
            self.0.join("; ")
        )
    }
}

impl std::error::Error for Incompatible {}

/// Empty state for the entities of a program.
pub fn empty_state(program: &Manifest) -> State {
    let merges = |entity: &Entity| entity.slots.iter().any(|slot| slot.merge.is_some());
    let merges = program.entities.iter().any(merges);
    // Only what merges is read with its types.
    let defs = Arc::new(if merges {
        program.defs.clone()
    } else {
        Defs::default()
    });
    State::new(program.entities.iter().map(|entity| table(entity, &defs)))
}

fn table(entity: &Entity, defs: &Arc<Defs>) -> TableKind {
    let kind = |slot: &weir_contract::slots::Slot| match slot.kind {
        _ if slot.merge.is_some() => Kind::Merged,
        SlotKind::Scalar(_) => Kind::Scalar,
        SlotKind::Map(..) | SlotKind::Set(_) => Kind::Map,
        SlotKind::List(_) => Kind::List,
    };
    let merging = |slot: &weir_contract::slots::Slot| {
        let (SlotKind::Scalar(ty), Some(lattice)) = (&slot.kind, &slot.merge) else {
            return None;
        };
        Some(Arc::new(Merging {
            lattice: lattice.clone(),
            ty: ty.clone(),
            defs: defs.clone(),
        }))
    };
    TableKind {
        slots: entity.slots.iter().map(kind).collect(),
        merging: entity.slots.iter().map(merging).collect(),
        walked: entity.walked,
    }
}

/// Whether all data of `state` and all runs have their place in the new program.
pub(crate) fn check(machine: &Machine, old: &Manifest, new: &Manifest) -> Result<(), Incompatible> {
    let state = &machine.state;
    let mut problems = relabel::check(&machine.runs, old, new);
    problems.extend(machine.streams.check(old, new));
    for (entity, table) in old.entities.iter().zip(state.tables()) {
        if table.is_empty() {
            continue;
        }
        let keys = match table.len() {
            1 => "1 key".to_owned(),
            several => format!("{several} keys"),
        };
        let name = &entity.name;
        let Some((_, now)) = new.entity(name) else {
            problems.push(format!("entity {name} is gone, but has state for {keys}"));
            continue;
        };
        let keys_match = entity.keys.len() == now.keys.len()
            && entity
                .keys
                .iter()
                .zip(&now.keys)
                .all(|(a, b)| same(&old.defs, &a.ty, &new.defs, &b.ty));
        if !keys_match {
            problems.push(format!(
                "the key of entity {name} is of another type, but there is state for {keys}"
            ));
        }
        for (index, slot) in entity.slots.iter().enumerate() {
            if !table.holds_slot(index) {
                continue;
            }
            let path = slot.path.join(".");
            match now.slots.iter().find(|s| s.path == slot.path) {
                None => problems.push(format!("{name}.{path} is gone, but holds values")),
                Some(s) if takes_over(slot, s) => {}
                Some(s) if slot.merge.is_some() != s.merge.is_some() => {
                    let (was, is) = match slot.merge {
                        None => ("state", "merge"),
                        Some(_) => ("merge", "state"),
                    };
                    problems.push(format!(
                        "{name}.{path} was `{was}` and is `{is}` now, but holds values: keep it under its name, and add the new one under another"
                    ));
                }
                Some(s) if !same_slot(&old.defs, slot, &new.defs, s) => problems.push(format!(
                    "{name}.{path} is of another type, but holds values"
                )),
                Some(_) => {}
            }
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Incompatible(problems))
    }
}

/// Moves state that [`check`] has accepted into the places of the new program.
pub fn migrate(state: &State, old: &Manifest, new: &Manifest) -> State {
    let mut moved = empty_state(new);
    for (entity, table) in old.entities.iter().zip(state.tables()) {
        let Some((number, now)) = new.entity(&entity.name) else {
            continue;
        };
        let from = now
            .slots
            .iter()
            .map(|s| entity.slots.iter().position(|o| o.path == s.path));
        let from: Vec<Option<usize>> = from.collect();
        for instance in table.sorted() {
            let slot = |(to, from): (usize, &Option<usize>)| {
                let Some(from) = from else {
                    return Slot::Absent;
                };
                let held = &instance.slots[*from];
                match moved.merging(number, to as u32) {
                    Some(merging) => merged(held, &merging),
                    None => held.clone(),
                }
            };
            let slots = from.iter().enumerate().map(slot).collect();
            moved.insert(
                number,
                Instance {
                    key: instance.key.clone(),
                    version: instance.version,
                    slots,
                },
            );
        }
    }
    moved
}

/// What merges in the new program, from what there was: [`check`] has seen that it can be.
fn merged(held: &Slot, merging: &Merging) -> Slot {
    match held {
        Slot::Absent => Slot::Absent,
        // Only the types behind it may have other numbers.
        Slot::Merged(merged) => Slot::Merged(Box::new(merging.holding(merged.state().clone()))),
        Slot::Scalar(bytes) => {
            let number = decode(&merging.defs, &Type::Int, bytes);
            let Ok(Value::Int(number)) = number else {
                panic!("no number becomes a counter");
            };
            let tally = Tally {
                changes: 1,
                sum: number.into(),
            };
            let state = lattice::State::Counter([(0, tally)].into());
            Slot::Merged(Box::new(merging.holding(state)))
        }
        other => panic!("{other:?} becomes what merges"),
    }
}

/// A number in plain state becomes the first tally of a counter.
fn takes_over(old: &SlotOf, new: &SlotOf) -> bool {
    let is_number = old.kind == SlotKind::Scalar(Type::Int) && old.merge.is_none();
    is_number && new.merge == Some(Lattice::Counter)
}

fn same_slot(old: &Defs, a: &SlotOf, new: &Defs, b: &SlotOf) -> bool {
    let merges = match (&a.merge, &b.merge) {
        (None, None) => true,
        (Some(a), Some(b)) => same_lattice(old, a, new, b),
        _ => false,
    };
    merges && same_kind(old, &a.kind, new, &b.kind)
}

/// Whether states of one are states of the other.
fn same_lattice(old: &Defs, a: &Lattice, new: &Defs, b: &Lattice) -> bool {
    match (a, b) {
        (Lattice::MergeMap(k, a), Lattice::MergeMap(l, b)) => {
            same(old, k, new, l) && same_lattice(old, a, new, b)
        }
        (Lattice::Record(a), Lattice::Record(b)) => {
            let mut both = a.iter().zip(b);
            a.len() == b.len()
                && both.all(|(a, b)| {
                    a.name == b.name && same_lattice(old, &a.lattice, new, &b.lattice)
                })
        }
        (Lattice::MaxOf(a), Lattice::MaxOf(b))
        | (Lattice::MinOf(a), Lattice::MinOf(b))
        | (Lattice::Latest(a), Lattice::Latest(b))
        | (Lattice::GrowSet(a), Lattice::GrowSet(b))
        | (Lattice::AddSet(a), Lattice::AddSet(b)) => same(old, a, new, b),
        (a, b) => a == b,
    }
}

fn same_kind(old: &Defs, a: &SlotKind, new: &Defs, b: &SlotKind) -> bool {
    match (a, b) {
        (SlotKind::Scalar(a), SlotKind::Scalar(b))
        | (SlotKind::Set(a), SlotKind::Set(b))
        | (SlotKind::List(a), SlotKind::List(b)) => same(old, a, new, b),
        (SlotKind::Map(k, v), SlotKind::Map(l, w)) => same(old, k, new, l) && same(old, v, new, w),
        _ => false,
    }
}

/// Whether bytes of the old type mean the same as bytes of the new one.
pub(crate) fn same(old: &Defs, a: &Type, new: &Defs, b: &Type) -> bool {
    Comparison {
        old,
        new,
        by_name: false,
        seen: BTreeSet::new(),
    }
    .types(a, b)
}

/// Whether values of the old type are values of the new one, apart from the numbers of errors.
pub(crate) fn fits(old: &Defs, a: &Type, new: &Defs, b: &Type) -> bool {
    Comparison {
        old,
        new,
        by_name: true,
        seen: BTreeSet::new(),
    }
    .types(a, b)
}

struct Comparison<'d> {
    old: &'d Defs,
    new: &'d Defs,
    /// Errors may have other numbers, and there may be more.
    by_name: bool,
    /// Pairs assumed equal while they are compared, so that types that mention themselves end.
    seen: BTreeSet<(DefId, DefId)>,
}

impl Comparison<'_> {
    fn types(&mut self, a: &Type, b: &Type) -> bool {
        match (a, b) {
            (Type::List(a), Type::List(b))
            | (Type::Set(a), Type::Set(b))
            | (Type::Option(a), Type::Option(b)) => self.types(a, b),
            (Type::Map(k, v), Type::Map(l, w)) => self.types(k, l) && self.types(v, w),
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.types(&x.ty, &y.ty))
            }
            (Type::Named(a), Type::Named(b)) => self.defs(*a, *b),
            (Type::Result(a, e), Type::Result(b, f)) if self.by_name => {
                let fits = |id: &DefId| {
                    relabel::renamed(self.old, self.new, *id)
                        .filter(|now| f.contains(now))
                        .map(|now| (*id, now))
                };
                let pairs: Option<Vec<_>> = e.iter().map(fits).collect();
                self.types(a, b) && pairs.is_some_and(|p| p.iter().all(|(x, y)| self.defs(*x, *y)))
            }
            // Errors in a stored result are numbered by definition, so the numbers must be the same too.
            (Type::Result(a, e), Type::Result(b, f)) => {
                e == f && self.types(a, b) && e.iter().all(|id| self.defs(*id, *id))
            }
            _ => a == b,
        }
    }

    fn defs(&mut self, a: DefId, b: DefId) -> bool {
        if !self.seen.insert((a, b)) {
            return true;
        }
        let (Some(old), Some(new)) = (
            self.old.defs.get(a.0 as usize),
            self.new.defs.get(b.0 as usize),
        ) else {
            return false;
        };
        if old.name != new.name {
            return false;
        }
        match (&old.kind, &new.kind) {
            (DefKind::Record { fields: x }, DefKind::Record { fields: y })
            | (DefKind::Error { fields: x, .. }, DefKind::Error { fields: y, .. })
            | (DefKind::Entity { keys: x }, DefKind::Entity { keys: y }) => self.fields(x, y),
            (DefKind::New { base: x }, DefKind::New { base: y }) => self.types(x, y),
            // New variants may follow the old ones: those keep their numbers.
            (DefKind::Enum { variants: x }, DefKind::Enum { variants: y }) => {
                x.len() <= y.len()
                    && x.iter()
                        .zip(y)
                        .all(|(v, w)| v.name == w.name && self.fields(&v.fields, &w.fields))
            }
            _ => false,
        }
    }

    fn fields(&mut self, a: &[Field], b: &[Field]) -> bool {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(x, y)| x.name == y.name && self.types(&x.ty, &y.ty))
    }
}

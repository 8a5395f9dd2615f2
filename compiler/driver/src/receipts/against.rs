//! Two programs beside each other: what became dearer, what cheaper.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use weir_contract::formula::Formula;
use weir_contract::manifest::Manifest;
use weir_contract::receipt::{Count, Length};

use super::table::{self, Row, count};

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub function: String,
    /// `records`, `keys`, .., `records to undo`, .., or `class`; empty where the whole function came or went.
    pub part: String,
    pub old: String,
    pub new: String,
    pub turn: Turn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    Dearer,
    Cheaper,
    /// Dearer for some arguments, perhaps: the formulas cannot be compared.
    Other,
    New,
    Gone,
}

impl Turn {
    pub fn name(self) -> &'static str {
        match self {
            Turn::Dearer => "dearer",
            Turn::Cheaper => "cheaper",
            Turn::Other => "other",
            Turn::New => "new",
            Turn::Gone => "gone",
        }
    }

    /// Whether somebody who forbids what is dearer forbids this: what cannot be compared may be.
    pub fn may_be_dearer(self) -> bool {
        matches!(self, Turn::Dearer | Turn::Other)
    }
}

/// All changes from the old program to the new one: those of functions that both have in the order of the new one, then new ones,
/// then those that are gone.
pub fn changes(old: &Manifest, new: &Manifest) -> Vec<Change> {
    let by_name = |manifest| {
        let rows = table::rows(manifest).into_iter();
        rows.map(|row| (row.name.clone(), row)).collect()
    };
    let before: BTreeMap<String, Row<'_>> = by_name(old);
    let rows = table::rows(new);
    let mut changes = Vec::new();
    for row in &rows {
        if let Some(was) = before.get(&row.name) {
            compare((old, was), (new, row), &mut changes);
        }
    }
    let whole = |manifest: &Manifest, row: &Row<'_>, turn: Turn| {
        let text = super::page::cost(manifest, &row.receipt.cost);
        let (old, new) = match turn {
            Turn::Gone => (text, String::new()),
            _ => (String::new(), text),
        };
        Change {
            function: row.name.clone(),
            part: String::new(),
            old,
            new,
            turn,
        }
    };
    let fresh = rows.iter().filter(|row| !before.contains_key(&row.name));
    changes.extend(fresh.map(|row| whole(new, row, Turn::New)));
    let known: BTreeSet<&String> = rows.iter().map(|row| &row.name).collect();
    let gone = before.values().filter(|row| !known.contains(&row.name));
    changes.extend(gone.map(|row| whole(old, row, Turn::Gone)));
    changes
}

fn compare(old: (&Manifest, &Row<'_>), new: (&Manifest, &Row<'_>), changes: &mut Vec<Change>) {
    let (was, is) = (old.1.receipt, new.1.receipt);
    if was.class != is.class {
        changes.push(Change {
            function: new.1.name.clone(),
            part: "class".to_owned(),
            old: was.class.name().to_owned(),
            new: is.class.name().to_owned(),
            turn: match is.class > was.class {
                true => Turn::Dearer,
                false => Turn::Cheaper,
            },
        });
    }
    for (before, after, later) in [
        (was.cost.parts(), is.cost.parts(), ""),
        (was.undo.parts(), is.undo.parts(), " to undo"),
    ] {
        for ((name, before), (_, after)) in before.into_iter().zip(after) {
            let (a, b) = (named(old.0, before), named(new.0, after));
            if a == b {
                continue;
            }
            let turn = match (a.is_at_most(&b), b.is_at_most(&a)) {
                (true, _) => Turn::Dearer,
                (_, true) => Turn::Cheaper,
                _ => Turn::Other,
            };
            changes.push(Change {
                function: new.1.name.clone(),
                part: format!("{name}{later}"),
                old: count(old.0, before),
                new: count(new.0, after),
                turn,
            });
        }
    }
}

/// With lengths that mean the same in two programs: a loop is known by its function and its text, not by its line.
fn named(manifest: &Manifest, of: &Count) -> Formula<String> {
    of.with(&|length| {
        let name = match length {
            Length::Rounds(site) => match manifest.sites.get(*site as usize) {
                Some(at) => format!("{}: {}", manifest.function_at(*site), at.text.trim()),
                None => "?".to_owned(),
            },
            length => length.text(&|_| String::new()),
        };
        Formula::length(name)
    })
}

/// A line a change, what is dearer marked with `+`, what is cheaper with `-`.
pub fn text(changes: &[Change]) -> String {
    let line = |change: &Change| {
        let mark = match change.turn {
            Turn::Dearer => '+',
            Turn::Cheaper => '-',
            Turn::Other => '~',
            Turn::New => 'n',
            Turn::Gone => 'x',
        };
        let turn = change.turn.name();
        let name = &change.function;
        match change.turn {
            Turn::New => format!("{mark} {name}  {turn}: {}\n", change.new),
            Turn::Gone => format!("{mark} {name}  {turn}: {}\n", change.old),
            _ => format!(
                "{mark} {name}  {}: {} -> {}  {turn}\n",
                change.part, change.old, change.new
            ),
        }
    };
    changes.iter().map(line).collect()
}

pub fn to_json(changes: &[Change]) -> Value {
    let change = |change: &Change| {
        json!({
            "function": change.function,
            "part": change.part,
            "old": change.old,
            "new": change.new,
            "turn": change.turn.name(),
        })
    };
    Value::Array(changes.iter().map(change).collect())
}

//! Who calls a function, and what it calls: handlers, `run`s and events too, however they are called (plainly, by `send`, in an
//! `undo`).

use std::collections::BTreeMap;

use weir_check::meanings::Def;
use weir_diagnostics::Span;

use crate::declared::{Declaration, Kind};
use crate::references::all;
use crate::{At, Snapshot};

/// A function, and the places where it is called, or where what it calls is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// The name where it is declared.
    pub function: Span,
    pub places: Vec<Span>,
}

/// What at a place can be called, by its name where it is declared.
pub fn callable(snapshot: &Snapshot, at: At) -> Option<Span> {
    let (_, def) = snapshot.name_at(at)?;
    let declared = snapshot.place(def)?;
    is_callable(snapshot.declared.by_name.get(&declared)?.kind).then_some(declared)
}

/// How it was declared.
pub fn declaration(snapshot: &Snapshot, function: Span) -> Option<&Declaration> {
    snapshot.declared.by_name.get(&function)
}

/// The functions and tests that call it, each with the places.
pub fn callers(snapshot: &Snapshot, function: Span) -> Vec<Calls> {
    let Some(def) = snapshot.declared.defs.get(&function) else {
        return Vec::new();
    };
    let places = all(snapshot, *def).into_iter();
    let used = places.filter(|place| !place.is_declaration);
    let mut found: BTreeMap<Span, Vec<Span>> = BTreeMap::new();
    for place in used {
        if let Some(around) = around(snapshot, place.span) {
            found.entry(around).or_default().push(place.span);
        }
    }
    calls(found)
}

/// What it calls, also of the library and outside, each with the places.
pub fn called(snapshot: &Snapshot, function: Span) -> Vec<Calls> {
    let Some(whole) = snapshot.declared.by_name.get(&function).map(|d| d.whole) else {
        return Vec::new();
    };
    let mut found: BTreeMap<Span, Vec<Span>> = BTreeMap::new();
    for (at, def) in snapshot.meanings().names_in(whole.file) {
        let is_called = matches!(def, Def::Function(_) | Def::Extern(_) | Def::Event(..));
        if !is_called || !whole.contains(*at) || *at == function {
            continue;
        }
        if let Some(declared) = snapshot.place(*def)
            && snapshot.declared.by_name.contains_key(&declared)
        {
            found.entry(declared).or_default().push(*at);
        }
    }
    calls(found)
}

fn calls(found: BTreeMap<Span, Vec<Span>>) -> Vec<Calls> {
    let calls = found.into_iter();
    calls
        .map(|(function, places)| Calls { function, places })
        .collect()
}

/// The function, handler or test that a place is in.
fn around(snapshot: &Snapshot, place: Span) -> Option<Span> {
    let declared = snapshot.declared.by_name.iter();
    declared
        .filter(|(_, d)| {
            let runs = matches!(
                d.kind,
                Kind::Function | Kind::Handler | Kind::Test | Kind::Constant
            );
            runs && d.whole.contains(place)
        })
        .min_by_key(|(_, d)| d.whole.end - d.whole.start)
        .map(|(name, _)| *name)
}

fn is_callable(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Function | Kind::Handler | Kind::ExternFunction | Kind::Event
    )
}

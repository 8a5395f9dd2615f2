//! Which calls could change places (`analyses.md` 2.4): of two that write the same field, whichever comes first it comes to the
//! same. A pair is compared field by field: what both only join in one manner may swap, and what is of different instances or entries
//! has nothing to do with each other. Everything that is not seen is no: a plan that is not complete, a call that waits.

use std::collections::BTreeSet;

use weir_contract::Lattice;
use weir_contract::manifest::{Effect, Function, FunctionKind, Manifest};
use weir_contract::plan::{PlanExpr, Touch, TouchMode};
use weir_contract::receipt::Joins;

use crate::explain::full_name;

/// How a call gets on with those that write what it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swaps {
    /// Calls that may as well come in the other order, by name.
    pub with: Vec<String>,
    /// Those that may not, with why: `Account.withdraw` and `it reads \`balance\``.
    pub not: Vec<(String, String)>,
}

/// Of a function of which some write only joins what was there; nothing for others.
pub fn swaps(manifest: &Manifest, function: &Function) -> Swaps {
    let mut found = Swaps::default();
    if !joins(function) || function.effect != Effect::Write {
        return found;
    }
    let is_call = |other: &&Function| {
        !matches!(other.kind, FunctionKind::Field | FunctionKind::Whole)
            && other.effect == Effect::Write
            && (other.public || other.entity.is_some())
    };
    for other in manifest.functions.iter().filter(is_call) {
        // Nothing need be said of those that have nothing in common.
        if !meet(function, other) {
            continue;
        }
        match conflict(manifest, function, other) {
            None => found.with.push(full_name(manifest, other)),
            Some(why) => found.not.push((full_name(manifest, other), why)),
        }
    }
    found
}

fn joins(function: &Function) -> bool {
    let receipt = function.receipt.as_ref();
    receipt.is_some_and(|receipt| !receipt.commuting.is_empty())
}

/// Whether both write one field.
fn meet(a: &Function, b: &Function) -> bool {
    let writes = |f: &Function| -> BTreeSet<(String, Vec<String>)> {
        let touches = f.plan.touches.iter();
        let writes = touches.filter(|touch| touch.mode == TouchMode::Write);
        writes.map(|t| (t.entity.clone(), t.path.clone())).collect()
    };
    !writes(a).is_disjoint(&writes(b))
}

/// Why two calls may not change places.
fn conflict(manifest: &Manifest, a: &Function, b: &Function) -> Option<String> {
    if !b.plan.complete || !a.plan.complete {
        return Some("only running it can tell what it touches".to_owned());
    }
    for mine in &a.plan.touches {
        for theirs in &b.plan.touches {
            if !may_be_one(mine, theirs) {
                continue;
            }
            let field = theirs.path.join(".");
            match (how(a, mine), how(b, theirs)) {
                (Some(Joins::Merge), Some(Joins::Merge)) => {
                    if !is_orderless(manifest, theirs) {
                        return Some(format!(
                            "of two changes of `{field}` that know of each other the later one counts"
                        ));
                    }
                }
                (Some(one), Some(other)) if one == other => {}
                (None, _) if mine.mode == TouchMode::Read && theirs.mode == TouchMode::Write => {
                    let name = full_name(manifest, a);
                    return Some(format!("it writes `{field}`, which `{name}` reads"));
                }
                _ if theirs.path.is_empty() => {
                    return Some(format!("it walks over all `{}`", theirs.entity));
                }
                _ if theirs.mode == TouchMode::Read => return Some(format!("it reads `{field}`")),
                _ => return Some(format!("it writes `{field}` in another manner")),
            }
        }
    }
    let both = a.emits.iter().find(|stream| b.emits.contains(stream));
    if let Some(stream) = both {
        let name = &manifest.streams[*stream as usize].name;
        return Some(format!("both emit into `{name}`"));
    }
    let sends = |f: &Function| {
        let receipt = f.receipt.as_ref();
        receipt.is_none_or(|receipt| !receipt.cost.messages.is_zero())
    };
    (sends(a) && sends(b)).then(|| "both send messages".to_owned())
}

/// How the field of a touch is joined, if that is all that is done to it.
fn how(function: &Function, touch: &Touch) -> Option<Joins> {
    let receipt = function.receipt.as_ref()?;
    let mut all = receipt.commuting.iter();
    let same = all.find(|of| of.entity == touch.entity && of.path == touch.path);
    same.map(|of| of.how)
}

/// Whether what merges comes to the same in any order also where everybody knows of everybody: then what is set later stays, and what
/// is removed later is gone.
fn is_orderless(manifest: &Manifest, touch: &Touch) -> bool {
    fn of(lattice: &Lattice) -> bool {
        match lattice {
            Lattice::Latest(_) | Lattice::AddSet(_) => false,
            Lattice::MergeMap(_, inner) => of(inner),
            Lattice::Record(parts) => parts.iter().all(|part| of(&part.lattice)),
            _ => true,
        }
    }
    let mut entities = manifest.entities.iter();
    let entity = entities.find(|entity| entity.name == touch.entity);
    let slots = entity.into_iter().flat_map(|entity| &entity.slots);
    let mut slot = slots.filter(|slot| slot.path == touch.path);
    slot.next()
        .and_then(|slot| slot.merge.as_ref())
        .is_some_and(of)
}

/// Whether two touches may be of one place, and one of them writes.
fn may_be_one(a: &Touch, b: &Touch) -> bool {
    let writes = a.mode == TouchMode::Write || b.mode == TouchMode::Write;
    // A walk sees which instances there are, and any write may make one.
    let is_walk = a.path.is_empty() || b.path.is_empty();
    if !writes || a.entity != b.entity || (!is_walk && a.path != b.path) {
        return false;
    }
    let mut keys = a.key.iter().zip(&b.key);
    let entries = a.entry.iter().zip(&b.entry);
    !keys.any(differ) && !entries.into_iter().any(differ)
}

/// Whether two expressions surely have different values.
fn differ((a, b): (&PlanExpr, &PlanExpr)) -> bool {
    matches!((a, b), (PlanExpr::Constant(a), PlanExpr::Constant(b)) if a != b)
}

impl Swaps {
    /// A line each: `with Account.deposit`, `not with Account.withdraw: it reads \`balance\``.
    pub fn lines(&self, own: &str) -> Vec<String> {
        let name = |name: &String| match name == own {
            true => "itself".to_owned(),
            false => name.clone(),
        };
        let with: Vec<String> = self.with.iter().map(name).collect();
        let with = (!with.is_empty()).then(|| format!("with {}", with.join(", ")));
        let not = self.not.iter();
        let not = not.map(|(other, why)| format!("not with {}: {why}", name(other)));
        with.into_iter().chain(not).collect()
    }
}

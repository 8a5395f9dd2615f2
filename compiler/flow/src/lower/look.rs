//! Looking at a part of state that merges, without making a value of the whole.
//!
//! ```text
//! likers.contains(who)      who in likers        look .likers, has, who
//! likers.length()                                look .likers, count
//! votes[option].value                            look .votes, value, option      an option, or what nothing has happened to
//! votes.get(option)                              the same
//! page.title                of a record          look .page, 0.value
//! ```
//! What needs the whole, such as a loop over all elements, still loads it.

use weir_check::hir::{self, ExprKind};
use weir_contract::Lattice;
use weir_contract::lattice::{Ask, sought};

use super::body::Body;
use super::expr::is_simple;
use crate::ir::*;
use crate::verify::look_types;

/// From a field that merges to a part of it.
struct Way<'e> {
    /// Names the field.
    root: &'e hir::Expr,
    parts: Vec<u32>,
    keys: Vec<&'e hir::Expr>,
    /// What is there.
    lattice: Lattice,
}

impl Body<'_, '_> {
    /// `value in collection`. The outer `None` of all of these: it is nothing that merges.
    pub fn look_has(&mut self, value: &hir::Expr, collection: &hir::Expr) -> Option<Option<Reg>> {
        let way = self.way(collection)?;
        let ty = sought(&way.lattice)?.clone();
        Some(self.expr(value).and_then(|value| {
            let value = self.b.coerce(value, &ty);
            self.look(&way, Ask::Has, Some(value))
        }))
    }

    /// `map[key]`, an option.
    pub fn look_at(&mut self, map: &hir::Expr, key: &hir::Expr) -> Option<Option<Reg>> {
        let way = self.way_to_key(map, key)?;
        Some(self.look(&way, Ask::Value, None))
    }

    /// A part of a record. Behind a key there may be nothing, so that goes another way.
    pub fn look_part(&mut self, field: &hir::Expr) -> Option<Option<Reg>> {
        if !matches!(field.kind, ExprKind::Field(..)) {
            return None;
        }
        let way = self.way(field).filter(|way| way.keys.is_empty())?;
        Some(self.look(&way, Ask::Value, None))
    }

    /// A call of a function of the library.
    pub fn look_call(&mut self, name: &str, args: &[hir::Arg]) -> Option<Option<Reg>> {
        let values: Option<Vec<&hir::Expr>> = args
            .iter()
            .map(|arg| match arg {
                hir::Arg::Value(value) => Some(value),
                _ => None,
            })
            .collect();
        match (name, values?.as_slice()) {
            ("length", [all]) => self.look_count(all),
            ("is_empty", [all]) => Some(self.look_count(all)?.map(|count| {
                let zero = self.b.int(0);
                self.b.compare(CompareOp::Eq, count, zero)
            })),
            ("has", [all, value]) if is_simple(self.low.checked, value) => {
                self.look_has(value, all)
            }
            ("get", [map, key]) => self.look_at(map, key),
            ("get_or", [map, key, other]) if is_simple(self.low.checked, other) => {
                Some(self.look_at(map, key)?.and_then(|found| {
                    let other = self.expr(other)?;
                    Some(self.call_prelude("unwrap_or", &[found, other]))
                }))
            }
            _ => None,
        }
    }

    fn look_count(&mut self, all: &hir::Expr) -> Option<Option<Reg>> {
        let way = self.way(all)?;
        sought(&way.lattice)?;
        Some(self.look(&way, Ask::Count, None))
    }

    fn look(&mut self, way: &Way<'_>, ask: Ask, sought: Option<Reg>) -> Option<Reg> {
        let view = self.slot_view(way.root)??;
        let slot = self.leaf(view.entity, &view.path)?;
        let info = self.low.module.slot(view.entity, slot);
        let of = info.kind.value_type();
        let lattice = info.merge.clone().expect("a way begins where it merges");
        let operands = way.keys.len() + usize::from(sought.is_some());
        let types = look_types(&self.low.module, (&lattice, &of), &way.parts, ask, operands);
        let (types, answer) = types.expect("a way leads from part to part");
        let keys = self.operands(&way.keys)?;
        let args = keys.into_iter().chain(sought).zip(&types);
        let args = args.map(|(reg, ty)| self.b.coerce(reg, ty)).collect();
        Some(self.b.emit(
            answer,
            Op::MergeLook {
                instance: view.instance,
                slot,
                parts: way.parts.clone(),
                ask,
                args,
            },
        ))
    }

    /// Nothing is evaluated yet.
    fn way<'e>(&self, e: &'e hir::Expr) -> Option<Way<'e>> {
        match &e.kind {
            ExprKind::State(_) | ExprKind::StateOf { .. } => {
                let (entity, path) = self.view_path(e)?;
                let slot = self.leaf(entity, &path)?;
                let lattice = self.low.module.slot(entity, slot).merge.clone()?;
                Some(Way {
                    root: e,
                    parts: Vec::new(),
                    keys: Vec::new(),
                    lattice,
                })
            }
            ExprKind::Unwrap(_, inner) => self.way(inner),
            ExprKind::Field(inner, at) => {
                let mut way = self.way(inner)?;
                let Lattice::Record(mut parts) = way.lattice else {
                    return None;
                };
                way.parts.push(*at);
                way.lattice = parts.swap_remove(*at as usize).lattice;
                Some(way)
            }
            // `map[key]` of what merges: where there is nothing at the key, what nothing has happened to.
            ExprKind::Coalesce(found, _) if self.low.checked.lattice(&e.ty).is_some() => {
                match &found.kind {
                    ExprKind::MapIndex(map, key) => self.way_to_key(map, key),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn way_to_key<'e>(&self, map: &'e hir::Expr, key: &'e hir::Expr) -> Option<Way<'e>> {
        let mut way = self.way(map)?;
        let Lattice::MergeMap(_, of) = way.lattice else {
            return None;
        };
        // The map is looked at when its key is known, and has to be the one that was there before.
        if !is_simple(self.low.checked, key) {
            return None;
        }
        way.keys.push(key);
        way.lattice = *of;
        Some(way)
    }
}

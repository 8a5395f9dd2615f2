//! What a call will touch, as far as that can be told before it runs: its function's access plan on its arguments.
//!
//! Nothing rests on this being all. What a step reads besides is missed when it gets there, and asked for then; two calls that are
//! believed not to conflict and do are found out when the second one is to be kept.

use std::collections::BTreeSet;

use weir_contract::beside::slot_of;
use weir_contract::call::decode_args;
use weir_contract::keys::{decode_keys, encode_key, encode_keys};
use weir_contract::manifest::{Entity, Function, Manifest};
use weir_contract::plan::{PlanExpr, Touch, TouchMode};
use weir_contract::slots::SlotKind;
use weir_contract::types::{DefKind, Defs, Type};
use weir_contract::{Value, limits};

use crate::machine::Call;

/// One place of the state: a slot of an instance, or an entry of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub entity: u32,
    pub key: Box<[u8]>,
    pub slot: u32,
    /// Of a map or set; without one the whole slot. The whole sorts before its entries.
    pub entry: Option<Box<[u8]>>,
}

/// The places that a call is known to touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// What a step must know to run.
    pub reads: BTreeSet<Spot>,
    pub writes: BTreeSet<Spot>,
}

/// A call that touches more places is not looked at more closely.
const SPOTS_MAX: usize = 1_000;

impl Footprint {
    /// Whether one of them may change what the other reads.
    pub fn conflicts(&self, other: &Footprint) -> bool {
        let hits = |writes: &BTreeSet<Spot>, reads: &BTreeSet<Spot>| {
            !reads.is_empty() && writes.iter().any(|spot| meets(spot, reads))
        };
        hits(&self.writes, &other.reads) || hits(&other.writes, &self.reads)
    }
}

fn meets(spot: &Spot, among: &BTreeSet<Spot>) -> bool {
    let whole = Spot {
        entry: None,
        ..spot.clone()
    };
    let is_same = |other: &Spot| {
        (other.entity, &other.key, other.slot) == (spot.entity, &spot.key, spot.slot)
    };
    match spot.entry {
        None => among.range(whole..).next().is_some_and(is_same),
        Some(_) => among.contains(&whole) || among.contains(spot),
    }
}

/// What a call will touch, of a function that [`weir_contract::beside::may_run_beside`]; `None` when that is too much, or the call cannot be read.
pub fn footprint(manifest: &Manifest, call: &Call) -> Option<Footprint> {
    let function = manifest.functions.get(call.function as usize)?;
    let defs = &manifest.defs;
    let args = decode_args(defs, &function.params, &call.args).ok()?;
    let keys = match function.entity {
        Some(entity) => {
            let keys = &manifest.entities[entity as usize].keys;
            decode_keys(defs, keys, &call.keys).ok()?
        }
        None => Vec::new(),
    };
    let known = Known {
        manifest,
        function,
        args: &args,
        keys: &keys,
        caller: &call.caller,
    };
    let mut found = Footprint::default();
    for touch in &function.plan.touches {
        known.add(touch, &mut found);
        if found.reads.len() + found.writes.len() > SPOTS_MAX {
            return None;
        }
    }
    Some(found)
}

/// What is known when a call comes in.
struct Known<'a> {
    manifest: &'a Manifest,
    function: &'a Function,
    args: &'a [Option<Value>],
    keys: &'a [Value],
    caller: &'a str,
}

impl Known<'_> {
    /// Adds the places of a touch, or nothing where it cannot be told which instances it is about.
    fn add(&self, touch: &Touch, found: &mut Footprint) {
        let Some((number, entity)) = self.manifest.entity(&touch.entity) else {
            return;
        };
        let Some(slot) = slot_of(entity, touch) else {
            return;
        };
        let Some(instances) = self.instances(entity, touch) else {
            return;
        };
        let (entry_ty, is_scalar) = match &entity.slots[slot as usize].kind {
            SlotKind::Scalar(_) => (None, true),
            SlotKind::Map(ty, _) | SlotKind::Set(ty) => (Some(ty), false),
            SlotKind::List(_) => (None, false),
        };
        // Where it cannot be told which entries, it is the whole.
        let entries = match (&touch.entry, entry_ty) {
            (Some(entry), Some(ty)) => self.values(entry, ty).map(|entries| {
                let encode = |value: &Value| encode_key(&self.manifest.defs, ty, value).into();
                entries.iter().map(encode).collect::<Vec<Box<[u8]>>>()
            }),
            _ => None,
        };
        let entries = match entries {
            Some(entries) => entries.into_iter().map(Some).collect(),
            None => vec![None],
        };
        let writes = touch.mode == TouchMode::Write;
        // Pushing to a list and emptying a slot ask nothing of what was there; every other write does.
        let reads = !writes || is_scalar || touch.entry.is_some();
        for key in instances {
            for entry in &entries {
                let spot = Spot {
                    entity: number,
                    key: key.clone(),
                    slot,
                    entry: entry.clone(),
                };
                if writes {
                    found.writes.insert(spot.clone());
                }
                if reads {
                    found.reads.insert(spot);
                }
            }
        }
    }

    /// The keys of the instances a touch is about.
    fn instances(&self, entity: &Entity, touch: &Touch) -> Option<Vec<Box<[u8]>>> {
        let defs = &self.manifest.defs;
        let mut all: Vec<Vec<Value>> = vec![Vec::new()];
        if touch.key.len() != entity.keys.len() {
            return None;
        }
        for (expr, field) in touch.key.iter().zip(&entity.keys) {
            let values = self.values(expr, &field.ty)?;
            if all.len() * values.len() > SPOTS_MAX {
                return None;
            }
            let with = |one: &Vec<Value>| {
                let longer = values
                    .iter()
                    .map(|value| one.iter().chain([value]).cloned().collect());
                longer.collect::<Vec<Vec<Value>>>()
            };
            all = all.iter().flat_map(with).collect();
        }
        let encoded = all.iter().map(|keys| encode_keys(defs, &entity.keys, keys));
        let encoded = encoded.filter(|key| key.len() <= limits::KEY_MAX);
        Some(encoded.map(Vec::into_boxed_slice).collect())
    }

    /// The values that an expression may have, where a value of that type is wanted; `None` when that cannot be told.
    fn values(&self, expr: &PlanExpr, wanted: &Type) -> Option<Vec<Value>> {
        let defs = &self.manifest.defs;
        if let PlanExpr::Constant(text) = expr {
            return Some(vec![constant(defs, wanted, text)?]);
        }
        let (ty, values) = self.typed(expr)?;
        // The same bytes, whatever the type is called.
        (defs.base(&ty) == defs.base(wanted)).then_some(values)
    }

    fn typed(&self, expr: &PlanExpr) -> Option<(Type, Vec<Value>)> {
        let defs = &self.manifest.defs;
        match expr {
            PlanExpr::Argument(name) => {
                let at = self.function.params.iter().position(|p| p.name == *name)?;
                // What stands for an argument that was left out only the step knows.
                let value = self.args[at].clone()?;
                Some((self.function.params[at].ty.clone(), vec![value]))
            }
            PlanExpr::Key(name) => {
                let entity = &self.manifest.entities[self.function.entity? as usize];
                let at = entity.keys.iter().position(|k| k.name == *name)?;
                Some((entity.keys[at].ty.clone(), vec![self.keys[at].clone()]))
            }
            PlanExpr::Caller => Some((Type::Text, vec![Value::Text(self.caller.to_owned())])),
            PlanExpr::Member(of, name) => {
                let (ty, values) = self.typed(of)?;
                let (at, ty) = member(defs, &ty, name)?;
                let part = |value: Value| match value {
                    Value::Record(mut fields) if at < fields.len() => Some(fields.swap_remove(at)),
                    _ => None,
                };
                let parts: Option<Vec<Value>> = values.into_iter().map(part).collect();
                Some((ty, parts?))
            }
            PlanExpr::Element(of) => {
                let (ty, values) = self.typed(of)?;
                let element = match defs.base(&ty) {
                    Type::List(of) | Type::Set(of) | Type::Option(of) | Type::Map(of, _) => {
                        (**of).clone()
                    }
                    _ => return None,
                };
                let mut parts = BTreeSet::new();
                for value in values {
                    match value {
                        Value::List(all) => parts.extend(all),
                        Value::Set(all) => parts.extend(all),
                        Value::Map(all) => parts.extend(all.into_keys()),
                        Value::Option(one) => parts.extend(one.map(|one| *one)),
                        _ => return None,
                    }
                }
                Some((element, parts.into_iter().collect()))
            }
            PlanExpr::Constant(_) | PlanExpr::Unknown => None,
        }
    }
}

/// Position and type of a field.
fn member(defs: &Defs, ty: &Type, name: &str) -> Option<(usize, Type)> {
    match defs.base(ty) {
        Type::Tuple(fields) => {
            let mut fields = fields.iter().enumerate();
            let is_it = |(at, f): &(usize, &weir_contract::types::TupleField)| match &f.name {
                Some(own) => own == name,
                None => at.to_string() == *name,
            };
            fields.find(is_it).map(|(at, f)| (at, f.ty.clone()))
        }
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => {
                let at = fields.iter().position(|f| f.name == name)?;
                Some((at, fields[at].ty.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A literal as a plan has it, where such a value is wanted; those that keys mostly are.
fn constant(defs: &Defs, wanted: &Type, text: &str) -> Option<Value> {
    match defs.base(wanted) {
        Type::Int => text.parse().ok().map(Value::Int),
        Type::Bool => text.parse().ok().map(Value::Bool),
        Type::Text => {
            let inside = text.strip_prefix('"')?.strip_suffix('"')?;
            // What was escaped is found when the step gets there.
            (!inside.contains('\\')).then(|| Value::Text(inside.to_owned()))
        }
        _ => None,
    }
}

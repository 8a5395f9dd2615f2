//! What the formulas of a receipt come to for one call: lengths taken from its arguments and from the state before it.

use std::collections::BTreeMap;

use weir_contract::keys::encode_key_into;
use weir_contract::manifest::{Function, Manifest};
use weir_contract::plan::PlanExpr;
use weir_contract::receipt::{Count, Length};
use weir_contract::slots::SlotKind;
use weir_contract::{DefKind, Type, Value};
use weir_machine::{Machine, Slot};

/// A call, as far as lengths are concerned.
pub struct Measure<'a> {
    pub manifest: &'a Manifest,
    pub function: &'a Function,
    /// In the order of the keys.
    pub keys: Vec<Value>,
    pub args: Vec<Option<Value>>,
    /// How often loops go round that only running can tell: not asked for in most tests.
    pub rounds: Option<u64>,
}

impl Measure<'_> {
    /// All lengths that a formula needs, as they are before the call.
    pub fn lengths<'c>(
        &self,
        machine: &Machine,
        counts: impl IntoIterator<Item = &'c Count>,
    ) -> BTreeMap<Length, Option<u64>> {
        let all = counts.into_iter().flat_map(|count| count.lengths());
        all.map(|length| (length.clone(), self.length(machine, length)))
            .collect()
    }

    pub fn length(&self, machine: &Machine, length: &Length) -> Option<u64> {
        match length {
            Length::Of(of) => match self.value(of)?.0 {
                Value::List(items) => Some(items.len() as u64),
                Value::Set(items) => Some(items.len() as u64),
                Value::Map(entries) => Some(entries.len() as u64),
                _ => None,
            },
            Length::Value(of) => match self.value(of)?.0 {
                Value::Int(n) => Some(n.max(0) as u64),
                _ => None,
            },
            Length::Stored { entity, key, path } => {
                let (number, entity) = self.manifest.entity(entity)?;
                let mut bytes = Vec::new();
                for (field, key) in entity.keys.iter().zip(key) {
                    let (value, _) = self.value(key)?;
                    encode_key_into(&self.manifest.defs, &field.ty, &value, &mut bytes);
                }
                let slot = entity.slots.iter().position(|slot| slot.path == *path)?;
                if matches!(entity.slots[slot].kind, SlotKind::Scalar(_)) {
                    return None;
                }
                match machine.state().find(number, &bytes) {
                    None => None,
                    Some(at) => match &machine.state().instance(number, at).slots[slot] {
                        Slot::List(items) => Some(items.len() as u64),
                        Slot::Map(entries) => Some(entries.len() as u64),
                        // What it begins with is not in the store.
                        _ => None,
                    },
                }
            }
            Length::Instances(entity) => {
                let (number, _) = self.manifest.entity(entity)?;
                let table = &machine.state().tables()[number as usize];
                Some(table.len() as u64)
            }
            Length::Rounds(_) => self.rounds,
        }
    }

    fn value(&self, of: &PlanExpr) -> Option<(Value, Type)> {
        match of {
            PlanExpr::Argument(name) => {
                let at = self.function.params.iter().position(|p| p.name == *name)?;
                Some((self.args[at].clone()?, self.function.params[at].ty.clone()))
            }
            PlanExpr::Key(name) => {
                let entity = &self.manifest.entities[self.function.entity? as usize];
                let at = entity.keys.iter().position(|key| key.name == *name)?;
                Some((self.keys[at].clone(), entity.keys[at].ty.clone()))
            }
            PlanExpr::Member(of, name) => {
                let (value, ty) = self.value(of)?;
                let fields = self.fields(&ty)?;
                let at = fields.iter().position(|(known, _)| known == name)?;
                match value {
                    Value::Record(values) => Some((values[at].clone(), fields[at].1.clone())),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn fields(&self, ty: &Type) -> Option<Vec<(String, Type)>> {
        match ty {
            Type::Tuple(fields) => {
                let named = fields.iter().enumerate().map(|(at, field)| {
                    let name = field.name.clone().unwrap_or_else(|| at.to_string());
                    (name, field.ty.clone())
                });
                Some(named.collect())
            }
            Type::Named(id) => match &self.manifest.defs.get(*id).kind {
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => {
                    let named = fields.iter().map(|f| (f.name.clone(), f.ty.clone()));
                    Some(named.collect())
                }
                _ => None,
            },
            _ => None,
        }
    }
}

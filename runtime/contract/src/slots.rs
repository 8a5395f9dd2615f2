//! How a state field is laid out in the store: flattened through records and tuples into slots.
//!
//! A change to one field of a record, one entry of a map or one element of a list then touches only that. Compiler and
//! runtime both call [`flatten`], so the slots of a manifest cannot differ from what the code was compiled for.

use serde::{Deserialize, Serialize};

use crate::lattice::Lattice;
use crate::types::{DefKind, Defs, Field, Type};

/// One place in an instance that the store keeps by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The state field and the record fields below it, outermost first; a tuple's unnamed field is its position.
    pub path: Vec<String>,
    pub kind: SlotKind,
    /// Of a `merge` field, which is one slot: how it merges. Its kind is the scalar that readers see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Lattice>,
}

/// What a slot holds; types are of the encoded parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// One encoded value.
    Scalar(Type),
    /// Entries by encoded key, each value encoded whole.
    Map(Type, Type),
    /// Entries by encoded key with empty values.
    Set(Type),
    /// Elements encoded whole.
    List(Type),
}

/// The slots of one field, in order.
pub fn flatten(defs: &Defs, name: &str, ty: &Type) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut path = vec![name.to_owned()];
    flatten_into(defs, ty, &mut path, &mut slots);
    slots
}

/// The slots of all fields of an entity, in order; a slot's number is its position. With each field, how it merges, if it does.
pub fn flatten_all<'f>(
    defs: &Defs,
    fields: impl IntoIterator<Item = (&'f Field, Option<&'f Lattice>)>,
) -> Vec<Slot> {
    let slots = |(field, merge): (&Field, Option<&Lattice>)| match merge {
        None => flatten(defs, &field.name, &field.ty),
        Some(lattice) => vec![Slot {
            path: vec![field.name.clone()],
            kind: SlotKind::Scalar(field.ty.clone()),
            merge: Some(lattice.clone()),
        }],
    };
    fields.into_iter().flat_map(slots).collect()
}

/// The fields a type is flattened into, by name and type; `None` for a leaf.
pub fn parts<'a>(defs: &'a Defs, ty: &'a Type) -> Option<Vec<(String, &'a Type)>> {
    let parts: Vec<(String, &Type)> = match defs.base(ty) {
        Type::Tuple(fields) => {
            let name = |(i, f): (usize, &crate::types::TupleField)| {
                f.name.clone().unwrap_or_else(|| i.to_string())
            };
            fields
                .iter()
                .enumerate()
                .map(|(i, f)| (name((i, f)), &f.ty))
                .collect()
        }
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Record { fields } => fields.iter().map(|f| (f.name.clone(), &f.ty)).collect(),
            _ => return None,
        },
        _ => return None,
    };
    // A record without fields still needs a slot, or nothing would say that it was written.
    if parts.is_empty() { None } else { Some(parts) }
}

fn flatten_into(defs: &Defs, ty: &Type, path: &mut Vec<String>, slots: &mut Vec<Slot>) {
    if let Some(parts) = parts(defs, ty) {
        for (name, part) in parts {
            path.push(name);
            flatten_into(defs, part, path, slots);
            path.pop();
        }
        return;
    }
    let kind = match defs.base(ty) {
        Type::Map(key, value) => SlotKind::Map((**key).clone(), (**value).clone()),
        Type::Set(item) => SlotKind::Set((**item).clone()),
        Type::List(item) => SlotKind::List((**item).clone()),
        _ => SlotKind::Scalar(ty.clone()),
    };
    slots.push(Slot {
        path: path.clone(),
        kind,
        merge: None,
    });
}

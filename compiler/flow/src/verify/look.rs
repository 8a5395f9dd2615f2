//! What looking at a part of a slot that merges takes and gives.

use weir_contract::lattice::{Ask, sought};
use weir_contract::{Lattice, Type};

use super::record_fields;
use crate::ir::Module;

/// The types of the operands of [`crate::ir::Op::MergeLook`], and that of its answer; `None` when there is no such part. `of` is the
/// type of what readers see of the whole, and there are as many keys on the way as there are operands besides what is sought.
pub fn look_types(
    module: &Module,
    (lattice, of): (&Lattice, &Type),
    parts: &[u32],
    ask: Ask,
    operands: usize,
) -> Option<(Vec<Type>, Type)> {
    let mut keys = operands.checked_sub(usize::from(ask == Ask::Has))?;
    let (mut lattice, mut ty) = (lattice, of.clone());
    let (mut parts, mut types) = (parts.iter(), Vec::new());
    loop {
        let next = match (lattice, module.defs.base(&ty)) {
            (Lattice::Record(all), base) => match parts.next() {
                Some(part) => {
                    lattice = &all.get(*part as usize)?.lattice;
                    record_fields(module, base)?.get(*part as usize)?.clone()
                }
                None => break,
            },
            (Lattice::MergeMap(key, inner), Type::Map(_, value)) if keys > 0 => {
                keys -= 1;
                types.push(key.clone());
                lattice = inner;
                (**value).clone()
            }
            _ => break,
        };
        ty = next;
    }
    if keys > 0 || parts.next().is_some() {
        return None;
    }
    let answer = match ask {
        Ask::Value if types.is_empty() => ty,
        Ask::Value => Type::Option(Box::new(ty)),
        Ask::Count => sought(lattice).map(|_| Type::Int)?,
        Ask::Has => {
            types.push(sought(lattice)?.clone());
            Type::Bool
        }
    };
    Some((types, answer))
}

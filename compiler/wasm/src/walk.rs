//! The instances that exist, one after the other in the order of their keys: the host is asked for each.

use wasm_encoder::ValType;
use weir_contract::Type;
use weir_flow::ir::EntityId;
use weir_flow::verify::record_fields;

use crate::asm::{Asm, I32};
use crate::layout;
use crate::module::{Gen, HEAP};
use crate::rt::Helper;
use crate::slots::optional;

/// The reference, and its first keys.
fn types(g: &Gen<'_>, entity: EntityId, count: u32) -> (Type, Vec<Type>) {
    let reference = Type::Named(g.module.entity(entity).def);
    let mut keys = record_fields(g.module, &reference).expect("a reference has keys");
    keys.truncate(count as usize);
    (reference, keys)
}

pub fn signature(g: &Gen<'_>, entity: EntityId, count: u32) -> (Vec<ValType>, Option<ValType>) {
    let (_, keys) = types(g, entity, count);
    let keys = keys.iter().map(|key| g.val_type(key));
    (std::iter::once(I32).chain(keys).collect(), Some(I32))
}

/// `(after, first keys) → Option<reference>`. The first keys and then those of `after` are encoded at the heap.
pub fn next_key(g: &mut Gen<'_>, a: &mut Asm, entity: EntityId, count: u32) {
    let (reference, keys) = types(g, entity, count);
    let (first_end, after_len) = (a.local(I32), a.local(I32));
    a.global(HEAP).set(first_end);
    for (key, local) in keys.iter().zip(1..) {
        let encode = g.helper(Helper::EncodeKey(key.clone()));
        a.get(local).get(first_end).call(encode).set(first_end);
    }
    a.i32(-1).set(after_len);
    a.get(0).i32_load(0).if_();
    let encode = g.helper(Helper::EncodeKey(reference.clone()));
    let (offsets, _) = layout::offsets(g.defs(), std::slice::from_ref(&reference), 4);
    a.get(0);
    layout::load(a, g.defs(), &reference, offsets[0]);
    a.get(first_end).call(encode);
    a.get(first_end).i32_sub().set(after_len);
    a.end();
    a.u32(entity.0);
    a.global(HEAP);
    a.get(first_end).global(HEAP).i32_sub();
    a.get(first_end).get(after_len);
    a.global(HEAP).call(g.import("next_key"));
    optional(g, a, &reference, Helper::DecodeKey(reference.clone()));
}

//! How a value of each type lies in memory.
//!
//! A value is one Wasm value. `Bool` and `Unit` are `i32`; `Int`, `Time`, `Duration` and `Date` are `i64`; `Float` is `f64`;
//! everything else is the address of something in the arena, which never changes but for lists:
//!
//! ```text
//! Decimal        i128, little-endian
//! Text, Bytes    len u32, bytes
//! List, Set      data u32 (address of the first element), len u32, cap u32 (elements for which there is room), shared u32
//! Map            as the List of its entries, each a record (K, V); a large one, and a large Set, otherwise (`rt/map.rs`)
//! Money          as a record of its code and its amount
//! Blob           as a record of its hash, its size and its media type
//! record, tuple, error, entity reference      the fields in order, each at its alignment
//! enum, Option, Result                        tag u32, then the fields
//! ```
//!
//! The elements of a list are such values, but for small records, which lie in it themselves (`weir_flow::ownership`).
//!
//! A list whose `shared` is 0 is known in one place only, and an operation that uses it up changes it where it lies
//! (`weir_flow::ownership` says where it gets a second owner). What lies from `data` on belongs to it alone. A variant without
//! fields is a constant.

use wasm_encoder::ValType;
use weir_contract::{DefKind, Defs, Field, Type};
use weir_flow::ownership::flat_fields;

use crate::asm::{Asm, F64, I32, I64, Local};

/// The shape of a type, with everything that has one representation made one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Unit,
    Bool,
    /// Int, Time, Duration and Date.
    Int,
    Float,
    Decimal,
    /// Text and Bytes.
    Bytes,
    List(Type),
    Record(Vec<Type>),
    /// Fields by tag, ascending.
    Variant(Vec<(u32, Vec<Type>)>),
}

/// The fields that money has as a record: its currency's code, its amount.
pub const MONEY: [Type; 2] = [Type::Text, Type::Decimal];
pub const MONEY_BYTES: u32 = 8;
pub const MONEY_CODE: u32 = 0;
pub const MONEY_AMOUNT: u32 = 4;

/// The fields that a blob has as a record: its hash, its size, its media type.
pub const BLOB: [Type; 3] = [Type::Bytes, Type::Int, Type::Text];

pub const LIST_BYTES: u32 = 16;
pub const LIST_DATA: u32 = 0;
pub const LIST_LEN: u32 = 4;
pub const LIST_CAP: u32 = 8;
pub const LIST_SHARED: u32 = 12;
pub const TEXT_HEADER: u32 = 4;
/// Bytes of a record for which asking the host to copy would take longer.
const COPIED_BY_WORDS_MAX: u32 = 128;

pub fn shape(defs: &Defs, ty: &Type) -> Shape {
    let types = |fields: &[Field]| fields.iter().map(|f| f.ty.clone()).collect::<Vec<_>>();
    match defs.base(ty) {
        Type::Unit => Shape::Unit,
        Type::Bool => Shape::Bool,
        Type::Int | Type::Time | Type::Duration | Type::Date => Shape::Int,
        Type::Float => Shape::Float,
        Type::Decimal => Shape::Decimal,
        Type::Text | Type::Bytes => Shape::Bytes,
        Type::Money => Shape::Record(MONEY.to_vec()),
        Type::Blob => Shape::Record(BLOB.to_vec()),
        Type::List(item) | Type::Set(item) => Shape::List((**item).clone()),
        Type::Map(key, value) => Shape::List(entry(key, value)),
        Type::Option(inner) => Shape::Variant(vec![(0, vec![]), (1, vec![(**inner).clone()])]),
        Type::Tuple(fields) => Shape::Record(fields.iter().map(|f| f.ty.clone()).collect()),
        Type::Result(ok, errors) => {
            let mut tags = vec![(0, vec![(**ok).clone()])];
            tags.extend(errors.iter().map(|id| (id.0 + 1, vec![Type::Named(*id)])));
            tags.sort_by_key(|(tag, _)| *tag);
            Shape::Variant(tags)
        }
        Type::Named(id) => match &defs.get(*id).kind {
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => Shape::Record(types(fields)),
            DefKind::Enum { variants } => Shape::Variant(
                variants
                    .iter()
                    .enumerate()
                    .map(|(tag, v)| (tag as u32, types(&v.fields)))
                    .collect(),
            ),
            DefKind::New { .. } => unreachable!("`base` looks through new types"),
        },
    }
}

/// The tuple that an entry of a map is.
pub fn entry(key: &Type, value: &Type) -> Type {
    let field = |ty: &Type| weir_contract::TupleField {
        name: None,
        ty: ty.clone(),
    };
    Type::Tuple(vec![field(key), field(value)])
}

/// The Wasm type of a value.
pub fn val_type(defs: &Defs, ty: &Type) -> ValType {
    match defs.base(ty) {
        Type::Int | Type::Time | Type::Duration | Type::Date => I64,
        Type::Float => F64,
        _ => I32,
    }
}

/// Size of a value as a field or an element; also its alignment, except that `Unit` takes nothing.
pub fn size(defs: &Defs, ty: &Type) -> u32 {
    match defs.base(ty) {
        Type::Unit => 0,
        Type::Bool => 1,
        Type::Int | Type::Time | Type::Duration | Type::Date | Type::Float => 8,
        _ => 4,
    }
}

/// Where each field lies when the first may start at `start`, and the size of the whole, a multiple of 8.
pub fn offsets(defs: &Defs, fields: &[Type], start: u32) -> (Vec<u32>, u32) {
    let mut at = start;
    let offsets = fields
        .iter()
        .map(|ty| {
            let size = size(defs, ty);
            at = at.next_multiple_of(size.max(1));
            at += size;
            at - size
        })
        .collect();
    (offsets, at.next_multiple_of(8))
}

/// Bytes from one element of a list to the next.
pub fn stride(defs: &Defs, item: &Type) -> u32 {
    match flat_fields(defs, item) {
        Some(fields) => {
            let types: Vec<Type> = fields.iter().map(|f| f.ty.clone()).collect();
            offsets(defs, &types, 0).1
        }
        None => size(defs, item),
    }
}

/// `address → element` that lies there in a list. A record is that address, and good until the list changes.
pub fn load_item(a: &mut Asm, defs: &Defs, item: &Type) {
    if flat_fields(defs, item).is_none() {
        load(a, defs, item, 0);
    }
}

/// `address, element →`, into a list.
pub fn store_item(a: &mut Asm, defs: &Defs, item: &Type) {
    if flat_fields(defs, item).is_none() {
        return store(a, defs, item, 0);
    }
    let (to, from) = (a.temp(I32), a.temp(I32));
    a.set(from).set(to);
    copy(a, to, from, stride(defs, item));
}

/// Copies a record of that size, a multiple of 8, between the addresses in two locals.
pub fn copy(a: &mut Asm, to: Local, from: Local, size: u32) {
    if size > COPIED_BY_WORDS_MAX {
        a.get(to).get(from).u32(size).memory_copy();
        return;
    }
    for offset in (0..size).step_by(8) {
        a.get(to).get(from).i64_load(offset).i64_store(offset);
    }
}

/// `address → value`.
pub fn load(a: &mut Asm, defs: &Defs, ty: &Type, offset: u32) {
    match defs.base(ty) {
        Type::Unit => a.drop().i32(0),
        Type::Bool => a.i32_load8_u(offset),
        Type::Int | Type::Time | Type::Duration | Type::Date => a.i64_load(offset),
        Type::Float => a.f64_load(offset),
        _ => a.i32_load(offset),
    };
}

/// `address, value →`.
pub fn store(a: &mut Asm, defs: &Defs, ty: &Type, offset: u32) {
    match defs.base(ty) {
        Type::Unit => a.drop().drop(),
        Type::Bool => a.i32_store8(offset),
        Type::Int | Type::Time | Type::Duration | Type::Date => a.i64_store(offset),
        Type::Float => a.f64_store(offset),
        _ => a.i32_store(offset),
    };
}

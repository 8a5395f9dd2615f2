//! Support functions of the generated code, made on demand and per type.
//!
//! Signatures are at each [`Helper`]. Encoders write where they are told and give the address behind;
//! decoders read at the cursor and move it.

mod compare;
mod decode;
pub mod digits;
mod encode;
mod keys;
mod list;
pub mod map;
pub mod memory;
mod number;
mod show;
mod words;

use wasm_encoder::ValType;
use weir_contract::{DefKind, Defs, Type};
use weir_flow::ir;

use crate::asm::{Asm, I32, I64};
use crate::module::Gen;
use crate::{entry, library, slots, texts, transaction, walk};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Helper {
    /// `(end)`: makes memory reach that address or crashes.
    Grow,
    /// `(bytes) → address`.
    Alloc,
    /// `(to, from, len)`: copies bytes to where they do not lie yet.
    Copy,
    /// `(a, b) → a * b` or crash.
    IntMul,
    /// `(a, b) → address`; crash on overflow.
    DecimalAdd,
    DecimalSub,
    /// `(a) → address`.
    DecimalNeg,
    /// `(n) → n` with its bytes in the other order.
    Swap,
    /// `(a, b) → 0 or 1`.
    Equal(Type),
    /// `(a, b) → -1, 0 or 1`.
    Compare(Type),
    /// `(value, to) → behind`.
    Encode(Type),
    /// `() → value`.
    Decode(Type),
    /// `(count) → list` of so many values.
    DecodeItems(Type),
    /// `(count) → list` of so many keys.
    DecodeKeyItems(Type),
    /// `(count) → list` of so many entries, each a key and a value.
    DecodeEntries(Type, Type),
    /// `(n, to) → behind`.
    PutVarint,
    /// `() → n`.
    GetVarint,
    /// `(value, to) → behind`, in the key encoding.
    EncodeKey(Type),
    /// `() → value`, from the key encoding.
    DecodeKey(Type),
    /// `(list, stride) → list` one longer; its last element is to be written. These and the next ones use the list up: it is
    /// changed where it lies unless it is shared. The flag: its elements are lists, which then get a second owner.
    ListPush(bool),
    /// `(list, stride) → list` that is not shared.
    ListOwn(bool),
    /// `(list, from, to, stride) → list`.
    ListSlice,
    /// `(a, b, stride) → list`.
    ListConcat(bool),
    /// `(list, at, stride) → list` one longer; the element at `at`, which is in range, is to be written.
    ListInsert(bool),
    /// `(list, at, stride) → list` without the element at `at`, which is in range.
    ListRemove(bool),
    /// `(list)`: its elements, which are lists, get a second owner.
    ListShareItems,
    /// `(text, len, room) → text` that has room for `len` bytes.
    TextGrow,
    /// `(bytes, from, to) → bytes` between two positions.
    BytesSlice,
    /// `(text, part, by) → text` with each part replaced.
    TextReplace,
    /// `(bytes) → 0 or 1`: whether all are ASCII.
    BytesArePlain,
    /// `(map, key) → address` of the entry, or 0.
    MapFind(Type, Type),
    /// `(map, key, value) → map`; uses the map up, as the next ones do.
    MapPut(Type, Type),
    /// `(map, key) → map`.
    MapRemove(Type, Type),
    /// `(map, chunk) → map` with room in that chunk; of a map or a set with elements of that size.
    MapSplit(u32),
    /// `(map) → list` of its entries, or of the items of a set: their size, and whether they are lists.
    MapEntries(u32, bool),
    /// `(map) → n`; also of a set.
    MapLen,
    /// `(set, item) → 0 or 1`.
    SetHas(Type),
    /// `(set, item) → set`; uses the set up, as the next one does.
    SetPut(Type),
    /// `(set, item) → set`.
    SetRemove(Type),
    /// `(value)`: appends its text at the heap.
    Show(Type),
    /// `(address, len)`: appends bytes at the heap.
    Append,
    /// `(instance) → reference`: the keys, decoded at the first need.
    Keys(ir::EntityId),
    /// A whole slot or a part of it; see [`slots`].
    Slot(slots::SlotOp, ir::EntityId, ir::SlotId),
    /// `(reference) → instance`.
    Open(ir::EntityId),
    /// `(reference, number) → instance`.
    OpenReplica(ir::EntityId),
    /// `(after, first keys, so many) → Option<reference>`.
    NextKey(ir::EntityId, u32),
    /// `()`: the invariants of what was written.
    CheckTouched,
    /// `(key, key_len) → output`: one entry, its arguments at the cursor.
    Entry(u32),
    /// `() → Set<Text>`.
    CallerRoles,
    /// `(n, to) → behind`: the digits of an `Int`, where there is room for the longest.
    PutInt,
    /// `(text) → list` of its words, 0 when the host has to be asked.
    TextWords,
    /// `(length or -1) → Option`: what the host wrote at the heap, if it did.
    Optional(Type),
}

impl Helper {
    /// The same helper for types with the same code.
    pub fn normal(self, defs: &Defs) -> Helper {
        use Helper::*;
        match self {
            Equal(ty) => Equal(plain(defs, &ty)),
            Compare(ty) => Compare(plain(defs, &ty)),
            Encode(ty) => Encode(plain(defs, &ty)),
            Decode(ty) => Decode(plain(defs, &ty)),
            DecodeItems(ty) => DecodeItems(plain(defs, &ty)),
            EncodeKey(ty) => EncodeKey(plain(defs, &ty)),
            DecodeKey(ty) => DecodeKey(plain(defs, &ty)),
            Show(ty) => Show(defs.base(&ty).clone()),
            MapFind(k, v) => MapFind(plain(defs, &k), plain(defs, &v)),
            MapPut(k, v) => MapPut(plain(defs, &k), plain(defs, &v)),
            MapRemove(k, v) => MapRemove(plain(defs, &k), plain(defs, &v)),
            SetHas(item) => SetHas(plain(defs, &item)),
            SetPut(item) => SetPut(plain(defs, &item)),
            SetRemove(item) => SetRemove(plain(defs, &item)),
            Optional(ty) => Optional(plain(defs, &ty)),
            other => other,
        }
    }

    pub fn signature(&self, g: &Gen<'_>) -> (Vec<ValType>, Option<ValType>) {
        use Helper::*;
        match self {
            Grow => (vec![I32], None),
            Alloc => (vec![I32], Some(I32)),
            Copy => (vec![I32, I32, I32], None),
            IntMul => (vec![I64, I64], Some(I64)),
            DecimalAdd | DecimalSub => (vec![I32, I32], Some(I32)),
            DecimalNeg => (vec![I32], Some(I32)),
            Swap => (vec![I64], Some(I64)),
            Equal(ty) | Compare(ty) => (vec![g.val_type(ty); 2], Some(I32)),
            Encode(ty) | EncodeKey(ty) => (vec![g.val_type(ty), I32], Some(I32)),
            Decode(ty) | DecodeKey(ty) => (vec![], Some(g.val_type(ty))),
            DecodeItems(_) | DecodeKeyItems(_) | DecodeEntries(..) => (vec![I32], Some(I32)),
            PutVarint => (vec![I64, I32], Some(I32)),
            GetVarint => (vec![], Some(I64)),
            ListPush(_) | ListOwn(_) => (vec![I32, I32], Some(I32)),
            ListInsert(_) | ListRemove(_) => (vec![I32, I32, I32], Some(I32)),
            ListShareItems => (vec![I32], None),
            TextGrow => (vec![I32, I32, I32], Some(I32)),
            BytesSlice => (vec![I32, I64, I64], Some(I32)),
            TextReplace => (vec![I32, I32, I32], Some(I32)),
            BytesArePlain => (vec![I32], Some(I32)),
            MapFind(key, _) | MapRemove(key, _) => (vec![I32, g.val_type(key)], Some(I32)),
            MapPut(key, value) => (vec![I32, g.val_type(key), g.val_type(value)], Some(I32)),
            MapSplit(_) => (vec![I32, I32], Some(I32)),
            MapEntries(..) | MapLen => (vec![I32], Some(I32)),
            SetHas(item) | SetPut(item) | SetRemove(item) => {
                (vec![I32, g.val_type(item)], Some(I32))
            }
            ListSlice => (vec![I32, I64, I64, I32], Some(I32)),
            ListConcat(_) => (vec![I32, I32, I32], Some(I32)),
            Show(ty) => (vec![g.val_type(ty)], None),
            Append => (vec![I32, I32], None),
            Keys(_) | Open(_) => (vec![I32], Some(I32)),
            OpenReplica(_) => (vec![I32, I64], Some(I32)),
            NextKey(entity, count) => walk::signature(g, *entity, *count),
            Slot(op, entity, slot) => slots::signature(g, *op, *entity, *slot),
            CheckTouched => (vec![], None),
            Entry(_) => (vec![I32, I32], Some(I64)),
            CallerRoles => (vec![], Some(I32)),
            PutInt => (vec![I64, I32], Some(I32)),
            TextWords => (vec![I32], Some(I32)),
            Optional(_) => (vec![I32], Some(I32)),
        }
    }

    pub fn build(&self, g: &mut Gen<'_>) -> Asm {
        use Helper::*;
        let mut a = Asm::new(self.signature(g).0.len());
        match self {
            Grow => memory::grow(g, &mut a),
            Alloc => memory::alloc(g, &mut a),
            Copy => memory::copy(&mut a),
            IntMul => number::int_mul(g, &mut a),
            DecimalAdd => number::decimal_add(g, &mut a),
            DecimalSub => number::decimal_sub(g, &mut a),
            DecimalNeg => number::decimal_neg(g, &mut a),
            Swap => number::swap(&mut a),
            Equal(ty) => compare::equal(g, &mut a, ty),
            Compare(ty) => compare::compare(g, &mut a, ty),
            Encode(ty) => encode::encode(g, &mut a, ty),
            PutVarint => encode::put_varint(g, &mut a),
            Decode(ty) => decode::decode(g, &mut a, ty),
            DecodeItems(ty) => decode::items(g, &mut a, ty),
            DecodeKeyItems(ty) => keys::items(g, &mut a, ty),
            DecodeEntries(key, value) => keys::entries(g, &mut a, key, value),
            GetVarint => decode::get_varint(&mut a),
            EncodeKey(ty) => keys::encode(g, &mut a, ty),
            DecodeKey(ty) => keys::decode(g, &mut a, ty),
            ListPush(nested) => list::push(g, &mut a, *nested),
            ListOwn(nested) => list::own(g, &mut a, *nested),
            ListSlice => list::slice(g, &mut a),
            ListConcat(nested) => list::concat(g, &mut a, *nested),
            ListInsert(nested) => list::insert(g, &mut a, *nested),
            ListRemove(nested) => list::remove(g, &mut a, *nested),
            ListShareItems => list::share_items(&mut a),
            TextGrow => texts::make_room(g, &mut a),
            BytesSlice => library::slice(g, &mut a),
            TextReplace => library::replace(g, &mut a),
            BytesArePlain => library::are_plain(&mut a),
            MapFind(key, value) => map::find(g, &mut a, key, value),
            MapPut(key, value) => map::put(g, &mut a, key, value),
            MapRemove(key, value) => map::remove(g, &mut a, key, value),
            MapSplit(stride) => map::split(g, &mut a, *stride),
            MapEntries(stride, nested) => map::entries(g, &mut a, *stride, *nested),
            MapLen => map::len(&mut a),
            SetHas(item) => map::has(g, &mut a, item),
            SetPut(item) => map::put_item(g, &mut a, item),
            SetRemove(item) => map::remove_item(g, &mut a, item),
            Show(ty) => show::show(g, &mut a, ty),
            Append => memory::append(g, &mut a),
            Keys(entity) => slots::keys(g, &mut a, *entity),
            Open(entity) => slots::open(g, &mut a, *entity),
            OpenReplica(entity) => slots::open_replica(g, &mut a, *entity),
            NextKey(entity, count) => walk::next_key(g, &mut a, *entity, *count),
            Slot(op, entity, slot) => slots::build(g, &mut a, *op, *entity, *slot),
            CheckTouched => transaction::check_touched(g, &mut a),
            Entry(entry) => entry::entry(g, &mut a, *entry),
            CallerRoles => entry::caller_roles(g, &mut a),
            PutInt => digits::put_int(g, &mut a),
            TextWords => words::words(g, &mut a),
            Optional(ty) => {
                a.get(0);
                slots::optional(g, &mut a, ty, Decode(ty.clone()));
            }
        }
        a
    }

    /// For traces.
    pub fn name(&self, module: &ir::Module) -> String {
        match self {
            Helper::Entry(entry) => format!("weir:entry {}", module.entries[*entry as usize].name),
            Helper::Slot(op, entity, slot) => {
                let entity = module.entity(*entity);
                format!(
                    "weir:{op:?} {}.{}",
                    entity.name, entity.slots[slot.0 as usize].name
                )
            }
            other => format!("weir:{other:?}"),
        }
    }
}

/// `new` types looked through, entity references and tuples made one, names of tuple fields dropped.
fn plain(defs: &Defs, ty: &Type) -> Type {
    let list = |item: Type| Type::List(Box::new(item));
    match defs.base(ty) {
        Type::Time | Type::Duration | Type::Date => Type::Int,
        Type::Money => {
            let field = |ty| weir_contract::TupleField { name: None, ty };
            Type::Tuple(crate::layout::MONEY.map(field).to_vec())
        }
        Type::Blob => {
            let field = |ty| weir_contract::TupleField { name: None, ty };
            // As a whole it is plain like each of its parts.
            Type::Tuple(
                crate::layout::BLOB
                    .map(|ty| field(plain(defs, &ty)))
                    .to_vec(),
            )
        }
        Type::Bytes => Type::Text,
        Type::List(item) => list(plain(defs, item)),
        Type::Set(item) => Type::Set(Box::new(plain(defs, item))),
        Type::Map(key, value) => {
            Type::Map(Box::new(plain(defs, key)), Box::new(plain(defs, value)))
        }
        Type::Option(inner) => Type::Option(Box::new(plain(defs, inner))),
        Type::Tuple(fields) => {
            let plain = |f: &weir_contract::TupleField| weir_contract::TupleField {
                name: None,
                ty: plain(defs, &f.ty),
            };
            Type::Tuple(fields.iter().map(plain).collect())
        }
        Type::Named(id) => match &defs.get(*id).kind {
            // Keys are never of the entity's own type, so this ends.
            DefKind::Entity { keys } => {
                let field = |f: &weir_contract::Field| weir_contract::TupleField {
                    name: None,
                    ty: plain(defs, &f.ty),
                };
                Type::Tuple(keys.iter().map(field).collect())
            }
            _ => Type::Named(*id),
        },
        Type::Result(ok, errors) => Type::Result(Box::new(plain(defs, ok)), errors.clone()),
        scalar => scalar.clone(),
    }
}

//! Maps and sets: a small one is the sorted list of its entries or items, a larger one a list of such lists, its chunks, so that
//! putting one in moves a few hundred others at most.
//!
//! ```text
//! small    data, len, cap, shared                    -> entry, entry, ...
//! large    data, len, cap | CHUNKED, shared          -> chunk, chunk, ...     each a list of entries, never empty
//! ```
//! An entry of a map is an address, an item of a set lies in its list as those of any list do. Code that wants a list gets one
//! from [`entries`]; code that only walks uses [`each`], which allocates nothing.

use weir_contract::Type;

use crate::asm::{Asm, I32};
use crate::layout::{self, *};
use crate::lists;
use crate::module::Gen;
use crate::rt::Helper;

/// In the `cap` of a map with chunks.
pub const CHUNKED: i32 = i32::MIN;
/// Entries of a chunk, at most; a map with more has chunks.
const CHUNK_MAX: i32 = 256;
/// From one chunk to the next, and from one entry of a map: each is an address.
const STRIDE: u32 = 4;

/// What is looked for by its key.
#[derive(Clone, Copy)]
enum Of<'t> {
    Map(&'t Type, &'t Type),
    Set(&'t Type),
}

impl Of<'_> {
    /// Bytes from one entry or item to the next.
    fn stride(self, g: &Gen<'_>) -> u32 {
        match self {
            Of::Map(..) => STRIDE,
            Of::Set(item) => g.stride(item),
        }
    }

    /// Whether what lies in the list is a list that may get a second owner. A value of a map lies in its entry.
    fn is_nested(self, g: &Gen<'_>) -> bool {
        match self {
            Of::Map(..) => false,
            Of::Set(item) => lists::is_list(g, item),
        }
    }

    fn key(&self) -> &Type {
        match self {
            Of::Map(key, _) | Of::Set(key) => key,
        }
    }

    /// `address of an entry or item → key`.
    fn load_key(self, g: &Gen<'_>, a: &mut Asm) {
        match self {
            Of::Map(key, value) => {
                a.i32_load(0);
                load_key(g, a, key, value);
            }
            Of::Set(item) => layout::load_item(a, g.defs(), item),
        }
    }
}

/// Where [`search`] looked.
struct Found {
    /// Number of the chunk, 0 in a small map.
    chunk: u32,
    /// The list of entries.
    list: u32,
    /// Position in it of the first entry that is not before the key.
    at: u32,
}

/// `(map, key) → address` of the entry, 0 when there is none.
pub fn find(g: &mut Gen<'_>, a: &mut Asm, key: &Type, value: &Type) {
    let of = Of::Map(key, value);
    let found = search(g, a, of);
    let entry = a.local(I32);
    matches(g, a, &found, of, entry);
    a.if_();
    a.get(entry).i32_load(0).return_();
    a.end();
    a.i32(0);
}

/// `(set, item) → 0 or 1`.
pub fn has(g: &mut Gen<'_>, a: &mut Asm, item: &Type) {
    let found = search(g, a, Of::Set(item));
    let place = a.local(I32);
    matches(g, a, &found, Of::Set(item), place);
}

/// `(map, key, value) → map`.
pub fn put(g: &mut Gen<'_>, a: &mut Asm, key: &Type, value: &Type) {
    let (map, of) = (0, Of::Map(key, value));
    let entry = a.local(I32);
    let found = search(g, a, of);
    let types = [key.clone(), value.clone()];
    let (offsets, size) = layout::offsets(g.defs(), &types, 0);
    let old = a.local(I32);
    own(g, a, &found, of);
    g.alloc(a, size);
    a.tee(entry).get(1);
    layout::store(a, g.defs(), key, offsets[0]);
    a.get(entry).get(2);
    layout::store(a, g.defs(), value, offsets[1]);
    matches(g, a, &found, of, old);
    a.if_();
    a.get(old).get(entry).i32_store(0);
    a.get(map).return_();
    a.end();
    a.get(found.list).i32_load(LIST_LEN);
    a.i32(CHUNK_MAX).i32_ge_u().if_();
    let split = g.helper(Helper::MapSplit(STRIDE));
    let again = g.helper(Helper::MapPut(key.clone(), value.clone()));
    a.get(map).get(found.chunk).call(split).get(1).get(2);
    a.return_call(again);
    a.end();
    let insert = g.helper(Helper::ListInsert(false));
    a.get(found.list).get(found.at).u32(STRIDE).call(insert);
    a.i32_load(LIST_DATA);
    a.get(found.at).i32(2).i32_shl().i32_add();
    a.get(entry).i32_store(0).get(map);
}

/// `(set, item) → set` with it: the same one when it was there.
pub fn put_item(g: &mut Gen<'_>, a: &mut Asm, item: &Type) {
    let (set, of) = (0, Of::Set(item));
    let found = search(g, a, of);
    let old = a.local(I32);
    let stride = of.stride(g);
    matches(g, a, &found, of, old);
    a.if_();
    a.get(set).return_();
    a.end();
    own(g, a, &found, of);
    a.get(found.list).i32_load(LIST_LEN);
    a.i32(CHUNK_MAX).i32_ge_u().if_();
    let split = g.helper(Helper::MapSplit(stride));
    let again = g.helper(Helper::SetPut(item.clone()));
    a.get(set).get(found.chunk).call(split).get(1);
    a.return_call(again);
    a.end();
    let insert = g.helper(Helper::ListInsert(of.is_nested(g)));
    a.get(found.list).get(found.at).u32(stride).call(insert);
    a.i32_load(LIST_DATA);
    a.get(found.at).u32(stride).i32_mul().i32_add();
    a.get(1);
    layout::store_item(a, g.defs(), item);
    a.get(set);
}

/// `(map, key) → map`.
pub fn remove(g: &mut Gen<'_>, a: &mut Asm, key: &Type, value: &Type) {
    remove_from(g, a, Of::Map(key, value));
}

/// `(set, item) → set`.
pub fn remove_item(g: &mut Gen<'_>, a: &mut Asm, item: &Type) {
    remove_from(g, a, Of::Set(item));
}

fn remove_from(g: &mut Gen<'_>, a: &mut Asm, of: Of<'_>) {
    let map = 0;
    let found = search(g, a, of);
    let entry = a.local(I32);
    matches(g, a, &found, of, entry);
    a.i32_eqz().if_();
    a.get(map).return_();
    a.end();
    own(g, a, &found, of);
    let remove = g.helper(Helper::ListRemove(of.is_nested(g)));
    let stride = of.stride(g);
    a.get(found.list).get(found.at).u32(stride).call(remove);
    a.i32_load(LIST_LEN).i32_eqz().if_();
    is_chunked(a, map);
    a.if_();
    // No chunk is empty, and a map without one is small.
    unmark(a, map);
    let remove = g.helper(Helper::ListRemove(false));
    a.get(map).get(found.chunk).u32(STRIDE).call(remove).drop();
    a.get(map).i32_load(LIST_LEN).if_();
    mark(a, map);
    a.else_();
    // The room was for addresses.
    a.get(map).i32(0).i32_store(LIST_CAP);
    a.end();
    a.end().end();
    a.get(map);
}

/// `(map, chunk) → map` with a full chunk halved; a small map becomes one with chunks. The map is nobody else's.
pub fn split(g: &mut Gen<'_>, a: &mut Asm, stride: u32) {
    let (map, number) = (0, 1);
    let (whole, half, len) = (a.local(I32), a.local(I32), a.local(I32));
    let (list, from, count) = (a.local(I32), a.local(I32), a.local(I32));
    let (insert, push) = (
        g.helper(Helper::ListInsert(false)),
        g.helper(Helper::ListPush(false)),
    );
    is_chunked(a, map);
    a.if_();
    a.get(map).i32_load(LIST_DATA);
    a.get(number)
        .i32(2)
        .i32_shl()
        .i32_add()
        .i32_load(0)
        .set(whole);
    a.get(whole).i32_load(LIST_LEN).set(len);
    a.i32(CHUNK_MAX / 2).set(from);
    a.get(len).get(from).i32_sub().set(count);
    chunk(g, a, whole, from, count, stride, half);
    a.get(whole).get(from).i32_store(LIST_LEN);
    unmark(a, map);
    a.get(map)
        .get(number)
        .i32(1)
        .i32_add()
        .u32(STRIDE)
        .call(insert);
    a.i32_load(LIST_DATA);
    a.get(number).i32(1).i32_add().i32(2).i32_shl().i32_add();
    a.get(half).i32_store(0);
    mark(a, map);
    a.get(map).return_();
    a.end();
    // Half full chunks, so that there is room in each.
    let empty = g.data.empty_list();
    a.u32(empty).set(list);
    a.get(map).i32_load(LIST_LEN).set(len);
    let done = a.block();
    let again = a.loop_();
    a.get(from).get(len).i32_ge_u().br_if(done);
    a.get(len).get(from).i32_sub().set(count);
    a.get(count)
        .i32(CHUNK_MAX / 2)
        .get(count)
        .i32(CHUNK_MAX / 2);
    a.i32_lt_u().select().set(count);
    chunk(g, a, map, from, count, stride, half);
    a.get(list).u32(STRIDE).call(push).tee(list);
    a.i32_load(LIST_DATA);
    a.get(list).i32_load(LIST_LEN).i32(1).i32_sub();
    a.i32(2).i32_shl().i32_add().get(half).i32_store(0);
    a.get(from).get(count).i32_add().set(from).br(again);
    a.end().end();
    mark(a, list);
    a.get(list);
}

/// Sets `to` to a new chunk with those elements of the list.
fn chunk(g: &mut Gen<'_>, a: &mut Asm, list: u32, from: u32, count: u32, stride: u32, to: u32) {
    let data = LIST_BYTES as i32;
    let alloc = g.helper(Helper::Alloc);
    a.i32(data + CHUNK_MAX * stride as i32).call(alloc).set(to);
    a.get(to).get(to).i32(data).i32_add().i32_store(LIST_DATA);
    a.get(to).get(count).i32_store(LIST_LEN);
    a.get(to).i32(CHUNK_MAX).i32_store(LIST_CAP);
    a.get(to).i32(0).i32_store(LIST_SHARED);
    a.get(to).i32(data).i32_add();
    a.get(list).i32_load(LIST_DATA);
    a.get(from).u32(stride).i32_mul().i32_add();
    a.get(count).u32(stride).i32_mul().memory_copy();
}

/// `(map) → list` of the entries, or of the items of a set; of a small one itself.
pub fn entries(g: &mut Gen<'_>, a: &mut Asm, stride: u32, nested: bool) {
    let map = 0;
    let (list, number, chunk, to) = (a.local(I32), a.local(I32), a.local(I32), a.local(I32));
    let (alloc, count) = (g.helper(Helper::Alloc), g.helper(Helper::MapLen));
    let (len, bytes) = (a.local(I32), a.local(I32));
    is_chunked(a, map);
    a.i32_eqz().if_();
    a.get(map).return_();
    a.end();
    a.get(map).call(count).tee(len).u32(stride).i32_mul();
    a.u32(LIST_BYTES).i32_add().call(alloc).set(list);
    a.get(list).u32(LIST_BYTES).i32_add().set(to);
    a.get(list).get(to).i32_store(LIST_DATA);
    a.get(list).get(len).i32_store(LIST_LEN);
    a.get(list).get(len).i32_store(LIST_CAP);
    a.get(list).i32(0).i32_store(LIST_SHARED);
    let again = a.loop_();
    a.get(map).i32_load(LIST_DATA);
    a.get(number)
        .i32(2)
        .i32_shl()
        .i32_add()
        .i32_load(0)
        .set(chunk);
    a.get(chunk)
        .i32_load(LIST_LEN)
        .u32(stride)
        .i32_mul()
        .set(bytes);
    a.get(to).get(chunk).i32_load(LIST_DATA);
    a.get(bytes).memory_copy();
    a.get(to).get(bytes).i32_add().set(to);
    a.get(number).i32(1).i32_add().tee(number);
    a.get(map).i32_load(LIST_LEN).i32_lt_u().br_if(again);
    a.end();
    if nested {
        let share = g.helper(Helper::ListShareItems);
        a.get(list).call(share);
    }
    a.get(list);
}

/// `(map) → number of entries`.
pub fn len(a: &mut Asm) {
    let map = 0;
    let (sum, at, end) = (a.local(I32), a.local(I32), a.local(I32));
    is_chunked(a, map);
    a.i32_eqz().if_();
    a.get(map).i32_load(LIST_LEN).return_();
    a.end();
    a.get(map).i32_load(LIST_DATA).tee(at);
    a.get(map)
        .i32_load(LIST_LEN)
        .i32(2)
        .i32_shl()
        .i32_add()
        .set(end);
    let again = a.loop_();
    a.get(sum)
        .get(at)
        .i32_load(0)
        .i32_load(LIST_LEN)
        .i32_add()
        .set(sum);
    a.get(at)
        .i32(4)
        .i32_add()
        .tee(at)
        .get(end)
        .i32_lt_u()
        .br_if(again);
    a.end();
    a.get(sum);
}

/// Runs `inside` on each element of the list, or entry of the map: `element →`.
pub fn each(
    g: &mut Gen<'_>,
    a: &mut Asm,
    list: u32,
    is_map: bool,
    item: &Type,
    inside: impl FnOnce(&mut Gen<'_>, &mut Asm),
) {
    let (at, end) = (a.local(I32), a.local(I32));
    let stride = g.stride(item);
    let mut outer = None;
    let mut chunk = list;
    let number = a.local(I32);
    if is_map {
        chunk = a.local(I32);
        a.i32(0).set(number);
        outer = Some(a.loop_());
        a.get(list).set(chunk);
        is_chunked(a, list);
        a.if_();
        a.get(list).i32_load(LIST_DATA);
        a.get(number)
            .i32(2)
            .i32_shl()
            .i32_add()
            .i32_load(0)
            .set(chunk);
        a.end();
    }
    // Counted, because elements may have no size.
    a.i32(0).set(at);
    a.get(chunk).i32_load(LIST_LEN).set(end);
    let done = a.block();
    let again = a.loop_();
    a.get(at).get(end).i32_ge_u().br_if(done);
    a.get(chunk).i32_load(LIST_DATA);
    a.get(at).u32(stride).i32_mul().i32_add();
    layout::load_item(a, g.defs(), item);
    inside(g, a);
    a.get(at).i32(1).i32_add().set(at).br(again);
    a.end().end();
    if let Some(outer) = outer {
        is_chunked(a, list);
        a.if_();
        a.get(number).i32(1).i32_add().tee(number);
        a.get(list).i32_load(LIST_LEN).i32_lt_u().br_if(outer);
        a.end();
        a.end();
    }
}

/// Whether it is a map or a set, which may have chunks.
pub fn is_map(g: &Gen<'_>, ty: &Type) -> bool {
    matches!(g.defs().base(ty), Type::Map(..) | Type::Set(_))
}

/// `map or set → list` of its entries or items.
pub fn as_list(g: &mut Gen<'_>, a: &mut Asm, ty: &Type) {
    let helper = match g.defs().base(ty) {
        Type::Set(item) => Helper::MapEntries(g.stride(item), lists::is_list(g, item)),
        _ => Helper::MapEntries(STRIDE, false),
    };
    let entries = g.helper(helper);
    a.call(entries);
}

/// `→ number of elements`, of a list or a map.
pub fn count(g: &mut Gen<'_>, a: &mut Asm, list: u32, is_map: bool) {
    a.get(list);
    if is_map {
        let len = g.helper(Helper::MapLen);
        a.call(len);
    } else {
        a.i32_load(LIST_LEN);
    }
}

/// `map → 0 or 1`: whether it has no chunks.
pub fn is_small(a: &mut Asm) {
    a.i32_load(LIST_CAP).i32(CHUNKED).i32_and().i32_eqz();
}

/// `→ not 0` when the map has chunks.
fn is_chunked(a: &mut Asm, map: u32) {
    a.get(map).i32_load(LIST_CAP).i32(CHUNKED).i32_and();
}

fn mark(a: &mut Asm, map: u32) {
    a.get(map).get(map).i32_load(LIST_CAP).i32(CHUNKED).i32_or();
    a.i32_store(LIST_CAP);
}

fn unmark(a: &mut Asm, map: u32) {
    a.get(map)
        .get(map)
        .i32_load(LIST_CAP)
        .i32(!CHUNKED)
        .i32_and();
    a.i32_store(LIST_CAP);
}

/// Makes map and list of what was found nobody else's.
fn own(g: &mut Gen<'_>, a: &mut Asm, found: &Found, of: Of<'_>) {
    let map = 0;
    let (chunked, place) = (a.local(I32), a.local(I32));
    let chunks_own = g.helper(Helper::ListOwn(false));
    let own = g.helper(Helper::ListOwn(of.is_nested(g)));
    let (share, stride) = (g.helper(Helper::ListShareItems), of.stride(g));
    is_chunked(a, map);
    a.set(chunked);
    a.get(map).i32_load(LIST_SHARED).if_();
    a.get(chunked).if_();
    a.get(map).call(share);
    a.get(map).u32(STRIDE).call(chunks_own).set(map);
    mark(a, map);
    a.else_();
    a.get(map).u32(stride).call(own).set(map);
    a.end().end();
    a.get(map).set(found.list);
    a.get(chunked).if_();
    a.get(map).i32_load(LIST_DATA);
    a.get(found.chunk).i32(2).i32_shl().i32_add().tee(place);
    a.i32_load(0).u32(stride).call(own).set(found.list);
    a.get(place).get(found.list).i32_store(0);
    a.end();
}

/// `(map, key, ..)`: where the key is, or would have to be.
fn search(g: &mut Gen<'_>, a: &mut Asm, of: Of<'_>) -> Found {
    let (map, wanted) = (0, 1);
    let stride = of.stride(g);
    let found = Found {
        chunk: a.local(I32),
        list: a.local(I32),
        at: a.local(I32),
    };
    let (high, middle) = (a.local(I32), a.local(I32));
    a.get(map).set(found.list);
    is_chunked(a, map);
    a.if_();
    // The last chunk whose first key is not behind the wanted one.
    a.get(map).i32_load(LIST_LEN).i32(1).i32_sub().set(high);
    let done = a.block();
    let again = a.loop_();
    a.get(found.chunk).get(high).i32_ge_u().br_if(done);
    a.get(found.chunk).get(high).i32_add().i32(1).i32_add();
    a.i32(1).i32_shr_u().set(middle);
    a.get(wanted);
    a.get(map).i32_load(LIST_DATA);
    a.get(middle).i32(2).i32_shl().i32_add().i32_load(0);
    a.i32_load(LIST_DATA);
    of.load_key(g, a);
    less(g, a, of.key());
    a.if_();
    a.get(middle).i32(1).i32_sub().set(high);
    a.else_();
    a.get(middle).set(found.chunk);
    a.end();
    a.br(again);
    a.end().end();
    a.get(map).i32_load(LIST_DATA);
    a.get(found.chunk).i32(2).i32_shl().i32_add();
    a.i32_load(0).set(found.list);
    a.end();
    a.get(found.list).i32_load(LIST_LEN).set(high);
    let done = a.block();
    let again = a.loop_();
    a.get(found.at).get(high).i32_ge_u().br_if(done);
    a.get(found.at)
        .get(high)
        .i32_add()
        .i32(1)
        .i32_shr_u()
        .set(middle);
    a.get(found.list).i32_load(LIST_DATA);
    a.get(middle).u32(stride).i32_mul().i32_add();
    of.load_key(g, a);
    a.get(wanted);
    less(g, a, of.key());
    a.if_();
    a.get(middle).i32(1).i32_add().set(found.at);
    a.else_();
    a.get(middle).set(high);
    a.end();
    a.br(again);
    a.end().end();
    found
}

/// `→ 0 or 1`: whether the key is there; `place` is then the address of its entry or item in the list.
fn matches(g: &mut Gen<'_>, a: &mut Asm, found: &Found, of: Of<'_>, place: u32) {
    a.get(found.at)
        .get(found.list)
        .i32_load(LIST_LEN)
        .i32_lt_u();
    a.if_value(I32);
    a.get(found.list).i32_load(LIST_DATA);
    a.get(found.at)
        .u32(of.stride(g))
        .i32_mul()
        .i32_add()
        .tee(place);
    of.load_key(g, a);
    a.get(1);
    if g.shape(of.key()) == Shape::Int {
        a.i64_eq();
    } else {
        let equal = g.helper(Helper::Equal(of.key().clone()));
        a.call(equal);
    }
    a.else_();
    a.i32(0);
    a.end();
}

/// `entry → key`.
fn load_key(g: &Gen<'_>, a: &mut Asm, key: &Type, value: &Type) {
    let (offsets, _) = layout::offsets(g.defs(), &[key.clone(), value.clone()], 0);
    layout::load(a, g.defs(), key, offsets[0]);
}

/// `a, b → a < b`.
fn less(g: &mut Gen<'_>, a: &mut Asm, key: &Type) {
    if g.shape(key) == Shape::Int {
        a.i64_lt_s();
    } else {
        let compare = g.helper(Helper::Compare(key.clone()));
        a.call(compare).i32(0).i32_lt_s();
    }
}

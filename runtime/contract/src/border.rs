//! The border between a compiled step and its host: what a module imports and exports, and the
//! buffers that cross.
//!
//! The compiler emits exactly these names and types, the engine offers exactly these, and its gate
//! refuses a module that wants anything else. All bytes that cross are in the value encoding
//! (`encode`) or, where a parameter is called `key`, in the key encoding (`keys`).
//!
//! A call that hands bytes to the module takes `dst`, an address the module knows to be free; the host
//! grows the memory when they do not fit and answers how many bytes it wrote, or -1 for "not there".
//! A failure of the host (no memory left, an index of a broken module) ends the step.

/// A Wasm value type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Val {
    I32,
    I64,
    F64,
}

/// One function of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    pub name: &'static str,
    pub params: &'static [Val],
    pub result: Option<Val>,
}

/// The module name of all imports.
pub const MODULE: &str = "weir";

/// The linear memory. It grows up to the host's limit.
pub const EXPORT_MEMORY: &str = "memory";
/// `i32`, the next free byte of the arena. Before the first step: where the input of a step belongs.
pub const EXPORT_HEAP: &str = "weir_heap";
/// `i32`, the newest place in the source that the step is known to have reached. Read after a trap.
pub const EXPORT_SITE: &str = "weir_site";
/// `(entry i32, input i32, input_len i32) -> i64`: runs one step; the answer is `address << 32 | length`
/// of the output. The input starts at the initial `weir_heap`.
pub const EXPORT_STEP: &str = "weir_step";

/// The custom section that says which place in the source each instruction is of, for what traps without saying where, and for
/// the calls that led there. `CONTRACT.md` has its bytes. A module may be without.
pub const SECTION_PLACES: &str = "weir_places";
/// First byte of [`SECTION_PLACES`]. Version 1, which has no inlined places, is read too.
pub const PLACES_VERSION: u8 = 2;

/// First byte of a step's output: a reply follows.
pub const OUTPUT_OK: u8 = 0;
/// First byte of a step's output: an error follows, as varint `DefId` and its record.
pub const OUTPUT_FAILED: u8 = 1;
/// First byte of a step's output: `allow` said no; nothing follows.
pub const OUTPUT_DENIED: u8 = 2;

/// First byte of a step's output: the step ends here, the run goes on later. What it waits for was said with
/// `suspend`, how it goes on with `frame`; nothing follows.
pub const OUTPUT_SUSPENDED: u8 = 3;

/// Kinds of `suspend`; what follows each are its operands in the value encoding, and what the frame is given as
/// `result` when it goes on.
///
/// Goes on at once, in the next step. No operands; `Unit`.
pub const SUSPEND_YIELD: u32 = 0;
/// `Duration`; `Unit`.
pub const SUSPEND_SLEEP: u32 = 1;
/// `Time`; `Unit`.
pub const SUSPEND_SLEEP_UNTIL: u32 = 2;
/// `List<Int>` of event numbers, `Duration?`; the workflow's event enum: the oldest event of these, or its last variant
/// when the time is over.
pub const SUSPEND_EVENTS: u32 = 3;
/// `Int` number of the extern function, `Duration?`, its arguments as `call::encode_args` writes them (those left out
/// were filled in: no parameter has a default here); its value, or `Result` of it and its errors when it can fail, or
/// when the duration is there (then `TimedOut` is among the errors).
pub const SUSPEND_EXTERN: u32 = 4;
/// `Int` number of a run, `Duration?`; `Result` of what it gives and its errors, `Cancelled` and, with a duration, `TimedOut`.
pub const SUSPEND_RUN: u32 = 5;
/// Waits for all branches begun since the last suspension of this strand. `Bool` list, `Bool` fallible, and perhaps `Int`: at
/// most so many of them, and at least one, go on at one time, the first ones first. The branches' values
/// one after the other: as a list (with its count) when `list`, else as a tuple. When `fallible`, as a `Result`: the first
/// failure of a branch, in the order they ended.
pub const SUSPEND_JOIN: u32 = 6;
/// Tests only: `Duration` passes; `Unit`.
pub const SUSPEND_ADVANCE: u32 = 7;
/// Tests only: everything that needs no time happens; `Unit`.
pub const SUSPEND_SETTLE: u32 = 8;

const P: Val = Val::I32;
const N: Val = Val::I64;
const F: Val = Val::F64;

const fn import(name: &'static str, params: &'static [Val], result: Option<Val>) -> Import {
    Import {
        name,
        params,
        result,
    }
}

/// Everything a module may import, in the order of the compiler's function numbers.
pub const IMPORTS: &[Import] = &[
    // crash(site, reason, detail, detail_len): ends the step as a bug; never returns.
    import("crash", &[P, P, P, P], None),
    // open(entity, key, key_len) -> handle. The same instance has the same handle within a step.
    import("open", &[P, P, P], Some(P)),
    // keys(handle, dst) -> len: the key the instance was opened with.
    import("keys", &[P, P], Some(P)),
    // next_key(entity, first, first_len, after, after_len, dst) -> len or -1: the least key of an instance that exists, that
    // begins with the bytes `first` and is greater than `after` (of length -1: that is not asked). For entities whose
    // manifest says `walked`.
    import("next_key", &[P, P, P, P, P, P], Some(P)),
    // get(handle, slot, dst) -> len or -1. Scalar slots.
    import("get", &[P, P, P], Some(P)),
    // put(handle, slot, value, len). Scalar slots.
    import("put", &[P, P, P, P], None),
    // present(handle, slot) -> 0 or 1: whether the slot was ever written.
    import("present", &[P, P], Some(P)),
    // clear(handle, slot): a list, map or set becomes present and empty.
    import("clear", &[P, P], None),
    // slot_len(handle, slot) -> elements of a list, entries of a map or set.
    import("slot_len", &[P, P], Some(N)),
    // map_get(handle, slot, key, key_len, dst) -> len or -1.
    import("map_get", &[P, P, P, P, P], Some(P)),
    // map_put(handle, slot, key, key_len, value, len) -> 1 when the key was not there before. Sets: no value.
    import("map_put", &[P, P, P, P, P, P], Some(P)),
    // map_del(handle, slot, key, key_len) -> 1 when the key was there.
    import("map_del", &[P, P, P, P], Some(P)),
    // map_has(handle, slot, key, key_len) -> 0 or 1.
    import("map_has", &[P, P, P, P], Some(P)),
    // map_all(handle, slot, dst) -> len: count u32, then key and value of each entry in key order.
    import("map_all", &[P, P, P], Some(P)),
    // list_get(handle, slot, index, dst) -> len or -1.
    import("list_get", &[P, P, N, P], Some(P)),
    // list_set(handle, slot, index, value, len) -> 0 when there is no such index.
    import("list_set", &[P, P, N, P, P], Some(P)),
    // list_push(handle, slot, value, len).
    import("list_push", &[P, P, P, P], None),
    // list_pop(handle, slot, dst) -> len or -1: takes the last element.
    import("list_pop", &[P, P, P], Some(P)),
    // list_insert(handle, slot, index, value, len) -> 0 when index > length.
    import("list_insert", &[P, P, N, P, P], Some(P)),
    // list_remove(handle, slot, index, dst) -> len or -1.
    import("list_remove", &[P, P, N, P], Some(P)),
    // list_range(handle, slot, from, to, dst) -> len: count u32, then the elements. Clamped to the list.
    import("list_range", &[P, P, N, N, P], Some(P)),
    // savepoint() -> mark in the undo journal.
    import("savepoint", &[], Some(N)),
    // rollback(mark): undoes each write since the mark.
    import("rollback", &[N], None),
    // touched() -> entity << 32 | handle of the next instance written since the answer was last -1, or -1.
    import("touched", &[], Some(N)),
    // full() -> 0 or 1: whether the step has done enough and should yield before its next transaction.
    import("full", &[], Some(P)),
    // frame(entry, cells, len): how the run goes on, innermost first. Cells are the parameters of that entry after
    // `result`, in the value encoding.
    import("frame", &[P, P, P], None),
    // suspend(kind, operands, len): what the run waits for, one of the `SUSPEND_` kinds.
    import("suspend", &[P, P, P], None),
    // send(entry, handle, arguments, len, delay) -> number of the run that will do it, when this step is kept. Handle -1 for
    // a top-level function; delay in microseconds, -1 for none. For the `run` of a workflow: the run its key has, if any.
    import("send", &[P, P, P, P, N], Some(N)),
    // event(handle, event, arguments, len, delay): to the run of that workflow's instance.
    import("event", &[P, P, P, P, N], None),
    // cancel(number): a run that was sent and has not begun will not begin.
    import("cancel", &[N], None),
    // undo(entry, cells, len): runs when the run fails, last first. Cells are all parameters of that entry.
    import("undo", &[P, P, P], None),
    // branch(entry, cells, len): another strand of this run, to be joined.
    import("branch", &[P, P, P], None),
    // random() -> 64 bits from the place of the step in the log.
    import("random", &[], Some(N)),
    // fresh(dst) -> len: the 26 characters of a new id, as bytes of text without a length.
    import("fresh", &[P], Some(P)),
    // mock(function, entry, cells, len): tests only; answers an extern function with that entry. Cells are its first
    // parameters, the arguments follow.
    import("mock", &[P, P, P, P], None),
    // crash_at(label, len): tests only; UTF-8.
    import("crash_at", &[P, P], None),
    // lib(op, arguments, len, dst) -> len: a pure function of the library.
    import("lib", &[P, P, P, P], Some(P)),
    // pure(function, arguments, len, dst) -> len: a `@pure` extern function by its number in the manifest. Arguments and
    // value in the value encoding, the value as a `Result` when the function can fail.
    import("pure", &[P, P, P, P], Some(P)),
    // host(number, arguments, len, dst) -> len: one of the manifest's host calls by its number. Arguments one after the other
    // and result in the value encoding.
    import("host", &[P, P, P, P], Some(P)),
    // decimal_mul/div/rem(a, b, dst): 16-byte operands and result at those addresses.
    import("decimal_mul", &[P, P, P], None),
    import("decimal_div", &[P, P, P], None),
    import("decimal_rem", &[P, P, P], None),
    // float_rem(a, b): the truncated remainder.
    import("float_rem", &[F, F], Some(F)),
    // show_number(kind, low, high, dst) -> len: text of a number of one of the `SHOW_` kinds.
    import("show_number", &[P, N, N, P], Some(P)),
    // show_bytes(kind, bytes, len, dst) -> len: text of `SHOW_TEXT` (quoted) or `SHOW_BYTES`.
    import("show_bytes", &[P, P, P, P], Some(P)),
    // emit(stream, key, key_len, time, value, len) -> position of the entry, when this step is kept. Without a key of the
    // stream no bytes; the time of a stream that is not timed is not looked at.
    import("emit", &[P, P, P, N, P, P], Some(N)),
    // merge_do(handle, slot, operation, len): changes a slot that merges. The operation as `lattice` has it.
    import("merge_do", &[P, P, P, P], None),
    // open_replica(entity, key, key_len, number) -> handle: tests only; one of the replicas of an instance, 0 is itself.
    import("open_replica", &[P, P, P, N], Some(P)),
    // merge_sync(handle, handle): tests only; two replicas of an instance tell each other all that merges.
    import("merge_sync", &[P, P], None),
    // merge_look(handle, slot, look, len, dst) -> len or -1: what readers see of a part of a slot that merges. The look as
    // `lattice::look` has it, the answer in the value encoding; -1 when a key on the way is not there.
    import("merge_look", &[P, P, P, P, P], Some(P)),
];

/// Kinds of `show_number`: an `Int` in `low`.
pub const SHOW_INT: u32 = 0;
/// The low and high half of a `Decimal`.
pub const SHOW_DECIMAL: u32 = 1;
/// The bits of a `Float` in `low`.
pub const SHOW_FLOAT: u32 = 2;
/// A `Time` in `low`.
pub const SHOW_TIME: u32 = 3;
/// A `Duration` in `low`.
pub const SHOW_DURATION: u32 = 4;
/// A `Date` in `low`.
pub const SHOW_DATE: u32 = 7;
/// From this on the three letters of a currency, the first lowest: `Money` whose amount is the low and high half.
pub const SHOW_MONEY: u32 = 0x41_41_41;
/// Kinds of `show_bytes`: text inside another value, so quoted.
pub const SHOW_TEXT: u32 = 5;
/// The value of a `Bytes`.
pub const SHOW_BYTES: u32 = 6;

/// Position of an import by name.
///
/// # Panics
/// When there is none: names are written in our own code only.
pub fn import_index(name: &str) -> u32 {
    IMPORTS
        .iter()
        .position(|i| i.name == name)
        .unwrap_or_else(|| panic!("no import {name}")) as u32
}

/// Bytes of an input before its parts of varying length.
pub const INPUT_HEADER_BYTES: usize = 16;

/// Set in the length of the caller when the program itself calls: then nobody is asked whether he may.
pub const INPUT_INSIDE: u32 = 1 << 31;

/// What a step is started with. Layout: time `i64`, length of key `u32`, length of caller `u32` with [`INPUT_INSIDE`] (all
/// little-endian), then key, caller and arguments one after the other.
#[derive(Clone, Copy, Debug)]
pub struct StepInput<'a> {
    /// Time of the step, microseconds since 1970.
    pub time_us: i64,
    /// Key encoding of the instance's keys; empty for an entry without an entity.
    pub key: &'a [u8],
    /// What [`encode_caller`] gives.
    pub caller: &'a [u8],
    /// A message or a step that goes on, not a call from outside.
    pub inside: bool,
    /// The arguments in the value encoding one after the other, a defaulted one as `Option`.
    pub args: &'a [u8],
}

impl StepInput<'_> {
    /// Bytes of the whole input.
    pub fn byte_len(&self) -> usize {
        INPUT_HEADER_BYTES + self.key.len() + self.caller.len() + self.args.len()
    }

    /// Appends the input.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time_us.to_le_bytes());
        out.extend_from_slice(&(self.key.len() as u32).to_le_bytes());
        let inside = if self.inside { INPUT_INSIDE } else { 0 };
        out.extend_from_slice(&(self.caller.len() as u32 | inside).to_le_bytes());
        out.extend_from_slice(self.key);
        out.extend_from_slice(self.caller);
        out.extend_from_slice(self.args);
    }
}

/// Who calls: the id as `Text` (empty for nobody) and the roles as `Set<Text>`.
pub fn encode_caller<'r>(id: &str, roles: impl IntoIterator<Item = &'r str>) -> Vec<u8> {
    let roles: std::collections::BTreeSet<&str> = roles.into_iter().collect();
    let mut out = Vec::new();
    put_bytes(&mut out, id.as_bytes());
    put_varint(&mut out, roles.len());
    for role in roles {
        put_bytes(&mut out, role.as_bytes());
    }
    out
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

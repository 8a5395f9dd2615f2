//! The step interface: what a module exports, what it may import, what goes in and what comes out.
//!
//! Module and host share the module's memory. The host writes variable-length answers at the heap pointer (the exported
//! global [`EXPORT_HEAP`]) without moving it; the module moves it past what it keeps. `CONTRACT.md` describes each call.

use crate::encode::{
    DecodeError, Reader, encode_fields, encode_into, put_bytes, put_int, put_varint,
};
use crate::manifest::{Function, Manifest, Param};
use crate::types::{DefId, DefKind, Defs, Type};
use crate::value::Value;

/// The linear memory.
pub const EXPORT_MEMORY: &str = "memory";
/// Mutable i32 global: the next free byte, 8-aligned when a step starts.
pub const EXPORT_HEAP: &str = "weir_heap";
/// `(entry i32, in i32, len i32) -> i64`: output pointer in the upper, length in the lower 32 bits.
pub const EXPORT_STEP: &str = "weir_step";
/// The module every host call is imported from.
pub const IMPORT_MODULE: &str = "weir";

/// Wasm value types that host calls use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wasm {
    I32,
    I64,
}

/// One call that a module may import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCall {
    pub name: &'static str,
    pub params: &'static [Wasm],
    /// None or one.
    pub results: &'static [Wasm],
}

const I: Wasm = Wasm::I32;

const fn call(name: &'static str, params: &'static [Wasm], results: &'static [Wasm]) -> HostCall {
    HostCall {
        name,
        params,
        results,
    }
}

/// Every host call. A module may import any of these, each once, and nothing else.
///
/// `h` is an instance handle, `s` a slot number, `k`/`v` pointer and length of a key or value. "at heap" means that the
/// host has written the answer at the heap pointer and returns its length, or -1 for "absent".
pub const HOST_CALLS: &[HostCall] = &[
    // open(entity, k) -> h
    call("open", &[I, I, I], &[I]),
    // get(h, s) -> length at heap or -1
    call("get", &[I, I], &[I]),
    // put(h, s, v)
    call("put", &[I, I, I, I], &[]),
    // slot_present(h, s) -> 1 when the slot was ever written
    call("slot_present", &[I, I], &[I]),
    // slot_clear(h, s): empties a map, set or list and marks it present
    call("slot_clear", &[I, I], &[]),
    // map_get(h, s, k) -> length at heap or -1
    call("map_get", &[I, I, I, I], &[I]),
    // map_put(h, s, k, v) -> 1 when the entry was there before
    call("map_put", &[I, I, I, I, I, I], &[I]),
    // map_del(h, s, k) -> 1 when the entry was there
    call("map_del", &[I, I, I, I], &[I]),
    // map_has(h, s, k) -> 0 or 1
    call("map_has", &[I, I, I, I], &[I]),
    // map_len(h, s) -> count
    call("map_len", &[I, I], &[I]),
    // map_range(h, s, from k, to k) -> length at heap of the entries from <= key < to, each
    // [key length u32][key][value length u32][value]; a to-length of -1 means no upper end
    call("map_range", &[I, I, I, I, I, I], &[I]),
    // list_len(h, s) -> count
    call("list_len", &[I, I], &[I]),
    // list_get(h, s, index) -> length at heap or -1
    call("list_get", &[I, I, I], &[I]),
    // list_set(h, s, index, v) -> 0 when the index is out of range
    call("list_set", &[I, I, I, I, I], &[I]),
    // list_push(h, s, v)
    call("list_push", &[I, I, I, I], &[]),
    // list_pop(h, s) -> length at heap or -1
    call("list_pop", &[I, I], &[I]),
    // list_insert(h, s, index, v) -> 0 when the index is out of range (0..=len)
    call("list_insert", &[I, I, I, I, I], &[I]),
    // list_remove(h, s, index) -> length at heap or -1
    call("list_remove", &[I, I, I], &[I]),
    // list_range(h, s, from, to) -> length at heap of the elements, each [length u32][element]
    call("list_range", &[I, I, I, I], &[I]),
    // savepoint() -> mark
    call("savepoint", &[], &[I]),
    // rollback(mark): undoes every write since; the mark stays valid
    call("rollback", &[I], &[]),
    // tx_enter(): one transaction deeper
    call("tx_enter", &[], &[]),
    // tx_leave() -> depth left; at 0 the instances written since the outermost tx_enter wait in `touched`
    call("tx_leave", &[], &[I]),
    // touched() -> entity number of the next instance written in the transaction just left, or -1; at heap
    // [key length u32][key]
    call("touched", &[], &[I]),
    // crash(site, reason, text): never returns; text may be empty
    call("crash", &[I, I, I, I], &[]),
    // lib(op, in) -> length at heap
    call("lib", &[I, I, I], &[I]),
];

/// Limits that are part of the contract. Bytes unless the name says otherwise.
pub mod limits {
    /// Linear memory of a step.
    pub const STEP_MEMORY_MAX: usize = 64 << 20;
    pub const STEP_MS_MAX: u64 = 100;
    /// Key of an instance or an entry.
    pub const KEY_MAX: usize = 4 << 10;
    /// Arguments of a call in their encoding.
    pub const ARGS_MAX: usize = 4 << 20;
    /// All state operations of one step.
    pub const OPS_MAX: usize = 16 << 20;
    /// Reply of a step.
    pub const REPLY_MAX: usize = 16 << 20;
    /// Body of an HTTP request.
    pub const BODY_MAX: usize = 4 << 20;
    /// Levels of JSON in a request.
    pub const JSON_DEPTH_MAX: usize = 64;
}

/// What a step is told besides its entry.
///
/// In bytes: time (`Int`), caller id (`Text`), roles (`Set<Text>`), then each key field, then each argument, all in
/// the value encoding. A parameter with a default is encoded as an `Option` of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepInput {
    /// Microseconds since 1970.
    pub time: i64,
    pub caller: String,
    /// Sorted, each once.
    pub roles: Vec<String>,
    /// The key fields and arguments, already encoded.
    pub args: Vec<u8>,
}

impl StepInput {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.args.len() + self.caller.len() + 32);
        put_int(&mut out, self.time);
        put_bytes(&mut out, self.caller.as_bytes());
        put_varint(&mut out, self.roles.len() as u64);
        for role in &self.roles {
            put_bytes(&mut out, role.as_bytes());
        }
        out.extend_from_slice(&self.args);
        out
    }
}

/// The key fields and arguments of a call as they follow in [`StepInput::args`].
/// `args` holds `None` where a parameter with a default was left out.
///
/// # Panics
/// When keys or arguments are not of the function's types.
pub fn encode_args(
    manifest: &Manifest,
    function: &Function,
    keys: &[Value],
    args: &[Option<Value>],
) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(entity) = function.entity {
        encode_fields(
            &manifest.defs,
            &manifest.entities[entity as usize].keys,
            keys,
            &mut out,
        );
    }
    assert_eq!(
        function.params.len(),
        args.len(),
        "another number of arguments"
    );
    for (param, arg) in function.params.iter().zip(args) {
        encode_arg(&manifest.defs, param, arg.as_ref(), &mut out);
    }
    out
}

fn encode_arg(defs: &Defs, param: &Param, arg: Option<&Value>, out: &mut Vec<u8>) {
    if param.has_default {
        out.push(arg.is_some() as u8);
    }
    match arg {
        Some(value) => encode_into(defs, &param.ty, value, out),
        None => assert!(param.has_default, "parameter {} has no default", param.name),
    }
}

/// The inverse of [`encode_args`], to show records of the log.
pub fn decode_args(
    manifest: &Manifest,
    function: &Function,
    bytes: &[u8],
) -> Result<(Vec<Value>, Vec<Option<Value>>), DecodeError> {
    let mut reader = Reader::new(bytes);
    let keys = match function.entity {
        Some(entity) => reader.fields(&manifest.defs, &manifest.entities[entity as usize].keys)?,
        None => Vec::new(),
    };
    let mut args = Vec::new();
    for param in &function.params {
        let present = !param.has_default
            || match reader.byte()? {
                0 => false,
                1 => true,
                _ => return Err(reader.error("neither 0 nor 1")),
            };
        args.push(if present {
            Some(reader.value(&manifest.defs, &param.ty)?)
        } else {
            None
        });
    }
    reader.finish()?;
    Ok((keys, args))
}

/// First byte of a step's output.
pub const OUT_OK: u8 = 0;
/// Followed by the error's [`DefId`] as varint and its fields.
pub const OUT_FAILED: u8 = 1;
/// `allow` said no. Nothing follows.
pub const OUT_DENIED: u8 = 2;

/// What a step answers when it does not crash.
///
/// In bytes: [`OUT_OK`] and the value, [`OUT_FAILED`], the error's number as varint and its fields, or [`OUT_DENIED`].
/// The entry of an entity's `allow` answers [`OUT_OK`] with nothing behind it, or [`OUT_DENIED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Ok(Value),
    Failed(DefId, Vec<Value>),
    Denied,
}

impl Reply {
    pub fn decode(
        defs: &Defs,
        returns: &Type,
        fails: &[DefId],
        bytes: &[u8],
    ) -> Result<Reply, DecodeError> {
        let mut reader = Reader::new(bytes);
        let reply = match reader.byte()? {
            OUT_OK => Reply::Ok(reader.value(defs, returns)?),
            OUT_FAILED => {
                let number = reader.varint()?;
                let id = *fails
                    .iter()
                    .find(|id| id.0 as u64 == number)
                    .ok_or(reader.error("no such error"))?;
                match &defs.get(id).kind {
                    DefKind::Error { fields, .. } => {
                        Reply::Failed(id, reader.fields(defs, fields)?)
                    }
                    _ => return Err(reader.error("not an error")),
                }
            }
            OUT_DENIED => Reply::Denied,
            _ => return Err(reader.error("no such kind of output")),
        };
        reader.finish()?;
        Ok(reply)
    }

    pub fn encode(&self, defs: &Defs, returns: &Type) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Reply::Ok(value) => {
                out.push(OUT_OK);
                encode_into(defs, returns, value, &mut out);
            }
            Reply::Failed(id, values) => {
                out.push(OUT_FAILED);
                put_varint(&mut out, id.0 as u64);
                match &defs.get(*id).kind {
                    DefKind::Error { fields, .. } => encode_fields(defs, fields, values, &mut out),
                    _ => panic!("{} is not an error", defs.get(*id).name),
                }
            }
            Reply::Denied => out.push(OUT_DENIED),
        }
        out
    }
}

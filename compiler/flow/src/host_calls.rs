//! What a module asks its host for by the types of the program: JSON, lines of its log, settings and secrets, rows of views,
//! contents of blobs.
//!
//! In the IR these are `lib` operations whose types are not fixed: `json.decode` gives what is wanted of it. Settings and
//! secrets carry the name they were asked for by behind a dot, `config.needed.fee`, because a manifest lists them, and views their
//! number in it: `view.3`.

use std::collections::BTreeSet;

use weir_contract::Type;
use weir_contract::host_call::{HostCall, Level, Setting, ViewRead};

use crate::call_graph::{callees_first, calls};
use crate::ir::{Func, Inst, Module, Op};

/// Built-in functions that are host calls, or begin the name of one.
const PARTS: &[&str] = &[
    "json.", "log.", "config.", "secret.", "view.", "blobs.", "scratch.",
];

/// Whether a function that is built in is one of these.
pub fn is_one(name: &str) -> bool {
    PARTS.iter().any(|part| name.starts_with(part))
}

/// The host call that an instruction makes, if it makes one.
pub fn of(func: &Func, inst: &Inst) -> Option<HostCall> {
    let Op::Lib(name, args) = &inst.op else {
        return None;
    };
    if !is_one(name) {
        return None;
    }
    let given = |at: usize| func.value_type(args[at]).clone();
    let result = || {
        let dst = inst.dst.expect("a host call gives something");
        func.value_type(dst).clone()
    };
    let mut parts = name.splitn(3, '.');
    let (part, what) = (parts.next()?, parts.next()?);
    let setting = |ty, has_default| {
        let name = name.splitn(3, '.').nth(2).unwrap_or_default().to_owned();
        HostCall::Config(Setting {
            name,
            ty,
            has_default,
        })
    };
    Some(match (part, what) {
        ("json", "encode") => HostCall::Encode(given(0)),
        ("json", "pretty") => HostCall::Pretty(given(0)),
        ("json", "decode") => match result() {
            Type::Tuple(parts) => match parts.first().map(|part| &part.ty) {
                Some(Type::Option(of)) => HostCall::Decode((**of).clone()),
                other => unreachable!("{other:?} is no answer of a decoding"),
            },
            other => unreachable!("{other:?} is no answer of a decoding"),
        },
        ("log", level) => {
            let level = Level::ALL.into_iter().find(|l| l.name() == level);
            HostCall::Log(level.expect("the library has no other"), given(1))
        }
        ("config", "needed") => setting(result(), false),
        ("config", "given") => match result() {
            Type::Option(of) => setting(*of, true),
            other => unreachable!("{other:?} is no setting that may be missing"),
        },
        ("secret", "named") => HostCall::Secret(parts.next().unwrap_or_default().to_owned()),
        ("secret", "reveal") => HostCall::Reveal,
        ("view", number) => match result() {
            Type::List(row) => HostCall::View(ViewRead {
                view: number.parse().ok()?,
                key: args.first().map(|_| given(0)),
                row: *row,
            }),
            other => unreachable!("{other:?} is no list of rows"),
        },
        ("blobs", "keep") => HostCall::KeepBlob,
        ("blobs", "read") => HostCall::ReadBlob,
        ("blobs", "lines") => HostCall::BlobLines,
        ("scratch", "parts") => HostCall::ScratchParts(given(0)),
        ("scratch", "part") => HostCall::ScratchPart(given(0), result()),
        ("scratch", "whole") => HostCall::ScratchWhole(given(0), result()),
        ("scratch", "lost") => HostCall::ScratchLost(given(0)),
        _ => unreachable!("the library has no {name}"),
    })
}

/// All of a module, each once, in an order that follows from what they are.
pub fn all(module: &Module) -> Vec<HostCall> {
    let mut found = BTreeSet::new();
    for func in &module.funcs {
        let insts = func.blocks.iter().flat_map(|block| &block.insts);
        found.extend(insts.filter_map(|inst| of(func, inst)));
    }
    found.into_iter().collect()
}

/// The views that each function reads, itself or through what it calls, by their numbers.
pub fn views_read(module: &Module) -> Vec<BTreeSet<u32>> {
    let mut read: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); module.funcs.len()];
    for group in callees_first(module) {
        let mut all = BTreeSet::new();
        for id in &group {
            let func = module.func(*id);
            let insts = func.blocks.iter().flat_map(|block| &block.insts);
            all.extend(insts.filter_map(|inst| match of(func, inst) {
                Some(HostCall::View(read)) => Some(read.view),
                _ => None,
            }));
            calls(func).for_each(|callee| all.extend(&read[callee.0 as usize]));
        }
        for id in group {
            read[id.0 as usize].clone_from(&all);
        }
    }
    read
}

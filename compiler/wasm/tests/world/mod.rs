//! IR text in, answers as text out: compiles a module, loads it through the engine's gate and runs its entries
//! against the machine's state.

#![allow(dead_code)]

pub mod live;
mod manifest;
pub mod parts;

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_contract::border::{StepInput, encode_caller};
use weir_contract::encode::{Reader, encode_into};
use weir_contract::keys::encode_keys;
use weir_contract::{DefKind, Type, Value, library};
use weir_engine::{Limits, Program, Runner, StepOutcome};
use weir_flow::{ir, text, verify};
use weir_machine::{Kind, Merging, State, TableKind, Transaction};

pub struct World {
    pub module: ir::Module,
    pub runner: Runner,
    state: Option<State>,
    pub caller: String,
    pub roles: BTreeSet<String>,
}

pub fn world(source: &str) -> World {
    world_with(source, Limits::default())
}

pub fn world_with(source: &str, limits: Limits) -> World {
    world_of(text::parse(source).unwrap(), limits)
}

pub fn world_of(module: ir::Module, limits: Limits) -> World {
    let problems = verify::verify(&module);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let wasm = weir_wasm::compile(&module);
    let program = Program::load_with(&wasm, limits).unwrap();
    let state = empty(&module);
    World {
        runner: Runner::new(&program).unwrap(),
        state: Some(state),
        module,
        caller: "ann".into(),
        roles: BTreeSet::new(),
    }
}

fn merging(module: &ir::Module, entity: &ir::Entity) -> Vec<Option<Arc<Merging>>> {
    let defs = Arc::new(module.defs.clone());
    let merging = |slot: &ir::Slot| {
        let lattice = slot.merge.clone()?;
        Some(Arc::new(Merging {
            lattice,
            ty: slot.kind.value_type(),
            defs: defs.clone(),
        }))
    };
    entity.slots.iter().map(merging).collect()
}

fn empty(module: &ir::Module) -> State {
    let walked = module.walked();
    let kinds = module.entities.iter().zip(0..).map(|(entity, number)| {
        let kind = |slot: &ir::Slot| match slot.kind {
            _ if slot.merge.is_some() => Kind::Merged,
            ir::SlotKind::Scalar(_) => Kind::Scalar,
            ir::SlotKind::List(_) => Kind::List,
            ir::SlotKind::Map(..) | ir::SlotKind::Set(_) => Kind::Map,
        };
        TableKind {
            slots: entity.slots.iter().map(kind).collect(),
            merging: merging(module, entity),
            walked: walked.contains(&ir::EntityId(number)),
        }
    });
    State::new(kinds)
}

impl World {
    /// Forgets all state.
    pub fn clear(&mut self) {
        self.state = Some(empty(&self.module));
    }

    fn number(&self, name: &str) -> usize {
        let found = self.module.entries.iter().position(|e| e.name == name);
        found.unwrap()
    }

    /// Key encoding of the keys of an entry's instance.
    pub fn key(&self, name: &str, key: &[Value]) -> Vec<u8> {
        let defs = &self.module.defs;
        let Some(entity) = self.module.entries[self.number(name)].entity else {
            return Vec::new();
        };
        match &defs.get(self.module.entity(entity).def).kind {
            DefKind::Entity { keys } => encode_keys(defs, keys, key),
            _ => panic!("not an entity"),
        }
    }

    /// The arguments of an entry in bytes.
    pub fn encode(&self, name: &str, args: &[Value]) -> Vec<u8> {
        let defs = &self.module.defs;
        let entry = &self.module.entries[self.number(name)];
        let mut encoded = Vec::new();
        for (param, arg) in entry.params.iter().zip(args) {
            let ty = if param.defaulted {
                Type::Option(Box::new(param.ty.clone()))
            } else {
                param.ty.clone()
            };
            encode_into(defs, &ty, arg, &mut encoded);
        }
        encoded
    }

    /// Runs an entry.
    pub fn call(&mut self, name: &str, key: &[Value], args: &[Value]) -> String {
        let args = self.encode(name, args);
        self.call_with(name, key, &args)
    }

    /// The same with arguments in bytes. A bug's writes are dropped, all others kept.
    pub fn call_with(&mut self, name: &str, key: &[Value], args: &[u8]) -> String {
        let number = self.number(name);
        let entry = self.module.entries[number].clone();
        let defs = &self.module.defs;
        let key = self.key(name, key);
        let caller = encode_caller(&self.caller, self.roles.iter().map(String::as_str));
        let input = StepInput {
            time_us: 1_000_000,
            key: &key,
            caller: &caller,
            inside: false,
            args,
        };
        let on = Transaction::begin(self.state.take().unwrap());
        let (on, outcome) = self.runner.run_step(number as u32, input, on);
        self.state = Some(match &outcome {
            StepOutcome::Bug(_) => on.abort(),
            _ => on.commit().0,
        });
        let ret = self.module.func(entry.func).ret.clone();
        match outcome {
            StepOutcome::Ok(bytes) => {
                let ty = match ret {
                    Type::Result(ok, _) => *ok,
                    ty => ty,
                };
                let mut reader = Reader::new(&bytes);
                let value = reader.value(defs, &ty).unwrap();
                reader.finish().unwrap();
                library::show(defs, &ty, &value)
            }
            StepOutcome::Failed(bytes) => {
                let mut reader = Reader::new(&bytes);
                let id = weir_contract::DefId(reader.varint().unwrap() as u32);
                let ty = Type::Named(id);
                let value = reader.value(defs, &ty).unwrap();
                reader.finish().unwrap();
                format!("fails {}", library::show(defs, &ty, &value))
            }
            StepOutcome::Denied => "denied".into(),
            StepOutcome::Bug(crash) => {
                let detail = if crash.detail.is_empty() {
                    String::new()
                } else {
                    format!(": {}", crash.detail)
                };
                format!("bug {} !{}{detail}", crash.reason.name(), crash.site)
            }
        }
    }

    /// A top-level function of integers.
    pub fn ints(&mut self, name: &str, args: &[i64]) -> String {
        let args: Vec<Value> = args.iter().map(|n| Value::Int(*n)).collect();
        self.call(name, &[], &args)
    }
}

pub fn text(s: &str) -> Value {
    Value::Text(s.to_owned())
}

/// What hex digits stand for.
pub fn bytes(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let digits = hex.trim_matches('-').as_bytes();
    digits.chunks(2).map(byte).collect()
}

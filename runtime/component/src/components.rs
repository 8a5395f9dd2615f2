//! The components of a program: loaded, held against what the program declares, and called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use weir_contract::call::{Reply, decode_args};
use weir_contract::manifest::{Extern, Promise};
use weir_contract::pure::{Pure, Stopped};
use weir_contract::{CrashReason, Manifest, Type, Value, encode, limits};

use crate::find::{Export, exports, imports};
use crate::fit::signature;
use crate::lift::reply;
use crate::lower::lower;
use crate::problem::{LoadError, Problem, What};
use crate::room::{Limits, Room, Rooms};
use crate::shape::Signature;
use weir_contract::names::same;

/// The files of components, by the name of the `extern` block.
pub type Files = BTreeMap<String, Vec<u8>>;

/// All components of one program.
pub struct Components {
    manifest: Arc<Manifest>,
    /// Nothing when there are no components: then no clock runs.
    rooms: Option<Rooms>,
    blocks: BTreeMap<String, Block>,
    /// By number of the manifest's extern functions: those of a component that is here.
    functions: Vec<Option<Bound>>,
}

/// The component behind an `extern` block.
struct Block {
    pre: InstancePre<Room>,
    exports: Vec<Export>,
}

/// A function that fits.
struct Bound {
    export: ComponentExportIndex,
    signature: Signature,
}

impl Components {
    /// Loads what `files` has. Everything that is wrong is told at once; blocks without a file are left out.
    pub fn load(manifest: Arc<Manifest>, files: &Files) -> Result<Components, LoadError> {
        let mut components = Components {
            rooms: None,
            blocks: BTreeMap::new(),
            functions: Vec::new(),
            manifest,
        };
        let mut problems = Vec::new();
        for module in modules(&components.manifest) {
            let Some(bytes) = files.get(&module) else {
                continue;
            };
            if let Err(problem) = components.open(&module, bytes) {
                problems.push(Problem::of(&module, problem));
            }
        }
        for function in &components.manifest.clone().externs {
            let bound = match components.bind(&components.manifest, function) {
                Ok(bound) => bound,
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            };
            components.functions.push(bound);
        }
        match problems.is_empty() {
            true => Ok(components),
            false => Err(LoadError(problems)),
        }
    }

    /// Whether the component of a block is here.
    pub fn has(&self, module: &str) -> bool {
        self.blocks.contains_key(module)
    }

    /// Names of the blocks whose component is not here although a step calls it.
    pub fn missing(&self) -> Vec<String> {
        let pure = self.manifest.externs.iter();
        let pure = pure.filter(|e| e.promise == Promise::Pure);
        let missing = pure.filter(|e| !self.blocks.contains_key(&e.module));
        let names: BTreeSet<&String> = missing.map(|e| &e.module).collect();
        names.into_iter().cloned().collect()
    }

    fn open(&mut self, module: &str, bytes: &[u8]) -> Result<(), What> {
        if bytes.len() > limits::COMPONENT_BYTES_MAX {
            return Err(What::TooLarge(bytes.len()));
        }
        if let Some([0x01, 0x00, 0x00, 0x00]) = bytes.get(4..8) {
            return Err(What::CoreModule);
        }
        let broken = |error: wasmtime::Error| What::Broken(format!("{error:#}"));
        if self.rooms.is_none() {
            self.rooms = Some(Rooms::new().map_err(broken)?);
        }
        let engine = self.rooms.as_ref().expect("just made").engine();
        let component = Component::new(engine, bytes).map_err(broken)?;
        let wanted = imports(engine, &component);
        if !wanted.is_empty() {
            return Err(What::Imports(wanted));
        }
        let pre = Linker::new(engine)
            .instantiate_pre(&component)
            .map_err(broken)?;
        let exports = exports(engine, &component);
        self.blocks
            .insert(module.to_owned(), Block { pre, exports });
        Ok(())
    }

    /// The component's function for one of `manifest`; nothing when it is no component's, or that is not here.
    fn bind(&self, manifest: &Manifest, function: &Extern) -> Result<Option<Bound>, Problem> {
        let Some(package) = function.source.strip_prefix("wit:") else {
            return Ok(None);
        };
        let Some(block) = self.blocks.get(&function.module) else {
            return Ok(None);
        };
        let named = block
            .exports
            .iter()
            .filter(|e| same(&function.name, &e.name));
        let found: Vec<&Export> = named.filter(|e| e.is_of(package)).collect();
        let export = match found.as_slice() {
            [export] => *export,
            [] => return Err(Problem::no_function(function, &block.exports)),
            several => return Err(Problem::several(function, several)),
        };
        let signature = signature(
            &manifest.defs,
            manifest.failures.as_ref(),
            function,
            &export.ty,
        )
        .map_err(|misfit| Problem::misfit(&manifest.defs, function, export, misfit))?;
        Ok(Some(Bound {
            export: export.index,
            signature,
        }))
    }

    /// Calls a function that is not pure, outside of any step, for `time` at most. `manifest` is that of the program which asks,
    /// and may be one before this. Gives what it answered, or why it did not; the reason is for people.
    pub fn ask(
        &self,
        manifest: &Manifest,
        function: &Extern,
        args: &[u8],
        time: Duration,
    ) -> Result<Reply, String> {
        let bound = self.bind(manifest, function).map_err(|p| p.to_string())?;
        let bound = bound.ok_or("no component is configured for it")?;
        let limits = Limits::outside(time);
        self.run(manifest, function, &bound, args, limits)
            .map_err(|stopped| format!("{}: {}", stopped.reason.text(), stopped.detail))
    }

    fn run(
        &self,
        manifest: &Manifest,
        function: &Extern,
        bound: &Bound,
        args: &[u8],
        limits: Limits,
    ) -> Result<Reply, Stopped> {
        let stopped = |reason, said: String| Stopped {
            reason,
            detail: format!(
                "{}.{} ({}): {said}",
                function.module, function.name, function.source
            ),
        };
        let values = decode_args(&manifest.defs, &function.params, args)
            .map_err(|e| stopped(CrashReason::Unreachable, e.to_string()))?;
        let mut vals = Vec::new();
        for ((name, shape), value) in bound
            .signature
            .params
            .iter()
            .zip(values.into_iter().flatten())
        {
            let val = lower(shape, &value);
            vals.push(
                val.map_err(|said| stopped(CrashReason::BadArgument, format!("`{name}`: {said}")))?,
            );
        }
        let (Some(rooms), Some(block)) = (&self.rooms, self.blocks.get(&function.module)) else {
            unreachable!("a function is bound to a component that is here")
        };
        let result = rooms.call(&block.pre, &bound.export, &vals, limits);
        let val = result.map_err(|(reason, said)| stopped(reason, said))?;
        Ok(reply(&bound.signature.gives, val))
    }
}

impl Pure for Components {
    fn call(&self, number: u32, args: &[u8]) -> Result<Vec<u8>, Stopped> {
        let manifest = &self.manifest;
        let function = manifest.externs.get(number as usize);
        // A module that our compiler did not write could ask for any number.
        let Some(function) = function.filter(|f| f.promise == Promise::Pure) else {
            return Err(Stopped {
                reason: CrashReason::Unreachable,
                detail: format!("extern {number} is not pure"),
            });
        };
        let Some(bound) = &self.functions[number as usize] else {
            return Err(Stopped {
                reason: CrashReason::ComponentFailed,
                detail: format!(
                    "{}.{}: its component is not here",
                    function.module, function.name
                ),
            });
        };
        let reply = self.run(manifest, function, bound, args, Limits::of_step(manifest))?;
        let (ty, value) = match (function.fails.is_empty(), reply) {
            (true, Reply::Ok(value)) => (function.returns.clone(), value),
            (_, reply) => {
                let ok = Box::new(function.returns.clone());
                let value = match reply {
                    Reply::Ok(value) => Value::Ok(Box::new(value)),
                    Reply::Failed(id, fields) => Value::Err(id, fields),
                    Reply::Denied => unreachable!("a component has no callers to deny"),
                };
                (Type::Result(ok, function.fails.clone()), value)
            }
        };
        Ok(encode(&manifest.defs, &ty, &value))
    }
}

/// The `extern` blocks of components.
fn modules(manifest: &Manifest) -> BTreeSet<String> {
    let externs = manifest.externs.iter().filter(|e| e.is_component());
    externs.map(|e| e.module.clone()).collect()
}

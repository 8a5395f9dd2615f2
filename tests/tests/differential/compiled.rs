//! What a call does when compiled: Wasm in the engine, on state in memory.

use std::sync::Arc;
use std::time::Duration;

use weir_contract::border::{StepInput, encode_caller};
use weir_contract::encode::{Reader, encode_into};
use weir_contract::host_call::Given;
use weir_contract::keys::encode_key_into;
use weir_contract::{DefId, DefKind, Manifest, Type};
use weir_diagnostics::FileId;
use weir_engine::{Limits, Program, Runner, StepOutcome};
use weir_flow::ir::{self, Access};
use weir_machine::asking::Surroundings;
use weir_machine::{Kind, Merging, State, TableKind, Transaction};
use weir_tests::generate::Call;
use weir_tests::generate::blob::given;

use crate::Seen;
use crate::front::Front;

/// The manifest of no program.
const NOTHING: &str = r#"{ "version": 3, "program": "nothing", "module_sha256": "", "defs": [], "entities": [],
    "functions": [], "tests": [], "sites": [], "sources": [] }"#;

pub struct Compiled<'f> {
    front: &'f Front,
    module: ir::Module,
    program: Program,
    /// What of its manifest a step asks for: the host calls and their types.
    manifest: Arc<Manifest>,
}

pub struct Running<'c> {
    compiled: &'c Compiled<'c>,
    runner: Runner,
    state: State,
    settings: Arc<Given>,
}

impl<'f> Compiled<'f> {
    /// # Panics
    /// When a stage behind the gate finds something wrong with what the one before it made.
    pub fn new(front: &'f Front) -> Self {
        let files = front
            .sources
            .files()
            .map(|(_, file)| file.name.to_string())
            .collect();
        let module = weir_flow::lower::lower(&front.checked, files);
        weir_flow::verify::assert_sound(&module);
        let wasm = weir_wasm::compile(&module);
        // Time is not what is compared.
        let limits = Limits {
            step: Duration::from_secs(60),
            ..Limits::default()
        };
        let program =
            Program::load_with(&wasm, limits).unwrap_or_else(|wrong| panic!("loading: {wrong}"));
        let mut manifest =
            Manifest::from_json(NOTHING.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        manifest.defs = module.defs.clone();
        manifest.host_calls = weir_flow::host_calls::all(&module);
        Compiled {
            front,
            module,
            program,
            manifest: Arc::new(manifest),
        }
    }

    pub fn start(&self) -> Running<'_> {
        let kind = |slot: &ir::Slot| match slot.kind {
            _ if slot.merge.is_some() => Kind::Merged,
            ir::SlotKind::Scalar(_) => Kind::Scalar,
            ir::SlotKind::List(_) => Kind::List,
            ir::SlotKind::Map(..) | ir::SlotKind::Set(_) => Kind::Map,
        };
        let defs = Arc::new(self.module.defs.clone());
        let merging = |slot: &ir::Slot| {
            Some(Arc::new(Merging {
                lattice: slot.merge.clone()?,
                ty: slot.kind.value_type(),
                defs: defs.clone(),
            }))
        };
        let walked = self.module.walked();
        let entities = self.module.entities.iter().zip(0..);
        let kinds = entities.map(|(entity, number)| TableKind {
            slots: entity.slots.iter().map(kind).collect(),
            merging: entity.slots.iter().map(merging).collect(),
            walked: walked.contains(&ir::EntityId(number)),
        });
        Running {
            compiled: self,
            runner: Runner::new(&self.program).unwrap_or_else(|wrong| panic!("starting: {wrong}")),
            state: State::new(kinds),
            settings: Arc::new(given()),
        }
    }
}

impl Running<'_> {
    pub fn call(&mut self, call: &Call) -> Seen {
        let module = &self.compiled.module;
        let entity = call.instance.as_ref().map(|(name, _)| name);
        let found = module.entries.iter().position(|entry| {
            let of = entry.entity.map(|e| &module.entity(e).name);
            matches!(entry.kind, ir::EntryKind::Function | ir::EntryKind::Handler)
                && entry.name == call.function
                && of == entity
        });
        let Some(number) = found else {
            return Seen::Gone;
        };
        let entry = &module.entries[number];
        // Who may call at all is the node's business; here it is this.
        let signed_in = !call.caller.is_empty();
        let may = match &entry.access {
            Access::Anyone => true,
            Access::SignedIn => signed_in,
            Access::Roles(roles) => signed_in && roles.iter().any(|role| call.roles.contains(role)),
        };
        if !may {
            return Seen::Denied;
        }
        let mut key = Vec::new();
        if let (Some((_, keys)), Some(entity)) = (&call.instance, entry.entity) {
            let DefKind::Entity { keys: fields } = &module.defs.get(module.entity(entity).def).kind
            else {
                panic!("an entity's definition is one");
            };
            for (field, value) in fields.iter().zip(keys) {
                encode_key_into(&module.defs, &field.ty, value, &mut key);
            }
        }
        let mut args = Vec::new();
        for (param, arg) in entry.params.iter().zip(&call.args) {
            if param.defaulted {
                args.push(arg.is_some() as u8);
            }
            if let Some(value) = arg {
                encode_into(&module.defs, &param.ty, value, &mut args);
            }
        }
        let caller = encode_caller(&call.caller, call.roles.iter().map(String::as_str));
        let input = StepInput {
            time_us: call.time,
            key: &key,
            caller: &caller,
            inside: false,
            args: &args,
        };
        let around = Surroundings {
            program: Some(self.compiled.manifest.clone()),
            settings: self.settings.clone(),
            ..Surroundings::default()
        };
        let on = Transaction::begin_in(std::mem::take(&mut self.state), around);
        let (on, outcome) = self.runner.run_step(number as u32, input, on);
        let ret = &module.func(entry.func).ret;
        let (seen, keep) = match outcome {
            StepOutcome::Ok(bytes) => {
                let ok = if let Type::Result(ok, _) = ret {
                    ok
                } else {
                    ret
                };
                let value = weir_contract::decode(&module.defs, ok, &bytes);
                (
                    Seen::Ok(value.unwrap_or_else(|e| panic!("reply: {e}"))),
                    true,
                )
            }
            StepOutcome::Failed(bytes) => (self.failed(&bytes), true),
            StepOutcome::Denied => (Seen::Denied, false),
            StepOutcome::Bug(crash) => {
                let site = module.site(ir::SiteId(crash.site));
                let place = self.compiled.front.place(FileId(site.file), site.start);
                (Seen::Bug(crash.reason, place), false)
            }
        };
        self.state = if keep { on.commit().0 } else { on.abort() };
        seen
    }

    fn failed(&self, bytes: &[u8]) -> Seen {
        let defs = &self.compiled.module.defs;
        let mut reader = Reader::new(bytes);
        let number = reader.varint().unwrap_or_else(|e| panic!("failure: {e}"));
        let def = defs.get(DefId(number as u32));
        let DefKind::Error { fields, .. } = &def.kind else {
            panic!("{} is no error", def.name)
        };
        let fields = reader
            .fields(defs, fields)
            .unwrap_or_else(|e| panic!("failure: {e}"));
        Seen::Failed(def.name.clone(), fields)
    }
}

//! A program as a node runs it: its manifest and whatever runs its steps.

use std::sync::Arc;

use weir_component::Components;
use weir_contract::Manifest;
use weir_contract::blobs::Blobs;
use weir_contract::call::encode_args;
use weir_contract::host_call::Given;
use weir_contract::keys::encode_keys;
use weir_contract::manifest::{Access, FunctionKind};
use weir_contract::{Value, limits};
use weir_machine::{Call, Steps};

use crate::outside::caller::Callers;
use crate::outside::{Nobody, Outside};

/// What a node is started with, and what a reload brings.
pub struct Program {
    pub manifest: Arc<Manifest>,
    /// The engine with the module loaded; in tests a function.
    pub steps: Box<dyn Steps + Send>,
    /// What answers the extern functions that are not services.
    pub components: Option<Arc<Components>>,
    /// Settings and secrets that its steps may ask for.
    pub settings: Arc<Given>,
    /// Whoever calls extern functions.
    pub outside: Arc<dyn Outside>,
}

impl Program {
    /// Nobody is outside, until [`Program::with_outside`] says who.
    pub fn new(manifest: Manifest, steps: Box<dyn Steps + Send>) -> Program {
        Program {
            manifest: Arc::new(manifest),
            steps,
            components: None,
            settings: Arc::default(),
            outside: Arc::new(Nobody),
        }
    }

    /// With the components whose functions are called outside of steps. Those that are pure, `steps` must know.
    pub fn with_components(self, components: Arc<Components>) -> Program {
        Program {
            components: Some(components),
            ..self
        }
    }

    /// With its settings and secrets, of which it has none otherwise.
    pub fn with_settings(self, settings: Given) -> Program {
        Program {
            settings: Arc::new(settings),
            ..self
        }
    }

    /// Its blobs are where the node has them.
    pub(crate) fn with_blobs(self, blobs: &Blobs) -> Program {
        let settings = Given::clone(&self.settings).with_blobs(blobs.clone());
        self.with_settings(settings)
    }

    /// Called as a node calls.
    pub(crate) fn with_callers(self, callers: &Callers) -> Program {
        let callers = match &self.components {
            Some(components) => callers.with_components(components.clone()),
            None => callers.clone(),
        };
        self.with_outside(Arc::new(callers))
    }

    pub fn with_outside(self, outside: Arc<dyn Outside>) -> Program {
        Program { outside, ..self }
    }

    /// A compiled program: the module passes the engine's gate and is made ready to run.
    pub fn load(manifest: Manifest, wasm: &[u8]) -> Result<Program, weir_engine::LoadError> {
        let limits = weir_engine::Limits::of(&manifest);
        let module = weir_engine::Program::load_with(wasm, limits)?;
        let runner = weir_engine::Runner::new(&module)?;
        Ok(Program::new(manifest, Box::new(runner)))
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Empty for nobody.
    pub id: String,
    /// Sorted, each once.
    pub roles: Vec<String>,
}

impl Caller {
    pub fn new<'r>(id: &str, roles: impl IntoIterator<Item = &'r str>) -> Caller {
        let roles: std::collections::BTreeSet<&str> = roles.into_iter().collect();
        Caller {
            id: id.to_owned(),
            roles: roles.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Who a request is from that does not say so while developing: `dev`, with every role the program names.
    pub fn developer(manifest: &Manifest) -> Caller {
        let in_rules = manifest.functions.iter().flat_map(|f| match &f.access {
            Access::Roles(roles) => roles.as_slice(),
            _ => &[],
        });
        Caller::new(
            "dev",
            manifest.roles.iter().chain(in_rules).map(String::as_str),
        )
    }
}

/// A call by names and values, for use without HTTP.
#[derive(Clone, Debug)]
pub struct NamedCall {
    pub entity: Option<String>,
    pub function: String,
    pub kind: FunctionKind,
    /// The key fields of the instance.
    pub keys: Vec<Value>,
    /// One for each parameter, `None` to leave out one with a default.
    pub args: Vec<Option<Value>>,
    pub caller: Caller,
    pub idempotency: Option<String>,
}

impl NamedCall {
    /// The call as the machine takes it; `None` when the program has no such function or the key is too long.
    pub fn resolve(&self, manifest: &Manifest) -> Option<Call> {
        let entity = match &self.entity {
            Some(name) => Some(manifest.entity(name)?),
            None => None,
        };
        let id = entity.map(|(id, _)| id);
        let function = manifest
            .functions
            .iter()
            .position(|f| f.entity == id && f.kind == self.kind && f.name == self.function)?;
        let keys = match entity {
            Some((_, entity)) => encode_keys(&manifest.defs, &entity.keys, &self.keys),
            None => Vec::new(),
        };
        if keys.len() > limits::KEY_MAX {
            return None;
        }
        let params = &manifest.functions[function].params;
        Some(Call {
            function: function as u32,
            caller: self.caller.id.clone(),
            roles: self.caller.roles.clone(),
            keys,
            args: encode_args(&manifest.defs, params, &self.args),
            idempotency: self.idempotency.clone(),
            if_match: None,
        })
    }
}

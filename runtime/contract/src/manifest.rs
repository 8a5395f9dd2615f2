//! The manifest: all a runtime must know of a program besides its Wasm module, without knowing the language.
//!
//! The compiler writes it beside the module; reading goes through [`Manifest::from_json`], which refuses a
//! manifest that contradicts itself, so that nothing after it needs to check an id again.
//! `CONTRACT.md` describes the file and `manifest.schema.json` is its JSON schema.

use serde::{Deserialize, Serialize};

use crate::host_call::HostCall;
use crate::lattice::{self, Lattice};
use crate::plan::Plan;
use crate::receipt::Receipt;
pub use crate::route::{Method, Route, RoutePart, parts};
use crate::scratch::{Scratch, ScratchCode, may_be_made_from};
use crate::settings::{Limits, Retention};
use crate::slots::{Slot, flatten_all};
use crate::stream::Stream;
use crate::types::{DefId, DefKind, Defs, Field, Type};
use crate::view::View;

/// The version this crate writes. It also reads versions 1, which has no workflows, 2, 3, which sets no limits, 4, which has no
/// dates and no money and walks over no entity, 5, in which nothing begins by itself, no host call is made and sites do not
/// say in which function they are, and 6, which has no streams, views, blobs or state that merges.
pub const MANIFEST_VERSION: u32 = 7;
/// Modules of manifests from this version on know of [`crate::border::INPUT_INSIDE`].
pub const INSIDE_SINCE: u32 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub version: u32,
    /// Name of the program.
    pub program: String,
    /// The version its project gives it, for people: `1.4.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_version: Option<String>,
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
    #[serde(default, skip_serializing_if = "Retention::is_default")]
    pub retention: Retention,
    /// SHA-256 of the Wasm module this belongs to, 64 lower-case hex digits.
    pub module_sha256: String,
    /// The named types; [`DefId`]s are positions in it.
    pub defs: Defs,
    /// Position = the entity number of `open`.
    pub entities: Vec<Entity>,
    pub functions: Vec<Function>,
    /// How runs go on after a wait, and what they do later; in the order of their entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// The functions of the outside world; position = number of [`crate::border::SUSPEND_EXTERN`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub externs: Vec<Extern>,
    /// The components of `extern .. from "wit:.."` whose files were known when the program was built; they lie beside the
    /// module.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// What steps have the host do by the types of the program; position = number of the host call `host`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_calls: Vec<HostCall>,
    /// Temporary data: what it is made from, and the code that makes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scratches: Vec<Scratch>,
    /// The errors a runtime may answer with. There when the program waits anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Failures>,
    /// Every role the program names (in `@role`, and as text that is looked for in `caller.roles`), sorted. While
    /// developing, a caller who says nothing has them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Queries kept up to date, each behind those it is made of; position = the number of the host call that reads one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    pub tests: Vec<Test>,
    /// Places in the source that a crash may name; position = site number.
    pub sites: Vec<Site>,
    pub sources: Vec<Source>,
    /// Position = the stream number of `emit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Stream>,
}

/// Position in [`Manifest::entities`].
pub type EntityId = u32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    pub name: String,
    pub keys: Vec<Field>,
    /// The state fields in source order.
    pub fields: Vec<StateField>,
    /// The fields flattened by [`crate::slots::flatten_all`]; position = the slot number of the host calls.
    pub slots: Vec<Slot>,
    /// Entry that answers whether the caller may use this instance; without one any signed-in caller may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<u32>,
    /// The program asks which instances there are: the runtime keeps their keys in order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub walked: bool,
    /// What a workflow has besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Workflow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Position of its `run` in [`Manifest::functions`].
    pub run: u32,
    /// Position = event number.
    pub events: Vec<Event>,
    /// It begins by itself when the program comes into force, with an empty text as its key, and ends without a word when it is
    /// not in the next one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begins: bool,
    /// The enum a wait gives: a variant for each event, with its parameters, and a last one for the deadline.
    pub event_enum: DefId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub name: String,
    /// None has a default.
    pub params: Vec<Param>,
    /// May be sent from outside.
    pub public: bool,
    pub access: Access,
    /// Entry that answers whether the caller may, when `access` is `Allow`: a function without result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A place where a run goes on, or a piece of code that it leaves for later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// `Checkout.run/payments.charge#1`: unique, and the same as long as the code around it is.
    pub label: String,
    /// First argument of `weir_step`.
    pub entry: u32,
    pub role: FrameRole,
    /// Set when the entry wants the key of the run's instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// What a `resume` frame is given when it goes on, before its cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Type>,
    /// What is kept meanwhile.
    pub cells: Vec<Field>,
    /// What the frame's function gives when it ends, to the frame around it; and its errors.
    pub returns: Type,
    pub fails: Vec<DefId>,
    /// What it waits for, for people: `sleep`, `wait for approved, rejected`, `payments.charge`.
    pub waits_for: String,
    pub site: u32,
    /// The views that its code may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<u32>,
    /// As of a function.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameRole {
    /// Code behind a wait.
    Resume,
    /// A compensation.
    Undo,
    /// A branch of `parallel`.
    Branch,
    /// The answer of a mock; the arguments of the extern function follow the cells.
    Mock,
}

/// A function of the outside world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extern {
    /// `payments`
    pub module: String,
    pub name: String,
    /// `http:payments`, `wit:acme/image@0.3`
    pub source: String,
    /// None has a default: the caller fills them in.
    pub params: Vec<Param>,
    pub returns: Type,
    /// With `Unavailable` and `Unknown` where they can come.
    pub fails: Vec<DefId>,
    pub promise: Promise,
    /// Attempts after the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Microseconds for each attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_us: Option<i64>,
}

/// The component behind an `extern` block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Name of the block.
    pub module: String,
    /// SHA-256 of the file, 64 lower-case hex digits.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    pub attempts: u32,
    pub pause_us: i64,
}

/// What an outside function promises about being called twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// Runs inside the step.
    Pure,
    /// Changes nothing.
    Read,
    /// With the same key it does nothing new.
    Idempotent,
    /// Never called again: after a crash the answer is `Unknown`.
    Once,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    pub cancelled: DefId,
    pub timed_out: DefId,
    pub unavailable: DefId,
    pub unknown: DefId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateField {
    pub name: String,
    pub ty: Type,
    /// `pub state`: may be read from outside.
    pub public: bool,
    /// Of a `merge` field: how it merges. Its type is that of what readers see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Lattice>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    pub name: String,
    pub kind: FunctionKind,
    /// The entity of a handler, field or whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// First argument of `weir_step`.
    pub entry: u32,
    /// Callable from outside.
    pub public: bool,
    pub params: Vec<Param>,
    /// What a call that succeeds gives; never a `Result`.
    pub returns: Type,
    /// The errors a call may fail with.
    pub fails: Vec<DefId>,
    pub effect: Effect,
    pub access: Access,
    /// Where it is over HTTP, instead of where its name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    pub plan: Plan,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The views that it may read, itself or through what it calls: they are brought up to date before it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<u32>,
    /// The streams that its step, or a later one of it, may put entries into; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<u32>,
    /// What a call costs at most. For people and tools that review changes; a runtime need not obey it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionKind {
    /// A top-level function.
    Function,
    /// A function of an entity; its key comes with the call.
    Handler,
    /// The `run` of a workflow; its key comes with the call.
    Run,
    /// Reads one state field, with its initial value filled in; has the field's name. Every field may have one, so
    /// that administration can show state; `public` says whether callers may use it.
    Field,
    /// Reads all `pub state` fields of an instance as one tuple with names; its own name is empty.
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Touches no state.
    Pure,
    /// Reads state; needs no record and may be a `GET`.
    Read,
    /// May write state.
    Write,
    /// May go on in later steps.
    Wait,
}

/// Who may call a public function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Anyone,
    /// Callers with at least one of the roles.
    Roles(Vec<String>),
    /// Callers that the `allow` of the entity accepts; the step itself checks it and answers "denied".
    Allow,
    SignedIn,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    pub name: String,
    pub ty: Type,
    /// May be left out; then the step fills in the default. Such a parameter is encoded as an `Option`.
    pub has_default: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    pub name: String,
    /// Made up by the runner: a property test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    pub entry: u32,
    pub site: u32,
    /// The views that it may read before it first waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Position in [`Manifest::sources`].
    pub source: u32,
    /// From 1.
    pub line: u32,
    /// From 1, in Unicode scalar values.
    pub column: u32,
    /// The line as written, without its end.
    pub text: String,
    /// The function it is in, for people: `Account.transfer`, `invariant of Account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Relative to the program's folder, with `/`.
    pub path: String,
    /// 64 lower-case hex digits.
    pub sha256: String,
}

/// Why a file is not a manifest this runtime can obey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError(pub String);

impl std::fmt::Display for ManifestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "manifest: {}", self.0)
    }
}

impl std::error::Error for ManifestError {}

impl Function {
    /// Its only parameter that is a `Blob`: a body that is not JSON is its content.
    pub fn blob_param(&self, defs: &Defs) -> Option<&Param> {
        let is_blob = |param: &&Param| *defs.base(&param.ty) == Type::Blob;
        let mut all = self.params.iter().filter(is_blob);
        all.next().filter(|_| all.next().is_none())
    }
}

impl Manifest {
    /// Reads and checks a manifest.
    pub fn from_json(text: &[u8]) -> Result<Manifest, ManifestError> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = serde_json::from_slice(text).map_err(|e| ManifestError(e.to_string()))?;
        if !(1..=MANIFEST_VERSION).contains(&head.version) {
            return Err(ManifestError(format!(
                "is of version {}, this runtime reads versions 1 to {MANIFEST_VERSION}",
                head.version
            )));
        }
        let manifest: Manifest =
            serde_json::from_slice(text).map_err(|e| ManifestError(e.to_string()))?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The file's text: indented, ends with a newline, the same for the same manifest.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is plain data");
        text.push('\n');
        text
    }

    /// `bank.weir:12:5`, or a question mark for a site that is not known.
    pub fn place(&self, site: u32) -> String {
        match self.sites.get(site as usize) {
            Some(site) => format!(
                "{}:{}:{}",
                self.sources[site.source as usize].path, site.line, site.column
            ),
            None => "?".to_owned(),
        }
    }

    /// The function that a site is in: `Account.transfer`. Empty where that is not known.
    pub fn function_at(&self, site: u32) -> &str {
        let site = self.sites.get(site as usize);
        site.and_then(|site| site.function.as_deref())
            .unwrap_or_default()
    }

    pub fn entity(&self, name: &str) -> Option<(EntityId, &Entity)> {
        let index = self.entities.iter().position(|e| e.name == name)?;
        Some((index as EntityId, &self.entities[index]))
    }

    /// The function of an entity, or a top-level one.
    pub fn function(
        &self,
        entity: Option<EntityId>,
        kind: FunctionKind,
        name: &str,
    ) -> Option<&Function> {
        self.functions
            .iter()
            .find(|f| f.entity == entity && f.kind == kind && f.name == name)
    }

    /// No path is in here, so a name is all that says which file it is.
    fn check_components(&self) -> Result<(), ManifestError> {
        for (i, component) in self.components.iter().enumerate() {
            let what = format!("component {}", component.module);
            let mut externs = self.externs.iter().filter(|e| e.is_component());
            if !externs.any(|e| e.module == component.module) {
                return Err(ManifestError(format!("{what} is of no extern")));
            }
            // It is a part of a file's name.
            let plain = |c: char| c.is_alphanumeric() || c == '_';
            if !component.module.chars().all(plain) {
                return Err(ManifestError(format!("{what} has a name that is none")));
            }
            let mut before = self.components[..i].iter();
            if before.any(|c| c.module == component.module) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
        }
        Ok(())
    }

    fn check_host_calls(&self) -> Result<(), ManifestError> {
        let functions = self.functions.iter().map(|f| &f.views);
        let frames = self.frames.iter().map(|f| &f.views);
        let tests = self.tests.iter().map(|t| &t.views);
        let mut read = functions.chain(frames).chain(tests).flatten();
        if read.any(|view| *view as usize >= self.views.len()) {
            return Err(ManifestError("a view is read that is not there".to_owned()));
        }
        for call in &self.host_calls {
            for ty in call.types() {
                check_type(&self.defs, ty, "a host call")?;
            }
            if let HostCall::View(read) = call {
                let view = self.views.get(read.view as usize);
                let keys = view.and_then(|view| view.group.as_ref());
                let first = keys.and_then(|group| group.keys.first());
                let fits = view.is_some_and(|view| view.row == read.row)
                    && read.key.as_ref().is_none_or(|key| Some(key) == first);
                if !fits {
                    let what = "a read of a view that is not there, or is of other types";
                    return Err(ManifestError(what.to_owned()));
                }
            }
            if let HostCall::Log(_, ty) = call {
                let is_line = match ty {
                    Type::Unit => true,
                    Type::Tuple(fields) => fields.iter().all(|f| f.name.is_some()),
                    _ => false,
                };
                if !is_line {
                    return Err(ManifestError("a line of the log is none".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn check_scratches(&self) -> Result<(), ManifestError> {
        for (i, scratch) in self.scratches.iter().enumerate() {
            let what = format!("the temporary data {}", scratch.name);
            for ty in scratch.types() {
                check_type(&self.defs, ty, &what)?;
            }
            if !may_be_made_from(&scratch.made_from) {
                return Err(ManifestError(format!("{what} is made from what is none")));
            }
            let mut before = self.scratches[..i].iter();
            if before.any(|other| other.name == scratch.name) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
            if let ScratchCode::Tasks(tasks) = &scratch.code {
                let fields = match &scratch.made_from {
                    Type::Tuple(fields) => fields.as_slice(),
                    _ => &[],
                };
                let other = fields.get(1).is_some_and(|f| may_be_made_from(&f.ty));
                if tasks.source.is_none() && !other {
                    return Err(ManifestError(format!("{what} has no items")));
                }
                if tasks.key.is_some() && tasks.finish.is_none() {
                    return Err(ManifestError(format!("{what} has a key and no use for it")));
                }
            }
        }
        Ok(())
    }

    /// The temporary data of that name.
    pub fn scratch(&self, name: &str) -> Option<&Scratch> {
        self.scratches.iter().find(|scratch| scratch.name == name)
    }

    fn check_workflow(
        &self,
        entity: EntityId,
        workflow: &Workflow,
        what: &str,
    ) -> Result<(), ManifestError> {
        let run = self.functions.get(workflow.run as usize);
        if !run.is_some_and(|f| f.kind == FunctionKind::Run && f.entity == Some(entity)) {
            return Err(ManifestError(format!("{what} has no run")));
        }
        let keys = &self.entities[entity as usize].keys;
        if workflow.begins
            && !(matches!(keys[..], [Field { ty: Type::Text, .. }])
                && run.is_some_and(|run| run.params.is_empty()))
        {
            return Err(ManifestError(format!("{what} cannot begin by itself")));
        }
        let kind = self.defs.defs.get(workflow.event_enum.0 as usize);
        let fits = match kind.map(|def| &def.kind) {
            Some(DefKind::Enum { variants }) => {
                variants.len() == workflow.events.len() + 1
                    && workflow.events.iter().zip(variants).all(|(e, v)| {
                        e.params.len() == v.fields.len()
                            && e.params.iter().zip(&v.fields).all(|(p, f)| p.ty == f.ty)
                    })
            }
            _ => false,
        };
        if !fits {
            return Err(ManifestError(format!(
                "{what}: its events are not those of its enum"
            )));
        }
        Ok(())
    }

    /// Checks that every id points at something and that slots are those of the fields.
    pub fn validate(&self) -> Result<(), ManifestError> {
        if let Some(problem) = self.limits.problem().or(self.retention.problem()) {
            return Err(ManifestError(problem));
        }
        check_defs(&self.defs)?;
        for (i, entity) in self.entities.iter().enumerate() {
            let what = format!("entity {}", entity.name);
            if self.entities[..i].iter().any(|e| e.name == entity.name) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
            if entity.keys.is_empty() {
                return Err(ManifestError(format!("{what} has no key")));
            }
            for field in &entity.keys {
                check_type(&self.defs, &field.ty, &what)?;
            }
            for field in &entity.fields {
                check_type(&self.defs, &field.ty, &what)?;
                if let Some(lattice) = &field.merge {
                    lattice::check(
                        &self.defs,
                        lattice,
                        &field.ty,
                        &format!("{what}.{}", field.name),
                    )?;
                }
            }
            if let Some(workflow) = &entity.workflow {
                self.check_workflow(i as EntityId, workflow, &what)?;
            }
            if entity.slots != entity.slots_of_fields(&self.defs) {
                return Err(ManifestError(format!(
                    "the slots of {what} are not those of its fields"
                )));
            }
        }
        for function in &self.functions {
            let what = format!("function {}", function.name);
            match (function.kind, function.entity) {
                (FunctionKind::Function, None) => {}
                (
                    FunctionKind::Handler
                    | FunctionKind::Run
                    | FunctionKind::Field
                    | FunctionKind::Whole,
                    Some(entity),
                ) if (entity as usize) < self.entities.len() => {}
                _ => {
                    return Err(ManifestError(format!(
                        "{what} does not say which entity it is of"
                    )));
                }
            }
            for param in &function.params {
                check_type(&self.defs, &param.ty, &what)?;
            }
            check_type(&self.defs, &function.returns, &what)?;
            for error in &function.fails {
                check_error(&self.defs, *error, &what)?;
            }
        }
        for number in 0..self.views.len() {
            self.check_view(number)?;
        }
        let mut labels = std::collections::BTreeSet::new();
        for (i, frame) in self.frames.iter().enumerate() {
            let what = format!("frame {}", frame.label);
            // A runtime finds frames by their entries.
            if i > 0 && self.frames[i - 1].entry >= frame.entry {
                return Err(ManifestError(format!("{what} is out of order")));
            }
            if !labels.insert(&frame.label) {
                return Err(ManifestError(format!("{what} occurs twice")));
            }
            for ty in frame.result.iter().chain([&frame.returns]) {
                check_type(&self.defs, ty, &what)?;
            }
            for cell in &frame.cells {
                check_type(&self.defs, &cell.ty, &what)?;
            }
            for error in &frame.fails {
                check_error(&self.defs, *error, &what)?;
            }
            if frame
                .entity
                .is_some_and(|e| e as usize >= self.entities.len())
                || frame.site as usize >= self.sites.len() && !self.sites.is_empty()
            {
                return Err(ManifestError(format!("{what} names what is not there")));
            }
        }
        for function in &self.externs {
            let what = format!("extern {}.{}", function.module, function.name);
            for param in &function.params {
                check_type(&self.defs, &param.ty, &what)?;
            }
            check_type(&self.defs, &function.returns, &what)?;
            for error in &function.fails {
                check_error(&self.defs, *error, &what)?;
            }
            if function.promise == Promise::Pure && !function.is_component() {
                return Err(ManifestError(format!("{what} is pure, but no component")));
            }
        }
        self.check_components()?;
        self.check_host_calls()?;
        self.check_streams()?;
        self.check_scratches()?;
        if let Some(failures) = &self.failures {
            let Failures {
                cancelled,
                timed_out,
                unavailable,
                unknown,
            } = failures;
            for error in [cancelled, timed_out, unavailable, unknown] {
                check_error(&self.defs, *error, "the manifest")?;
            }
        } else if !self.frames.is_empty() || !self.externs.is_empty() {
            return Err(ManifestError(
                "the program waits, but has no failures".to_owned(),
            ));
        }
        for test in &self.tests {
            for param in &test.params {
                check_type(&self.defs, &param.ty, &test.name)?;
            }
            if test.site as usize >= self.sites.len() {
                return Err(ManifestError(format!(
                    "test \"{}\" names a site that is not there",
                    test.name
                )));
            }
        }
        for site in &self.sites {
            if site.source as usize >= self.sources.len() {
                return Err(ManifestError(
                    "a site names a source that is not there".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

impl Extern {
    /// Whether a component answers, rather than a service.
    pub fn is_component(&self) -> bool {
        self.source.starts_with("wit:")
    }
}

impl Entity {
    /// What its slots must be.
    pub fn slots_of_fields(&self, defs: &Defs) -> Vec<Slot> {
        let fields = self.state();
        let merges = self.fields.iter().map(|field| field.merge.as_ref());
        flatten_all(defs, fields.iter().zip(merges))
    }

    /// The state fields by name and type.
    pub fn state(&self) -> Vec<Field> {
        self.fields
            .iter()
            .map(|f| Field {
                name: f.name.clone(),
                ty: f.ty.clone(),
            })
            .collect()
    }
}

fn check_defs(defs: &Defs) -> Result<(), ManifestError> {
    for def in &defs.defs {
        let what = format!("type {}", def.name);
        let check_all = |fields: &[Field]| {
            fields
                .iter()
                .try_for_each(|f| check_type(defs, &f.ty, &what))
        };
        match &def.kind {
            DefKind::Record { fields }
            | DefKind::Error { fields, .. }
            | DefKind::Entity { keys: fields } => check_all(fields)?,
            DefKind::Enum { variants } => variants.iter().try_for_each(|v| check_all(&v.fields))?,
            DefKind::New { base } => check_type(defs, base, &what)?,
        }
    }
    // Directly nested in itself, a type would have no finite value and flattening it would not end.
    let mut finished = vec![false; defs.defs.len()];
    for index in 0..defs.defs.len() {
        check_finite(
            defs,
            &Type::Named(DefId(index as u32)),
            &mut Vec::new(),
            &mut finished,
        )?;
    }
    Ok(())
}

fn check_finite(
    defs: &Defs,
    ty: &Type,
    open: &mut Vec<DefId>,
    finished: &mut [bool],
) -> Result<(), ManifestError> {
    match ty {
        Type::Tuple(fields) => fields
            .iter()
            .try_for_each(|f| check_finite(defs, &f.ty, open, finished)),
        Type::Named(id) if !finished[id.0 as usize] => {
            let def = defs.get(*id);
            if open.contains(id) {
                return Err(ManifestError(format!("type {} contains itself", def.name)));
            }
            open.push(*id);
            match &def.kind {
                DefKind::New { base } => check_finite(defs, base, open, finished)?,
                DefKind::Record { fields }
                | DefKind::Error { fields, .. }
                | DefKind::Entity { keys: fields } => {
                    for field in fields {
                        check_finite(defs, &field.ty, open, finished)?;
                    }
                }
                DefKind::Enum { .. } => {}
            }
            open.pop();
            finished[id.0 as usize] = true;
            Ok(())
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_type(defs: &Defs, ty: &Type, what: &str) -> Result<(), ManifestError> {
    match ty {
        Type::List(t) | Type::Set(t) | Type::Option(t) => check_type(defs, t, what),
        Type::Map(k, v) => check_type(defs, k, what).and_then(|()| check_type(defs, v, what)),
        Type::Tuple(fields) => fields
            .iter()
            .try_for_each(|f| check_type(defs, &f.ty, what)),
        Type::Named(id) if id.0 as usize >= defs.defs.len() => Err(ManifestError(format!(
            "{what} names type {} that is not there",
            id.0
        ))),
        Type::Result(ok, errors) => {
            check_type(defs, ok, what)?;
            errors
                .iter()
                .try_for_each(|id| check_error(defs, *id, what))
        }
        _ => Ok(()),
    }
}

fn check_error(defs: &Defs, id: DefId, what: &str) -> Result<(), ManifestError> {
    match defs.defs.get(id.0 as usize).map(|d| &d.kind) {
        Some(DefKind::Error { .. }) => Ok(()),
        _ => Err(ManifestError(format!(
            "{what} fails with type {} that is no error",
            id.0
        ))),
    }
}

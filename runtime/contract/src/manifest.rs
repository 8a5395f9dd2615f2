//! The manifest: all a runtime must know of a program besides its Wasm module, without knowing the language.
//!
//! The compiler writes it beside the module; reading goes through [`Manifest::from_json`], which refuses a
//! manifest that contradicts itself, so that nothing after it needs to check an id again.
//! `CONTRACT.md` describes the file and `manifest.schema.json` is its JSON schema.

mod check;

use serde::{Deserialize, Serialize};

use crate::host_call::HostCall;
use crate::lattice::Lattice;
use crate::plan::Plan;
use crate::receipt::Receipt;
pub use crate::route::{Method, Route, RoutePart, parts};
use crate::scratch::Scratch;
use crate::settings::{Limits, Retention};
use crate::slots::{Slot, flatten_all};
use crate::stream::Stream;
use crate::types::{DefId, Defs, Field, Type};
use crate::view::View;

pub(crate) use check::check_type;

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

    /// The temporary data of that name.
    pub fn scratch(&self, name: &str) -> Option<&Scratch> {
        self.scratches.iter().find(|scratch| scratch.name == name)
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

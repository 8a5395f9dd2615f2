//! The checked program (HIR): names resolved to numbers, every expression typed, sugar gone.
//!
//! Everything behind the gate (interpreter, lowering) reads this and nothing
//! else. What is desugared already:
//!
//! - named and default arguments are placed: arguments stand in parameter order;
//! - `x.f(y)` is a plain call, a field, or a handler call;
//! - `a op= b` on a place has its operator resolved, operators are by type;
//! - decimal literals are of the type they are used at, `new` types are explicit
//!   ([`ExprKind::Wrap`]);
//! - `require c else e` is `if not c { fail e }`;
//! - a function body is one expression of the result type.
//!
//! The prelude (stdlib) is part of the program: its functions are ordinary ones, or intrinsics.

pub mod expr;
pub mod lattice;
pub mod stream;
pub mod table;
pub mod types;
pub mod view;

pub use expr::*;
pub use lattice::*;
use std::sync::Arc;
pub use stream::*;
pub use table::Table;
pub use types::*;
pub use view::*;

use weir_diagnostics::Span;

/// Position in [`Checked::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FnId(pub u32);
/// Position in [`Checked::constants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);
/// Position in [`Entity::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);
/// Position in [`Body::locals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// Position in [`Workflow::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u32);
/// Position in [`Checked::externs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternId(pub u32);

/// A program without errors.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    pub records: Table<Record>,
    pub errors: Table<ErrorType>,
    pub enums: Table<Enum>,
    /// `NewId(0)` is the builtin `UserId`, over `Text`; behind it those of [`LatticeKind`], and [`REPLICA`].
    pub news: Table<NewType>,
    pub entities: Table<Entity>,
    /// Of the prelude and of the program: plain functions and handlers.
    pub functions: Table<Function>,
    /// The functions of all `extern` blocks, in source order.
    pub externs: Table<ExternFn>,
    /// The failures that come with waiting and the outside world.
    pub failures: Failures,
    pub constants: Table<Constant>,
    pub tests: Table<Test>,
    /// The types that the program uses of declarations with type parameters, each behind those it has as arguments.
    pub instances: Vec<Instance>,
    /// In source order.
    pub views: Table<View>,
    /// In source order.
    pub streams: Table<Stream>,
    /// In source order.
    pub consumers: Vec<Consumer>,
}

/// A declaration with type parameters, and closed types for them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    pub of: Nominal,
    pub args: Vec<Type>,
}

#[derive(Clone, Debug)]
pub struct Record {
    pub name: String,
    /// Names of the type parameters; `Type::Param(i)` in the fields is the i-th.
    pub type_params: Vec<String>,
    pub fields: Vec<NamedType>,
    pub doc: Option<String>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct NamedType {
    pub name: String,
    pub ty: Type,
}

#[derive(Clone, Debug)]
pub struct ErrorType {
    pub name: String,
    pub fields: Vec<NamedType>,
    /// HTTP status of a reply that fails so; 422 unless `@status` says otherwise.
    pub status: u16,
    pub doc: Option<String>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Enum {
    pub name: String,
    /// As of a record.
    pub type_params: Vec<String>,
    pub variants: Vec<Variant>,
    pub doc: Option<String>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Variant {
    pub name: String,
    pub fields: Vec<NamedType>,
    /// Of the name.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct NewType {
    pub name: String,
    /// As of a record.
    pub type_params: Vec<String>,
    pub base: Type,
    pub doc: Option<String>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Entity {
    pub name: String,
    /// Never empty.
    pub keys: Vec<NamedType>,
    pub fields: Vec<StateField>,
    /// `Bool` each; locals `0..keys.len()` are the keys. May read own state.
    pub invariants: Vec<Body>,
    /// Same form. All must hold.
    pub allows: Vec<Body>,
    /// In source order; each has `Function::entity` set. With the `run` of a workflow.
    pub handlers: Vec<FnId>,
    /// Set for a `workflow`.
    pub workflow: Option<Workflow>,
    pub doc: Option<String>,
    pub span: Span,
}

/// What a workflow has besides what an entity has.
#[derive(Clone, Debug)]
pub struct Workflow {
    pub run: FnId,
    /// In source order.
    pub events: Vec<Event>,
    /// It begins by itself when the program comes into force, with `""` as its key, and is gone with the program: `every`.
    pub begins: bool,
}

/// `event name(params)`: kept until the run waits for it or ends.
#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    pub params: Vec<NamedType>,
    pub is_pub: bool,
    pub access: Access,
    pub doc: Option<String>,
    pub span: Span,
}

/// A function of an `extern` block.
#[derive(Clone, Debug)]
pub struct ExternFn {
    /// `payments`
    pub module: String,
    pub name: String,
    pub source: ExternSource,
    pub params: Vec<Param>,
    pub ret: Type,
    /// Sorted; what was declared, and `Unavailable` with a limit (`@retry`, `@timeout`), `Unknown` with `@once`.
    pub fails: Vec<ErrorId>,
    pub promise: Promise,
    /// `@retry(attempts, pause: d)`: how often at most after the first attempt, and microseconds between.
    pub retry: Option<(u32, i64)>,
    /// `@timeout(d)`, microseconds for each attempt.
    pub timeout_us: Option<i64>,
    pub as_step: AsStep,
    pub doc: Option<String>,
    pub span: Span,
}

/// Where the functions of an `extern` block are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternSource {
    /// `"http:NAME"`: the base URL is configured under that name.
    Http(String),
    /// `"wit:NAME"`: a component given as a file.
    Component(String),
    /// A part of the standard library that the runtime provides: `http`.
    Library(String),
}

/// What an extern function promises about being called twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Runs inside the step, depends on its arguments only.
    Pure,
    /// Changes nothing outside.
    Read,
    /// Called again with the same key it does nothing new.
    Idempotent,
    /// Never called again; after a crash the answer is `Unknown`.
    Once,
}

/// The builtin errors, declared in the library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failures {
    pub cancelled: ErrorId,
    pub timed_out: ErrorId,
    pub unavailable: ErrorId,
    pub unknown: ErrorId,
    pub scratch_lost: ErrorId,
}

#[derive(Clone, Debug)]
pub struct StateField {
    pub name: String,
    pub ty: Type,
    /// Value while the instance never wrote it. Locals `0..keys.len()` are the keys; reads no state.
    pub init: Body,
    pub is_pub: bool,
    /// `@keep("the ledger")`: why it may grow for ever.
    pub keep: Option<String>,
    /// Of a `merge` field: how it merges. Its initial value is what nothing has happened to.
    pub merge: Option<Lattice>,
    pub doc: Option<String>,
    pub span: Span,
}

/// A plain function, or a handler of an entity.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// Set for handlers.
    pub entity: Option<EntityId>,
    /// Names of the type parameters; `Type::Param(i)` is the i-th.
    pub type_params: Vec<String>,
    pub params: Vec<Param>,
    /// What it gives when it does not fail.
    pub ret: Type,
    /// Sorted. A call has type `ret` when empty, else `Result(ret, fails)`.
    pub fails: Vec<ErrorId>,
    pub effect: Effect,
    pub implementation: Implementation,
    pub is_pub: bool,
    pub access: Access,
    /// Where it is over HTTP, when its name does not say.
    pub route: Option<Route>,
    pub as_step: AsStep,
    /// What a call may cost.
    pub budget: Option<Budget>,
    pub is_prelude: bool,
    /// It belongs to a view and has no name that can be written.
    pub of_view: Option<ViewId>,
    /// All views that it may read, itself or through what it calls; sorted.
    pub views: Vec<ViewId>,
    pub doc: Option<String>,
    /// Of the name.
    pub span: Span,
}

/// `@get("/rates/{currency}")`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub method: Method,
    /// At least one.
    pub parts: Vec<RoutePart>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutePart {
    Text(String),
    /// A parameter, or a key of the entity.
    Param(String),
}

/// What a function says to those who wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsStep {
    /// `@step("charge")`: what the place is called where somebody waits for it, in place of its own name.
    pub name: Option<String>,
    /// `@keep("audit entry")`: why what it does stays done when the run fails later.
    pub keep: Option<String>,
}

/// `@budget(records: 2, keys: 1)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    pub limits: Vec<Limit>,
    /// Of the attribute.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// A part of a receipt: `records`, `keys`, ..
    pub part: &'static str,
    pub most: u64,
    /// Of the number.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Implementation {
    /// Locals: the keys of the entity (handlers), then the parameters, then the rest.
    /// The root expression has type `ret`.
    Body(Arc<Body>),
    /// Built in, by name: `list.len`, `text.split` (the latter are `contract::library` ops).
    Intrinsic(String),
}

#[derive(Clone, Debug)]
pub struct Param {
    pub name: String,
    pub ty: Type,
    /// Value when an outside caller leaves it out, or a call does ([`Arg::Default`]). May use the keys and the
    /// parameters before it: locals are numbered as in the function's body.
    pub default: Option<Body>,
}

/// Who may call a `pub fn` from outside, besides the entity's `allow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// `@anyone`; `allow` is not asked.
    Anyone,
    /// `@role(..)`: any of these; `allow` is not asked.
    Roles(Vec<String>),
    /// Signed in, and every `allow` of the entity holds.
    Allow,
}

/// What running something can do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    Pure,
    Read,
    Write,
    /// May go on in a later step.
    Wait,
}

/// `let NAME = value` at the top. Pure, does not fail.
#[derive(Clone, Debug)]
pub struct Constant {
    pub name: String,
    pub ty: Type,
    pub body: Body,
    pub span: Span,
}

/// `test "name" { .. }`
#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    /// Made up by the runner: a property test. Empty for a plain one. They are the first locals of the body.
    pub params: Vec<NamedType>,
    /// Of type `Unit`. A failure that leaves it (by `?` or `fail`) is a failed test.
    pub body: Arc<Body>,
    /// What may leave it.
    pub fails: Vec<ErrorId>,
    pub span: Span,
}

/// Code with its variables.
#[derive(Clone, Debug)]
pub struct Body {
    /// Parameters first (see where the body stands), then what the code declares, also inside its lambdas.
    pub locals: Vec<Local>,
    pub root: Expr,
}

#[derive(Clone, Debug)]
pub struct Local {
    pub name: String,
    pub ty: Type,
    /// `var`: may be assigned.
    pub is_var: bool,
    /// `scratch let`: temporary data.
    pub is_scratch: bool,
    pub span: Span,
}

impl Checked {
    pub fn function(&self, id: FnId) -> &Function {
        &self.functions[id.0 as usize]
    }

    pub fn extern_fn(&self, id: ExternId) -> &ExternFn {
        &self.externs[id.0 as usize]
    }

    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    /// The name and the type parameters of a declaration.
    pub fn declared(&self, of: Nominal) -> (&str, &[String]) {
        match of {
            Nominal::Record(id) => {
                let record = &self.records[id.0 as usize];
                (&record.name, &record.type_params)
            }
            Nominal::Enum(id) => {
                let of = &self.enums[id.0 as usize];
                (&of.name, &of.type_params)
            }
            Nominal::New(id) => {
                let new = &self.news[id.0 as usize];
                (&new.name, &new.type_params)
            }
        }
    }

    /// The fields of a record with these type arguments.
    pub fn record_fields(&self, id: RecordId, args: &[Type]) -> Vec<NamedType> {
        with_args(&self.records[id.0 as usize].fields, args)
    }

    /// The variants of an enum with these type arguments.
    pub fn variants(&self, id: EnumId, args: &[Type]) -> Vec<Variant> {
        let variants = self.enums[id.0 as usize].variants.iter();
        let variant = |variant: &Variant| Variant {
            name: variant.name.clone(),
            fields: with_args(&variant.fields, args),
            span: variant.span,
        };
        variants.map(variant).collect()
    }

    /// What a `new` type with these type arguments is made of.
    pub fn base(&self, id: NewId, args: &[Type]) -> Type {
        self.news[id.0 as usize].base.substitute(args)
    }

    /// The types that a declaration with these type arguments is made of.
    pub fn made_of(&self, of: Nominal, args: &[Type]) -> Vec<Type> {
        let types = |fields: Vec<NamedType>| fields.into_iter().map(|field| field.ty);
        match of {
            Nominal::Record(id) => types(self.record_fields(id, args)).collect(),
            Nominal::Enum(id) => {
                let variants = self.variants(id, args).into_iter();
                variants.flat_map(|variant| types(variant.fields)).collect()
            }
            Nominal::New(id) => vec![self.base(id, args)],
        }
    }

    /// Whether a comparison asks which money is more, which two currencies have no answer to. Where the type is a parameter,
    /// or money is inside of something else, values have their total order instead.
    pub fn compares_currencies(&self, op: CompareOp, ty: &Type) -> bool {
        match ty {
            Type::New(id, args) => self.compares_currencies(op, &self.base(*id, args)),
            ty => *ty == Type::Money && !matches!(op, CompareOp::Eq | CompareOp::Ne),
        }
    }
}

/// Fields with type arguments in place of the parameters of their declaration.
fn with_args(fields: &[NamedType], args: &[Type]) -> Vec<NamedType> {
    let field = |field: &NamedType| NamedType {
        name: field.name.clone(),
        ty: field.ty.substitute(args),
    };
    fields.iter().map(field).collect()
}

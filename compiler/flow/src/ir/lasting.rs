//! What lasts of a program and what can be started: entities with their slots, streams, what may be called outside, entries.

use super::*;

/// A kind of durable object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    pub name: String,
    /// The entity's reference type; its `DefKind::Entity` names the keys.
    pub def: DefId,
    /// The state fields as declared.
    pub fields: Vec<StateField>,
    /// The fields flattened: exactly `contract::slots::flatten_all` of them, in that order.
    pub slots: Vec<Slot>,
    /// `(Instance) -> Unit`: crashes with `InvariantBroken` at the first invariant that does not hold.
    /// Runs for each instance written, when the outermost transaction ends.
    pub check: Option<FuncId>,
    /// `(Instance) -> Bool`: the conjunction of the entity's `allow` rules.
    pub allow: Option<FuncId>,
    /// What a workflow has besides.
    pub workflow: Option<Workflow>,
    pub doc: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// The entry of its `run`.
    pub run: EntryId,
    /// Position = event number.
    pub events: Vec<Event>,
    /// Begins by itself, with `""` as its key.
    pub begins: bool,
    /// `Checkout.event`: a variant for each event, with its parameters, and a last one, `after`, for the deadline.
    pub event_enum: DefId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub params: Vec<EntryParam>,
    pub public: bool,
    pub access: Access,
    /// A `Guard` entry that asks the entity's `allow`.
    pub guard: Option<EntryId>,
    pub doc: Option<String>,
}

/// A stream of entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub name: String,
    /// Of an entry.
    pub ty: Type,
    /// Entries of one key have an order among them.
    pub key: Option<Type>,
    /// The program says the time of an entry.
    pub timed: bool,
    /// Microseconds.
    pub late_us: Option<i64>,
    pub keep: Keep,
    /// The entry of the function that takes a list of entries from outside.
    pub append: Option<EntryId>,
    /// The entries of the functions that run once for each entry.
    pub consumers: Vec<EntryId>,
    pub doc: Option<String>,
}

pub type Keep = weir_contract::stream::Keep;

/// A function of the outside world; `contract::manifest::Extern` is the same.
pub type Extern = weir_contract::manifest::Extern;
pub type Failures = weir_contract::manifest::Failures;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateField {
    pub name: String,
    pub ty: Type,
    /// `pub state`.
    pub public: bool,
    /// Of a `merge` field, which is one slot.
    pub merge: Option<Lattice>,
}

/// One independently stored piece of an instance's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The field's name, with the path below it: `balance`, `address.city`, `pair.0`.
    pub name: String,
    pub kind: SlotKind,
    /// What the slot holds while the store has nothing for it.
    pub init: Init,
    /// Of a scalar slot that merges: how. It is read like any other, and only changed with [`Op::MergeSlot`].
    pub merge: Option<Lattice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotKind {
    Scalar(Type),
    List(Type),
    Map(Type, Type),
    Set(Type),
}

impl SlotKind {
    /// Type of the slot's whole value.
    pub fn value_type(&self) -> Type {
        match self {
            SlotKind::Scalar(t) => t.clone(),
            SlotKind::List(t) => Type::List(Box::new(t.clone())),
            SlotKind::Map(k, v) => Type::Map(Box::new(k.clone()), Box::new(v.clone())),
            SlotKind::Set(t) => Type::Set(Box::new(t.clone())),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Init {
    /// Collections only: nothing in it.
    Empty,
    /// Scalars only.
    Literal(Literal),
    /// `(Instance) -> whole value`. Effect at most read.
    Func(FuncId),
}

/// What can be started from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub kind: EntryKind,
    /// Unique together with `entity`; for a test its title.
    pub name: String,
    /// Set for handlers and getters: `func`'s first parameter is the instance.
    pub entity: Option<EntityId>,
    /// The parameters a caller gives, by name, after the instance.
    pub params: Vec<EntryParam>,
    /// A wrapper made for this entry. It takes the instance (when `entity` is set) and then the
    /// parameters; a defaulted one as `Option` of its type. It opens and ends transactions itself.
    pub func: FuncId,
    /// `(Instance) -> Bool`, run first and outside any transaction; false = denied.
    pub guard: Option<FuncId>,
    /// Who may call at all; the host holds callers to it before the step starts.
    pub access: Access,
    /// Callable from outside. False for tests and for fields that only administration reads.
    pub public: bool,
    pub effect: Effect,
    /// What running it may touch; filled in by `plans`.
    pub plan: Plan,
    /// What running it costs; filled in by `receipts`, for what a manifest lists as functions.
    pub receipt: Option<Receipt>,
    /// For each part of the receipt's cost the place that costs most of it; site 0 where nothing does.
    pub dearest: Vec<SiteId>,
    /// For a frame: what the run waits for there, for people.
    pub waits_for: String,
    pub doc: Option<String>,
    pub site: SiteId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A top-level function, `pub` or sent somewhere.
    Function,
    /// A function of an entity, `pub` or sent somewhere.
    Handler,
    /// The `run` of a workflow.
    Run,
    /// One state field; `name` is the field's.
    Field,
    /// All `pub state` fields as one named tuple; `name` is empty.
    Whole,
    /// A `test`. Never reachable in production. With parameters: a property test.
    Test,
    /// Answers whether a caller may send an event: `guard` is the rule, `func` does nothing.
    Guard,
    /// Where a run goes on; made by `split`. Its parameters are `result` and the cells; its name is the label.
    Resume,
    /// A compensation; all parameters are cells.
    Undo,
    /// A branch of `parallel`; all parameters are cells.
    Branch,
    /// The answer of a mock: cells, then the arguments of the extern function.
    Mock,
    /// Code that makes temporary data. Takes what that is made from, then what the part says.
    Scratch(ScratchPart),
}

/// What of the making of temporary data an entry does. Its name is that of the data and, behind a slash, this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScratchPart {
    /// Gives the value.
    Whole,
    /// Gives the list of items. Where there is none they are those of the temporary data in field 1 of what this is made from.
    Source,
    /// A list of items: gives a list of rows.
    Each,
    /// A list of rows: gives a list.
    Finish,
    /// The same by groups: rows and what is given are pairs with the key first.
    Groups,
}

impl ScratchPart {
    pub const ALL: [ScratchPart; 5] = [
        ScratchPart::Whole,
        ScratchPart::Source,
        ScratchPart::Each,
        ScratchPart::Finish,
        ScratchPart::Groups,
    ];

    /// In text and in names.
    pub fn name(self) -> &'static str {
        match self {
            ScratchPart::Whole => "whole",
            ScratchPart::Source => "source",
            ScratchPart::Each => "each",
            ScratchPart::Finish => "finish",
            ScratchPart::Groups => "groups",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct EntryParam {
    pub name: String,
    /// As declared; `func` takes `Option<ty>` when `defaulted`.
    pub ty: Type,
    /// May be left out by the caller.
    pub defaulted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    Anyone,
    SignedIn,
    /// A signed-in caller with at least one of these roles.
    Roles(Vec<String>),
}

/// What running something can do to state; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    Pure,
    Read,
    Write,
    /// May end in a later step.
    Wait,
}

impl Entry {
    /// One that nobody outside may start.
    pub fn inside(
        kind: EntryKind,
        name: String,
        entity: Option<EntityId>,
        params: Vec<EntryParam>,
        func: FuncId,
        site: SiteId,
    ) -> Entry {
        Entry {
            kind,
            name,
            entity,
            params,
            func,
            guard: None,
            access: Access::SignedIn,
            public: false,
            effect: Effect::Wait,
            plan: Plan::default(),
            receipt: None,
            dearest: Vec::new(),
            waits_for: String::new(),
            doc: None,
            site,
        }
    }
}

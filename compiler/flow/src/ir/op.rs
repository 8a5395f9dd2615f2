//! The instructions: literals, operations, how blocks end, what runs wait for; and which registers each reads.

use super::*;

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Unit,
    Bool(bool),
    Int(i64),
    /// Count of 10^-9.
    Decimal(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Microseconds since 1970.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// Days since 1970.
    Date(i64),
    Money(Money),
}

impl Literal {
    pub fn ty(&self) -> Type {
        match self {
            Literal::Unit => Type::Unit,
            Literal::Bool(_) => Type::Bool,
            Literal::Int(_) => Type::Int,
            Literal::Decimal(_) => Type::Decimal,
            Literal::Float(_) => Type::Float,
            Literal::Text(_) => Type::Text,
            Literal::Bytes(_) => Type::Bytes,
            Literal::Time(_) => Type::Time,
            Literal::Duration(_) => Type::Duration,
            Literal::Date(_) => Type::Date,
            Literal::Money(_) => Type::Money,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// The closed set of operations. `T`, `K`, `V` stand for any value type, `I` for an instance register,
/// `list`, `map`, ... for registers of those types. "→ X" is the type of `dst`; without it there is no `dst`.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    // ---- values -------------------------------------------------------------------------------
    /// → the literal's type.
    Const(Literal),
    /// `T → T`, or `I → I`.
    Copy(Reg),
    /// `A → B` where both have one representation; changes nothing at run time. Allowed, in either direction
    /// and under any number of layers (`List<Sku>` to `List<Text>`):
    /// a `new` type and its base; `Map<K, V>` and `List<(K, V)>`; `Set<T>` and `List<T>`; tuples that
    /// differ in field names; an entity reference and the tuple of its keys; any two `Result`s.
    /// To `Map`/`Set` the list must be strictly ascending by key (not checked). A `Result` is only
    /// cast where what it holds exists in both: an error passed on, or errors added. Behind `optimize` also `Bytes` to `Text`,
    /// where they are known to be one.
    Cast(Reg),
    /// Operands and results:
    /// - `Int op Int → Int`: all five; Div truncates towards zero, Rem has the dividend's sign. May crash: Overflow, DivideByZero.
    /// - `Decimal op Decimal → Decimal`: all five; Mul and Div round half to even at 10^-9, Rem is exact
    ///   with the dividend's sign. May crash: Overflow, DivideByZero.
    /// - `Float op Float → Float`: all five, IEEE 754; Rem is the truncated remainder (C's `fmod`). Never crashes. A NaN
    ///   result is the canonical NaN.
    /// - `Duration ± Duration → Duration`, `Duration Rem Duration → Duration`, `Duration Div Duration → Int`
    ///   (truncates), `Duration Mul Int → Duration`, `Int Mul Duration → Duration`, `Duration Div Int → Duration`,
    ///   `Time ± Duration → Time`, `Duration Add Time → Time`, `Time Sub Time → Duration`.
    ///   May crash: Overflow, DivideByZero.
    Arith(ArithOp, Reg, Reg),
    /// `Int → Int`, `Decimal → Decimal`, `Float → Float`, `Duration → Duration`. May crash: Overflow (not Float).
    Neg(Reg),
    /// `Bool → Bool`.
    Not(Reg),
    /// `T, T → Bool`, structural, by the total order of `contract::Value` (so NaN == NaN and -0.0 == 0.0).
    Compare(CompareOp, Reg, Reg),

    // ---- records and tuples -------------------------------------------------------------------
    /// The fields in order → record, tuple, error or entity reference.
    RecordMake(Vec<Reg>),
    /// Field by position of a record, tuple, error or entity reference → the field's type.
    FieldGet(Reg, u32),
    /// A copy of the first with one field replaced: `(record, position, value) → record`.
    FieldSet(Reg, u32, Reg),

    // ---- variants: enum, Option, Result -------------------------------------------------------
    /// `(tag, fields) → variant`. Tags: an enum's variant position; Option None = 0 `[]`, Some = 1 `[T]`;
    /// Result Ok = 0 `[T]`, an error = its `DefId` + 1 `[the error record]`.
    VariantMake(u32, Vec<Reg>),
    /// `(variant, tag, position) → the field's type`. Only emitted where the value has that tag.
    VariantGet(Reg, u32, u32),

    // ---- lists --------------------------------------------------------------------------------
    /// Elements → `List<T>`.
    ListMake(Vec<Reg>),
    /// `List<T> → Int`.
    ListLen(Reg),
    /// `(List<T>, Int) → T`. May crash: IndexOutOfRange (also for negative positions).
    ListGet(Reg, Reg),
    /// `(List<T>, Int, T) → List<T>` with that element replaced. May crash: IndexOutOfRange.
    ListSet(Reg, Reg, Reg),
    /// `(List<T>, Int, position, value) → List<T>` with that field of that element replaced; `T` is a record or a tuple.
    /// May crash: IndexOutOfRange.
    ListSetField(Reg, Reg, u32, Reg),
    /// `(List<T>, T) → List<T>`, amortised O(1) when repeated on the newest list.
    ListPush(Reg, Reg),
    /// `(List<T>, from Int, to Int) → List<T>`: elements `from .. to`, both clamped to `0 ..= len`; empty when
    /// `from >= to`. O(1).
    ListSlice(Reg, Reg, Reg),
    /// `(List<T>, List<T>) → List<T>`.
    ListConcat(Reg, Reg),
    /// `(List<T>, Int, T) → List<T>` with the element before that position; the length is allowed. May crash: IndexOutOfRange.
    ListInsert(Reg, Reg, Reg),
    /// `(List<T>, Int) → List<T>` without that element. May crash: IndexOutOfRange.
    ListRemove(Reg, Reg),

    // ---- maps -----------------------------------------------------------------------------------
    /// `(Map<K, V>, K) → Int`: where the entry is, 0 when there is none. Holds until the map changes.
    MapFind(Reg, Reg),
    /// `(Map<K, V>, Int) → V`: the value of an entry that was found.
    MapAt(Reg, Reg),
    /// `(Map<K, V>, K, V) → Map<K, V>` with the value at the key.
    MapPut(Reg, Reg, Reg),
    /// `(Map<K, V>, K) → Map<K, V>` without the key.
    MapRemove(Reg, Reg),
    /// `Map<K, V> → Int`.
    MapLen(Reg),

    // ---- text and library ---------------------------------------------------------------------
    /// `Text... → Text`, all parts joined. Behind `optimize` a part may also be an `Int` or a `Bool`, of which it is the text.
    TextConcat(Vec<Reg>),
    /// `T → Text`: how interpolation shows a value. Text as itself at the top, quoted inside others.
    Show(Reg),
    /// A pure library operation by name (`"text.upper"`); operand and result types are the operation's.
    /// May crash: what the operation documents.
    Lib(String, Vec<Reg>),
    /// `(Bytes, Int) → Int`: the byte at a position, -1 outside. Only made by `optimize`.
    ByteAt(Reg, Reg),
    /// Calls a `@pure` extern function, by number, inside the step: arguments → its value, or a `Result` when it can fail.
    /// May crash: ComponentFailed, BadArgument, StepTooLarge, StepTooLong.
    Pure(u32, Vec<Reg>),
    /// Calls a function of this module: arguments → its result.
    Call(FuncId, Vec<Reg>),

    // ---- the step -----------------------------------------------------------------------------
    /// → `Time` of the step.
    Now,
    /// → `UserId`'s base `Text`: who calls; empty for nobody.
    CallerId,
    /// → `Set<Text>`.
    CallerRoles,

    // ---- state --------------------------------------------------------------------------------
    /// `(entity reference) → I`. Touches nothing yet.
    Open(EntityId, Reg),
    /// `I → entity reference`: the keys it was opened with.
    Keys(Reg),
    /// `(entity, after: Option<entity reference>, the first keys) → Option<entity reference>`: of the instances that exist (the
    /// store has a slot of them), the one with the least keys that begin with these and are greater than those of `after`.
    NextKey(EntityId, Reg, Vec<Reg>),
    /// `I → whole value of the slot`, its initial value when the store has none.
    Load(Reg, SlotId),
    /// `(I, slot, whole value)`: replaces all of the slot.
    Store(Reg, SlotId, Reg),
    /// `I → Bool`: whether the store has the slot (it was written before). For the operations on parts of collections
    /// below an absent slot is empty, whatever its `init`: lowering asks first where that differs.
    Present(Reg, SlotId),
    /// `I → Int`: number of elements or entries. List, map and set slots.
    SlotLen(Reg, SlotId),
    /// `(I, Int) → T`. List slots. May crash: IndexOutOfRange.
    ListSlotGet(Reg, SlotId, Reg),
    /// `(I, Int, T)`. List slots. May crash: IndexOutOfRange.
    ListSlotSet(Reg, SlotId, Reg, Reg),
    /// `(I, T)`. List slots.
    ListSlotPush(Reg, SlotId, Reg),
    /// `I → Option<T>`: removes the last. List slots.
    ListSlotPop(Reg, SlotId),
    /// `(I, Int, T)`: before that position; the length is allowed. List slots. May crash: IndexOutOfRange.
    ListSlotInsert(Reg, SlotId, Reg, Reg),
    /// `(I, Int) → T`. List slots. May crash: IndexOutOfRange.
    ListSlotRemove(Reg, SlotId, Reg),
    /// `(I, from Int, to Int) → List<T>`, clamped like [`Op::ListSlice`]. List slots.
    ListSlotSlice(Reg, SlotId, Reg, Reg),
    /// `(I, K) → Option<V>`. Map slots.
    MapSlotGet(Reg, SlotId, Reg),
    /// `(I, K, V)`: inserts or replaces. Map slots.
    MapSlotPut(Reg, SlotId, Reg, Reg),
    /// `(I, K) → Option<V>`: removes and gives what was there. Map slots.
    MapSlotRemove(Reg, SlotId, Reg),
    /// `(I, K) → Bool`. Map and set slots.
    SlotHas(Reg, SlotId, Reg),
    /// `(I, T) → Bool`: true when it was not there before. Set slots.
    SetSlotAdd(Reg, SlotId, Reg),
    /// `(I, T) → Bool`: true when it was there. Set slots.
    SetSlotRemove(Reg, SlotId, Reg),
    /// `I`: makes a list, map or set slot present and empty.
    SlotClear(Reg, SlotId),

    // ---- messages, and what is done later ----------------------------------------------------------
    /// `(instance of a handler's or run's entry, arguments, delay Duration) → Int`: number of the run that does it when
    /// this step is kept. For the run of a workflow: of the run its key has.
    Send {
        entry: EntryId,
        instance: Option<Reg>,
        args: Vec<Reg>,
        after: Option<Reg>,
    },
    /// `(instance of a workflow, event number, arguments, delay Duration)`.
    SendEvent {
        instance: Reg,
        event: u32,
        args: Vec<Reg>,
        after: Option<Reg>,
    },
    /// `Int`: what was sent under that number and has not begun will not.
    Cancel(Reg),
    /// Cells of an `Undo` entry.
    PushUndo(EntryId, Vec<Reg>),
    /// Cells of a `Branch` entry: begins a strand that the next [`Wait::Join`] of this one waits for.
    Spawn(EntryId, Vec<Reg>),
    /// `Float`, 0 <= x < 1.
    Random,
    /// `Text` of 26 characters.
    Fresh,
    /// Number of an extern function, cells of a `Mock` entry. Tests only.
    Mock(u32, EntryId, Vec<Reg>),
    /// `Text`. Tests only.
    CrashAt(Reg),
    /// `(key and time as the stream has them, an entry) → Int`: its position in the stream, when this step is kept.
    Emit {
        stream: u32,
        key: Option<Reg>,
        time: Option<Reg>,
        value: Reg,
    },

    // ---- waiting -----------------------------------------------------------------------------------
    /// The step ends here and the run goes on later with the result. Only before `split`, which turns it into
    /// [`Term::Suspend`]; only outside transactions. Operands and result are those of the [`Wait`].
    Suspend(Wait, Vec<Reg>),
    /// `→ Bool`: whether the step has done enough; then `split`'s caller should yield.
    Full,
    /// `→ Bool`: whether the function called last has suspended. Only made by `split`, directly behind a call.
    Suspended,

    // ---- transactions -------------------------------------------------------------------------
    /// → `Int`: a mark in the undo journal.
    Savepoint,
    /// `Int`: undoes every write since that mark. The mark stays valid.
    Rollback(Reg),
    /// Depth of transactions + 1.
    TxEnter,
    /// Depth - 1; at depth 0 runs `check` of every instance written since the outermost `TxEnter` and
    /// ends the transaction. May crash: InvariantBroken (with the invariant's own site).
    TxLeave,

    // ---- sets -----------------------------------------------------------------------------------
    /// `(Set<T>, T) → Bool`.
    SetHas(Reg, Reg),
    /// `(Set<T>, T) → Set<T>` with the item.
    SetPut(Reg, Reg),
    /// `(Set<T>, T) → Set<T>` without the item.
    SetRemove(Reg, Reg),
    /// `Set<T> → Int`.
    SetLen(Reg),
    // ---- state that merges --------------------------------------------------------------------
    /// `(I, keys of the maps on the way, what the change takes)`: changes a slot that merges. May crash: Overflow.
    MergeSlot {
        instance: Reg,
        slot: SlotId,
        /// The positions of the parts of records on the way.
        parts: Vec<u32>,
        change: Change,
        args: Vec<Reg>,
    },
    /// `(entity reference, Int) → I`: the instance as a replica has it; 0 is itself. Tests only.
    OpenReplica(EntityId, Reg, Reg),
    /// `(I, I)`: two replicas of an instance tell each other all that merges. Tests only.
    MergeSync(Reg, Reg),
    /// `Bytes → Bool`: whether all are below 128, which makes them a text as they are. Only made by `optimize`.
    BytesPlain(Reg),
    /// `(I, keys of the maps on the way, what is sought)`: a part of what readers see of a slot that merges, without the rest.
    /// [`Ask::Value`] gives an option when there are keys on the way.
    MergeLook {
        instance: Reg,
        slot: SlotId,
        /// The positions of the parts of records on the way.
        parts: Vec<u32>,
        ask: Ask,
        args: Vec<Reg>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Jump(BlockId),
    /// `Bool`: first when true.
    Branch(Reg, BlockId, BlockId),
    /// On the tag of an enum, Option or Result. Cases ascend by tag. Without a default, other tags cannot occur.
    Switch {
        on: Reg,
        cases: Vec<(u32, BlockId)>,
        default: Option<BlockId>,
    },
    Return(Reg),
    /// Gives what the function gives. Only made by `split`.
    TailCall(FuncId, Vec<Reg>),
    /// The function returns without a value: its frame is noted, and the step ends when all functions around have done the
    /// same. `wait` is what is waited for, with its operands; absent where a function that was called has said so.
    /// Only made by `split`.
    Suspend {
        /// A `Resume` entry.
        entry: EntryId,
        /// Its parameters after the result.
        cells: Vec<Reg>,
        wait: Option<(Wait, Vec<Reg>)>,
    },
    /// Ends the step as a bug; `detail` is a `Text` shown to people.
    Crash {
        reason: CrashReason,
        detail: Option<Reg>,
    },
}

/// What a run waits for. Operands → result of [`Op::Suspend`].
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// `() → Unit`, in the next step.
    Yield,
    /// `Duration → Unit`
    Sleep,
    /// `Time → Unit`
    SleepUntil,
    /// Event numbers of the workflow, ascending. `Option<Duration> →` its event enum; the last variant when the time is over.
    Events(EntityId, Vec<u32>),
    /// `(Option<Duration>, arguments) →` its value, or a `Result` when it can fail; with `within` the errors contain `TimedOut`.
    Extern { function: u32, within: bool },
    /// `(Int, Option<Duration>) → Result`
    Run,
    /// `() →`, with `limit` `Int →` a list of the branches' values when `list`, else their tuple; a `Result` of that when
    /// `fallible`. At most `limit` of them go on at one time.
    Join {
        list: bool,
        fallible: bool,
        limit: bool,
    },
    /// `Duration → Unit`. Tests only.
    Advance,
    /// `() → Unit`. Tests only.
    Settle,
}

/// Runs an expression for each register an operation reads; works on `&Op` and `&mut Op`.
macro_rules! operands {
    ($op:expr, |$r:ident| $run:expr) => {{
        use Op::*;
        match $op {
            Const(_) | Now | CallerId | CallerRoles | Random | Fresh | Full | Suspended
            | Savepoint | TxEnter | TxLeave => {}
            Send {
                instance,
                args,
                after,
                ..
            } => {
                for $r in instance.into_iter() {
                    $run
                }
                for $r in args {
                    $run
                }
                for $r in after.into_iter() {
                    $run
                }
            }
            Emit {
                key, time, value, ..
            } => {
                for $r in key.into_iter() {
                    $run
                }
                for $r in time.into_iter() {
                    $run
                }
                let $r = value;
                $run;
            }
            SendEvent {
                instance,
                args,
                after,
                ..
            } => {
                let $r = instance;
                $run;
                for $r in args {
                    $run
                }
                for $r in after.into_iter() {
                    $run
                }
            }
            Copy($r)
            | Cast($r)
            | Neg($r)
            | Not($r)
            | FieldGet($r, _)
            | VariantGet($r, _, _)
            | ListLen($r)
            | MapLen($r)
            | Show($r)
            | Open(_, $r)
            | Keys($r)
            | Load($r, _)
            | Present($r, _)
            | SlotLen($r, _)
            | ListSlotPop($r, _)
            | SlotClear($r, _)
            | Cancel($r)
            | CrashAt($r)
            | Rollback($r)
            | SetLen($r)
            | BytesPlain($r) => $run,
            Arith(_, a, b)
            | Compare(_, a, b)
            | FieldSet(a, _, b)
            | ListGet(a, b)
            | ListPush(a, b)
            | ListConcat(a, b)
            | ListRemove(a, b)
            | MapFind(a, b)
            | MapAt(a, b)
            | ByteAt(a, b)
            | MapRemove(a, b)
            | Store(a, _, b)
            | OpenReplica(_, a, b)
            | MergeSync(a, b)
            | ListSlotGet(a, _, b)
            | ListSlotPush(a, _, b)
            | ListSlotRemove(a, _, b)
            | MapSlotGet(a, _, b)
            | MapSlotRemove(a, _, b)
            | SlotHas(a, _, b)
            | SetSlotAdd(a, _, b)
            | SetSlotRemove(a, _, b)
            | SetHas(a, b)
            | SetPut(a, b)
            | SetRemove(a, b) => {
                for $r in [a, b] {
                    $run
                }
            }
            ListSet(a, b, c)
            | ListSlice(a, b, c)
            | ListInsert(a, b, c)
            | ListSetField(a, b, _, c)
            | MapPut(a, b, c)
            | ListSlotSet(a, _, b, c)
            | ListSlotInsert(a, _, b, c)
            | ListSlotSlice(a, _, b, c)
            | MapSlotPut(a, _, b, c) => {
                for $r in [a, b, c] {
                    $run
                }
            }
            MergeSlot { instance, args, .. } | MergeLook { instance, args, .. } => {
                let $r = instance;
                $run;
                for $r in args {
                    $run
                }
            }
            NextKey(_, after, first) => {
                let $r = after;
                $run;
                for $r in first {
                    $run
                }
            }
            RecordMake(rs)
            | VariantMake(_, rs)
            | ListMake(rs)
            | TextConcat(rs)
            | Lib(_, rs)
            | Pure(_, rs)
            | PushUndo(_, rs)
            | Spawn(_, rs)
            | Mock(_, _, rs)
            | Suspend(_, rs)
            | Call(_, rs) => {
                for $r in rs {
                    $run
                }
            }
        }
    }};
}

impl Op {
    /// Calls `f` on each register the operation reads, in order.
    pub fn for_each_use(&self, mut f: impl FnMut(Reg)) {
        operands!(self, |r| f(*r));
    }

    /// The same, with leave to replace them.
    pub fn for_each_use_mut(&mut self, mut f: impl FnMut(&mut Reg)) {
        operands!(self, |r| f(r));
    }

    /// Whether the operation by itself (a call without its callee) reads or writes state.
    pub fn effect(&self) -> Effect {
        use Op::*;
        match self {
            NextKey(..)
            | Load(..)
            | Present(..)
            | SlotLen(..)
            | ListSlotGet(..)
            | ListSlotSlice(..)
            | MapSlotGet(..)
            | SlotHas(..)
            | MergeLook { .. }
            | Random
            | Fresh => Effect::Read,
            Store(..)
            | ListSlotSet(..)
            | ListSlotPush(..)
            | ListSlotPop(..)
            | ListSlotInsert(..)
            | ListSlotRemove(..)
            | MapSlotPut(..)
            | MapSlotRemove(..)
            | SetSlotAdd(..)
            | SetSlotRemove(..)
            | SlotClear(..)
            | MergeSlot { .. }
            | MergeSync(..)
            | Rollback(_)
            | Send { .. }
            | SendEvent { .. }
            | Emit { .. }
            | Cancel(_) => Effect::Write,
            PushUndo(..) | Spawn(..) | Suspend(..) | Full | Suspended | Mock(..) | CrashAt(_) => {
                Effect::Wait
            }
            _ => Effect::Pure,
        }
    }
}

impl Term {
    /// Calls `f` on each block that may follow.
    pub fn for_each_successor(&self, mut f: impl FnMut(BlockId)) {
        match self {
            Term::Jump(b) => f(*b),
            Term::Branch(_, a, b) => {
                f(*a);
                f(*b);
            }
            Term::Switch { cases, default, .. } => {
                cases.iter().for_each(|(_, b)| f(*b));
                default.iter().for_each(|b| f(*b));
            }
            Term::Return(_) | Term::Crash { .. } | Term::TailCall(..) | Term::Suspend { .. } => {}
        }
    }

    /// Whether no block follows.
    pub fn is_last(&self) -> bool {
        let mut last = true;
        self.for_each_successor(|_| last = false);
        last
    }

    /// The blocks that may follow, with leave to go elsewhere.
    pub fn for_each_successor_mut(&mut self, mut f: impl FnMut(&mut BlockId)) {
        match self {
            Term::Jump(b) => f(b),
            Term::Branch(_, a, b) => {
                f(a);
                f(b);
            }
            Term::Switch { cases, default, .. } => {
                cases.iter_mut().for_each(|(_, b)| f(b));
                default.iter_mut().for_each(f);
            }
            Term::Return(_) | Term::Crash { .. } | Term::TailCall(..) | Term::Suspend { .. } => {}
        }
    }

    /// The same as [`Term::for_each_use`], with leave to replace them.
    pub fn for_each_use_mut(&mut self, mut f: impl FnMut(&mut Reg)) {
        match self {
            Term::Jump(_) => {}
            Term::Branch(r, ..) | Term::Switch { on: r, .. } | Term::Return(r) => f(r),
            Term::Crash { detail, .. } => detail.iter_mut().for_each(f),
            Term::TailCall(_, args) => args.iter_mut().for_each(f),
            Term::Suspend { cells, wait, .. } => {
                let operands = wait.iter_mut().flat_map(|(_, operands)| operands);
                cells.iter_mut().chain(operands).for_each(f);
            }
        }
    }

    /// Calls `f` on each register the terminator reads.
    pub fn for_each_use(&self, mut f: impl FnMut(Reg)) {
        match self {
            Term::Jump(_) => {}
            Term::Branch(r, ..) | Term::Switch { on: r, .. } | Term::Return(r) => f(*r),
            Term::Crash { detail, .. } => detail.iter().for_each(|r| f(*r)),
            Term::TailCall(_, args) => args.iter().for_each(|r| f(*r)),
            Term::Suspend { cells, wait, .. } => {
                let operands = wait.iter().flat_map(|(_, operands)| operands);
                cells.iter().chain(operands).for_each(|r| f(*r));
            }
        }
    }
}

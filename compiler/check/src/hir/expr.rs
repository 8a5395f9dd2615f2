//! Expressions, statements, places and patterns of a checked program.

use weir_contract::Money;
use weir_contract::lattice::Change;
use weir_diagnostics::Span;

use super::{
    ConstId, EntityId, EnumId, ErrorId, EventId, ExternId, FieldId, FnId, LocalId, MergeStep,
    NewId, RecordId, StreamId, Type, ViewId,
};

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    /// Its type; `Never` when it does not come back.
    pub ty: Type,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    // Literals.
    Unit,
    Bool(bool),
    Int(i64),
    /// Count of 10^-9.
    Decimal(i128),
    Float(f64),
    Text(String),
    /// Microseconds since 1970.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    /// Days since 1970.
    Date(i64),
    Money(Money),
    /// `"a {x}"`: parts of any type, shown (`contract::library` says how) and joined.
    Interpolate(Vec<Expr>),

    // Names.
    Local(LocalId),
    Constant(ConstId),
    /// A field of the state of the instance this code belongs to.
    State(FieldId),
    /// `Account(k).balance`: a `pub state` field of another instance.
    StateOf {
        entity: EntityId,
        /// Of type `Entity(entity)`.
        target: Box<Expr>,
        field: FieldId,
    },
    /// `self`: a reference to the instance this code belongs to.
    SelfRef,
    /// `now()`: time of the step.
    Now,
    /// `caller.id`, of the builtin `UserId`.
    CallerId,
    /// `caller.roles`
    CallerRoles,

    // Making values.
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Record(RecordId, Vec<Expr>),
    /// An error as a value: what follows `fail`.
    Error(ErrorId, Vec<Expr>),
    Variant(EnumId, u32, Vec<Expr>),
    Some(Box<Expr>),
    None,
    /// `Sku("a")`, and a literal used at a `new` type.
    Wrap(NewId, Box<Expr>),
    /// The base value of a `new` type.
    Unwrap(NewId, Box<Expr>),
    /// `Account("ann")`: the keys.
    EntityRef(EntityId, Vec<Expr>),
    /// `p.with(y: 2)`: fields by position.
    With(Box<Expr>, Vec<(u32, Expr)>),

    // Taking apart.
    /// Field by position of a record, error, tuple, or key of an entity reference.
    Field(Box<Expr>, u32),
    /// `xs[i]`; a position outside is a bug.
    ListIndex(Box<Expr>, Box<Expr>),
    /// `m[k]`, of type `V?`.
    MapIndex(Box<Expr>, Box<Expr>),

    // Operators; both sides have one type unless said.
    Neg(Box<Expr>),
    Not(Box<Expr>),
    /// `and`, `or` do not look at the right side when the left decides.
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// Int, Decimal, Float; Time ± Duration, Time - Time, Duration ± Duration, Duration * Int, Int * Duration,
    /// Duration / Int, Duration / Duration -> Int, Duration % Duration; Text + Text joins.
    Arith(ArithOp, Box<Expr>, Box<Expr>),
    /// `x in a..b`, on Int.
    InRange {
        value: Box<Expr>,
        start: Box<Expr>,
        end: Box<Expr>,
    },
    /// `x in xs` (list, set; map by key).
    In {
        value: Box<Expr>,
        collection: Box<Expr>,
    },
    /// `value is pattern`: Bool. What the pattern binds is assigned when it matches.
    Is(Box<Expr>, Pattern),

    // Calls. Of type `Result(..)` when the callee can fail.
    Call {
        function: FnId,
        type_args: Vec<Type>,
        args: Vec<Arg>,
    },
    /// A handler of an instance, by itself or by others. Runs in the caller's transaction if there is one, else is one.
    CallHandler {
        entity: EntityId,
        function: FnId,
        /// Of type `Entity(entity)`; `None` is the instance this code belongs to.
        target: Option<Box<Expr>>,
        args: Vec<Arg>,
    },
    /// Calls a parameter of function type.
    CallParam {
        param: LocalId,
        args: Vec<Expr>,
    },

    // Failure.
    /// `e?`: the value, or leaves the function with the error. Under `Result` only.
    Try(Box<Expr>),
    /// `e ?? other`, on `T?` or `Result<T, ..>`; `other` is only run when needed.
    Coalesce(Box<Expr>, Box<Expr>),
    /// Leaves the function with an error value (of type `Error(..)`).
    Fail(Box<Expr>),

    // Control.
    Block(Block),
    If {
        cond: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    /// Arms in order; they cover every value.
    Match {
        subject: Box<Expr>,
        arms: Vec<Arm>,
    },
    /// Of type `Unit`; of `Never` where the condition is `true` and nothing inside breaks.
    While {
        cond: Box<Expr>,
        body: Box<Expr>,
    },
    /// `for pattern in source where .. { body }` of type `Unit`, or `.. select body` of type `List<body>`.
    For(Box<For>),
    Return(Option<Box<Expr>>),
    Break,
    Continue,
    /// One transaction (a savepoint inside another). A failure that leaves it undoes what it wrote.
    Atomic(Box<Expr>),

    // Changing places; of type `Unit` unless said.
    Assign {
        place: Place,
        value: Box<Expr>,
    },
    /// `place op= value`
    AssignOp {
        place: Place,
        op: ArithOp,
        value: Box<Expr>,
    },
    /// `place.push(x)`: type as in [`MutateOp`].
    Mutate {
        place: Place,
        op: MutateOp,
        args: Vec<Expr>,
    },

    /// In a test: a bug unless it holds. When it is a comparison or `is`, the message shows both sides.
    Expect(Box<Expr>),

    // Waiting. The run may be gone from memory meanwhile; only what is used later is kept.
    /// `sleep(d)`; less than nothing is nothing.
    Sleep(Box<Expr>),
    /// `sleep_until(t)`; goes on at once when that has passed.
    SleepUntil(Box<Expr>),
    /// `wait { event(patterns) => body  after d => body }`: takes the oldest event that has come and is named
    /// here. Its arms are tried in order and cover every value. Of the type the bodies share.
    Wait {
        arms: Vec<WaitArm>,
        /// Delay and body; the delay is computed first.
        after: Option<(Box<Expr>, Box<Expr>)>,
    },
    /// Calls the outside world. Of type `Result(..)` when it can fail, with `TimedOut` when `within` is there.
    CallExtern {
        function: ExternId,
        args: Vec<Arg>,
        /// `.within(d)`: how long to wait for the answer; the call itself goes on.
        within: Option<Box<Expr>>,
    },
    /// `run.result()`, and a direct call of a workflow's `run` (whose operand is then a [`ExprKind::Send`]): the value
    /// of type `Run(T, errors)` must end; of type `Result(T, errors + Cancelled)`, with `TimedOut` when `within` is there.
    RunResult {
        run: Box<Expr>,
        within: Option<Box<Expr>>,
    },
    /// `parallel { a, b }`: of type `Tuple` of the branches' types. The first failure of a branch leaves the function,
    /// when all branches that had begun have ended.
    Parallel(Vec<Lambda>),
    /// `parallel for`: items are made as in [`For`] (generators and `where` before any branch begins); the body
    /// is a branch for each, whose parameters are the locals that the patterns bind, and those of an `is` in a
    /// `where` that it reads, sorted.
    ParallelFor {
        generators: Vec<(Pattern, ForSource)>,
        wheres: Vec<Expr>,
        /// At most so many branches at one time, at least one: the next begins when one has ended. Worked out first.
        at_once: Option<Box<Expr>>,
        branch: Lambda,
        /// `Loop`: of type `Unit`; `Select`: a list in the order of the items.
        kind: ForKind,
    },

    // Messages and what is done later.
    /// `send call`, `send call after d`: done after this step is kept, exactly once. Of type `Run` for the
    /// run of a workflow sent without `after` (when the key has one already: that one), `Unit` for an event, else `Ticket`.
    Send {
        message: Message,
        after: Option<Box<Expr>>,
    },
    /// `cancel(t)`, on `Ticket` or `Ticket?`: what has not begun will not.
    Cancel(Box<Expr>),
    /// From here on, when the run fails, the compensation runs (last pushed first). It
    /// cannot fail. When the local is given, of type `Result`, only if it is `Ok`.
    ///
    /// `let p = step undo c` is `let t = step; let p = t; PushUndo(c)`, and likewise where a step is an expression.
    PushUndo {
        if_ok: Option<LocalId>,
        compensation: Lambda,
    },

    // Chance: from the place of the step in the log.
    /// `random()`: Float, 0 <= x < 1.
    Random,
    /// `fresh_id()`: a new Text of 26 characters; `T.fresh()` is that wrapped.
    Fresh,

    // In tests.
    /// `advance(d)`: lets time pass; everything due on the way happens in its order.
    Advance(Box<Expr>),
    /// `settle()`: everything that needs no time to pass happens.
    Settle,
    /// `mock(payments.charge, (card, amount) => ..)`: answers calls of an extern function, each in a strand of its
    /// own. The body may wait, and fail with what the function may fail with.
    Mock {
        function: ExternId,
        answer: Lambda,
    },
    /// `Account(k).set(balance: 5.00)`: a transaction that writes these fields, in this order. Of type `Unit`.
    SetState {
        entity: EntityId,
        /// Of type `Entity(entity)`.
        target: Box<Expr>,
        fields: Vec<(FieldId, Expr)>,
    },
    /// `Account(k).exists()`: whether any state of it was ever written.
    Exists {
        entity: EntityId,
        /// Of type `Entity(entity)`.
        target: Box<Expr>,
    },
    /// `crash_at("label")`: the process is killed when a step that ends at that label is durable.
    CrashAt(Box<Expr>),

    /// `trending.all()`, `trending.at(key)`: the rows of a view as of the last commit; with a key those whose first key it is.
    ReadView {
        view: ViewId,
        key: Option<Box<Expr>>,
    },
    // Streams.
    /// `posts.emit(v)`: an entry of the stream, if and only if the step is kept. Gives its position in the stream, an Int.
    Emit {
        stream: StreamId,
        value: Box<Expr>,
    },

    // State that merges.
    /// `likes.add(1)`, `cursors[k].set(at)`: a change of an own `merge` field. Of type `Unit`. Keys on the way are worked out
    /// first, then what the change takes.
    Merge {
        field: FieldId,
        path: Vec<MergeStep>,
        change: Change,
        value: Option<Box<Expr>>,
    },
    /// In tests, `sync(a, b)`: two replicas of one instance, of type [`super::REPLICA`], tell each other all that merges.
    Sync(Box<Expr>, Box<Expr>),
    /// The value of a `scratch let`, only there and of the type it has: the run waits until it has been computed. The
    /// variable it is bound to has [`super::Local::is_scratch`].
    Scratch(Box<Scratch>),
}

/// Temporary data: code that depends on what it captures and on contents of blobs alone, so that it may be run anywhere and again.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// Of the variable.
    pub name: String,
    pub code: ScratchCode,
    /// What the function fails with, in place of being parked, where the data cannot be had.
    pub lost: Option<ErrorId>,
}

#[derive(Clone, Debug)]
pub enum ScratchCode {
    Whole(Lambda),
    /// `parallel for .. select`: the list that `each` makes of the items, in their order, however they are cut into parts.
    Tasks {
        source: ScratchSource,
        /// Of a list of items, one after the other: a list.
        each: Lambda,
        /// Of all that `each` gives: the list that is wanted.
        finish: Option<ScratchFinish>,
    },
}

#[derive(Clone, Debug)]
pub enum ScratchSource {
    /// Gives the list of items.
    List(Lambda),
    /// A list that is temporary data itself.
    Scratch(LocalId),
}

#[derive(Clone, Debug)]
pub struct ScratchFinish {
    pub lambda: Lambda,
    /// With `group by`: what it takes and what it gives are lists of tuples with the key first, and what it gives is ascending by
    /// the key, depends for each key on the rows of that key alone, and is wanted without the key.
    pub keyed: bool,
}

impl Scratch {
    /// All its code.
    pub fn lambdas(&self) -> Vec<&Lambda> {
        match &self.code {
            ScratchCode::Whole(lambda) => vec![lambda],
            ScratchCode::Tasks {
                source,
                each,
                finish,
            } => {
                let source = match source {
                    ScratchSource::List(lambda) => Some(lambda),
                    ScratchSource::Scratch(_) => None,
                };
                let finish = finish.as_ref().map(|finish| &finish.lambda);
                source.into_iter().chain([each]).chain(finish).collect()
            }
        }
    }

    /// The locals around it that it reads, sorted; a list that it takes part by part first.
    pub fn captures(&self) -> Vec<LocalId> {
        let mut all: Vec<LocalId> = self
            .lambdas()
            .iter()
            .flat_map(|lambda| lambda.captures.iter().copied())
            .collect();
        all.sort();
        all.dedup();
        if let ScratchCode::Tasks {
            source: ScratchSource::Scratch(list),
            ..
        } = &self.code
        {
            all.retain(|local| local != list);
            all.insert(0, *list);
        }
        all
    }
}

/// An arm of `wait`.
#[derive(Clone, Debug)]
pub struct WaitArm {
    /// Of the workflow this code belongs to.
    pub event: EventId,
    /// One for each parameter.
    pub patterns: Vec<Pattern>,
    pub body: Expr,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Message {
    /// A top-level function.
    Function { function: FnId, args: Vec<Arg> },
    /// A handler, or the `run` of a workflow.
    Handler {
        function: FnId,
        /// `None` is the instance this code belongs to.
        target: Option<Box<Expr>>,
        args: Vec<Arg>,
    },
    Event {
        entity: EntityId,
        event: EventId,
        target: Option<Box<Expr>>,
        args: Vec<Expr>,
    },
}

/// An argument in the place of its parameter. All are worked out from left to right; where the source has another order, those
/// for which it matters are variables, bound in a block around the call.
#[derive(Clone, Debug)]
pub enum Arg {
    Value(Expr),
    /// Left out: the parameter's default.
    Default,
    /// For a parameter of function type.
    Lambda(Lambda),
    /// For a parameter of function type: an own parameter of function type, passed on.
    Param(LocalId),
    /// For a parameter of function type: a top-level function by name.
    Function(FnId, Vec<Type>),
}

/// Its variables live in the enclosing body's table. It may read variables
/// around it (their value when it is called), never assign them, and cannot fail or return out.
#[derive(Clone, Debug)]
pub struct Lambda {
    pub params: Vec<LocalId>,
    pub body: Box<Expr>,
    /// Locals declared outside that it reads, sorted; parameters of function type it calls are among them.
    pub captures: Vec<LocalId>,
}

/// The value is that of the last statement when that is an [`Stmt::Expr`] and the
/// block's expression has another type than `Unit`.
#[derive(Clone, Debug)]
pub struct Block {
    pub stmts: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub enum Stmt {
    /// The pattern cannot fail to match. `var x = v` is a `Bind`.
    Let(Pattern, Expr),
    Expr(Expr),
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub struct For {
    /// `limit n`: the loop ends when so many values are collected. Computed once, before all else. Only of [`ForKind::Select`].
    pub most: Option<Expr>,
    /// Later sources may use what earlier patterns bind. Patterns cannot fail to match.
    pub generators: Vec<(Pattern, ForSource)>,
    /// All must hold; looked at inside the innermost generator.
    pub wheres: Vec<Expr>,
    pub body: Expr,
    pub kind: ForKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForKind {
    /// Runs the body for its effect.
    Loop,
    /// Collects the body's values into a list.
    Select,
}

#[derive(Clone, Debug)]
pub enum ForSource {
    /// `start..end` on Int, end excluded; both are computed once.
    Range(Expr, Expr),
    /// List (in order), set (in order), map (tuples `(key, value)` in key order). Computed once: changing
    /// the collection in the body does not change the walk.
    Collection(Expr),
    /// References to the instances that exist, by their keys. The next one is the least that exists when it is taken and
    /// is greater than the one before: what comes to be in front of the walk is walked too, what comes to be behind it is not.
    Entities(EntityId),
    /// The entries of a stream that it keeps and that were not late, oldest first. Only in what a view means; whether that puts
    /// them into windows, which are kept as a whole.
    Entries(StreamId, bool),
}

/// Something that can be assigned: a root and the way down from it.
#[derive(Clone, Debug)]
pub struct Place {
    pub root: PlaceRoot,
    pub path: Vec<PlaceStep>,
    /// Of the place itself.
    pub ty: Type,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceRoot {
    /// A `var`.
    Local(LocalId),
    /// A field of own state.
    State(FieldId),
}

/// Indices are evaluated left to right, before the value that is assigned.
#[derive(Clone, Debug)]
pub enum PlaceStep {
    /// Field by position of a record or tuple.
    Field(u32),
    /// `xs[i]`; a position outside is a bug.
    ListIndex(Expr),
    /// `m[k]`: assigning inserts or replaces when this is the last step; on the way to
    /// something deeper (or with `op=` or a mutating method) a missing key is a bug.
    MapKey(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MutateOp {
    /// `(T) -> Unit`
    ListPush,
    /// `() -> T?`
    ListPop,
    /// `(Int, T) -> Unit`; the length is a valid position, others outside are a bug.
    ListInsert,
    /// `(Int) -> T`; a position outside is a bug.
    ListRemove,
    /// `() -> Unit`
    ListClear,
    /// `(K) -> V?`
    MapRemove,
    MapClear,
    /// `(T) -> Bool`: whether it was new.
    SetAdd,
    /// `(T) -> Bool`: whether it was there.
    SetRemove,
    SetClear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Debug)]
pub struct Pattern {
    pub kind: PatternKind,
    /// Of the value it is held against.
    pub ty: Type,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum PatternKind {
    Wildcard,
    Bind(LocalId),
    Bool(bool),
    /// Also against Decimal, Float, and `new` types over them: equality with the literal expression.
    Literal(Box<Expr>),
    None,
    Some(Box<Pattern>),
    /// `Ok(p)` against a `Result`.
    Ok(Box<Pattern>),
    /// One error of a `Result`; a pattern for each field.
    Error(ErrorId, Vec<Pattern>),
    Variant(EnumId, u32, Vec<Pattern>),
    /// A record or tuple; a pattern for each field.
    Fields(Vec<Pattern>),
    /// A list of exactly these, or of at least these with a rest somewhere between.
    List {
        items: Vec<Pattern>,
        rest: Option<Rest>,
    },
    /// The first that matches; all bind the same locals.
    Or(Vec<Pattern>),
}

/// The items of a list that its pattern does not look at one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// So many of the pattern's items stand in front of it, the others at the end of the list.
    pub at: usize,
    /// What it is called, if anything: a list.
    pub local: Option<LocalId>,
}

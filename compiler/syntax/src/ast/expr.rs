//! Blocks, statements and expressions.

use weir_diagnostics::Span;

use super::{Ident, Pattern, PatternArg, Type};

/// `{ ... }`. Its value is the value of the last statement, if that is an
/// expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub stmts: Vec<Stmt>,
    /// With both braces; for an assignment as the body of an arm, the assignment.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `let pattern: Type = value`, `scratch let ...`
    Let {
        scratch: bool,
        pattern: Pattern,
        ty: Option<Type>,
        value: Expr,
    },
    Var {
        name: Ident,
        ty: Option<Type>,
        value: Expr,
    },
    While {
        cond: Expr,
        body: Block,
    },
    /// `require cond else error`: fails with `error` unless `cond`.
    Require {
        cond: Expr,
        otherwise: Expr,
    },
    Expect(Expr),
    /// `target op value`. The target is a `Var`, or `Field`, `TupleField` and
    /// `Index` of one; anything else was reported.
    Assign {
        target: Expr,
        op: AssignOp,
        op_span: Span,
        value: Expr,
    },
    Expr(Expr),
    /// Broken, and reported.
    Hole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AssignOp {
    /// `=`
    Set,
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Broken, and reported.
    Hole,

    // Literals.
    Int(i64),
    /// In units of 10^-9: `1.5` is 1_500_000_000.
    Decimal(i128),
    Float(f64),
    /// `19.99USD`: amount in units of 10^-9, and three capitals.
    Money {
        amount: i128,
        currency: String,
    },
    /// Microseconds.
    Duration(i64),
    /// Microseconds since 1970-01-01T00:00Z.
    Time(i64),
    /// Days since 1970-01-01.
    Date(i64),
    Bool(bool),
    /// Unescaped.
    Text(String),
    /// `"a {x} b"`: at least one part is an expression.
    Interpolated(Vec<TextPart>),

    // Names.
    /// A lower-case name: a variable, parameter, state field, function, module.
    Var(Ident),
    /// An upper-case name: a record, error, variant, entity or type.
    Con(Ident),
    SelfRef,

    // Collections.
    /// `(a, b)`, `(x: 1, y: 2)`, `(x: 1)`; `()` is unit. Never exactly one part
    /// without a label.
    Tuple(Vec<Arg>),
    List(Vec<Expr>),
    /// `[k: v]`, `[:]`
    Map(Vec<MapEntry>),

    // Operators.
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `start..end`, end excluded.
    Range {
        start: Box<Expr>,
        end: Box<Expr>,
    },
    /// `value is pattern`
    Is {
        value: Box<Expr>,
        pattern: Pattern,
    },
    /// `value ?? otherwise`
    Coalesce {
        value: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// `expr?`
    Try(Box<Expr>),
    /// `peek expr`
    Peek(Box<Expr>),
    /// `send call`, `send call after delay`. What is sent is a `Call`; anything
    /// else was reported.
    Send {
        call: Box<Expr>,
        after: Option<Box<Expr>>,
    },
    /// `step undo compensation`. Only as a statement, the value of a `let`,
    /// `var` or assignment, the body of an arm or a branch of `parallel`. The
    /// compensation may be a `Block`.
    Undo {
        step: Box<Expr>,
        compensation: Box<Expr>,
    },

    // Access.
    /// `base.name`; the name may be upper-case (`Status.Paid`, `module.Name`).
    Field {
        base: Box<Expr>,
        name: Ident,
    },
    /// `base.0`
    TupleField {
        base: Box<Expr>,
        index: u32,
        index_span: Span,
    },
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `callee(args)`; a method call is a `Call` of a `Field`.
    Call {
        callee: Box<Expr>,
        args: Vec<Arg>,
    },

    // Control.
    If {
        cond: Box<Expr>,
        then: Block,
        /// A `Block` or another `If`.
        otherwise: Option<Box<Expr>>,
    },
    Match {
        subject: Box<Expr>,
        arms: Vec<Arm>,
    },
    For(Box<For>),
    Lambda {
        params: Vec<LambdaParam>,
        /// May be a `Block`.
        body: Box<Expr>,
    },
    /// `fail error`
    Fail(Box<Expr>),
    Return(Option<Box<Expr>>),
    Break,
    Continue,
    Atomic(Block),
    /// `parallel { a, b }`
    Parallel(Vec<Expr>),
    Wait(Vec<WaitArm>),
    /// A block where an expression may stand: the body of an arm or lambda, an
    /// `else`, a compensation.
    Block(Block),
}

/// A piece of an interpolated text.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// Unescaped; never empty.
    Text(String),
    Expr(Expr),
}

/// An argument, or a part of a tuple: `value` or `label: value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    pub label: Option<Ident>,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapEntry {
    pub key: Expr,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `not`
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `in`
    In,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl BinaryOp {
    /// As written in source.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::In => "in",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
        }
    }
}

/// `pattern if guard => body`
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    /// May be a `Block`; an assignment is a `Block` with that one statement.
    pub body: Expr,
    pub span: Span,
}

/// An arm of `wait`.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitArm {
    pub on: WaitOn,
    pub body: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum WaitOn {
    /// `event`, `event(args)`; `args` is `None` without parentheses.
    Event {
        name: Ident,
        args: Option<Vec<PatternArg>>,
    },
    /// `after delay`
    After(Expr),
    /// Broken, and reported.
    Hole,
}

/// A lambda's parameter: a name, or `None` for `_` (and for one that was reported).
#[derive(Clone, Debug, PartialEq)]
pub struct LambdaParam {
    pub name: Option<Ident>,
    /// `(x: Int) => ...`; only a plain, dotted or optional type name can be written.
    pub ty: Option<Type>,
    pub span: Span,
}

/// `for` as loop and as comprehension.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    pub parallel: bool,
    /// Never empty. Later ones may use the names of earlier ones.
    pub generators: Vec<Generator>,
    /// In source order.
    pub clauses: Vec<Clause>,
    /// Behind a `select`: of the items; of a parallel loop, of the branches at one time.
    pub limit: Option<Expr>,
    pub body: ForBody,
}

/// `pattern in source`
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    pub pattern: Pattern,
    pub source: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub kind: ClauseKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // Few are ever made.
pub enum ClauseKind {
    Where(Expr),
    /// `join pattern in source on condition`
    Join {
        pattern: Pattern,
        source: Expr,
        on: Expr,
    },
    GroupBy(Vec<GroupKey>),
    SortBy(Vec<SortKey>),
}

/// `name: expr` or `expr`
#[derive(Clone, Debug, PartialEq)]
pub struct GroupKey {
    pub name: Option<Ident>,
    pub expr: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    pub expr: Expr,
    pub desc: bool,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // Few are ever made.
pub enum ForBody {
    Block(Block),
    /// `select value`
    Select(Expr),
}

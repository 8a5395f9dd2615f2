//! The kinds of tokens. A token carries no value: what it says is read from the
//! source when the tree is built, so tokens stay small and are copied freely.

/// Kind of a token, named after its spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tok {
    // Names and literals.
    Name,
    UpperName,
    At,
    Int,
    Decimal,
    Float,
    Money,
    Duration,
    /// `t"2026-01-31T10:00Z"`, and the date `d"2026-01-31"`.
    Time,
    Str,
    /// `"text {`
    StrHead,
    /// `} text {`
    StrMid,
    /// `} text"`
    StrTail,
    // Soft keywords: names as well.
    Import,
    As,
    From,
    Record,
    Enum,
    Error,
    Type,
    New,
    Entity,
    Workflow,
    State,
    Merge,
    Event,
    Invariant,
    Stream,
    View,
    On,
    Every,
    Extern,
    Test,
    Migrate,
    Fails,
    Limit,
    Desc,
    Allow,
    // Hard keywords.
    Pub,
    Fn,
    Let,
    Var,
    If,
    Else,
    /// An `else` that does not belong to an `if` but to a `require`.
    ElseThen,
    Match,
    Is,
    For,
    In,
    While,
    Break,
    Continue,
    Return,
    Fail,
    Require,
    Expect,
    Send,
    After,
    Peek,
    Wait,
    Undo,
    Atomic,
    Parallel,
    Scratch,
    Where,
    Join,
    Select,
    /// `group by`
    GroupBy,
    /// `sort by`
    SortBy,
    And,
    Or,
    Not,
    True,
    False,
    SelfKw,
    // Punctuation.
    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    Lt,
    Gt,
    Le,
    Ge,
    EqEq,
    Ne,
    Eq,
    PlusEq,
    MinusEq,
    StarEq,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Dot,
    DotDot,
    Comma,
    Colon,
    /// Written, or put in at the end of a line.
    Semi,
    Question,
    QuestionQuestion,
    Arrow,
    FatArrow,
    Bar,
    Underscore,
    /// Stands for tokens that were broken and taken out.
    Hole,
}

use Tok::*;

impl Tok {
    /// The token of a word that starts with a letter or `_`.
    pub fn of_word(word: &str) -> Tok {
        match word {
            "import" => Import,
            "as" => As,
            "from" => From,
            "record" => Record,
            "enum" => Enum,
            "error" => Error,
            "type" => Type,
            "new" => New,
            "entity" => Entity,
            "workflow" => Workflow,
            "state" => State,
            "merge" => Merge,
            "event" => Event,
            "invariant" => Invariant,
            "stream" => Stream,
            "view" => View,
            "on" => On,
            "every" => Every,
            "extern" => Extern,
            "test" => Test,
            "migrate" => Migrate,
            "fails" => Fails,
            "limit" => Limit,
            "desc" => Desc,
            "allow" => Allow,
            "pub" => Pub,
            "fn" => Fn,
            "let" => Let,
            "var" => Var,
            "if" => If,
            "else" => Else,
            "match" => Match,
            "is" => Is,
            "for" => For,
            "in" => In,
            "while" => While,
            "break" => Break,
            "continue" => Continue,
            "return" => Return,
            "fail" => Fail,
            "require" => Require,
            "expect" => Expect,
            "send" => Send,
            "after" => After,
            "peek" => Peek,
            "wait" => Wait,
            "undo" => Undo,
            "atomic" => Atomic,
            "parallel" => Parallel,
            "scratch" => Scratch,
            "where" => Where,
            "join" => Join,
            "select" => Select,
            "and" => And,
            "or" => Or,
            "not" => Not,
            "true" => True,
            "false" => False,
            "self" => SelfKw,
            _ if word.starts_with(|c: char| c.is_ascii_uppercase()) => UpperName,
            _ => Name,
        }
    }

    /// A keyword that is a name as well.
    pub fn is_soft(self) -> bool {
        matches!(
            self,
            Import
                | As
                | From
                | Record
                | Enum
                | Error
                | Type
                | New
                | Entity
                | Workflow
                | State
                | Merge
                | Event
                | Invariant
                | Stream
                | View
                | On
                | Every
                | Extern
                | Test
                | Migrate
                | Fails
                | Limit
                | Desc
                | Allow
        )
    }

    /// A keyword that is never a name of a value.
    pub fn is_hard(self) -> bool {
        matches!(
            self,
            Pub | Fn
                | Let
                | Var
                | If
                | Else
                | ElseThen
                | Match
                | Is
                | For
                | In
                | While
                | Break
                | Continue
                | Return
                | Fail
                | Require
                | Expect
                | Send
                | After
                | Peek
                | Wait
                | Undo
                | Atomic
                | Parallel
                | Scratch
                | Where
                | Join
                | Select
                | And
                | Or
                | Not
                | True
                | False
                | SelfKw
        )
    }

    /// Can be the name of a value.
    pub fn is_name(self) -> bool {
        self == Name || self.is_soft()
    }

    /// A newline after this token may end a statement.
    pub fn ends_statement(self) -> bool {
        self.is_soft()
            || matches!(
                self,
                Name | UpperName
                    | Int
                    | Decimal
                    | Float
                    | Money
                    | Duration
                    | Time
                    | Str
                    | StrTail
                    | True
                    | False
                    | SelfKw
                    | RParen
                    | RBracket
                    | RBrace
                    | Question
                    | Gt
                    | Underscore
                    | Return
                    | Break
                    | Continue
                    | Hole
            )
    }

    /// At the start of a line this token can only carry on the line before.
    pub fn continues_statement(self) -> bool {
        matches!(
            self,
            Dot | And
                | Or
                | Else
                | ElseThen
                | Where
                | Join
                | Select
                | GroupBy
                | SortBy
                | Undo
                | QuestionQuestion
                | Plus
                | Star
                | Slash
                | Percent
                | EqEq
                | Ne
                | Lt
                | Gt
                | Le
                | Ge
                | Is
                | In
                | Arrow
                | FatArrow
                | Eq
                | PlusEq
                | MinusEq
                | StarEq
                | LBrace
                | Bar
                | RParen
                | RBracket
                | RBrace
                | Comma
                | Fails
        )
    }

    pub fn is_open(self) -> bool {
        matches!(self, LParen | LBracket | LBrace | StrHead)
    }

    pub fn is_close(self) -> bool {
        matches!(self, RParen | RBracket | RBrace | StrTail)
    }
}

/// A token at its place: bytes `start..end` of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Tok,
    pub start: u32,
    pub end: u32,
    /// For the first token of a line, how many characters stand before it.
    pub indent: Option<u32>,
}

impl Token {
    /// A token that is not in the text.
    pub fn made(kind: Tok, at: u32) -> Token {
        Token {
            kind,
            start: at,
            end: at,
            indent: None,
        }
    }
}

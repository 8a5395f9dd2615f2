//! Types of a checked program.

/// Position in [`super::Checked::records`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub u32);
/// Position in [`super::Checked::errors`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorId(pub u32);
/// Position in [`super::Checked::enums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnumId(pub u32);
/// Position in [`super::Checked::news`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NewId(pub u32);
/// Position in [`super::Checked::entities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    Unit,
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Bytes,
    Time,
    Duration,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Set(Box<Type>),
    Option(Box<Type>),
    Tuple(Vec<TupleField>),
    Record(RecordId),
    Error(ErrorId),
    Enum(EnumId),
    New(NewId),
    /// A reference to an entity; its value is the key.
    Entity(EntityId),
    /// What a call gives that may fail; errors sorted, never empty.
    Result(Box<Type>, Vec<ErrorId>),
    /// A run of a workflow: what it gives and may fail with. Its value is the run's number.
    Run(Box<Type>, Vec<ErrorId>),
    /// What was sent and may be cancelled. Its value is a number.
    Ticket,
    /// A function passed as an argument.
    Fn(Vec<Type>, Box<Type>),
    /// A type parameter of the enclosing function, by position.
    Param(u32),
    /// Of an expression that does not come back: `fail`, `return`, `break`, `continue`.
    /// Fits everywhere.
    Never,
    /// Could not be worked out, and somebody was told. Never behind the gate.
    Unknown,
    /// Not worked out yet, by number in the checker's table. Never behind the gate.
    Infer(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TupleField {
    pub name: Option<String>,
    pub ty: Type,
}

impl Type {
    pub fn list(item: Type) -> Type {
        Type::List(Box::new(item))
    }

    pub fn option(of: Type) -> Type {
        Type::Option(Box::new(of))
    }
}

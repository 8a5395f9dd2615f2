//! The types of parameters and results of library functions: a short list, so that a signature is a row of names.

use crate::types::Type;

/// The types that occur in signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Bytes,
    Time,
    Duration,
    Date,
    Money,
    /// `List<Int>`.
    Ints,
    /// `List<Text>`.
    Texts,
    /// `List<List<Text>>`.
    Rows,
    /// `Int?`, and so on.
    OptInt,
    OptDecimal,
    OptFloat,
    OptText,
    OptBytes,
    OptTime,
    OptDuration,
    OptDate,
    OptMoney,
    /// `List<Text?>?`.
    OptGroups,
    /// `List<List<Text>>?`.
    OptRows,
    Blob,
}

impl Kind {
    pub fn ty(self) -> Type {
        let option = |ty| Type::Option(Box::new(ty));
        let list = |ty| Type::List(Box::new(ty));
        match self {
            Kind::Bool => Type::Bool,
            Kind::Int => Type::Int,
            Kind::Decimal => Type::Decimal,
            Kind::Float => Type::Float,
            Kind::Text => Type::Text,
            Kind::Bytes => Type::Bytes,
            Kind::Time => Type::Time,
            Kind::Duration => Type::Duration,
            Kind::Date => Type::Date,
            Kind::Money => Type::Money,
            Kind::Ints => list(Type::Int),
            Kind::Texts => list(Type::Text),
            Kind::Rows => list(list(Type::Text)),
            Kind::OptInt => option(Type::Int),
            Kind::OptDecimal => option(Type::Decimal),
            Kind::OptFloat => option(Type::Float),
            Kind::OptText => option(Type::Text),
            Kind::OptBytes => option(Type::Bytes),
            Kind::OptTime => option(Type::Time),
            Kind::OptDuration => option(Type::Duration),
            Kind::OptDate => option(Type::Date),
            Kind::OptMoney => option(Type::Money),
            Kind::OptGroups => option(list(option(Type::Text))),
            Kind::OptRows => option(list(list(Type::Text))),
            Kind::Blob => Type::Blob,
        }
    }
}

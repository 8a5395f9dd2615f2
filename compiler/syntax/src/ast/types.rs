//! Types as written.

use weir_diagnostics::Span;

use super::Ident;

#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    pub kind: TypeKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `Name`, `module.Name`, `List<Int>`; `args` is empty without `<...>`.
    Path { path: TypePath, args: Vec<Type> },
    /// `(Int, Text)`, `(x: Int, y: Int)`; `()` is the unit type.
    Tuple(Vec<TypeField>),
    /// `T?`
    Optional(Box<Type>),
    /// `fn(A, B) -> R`
    Fn { params: Vec<Type>, ret: Box<Type> },
    /// Broken, and reported.
    Hole,
}

/// One part of a tuple type.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeField {
    pub label: Option<Ident>,
    pub ty: Type,
    pub span: Span,
}

/// `Name` or `a.b.Name`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypePath {
    /// Lower-case names before the last dot; mostly empty.
    pub module: Vec<Ident>,
    pub name: Ident,
    pub span: Span,
}

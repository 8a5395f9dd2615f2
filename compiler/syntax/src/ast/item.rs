//! Items of a module and members of an entity. The large ones are shared, so that the checker keeps them without copying.

use std::sync::Arc;

use weir_diagnostics::Span;

use super::{Attr, Block, Doc, Expr, Ident, Pattern, TextLit, Type, TypePath};

/// Something at the top of a file. The span starts at the first attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub doc: Option<Doc>,
    pub attrs: Vec<Attr>,
    pub kind: ItemKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    Import(Import),
    Record(RecordDecl),
    /// `error Name(fields)`
    Error(ErrorDecl),
    Enum(EnumDecl),
    /// `type Name = Type`
    TypeAlias(TypeDecl),
    /// `type Name = new Type`
    NewType(TypeDecl),
    /// `let name: Type = value`
    Let(LetDecl),
    Fn(Arc<FnDecl>),
    Entity(Arc<EntityDecl>),
    /// `workflow Name(keys) { ... }`: the same shape as an entity.
    Workflow(Arc<EntityDecl>),
    Stream(StreamDecl),
    View(ViewDecl),
    On(OnDecl),
    Every(EveryDecl),
    Extern(ExternDecl),
    Migrate(MigrateDecl),
    Test(Arc<TestDecl>),
    /// Broken, and reported.
    Hole,
}

/// `import a.b`, `import a.b as c`, `import a.b.{x, Y}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Never empty.
    pub path: Vec<Ident>,
    pub alias: Option<Ident>,
    /// `None` without braces.
    pub names: Option<Vec<Ident>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RecordDecl {
    pub name: Ident,
    pub type_params: Vec<Ident>,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ErrorDecl {
    pub name: Ident,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct EnumDecl {
    pub name: Ident,
    pub type_params: Vec<Ident>,
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    pub doc: Option<Doc>,
    pub name: Ident,
    /// Empty when there are no parentheses.
    pub fields: Vec<Field>,
    pub span: Span,
}

/// A field of a record, error or variant; a parameter of a function, event or
/// test; a key of an entity. `name: Type` or `name: Type = default`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub doc: Option<Doc>,
    pub attrs: Vec<Attr>,
    pub name: Ident,
    pub ty: Type,
    pub default: Option<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypeDecl {
    pub name: Ident,
    pub type_params: Vec<Ident>,
    pub ty: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LetDecl {
    pub name: Ident,
    pub ty: Option<Type>,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FnDecl {
    /// Where `pub` stands.
    pub is_pub: Option<Span>,
    pub name: Ident,
    pub type_params: Vec<Ident>,
    pub params: Vec<Field>,
    /// `None` when nothing is written: the function gives nothing (unit).
    pub ret: Option<Type>,
    /// Empty when `fails` is not written.
    pub fails: Vec<TypePath>,
    pub body: FnBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FnBody {
    Block(Block),
    /// `= expr`
    Expr(Expr),
}

/// `entity` or `workflow`.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityDecl {
    pub name: Ident,
    pub keys: Vec<Field>,
    pub members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub doc: Option<Doc>,
    pub attrs: Vec<Attr>,
    pub kind: MemberKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MemberKind {
    State(StateDecl),
    /// `merge name: Lattice`
    Merge(MergeDecl),
    Event(EventDecl),
    Invariant(Expr),
    Allow(Expr),
    Fn(Arc<FnDecl>),
    /// Broken, and reported.
    Hole,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StateDecl {
    pub is_pub: Option<Span>,
    pub name: Ident,
    pub ty: Type,
    pub init: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MergeDecl {
    pub is_pub: Option<Span>,
    pub name: Ident,
    pub ty: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub struct EventDecl {
    pub is_pub: Option<Span>,
    pub name: Ident,
    pub params: Vec<Field>,
    /// Only events of entities have one.
    pub body: Option<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StreamDecl {
    pub is_pub: Option<Span>,
    pub name: Ident,
    pub ty: Type,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ViewDecl {
    pub is_pub: Option<Span>,
    pub name: Ident,
    pub value: Expr,
}

/// `on stream(pattern) { ... }`
#[derive(Clone, Debug, PartialEq)]
pub struct OnDecl {
    pub stream: Ident,
    pub pattern: Pattern,
    pub body: Block,
}

/// `every period { ... }`
#[derive(Clone, Debug, PartialEq)]
pub struct EveryDecl {
    pub period: Expr,
    pub body: Block,
}

/// `extern name from "wit:..." { fns }`
#[derive(Clone, Debug, PartialEq)]
pub struct ExternDecl {
    pub name: Ident,
    pub from: TextLit,
    pub fns: Vec<ExternFn>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExternFn {
    pub doc: Option<Doc>,
    pub attrs: Vec<Attr>,
    pub name: Ident,
    pub params: Vec<Field>,
    pub ret: Option<Type>,
    pub fails: Vec<TypePath>,
    pub span: Span,
}

/// `migrate Workflow.function { "label" => { ... } }`
#[derive(Clone, Debug, PartialEq)]
pub struct MigrateDecl {
    pub workflow: Ident,
    pub function: Ident,
    pub arms: Vec<MigrateArm>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MigrateArm {
    pub attrs: Vec<Attr>,
    pub label: TextLit,
    pub body: Block,
    pub span: Span,
}

/// `test "name" { ... }`; with parameters it is a property test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestDecl {
    pub name: TextLit,
    /// `None` without parentheses.
    pub params: Option<Vec<Field>>,
    pub body: Block,
}

//! How a type of a program and a type of WIT lie on each other: built once by `fit`, and then followed by each call.

use weir_contract::DefId;

/// One pair of types that fit.
#[derive(Clone, Debug)]
pub enum Shape {
    Bool,
    Int(Whole),
    /// `u64`, more than an `Int` holds.
    Decimal,
    Float32,
    Float64,
    Char,
    Text,
    Bytes,
    List(Box<Shape>),
    Option(Box<Shape>),
    Tuple(Vec<Shape>),
    Record(Vec<Member>),
    /// Our fields in their order, by the names of WIT.
    Flags(Vec<String>),
    /// By position of our variants.
    Variant(Vec<Case>),
    /// Likewise.
    Enum(Vec<String>),
    Result(Box<Outcome>),
}

/// The numbers of WIT that an `Int` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
}

/// A field of a record; those of a record are in the order of WIT.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    /// Position among our fields.
    pub at: usize,
    pub shape: Shape,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub fields: Payload,
}

/// What belongs to a case or an error: our fields, and how WIT has them.
#[derive(Clone, Debug)]
pub enum Payload {
    None,
    One(Shape),
    Tuple(Vec<Shape>),
    Record(Vec<Member>),
}

/// A function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// With the names of ours, for messages.
    pub params: Vec<(String, Shape)>,
    pub gives: Gives,
}

#[derive(Clone, Debug)]
pub enum Gives {
    /// Nothing for `Unit`.
    Value(Option<Shape>),
    /// It can fail.
    Outcome(Outcome),
}

/// A `result`.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Nothing for `Unit`.
    pub ok: Option<Shape>,
    pub errors: Errors,
}

#[derive(Clone, Debug)]
pub enum Errors {
    /// Cases of a `variant`, or of an `enum`.
    ByName {
        is_enum: bool,
        cases: Vec<(DefId, Case)>,
    },
    /// The only one there is.
    One(DefId, Payload),
}

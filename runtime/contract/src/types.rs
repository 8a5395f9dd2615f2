//! Types as compiler and runtime share them: closed, without type parameters.
//!
//! The compiler monomorphises, so every type that reaches the flow IR, the
//! manifest or the log is one of these. Named types live in a table ([`Defs`])
//! and are referred to by position, so that a type may mention itself.

use serde::{Deserialize, Serialize};

/// Position of a named type in [`Defs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DefId(pub u32);

/// The type of a value that may be stored, sent or passed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// The one value of a function that returns nothing; encoded in no bytes.
    Unit,
    Bool,
    /// 64-bit signed; arithmetic that leaves the range is a bug that crashes.
    Int,
    /// A 128-bit count of 10^-9.
    Decimal,
    /// IEEE 754 double with one NaN, which sorts after every number.
    Float,
    Text,
    Bytes,
    /// Microseconds since 1970-01-01T00:00Z.
    Time,
    /// Microseconds.
    Duration,
    /// Days since 1970-01-01, of the calendar, in no zone.
    Date,
    /// An amount in a currency of ISO 4217.
    Money,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Set(Box<Type>),
    Option(Box<Type>),
    /// Structural; field names do not take part in equality of values.
    Tuple(Vec<TupleField>),
    /// A record, enum, error, `new` type or entity reference of the program.
    Named(DefId),
    /// What a call that may fail gives: `Ok` of the first or one of the errors.
    Result(Box<Type>, Vec<DefId>),
    /// What names a content that is kept beside the log: its hash, its size and its media type.
    Blob,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TupleField {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub ty: Type,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub ty: Type,
}

/// A named type of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Def {
    /// As written in the source, for messages and JSON; with its type arguments: `Page<Int>`.
    pub name: String,
    pub kind: DefKind,
}

impl Def {
    /// What a value of it is made by: the name without type arguments.
    pub fn constructor(&self) -> &str {
        let end = self.name.find('<').unwrap_or(self.name.len());
        &self.name[..end]
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefKind {
    Record {
        fields: Vec<Field>,
    },
    Enum {
        variants: Vec<Variant>,
    },
    /// `status` is the HTTP status of a reply that fails so.
    Error {
        fields: Vec<Field>,
        status: u16,
    },
    /// `type Sku = new Text`: same representation, another type.
    New {
        base: Type,
    },
    /// The value of an entity reference is its key.
    Entity {
        keys: Vec<Field>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub name: String,
    pub fields: Vec<Field>,
}

/// The named types of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Defs {
    pub defs: Vec<Def>,
}

impl Defs {
    /// The definition behind an id. The ids of a manifest are checked when it is read, so
    /// an unknown one is a bug of ours.
    pub fn get(&self, id: DefId) -> &Def {
        &self.defs[id.0 as usize]
    }

    /// A type as it is written in Weir.
    pub fn name_of(&self, ty: &Type) -> String {
        let name = |ty| self.name_of(ty);
        match ty {
            Type::Unit => "()".into(),
            Type::Bool => "Bool".into(),
            Type::Int => "Int".into(),
            Type::Decimal => "Decimal".into(),
            Type::Float => "Float".into(),
            Type::Text => "Text".into(),
            Type::Bytes => "Bytes".into(),
            Type::Time => "Time".into(),
            Type::Duration => "Duration".into(),
            Type::Date => "Date".into(),
            Type::Money => "Money".into(),
            Type::List(of) => format!("List<{}>", name(of)),
            Type::Set(of) => format!("Set<{}>", name(of)),
            Type::Map(key, value) => format!("Map<{}, {}>", name(key), name(value)),
            Type::Option(of) => format!("{}?", name(of)),
            Type::Tuple(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| match &field.name {
                        Some(label) => format!("{label}: {}", name(&field.ty)),
                        None => name(&field.ty),
                    })
                    .collect();
                format!("({})", fields.join(", "))
            }
            Type::Named(id) => self.get(*id).name.clone(),
            Type::Result(of, errors) => {
                let errors: Vec<&str> = errors
                    .iter()
                    .map(|id| self.get(*id).name.as_str())
                    .collect();
                format!("Result<{}, {}>", name(of), errors.join(" | "))
            }
            Type::Blob => "Blob".into(),
        }
    }

    /// Follows `new` types to what they are made of.
    pub fn base<'a>(&'a self, mut ty: &'a Type) -> &'a Type {
        while let Type::Named(id) = ty {
            match &self.get(*id).kind {
                DefKind::New { base } => ty = base,
                _ => break,
            }
        }
        ty
    }
}

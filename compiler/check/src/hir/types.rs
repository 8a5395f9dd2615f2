//! Types of a checked program.

use std::collections::BTreeSet;

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
/// What can be declared with type parameters and then is a type for each choice of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nominal {
    Record(RecordId),
    Enum(EnumId),
    New(NewId),
}
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
    Date,
    Money,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Set(Box<Type>),
    Option(Box<Type>),
    Tuple(Vec<TupleField>),
    /// Records, enums and `new` types with their type arguments: none unless they are declared with type parameters.
    Record(RecordId, Vec<Type>),
    Error(ErrorId),
    Enum(EnumId, Vec<Type>),
    New(NewId, Vec<Type>),
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
    /// A type parameter of the enclosing function or declaration, by position.
    Param(u32),
    /// Of an expression that does not come back: `fail`, `return`, `break`, `continue`.
    /// Fits everywhere.
    Never,
    /// Could not be worked out, and somebody was told. Never behind the gate.
    Unknown,
    /// Not worked out yet, by number in the checker's table. Never behind the gate.
    Infer(u32),
    /// The name of a content that is kept beside the log.
    Blob,
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
    /// Rebuilds a type from what `f` makes of its direct parts.
    pub fn map(&self, f: &mut dyn FnMut(&Type) -> Type) -> Type {
        let mut all = |types: &[Type]| types.iter().map(&mut *f).collect::<Vec<_>>();
        match self {
            Type::Record(id, args) => Type::Record(*id, all(args)),
            Type::Enum(id, args) => Type::Enum(*id, all(args)),
            Type::New(id, args) => Type::New(*id, all(args)),
            Type::List(t) => Type::List(Box::new(f(t))),
            Type::Set(t) => Type::Set(Box::new(f(t))),
            Type::Option(t) => Type::Option(Box::new(f(t))),
            Type::Map(k, v) => Type::Map(Box::new(f(k)), Box::new(f(v))),
            Type::Tuple(fields) => Type::Tuple(
                fields
                    .iter()
                    .map(|field| TupleField {
                        name: field.name.clone(),
                        ty: f(&field.ty),
                    })
                    .collect(),
            ),
            Type::Fn(params, ret) => {
                let params = all(params);
                Type::Fn(params, Box::new(f(ret)))
            }
            Type::Result(t, errors) => Type::Result(Box::new(f(t)), errors.clone()),
            Type::Run(t, errors) => Type::Run(Box::new(f(t)), errors.clone()),
            other => other.clone(),
        }
    }

    /// With arguments in place of type parameters.
    pub fn substitute(&self, args: &[Type]) -> Type {
        match self {
            Type::Param(i) => args.get(*i as usize).cloned().unwrap_or(Type::Unknown),
            other => other.map(&mut |part| part.substitute(args)),
        }
    }

    /// How many types it is made of, given how many each type parameter stands for.
    pub fn parts(&self, of_param: &dyn Fn(usize) -> usize) -> usize {
        if let Type::Param(param) = self {
            return of_param(*param as usize);
        }
        let mut count = 1_usize;
        self.map(&mut |part| {
            count = count.saturating_add(part.parts(of_param));
            Type::Unit
        });
        count
    }

    /// Adds the type parameters in it.
    pub fn params(&self, found: &mut BTreeSet<u32>) {
        if let Type::Param(param) = self {
            found.insert(*param);
        }
        self.map(&mut |part| {
            part.params(found);
            Type::Unit
        });
    }

    /// The declaration and the type arguments of what is declared with or could be declared with type parameters.
    pub fn nominal(&self) -> Option<(Nominal, &[Type])> {
        match self {
            Type::Record(id, args) => Some((Nominal::Record(*id), args)),
            Type::Enum(id, args) => Some((Nominal::Enum(*id), args)),
            Type::New(id, args) => Some((Nominal::New(*id), args)),
            _ => None,
        }
    }
}

impl Nominal {
    /// Its type for a choice of arguments.
    pub fn of(self, args: Vec<Type>) -> Type {
        match self {
            Nominal::Record(id) => Type::Record(id, args),
            Nominal::Enum(id) => Type::Enum(id, args),
            Nominal::New(id) => Type::New(id, args),
        }
    }
}

//! State that merges: the types a `merge` field can have, and what is done to them.
//!
//! They are builtin `new` types, over what readers see: a `Counter` read anywhere is an `Int` with a name, an `AddSet<T>` a `Set<T>`.
//! What makes them merge is kept with the field, [`super::StateField::merge`].

use weir_contract::lattice::Change;

use super::{Checked, Expr, NewId, Nominal, RecordId, TupleField, Type};

/// The kinds, in the order of their builtin types behind `UserId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LatticeKind {
    Counter,
    MoneySum,
    Average,
    MaxOf,
    MinOf,
    Flag,
    Latest,
    GrowSet,
    AddSet,
    MergeMap,
}

/// `Replica<E>`: in tests, an instance as one of its replicas has it. Over the reference and the number of the replica; 0 is the
/// instance itself.
pub const REPLICA: NewId = NewId(1 + LatticeKind::ALL.len() as u32);

/// What a `merge` field is, down to its leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lattice {
    /// With the type of what it holds, when it has a choice.
    Leaf(LatticeKind, Option<Type>),
    Map(Type, Box<Lattice>),
    /// Fields by name.
    Record(Vec<(String, Lattice)>),
}

/// The way down from a `merge` field.
#[derive(Clone, Debug)]
pub enum MergeStep {
    /// Of a record, by position.
    Part(u32),
    /// Of a `MergeMap`; what is not there yet comes to be.
    Key(Expr),
}

impl LatticeKind {
    pub const ALL: [LatticeKind; 10] = {
        use LatticeKind::*;
        [
            Counter, MoneySum, Average, MaxOf, MinOf, Flag, Latest, GrowSet, AddSet, MergeMap,
        ]
    };

    pub const fn name(self) -> &'static str {
        match self {
            LatticeKind::Counter => "Counter",
            LatticeKind::MoneySum => "MoneySum",
            LatticeKind::Average => "Average",
            LatticeKind::MaxOf => "MaxOf",
            LatticeKind::MinOf => "MinOf",
            LatticeKind::Flag => "Flag",
            LatticeKind::Latest => "Latest",
            LatticeKind::GrowSet => "GrowSet",
            LatticeKind::AddSet => "AddSet",
            LatticeKind::MergeMap => "MergeMap",
        }
    }

    pub fn of_name(name: &str) -> Option<LatticeKind> {
        LatticeKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The builtin type.
    pub fn id(self) -> NewId {
        NewId(1 + self as u32)
    }

    pub fn of_id(id: NewId) -> Option<LatticeKind> {
        LatticeKind::ALL
            .get((id.0 as usize).checked_sub(1)?)
            .copied()
    }

    pub fn type_params(self) -> &'static [&'static str] {
        match self {
            LatticeKind::Counter
            | LatticeKind::MoneySum
            | LatticeKind::Average
            | LatticeKind::Flag => &[],
            LatticeKind::MergeMap => &["Key", "Of"],
            _ => &["Item"],
        }
    }

    /// What readers see, with its type parameters open.
    pub fn base(self) -> Type {
        let item = || Box::new(Type::Param(0));
        match self {
            LatticeKind::Counter => Type::Int,
            LatticeKind::MoneySum => Type::list(Type::Money),
            LatticeKind::Average => {
                let part = |name: &str, ty| TupleField {
                    name: Some(name.to_owned()),
                    ty,
                };
                Type::Tuple(vec![part("sum", Type::Decimal), part("count", Type::Int)])
            }
            LatticeKind::MaxOf | LatticeKind::MinOf | LatticeKind::Latest => Type::Option(item()),
            LatticeKind::Flag => Type::Bool,
            LatticeKind::GrowSet | LatticeKind::AddSet => Type::Set(item()),
            LatticeKind::MergeMap => Type::Map(item(), Box::new(Type::Param(1))),
        }
    }

    /// For people who ask what it is.
    pub const fn doc(self) -> &'static str {
        match self {
            LatticeKind::Counter => {
                "A number that is added to: `add(n)`, also of less than nothing. `value` is the sum, `at_least(n)` whether it is that much."
            }
            LatticeKind::MoneySum => {
                "Money that is added to: `add(m)`. `value` has a sum for each currency that was added."
            }
            LatticeKind::Average => {
                "The average of what was added: `add(x)`. `value` is a `Float`, 0 of nothing; `sum` and `count` are what it is made of."
            }
            LatticeKind::MaxOf => {
                "The greatest of all values: `raise(x)`. `value` is `None` until there is one."
            }
            LatticeKind::MinOf => {
                "The least of all values: `lower(x)`. `value` is `None` until there is one."
            }
            LatticeKind::Flag => "What happens once: `enable()`. `value` is whether it did.",
            LatticeKind::Latest => {
                "What was set last: `set(x)`, by the time of the step. `value` is `None` until there is something."
            }
            LatticeKind::GrowSet => "A set that is only added to: `add(x)`.",
            LatticeKind::AddSet => {
                "A set: `add(x)`, `remove(x)`. Who removes takes away what he sees; what is added elsewhere at the same time stays."
            }
            LatticeKind::MergeMap => {
                "By key something that merges: `m[key].add(1)`. A key is there from its first change on."
            }
        }
    }

    /// What is done to it.
    pub fn changes(self) -> &'static [Change] {
        match self {
            LatticeKind::Counter
            | LatticeKind::MoneySum
            | LatticeKind::Average
            | LatticeKind::GrowSet => &[Change::Add],
            LatticeKind::AddSet => &[Change::Add, Change::Remove],
            LatticeKind::MaxOf => &[Change::Raise],
            LatticeKind::MinOf => &[Change::Lower],
            LatticeKind::Latest => &[Change::Set],
            LatticeKind::Flag => &[Change::Enable],
            LatticeKind::MergeMap => &[],
        }
    }
}

impl Lattice {
    /// The type of what a change of a leaf takes; `Some(None)` when it takes nothing.
    pub fn takes(&self, change: Change) -> Option<Option<Type>> {
        let Lattice::Leaf(kind, item) = self else {
            return None;
        };
        kind.changes().contains(&change).then(|| match kind {
            LatticeKind::Counter => Some(Type::Int),
            LatticeKind::MoneySum => Some(Type::Money),
            LatticeKind::Average => Some(Type::Decimal),
            LatticeKind::Flag => None,
            _ => item.clone(),
        })
    }
}

impl Checked {
    /// How a type merges, if it does: one of the builtin ones, or a record of which all fields do.
    pub fn lattice(&self, ty: &Type) -> Option<Lattice> {
        self.lattice_within(ty, &mut Vec::new())
    }

    fn lattice_within(&self, ty: &Type, open: &mut Vec<RecordId>) -> Option<Lattice> {
        match ty {
            Type::New(id, args) => match (LatticeKind::of_id(*id)?, args.as_slice()) {
                (LatticeKind::MergeMap, [key, of]) => {
                    let of = self.lattice_within(of, open)?;
                    Some(Lattice::Map(key.clone(), Box::new(of)))
                }
                (kind, args) => Some(Lattice::Leaf(kind, args.first().cloned())),
            },
            Type::Record(id, args) if !open.contains(id) => {
                let fields = self.record_fields(*id, args);
                if fields.is_empty() {
                    return None;
                }
                open.push(*id);
                let part = |field: &super::NamedType| {
                    Some((field.name.clone(), self.lattice_within(&field.ty, open)?))
                };
                let parts = fields.iter().map(part).collect::<Option<_>>();
                open.pop();
                Some(Lattice::Record(parts?))
            }
            _ => None,
        }
    }

    /// Whether somewhere in a type there is something that merges.
    pub fn has_lattice(&self, ty: &Type) -> bool {
        self.has_lattice_within(ty, &mut Vec::new())
    }

    fn has_lattice_within(&self, ty: &Type, seen: &mut Vec<Nominal>) -> bool {
        if let Type::New(id, _) = ty
            && LatticeKind::of_id(*id).is_some()
        {
            return true;
        }
        let mut found = false;
        ty.map(&mut |part| {
            found |= self.has_lattice_within(part, seen);
            Type::Unit
        });
        if let Some((of, args)) = ty.nominal()
            && !found
            && !seen.contains(&of)
        {
            seen.push(of);
            let made_of = self.made_of(of, args);
            found = made_of.iter().any(|ty| self.has_lattice_within(ty, seen));
        }
        found
    }

    /// Whether the program has state that merges.
    pub fn merges(&self) -> bool {
        let mut fields = self.entities.iter().flat_map(|entity| &entity.fields);
        fields.any(|field| field.merge.is_some())
    }
}

//! State that merges: fields of one kind or another, changes of them, and what is read of them.

use super::stmt::Scope;
use super::{Gen, Ty};

/// A `merge` field.
#[derive(Clone)]
pub(crate) struct Merge {
    pub name: String,
    kind: &'static Kind,
}

/// What can be done to a field of a type and asked of it. `$` is a key, `@` a value.
struct Kind {
    ty: &'static str,
    changes: &'static [(&'static str, Option<Of>)],
    /// Behind the field's name.
    reads: &'static [(&'static str, Seen)],
}

/// The type of what is given, and of keys.
#[derive(Clone, Copy)]
enum Of {
    Int,
    Text,
    Money,
}

#[derive(Clone, Copy)]
enum Seen {
    Int,
    Bool,
    Float,
    Ints,
    Texts,
    MaybeInt,
    MaybeText,
}

const KINDS: &[Kind] = &[
    Kind {
        ty: "Counter",
        changes: &[(".add(@)", Some(Of::Int)), (".add(1)", None)],
        reads: &[(".value", Seen::Int), (".at_least(3)", Seen::Bool)],
    },
    Kind {
        ty: "MoneySum",
        changes: &[(".add(@)", Some(Of::Money))],
        reads: &[(".value.length()", Seen::Int)],
    },
    Kind {
        ty: "Average",
        changes: &[
            (".add(@.clamp(-1000, 1000))", Some(Of::Int)),
            (".add(0.25)", None),
        ],
        reads: &[(".value", Seen::Float), (".count", Seen::Int)],
    },
    Kind {
        ty: "MaxOf<Int>",
        changes: &[(".raise(@)", Some(Of::Int))],
        reads: &[(".value", Seen::MaybeInt)],
    },
    Kind {
        ty: "MinOf<Text>",
        changes: &[(".lower(@)", Some(Of::Text))],
        reads: &[(".value", Seen::MaybeText)],
    },
    Kind {
        ty: "Flag",
        changes: &[(".enable()", None)],
        reads: &[(".value", Seen::Bool)],
    },
    Kind {
        ty: "Latest<Text>",
        changes: &[(".set(@)", Some(Of::Text))],
        reads: &[(".value", Seen::MaybeText)],
    },
    Kind {
        ty: "GrowSet<Int>",
        changes: &[(".add(@)", Some(Of::Int))],
        reads: &[
            (".values", Seen::Ints),
            (".contains(1)", Seen::Bool),
            (".is_empty()", Seen::Bool),
        ],
    },
    Kind {
        ty: "AddSet<Text>",
        changes: &[
            (".add(@)", Some(Of::Text)),
            (".remove(@)", Some(Of::Text)),
            (".remove(\"ann\")", None),
        ],
        reads: &[
            (".values", Seen::Texts),
            (".length()", Seen::Int),
            (".contains(\"ann\")", Seen::Bool),
        ],
    },
    Kind {
        ty: "MergeMap<Text, Counter>",
        changes: &[("[$].add(@)", Some(Of::Int)), ("[\"ann\"].add(2)", None)],
        reads: &[
            ("[\"ann\"].value", Seen::Int),
            (".length()", Seen::Int),
            (".has(\"bob\")", Seen::Bool),
            (".get(\"bob\").is_some()", Seen::Bool),
        ],
    },
    Kind {
        ty: "MergeMap<Text, MergeMap<Int, AddSet<Int>>>",
        changes: &[
            ("[$][1].add(@)", Some(Of::Int)),
            ("[$][@].remove(1)", Some(Of::Int)),
        ],
        reads: &[
            ("[\"bob\"][1].values", Seen::Ints),
            ("[\"bob\"][1].contains(2)", Seen::Bool),
            ("[\"bob\"].length()", Seen::Int),
            ("[\"ann\"].has(1)", Seen::Bool),
        ],
    },
];

impl Gen {
    pub fn merges(&mut self, entity: usize) {
        for i in 0..1 + self.size(2) {
            let merge = Merge {
                name: format!("m{i}"),
                kind: &KINDS[self.below(KINDS.len())],
            };
            self.entities[entity].merges.push(merge);
        }
    }

    /// A change of an own field that merges, if there is one.
    pub fn merge_change(&mut self, scope: &mut Scope) -> Option<String> {
        let merges = self.entities[scope.own?].merges.clone();
        if merges.is_empty() {
            return None;
        }
        // The interpreter looks at all that was done before.
        scope.cost += scope.rounds * 20;
        let merge = self.pick(&merges);
        let (change, takes) = self.pick(merge.kind.changes);
        let key = match change.contains('$') {
            true => self.expr(scope, &Ty::Text, 1, true),
            false => String::new(),
        };
        let value = match takes {
            Some(Of::Int) => self.expr(scope, &Ty::Int, 2, true),
            Some(Of::Text) => self.expr(scope, &Ty::Text, 2, true),
            Some(Of::Money) => self.pick(&["1USD", "2.50EUR", "(-1USD)"]).to_owned(),
            None => String::new(),
        };
        let change = change
            .replace('$', &key)
            .replace('@', &format!("({value})"));
        Some(format!("{}{change}", merge.name))
    }

    /// What of own fields that merge has a type.
    pub fn merge_reads(&self, entity: usize, ty: &Ty) -> Vec<String> {
        let reads = self.all_merge_reads(entity).into_iter();
        reads
            .filter(|(_, seen)| seen == ty)
            .map(|(read, _)| read)
            .collect()
    }

    pub fn all_merge_reads(&self, entity: usize) -> Vec<(String, Ty)> {
        let merges = self.entities[entity].merges.iter();
        let reads = merges.flat_map(|merge| {
            let reads = merge.kind.reads.iter();
            reads.map(|(read, seen)| (format!("{}{read}", merge.name), seen.ty()))
        });
        reads.collect()
    }
}

impl Merge {
    /// `merge m0: Counter`
    pub fn spelled(&self) -> String {
        format!("pub merge {}: {}", self.name, self.kind.ty)
    }
}

impl Seen {
    fn ty(self) -> Ty {
        match self {
            Seen::Int => Ty::Int,
            Seen::Bool => Ty::Bool,
            Seen::Float => Ty::Float,
            Seen::Ints => Ty::Set(Box::new(Ty::Int)),
            Seen::Texts => Ty::Set(Box::new(Ty::Text)),
            Seen::MaybeInt => Ty::option(Ty::Int),
            Seen::MaybeText => Ty::option(Ty::Text),
        }
    }
}

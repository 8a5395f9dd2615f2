//! Types with parameters: their declarations, the instances a program uses, and functions over them.
//!
//! An instance stands in the tables of records and enums like any other, spelled with its arguments. So that its arguments can
//! be told from what it is made of, each parameter is the type of a field of each record and variant; but the last variant of a
//! second enum has none, and is used only where the type is told.

use super::stmt::Scope;
use super::{Enum, Gen, Record, Ty};

/// A function over a generated type, which gives a part of it.
#[derive(Clone)]
pub(crate) struct Part {
    pub function: String,
    pub of: Ty,
    pub gives: Ty,
}

const PARAMETERS: [&str; 2] = ["T", "U"];

impl Gen {
    /// One or two declarations with one to three instances each.
    pub fn declare_generics(&mut self) {
        for number in 0..1 + self.below(2) {
            let parameters = 1 + self.below(2);
            if self.on(50) {
                self.generic_record(number, parameters);
            } else {
                self.generic_enum(number, parameters);
            }
        }
    }

    fn generic_record(&mut self, number: usize, parameters: usize) {
        let name = self.named("Gen", number);
        let mut fields = self.direct(parameters);
        for _ in 0..self.below(3) {
            let ty = self.over_parameters(parameters);
            fields.push((format!("f{}", fields.len()), ty));
        }
        let heads = heads(parameters);
        let declared = self.spell_declared(&fields);
        self.generics
            .push(format!("record {name}{heads}{declared}"));
        let first = self.named("first", number);
        self.generics
            .push(format!("fn {first}{heads}(x: {name}{heads}) -> T = x.f0"));
        let swapped = self.named("copy", number);
        self.generics.push(format!(
            "fn {swapped}{heads}(x: {name}{heads}, a: T) -> {name}{heads} = x.with(f0: a)"
        ));
        for args in self.arguments(parameters) {
            let id = self.records.len();
            let fields = fields
                .iter()
                .map(|(name, ty)| (name.clone(), put_in(ty, &args, &Ty::Record(id))))
                .collect();
            self.records.push(Record {
                name: name.clone(),
                args: args.clone(),
                fields,
            });
            self.parts.push(Part {
                function: first.clone(),
                of: Ty::Record(id),
                gives: args[0].clone(),
            });
            self.copies.push((swapped.clone(), id));
        }
    }

    fn generic_enum(&mut self, number: usize, parameters: usize) {
        let name = self.named("Sum", number);
        let mut variants = vec![self.direct(parameters)];
        let mut more = self.direct(parameters);
        let inner = if self.on(60) {
            Ty::Itself
        } else {
            self.over_parameters(parameters)
        };
        more.push((format!("f{}", more.len()), Ty::list(inner)));
        variants.push(more);
        let bare = self.on(50);
        if bare {
            variants.push(Vec::new());
        }
        let variants: Vec<(String, Vec<(String, Ty)>)> = variants
            .into_iter()
            .enumerate()
            .map(|(tag, fields)| (format!("{}x{tag}", self.named("Side", number)), fields))
            .collect();
        let heads = heads(parameters);
        self.declaring = format!("{name}{heads}");
        let declared: Vec<String> = variants
            .iter()
            .map(|(variant, fields)| match fields.is_empty() {
                true => variant.clone(),
                false => format!("{variant}{}", self.spell_declared(fields)),
            })
            .collect();
        self.generics
            .push(format!("enum {name}{heads} {{ {} }}", declared.join(", ")));
        let first = self.named("any", number);
        let arms: Vec<String> = variants
            .iter()
            .map(|(variant, fields)| match fields.len() {
                0 => format!("{variant} => None"),
                count => format!("{variant}(x{}) => Some(x)", ", _".repeat(count - 1)),
            })
            .collect();
        self.generics.push(format!(
            "fn {first}{heads}(e: {name}{heads}) -> T? = match e {{ {} }}",
            arms.join(", ")
        ));
        for args in self.arguments(parameters) {
            let id = self.enums.len();
            let variants = variants
                .iter()
                .map(|(variant, fields)| Record {
                    name: variant.clone(),
                    args: Vec::new(),
                    fields: fields
                        .iter()
                        .map(|(name, ty)| (name.clone(), put_in(ty, &args, &Ty::Enum(id))))
                        .collect(),
                })
                .collect();
            self.enums.push(Enum {
                name: name.clone(),
                args: args.clone(),
                variants,
            });
            // `T?` of an option cannot be written.
            if !matches!(args[0], Ty::Option(_)) {
                self.parts.push(Part {
                    function: first.clone(),
                    of: Ty::Enum(id),
                    gives: Ty::option(args[0].clone()),
                });
            }
        }
    }

    /// A field for each parameter.
    fn direct(&self, parameters: usize) -> Vec<(String, Ty)> {
        (0..parameters)
            .map(|i| (format!("f{i}"), Ty::Param(i)))
            .collect()
    }

    /// A type that may speak of the parameters.
    fn over_parameters(&mut self, parameters: usize) -> Ty {
        let one = Ty::Param(self.below(parameters));
        match self.below(6) {
            0 => Ty::list(one),
            1 => Ty::option(one),
            2 => Ty::Map(Box::new(Ty::Text), Box::new(one)),
            3 => Ty::Tuple(vec![one, Ty::Int]),
            4 => Ty::Named(vec![("p".to_owned(), one), ("q".to_owned(), Ty::Bool)]),
            _ => self.simple_type(),
        }
    }

    /// Arguments for one to three instances, no two alike.
    fn arguments(&mut self, parameters: usize) -> Vec<Vec<Ty>> {
        let mut all: Vec<Vec<Ty>> = Vec::new();
        for _ in 0..1 + self.below(3) {
            // No options: they would stand in options.
            let args: Vec<Ty> = (0..parameters)
                .map(|_| match self.any_type(1) {
                    Ty::Option(of) => *of,
                    other => other,
                })
                .collect();
            if !all.contains(&args) {
                all.push(args);
            }
        }
        all
    }

    fn spell_declared(&self, fields: &[(String, Ty)]) -> String {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, ty)| format!("{name}: {}", self.spell(ty)))
            .collect();
        format!("({})", fields.join(", "))
    }

    /// How many variants of an enum, from the first, may be written here, and whether their fields are told their types. Of a
    /// type with parameters the second may hold itself and so needs depth, and the third tells nobody what its arguments are.
    pub fn variants_at_hand(&self, id: usize, depth: usize, told: bool) -> (usize, bool) {
        let all = self.enums[id].variants.len();
        if self.enums[id].args.is_empty() {
            return (all, true);
        }
        match (depth, told) {
            (0, _) => (1, told),
            (_, true) => (all, true),
            (_, false) => (2, false),
        }
    }

    /// A call of a function over such a type that gives `ty`.
    pub fn part_of_generic(&mut self, scope: &mut Scope, ty: &Ty, depth: usize) -> Option<String> {
        if let Ty::Record(id) = ty
            && self.on(50)
        {
            let copies: Vec<String> = self
                .copies
                .iter()
                .filter(|copy| copy.1 == *id)
                .map(|copy| copy.0.clone())
                .collect();
            let first = copies.first()?.clone();
            let arg = self.records[*id].args[0].clone();
            let whole = self.expr(scope, ty, depth, false);
            return Some(format!(
                "{first}({whole}, {})",
                self.expr(scope, &arg, depth, true)
            ));
        }
        let fitting: Vec<Part> = self
            .parts
            .iter()
            .filter(|part| part.gives == *ty)
            .cloned()
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let part = self.pick(&fitting);
        let whole = self.expr(scope, &part.of, depth, false);
        Some(match self.on(50) {
            true => format!("{whole}.{}()", part.function),
            false => format!("{}({whole})", part.function),
        })
    }
}

/// `<T, U>`.
fn heads(parameters: usize) -> String {
    format!("<{}>", PARAMETERS[..parameters].join(", "))
}

pub(super) fn parameter(number: usize) -> &'static str {
    PARAMETERS[number]
}

/// The type with arguments for its parameters.
fn put_in(ty: &Ty, args: &[Ty], itself: &Ty) -> Ty {
    let inner = |ty: &Ty| put_in(ty, args, itself);
    match ty {
        Ty::Param(number) => args[*number].clone(),
        Ty::Itself => itself.clone(),
        Ty::List(item) => Ty::list(inner(item)),
        Ty::Option(of) => Ty::option(inner(of)),
        Ty::Map(key, value) => Ty::Map(Box::new(inner(key)), Box::new(inner(value))),
        Ty::Tuple(items) => Ty::Tuple(items.iter().map(inner).collect()),
        Ty::Named(items) => Ty::Named(
            items
                .iter()
                .map(|(name, ty)| (name.clone(), inner(ty)))
                .collect(),
        ),
        plain => plain.clone(),
    }
}

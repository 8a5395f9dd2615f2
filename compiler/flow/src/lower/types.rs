//! Types of the checked program -> closed types of the contract.

use std::collections::BTreeMap;

use weir_check::hir;
use weir_contract::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};

/// What has a place in the table of definitions.
#[derive(Clone, Debug)]
enum Entry {
    /// A record, enum or `new` type, with its type arguments.
    Declared(hir::Nominal, Vec<hir::Type>),
    Error(hir::ErrorId),
    Entity(hir::EntityId),
    /// The event enum of a workflow.
    Events(hir::EntityId),
}

/// The order of the table of definitions: kind by kind, and behind them all what is used of declarations with type
/// parameters.
#[derive(Clone, Debug, Default)]
pub struct Places {
    order: Vec<Entry>,
    named: BTreeMap<(hir::Nominal, Vec<Type>), DefId>,
    /// Where the first of them is.
    errors: u32,
    entities: u32,
    events: BTreeMap<hir::EntityId, DefId>,
}

impl Places {
    pub fn new(checked: &hir::Checked) -> Places {
        let mut places = Places::default();
        let (records, enums, news) = (&checked.records, &checked.enums, &checked.news);
        for at in (0..records.len()).filter(|at| records[*at].type_params.is_empty()) {
            places.declare(hir::Nominal::Record(hir::RecordId(at as u32)), &[]);
        }
        places.errors = places.order.len() as u32;
        let errors = (0..checked.errors.len()).map(|at| Entry::Error(hir::ErrorId(at as u32)));
        places.order.extend(errors);
        for at in (0..enums.len()).filter(|at| enums[*at].type_params.is_empty()) {
            places.declare(hir::Nominal::Enum(hir::EnumId(at as u32)), &[]);
        }
        let is_declared = |at: usize| at == 0 || at > hir::REPLICA.0 as usize;
        let is_plain = |at: &usize| is_declared(*at) && news[*at].type_params.is_empty();
        for at in (0..news.len()).filter(is_plain) {
            places.declare(hir::Nominal::New(hir::NewId(at as u32)), &[]);
        }
        places.entities = places.order.len() as u32;
        let entities = (0..checked.entities.len()).map(|at| hir::EntityId(at as u32));
        places.order.extend(entities.clone().map(Entry::Entity));
        for id in entities.filter(|id| checked.entity(*id).workflow.is_some()) {
            places.events.insert(id, DefId(places.order.len() as u32));
            places.order.push(Entry::Events(id));
        }
        for instance in &checked.instances {
            places.declare(instance.of, &instance.args);
        }
        places
    }

    /// Gives the type a place, unless it is there: a number of a run is an `Int`, so two instances can be one.
    fn declare(&mut self, of: hir::Nominal, args: &[hir::Type]) {
        let key = (of, args.iter().map(|arg| self.ty(arg, &[])).collect());
        if self.named.contains_key(&key) {
            return;
        }
        self.named.insert(key, DefId(self.order.len() as u32));
        self.order.push(Entry::Declared(of, args.to_vec()));
    }

    pub fn error(&self, id: hir::ErrorId) -> DefId {
        DefId(self.errors + id.0)
    }

    pub fn entity(&self, id: hir::EntityId) -> DefId {
        DefId(self.entities + id.0)
    }

    /// The event enum of a workflow.
    pub fn events(&self, id: hir::EntityId) -> DefId {
        self.events[&id]
    }

    fn named(&self, of: hir::Nominal, args: Vec<Type>) -> DefId {
        let found = self.named.get(&(of, args));
        *found.unwrap_or_else(|| panic!("the checker did not find that {of:?} is used so"))
    }

    /// The closed type, with `params` for the type parameters. `Never` has no values, so any type would do.
    pub fn ty(&self, ty: &hir::Type, params: &[Type]) -> Type {
        let go = |t: &hir::Type| self.ty(t, params);
        let boxed = |t: &hir::Type| Box::new(go(t));
        match ty {
            hir::Type::Unit | hir::Type::Never => Type::Unit,
            hir::Type::Bool => Type::Bool,
            hir::Type::Int | hir::Type::Run(..) | hir::Type::Ticket => Type::Int,
            hir::Type::Decimal => Type::Decimal,
            hir::Type::Float => Type::Float,
            hir::Type::Text => Type::Text,
            hir::Type::Bytes => Type::Bytes,
            hir::Type::Time => Type::Time,
            hir::Type::Duration => Type::Duration,
            hir::Type::Date => Type::Date,
            hir::Type::Money => Type::Money,
            hir::Type::Blob => Type::Blob,
            hir::Type::List(t) => Type::List(boxed(t)),
            hir::Type::Set(t) => Type::Set(boxed(t)),
            hir::Type::Option(t) => Type::Option(boxed(t)),
            hir::Type::Map(k, v) => Type::Map(boxed(k), boxed(v)),
            hir::Type::Tuple(fields) => Type::Tuple(
                fields
                    .iter()
                    .map(|f| TupleField {
                        name: f.name.clone(),
                        ty: go(&f.ty),
                    })
                    .collect(),
            ),
            hir::Type::Record(_, args) | hir::Type::Enum(_, args) | hir::Type::New(_, args) => {
                let (of, _) = ty.nominal().expect("it is one");
                Type::Named(self.named(of, args.iter().map(go).collect()))
            }
            hir::Type::Error(id) => Type::Named(self.error(*id)),
            hir::Type::Entity(id) => Type::Named(self.entity(*id)),
            hir::Type::Result(ok, errors) => {
                Type::Result(boxed(ok), errors.iter().map(|e| self.error(*e)).collect())
            }
            hir::Type::Param(n) => params[*n as usize].clone(),
            hir::Type::Fn(..) => {
                unreachable!("functions are specialised away and are never values")
            }
            hir::Type::Unknown | hir::Type::Infer(_) => unreachable!("{ty:?} got through the gate"),
        }
    }

    /// What a call of a function that may fail gives.
    pub fn outcome(&self, ok: Type, fails: &[hir::ErrorId]) -> Type {
        if fails.is_empty() {
            ok
        } else {
            Type::Result(Box::new(ok), fails.iter().map(|e| self.error(*e)).collect())
        }
    }
}

/// The table of all named types.
pub fn defs(checked: &hir::Checked, places: &Places) -> Defs {
    let def = |entry: &Entry| match entry {
        Entry::Declared(of, args) => Def {
            name: weir_check::show_type(checked, &[], &of.of(args.clone())),
            kind: declared(checked, places, *of, args),
        },
        Entry::Error(id) => {
            let error = &checked.errors[id.0 as usize];
            Def {
                name: error.name.clone(),
                kind: DefKind::Error {
                    fields: fields(places, &error.fields),
                    status: error.status,
                },
            }
        }
        Entry::Entity(id) => {
            let entity = checked.entity(*id);
            Def {
                name: entity.name.clone(),
                kind: DefKind::Entity {
                    keys: fields(places, &entity.keys),
                },
            }
        }
        Entry::Events(id) => {
            let entity = checked.entity(*id);
            let events = entity.workflow.iter().flat_map(|workflow| &workflow.events);
            let mut variants: Vec<Variant> = events
                .map(|event| Variant {
                    name: event.name.clone(),
                    fields: fields(places, &event.params),
                })
                .collect();
            // What a wait gives when its time is over. No event can have the name: it is a keyword.
            variants.push(Variant {
                name: "after".to_owned(),
                fields: Vec::new(),
            });
            Def {
                name: format!("{}.event", entity.name),
                kind: DefKind::Enum { variants },
            }
        }
    };
    Defs {
        defs: places.order.iter().map(def).collect(),
    }
}

fn declared(
    checked: &hir::Checked,
    places: &Places,
    of: hir::Nominal,
    args: &[hir::Type],
) -> DefKind {
    match of {
        hir::Nominal::Record(id) => DefKind::Record {
            fields: fields(places, &checked.record_fields(id, args)),
        },
        hir::Nominal::Enum(id) => {
            let variants = checked.variants(id, args).into_iter().map(|v| Variant {
                name: v.name,
                fields: fields(places, &v.fields),
            });
            DefKind::Enum {
                variants: variants.collect(),
            }
        }
        hir::Nominal::New(id) => DefKind::New {
            base: places.ty(&checked.base(id, args), &[]),
        },
    }
}

fn fields(places: &Places, fields: &[hir::NamedType]) -> Vec<Field> {
    let field = |field: &hir::NamedType| Field {
        name: field.name.clone(),
        ty: places.ty(&field.ty, &[]),
    };
    fields.iter().map(field).collect()
}

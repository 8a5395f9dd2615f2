//! Types of the checked program -> closed types of the contract.

use weir_check::hir;
use weir_contract::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};

/// Where each kind of named type starts in the table of definitions.
#[derive(Clone, Copy, Debug)]
pub struct DefStarts {
    records: u32,
    errors: u32,
    enums: u32,
    news: u32,
    entities: u32,
    /// The event enum of each workflow, by entity.
    events: u32,
}

impl DefStarts {
    pub fn new(checked: &hir::Checked) -> DefStarts {
        let records = 0;
        let errors = records + checked.records.len() as u32;
        let enums = errors + checked.errors.len() as u32;
        let news = enums + checked.enums.len() as u32;
        let entities = news + checked.news.len() as u32;
        let events = entities + checked.entities.len() as u32;
        DefStarts {
            records,
            errors,
            enums,
            news,
            entities,
            events,
        }
    }

    pub fn error(&self, id: hir::ErrorId) -> DefId {
        DefId(self.errors + id.0)
    }

    pub fn entity(&self, id: hir::EntityId) -> DefId {
        DefId(self.entities + id.0)
    }

    /// The event enum of a workflow.
    pub fn events(&self, checked: &hir::Checked, id: hir::EntityId) -> DefId {
        let before = checked.entities[..id.0 as usize].iter();
        DefId(self.events + before.filter(|e| e.workflow.is_some()).count() as u32)
    }

    pub fn new_type(&self, id: hir::NewId) -> DefId {
        DefId(self.news + id.0)
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
            hir::Type::Record(id) => Type::Named(DefId(self.records + id.0)),
            hir::Type::Error(id) => Type::Named(self.error(*id)),
            hir::Type::Enum(id) => Type::Named(DefId(self.enums + id.0)),
            hir::Type::New(id) => Type::Named(self.new_type(*id)),
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

/// The table of all named types, in the order of [`DefStarts`].
pub fn defs(checked: &hir::Checked, starts: &DefStarts) -> Defs {
    let fields = |fields: &[hir::NamedType]| -> Vec<Field> {
        fields
            .iter()
            .map(|f| Field {
                name: f.name.clone(),
                ty: starts.ty(&f.ty, &[]),
            })
            .collect()
    };
    let def = |name: &str, kind| Def {
        name: name.to_string(),
        kind,
    };
    let mut defs = Vec::new();
    defs.extend(checked.records.iter().map(|r| {
        def(
            &r.name,
            DefKind::Record {
                fields: fields(&r.fields),
            },
        )
    }));
    defs.extend(checked.errors.iter().map(|e| {
        def(
            &e.name,
            DefKind::Error {
                fields: fields(&e.fields),
                status: e.status,
            },
        )
    }));
    defs.extend(checked.enums.iter().map(|e| {
        let variants = e
            .variants
            .iter()
            .map(|v| Variant {
                name: v.name.clone(),
                fields: fields(&v.fields),
            })
            .collect();
        def(&e.name, DefKind::Enum { variants })
    }));
    defs.extend(checked.news.iter().map(|n| {
        def(
            &n.name,
            DefKind::New {
                base: starts.ty(&n.base, &[]),
            },
        )
    }));
    defs.extend(checked.entities.iter().map(|e| {
        def(
            &e.name,
            DefKind::Entity {
                keys: fields(&e.keys),
            },
        )
    }));
    let workflows = checked
        .entities
        .iter()
        .filter_map(|e| Some((e, e.workflow.as_ref()?)));
    defs.extend(workflows.map(|(entity, workflow)| {
        let mut variants: Vec<Variant> = workflow
            .events
            .iter()
            .map(|event| Variant {
                name: event.name.clone(),
                fields: fields(&event.params),
            })
            .collect();
        // What a wait gives when its time is over. No event can have the name: it is a keyword.
        variants.push(Variant {
            name: "after".to_owned(),
            fields: Vec::new(),
        });
        def(
            &format!("{}.event", entity.name),
            DefKind::Enum { variants },
        )
    }));
    Defs { defs }
}

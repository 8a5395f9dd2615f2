//! Types of the checked program as the closed types that values are shown and compared by.

use weir_check::hir::{Checked, ErrorId, NamedType, Type as Hir};
use weir_contract::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};

/// The named types of a program: its records, errors, enums, `new` types and entities, in this order.
pub fn defs_of(program: &Checked) -> Defs {
    let mut defs = Vec::new();
    let fields = |fields: &[NamedType]| -> Vec<Field> {
        let field = |f: &NamedType| Field {
            name: f.name.clone(),
            ty: closed_type(program, &f.ty, &[]),
        };
        fields.iter().map(field).collect()
    };
    let mut add = |name: &str, kind| {
        defs.push(Def {
            name: name.to_owned(),
            kind,
        });
    };
    for record in &program.records {
        add(
            &record.name,
            DefKind::Record {
                fields: fields(&record.fields),
            },
        );
    }
    for error in &program.errors {
        let kind = DefKind::Error {
            fields: fields(&error.fields),
            status: error.status,
        };
        add(&error.name, kind);
    }
    for en in &program.enums {
        let variants = en.variants.iter().map(|v| Variant {
            name: v.name.clone(),
            fields: fields(&v.fields),
        });
        add(
            &en.name,
            DefKind::Enum {
                variants: variants.collect(),
            },
        );
    }
    for new in &program.news {
        add(
            &new.name,
            DefKind::New {
                base: closed_type(program, &new.base, &[]),
            },
        );
    }
    for entity in &program.entities {
        add(
            &entity.name,
            DefKind::Entity {
                keys: fields(&entity.keys),
            },
        );
    }
    Defs { defs }
}

/// The error's place in [`defs_of`].
pub fn error_def(program: &Checked, id: ErrorId) -> DefId {
    DefId(program.records.len() as u32 + id.0)
}

/// The type with the arguments of the running function in place of its type parameters.
pub fn closed_type(program: &Checked, ty: &Hir, type_args: &[Type]) -> Type {
    let close = |ty: &Hir| closed_type(program, ty, type_args);
    let (records, errors) = (program.records.len(), program.errors.len());
    let (enums, news) = (program.enums.len(), program.news.len());
    let named = |before: usize, id: u32| Type::Named(DefId(before as u32 + id));
    match ty {
        // A value that never comes to be is shown by nobody, so any type will do.
        Hir::Unit | Hir::Never => Type::Unit,
        Hir::Bool => Type::Bool,
        Hir::Int | Hir::Run(..) | Hir::Ticket => Type::Int,
        Hir::Decimal => Type::Decimal,
        Hir::Float => Type::Float,
        Hir::Text => Type::Text,
        Hir::Bytes => Type::Bytes,
        Hir::Time => Type::Time,
        Hir::Duration => Type::Duration,
        Hir::List(item) => Type::List(Box::new(close(item))),
        Hir::Map(key, value) => Type::Map(Box::new(close(key)), Box::new(close(value))),
        Hir::Set(item) => Type::Set(Box::new(close(item))),
        Hir::Option(of) => Type::Option(Box::new(close(of))),
        Hir::Tuple(fields) => {
            let field = |f: &weir_check::hir::TupleField| TupleField {
                name: f.name.clone(),
                ty: close(&f.ty),
            };
            Type::Tuple(fields.iter().map(field).collect())
        }
        Hir::Record(id) => named(0, id.0),
        Hir::Error(id) => named(records, id.0),
        Hir::Enum(id) => named(records + errors, id.0),
        Hir::New(id) => named(records + errors + enums, id.0),
        Hir::Entity(id) => named(records + errors + enums + news, id.0),
        Hir::Result(ok, fails) => {
            let fails = fails.iter().map(|id| error_def(program, *id));
            Type::Result(Box::new(close(ok)), fails.collect())
        }
        Hir::Param(position) => type_args[*position as usize].clone(),
        Hir::Fn(..) | Hir::Unknown | Hir::Infer(_) => panic!("{ty:?} is not the type of a value"),
    }
}

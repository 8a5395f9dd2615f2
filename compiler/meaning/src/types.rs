//! Types of the checked program as the closed types that values are shown and compared by.

use std::collections::BTreeMap;

use weir_check::hir::{
    Checked, EnumId, ErrorId, Instance, NamedType, NewId, Nominal, REPLICA, RecordId, Type as Hir,
};
use weir_contract::{Def, DefId, DefKind, Defs, Field, TupleField, Type, Variant};

/// The named types of a program: its errors, entities, and all that is declared without type parameters; behind them
/// what is used of declarations that have some.
pub struct Types {
    pub defs: Defs,
    /// The places of records, enums and `new` types with their type arguments.
    named: BTreeMap<(Nominal, Vec<Type>), DefId>,
    /// Where the first entity is.
    entities: u32,
}

/// The error's place: errors come first.
pub fn error_def(id: ErrorId) -> DefId {
    DefId(id.0)
}

/// The error at a place.
pub fn error_at(def: DefId) -> ErrorId {
    ErrorId(def.0)
}

impl Types {
    pub fn new(program: &Checked) -> Types {
        let entities = program.errors.len() as u32;
        let mut types = Types {
            defs: Defs::default(),
            named: BTreeMap::new(),
            entities,
        };
        let mut declared: Vec<Instance> = Vec::new();
        let mut plain = |of, params: &[String]| {
            let args = Vec::new();
            declared.extend(params.is_empty().then_some(Instance { of, args }));
        };
        for (at, record) in program.records.iter().enumerate() {
            let id = RecordId(at as u32);
            plain(Nominal::Record(id), &record.type_params);
        }
        for (at, of) in program.enums.iter().enumerate() {
            plain(Nominal::Enum(EnumId(at as u32)), &of.type_params);
        }
        // Builtin ones are among the instances, where they are used.
        let is_declared = |at: &usize| *at == 0 || *at > REPLICA.0 as usize;
        let declared_news = program.news.iter().enumerate();
        for (at, new) in declared_news.filter(|(at, _)| is_declared(at)) {
            plain(Nominal::New(NewId(at as u32)), &new.type_params);
        }
        declared.extend(program.instances.iter().cloned());
        let first = entities + program.entities.len() as u32;
        for (at, instance) in declared.iter().enumerate() {
            let args = instance.args.iter().map(|arg| types.closed(arg, &[]));
            let key = (instance.of, args.collect());
            let place = DefId(first + at as u32);
            // What is the same but for the number of a run, an `Int` here, is one type.
            types.named.entry(key).or_insert(place);
        }
        types.define(program, &declared);
        types
    }

    fn define(&mut self, program: &Checked, declared: &[Instance]) {
        let mut defs = Vec::new();
        for error in &program.errors {
            let kind = DefKind::Error {
                fields: self.fields(&error.fields),
                status: error.status,
            };
            defs.push((error.name.clone(), kind));
        }
        for entity in &program.entities {
            let keys = self.fields(&entity.keys);
            defs.push((entity.name.clone(), DefKind::Entity { keys }));
        }
        for Instance { of, args } in declared {
            let kind = match of {
                Nominal::Record(id) => DefKind::Record {
                    fields: self.fields(&program.record_fields(*id, args)),
                },
                Nominal::Enum(id) => {
                    let variants = program.variants(*id, args).into_iter();
                    let variant = |v: weir_check::hir::Variant| Variant {
                        name: v.name,
                        fields: self.fields(&v.fields),
                    };
                    DefKind::Enum {
                        variants: variants.map(variant).collect(),
                    }
                }
                Nominal::New(id) => DefKind::New {
                    base: self.closed(&program.base(*id, args), &[]),
                },
            };
            let name = weir_check::show_type(program, &[], &of.of(args.clone()));
            defs.push((name, kind));
        }
        let def = |(name, kind)| Def { name, kind };
        self.defs.defs = defs.into_iter().map(def).collect();
    }

    fn fields(&self, fields: &[NamedType]) -> Vec<Field> {
        let field = |f: &NamedType| Field {
            name: f.name.clone(),
            ty: self.closed(&f.ty, &[]),
        };
        fields.iter().map(field).collect()
    }

    /// The type with the arguments of the running function in place of its type parameters.
    pub fn closed(&self, ty: &Hir, type_args: &[Type]) -> Type {
        let close = |ty: &Hir| self.closed(ty, type_args);
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
            Hir::Date => Type::Date,
            Hir::Money => Type::Money,
            Hir::Blob => Type::Blob,
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
            Hir::Record(id, args) => self.named(Nominal::Record(*id), args, type_args),
            Hir::Enum(id, args) => self.named(Nominal::Enum(*id), args, type_args),
            Hir::New(id, args) => self.named(Nominal::New(*id), args, type_args),
            Hir::Error(id) => Type::Named(error_def(*id)),
            Hir::Entity(id) => Type::Named(DefId(self.entities + id.0)),
            Hir::Result(ok, fails) => {
                let fails = fails.iter().map(|id| error_def(*id));
                Type::Result(Box::new(close(ok)), fails.collect())
            }
            Hir::Param(position) => type_args[*position as usize].clone(),
            Hir::Fn(..) | Hir::Unknown | Hir::Infer(_) => {
                panic!("{ty:?} is not the type of a value")
            }
        }
    }

    fn named(&self, of: Nominal, args: &[Hir], type_args: &[Type]) -> Type {
        let args = args.iter().map(|arg| self.closed(arg, type_args));
        let found = self.named.get(&(of, args.collect()));
        Type::Named(*found.unwrap_or_else(|| panic!("nobody found that {of:?} is used so")))
    }
}

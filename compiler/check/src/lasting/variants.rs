//! Variants of what is stored that no code makes. Values also come from outside: arguments of what is `pub`, answers of externs,
//! entries of a `pub stream`, decoded texts. Whoever could come from there is not asked about.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, codes};

use crate::hir::*;
use crate::walk;

pub fn remarks(program: &Checked, found: &mut Vec<Diagnostic>) {
    let mut stored = Types::new(program);
    let mut open = Types::new(program);
    for entity in &program.entities {
        entity.fields.iter().for_each(|field| stored.add(&field.ty));
        entity.keys.iter().for_each(|key| open.add(&key.ty));
        for event in entity.workflow.iter().flat_map(|w| &w.events) {
            let into = if event.is_pub { &mut open } else { &mut stored };
            event.params.iter().for_each(|param| into.add(&param.ty));
        }
    }
    for stream in &program.streams {
        let into = match stream.append {
            Some(_) => &mut open,
            None => &mut stored,
        };
        into.add(&stream.ty);
    }
    for function in program.functions.iter().filter(|f| f.is_pub) {
        function.params.iter().for_each(|param| open.add(&param.ty));
    }
    for outside in &program.externs {
        open.add(&outside.ret);
        outside
            .fails
            .iter()
            .for_each(|e| open.add(&Type::Error(*e)));
    }
    let properties = program.tests.iter().flat_map(|test| &test.params);
    properties.for_each(|param| open.add(&param.ty));

    let mut made: BTreeSet<(EnumId, u32)> = BTreeSet::new();
    for (_, body) in walk::bodies(program) {
        walk::all(&body.root, &mut |expr| match &expr.kind {
            ExprKind::Variant(id, variant, _) => {
                made.insert((*id, *variant));
            }
            ExprKind::Call {
                function,
                type_args,
                ..
            } => {
                let function = program.function(*function);
                let decoded = type_args.iter().zip(0..);
                let decoded = decoded.filter(|(_, param)| from_outside(function, *param));
                decoded.for_each(|(ty, _)| open.add(ty));
            }
            _ => {}
        });
    }
    for id in stored.enums.difference(&open.enums) {
        let of = &program.enums[id.0 as usize];
        let variants = of.variants.iter().zip(0..);
        let never =
            variants.filter(|(v, at)| !made.contains(&(*id, *at)) && !v.name.starts_with('_'));
        // Of one that is not in use at all nothing need be said for each.
        if of.variants.len() == never.clone().count() {
            continue;
        }
        for (variant, _) in never {
            let (name, of) = (&variant.name, &of.name);
            found.push(
                Diagnostic::new(
                    codes::W0708,
                    variant.span,
                    format!("no code makes `{of}.{name}`, so nothing that is stored is ever that"),
                )
                .label("never made")
                .help("remove it with the arms that ask for it, or make it where it belongs"),
            );
        }
    }
}

/// Whether a function gives values of one of its type parameters that it was not given: they are decoded. What the program's own
/// generic functions do is not followed.
fn from_outside(function: &Function, param: u32) -> bool {
    let has = |ty: &Type| {
        let mut params = BTreeSet::new();
        ty.params(&mut params);
        params.contains(&param)
    };
    !function.is_prelude || has(&function.ret) && !function.params.iter().any(|p| has(&p.ty))
}

/// The enums that values of some types may hold.
struct Types<'p> {
    program: &'p Checked,
    seen: BTreeSet<Type>,
    enums: BTreeSet<EnumId>,
}

impl<'p> Types<'p> {
    fn new(program: &'p Checked) -> Types<'p> {
        Types {
            program,
            seen: BTreeSet::new(),
            enums: BTreeSet::new(),
        }
    }

    fn add(&mut self, ty: &Type) {
        if !self.seen.insert(ty.clone()) {
            return;
        }
        if let Type::Enum(id, _) = ty {
            self.enums.insert(*id);
        }
        ty.map(&mut |part| {
            self.add(part);
            Type::Unit
        });
        let program = self.program;
        let inside = match (ty, ty.nominal()) {
            (_, Some((of, args))) => program.made_of(of, args),
            (Type::Error(id), _) => {
                let fields = &program.errors[id.0 as usize].fields;
                fields.iter().map(|field| field.ty.clone()).collect()
            }
            (Type::Entity(id), _) => {
                let keys = &program.entity(*id).keys;
                keys.iter().map(|key| key.ty.clone()).collect()
            }
            (Type::Result(_, errors) | Type::Run(_, errors), _) => {
                errors.iter().map(|id| Type::Error(*id)).collect()
            }
            _ => return,
        };
        inside.iter().for_each(|ty| self.add(ty));
    }
}

//! The types a program uses of declarations with type parameters, one by one.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, Span, codes};

use super::{COPIES_MAX, TYPE_PARTS_MAX};
use crate::hir::*;
use crate::parts::{Part, parts};
use crate::walk;

/// What was found so far.
pub struct Instances<'p> {
    program: &'p Checked,
    /// Each behind those it has as arguments.
    pub all: Vec<Instance>,
    known: BTreeSet<Instance>,
    /// A type that is too large, or the one too many.
    pub found: Option<Diagnostic>,
    /// No declaration has type parameters: there is nothing to find.
    is_idle: bool,
}

impl<'p> Instances<'p> {
    pub fn new(program: &'p Checked) -> Self {
        let open = |params: &[String]| !params.is_empty();
        let is_idle = !(program.records.iter().any(|r| open(&r.type_params))
            || program.enums.iter().any(|e| open(&e.type_params))
            || program.merges()
            || declared_news(program).any(|n| open(&n.type_params)));
        Instances {
            program,
            all: Vec::new(),
            known: BTreeSet::new(),
            found: None,
            is_idle,
        }
    }

    /// What is written outside of code: fields, keys, state, what functions take and give.
    pub fn of_declarations(&mut self) {
        let program = self.program;
        let mut types: Vec<(&Type, Span)> = Vec::new();
        let mut fields = |fields: &'p [NamedType], span| {
            types.extend(fields.iter().map(|field| (&field.ty, span)));
        };
        for record in program.records.iter().filter(|r| r.type_params.is_empty()) {
            fields(&record.fields, record.span);
        }
        for error in &program.errors {
            fields(&error.fields, error.span);
        }
        for of in program.enums.iter().filter(|e| e.type_params.is_empty()) {
            let variants = of.variants.iter();
            variants.for_each(|variant| fields(&variant.fields, of.span));
        }
        for entity in &program.entities {
            fields(&entity.keys, entity.span);
            for event in entity.workflow.iter().flat_map(|w| &w.events) {
                fields(&event.params, event.span);
            }
        }
        for test in &program.tests {
            fields(&test.params, test.span);
        }
        for new in declared_news(program).filter(|n| n.type_params.is_empty()) {
            types.push((&new.base, new.span));
        }
        for field in program.entities.iter().flat_map(|entity| &entity.fields) {
            types.push((&field.ty, field.span));
        }
        for constant in &program.constants {
            types.push((&constant.ty, constant.span));
        }
        for function in program
            .functions
            .iter()
            .filter(|f| f.type_params.is_empty())
        {
            types.extend(function.params.iter().map(|p| (&p.ty, function.span)));
            types.push((&function.ret, function.span));
        }
        for function in &program.externs {
            types.extend(function.params.iter().map(|p| (&p.ty, function.span)));
            types.push((&function.ret, function.span));
        }
        for (ty, span) in types {
            self.of_type(ty, &[], span);
        }
    }

    /// Code, with types in place of its type parameters.
    pub fn of_body(&mut self, body: &Body, types: &[Type]) {
        if self.is_idle {
            return;
        }
        for local in &body.locals {
            self.of_type(&local.ty, types, local.span);
        }
        // What patterns look at is of the type of their subject, or inside it.
        walk::all(&body.root, &mut |expr| {
            self.of_type(&expr.ty, types, expr.span);
            parts(expr, &mut |part| {
                if let Part::Type(ty, span) = part {
                    self.of_type(ty, types, span);
                }
            });
        });
    }

    pub fn of_type(&mut self, ty: &Type, types: &[Type], span: Span) {
        if self.is_idle {
            return;
        }
        let mut inside = vec![ty.substitute(types)];
        // What an instance is made of may be more of them, in circles too.
        while let Some(ty) = inside.pop() {
            if self.found.is_some() {
                return;
            }
            self.add(&ty, span, &mut inside);
        }
    }

    /// Those in a closed type that are new, the inner first; what they are made of is left to look at.
    fn add(&mut self, ty: &Type, span: Span, inside: &mut Vec<Type>) {
        ty.map(&mut |part| {
            self.add(part, span, inside);
            Type::Unit
        });
        // Builtin types without parameters are only there where they are used, as those with parameters are.
        let is_used = |of: &Nominal, args: &[Type]| match of {
            Nominal::New(id) => !args.is_empty() || LatticeKind::of_id(*id).is_some(),
            _ => !args.is_empty(),
        };
        let Some((of, args)) = ty.nominal().filter(|(of, args)| is_used(of, args)) else {
            return;
        };
        let instance = Instance {
            of,
            args: args.to_vec(),
        };
        if self.known.contains(&instance) || self.found.is_some() {
            return;
        }
        let name = self.program.declared(of).0;
        if args.iter().map(|arg| arg.parts(&|_| 1)).sum::<usize>() > TYPE_PARTS_MAX {
            let message =
                format!("the program needs a `{name}` of more than {TYPE_PARTS_MAX} parts");
            return self.tell(span, message, "name the parts: a `record` counts as one");
        }
        if self.all.len() >= COPIES_MAX {
            let message = format!(
                "the program needs more than {COPIES_MAX} types, among them many of `{name}`"
            );
            return self.tell(span, message, "use it with fewer types");
        }
        inside.extend(self.program.made_of(of, args));
        self.known.insert(instance.clone());
        self.all.push(instance);
    }

    fn tell(&mut self, span: Span, message: String, help: &str) {
        let found = Diagnostic::new(codes::E0307, span, message);
        self.found = Some(found.label("by this").help(help));
    }
}

/// The `new` types that are declared, and `UserId`.
fn declared_news(program: &Checked) -> impl Iterator<Item = &NewType> {
    let news = program.news.iter().enumerate();
    let is_declared = |at: usize| at == 0 || at > REPLICA.0 as usize;
    news.filter(move |(at, _)| is_declared(*at))
        .map(|(_, new)| new)
}

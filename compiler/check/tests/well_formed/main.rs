//! What everything behind the gate relies on: a `Checked` is well typed through and through.
//!
//! This is a second, simpler type checker, over the HIR: it has nothing to infer. It looks at the prelude, the
//! examples, the programs on the pages of codes and the good ones of `tests/cases` and `tests/tables`.

mod call;
mod expr;
mod pattern;
mod types;

use weir_check::hir::*;
use weir_check::{check, prelude};
use weir_diagnostics::SourceMap;

use types::{parts, same};

struct Checker<'a> {
    program: &'a Checked,
    entity: Option<EntityId>,
    locals: &'a [Local],
    ret: Type,
    wrong: Vec<String>,
}

fn problems(program: &Checked) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut body = |entity: Option<EntityId>, body: &Body, ret: &Type| {
        let mut checker = Checker {
            program,
            entity,
            locals: &body.locals,
            ret: ret.clone(),
            wrong: Vec::new(),
        };
        for local in &body.locals {
            checker.closed(&local.ty, &local.name);
        }
        checker.expr(&body.root);
        checker.fits(&body.root, ret, "the body");
        wrong.append(&mut checker.wrong);
    };
    for function in &program.functions {
        if let Implementation::Body(code) = &function.implementation {
            body(function.entity, code, &function.ret);
        }
        for param in &function.params {
            if let Some(default) = &param.default {
                body(function.entity, default, &param.ty);
            }
        }
    }
    for (at, entity) in program.entities.iter().enumerate() {
        let id = Some(EntityId(at as u32));
        for field in &entity.fields {
            body(id, &field.init, &field.ty);
        }
        for rule in entity.invariants.iter().chain(&entity.allows) {
            body(id, rule, &Type::Bool);
        }
    }
    for constant in &program.constants {
        body(None, &constant.body, &constant.ty);
    }
    for test in &program.tests {
        body(None, &test.body, &Type::Unit);
    }
    wrong
}

impl Checker<'_> {
    fn say(&mut self, what: &str, e: &Expr) {
        let shown = format!("{:?}", e.kind);
        let shown: String = shown.chars().take(160).collect();
        self.wrong
            .push(format!("{:?} {what}: {:?} of {shown}", e.span, e.ty));
    }

    /// Nothing unknown is left in a type.
    fn closed(&mut self, ty: &Type, name: &str) {
        if matches!(ty, Type::Unknown | Type::Infer(_)) {
            self.wrong.push(format!("`{name}` has the type {ty:?}"));
        }
        parts(ty)
            .into_iter()
            .for_each(|part| self.closed(&part, name));
    }

    fn fits(&mut self, e: &Expr, want: &Type, what: &str) {
        if !same(&e.ty, want) {
            self.say(&format!("{what} should be {want:?}"), e);
        }
    }

    /// Checks a part and holds its type against what is wanted.
    fn part(&mut self, e: &Expr, want: &Type, what: &str) {
        self.expr(e);
        self.fits(e, want, what);
    }

    fn all(&mut self, exprs: &[Expr], wants: &[NamedType], at: &Expr) {
        if exprs.len() != wants.len() {
            self.say("wrong number of parts", at);
        }
        for (e, want) in exprs.iter().zip(wants) {
            self.part(e, &want.ty, &want.name);
        }
    }

    /// Types of the parts of a record-like type.
    fn fields(&self, ty: &Type) -> Vec<Type> {
        let of = |fields: &[NamedType]| fields.iter().map(|f| f.ty.clone()).collect();
        match ty {
            Type::Record(id, args) => of(&self.program.record_fields(*id, args)),
            Type::Error(id) => of(&self.program.errors[id.0 as usize].fields),
            Type::Entity(id) => of(&self.program.entity(*id).keys),
            Type::Tuple(fields) => fields.iter().map(|f| f.ty.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// The type arguments of a type that is of this declaration.
    fn args_of(&self, ty: &Type, of: Nominal) -> Vec<Type> {
        let found = ty.nominal().filter(|(found, _)| *found == of);
        found.map_or(Vec::new(), |(_, args)| args.to_vec())
    }

    fn local(&mut self, id: LocalId) -> Type {
        match self.locals.get(id.0 as usize) {
            Some(local) => local.ty.clone(),
            None => {
                self.wrong.push(format!("there is no local {id:?}"));
                Type::Unknown
            }
        }
    }

    fn state(&mut self, id: FieldId) -> Type {
        let entity = self.entity.expect("state only in entities");
        self.program.entity(entity).fields[id.0 as usize].ty.clone()
    }
}

/// Programs of this crate's cases and the examples.
fn programs() -> Vec<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut out = Vec::new();
    for folder in ["tests/cases", "tests/tables"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).expect("cases") {
            let text = std::fs::read_to_string(entry.expect("entry").path()).expect("case file");
            for case in text.split("=== ").skip(1) {
                let (_, case) = case.split_once('\n').expect("a name");
                out.push(case.split("---\n").next().unwrap_or_default().to_owned());
            }
        }
    }
    for entry in weir_diagnostics::all_codes() {
        let right = entry.page.split("```weir right\n").nth(1);
        out.extend(
            right
                .and_then(|rest| rest.split("\n```").next())
                .map(str::to_owned),
        );
    }
    for entry in std::fs::read_dir(format!("{root}/../../examples")).expect("examples") {
        let path = entry.expect("entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        out.extend(std::fs::read_to_string(path.join(format!("{name}.weir"))));
    }
    out
}

#[test]
fn what_passes_the_gate_is_well_typed() {
    let mut sources = SourceMap::new();
    let prelude = prelude::load(&mut sources);
    let mut good = 0;
    for text in programs() {
        let file = sources.add("main.weir", text.as_str());
        let parsed = weir_syntax::parse(file, &text);
        let whole = parsed.diagnostics.is_empty();
        let checked = check(&prelude, &parsed.module).checked;
        if let Some(program) = checked.filter(|_| whole) {
            good += 1;
            let wrong = problems(&program);
            assert!(wrong.is_empty(), "{text}\n{}", wrong.join("\n"));
        }
    }
    assert!(good > 60, "only {good} good programs");
}

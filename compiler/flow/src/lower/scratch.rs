//! `scratch let`: the variable is what the data is made from, and the data is read by host calls.
//!
//! ```text
//!   scratch let counts = e          counts: (scratch: Text, files: List<Blob>) = ("top_words.counts", files)
//!                                   suspend yield; lib scratch.parts(counts)
//!   for c in counts { .. }          for n in 0..scratch.parts(counts) { for c in scratch.part(counts, n) { .. } }
//!   counts.length()                 scratch.whole(counts).length()
//! ```
//! What makes the data becomes functions and entries of their own, which take what it is made from first. The step ends in front of the
//! first use, so that a step that has to wait for the data has done nothing yet.

use weir_check::hir;
use weir_contract::scratch::made_from;
use weir_contract::{TupleField, Type};
use weir_diagnostics::Span;

use super::Context;
use super::body::{Binding, Body};
use super::builder::Builder;
use crate::ir::*;

impl Body<'_, '_> {
    pub fn scratch_let(&mut self, pattern: &hir::Pattern, scratch: &hir::Scratch, span: Span) {
        let hir::PatternKind::Bind(local) = pattern.kind else {
            unreachable!("temporary data has one name")
        };
        let before = self.at(span);
        let name = format!("{}.{}", self.b.func.name, scratch.name);
        let name = self.low.unique_name(name);
        let label = self.b.literal(Literal::Text(name.clone()));
        let (mut given, mut variables, mut captured) = (vec![label], Vec::new(), Vec::new());
        for capture in scratch.captures() {
            let at = capture.0 as usize;
            match self.env[at].clone() {
                Binding::Unset => {}
                Binding::Value(reg) => {
                    let name = &self.locals[at].name;
                    let is_there = |f: &TupleField| f.name.as_ref() == Some(name);
                    let name = match variables.iter().any(is_there) || name == "scratch" {
                        true => format!("{name}_{at}"),
                        false => name.clone(),
                    };
                    variables.push(TupleField {
                        name: Some(name),
                        ty: self.b.ty(reg).clone(),
                    });
                    given.push(reg);
                    captured.push(capture);
                }
                other => panic!("{} is kept as {other:?}", self.locals[at].name),
            }
        }
        let of = made_from(variables);
        self.scratch_entries(&name, scratch, &of, &captured);
        let made = self.b.emit(of.clone(), Op::RecordMake(given));
        let variable = match self.env[local.0 as usize] {
            Binding::Value(reg) => reg,
            _ => {
                let name = &self.locals[local.0 as usize].name;
                self.b.reg(RegType::Value(of), Some(name))
            }
        };
        self.env[local.0 as usize] = Binding::Value(variable);
        self.b.assign(variable, made);
        self.suspend(Type::Unit, Wait::Yield, vec![]);
        if let Some(error) = scratch.lost {
            self.lost.insert(local, error);
        }
        self.fail_if_lost(local, variable);
        let parts = Op::Lib("scratch.parts".to_owned(), vec![variable]);
        self.b.emit(Type::Int, parts);
        self.b.site = before;
    }

    fn scratch_entries(
        &mut self,
        name: &str,
        scratch: &hir::Scratch,
        of: &Type,
        captured: &[hir::LocalId],
    ) {
        let mut entry = |part, lambda: &hir::Lambda| {
            self.scratch_entry((name, part), lambda, of, captured);
        };
        match &scratch.code {
            hir::ScratchCode::Whole(lambda) => entry(ScratchPart::Whole, lambda),
            hir::ScratchCode::Tasks {
                source,
                each,
                finish,
            } => {
                if let hir::ScratchSource::List(lambda) = source {
                    entry(ScratchPart::Source, lambda);
                }
                entry(ScratchPart::Each, each);
                if let Some(finish) = finish {
                    let part = match finish.keyed {
                        true => ScratchPart::Groups,
                        false => ScratchPart::Finish,
                    };
                    entry(part, &finish.lambda);
                }
            }
        }
    }

    fn scratch_entry(
        &mut self,
        (name, part): (&str, ScratchPart),
        lambda: &hir::Lambda,
        of: &Type,
        captured: &[hir::LocalId],
    ) {
        let func = self.low.reserve();
        let label = self.low.unique_name(format!("{name}/{}", part.name()));
        let site = self.b.site;
        let ret = self.ty(&lambda.body.ty);
        let mut b = Builder::new(label.clone(), ret, site);
        let mut params = Vec::new();
        let mut param = |b: &mut Builder, ty: Type, name: &str| {
            params.push(EntryParam {
                name: name.to_owned(),
                ty: ty.clone(),
                defaulted: false,
            });
            b.param(RegType::Value(ty), Some(name))
        };
        let whole = param(&mut b, of.clone(), "made from");
        let mut env = vec![Binding::Unset; self.locals.len()];
        for local in &lambda.params {
            let ty = self.ty(&self.locals[local.0 as usize].ty);
            let name = &self.locals[local.0 as usize].name;
            env[local.0 as usize] = Binding::Value(param(&mut b, ty, name));
        }
        let Type::Tuple(fields) = of else {
            unreachable!("what it is made from is a tuple")
        };
        for ((local, field), at) in captured.iter().zip(&fields[1..]).zip(1..) {
            let name = &self.locals[local.0 as usize].name;
            let reg = b.reg(RegType::Value(field.ty.clone()), Some(name));
            b.emit_into(reg, Op::FieldGet(whole, at));
            env[local.0 as usize] = Binding::Value(reg);
        }
        let mut inner = Body::new(
            &mut *self.low,
            b,
            self.types.clone(),
            self.locals,
            Context::Outside,
        );
        inner.env = env;
        let lowered = inner.finish(&lambda.body);
        self.low.define(func, lowered);
        let kind = EntryKind::Scratch(part);
        let mut entry = Entry::inside(kind, label, None, params, func, site);
        entry.effect = Effect::Read;
        self.low.module.entries.push(entry);
    }

    /// Fails in front of the reading where the data cannot be had, in a function that says so. It is there for the rest of the step if it
    /// is there now.
    fn fail_if_lost(&mut self, id: hir::LocalId, of: Reg) {
        let Some(error) = self.lost.get(&id).copied() else {
            return;
        };
        let why = Op::Lib("scratch.lost".to_owned(), vec![of]);
        let why = self.b.emit(Type::Option(Box::new(Type::Text)), why);
        let (lost, there) = (self.b.block(), self.b.block());
        self.b.end(Term::Switch {
            on: why,
            cases: vec![(1, lost)],
            default: Some(there),
        });
        self.b.go_to(lost);
        let why = self.b.emit(Type::Text, Op::VariantGet(why, 1, 0));
        let def = self.low.places.error(error);
        let error = self.b.emit(Type::Named(def), Op::RecordMake(vec![why]));
        let ret = self.b.func.ret.clone();
        let result = self.b.emit(ret, Op::VariantMake(def.0 + 1, vec![error]));
        self.leave_failing(result);
        self.b.go_to(there);
    }

    /// All of it, where it is not walked.
    pub fn scratch_whole(&mut self, id: hir::LocalId, ty: Type) -> Reg {
        let of = self.scratch_variable(id);
        self.fail_if_lost(id, of);
        self.b
            .emit(ty, Op::Lib("scratch.whole".to_owned(), vec![of]))
    }

    /// What a list of temporary data is made from, and its type, when an expression is its name.
    pub fn scratch_list(&mut self, e: &hir::Expr) -> Option<(Reg, Type)> {
        let hir::ExprKind::Local(id) = e.kind else {
            return None;
        };
        if !self.locals[id.0 as usize].is_scratch {
            return None;
        }
        match self.ty(&e.ty) {
            ty @ Type::List(_) => {
                let of = self.scratch_variable(id);
                self.fail_if_lost(id, of);
                Some((of, ty))
            }
            _ => None,
        }
    }

    fn scratch_variable(&self, id: hir::LocalId) -> Reg {
        match &self.env[id.0 as usize] {
            Binding::Value(reg) => *reg,
            other => panic!("{} read as {other:?}", self.locals[id.0 as usize].name),
        }
    }
}

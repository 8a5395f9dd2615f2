//! Defaults of fields that nothing uses yet.
//!
//! A default is checked where something is made without it (`construct.rs`), because that is where it is worked out. One that no
//! program leaves out would never be looked at, and be wrong unseen: so each is checked here once more, by itself.

use weir_diagnostics::Diagnostic;
use weir_syntax::ast;

use super::{BodyCx, Fails};
use crate::hir::*;
use crate::scope::Cx;

/// Runs behind all bodies: what was said about a default where it is used is not said again.
pub fn check(cx: &mut Cx) {
    let records = cx.records.clone();
    for (decl, at) in records.iter().zip(0..) {
        let fields = cx.program.records[at].fields.clone();
        each(cx, &decl.type_params, &decl.fields, &fields);
    }
    let errors = cx.errors.clone();
    for (decl, at) in errors.iter().zip(0..) {
        let fields = cx.program.errors[at].fields.clone();
        each(cx, &[], &decl.fields, &fields);
    }
    let enums = cx.enums.clone();
    for (decl, at) in enums.iter().zip(0..) {
        for (variant, n) in decl.variants.iter().zip(0..) {
            let fields = cx.program.enums[at].variants[n].fields.clone();
            each(cx, &decl.type_params, &variant.fields, &fields);
        }
    }
}

fn each(cx: &mut Cx, type_params: &[ast::Ident], decls: &[ast::Field], fields: &[NamedType]) {
    for (decl, field) in decls.iter().zip(fields) {
        let Some(default) = &decl.default else {
            continue;
        };
        if !cx.modules.is_program(default.span.file) {
            continue;
        }
        let told = cx.diagnostics.iter();
        if told
            .filter(|d| d.is_error())
            .any(|d| default.span.contains(d.primary.span))
        {
            continue;
        }
        let before = cx.diagnostics.len();
        let outer = cx.enter(default.span);
        let mut body = BodyCx::new(cx, Fails::Never("a default"));
        body.type_params = type_params.to_vec();
        let root = body.expr_of(default, &field.ty);
        body.finish(root);
        cx.enter_module(outer);
        // Warnings are said where it is used.
        let found: Vec<Diagnostic> = cx.diagnostics.drain(before..).collect();
        cx.diagnostics
            .extend(found.into_iter().filter(Diagnostic::is_error));
    }
}

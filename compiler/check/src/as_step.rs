//! `@step("name")` and `@keep("reason")`: what a function says to those who wait for it.
//!
//! A name is for the place where a run waits, so that sleeping runs find it again however the code around it, or the
//! function itself, is renamed. It is the function's once and for all, so another one may not wait for it in two places:
//! these would have one name.

use std::collections::BTreeMap;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast;

use crate::advice;
use crate::hir::*;
use crate::scope::Cx;
use crate::signatures::text_arg;
use crate::walk;

/// Whether an attribute is one of these.
pub fn is_one(attr: &ast::Attr) -> bool {
    matches!(attr.name.as_str(), "step" | "keep")
}

/// What the attributes of a function say; the others are not looked at.
pub fn read(cx: &mut Cx, attrs: &[ast::Attr]) -> AsStep {
    let mut found = AsStep::default();
    for attr in attrs.iter().filter(|attr| is_one(attr)) {
        let text = text_arg(attr);
        match attr.name.as_str() {
            "step" => {
                let fits = |name: &String| {
                    let is_part = |c: char| c.is_alphanumeric() || "_- .".contains(c);
                    !name.trim().is_empty() && name.chars().all(is_part)
                };
                found.name = text.filter(fits);
                if found.name.is_none() {
                    let help = "write `@step(\"charge\")`, a name of letters and digits";
                    misused(cx, attr, "the name of the step", help);
                }
            }
            _ => {
                found.keep = reason(cx, attr);
            }
        }
    }
    found
}

/// What `@keep` says.
pub fn reason(cx: &mut Cx, attr: &ast::Attr) -> Option<String> {
    let reason = text_arg(attr).filter(|reason| !reason.trim().is_empty());
    if reason.is_none() {
        let help = "write `@keep(\"audit entry\")`";
        misused(cx, attr, "the reason why it stays", help);
    }
    reason
}

fn misused(cx: &mut Cx, attr: &ast::Attr, wants: &str, help: &str) {
    cx.report(
        Diagnostic::new(
            codes::E0508,
            attr.span,
            format!("`@{}` takes {wants}", attr.name),
        )
        .label("does not fit")
        .help(help),
    );
}

/// Holds each function that waits to one place for each name. Needs the effects.
pub fn check(cx: &mut Cx) {
    let mut found = Vec::new();
    for (at, function) in cx.program.functions.iter().enumerate() {
        let Implementation::Body(body) = &function.implementation else {
            continue;
        };
        if function.effect < Effect::Wait || function.is_prelude {
            continue;
        }
        let whole = advice::name(&cx.program, FnId(at as u32));
        let mut named: BTreeMap<&str, Span> = BTreeMap::new();
        walk::all(&body.root, &mut |expr| {
            let Some(name) = step(&cx.program, expr) else {
                return;
            };
            match named.get(name) {
                None => {
                    named.insert(name, expr.span);
                }
                Some(first) => found.push(
                    Diagnostic::new(
                        codes::E0807,
                        expr.span,
                        format!("two steps of `{whole}` have the name `{name}`"),
                    )
                    .label("the second")
                    .secondary(*first, "the first")
                    .help("put one of them into a function of its own, with another name"),
                ),
            }
        });
    }
    found.into_iter().for_each(|found| cx.report(found));
}

/// The name of the step that a call is for a function that waits, if it has one.
fn step<'a>(program: &'a Checked, call: &Expr) -> Option<&'a str> {
    let named = match &call.kind {
        ExprKind::CallExtern { function, .. } => &program.extern_fn(*function).as_step,
        ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
            let handler = matches!(call.kind, ExprKind::CallHandler { .. });
            let function = program.function(*function);
            // A handler that writes is a step too, a function that writes is part of one.
            let least = if handler { Effect::Write } else { Effect::Wait };
            if function.effect < least {
                return None;
            }
            &function.as_step
        }
        _ => return None,
    };
    named.name.as_deref()
}

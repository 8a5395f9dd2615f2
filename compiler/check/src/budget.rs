//! `@budget(records: 2, keys: 1, outside: 1)`: what a call of a function may cost. Read here; held to the receipt where that is
//! known, behind the gate (`driver/src/receipts/budget.rs`).

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast;

use crate::hir::*;
use crate::scope::Cx;

/// The parts of a receipt that may have a limit, as they are called there. `hops` is another word for `keys`.
pub const PARTS: [&str; 7] = [
    "records", "keys", "outside", "reads", "writes", "waits", "messages",
];

pub fn is_one(attr: &ast::Attr) -> bool {
    attr.name.as_str() == "budget"
}

/// What the attributes of a function say; the others are not looked at.
pub fn read(cx: &mut Cx, attrs: &[ast::Attr], is_started: bool) -> Option<Budget> {
    let attr = attrs.iter().find(|attr| is_one(attr))?;
    if !is_started {
        cx.report(
            Diagnostic::new(
                codes::E0508,
                attr.span,
                "`@budget` is about calls from outside, but this is not `pub`",
            )
            .label("has no receipt of its own")
            .help("write it at the `pub fn` that calls this, or at the `run` of a workflow"),
        );
        return None;
    }
    let mut limits: Vec<Limit> = Vec::new();
    for arg in &attr.args {
        let name = arg.label.as_ref().map(|name| name.as_str());
        let part = match name {
            Some("hops") => Some("keys"),
            Some(name) => PARTS.into_iter().find(|part| *part == name),
            None => None,
        };
        let most = match &arg.value.kind {
            ast::ExprKind::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        };
        match (part, most) {
            (Some(part), Some(most)) if limits.iter().all(|limit| limit.part != part) => {
                limits.push(Limit {
                    part,
                    most,
                    span: arg.value.span,
                });
            }
            _ => misused(cx, arg.value.span, "this is no limit"),
        }
    }
    if attr.args.is_empty() {
        misused(cx, attr.span, "it says no limit");
    }
    Some(Budget {
        limits,
        span: attr.span,
    })
}

fn misused(cx: &mut Cx, span: Span, label: &str) {
    cx.report(
        Diagnostic::new(
            codes::E0508,
            span,
            format!(
                "`@budget` takes numbers for {}, each once",
                PARTS.map(|part| format!("`{part}`")).join(", ")
            ),
        )
        .label(label)
        .help("write `@budget(records: 1, keys: 2)`"),
    );
}

//! Attributes that have a meaning, and stand where they have none.

use weir_diagnostics::{Diagnostic, codes};
use weir_syntax::ast;

use crate::scope::Cx;

/// Says so, with where it stands. Those that have no meaning anywhere yet say that.
pub fn report(cx: &mut Cx, attr: &ast::Attr, place: &str) {
    let name = attr.name.as_str();
    if !weir_syntax::ATTRIBUTES.contains(&name) {
        // The parser has said it.
        return;
    }
    match stands(name) {
        Some(stands) => cx.report(
            Diagnostic::new(
                codes::E0508,
                attr.span,
                format!("`@{name}` has no meaning {place}"),
            )
            .label("not here")
            .help(format!("it stands in front of {stands}")),
        ),
        None => cx.later(attr.span, &format!("`@{name}` {place}")),
    }
}

fn stands(name: &str) -> Option<&'static str> {
    Some(match name {
        "anyone" | "role" => "a `pub fn`, `pub event`, `pub stream` or `pub view`",
        "get" | "post" | "put" | "patch" | "delete" => "a `pub fn`",
        "status" => "an `error`: it is the status of calls that fail so",
        "budget" => "a `pub fn` or the `run` of a workflow",
        "step" => "a function",
        "keep" => "a `stream`, a `view`, a function or `state`",
        "key" | "time" | "late" => "a `stream`",
        "at" => "`every`",
        "read" | "idempotent" | "once" | "pure" | "retry" | "timeout" => {
            "a function of an `extern` block"
        }
        _ => return None,
    })
}

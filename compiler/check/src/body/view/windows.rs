//! What bounds the memory of a view: windows of time among its keys, how long a stream keeps its entries, or a reason. And what that
//! means for its rows.

use weir_diagnostics::{Diagnostic, codes};
use weir_syntax::ast::{Arg, BinaryOp, Clause, ClauseKind, Expr, ExprKind as Ast, Ident};

use super::key_name;
use super::outline::{Outline, refuse};
use super::query::{self, WindowOf};
use crate::body::{BodyCx, Fails};
use crate::hir::{Keep, SourceOf, ViewId, ViewWindow, WindowKind};
use crate::scope::Cx;

/// Finds the windows among the keys.
pub fn find(cx: &mut Cx, outline: &mut Outline<'_>) {
    let keys = outline.keys.unwrap_or_default();
    let body = BodyCx::new(cx, Fails::Never("a view"));
    outline.windows = keys.iter().map(|key| body.window_of(&key.expr)).collect();
    let mut found: Option<ViewWindow> = None;
    for (at, (key, window)) in keys.iter().zip(&outline.windows).enumerate() {
        let Some((of, args)) = window else { continue };
        let length = duration(cx, &args[1]);
        let kind = match (of, length) {
            (WindowOf::Session, Some(gap)) => WindowKind::Session(gap),
            (_, Some(length)) => WindowKind::Fixed(length),
            // A key like others: it ends nothing.
            (WindowOf::Fixed, None) => continue,
            (_, None) => {
                refuse(
                    cx,
                    args[1].span,
                    "how long a window of a view is has to be known",
                    "not known here",
                    "write the duration out, or the name of a constant that is one: `session(c.at, 30m)`",
                );
                continue;
            }
        };
        if *of == WindowOf::Session && found.is_some_and(|found| is_session(&found)) {
            refuse(
                cx,
                key.span,
                "a view has one session among its keys",
                "one too many",
                "make a view for each of them",
            );
        }
        if found.is_none() || *of == WindowOf::Session {
            found = Some(ViewWindow {
                key: at as u32,
                kind,
            });
        }
    }
    outline.window = found;
}

fn is_session(window: &ViewWindow) -> bool {
    matches!(window.kind, WindowKind::Session(_))
}

/// Microseconds, where it is written out or a constant that is.
fn duration(cx: &Cx, e: &Expr) -> Option<i64> {
    match &e.kind {
        Ast::Duration(length) if *length > 0 => Some(*length),
        Ast::Var(name) => {
            let constant = cx.names.constants.get(name.as_str())?;
            match &cx.constants[constant.0 as usize].0.value.kind {
                Ast::Duration(length) if *length > 0 => Some(*length),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What windows are held against in the meaning of a view: its first local variable, which cannot be written.
pub const FORGOTTEN: &str = "the forgotten";

/// Leaves out, directly behind the groups, those whose window is forgotten. A window that is not ends some time after what is forgotten
/// at the most, and how much that is, who gives the variable knows.
pub fn remembered(outline: &Outline<'_>, clauses: &mut Vec<Clause>) {
    let (Some(window), Some(keys)) = (outline.bounds(), outline.keys) else {
        return;
    };
    let at = window.key as usize;
    let span = keys[at].span.before();
    let is_groups = |clause: &Clause| matches!(clause.kind, ClauseKind::GroupBy(_));
    let Some(groups) = clauses.iter().position(is_groups) else {
        return;
    };
    let newest = match &outline.windows[at] {
        // A session goes on from its last row.
        Some((WindowOf::Session, args)) => {
            let callee = query::var(&Ident {
                name: "max".into(),
                span,
            });
            let arg = Arg {
                label: None,
                value: args[0].clone(),
                span,
            };
            let call = Ast::Call {
                callee: Box::new(callee),
                args: vec![arg],
            };
            query::expr(call, span)
        }
        _ => {
            let name = key_name(&keys[at], at);
            if let ClauseKind::GroupBy(keys) = &mut clauses[groups].kind {
                keys[at].name = Some(name.clone());
            }
            query::var(&name)
        }
    };
    let forgotten = query::var(&Ident {
        name: FORGOTTEN.into(),
        span,
    });
    let condition = Ast::Binary {
        op: BinaryOp::Gt,
        op_span: span,
        left: Box::new(newest),
        right: Box::new(forgotten),
    };
    let kind = ClauseKind::Where(query::expr(condition, span));
    clauses.insert(groups + 1, Clause { kind, span });
}

/// Entries of a stream never end by themselves.
pub fn bounded(cx: &mut Cx, id: ViewId, outline: &Outline<'_>) {
    let view = cx.program.view(id);
    let in_windows = outline.window.is_some() && outline.join.is_none();
    if view.keep.is_some() || in_windows {
        return;
    }
    let (name, span) = (view.name.clone(), view.span);
    let mut streams = view.sources.iter().filter_map(|source| match source.of {
        SourceOf::Stream(stream) => Some(&cx.program.streams[stream.0 as usize]),
        _ => None,
    });
    let endless = streams.find(|stream| stream.keep == Keep::Configured);
    let Some(stream) = endless else { return };
    let what = match (outline.keys, &outline.join) {
        (Some(_), None) => "each key that ever comes has a row in it",
        (None, None) => "each entry has a row in it",
        (_, Some(_)) => "each entry waits in it for others to join",
    };
    let stream_name = stream.name.clone();
    let mut found = Diagnostic::new(
        codes::E0522,
        span,
        format!("the view `{name}` would remember for ever: {what}"),
    )
    .label("has no end")
    .secondary(
        stream.span,
        format!("`{stream_name}` says nothing of when its entries go"),
    );
    if outline.keys.is_some() && outline.join.is_none() {
        found = found.help(format!(
            "add a window of time to the keys (`window(.., 1h)`), `@keep(7d)` to `{stream_name}`, or the reason why it may: `@keep(\"..\")` here"
        ));
    } else {
        found = found.help(format!(
            "add `@keep(7d)` to `{stream_name}`, or the reason why it may: `@keep(\"..\")` here"
        ));
    }
    cx.report(found);
}

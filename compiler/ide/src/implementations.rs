//! Where something that is declared takes place: who calls a handler, who sends and who takes an event, what is put into a stream and
//! who consumes it, where a call fails with an error, where a record is made.

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::{Node, walk};
use weir_syntax::ast::{ExprKind, PatternKind, WaitOn};

use crate::labels::called;
use crate::{At, Snapshot, references};

/// Of a name at a place, in the order of the source; nothing for what is only read: those are its references.
pub fn implementations(snapshot: &Snapshot, at: At) -> Vec<Span> {
    let Some((_, def)) = snapshot.name_at(at) else {
        return Vec::new();
    };
    match def {
        Def::Function(_) | Def::Extern(_) => at_calls(snapshot, def),
        Def::Event(..) => {
            let mut found = at_calls(snapshot, def);
            found.extend(at_waits(snapshot, def));
            found.sort();
            found
        }
        Def::Error(_) | Def::Record(_) | Def::Variant(..) | Def::New(_) | Def::Entity(_) => {
            made(snapshot, def)
        }
        Def::Stream(id) => {
            let consumers = snapshot.checked().consumers.iter();
            let consumers = consumers.filter(|consumer| consumer.stream == id);
            let mut found: Vec<Span> = consumers.map(|consumer| consumer.span).collect();
            found.extend(emitted(snapshot, def));
            found.sort();
            found
        }
        Def::State(..) => {
            let found = references::all(snapshot, def).into_iter();
            let written = found.filter(|found| found.is_written);
            written.map(|found| found.span).collect()
        }
        _ => Vec::new(),
    }
}

/// Where it is called, also by `send`; what is only passed on is no call.
fn at_calls(snapshot: &Snapshot, def: Def) -> Vec<Span> {
    each(snapshot, def, |node| match node {
        Node::Expr(e) => match &e.kind {
            ExprKind::Call { callee, .. } => Some(called(callee)?.span),
            _ => None,
        },
        _ => None,
    })
}

fn at_waits(snapshot: &Snapshot, def: Def) -> Vec<Span> {
    each(snapshot, def, |node| match node {
        Node::WaitArm(arm) => match &arm.on {
            WaitOn::Event { name, .. } => Some(name.span),
            _ => None,
        },
        _ => None,
    })
}

/// Where one is made: named in code, and not in a pattern or type.
fn made(snapshot: &Snapshot, def: Def) -> Vec<Span> {
    let tested = each(snapshot, def, |node| match node {
        Node::Pattern(pattern) => match &pattern.kind {
            PatternKind::Con { name, .. } => Some(name.span),
            _ => None,
        },
        _ => None,
    });
    let mut found = each(snapshot, def, |node| match node {
        Node::Expr(e) => match &e.kind {
            ExprKind::Con(name) => Some(name.span),
            ExprKind::Field { name, .. } => Some(name.span),
            _ => None,
        },
        _ => None,
    });
    found.retain(|span| !tested.contains(span));
    found
}

/// Where something is put into a stream.
fn emitted(snapshot: &Snapshot, stream: Def) -> Vec<Span> {
    each(snapshot, stream, |node| {
        let Node::Expr(e) = node else { return None };
        let ExprKind::Call { callee, .. } = &e.kind else {
            return None;
        };
        match &callee.kind {
            ExprKind::Field { base, name } if name.as_str() == "emit" => Some(called(base)?.span),
            _ => None,
        }
    })
}

/// The names that a look at each node gives, where they stand for the definition.
fn each(snapshot: &Snapshot, def: Def, name: impl Fn(Node<'_>) -> Option<Span>) -> Vec<Span> {
    let mut found = Vec::new();
    for file in &snapshot.survey.files {
        walk(&file.parsed.module, &mut |node| {
            if let Some(span) = name(node)
                && snapshot.meanings().name(span) == Some(def)
            {
                found.push(span);
            }
        });
    }
    found.sort();
    found.dedup();
    found
}

//! How to take back what a step of a workflow did: `step undo other`, where the same receiver has a function whose name says
//! the opposite; else `undo {}`, which says that it may stay.

use weir_check::hir::{Effect, Type};
use weir_check::meanings::Def;
use weir_diagnostics::codes;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Arg, Expr, ExprKind, ItemKind, PatternKind, Stmt, StmtKind};

use super::{Action, ActionKind, Asked, fields, write};
use crate::{Edit, labels};

/// What people call a thing and its opposite, in both directions.
const OPPOSITES: [(&str, &str); 16] = [
    ("reserve", "release"),
    ("add", "remove"),
    ("add", "take"),
    ("put", "take"),
    ("put", "remove"),
    ("charge", "refund"),
    ("open", "close"),
    ("lock", "unlock"),
    ("book", "cancel"),
    ("book", "unbook"),
    ("create", "delete"),
    ("start", "stop"),
    ("deposit", "withdraw"),
    ("credit", "debit"),
    ("hold", "release"),
    ("grant", "revoke"),
];

pub fn undo(asked: &Asked) -> Vec<Action> {
    made(asked).unwrap_or_default()
}

fn made(asked: &Asked) -> Option<Vec<Action>> {
    if !matches!(asked.item()?.kind, ItemKind::Workflow(_)) {
        return None;
    }
    let stmt = asked.around.iter().rev().find_map(|node| match node {
        Node::Stmt(stmt) => Some(*stmt),
        _ => None,
    })?;
    let (step, bound) = step(stmt)?;
    let call = without_try(step);
    let ExprKind::Call { callee, args } = &call.kind else {
        return None;
    };
    let name = labels::called(callee)?;
    let called = asked.snapshot.meanings().name(name.span)?;
    if !is_step(asked, called) {
        return None;
    }
    let warned = asked.snapshot.survey.diagnostics.iter();
    let mends = warned
        .into_iter()
        .position(|found| found.code == codes::W0801 && stmt.span.contains(found.primary.span));
    let mut all = Vec::new();
    let mut add = |title: String, text: String| {
        let edit = Edit {
            span: step.span.after(),
            text: format!(" undo {text}"),
        };
        let mut action = Action::new(title, ActionKind::QuickFix, vec![edit]);
        action.mends = mends;
        all.push(action);
    };
    if let ExprKind::Field { base, .. } = &callee.kind {
        for (opposite, def) in opposites(asked, called) {
            let given = arguments(asked, def, called, args, bound.as_deref());
            let text = format!("{}.{opposite}({given})", asked.snippet(base.span));
            add(format!("undo it with `{opposite}`"), text);
        }
    }
    if mends.is_some() {
        add("say that it may stay: `undo {}`".into(), "{}".into());
    }
    Some(all)
}

/// The step of a statement, and the variable it gives a value to.
fn step(stmt: &Stmt) -> Option<(&Expr, Option<String>)> {
    match &stmt.kind {
        StmtKind::Expr(e) => match &e.kind {
            ExprKind::Undo { .. } => None,
            // The loop is no step; what stands in it is.
            ExprKind::Call { .. } | ExprKind::Try(_) => Some((e, None)),
            _ => None,
        },
        StmtKind::Let { pattern, value, .. } => match (&pattern.kind, &value.kind) {
            (_, ExprKind::Undo { .. }) => None,
            (PatternKind::Bind(name), _) => Some((value, Some(name.name.clone()))),
            _ => Some((value, None)),
        },
        _ => None,
    }
}

fn without_try(e: &Expr) -> &Expr {
    match &e.kind {
        ExprKind::Try(inner) => inner,
        _ => e,
    }
}

/// Whether calling it does something: to state, or outside.
fn is_step(asked: &Asked, called: Def) -> bool {
    let checked = asked.snapshot.checked();
    match called {
        Def::Function(id) => {
            let effect = checked.function(id).effect;
            effect >= Effect::Write
        }
        Def::Extern(_) => true,
        _ => false,
    }
}

/// The functions beside the called one with an opposite name, which cannot fail: an `undo` must not.
fn opposites(asked: &Asked, called: Def) -> Vec<(String, Def)> {
    let snapshot = asked.snapshot;
    let Some(place) = snapshot.place(called) else {
        return Vec::new();
    };
    let declared = &snapshot.declared;
    let known = &declared.by_name[&place];
    let Some(owner) = known.inside else {
        return Vec::new();
    };
    let is_opposite = |a: &str, b: &str| {
        let parts = |text: &str| text.split('_').map(str::to_owned).collect::<Vec<_>>();
        let (a, b) = (parts(a), parts(b));
        // `book_room` and `cancel_room`: the rest is the same, or only one of them has it.
        let (first, rest) = (a.first(), &a[1..]);
        let pair =
            |x: &str, y: &str| first.is_some_and(|f| f == x) && b.first().is_some_and(|f| f == y);
        let named = OPPOSITES.iter().any(|(x, y)| pair(x, y) || pair(y, x));
        let undone = b.len() == a.len() + 1 && b[0] == "un" && b[1..] == a[..];
        (named && (rest == &b[1..] || rest.is_empty() || b.len() == 1)) || undone
    };
    let beside = declared.inside(owner).iter();
    let found = beside.filter_map(|at| {
        let other = &declared.by_name[at];
        let def = *declared.defs.get(at)?;
        let fails = match def {
            Def::Function(id) => &snapshot.checked().function(id).fails,
            Def::Extern(id) => &snapshot.checked().extern_fn(id).fails,
            _ => return None,
        };
        (fails.is_empty() && is_opposite(&known.name, &other.name))
            .then(|| (other.name.clone(), def))
    });
    found.collect()
}

/// What to give the opposite: what the step was given under the same name, what it gave, or a value to be changed.
fn arguments(asked: &Asked, of: Def, step: Def, args: &[Arg], bound: Option<&str>) -> String {
    let snapshot = asked.snapshot;
    let parts = |def: Def| {
        let place = snapshot.place(def);
        place.map_or(&[][..], |place| snapshot.declared.parts(place))
    };
    let name_of = |part: &weir_diagnostics::Span| snapshot.declared.by_name[part].name.clone();
    let given = |name: &str| -> Option<String> {
        let labelled = args.iter().find(|arg| {
            arg.label
                .as_ref()
                .is_some_and(|label| label.as_str() == name)
        });
        let n = parts(step).iter().position(|part| name_of(part) == name);
        let placed = n
            .and_then(|n| args.get(n))
            .filter(|arg| arg.label.is_none());
        let arg = labelled.or(placed)?;
        Some(asked.snippet(arg.value.span).to_owned())
    };
    let gives = match step {
        Def::Function(id) => Some(snapshot.checked().function(id).ret.clone()),
        Def::Extern(id) => Some(snapshot.checked().extern_fn(id).ret.clone()),
        _ => None,
    };
    let values = parts(of).iter().map(|part| {
        let ty: Option<Type> = snapshot
            .declared
            .defs
            .get(part)
            .and_then(|def| fields::type_of(snapshot, *def));
        given(&name_of(part))
            .or_else(|| {
                let fits = ty.is_some() && ty == gives;
                bound.filter(|_| fits).map(str::to_owned)
            })
            .or_else(|| Some(write::value(snapshot, &ty?)))
            .unwrap_or_else(|| "{}".into())
    });
    values.collect::<Vec<_>>().join(", ")
}

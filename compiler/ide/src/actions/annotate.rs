//! What may be written and was left out: types of variables, labels of arguments.

use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{ExprKind, PatternKind, StmtKind};

use super::{Action, ActionKind, Asked};
use crate::{Edit, labels, show};

/// The type of the variable under the cursor.
pub fn annotate(asked: &Asked) -> Vec<Action> {
    let found = asked.around.iter().rev().find_map(|node| match node {
        Node::Stmt(stmt) => Some(match &stmt.kind {
            StmtKind::Let {
                pattern, ty: None, ..
            } if matches!(pattern.kind, PatternKind::Bind(_)) => Some(pattern.span),
            StmtKind::Var { name, ty: None, .. } => Some(name.span),
            _ => None,
        }),
        _ => None,
    });
    let Some(Some(name)) = found else {
        return Vec::new();
    };
    let is_here = name.start <= asked.selected.start && asked.selected.end <= name.end;
    let ty = asked.snapshot.ty(name).filter(|ty| !show::is_unknown(ty));
    let (true, Some(ty)) = (is_here, ty) else {
        return Vec::new();
    };
    let shown = asked.snapshot.show(name, ty);
    // What has no name that could be written.
    if shown.contains('_')
        && shown
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|w| w == "_")
    {
        return Vec::new();
    }
    let edit = Edit {
        span: name.after(),
        text: format!(": {shown}"),
    };
    let title = format!("write its type: `{shown}`");
    vec![Action::new(title, ActionKind::Rewrite, vec![edit])]
}

/// The labels of all arguments of the call under the cursor.
pub fn labels(asked: &Asked) -> Vec<Action> {
    let snapshot = asked.snapshot;
    let found = asked.innermost(|e| match &e.kind {
        ExprKind::Call { callee, args } => {
            let name = labels::called(callee)?;
            let is_here =
                name.span.start <= asked.selected.start && asked.selected.end <= name.span.end;
            let owner = snapshot.place(snapshot.meanings().name(name.span)?)?;
            is_here.then_some((owner, args, callee))
        }
        _ => None,
    });
    let Some((owner, args, callee)) = found else {
        return Vec::new();
    };
    let mut parts = snapshot.declared.parts(owner);
    // A function called with a dot has its first parameter in front of it.
    let is_method = matches!(callee.kind, ExprKind::Field { .. })
        && snapshot.declared.by_name[&owner].kind == crate::declared::Kind::Function
        && parts.len() > args.len();
    if is_method {
        parts = &parts[1..];
    }
    let missing = args
        .iter()
        .zip(parts)
        .filter(|(arg, _)| arg.label.is_none());
    let edits: Vec<Edit> = missing
        .map(|(arg, part)| Edit {
            span: arg.span.before(),
            text: format!("{}: ", snapshot.declared.by_name[part].name),
        })
        .collect();
    if edits.is_empty() {
        return Vec::new();
    }
    vec![Action::new("write the labels", ActionKind::Rewrite, edits)]
}

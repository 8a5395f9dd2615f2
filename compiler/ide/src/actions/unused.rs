//! Imports that nobody needs.

use weir_diagnostics::Span;
use weir_syntax::ast::{Import, ItemKind};

use super::{Action, ActionKind, Asked, imports, write};
use crate::Edit;

/// Takes away the import under the cursor, or the one name of it, when nothing in the file uses it.
pub fn unused_import(asked: &Asked) -> Vec<Action> {
    made(asked).into_iter().collect()
}

fn made(asked: &Asked) -> Option<Action> {
    let item = asked.item()?;
    let ItemKind::Import(import) = &item.kind else {
        return None;
    };
    let is_unused = |name: &str| !imports::is_used(asked.snapshot, asked.file, name);
    let whole = || {
        let edit = write::without_line(asked.snapshot, item.span);
        Action::new("remove this import", ActionKind::QuickFix, vec![edit])
    };
    let Import { path, alias, names } = import;
    let Some(names) = names else {
        let called = alias.as_ref().or(path.last())?;
        return is_unused(called.as_str()).then(whole);
    };
    let unused: Vec<usize> = (0..names.len())
        .filter(|at| is_unused(names[*at].as_str()))
        .collect();
    if unused.len() == names.len() {
        return Some(whole());
    }
    let kept: Vec<&str> = (0..names.len())
        .filter(|at| !unused.contains(at))
        .map(|at| names[at].as_str())
        .collect();
    let title = match unused.as_slice() {
        [] => return None,
        [one] => format!("remove `{}`", names[*one]),
        _ => "remove the names that nobody uses".to_owned(),
    };
    let all = names.first()?.span.to(names.last()?.span);
    let edit = Edit {
        span: Span { ..all },
        text: kept.join(", "),
    };
    Some(Action::new(title, ActionKind::QuickFix, vec![edit]))
}

//! What diagnostics say can be put right, certain or not, and what only the whole program tells: the arms that are missing, the
//! modules that have a name, what to do with a variable that nobody looks at.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{ExprKind, PatternKind, StmtKind};

use super::{Action, ActionKind, Asked, imports, write};
use crate::{At, Edit, nodes};

pub fn fixes(asked: &Asked) -> Vec<Action> {
    let mut all = Vec::new();
    let found = asked.snapshot.survey.diagnostics.iter().enumerate();
    let here = found.filter(|(_, found)| {
        let place = found.primary.span;
        let selected = asked.selected;
        place.file == selected.file && place.start <= selected.end && selected.start <= place.end
    });
    for (at, found) in here {
        let mut of_this = told(asked, found);
        of_this.extend(match found.code {
            codes::E0601 => arms(asked, found).into_iter().collect(),
            codes::E0602 => without_arm(asked, found).into_iter().collect(),
            codes::E0201 | codes::E0202 => imports::of_name(asked, found.primary.span),
            codes::W0702 => without_variable(asked, found).into_iter().collect(),
            _ => Vec::new(),
        });
        all.extend(of_this.into_iter().map(|action| Action {
            mends: Some(at),
            ..action
        }));
    }
    all
}

/// The fixes that the diagnostic carries.
fn told(asked: &Asked, found: &Diagnostic) -> Vec<Action> {
    let is_own = |edits: &[(Span, String)]| {
        let mut edits = edits.iter();
        edits.all(|(span, _)| asked.snapshot.is_own(span.file))
    };
    let fixes = found.fixes.iter().filter(|fix| is_own(&fix.edits));
    let made = fixes.map(|fix| {
        let edits = fix.edits.iter().map(|(span, text)| Edit {
            span: *span,
            text: text.clone(),
        });
        Action {
            is_certain: fix.certain,
            ..Action::new(&fix.title, ActionKind::QuickFix, edits.collect())
        }
    });
    made.collect()
}

/// An arm for each case that has none.
fn arms(asked: &Asked, found: &Diagnostic) -> Option<Action> {
    let subject = found.primary.span;
    let checked = asked.snapshot.checked();
    let cases = weir_check::missing_cases(checked, subject);
    let at = At {
        file: subject.file,
        offset: subject.start,
    };
    let around = nodes::around(&asked.file.parsed.module, at);
    let (whole, arms) = around.iter().rev().find_map(|node| match node {
        Node::Expr(e) => match &e.kind {
            ExprKind::Match { subject: s, arms } if s.span == subject => Some((e.span, arms)),
            _ => None,
        },
        _ => None,
    })?;
    // What the arms that are there give.
    let given = arms.iter().find_map(|arm| asked.snapshot.ty(arm.body.span));
    let value = match given {
        Some(ty) => write::value(asked.snapshot, ty),
        None => "{}".into(),
    };
    let indent = asked.indent(whole.start);
    let lines = cases
        .iter()
        .map(|case| format!("{indent}  {case} => {value}\n"));
    let lines: String = lines.collect();
    let text = asked.snippet(whole);
    let close = whole.end - u32::from(text.ends_with('}'));
    let before = &text[..(close - whole.start) as usize];
    // Behind the last arm, or behind the brace.
    let kept = before.trim_end().len() as u32;
    let span = Span::new(whole.file, whole.start + kept, close);
    let comma =
        match before.trim_end().ends_with([',', '{']) || before[kept as usize..].contains('\n') {
            true => "",
            false => ",",
        };
    let text = format!("{comma}\n{lines}{indent}");
    let title = match cases.as_slice() {
        [] => return None,
        [one] => format!("add the missing arm `{one}`"),
        many => format!("add the {} missing arms", many.len()),
    };
    let edit = Edit { span, text };
    Some(Action::new(title, ActionKind::QuickFix, vec![edit]))
}

/// Takes away an arm that nothing reaches.
fn without_arm(asked: &Asked, found: &Diagnostic) -> Option<Action> {
    let place = found.primary.span;
    let arm = asked.around.iter().rev().find_map(|node| match node {
        Node::Arm(arm) if arm.pattern.span == place => Some(arm.span),
        _ => None,
    })?;
    let edit = write::without_line(asked.snapshot, arm);
    Some(Action::new(
        "remove this arm",
        ActionKind::QuickFix,
        vec![edit],
    ))
}

/// Takes away `let x = ..`; what its value does is still done.
fn without_variable(asked: &Asked, found: &Diagnostic) -> Option<Action> {
    let name = found.primary.span;
    let at = At {
        file: name.file,
        offset: name.start,
    };
    let around = nodes::around(&asked.file.parsed.module, at);
    let stmt = around.iter().rev().find_map(|node| match node {
        Node::Stmt(stmt) => Some(*stmt),
        _ => None,
    })?;
    let value = match &stmt.kind {
        StmtKind::Let { pattern, value, .. } if pattern.span == name => match &pattern.kind {
            PatternKind::Bind(_) => value,
            _ => return None,
        },
        StmtKind::Var {
            name: of, value, ..
        } if of.span == name => value,
        _ => return None,
    };
    let edit = match write::does_something(value) {
        true => Edit {
            span: Span {
                end: value.span.start,
                ..stmt.span
            },
            text: String::new(),
        },
        false => write::without_line(asked.snapshot, stmt.span),
    };
    let title = format!("remove `{}`", asked.snippet(name));
    Some(Action::new(title, ActionKind::QuickFix, vec![edit]))
}

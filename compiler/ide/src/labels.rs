//! Labels: `Insufficient(have: balance)` names a field, `reserve(qty: 2)` a parameter. The checker brings arguments into
//! order and forgets their labels; what they name follows from what is called.

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_driver::{Survey, SurveyedFile};
use weir_syntax::ast::walk::{Node, walk};
use weir_syntax::ast::{ExprKind, Ident, PatternKind, WaitOn};

use crate::declared::Declarations;

/// The labels of all arguments and patterns of a file, with what they name.
pub fn labels(survey: &Survey, declared: &Declarations, file: &SurveyedFile) -> Vec<(Span, Def)> {
    let mut found = Vec::new();
    let mut name = |of: &Ident, label: &Ident| {
        let owner = survey.meanings.name(of.span);
        let owner = owner.and_then(|owner| survey.meanings.place(owner));
        let parts = owner.map_or(&[][..], |owner| declared.parts(owner));
        let named = parts
            .iter()
            .find(|part| declared.by_name[part].name == label.name);
        let named = named.and_then(|part| declared.defs.get(part));
        found.extend(named.map(|def| (label.span, *def)));
    };
    walk(&file.parsed.module, &mut |node| match node {
        Node::Expr(e) => {
            if let ExprKind::Call { callee, args } = &e.kind
                && let Some(of) = called(callee)
            {
                let labels = args.iter().filter_map(|arg| arg.label.as_ref());
                labels.for_each(|label| name(of, label));
            }
        }
        Node::Pattern(pattern) => {
            if let PatternKind::Con {
                name: of,
                args: Some(args),
                ..
            } = &pattern.kind
            {
                let labels = args.iter().filter_map(|arg| arg.label.as_ref());
                labels.for_each(|label| name(of, label));
            }
        }
        Node::WaitArm(arm) => {
            if let WaitOn::Event {
                name: of,
                args: Some(args),
            } = &arm.on
            {
                let labels = args.iter().filter_map(|arg| arg.label.as_ref());
                labels.for_each(|label| name(of, label));
            }
        }
        _ => {}
    });
    found
}

/// The name in front of the parentheses of a call.
pub fn called(callee: &weir_syntax::ast::Expr) -> Option<&Ident> {
    match &callee.kind {
        ExprKind::Var(name) | ExprKind::Con(name) | ExprKind::Field { name, .. } => Some(name),
        _ => None,
    }
}

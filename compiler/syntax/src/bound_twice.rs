//! Names that one pattern, or the parameters of one lambda, bind twice: one of the two could not be used.
//!
//! ```text
//! match pair { (a, a) => a }       // which one?
//! ```

use weir_diagnostics::{Diagnostic, Span, codes};

use crate::ast::walk::{Node, walk};
use crate::ast::*;

pub fn check(module: &Module, diagnostics: &mut Vec<Diagnostic>) {
    // Parts come behind the pattern they are in, and have been looked at with it.
    let mut seen_to = 0;
    walk(module, &mut |node| match node {
        Node::Pattern(pattern) if pattern.span.start >= seen_to => {
            seen_to = pattern.span.end;
            let mut names = Vec::new();
            bound(pattern, &mut names);
            told(&names, diagnostics);
        }
        Node::WaitArm(WaitArm {
            on: WaitOn::Event { args, .. },
            ..
        }) => {
            let args = args.as_deref().unwrap_or_default();
            let mut names = Vec::new();
            args.iter().for_each(|arg| bound(&arg.pattern, &mut names));
            told(&names, diagnostics);
            // Each of them was seen here.
            seen_to = args.last().map_or(seen_to, |arg| arg.span.end);
        }
        Node::Expr(Expr {
            kind: ExprKind::Lambda { params, .. },
            ..
        }) => {
            let names: Vec<&Ident> = params.iter().filter_map(|p| p.name.as_ref()).collect();
            told(&names, diagnostics);
        }
        _ => {}
    });
}

fn told(names: &[&Ident], diagnostics: &mut Vec<Diagnostic>) {
    for (at, name) in names.iter().enumerate() {
        let Some(first) = names[..at].iter().find(|first| first.name == name.name) else {
            continue;
        };
        diagnostics.push(twice(name, first.span));
    }
}

fn twice(name: &Ident, first: Span) -> Diagnostic {
    let message = format!("`{name}` is bound twice");
    Diagnostic::new(codes::E0203, name.span, message)
        .label("again here")
        .secondary(first, "first here")
        .help(format!(
            "rename one of them, and compare them if both have to be the same: `if {name} == other`; `_` stands for what is not used"
        ))
}

/// The names that a pattern binds. Alternatives bind the same ones, which the first of them says.
fn bound<'p>(pattern: &'p Pattern, names: &mut Vec<&'p Ident>) {
    match &pattern.kind {
        PatternKind::Bind(name) => names.push(name),
        PatternKind::Con { args, .. } => {
            let args = args.as_deref().unwrap_or_default();
            args.iter().for_each(|arg| bound(&arg.pattern, names));
        }
        PatternKind::Tuple(parts) | PatternKind::List(parts) => {
            parts.iter().for_each(|part| bound(part, names));
        }
        PatternKind::Rest(name) => names.extend(name),
        PatternKind::Or(parts) => {
            if let Some(first) = parts.first() {
                bound(first, names);
            }
        }
        _ => {}
    }
}

//! Everywhere something is named.

use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::StmtKind;
use weir_syntax::ast::walk::{Node, walk};

use crate::{At, Snapshot};

/// A place where something is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    pub span: Span,
    /// It is declared here.
    pub is_declaration: bool,
    /// What it holds is changed here.
    pub is_written: bool,
}

/// In all files of the program, in the order of the source; nothing for what is part of the language.
pub fn references(snapshot: &Snapshot, at: At) -> Vec<Reference> {
    match snapshot.name_at(at) {
        Some((_, def)) => all(snapshot, def),
        None => Vec::new(),
    }
}

/// The same in the file of the place only.
pub fn highlights(snapshot: &Snapshot, at: At) -> Vec<Reference> {
    let mut found = references(snapshot, at);
    found.retain(|found| found.span.file == at.file);
    found
}

/// The places of a definition.
pub fn all(snapshot: &Snapshot, def: Def) -> Vec<Reference> {
    if let Def::Builtin(_) = def {
        return Vec::new();
    }
    let declared = snapshot.place(def);
    let changed = changed(snapshot);
    let names = snapshot.meanings().names();
    names
        .filter(|(_, found)| *found == def)
        .map(|(span, _)| Reference {
            span: *span,
            is_declaration: Some(*span) == declared,
            is_written: changed.binary_search(span).is_ok(),
        })
        .collect()
}

/// The names that end the places which are assigned, sorted.
pub fn changed(snapshot: &Snapshot) -> Vec<Span> {
    use weir_syntax::ast::ExprKind;
    let mut found = Vec::new();
    for file in &snapshot.survey.files {
        walk(&file.parsed.module, &mut |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { target, .. } = &stmt.kind
            {
                let mut target = target;
                while let ExprKind::Index { base, .. } = &target.kind {
                    target = base;
                }
                match &target.kind {
                    ExprKind::Var(name) | ExprKind::Field { name, .. } => found.push(name.span),
                    _ => {}
                }
            }
        });
    }
    found.sort();
    found
}

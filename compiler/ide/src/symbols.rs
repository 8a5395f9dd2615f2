//! What a file declares.

use weir_diagnostics::{FileId, Span};

use crate::Snapshot;
use crate::declared::Kind;

/// A declaration in the tree of its file.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub name: String,
    pub kind: Kind,
    pub span: Span,
    pub whole: Span,
    pub children: Vec<Symbol>,
}

/// The declarations of a file, as a tree; parameters are left out.
pub fn document_symbols(snapshot: &Snapshot, file: FileId) -> Vec<Symbol> {
    let all = snapshot.declared.by_name.iter();
    let top = all.filter(|(span, found)| span.file == file && found.inside.is_none());
    top.map(|(span, _)| symbol(snapshot, *span)).collect()
}

fn symbol(snapshot: &Snapshot, span: Span) -> Symbol {
    let found = &snapshot.declared.by_name[&span];
    let inside = snapshot.declared.inside(span).iter();
    let children = inside.filter(|child| snapshot.declared.by_name[child].kind != Kind::Parameter);
    Symbol {
        name: found.name.clone(),
        kind: found.kind,
        span,
        whole: found.whole,
        children: children.map(|child| symbol(snapshot, *child)).collect(),
    }
}

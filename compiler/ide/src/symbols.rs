//! What a file declares.

use weir_diagnostics::{FileId, Span};

use crate::Snapshot;
use crate::complete::could_mean;
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
    let all = snapshot.declared.by_name.of(file);
    let top = all.filter(|(_, found)| found.inside.is_none());
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

/// All declarations of the program whose names the words could mean, without parameters and fields: best first.
pub fn matching_symbols(snapshot: &Snapshot, words: &str) -> Vec<(Symbol, Option<String>)> {
    let own = snapshot.declared.by_name.iter();
    let own = own.filter(|(span, found)| {
        snapshot.is_own(span.file)
            && !matches!(found.kind, Kind::Parameter | Kind::Field | Kind::Key)
    });
    let mut found: Vec<(Symbol, Option<String>)> = Vec::new();
    for (span, declaration) in own {
        let owner = declaration
            .inside
            .and_then(|of| snapshot.declared.by_name.get(&of));
        let owner = owner.map(|owner| owner.name.clone());
        // `Account.pay` names it as well.
        let full = match &owner {
            Some(owner) => format!("{owner}.{}", declaration.name),
            None => declaration.name.clone(),
        };
        let fits = match words.contains('.') {
            true => could_mean(words, &full),
            false => could_mean(words, &declaration.name),
        };
        if fits {
            let symbol = Symbol {
                name: declaration.name.clone(),
                kind: declaration.kind,
                span: *span,
                whole: declaration.whole,
                children: Vec::new(),
            };
            found.push((symbol, owner));
        }
    }
    found.sort_by_key(|(symbol, _)| {
        (
            !symbol.name.starts_with(words),
            symbol.name.len(),
            symbol.span,
        )
    });
    found
}

//! Pieces of a file that lead somewhere: imports to their modules, the addresses in comments.

use weir_diagnostics::{FileId, Span};
use weir_syntax::ast::ItemKind;

use crate::Snapshot;

/// Where a piece of the text leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub span: Span,
    pub to: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    File(FileId),
    Web(String),
}

/// The links of a file, in the order of the source.
pub fn links(snapshot: &Snapshot, file: FileId) -> Vec<Link> {
    let Some(known) = snapshot.file(file) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in &known.parsed.module.items {
        let ItemKind::Import(import) = &item.kind else {
            continue;
        };
        let names: Vec<&str> = import.path.iter().map(|name| name.as_str()).collect();
        let path = names.join(".");
        let mut files = snapshot.survey.files.iter();
        if let (Some(target), Some(first), Some(last)) = (
            files.find(|file| file.path == path),
            import.path.first(),
            import.path.last(),
        ) {
            found.push(Link {
                span: first.span.to(last.span),
                to: Target::File(target.id),
            });
        }
    }
    let docs = known.parsed.module.items.iter();
    let docs = docs.filter_map(|item| item.doc.as_ref().map(|doc| doc.span));
    let comments = known.parsed.comments.iter().map(|comment| comment.span);
    for span in comments.chain(docs) {
        found.extend(addresses(snapshot, span));
    }
    found.sort_by_key(|link| link.span);
    found.dedup_by_key(|link| link.span);
    found
}

/// The web addresses in a comment.
fn addresses(snapshot: &Snapshot, comment: Span) -> Vec<Link> {
    let text = snapshot.snippet(comment);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        from = at + 4;
        let rest = &text[at..];
        if !rest.starts_with("https://") && !rest.starts_with("http://") {
            continue;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | ')'))
            .unwrap_or(rest.len());
        // What ends a sentence is not part of it.
        let address = rest[..end].trim_end_matches(['.', ',', ';', ':']);
        let start = comment.start + at as u32;
        found.push(Link {
            span: Span::new(comment.file, start, start + address.len() as u32),
            to: Target::Web(address.to_owned()),
        });
        from = at + address.len().max(4);
    }
    found
}

//! Pieces of the text that belong together: to fold, and to select step by step.

use weir_diagnostics::{FileId, Span};
use weir_syntax::ast::ItemKind;
use weir_syntax::ast::walk::{Node, walk};

use crate::{At, Snapshot, nodes};

/// What is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Folded {
    Code,
    Comment,
    Imports,
}

/// What spans more than a line: blocks, declarations, comments in a row, imports in a row.
pub fn folds(snapshot: &Snapshot, file: FileId) -> Vec<(Span, Folded)> {
    let Some(known) = snapshot.file(file) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    walk(&known.parsed.module, &mut |node| match node {
        Node::Block(block) => found.push((block.span, Folded::Code)),
        Node::Item(item) => match &item.kind {
            ItemKind::Fn(_) | ItemKind::Test(_) | ItemKind::Import(_) => {}
            _ => found.push((item.span, Folded::Code)),
        },
        Node::Expr(e) if !matches!(e.kind, weir_syntax::ast::ExprKind::Block(_)) => {
            found.push((e.span, Folded::Code));
        }
        _ => {}
    });
    let imports = known.parsed.module.items.iter();
    let imports = imports.filter(|item| matches!(item.kind, ItemKind::Import(_)));
    found.extend(rows(
        snapshot,
        imports.map(|item| item.span),
        Folded::Imports,
    ));
    let comments = known.parsed.comments.iter().map(|comment| comment.span);
    found.extend(rows(snapshot, comments, Folded::Comment));
    let source = snapshot.survey.sources.file(file);
    let lines = |span: Span| {
        (
            source.line_index(span.start as usize),
            source.line_index(span.end as usize),
        )
    };
    found.retain(|(span, _)| lines(*span).0 < lines(*span).1);
    // Of several that begin on a line the largest is folded.
    found.sort_by_key(|(span, _)| (lines(*span).0, std::cmp::Reverse(span.end)));
    found.dedup_by_key(|(span, _)| lines(*span).0);
    found
}

/// Joins what stands on lines one after the other.
fn rows(
    snapshot: &Snapshot,
    spans: impl Iterator<Item = Span>,
    kind: Folded,
) -> Vec<(Span, Folded)> {
    let mut out: Vec<(Span, Folded)> = Vec::new();
    for span in spans {
        if let Some((last, _)) = out.last_mut() {
            let between = Span::new(span.file, last.end, span.start);
            let between = snapshot.snippet(between);
            if between.trim().is_empty() && between.matches('\n').count() == 1 {
                *last = last.to(span);
                continue;
            }
        }
        out.push((span, kind));
    }
    out
}

/// The pieces around a place, the smallest first, each in the next.
pub fn selections(snapshot: &Snapshot, at: At) -> Vec<Span> {
    let Some(file) = snapshot.file(at.file) else {
        return Vec::new();
    };
    let around = nodes::around(&file.parsed.module, at);
    let mut found: Vec<Span> = around.into_iter().map(Node::span).collect();
    found.extend(snapshot.name_at(at).map(|(span, _)| span));
    found.push(file.parsed.module.span);
    found.sort_by_key(|span| (span.end - span.start, span.start));
    found.dedup();
    let mut out: Vec<Span> = Vec::new();
    for span in found {
        if out.last().is_none_or(|inner| span.contains(*inner)) {
            out.push(span);
        }
    }
    out
}

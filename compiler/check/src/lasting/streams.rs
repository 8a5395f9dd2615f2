//! Streams that nothing comes of: nobody consumes what is in them, or nobody puts anything in. What a test emits counts.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, codes};

use super::before;
use crate::hir::*;
use crate::walk;

pub fn remarks(program: &Checked, found: &mut Vec<Diagnostic>) {
    let mut emitted: BTreeSet<StreamId> = BTreeSet::new();
    for (_, body) in walk::bodies(program) {
        walk::all(&body.root, &mut |expr| {
            if let ExprKind::Emit { stream, .. } = expr.kind {
                emitted.insert(stream);
            }
        });
    }
    let mut consumed: BTreeSet<StreamId> = program.consumers.iter().map(|on| on.stream).collect();
    let sources = program.views.iter().flat_map(|view| &view.sources);
    consumed.extend(sources.filter_map(|source| match source.of {
        SourceOf::Stream(stream) => Some(stream),
        _ => None,
    }));
    for (stream, at) in program.streams.iter().zip(0..) {
        let id = StreamId(at);
        // Behind the module it is in.
        let name = stream.name.rsplit('.').next().unwrap_or(&stream.name);
        let has_entries = stream.append.is_some() || emitted.contains(&id);
        if name.starts_with('_') {
            continue;
        }
        if !has_entries {
            found.push(never_filled(stream, name));
        } else if !consumed.contains(&id) && !matches!(stream.keep, Keep::Ever(_)) {
            found.push(never_consumed(stream, name));
        }
    }
}

fn never_filled(stream: &Stream, name: &str) -> Diagnostic {
    Diagnostic::new(
        codes::W0710,
        stream.span,
        format!("nobody puts an entry into `{name}`: it is not `pub`, and no code emits into it"),
    )
    .label("always empty")
    .help(format!(
        "emit where something happens: `{name}.emit(..)`, or take entries from outside: `pub stream {name}`"
    ))
    .fix("take entries from outside", before(stream.span, "stream "))
}

fn never_consumed(stream: &Stream, name: &str) -> Diagnostic {
    Diagnostic::new(
        codes::W0709,
        stream.span,
        format!("nobody consumes `{name}`: entries are kept, and nothing comes of them"),
    )
    .label("neither an `on` nor a view is about it")
    .help(format!(
        "write `on {name}(entry) {{ .. }}` or a view of it, or say why it is kept for people to look at: `@keep(\"audit\")`"
    ))
}

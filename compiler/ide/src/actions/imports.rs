//! Imports: in their order and without what nobody names; and those of a name that is missing.

use std::collections::BTreeMap;

use weir_diagnostics::{FileId, Span};
use weir_driver::SurveyedFile;
use weir_syntax::ast::{Import, Item, ItemKind};

use super::{Action, ActionKind, Asked};
use crate::{Edit, Snapshot};

/// The imports of a file in the order of their paths, those of one module together, without names that nobody uses. Nothing
/// where there is nothing to do, or where comments stand among them: nobody knows what they belong to.
pub fn organize(snapshot: &Snapshot, file: FileId) -> Option<Action> {
    let known = snapshot.file(file)?;
    let items = imports(known);
    let (first, last) = (items.first()?.1.span, items.last()?.1.span);
    let region = first.to(last);
    let inside = |span: Span| region.contains(span);
    let is_mixed = known.parsed.comments.iter().any(|c| inside(c.span))
        || items.iter().any(|(_, item)| item.doc.is_some())
        || known
            .parsed
            .module
            .items
            .iter()
            .any(|item| inside(item.span) && !matches!(item.kind, ItemKind::Import(_)));
    if is_mixed {
        return None;
    }
    // Whole modules before single names of the same one.
    let mut lines: BTreeMap<(String, bool, String), Vec<String>> = BTreeMap::new();
    for (import, _) in &items {
        let path = path(import);
        match &import.names {
            None => {
                let last = import.path.last()?;
                let called = import.alias.as_ref().unwrap_or(last);
                if is_used(snapshot, known, called.as_str()) {
                    let alias = import.alias.as_ref();
                    let alias = alias.map_or(String::new(), |alias| format!(" as {alias}"));
                    lines.entry((path, false, alias)).or_default();
                }
            }
            Some(names) => {
                let names = names.iter().map(|name| name.name.clone());
                let used = names.filter(|name| is_used(snapshot, known, name));
                let used: Vec<String> = used.collect();
                if !used.is_empty() {
                    let entry = lines.entry((path, true, String::new())).or_default();
                    entry.extend(used);
                }
            }
        }
    }
    let lines = lines.into_iter().map(|((path, _, alias), mut names)| {
        names.sort();
        names.dedup();
        match names.as_slice() {
            [] => format!("import {path}{alias}"),
            names => format!("import {path}.{{{}}}", names.join(", ")),
        }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    if text == snapshot.snippet(region) {
        return None;
    }
    let mut span = region;
    if text.is_empty() {
        // With the lines that would be empty.
        let rest = &snapshot.text(file)[region.end as usize..];
        span.end += (rest.len() - rest.trim_start_matches('\n').len()) as u32;
    }
    let edit = Edit { span, text };
    Some(Action::new(
        "organize the imports",
        ActionKind::OrganizeImports,
        vec![edit],
    ))
}

fn imports(file: &SurveyedFile) -> Vec<(&Import, &Item)> {
    let items = file.parsed.module.items.iter();
    let imports = items.filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some((import, item)),
        _ => None,
    });
    imports.collect()
}

fn path(import: &Import) -> String {
    let names: Vec<&str> = import.path.iter().map(|name| name.as_str()).collect();
    names.join(".")
}

/// Whether a word stands in the file outside of its imports. In a broken file a use may not be understood, so the word counts.
pub(super) fn is_used(snapshot: &Snapshot, file: &SurveyedFile, name: &str) -> bool {
    let imports: Vec<Span> = imports(file).iter().map(|(_, item)| item.span).collect();
    let text = snapshot.text(file.id);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = text.match_indices(name);
    found.any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        let whole = !before.ends_with(is_word) && !behind.starts_with(is_word);
        let place = Span::new(file.id, at as u32, (at + name.len()) as u32);
        whole && !imports.iter().any(|import| import.contains(place))
    })
}

/// Imports of a name from each module of the program that has it.
pub(super) fn of_name(asked: &Asked, place: Span) -> Vec<Action> {
    let snapshot = asked.snapshot;
    let name = snapshot.snippet(place);
    let mut files = snapshot.survey.files.iter();
    // Nobody can import the first file.
    files.next();
    let others = files.filter(|file| {
        file.id != place.file && file.names.own.iter().any(|(known, _)| known == name)
    });
    let made = others.map(|file| {
        let mut action = Action::new(
            format!("import `{name}` from `{}`", file.path),
            ActionKind::QuickFix,
            vec![import(snapshot, asked.file, &file.path, name)],
        );
        action.is_certain = false;
        action
    });
    made.collect()
}

/// Makes a file import a name of a module: among the names of an import that is there, or as a line of its own.
pub fn import(snapshot: &Snapshot, file: &SurveyedFile, from: &str, name: &str) -> Edit {
    let imports = imports(file);
    let names_of = |(import, _): &(&Import, &Item)| {
        let names = import.names.as_ref().filter(|_| path(import) == from)?;
        Some(names.last()?.span)
    };
    if let Some(last) = imports.iter().find_map(names_of) {
        return Edit {
            span: last.after(),
            text: format!(", {name}"),
        };
    }
    let line = format!("import {from}.{{{name}}}");
    match imports.last() {
        Some((_, item)) => Edit {
            span: item.span.after(),
            text: format!("\n{line}"),
        },
        None => {
            let first = file.parsed.module.items.first();
            let start = first.map_or(0, |item| {
                item.doc
                    .as_ref()
                    .map_or(item.span.start, |doc| doc.span.start)
            });
            // A comment at the top of the file, with an empty line below it, is about the file.
            let text = snapshot.text(file.id);
            let start = match text[..start as usize].rfind("\n\n") {
                Some(at) => at as u32 + 2,
                None => 0,
            };
            Edit {
                span: Span::new(file.id, start, start),
                text: format!("{line}\n\n"),
            }
        }
    }
}

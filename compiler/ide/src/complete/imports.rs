//! Imports: the modules that could be imported, their names, and the edit that imports one.

use weir_check::meanings::Def;
use weir_diagnostics::{FileId, Span};
use weir_syntax::ast::{Import, ItemKind, Module};

use super::front;
use super::item::{Near, plain};
use super::{Beside, Completion, Cursor, Declares, Suggested};
use crate::declared::Kind;
use crate::rename::Edit;
use crate::{Snapshot, show};

/// Behind `import`: the next part of a path, or the names in the braces.
pub fn paths(cursor: &Cursor, import: &front::Import, beside: &[Beside]) -> Vec<Completion> {
    if let Some(there) = &import.names {
        return names(cursor, import.path.trim_end_matches('.'), there, beside);
    }
    let survey = &cursor.snapshot.survey;
    let known = survey.files.iter().skip(1).map(|file| file.path.as_str());
    let own = cursor
        .snapshot
        .file(cursor.file)
        .map(|file| file.path.as_str());
    let mut parts: Vec<(&str, bool)> = Vec::new();
    for path in known.chain(beside.iter().map(|file| file.path.as_str())) {
        if Some(path) == own {
            continue;
        }
        if let Some(rest) = path.strip_prefix(import.path.as_str()) {
            let (part, more) = match rest.split_once('.') {
                Some((part, _)) => (part, true),
                None => (rest, false),
            };
            if !part.is_empty() {
                parts.push((part, more));
            }
        }
    }
    parts.sort();
    parts.dedup();
    let one = |(part, more): &(&str, bool)| {
        let mut one = plain(cursor, part, Suggested::Module, Near::Wanted);
        one.detail = Some(match more {
            true => "a folder of modules".to_owned(),
            false => format!("import {}{part}", import.path),
        });
        if *more {
            one.insert = format!("{part}.");
        }
        one
    };
    parts.iter().map(one).collect()
}

/// What a module declares, but for what is imported already.
fn names(cursor: &Cursor, path: &str, there: &[String], beside: &[Beside]) -> Vec<Completion> {
    let snapshot = cursor.snapshot;
    let Some(file) = snapshot.survey.files.iter().find(|file| file.path == path) else {
        let file = beside.iter().find(|file| file.path == path);
        let all = file.into_iter().flat_map(|file| &file.declares);
        let missing = all.filter(|one| !there.contains(&one.name));
        let one = |one: &Declares| {
            plain(
                cursor,
                &one.name,
                Suggested::Declared(one.kind),
                Near::Wanted,
            )
        };
        return missing.map(one).collect();
    };
    let mut found = Vec::new();
    for (name, def) in &file.names.own {
        if there.contains(name) || matches!(def, Def::Module(_)) {
            continue;
        }
        let kind = snapshot.declaration(*def).map_or(Kind::Type, |d| d.kind);
        let mut one = plain(cursor, name, Suggested::Declared(kind), Near::Wanted);
        one.detail = show::headline(snapshot, *def);
        one.declared = snapshot.place(*def);
        found.push(one);
    }
    found
}

/// How a file gets at a name of another module: what to write for it, and what to add.
pub struct Way {
    pub written: String,
    pub edits: Vec<Edit>,
}

/// `None` for names of the first file: nobody can import it.
pub fn way(snapshot: &Snapshot, file: FileId, module: usize, name: &str) -> Option<Way> {
    let path = &snapshot
        .survey
        .files
        .get(module)
        .filter(|_| module > 0)?
        .path;
    let imports = imports(snapshot.module(file)?);
    let mut linked = imports.iter().filter(|(_, import)| dotted(import) == *path);
    if let Some((_, import)) = linked.find(|(_, import)| import.names.is_none()) {
        let alias = import.alias.as_ref().or(import.path.last())?;
        return Some(Way {
            written: format!("{alias}.{name}"),
            edits: Vec::new(),
        });
    }
    Some(Way {
        written: name.to_owned(),
        edits: vec![added(snapshot, file, path, name)?],
    })
}

fn imports(tree: &Module) -> Vec<(Span, &Import)> {
    let items = tree.items.iter();
    let imports = items.filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some((item.span, import)),
        _ => None,
    });
    imports.collect()
}

fn dotted(import: &Import) -> String {
    let parts: Vec<&str> = import.path.iter().map(|part| part.as_str()).collect();
    parts.join(".")
}

/// The edit that imports a name of a module: beside others of it, below other imports, or at the top.
pub fn added(snapshot: &Snapshot, file: FileId, path: &str, name: &str) -> Option<Edit> {
    let tree = snapshot.module(file)?;
    let imports = imports(tree);
    let mut linked = imports.iter().filter(|(_, import)| dotted(import) == path);
    let (span, text) = match linked.find_map(|(_, import)| import.names.as_ref()?.last()) {
        Some(last) => (last.span.after(), format!(", {name}")),
        None => match imports.last() {
            Some((last, _)) => (last.after(), format!("\nimport {path}.{{{name}}}")),
            None => {
                let first = tree.items.first();
                let start = first.map_or(0, |item| {
                    item.doc
                        .as_ref()
                        .map_or(item.span.start, |doc| doc.span.start)
                });
                (
                    Span::new(file, start, start),
                    format!("import {path}.{{{name}}}\n\n"),
                )
            }
        },
    };
    Some(Edit { span, text })
}

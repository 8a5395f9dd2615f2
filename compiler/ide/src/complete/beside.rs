//! Files that could be imported and that nobody imports yet: they are no part of the program, so only their own text is known.

use weir_syntax::ast::{Item, ItemKind, Module};

use super::item::{Build, Near, plain};
use super::{Completion, Cursor, Suggested, imports};
use crate::declared::Kind;

/// A file beside a program.
#[derive(Clone, Debug)]
pub struct Beside {
    /// What it would be imported by: `shop.prices`.
    pub path: String,
    pub declares: Vec<Declares>,
}

/// A name that can be imported.
#[derive(Clone, Debug)]
pub struct Declares {
    pub name: String,
    pub kind: Kind,
}

impl Beside {
    pub fn new(path: String, module: &Module) -> Beside {
        Beside {
            path,
            declares: module.items.iter().filter_map(declares).collect(),
        }
    }
}

fn declares(item: &Item) -> Option<Declares> {
    let (name, kind) = match &item.kind {
        ItemKind::Record(decl) => (&decl.name, Kind::Record),
        ItemKind::Error(decl) => (&decl.name, Kind::Error),
        ItemKind::Enum(decl) => (&decl.name, Kind::Enum),
        ItemKind::TypeAlias(decl) | ItemKind::NewType(decl) => (&decl.name, Kind::Type),
        ItemKind::Let(decl) => (&decl.name, Kind::Constant),
        ItemKind::Fn(decl) => (&decl.name, Kind::Function),
        ItemKind::Entity(decl) => (&decl.name, Kind::Entity),
        ItemKind::Workflow(decl) => (&decl.name, Kind::Workflow),
        ItemKind::Extern(decl) => (&decl.name, Kind::Extern),
        ItemKind::Stream(decl) => (&decl.name, Kind::Stream),
        _ => return None,
    };
    Some(Declares {
        name: name.name.clone(),
        kind,
    })
}

/// Those of the names that are wanted, each with the import that is added.
pub fn names(cursor: &Cursor, beside: &[Beside], wanted: impl Fn(Kind) -> bool) -> Vec<Completion> {
    let mut found = Vec::new();
    let known = &cursor.snapshot.survey.files;
    for file in beside {
        if known.iter().any(|known| known.path == file.path) {
            continue;
        }
        for declared in file.declares.iter().filter(|one| wanted(one.kind)) {
            let Some(edit) =
                imports::added(cursor.snapshot, cursor.file, &file.path, &declared.name)
            else {
                continue;
            };
            let kind = Suggested::Declared(declared.kind);
            let mut one = plain(cursor, &declared.name, kind, Near::Elsewhere);
            one.detail = Some(format!("of {}", file.path));
            one.edits.push(edit);
            found.push(one);
        }
    }
    found
}

/// Where a value stands. Nobody begins a word to see all there is in other files.
pub fn values(build: &mut Build, beside: &[Beside]) {
    if build.cursor.prefix().is_empty() {
        return;
    }
    let found = names(build.cursor, beside, |kind| kind != Kind::Type);
    build.found.extend(found);
}

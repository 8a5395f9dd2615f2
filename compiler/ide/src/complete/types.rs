//! Types where types stand, and errors where errors stand.

use weir_check::meanings::Def;
use weir_syntax::ast::TypePath;
use weir_syntax::token::Tok;

use super::front::TypeOf;
use super::item::{Build, Near, plain, sort};
use super::{Beside, Completion, Cursor, Suggested, beside, imports, names};
use crate::declared::Kind;
use crate::{Snapshot, builtins, show};

/// The types of the language; with what is written for their arguments.
const BUILT_IN: &[(&str, &str)] = &[
    ("Bool", ""),
    ("Int", ""),
    ("Decimal", ""),
    ("Float", ""),
    ("Text", ""),
    ("Bytes", ""),
    ("Time", ""),
    ("Duration", ""),
    ("Date", ""),
    ("Money", ""),
    ("UserId", ""),
    ("Ticket", ""),
    ("Blob", ""),
    ("List", "<${1:Int}>"),
    ("Set", "<${1:Text}>"),
    ("Map", "<${1:Text}, ${2:Int}>"),
    ("Run", "<${1:Text}>"),
];

/// Those that merge; with what is written for their arguments.
const MERGING: &[(&str, &str)] = &[
    ("Counter", ""),
    ("MoneySum", ""),
    ("Average", ""),
    ("MaxOf", "<${1:Int}>"),
    ("MinOf", "<${1:Int}>"),
    ("Flag", ""),
    ("Latest", "<${1:Text}>"),
    ("GrowSet", "<${1:Text}>"),
    ("AddSet", "<${1:Text}>"),
    ("MergeMap", "<${1:Text}, ${2:Counter}>"),
];

/// Where a type stands. Types are seen in the whole file, so the text is taken as it is.
pub fn types(cursor: &Cursor, of: TypeOf, beside: &[Beside]) -> Vec<Completion> {
    let mut found = Vec::new();
    match of {
        TypeOf::Error => {
            declared(cursor, &mut found, |def| matches!(def, Def::Error(_)));
            found.extend(beside::names(cursor, beside, |kind| kind == Kind::Error));
            let there = listed(cursor);
            found.retain(|one| !there.contains(&one.label.as_str()));
        }
        TypeOf::Value if merges(cursor) => {
            declared(cursor, &mut found, |def| matches!(def, Def::Record(_)));
            let all = MERGING.iter();
            found.extend(all.map(|of| language(cursor, of, Near::Wanted)));
        }
        TypeOf::Value | TypeOf::Declared => {
            let is_type = |def: &Def| {
                matches!(
                    def,
                    Def::Record(_) | Def::Enum(_) | Def::New(_) | Def::Alias(_) | Def::Entity(_)
                )
            };
            declared(cursor, &mut found, is_type);
            let is_type = |kind| {
                matches!(
                    kind,
                    Kind::Record | Kind::Enum | Kind::Type | Kind::Entity | Kind::Workflow
                )
            };
            found.extend(beside::names(cursor, beside, is_type));
            built_in(cursor, &mut found);
            for name in type_params(cursor) {
                found.push(plain(cursor, name, Suggested::TypeParam, Near::Local));
            }
            if of == TypeOf::Declared {
                let mut new = plain(cursor, "new", Suggested::Keyword, Near::Wanted);
                new.insert = "new ".to_owned();
                new.detail = Some("a type of its own, made of another".to_owned());
                found.push(new);
            }
        }
    }
    found
}

fn built_in(cursor: &Cursor, found: &mut Vec<Completion>) {
    let merging = MERGING.iter().filter(|_| may_merge(cursor));
    let all = BUILT_IN.iter().chain(merging);
    found.extend(all.map(|of| language(cursor, of, Near::Language)));
}

fn language(cursor: &Cursor, of: &(&'static str, &str), near: Near) -> Completion {
    let (name, args) = of;
    let mut one = plain(cursor, name, Suggested::Type, near);
    one.detail = builtins::headline(name).map(str::to_owned);
    one.builtin = Some(name);
    if !args.is_empty() && !cursor.behind().starts_with('<') {
        one.snippet = Some(format!("{name}{args}$0"));
    }
    one
}

/// Whether only what merges may stand here: behind `merge name:`, and as what a `MergeMap` has at its keys.
fn merges(cursor: &Cursor) -> bool {
    let before = cursor.before.as_slice();
    if let [.., merge, _, colon] = before
        && merge.kind == Tok::Merge
        && colon.kind == Tok::Colon
    {
        return true;
    }
    let [.., map, less, _, comma] = before else {
        return false;
    };
    comma.kind == Tok::Comma && less.kind == Tok::Lt && cursor.word_of(map) == "MergeMap"
}

/// Whether the line is one on which something that merges may be named: a `merge` field, or a record.
fn may_merge(cursor: &Cursor) -> bool {
    let before = &cursor.text()[..cursor.word.start as usize];
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    let line = line.strip_prefix("pub ").unwrap_or(line);
    line.starts_with("merge ") || line.starts_with("record ")
}

/// What the file sees, and what it could import.
fn declared(cursor: &Cursor, found: &mut Vec<Completion>, wanted: impl Fn(&Def) -> bool) {
    let snapshot = cursor.snapshot;
    let Some(file) = snapshot.file(cursor.file) else {
        return;
    };
    for (name, def) in &file.names.seen {
        let is_module = matches!(def, Def::Module(_));
        if !is_module && !wanted(def) || snapshot.is_made_up(name, *def) {
            continue;
        }
        let near = match snapshot.place(*def) {
            _ if is_module => Near::Keyword,
            Some(place) if place.file == cursor.file => Near::File,
            Some(place) if !snapshot.is_own(place.file) => Near::Library,
            _ => Near::Imported,
        };
        found.push(one(cursor, snapshot, name, *def, near));
    }
    let files = snapshot.survey.files.iter().enumerate();
    for (at, other) in files.filter(|(_, other)| other.id != cursor.file) {
        for (name, def) in &other.names.own {
            let is_seen = file.names.seen.iter().any(|(_, seen)| seen == def);
            if is_seen || !wanted(def) || snapshot.is_made_up(name, *def) {
                continue;
            }
            let Some(way) = imports::way(snapshot, cursor.file, at, name) else {
                continue;
            };
            let mut one = one(cursor, snapshot, name, *def, Near::Elsewhere);
            one.label.clone_from(&way.written);
            one.insert = way.written;
            one.edits = way.edits;
            one.detail = Some(format!("of {}", other.path));
            found.push(one);
        }
    }
}

fn one(cursor: &Cursor, snapshot: &Snapshot, name: &str, def: Def, near: Near) -> Completion {
    let declaration = snapshot.declaration(def);
    let kind = match (def, declaration) {
        (Def::Module(_), _) => Suggested::Module,
        (_, Some(declaration)) => Suggested::Declared(declaration.kind),
        _ => Suggested::Declared(Kind::Type),
    };
    let mut one = plain(cursor, name, kind, near);
    one.detail = show::headline(snapshot, def);
    one.declared = snapshot.place(def);
    one
}

/// The errors of the clause that stand in front of the cursor.
fn listed<'a>(cursor: &Cursor<'a>) -> Vec<&'a str> {
    let back = cursor
        .before
        .iter()
        .rev()
        .take_while(|token| token.kind != Tok::Fails);
    back.filter(|token| token.kind == Tok::UpperName)
        .map(|token| cursor.word_of(token))
        .collect()
}

/// The type parameters of the declaration around: what stands in `<..>` behind its name.
fn type_params<'a>(cursor: &Cursor<'a>) -> Vec<&'a str> {
    let before = &cursor.before;
    let begins = |token: &weir_syntax::token::Token| {
        token.indent == Some(0) && !token.kind.is_close() || token.kind == Tok::Fn
    };
    let start = before.iter().rposition(begins).unwrap_or(0);
    let mut tokens = before[start..]
        .iter()
        .skip_while(|token| !matches!(token.kind, Tok::Lt | Tok::LParen | Tok::Eq | Tok::LBrace));
    if tokens.next().is_none_or(|token| token.kind != Tok::Lt) {
        return Vec::new();
    }
    let inside = tokens.take_while(|token| token.kind != Tok::Gt);
    let names = inside.filter(|token| token.kind == Tok::UpperName);
    names.map(|token| cursor.word_of(token)).collect()
}

/// In a type that was found by its place in the tree: behind a module's name, what that declares.
pub fn in_path(build: &mut Build, path: &TypePath, beside: &[Beside]) {
    let cursor = build.cursor;
    let Some(module) = path.module.first() else {
        build.found.extend(types(cursor, TypeOf::Value, beside));
        return;
    };
    let snapshot = cursor.snapshot;
    let Some(file) = snapshot.file(cursor.file) else {
        return;
    };
    let named =
        |(name, def): &&(String, Def)| *name == module.name && matches!(def, Def::Module(_));
    if let Some((_, Def::Module(at))) = file.names.seen.iter().find(named)
        && let Some(of) = snapshot.survey.files.get(*at as usize)
    {
        for (name, def) in &of.names.own {
            let is_type = matches!(
                def,
                Def::Record(_)
                    | Def::Enum(_)
                    | Def::New(_)
                    | Def::Entity(_)
                    | Def::Alias(_)
                    | Def::Error(_)
            );
            if is_type {
                build
                    .found
                    .push(one(cursor, snapshot, name, *def, Near::Own));
            }
        }
    }
}

/// In a `fails` clause that was found by its place in the tree.
pub fn errors(build: &mut Build, beside: &[Beside]) {
    let cursor = build.cursor;
    build.found.extend(types(cursor, TypeOf::Error, beside));
}

/// Behind `fail`, or the `else` of `require`: an error that is made. Those that the function declares come first.
pub fn errors_as_values(build: &mut Build) {
    let marked = build.marked;
    let declared = declared_failures(build);
    for (name, def) in &marked.file().names.seen {
        match def {
            Def::Error(_) => {
                let before = build.found.len();
                names::value(build, name, *def, Near::File);
                let is_expected = declared.contains(name);
                for one in &mut build.found[before..] {
                    one.sort = sort(
                        u8::from(!is_expected),
                        Near::Wanted,
                        &one.label,
                        build.cursor.prefix(),
                    );
                }
            }
            Def::Module(_) => drop(build.declared(name, *def, Near::Imported)),
            _ => {}
        }
    }
}

/// The errors that the function around says it fails with.
fn declared_failures(build: &Build) -> Vec<String> {
    use weir_syntax::ast::walk::Node;
    use weir_syntax::ast::{FnDecl, ItemKind, MemberKind};
    let names = |decl: &FnDecl| {
        decl.fails
            .iter()
            .map(|path| path.name.name.clone())
            .collect()
    };
    let mut found = Vec::new();
    for node in build.marked.path() {
        match node {
            Node::Item(item) => {
                if let ItemKind::Fn(decl) = &item.kind {
                    found = names(decl);
                }
            }
            Node::Member(member) => {
                if let MemberKind::Fn(decl) = &member.kind {
                    found = names(decl);
                }
            }
            _ => {}
        }
    }
    found
}

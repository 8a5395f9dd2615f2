//! Attributes behind `@`, the roles in them, the parameters in the path of a route, and the fields in `@key` and `@time`.

use std::collections::BTreeSet;

use weir_check::hir::Type;
use weir_check::meanings::Def;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::{Node, walk};
use weir_syntax::ast::{ExprKind, ItemKind, MemberKind};
use weir_syntax::token::Tok;

use super::item::{Build, Near, plain};
use super::{Completion, Cursor, Suggested};
use crate::declared::Kind;

/// Where an attribute may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    /// `pub fn`
    Public,
    /// `pub fn`, `pub event`, `pub stream`
    Caller,
    Function,
    Error,
    Extern,
    Stream,
    View,
    Every,
}

const ATTRIBUTES: &[(&str, &str, On, &str)] = &[
    (
        "anyone",
        "anyone",
        On::Caller,
        "everybody may call, also who has not signed in",
    ),
    (
        "role",
        "role(\"${1:manager}\")",
        On::Caller,
        "who may call: who has that role",
    ),
    (
        "get",
        "get(\"/${1:path}\")",
        On::Public,
        "a route of its own",
    ),
    (
        "post",
        "post(\"/${1:path}\")",
        On::Public,
        "a route of its own",
    ),
    (
        "put",
        "put(\"/${1:path}\")",
        On::Public,
        "a route of its own",
    ),
    (
        "patch",
        "patch(\"/${1:path}\")",
        On::Public,
        "a route of its own",
    ),
    (
        "delete",
        "delete(\"/${1:path}\")",
        On::Public,
        "a route of its own",
    ),
    (
        "status",
        "status(${1:409})",
        On::Error,
        "the HTTP status of a call that fails so",
    ),
    (
        "step",
        "step(\"${1:charge}\")",
        On::Function,
        "what the place is called where others wait for it",
    ),
    (
        "keep",
        "keep(\"${1:why}\")",
        On::Function,
        "what it does stays done when the run fails later",
    ),
    (
        "budget",
        "budget(records: ${1:1}, keys: ${2:1})",
        On::Public,
        "what a call may cost at most",
    ),
    ("read", "read", On::Extern, "changes nothing outside"),
    (
        "idempotent",
        "idempotent",
        On::Extern,
        "called again with the same key it does nothing more",
    ),
    ("once", "once", On::Extern, "never called a second time"),
    (
        "pure",
        "pure",
        On::Extern,
        "of a component: runs inside the step",
    ),
    (
        "retry",
        "retry(${1:3}, pause: ${2:1s})",
        On::Extern,
        "how many more attempts",
    ),
    (
        "timeout",
        "timeout(${1:5s})",
        On::Extern,
        "how long one attempt may take",
    ),
    (
        "key",
        "key(${1:field})",
        On::Stream,
        "entries with the same key are consumed in their order",
    ),
    (
        "time",
        "time(${1:at})",
        On::Stream,
        "when what an entry tells of happened",
    ),
    (
        "late",
        "late(${1:30s})",
        On::Stream,
        "how late an entry may be, for views",
    ),
    (
        "keep",
        "keep(${1:7d})",
        On::Stream,
        "how long entries are kept",
    ),
    (
        "keep",
        "keep(\"${1:why}\")",
        On::View,
        "why it may remember for ever",
    ),
    (
        "at",
        "at(\"${1:07:00}\")",
        On::Every,
        "the time of the day of the first tick, in UTC",
    ),
];

/// What an attribute is for.
pub fn about(name: &str, on_stream: bool) -> Option<&'static str> {
    let named = ATTRIBUTES.iter().filter(|known| known.0 == name);
    let mut named = named.map(|known| (known.2 == On::Stream, known.3));
    let (_, first) = named.clone().next()?;
    let of_stream = named.find(|(stream, _)| *stream);
    Some(match of_stream {
        Some((_, what)) if on_stream => what,
        _ => first,
    })
}

/// Those that may stand in front of what follows.
pub fn attributes(cursor: &Cursor) -> Vec<Completion> {
    let fits = fitting(cursor);
    let there: BTreeSet<&str> = given(cursor);
    let mut found = Vec::new();
    for (name, snippet, on, what) in ATTRIBUTES {
        let again = there.contains(name) && *name != "role";
        if again || !fits.contains(on) {
            continue;
        }
        let mut one = plain(cursor, name, Suggested::Attribute, Near::Wanted);
        one.detail = Some((*what).to_owned());
        one.snippet =
            (snippet != name && !cursor.behind().starts_with('(')).then(|| (*snippet).to_owned());
        found.push(one);
    }
    found
}

/// By what stands behind the cursor, and by the braces around it.
fn fitting(cursor: &Cursor) -> &'static [On] {
    let Some(file) = cursor.snapshot.file(cursor.file) else {
        return &[];
    };
    let end = cursor.word.end;
    let depth_of_extern = {
        let mut open: Vec<bool> = Vec::new();
        let mut is_extern = false;
        for token in &cursor.before {
            match token.kind {
                Tok::Extern => is_extern = true,
                Tok::LBrace => open.push(std::mem::take(&mut is_extern)),
                Tok::RBrace => drop(open.pop()),
                _ => {}
            }
        }
        open.last() == Some(&true)
    };
    if depth_of_extern {
        return &[On::Extern, On::Function];
    }
    let behind = file.parsed.tokens.iter().filter(|token| token.start >= end);
    let (mut depth, mut is_pub) = (0_usize, false);
    for token in behind {
        match token.kind {
            kind if kind.is_open() => depth += 1,
            kind if kind.is_close() && depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            Tok::At | Tok::Semi => {}
            Tok::Pub => is_pub = true,
            Tok::Stream if is_pub => return &[On::Caller, On::Stream],
            Tok::Stream => return &[On::Stream],
            Tok::View if is_pub => return &[On::Caller, On::View],
            Tok::View => return &[On::View],
            Tok::Every => return &[On::Every],
            _ if is_pub => return &[On::Public, On::Caller, On::Function],
            Tok::Fn => return &[On::Function],
            Tok::Event => return &[On::Caller],
            Tok::Error => return &[On::Error],
            _ => break,
        }
    }
    &[On::Public, On::Caller, On::Function, On::Error, On::Stream]
}

/// The attributes in front of the same thing.
fn given<'a>(cursor: &Cursor<'a>) -> BTreeSet<&'a str> {
    let mut depth = 0_usize;
    let mut found = BTreeSet::new();
    for token in cursor.before.iter().rev() {
        if token.kind.is_close() {
            depth += 1;
        } else if token.kind.is_open() {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => break,
            }
        } else if token.kind == Tok::At {
            found.insert(cursor.word_of(token).trim_start_matches('@'));
        } else if depth == 0 {
            break;
        }
    }
    found.extend(given_behind(cursor));
    found
}

/// Those that stand behind the cursor, up to the thing itself.
fn given_behind<'a>(cursor: &Cursor<'a>) -> Vec<&'a str> {
    let Some(file) = cursor.snapshot.file(cursor.file) else {
        return Vec::new();
    };
    let end = cursor.word.end;
    let tokens = file.parsed.tokens.iter();
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for token in tokens.filter(|token| token.start >= end && token.start < token.end) {
        match token.kind {
            kind if kind.is_open() => depth += 1,
            kind if kind.is_close() => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            Tok::At => found.push(cursor.word_of(token).trim_start_matches('@')),
            _ => break,
        }
    }
    found
}

/// The roles that the program names already.
pub fn roles(cursor: &Cursor) -> Vec<Completion> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for file in &cursor.snapshot.survey.files {
        walk(&file.parsed.module, &mut |node| {
            if let Node::Attr(attr) = node
                && attr.name.as_str() == "role"
            {
                for arg in &attr.args {
                    if let ExprKind::Text(role) = &arg.value.kind {
                        names.insert(role.clone());
                    }
                }
            }
        });
    }
    // The one that is being written is no suggestion.
    let text = cursor.text();
    let start = text[..cursor.offset as usize]
        .rfind('"')
        .map_or(0, |at| at + 1);
    let end = text[cursor.offset as usize..]
        .find(['"', '\n'])
        .unwrap_or(0)
        + cursor.offset as usize;
    names.remove(&text[start..end]);
    let one = |name: &String| plain(cursor, name, Suggested::Value, Near::Wanted);
    names
        .iter()
        .filter(|name| !name.is_empty())
        .map(one)
        .collect()
}

/// In the path of a route: keys of the entity and parameters of the function; in `@key` and `@time`: what an entry has.
pub fn in_route(build: &mut Build) {
    let mut names: Vec<(String, Kind)> = Vec::new();
    let marked = build.marked;
    for node in marked.path() {
        match node {
            Node::Item(item) => match &item.kind {
                ItemKind::Fn(decl) => {
                    let params = decl.params.iter();
                    names.extend(params.map(|p| (p.name.name.clone(), Kind::Parameter)));
                }
                ItemKind::Entity(decl) | ItemKind::Workflow(decl) => {
                    let keys = decl.keys.iter();
                    names.extend(keys.map(|key| (key.name.name.clone(), Kind::Key)));
                }
                ItemKind::Stream(decl) => return of_entry(build, decl.name.span),
                _ => {}
            },
            Node::Member(member) => {
                if let MemberKind::Fn(decl) = &member.kind {
                    let params = decl.params.iter();
                    names.extend(params.map(|p| (p.name.name.clone(), Kind::Parameter)));
                }
            }
            _ => {}
        }
    }
    for (name, kind) in names {
        build.add(&name, Suggested::Declared(kind), Near::Wanted, None);
    }
}

/// The fields of an entry of the stream whose name stands there; in `@time` those that are a time.
fn of_entry(build: &mut Build, stream: Span) {
    let snapshot = build.snapshot();
    let in_time = build
        .marked
        .path()
        .iter()
        .any(|node| matches!(node, Node::Attr(attr) if attr.name.as_str() == "time"));
    let in_key = build
        .marked
        .path()
        .iter()
        .any(|node| matches!(node, Node::Attr(attr) if attr.name.as_str() == "key"));
    let checked = snapshot.checked();
    let mut streams = checked.streams.iter();
    let Some(stream) = streams.find(|known| known.span == stream) else {
        return;
    };
    let Type::Record(id, args) = &stream.ty else {
        return;
    };
    for (field, at) in checked.record_fields(*id, args).into_iter().zip(0..) {
        if in_key || in_time && field.ty == Type::Time {
            build.declared(&field.name, Def::RecordField(*id, at), Near::Wanted);
        }
    }
}

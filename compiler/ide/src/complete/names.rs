//! Names that stand for a value, or make one: variables, members of the own entity, what the file declares and imports, the
//! language, the library, other modules.

use weir_check::hir::{EnumId, ExternId, Type};
use weir_check::meanings::Def;

use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{ClauseKind, ExprKind};

use super::item::{Build, Near, sort};
use super::marked::Named;
use super::{Suggested, imports, keywords, members};
use crate::builtins;
use crate::declared::Kind;

/// All of them, and the words that may begin here.
pub fn values(build: &mut Build, name: &Named) {
    if name.is_failure {
        return super::types::errors_as_values(build);
    }
    let around = build.marked.around.clone().unwrap_or_default();
    if name.is_statement {
        // What a statement would like is only what the function gives at its end.
        build.want = None;
    }
    build.wants_many = name.is_source;
    functions(build, name);
    aggregates(build);
    locals(build);
    if let Some(entity) = around.entity {
        let before = build.found.len();
        members::of_entity(build, entity, true);
        // Keys are among the variables.
        let hidden: Vec<String> = around.locals.iter().map(|near| near.name.clone()).collect();
        let mut at = 0;
        build.found.retain(|one| {
            at += 1;
            let is_test = one.builtin.is_some();
            at <= before || !is_test && !hidden.contains(&one.label)
        });
        build.add(
            "self",
            Suggested::Keyword,
            Near::Own,
            Some(Type::Entity(entity)),
        );
    }
    in_file(build);
    language(build, around.in_test);
    elsewhere(build);
    let cursor = build.cursor;
    let words = match name.is_statement {
        true => keywords::statement(cursor, around.in_test),
        false => keywords::expression(cursor),
    };
    build.found.extend(words);
    if name.is_statement && around.in_loop {
        build.found.extend(keywords::in_loop(cursor));
    }
    if name.is_otherwise {
        build.found.extend(keywords::leaving(cursor));
    }
    // In conditions they are hardly ever meant.
    if matches!(build.want, Some(Type::Bool)) && name.argument_of.is_some() {
        for one in &mut build.found {
            if matches!(one.label.as_str(), "true" | "false") {
                one.sort = sort(0, Near::Language, &one.label, cursor.prefix());
            }
        }
    }
}

/// Where a function is wanted: a lambda with the right number of parameters; in `mock`, functions of the outside and their answers.
fn functions(build: &mut Build, name: &Named) {
    let Some((args, callee)) = name.argument_of else {
        return;
    };
    let snapshot = build.snapshot();
    let called = crate::labels::called(callee);
    let def = called.and_then(|called| snapshot.meanings().name(called.span));
    let own = build.marked.name;
    let at = args.iter().position(|arg| arg.value.span == own);
    if def == Some(Def::Builtin("mock")) {
        return match at {
            Some(0) => mocked(build),
            Some(1) => {
                let of = crate::labels::called(&args[0].value);
                let of = of.and_then(|of| snapshot.meanings().name(of.span));
                let Some(Def::Extern(id)) = of else { return };
                let params = snapshot.checked().extern_fn(id).params.iter();
                let names: Vec<String> = params.map(|param| param.name.clone()).collect();
                lambda(build, &names);
            }
            _ => {}
        };
    }
    if let Some(Type::Fn(params, _)) = build.want.clone() {
        let base = match &callee.kind {
            ExprKind::Field { base, .. } => Some(&**base),
            _ => None,
        };
        // One of `lines` is a `line`.
        let one = match base.map(|base| &base.kind) {
            Some(ExprKind::Var(of) | ExprKind::Field { name: of, .. }) => {
                of.as_str().strip_suffix('s').filter(|one| one.len() > 1)
            }
            _ => None,
        };
        let names = match params.len() {
            1 => vec![one.unwrap_or("x").to_owned()],
            count => (b'a'..)
                .take(count)
                .map(|letter| (letter as char).to_string())
                .collect(),
        };
        lambda(build, &names);
    }
}

fn lambda(build: &mut Build, names: &[String]) {
    let numbered = names.iter().zip(1..);
    let places: Vec<String> = numbered
        .map(|(name, at)| format!("${{{at}:{name}}}"))
        .collect();
    let (plain, places) = match names {
        [_] => (names[0].clone(), places[0].clone()),
        _ => (
            format!("({})", names.join(", ")),
            format!("({})", places.join(", ")),
        ),
    };
    let label = format!("{plain} => ..");
    let added = build.add(&label, Suggested::Snippet, Near::Wanted, None);
    added.insert = format!("{plain} => ");
    added.snippet = Some(format!("{places} => $0"));
    added.sort = sort(0, Near::Wanted, "", "");
}

/// All functions of the outside, with an answer to fill in.
fn mocked(build: &mut Build) {
    let externs = build
        .snapshot()
        .checked()
        .externs
        .iter()
        .zip((0..).map(ExternId));
    for (function, id) in externs {
        let label = format!("{}.{}", function.module, function.name);
        let Some(added) = build.declared(&label, Def::Extern(id), Near::Wanted) else {
            continue;
        };
        let names: Vec<&str> = function
            .params
            .iter()
            .map(|param| param.name.as_str())
            .collect();
        let names = match names.as_slice() {
            [one] => (*one).to_owned(),
            names => format!("({})", names.join(", ")),
        };
        added.snippet = Some(format!("{label}, {names} => $0"));
        added.sort = sort(0, Near::Wanted, &label, "");
    }
}

/// What can be asked of the rows of a group, and where it is described, and what goes into the parentheses.
const AGGREGATES: &[(&str, &str, &[&str])] = &[
    ("count", "aggregate.count", &[]),
    ("sum", "aggregate.sum", &["e"]),
    ("average", "aggregate.average", &["e"]),
    ("min", "aggregate.min", &["e"]),
    ("max", "aggregate.max", &["e"]),
    ("count_distinct", "aggregate.count_distinct", &["e"]),
    ("percentile", "aggregate.percentile", &["e", "part"]),
    ("first", "aggregate.first", &["e"]),
    ("last", "aggregate.last", &["e"]),
    ("top", "aggregate.top", &["e", "count"]),
    ("collect", "aggregate.collect", &["e"]),
];

/// Behind `group by` the rows of a group are asked for something.
fn aggregates(build: &mut Build) {
    let own = build.marked.name;
    let is_behind_groups = |node: &Node<'_>| match node {
        Node::Expr(e) => match &e.kind {
            ExprKind::For(walk) => walk.clauses.iter().any(|clause| {
                matches!(clause.kind, ClauseKind::GroupBy(_)) && clause.span.end <= own.start
            }),
            _ => false,
        },
        _ => false,
    };
    if !build.marked.path().iter().any(is_behind_groups) {
        return;
    }
    let is_called = build.cursor.behind().starts_with('(');
    for (name, about, params) in AGGREGATES {
        let added = build.add(name, Suggested::Function, Near::Local, None);
        added.builtin = Some(about);
        added.detail = Some(format!("{name}({})", params.join(", ")));
        if !is_called {
            let params: Vec<String> = params.iter().map(|param| (*param).to_owned()).collect();
            super::item::call(added, name, &params, false);
        }
    }
}

fn locals(build: &mut Build) {
    let Some(around) = build.marked.around.as_ref() else {
        return;
    };
    let snapshot = build.snapshot();
    for near in &around.locals {
        let declared = snapshot.declared.by_name.get(&near.span);
        let key = around.entity.and_then(|id| {
            let entity = snapshot.checked().entity(id);
            let at = entity.keys.iter().position(|key| key.name == near.name)?;
            (entity.span == near.span).then_some(Def::Key(id, at as u32))
        });
        let kind = match (declared, key) {
            (_, Some(_)) => Suggested::Declared(Kind::Key),
            (Some(declared), _) => Suggested::Declared(declared.kind),
            _ => Suggested::Variable,
        };
        let shown = snapshot.show(near.span, &near.ty);
        let place = key.map_or(Some(near.span), |key| snapshot.place(key));
        let place = place.map(|place| build.marked.as_it_is(place));
        let is_called = build.cursor.behind().starts_with('(');
        let added = build.add(&near.name, kind, Near::Local, Some(near.ty.clone()));
        added.detail = Some(format!("{}: {shown}", near.name));
        added.declared = place;
        if matches!(near.ty, Type::Fn(..)) && !is_called {
            added.snippet = Some(format!("{}($1)$0", near.name));
        }
    }
}

/// What the file declares, imports and has from the library.
fn in_file(build: &mut Build) {
    let marked = build.marked;
    let file = marked.file();
    let is_begun = !build.cursor.prefix().is_empty();
    let mut last = "";
    for (name, def) in &file.names.seen {
        if marked.snapshot.is_made_up(name, *def) {
            continue;
        }
        let near = match marked.snapshot.place(*def) {
            Some(place) if place.file == file.id => Near::File,
            Some(place) if !marked.snapshot.is_own(place.file) => Near::Library,
            Some(_) => Near::Imported,
            None => Near::Language,
        };
        let is_function = matches!(def, Def::Function(_));
        // There are hundreds; most are meant behind a dot.
        if near == Near::Library && is_function && !is_begun {
            continue;
        }
        // Of those that share a name, one says that there are some.
        if near == Near::Library && is_function && std::mem::replace(&mut last, name) == name {
            continue;
        }
        value(build, name, *def, near);
    }
}

/// A name of a module as a value: called where it is called, variants with their enum in front.
pub fn value(build: &mut Build, name: &str, def: Def, near: Near) {
    let checked = build.snapshot().checked();
    match def {
        Def::Function(id) => {
            let function = checked.function(id);
            if function.is_prelude && function.doc.is_none() {
                return;
            }
            // Where a function is wanted, its name is enough.
            if matches!(build.want.clone(), Some(Type::Fn(..))) {
                build.declared(name, def, near);
            } else {
                build.callable(name, def, near, 0);
            }
        }
        // Where a `for` walks, all instances are meant.
        Def::Entity(_) | Def::Stream(_) if build.wants_many => {
            let prefix = build.cursor.prefix();
            if let Some(added) = build.declared(name, def, near) {
                added.sort = sort(0, near, name, prefix);
            }
        }
        Def::Record(_) | Def::Entity(_) => drop(build.callable(name, def, near, 0)),
        Def::Error(id) => {
            let has_fields = !checked.errors[id.0 as usize].fields.is_empty();
            match has_fields {
                true => drop(build.callable(name, def, near, 0)),
                false => drop(build.declared(name, def, near)),
            }
        }
        Def::New(id) => {
            let is_called = build.cursor.behind().starts_with('(');
            let base = build.snapshot().show(
                checked.news[id.0 as usize].span,
                &checked.news[id.0 as usize].base,
            );
            if let Some(added) = build.declared(name, def, near)
                && !is_called
            {
                added.snippet = Some(format!("{name}(${{1:{}}})$0", base.to_lowercase()));
            }
        }
        Def::Enum(id) => {
            build.declared(name, def, near);
            match build.want.clone() {
                Some(Type::Enum(wanted, _)) if wanted == id => variants(build, id, near),
                _ => {}
            }
        }
        Def::Constant(_) | Def::Module(_) | Def::ExternBlock(_) | Def::View(_) | Def::Stream(_) => {
            build.declared(name, def, near);
        }
        _ => {}
    }
}

/// The variants of an enum by their own names.
pub fn variants(build: &mut Build, id: EnumId, near: Near) {
    let all = build.snapshot().checked().enums[id.0 as usize]
        .variants
        .clone();
    for (variant, at) in all.iter().zip(0..) {
        let def = Def::Variant(id, at);
        match variant.fields.is_empty() {
            true => drop(build.declared(&variant.name, def, near)),
            false => drop(build.callable(&variant.name, def, near, 0)),
        }
    }
}

const EVERYWHERE: &[&str] = &[
    "now",
    "sleep",
    "sleep_until",
    "cancel",
    "random",
    "fresh_id",
];
const IN_TESTS: &[&str] = &["advance", "settle", "mock", "crash_at", "replicas", "sync"];

fn language(build: &mut Build, in_test: bool) {
    let tests = IN_TESTS.iter().filter(|_| in_test);
    let is_called = build.cursor.behind().starts_with('(');
    for name in EVERYWHERE.iter().chain(tests) {
        let params = crate::calls::of_def(build.snapshot(), Def::Builtin(name), None);
        let params = params.map_or(Vec::new(), |callee| callee.params);
        let params: Vec<String> = params.into_iter().map(|param| param.name).collect();
        if let Some(added) = build.declared(name, Def::Builtin(name), Near::Language)
            && !is_called
        {
            super::item::call(added, name, &params, false);
        }
    }
    build.declared("caller", Def::Builtin("caller"), Near::Language);
    let inner = match build.want.clone() {
        Some(Type::Option(inner)) => *inner,
        _ => Type::Unknown,
    };
    for name in ["Some", "None"] {
        let ty = Type::option(inner.clone());
        let added = build.add(name, Suggested::Value, Near::Language, Some(ty));
        added.builtin = Some(name);
        added.detail = builtins::headline(name).map(str::to_owned);
        if name == "Some" && !is_called {
            added.snippet = Some("Some(${1:value})$0".to_owned());
        }
    }
}

/// Names of other modules that are not imported: with the import.
fn elsewhere(build: &mut Build) {
    let marked = build.marked;
    let own = marked.name.file;
    let seen = &marked.file().names.seen;
    let files = marked.snapshot.survey.files.iter().enumerate();
    for (at, file) in files.filter(|(at, file)| *at > 0 && file.id != own) {
        for (name, def) in &file.names.own {
            let is_made_up = marked.snapshot.is_made_up(name, *def);
            if is_made_up
                || matches!(def, Def::Module(_) | Def::Alias(_))
                || seen.iter().any(|(_, s)| s == def)
            {
                continue;
            }
            let Some(way) = imports::way(build.cursor.snapshot, own, at, name) else {
                continue;
            };
            let before = build.found.len();
            value(build, name, *def, Near::Elsewhere);
            for one in &mut build.found[before..] {
                // Behind the name of the module, where that is imported as a whole.
                let prefix = way.written.strip_suffix(name.as_str()).unwrap_or_default();
                one.label = format!("{prefix}{}", one.label);
                one.insert = format!("{prefix}{}", one.insert);
                one.snippet = one
                    .snippet
                    .as_ref()
                    .map(|snippet| format!("{prefix}{snippet}"));
                one.edits = way.edits.clone();
                one.detail = Some(match &one.detail {
                    Some(detail) => format!("{detail}  (of {})", file.path),
                    None => format!("of {}", file.path),
                });
            }
        }
    }
}

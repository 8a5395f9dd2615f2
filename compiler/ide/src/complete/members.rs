//! What may stand behind a dot: fields, state, handlers, events, functions that take what is in front, names of a module.

use weir_check::hir::{EntityId, LatticeKind, REPLICA, Type};
use weir_check::meanings::Def;
use weir_contract::lattice::Change;
use weir_diagnostics::Span;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Expr, ExprKind};

use super::Suggested;
use super::item::{Build, Near, call, sort};
use super::names;
use crate::declared::Kind;
use crate::rename::Edit;

pub fn members(build: &mut Build, base: &Expr) {
    let snapshot = build.snapshot();
    let path = build.marked.path();
    if let [.., Node::Stmt(stmt), Node::Expr(e)] = path.as_slice()
        && stmt.span == e.span
    {
        // What a statement would like is only what the function gives at its end.
        build.want = None;
    }
    if let ExprKind::Var(name) | ExprKind::Con(name) | ExprKind::Field { name, .. } = &base.kind {
        match snapshot.meanings().name(name.span) {
            Some(Def::Module(at)) => return of_module(build, at),
            Some(Def::ExternBlock(block)) => return of_block(build, block),
            Some(Def::Builtin("caller")) => {
                for member in ["caller.id", "caller.roles"] {
                    let short = member.trim_start_matches("caller.");
                    let ty = match short {
                        "id" => Type::New(weir_check::hir::NewId(0), Vec::new()),
                        _ => Type::Set(Box::new(Type::Text)),
                    };
                    let added = build.add(short, Suggested::Value, Near::Own, Some(ty));
                    added.builtin = Some(member);
                    added.detail = crate::builtins::headline(member).map(str::to_owned);
                }
                return;
            }
            Some(Def::Enum(id)) if is_type(base) => return names::variants(build, id, Near::Own),
            Some(Def::New(id)) if is_type(base) => {
                if snapshot.checked().news[id.0 as usize].base == Type::Text {
                    fresh(build);
                }
                return;
            }
            _ => {}
        }
    }
    if let ExprKind::Con(name) = &base.kind
        && name.name == "UserId"
    {
        return fresh(build);
    }
    let entity = build
        .marked
        .around
        .as_ref()
        .and_then(|around| around.entity);
    if let (ExprKind::SelfRef, Some(entity)) = (&base.kind, entity) {
        return of_entity(build, entity, true);
    }
    if let Some(ty) = snapshot.ty(base.span).cloned() {
        of_value(build, base, &ty);
    }
}

/// Whether a name stands for a type here, and not for a value of it.
fn is_type(base: &Expr) -> bool {
    match &base.kind {
        ExprKind::Con(_) => true,
        ExprKind::Field { name, .. } => name.is_upper(),
        _ => false,
    }
}

fn fresh(build: &mut Build) {
    builtin(build, "fresh", "fresh", &[]);
}

fn builtin(build: &mut Build, label: &str, name: &'static str, params: &[&str]) {
    let is_called = build.cursor.behind().starts_with('(');
    let added = build.add(label, Suggested::Function, Near::Own, None);
    added.builtin = Some(name);
    added.detail = crate::builtins::headline(name).map(str::to_owned);
    if !is_called {
        let params: Vec<String> = params.iter().map(|param| (*param).to_owned()).collect();
        call(added, label, &params, false);
    }
}

fn of_module(build: &mut Build, at: u32) {
    let Some(file) = build.snapshot().survey.files.get(at as usize) else {
        return;
    };
    for (name, def) in &file.names.own {
        names::value(build, name, *def, Near::Own);
    }
}

fn of_block(build: &mut Build, block: Span) {
    let snapshot = build.snapshot();
    for name in snapshot.declared.inside(block) {
        if let Some(def) = snapshot.declared.defs.get(name) {
            let label = snapshot.declared.by_name[name].name.clone();
            build.callable(&label, *def, Near::Own, 0);
        }
    }
}

/// Members of a value by its type.
fn of_value(build: &mut Build, base: &Expr, ty: &Type) {
    let snapshot = build.snapshot();
    let checked = snapshot.checked();
    match ty {
        Type::Unknown | Type::Infer(_) | Type::Never => return,
        Type::Result(ok, _) => {
            builtin(build, "within", "within", &["5s"]);
            if let Some(within) = build.found.last_mut() {
                within.sort = sort(0, Near::Own, "within", build.cursor.prefix());
            }
            // The members of what comes when it does not fail: with a `?` in front of the dot.
            let before = build.found.len();
            let dot = build.marked.as_it_is(base.span.after());
            of_value(build, base, ok);
            for one in &mut build.found[before..] {
                one.edits.push(Edit {
                    span: dot,
                    text: "?".to_owned(),
                });
                one.label = format!("?.{}", one.label);
            }
            return;
        }
        Type::Record(id, _) => {
            for at in 0..checked.records[id.0 as usize].fields.len() as u32 {
                field(build, Def::RecordField(*id, at));
            }
            builtin(build, "with", "with", &["field: value"]);
        }
        Type::Error(id) => {
            for at in 0..checked.errors[id.0 as usize].fields.len() as u32 {
                field(build, Def::ErrorField(*id, at));
            }
        }
        Type::Tuple(parts) => {
            for (part, at) in parts.iter().zip(0..) {
                let name = part.name.clone().unwrap_or(format!("{at}"));
                let shown = snapshot.show(base.span, &part.ty);
                let kind = Suggested::Declared(Kind::Field);
                let added = build.add(&name, kind, Near::Own, Some(part.ty.clone()));
                added.detail = Some(format!("{name}: {shown}"));
            }
            if parts.iter().any(|part| part.name.is_some()) {
                builtin(build, "with", "with", &["field: value"]);
            }
        }
        Type::Entity(id) => of_entity(build, *id, false),
        Type::Run(..) => builtin(build, "result", "result", &[]),
        Type::New(REPLICA, args) => {
            if let [Type::Entity(id)] = args[..] {
                of_entity(build, id, false);
                build
                    .found
                    .retain(|one| !matches!(one.builtin, Some("set" | "get" | "exists")));
            }
            return;
        }
        Type::New(id, _) if LatticeKind::of_id(*id).is_some() => {
            let kind = LatticeKind::of_id(*id).expect("just asked");
            of_lattice(build, base, kind, ty);
        }
        Type::New(id, args) => {
            let inner = checked.base(*id, args);
            let added = build.add("value", Suggested::Value, Near::Own, Some(inner));
            added.builtin = Some("value");
            added.detail = Some("what it is made of".to_owned());
        }
        Type::List(_) | Type::Map(..) | Type::Set(_) if is_place(build, base) => {
            let changes: &[(&'static str, &[&str])] = match ty {
                Type::List(_) => &[
                    ("push", &["item"]),
                    ("pop", &[]),
                    ("insert", &["at", "item"]),
                    ("remove", &["at"]),
                    ("clear", &[]),
                ],
                Type::Map(..) => &[("remove", &["key"]), ("clear", &[])],
                _ => &[("add", &["item"]), ("remove", &["item"]), ("clear", &[])],
            };
            for (name, params) in changes {
                builtin(build, name, name, params);
            }
        }
        _ => {}
    }
    methods(build, ty);
}

/// What merges: its changes where it is own state, and what is read of it.
fn of_lattice(build: &mut Build, base: &Expr, kind: LatticeKind, ty: &Type) {
    if is_place(build, base) {
        for change in kind.changes() {
            let params: &[&str] = if *change == Change::Enable {
                &[]
            } else {
                &["value"]
            };
            let name = weir_check::merge_builtin(*change);
            builtin(build, change.name(), name, params);
        }
    }
    let reads: &[&'static str] = match kind {
        LatticeKind::Average => &["merge.value", "merge.sum", "merge.count"],
        LatticeKind::GrowSet | LatticeKind::AddSet => &["merge.values"],
        LatticeKind::MergeMap => &[],
        _ => &["value"],
    };
    let checked = build.snapshot().checked();
    let Type::New(id, args) = ty else { return };
    let inner = checked.base(*id, args);
    for read in reads {
        let label = read.trim_start_matches("merge.");
        let inner = (*read == "value").then(|| inner.clone());
        let added = build.add(label, Suggested::Value, Near::Own, inner);
        added.builtin = Some(read);
        added.detail = crate::builtins::headline(read).map(str::to_owned);
    }
    match kind {
        LatticeKind::Counter => builtin(build, "at_least", "merge.at_least", &["n"]),
        LatticeKind::GrowSet | LatticeKind::AddSet => {
            builtin(build, "contains", "merge.contains", &["value"]);
        }
        _ => {}
    }
}

fn field(build: &mut Build, def: Def) {
    let Some(declaration) = build.snapshot().declaration(def) else {
        return;
    };
    let name = declaration.name.clone();
    build.declared(&name, def, Near::Own);
}

/// Whether an expression names a place that may be changed: a `var`, own state, or a path into one.
fn is_place(build: &Build, base: &Expr) -> bool {
    match &base.kind {
        ExprKind::Var(name) => {
            let Some(around) = &build.marked.around else {
                return false;
            };
            match around.locals.iter().find(|near| near.name == name.name) {
                Some(near) => near.is_var,
                None => matches!(
                    build.snapshot().meanings().name(name.span),
                    Some(Def::State(..))
                ),
            }
        }
        ExprKind::Field { base, .. } if matches!(base.kind, ExprKind::SelfRef) => true,
        ExprKind::Field { base, .. }
        | ExprKind::TupleField { base, .. }
        | ExprKind::Index { base, .. } => is_place(build, base),
        _ => false,
    }
}

/// Keys, state, handlers and events; from elsewhere only what is seen there.
pub fn of_entity(build: &mut Build, id: EntityId, own: bool) {
    let snapshot = build.snapshot();
    let entity = snapshot.checked().entity(id);
    let around = build.marked.around.as_ref();
    let own = own || around.is_some_and(|around| around.entity == Some(id));
    for (field, at) in entity.fields.iter().zip(0..) {
        if own || field.is_pub {
            build.declared(&field.name, Def::State(id, at), Near::Own);
        }
    }
    for (key, at) in entity.keys.iter().zip(0..) {
        build.declared(&key.name, Def::Key(id, at), Near::Own);
    }
    for handler in &entity.handlers {
        let name = &snapshot.checked().function(*handler).name;
        build.callable(name, Def::Function(*handler), Near::Own, 0);
    }
    let events = entity.workflow.iter().flat_map(|workflow| &workflow.events);
    for (event, at) in events.zip(0..) {
        build.callable(&event.name, Def::Event(id, at), Near::Own, 0);
    }
    if around.is_some_and(|around| around.in_test) {
        let fields = entity.fields.first();
        let set = fields.map_or(String::new(), |field| format!("{}: value", field.name));
        builtin(build, "set", "set", &[&set]);
        builtin(build, "get", "get", &[]);
        builtin(build, "exists", "exists", &[]);
    }
}

/// Functions whose first parameter takes a value of a type; a `new` type can do what its base can.
fn methods(build: &mut Build, ty: &Type) {
    let snapshot = build.snapshot();
    let checked = snapshot.checked();
    let mut types = vec![ty.clone()];
    while let Some(Type::New(id, args)) = types.last() {
        let base = checked.base(*id, args);
        types.push(base);
    }
    let seen = build.marked.file().names.seen.iter();
    for (name, def) in seen {
        let Def::Function(id) = def else {
            continue;
        };
        let function = checked.function(*id);
        if function.is_prelude && function.doc.is_none() {
            continue;
        }
        let Some(first) = function.params.first() else {
            continue;
        };
        // What takes anything at all says nothing about this value.
        let takes = types.iter().any(|ty| weir_check::could_take(&first.ty, ty));
        if !takes {
            continue;
        }
        let near = match (&first.ty, function.is_prelude) {
            (_, false) => Near::File,
            (Type::Param(_), true) => Near::Elsewhere,
            (_, true) => Near::Library,
        };
        build.callable(name, *def, near, 1);
    }
}

//! Patterns: what a value may be, and of the arms of `match` and `wait` those that are missing.

use weir_check::hir::{ErrorId, Type};
use weir_check::meanings::Def;
use weir_syntax::ast::walk::Node;
use weir_syntax::ast::{Arm, ExprKind, ItemKind, MemberKind, Pattern, PatternKind, WaitOn};

use super::Suggested;
use super::item::{Build, Near, sort};
use super::marked::InPattern;
use crate::declared::Kind;

/// Something a value may be: a name with the names of its parts.
struct Shape {
    name: String,
    parts: Vec<String>,
    kind: Suggested,
    def: Option<Def>,
}

impl Shape {
    /// With places for its parts; `first` is the number of the first place.
    fn snippet(&self, first: usize) -> String {
        if self.parts.is_empty() {
            return self.name.clone();
        }
        let parts = self.parts.iter().zip(first..);
        let parts: Vec<String> = parts
            .map(|(part, at)| format!("${{{at}:{part}}}"))
            .collect();
        format!("{}({})", self.name, parts.join(", "))
    }

    fn plain(&self) -> String {
        match self.parts.is_empty() {
            true => self.name.clone(),
            false => format!("{}({})", self.name, self.parts.join(", ")),
        }
    }
}

pub fn pattern(build: &mut Build, place: &InPattern) {
    let marked = build.marked;
    if let Some((of, args)) = place.part_of {
        labels(build, of, args);
    }
    let want = marked
        .around
        .as_ref()
        .and_then(|around| around.want.clone());
    let mut shapes = shapes(build, want.as_ref());
    let is_known = !shapes.is_empty();
    if matches!(want, None | Some(Type::Unknown)) {
        shapes = all(build);
    }
    let behind = build.cursor.behind().trim_start();
    let has_arrow = behind.starts_with("=>");
    let is_called = behind.starts_with('(');
    if let Some(arms) = place.arm_of {
        let own = marked.name;
        let others = || arms.iter().filter(|arm| !arm.pattern.span.contains(own));
        let covered = |shape: &Shape| others().any(|arm| covers(arm, &shape.name));
        if is_known {
            shapes.retain(|shape| !covered(shape));
        }
        let is_alone = arms.iter().any(|arm| arm.pattern.span == own);
        if is_known && is_alone && !has_arrow && shapes.len() > 1 {
            missing(build, &shapes);
        }
    }
    let arrow = place.arm_of.is_some() && !has_arrow && !is_called;
    for shape in &shapes {
        let near = match is_known {
            true => Near::Wanted,
            false => Near::File,
        };
        let added = match shape.def {
            Some(def) => build.declared(&shape.name, def, near),
            None => Some(build.add(&shape.name, shape.kind, near, None)),
        };
        let Some(added) = added else { continue };
        added.sort = sort(0, near, &shape.name, "");
        if is_called {
            continue;
        }
        let ending = if arrow { " => $0" } else { "" };
        added.insert = shape.plain();
        if arrow || !shape.parts.is_empty() {
            added.snippet = Some(format!("{}{ending}", shape.snippet(1)));
        }
    }
}

/// All that are missing, a line each.
fn missing(build: &mut Build, shapes: &[Shape]) {
    let mut next = 1;
    let mut lines = Vec::new();
    for shape in shapes {
        lines.push(format!(
            "{} => ${{{}:{{\\}}}}",
            shape.snippet(next),
            next + shape.parts.len()
        ));
        next += shape.parts.len() + 1;
    }
    let plain: Vec<String> = shapes
        .iter()
        .map(|shape| format!("{} => {{}}", shape.plain()))
        .collect();
    let names: Vec<&str> = shapes.iter().map(|shape| shape.name.as_str()).collect();
    let added = build.add("all missing arms", Suggested::Snippet, Near::Wanted, None);
    added.detail = Some(names.join(", "));
    added.insert = plain.join("\n");
    added.snippet = Some(lines.join("\n"));
    added.sort = sort(0, Near::Wanted, "", "");
}

/// Whether an arm takes all values of that shape.
fn covers(arm: &Arm, name: &str) -> bool {
    fn takes(pattern: &Pattern, name: &str) -> bool {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Bind(_) => true,
            PatternKind::Or(parts) => parts.iter().any(|part| takes(part, name)),
            PatternKind::List(parts) => {
                let (rests, items): (Vec<&Pattern>, Vec<&Pattern>) =
                    parts.iter().partition(|part| part.kind.is_rest());
                match (items.as_slice(), rests.len()) {
                    ([], 0) => name == "[]",
                    ([], _) => true,
                    ([one], 1) => name != "[]" && takes(one, "_"),
                    _ => false,
                }
            }
            PatternKind::Bool(value) => name == if *value { "true" } else { "false" },
            PatternKind::Con {
                name: own, args, ..
            } => {
                let whole =
                    |p: &Pattern| matches!(p.kind, PatternKind::Wildcard | PatternKind::Bind(_));
                let mut args = args.iter().flatten();
                own.name == name && args.all(|arg| whole(&arg.pattern))
            }
            _ => false,
        }
    }
    arm.guard.is_none() && takes(&arm.pattern, name)
}

/// What a value of a type may be.
fn shapes(build: &Build, ty: Option<&Type>) -> Vec<Shape> {
    let checked = build.snapshot().checked();
    let plain = |name: &str, parts: &[&str]| Shape {
        name: name.to_owned(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        kind: Suggested::Value,
        def: None,
    };
    match ty {
        Some(Type::Bool) => vec![plain("true", &[]), plain("false", &[])],
        Some(Type::Option(_)) => vec![plain("Some", &["value"]), plain("None", &[])],
        Some(Type::Enum(id, _)) => {
            let variants = checked.enums[id.0 as usize].variants.iter().zip(0..);
            let shape = |(variant, at): (&weir_check::hir::Variant, u32)| Shape {
                name: variant.name.clone(),
                parts: variant
                    .fields
                    .iter()
                    .map(|field| field.name.clone())
                    .collect(),
                kind: Suggested::Declared(Kind::Variant),
                def: Some(Def::Variant(*id, at)),
            };
            variants.map(shape).collect()
        }
        Some(Type::Result(ok, errors)) => {
            let first = match **ok {
                Type::Unit => plain("Ok", &["_"]),
                _ => plain("Ok", &["value"]),
            };
            let errors = errors.iter().map(|id| error(build, *id));
            [first].into_iter().chain(errors).collect()
        }
        Some(Type::Error(id)) => vec![error(build, *id)],
        Some(Type::Record(id, _)) => {
            let record = &checked.records[id.0 as usize];
            vec![Shape {
                name: record.name.clone(),
                parts: record
                    .fields
                    .iter()
                    .map(|field| field.name.clone())
                    .collect(),
                kind: Suggested::Declared(Kind::Record),
                def: Some(Def::Record(*id)),
            }]
        }
        Some(Type::List(_)) => vec![plain("[]", &[]), plain("[first, ..rest]", &[])],
        Some(Type::Int | Type::Decimal | Type::Float | Type::Text) => vec![plain("_", &[])],
        Some(Type::Tuple(parts)) => {
            let names = parts.iter().zip(b'a'..);
            let names = names
                .map(|(part, letter)| part.name.clone().unwrap_or((letter as char).to_string()));
            vec![Shape {
                name: String::new(),
                parts: names.collect(),
                kind: Suggested::Value,
                def: None,
            }]
        }
        _ => Vec::new(),
    }
}

fn error(build: &Build, id: ErrorId) -> Shape {
    let error = &build.snapshot().checked().errors[id.0 as usize];
    Shape {
        name: error.name.clone(),
        parts: error
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect(),
        kind: Suggested::Declared(Kind::Error),
        def: Some(Def::Error(id)),
    }
}

/// Of a value of which nothing is known: what is in reach.
fn all(build: &Build) -> Vec<Shape> {
    let checked = build.snapshot().checked();
    let mut found = Vec::new();
    for (_, def) in &build.marked.file().names.seen {
        match def {
            Def::Enum(id) => {
                let ty = Type::Enum(*id, Vec::new());
                found.extend(shapes(build, Some(&ty)));
            }
            Def::Error(id) => found.push(error(build, *id)),
            Def::Record(id) if (id.0 as usize) < checked.records.len() => {
                found.extend(shapes(build, Some(&Type::Record(*id, Vec::new()))));
            }
            _ => {}
        }
    }
    let option = Type::option(Type::Unknown);
    found.extend(shapes(build, Some(&option)));
    let ok = Type::Result(Box::new(Type::Int), Vec::new());
    found.extend(shapes(build, Some(&ok)));
    found
}

/// Fields of what stands in front of the parentheses that are not there yet.
fn labels(build: &mut Build, of: &weir_syntax::ast::Ident, args: &[weir_syntax::ast::PatternArg]) {
    let snapshot = build.snapshot();
    let Some(owner) = snapshot
        .meanings()
        .name(of.span)
        .and_then(|def| snapshot.place(def))
    else {
        return;
    };
    let own = build.marked.name;
    let by_place = args
        .iter()
        .filter(|arg| arg.label.is_none() && arg.span != own)
        .count();
    let parts: Vec<_> = snapshot
        .declared
        .parts(owner)
        .iter()
        .skip(by_place)
        .copied()
        .collect();
    for part in parts {
        let declaration = &snapshot.declared.by_name[&part];
        let mut labels = args.iter().filter_map(|arg| arg.label.as_ref());
        if labels.any(|label| label.name == declaration.name) {
            continue;
        }
        let head = snapshot.snippet(declaration.head).to_owned();
        let (name, kind) = (declaration.name.clone(), declaration.kind);
        let place = build.marked.as_it_is(part);
        let label = format!("{name}:");
        let added = build.add(&label, Suggested::Declared(kind), Near::Wanted, None);
        added.insert = format!("{label} ");
        added.sort = sort(0, Near::Wanted, &label, "");
        added.detail = Some(head);
        added.declared = Some(place);
    }
}

/// At the start of an arm of `wait`: the events of the workflow that no other arm takes, and the deadline.
pub fn events(build: &mut Build) {
    let marked = build.marked;
    let path = marked.path();
    let mut there: Vec<String> = Vec::new();
    let mut has_deadline = false;
    let mut events = Vec::new();
    for node in &path {
        match node {
            Node::Expr(e) => {
                if let ExprKind::Wait(arms) = &e.kind {
                    there.clear();
                    has_deadline = false;
                    for arm in arms {
                        match &arm.on {
                            WaitOn::Event { name, .. } => there.push(name.name.clone()),
                            WaitOn::After(_) => has_deadline = true,
                            WaitOn::Hole => {}
                        }
                    }
                }
            }
            Node::Item(item) => {
                if let ItemKind::Workflow(decl) = &item.kind {
                    for member in &decl.members {
                        if let MemberKind::Event(event) = &member.kind {
                            events.push(event);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let behind = build.cursor.behind().trim_start();
    let is_whole = behind.starts_with(['(', '=']);
    for event in events {
        let name = &event.name.name;
        let Some(def) = marked.snapshot.declared.defs.get(&event.name.span).copied() else {
            continue;
        };
        let shape = Shape {
            name: name.clone(),
            parts: event
                .params
                .iter()
                .map(|param| param.name.name.clone())
                .collect(),
            kind: Suggested::Declared(Kind::Event),
            def: None,
        };
        let was = there.contains(name);
        if let Some(added) = build.declared(name, def, Near::Wanted)
            && !is_whole
        {
            added.insert = format!("{} => {{}}", shape.plain());
            added.snippet = Some(format!("{} => $0", shape.snippet(1)));
            added.sort = sort(u8::from(was), Near::Wanted, name, "");
        }
    }
    if !has_deadline {
        let added = build.add("after", Suggested::Keyword, Near::Wanted, None);
        added.snippet = Some("after ${1:1d} => $0".to_owned());
        added.detail = Some("the deadline".to_owned());
        added.sort = sort(2, Near::Wanted, "after", "");
    }
}

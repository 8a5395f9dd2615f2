//! Gives every top-level name a number, so that later passes may refer forwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ItemKind, MemberKind};

use crate::externs;
use crate::hir::*;
use crate::schedules;
use crate::scope::{Cx, FnSource, Progress, StreamPart, TypeName};
use crate::streams;
use crate::views;
use crate::workflows;

/// Types that are built in; the last is only used for suggestions and clashes.
pub const BUILTIN_TYPES: &[&str] = &[
    "Bool", "Int", "Decimal", "Float", "Text", "Bytes", "Time", "Duration", "Date", "Money",
    "List", "Map", "Set", "Result", "Run", "Ticket", "Blob",
];

/// Types of the full language that have no meaning yet.
pub const LATER_TYPES: &[&str] = &["EntryId"];

/// Whether no program may call a type so.
pub fn is_builtin_type(name: &str) -> bool {
    BUILTIN_TYPES.contains(&name)
        || LATER_TYPES.contains(&name)
        || LatticeKind::of_name(name).is_some()
        || matches!(name, "Some" | "None" | "Ok" | "UserId")
}

pub fn collect(cx: &mut Cx, module: &ast::Module, is_prelude: bool) {
    if cx.program.news.is_empty() {
        builtin_user_id(cx, module.span.before());
    }
    for item in &module.items {
        collect_item(cx, item, is_prelude);
    }
}

fn builtin_user_id(cx: &mut Cx, span: Span) {
    cx.names
        .types
        .insert("UserId".into(), (TypeName::New(NewId(0)), span));
    cx.news.push(None);
    cx.program.news.push(NewType {
        name: "UserId".into(),
        type_params: Vec::new(),
        base: Type::Text,
        doc: Some("Who calls: the identity of a signed-in caller.".into()),
        span,
    });
    for kind in LatticeKind::ALL {
        cx.news.push(None);
        cx.program.news.push(NewType {
            name: kind.name().into(),
            type_params: kind.type_params().iter().map(|p| p.to_string()).collect(),
            base: kind.base(),
            doc: Some(kind.doc().into()),
            span,
        });
    }
    cx.news.push(None);
    let part = |ty| TupleField { name: None, ty };
    cx.program.news.push(NewType {
        name: "Replica".into(),
        type_params: vec!["Of".into()],
        base: Type::Tuple(vec![part(Type::Param(0)), part(Type::Int)]),
        doc: Some("In a test: an instance as one of its replicas has it.".into()),
        span,
    });
}

fn collect_item(cx: &mut Cx, item: &ast::Item, is_prelude: bool) {
    let doc = item.doc.as_ref().map(|d| d.text.clone());
    match &item.kind {
        ItemKind::Record(decl) => {
            let id = RecordId(cx.records.len() as u32);
            declare_type(cx, &decl.name, TypeName::Record(id));
            cx.records.push(Arc::new(decl.clone()));
            let type_params = type_params(cx, &decl.type_params);
            cx.program.records.push(Record {
                name: decl.name.name.clone(),
                type_params,
                fields: Vec::new(),
                doc,
                span: decl.name.span,
            });
        }
        ItemKind::Error(decl) => {
            let id = ErrorId(cx.errors.len() as u32);
            declare_type(cx, &decl.name, TypeName::Error(id));
            cx.errors.push(Arc::new(decl.clone()));
            cx.error_attrs.push(item.attrs.clone().into());
            cx.program.errors.push(ErrorType {
                name: decl.name.name.clone(),
                fields: Vec::new(),
                status: 422,
                doc,
                span: decl.name.span,
            });
        }
        ItemKind::Enum(decl) => {
            let id = EnumId(cx.enums.len() as u32);
            declare_type(cx, &decl.name, TypeName::Enum(id));
            cx.enums.push(Arc::new(decl.clone()));
            let type_params = type_params(cx, &decl.type_params);
            cx.program.enums.push(Enum {
                name: decl.name.name.clone(),
                type_params,
                variants: Vec::new(),
                doc,
                span: decl.name.span,
            });
        }
        ItemKind::TypeAlias(decl) => {
            let at = cx.aliases.len();
            declare_type(cx, &decl.name, TypeName::Alias(at));
            type_params(cx, &decl.type_params);
            cx.aliases.push((Arc::new(decl.clone()), None));
        }
        ItemKind::NewType(decl) => {
            let id = NewId(cx.news.len() as u32);
            declare_type(cx, &decl.name, TypeName::New(id));
            cx.news.push(Some(Arc::new(decl.clone())));
            let type_params = type_params(cx, &decl.type_params);
            cx.program.news.push(NewType {
                name: decl.name.name.clone(),
                type_params,
                base: Type::Unknown,
                doc,
                span: decl.name.span,
            });
        }
        ItemKind::Let(decl) => {
            let id = ConstId(cx.constants.len() as u32);
            if let Some(first) = cx.names.constants.get(&decl.name.name) {
                let span = cx.program.constants[first.0 as usize].span;
                duplicate(cx, &decl.name, span);
            } else {
                cx.names.constants.insert(decl.name.name.clone(), id);
            }
            views::no_view_of(cx, &decl.name);
            cx.constants
                .push((Arc::new(decl.clone()), Progress::Waiting));
            cx.program.constants.push(Constant {
                name: decl.name.name.clone(),
                ty: Type::Unknown,
                body: empty_body(decl.name.span),
                span: decl.name.span,
            });
        }
        ItemKind::Fn(decl) => {
            let id = add_function(cx, decl, &item.attrs, doc, None, is_prelude);
            let name = cx.program.functions[id.0 as usize].name.clone();
            if let Some(module) = cx.modules.named() {
                cx.program.functions[id.0 as usize].name = format!("{module}.{name}");
            }
            if let (Some(part), true) = (cx.library_part, item.doc.is_some()) {
                let part = Arc::make_mut(&mut cx.library).entry(part).or_default();
                part.entry(name.clone()).or_default().push(id);
                if item.attrs.iter().any(|attr| attr.name.as_str() == "module") {
                    return;
                }
            }
            let same = cx.names.functions.or_default(name);
            let first = same
                .iter()
                .copied()
                .find(|f| !cx.program.functions[f.0 as usize].is_prelude);
            same.push(id);
            if let Some(first) = first {
                let span = cx.program.functions[first.0 as usize].span;
                duplicate(cx, &decl.name, span);
            }
            views::no_view_of(cx, &decl.name);
        }
        ItemKind::Entity(decl) => {
            no_attributes(cx, item);
            collect_entity(cx, decl, doc, false);
        }
        ItemKind::Workflow(decl) => {
            no_attributes(cx, item);
            let id = collect_entity(cx, decl, doc, true);
            workflows::collect(cx, id, decl);
        }
        ItemKind::Test(decl) => {
            cx.tests.push(decl.clone());
            cx.program.tests.push(Test {
                params: Vec::new(),
                name: decl.name.value.clone(),
                body: Arc::new(empty_body(decl.name.span)),
                fails: Vec::new(),
                span: decl.name.span,
            });
        }
        // Linked when everything is collected.
        ItemKind::Import(_) => {}
        ItemKind::Stream(decl) => streams::collect(cx, item, decl, doc),
        ItemKind::View(decl) => views::collect(cx, item, decl, doc),
        ItemKind::Extern(decl) => {
            no_attributes(cx, item);
            externs::collect(cx, decl, is_prelude);
        }
        ItemKind::On(decl) => streams::collect_on(cx, item, decl, doc),
        ItemKind::Every(decl) => collect_schedule(cx, item, decl, doc),
        ItemKind::Migrate(decl) => cx.later(decl.workflow.span, "`migrate`"),
        ItemKind::Hole => {}
    }
}

/// Tests are called by their names, so each has another.
pub fn names_of_tests(cx: &mut Cx) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for test in &cx.program.tests {
        let Some(span) = first.get(test.name.as_str()) else {
            first.insert(&test.name, test.span);
            continue;
        };
        found.push(
            Diagnostic::new(codes::E0203, test.span, "two tests have this name")
                .label("again here")
                .secondary(*span, "first here")
                .help("say in the name what is different about this one"),
        );
    }
    cx.diagnostics.extend(found);
}

fn collect_schedule(cx: &mut Cx, item: &ast::Item, decl: &ast::EveryDecl, doc: Option<String>) {
    let Some(made) = schedules::desugar(cx, decl, &item.attrs) else {
        return;
    };
    let tick = add_function(cx, &made.tick, &[], doc.clone(), None, false);
    let source = &mut cx.functions[tick.0 as usize];
    (source.infers_fails, source.is_tick) = (false, true);
    let same = made.tick.name.name.clone();
    cx.names.functions.or_default(same).push(tick);
    let id = collect_entity(cx, &made.workflow, doc, true);
    workflows::collect(cx, id, &made.workflow);
    if let Some(workflow) = &mut cx.program.entities[id.0 as usize].workflow {
        workflow.begins = true;
    }
}

/// What an attribute says is done or refused, never passed over.
fn no_attributes(cx: &mut Cx, item: &ast::Item) {
    for attr in &item.attrs {
        cx.attribute_later(attr, "here");
    }
}

/// An entity, or what a workflow has in common with one.
fn collect_entity(
    cx: &mut Cx,
    decl: &Arc<ast::EntityDecl>,
    doc: Option<String>,
    is_workflow: bool,
) -> EntityId {
    let id = EntityId(cx.entities.len() as u32);
    declare_type(cx, &decl.name, TypeName::Entity(id));
    cx.entities.push(decl.clone());
    cx.program.entities.push(Entity {
        workflow: None,
        name: decl.name.name.clone(),
        keys: Vec::new(),
        fields: Vec::new(),
        invariants: Vec::new(),
        allows: Vec::new(),
        handlers: Vec::new(),
        doc,
        span: decl.name.span,
    });
    let mut names: Vec<(String, Span)> = Vec::new();
    for key in &decl.keys {
        member_name(cx, &mut names, &key.name);
    }
    for member in &decl.members {
        match &member.kind {
            MemberKind::State(state) => {
                member_name(cx, &mut names, &state.name);
                cx.program.entities[id.0 as usize].fields.push(StateField {
                    name: state.name.name.clone(),
                    ty: Type::Unknown,
                    init: empty_body(state.name.span),
                    is_pub: state.is_pub.is_some(),
                    keep: None,
                    merge: None,
                    doc: member.doc.as_ref().map(|d| d.text.clone()),
                    span: state.name.span,
                });
            }
            MemberKind::Fn(handler) => {
                member_name(cx, &mut names, &handler.name);
                let doc = member.doc.as_ref().map(|d| d.text.clone());
                let f = add_function(cx, handler, &member.attrs, doc, Some(id), false);
                cx.program.entities[id.0 as usize].handlers.push(f);
            }
            MemberKind::Merge(merge) => {
                member_name(cx, &mut names, &merge.name);
                cx.program.entities[id.0 as usize].fields.push(StateField {
                    name: merge.name.name.clone(),
                    ty: Type::Unknown,
                    init: empty_body(merge.name.span),
                    is_pub: merge.is_pub.is_some(),
                    keep: None,
                    merge: None,
                    doc: member.doc.as_ref().map(|d| d.text.clone()),
                    span: merge.name.span,
                });
            }
            MemberKind::Event(event) if is_workflow => member_name(cx, &mut names, &event.name),
            MemberKind::Event(event) => later_value(cx, &event.name, "`event` in an entity"),
            MemberKind::Invariant(_) | MemberKind::Allow(_) | MemberKind::Hole => {}
        }
    }
    id
}

fn member_name(cx: &mut Cx, names: &mut Vec<(String, Span)>, name: &ast::Ident) {
    if let Some((_, first)) = names.iter().find(|(n, _)| *n == name.name) {
        duplicate(cx, name, *first);
    }
    names.push((name.name.clone(), name.span));
}

/// The one route that is not the program's. All others differ: entities start with a capital, functions do not, and names
/// inside an entity are unique, events and the run of a workflow among them.
const RESERVED_ROUTE: &str = "_weir";

pub fn add_function(
    cx: &mut Cx,
    decl: &Arc<ast::FnDecl>,
    attrs: &[ast::Attr],
    doc: Option<String>,
    entity: Option<EntityId>,
    is_prelude: bool,
) -> FnId {
    let id = FnId(cx.functions.len() as u32);
    let mut decl = decl.clone();
    if is_prelude && decl.name.name.ends_with('_') {
        // Any word may follow a dot, but only this way can a keyword be declared: `xs.join(", ")`.
        Arc::make_mut(&mut decl).name.name.pop();
    }
    if decl.is_pub.is_some() && entity.is_none() && decl.name.name == RESERVED_ROUTE {
        let name = &decl.name;
        cx.report(
            Diagnostic::new(
                codes::E0508,
                name.span,
                format!("`/{name}` is where a node answers about itself"),
            )
            .label("nobody outside could call this")
            .help("choose another name"),
        );
    }
    cx.functions.push(FnSource {
        decl: decl.clone(),
        attrs: attrs.to_vec().into(),
        progress: Progress::Waiting,
        infers_fails: !is_prelude && decl.is_pub.is_none() && decl.fails.is_empty(),
        is_tick: false,
        of_stream: None,
    });
    let type_params = type_params(cx, &decl.type_params);
    cx.program.functions.push(Function {
        name: decl.name.name.clone(),
        entity,
        type_params,
        params: Vec::new(),
        ret: Type::Unit,
        fails: Vec::new(),
        effect: Effect::Pure,
        implementation: Implementation::Body(Arc::new(empty_body(decl.name.span))),
        is_pub: decl.is_pub.is_some(),
        access: Access::Allow,
        route: None,
        as_step: AsStep::default(),
        budget: None,
        is_prelude,
        of_view: None,
        views: Vec::new(),
        doc,
        span: decl.name.span,
    });
    id
}

/// A function that is made for a stream, and that no program can name.
pub fn add_hidden(cx: &mut Cx, decl: ast::FnDecl, part: StreamPart) -> FnId {
    let id = add_function(cx, &Arc::new(decl), &[], None, None, false);
    let source = &mut cx.functions[id.0 as usize];
    (source.infers_fails, source.of_stream) = (false, Some(part));
    id
}

/// The names of type parameters; each is another.
fn type_params(cx: &mut Cx, params: &[ast::Ident]) -> Vec<String> {
    for (at, param) in params.iter().enumerate() {
        if let Some(first) = params[..at].iter().find(|p| p.name == param.name) {
            duplicate(cx, param, first.span);
        }
    }
    params.iter().map(|p| p.name.clone()).collect()
}

fn declare_type(cx: &mut Cx, name: &ast::Ident, stands_for: TypeName) {
    let is_builtin = match cx.names.types.get(&name.name) {
        Some((TypeName::Error(id), _)) => (id.0 as usize) < cx.prelude_errors,
        Some((TypeName::New(id), _)) => (id.0 as usize) < cx.prelude_news,
        _ => BUILTIN_TYPES.contains(&name.as_str()),
    };
    if is_builtin || matches!(name.as_str(), "Some" | "None" | "Ok") {
        cx.report(
            Diagnostic::new(codes::E0203, name.span, format!("`{name}` is built in"))
                .label("this name is taken")
                .help(match name.as_str() {
                    "UserId" => "it is the type of `caller.id`, over `Text`: leave this line away, or choose another name",
                    _ => "choose another name",
                }),
        );
        return;
    }
    let here = cx.names.types.get(&name.name).map(|(_, first)| *first);
    let first = here.or_else(|| cx.declared_types.get(&name.name).copied());
    match first {
        Some(first) => duplicate(cx, name, first),
        None => {
            cx.declared_types.insert(name.name.clone(), name.span);
            cx.names
                .types
                .insert(name.name.clone(), (stands_for, name.span));
        }
    }
}

pub fn declare_later(cx: &mut Cx, name: &ast::Ident) {
    if name.is_upper() {
        cx.names
            .types
            .insert(name.name.clone(), (TypeName::Later, name.span));
    } else {
        cx.names.later.insert(name.name.clone(), name.span);
    }
}

fn later_value(cx: &mut Cx, name: &ast::Ident, what: &str) {
    cx.names.later.insert(name.name.clone(), name.span);
    cx.later(name.span, what);
}

pub fn duplicate(cx: &mut Cx, name: &ast::Ident, first: Span) {
    cx.report(
        Diagnostic::new(
            codes::E0203,
            name.span,
            format!("`{name}` is declared twice"),
        )
        .label("again here")
        .secondary(first, "first here")
        .help("rename one of them"),
    );
}

/// Stands where a body is not checked yet.
pub fn empty_body(span: Span) -> Body {
    Body {
        locals: Vec::new(),
        root: Expr {
            kind: ExprKind::Unit,
            ty: Type::Unit,
            span,
        },
    }
}

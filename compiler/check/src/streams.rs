//! Streams: `stream posts: Post`, `posts.emit(p)`, `on posts(p) { .. }`.
//!
//! ```text
//! @key(by) @time(at) pub stream posts: Post       on posts(p) { body }
//!   fn posts.key(e: Post) -> Handle = e.by          fn posts.on(p: Post) { body }
//!   fn posts.time(e: Post) -> Time = e.at
//!   pub fn posts.append(entries: List<Post>) -> List<Int> = for e in entries select posts.emit(e)
//! ```
//! So the passes behind this one need to know of `emit` alone, and of two lists: the streams, and which function runs for the
//! entries of which. Nobody can name these functions: no name in a program has a dot inside.

use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{
    self, Attr, Expr as AstExpr, ExprKind as Ast, FnBody, FnDecl, Ident, OnDecl, StmtKind,
    StreamDecl,
};

use crate::collect::{add_hidden, duplicate};
use crate::counts::{Between, numbers};
use crate::hir::*;
use crate::meanings::Def;
use crate::messages::did_you_mean;
use crate::scope::{Cx, Progress, StreamPart};
use crate::signatures::{attributes, can_be_key, text_arg};
use crate::types::ty;

/// What the entry is called in functions that are made for a stream. Nobody means it by accident.
const ENTRY: &str = "entry_of_stream";

/// The declaration of a stream, and the functions made for it.
#[derive(Clone)]
pub struct StreamSource {
    pub decl: Arc<StreamDecl>,
    attrs: Arc<[Attr]>,
    key: Option<FnId>,
    time: Option<FnId>,
}

/// A consumer whose stream is not looked up yet.
#[derive(Clone)]
pub struct ConsumerSource {
    stream: Ident,
    function: FnId,
    doc: Option<String>,
}

pub fn collect(cx: &mut Cx, item: &ast::Item, decl: &StreamDecl, doc: Option<String>) {
    let name = &decl.name;
    if let Some(first) = cx.names.streams.get(name.as_str()) {
        let first = cx.program.streams[first.0 as usize].span;
        duplicate(cx, name, first);
    }
    let id = StreamId(cx.program.streams.len() as u32);
    cx.names.streams.insert(name.name.clone(), id);
    let full = match cx.modules.named() {
        Some(module) => format!("{module}.{name}"),
        None => name.name.clone(),
    };
    let entry = |called: &str| ast::Field {
        doc: None,
        attrs: Vec::new(),
        name: ident(called, name.span.before()),
        ty: decl.ty.clone(),
        default: None,
        span: name.span.before(),
    };
    let mut hidden = |what: &str, param: &str, span: Span| {
        let made = function_of(&format!("{full}.{what}"), entry(param), span);
        add_hidden(cx, made, StreamPart::Other)
    };
    let key = first(&item.attrs, "key").map(|attr| hidden("key", ENTRY, attr.span));
    let time = first(&item.attrs, "time").map(|attr| hidden("time", ENTRY, attr.span));
    let append = decl.is_pub.map(|_| hidden("append", "entries", name.span));
    if let Some(id) = append {
        cx.program.functions[id.0 as usize].is_pub = true;
        cx.program.functions[id.0 as usize].doc.clone_from(&doc);
    }
    cx.streams.push(StreamSource {
        decl: Arc::new(decl.clone()),
        attrs: item.attrs.clone().into(),
        key,
        time,
    });
    cx.program.streams.push(Stream {
        name: full,
        ty: Type::Unknown,
        key: None,
        time: None,
        late_us: None,
        keep: Keep::Configured,
        append,
        access: Access::Allow,
        doc,
        span: name.span,
    });
}

/// The first attribute of a name.
fn first<'a>(attrs: &'a [Attr], name: &str) -> Option<&'a Attr> {
    attrs.iter().find(|attr| attr.name.as_str() == name)
}

pub fn collect_on(cx: &mut Cx, item: &ast::Item, decl: &OnDecl, doc: Option<String>) {
    for attr in &item.attrs {
        cx.attribute_later(attr, "here");
    }
    let stream = &decl.stream;
    // What can be a parameter by itself is one, so that people see its name.
    let (param, first) = match &decl.pattern.kind {
        ast::PatternKind::Bind(name) => (name.clone(), None),
        _ => {
            let value = Ast::Var(ident(ENTRY, stream.span.before()));
            let bound = StmtKind::Let {
                scratch: false,
                pattern: decl.pattern.clone(),
                ty: None,
                value: expr(value, stream.span.before()),
            };
            let bound = ast::Stmt {
                kind: bound,
                span: decl.pattern.span,
            };
            (ident(ENTRY, stream.span.before()), Some(bound))
        }
    };
    let module = cx.modules.named().map(|module| format!("{module}."));
    let mut name = format!("{}{stream}.on", module.unwrap_or_default());
    let is_same = |f: &&Function| {
        let rest = f.name.strip_prefix(&name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("_no"))
    };
    let same = cx.program.functions.iter().filter(is_same).count();
    if same > 0 {
        name += &format!("_no{}", same + 1);
    }
    // Its type is the stream's, which is not looked up yet.
    let unknown = ast::Type {
        kind: ast::TypeKind::Tuple(Vec::new()),
        span: stream.span,
    };
    let param = ast::Field {
        doc: None,
        attrs: Vec::new(),
        span: param.span,
        name: param,
        ty: unknown,
        default: None,
    };
    let mut made = function_of(&name, param, stream.span);
    let mut body = decl.body.clone();
    body.stmts.splice(0..0, first);
    made.body = FnBody::Block(body);
    let function = add_hidden(cx, made, StreamPart::Consumer);
    cx.program.functions[function.0 as usize]
        .doc
        .clone_from(&doc);
    cx.consumers.push(ConsumerSource {
        stream: stream.clone(),
        function,
        doc,
    });
}

/// Looks up types and streams, and reads the attributes. Runs when the signatures of all functions are known.
pub fn resolve(cx: &mut Cx, between: &[Between]) {
    for at in numbers(between, |counts| counts.streams) {
        cx.enter(cx.streams[at].decl.name.span);
        resolve_stream(cx, at);
    }
    for at in numbers(between, |counts| counts.consumers) {
        let source = cx.consumers[at].clone();
        cx.enter(source.stream.span);
        let decl = &cx.functions[source.function.0 as usize].decl;
        let name = decl.params[0].name.name.clone();
        let Some(stream) = stream_named(cx, &source.stream) else {
            entry_of(cx, source.function, Type::Unknown, &name);
            continue;
        };
        cx.means(source.stream.span, Def::Stream(stream));
        let ty = cx.program.streams[stream.0 as usize].ty.clone();
        entry_of(cx, source.function, ty, &name);
        let made = Consumer {
            stream,
            function: source.function,
            doc: source.doc,
            span: source.stream.span,
        };
        // One that was there before has its place.
        match cx.program.consumers.get_mut(at) {
            Some(known) => *known = made,
            None => cx.program.consumers.push(made),
        }
    }
}

fn stream_named(cx: &mut Cx, name: &Ident) -> Option<StreamId> {
    if let Some(id) = cx.names.streams.get(name.as_str()) {
        return Some(*id);
    }
    if cx.names.later.contains_key(name.as_str()) {
        return None;
    }
    let found = Diagnostic::new(
        codes::E0201,
        name.span,
        format!("there is no stream `{name}` here"),
    )
    .label("not a stream");
    let elsewhere = crate::modules::elsewhere(cx, name);
    let known: Vec<String> = cx.names.streams.keys().cloned().collect();
    let found = did_you_mean(
        found,
        name.span,
        name.as_str(),
        known.iter().map(String::as_str),
    );
    let help = format!("declare it: `stream {name}: Entry`, where `Entry` is a record");
    let found = found.or(|found| match elsewhere {
        Some(elsewhere) => elsewhere.help_of_on(found),
        None => found.help(help),
    });
    cx.report(found);
    None
}

/// What is written with a small letter has one name in a file, or nobody would know what `posts.emit` is.
fn other_of_name(cx: &mut Cx, name: &Ident) {
    let constant = cx.names.constants.get(name.as_str());
    let constant = constant.map(|id| cx.program.constants[id.0 as usize].span);
    let functions = cx.names.functions.get(name.as_str()).into_iter().flatten();
    let mut functions = functions.map(|id| cx.program.function(*id));
    let function = functions.find(|f| !f.is_prelude).map(|f| f.span);
    let block = cx.names.externs.get(name.as_str()).map(|(span, _)| *span);
    let Some(other) = constant.or(function).or(block) else {
        return;
    };
    let is_later = other.file == name.span.file && other.start > name.span.start;
    let (again, first) = match is_later {
        true => (other, name.span),
        false => (name.span, other),
    };
    duplicate(cx, &ident(name.as_str(), again), first);
}

fn resolve_stream(cx: &mut Cx, at: usize) {
    let source = cx.streams[at].clone();
    other_of_name(cx, &source.decl.name);
    let of = ty(cx, &source.decl.ty, &[]);
    if matches!(of, Type::Fn(..)) {
        cx.report(
            Diagnostic::new(
                codes::E0405,
                source.decl.ty.span,
                "a function cannot be kept in a stream",
            )
            .label("not data")
            .help("keep data that says what to do, and decide in `on`"),
        );
    }
    cx.program.streams[at].ty = of.clone();
    let mut others: Vec<Attr> = Vec::new();
    let mut seen: Vec<&Attr> = Vec::new();
    for attr in source.attrs.iter() {
        if !matches!(attr.name.as_str(), "key" | "time" | "late" | "keep") {
            others.push(attr.clone());
            continue;
        }
        if let Some(first) = seen.iter().find(|a| a.name.name == attr.name.name) {
            let message = format!("`@{}` is written twice", attr.name);
            cx.report(
                Diagnostic::new(codes::E0508, attr.span, message)
                    .label("again here")
                    .secondary(first.span, "first here")
                    .help("keep one"),
            );
            continue;
        }
        seen.push(attr);
        match attr.name.as_str() {
            "key" => cx.program.streams[at].key = key(cx, attr, &of, source.key),
            "time" => cx.program.streams[at].time = time(cx, attr, &of, source.time),
            "late" => cx.program.streams[at].late_us = late(cx, attr, source.time.is_some()),
            _ => cx.program.streams[at].keep = keep(cx, attr),
        }
    }
    let (access, _) = attributes(cx, &others, source.decl.is_pub, false);
    cx.program.streams[at].access = access.clone();
    if let Some(append) = cx.program.streams[at].append {
        make_append(cx, StreamId(at as u32), append, access);
    }
}

/// `@key(by)`, `@key(user, page)`
fn key(cx: &mut Cx, attr: &Attr, of: &Type, function: Option<FnId>) -> Option<Derived> {
    let function = function?;
    entry_of(cx, function, of.clone(), ENTRY);
    if attr.args.is_empty() {
        let help = "write which field: `@key(by)`";
        misused(cx, attr, "says by what the entries have an order", help);
        return None;
    }
    let mut parts = Vec::new();
    for arg in &attr.args {
        let (value, ty) = part(cx, arg, of)?;
        if !can_be_key(cx, &ty) {
            let shown = crate::messages::show(&cx.program, &[], &ty);
            let message = format!("a value of type `{shown}` cannot be a key");
            cx.report(
                Diagnostic::new(codes::E0504, arg.span, message)
                    .label("not a key")
                    .help("keys are made of Bool, Int, Decimal, Text, Bytes, Time, Duration, Date, Money, `new` types and tuples of them"),
            );
            return None;
        }
        parts.push((value, ty));
    }
    let (value, ty) = match parts.len() {
        1 => parts.remove(0),
        _ => {
            let (values, types): (Vec<AstExpr>, Vec<Type>) = parts.into_iter().unzip();
            let field = |ty| TupleField { name: None, ty };
            let ty = Type::Tuple(types.into_iter().map(field).collect());
            let item = |value: AstExpr| ast::Arg {
                label: None,
                span: value.span,
                value,
            };
            let values = values.into_iter().map(item).collect();
            (expr(Ast::Tuple(values), attr.span), ty)
        }
    };
    Some(derived(cx, function, value, ty))
}

/// `@time(at)`
fn time(cx: &mut Cx, attr: &Attr, of: &Type, function: Option<FnId>) -> Option<Derived> {
    let function = function?;
    entry_of(cx, function, of.clone(), ENTRY);
    let [arg] = attr.args.as_slice() else {
        let help = "write which field: `@time(at)`";
        misused(cx, attr, "says when what an entry tells of happened", help);
        return None;
    };
    let (value, ty) = part(cx, arg, of)?;
    if !matches!(ty, Type::Time | Type::Unknown) {
        let shown = crate::messages::show(&cx.program, &[], &ty);
        let message = format!("the time of an entry is a `Time`, and this is `{shown}`");
        cx.report(
            Diagnostic::new(codes::E0301, arg.span, message)
                .label(format!("this is `{shown}`"))
                .help("name a field of type `Time`, or a function that gives one for an entry"),
        );
        return None;
    }
    Some(derived(cx, function, value, ty))
}

/// `@late(30s)`
fn late(cx: &mut Cx, attr: &Attr, is_timed: bool) -> Option<i64> {
    let Some(late_us) = duration(attr) else {
        let help = "write how late an entry may be: `@late(30s)`";
        misused(cx, attr, "takes a duration", help);
        return None;
    };
    if !is_timed {
        let help = "say by which field: `@time(at)`";
        misused(cx, attr, "needs to know when an entry happened", help);
        return None;
    }
    Some(late_us)
}

/// `@keep(7d)`, `@keep("audit")`
fn keep(cx: &mut Cx, attr: &Attr) -> Keep {
    if let Some(keep_us) = duration(attr) {
        return Keep::For(keep_us);
    }
    if let Some(reason) = text_arg(attr).filter(|reason| !reason.trim().is_empty()) {
        return Keep::Ever(reason);
    }
    let help = "write `@keep(7d)`, or why they stay for ever: `@keep(\"audit\")`";
    misused(cx, attr, "says how long entries are kept", help);
    Keep::Configured
}

fn duration(attr: &Attr) -> Option<i64> {
    match attr.args.as_slice() {
        [arg] => match arg.value.kind {
            Ast::Duration(us) if us > 0 => Some(us),
            _ => None,
        },
        _ => None,
    }
}

/// A field of the entry, or a field of a field, or a function of the entry; with its type.
fn part(cx: &mut Cx, arg: &ast::Arg, of: &Type) -> Option<(AstExpr, Type)> {
    let span = arg.value.span;
    let path = path(&arg.value).filter(|_| arg.label.is_none());
    let Some(path) = path else {
        cx.report(
            Diagnostic::new(codes::E0508, span, "a field of the entry stands here")
                .label("not a field")
                .help("write a field, as `by` or `at.day`, or the name of a function that takes an entry"),
        );
        return None;
    };
    if matches!(of, Type::Unknown) {
        return None;
    }
    let entry = expr(Ast::Var(ident(ENTRY, span.before())), span.before());
    let of_field = field_of(cx, of, path[0].as_str());
    if let (None, [name]) = (&of_field, path.as_slice())
        && let Some(all) = cx.names.functions.get(name.as_str()).cloned()
    {
        return function_part(cx, name, &all, entry, of);
    }
    let (mut value, mut ty) = (entry, of.clone());
    for name in path {
        let Some(found) = field_of(cx, &ty, name.as_str()) else {
            no_field(cx, name, &ty);
            return None;
        };
        value = expr(
            Ast::Field {
                base: Box::new(value),
                name: name.clone(),
            },
            name.span,
        );
        ty = found;
    }
    Some((value, ty))
}

/// The function of the program, or of the library, that takes an entry.
fn function_part(
    cx: &mut Cx,
    name: &Ident,
    all: &[FnId],
    entry: AstExpr,
    of: &Type,
) -> Option<(AstExpr, Type)> {
    let takes = |f: &&Function| match f.params.as_slice() {
        [param] => f.type_params.is_empty() && param.ty == *of,
        _ => false,
    };
    let functions = all.iter().map(|id| cx.program.function(*id));
    let Some(found) = functions.clone().find(takes) else {
        let declared = functions.clone().next().map(|f| f.span);
        let shown = crate::messages::show(&cx.program, &[], of);
        let message = format!("`{name}` does not take an entry of the stream");
        let mut told = Diagnostic::new(codes::E0302, name.span, message).label("does not fit");
        if let Some(span) = declared.filter(|span| cx.modules.is_program(span.file)) {
            told = told.secondary(span, "declared here");
        }
        cx.report(told.help(format!("it has one parameter, of type `{shown}`")));
        return None;
    };
    let ty = found.ret.clone();
    let callee = expr(Ast::Var(name.clone()), name.span);
    let span = entry.span;
    let arg = ast::Arg {
        label: None,
        value: entry,
        span,
    };
    let call = Ast::Call {
        callee: Box::new(callee),
        args: vec![arg],
    };
    Some((expr(call, name.span), ty))
}

/// The names of `by`, `at.day`.
fn path(e: &AstExpr) -> Option<Vec<&Ident>> {
    match &e.kind {
        Ast::Var(name) => Some(vec![name]),
        Ast::Field { base, name } => {
            let mut names = path(base)?;
            names.push(name);
            Some(names)
        }
        _ => None,
    }
}

fn field_of(cx: &Cx, ty: &Type, name: &str) -> Option<Type> {
    fields_of(cx, ty)
        .into_iter()
        .find(|field| field.name == name)
        .map(|field| field.ty)
}

fn fields_of(cx: &Cx, ty: &Type) -> Vec<NamedType> {
    match ty {
        Type::Record(id, args) => cx.program.record_fields(*id, args),
        Type::Tuple(fields) => {
            let named = |field: &TupleField| {
                Some(NamedType {
                    name: field.name.clone()?,
                    ty: field.ty.clone(),
                })
            };
            fields.iter().filter_map(named).collect()
        }
        _ => Vec::new(),
    }
}

fn no_field(cx: &mut Cx, name: &Ident, ty: &Type) {
    if matches!(ty, Type::Unknown) {
        return;
    }
    let shown = crate::messages::show(&cx.program, &[], ty);
    let known = fields_of(cx, ty);
    let found = Diagnostic::new(
        codes::E0204,
        name.span,
        format!("`{shown}` has no field `{name}`"),
    )
    .label("not there");
    let names = known.iter().map(|field| field.name.as_str());
    let found = did_you_mean(found, name.span, name.as_str(), names);
    let found = found.or(|found| {
        found.help(match known.is_empty() {
            true => format!("name a function that works it out: `fn {name}(entry: {shown}) -> ..`"),
            false => "name one of its fields, or a function that takes an entry".to_owned(),
        })
    });
    cx.report(found);
}

/// Gives a function that works something out from an entry its body.
fn derived(cx: &mut Cx, function: FnId, value: AstExpr, ty: Type) -> Derived {
    let source = &mut cx.functions[function.0 as usize];
    Arc::make_mut(&mut source.decl).body = FnBody::Expr(value);
    cx.program.functions[function.0 as usize].ret = ty.clone();
    Derived { function, ty }
}

fn entry_of(cx: &mut Cx, function: FnId, ty: Type, name: &str) {
    cx.program.functions[function.0 as usize].params = vec![Param {
        name: name.to_owned(),
        ty,
        default: None,
    }];
}

/// `pub fn posts.append(entries: List<Post>) -> List<Int> = for e in entries select posts.emit(e)`
fn make_append(cx: &mut Cx, stream: StreamId, id: FnId, access: Access) {
    let of = cx.program.streams[stream.0 as usize].clone();
    let span = of.span;
    let node = |kind, ty| Expr { kind, ty, span };
    let list = Type::List(Box::new(of.ty.clone()));
    let positions = Type::List(Box::new(Type::Int));
    let value = node(ExprKind::Local(LocalId(1)), of.ty.clone());
    let emit = ExprKind::Emit {
        stream,
        value: Box::new(value),
    };
    let each = Pattern {
        kind: PatternKind::Bind(LocalId(1)),
        ty: of.ty.clone(),
        span,
    };
    let entries = node(ExprKind::Local(LocalId(0)), list.clone());
    let all = For {
        most: None,
        generators: vec![(each, ForSource::Collection(entries))],
        wheres: Vec::new(),
        body: node(emit, Type::Int),
        kind: ForKind::Select,
    };
    let local = |name: &str, ty: &Type| Local {
        name: name.to_owned(),
        ty: ty.clone(),
        is_var: false,
        is_scratch: false,
        span,
    };
    let body = Body {
        locals: vec![local("entries", &list), local("entry", &of.ty)],
        root: node(ExprKind::For(Box::new(all)), positions.clone()),
    };
    let parts = of.name.split('.');
    let parts = parts.map(|part| RoutePart::Text(part.to_owned()));
    let route = Route {
        method: Method::Post,
        parts: parts.collect(),
        span,
    };
    entry_of(cx, id, list, "entries");
    let function = &mut cx.program.functions[id.0 as usize];
    function.ret = positions;
    function.access = access;
    function.route = Some(route);
    function.implementation = Implementation::Body(Arc::new(body));
    cx.functions[id.0 as usize].progress = Progress::Done;
}

fn misused(cx: &mut Cx, attr: &Attr, wants: &str, help: &str) {
    let message = format!("`@{}` {wants}", attr.name);
    cx.report(
        Diagnostic::new(codes::E0508, attr.span, message)
            .label("does not fit")
            .help(help),
    );
}

fn ident(name: &str, span: Span) -> Ident {
    Ident {
        name: name.to_owned(),
        span,
    }
}

fn expr(kind: Ast, span: Span) -> AstExpr {
    AstExpr { kind, span }
}

fn function_of(name: &str, param: ast::Field, span: Span) -> FnDecl {
    FnDecl {
        is_pub: None,
        name: ident(name, span),
        type_params: Vec::new(),
        params: vec![param],
        ret: None,
        fails: Vec::new(),
        // Comes when types are known.
        body: FnBody::Expr(expr(Ast::Tuple(Vec::new()), span)),
    }
}

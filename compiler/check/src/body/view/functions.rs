//! The functions behind a view: `feed` for each source, `pair` of a join, `row` of groups. `weir_contract::view` says what each takes
//! and gives.

use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span};
use weir_syntax::ast::{
    self, Arg, Clause, Expr, ExprKind as Ast, For, ForBody, Generator, Ident, Pattern, walk,
};

use super::outline::{Outline, names_in, wheres};
use super::{key_name, query};
use crate::body::{BodyCx, Fails};
use crate::hir::{self, Body, FnId, Implementation, Param, SourceOf, Type, ViewAggregate, ViewId};
use crate::scope::Cx;

/// What a group gives to its rows in place of one call of an aggregate.
struct Found {
    /// Of the call.
    span: Span,
    function: String,
    /// Its operand; `count()` has none.
    operand: Option<Expr>,
    /// `percentile(e, 0.9)`: what follows.
    rest: Vec<Arg>,
}

pub fn make(cx: &mut Cx, id: ViewId, outline: &Outline<'_>) {
    let found: Vec<Found> = match outline.keys {
        Some(_) => aggregates(outline),
        None => Vec::new(),
    };
    let part = part(outline, &found);
    let part_type = match &outline.join {
        None => {
            let (generators, wheres) =
                rows(cx, outline.first, outline.more, &outline.before, id, 0);
            let f = windowed(outline, generators, wheres, part);
            feed(cx, id, 0, &f)
        }
        Some(_) => joined(cx, id, outline, part),
    };
    let Some(part_type) = part_type else { return };
    let Some(keys) = outline.keys else { return };
    let operands = found.iter().filter(|f| f.operand.is_some()).count();
    let mut types = apart(part_type, keys.len() + operands);
    let operands = types.split_off(keys.len());
    groups(cx, id, outline, types, found, operands);
}

/// A part: the keys and operands where there are groups, or what rows are sorted by and the row.
fn part(outline: &Outline<'_>, found: &[Found]) -> Expr {
    let parts: Vec<Expr> = match outline.keys {
        Some(_) => {
            let keys = outline.key_values();
            let operands = found.iter().filter_map(|f| f.operand.clone());
            keys.into_iter().chain(operands).collect()
        }
        None => ordered(outline),
    };
    query::tuple(parts, outline.select.span.before())
}

fn ordered(outline: &Outline<'_>) -> Vec<Expr> {
    let order = outline.sort.iter().map(|key| key.expr.clone());
    order.chain([outline.select.clone()]).collect()
}

/// `for P in [what a feed is given], .. where ..`
fn rows(
    cx: &Cx,
    first: &Generator,
    more: &[Generator],
    wheres: &[Clause],
    id: ViewId,
    source: usize,
) -> (Vec<Generator>, Vec<Clause>) {
    let span = first.span;
    let given = given(cx, id, source, &first.source);
    let mut generators = vec![Generator {
        pattern: first.pattern.clone(),
        source: query::expr(Ast::List(vec![given]), first.source.span),
        span,
    }];
    generators.extend(more.iter().cloned());
    (generators, wheres.to_vec())
}

/// `.. select value`; where a part is in several windows, for each of them.
fn windowed(
    outline: &Outline<'_>,
    generators: Vec<Generator>,
    clauses: Vec<Clause>,
    value: Expr,
) -> Expr {
    let mut names = Vec::new();
    generators
        .iter()
        .for_each(|generator| query::bound(&generator.pattern, &mut names));
    wheres(&clauses).for_each(|cond| query::bound_by_is(cond, &mut names));
    let mut rows = query::Rows::new(generators, clauses, names);
    for (at, key) in outline.sliding() {
        rows.slide(key, at);
    }
    rows.select(value)
}

fn select(generators: Vec<Generator>, clauses: Vec<Clause>, value: Expr) -> Expr {
    let span = generators[0].span;
    let f = For {
        parallel: false,
        generators,
        clauses,
        limit: None,
        body: ForBody::Select(value),
    };
    query::expr(Ast::For(Box::new(f)), span)
}

/// What the feed of a source is given, by names that cannot be written.
fn given(cx: &Cx, id: ViewId, source: usize, named: &Expr) -> Expr {
    let span = named.span;
    let var = |name: String| query::var(&Ident { name, span });
    match cx.program.view(id).sources[source].of {
        SourceOf::View(_) | SourceOf::Stream(_) => var("the row".into()),
        SourceOf::Entity(entity) => {
            let keys = 0..cx.program.entity(entity).keys.len();
            let arg = |at| Arg {
                label: None,
                value: var(format!("the key {at}")),
                span,
            };
            let call = Ast::Call {
                callee: Box::new(named.clone()),
                args: keys.map(arg).collect(),
            };
            query::expr(call, span)
        }
    }
}

/// The parameters that go with [`given`].
fn takes(cx: &Cx, of: SourceOf) -> Vec<(String, Type)> {
    match of {
        SourceOf::View(view) => vec![("the row".into(), cx.program.view(view).row.clone())],
        SourceOf::Stream(stream) => {
            let entry = cx.program.streams[stream.0 as usize].ty.clone();
            vec![("the row".into(), entry)]
        }
        SourceOf::Entity(entity) => {
            let keys = cx.program.entity(entity).keys.iter().enumerate();
            let key =
                |(at, key): (usize, &hir::NamedType)| (format!("the key {at}"), key.ty.clone());
            keys.map(key).collect()
        }
    }
}

/// Checks the feed of a source; gives the type of an element of its list.
fn feed(cx: &mut Cx, id: ViewId, source: usize, e: &Expr) -> Option<Type> {
    let hir::ViewSource { of, feed, .. } = cx.program.view(id).sources[source];
    let takes = takes(cx, of);
    hidden(cx, feed, takes, e, |_| {})
}

/// Both feeds and the pairs; gives the type of a part.
fn joined(cx: &mut Cx, id: ViewId, outline: &Outline<'_>, part: Expr) -> Option<Type> {
    let join = outline.join.as_ref()?;
    let behind = outline.behind_join();
    let used = |name: &Ident| behind.iter().any(|e| names_in(e).contains(name.as_str()));
    let side = |generators: &[&Pattern], before: &[Clause]| {
        let mut names = Vec::new();
        generators.iter().for_each(|p| query::bound(p, &mut names));
        wheres(before).for_each(|cond| query::bound_by_is(cond, &mut names));
        names.retain(|name| used(name));
        names
    };
    let left: Vec<&Pattern> = [&outline.first.pattern]
        .into_iter()
        .chain(outline.more.iter().map(|generator| &generator.pattern))
        .collect();
    let left = side(&left, &outline.before);
    let right = side(&[join.pattern], &[]);
    let right_source = Generator {
        pattern: join.pattern.clone(),
        source: join.source.clone(),
        span: join.source.span,
    };
    let sides = [
        (
            outline.first,
            outline.more,
            &outline.before[..],
            &join.left,
            left,
        ),
        (&right_source, &[][..], &[][..], &join.right, right),
    ];
    let mut payloads = Vec::new();
    for (at, (first, more, wheres, on, names)) in sides.into_iter().enumerate() {
        let span = first.span;
        let states = state_read(cx, id, at, &names, &first.pattern, &behind);
        let on = query::tuple(on.iter().map(|e| (*e).clone()).collect(), span);
        let values = names
            .iter()
            .map(query::var)
            .chain(states.iter().map(|(of, name)| {
                let field = Ast::Field {
                    base: Box::new(query::var(of)),
                    name: name.clone(),
                };
                let field = query::expr(field, span);
                match cx.program.view(id).sources[at].of {
                    SourceOf::Entity(entity) if is_handler(cx, entity, name) => {
                        let call = Ast::Call {
                            callee: Box::new(field),
                            args: Vec::new(),
                        };
                        query::expr(call, span)
                    }
                    _ => field,
                }
            }));
        let payload = query::tuple(values.collect(), span);
        let both = query::expr(query::tuple_kind(vec![on, payload]), span);
        let (generators, wheres) = rows(cx, first, more, wheres, id, at);
        let f = select(generators, wheres, both);
        let ty = apart(feed(cx, id, at, &f)?, 2).pop()?;
        let hidden = states.iter().map(|(of, name)| state_name(of, name));
        let names = names.iter().cloned().chain(hidden);
        let pattern = query::tuple_pattern(names.map(|name| query::bind(&name)).collect(), span);
        payloads.push((pattern, ty));
    }
    let pair = cx.program.view(id).pair?;
    let name = |at: usize| format!("the payload {at}");
    let generator = |(at, (pattern, _)): (usize, &(Pattern, Type))| {
        let span = pattern.span;
        let source = query::var(&Ident {
            name: name(at),
            span,
        });
        Generator {
            pattern: pattern.clone(),
            source: query::expr(Ast::List(vec![source]), span),
            span,
        }
    };
    let generators = payloads.iter().enumerate().map(generator).collect();
    let f = windowed(outline, generators, outline.behind.clone(), part);
    let takes = payloads.into_iter().enumerate();
    let takes = takes.map(|(at, (_, ty))| (name(at), ty)).collect();
    hidden(cx, pair, takes, &f, |_| {})
}

/// The state of the instances of a source that is read behind a join, and functions that read it: what they give is worked out
/// in front of the join and carried along.
fn state_read<'e>(
    cx: &Cx,
    id: ViewId,
    source: usize,
    names: &'e [Ident],
    pattern: &Pattern,
    behind: &[&'e Expr],
) -> Vec<(&'e Ident, Ident)> {
    let SourceOf::Entity(entity) = cx.program.view(id).sources[source].of else {
        return Vec::new();
    };
    let ast::PatternKind::Bind(bound) = &pattern.kind else {
        return Vec::new();
    };
    let Some(of) = names.iter().find(|name| name.name == bound.name) else {
        return Vec::new();
    };
    let fields = &cx.program.entity(entity).fields;
    let mut found: Vec<(&Ident, Ident)> = Vec::new();
    for e in behind {
        walk::walk_expr(e, &mut |node| {
            let walk::Node::Expr(Expr {
                kind: Ast::Field { base, name },
                ..
            }) = node
            else {
                return;
            };
            let is_of = matches!(&base.kind, Ast::Var(var) if var.name == of.name);
            let is_state =
                fields.iter().any(|field| field.name == name.name) || is_handler(cx, entity, name);
            let is_known = found.iter().any(|(_, known)| known.name == name.name);
            if is_of && is_state && !is_known {
                found.push((of, name.clone()));
            }
        });
    }
    found
}

/// Whether an entity has a function of that name that takes nothing.
fn is_handler(cx: &Cx, entity: hir::EntityId, name: &Ident) -> bool {
    let mut handlers = cx.program.entity(entity).handlers.iter();
    handlers.any(|id| {
        let handler = cx.program.function(*id);
        handler.name == name.name && handler.params.is_empty()
    })
}

/// `h.name`, by which the state of `h` is carried along: no name that can be written.
pub fn state_name(of: &Ident, field: &Ident) -> Ident {
    Ident {
        name: format!("{}.{}", of.name, field.name),
        span: field.span,
    }
}

/// The calls of aggregates behind the groups, each once.
fn aggregates(outline: &Outline<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut inside: Option<Span> = None;
    for e in outline.behind_group() {
        walk::walk_expr(e, &mut |node| {
            let walk::Node::Expr(e) = node else { return };
            let Ast::Call { callee, args } = &e.kind else {
                return;
            };
            let Ast::Var(name) = &callee.kind else { return };
            let is_inside = |outer: Span| {
                outer.file == e.span.file && outer.start <= e.span.start && e.span.end <= outer.end
            };
            if !query::is_aggregate(name.as_str(), args.len()) || inside.is_some_and(is_inside) {
                return;
            }
            inside = Some(e.span);
            found.push(Found {
                span: e.span,
                function: name.name.clone(),
                operand: args.first().map(|arg| arg.value.clone()),
                rest: args.iter().skip(1).cloned().collect(),
            });
        });
    }
    found
}

/// Which aggregates a runtime keeps, and the function that makes rows of what it has.
fn groups(
    cx: &mut Cx,
    id: ViewId,
    outline: &Outline<'_>,
    key_types: Vec<Type>,
    found: Vec<Found>,
    operands: Vec<Type>,
) {
    let keys = outline.keys.unwrap_or_default();
    let named = keys
        .iter()
        .enumerate()
        .map(|(at, key)| key_name(key, at).name);
    let mut takes: Vec<(String, Type)> = named.zip(key_types).collect();
    let mut kept = Vec::new();
    let mut results: Vec<(Span, Expr)> = Vec::new();
    let mut operands = operands.into_iter();
    for call in found {
        let span = call.span;
        let operand = call.operand.as_ref().and_then(|_| operands.next());
        let mut result = |kept: &mut Vec<ViewAggregate>, kind, ty| {
            // How many there are is the same wherever it is asked.
            let counted = kept.iter().position(|known| *known == kind);
            let known = counted.filter(|_| kind == ViewAggregate::Count);
            let name = format!("the result {}", known.unwrap_or(kept.len()));
            if known.is_none() {
                kept.push(kind);
                takes.push((name.clone(), ty));
            }
            query::var(&Ident { name, span })
        };
        let Some(operand) = operand else {
            let count = result(&mut kept, ViewAggregate::Count, Type::Int);
            results.push((span, count));
            continue;
        };
        let adds_up = matches!(
            operand,
            Type::Int | Type::Decimal | Type::Duration | Type::Money
        );
        let value = match call.function.as_str() {
            "sum" if adds_up => result(&mut kept, ViewAggregate::Sum, operand),
            "average" if adds_up => {
                let is_int = operand == Type::Int;
                let is_number = matches!(operand, Type::Int | Type::Decimal);
                let sum = result(&mut kept, ViewAggregate::Sum, operand);
                let count = result(&mut kept, ViewAggregate::Count, Type::Int);
                let decimal = |e: Expr, wanted: bool| match wanted {
                    true => query::method(e, "to_decimal", vec![]),
                    false => e,
                };
                let kind = Ast::Binary {
                    op: ast::BinaryOp::Div,
                    op_span: span,
                    left: Box::new(decimal(sum, is_int)),
                    right: Box::new(decimal(count, is_number)),
                };
                query::expr(kind, span)
            }
            "min" => result(&mut kept, ViewAggregate::Min, operand),
            "max" => result(&mut kept, ViewAggregate::Max, operand),
            "count_distinct" => result(&mut kept, ViewAggregate::Distinct, Type::Int),
            function => {
                let all = result(&mut kept, ViewAggregate::Values, Type::list(operand));
                query::over_values(function, all, &call.rest)
            }
        };
        results.push((span, value));
    }
    let value = query::tuple(ordered(outline), outline.select.span.before());
    let once = Generator {
        pattern: query::wildcard(outline.span.before()),
        source: query::expr(
            Ast::List(vec![query::expr(Ast::Bool(true), outline.span)]),
            outline.span.before(),
        ),
        span: outline.span.before(),
    };
    let e = select(vec![once], outline.having.clone(), value);
    let Some(group) = &mut cx.program.views[id.0 as usize].group else {
        return;
    };
    group.keys = keys.len();
    group.window = outline.window;
    group.aggregates = kept;
    let row = group.row;
    hidden(cx, row, takes, &e, |body| body.results = results);
}

/// Checks the body of one of these functions. What is wrong with a query was said before; gives the type of an element.
fn hidden(
    cx: &mut Cx,
    id: FnId,
    takes: Vec<(String, Type)>,
    e: &Expr,
    with: impl FnOnce(&mut BodyCx<'_>),
) -> Option<Type> {
    let told = cx.diagnostics.len();
    // Editors know these places from the query itself.
    let (meanings, asked) = (cx.meanings.take(), cx.asked.take());
    let mut body = BodyCx::new(cx, Fails::Never("a view"));
    with(&mut body);
    for (name, ty) in &takes {
        let local = body.add_local(name, ty.clone(), false, e.span.before());
        body.used[local.0 as usize] = true;
    }
    let root = body.expr(e, None);
    let (body, _) = body.finish(root);
    (cx.meanings, cx.asked) = (meanings, asked);
    let behind = cx.diagnostics.split_off(told);
    let errors: Vec<Diagnostic> = behind.into_iter().filter(Diagnostic::is_error).collect();
    let is_wrong = !errors.is_empty();
    cx.diagnostics.extend(errors);
    let element = match &body.root.ty {
        Type::List(element) => (**element).clone(),
        _ => return None,
    };
    give(cx, id, takes, body);
    (!is_wrong).then_some(element)
}

/// Puts a body into its function.
pub fn give(cx: &mut Cx, id: FnId, takes: Vec<(String, Type)>, body: Body) {
    let function = &mut cx.program.functions[id.0 as usize];
    let param = |(name, ty): (String, Type)| Param {
        name,
        ty,
        default: None,
    };
    function.params = takes.into_iter().map(param).collect();
    function.ret = body.root.ty.clone();
    function.implementation = Implementation::Body(Arc::new(body));
}

/// What a tuple of so many is made of; one alone is itself.
fn apart(ty: Type, count: usize) -> Vec<Type> {
    match ty {
        Type::Tuple(parts) if count > 1 => parts.into_iter().map(|part| part.ty).collect(),
        ty => vec![ty],
    }
}

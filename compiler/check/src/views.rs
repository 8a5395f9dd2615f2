//! `view name = for .. select ..`: a number for it and for the functions that it becomes. What those do is worked out when it
//! is known what a row is (`body/view`); how many there are shows in the text.

use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{
    self, Attr, ClauseKind, Expr, ExprKind as Ast, FnBody, FnDecl, ForBody, Ident,
};

use crate::collect::{add_function, duplicate, empty_body};
use crate::hir::*;
use crate::scope::{Cx, Progress};
use crate::signatures::text_arg;

pub fn collect(cx: &mut Cx, item: &ast::Item, decl: &ast::ViewDecl, doc: Option<String>) {
    let id = ViewId(cx.views.len() as u32);
    match taken(cx, decl.name.as_str()) {
        Some(first) => duplicate(cx, &decl.name, first),
        None => cx.names.views.insert(decl.name.name.clone(), id),
    }
    let is_for = |e: &Expr| match &e.kind {
        Ast::For(f) if matches!(f.body, ForBody::Select(_)) => Some(f.clauses.clone()),
        _ => None,
    };
    let clauses = is_for(&decl.value).unwrap_or_default();
    let is_joined = clauses
        .iter()
        .any(|c| matches!(c.kind, ClauseKind::Join { .. }));
    let is_grouped = clauses
        .iter()
        .any(|c| matches!(c.kind, ClauseKind::GroupBy(_)));
    let keep = item.attrs.iter().find(|attr| attr.name.as_str() == "keep");
    if let Some(attr) = keep
        && text_arg(attr).is_none()
    {
        cx.report(
            Diagnostic::new(codes::E0508, attr.span, "`@keep` of a view says why it may remember for ever")
                .label("no reason")
                .help("write it as a text, `@keep(\"..\")`; how long entries stay is said at their stream"),
        );
    }
    let attrs: Vec<Attr> = item.attrs.clone();
    let attrs: Vec<Attr> = attrs
        .into_iter()
        .filter(|a| a.name.as_str() != "keep")
        .collect();
    let mut part =
        |part: &str, attrs: &[Attr], doc: Option<String>| function(cx, id, decl, part, attrs, doc);
    let all = part("", &attrs, doc.clone());
    let at = is_grouped.then(|| {
        let access = |attr: &&Attr| matches!(attr.name.as_str(), "anyone" | "role");
        let access: Vec<Attr> = attrs.iter().filter(access).cloned().collect();
        part(".at", &access, doc.clone())
    });
    let feeds = match is_joined {
        true => vec![part(".left", &[], None), part(".right", &[], None)],
        false => vec![part(".feed", &[], None)],
    };
    let pair = is_joined.then(|| part(".pair", &[], None));
    let row = is_grouped.then(|| part(".row", &[], None));
    let source = |feed| ViewSource {
        // Nobody looks before it is known.
        of: SourceOf::View(id),
        feed,
        span: decl.name.span,
    };
    cx.program.views.push(View {
        name: cx.program.function(all).name.clone(),
        sources: feeds.into_iter().map(source).collect(),
        pair,
        group: row.map(|row| ViewGroup {
            keys: 0,
            aggregates: Vec::new(),
            row,
            window: None,
        }),
        row: Type::Unknown,
        descending: Vec::new(),
        limit: None,
        all,
        at,
        meaning: Arc::new(empty_body(decl.name.span)),
        is_pub: decl.is_pub.is_some(),
        keep: keep.and_then(text_arg),
        doc,
        span: decl.name.span,
    });
    cx.views.push((Arc::new(decl.clone()), Progress::Waiting));
}

/// Says so when a view has the name already.
pub fn no_view_of(cx: &mut Cx, name: &Ident) {
    if let Some(view) = cx.names.views.get(name.as_str()) {
        let first = cx.program.view(*view).span;
        duplicate(cx, name, first);
    }
}

/// Where the module has declared the name already.
fn taken(cx: &Cx, name: &str) -> Option<Span> {
    let view = cx.names.views.get(name);
    let constant = cx.names.constants.get(name);
    let functions = cx.names.functions.get(name).into_iter().flatten();
    let mut functions = functions.map(|f| cx.program.function(*f));
    let function = functions.find(|f| !f.is_prelude).map(|f| f.span);
    let block = cx.names.externs.get(name).map(|(span, _)| *span);
    view.map(|view| cx.program.view(*view).span)
        .or(constant.map(|c| cx.program.constants[c.0 as usize].span))
        .or(function)
        .or(block)
}

fn function(
    cx: &mut Cx,
    view: ViewId,
    decl: &ast::ViewDecl,
    part: &str,
    attrs: &[Attr],
    doc: Option<String>,
) -> FnId {
    let span = decl.name.span;
    let is_read = matches!(part, "" | ".at");
    let name = format!("{}{part}", decl.name);
    let made = FnDecl {
        is_pub: decl.is_pub.filter(|_| is_read),
        name: Ident { name, span },
        type_params: Vec::new(),
        params: Vec::new(),
        ret: None,
        fails: Vec::new(),
        body: FnBody::Expr(Expr {
            kind: Ast::Hole,
            span: span.before(),
        }),
    };
    let id = add_function(cx, &Arc::new(made), attrs, doc, None, false);
    let source = &mut cx.functions[id.0 as usize];
    (source.infers_fails, source.progress) = (false, Progress::Done);
    let module = cx.modules.named().map(str::to_owned);
    let function = &mut cx.program.functions[id.0 as usize];
    function.of_view = Some(view);
    if let Some(module) = module {
        function.name = format!("{module}.{}", function.name);
    }
    id
}

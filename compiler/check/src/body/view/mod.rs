//! Views: what a row is, and the functions that a runtime keeps the rows with.
//!
//! ```text
//! view loud = for h in Hotel where h.noise > 3 group by h.town select (town, count())
//!   loud.feed(KEY)          = for h in [Hotel(KEY)] where h.noise > 3 select h.town
//!   loud.row(town, COUNT)   = for _ in [true] select (town, COUNT)
//!   loud.all(), loud.at(K)  read it
//! ```
//! First the query is checked as it was written, with what there is to say about it. Only when nothing is wrong the functions are
//! made, by rewriting syntax, so nothing is left to say of them but what a view may not do.

mod functions;
mod outline;
mod windows;

use std::sync::Arc;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, ForBody, GroupKey, Ident};

use super::{BodyCx, Fails, entry, hole, node, query};
use crate::hir::*;
use crate::meanings::Def;
use crate::scope::{Cx, Progress};
use crate::walk;
use outline::{Outline, outline};

/// Works out a view unless that was done: what reads it needs to know what a row is.
pub fn view(cx: &mut Cx, id: ViewId) {
    let at = id.0 as usize;
    let (decl, progress) = cx.views[at].clone();
    match progress {
        Progress::Done => return,
        Progress::Running => {
            cx.report(
                Diagnostic::new(
                    codes::E0507,
                    decl.name.span,
                    format!("the view `{}` is made of itself", decl.name),
                )
                .label("leads back here")
                .help("name the stream or the entity that its rows are made of"),
            );
            return;
        }
        Progress::Waiting => cx.views[at].1 = Progress::Running,
    }
    let outer = cx.enter(decl.name.span);
    let told = cx.diagnostics.len();
    let is_wrong = |cx: &Cx| cx.diagnostics[told..].iter().any(Diagnostic::is_error);
    if let Some(mut outline) = outline(cx, &decl.value) {
        windows::find(cx, &mut outline);
        if !is_wrong(cx) {
            meaning(cx, id, &outline);
        }
        if !is_wrong(cx) {
            windows::bounded(cx, id, &outline);
            functions::make(cx, id, &outline);
        }
    }
    reads(cx, id, is_wrong(cx));
    cx.views[at].1 = Progress::Done;
    cx.enter_module(outer);
}

/// Checks the query as it stands there.
fn meaning(cx: &mut Cx, id: ViewId, outline: &Outline<'_>) {
    let query = with_first_key(outline);
    let mut body = BodyCx::new(cx, Fails::Never("a view"));
    if outline.bounds().is_some() {
        let span = outline.span.before();
        let forgotten = body.add_local(windows::FORGOTTEN, Type::Time, false, span);
        body.used[forgotten.0 as usize] = true;
    }
    body.in_view = Some(outline.window.is_some() && outline.join.is_none());
    let root = body.expr(&query, None);
    let mut sources = Vec::new();
    for source in outline.sources() {
        match body.source_of(source) {
            Some(of) => sources.push((of, source.span)),
            None => body.report(
                Diagnostic::new(codes::E0521, source.span, "a view is not made of this")
                    .label("no stream, entity or view")
                    .help("name what the rows come from: `for h in Hotel`; a list can follow behind a comma: `for h in Hotel, tag in h.tags`"),
            ),
        }
    }
    for other in outline.others() {
        if body.source_of(other).is_some() {
            body.report(
                Diagnostic::new(codes::E0521, other.span, "a view has one source, or two that are joined")
                    .label("one too many")
                    .help("say what they have in common: `for o in orders join c in Customer on o.customer == c.id`"),
            );
        }
    }
    let (body, _) = body.finish(root);
    let view = &mut cx.program.views[id.0 as usize];
    view.row = match (&body.root.ty, outline.keys) {
        (Type::List(row), None) => (**row).clone(),
        (Type::List(pair), Some(_)) => match &**pair {
            Type::Tuple(parts) => parts[1].ty.clone(),
            _ => Type::Unknown,
        },
        _ => Type::Unknown,
    };
    view.meaning = Arc::new(body);
    for (source, (of, span)) in view.sources.iter_mut().zip(sources) {
        (source.of, source.span) = (of, span);
    }
    view.limit = outline.limit;
    view.descending = outline.sort.iter().map(|key| key.desc).collect();
}

/// Where a view is grouped, the first key beside each row; of windows only those that are not forgotten.
fn with_first_key(outline: &Outline<'_>) -> ast::Expr {
    let mut f = outline.query.clone();
    windows::remembered(outline, &mut f.clauses);
    for clause in &mut f.clauses {
        let ast::ClauseKind::GroupBy(keys) = &mut clause.kind else {
            continue;
        };
        let Some(first) = keys.first_mut() else {
            continue;
        };
        let name = key_name(first, 0);
        first.name = Some(name.clone());
        if let ForBody::Select(row) = &f.body {
            let place = row.span.before();
            let both = vec![query::var(&name), row.clone()];
            f.body = ForBody::Select(query::expr(query::tuple_kind(both), place));
        }
    }
    query::expr(Ast::For(Box::new(f)), outline.span)
}

/// What a key is called: as it says, or by a name that cannot be written.
fn key_name(key: &GroupKey, at: usize) -> Ident {
    query::name_of(key).unwrap_or(Ident {
        name: format!("key {at}"),
        span: key.span.before(),
    })
}

/// The functions that give the rows.
fn reads(cx: &mut Cx, id: ViewId, is_wrong: bool) {
    let view = cx.program.view(id);
    let (all, at, row, span) = (view.all, view.at, view.row.clone(), view.span);
    let key = view.group.as_ref().and_then(|group| {
        let row = cx.program.function(group.row);
        row.params.first().map(|param| param.ty.clone())
    });
    let read = |key: Option<Type>| {
        let local = |ty: Type| Local {
            name: "key".into(),
            ty,
            is_var: false,
            is_scratch: false,
            span,
        };
        let given = key.clone();
        let given = given.map(|ty| Box::new(node(ExprKind::Local(LocalId(0)), ty, span)));
        let kind = ExprKind::ReadView {
            view: id,
            key: given,
        };
        Body {
            locals: key.into_iter().map(local).collect(),
            root: node(kind, Type::list(row.clone()), span),
        }
    };
    functions::give(cx, all, Vec::new(), read(None));
    at_its_name(cx, all, span, []);
    let Some(at) = at else { return };
    let ty = key.unwrap_or(Type::Unknown);
    if is_wrong && ty == Type::Unknown {
        return;
    }
    let takes = vec![("key".into(), ty.clone())];
    functions::give(cx, at, takes, read(Some(ty.clone())));
    if !crate::routes::fits_a_path(cx, &ty) {
        // Nobody could ask for it.
        cx.program.functions[at.0 as usize].is_pub = false;
    }
    at_its_name(cx, at, span, [RoutePart::Param("key".into())]);
}

/// What is read of a public view is where the view's name says, unless that says something else: `/trending`, `/trending/{key}`.
fn at_its_name<const N: usize>(cx: &mut Cx, id: FnId, span: Span, rest: [RoutePart; N]) {
    let function = &mut cx.program.functions[id.0 as usize];
    if function.is_pub && function.route.is_none() {
        let whole = function.name.strip_suffix(".at").unwrap_or(&function.name);
        let parts = whole.split('.').map(|part| RoutePart::Text(part.into()));
        function.route = Some(Route {
            method: Method::Get,
            parts: parts.chain(rest).collect(),
            span,
        });
    }
}

impl BodyCx<'_> {
    /// The view that an expression names: `trending`, `shop.trending`.
    pub(super) fn view_meant(&mut self, e: &ast::Expr) -> Option<ViewId> {
        let (name, id) = match &e.kind {
            Ast::Var(name) => {
                let id = *self.cx.names.views.get(name.as_str())?;
                if self.lookup(name.as_str()).is_some() || self.is_own_field(name.as_str()) {
                    return None;
                }
                (name, id)
            }
            Ast::Field { base, name } => {
                let module = self.imported(base)?;
                let id = *self.cx.modules.own[module].views.get(name.as_str())?;
                (name, id)
            }
            _ => return None,
        };
        self.means(name.span, Def::View(id));
        Some(id)
    }

    /// What a view can be made of.
    fn source_of(&mut self, e: &ast::Expr) -> Option<SourceOf> {
        if let Some(view) = self.view_meant(e) {
            return Some(SourceOf::View(view));
        }
        if let Some(stream) = self.stream_meant(e) {
            return Some(SourceOf::Stream(stream));
        }
        self.entity_meant(e).map(SourceOf::Entity)
    }

    /// A view where a value is wanted.
    pub(super) fn view_as_value(&mut self, view: ViewId, name: &Ident) -> Expr {
        self.means(name.span, Def::View(view));
        let message = format!("`{name}` is a view, which is no value");
        self.report(
            Diagnostic::new(codes::E0305, name.span, message)
                .label("not read")
                .help(format!("read its rows: `{name}.all()`"))
                .fix("read all rows", vec![(name.span.after(), ".all()".into())]),
        );
        hole(name.span)
    }

    /// `h.name` behind the join of a view, where `h` is an instance and its state was read in front of the join.
    pub(super) fn carried_state(
        &mut self,
        base: &ast::Expr,
        name: &Ident,
        span: Span,
    ) -> Option<Expr> {
        let Ast::Var(of) = &base.kind else {
            return None;
        };
        let hidden = functions::state_name(of, name);
        let carried = self.lookup(hidden.as_str())?;
        // Something nearer of the same name has nothing to do with it.
        if self.lookup(of.as_str())? > carried {
            return None;
        }
        let ty = self.locals[carried.0 as usize].ty.clone();
        Some(node(ExprKind::Local(carried), ty, span))
    }

    /// All rows of a view.
    pub(super) fn rows_of(&mut self, view: ViewId, span: Span) -> Expr {
        self.read_view(view, None, span)
    }

    fn read_view(&mut self, view: ViewId, key: Option<Expr>, span: Span) -> Expr {
        entry::view(self.cx, view);
        let row = self.cx.program.view(view).row.clone();
        let key = key.map(Box::new);
        node(ExprKind::ReadView { view, key }, Type::list(row), span)
    }

    /// `trending.all()`, `trending.at("#weir")`; `args` is nothing where there are no parentheses.
    pub(super) fn member_of_view(
        &mut self,
        view: ViewId,
        name: &Ident,
        args: Option<&[ast::Arg]>,
        span: Span,
    ) -> Expr {
        entry::view(self.cx, view);
        let (at, shown) = {
            let view = self.cx.program.view(view);
            (view.at, view.name.clone())
        };
        let args = args.unwrap_or_default();
        match (name.as_str(), at) {
            ("all", _) if args.is_empty() => {
                self.means(name.span, Def::Builtin("all"));
                return self.read_view(view, None, span);
            }
            ("at", Some(at)) if args.len() == 1 => {
                self.means(name.span, Def::Builtin("at"));
                let params = &self.cx.program.function(at).params;
                let key = params
                    .first()
                    .map_or(Type::Unknown, |param| param.ty.clone());
                let key = self.expr_of(&args[0].value, &key);
                return self.read_view(view, Some(key), span);
            }
            ("all", _) => self.report(
                Diagnostic::new(codes::E0302, span, "`all` takes no arguments")
                    .label("too many")
                    .help(match at {
                        Some(_) => "to read the rows of a key, write `.at(key)`",
                        None => "choose among the rows: `for r in .. where ..`",
                    }),
            ),
            ("at", Some(_)) => self.report(
                Diagnostic::new(
                    codes::E0302,
                    span,
                    "`at` takes the first key of the rows that are wanted",
                )
                .label("one key")
                .help(format!(
                    "write `{shown}.at(key)`; for the other keys, choose among what it gives"
                )),
            ),
            ("at", None) => self.report(
                Diagnostic::new(
                    codes::E0204,
                    name.span,
                    format!("the view `{shown}` has no key"),
                )
                .label("nothing to look for")
                .help(format!(
                    "only views with `group by` have one: write `for r in {shown} where ..`"
                )),
            ),
            _ => self.report(
                Diagnostic::new(codes::E0204, name.span, format!("a view has no `{name}`"))
                    .label("not there")
                    .help(match at {
                        Some(_) => format!("read it first: `{shown}.all()`, or `{shown}.at(key)`"),
                        None => format!("read it first: `{shown}.all()`"),
                    }),
            ),
        }
        self.check_loose(args);
        hole(span)
    }

    /// `peek e`: what is read is not waited for. One machine has nothing to wait for, so it is the read itself.
    pub(super) fn peek(&mut self, inner: &ast::Expr, want: Option<&Type>, span: Span) -> Expr {
        if let Ast::Tuple(parts) = &inner.kind
            && parts.len() > 1
        {
            self.report(
                Diagnostic::new(
                    codes::E0302,
                    inner.span,
                    "`peek` takes what is read, and nothing else",
                )
                .label("more than one thing")
                .help("write `peek` in front of what is read: `peek Page(url).likes`"),
            );
            return hole(span);
        }
        let read = self.expr(inner, want);
        let mut is_read = false;
        walk::all(&read, &mut |e| {
            is_read |= matches!(e.kind, ExprKind::ReadView { .. } | ExprKind::StateOf { .. });
        });
        if !is_read && self.head(&read.ty) != Type::Unknown {
            self.report(
                Diagnostic::new(
                    codes::E0508,
                    span,
                    "`peek` reads a view, or the `pub state` of an instance",
                )
                .label("neither of them")
                .help("leave `peek` away"),
            );
        }
        read
    }
}

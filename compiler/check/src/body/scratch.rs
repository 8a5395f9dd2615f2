//! `scratch let`: temporary data, and the code that makes it.
//!
//! ```text
//! scratch let counts = parallel for f in files, word in f.lines() where c group by word select (word, count())
//!   source   for ITEM in files select ITEM
//!   each     PART => for f in PART, word in f.lines() where c select (word, (f, word))
//!   finish   ROWS => for (word, ALL) in ROWS.groups() select (word, (word, ALL.length()))
//! ```
//! The items are cut into parts, `each` is run on each part, and what comes of them is put together in their order. So `finish`
//! takes what it would take if there were one part only. Where there is a `group by` it takes the rows of some of the groups, and
//! what it gives is put together by the key, which comes first in it. Anything but `parallel for` is one piece of code.

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{self, ExprKind as Ast, ForBody};

use super::query::{bind, expr, var};
use super::{BodyCx, Fails, FrameKind, hole, node, undo};
use crate::hir::*;

impl BodyCx<'_> {
    pub(super) fn scratch_let(
        &mut self,
        pattern: &ast::Pattern,
        ty: Option<&ast::Type>,
        value: &ast::Expr,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let (value, compensation) = undo::parts(value);
        if let Some(compensation) = compensation {
            self.misplaced(
                compensation.span,
                "temporary data has nothing to undo",
                "leave the `undo` away",
            );
        }
        let ast::PatternKind::Bind(name) = &pattern.kind else {
            let help = "give it one name, and take it apart where it is read";
            self.misplaced(pattern.span, "`scratch let` takes one name", help);
            return;
        };
        let found = self.scratch(name, value, span);
        let found = match ty {
            Some(written) => {
                let ty = self.written(written);
                let found = self.fit(found, &ty, None);
                Expr { ty, ..found }
            }
            None => found,
        };
        let pattern = self.pattern(pattern, &found.ty.clone());
        if let PatternKind::Bind(id) = pattern.kind {
            self.locals[id.0 as usize].is_scratch = true;
        }
        out.push(Stmt::Let(pattern, found));
    }

    /// Who declares this failure deals with data that is lost. A branch of `parallel` is parked, as it ends in no function.
    fn scratch_lost(&self) -> Option<ErrorId> {
        let lost = self.cx.program.failures.scratch_lost;
        match &self.fails {
            Fails::Declared(declared) if self.lambdas.is_empty() => {
                declared.contains(&lost).then_some(lost)
            }
            _ => None,
        }
    }

    fn misplaced(&mut self, span: Span, what: &str, help: &str) {
        self.report(
            Diagnostic::new(codes::E0508, span, what)
                .label("not here")
                .help(help),
        );
    }

    fn scratch(&mut self, name: &ast::Ident, value: &ast::Expr, span: Span) -> Expr {
        let (code, ty) = match &value.kind {
            Ast::For(f) if f.parallel => match self.tasks(f, value.span) {
                Some(tasks) => tasks,
                None => return hole(span),
            },
            _ => {
                let lambda =
                    self.closure(FrameKind::Scratch, |b| (Vec::new(), b.plain(value, None)));
                let ty = lambda.body.ty.clone();
                (ScratchCode::Whole(lambda), ty)
            }
        };
        let scratch = Scratch {
            name: name.name.clone(),
            code,
            lost: self.scratch_lost(),
        };
        let captures = scratch.captures();
        let mut given = captures.iter().map(|id| &self.locals[id.0 as usize]);
        if let Some(function) = given.find(|local| matches!(local.ty, Type::Fn(..))) {
            let what = format!(
                "`{}` is a function that was given to this one",
                function.name
            );
            let help = "call it before, and use what it gives";
            self.misplaced(value.span, &what, help);
        }
        node(ExprKind::Scratch(Box::new(scratch)), ty, value.span)
    }

    fn tasks(&mut self, f: &ast::For, span: Span) -> Option<(ScratchCode, Type)> {
        if !self.in_order(f) {
            return None;
        }
        if let Some(limit) = &f.limit {
            let help = "leave it away: how many threads there are decides";
            self.misplaced(limit.span, "`limit` on the tasks of temporary data", help);
        }
        let ForBody::Select(selected) = &f.body else {
            let help = "end it with `select`, or write `parallel for` without `scratch let`";
            self.misplaced(
                span,
                "temporary data is a value, and this loop gives none",
                help,
            );
            return None;
        };
        let first = f.generators.first()?;
        let (source, item) = self.items_of(&first.source);
        let part = ast::Ident {
            name: "part of the items".to_owned(),
            span: first.source.span,
        };
        let mut of_part = f.clone();
        of_part.parallel = false;
        of_part.limit = None;
        of_part.generators[0].source = var(&part);
        let outside = self.groups.len();
        let cut = self.in_two(&of_part, selected, span);
        let parts = self.in_parts(f, &cut, &part, &item);
        let made = parts.as_ref().map_or(&cut.rows, |parts| &parts.rows);
        let each = self.closure(FrameKind::Scratch, |b| {
            let part = b.made_up(&part, Type::list(item));
            (vec![part], b.made_loop(made))
        });
        let rows = each.body.ty.clone();
        let known = self.results.len();
        self.results
            .extend(parts.into_iter().flat_map(|parts| parts.results));
        let finish = cut.rest.map(|(name, rest)| {
            let lambda = self.closure(FrameKind::Scratch, |b| {
                let all = b.made_up(&name, rows.clone());
                (vec![all], b.plain_for(&rest, true, None, None, span))
            });
            ScratchFinish {
                lambda,
                keyed: cut.keyed,
            }
        });
        self.results.truncate(known);
        self.groups.truncate(outside);
        let ty = match &finish {
            None => rows,
            Some(ScratchFinish { lambda, keyed }) => match (keyed, self.head(&lambda.body.ty)) {
                (true, Type::List(pair)) => match self.head(&pair) {
                    Type::Tuple(parts) => Type::list(parts.last()?.ty.clone()),
                    _ => Type::Unknown,
                },
                (_, ty) => ty,
            },
        };
        let code = ScratchCode::Tasks {
            source,
            each,
            finish,
        };
        Some((code, ty))
    }

    /// What the first generator walks, and the type of its items.
    fn items_of(&mut self, e: &ast::Expr) -> (ScratchSource, Type) {
        if let Ast::Var(name) = &e.kind
            && let Some(id) = self.lookup(name.as_str())
            && self.locals[id.0 as usize].is_scratch
            && let Type::List(item) = self.head(&self.locals[id.0 as usize].ty.clone())
        {
            self.means_local(name.span, id);
            return (ScratchSource::Scratch(id), *item);
        }
        let item = ast::Ident {
            name: "item".to_owned(),
            span: e.span,
        };
        let all = ast::For {
            parallel: false,
            generators: vec![ast::Generator {
                pattern: bind(&item),
                source: e.clone(),
                span: e.span,
            }],
            clauses: Vec::new(),
            limit: None,
            body: ForBody::Select(var(&item)),
        };
        let lambda = self.closure(FrameKind::Scratch, |b| {
            (Vec::new(), b.plain_for(&all, true, None, None, e.span))
        });
        let ty = match self.head(&lambda.body.ty) {
            Type::List(item) => *item,
            _ => Type::Unknown,
        };
        (ScratchSource::List(lambda), ty)
    }

    /// A variable that no text can name.
    pub(super) fn made_up(&mut self, name: &ast::Ident, ty: Type) -> LocalId {
        let id = self.add_local(name.as_str(), ty, false, name.span);
        self.used[id.0 as usize] = true;
        id
    }

    /// A loop that the rewriting has made.
    pub(super) fn made_loop(&mut self, made: &ast::Expr) -> Expr {
        match &made.kind {
            Ast::For(f) => self.plain_for(f, true, None, None, made.span),
            _ => self.plain(&expr(made.kind.clone(), made.span), None),
        }
    }
}

//! What the query of a view consists of, as far as the text says it; and what no view can be.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::{
    self, BinaryOp, Clause, ClauseKind, Expr, ExprKind as Ast, ForBody, Generator, GroupKey, Ident,
    Pattern, SortKey, walk,
};

use super::query;
use crate::hir::ViewWindow;
use crate::scope::Cx;

/// The parts of a query, in the order in which they are written.
pub struct Outline<'a> {
    pub query: &'a ast::For,
    /// The source, and lists behind it.
    pub first: &'a Generator,
    pub more: &'a [Generator],
    /// `where` in front of everything that follows.
    pub before: Vec<Clause>,
    pub join: Option<Join<'a>>,
    /// `where` behind the join.
    pub behind: Vec<Clause>,
    pub keys: Option<&'a [GroupKey]>,
    /// Of each key, whether it is a window of time.
    pub windows: Vec<Option<(query::WindowOf, Vec<Expr>)>>,
    /// The one that bounds what is kept.
    pub window: Option<ViewWindow>,
    /// `where` behind the groups.
    pub having: Vec<Clause>,
    pub sort: &'a [SortKey],
    pub select: &'a Expr,
    pub limit: Option<u64>,
    pub span: Span,
}

/// `join p in source on l == r`, also more than one of these.
pub struct Join<'a> {
    pub pattern: &'a Pattern,
    pub source: &'a Expr,
    pub left: Vec<&'a Expr>,
    pub right: Vec<&'a Expr>,
}

impl Outline<'_> {
    pub fn sources(&self) -> Vec<&Expr> {
        let joined = self.join.as_ref().map(|join| join.source);
        [&self.first.source].into_iter().chain(joined).collect()
    }

    /// What is walked besides.
    pub fn others(&self) -> Vec<&Expr> {
        self.more
            .iter()
            .map(|generator| &generator.source)
            .collect()
    }

    /// The keys of a part: of a session the time, of what is in several windows the one that it is in.
    pub fn key_values(&self) -> Vec<Expr> {
        let keys = self.keys.unwrap_or_default().iter().enumerate();
        let value = |(at, key): (usize, &GroupKey)| match self.windows.get(at) {
            Some(Some((query::WindowOf::Session, args))) => args[0].clone(),
            Some(Some((query::WindowOf::Sliding, _))) => {
                query::var(&query::hidden_key(&key.expr, at))
            }
            _ => key.expr.clone(),
        };
        keys.map(value).collect()
    }

    /// The window that says when entries of a stream are forgotten.
    pub fn bounds(&self) -> Option<ViewWindow> {
        self.window.filter(|_| self.join.is_none())
    }

    /// The keys that give several windows.
    pub fn sliding(&self) -> Vec<(usize, &Expr)> {
        let keys = self.keys.unwrap_or_default().iter().enumerate();
        let is_sliding = |at: usize| {
            matches!(
                self.windows.get(at),
                Some(Some((query::WindowOf::Sliding, _)))
            )
        };
        let sliding = keys.filter(|(at, _)| is_sliding(*at));
        sliding.map(|(at, key)| (at, &key.expr)).collect()
    }

    /// Everything that is worked out of both sides of a join.
    pub fn behind_join(&self) -> Vec<&Expr> {
        let mut all: Vec<&Expr> = wheres(&self.behind).collect();
        all.extend(self.keys.into_iter().flatten().map(|key| &key.expr));
        all.extend(self.behind_group());
        all
    }

    /// Everything that is worked out of groups, where there are any.
    pub fn behind_group(&self) -> Vec<&Expr> {
        let mut all: Vec<&Expr> = wheres(&self.having).collect();
        all.extend(self.sort.iter().map(|key| &key.expr));
        all.push(self.select);
        all
    }
}

pub fn wheres(clauses: &[Clause]) -> impl Iterator<Item = &Expr> {
    clauses.iter().filter_map(|clause| match &clause.kind {
        ClauseKind::Where(cond) => Some(cond),
        _ => None,
    })
}

/// Takes a query apart; what is wrong is told.
pub fn outline<'a>(cx: &mut Cx, value: &'a Expr) -> Option<Outline<'a>> {
    let query = match &value.kind {
        Ast::For(query) => query,
        Ast::Hole => return None,
        _ => {
            refuse(
                cx,
                value.span,
                "a view is a `for` with a `select`",
                "no query",
                "write `for h in Hotel select h.name`",
            );
            return None;
        }
    };
    let select = match &query.body {
        ForBody::Select(_) if query.parallel => {
            refuse(
                cx,
                value.span,
                "a view is kept up to date by itself",
                "nothing to do at once",
                "leave `parallel` away",
            );
            return None;
        }
        ForBody::Select(select) => select,
        ForBody::Block(block) => {
            refuse(
                cx,
                block.span,
                "a view gives rows and does nothing",
                "not a value",
                "write `select` and what a row is",
            );
            return None;
        }
    };
    let first = query.generators.first()?;
    let limit = match query.limit.as_ref().map(|e| (e.span, &e.kind)) {
        None => None,
        Some((_, Ast::Int(n))) if *n >= 0 => Some(*n as u64),
        Some((span, _)) => {
            refuse(
                cx,
                span,
                "how many rows a view has at most is a number",
                "not known here",
                "write it out: `limit 10`",
            );
            return None;
        }
    };
    let mut outline = Outline {
        query,
        first,
        more: &query.generators[1..],
        before: Vec::new(),
        join: None,
        behind: Vec::new(),
        keys: None,
        windows: Vec::new(),
        window: None,
        having: Vec::new(),
        sort: &[],
        select,
        limit,
        span: value.span,
    };
    for clause in &query.clauses {
        match &clause.kind {
            ClauseKind::Where(_) => match (&outline.keys, &outline.join) {
                (Some(_), _) => outline.having.push(clause.clone()),
                (None, Some(_)) => outline.behind.push(clause.clone()),
                (None, None) => outline.before.push(clause.clone()),
            },
            ClauseKind::Join { .. } if outline.join.is_some() => {
                refuse(
                    cx,
                    clause.span,
                    "a view joins two sources",
                    "one too many",
                    "make a view of two of them, and join that with the third",
                );
                return None;
            }
            ClauseKind::Join {
                pattern,
                source,
                on,
            } => {
                outline.join = Some(join(cx, &outline, pattern, source, on)?);
            }
            ClauseKind::GroupBy(keys) => outline.keys = Some(keys),
            ClauseKind::SortBy(keys) => outline.sort = keys,
        }
    }
    Some(outline)
}

fn join<'a>(
    cx: &mut Cx,
    before: &Outline<'a>,
    pattern: &'a Pattern,
    source: &'a Expr,
    on: &'a Expr,
) -> Option<Join<'a>> {
    let mut left = Vec::new();
    query::bound(&before.first.pattern, &mut left);
    for generator in before.more {
        query::bound(&generator.pattern, &mut left);
    }
    wheres(&before.before).for_each(|cond| query::bound_by_is(cond, &mut left));
    let mut right = Vec::new();
    query::bound(pattern, &mut right);
    let mut found = Join {
        pattern,
        source,
        left: Vec::new(),
        right: Vec::new(),
    };
    let mut parts = Vec::new();
    conjuncts(on, &mut parts);
    for part in parts {
        let sides = match &part.kind {
            Ast::Binary {
                op: BinaryOp::Eq,
                left,
                right,
                ..
            } => Some((&**left, &**right)),
            _ => None,
        };
        let of = |e: &Expr, names: &[Ident], others: &[Ident]| {
            let used = names_in(e);
            let is_in = |n: &Ident| used.contains(n.as_str());
            names.iter().any(is_in) && !others.iter().any(is_in)
        };
        match sides {
            Some((l, r)) if of(l, &left, &right) && of(r, &right, &left) => {
                found.left.push(l);
                found.right.push(r);
            }
            Some((l, r)) if of(r, &left, &right) && of(l, &right, &left) => {
                found.left.push(r);
                found.right.push(l);
            }
            _ => {
                refuse(
                    cx,
                    part.span,
                    "a view joins what is equal on both sides",
                    "no `left == right`",
                    "write `on a.key == b.key`, where one side is of each source, and anything else behind `where`",
                );
                return None;
            }
        }
    }
    Some(found)
}

fn conjuncts<'a>(e: &'a Expr, parts: &mut Vec<&'a Expr>) {
    match &e.kind {
        Ast::Binary {
            op: BinaryOp::And,
            left,
            right,
            ..
        } => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push(e),
    }
}

/// The names that stand in an expression, whatever they mean.
pub fn names_in(e: &Expr) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    walk::walk_expr(e, &mut |node| {
        if let walk::Node::Expr(Expr {
            kind: Ast::Var(name),
            ..
        }) = node
        {
            names.insert(name.as_str());
        }
    });
    names
}

pub fn refuse(cx: &mut Cx, span: Span, message: &str, label: &str, help: &str) {
    cx.report(
        Diagnostic::new(codes::E0521, span, message)
            .label(label)
            .help(help),
    );
}

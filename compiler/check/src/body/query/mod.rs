//! Comprehensions with `join`, `group by` and `sort by`, rewritten into plain ones and functions of the library.
//!
//! ```text
//! for s in sales where c sort by s.at desc select v
//!   (for s in (for s in sales where c select (s.at, s)).reverse().sort_by(r => r.0).reverse() ..)
//!     the rows are tuples of the keys and of every name that is bound, and are taken apart again
//! for s in sales group by s.sku select (sku, sum(s.total))
//!   for (sku, ROWS) in (for s in sales select (s.sku, s)).groups() select (sku, (for s in ROWS select s.total).sum())
//! ```
//! The rewriting is one of syntax, so that types, failures and warnings come out as if it had been written so.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, Span, codes};
use weir_syntax::ast::walk::{Node, walk_expr};
use weir_syntax::ast::{
    Arg, Clause, ClauseKind, Expr, ExprKind as Ast, For, ForBody, Generator, GroupKey, Ident,
    Pattern,
};

mod build;
mod names;
mod rows;

pub(super) use build::{
    bind, expr, method, of_each, tuple, tuple_kind, tuple_pattern, var, wildcard,
};
pub(super) use names::{bound, bound_by_is, name_of};
pub(super) use rows::Rows;

use super::BodyCx;
use build::index;
use rows::sort;

/// A `group by` around the code that is being checked.
pub(super) struct Group {
    /// Of the local with the rows; no name that can be written.
    pub(super) rows: String,
    /// What takes a row apart.
    row: Pattern,
    /// Each row stands for so many of one key: it is their number.
    is_counted: bool,
}

/// Begins the name of the local with the rows of a group.
pub(super) const ROWS: &str = "rows of group";

/// Whether a loop goes over the rows of a group, each of which binds everything, whatever is asked of it.
pub(super) fn is_over_rows(f: &For) -> bool {
    f.generators.iter().any(
        |generator| matches!(&generator.source.kind, Ast::Var(name) if name.name.starts_with(ROWS)),
    )
}

/// What can be asked of the rows of a group, besides `count()`.
const AGGREGATES: &[&str] = &[
    "sum",
    "average",
    "min",
    "max",
    "first",
    "last",
    "collect",
    "count_distinct",
    "percentile",
    "top",
];

/// A comprehension in two.
pub(super) struct InTwo {
    /// Makes the rows from the items of the first generator.
    pub rows: Expr,
    /// Makes of them what is wanted; the name in it stands for the rows.
    pub rest: Option<(Ident, For)>,
    /// What it selects is a tuple with the key of the group first, because each group can be made apart.
    pub keyed: bool,
    /// Takes a row apart, where it is cut at its `group by`, and more is asked of a group than how many there are.
    pub row: Option<Pattern>,
    /// The name of the rows of one group in the rest.
    pub rows_of_group: String,
}

impl BodyCx<'_> {
    /// The plain loop that a comprehension stands for; `None` where it is one already.
    pub(super) fn plain_loop(&mut self, f: &For, span: Span) -> Option<For> {
        let is_plain = |c: &Clause| matches!(c.kind, ClauseKind::Where(_));
        if f.clauses.iter().all(is_plain) {
            return None;
        }
        let rows = self.rewritten(f, span, None);
        Some(For {
            parallel: f.parallel,
            generators: rows.generators,
            clauses: rows.clauses,
            limit: None,
            body: f.body.clone(),
        })
    }

    /// A comprehension that selects, cut where its rows are first put together: in front of `group by` or `sort by`. What it makes of a
    /// group can be made for each group apart unless it is sorted.
    pub(super) fn in_two(&mut self, f: &For, value: &Expr, span: Span) -> InTwo {
        let name = Ident {
            name: "rows of all parts".to_owned(),
            span,
        };
        let mut rows = self.rewritten(f, span, Some(name.clone()));
        let Some(made) = rows.made.take() else {
            return InTwo {
                rows: rows.select(value.clone()),
                rest: None,
                keyed: false,
                row: None,
                rows_of_group: String::new(),
            };
        };
        let is_sorted = |c: &Clause| matches!(c.kind, ClauseKind::SortBy(_));
        let keyed = !rows.keys.is_empty() && !f.clauses.iter().any(is_sorted);
        let selected = match keyed {
            true => {
                let key = tuple(rows.keys.iter().map(var).collect(), span);
                expr(tuple_kind(vec![key, value.clone()]), value.span)
            }
            false => value.clone(),
        };
        let rest = For {
            parallel: false,
            generators: rows.generators,
            clauses: rows.clauses,
            limit: None,
            body: ForBody::Select(selected),
        };
        let group = self.groups.last().filter(|_| !rows.keys.is_empty());
        InTwo {
            rows: made,
            rest: Some((name, rest)),
            keyed,
            row: group.filter(|g| !g.is_counted).map(|g| g.row.clone()),
            rows_of_group: group.map(|g| g.rows.clone()).unwrap_or_default(),
        }
    }

    fn rewritten(&mut self, f: &For, span: Span, cut: Option<Ident>) -> Rows {
        let mut rows = Rows {
            generators: f.generators.clone(),
            clauses: Vec::new(),
            names: Vec::new(),
            span,
            wanted: match cut {
                Some(_) => written_in(f),
                None => BTreeSet::new(),
            },
            cut,
            made: None,
            keys: Vec::new(),
        };
        for generator in &f.generators {
            bound(&generator.pattern, &mut rows.names);
        }
        for clause in &f.clauses {
            match &clause.kind {
                ClauseKind::Where(cond) => {
                    bound_by_is(cond, &mut rows.names);
                    rows.clauses.push(clause.clone());
                }
                ClauseKind::Join {
                    pattern,
                    source,
                    on,
                } => {
                    bound(pattern, &mut rows.names);
                    rows.generators.push(Generator {
                        pattern: pattern.clone(),
                        source: source.clone(),
                        span: clause.span,
                    });
                    rows.clauses.push(Clause {
                        kind: ClauseKind::Where(on.clone()),
                        span: clause.span,
                    });
                }
                ClauseKind::GroupBy(keys) => self.group(&mut rows, keys, clause.span),
                ClauseKind::SortBy(keys) => sort(&mut rows, keys, clause.span),
            }
        }
        rows
    }

    /// `where` and `join` come first, then `group by`, then `sort by`; a `where` behind `group by` chooses groups.
    pub(super) fn in_order(&mut self, f: &For) -> bool {
        let rank = |c: &Clause| match c.kind {
            ClauseKind::Where(_) => None,
            ClauseKind::Join { .. } => Some(0),
            ClauseKind::GroupBy(_) => Some(1),
            ClauseKind::SortBy(_) => Some(2),
        };
        let mut last = 0;
        for clause in &f.clauses {
            let Some(rank) = rank(clause) else { continue };
            if rank < last || rank == last && rank > 0 {
                self.report(
                    Diagnostic::new(codes::E0508, clause.span, "this part of the loop comes too late")
                        .label("not here")
                        .help("write `where` and `join` first, then one `group by`, then one `sort by` with all its keys"),
                );
                return false;
            }
            last = rank;
        }
        true
    }

    fn group(&mut self, rows: &mut Rows, keys: &[GroupKey], span: Span) {
        let keys = &self.in_windows(rows, keys, span);
        if rows.cut.is_some() {
            // Rows go from task to task: with nothing that nobody will ask for.
            rows.names.retain(|name| rows.wanted.contains(&name.name));
        }
        // Where nothing is asked but how many there are, each task counts its own.
        let asks_more = AGGREGATES.iter().any(|name| rows.wanted.contains(*name));
        let is_counted = rows.cut.is_some() && rows.names.is_empty() && !asks_more;
        let row = tuple_pattern(rows.names.iter().map(bind).collect(), span);
        let key = tuple(keys.iter().map(|k| k.expr.clone()).collect(), span);
        let names = tuple(rows.names.iter().map(var).collect(), span);
        let is_cut = rows.cut.is_some();
        let source = rows.put_together(tuple(vec![key, names], span));
        if is_counted {
            rows.made = rows.made.take().map(counted);
        }
        let source = method(source, "groups", vec![]);
        let name = format!("{ROWS} {}", self.groups.len());
        self.groups.push(Group {
            rows: name.clone(),
            row,
            is_counted,
        });
        let all = Ident { name, span };
        let mut named: Vec<Option<Ident>> = keys.iter().map(name_of).collect();
        if is_cut {
            for (at, (name, key)) in named.iter_mut().zip(keys).enumerate() {
                let name = name.get_or_insert_with(|| Ident {
                    name: format!("key {at} of group"),
                    span: key.span,
                });
                rows.keys.push(name.clone());
            }
        }
        let parts = named.iter().zip(keys);
        let parts = parts.map(|(name, key)| name.as_ref().map_or(wildcard(key.span), bind));
        let pattern = tuple_pattern(vec![tuple_pattern(parts.collect(), span), bind(&all)], span);
        rows.names = named.into_iter().flatten().collect();
        rows.names.push(all);
        rows.begin(pattern, source);
    }

    /// Puts rows into windows of which one may be in several, or that depend on other rows: then the key is a name that each
    /// row has.
    fn in_windows(&mut self, rows: &mut Rows, keys: &[GroupKey], span: Span) -> Vec<GroupKey> {
        let mut keys = keys.to_vec();
        // Sessions last: which one a row is in depends on all other keys.
        for (at, key) in keys.iter_mut().enumerate() {
            if let Some((WindowOf::Sliding, _)) = self.window_of(&key.expr) {
                let name = rows.slide(&key.expr, at);
                replace(key, &name);
            }
        }
        for at in 0..keys.len() {
            if let Some((WindowOf::Session, args)) = self.window_of(&keys[at].expr) {
                let names = rows.in_sessions(&keys, at, &args, span);
                for (key, name) in keys.iter_mut().zip(&names) {
                    replace(key, name);
                }
            }
        }
        keys
    }

    /// Whether a key is a window of time, and what the window is given: the time first.
    pub(super) fn window_of(&self, key: &Expr) -> Option<(WindowOf, Vec<Expr>)> {
        let Ast::Call { callee, args } = &key.kind else {
            return None;
        };
        let args = args.iter().map(|arg| arg.value.clone());
        let (name, args): (&Ident, Vec<Expr>) = match &callee.kind {
            Ast::Var(name) => (name, args.collect()),
            Ast::Field { base, name } => {
                (name, [(**base).clone()].into_iter().chain(args).collect())
            }
            _ => return None,
        };
        let of = match (name.as_str(), args.len()) {
            ("window", 2) => WindowOf::Fixed,
            ("sliding", 3) => WindowOf::Sliding,
            ("session", 2) => WindowOf::Session,
            _ => return None,
        };
        // The program may mean something of its own.
        let all = self.functions_named(name.as_str());
        self.own_function(&all).is_none().then_some((of, args))
    }

    /// Whether a name is bound by each row of a group that is selected from.
    pub(super) fn is_of_rows(&self, name: &Ident) -> bool {
        let mut names = Vec::new();
        self.groups
            .iter()
            .for_each(|group| bound(&group.row, &mut names));
        names.iter().any(|known| known.name == name.name)
    }

    /// `sum(s.total)` where a group is selected from: over the rows of the group.
    pub(super) fn aggregate(&mut self, name: &Ident, args: &[Arg], span: Span) -> Option<Expr> {
        if !is_aggregate(name.as_str(), args.len()) {
            return None;
        }
        // In the rows of a view, and where tasks make groups in part, somebody else has gone over the group.
        if let Some((_, result)) = self.results.iter().find(|(call, _)| *call == span) {
            return Some(result.clone());
        }
        let in_reach = |b: &mut Self, at: &usize| {
            let rows = b.groups[*at].rows.clone();
            b.lookup(&rows).is_some()
        };
        let at = (0..self.groups.len()).rev().find(|at| in_reach(self, at))?;
        let group = &self.groups[at];
        let all = expr(
            Ast::Var(Ident {
                name: group.rows.clone(),
                span,
            }),
            span,
        );
        if args.is_empty() {
            let function = match group.is_counted {
                true => "sum",
                false => "length",
            };
            return Some(method(all, function, vec![]));
        }
        let generator = Generator {
            pattern: group.row.clone(),
            source: all,
            span,
        };
        let values = Rows::new(vec![generator], Vec::new(), Vec::new());
        let values = values.select(args[0].value.clone());
        Some(over_values(name.as_str(), values, &args[1..]))
    }
}

/// Whether a call of that name, where a group is selected from, is about the rows of the group.
pub(super) fn is_aggregate(name: &str, args: usize) -> bool {
    match name {
        "count" => args == 0,
        "sum" | "average" | "min" | "max" | "first" | "last" | "collect" | "count_distinct" => {
            args == 1
        }
        "percentile" | "top" => args == 2,
        _ => false,
    }
}

/// What an aggregate is called among what is part of the language.
pub(super) fn about(name: &str) -> &'static str {
    match name {
        "count" => "aggregate.count",
        "sum" => "aggregate.sum",
        "average" => "aggregate.average",
        "min" => "aggregate.min",
        "max" => "aggregate.max",
        "count_distinct" => "aggregate.count_distinct",
        "percentile" => "aggregate.percentile",
        "first" => "aggregate.first",
        "last" => "aggregate.last",
        "top" => "aggregate.top",
        _ => "aggregate.collect",
    }
}

/// What an aggregate makes of the list of its values.
pub(super) fn over_values(function: &str, values: Expr, rest: &[Arg]) -> Expr {
    let span = values.span;
    let number = |n| expr(Ast::Int(n), span);
    let rest = || rest.iter().map(|arg| arg.value.clone()).collect();
    match function {
        "collect" => values,
        "count_distinct" => method(method(values, "to_set", vec![]), "length", vec![]),
        "first" => index(values, number(0)),
        "last" => index(method(values, "reverse", vec![]), number(0)),
        "average" => method(values, "mean", vec![]),
        "min" => method(values, "lowest", vec![]),
        "max" => method(values, "highest", vec![]),
        function => method(values, function, rest()),
    }
}

/// A window of time as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WindowOf {
    /// `window(t, 1h)`
    Fixed,
    /// `sliding(t, 1h, 5m)`: a row is in several.
    Sliding,
    /// `session(t, 30m)`: which one a row is in depends on the others.
    Session,
}

/// The key is what a name stands for; what it is called in rows stays.
fn replace(key: &mut GroupKey, name: &Ident) {
    key.name = name_of(key);
    key.expr = var(name);
}

/// A name that cannot be written, for a key.
pub(super) fn hidden_key(key: &Expr, at: usize) -> Ident {
    Ident {
        name: format!("_window {at}"),
        span: key.span,
    }
}

/// Pairs of key and nothing as pairs of key and how often it is there.
fn counted(rows: Expr) -> Expr {
    let span = rows.span;
    let name = |name: &str| Ident {
        name: name.to_owned(),
        span,
    };
    let (key, all) = (name("key of some rows"), name("rows of one key"));
    let count = method(var(&all), "length", vec![]);
    let generator = Generator {
        pattern: tuple_pattern(vec![bind(&key), bind(&all)], span),
        source: method(rows, "groups", vec![]),
        span,
    };
    let counts = Rows::new(vec![generator], Vec::new(), Vec::new());
    counts.select(tuple(vec![var(&key), count], span))
}

/// Every name in what is selected, and in the clauses behind `group by`.
fn written_in(f: &For) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut see = |node: Node<'_>| {
        if let Node::Expr(Expr {
            kind: Ast::Var(name),
            ..
        }) = node
        {
            names.insert(name.name.clone());
        }
    };
    if let ForBody::Select(value) = &f.body {
        walk_expr(value, &mut see);
    }
    // Those in front of `group by` are asked before a row goes anywhere.
    let is_group = |clause: &&Clause| !matches!(clause.kind, ClauseKind::GroupBy(_));
    for clause in f.clauses.iter().skip_while(is_group) {
        match &clause.kind {
            ClauseKind::Where(cond) => walk_expr(cond, &mut see),
            ClauseKind::SortBy(keys) => keys.iter().for_each(|key| walk_expr(&key.expr, &mut see)),
            ClauseKind::Join { .. } | ClauseKind::GroupBy(_) => {}
        }
    }
    names
}

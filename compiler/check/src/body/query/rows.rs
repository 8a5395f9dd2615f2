//! The rows of a comprehension while it is being rewritten.

use std::collections::BTreeSet;

use weir_diagnostics::Span;
use weir_syntax::ast::{
    Clause, Expr, ExprKind as Ast, For, ForBody, Generator, GroupKey, Ident, LambdaParam, Pattern,
    SortKey,
};

use super::build::{bind, expr, method, tuple, tuple_kind, tuple_pattern, var, wildcard};
use super::hidden_key;

/// A comprehension while it is being rewritten: what makes its rows, and what each row binds.
pub(in crate::body) struct Rows {
    pub(super) generators: Vec<Generator>,
    pub(super) clauses: Vec<Clause>,
    pub(super) names: Vec<Ident>,
    pub(super) span: Span,
    /// Where the comprehension is cut in two: the first list of rows is made apart, and has this name in what is left.
    pub(super) cut: Option<Ident>,
    /// What makes that list.
    pub(super) made: Option<Expr>,
    /// The parts of the key of `group by`, each with a name, where it is cut.
    pub(super) keys: Vec<Ident>,
    /// Every name that is written behind the generators, where it is cut.
    pub(super) wanted: BTreeSet<String>,
}

impl Rows {
    pub(in crate::body) fn new(
        generators: Vec<Generator>,
        clauses: Vec<Clause>,
        names: Vec<Ident>,
    ) -> Rows {
        let span = generators[0].span;
        Rows {
            generators,
            clauses,
            names,
            span,
            cut: None,
            made: None,
            keys: Vec::new(),
            wanted: BTreeSet::new(),
        }
    }

    /// A row for each of the windows that a key gives a list of; gives the name of the window.
    pub(in crate::body) fn slide(&mut self, key: &Expr, at: usize) -> Ident {
        let name = hidden_key(key, at);
        if !self.clauses.is_empty() {
            let names = tuple(self.names.iter().map(var).collect(), key.span);
            let source = self.select(names);
            let pattern = tuple_pattern(self.names.iter().map(bind).collect(), key.span);
            self.begin(pattern, source);
        }
        self.generators.push(Generator {
            pattern: bind(&name),
            source: key.clone(),
            span: key.span,
        });
        self.names.push(name.clone());
        name
    }

    /// With the time when its session began beside each row; gives the names of all keys.
    pub(super) fn in_sessions(
        &mut self,
        keys: &[GroupKey],
        session: usize,
        args: &[Expr],
        span: Span,
    ) -> Vec<Ident> {
        let hidden: Vec<Ident> = (0..keys.len())
            .map(|at| hidden_key(&keys[at].expr, at))
            .collect();
        let others = || (0..keys.len()).filter(|at| *at != session);
        let other_keys: Vec<Expr> = others().map(|at| keys[at].expr.clone()).collect();
        let key = match other_keys.is_empty() {
            true => expr(Ast::Bool(true), span),
            false => tuple(other_keys, span),
        };
        let names = tuple(self.names.iter().map(var).collect(), span);
        let row = expr(tuple_kind(vec![key, args[0].clone(), names]), span);
        let all = self.put_together(row);
        let source = method(all, "in_sessions", vec![args[1].clone()]);
        let key = tuple_pattern(others().map(|at| bind(&hidden[at])).collect(), span);
        let names = tuple_pattern(self.names.iter().map(bind).collect(), span);
        let pattern = tuple_pattern(vec![key, bind(&hidden[session]), names], span);
        self.names.extend(hidden.iter().cloned());
        self.begin(pattern, source);
        hidden
    }

    /// The list of a value for each row.
    pub(in crate::body) fn select(&self, value: Expr) -> Expr {
        let f = For {
            parallel: false,
            generators: self.generators.clone(),
            clauses: self.clauses.clone(),
            limit: None,
            body: ForBody::Select(value),
        };
        expr(Ast::For(Box::new(f)), self.span)
    }

    /// The same where all rows must be there before it goes on: the first time that is where it is cut.
    pub(super) fn put_together(&mut self, value: Expr) -> Expr {
        let made = self.select(value);
        match self.cut.take() {
            Some(name) => {
                self.made = Some(made);
                var(&name)
            }
            None => made,
        }
    }

    /// From here on the rows are those of another list.
    pub(super) fn begin(&mut self, pattern: Pattern, source: Expr) {
        let span = source.span;
        self.clauses.clear();
        self.generators = vec![Generator {
            pattern,
            source,
            span,
        }];
    }
}

/// The last key first: a sort leaves in order what it finds equal, and so does one between two reversals.
pub(super) fn sort(rows: &mut Rows, keys: &[SortKey], span: Span) {
    let mut parts: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
    parts.push(tuple(rows.names.iter().map(var).collect(), span));
    let mut sorted = rows.put_together(expr(tuple_kind(parts), span));
    for (at, key) in keys.iter().enumerate().rev() {
        let row = Ident {
            name: "row".to_owned(),
            span: key.span,
        };
        let part = expr(
            Ast::TupleField {
                base: Box::new(var(&row)),
                index: at as u32,
                index_span: key.span,
            },
            key.span,
        );
        let by = Ast::Lambda {
            params: vec![LambdaParam {
                name: Some(row),
                ty: None,
                span: key.span,
            }],
            body: Box::new(part),
        };
        let by = vec![expr(by, key.span)];
        sorted = match key.desc {
            false => method(sorted, "sort_by", by),
            true => {
                let reversed = method(sorted, "reverse", vec![]);
                method(method(reversed, "sort_by", by), "reverse", vec![])
            }
        };
    }
    let mut parts: Vec<Pattern> = keys.iter().map(|key| wildcard(key.span)).collect();
    parts.push(tuple_pattern(rows.names.iter().map(bind).collect(), span));
    rows.begin(tuple_pattern(parts, span), sorted);
}

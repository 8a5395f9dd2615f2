//! Groups of temporary data that tasks make in part: each task makes of its own rows of a key what the aggregates ask of them, and only that
//! goes from task to task.
//!
//! ```text
//! scratch let x = parallel for s in sales group by s.sku select (sku, sum(s.total), max(s.at))
//!   each     PART => for (KEY, ROWS) in (for s in PART select (s.sku, s)).groups()
//!                    select (KEY, ((for s in ROWS select s.total).summands(), [(for s in ROWS select s.at).highest()]))
//!   finish   sum(s.total) is (for (p, _) in ROWS, v in p select v).sum(), max(s.at) is (for (_, p) in ROWS, v in p select v).highest()
//! ```
//! A part is a shorter list of values of which the aggregate makes the same as of all, whatever stands in front of it and behind, also a
//! bug. For a sum of `Float`, for `collect` and `percentile` only all values do. Where that is all that is asked, rows go as they are.

use weir_diagnostics::Span;
use weir_syntax::ast::walk::{Node, walk_expr};
use weir_syntax::ast::{
    Arg, BinaryOp, Clause, ClauseKind, Expr, ExprKind as Ast, For, ForBody, Generator, Ident,
    LambdaParam, Pattern, StmtKind, TextPart,
};

use super::query::{
    self, InTwo, ROWS, Rows, bind, expr, is_aggregate, method, over_values, tuple, tuple_kind,
    tuple_pattern, var, wildcard,
};
use super::{BodyCx, FrameKind};
use crate::hir::{ExprKind, Lambda, LocalId, Type};

/// An aggregate that is asked of each group.
struct Ask {
    span: Span,
    function: String,
    operand: Option<Expr>,
    rest: Vec<Arg>,
    /// Each group is asked it, whatever it is.
    is_of_each: bool,
}

/// What a task makes of its rows of a key for one ask.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// How many there are.
    Count,
    /// Numbers that add up to the same.
    Summands,
    /// The same, and how many there are: of `Int`, of another number, or of anything else.
    Mean {
        of_int: bool,
        of_number: bool,
    },
    Lowest,
    Highest,
    First,
    Last,
    Distinct,
    Top,
    /// All values.
    Same,
}

/// What is made in part, and what stands in place of the calls of aggregates.
pub(super) struct Parts {
    /// In place of the rows.
    pub rows: Expr,
    pub results: Vec<(Span, Expr)>,
}

impl BodyCx<'_> {
    /// What tasks make of the rows of `f`, which was cut at its `group by`; `None` where all rows are wanted.
    pub(super) fn in_parts(
        &mut self,
        f: &For,
        cut: &InTwo,
        part: &Ident,
        item: &Type,
    ) -> Option<Parts> {
        let row = cut.row.as_ref()?;
        let asks = self.asks(f, row)?;
        let span = cut.rows.span;
        let values = |asked: &Expr| {
            Rows::new(vec![over(row.clone(), rows_of_key(span))], vec![], vec![])
                .select(asked.clone())
        };
        let operands = asks.iter().filter_map(|ask| ask.operand.as_ref());
        let types = self.operand_types(&cut.rows, operands.map(values).collect(), part, item)?;
        let mut types = types.iter();
        let (mut made, mut kinds) = (Vec::new(), Vec::new());
        for ask in &asks {
            let Some(operand) = &ask.operand else {
                made.push(method(var(&rows_of_key(span)), "length", vec![]));
                kinds.push(Part::Count);
                continue;
            };
            let ty = types.next()?;
            let kind = part_of(&ask.function, ty)?;
            // Amounts of two currencies cannot be compared.
            if kind.compares() && !is_ordered(ty) && !ask.is_of_each {
                return None;
            }
            kinds.push(kind);
            made.extend(kind.made(values(operand), &ask.rest));
        }
        // Nothing would be saved.
        if kinds.iter().all(|kind| *kind == Part::Same) {
            return None;
        }
        let rows = by_key(&cut.rows, tuple(made, span));
        self.try_out(part, item, &rows)?;
        let width: usize = kinds.iter().map(|kind| kind.width()).sum();
        let (mut results, mut at) = (Vec::new(), 0);
        for (ask, kind) in asks.iter().zip(kinds) {
            let all = Ident {
                name: cut.rows_of_group.clone(),
                span: ask.span,
            };
            results.push((ask.span, kind.result(ask, &all, at, width)));
            at += kind.width();
        }
        Some(Parts { rows, results })
    }

    /// The aggregates, in the order in which they stand there; `None` where one of them cannot be asked by tasks.
    fn asks(&mut self, f: &For, row: &Pattern) -> Option<Vec<Ask>> {
        let mut of_rows = Vec::new();
        query::bound(row, &mut of_rows);
        let behind = Behind::of(f)?;
        let inside = names_behind(&behind, f);
        for ask in &behind.asks {
            let mut is_plain = true;
            let operands = ask.operand.iter().chain(ask.rest.iter().map(|a| &a.value));
            for (at, e) in operands.enumerate() {
                let mut is_free = true;
                walk_expr(e, &mut |node| match node {
                    Node::Expr(Expr {
                        kind: Ast::Var(name),
                        ..
                    }) => {
                        let is_of_row = of_rows.iter().any(|known| known.name == name.name);
                        // What is asked beside the values is asked of the group.
                        let is_known = at == 0 && is_of_row;
                        is_free &= is_known || !is_of_row && !inside.contains(&name.name);
                    }
                    Node::Expr(Expr {
                        kind: Ast::Call { callee, args },
                        ..
                    }) => {
                        let is_ask = matches!(&callee.kind, Ast::Var(name) if is_aggregate(name.as_str(), args.len()));
                        is_free &= !is_ask;
                    }
                    _ => {}
                });
                if !is_free {
                    return None;
                }
                is_plain &= cannot_crash(e);
            }
            // A value of a group that nobody asks for is not worked out, so it must not crash.
            if !is_plain && !ask.is_of_each {
                return None;
            }
        }
        // The program may mean something of its own.
        let is_own = |b: &mut Self, ask: &Ask| {
            inside.contains(&ask.function) || b.lookup(&ask.function).is_some()
        };
        match behind.asks.iter().any(|ask| is_own(self, ask)) {
            true => None,
            false => Some(behind.asks),
        }
    }

    /// The types of what is asked of each row.
    fn operand_types(
        &mut self,
        rows: &Expr,
        lists: Vec<Expr>,
        part: &Ident,
        item: &Type,
    ) -> Option<Vec<Type>> {
        let count = lists.len();
        let all = tuple(lists, rows.span);
        let found = self.try_out(part, item, &by_key(rows, all))?;
        let Type::List(row) = self.head(&found) else {
            return None;
        };
        let Type::Tuple(pair) = self.head(&row) else {
            return None;
        };
        let lists = match (count, self.head(&pair.get(1)?.ty)) {
            (1, list) => vec![list],
            (_, Type::Tuple(lists)) => lists.into_iter().map(|list| list.ty).collect(),
            _ => Vec::new(),
        };
        let item = |list: Type| match self.head(&list) {
            Type::List(item) => Some(self.head(&item)),
            _ => None,
        };
        lists.into_iter().map(item).collect()
    }

    /// The type that an expression over a part of the items would have, as if it had not been looked at; `None` where it is wrong.
    fn try_out(&mut self, part: &Ident, item: &Type, made: &Expr) -> Option<Type> {
        let locals = self.locals.len();
        let told = self.cx.diagnostics.len();
        let types = self.types.as_ref().map(Vec::len);
        let names = self.cx.meanings.as_ref().map(|m| m.names.len());
        let was_asked = self.around.is_some();
        let lambda: Lambda = self.closure(FrameKind::Scratch, |b| {
            let part: LocalId = b.made_up(part, Type::list(item.clone()));
            (vec![part], b.made_loop(made))
        });
        self.locals.truncate(locals);
        self.used.truncate(locals);
        let is_right = self.cx.diagnostics.len() == told;
        self.cx.diagnostics.truncate(told);
        if let (Some(types), Some(count)) = (&mut self.types, types) {
            types.truncate(count);
        }
        if let (Some(meanings), Some(count)) = (&mut self.cx.meanings, names) {
            meanings.names.truncate(count);
        }
        if !was_asked {
            self.around = None;
        }
        let is_known = !matches!(lambda.body.kind, ExprKind::Unit);
        (is_right && is_known).then_some(lambda.body.ty)
    }
}

fn part_of(function: &str, operand: &Type) -> Option<Part> {
    let adds_up = matches!(
        operand,
        Type::Int | Type::Decimal | Type::Duration | Type::Money
    );
    Some(match function {
        "sum" if adds_up => Part::Summands,
        "average" if adds_up => Part::Mean {
            of_int: *operand == Type::Int,
            of_number: matches!(operand, Type::Int | Type::Decimal),
        },
        // In another order the last bits would be others.
        "sum" | "average" if *operand == Type::Float => Part::Same,
        "min" => Part::Lowest,
        "max" => Part::Highest,
        "first" => Part::First,
        "last" => Part::Last,
        "count_distinct" => Part::Distinct,
        "top" => Part::Top,
        "collect" | "percentile" => Part::Same,
        _ => return None,
    })
}

/// Whether any two values can be compared.
fn is_ordered(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Int
            | Type::Decimal
            | Type::Float
            | Type::Duration
            | Type::Time
            | Type::Date
            | Type::Bool
            | Type::Text
    )
}

impl Part {
    /// So many values of a row are of it.
    fn width(self) -> usize {
        match self {
            Part::Mean { .. } => 2,
            _ => 1,
        }
    }

    fn compares(self) -> bool {
        matches!(
            self,
            Part::Lowest | Part::Highest | Part::Distinct | Part::Top
        )
    }

    fn made(self, values: Expr, rest: &[Arg]) -> Vec<Expr> {
        let span = values.span;
        let int = |n| expr(Ast::Int(n), span);
        let one = |value| expr(Ast::List(vec![value]), span);
        let rest = || rest.iter().map(|arg| arg.value.clone()).collect();
        vec![match self {
            Part::Count => method(values, "length", vec![]),
            Part::Summands => method(values, "summands", vec![]),
            Part::Mean { .. } => {
                let count = method(values.clone(), "length", vec![]);
                return vec![method(values, "summands", vec![]), count];
            }
            Part::Lowest => one(method(values, "lowest", vec![])),
            Part::Highest => one(method(values, "highest", vec![])),
            Part::First => method(values, "take", vec![int(1)]),
            Part::Last => method(values, "tail", vec![int(1)]),
            Part::Distinct => method(method(values, "to_set", vec![]), "to_list", vec![]),
            // Back in the order in which equal ones were.
            Part::Top => method(method(values, "top", rest()), "reverse", vec![]),
            Part::Same => values,
        }]
    }

    /// What stands in place of the ask, whose values are from this one on of so many in each row of a group.
    fn result(self, ask: &Ask, all: &Ident, at: usize, width: usize) -> Expr {
        let span = ask.span;
        let name = |text: &str| Ident {
            name: text.to_owned(),
            span,
        };
        let row = |at: usize, part: &Ident| {
            let fields = (0..width).map(|field| match field == at {
                true => bind(part),
                false => wildcard(span),
            });
            over(tuple_pattern(fields.collect(), span), all.clone())
        };
        let (part, value) = (name("part of a group"), name("value of a group"));
        let numbers = |at| Rows::new(vec![row(at, &part)], vec![], vec![]).select(var(&part));
        let count = |at| method(numbers(at), "sum", vec![]);
        let generators = vec![row(at, &part), over(bind(&value), part.clone())];
        let values = Rows::new(generators, vec![], vec![]).select(var(&value));
        match self {
            Part::Count => count(at),
            // As `mean` of all of them.
            Part::Mean { of_int, of_number } => {
                let decimal = |e, wanted: bool| match wanted {
                    true => method(e, "to_decimal", vec![]),
                    false => e,
                };
                let kind = Ast::Binary {
                    op: BinaryOp::Div,
                    op_span: span,
                    left: Box::new(decimal(method(values, "sum", vec![]), of_int)),
                    right: Box::new(decimal(count(at + 1), of_number)),
                };
                expr(kind, span)
            }
            _ => over_values(&ask.function, values, &ask.rest),
        }
    }
}

/// What stands behind `group by`.
struct Behind<'a> {
    /// With whether each group is asked it.
    exprs: Vec<(&'a Expr, bool)>,
    asks: Vec<Ask>,
}

impl<'a> Behind<'a> {
    fn of(f: &'a For) -> Option<Behind<'a>> {
        let ForBody::Select(value) = &f.body else {
            return None;
        };
        let is_group = |clause: &&Clause| !matches!(clause.kind, ClauseKind::GroupBy(_));
        let (mut exprs, mut is_each) = (Vec::new(), true);
        for clause in f.clauses.iter().skip_while(is_group) {
            match &clause.kind {
                ClauseKind::Where(cond) => {
                    exprs.push((cond, is_each));
                    is_each = false;
                }
                ClauseKind::SortBy(keys) => {
                    exprs.extend(keys.iter().map(|key| (&key.expr, is_each)))
                }
                ClauseKind::Join { .. } | ClauseKind::GroupBy(_) => {}
            }
        }
        exprs.push((value, is_each));
        let mut asks: Vec<Ask> = Vec::new();
        for (e, _) in &exprs {
            walk_expr(e, &mut |node| {
                let Node::Expr(e) = node else { return };
                let Ast::Call { callee, args } = &e.kind else {
                    return;
                };
                let Ast::Var(name) = &callee.kind else { return };
                let is_inside = asks.last().is_some_and(|outer| is_in(e.span, outer.span));
                if is_inside || !is_aggregate(name.as_str(), args.len()) {
                    return;
                }
                asks.push(Ask {
                    span: e.span,
                    function: name.name.clone(),
                    operand: args.first().map(|arg| arg.value.clone()),
                    rest: args.iter().skip(1).cloned().collect(),
                    is_of_each: false,
                });
            });
        }
        let mut of_each = Vec::new();
        for (e, is_each) in &exprs {
            if *is_each {
                always(e, &mut of_each);
            }
        }
        for ask in &mut asks {
            ask.is_of_each = of_each.contains(&ask.span);
        }
        Some(Behind { exprs, asks })
    }
}

fn is_in(inner: Span, outer: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// The names that are bound behind `group by`, outside of what is asked of rows.
fn names_behind(behind: &Behind<'_>, f: &For) -> Vec<String> {
    let mut names = Vec::new();
    for clause in &f.clauses {
        if let ClauseKind::GroupBy(keys) = &clause.kind {
            names.extend(keys.iter().filter_map(query::name_of).map(|n| n.name));
        }
    }
    for (e, _) in &behind.exprs {
        walk_expr(e, &mut |node| {
            if behind.asks.iter().any(|ask| is_in(node.span(), ask.span)) {
                return;
            }
            match node {
                Node::Pattern(pattern) => {
                    let mut found = Vec::new();
                    query::bound(pattern, &mut found);
                    names.extend(found.into_iter().map(|name| name.name));
                }
                Node::Expr(Expr {
                    kind: Ast::Lambda { params, .. },
                    ..
                }) => {
                    let of = |p: &LambdaParam| p.name.as_ref().map(|name| name.name.clone());
                    names.extend(params.iter().filter_map(of));
                }
                Node::Stmt(stmt) => {
                    if let StmtKind::Var { name, .. } = &stmt.kind {
                        names.push(name.name.clone());
                    }
                }
                _ => {}
            }
        });
    }
    names
}

/// The aggregates that are worked out whenever an expression is.
fn always(e: &Expr, found: &mut Vec<Span>) {
    let mut all = |parts: &mut dyn Iterator<Item = &Expr>| {
        for part in parts {
            always(part, found);
        }
    };
    let of_args = |args: &[Arg]| args.iter().map(|arg| arg.value.clone()).collect::<Vec<_>>();
    match &e.kind {
        Ast::Call { callee, args } => match &callee.kind {
            Ast::Var(name) if is_aggregate(name.as_str(), args.len()) => found.push(e.span),
            _ => {
                always(callee, found);
                of_args(args).iter().for_each(|arg| always(arg, found));
            }
        },
        Ast::Tuple(args) => all(&mut of_args(args).iter()),
        Ast::List(items) => all(&mut items.iter()),
        Ast::Interpolated(parts) => all(&mut parts.iter().filter_map(|part| match part {
            TextPart::Expr(e) => Some(e),
            TextPart::Text(_) => None,
        })),
        Ast::Binary {
            op: BinaryOp::And | BinaryOp::Or,
            left,
            ..
        } => always(left, found),
        Ast::Binary { left, right, .. } => all(&mut [&**left, &**right].into_iter()),
        Ast::Unary { operand: of, .. }
        | Ast::Field { base: of, .. }
        | Ast::TupleField { base: of, .. }
        | Ast::Is { value: of, .. }
        | Ast::Coalesce { value: of, .. }
        | Ast::If { cond: of, .. }
        | Ast::Match { subject: of, .. } => always(of, found),
        Ast::Index { base, index } => all(&mut [&**base, &**index].into_iter()),
        Ast::For(f) => always(&f.generators[0].source, found),
        _ => {}
    }
}

/// Whether a value is only looked up.
fn cannot_crash(e: &Expr) -> bool {
    match &e.kind {
        Ast::Int(_)
        | Ast::Decimal(_)
        | Ast::Float(_)
        | Ast::Money { .. }
        | Ast::Duration(_)
        | Ast::Time(_)
        | Ast::Date(_)
        | Ast::Bool(_)
        | Ast::Text(_)
        | Ast::Var(_) => true,
        Ast::Field { base, .. } | Ast::TupleField { base, .. } => cannot_crash(base),
        Ast::Tuple(args) => args.iter().all(|arg| cannot_crash(&arg.value)),
        _ => false,
    }
}

/// The rows of one key in a task; its name is that of rows of a group, of which nobody has to use everything.
fn rows_of_key(span: Span) -> Ident {
    Ident {
        name: format!("{ROWS} in a task"),
        span,
    }
}

/// Pairs of key and row, put together to pairs of key and what is made of its rows.
fn by_key(rows: &Expr, made: Expr) -> Expr {
    let span = rows.span;
    let key = Ident {
        name: "key of some rows".to_owned(),
        span,
    };
    let pattern = tuple_pattern(vec![bind(&key), bind(&rows_of_key(span))], span);
    let generator = Generator {
        pattern,
        source: method(rows.clone(), "groups", vec![]),
        span,
    };
    let row = expr(tuple_kind(vec![var(&key), made]), span);
    Rows::new(vec![generator], vec![], vec![]).select(row)
}

fn over(pattern: Pattern, list: Ident) -> Generator {
    let span = list.span;
    Generator {
        pattern,
        source: var(&list),
        span,
    }
}

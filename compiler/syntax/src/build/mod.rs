//! What the grammar's actions need to make nodes: spans, values of literals, docs.
//!
//! The grammar is run again after each mistake of an item, so what is found here
//! is kept in the [`Build`] of one run and only that of the last one counts.

mod lambda;
mod value;

use std::cell::RefCell;
use std::collections::BTreeMap;

use weir_diagnostics::{Diagnostic, FileId, Span, codes};

use crate::ast::*;
use crate::literal;

pub struct Build<'t> {
    file: FileId,
    text: &'t str,
    /// Docs by the start of the token they stand above.
    docs: &'t BTreeMap<u32, Doc>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// Places of 9223372036854775808, which is only right after a `-`.
    lowest_ints: RefCell<Vec<Span>>,
    /// Starts of the docs that found their node.
    used_docs: RefCell<Vec<u32>>,
}

/// What a run found out besides the tree.
pub struct Findings {
    pub diagnostics: Vec<Diagnostic>,
    /// Token starts whose doc was used.
    pub used_docs: Vec<u32>,
}

impl<'t> Build<'t> {
    pub fn new(file: FileId, text: &'t str, docs: &'t BTreeMap<u32, Doc>) -> Build<'t> {
        Build {
            file,
            text,
            docs,
            diagnostics: RefCell::default(),
            lowest_ints: RefCell::default(),
            used_docs: RefCell::default(),
        }
    }

    pub fn finish(self) -> Findings {
        let mut diagnostics = self.diagnostics.into_inner();
        for span in self.lowest_ints.into_inner() {
            if let Err(message) = literal::int("9223372036854775809") {
                diagnostics.push(Diagnostic::new(codes::E0104, span, message));
            }
        }
        Findings {
            diagnostics,
            used_docs: self.used_docs.into_inner(),
        }
    }

    pub fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.file, start, end.max(start))
    }

    fn source(&self, start: u32, end: u32) -> &'t str {
        &self.text[start as usize..end as usize]
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    pub fn ident(&self, start: u32, end: u32) -> Ident {
        Ident {
            name: self.source(start, end).to_owned(),
            span: self.span(start, end),
        }
    }

    /// The doc above a node that starts at `start`, or above what follows its
    /// attributes, at `after_attrs`.
    pub fn doc(&self, start: u32, after_attrs: u32) -> Option<Doc> {
        [start, after_attrs].into_iter().find_map(|at| {
            let doc = self.docs.get(&at)?;
            self.used_docs.borrow_mut().push(at);
            Some(doc.clone())
        })
    }

    pub fn item(&self, l: u32, attrs: Vec<Attr>, m: u32, kind: ItemKind, r: u32) -> Item {
        Item {
            doc: self.doc(l, m),
            attrs,
            kind,
            span: self.span(l, r),
        }
    }

    pub fn attr(&self, start: u32, name_end: u32, args: Vec<Arg>, end: u32) -> Attr {
        Attr {
            name: self.ident(start + 1, name_end),
            args,
            span: self.span(start, end),
        }
    }

    #[allow(clippy::too_many_arguments)] // One per symbol of the production.
    pub fn field(
        &self,
        l: u32,
        attrs: Vec<Attr>,
        m: u32,
        name: Ident,
        ty: Type,
        default: Option<Expr>,
        r: u32,
    ) -> Option<Field> {
        Some(Field {
            doc: self.doc(l, m),
            attrs,
            name,
            ty,
            default,
            span: self.span(l, r),
        })
    }

    /// A broken field keeps its name, so that uses of it are no mistake as well.
    pub fn broken_field(&self, l: u32, r: u32) -> Option<Field> {
        let text = self.source(l, r);
        let length = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let starts_right = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !starts_right || !text[length..].trim_start().starts_with(':') {
            return None;
        }
        let name = self.ident(l, l + length as u32);
        Some(Field {
            doc: None,
            attrs: Vec::new(),
            name,
            ty: Type {
                kind: TypeKind::Hole,
                span: self.span(r, r),
            },
            default: None,
            span: self.span(l, r),
        })
    }

    pub fn variant(&self, l: u32, name: Ident, fields: Option<Vec<Field>>, r: u32) -> Variant {
        Variant {
            doc: self.doc(l, l),
            name,
            fields: fields.unwrap_or_default(),
            span: self.span(l, r),
        }
    }

    pub fn tuple_type(&self, l: u32, mut fields: Vec<TypeField>, r: u32) -> Type {
        if fields.len() == 1 && fields[0].label.is_none() {
            return Type {
                span: self.span(l, r),
                ..fields.remove(0).ty
            };
        }
        Type {
            kind: TypeKind::Tuple(fields),
            span: self.span(l, r),
        }
    }

    pub fn expr(&self, l: u32, kind: ExprKind, r: u32) -> Expr {
        Expr {
            kind,
            span: self.span(l, r),
        }
    }

    pub fn binary(&self, x: Expr, op: BinaryOp, l: u32, r: u32, y: Expr) -> Expr {
        Expr {
            span: x.span.to(y.span),
            kind: ExprKind::Binary {
                op,
                op_span: self.span(l, r),
                left: Box::new(x),
                right: Box::new(y),
            },
        }
    }

    /// `-e`; makes the one literal that only fits with its sign.
    pub fn negate(&self, l: u32, e: Expr, r: u32) -> Expr {
        let mut lowest = self.lowest_ints.borrow_mut();
        if let Some(at) = lowest.iter().position(|span| *span == e.span) {
            lowest.remove(at);
            return self.expr(l, ExprKind::Int(i64::MIN), r);
        }
        let kind = ExprKind::Unary {
            op: UnaryOp::Neg,
            operand: Box::new(e),
        };
        self.expr(l, kind, r)
    }

    pub fn undo(&self, l: u32, step: Expr, compensation: Expr, r: u32) -> Expr {
        let kind = ExprKind::Undo {
            step: Box::new(step),
            compensation: Box::new(compensation),
        };
        self.expr(l, kind, r)
    }

    pub fn coalesce(&self, l: u32, value: Expr, otherwise: Expr, r: u32) -> Expr {
        let kind = ExprKind::Coalesce {
            value: Box::new(value),
            otherwise: Box::new(otherwise),
        };
        self.expr(l, kind, r)
    }

    pub fn if_(&self, l: u32, cond: Expr, then: Block, otherwise: Option<Expr>, r: u32) -> Expr {
        let kind = ExprKind::If {
            cond: Box::new(cond),
            then,
            otherwise: otherwise.map(Box::new),
        };
        self.expr(l, kind, r)
    }

    pub fn for_(&self, l: u32, parallel: bool, tail: For, r: u32) -> Expr {
        let tail = For { parallel, ..tail };
        self.expr(l, ExprKind::For(Box::new(tail)), r)
    }

    /// `(e)` is `e`, with the span of both parentheses.
    pub fn tuple(&self, l: u32, mut args: Vec<Arg>, r: u32) -> Expr {
        if args.len() == 1 && args[0].label.is_none() {
            let inner = args.remove(0).value;
            let span = self.span(l, r);
            for lowest in self.lowest_ints.borrow_mut().iter_mut() {
                if *lowest == inner.span {
                    *lowest = span;
                }
            }
            return Expr { span, ..inner };
        }
        self.expr(l, ExprKind::Tuple(args), r)
    }

    pub fn tuple_field(&self, l: u32, base: Expr, m: u32, r: u32) -> Expr {
        let index = self
            .source(m, r)
            .replace('_', "")
            .parse()
            .unwrap_or_else(|_| {
                let message = "no tuple has that many parts";
                self.report(Diagnostic::new(codes::E0104, self.span(m, r), message));
                u32::MAX
            });
        let kind = ExprKind::TupleField {
            base: Box::new(base),
            index,
            index_span: self.span(m, r),
        };
        self.expr(l, kind, r)
    }

    /// `_` where a lambda's parameter may stand.
    pub fn underscore(&self, l: u32, r: u32) -> Expr {
        self.expr(l, ExprKind::Var(self.ident(l, r)), r)
    }

    pub fn assign_expr(&self, l: u32, kind: StmtKind, r: u32) -> Expr {
        let span = self.span(l, r);
        block_expr(Block {
            stmts: vec![Stmt { kind, span }],
            span,
        })
    }

    pub fn broken_arm(&self, l: u32, r: u32) -> Arm {
        Arm {
            pattern: self.pattern(l, PatternKind::Hole, r),
            guard: None,
            body: self.expr(l, ExprKind::Hole, r),
            span: self.span(l, r),
        }
    }

    pub fn broken_wait_arm(&self, l: u32, r: u32) -> WaitArm {
        WaitArm {
            on: WaitOn::Hole,
            body: self.expr(l, ExprKind::Hole, r),
            span: self.span(l, r),
        }
    }

    pub fn pattern(&self, l: u32, kind: PatternKind, r: u32) -> Pattern {
        Pattern {
            kind,
            span: self.span(l, r),
        }
    }

    pub fn or_pattern(&self, l: u32, p: Pattern, q: Pattern, r: u32) -> Pattern {
        let mut parts = Vec::new();
        for pattern in [p, q] {
            match pattern.kind {
                PatternKind::Or(inner) => parts.extend(inner),
                _ => parts.push(pattern),
            }
        }
        self.pattern(l, PatternKind::Or(parts), r)
    }
}

pub fn pushed<T>(mut list: Vec<T>, last: T) -> Vec<T> {
    list.push(last);
    list
}

pub fn block_expr(block: Block) -> Expr {
    Expr {
        span: block.span,
        kind: ExprKind::Block(block),
    }
}

/// A hole that stands alone is a broken statement.
pub fn expr_stmt(expr: Expr) -> StmtKind {
    match expr.kind {
        ExprKind::Hole => StmtKind::Hole,
        _ => StmtKind::Expr(expr),
    }
}

pub fn interpolated(
    head: String,
    first: Expr,
    rest: Vec<(String, Expr)>,
    tail: String,
) -> ExprKind {
    let mut parts = Vec::with_capacity(rest.len() * 2 + 3);
    let text = |parts: &mut Vec<TextPart>, text: String| {
        if !text.is_empty() {
            parts.push(TextPart::Text(text));
        }
    };
    text(&mut parts, head);
    parts.push(TextPart::Expr(first));
    for (between, expr) in rest {
        text(&mut parts, between);
        parts.push(TextPart::Expr(expr));
    }
    text(&mut parts, tail);
    ExprKind::Interpolated(parts)
}

pub fn tuple_pattern(mut parts: Vec<Pattern>) -> PatternKind {
    if parts.len() == 1 {
        return parts.remove(0).kind;
    }
    PatternKind::Tuple(parts)
}

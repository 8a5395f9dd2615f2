//! Arguments are worked out in the order in which they are written, and stand in the order of the parameters.
//!
//! Where named arguments make these two orders, those for which it may matter are kept in variables first:
//! `f(b: x(), a: y())` is `let b = x(); let a = y(); f(a, b)`. What takes a call apart looks behind the variables with
//! [`unkept`].

use super::{BodyCx, node};
use crate::hir::*;

impl BodyCx<'_> {
    /// Keeps what has to be worked out before the call, if anything; `written` are the receiver or target and the
    /// arguments that stand in the text, with the names of their parameters.
    pub(super) fn keep_in_source_order(
        &mut self,
        mut written: Vec<(&mut Expr, &str)>,
    ) -> Vec<Stmt> {
        written.retain(|(value, _)| !self.is_always_the_same(value));
        if written.is_sorted_by_key(|(value, _)| value.span.start) {
            return Vec::new();
        }
        written.sort_by_key(|(value, _)| value.span.start);
        let kept = written.into_iter();
        kept.map(|(value, name)| self.keep_as(name, value))
            .collect()
    }

    /// Whether it does not matter when it is worked out.
    fn is_always_the_same(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Unit
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Decimal(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_)
            | ExprKind::Time(_)
            | ExprKind::Duration(_)
            | ExprKind::Date(_)
            | ExprKind::Money(_)
            | ExprKind::None
            | ExprKind::SelfRef
            | ExprKind::Constant(_) => true,
            ExprKind::Local(id) => !self.locals[id.0 as usize].is_var,
            ExprKind::Field(part, _)
            | ExprKind::Some(part)
            | ExprKind::Wrap(_, part)
            | ExprKind::Unwrap(_, part) => self.is_always_the_same(part),
            ExprKind::Tuple(parts) | ExprKind::EntityRef(_, parts) => {
                parts.iter().all(|part| self.is_always_the_same(part))
            }
            _ => false,
        }
    }

    /// Puts a variable in the place of a value. No text can name it; the name is for those who look at a run that waits.
    fn keep_as(&mut self, name: &str, value: &mut Expr) -> Stmt {
        let (ty, span) = (value.ty.clone(), value.span);
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local {
            name: name.to_owned(),
            ty: ty.clone(),
            is_var: false,
            is_scratch: false,
            span,
        });
        self.used.push(true);
        let local = node(ExprKind::Local(id), ty.clone(), span);
        let kind = PatternKind::Bind(id);
        Stmt::Let(Pattern { kind, ty, span }, std::mem::replace(value, local))
    }
}

/// The expression with what has to be done before it.
pub(super) fn behind(mut kept: Vec<Stmt>, e: Expr) -> Expr {
    if kept.is_empty() {
        return e;
    }
    let (ty, span) = (e.ty.clone(), e.span);
    kept.push(Stmt::Expr(e));
    node(ExprKind::Block(Block { stmts: kept }), ty, span)
}

/// A checked call, and what has to be done before it.
pub(super) fn unkept(e: Expr) -> (Vec<Stmt>, Expr) {
    match e.kind {
        ExprKind::Block(mut block) if matches!(block.stmts.last(), Some(Stmt::Expr(_))) => {
            match block.stmts.pop() {
                Some(Stmt::Expr(call)) => (block.stmts, call),
                _ => unreachable!("it was looked at"),
            }
        }
        kind => (Vec::new(), Expr { kind, ..e }),
    }
}

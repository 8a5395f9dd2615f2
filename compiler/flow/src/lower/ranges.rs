//! A range stays two numbers where a function of the library does nothing but walk over it: no list is made.
//!
//! ```text
//! (a..b).map(f)  =>  r2 = call @map, (a, b, ..)    whose loop goes from the one to the other
//! (0..n).map(f)  =>  r2 = call @map, (n, ..)       whose loop goes from 0
//! ```
//! A range that is a value is the list of a comprehension (`check/src/body/range.rs`), which is seen through here. Such a function is a
//! copy of its own, as for each function that is passed.

use weir_check::hir::{self, ExprKind};

use super::Lowering;
use super::body::{Binding, Body, Start};
use crate::ir::{Literal, Reg};

/// The bounds of what is just the numbers of a range.
pub fn as_range(e: &hir::Expr) -> Option<(&hir::Expr, &hir::Expr)> {
    let ExprKind::For(all) = &e.kind else {
        return None;
    };
    let [(pattern, hir::ForSource::Range(start, end))] = all.generators.as_slice() else {
        return None;
    };
    let hir::PatternKind::Bind(number) = pattern.kind else {
        return None;
    };
    let is_all = all.most.is_none() && all.wheres.is_empty() && all.kind == hir::ForKind::Select;
    let is_number = matches!(all.body.kind, ExprKind::Local(id) if id == number);
    (is_all && is_number).then_some((start, end))
}

/// A bound that everybody can see.
pub fn written_out(bound: &hir::Expr) -> Option<i64> {
    match Lowering::literal(bound)? {
        Literal::Int(n) => Some(n),
        _ => None,
    }
}

impl Body<'_, '_> {
    /// Which arguments of a call are ranges and stay so.
    pub fn ranges(&self, id: hir::FnId, args: &[hir::Arg]) -> Vec<bool> {
        let stays = |(at, arg): (usize, &hir::Arg)| match arg {
            hir::Arg::Value(e) => {
                (as_range(e).is_some() || self.bounds_of(e).is_some())
                    && self.low.checked.only_walks(id, at, args)
            }
            _ => false,
        };
        args.iter().enumerate().map(stays).collect()
    }

    /// The bounds of a range that this function was given in place of a list.
    pub fn bounds_of(&self, e: &hir::Expr) -> Option<(Start, Reg)> {
        let ExprKind::Local(id) = e.kind else {
            return None;
        };
        match self.env[id.0 as usize] {
            Binding::Range(from, to) => Some((from, to)),
            _ => None,
        }
    }
}

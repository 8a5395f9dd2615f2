//! The ways in which running an expression can end without giving a value.

use weir_check::hir::ErrorId;
use weir_contract::{CrashReason, Value};
use weir_diagnostics::Span;

/// A mistake of the program that ends the step.
#[derive(Clone, Debug, PartialEq)]
pub struct Bug {
    pub reason: CrashReason,
    /// The expression at fault; for a broken invariant the invariant.
    pub span: Span,
}

/// How a run, a branch or a call of the outside world ends: with a value, or with an error and its fields.
pub type Ending = Result<Value, (ErrorId, Vec<Value>)>;

/// Why evaluation does not go on behind an expression.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// `return`: caught by the function.
    Return(Value),
    /// Caught by the loop.
    Break,
    Continue,
    /// `fail` or `?`: leaves functions, handlers and `atomic` blocks, undoing what they wrote.
    Fail(ErrorId, Vec<Value>),
    /// Caught by nobody.
    Bug(Bug),
}

pub(crate) type Eval<T> = Result<T, Stop>;

pub(crate) fn bug<T>(reason: CrashReason, span: &Span) -> Eval<T> {
    Err(Stop::Bug(Bug {
        reason,
        span: *span,
    }))
}

/// Gives a bare reason the place where it happened.
pub(crate) fn at<T>(span: &Span) -> impl FnOnce(CrashReason) -> Eval<T> + '_ {
    move |reason| bug(reason, span)
}

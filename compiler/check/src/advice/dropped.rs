//! What is written and does nothing: values that nobody uses, and statements that nothing comes to.

use weir_diagnostics::{Diagnostic, codes};

use crate::hir::*;
use crate::walk::{self, Owner};

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    for (owner, body) in walk::bodies(program) {
        if matches!(owner, Owner::Function(id) if program.function(id).is_prelude) {
            continue;
        }
        let in_test = owner == Owner::Test;
        walk::all(&body.root, &mut |expr| {
            if let ExprKind::Block(block) = &expr.kind {
                look_through(program, block, expr.ty == Type::Unit, in_test, found);
            }
        });
    }
}

/// `drops`: the value of the last statement is not used either.
fn look_through(
    program: &Checked,
    block: &Block,
    drops: bool,
    in_test: bool,
    found: &mut Vec<Diagnostic>,
) {
    for (at, stmt) in block.stmts.iter().enumerate() {
        let (Stmt::Expr(done) | Stmt::Let(_, done)) = stmt;
        let next = block.stmts.get(at + 1);
        if let (Type::Never, Some(Stmt::Expr(next) | Stmt::Let(_, next))) = (&done.ty, next) {
            found.push(
                Diagnostic::new(codes::W0704, next.span, "nothing comes here")
                    .label("never done")
                    .secondary(done.span, "this does not go on to what follows")
                    .help("remove it, or move it up"),
            );
            return;
        }
        let is_dropped = matches!(stmt, Stmt::Expr(_)) && (next.is_some() || drops);
        if is_dropped && (only_a_value(done) || only_computes(program, done)) {
            found.push(unused(done, in_test));
        }
    }
}

fn unused(value: &Expr, in_test: bool) -> Diagnostic {
    let found = Diagnostic::new(codes::W0703, value.span, "the value of this is not used")
        .label("does nothing");
    match value.kind {
        ExprKind::Compare(..) | ExprKind::And(..) | ExprKind::Or(..) | ExprKind::Not(_)
            if in_test =>
        {
            found.help("to check it, write `expect` in front of it")
        }
        ExprKind::Compare(CompareOp::Eq, ..) => {
            found.help("`==` compares; to assign write `name = value`")
        }
        ExprKind::Call { .. } => found.help(
            "it leaves what it was called on as it is: use what it gives, for example `xs = xs.sort()`",
        ),
        _ => found
            .help("name it with `let`, end the function with it and write `-> Type`, or remove it"),
    }
}

/// Whether it is a call of a function of the library that only computes: `xs.sort()`.
fn only_computes(program: &Checked, expr: &Expr) -> bool {
    let ExprKind::Call { function, .. } = &expr.kind else {
        return false;
    };
    let called = program.function(*function);
    let gives = !matches!(
        expr.ty,
        Type::Unit | Type::Never | Type::Unknown | Type::Result(..)
    );
    gives && called.is_prelude && called.effect == Effect::Pure
}

/// Whether an expression gives a value and does nothing else. Calls may do something.
fn only_a_value(expr: &Expr) -> bool {
    if matches!(expr.ty, Type::Unit | Type::Never | Type::Unknown) {
        return false;
    }
    matches!(
        expr.kind,
        ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Decimal(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_)
            | ExprKind::Interpolate(_)
            | ExprKind::Local(_)
            | ExprKind::Constant(_)
            | ExprKind::State(_)
            | ExprKind::List(_)
            | ExprKind::Map(_)
            | ExprKind::Tuple(_)
            | ExprKind::Arith(..)
            | ExprKind::Compare(..)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Not(_)
            | ExprKind::Neg(_)
    )
}

//! Visits the parts of checked code, for passes that look at all of it.

use crate::hir::*;
use crate::parts::{Part, parts};

/// Calls `visit` with each expression directly inside `expr`, in the order they are evaluated.
pub fn children<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    parts(expr, &mut |part| {
        if let Part::Expr(part) = part {
            visit(part);
        }
    });
}

/// Calls `visit` with `expr` and everything inside it, the outer before the inner.
pub fn all<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    children(expr, &mut |part| all(part, visit));
}

/// The arguments that are lambdas or functions by name, of calls of plain functions.
pub fn call_args(expr: &Expr) -> &[Arg] {
    match &expr.kind {
        ExprKind::Call { args, .. } | ExprKind::CallHandler { args, .. } => args,
        _ => &[],
    }
}

/// Every body of the program's own code and of the prelude, with what it is the body of.
pub fn bodies(program: &Checked) -> Vec<(Owner, &Body)> {
    let mut out = Vec::new();
    for (at, constant) in program.constants.iter().enumerate() {
        out.push((Owner::Constant(ConstId(at as u32)), &constant.body));
    }
    for (at, entity) in program.entities.iter().enumerate() {
        let id = EntityId(at as u32);
        let inits = entity.fields.iter().map(|field| &field.init);
        out.extend(inits.map(|body| (Owner::Init(id), body)));
        let invariants = entity.invariants.iter();
        out.extend(invariants.map(|body| (Owner::Invariant(id), body)));
        let allows = entity.allows.iter();
        out.extend(allows.map(|body| (Owner::Allow(id), body)));
    }
    for (at, function) in program.functions.iter().enumerate() {
        let defaults = function
            .params
            .iter()
            .filter_map(|param| param.default.as_ref());
        out.extend(defaults.map(|body| (Owner::Default, body)));
        if let Implementation::Body(body) = &function.implementation {
            out.push((Owner::Function(FnId(at as u32)), &**body));
        }
    }
    out.extend(program.tests.iter().map(|test| (Owner::Test, &*test.body)));
    let views = program.views.iter();
    out.extend(views.map(|view| (Owner::View, &*view.meaning)));
    out
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Constant(ConstId),
    /// The first value of a field of the entity.
    Init(EntityId),
    Invariant(EntityId),
    Allow(EntityId),
    Default,
    Function(FnId),
    Test,
    /// What a view means.
    View,
}

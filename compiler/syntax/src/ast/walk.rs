//! Every node of a tree, once, parents before children, in source order.

use super::*;

/// A node that a walk passes.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    Attr(&'a Attr),
    Stmt(&'a Stmt),
    Expr(&'a Expr),
}

/// Calls `see` for all attributes, statements and expressions of a module.
pub fn walk(module: &Module, see: &mut dyn FnMut(Node)) {
    for item in &module.items {
        walk_item(item, see);
    }
}

/// The same for one item.
pub fn walk_item(item: &Item, see: &mut dyn FnMut(Node)) {
    attrs(&item.attrs, see);
    match &item.kind {
        ItemKind::Import(_) | ItemKind::TypeAlias(_) | ItemKind::NewType(_) => {}
        ItemKind::Stream(_) | ItemKind::Hole => {}
        ItemKind::Record(decl) => fields(&decl.fields, see),
        ItemKind::Error(decl) => fields(&decl.fields, see),
        ItemKind::Enum(decl) => {
            for variant in &decl.variants {
                fields(&variant.fields, see);
            }
        }
        ItemKind::Let(decl) => walk_expr(&decl.value, see),
        ItemKind::Fn(decl) => walk_fn(decl, see),
        ItemKind::Entity(decl) | ItemKind::Workflow(decl) => {
            fields(&decl.keys, see);
            for member in &decl.members {
                walk_member(member, see);
            }
        }
        ItemKind::View(decl) => walk_expr(&decl.value, see),
        ItemKind::On(decl) => block(&decl.body, see),
        ItemKind::Every(decl) => {
            walk_expr(&decl.period, see);
            block(&decl.body, see);
        }
        ItemKind::Extern(decl) => {
            for function in &decl.fns {
                attrs(&function.attrs, see);
                fields(&function.params, see);
            }
        }
        ItemKind::Migrate(decl) => {
            for arm in &decl.arms {
                attrs(&arm.attrs, see);
                block(&arm.body, see);
            }
        }
        ItemKind::Test(decl) => {
            fields(decl.params.as_deref().unwrap_or_default(), see);
            block(&decl.body, see);
        }
    }
}

fn walk_member(member: &Member, see: &mut dyn FnMut(Node)) {
    attrs(&member.attrs, see);
    match &member.kind {
        MemberKind::State(decl) => {
            if let Some(init) = &decl.init {
                walk_expr(init, see);
            }
        }
        MemberKind::Merge(_) | MemberKind::Hole => {}
        MemberKind::Event(decl) => {
            fields(&decl.params, see);
            if let Some(body) = &decl.body {
                block(body, see);
            }
        }
        MemberKind::Invariant(condition) | MemberKind::Allow(condition) => {
            walk_expr(condition, see)
        }
        MemberKind::Fn(decl) => walk_fn(decl, see),
    }
}

fn attrs(list: &[Attr], see: &mut dyn FnMut(Node)) {
    for attr in list {
        see(Node::Attr(attr));
        args(&attr.args, see);
    }
}

fn fields(list: &[Field], see: &mut dyn FnMut(Node)) {
    for field in list {
        attrs(&field.attrs, see);
        if let Some(default) = &field.default {
            walk_expr(default, see);
        }
    }
}

/// The same for one function, without its own attributes.
pub fn walk_fn(decl: &FnDecl, see: &mut dyn FnMut(Node)) {
    fields(&decl.params, see);
    match &decl.body {
        FnBody::Block(body) => block(body, see),
        FnBody::Expr(body) => walk_expr(body, see),
    }
}

fn args(list: &[Arg], see: &mut dyn FnMut(Node)) {
    for arg in list {
        walk_expr(&arg.value, see);
    }
}

fn block(body: &Block, see: &mut dyn FnMut(Node)) {
    for stmt in &body.stmts {
        see(Node::Stmt(stmt));
        match &stmt.kind {
            StmtKind::Let { value, .. } | StmtKind::Var { value, .. } => walk_expr(value, see),
            StmtKind::While { cond, body } => {
                walk_expr(cond, see);
                block(body, see);
            }
            StmtKind::Require { cond, otherwise } => {
                walk_expr(cond, see);
                walk_expr(otherwise, see);
            }
            StmtKind::Assign { target, value, .. } => {
                walk_expr(target, see);
                walk_expr(value, see);
            }
            StmtKind::Expect(value) | StmtKind::Expr(value) => walk_expr(value, see),
            StmtKind::Hole => {}
        }
    }
}

/// The same for one expression.
pub fn walk_expr(parent: &Expr, see: &mut dyn FnMut(Node)) {
    see(Node::Expr(parent));
    match &parent.kind {
        ExprKind::Hole
        | ExprKind::Int(_)
        | ExprKind::Decimal(_)
        | ExprKind::Float(_)
        | ExprKind::Money { .. }
        | ExprKind::Duration(_)
        | ExprKind::Time(_)
        | ExprKind::Date(_)
        | ExprKind::Bool(_)
        | ExprKind::Text(_)
        | ExprKind::Var(_)
        | ExprKind::Con(_)
        | ExprKind::SelfRef
        | ExprKind::Return(None)
        | ExprKind::Break
        | ExprKind::Continue => {}
        ExprKind::Interpolated(parts) => {
            for part in parts {
                if let TextPart::Expr(inner) = part {
                    walk_expr(inner, see);
                }
            }
        }
        ExprKind::Tuple(parts) => args(parts, see),
        ExprKind::List(parts) | ExprKind::Parallel(parts) => {
            for part in parts {
                walk_expr(part, see);
            }
        }
        ExprKind::Map(entries) => {
            for entry in entries {
                walk_expr(&entry.key, see);
                walk_expr(&entry.value, see);
            }
        }
        ExprKind::Unary { operand: e, .. }
        | ExprKind::Is { value: e, .. }
        | ExprKind::Try(e)
        | ExprKind::Peek(e)
        | ExprKind::Field { base: e, .. }
        | ExprKind::TupleField { base: e, .. }
        | ExprKind::Lambda { body: e, .. }
        | ExprKind::Fail(e)
        | ExprKind::Return(Some(e)) => walk_expr(e, see),
        ExprKind::Binary { left, right, .. } => {
            walk_expr(left, see);
            walk_expr(right, see);
        }
        ExprKind::Range { start: x, end: y }
        | ExprKind::Coalesce {
            value: x,
            otherwise: y,
        }
        | ExprKind::Undo {
            step: x,
            compensation: y,
        }
        | ExprKind::Index { base: x, index: y } => {
            walk_expr(x, see);
            walk_expr(y, see);
        }
        ExprKind::Send { call, after } => {
            walk_expr(call, see);
            if let Some(delay) = after {
                walk_expr(delay, see);
            }
        }
        ExprKind::Call { callee, args: list } => {
            walk_expr(callee, see);
            args(list, see);
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            walk_expr(cond, see);
            block(then, see);
            if let Some(otherwise) = otherwise {
                walk_expr(otherwise, see);
            }
        }
        ExprKind::Match { subject, arms } => {
            walk_expr(subject, see);
            for arm in arms {
                if let Some(guard) = &arm.guard {
                    walk_expr(guard, see);
                }
                walk_expr(&arm.body, see);
            }
        }
        ExprKind::For(inner) => comprehension(inner, see),
        ExprKind::Atomic(body) | ExprKind::Block(body) => block(body, see),
        ExprKind::Wait(arms) => {
            for arm in arms {
                if let WaitOn::After(delay) = &arm.on {
                    walk_expr(delay, see);
                }
                walk_expr(&arm.body, see);
            }
        }
    }
}

fn comprehension(inner: &For, see: &mut dyn FnMut(Node)) {
    for generator in &inner.generators {
        walk_expr(&generator.source, see);
    }
    for clause in &inner.clauses {
        match &clause.kind {
            ClauseKind::Where(condition) => walk_expr(condition, see),
            ClauseKind::Join { source, on, .. } => {
                walk_expr(source, see);
                walk_expr(on, see);
            }
            ClauseKind::GroupBy(keys) => keys.iter().for_each(|key| walk_expr(&key.expr, see)),
            ClauseKind::SortBy(keys) => keys.iter().for_each(|key| walk_expr(&key.expr, see)),
        }
    }
    match &inner.body {
        ForBody::Block(body) => block(body, see),
        ForBody::Select(value) => walk_expr(value, see),
    }
    if let Some(limit) = &inner.limit {
        walk_expr(limit, see);
    }
}

//! Every node of a tree, once, parents before children, in source order but for what names bind (`pattern in source` gives
//! the pattern first).

use super::*;

/// A node that a walk passes.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    Item(&'a Item),
    Member(&'a Member),
    Attr(&'a Attr),
    /// Also a parameter, a key and the like.
    Field(&'a Field),
    Type(&'a Type),
    Block(&'a Block),
    Stmt(&'a Stmt),
    Expr(&'a Expr),
    Arg(&'a Arg),
    Arm(&'a Arm),
    WaitArm(&'a WaitArm),
    Pattern(&'a Pattern),
    PatternArg(&'a PatternArg),
}

impl Node<'_> {
    pub fn span(self) -> Span {
        match self {
            Node::Item(node) => node.span,
            Node::Member(node) => node.span,
            Node::Attr(node) => node.span,
            Node::Field(node) => node.span,
            Node::Type(node) => node.span,
            Node::Block(node) => node.span,
            Node::Stmt(node) => node.span,
            Node::Expr(node) => node.span,
            Node::Arg(node) => node.span,
            Node::Arm(node) => node.span,
            Node::WaitArm(node) => node.span,
            Node::Pattern(node) => node.span,
            Node::PatternArg(node) => node.span,
        }
    }
}

/// Calls `see` for all nodes of a module.
pub fn walk<'a>(module: &'a Module, see: &mut dyn FnMut(Node<'a>)) {
    for item in &module.items {
        walk_item(item, see);
    }
}

/// The same for one item.
pub fn walk_item<'a>(item: &'a Item, see: &mut dyn FnMut(Node<'a>)) {
    see(Node::Item(item));
    attrs(&item.attrs, see);
    match &item.kind {
        ItemKind::Import(_) | ItemKind::Hole => {}
        ItemKind::TypeAlias(decl) | ItemKind::NewType(decl) => ty(&decl.ty, see),
        ItemKind::Stream(decl) => ty(&decl.ty, see),
        ItemKind::Record(decl) => fields(&decl.fields, see),
        ItemKind::Error(decl) => fields(&decl.fields, see),
        ItemKind::Enum(decl) => {
            for variant in &decl.variants {
                fields(&variant.fields, see);
            }
        }
        ItemKind::Let(decl) => {
            types(&decl.ty, see);
            walk_expr(&decl.value, see);
        }
        ItemKind::Fn(decl) => walk_fn(decl, see),
        ItemKind::Entity(decl) | ItemKind::Workflow(decl) => {
            fields(&decl.keys, see);
            for member in &decl.members {
                walk_member(member, see);
            }
        }
        ItemKind::View(decl) => walk_expr(&decl.value, see),
        ItemKind::On(decl) => {
            pattern(&decl.pattern, see);
            block(&decl.body, see);
        }
        ItemKind::Every(decl) => {
            walk_expr(&decl.period, see);
            block(&decl.body, see);
        }
        ItemKind::Extern(decl) => {
            for function in &decl.fns {
                attrs(&function.attrs, see);
                fields(&function.params, see);
                types(&function.ret, see);
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

fn walk_member<'a>(member: &'a Member, see: &mut dyn FnMut(Node<'a>)) {
    see(Node::Member(member));
    attrs(&member.attrs, see);
    match &member.kind {
        MemberKind::State(decl) => {
            ty(&decl.ty, see);
            if let Some(init) = &decl.init {
                walk_expr(init, see);
            }
        }
        MemberKind::Merge(decl) => ty(&decl.ty, see),
        MemberKind::Hole => {}
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

fn attrs<'a>(list: &'a [Attr], see: &mut dyn FnMut(Node<'a>)) {
    for attr in list {
        see(Node::Attr(attr));
        args(&attr.args, see);
    }
}

fn fields<'a>(list: &'a [Field], see: &mut dyn FnMut(Node<'a>)) {
    for field in list {
        see(Node::Field(field));
        attrs(&field.attrs, see);
        ty(&field.ty, see);
        if let Some(default) = &field.default {
            walk_expr(default, see);
        }
    }
}

/// The same for one function, without its own attributes.
pub fn walk_fn<'a>(decl: &'a FnDecl, see: &mut dyn FnMut(Node<'a>)) {
    fields(&decl.params, see);
    types(&decl.ret, see);
    match &decl.body {
        FnBody::Block(body) => block(body, see),
        FnBody::Expr(body) => walk_expr(body, see),
    }
}

fn args<'a>(list: &'a [Arg], see: &mut dyn FnMut(Node<'a>)) {
    for arg in list {
        see(Node::Arg(arg));
        walk_expr(&arg.value, see);
    }
}

/// The same for a block.
pub fn walk_block<'a>(parent: &'a Block, see: &mut dyn FnMut(Node<'a>)) {
    block(parent, see);
}

fn block<'a>(body: &'a Block, see: &mut dyn FnMut(Node<'a>)) {
    see(Node::Block(body));
    for stmt in &body.stmts {
        see(Node::Stmt(stmt));
        match &stmt.kind {
            StmtKind::Let {
                pattern: bound,
                ty,
                value,
                ..
            } => {
                pattern(bound, see);
                types(ty, see);
                walk_expr(value, see);
            }
            StmtKind::Var { ty, value, .. } => {
                types(ty, see);
                walk_expr(value, see);
            }
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
pub fn walk_expr<'a>(parent: &'a Expr, see: &mut dyn FnMut(Node<'a>)) {
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
        | ExprKind::Try(e)
        | ExprKind::Peek(e)
        | ExprKind::Field { base: e, .. }
        | ExprKind::TupleField { base: e, .. }
        | ExprKind::Fail(e)
        | ExprKind::Return(Some(e)) => walk_expr(e, see),
        ExprKind::Is {
            value,
            pattern: held,
        } => {
            walk_expr(value, see);
            pattern(held, see);
        }
        ExprKind::Lambda { params, body } => {
            for param in params {
                types(&param.ty, see);
            }
            walk_expr(body, see);
        }
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
                see(Node::Arm(arm));
                pattern(&arm.pattern, see);
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
                see(Node::WaitArm(arm));
                match &arm.on {
                    WaitOn::Event { args, .. } => pattern_args(args.as_deref(), see),
                    WaitOn::After(delay) => walk_expr(delay, see),
                    WaitOn::Hole => {}
                }
                walk_expr(&arm.body, see);
            }
        }
    }
}

fn comprehension<'a>(inner: &'a For, see: &mut dyn FnMut(Node<'a>)) {
    for generator in &inner.generators {
        pattern(&generator.pattern, see);
        walk_expr(&generator.source, see);
    }
    for clause in &inner.clauses {
        match &clause.kind {
            ClauseKind::Where(condition) => walk_expr(condition, see),
            ClauseKind::Join {
                pattern: bound,
                source,
                on,
            } => {
                pattern(bound, see);
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

fn types<'a>(written: &'a Option<Type>, see: &mut dyn FnMut(Node<'a>)) {
    if let Some(written) = written {
        ty(written, see);
    }
}

fn ty<'a>(written: &'a Type, see: &mut dyn FnMut(Node<'a>)) {
    see(Node::Type(written));
    match &written.kind {
        TypeKind::Path { args, .. } => args.iter().for_each(|arg| ty(arg, see)),
        TypeKind::Tuple(parts) => parts.iter().for_each(|part| ty(&part.ty, see)),
        TypeKind::Optional(inner) => ty(inner, see),
        TypeKind::Fn { params, ret } => {
            params.iter().for_each(|param| ty(param, see));
            ty(ret, see);
        }
        TypeKind::Hole => {}
    }
}

/// The same for one pattern.
pub fn pattern<'a>(parent: &'a Pattern, see: &mut dyn FnMut(Node<'a>)) {
    see(Node::Pattern(parent));
    match &parent.kind {
        PatternKind::Con { args, .. } => pattern_args(args.as_deref(), see),
        PatternKind::Tuple(parts) | PatternKind::Or(parts) | PatternKind::List(parts) => {
            parts.iter().for_each(|part| pattern(part, see));
        }
        _ => {}
    }
}

fn pattern_args<'a>(list: Option<&'a [PatternArg]>, see: &mut dyn FnMut(Node<'a>)) {
    for arg in list.unwrap_or_default() {
        see(Node::PatternArg(arg));
        pattern(&arg.pattern, see);
    }
}

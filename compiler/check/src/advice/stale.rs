//! Decisions on what may have changed: state of another instance is read, time passes, and then it decides about a
//! change of that same state.
//!
//! In the order of the text: a variable remembers which field it was made from and how many waits there were before it.
//! When it is looked at after a later one, in a condition or an argument, and what is done there writes that
//! field of the same instance, both places are shown. Loops are walked once, so a value carried round a loop is not seen.

use std::collections::BTreeMap;

use weir_diagnostics::{Diagnostic, Span, codes};

use super::waiting;
use crate::hir::*;
use crate::walk;

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let writes = writes(program);
    for (_, body) in waiting(program) {
        let mut walk = Walk {
            program,
            writes: &writes,
            read: BTreeMap::new(),
            waits: Vec::new(),
            guards: Vec::new(),
            found,
        };
        walk.expr(&body.root);
    }
}

/// Which fields of their own instance the functions write, also by way of others.
fn writes(program: &Checked) -> Vec<Vec<FieldId>> {
    let mut out: Vec<Vec<FieldId>> = vec![Vec::new(); program.functions.len()];
    loop {
        let mut grown = false;
        for (at, function) in program.functions.iter().enumerate() {
            let Implementation::Body(body) = &function.implementation else {
                continue;
            };
            let mut all = out[at].clone();
            walk::all(&body.root, &mut |expr| match &expr.kind {
                ExprKind::Assign { place, .. }
                | ExprKind::AssignOp { place, .. }
                | ExprKind::Mutate { place, .. } => {
                    if let PlaceRoot::State(field) = place.root {
                        all.push(field);
                    }
                }
                ExprKind::CallHandler {
                    function,
                    target: None,
                    ..
                } => all.extend(&out[function.0 as usize]),
                _ => {}
            });
            all.sort();
            all.dedup();
            grown |= all.len() > out[at].len();
            out[at] = all;
        }
        if !grown {
            return out;
        }
    }
}

/// A variable that holds what state was.
#[derive(Clone, Debug)]
struct Read {
    entity: EntityId,
    field: FieldId,
    target: Expr,
    span: Span,
    /// How many waits came before.
    waits: usize,
}

struct Walk<'a> {
    program: &'a Checked,
    writes: &'a [Vec<FieldId>],
    read: BTreeMap<LocalId, Read>,
    waits: Vec<Span>,
    /// What decides whether the code here runs, and where that is asked.
    guards: Vec<(Read, Span)>,
    found: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Block(block) => {
                let guards = self.guards.len();
                for stmt in &block.stmts {
                    self.stmt(stmt);
                }
                self.guards.truncate(guards);
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                self.expr(cond);
                let guards = self.guards.len();
                self.guard(cond);
                self.expr(then);
                otherwise.iter().for_each(|part| self.expr(part));
                self.guards.truncate(guards);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(subject);
                let guards = self.guards.len();
                self.guard(subject);
                for arm in arms {
                    arm.guard.iter().for_each(|guard| {
                        self.expr(guard);
                        self.guard(guard);
                    });
                    self.expr(&arm.body);
                }
                self.guards.truncate(guards);
            }
            _ => {
                walk::children(expr, &mut |part| self.expr(part));
                if self.lets_time_pass(expr) {
                    self.waits.push(expr.span);
                }
                self.change(expr);
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let(pattern, value) => {
                self.expr(value);
                if let PatternKind::Bind(id) = pattern.kind {
                    self.bind(id, value);
                }
            }
            Stmt::Expr(e) => {
                self.expr(e);
                // `require`: what comes behind is decided by it as well.
                if let ExprKind::If { cond, then, .. } = &e.kind
                    && then.ty == Type::Never
                {
                    self.guard(cond);
                }
            }
        }
    }

    fn bind(&mut self, id: LocalId, value: &Expr) {
        let mut reads = Vec::new();
        walk::all(value, &mut |expr| match &expr.kind {
            ExprKind::StateOf {
                entity,
                target,
                field,
            } => reads.push(Read {
                entity: *entity,
                field: *field,
                target: (**target).clone(),
                span: expr.span,
                waits: self.waits.len(),
            }),
            ExprKind::Local(from) => reads.extend(self.read.get(from).cloned()),
            _ => {}
        });
        if let Some(read) = reads.into_iter().next() {
            self.read.insert(id, read);
        }
    }

    fn guard(&mut self, cond: &Expr) {
        self.stale_in(cond)
            .into_iter()
            .for_each(|read| self.guards.push((read, cond.span)));
    }

    /// What an expression looks at that is older than the last wait.
    fn stale_in(&self, expr: &Expr) -> Vec<Read> {
        let mut out = Vec::new();
        walk::all(expr, &mut |expr| {
            if let ExprKind::Local(id) = expr.kind
                && let Some(read) = self.read.get(&id)
                && read.waits < self.waits.len()
            {
                out.push(read.clone());
            }
        });
        out
    }

    fn lets_time_pass(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Sleep(_)
            | ExprKind::SleepUntil(_)
            | ExprKind::Wait { .. }
            | ExprKind::RunResult { .. } => true,
            ExprKind::CallExtern { function, .. } => {
                self.program.extern_fn(*function).promise != Promise::Pure
            }
            ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
                self.program.function(*function).effect == Effect::Wait
            }
            _ => false,
        }
    }

    /// Reports a change that was decided on what is old.
    fn change(&mut self, expr: &Expr) {
        let ExprKind::CallHandler {
            entity,
            function,
            target: Some(target),
            args,
        } = &expr.kind
        else {
            return;
        };
        let mut old = self.guards.clone();
        for arg in args {
            if let Arg::Value(value) = arg {
                old.extend(
                    self.stale_in(value)
                        .into_iter()
                        .map(|read| (read, value.span)),
                );
            }
        }
        let decides = old.into_iter().find(|(read, _)| {
            read.entity == *entity
                && self.writes[function.0 as usize].contains(&read.field)
                && same(&read.target, target)
        });
        let Some((read, asked)) = decides else {
            return;
        };
        let owner = self.program.entity(read.entity);
        let field = &owner.fields[read.field.0 as usize].name;
        self.found.push(
            Diagnostic::new(
                codes::W0802,
                asked,
                format!("this decides on `{field}` of `{}` as it was before time passed", owner.name),
            )
            .label("may have changed meanwhile")
            .secondary(read.span, "read here")
            .secondary(self.waits[read.waits], "time passes here")
            .secondary(expr.span, "and changed here")
            .help("let the handler itself look, or read it again; both in one `atomic { .. }` when they belong together"),
        );
    }
}

/// Whether two expressions surely name the same instance.
fn same(a: &Expr, b: &Expr) -> bool {
    let all = |xs: &[Expr], ys: &[Expr]| {
        xs.len() == ys.len() && xs.iter().zip(ys).all(|(x, y)| same(x, y))
    };
    match (&a.kind, &b.kind) {
        (ExprKind::Local(a), ExprKind::Local(b)) => a == b,
        (ExprKind::Constant(a), ExprKind::Constant(b)) => a == b,
        (ExprKind::State(a), ExprKind::State(b)) => a == b,
        (ExprKind::Text(a), ExprKind::Text(b)) => a == b,
        (ExprKind::Int(a), ExprKind::Int(b)) => a == b,
        (ExprKind::SelfRef, ExprKind::SelfRef) => true,
        (ExprKind::Field(a, i), ExprKind::Field(b, j)) => i == j && same(a, b),
        (ExprKind::Wrap(_, a), ExprKind::Wrap(_, b))
        | (ExprKind::Unwrap(_, a), ExprKind::Unwrap(_, b)) => same(a, b),
        (ExprKind::EntityRef(a, xs), ExprKind::EntityRef(b, ys)) => a == b && all(xs, ys),
        _ => false,
    }
}

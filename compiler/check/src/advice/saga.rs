//! What a run has done to the world and would leave there when it fails.
//!
//! A forward may-analysis of each function that waits: the set of things done so far without `undo`. A handler of another
//! instance that writes, a call to the outside that is not `@read`, a run of another workflow: these stay when the run
//! fails later. At each `?` and `fail` the set is looked at. What is sent is not in it, nor is the run's own state, which
//! shows how far it came.
//!
//! A call that fails has done nothing, so it counts only behind its `?`. A failure that leaves `atomic` takes along what was
//! done inside.

use std::collections::{BTreeMap, BTreeSet};

use weir_diagnostics::{Diagnostic, Span, codes};

use super::{name, started, waiting};
use crate::hir::*;
use crate::walk;

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let changes = changes(program);
    let mut leaves: BTreeSet<FnId> = BTreeSet::new();
    // A function that leaves things behind is itself such a thing where it is called: at most one round for each.
    loop {
        let before = leaves.len();
        for (id, body) in waiting(program) {
            let mut walk = Walk::new(program, &changes, &leaves);
            walk.expr(&body.root);
            if walk.leaves_something() {
                leaves.insert(id);
            }
        }
        if leaves.len() == before {
            break;
        }
    }
    for (_, body) in waiting(program) {
        let mut walk = Walk::new(program, &changes, &leaves);
        walk.expr(&body.root);
        found.extend(walk.found.iter().map(|(done, (what, exit))| {
            Diagnostic::new(
                codes::W0801,
                *done,
                format!("when the run fails later, {what} stays done"),
            )
            .label("has no `undo`")
            .secondary(*exit, "and the run may fail here")
            .help("write behind it how to undo it: `undo ..`; when it may stay, say so with `undo {}`")
        }));
    }
}

/// Functions that do something which stays, undone or not.
fn changes(program: &Checked) -> BTreeSet<FnId> {
    let mut out: BTreeSet<FnId> = BTreeSet::new();
    loop {
        let before = out.len();
        for (at, function) in program.functions.iter().enumerate() {
            let Implementation::Body(body) = &function.implementation else {
                continue;
            };
            let of_workflow = |id| program.entity(id).workflow.is_some();
            let is_entity = function.entity.is_some_and(|id| !of_workflow(id));
            walk::all(&body.root, &mut |expr| {
                let does = match &expr.kind {
                    ExprKind::Assign { place, .. }
                    | ExprKind::AssignOp { place, .. }
                    | ExprKind::Mutate { place, .. } => {
                        is_entity && matches!(place.root, PlaceRoot::State(_))
                    }
                    ExprKind::CallExtern { function, .. } => stays(program, *function),
                    ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
                        out.contains(function) && !is_kept(&program.function(*function).as_step)
                    }
                    ExprKind::RunResult { run, .. } => match &run.kind {
                        ExprKind::Send { message, .. } => {
                            started(program, message).is_some_and(|run| {
                                out.contains(&run) && !is_kept(&program.function(run).as_step)
                            })
                        }
                        _ => false,
                    },
                    _ => false,
                };
                if does {
                    out.insert(FnId(at as u32));
                }
            });
        }
        if out.len() == before {
            return out;
        }
    }
}

/// Whether somebody said why it may stay.
fn is_kept(as_step: &AsStep) -> bool {
    as_step.keep.is_some()
}

fn stays(program: &Checked, id: ExternId) -> bool {
    let function = program.extern_fn(id);
    let changes = matches!(function.promise, Promise::Idempotent | Promise::Once);
    changes && !is_kept(&function.as_step)
}

/// Done so far, by place, with how it is called.
type Done = BTreeMap<Span, String>;

struct Walk<'a> {
    program: &'a Checked,
    changes: &'a BTreeSet<FnId>,
    leaves: &'a BTreeSet<FnId>,
    /// `None` behind what does not come back.
    done: Option<Done>,
    /// What was done where the innermost loop is left.
    broken: Vec<Done>,
    /// What is done where the function returns.
    returned: Done,
    /// By what was done: its name and the first way out behind it.
    found: BTreeMap<Span, (String, Span)>,
}

impl<'a> Walk<'a> {
    fn new(
        program: &'a Checked,
        changes: &'a BTreeSet<FnId>,
        leaves: &'a BTreeSet<FnId>,
    ) -> Walk<'a> {
        Walk {
            program,
            changes,
            leaves,
            done: Some(Done::new()),
            broken: Vec::new(),
            returned: Done::new(),
            found: BTreeMap::new(),
        }
    }

    fn leaves_something(&self) -> bool {
        !self.returned.is_empty() || self.done.as_ref().is_some_and(|done| !done.is_empty())
    }

    /// The run may fail here.
    fn exit(&mut self, span: Span) {
        for (done, what) in self.done.iter().flatten() {
            self.found.entry(*done).or_insert((what.clone(), span));
        }
    }

    fn join(&mut self, other: Option<Done>) {
        match (&mut self.done, other) {
            (Some(done), Some(other)) => done.extend(other),
            (none @ None, other) => *none = other,
            (Some(_), None) => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Try(inner) => {
                self.up_to_effect(inner);
                self.exit(expr.span);
                self.effect(inner);
            }
            ExprKind::Fail(error) => {
                self.expr(error);
                self.exit(expr.span);
                self.done = None;
            }
            ExprKind::Return(_) => {
                self.parts(expr);
                let done = self.done.take().unwrap_or_default();
                self.returned.extend(done);
            }
            ExprKind::Break | ExprKind::Continue => {
                let done = self.done.take().unwrap_or_default();
                if let Some(broken) = self.broken.last_mut() {
                    broken.extend(done);
                }
            }
            ExprKind::Coalesce(value, other) => {
                let failed = self.call(value);
                let after = std::mem::replace(&mut self.done, failed);
                self.expr(other);
                self.join(after);
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let (holds, fails) = self.cond(cond);
                self.done = holds;
                self.expr(then);
                let after = std::mem::replace(&mut self.done, fails);
                if let Some(otherwise) = otherwise {
                    self.expr(otherwise);
                }
                self.join(after);
            }
            ExprKind::Match { subject, arms } => self.match_(subject, arms),
            ExprKind::Wait { arms, after } => {
                if let Some((delay, _)) = after {
                    self.expr(delay);
                }
                let bodies = arms.iter().map(|arm| &arm.body);
                let bodies = bodies.chain(after.iter().map(|(_, body)| &**body));
                self.one_of(bodies.map(|body| (body, None)).collect());
            }
            ExprKind::While { .. } | ExprKind::For(_) | ExprKind::ParallelFor { .. } => {
                self.broken.push(Done::new());
                self.again(expr);
                let broken = self.broken.pop();
                self.join(broken);
            }
            ExprKind::Parallel(_) => self.again(expr),
            ExprKind::Atomic(inner) => self.atomic(inner),
            ExprKind::Block(block) => self.block(block),
            // Runs when the run has failed already; or stands in for the world.
            ExprKind::PushUndo { .. } | ExprKind::Mock { .. } => {}
            _ => {
                self.parts(expr);
                self.effect(expr);
            }
        }
    }

    /// Something that may fail; gives what is done when it does.
    fn call(&mut self, expr: &Expr) -> Option<Done> {
        self.up_to_effect(expr);
        let failed = self.done.clone();
        self.effect(expr);
        failed
    }

    fn up_to_effect(&mut self, expr: &Expr) {
        match &expr.kind {
            _ if is_call(expr) => self.parts(expr),
            ExprKind::Block(block) if let Some((kept, call)) = with_kept(block) => {
                kept.iter().for_each(|value| self.expr(value));
                self.up_to_effect(call);
            }
            _ => self.expr(expr),
        }
    }

    /// What is done when a condition holds, and when it does not: `charge() is Ok(_)` tells whether it was done.
    fn cond(&mut self, cond: &Expr) -> (Option<Done>, Option<Done>) {
        match &cond.kind {
            ExprKind::Not(inner) => {
                let (holds, fails) = self.cond(inner);
                (fails, holds)
            }
            ExprKind::Is(value, pattern) => {
                let failed = self.call(value);
                match pattern.kind {
                    PatternKind::Ok(_) => (self.done.clone(), failed),
                    PatternKind::Error(..) => (failed, self.done.clone()),
                    _ => (self.done.clone(), self.done.clone()),
                }
            }
            _ => {
                self.expr(cond);
                (self.done.clone(), self.done.clone())
            }
        }
    }

    /// What is inside, without what the expression itself does.
    fn parts(&mut self, expr: &Expr) {
        walk::children(expr, &mut |part| self.expr(part));
    }

    /// What may come behind itself. When the first look finds nothing new, a second would not either.
    fn again(&mut self, expr: &Expr) {
        let before = self.done.clone();
        self.parts(expr);
        self.join(before.clone());
        if self.done != before {
            self.parts(expr);
        }
    }

    fn effect(&mut self, expr: &Expr) {
        let what = match &expr.kind {
            ExprKind::Block(block) => {
                if let Some((_, call)) = with_kept(block) {
                    self.effect(call);
                }
                return;
            }
            ExprKind::Call { function, .. } | ExprKind::CallHandler { function, .. } => {
                let at_once = self.program.function(*function).effect < Effect::Wait;
                let stays = match at_once {
                    true => self.changes.contains(function),
                    false => self.leaves.contains(function),
                };
                if !stays || is_kept(&self.program.function(*function).as_step) {
                    return;
                }
                *function
            }
            ExprKind::RunResult { run, .. } => {
                let ExprKind::Send { message, .. } = &run.kind else {
                    return;
                };
                match started(self.program, message) {
                    Some(run) if is_kept(&self.program.function(run).as_step) => return,
                    Some(run) if self.changes.contains(&run) => run,
                    _ => return,
                }
            }
            ExprKind::CallExtern { function, .. } if stays(self.program, *function) => {
                let function = self.program.extern_fn(*function);
                let what = format!("`{}.{}`", function.module, function.name);
                self.done.iter_mut().for_each(|done| {
                    done.insert(expr.span, what.clone());
                });
                return;
            }
            _ => return,
        };
        let what = format!("`{}`", name(self.program, what));
        if let Some(done) = &mut self.done {
            done.insert(expr.span, what);
        }
    }

    fn match_(&mut self, subject: &Expr, arms: &[Arm]) {
        let failed = self.call(subject);
        let bodies = arms.iter().map(|arm| match arm.pattern.kind {
            PatternKind::Error(..) => (&arm.body, Some(failed.clone())),
            _ => (&arm.body, None),
        });
        self.one_of(bodies.collect());
    }

    /// Each begins with what is done now, or with what it says.
    fn one_of(&mut self, bodies: Vec<(&Expr, Option<Option<Done>>)>) {
        let before = self.done.take();
        let mut after = None;
        for (body, start) in bodies {
            self.done = start.unwrap_or_else(|| before.clone());
            self.expr(body);
            self.join(after);
            after = self.done.take();
        }
        self.done = after;
    }

    fn atomic(&mut self, inner: &Expr) {
        let before = self.done.clone();
        let known: BTreeSet<Span> = self.found.keys().copied().collect();
        self.expr(inner);
        let outside = |done: &Span| before.iter().any(|before| before.contains_key(done));
        self.found
            .retain(|done, _| known.contains(done) || outside(done));
    }

    fn block(&mut self, block: &Block) {
        for (at, stmt) in block.stmts.iter().enumerate() {
            let (Stmt::Let(_, value) | Stmt::Expr(value)) = stmt;
            let before = self.done.clone();
            self.expr(value);
            if has_undo(&block.stmts[at + 1..]) && self.done.is_some() {
                self.done = before;
            }
        }
    }
}

/// A call behind variables that keep its named arguments: their values, and the call.
fn with_kept(block: &Block) -> Option<(Vec<&Expr>, &Expr)> {
    let (last, kept) = block.stmts.split_last()?;
    let values = kept.iter().map(|stmt| match stmt {
        Stmt::Let(_, value) => Some(value),
        Stmt::Expr(_) => None,
    });
    match last {
        Stmt::Expr(call) if is_call(call) => Some((values.collect::<Option<_>>()?, call)),
        _ => None,
    }
}

fn is_call(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Call { .. }
            | ExprKind::CallHandler { .. }
            | ExprKind::CallExtern { .. }
            | ExprKind::RunResult { .. }
    )
}

/// Whether the statement before these is a step with `undo`: then its push follows, behind the binding of a `let`.
fn has_undo(rest: &[Stmt]) -> bool {
    let is_push =
        |stmt: &Stmt| matches!(stmt, Stmt::Expr(e) if matches!(e.kind, ExprKind::PushUndo { .. }));
    match rest {
        [first, ..] if is_push(first) => true,
        [Stmt::Let(_, value), second, ..] => {
            matches!(value.kind, ExprKind::Local(_)) && is_push(second)
        }
        _ => false,
    }
}

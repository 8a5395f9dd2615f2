//! Warnings: programs that mean something, but hardly what was meant.
//!
//! Most are about runs. A workflow is a row of steps, and between two of them the world goes on. Each file here looks for
//! one way in which that is forgotten; `dropped` for what is written and does nothing. They see a program without errors, with the effects filled in.

mod cycles;
mod dropped;
mod events;
mod merge;
mod saga;
mod stale;

use weir_diagnostics::Diagnostic;

use crate::hir::*;
use crate::scope::Cx;

pub fn check(cx: &mut Cx) {
    if cx.diagnostics.iter().any(Diagnostic::is_error) {
        return;
    }
    let mut found = Vec::new();
    saga::check(&cx.program, &mut found);
    stale::check(&cx.program, &mut found);
    cycles::check(&cx.program, &mut found);
    events::check(&cx.program, &mut found);
    dropped::check(&cx.program, &mut found);
    merge::check(&cx.program, &mut found);
    found
        .into_iter()
        .for_each(|diagnostic| cx.report(diagnostic));
}

/// The program's own functions that may go on over several steps, with their code.
fn waiting(program: &Checked) -> impl Iterator<Item = (FnId, &Body)> {
    program.functions.iter().enumerate().filter_map(|(at, f)| {
        let waits = f.effect == Effect::Wait && !f.is_prelude;
        match &f.implementation {
            Implementation::Body(body) if waits => Some((FnId(at as u32), &**body)),
            _ => None,
        }
    })
}

/// The call a value comes from, behind the variables that keep its named arguments.
fn call_in(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Block(block) => match block.stmts.last() {
            Some(Stmt::Expr(last)) => call_in(last),
            _ => expr,
        },
        _ => expr,
    }
}

/// How a function is called in messages.
pub fn name(program: &Checked, id: FnId) -> String {
    let function = program.function(id);
    match function.entity {
        Some(entity) => format!("{}.{}", program.entity(entity).name, function.name),
        None => function.name.clone(),
    }
}

/// The workflow whose `run` a message starts.
fn started(program: &Checked, message: &Message) -> Option<FnId> {
    let Message::Handler { function, .. } = message else {
        return None;
    };
    let entity = program.function(*function).entity?;
    let workflow = program.entity(entity).workflow.as_ref()?;
    (workflow.run == *function).then_some(*function)
}

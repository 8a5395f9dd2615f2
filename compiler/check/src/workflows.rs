//! Workflows: an entity with a `run` that may take days, and events it can wait for.
//!
//! State, rules and functions are those of an entity and are handled as such; here is what is added.

use weir_diagnostics::{Diagnostic, codes};
use weir_syntax::ast::{self, MemberKind};

use crate::hir::*;
use crate::scope::Cx;
use crate::signatures;

/// Makes an entity whose members are collected a workflow.
pub fn collect(cx: &mut Cx, id: EntityId, decl: &ast::EntityDecl) {
    let is_run = |f: &FnId| cx.program.function(*f).name == "run";
    let run = cx.program.entity(id).handlers.iter().copied().find(is_run);
    if run.is_none() {
        cx.report(
            Diagnostic::new(
                codes::E0802,
                decl.name.span,
                format!("the workflow `{}` has no `run`", decl.name),
            )
            .label("does nothing")
            .help("add `fn run() { .. }`: what it does from start to end; or make it an `entity`"),
        );
    }
    let events = decl.members.iter().filter_map(|member| match &member.kind {
        MemberKind::Event(event) => Some(Event {
            name: event.name.name.clone(),
            params: Vec::new(),
            is_pub: event.is_pub.is_some(),
            access: Access::Allow,
            doc: member.doc.as_ref().map(|d| d.text.clone()),
            span: event.name.span,
        }),
        _ => None,
    });
    cx.program.entities[id.0 as usize].workflow = Some(Workflow {
        // Without a `run` there is an error, and nobody looks at this.
        run: run.unwrap_or(FnId(0)),
        events: events.collect(),
        begins: false,
    });
}

/// Works out what the events carry and who may send them.
pub fn resolve(cx: &mut Cx, id: EntityId, decl: &ast::EntityDecl) {
    let mut resolved = Vec::new();
    for member in &decl.members {
        let MemberKind::Event(event) = &member.kind else {
            continue;
        };
        for field in &event.params {
            if let Some(default) = &field.default {
                signatures::no_default(
                    cx,
                    default.span,
                    "what an event carries",
                    "leave it out, or make the type optional: `T?`",
                );
            }
        }
        let params = signatures::fields(cx, &event.params, &[]);
        let (access, _) = signatures::attributes(cx, &member.attrs, event.is_pub, false);
        resolved.push((params, access));
    }
    if let Some(workflow) = &mut cx.program.entities[id.0 as usize].workflow {
        for (event, (params, access)) in workflow.events.iter_mut().zip(resolved) {
            event.params = params;
            event.access = access;
        }
    }
}

//! What workflows and the outside world add to the text of a module.

use std::fmt::Write;

use super::{access_text, params_text, print_type, quote};
use crate::ir::*;
use weir_contract::manifest::Promise;

/// `run` and the `event`s of a workflow, inside its entity.
pub fn workflow(module: &Module, workflow: &Workflow, out: &mut String) {
    let name = &module.defs.get(workflow.event_enum).name;
    let _ = writeln!(
        out,
        "  run {} {name}{}",
        workflow.run.0,
        if workflow.begins { " begins" } else { "" }
    );
    for event in &workflow.events {
        let _ = writeln!(
            out,
            "  event {} {} {}{}{}{}",
            quote(&event.name),
            params_text(module, &event.params),
            access_text(&event.access),
            if event.public { " public" } else { "" },
            event
                .guard
                .map_or(String::new(), |e| format!(" guard {}", e.0)),
            event
                .doc
                .as_ref()
                .map_or(String::new(), |d| format!(" doc {}", quote(d))),
        );
    }
}

/// `failures` and `outside`, between the definitions and the entities.
pub fn outside(module: &Module, out: &mut String) {
    let name = |id: &weir_contract::DefId| module.defs.get(*id).name.clone();
    if let Some(f) = &module.failures {
        let names = [&f.cancelled, &f.timed_out, &f.unavailable, &f.unknown].map(name);
        let _ = writeln!(out, "failures {}", names.join(" "));
    }
    for function in &module.externs {
        let params: Vec<String> = function
            .params
            .iter()
            .map(|p| format!("{}: {}", quote(&p.name), print_type(module, &p.ty)))
            .collect();
        let fails: Vec<String> = function.fails.iter().map(name).collect();
        let _ = writeln!(
            out,
            "outside {} {} {} {} ({}) -> {} [{}]{}{}",
            quote(&function.module),
            quote(&function.name),
            quote(&function.source),
            promise_word(function.promise),
            params.join(", "),
            print_type(module, &function.returns),
            fails.join(", "),
            function.retry.as_ref().map_or(String::new(), |r| format!(
                " retry {} {}",
                r.attempts, r.pause_us
            )),
            function
                .timeout_us
                .map_or(String::new(), |us| format!(" timeout {us}")),
        );
    }
}

fn promise_word(promise: Promise) -> &'static str {
    match promise {
        Promise::Pure => "pure",
        Promise::Read => "read",
        Promise::Idempotent => "idempotent",
        Promise::Once => "once",
    }
}

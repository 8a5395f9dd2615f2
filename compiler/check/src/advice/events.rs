//! Events that cannot come, events that nobody takes, and waits that may have no end.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, Span, codes};

use crate::hir::*;
use crate::walk::{self, Owner};

/// Events that code of the program sends.
type Sent = BTreeSet<(EntityId, EventId)>;

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let mut sent = Sent::new();
    let mut awaited: BTreeSet<(EntityId, EventId)> = BTreeSet::new();
    // Those without a deadline, with what they wait for.
    let mut endless: Vec<(Span, EntityId, Vec<EventId>)> = Vec::new();
    for (owner, body) in walk::bodies(program) {
        let entity = match owner {
            // What only a test sends never comes where it matters.
            Owner::Test => continue,
            Owner::Function(id) => program.function(id).entity,
            _ => None,
        };
        walk::all(&body.root, &mut |expr| match (&expr.kind, entity) {
            (
                ExprKind::Send {
                    message: Message::Event { entity, event, .. },
                    ..
                },
                _,
            ) => {
                sent.insert((*entity, *event));
            }
            (ExprKind::Wait { arms, after }, Some(entity)) => {
                awaited.extend(arms.iter().map(|arm| (entity, arm.event)));
                if after.is_none() {
                    let events = arms.iter().map(|arm| arm.event).collect();
                    endless.push((expr.span, entity, events));
                }
            }
            _ => {}
        });
    }
    for (at, entity) in program.entities.iter().enumerate() {
        let events = entity.workflow.iter().flat_map(|w| w.events.iter());
        for (n, event) in events.enumerate() {
            let id = (EntityId(at as u32), EventId(n as u32));
            if !awaited.contains(&id) {
                found.push(not_awaited(event));
            } else if !event.is_pub && !sent.contains(&id) {
                found.push(not_sent(entity, event));
            }
        }
    }
    for (span, entity, events) in endless {
        let mut all = events.iter();
        if all.all(|event| is_from_outside(program, &sent, entity, *event)) {
            found.push(waits_for_ever(program, span, entity, &events));
        }
    }
}

/// Whether an event can only come from outside.
fn is_from_outside(program: &Checked, sent: &Sent, entity: EntityId, event: EventId) -> bool {
    let workflow = program.entity(entity).workflow.as_ref();
    let is_pub = workflow.is_some_and(|w| w.events[event.0 as usize].is_pub);
    is_pub && !sent.contains(&(entity, event))
}

fn waits_for_ever(
    program: &Checked,
    span: Span,
    entity: EntityId,
    events: &[EventId],
) -> Diagnostic {
    let workflow = program.entity(entity).workflow.as_ref();
    let mut names: Vec<String> = Vec::new();
    for event in events {
        let events = workflow.map(|w| &w.events);
        let name = events.map(|all| format!("`{}`", all[event.0 as usize].name));
        names.extend(name.filter(|name| !names.contains(name)));
    }
    // The word `wait`: what is in the braces may be long.
    let word = Span::new(span.file, span.start, span.start + 4);
    Diagnostic::new(
        codes::H0801,
        word,
        format!(
            "this ends when somebody outside sends {}, and never when nobody does",
            names.join(" or ")
        ),
    )
    .label("has no deadline")
    .help("add one: `after 2d => ..`; waiting for ever may be right as well")
}

fn not_awaited(event: &Event) -> Diagnostic {
    let name = &event.name;
    Diagnostic::new(
        codes::W0805,
        event.span,
        format!("the workflow never waits for `{name}`"),
    )
    .label("comes, and changes nothing")
    .help(format!(
        "name it in a `wait`: `wait {{ {name}(..) => .. }}`, or remove it"
    ))
}

fn not_sent(entity: &Entity, event: &Event) -> Diagnostic {
    let name = &event.name;
    Diagnostic::new(
        codes::W0804,
        event.span,
        format!("nobody can send `{name}`: it is not `pub`, and no code sends it"),
    )
    .label("never comes")
    .help(format!(
        "make it `pub event {name}(..)`, or send it: `{}(..).{name}(..)`",
        entity.name
    ))
}

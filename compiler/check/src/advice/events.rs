//! Events that cannot come, and events that nobody takes.

use std::collections::BTreeSet;

use weir_diagnostics::{Diagnostic, codes};

use crate::hir::*;
use crate::walk::{self, Owner};

pub fn check(program: &Checked, found: &mut Vec<Diagnostic>) {
    let mut sent: BTreeSet<(EntityId, EventId)> = BTreeSet::new();
    let mut awaited: BTreeSet<(EntityId, EventId)> = BTreeSet::new();
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
            (ExprKind::Wait { arms, .. }, Some(entity)) => {
                awaited.extend(arms.iter().map(|arm| (entity, arm.event)));
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

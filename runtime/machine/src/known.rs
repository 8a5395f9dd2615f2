//! Whether a program has what records, snapshots and modules name: looked up once, where bytes come in.

use weir_contract::Manifest;
use weir_contract::manifest::FunctionKind;

use crate::effects::{EventTo, Place, Wait};
use crate::machine::BadRecord;

/// The entity whose workflow a place is the `run` of.
pub(crate) fn workflow(program: &Manifest, target: Place) -> Option<u32> {
    match target {
        Place::Function(n) => {
            let function = program.functions.get(n as usize)?;
            function
                .entity
                .filter(|_| function.kind == FunctionKind::Run)
        }
        Place::Frame(_) | Place::Test(_) => None,
    }
}

/// Whether the program has that place.
pub(crate) fn known(program: &Manifest, place: Place) -> Result<(), BadRecord> {
    let is_known = match place {
        Place::Function(n) => (n as usize) < program.functions.len(),
        Place::Frame(n) => (n as usize) < program.frames.len(),
        Place::Test(_) => true,
    };
    match is_known {
        true => Ok(()),
        false => Err(BadRecord("no such place in the program".to_owned())),
    }
}

/// Whether a run that was started as `target` can wait so.
pub(crate) fn known_wait(program: &Manifest, target: Place, wait: &Wait) -> Result<(), BadRecord> {
    let is_known = match wait {
        Wait::Events { numbers, .. } => {
            let events = events_of(program, target);
            numbers.iter().all(|n| (*n as usize) < events)
        }
        Wait::Outside { function, .. } => (*function as usize) < program.externs.len(),
        _ => true,
    };
    match is_known {
        true => Ok(()),
        false => Err(BadRecord("it waits for what is not there".to_owned())),
    }
}

/// How many kinds of events the workflow has whose `run` a place is.
pub(crate) fn events_of(program: &Manifest, target: Place) -> usize {
    workflow(program, target)
        .and_then(|entity| program.entities[entity as usize].workflow.as_ref())
        .map_or(0, |w| w.events.len())
}

pub(crate) fn known_event(program: &Manifest, to: &EventTo) -> Result<(), BadRecord> {
    let entity = program.entities.get(to.entity as usize);
    let workflow = entity.and_then(|e| e.workflow.as_ref());
    match workflow.is_some_and(|w| (to.event as usize) < w.events.len()) {
        true => Ok(()),
        false => Err(BadRecord("no such event in the program".to_owned())),
    }
}

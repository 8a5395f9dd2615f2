//! Runs that begin by themselves: the schedules of a program.
//!
//! They begin when their program comes into force, as a part of what its record does, so replay begins them too. One that
//! sleeps between two ticks owes nobody anything, and ends without a word with the program that had it.

use weir_contract::Value;
use weir_contract::keys::encode_keys;
use weir_contract::manifest::Manifest;

use crate::effects::Place;
use crate::machine::Machine;
use crate::progress::Start;
use crate::runs::{Caller, Run, Waiting};
use crate::schedule::Runs;

impl Machine {
    /// Starts the schedules of the program in force that do not go on already.
    pub(crate) fn begin_schedules(&mut self) {
        let Some(program) = self.program.clone() else {
            return;
        };
        for (entity, number) in program.entities.iter().zip(0..) {
            let Some(workflow) = entity.workflow.as_ref().filter(|w| w.begins) else {
                continue;
            };
            let key = encode_keys(&program.defs, &entity.keys, &[Value::Text(String::new())]);
            let earlier = self.runs.of_workflow(number, &key);
            if earlier.is_some_and(|run| self.runs.going.contains_key(&run)) {
                continue;
            }
            let start = Start {
                target: Place::Function(workflow.run),
                key: key.into(),
                args: Box::default(),
                caller: self.runs.caller(Caller {
                    id: String::new(),
                    roles: Vec::new(),
                }),
                outside: false,
                idempotency: None,
                delay: None,
            };
            let run = self.next_run;
            self.next_run += 1;
            let started = self.change(self.time, |change| {
                change.start(run, start);
                Ok(())
            });
            started.expect("a program is in force");
        }
    }
}

/// Takes away the schedules that are not in the new program and sleep between two ticks.
pub(crate) fn end_schedules(runs: &mut Runs, old: &Manifest, new: &Manifest) {
    let gone: Vec<u64> = runs
        .going()
        .filter(|(_, run)| is_gone(run, old, new))
        .map(|(number, _)| number)
        .collect();
    for number in gone {
        runs.forget_going(number);
        runs.workflows.retain(|_, run| *run != number);
    }
}

/// Whether a run is such a schedule.
pub(crate) fn is_gone(run: &Run, old: &Manifest, new: &Manifest) -> bool {
    let Place::Function(function) = run.target else {
        return false;
    };
    let entity = old.functions[function as usize].entity;
    let Some(entity) = entity.map(|entity| &old.entities[entity as usize]) else {
        return false;
    };
    let begins = |w: &weir_contract::manifest::Workflow| w.begins;
    let stays = new
        .entity(&entity.name)
        .is_some_and(|(_, now)| now.workflow.as_ref().is_some_and(begins));
    let sleeps = match run.strands.as_slice() {
        [strand] => strand.frames.len() == 1 && matches!(strand.waiting, Waiting::Sleep { .. }),
        _ => false,
    };
    entity.workflow.as_ref().is_some_and(begins) && !stays && sleeps
}

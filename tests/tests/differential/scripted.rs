//! What comes of a program with workflows and a script of what happens to it: the interpreter.

use weir_check::hir::{EntityId, ErrorId, EventId, ExternId, FnId};
use weir_contract::Value;
use weir_meaning::{Caller, Ending, Outcome, Target, World};
use weir_tests::generate::Call;
use weir_tests::generate::blob::given;
use weir_tests::generate::outside::Outside;
use weir_tests::generate::script::{Action, BEGIN_US};
use weir_tests::generate::workflow::Workflows;

use crate::Seen;
use crate::defined::seen;
use crate::front::Front;

/// What can be seen when the script is over.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Of the runs that the script started, in its order.
    pub results: Vec<Seen>,
    /// What `dump` of every instance gives that was ever written.
    pub state: Vec<(Call, Seen)>,
    /// A run stopped at a bug. How much was dropped then depends on how steps were cut.
    pub bug: bool,
}

/// Plays the script to the interpreter; nothing when the program goes on without end.
pub fn meant(front: &Front, program: &Workflows) -> Option<Ends> {
    let mut world = World::new(&front.checked);
    world.limits.expressions = 300_000;
    world.set(given());
    world.limits.steps = 20_000;
    world.answer_by(|function, args| Some(answer(front, program, function, args)));
    let mut time = BEGIN_US;
    let mut runs = Vec::new();
    for action in &program.script {
        match action {
            Action::Advance(microseconds) => {
                world.advance(*microseconds);
                time += microseconds;
            }
            Action::Start(call) => {
                let target = start_target(front, call)?;
                let outcome = world.call(&target, &call.args, &caller(call), time);
                runs.push((target, outcome));
            }
            Action::Event(call) => {
                let target = event_target(front, call)?;
                world.call(&target, &call.args, &caller(call), time);
            }
            Action::Cancel(start) => {
                if let (_, Outcome::Waiting(run)) = runs[*start] {
                    world.cancel(run);
                }
            }
        }
        if world.endless {
            return None;
        }
    }
    let results = runs.into_iter().map(|(_, outcome)| match outcome {
        Outcome::Waiting(run) => seen(front, world.result(run)),
        ended => seen(front, ended),
    });
    let results = results.collect();
    let bug = world.has_bug();
    let mut state = Vec::new();
    for (entity, keys) in world.instances() {
        let call = Call {
            instance: Some((front.checked.entity(entity).name.clone(), keys)),
            function: "dump".to_owned(),
            args: Vec::new(),
            caller: "ann".to_owned(),
            roles: Vec::new(),
            time,
        };
        let target = start_target(front, &call)?;
        let shown = world.call(&target, &[], &caller(&call), time);
        state.push((call, seen(front, shown)));
    }
    Some(Ends {
        results,
        state,
        bug,
    })
}

fn answer(front: &Front, program: &Workflows, function: ExternId, args: &[Value]) -> Ending {
    let asked = front.checked.extern_fn(function);
    let is_it = |o: &&Outside| o.module == asked.module && o.function == asked.name;
    let outside = program.outside.iter().find(is_it);
    let answer = outside.expect("each has its answers").answer(args);
    answer.map_err(|(error, fields)| {
        let errors = &front.checked.errors;
        let error = errors.iter().position(|e| e.name == error);
        (ErrorId(error.expect("it is declared") as u32), fields)
    })
}

fn caller(call: &Call) -> Caller {
    Caller {
        id: call.caller.clone(),
        roles: call.roles.iter().cloned().collect(),
    }
}

/// Nothing when a program that was made smaller has it no longer.
fn start_target(front: &Front, call: &Call) -> Option<Target> {
    let program = &front.checked;
    let entity = call.instance.as_ref().map(|(entity, _)| entity);
    let found = program.functions.iter().position(|f| {
        let of = f.entity.map(|e| &program.entity(e).name);
        !f.is_prelude && f.name == call.function && of == entity
    });
    let id = FnId(found? as u32);
    Some(match &call.instance {
        None => Target::Function(id),
        Some((_, keys)) => Target::Handler(id, keys.clone()),
    })
}

fn event_target(front: &Front, call: &Call) -> Option<Target> {
    let (name, keys) = call.instance.as_ref().expect("events are of workflows");
    let entities = &front.checked.entities;
    let entity = entities.iter().position(|e| e.name == *name)?;
    let events = &entities[entity].workflow.as_ref()?.events;
    let event = events.iter().position(|e| e.name == call.function)?;
    let (entity, event) = (EntityId(entity as u32), EventId(event as u32));
    Some(Target::Event(entity, keys.clone(), event))
}

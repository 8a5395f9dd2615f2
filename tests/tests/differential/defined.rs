//! What a call means: the interpreter.

use weir_check::hir::FnId;
use weir_meaning::{Caller, Outcome, Target, World};
use weir_tests::generate::Call;
use weir_tests::generate::blob::given;

use crate::Seen;
use crate::front::Front;

pub struct Defined<'f> {
    front: &'f Front,
    world: World<'f>,
}

impl<'f> Defined<'f> {
    pub fn new(front: &'f Front) -> Self {
        let mut world = World::new(&front.checked);
        world.limits.expressions = 300_000;
        world.set(given());
        Defined { front, world }
    }

    pub fn call(&mut self, call: &Call) -> Seen {
        let program = &self.front.checked;
        let entity = call.instance.as_ref().map(|(entity, _)| entity);
        let found = program.functions.iter().position(|f| {
            let of = f.entity.map(|e| &program.entity(e).name);
            f.is_pub && !f.is_prelude && f.name == call.function && of == entity
        });
        let Some(found) = found else {
            return Seen::Gone;
        };
        let id = FnId(found as u32);
        let target = match &call.instance {
            None => Target::Function(id),
            Some((_, keys)) => Target::Handler(id, keys.clone()),
        };
        let caller = Caller {
            id: call.caller.clone(),
            roles: call.roles.iter().cloned().collect(),
        };
        let outcome = self.world.call(&target, &call.args, &caller, call.time);
        seen(self.front, outcome)
    }
}

pub fn seen(front: &Front, outcome: Outcome) -> Seen {
    match outcome {
        Outcome::Ok(value) => Seen::Ok(value),
        Outcome::Failed(error, fields) => {
            let error = &front.checked.errors[error.0 as usize];
            Seen::Failed(error.name.clone(), fields)
        }
        Outcome::Denied => Seen::Denied,
        Outcome::Waiting(_) => Seen::Waiting,
        Outcome::Gone => Seen::Gone,
        Outcome::Bug(bug) => Seen::Bug(bug.reason, front.place(bug.span.file, bug.span.start)),
    }
}

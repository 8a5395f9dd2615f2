//! What a call means: the interpreter.

use weir_check::hir::FnId;
use weir_meaning::{Caller, Outcome, Target, World};
use weir_tests::generate::Call;

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
        match self.world.call(&target, &call.args, &caller, call.time) {
            Outcome::Ok(value) => Seen::Ok(value),
            Outcome::Failed(error, fields) => {
                Seen::Failed(program.errors[error.0 as usize].name.clone(), fields)
            }
            Outcome::Denied => Seen::Denied,
            Outcome::Waiting(_) | Outcome::Gone => unreachable!("these programs never wait"),
            Outcome::Bug(bug) => {
                Seen::Bug(bug.reason, self.front.place(bug.span.file, bug.span.start))
            }
        }
    }
}

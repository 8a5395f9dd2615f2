//! Transactions: what belongs together, what a failure undoes, and who may ask for it.

use weir_check::hir::Access;
use weir_contract::{CrashReason, Value};

use crate::call::{Step, keys_frame};
use crate::merge::entity_of;
use crate::state::{InstanceKey, State};
use crate::stop::{Eval, Stop, bug};
use crate::world::Target;

impl Step<'_> {
    /// A handler or an `atomic` block begins; what it gives is for [`Step::commit`].
    pub fn begin(&mut self) -> Option<State> {
        self.transactions += 1;
        self.savepoint()
    }

    /// A failure that leaves a transaction has changed nothing. When no other is around it, the invariants of
    /// all instances written must hold at its end, and what it wrote then stays.
    pub async fn commit(&mut self, before: Option<State>, result: Eval<Value>) -> Eval<Value> {
        let result = self.undo_failure(before, result);
        // `return`, `break` and `continue` leave a transaction in order.
        let bug = matches!(result, Err(Stop::Bug(_)));
        if self.transactions == 1 && !bug {
            self.check_invariants().await?;
        }
        self.transactions -= 1;
        result
    }

    /// Inside a transaction, a function that fails has changed nothing. Outside one there is nothing to undo: each
    /// transaction it went through has ended and stays.
    pub fn savepoint(&self) -> Option<State> {
        (self.transactions > 0).then(|| self.desk.state.clone())
    }

    pub fn undo_failure(&mut self, before: Option<State>, result: Eval<Value>) -> Eval<Value> {
        if let (Err(Stop::Fail(..)), Some(before)) = (&result, before) {
            self.desk.state = before;
        }
        result
    }

    /// Of all instances written since the last time.
    pub async fn check_invariants(&mut self) -> Eval<()> {
        for instance in std::mem::take(&mut self.desk.state.touched) {
            for invariant in &self.program.entity(entity_of(&instance)).invariants {
                let value = self.run_body(invariant, keys_frame(&instance)).await?;
                if value != Value::Bool(true) {
                    return bug(CrashReason::InvariantBroken, &invariant.root.span);
                }
            }
        }
        Ok(())
    }

    /// Who may do what: `@anyone` lets everybody in; `@role` those who have one of the roles; otherwise the caller
    /// must be signed in and all `allow` rules of the entity must hold.
    pub async fn may(&mut self, target: &Target) -> Eval<bool> {
        let (access, instance) = match target {
            Target::Test(_) => return Ok(true),
            Target::Function(id) => (self.program.function(*id).access.clone(), None),
            Target::Handler(id, keys) => {
                let function = self.program.function(*id);
                let entity = function.entity.expect("a handler has an entity");
                (function.access.clone(), Some((entity, keys.clone())))
            }
            Target::Field(entity, keys, _) => (Access::Allow, Some((*entity, keys.clone()))),
            Target::Event(entity, keys, event) => {
                let workflow = self.program.entity(*entity).workflow.as_ref();
                let event = &workflow.expect("events are of workflows").events[event.0 as usize];
                (event.access.clone(), Some((*entity, keys.clone())))
            }
        };
        let signed_in = !self.caller.id.is_empty();
        match (access, instance) {
            (Access::Anyone, _) => Ok(true),
            (Access::Roles(roles), _) => {
                Ok(signed_in && roles.iter().any(|role| self.caller.roles.contains(role)))
            }
            (Access::Allow, None) => Ok(signed_in),
            (Access::Allow, Some(instance)) => Ok(signed_in && self.allows(&instance).await?),
        }
    }

    /// Whether all `allow` rules hold.
    async fn allows(&mut self, instance: &InstanceKey) -> Eval<bool> {
        for rule in &self.program.entity(instance.0).allows {
            if self.run_body(rule, keys_frame(instance)).await? != Value::Bool(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

//! The world: what every instance of every entity holds, and the way in.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use weir_check::hir::{Access, Checked, EntityId, ErrorId, FieldId, FnId};
use weir_contract::{Defs, Value};

use crate::call::Step;
use crate::stop::{Bug, Eval, Stop};
use crate::types::defs_of;

/// A program and all that it remembers.
pub struct World<'p> {
    pub program: &'p Checked,
    /// The program's named types, as values are shown by.
    pub defs: Defs,
    pub limits: Limits,
    state: State,
}

/// How far a step may go before it is a bug.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Expressions evaluated.
    pub expressions: u64,
    /// Calls inside one another.
    pub calls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            expressions: 5_000_000,
            calls: 1_000,
        }
    }
}

/// Who calls. An empty id is nobody: a caller who did not sign in.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub id: String,
    pub roles: BTreeSet<String>,
}

/// What a step runs.
#[derive(Clone, Debug)]
pub enum Target {
    /// A top-level function.
    Function(FnId),
    /// A handler of the instance with these keys.
    Handler(FnId, Vec<Value>),
    /// A state field of an instance, read.
    Field(EntityId, Vec<Value>, FieldId),
    /// A test, by position. It has no caller to refuse.
    Test(usize),
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Ok(Value),
    Failed(ErrorId, Vec<Value>),
    /// The caller may not do this.
    Denied,
    /// The program is at fault; nothing of the step is kept.
    Bug(Bug),
}

pub(crate) type InstanceKey = (EntityId, Vec<Value>);

/// What can be put back: taking a copy is how a savepoint is made.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The fields that were ever written; all others hold their initial values.
    pub instances: Rc<BTreeMap<InstanceKey, Rc<BTreeMap<FieldId, Value>>>>,
    /// Instances written in the running transaction, in the order of their first write.
    pub touched: Vec<InstanceKey>,
}

impl State {
    pub fn write(&mut self, key: &InstanceKey, field: FieldId, value: Value) {
        let instances = Rc::make_mut(&mut self.instances);
        let instance = instances.entry(key.clone()).or_default();
        Rc::make_mut(instance).insert(field, value);
        if !self.touched.contains(key) {
            self.touched.push(key.clone());
        }
    }
}

/// Room for `Limits::calls` nested calls with the frames of an unoptimised build.
const STACK_BYTES: usize = 1 << 30;

impl<'p> World<'p> {
    pub fn new(program: &'p Checked) -> Self {
        World {
            program,
            defs: defs_of(program),
            limits: Limits::default(),
            state: State::default(),
        }
    }

    /// Runs one step. `args` are in the order of the parameters; `None` asks for the default. `time` is
    /// microseconds since 1970.
    pub fn call(
        &mut self,
        target: &Target,
        args: &[Option<Value>],
        caller: &Caller,
        time: i64,
    ) -> Outcome {
        self.step(caller, time, |step| {
            if !step.may(target)? {
                return Ok(Outcome::Denied);
            }
            let value = match target {
                Target::Function(id) => step.enter_function(*id, None, args)?,
                Target::Handler(id, keys) => step.enter_function(*id, Some(keys), args)?,
                Target::Field(entity, keys, field) => {
                    step.read_field(&(*entity, keys.clone()), *field)?
                }
                Target::Test(position) => step.run_test(*position)?,
            };
            Ok(Outcome::Ok(value))
        })
    }

    /// The value of a state field now, whoever asks.
    pub fn field(&mut self, entity: EntityId, keys: &[Value], field: FieldId) -> Outcome {
        self.step(&Caller::default(), 0, |step| {
            step.read_field(&(entity, keys.to_vec()), field)
                .map(Outcome::Ok)
        })
    }

    /// The instances that were ever written.
    pub fn instances(&self) -> Vec<(EntityId, Vec<Value>)> {
        self.state.instances.keys().cloned().collect()
    }

    /// A thread of its own gives deep recursion the stack to reach its limit on.
    fn step(
        &mut self,
        caller: &Caller,
        time: i64,
        run: impl FnOnce(&mut Step<'_>) -> Eval<Outcome> + Send,
    ) -> Outcome {
        // `Rc` stays on one thread, so the state crosses as plain maps.
        let before = Plain::of(&self.state);
        let (program, defs, limits) = (self.program, &self.defs, self.limits);
        let (outcome, after) = std::thread::scope(|scope| {
            let body = || {
                let mut step = Step::new(program, defs, limits, before.state(), caller, time);
                let outcome = match run(&mut step) {
                    Ok(outcome) => outcome,
                    Err(Stop::Fail(error, fields)) => Outcome::Failed(error, fields),
                    Err(Stop::Bug(bug)) => return (Outcome::Bug(bug), None),
                    Err(other) => panic!("{other:?} left a function"),
                };
                (outcome, Some(Plain::of(&step.state)))
            };
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            let thread = thread
                .spawn_scoped(scope, body)
                .expect("a thread for the step");
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if let Some(after) = after {
            self.state = after.state();
        }
        outcome
    }
}

/// The state without sharing.
struct Plain(Vec<(InstanceKey, BTreeMap<FieldId, Value>)>);

impl Plain {
    fn of(state: &State) -> Plain {
        let instance = |(key, fields): (&InstanceKey, &Rc<BTreeMap<FieldId, Value>>)| {
            (key.clone(), (**fields).clone())
        };
        Plain(state.instances.iter().map(instance).collect())
    }

    fn state(&self) -> State {
        let instances = self
            .0
            .iter()
            .map(|(key, fields)| (key.clone(), Rc::new(fields.clone())));
        State {
            instances: Rc::new(instances.collect()),
            touched: Vec::new(),
        }
    }
}

impl Step<'_> {
    /// Who may do what: `@anyone` lets everybody in; `@role` those who have one of the roles; otherwise the caller
    /// must be signed in and all `allow` rules of the entity must hold.
    fn may(&mut self, target: &Target) -> Eval<bool> {
        let (access, instance) = match target {
            Target::Test(_) => return Ok(true),
            Target::Function(id) => (self.program.function(*id).access.clone(), None),
            Target::Handler(id, keys) => {
                let function = self.program.function(*id);
                let entity = function.entity.expect("a handler has an entity");
                (function.access.clone(), Some((entity, keys.clone())))
            }
            Target::Field(entity, keys, _) => (Access::Allow, Some((*entity, keys.clone()))),
        };
        let signed_in = !self.caller.id.is_empty();
        match (access, instance) {
            (Access::Anyone, _) => Ok(true),
            (Access::Roles(roles), _) => {
                Ok(signed_in && roles.iter().any(|role| self.caller.roles.contains(role)))
            }
            (Access::Allow, None) => Ok(signed_in),
            (Access::Allow, Some(instance)) => Ok(signed_in && self.allows(&instance)?),
        }
    }
}

//! The world: what every instance of every entity holds, what goes on, and the way in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Poll;

use weir_check::hir::{
    Checked, Effect, EntityId, ErrorId, EventId, ExternId, FieldId, FnId, StreamId,
};
use weir_contract::host_call::Given;
use weir_contract::{CrashReason, Value};

use crate::call::Step;
use crate::run::{Run, Wait};
use crate::schedule::Delayed;
use crate::state::{Call, Desk, InstanceKey, SentEvent};
use crate::stop::{Bug, Ending, Eval, Stop};
use crate::strand::{Going, Hand, Work, poll};
use crate::streams::Consuming;
use crate::types::Types;

/// A program and all that it remembers.
pub struct World<'p> {
    pub program: &'p Checked,
    /// The program's named types, as values are shown by.
    pub types: Arc<Types>,
    pub limits: Limits,
    /// Each transaction of waiting code begins a step, as on a host that cuts steps as short as it may. Others may go first then.
    pub finely: bool,
    /// A program that goes on and on was stopped by [`Limits::steps`]: what it means was not found out.
    pub endless: bool,
    /// With the time of the world.
    pub(crate) desk: Desk<'p>,
    pub(crate) hand: Hand<'p>,
    /// Those that go on.
    pub(crate) runs: BTreeMap<u64, Run<'p>>,
    /// Those that have ended.
    pub(crate) results: BTreeMap<u64, Ending>,
    /// What begins by itself has begun.
    has_begun: bool,
    /// Events that arrive later.
    pub(crate) delayed: BTreeMap<u64, Delayed>,
    /// Turns given out so far.
    pub(crate) turns: u64,
    pub(crate) consuming: Consuming,
    /// All that were ever emitted and kept.
    pub(crate) entries: BTreeMap<StreamId, Vec<Value>>,
}

/// Who answers calls of extern functions: nothing when the answer comes later, by [`World::answer`], or never.
pub type Outside<'p> = Box<dyn FnMut(ExternId, &[Value]) -> Option<Ending> + Send + 'p>;

/// Who computes the `@pure` functions of components, of which there are none here: at once, or the step has a bug.
pub type Pure<'p> = Box<dyn FnMut(ExternId, &[Value]) -> Result<Ending, CrashReason> + Send + 'p>;

/// How far a program may go before it is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Expressions evaluated in a step.
    pub expressions: u64,
    /// Calls inside one another.
    pub calls: u32,
    /// Steps that follow one call from outside.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            expressions: 5_000_000,
            calls: 1_000,
            steps: 100_000,
        }
    }
}

/// Who calls. An empty id is nobody: a caller who did not sign in.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub id: String,
    pub roles: BTreeSet<String>,
}

/// What is called.
#[derive(Clone, Debug)]
pub enum Target {
    /// A top-level function.
    Function(FnId),
    /// A handler of the instance with these keys, or the `run` of a workflow.
    Handler(FnId, Vec<Value>),
    /// An event for the run of the workflow with these keys.
    Event(EntityId, Vec<Value>, EventId),
    /// A state field of an instance, read.
    Field(EntityId, Vec<Value>, FieldId),
    /// A test, by position. It has no caller to refuse.
    Test(usize),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Ok(Value),
    Failed(ErrorId, Vec<Value>),
    /// The caller may not do this.
    Denied,
    /// The program is at fault; nothing of the step is kept.
    Bug(Bug),
    /// The run with this number goes on later.
    Waiting(u64),
    /// An event for a run that has ended or was never started.
    Gone,
}

/// Room for `Limits::calls` nested calls with the frames of an unoptimised build.
const STACK_BYTES: usize = 1 << 30;

impl<'p> World<'p> {
    pub fn new(program: &'p Checked) -> Self {
        World {
            program,
            types: Arc::new(Types::new(program)),
            limits: Limits::default(),
            finely: false,
            endless: false,
            desk: Desk::default(),
            hand: Hand::default(),
            runs: BTreeMap::new(),
            results: BTreeMap::new(),
            has_begun: false,
            delayed: BTreeMap::new(),
            turns: 0,
            consuming: Consuming::default(),
            entries: BTreeMap::new(),
        }
    }

    /// Whom extern functions are asked of. Without anybody no call of one ends.
    pub fn answer_by(
        &mut self,
        outside: impl FnMut(ExternId, &[Value]) -> Option<Ending> + Send + 'p,
    ) {
        self.desk.outside = Some(Box::new(outside));
    }

    /// Who computes `@pure` functions. Without anybody a call of one is a mistake of whoever made this world.
    pub fn compute_by(
        &mut self,
        pure: impl FnMut(ExternId, &[Value]) -> Result<Ending, CrashReason> + Send + 'p,
    ) {
        self.desk.pure = Some(Box::new(pure));
    }

    /// Settings and secrets, of which there are none otherwise.
    pub fn set(&mut self, settings: Given) {
        self.desk.settings = Arc::new(settings);
    }

    /// A call from outside, and all that follows from it without time passing; of a test, with time passing. `args` are in the
    /// order of the parameters; `None` asks for the default. `time` is microseconds since 1970. A second call of a
    /// workflow's `run` gives the result of the first.
    pub fn call(
        &mut self,
        target: &Target,
        args: &[Option<Value>],
        caller: &Caller,
        time: i64,
    ) -> Outcome {
        on_a_deep_stack(|| {
            self.endless = false;
            self.begin_schedules(time);
            self.happen(time);
            self.desk.time = time;
            match self.allowed(target, args, caller) {
                Ok(outcome) => outcome,
                Err(Stop::Fail(error, fields)) => Outcome::Failed(error, fields),
                Err(Stop::Bug(bug)) => Outcome::Bug(bug),
                Err(other) => panic!("{other:?} left a function"),
            }
        })
    }

    fn allowed(
        &mut self,
        target: &Target,
        args: &[Option<Value>],
        caller: &Caller,
    ) -> Eval<Outcome> {
        let caller = Arc::new(caller.clone());
        let (asked, by) = (target.clone(), caller.clone());
        let may = self.at_once(by, |mut step| {
            Box::pin(async move {
                step.take_desk();
                let may = step.may(&asked).await;
                step.give_desk();
                may
            })
        });
        if !may? {
            return Ok(Outcome::Denied);
        }
        let (function, instance) = match target {
            Target::Field(entity, keys, field) => {
                let value = self.read(&(*entity, keys.clone()), *field, caller);
                return value.map(Outcome::Ok);
            }
            Target::Event(entity, keys, event) => {
                let event = SentEvent {
                    to: (*entity, keys.clone()),
                    event: *event,
                    args: args.iter().flatten().cloned().collect(),
                };
                let came = self.deliver(event);
                self.happen(self.desk.time);
                return Ok(match came {
                    true => Outcome::Ok(Value::Unit),
                    false => Outcome::Gone,
                });
            }
            Target::Test(position) => {
                let args = args.iter().flatten().cloned().collect();
                return Ok(self.test(*position, args, caller));
            }
            Target::Function(id) => (*id, None),
            Target::Handler(id, keys) => {
                let entity = self.program.function(*id).entity;
                let entity = entity.expect("a handler has an entity");
                (*id, Some((entity, keys.clone())))
            }
        };
        let call = Call {
            function,
            instance,
            args: args.to_vec(),
        };
        Ok(self.start(call, caller))
    }

    fn start(&mut self, call: Call, caller: Arc<Caller>) -> Outcome {
        let workflow = call.workflow(self.program).cloned();
        let waits = self.program.function(call.function).effect == Effect::Wait;
        let (number, is_new) = self.desk.number_for(workflow.as_ref());
        if is_new {
            self.begin(
                number,
                workflow.clone(),
                Work::Call(call),
                caller,
                Wait::Turn,
            );
        }
        self.happen(self.desk.time);
        let outcome = self.result(number);
        // A call that is one step has failed with it; only a run is kept until the program is mended.
        if !waits && workflow.is_none() && matches!(outcome, Outcome::Bug(_)) {
            self.runs.remove(&number);
        }
        outcome
    }

    /// The schedules begin when somebody first does something: a world has no time before.
    fn begin_schedules(&mut self, time: i64) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        self.desk.time = time;
        let program = self.program;
        for (entity, id) in program.entities.iter().zip(0..) {
            let Some(workflow) = entity.workflow.as_ref().filter(|w| w.begins) else {
                continue;
            };
            let instance = (EntityId(id), vec![Value::Text(String::new())]);
            let call = Call {
                function: workflow.run,
                instance: Some(instance.clone()),
                args: Vec::new(),
            };
            let (number, _) = self.desk.number_for(Some(&instance));
            let work = Work::Call(call);
            self.begin(number, Some(instance), work, Arc::default(), Wait::Turn);
        }
    }

    /// When nothing more can happen and the test has not ended, time jumps to what is due next.
    fn test(&mut self, position: usize, args: Vec<Value>, caller: Arc<Caller>) -> Outcome {
        let number = self.desk.number();
        let work = Work::Test(position, args);
        self.begin(number, None, work, caller, Wait::Turn);
        let goes_on =
            |world: &Self| matches!(world.result(number), Outcome::Waiting(_)) && !world.endless;
        while goes_on(self) && self.happen_next(i64::MAX) {}
        self.result(number)
    }

    /// Lets time pass: what is due on the way happens in its order.
    pub fn advance(&mut self, microseconds: i64) {
        on_a_deep_stack(|| {
            self.endless = false;
            let until = self.desk.time.saturating_add(microseconds.max(0));
            self.happen(until);
            self.desk.time = until;
        });
    }

    /// Microseconds since 1970.
    pub fn time(&self) -> i64 {
        self.desk.time
    }

    /// How a run ended, or that it has not. One that was never there is gone.
    pub fn result(&self, number: u64) -> Outcome {
        match (self.results.get(&number), self.runs.get(&number)) {
            (Some(Ok(value)), _) => Outcome::Ok(value.clone()),
            (Some(Err((error, fields))), _) => Outcome::Failed(*error, fields.clone()),
            (None, Some(run)) => match run.bug() {
                Some(bug) => Outcome::Bug(bug.clone()),
                None => Outcome::Waiting(number),
            },
            (None, None) => Outcome::Gone,
        }
    }

    /// The run of a workflow.
    pub fn run_of(&self, entity: EntityId, keys: &[Value]) -> Option<u64> {
        let key = (entity, keys.to_vec());
        self.desk.state.workflows.get(&key).copied()
    }

    /// Each run that goes on, and what its strands wait for.
    pub fn waiting(&self) -> Vec<(u64, Vec<Wait>)> {
        let waits = |run: &Run| run.strands.values().map(|s| s.wait.clone()).collect();
        let runs = self.runs.iter();
        runs.map(|(number, run)| (*number, waits(run))).collect()
    }

    /// Whether a run has stopped at one.
    pub fn has_bug(&self) -> bool {
        self.runs.values().any(|run| run.bug().is_some())
    }

    /// Ends a run: what it did is undone. False when it has ended or is ending.
    pub fn cancel(&mut self, number: u64) -> bool {
        on_a_deep_stack(|| {
            let cancelled = self.cancel_run(number);
            self.happen(self.desk.time);
            cancelled
        })
    }

    /// The outside answers the call of a run that waits for this function; false when none does.
    pub fn answer(&mut self, run: u64, function: ExternId, ending: Ending) -> bool {
        on_a_deep_stack(|| {
            let answered = self.answered(run, function, ending);
            self.happen(self.desk.time);
            answered
        })
    }

    /// The value of a state field now, whoever asks.
    pub fn field(&mut self, entity: EntityId, keys: &[Value], field: FieldId) -> Outcome {
        let read = || self.read(&(entity, keys.to_vec()), field, Arc::default());
        match on_a_deep_stack(read) {
            Ok(value) => Outcome::Ok(value),
            Err(Stop::Bug(bug)) => Outcome::Bug(bug),
            Err(other) => panic!("{other:?} left an initial value"),
        }
    }

    /// The instances that were ever written.
    pub fn instances(&self) -> Vec<(EntityId, Vec<Value>)> {
        self.desk.state.instances.keys().cloned().collect()
    }

    fn read(&mut self, of: &InstanceKey, field: FieldId, caller: Arc<Caller>) -> Eval<Value> {
        let of = of.clone();
        self.at_once(caller, |mut step| {
            Box::pin(async move {
                step.take_desk();
                let value = step.read_field(&of, field).await;
                step.give_desk();
                value
            })
        })
    }

    /// Code that only reads: it needs no strand.
    fn at_once<T>(
        &mut self,
        caller: Arc<Caller>,
        code: impl FnOnce(Step<'p>) -> Going<'p, T>,
    ) -> Eval<T> {
        let mut code = code(self.evaluator(caller));
        match poll(&mut code, &mut self.desk, &self.hand) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("what only reads never waits"),
        }
    }
}

/// Deep recursion reaches its limit; also what is dropped may be deep.
impl Drop for World<'_> {
    fn drop(&mut self) {
        if !self.runs.is_empty() {
            on_a_deep_stack(|| self.runs.clear());
        }
    }
}

/// A thread of its own gives deep recursion the stack to reach its limit on.
fn on_a_deep_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread
            .spawn_scoped(scope, run)
            .expect("a thread for the step");
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

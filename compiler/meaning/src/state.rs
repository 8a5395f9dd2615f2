//! What a step changes, and how it can be put back.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use weir_check::hir::{Checked, EntityId, EventId, ExternId, FieldId, FnId, StreamId};
use weir_contract::Value;
use weir_contract::host_call::Given;

use crate::call::Closure;
use crate::merge::History;
use crate::run::{Answer, Wait};
use crate::world::{Outside, Pure};

pub(crate) type InstanceKey = (EntityId, Vec<Value>);

/// What can be put back: taking a copy is how a savepoint is made.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The fields that were ever written; all others hold their initial values.
    pub instances: Arc<BTreeMap<InstanceKey, Arc<BTreeMap<FieldId, Value>>>>,
    /// Instances written in the running transaction, in the order of their first write.
    pub touched: Vec<InstanceKey>,
    /// The run of each workflow that was ever started.
    pub workflows: Arc<BTreeMap<InstanceKey, u64>>,
    /// What was done to fields that merge, by place.
    pub merges: Arc<BTreeMap<(InstanceKey, FieldId), Arc<History>>>,
    /// What is done when the step is kept, in this order.
    pub asked: Vec<Ask>,
    /// The position of the next entry of each stream.
    pub heads: Arc<BTreeMap<StreamId, i64>>,
}

/// What a step asks for besides its writes.
#[derive(Clone)]
pub(crate) enum Ask {
    /// A run of its own.
    Send {
        number: u64,
        call: Call,
        after: Option<i64>,
    },
    Event {
        number: u64,
        event: SentEvent,
        after: Option<i64>,
    },
    /// What has not begun will not.
    Cancel(u64),
    Emit(Emitted),
}

/// An entry of a stream.
#[derive(Clone)]
pub(crate) struct Emitted {
    pub stream: StreamId,
    /// Where the stream has keys.
    pub key: Option<Value>,
    pub value: Value,
    /// When what it tells of happened.
    pub time: i64,
    /// The consumers of the stream, by position, and the number of the run of each.
    pub runs: Vec<(usize, u64)>,
}

/// The entries of a stream as views see them.
#[derive(Default)]
pub(crate) struct Seen {
    /// In the order in which they were emitted.
    pub entries: Vec<SeenEntry>,
    /// The latest time of any.
    pub newest: Option<i64>,
}

pub(crate) struct SeenEntry {
    pub value: Value,
    /// When it was emitted.
    pub at: i64,
    /// Others had been there before it that tell of a time too far behind it.
    pub is_late: bool,
    /// It tells of a time that lay longer ago than its stream keeps entries.
    pub is_over: bool,
}

/// A call as it comes from outside or in a message. `None` asks for a parameter's default.
#[derive(Clone)]
pub(crate) struct Call {
    pub function: FnId,
    pub instance: Option<InstanceKey>,
    pub args: Vec<Option<Value>>,
}

#[derive(Clone)]
pub(crate) struct SentEvent {
    pub to: InstanceKey,
    pub event: EventId,
    pub args: Vec<Value>,
}

/// What the world hands to the strand that goes on, and gets back when that suspends or ends. Only one has it at a time:
/// that is all there is to say about concurrency.
#[derive(Default)]
pub(crate) struct Desk<'p> {
    pub state: State,
    /// Microseconds since 1970; the same in the whole step.
    pub time: i64,
    /// The next run's. Never given twice, also when what was sent is taken back.
    pub next_number: u64,
    /// Ids and random numbers handed out so far.
    pub chances: u64,
    /// Who answers the extern functions of a test.
    pub mocks: BTreeMap<ExternId, Arc<Closure<'p>>>,
    pub outside: Option<Outside<'p>>,
    /// Who computes what is pure.
    pub pure: Option<Pure<'p>>,
    /// Settings and secrets.
    pub settings: Arc<Given>,
    /// What was emitted by steps that were kept, for views.
    pub seen: BTreeMap<StreamId, Seen>,

    /// The step's own, taken by the world when it is kept: what to do when the run fails, first pushed first.
    pub undos: Vec<Closure<'p>>,
    /// Branches to begin.
    pub branches: Vec<Closure<'p>>,
    /// What the strand waits for now.
    pub wait: Option<Wait>,
    /// What it had waited for.
    pub answer: Option<Answer>,
}

impl Call {
    /// The instance whose run this is, when it is the run of a workflow.
    pub fn workflow(&self, program: &Checked) -> Option<&InstanceKey> {
        let instance = self.instance.as_ref()?;
        let workflow = program.entity(instance.0).workflow.as_ref()?;
        (workflow.run == self.function).then_some(instance)
    }
}

impl State {
    /// The keys of the first instance of an entity that exists behind these, or of its first.
    pub fn next_key(&self, entity: EntityId, after: Option<Vec<Value>>) -> Option<Vec<Value>> {
        let from = match after {
            Some(keys) => Bound::Excluded((entity, keys)),
            None => Bound::Included((entity, Vec::new())),
        };
        let ((of, keys), _) = self.instances.range((from, Bound::Unbounded)).next()?;
        (*of == entity).then(|| keys.clone())
    }

    pub fn write(&mut self, key: &InstanceKey, field: FieldId, value: Value) {
        let instances = Arc::make_mut(&mut self.instances);
        let instance = instances.entry(key.clone()).or_default();
        Arc::make_mut(instance).insert(field, value);
        self.touch(key);
    }

    /// Changes what is known to have been done to a field that merges.
    pub fn merge(&mut self, key: &InstanceKey, field: FieldId, change: impl FnOnce(&mut History)) {
        Arc::make_mut(&mut self.instances)
            .entry(key.clone())
            .or_default();
        let merges = Arc::make_mut(&mut self.merges);
        let history = merges.entry((key.clone(), field)).or_default();
        change(Arc::make_mut(history));
        self.touch(key);
    }

    fn touch(&mut self, key: &InstanceKey) {
        if !self.touched.contains(key) {
            self.touched.push(key.clone());
        }
    }
}

impl Desk<'_> {
    pub fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    pub fn chance(&mut self) -> u64 {
        self.chances += 1;
        self.chances
    }

    /// The number of a run to be sent: for the run of a workflow the one its key has, if any. `true` when it is new.
    pub fn number_for(&mut self, workflow: Option<&InstanceKey>) -> (u64, bool) {
        let Some(key) = workflow else {
            return (self.number(), true);
        };
        if let Some(number) = self.state.workflows.get(key) {
            return (*number, false);
        }
        let number = self.number();
        Arc::make_mut(&mut self.state.workflows).insert(key.clone(), number);
        (number, true)
    }
}

//! State that merges, as the definition has it: what is kept of a field is all that was ever done to it, each operation with those
//! that whoever did it knew of. What readers see is worked out from that each time, and replicas that tell each other all they know
//! have the operations of both. The runtime keeps small states and joins them; tests hold it to this.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use weir_check::hir::{EntityId, Expr, FieldId, Lattice, LatticeKind, MergeStep, REPLICA, Type};
use weir_contract::lattice::Change;
use weir_contract::{CrashReason, Money, Value};

use crate::call::{Frame, Step};
use crate::state::InstanceKey;
use crate::stop::{Eval, bug};

/// The replica, and which of its operations on the place.
type Id = (u64, u64);

/// All that was done to a field of an instance, as far as a replica knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    operations: BTreeMap<Id, Arc<Operation>>,
}

#[derive(Debug)]
struct Operation {
    /// What was known when it was done: of each replica so many operations. Who hears of one has heard of those before it.
    after: BTreeMap<u64, u64>,
    /// From the field down.
    path: Vec<Down>,
    change: Change,
    /// `Unit` when the change takes nothing.
    value: Value,
    /// Of the step.
    time: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Down {
    Part(usize),
    Key(Value),
}

/// Some operations, with the way that is left to each of them.
type Done<'h> = Vec<(Id, &'h Operation, &'h [Down])>;

/// Where the number of a replica is in the number of an entity of an instance's key.
const REPLICA_SHIFT: u32 = 24;

/// The entity, also of a replica.
pub(crate) fn entity_of(instance: &InstanceKey) -> EntityId {
    EntityId(instance.0.0 & ((1 << REPLICA_SHIFT) - 1))
}

fn replica_of(instance: &InstanceKey) -> u64 {
    (instance.0.0 >> REPLICA_SHIFT).into()
}

/// The instance that a value of a reference's or a replica's type names.
pub(crate) fn instance_of(entity: EntityId, ty: &Type, value: Value) -> InstanceKey {
    let keys = |value| match value {
        Value::Record(keys) => keys,
        other => panic!("{other:?} is no reference"),
    };
    let Type::New(REPLICA, _) = ty else {
        return (entity, keys(value));
    };
    match keys(value).as_mut_slice() {
        [of, Value::Int(number)] => {
            let of = std::mem::replace(of, Value::Unit);
            let replica = (*number as u32) << REPLICA_SHIFT;
            (EntityId(entity.0 | replica), keys(of))
        }
        other => panic!("{other:?} is no replica"),
    }
}

impl<'p> Step<'p> {
    fn lattice(&self, instance: &InstanceKey, field: FieldId) -> Option<&'p Lattice> {
        let entity = self.program.entity(entity_of(instance));
        entity.fields[field.0 as usize].merge.as_ref()
    }

    /// What readers see of a field that merges; `None` for others.
    pub fn merged(&self, instance: &InstanceKey, field: FieldId) -> Option<Value> {
        let lattice = self.lattice(instance, field)?;
        let place = (instance.clone(), field);
        let history = self.desk.state.merges.get(&place);
        let empty = History::default();
        let history = history.map_or(&empty, |history| history);
        Some(value(lattice, &history.all()))
    }

    pub async fn merge(
        &mut self,
        (field, path): (FieldId, &'p [MergeStep]),
        change: Change,
        value: Option<&'p Expr>,
        frame: &mut Frame<'p>,
        expr: &'p Expr,
    ) -> Eval<Value> {
        let mut way = Vec::with_capacity(path.len());
        for step in path {
            way.push(match step {
                MergeStep::Part(part) => Down::Part(*part as usize),
                MergeStep::Key(key) => Down::Key(self.eval(key, frame).await?),
            });
        }
        let value = match value {
            Some(value) => self.eval(value, frame).await?,
            None => Value::Unit,
        };
        let instance = frame.instance.clone();
        let instance = instance.expect("own state is named only inside an entity");
        let lattice = self.lattice(&instance, field).expect("the field merges");
        let place = (instance, field);
        let empty = History::default();
        let history = self.desk.state.merges.get(&place);
        let history = history.map_or(&empty, |history| history);
        let operation = Operation {
            after: history.known(),
            path: way,
            change,
            value,
            time: self.desk.time,
        };
        match changes(lattice, history, &operation) {
            Ok(false) => return Ok(Value::Unit),
            Ok(true) => {}
            Err(overflow) => return bug(overflow, &expr.span),
        }
        let replica = replica_of(&place.0);
        self.desk
            .state
            .merge(&place.0, field, |history| history.add(replica, operation));
        if self.transactions == 0 {
            self.check_invariants().await?;
        }
        Ok(Value::Unit)
    }

    /// Both have all that one of them has.
    pub async fn sync(
        &mut self,
        one: &'p Expr,
        other: &'p Expr,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        let Type::New(_, of) = &one.ty else {
            panic!("a replica is of a builtin type");
        };
        let [Type::Entity(entity)] = of[..] else {
            panic!("a replica is of an entity");
        };
        let one = instance_of(entity, &one.ty, self.eval(one, frame).await?);
        let other = instance_of(entity, &other.ty, self.eval(other, frame).await?);
        self.step_may_end(frame).await;
        let before = self.begin();
        for field in 0..self.program.entity(entity).fields.len() {
            let field = FieldId(field as u32);
            let known = |this: &Self, at: &InstanceKey| {
                let place = (at.clone(), field);
                this.desk.state.merges.get(&place).cloned()
            };
            let (at_one, at_other) = (known(self, &one), known(self, &other));
            let mut both = History::default();
            for history in at_one.iter().chain(&at_other) {
                both.operations.extend(history.operations.clone());
            }
            for (at, had) in [(&one, at_one), (&other, at_other)] {
                let had = had.map_or(0, |history| history.operations.len());
                if had < both.operations.len() {
                    self.desk
                        .state
                        .merge(at, field, |history| *history = both.clone());
                }
            }
        }
        self.commit(before, Ok(Value::Unit)).await
    }
}

impl Operation {
    fn knew(&self, (replica, number): Id) -> bool {
        self.after
            .get(&replica)
            .is_some_and(|known| number <= *known)
    }
}

impl History {
    fn all(&self) -> Done<'_> {
        let all = self.operations.iter();
        all.map(|(id, done)| (*id, &**done, done.path.as_slice()))
            .collect()
    }

    /// How many operations there are of each replica.
    fn known(&self) -> BTreeMap<u64, u64> {
        let mut known = BTreeMap::new();
        let mut last = self.operations.last_key_value();
        while let Some(((replica, number), _)) = last {
            known.insert(*replica, *number);
            last = self.operations.range(..(*replica, 0)).next_back();
        }
        known
    }

    fn add(&mut self, replica: u64, operation: Operation) {
        let number = operation.after.get(&replica).copied().unwrap_or(0) + 1;
        self.operations
            .insert((replica, number), Arc::new(operation));
    }
}

/// The operations on what is behind one step of the way.
fn behind<'h>(done: &Done<'h>, step: &Down) -> Done<'h> {
    let inside = done.iter().filter_map(|(id, operation, way)| {
        let (first, rest) = way.split_first().expect("it leads to a leaf");
        (first == step).then_some((*id, *operation, rest))
    });
    inside.collect()
}

/// What readers see when all of this was done.
fn value(lattice: &Lattice, done: &Done<'_>) -> Value {
    match lattice {
        Lattice::Leaf(kind, _) => leaf(*kind, done),
        Lattice::Map(_, of) => {
            let keys = done.iter().map(|(_, _, way)| match &way[0] {
                Down::Key(key) => key.clone(),
                Down::Part(_) => panic!("a map has no parts"),
            });
            let keys: BTreeSet<Value> = keys.collect();
            let entry = |key: Value| {
                let inside = behind(done, &Down::Key(key.clone()));
                (key, value(of, &inside))
            };
            Value::Map(keys.into_iter().map(entry).collect())
        }
        Lattice::Record(parts) => {
            let part = |(at, (_, of)): (usize, &(String, Lattice))| {
                value(of, &behind(done, &Down::Part(at)))
            };
            Value::Record(parts.iter().enumerate().map(part).collect())
        }
    }
}

fn leaf(kind: LatticeKind, done: &Done<'_>) -> Value {
    let values = || done.iter().map(|(_, operation, _)| &operation.value);
    let option = |value: Option<&Value>| Value::Option(value.cloned().map(Box::new));
    match kind {
        LatticeKind::Counter => {
            let sum = sum(values());
            Value::Int(sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
        }
        LatticeKind::Average => {
            let count = Value::Int(done.len() as i64);
            Value::Record(vec![Value::Decimal(sum(values())), count])
        }
        LatticeKind::MoneySum => {
            let mut sums = BTreeMap::new();
            for value in values() {
                let Value::Money(Money { currency, amount }) = value else {
                    panic!("{value:?} is no money");
                };
                let sum: &mut i128 = sums.entry(*currency).or_default();
                *sum = sum.saturating_add(*amount);
            }
            let money = |(currency, amount)| Value::Money(Money { currency, amount });
            Value::List(sums.into_iter().map(money).collect())
        }
        LatticeKind::MaxOf => option(values().max()),
        LatticeKind::MinOf => option(values().min()),
        LatticeKind::Flag => Value::Bool(!done.is_empty()),
        LatticeKind::GrowSet => Value::Set(values().cloned().collect()),
        LatticeKind::Latest => {
            let stamps = stamps(done);
            let last = done.iter().max_by_key(|(id, ..)| (stamps[id], id.0));
            option(last.map(|(_, operation, _)| &operation.value))
        }
        LatticeKind::AddSet => {
            // An element is there when it was added, and nobody removed it who knew of that.
            let removed = |id: &Id, value: &Value| {
                done.iter().any(|(_, operation, _)| {
                    operation.change == Change::Remove
                        && operation.value == *value
                        && operation.knew(*id)
                })
            };
            let added = done.iter().filter(|(id, operation, _)| {
                operation.change == Change::Add && !removed(id, &operation.value)
            });
            Value::Set(
                added
                    .map(|(_, operation, _)| operation.value.clone())
                    .collect(),
            )
        }
        LatticeKind::MergeMap => panic!("a map is no leaf"),
    }
}

/// The time that counts of each operation of `Latest`: its own, or that of the latest it knew of, of which it is one further.
fn stamps(done: &Done<'_>) -> BTreeMap<Id, (i64, u64)> {
    let mut stamps: BTreeMap<Id, (i64, u64)> = BTreeMap::new();
    let mut in_order: Vec<_> = done.iter().collect();
    // Whoever knows of another knows more than that one did.
    in_order.sort_by_key(|(_, operation, _)| operation.after.values().sum::<u64>());
    for (id, operation, _) in in_order {
        let known = stamps.iter().filter(|(id, _)| operation.knew(**id));
        let last = known.map(|(_, stamp)| *stamp).max();
        let stamp = match last {
            Some((time, count)) if time >= operation.time => (time, count + 1),
            _ => (operation.time, 0),
        };
        stamps.insert(*id, stamp);
    }
    stamps
}

fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> i128 {
    let number = |value: &Value| match value {
        Value::Int(n) => i128::from(*n),
        Value::Decimal(n) => *n,
        other => panic!("{other:?} is no number"),
    };
    values.fold(0, |sum, value| i128::saturating_add(sum, number(value)))
}

/// Whether an operation changes anything; what does not is not done. A counter does not leave the range of `Int`.
fn changes(
    lattice: &Lattice,
    history: &History,
    operation: &Operation,
) -> Result<bool, CrashReason> {
    let (mut at, mut done) = (lattice, history.all());
    for step in &operation.path {
        at = match (at, step) {
            (Lattice::Map(_, of), Down::Key(_)) => of,
            (Lattice::Record(parts), Down::Part(part)) => &parts[*part].1,
            (at, step) => panic!("no {step:?} in {at:?}"),
        };
        done = behind(&done, step);
    }
    let Lattice::Leaf(kind, _) = at else {
        panic!("the way leads to a leaf");
    };
    let of_others = || done.iter().map(|(_, operation, _)| &operation.value);
    match (kind, &operation.value) {
        (LatticeKind::Counter, Value::Int(0)) => return Ok(false),
        (LatticeKind::Counter, added) => {
            let sum = sum(of_others().chain([added]));
            let fits = i64::try_from(sum).is_ok();
            return fits.then_some(true).ok_or(CrashReason::Overflow);
        }
        (LatticeKind::MoneySum, Value::Money(added)) => return Ok(added.amount != 0),
        (LatticeKind::Average | LatticeKind::Latest, _) => return Ok(true),
        (LatticeKind::GrowSet, added) => return Ok(of_others().all(|value| value != added)),
        _ => {}
    }
    let now = leaf(*kind, &done);
    Ok(match (operation.change, now, &operation.value) {
        (Change::Remove, Value::Set(items), removed) => items.contains(removed),
        (Change::Raise, Value::Option(Some(most)), value) => *value > *most,
        (Change::Lower, Value::Option(Some(least)), value) => *value < *least,
        (Change::Enable, Value::Bool(on), _) => !on,
        _ => true,
    })
}

//! Streams: entries are there when their step is kept; each consumer has a run for each of them, one after the other for each
//! key. A stream without keys has no order: its entries are consumed side by side, so many at one time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use weir_check::hir::{Derived, Expr, Keep, StreamId};
use weir_contract::Value;
use weir_contract::limits::CONSUMERS_MAX;

use crate::call::{Frame, Given, Step};
use crate::run::Wait;
use crate::state::{Ask, Call, Emitted, SeenEntry};
use crate::stop::Eval;
use crate::strand::Work;
use crate::world::World;

/// A consumer by its position in the program, and a key: what has one order.
type Place = (usize, Option<Value>);

/// What waits to be consumed.
#[derive(Default)]
pub(crate) struct Consuming {
    lanes: BTreeMap<Place, Lane>,
    runs: BTreeMap<u64, Place>,
}

#[derive(Default)]
struct Lane {
    runs: Vec<u64>,
    /// The numbers that the runs will have, and their entries.
    queue: VecDeque<(u64, Value)>,
}

impl<'p> Step<'p> {
    /// The entry first, then its key and its time from it.
    pub async fn emit(
        &mut self,
        stream: StreamId,
        value: &'p Expr,
        site: &'p Expr,
        frame: &mut Frame<'p>,
    ) -> Eval<Value> {
        let value = self.eval(value, frame).await?;
        let of = &self.program.streams[stream.0 as usize];
        let key = match &of.key {
            Some(key) => Some(self.derived(key, &value, site).await?),
            None => None,
        };
        let time = match &of.time {
            Some(time) => match self.derived(time, &value, site).await? {
                Value::Time(time) => time,
                other => panic!("{other:?} is no time"),
            },
            None => self.desk.time,
        };
        let heads = Arc::make_mut(&mut self.desk.state.heads);
        let head = heads.entry(stream).or_default();
        let position = *head;
        *head += 1;
        let consumers = self.program.consumers.iter().enumerate();
        let consumers = consumers.filter(|(_, consumer)| consumer.stream == stream);
        let runs: Vec<(usize, u64)> = consumers.map(|(at, _)| (at, self.desk.number())).collect();
        self.desk.state.asked.push(Ask::Emit(Emitted {
            stream,
            key,
            value,
            time,
            runs,
        }));
        Ok(Value::Int(position))
    }

    async fn derived(
        &mut self,
        derived: &'p Derived,
        entry: &Value,
        site: &'p Expr,
    ) -> Eval<Value> {
        let given = vec![Given::Value(entry.clone())];
        self.call(derived.function, None, Vec::new(), given, site)
            .await
    }
}

impl World<'_> {
    /// The entries of a stream, oldest first.
    pub fn entries(&self, stream: StreamId) -> &[Value] {
        self.entries.get(&stream).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn emitted(&mut self, emitted: Emitted) {
        for (consumer, run) in emitted.runs {
            let place = (consumer, emitted.key.clone());
            let lane = self.consuming.lanes.entry(place.clone()).or_default();
            lane.queue.push_back((run, emitted.value.clone()));
            self.consume_next(place);
        }
        let stream = &self.program.streams[emitted.stream.0 as usize];
        let late = stream.late_us;
        let is_over = match stream.keep {
            Keep::For(keep) => emitted.time <= self.desk.time.saturating_sub(keep),
            _ => false,
        };
        let seen = self.desk.seen.entry(emitted.stream).or_default();
        let too_early = |newest: i64| late.is_some_and(|late| emitted.time < newest - late);
        seen.entries.push(SeenEntry {
            value: emitted.value.clone(),
            at: self.desk.time,
            is_late: seen.newest.is_some_and(too_early),
            is_over,
        });
        seen.newest = seen.newest.max(Some(emitted.time));
        let entries = self.entries.entry(emitted.stream).or_default();
        entries.push(emitted.value);
    }

    /// The next entry, if there is one and its turn has come. A run that waits to be mended takes no place from those that
    /// have no order.
    fn consume_next(&mut self, place: Place) {
        let lane = self.consuming.lanes.entry(place.clone()).or_default();
        let at_once = match place.1 {
            Some(_) => 1,
            None => CONSUMERS_MAX,
        };
        let runs = &self.runs;
        let is_mending = |run: &u64| runs.get(run).is_some_and(|run| run.bug().is_some());
        let going = match place.1 {
            Some(_) => lane.runs.len(),
            None => lane.runs.iter().filter(|run| !is_mending(run)).count(),
        };
        if going >= at_once {
            return;
        }
        let Some((run, entry)) = lane.queue.pop_front() else {
            return;
        };
        lane.runs.push(run);
        let call = Call {
            function: self.program.consumers[place.0].function,
            instance: None,
            args: vec![Some(entry)],
        };
        self.consuming.runs.insert(run, place);
        self.begin(run, None, Work::Call(call), Arc::default(), Wait::Turn);
    }

    /// When the run was a consumer's, the next entry of its key begins.
    pub(crate) fn consumer_ended(&mut self, run: u64) {
        let Some(place) = self.consuming.runs.remove(&run) else {
            return;
        };
        if let Some(lane) = self.consuming.lanes.get_mut(&place) {
            lane.runs.retain(|of| *of != run);
        }
        self.consume_next(place);
    }
}

//! State and records as JSON, by the types of the program in force: for administration and for answers that outlive their
//! program.

use serde_json::{Map, Value as Json, json};
use weir_contract::border::OUTPUT_FAILED;
use weir_contract::call::{Reply, decode_args};
use weir_contract::encode::Reader;
use weir_contract::json::{Document, failure_to_document, fields_to_json, to_document, to_json};
use weir_contract::keys::{decode_key, decode_keys};
use weir_contract::lattice::{self, Lattice, Tally};
use weir_contract::manifest::{Entity, Manifest};
use weir_contract::slots::SlotKind;
use weir_contract::types::{DefKind, Defs, Type};
use weir_contract::{Value, decode};
use weir_log::Record;

use crate::effects::{Ask, EventTo, Pause, Place};
use crate::idempotency::KeptAnswer;
use crate::machine::{BadRecord, Machine};
use crate::ops;
use crate::record::{Bug, Outcome, StepRecord};
use crate::run_record::{
    ANSWER, AnswerRecord, CONTROL, ControlRecord, EVENT, EventFrom, EventRecord, Order, RUN_STEP,
    RunStepRecord, Woken,
};
use crate::show_runs::name_of;
use crate::state::{Instance, Slot};

/// HTTP status and JSON of a reply: 200 with the value, or the error's status with its fields.
pub fn render_reply(defs: &Defs, returns: &Type, reply: &Reply) -> (u16, Document) {
    match reply {
        Reply::Ok(value) => (200, to_document(defs, returns, value)),
        Reply::Failed(id, values) => {
            let status = match &defs.get(*id).kind {
                DefKind::Error { status, .. } => *status,
                _ => 422,
            };
            (status, failure_to_document(defs, *id, values))
        }
        Reply::Denied => (403, error("Forbidden", "`allow` says no")),
    }
}

/// Output of a function by position in the manifest, as [`render_reply`].
pub fn render_output(
    manifest: &Manifest,
    function: u32,
    output: &[u8],
) -> Result<(u16, Document), BadRecord> {
    let function = manifest.functions.get(function as usize);
    let function = function.ok_or_else(|| BadRecord("no such function".to_owned()))?;
    let reply = Reply::decode(&manifest.defs, &function.returns, &function.fails, output)?;
    Ok(render_reply(&manifest.defs, &function.returns, &reply))
}

/// `{"error": "Bug", "reason": ".."}`
fn error(error: &str, reason: &str) -> Document {
    let member = |name: &str, text: &str| (name.to_owned(), Document::String(text.to_owned()));
    Document::Object(vec![member("error", error), member("reason", reason)])
}

/// An answer written out, so that it no longer needs its program.
pub fn render_kept(manifest: &Manifest, answer: &KeptAnswer) -> KeptAnswer {
    match answer {
        KeptAnswer::Output { function, output } => {
            let (status, json) = render_output(manifest, *function, output)
                .unwrap_or_else(|e| (500, error("Bug", &e.to_string())));
            KeptAnswer::Rendered {
                status,
                json: json.to_string(),
            }
        }
        rendered => rendered.clone(),
    }
}

impl Machine {
    /// One instance: key, version and the fields that were ever written. `None` when it does not exist.
    pub fn instance_json(&self, entity: u32, key: &[u8]) -> Result<Option<Json>, BadRecord> {
        let Some(program) = &self.program else {
            return Ok(None);
        };
        let Some(position) = self.state.find(entity, key) else {
            return Ok(None);
        };
        let instance = self.state.instance(entity, position);
        instance_to_json(&program.defs, &program.entities[entity as usize], instance).map(Some)
    }

    /// The instances of an entity in key order, from the first with a key after `after`.
    pub fn instances_json(
        &self,
        entity: u32,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Json>, BadRecord> {
        let Some(program) = &self.program else {
            return Ok(Vec::new());
        };
        let table = self.state.tables()[entity as usize].sorted();
        let later = |i: &&&Instance| after.is_none_or(|after| *i.key > *after);
        let instances = table.iter().filter(later).take(limit);
        let entity = &program.entities[entity as usize];
        instances
            .map(|i| instance_to_json(&program.defs, entity, i))
            .collect()
    }
}

fn instance_to_json(defs: &Defs, entity: &Entity, instance: &Instance) -> Result<Json, BadRecord> {
    let keys = decode_keys(defs, &entity.keys, &instance.key)?;
    let mut state = Map::new();
    for (slot, held) in entity.slots.iter().zip(&instance.slots) {
        if let Some(json) = slot_to_json(defs, &slot.kind, held)? {
            place(&mut state, &slot.path, json);
        }
    }
    Ok(json!({
        "entity": entity.name,
        "key": fields_to_json(defs, &entity.keys, &keys),
        "version": instance.version,
        "state": state,
    }))
}

/// Puts a slot under its path, making the objects above it.
fn place(object: &mut Map<String, Json>, path: &[String], json: Json) {
    let Some((name, below)) = path.split_first() else {
        return;
    };
    if below.is_empty() {
        object.insert(name.clone(), json);
        return;
    }
    let inner = object.entry(name.clone()).or_insert_with(|| json!({}));
    if let Json::Object(inner) = inner {
        place(inner, below, json);
    }
}

fn slot_to_json(defs: &Defs, kind: &SlotKind, held: &Slot) -> Result<Option<Json>, BadRecord> {
    let (ty, value) = match (kind, held) {
        (_, Slot::Absent) => return Ok(None),
        (SlotKind::Scalar(ty), Slot::Scalar(bytes)) => (ty.clone(), decode(defs, ty, bytes)?),
        (SlotKind::Scalar(ty), Slot::Merged(merged)) => {
            (ty.clone(), decode(defs, ty, merged.value())?)
        }
        (SlotKind::Map(key, item), Slot::Map(entries)) => {
            let entry = |(k, v): (&Vec<u8>, &Vec<u8>)| {
                Ok((decode_key(defs, key, k)?, decode(defs, item, v)?))
            };
            let entries = entries
                .iter()
                .map(entry)
                .collect::<Result<_, BadRecord>>()?;
            let ty = Type::Map(Box::new(key.clone()), Box::new(item.clone()));
            (ty, Value::Map(entries))
        }
        (SlotKind::Set(item), Slot::Map(entries)) => {
            let items = entries.keys().map(|k| Ok(decode_key(defs, item, k)?));
            let items = items.collect::<Result<_, BadRecord>>()?;
            (Type::Set(Box::new(item.clone())), Value::Set(items))
        }
        (SlotKind::List(item), Slot::List(items)) => {
            let items = items.iter().map(|v| Ok(decode(defs, item, v)?));
            let items = items.collect::<Result<_, BadRecord>>()?;
            (Type::List(Box::new(item.clone())), Value::List(items))
        }
        _ => return Err(BadRecord("a slot holds what it should not".to_owned())),
    };
    Ok(Some(to_json(defs, &ty, &value)))
}

/// A step's record for people: what was called by whom, what it answered and wrote.
pub fn step_to_json(manifest: &Manifest, step: &StepRecord) -> Result<Json, BadRecord> {
    let defs = &manifest.defs;
    let function = manifest.functions.get(step.function as usize);
    let function = function.ok_or_else(|| BadRecord("no such function".to_owned()))?;
    let mut out = Map::new();
    out.insert("run".to_owned(), json!(step.run));
    out.insert(
        "time".to_owned(),
        to_json(defs, &Type::Time, &Value::Time(step.time)),
    );
    match function.entity {
        Some(entity) => {
            let entity = &manifest.entities[entity as usize];
            out.insert(
                "fn".to_owned(),
                json!(format!("{}.{}", entity.name, function.name)),
            );
            let keys = decode_keys(defs, &entity.keys, &step.keys)?;
            out.insert("key".to_owned(), fields_to_json(defs, &entity.keys, &keys));
        }
        None => {
            out.insert("fn".to_owned(), json!(function.name));
        }
    }
    let mut args = Map::new();
    for (param, arg) in function
        .params
        .iter()
        .zip(decode_args(defs, &function.params, &step.args)?)
    {
        if let Some(value) = arg {
            args.insert(param.name.clone(), to_json(defs, &param.ty, &value));
        }
    }
    out.insert("args".to_owned(), Json::Object(args));
    out.insert("caller".to_owned(), json!(step.caller));
    out.insert("roles".to_owned(), json!(step.roles));
    if let Some((key, _)) = &step.idempotency {
        out.insert("idempotency_key".to_owned(), json!(key));
    }
    match &step.outcome {
        Outcome::Output(output) => {
            let (status, json) = render_output(manifest, step.function, output)?;
            let name = if status == 200 { "reply" } else { "failure" };
            out.insert(name.to_owned(), Json::from(&json));
        }
        Outcome::Bug(bug) => {
            out.insert("bug".to_owned(), bug_to_json(bug));
        }
        Outcome::Suspended(pause) => {
            out.insert("goes_on".to_owned(), pause_to_json(manifest, pause));
        }
    }
    if !step.asks.is_empty() {
        out.insert("asks".to_owned(), asks_to_json(manifest, &step.asks));
    }
    out.insert("writes".to_owned(), writes_to_json(manifest, &step.writes)?);
    Ok(Json::Object(out))
}

/// Place, function, reason and callers of a bug, without those that are not known.
pub fn bug_to_json(bug: &Bug) -> Json {
    let mut out = json!({ "at": bug.at, "reason": bug.reason });
    if !bug.function.is_empty() {
        out["function"] = json!(bug.function);
    }
    if !bug.callers.is_empty() {
        out["called_from"] = json!(bug.callers);
    }
    out
}

/// A record of a run that goes on, for people. `None` for a record of another kind.
pub fn run_record_to_json(manifest: &Manifest, record: &Record) -> Result<Option<Json>, BadRecord> {
    let time = |us| to_json(&manifest.defs, &Type::Time, &Value::Time(us));
    Ok(Some(match record.kind {
        RUN_STEP => {
            let step = RunStepRecord::decode(&record.body)?;
            let mut out = Map::new();
            out.insert("kind".to_owned(), json!("run_step"));
            out.insert("run".to_owned(), json!(step.run));
            out.insert("strand".to_owned(), json!(step.strand));
            out.insert("time".to_owned(), time(step.time));
            let woken = match &step.woken {
                Woken::Turn => "turn",
                Woken::Due => "time",
                Woken::Answered { call, .. } => {
                    out.insert("answer_of_call".to_owned(), json!(call));
                    "answer"
                }
            };
            out.insert("woken_by".to_owned(), json!(woken));
            match &step.outcome {
                Outcome::Output(output) => {
                    let failed = output.first() == Some(&OUTPUT_FAILED);
                    out.insert("strand_ended".to_owned(), json!(!failed));
                }
                Outcome::Bug(bug) => {
                    out.insert("bug".to_owned(), bug_to_json(bug));
                }
                Outcome::Suspended(pause) => {
                    out.insert("goes_on".to_owned(), pause_to_json(manifest, pause));
                }
            }
            out.insert("asks".to_owned(), asks_to_json(manifest, &step.asks));
            out.insert("writes".to_owned(), writes_to_json(manifest, &step.writes)?);
            Json::Object(out)
        }
        EVENT => {
            let event = EventRecord::decode(&record.body)?;
            let mut out = match event.from {
                EventFrom::Delayed(number) => json!({ "kind": "event", "sent_as": number }),
                EventFrom::Outside { caller, to, .. } => {
                    json!({ "kind": "event", "caller": caller, "event": event_name(manifest, &to) })
                }
            };
            out["time"] = time(event.time);
            out
        }
        ANSWER => {
            let answer = AnswerRecord::decode(&record.body)?;
            let failed = answer.output.first() == Some(&OUTPUT_FAILED);
            json!({ "kind": "answer", "time": time(answer.time), "call": answer.call, "failed": failed })
        }
        CONTROL => {
            let control = ControlRecord::decode(&record.body)?;
            let order = match control.order {
                Order::Cancel => "cancel",
                Order::EndNow => "end now",
                Order::Resume => "resume",
                Order::Test { .. } => "test",
            };
            json!({ "kind": "control", "time": time(control.time), "run": control.run, "order": order })
        }
        _ => return Ok(None),
    }))
}

fn pause_to_json(manifest: &Manifest, pause: &Pause) -> Json {
    let at = pause.frames.last().map(|f| name_of(manifest, f.place));
    let waits_for = match pause.frames.last().map(|f| f.place) {
        Some(Place::Frame(n)) => manifest.frames.get(n as usize).map(|f| &f.waits_for),
        _ => None,
    };
    json!({ "at": at, "waits_for": waits_for })
}

fn asks_to_json(manifest: &Manifest, asks: &[Ask]) -> Json {
    let shown = asks.iter().map(|ask| match ask {
        Ask::Send {
            run,
            function,
            delay,
            ..
        } => {
            let name = name_of(manifest, Place::Function(*function));
            json!({ "send": name, "run": run, "after_us": delay })
        }
        Ask::Event { to, delay, .. } => {
            json!({ "event": event_name(manifest, to), "after_us": delay })
        }
        Ask::Cancel(run) => json!({ "cancel": run }),
        Ask::Undo(frame) => json!({ "undo": name_of(manifest, frame.place) }),
        Ask::Branch(frame) => json!({ "branch": name_of(manifest, frame.place) }),
        Ask::Mock { answer, .. } => json!({ "mock": name_of(manifest, answer.place) }),
        Ask::CrashAt(label) => json!({ "crash_at": label }),
        Ask::Emit(entry) => todo!("{entry:?}"),
    });
    Json::Array(shown.collect())
}

fn event_name(manifest: &Manifest, to: &EventTo) -> String {
    let entity = manifest.entities.get(to.entity as usize);
    let event = entity
        .and_then(|e| e.workflow.as_ref())
        .and_then(|w| w.events.get(to.event as usize));
    match (entity, event) {
        (Some(entity), Some(event)) => format!("{}.{}", entity.name, event.name),
        _ => "?".to_owned(),
    }
}

fn writes_to_json(manifest: &Manifest, writes: &ops::Writes) -> Result<Json, BadRecord> {
    let defs = &manifest.defs;
    let mut out = Vec::new();
    let mut reader = Reader::new(&writes.ops);
    while let Some(op) = ops::next_op(&mut reader)? {
        let missing = || BadRecord("a write names what is not there".to_owned());
        let (entity, key) = writes
            .instances
            .get(op.instance as usize)
            .ok_or_else(missing)?;
        // In a test, behind the entities are those of replicas.
        let (replica, entity) = match manifest.entities.len() {
            0 => (0, *entity as usize),
            entities => (*entity as usize / entities, *entity as usize % entities),
        };
        let entity = manifest.entities.get(entity).ok_or_else(missing)?;
        let slot = entity.slots.get(op.slot as usize).ok_or_else(missing)?;
        let keys = decode_keys(defs, &entity.keys, key)?;
        let mut shown = Map::new();
        shown.insert("entity".to_owned(), json!(entity.name));
        shown.insert("key".to_owned(), fields_to_json(defs, &entity.keys, &keys));
        if replica > 0 {
            shown.insert("replica".to_owned(), json!(replica));
        }
        shown.insert("field".to_owned(), json!(slot.path.join(".")));
        shown.insert("op".to_owned(), json!(ops::name(op.kind)));
        let (entry, item) = match &slot.kind {
            SlotKind::Scalar(ty) | SlotKind::List(ty) => (None, Some(ty)),
            SlotKind::Map(k, v) => (Some(k), Some(v)),
            SlotKind::Set(k) => (Some(k), None),
        };
        if let (ops::MAP_PUT | ops::MAP_DEL, Some(ty)) = (op.kind, entry) {
            shown.insert(
                "entry".to_owned(),
                to_json(defs, ty, &decode_key(defs, ty, op.key)?),
            );
        }
        if let ops::LIST_SET | ops::LIST_INSERT | ops::LIST_REMOVE = op.kind {
            shown.insert("index".to_owned(), json!(op.index));
        }
        if let (
            ops::PUT | ops::MAP_PUT | ops::LIST_SET | ops::LIST_PUSH | ops::LIST_INSERT,
            Some(ty),
        ) = (op.kind, item)
        {
            shown.insert(
                "value".to_owned(),
                to_json(defs, ty, &decode(defs, ty, op.value)?),
            );
        }
        if let (ops::MERGE, Some(lattice)) = (op.kind, &slot.merge) {
            let delta = lattice::State::decode(defs, lattice, op.value)?;
            shown.insert("delta".to_owned(), delta_to_json(defs, lattice, &delta));
        }
        out.push(Json::Object(shown));
    }
    Ok(Json::Array(out))
}

/// What a change of what merges says to other replicas, for people.
fn delta_to_json(defs: &Defs, lattice: &Lattice, delta: &lattice::State) -> Json {
    let tally = |replica: u64, tally: &Tally, ty: &Type| {
        let sum = match ty {
            Type::Int => json!(tally.sum as i64),
            _ => to_json(defs, &Type::Decimal, &Value::Decimal(tally.sum)),
        };
        json!({"replica": replica, "changes": tally.changes, "sum": sum})
    };
    let dots = |dots: Vec<(u64, u64)>| json!(dots);
    match (lattice, delta) {
        (Lattice::Counter, lattice::State::Counter(tallies)) => {
            let tallies = tallies.iter().map(|(of, t)| tally(*of, t, &Type::Int));
            Json::Array(tallies.collect())
        }
        (Lattice::Average, lattice::State::Average(tallies)) => {
            let tallies = tallies.iter().map(|(of, t)| tally(*of, t, &Type::Decimal));
            Json::Array(tallies.collect())
        }
        (Lattice::MoneySum, lattice::State::MoneySum(tallies)) => {
            let tallies = tallies.iter().map(|((of, currency), t)| {
                let mut shown = tally(*of, t, &Type::Decimal);
                shown["currency"] = json!(currency.code());
                shown
            });
            Json::Array(tallies.collect())
        }
        (Lattice::Latest(ty), lattice::State::Latest(Some((stamp, value)))) => json!({
            "value": to_json(defs, ty, value),
            "at": to_json(defs, &Type::Time, &Value::Time(stamp.time)),
            "count": stamp.count,
            "replica": stamp.replica,
        }),
        (Lattice::AddSet(ty), lattice::State::AddSet(set)) => {
            let added = set.of_dot.iter().map(|(dot, item)| {
                json!({"value": to_json(defs, ty, item), "dot": [dot.replica, dot.count]})
            });
            let up_to = set.seen.up_to.iter().map(|(of, count)| (*of, *count));
            let beyond = set.seen.beyond.iter().map(|dot| (dot.replica, dot.count));
            json!({
                "added": added.collect::<Vec<_>>(),
                "seen_up_to": dots(up_to.collect()),
                "seen": dots(beyond.collect()),
            })
        }
        (Lattice::MergeMap(key, of), lattice::State::MergeMap(entries)) => {
            let entry = |(entry, state): (&Value, &lattice::State)| {
                json!({
                    "key": to_json(defs, key, entry),
                    "delta": delta_to_json(defs, of, state),
                })
            };
            Json::Array(entries.iter().map(entry).collect())
        }
        (Lattice::Record(parts), lattice::State::Record(states)) => {
            let changed = parts
                .iter()
                .zip(states)
                .filter(|(part, state)| **state != lattice::State::bottom(&part.lattice));
            let part = |(part, state): (&lattice::Part, &lattice::State)| {
                (part.name.clone(), delta_to_json(defs, &part.lattice, state))
            };
            Json::Object(changed.map(part).collect())
        }
        (lattice, state) => to_json(defs, &lattice.value_type(), &state.value()),
    }
}

//! Streams as JSON for people: what is kept, how far consumers are, what was given up.

use serde_json::{Map, Value as Json, json};
use weir_contract::encode::Reader;
use weir_contract::json::to_json;
use weir_contract::keys::decode_keys;
use weir_contract::manifest::Manifest;
use weir_contract::stream::Stream as Declared;
use weir_contract::{Defs, Field, Type, Value};

use super::{Entry, Stream};
use crate::machine::{BadRecord, Machine};

impl Machine {
    /// All streams: name, how many entries came, are kept, wait to be consumed and were given up; and the consumers.
    pub fn streams_json(&self) -> Vec<Json> {
        let Some(program) = &self.program else {
            return Vec::new();
        };
        let streams = program.streams.iter().zip(0..);
        let shown = streams.filter_map(|(stream, number)| {
            let held = self.streams.get(number)?;
            let consumers = stream.consumers.iter().zip(&held.consumers);
            let consumers = consumers.map(|(function, consumer)| {
                let waits: usize = consumer.lanes.values().map(|l| l.queue.len()).sum();
                let runs = consumer.lanes.values().flat_map(|l| &l.runs);
                let runs = runs.filter_map(|(_, run)| self.runs.get(*run));
                let is_parked = |run: &&crate::runs::Run| run.strands.iter().any(|s| s.is_parked());
                let (parked, going): (Vec<_>, Vec<_>) = runs.partition(is_parked);
                json!({
                    "name": program.functions[*function as usize].name,
                    "waiting": waits,
                    "going": going.len(),
                    "parked": parked.len(),
                    "dead": consumer.dead.len(),
                })
            });
            Some(json!({
                "stream": stream.name,
                "next": self.streams.head(number),
                "first": held.entries.keys().next(),
                "kept": held.kept(),
                "backlog": held.backlog(),
                "dead": held.dead().count(),
                "consumers": consumers.collect::<Vec<_>>(),
            }))
        });
        shown.collect()
    }

    /// Entries of a stream that are kept, from a position on. `None` when there is no such stream.
    pub fn entries_json(
        &self,
        stream: &str,
        from: u64,
        limit: usize,
    ) -> Result<Option<Vec<Json>>, BadRecord> {
        let Some((program, declared, held)) = self.stream_named(stream) else {
            return Ok(None);
        };
        let entries = held.entries(from).take(limit);
        let shown = entries.map(|(position, entry)| {
            entry_to_json(program, declared, position, entry).map(Json::Object)
        });
        shown.collect::<Result<_, _>>().map(Some)
    }

    /// Entries that consumers have given up, with the consumer and since when.
    pub fn dead_json(&self, stream: &str) -> Result<Option<Vec<Json>>, BadRecord> {
        let Some((program, declared, held)) = self.stream_named(stream) else {
            return Ok(None);
        };
        let shown = held.dead().filter_map(|(position, consumer, dead)| {
            let entry = held.entries.get(&position)?;
            let shown = entry_to_json(program, declared, position, entry);
            Some(shown.map(|mut out| {
                let function = declared.consumers[consumer as usize];
                let name = &program.functions[function as usize].name;
                out.insert("consumer".to_owned(), json!(name));
                out.insert("run".to_owned(), json!(dead.run));
                out.insert("dead_since".to_owned(), time(dead.at));
                Json::Object(out)
            }))
        });
        shown.collect::<Result<_, _>>().map(Some)
    }

    /// Stream, key and position of what a run consumes.
    pub(crate) fn consumed_json(&self, run: u64) -> Result<Option<Json>, BadRecord> {
        let (Some(program), Some(consumed)) = (&self.program, self.streams.consumed(run)) else {
            return Ok(None);
        };
        let declared = &program.streams[consumed.stream as usize];
        let entry = self.streams.all[consumed.stream as usize]
            .entries
            .get(&consumed.position);
        let Some(entry) = entry else { return Ok(None) };
        let mut out = Map::new();
        out.insert("stream".to_owned(), json!(declared.name));
        out.insert("position".to_owned(), json!(consumed.position));
        if let Some(key) = key_to_json(program, declared, &entry.key)? {
            out.insert("key".to_owned(), key);
        }
        Ok(Some(Json::Object(out)))
    }

    fn stream_named(&self, name: &str) -> Option<(&Manifest, &Declared, &Stream)> {
        let program = self.program.as_deref()?;
        let (number, declared) = program.stream(name)?;
        Some((program, declared, self.streams.get(number)?))
    }
}

fn key_to_json(
    program: &Manifest,
    declared: &Declared,
    key: &[u8],
) -> Result<Option<Json>, BadRecord> {
    let Some(ty) = &declared.key else {
        return Ok(None);
    };
    let field = Field {
        name: "key".to_owned(),
        ty: ty.clone(),
    };
    let values = decode_keys(&program.defs, std::slice::from_ref(&field), key)?;
    Ok(values
        .first()
        .map(|value| to_json(&program.defs, ty, value)))
}

fn entry_to_json(
    program: &Manifest,
    declared: &Declared,
    position: u64,
    entry: &Entry,
) -> Result<Map<String, Json>, BadRecord> {
    let mut out = Map::new();
    out.insert("position".to_owned(), json!(position));
    if let Some(key) = key_to_json(program, declared, &entry.key)? {
        out.insert("key".to_owned(), key);
    }
    out.insert("time".to_owned(), time(entry.time));
    out.insert("emitted".to_owned(), time(entry.at));
    let mut r = Reader::new(&entry.value);
    let value = r.value(&program.defs, &declared.ty)?;
    let shown = to_json(&program.defs, &declared.ty, &value);
    out.insert("entry".to_owned(), shown);
    Ok(out)
}

fn time(us: i64) -> Json {
    to_json(&Defs::default(), &Type::Time, &Value::Time(us))
}

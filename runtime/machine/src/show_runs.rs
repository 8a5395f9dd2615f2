//! Runs as JSON for people: what they are, where they stand, what each strand waits for and since when.

use serde_json::{Map, Value as Json, json};
use weir_contract::encode::Reader;
use weir_contract::json::{fields_to_json, to_json};
use weir_contract::keys::decode_keys;
use weir_contract::manifest::Manifest;
use weir_contract::{Defs, Type, Value};

use crate::effects::{Frame, Place};
use crate::machine::{BadRecord, Machine};
use crate::runs::{Ended, Finished, Run, Strand, Waiting};
use crate::show::{bug_to_json, render_output};

impl Machine {
    /// One run, whether it goes on or has ended: number, state, function, key, caller, since, and each strand with its frames
    /// and cells, what it waits for and since when, and where it is parked why. `None` when there is none, or no longer.
    ///
    /// States: `ready`, `waiting`, `parked`, `cancelling`, `undoing`; `done`, `failed`, `cancelled`.
    pub fn run_json(&self, number: u64) -> Result<Option<Json>, BadRecord> {
        let Some(program) = &self.program else {
            return Ok(None);
        };
        if let Some(run) = self.runs.get(number) {
            let mut shown = going_to_json(program, number, run)?;
            if let Some(consumed) = self.consumed_json(number)? {
                shown["consumes"] = consumed;
            }
            self.show_lacking(program, number, run, &mut shown);
            return Ok(Some(shown));
        }
        match self.runs.finished.get(&number) {
            Some(finished) => finished_to_json(program, number, finished).map(Some),
            None => Ok(None),
        }
    }

    /// Runs by number, from the first after `after`: those that go on, and with `ended` those that are kept, too.
    pub fn runs_json(
        &self,
        after: Option<u64>,
        limit: usize,
        ended: bool,
    ) -> Result<Vec<Json>, BadRecord> {
        let from = after.map_or(0, |n| n.saturating_add(1));
        let going = self.runs.going.range(from..).map(|(n, _)| *n);
        let mut numbers: Vec<u64> = going.take(limit).collect();
        if ended {
            let finished = self.runs.finished.range(from..).map(|(n, _)| *n);
            numbers.extend(finished.take(limit));
            numbers.sort_unstable();
            numbers.truncate(limit);
        }
        let shown = numbers.into_iter().map(|n| self.run_json(n));
        shown.filter_map(Result::transpose).collect()
    }
}

impl Machine {
    /// A strand whose turn it is, and that cannot go on before temporary data is there, waits for that.
    fn show_lacking(&self, program: &Manifest, number: u64, run: &Run, shown: &mut Json) {
        let lacks = |strand: &Strand| self.runs.lacking.contains(&(number, strand.number));
        for (at, strand) in run.strands.iter().enumerate() {
            if lacks(strand) && strand.waiting.due().is_none() {
                let said = said_by_frame(program, strand).filter(|s| s.starts_with(TEMPORARY));
                shown["strands"][at]["waits_for"] = json!(said.unwrap_or(TEMPORARY));
            }
        }
        let is_ready = |strand: &&Strand| matches!(strand.waiting, Waiting::Ready { .. });
        if shown["state"] == "ready" && run.strands.iter().filter(is_ready).all(lacks) {
            shown["state"] = json!("waiting");
        }
    }
}

/// What a frame that waits for temporary data says that it waits for begins so.
const TEMPORARY: &str = "temporary data";

/// The state of a run that goes on, in one word.
pub fn state_of(run: &Run) -> &'static str {
    let any = |f: fn(&Waiting) -> bool| run.strands.iter().any(|s| f(&s.waiting));
    if any(|w| matches!(w, Waiting::Parked { .. })) {
        "parked"
    } else if run.ending.is_some() {
        "undoing"
    } else if run.cancelled {
        "cancelling"
    } else if any(|w| matches!(w, Waiting::Ready { .. })) {
        "ready"
    } else {
        "waiting"
    }
}

fn going_to_json(program: &Manifest, number: u64, run: &Run) -> Result<Json, BadRecord> {
    let mut out = head(program, number, state_of(run), run.target, &run.key)?;
    out.insert("caller".to_owned(), json!(run.caller.id));
    out.insert("since".to_owned(), time(run.since));
    out.insert("steps".to_owned(), json!(run.steps));
    let strands = run.strands.iter().map(|s| strand_to_json(program, run, s));
    let strands = strands.collect::<Result<Vec<_>, _>>()?;
    out.insert("strands".to_owned(), Json::Array(strands));
    let undos = run.undos.iter().map(|f| frame_to_json(program, f));
    let undos = undos.collect::<Result<Vec<_>, _>>()?;
    out.insert("undos".to_owned(), Json::Array(undos));
    let workflow = crate::known::workflow(program, run.target)
        .and_then(|e| program.entities[e as usize].workflow.as_ref());
    let name = |event: u32| workflow.and_then(|w| Some(&w.events.get(event as usize)?.name));
    let events = run.events.iter().map(|(event, _)| json!(name(*event)));
    out.insert("events".to_owned(), Json::Array(events.collect()));
    Ok(Json::Object(out))
}

fn finished_to_json(program: &Manifest, number: u64, run: &Finished) -> Result<Json, BadRecord> {
    let (state, result) = match &run.ended {
        Ended::Cancelled => ("cancelled", json!({ "error": "Cancelled" })),
        Ended::Output(output) => match run.target {
            Place::Function(n) => {
                let (status, result) = render_output(program, n, output)?;
                ended((status, Json::from(&result)))
            }
            _ => ("done", Json::Null),
        },
        Ended::Rendered { status, json } => {
            ended((*status, serde_json::from_str(json).unwrap_or_default()))
        }
    };
    let mut out = head(program, number, state, run.target, &run.key)?;
    out.insert("since".to_owned(), time(run.since));
    out.insert("ended".to_owned(), time(run.at));
    out.insert("result".to_owned(), result);
    Ok(Json::Object(out))
}

fn ended((status, json): (u16, Json)) -> (&'static str, Json) {
    (if status == 200 { "done" } else { "failed" }, json)
}

fn head(
    program: &Manifest,
    number: u64,
    state: &str,
    target: Place,
    key: &[u8],
) -> Result<Map<String, Json>, BadRecord> {
    let mut out = Map::new();
    out.insert("run".to_owned(), json!(number));
    out.insert("state".to_owned(), json!(state));
    out.insert("fn".to_owned(), json!(name_of(program, target)));
    if let Place::Function(n) = target
        && let Some(entity) = program.functions.get(n as usize).and_then(|f| f.entity)
    {
        let keys = &program.entities[entity as usize].keys;
        let values = decode_keys(&program.defs, keys, key)?;
        let shown = fields_to_json(&program.defs, keys, &values);
        out.insert("key".to_owned(), shown);
    }
    Ok(out)
}

/// `Checkout.run`, a frame's label, or `test`.
pub fn name_of(program: &Manifest, place: Place) -> String {
    let name = match place {
        Place::Test(_) => Some("test".to_owned()),
        Place::Frame(n) => program.frames.get(n as usize).map(|f| f.label.clone()),
        Place::Function(n) => program.functions.get(n as usize).map(|f| match f.entity {
            Some(entity) => format!("{}.{}", program.entities[entity as usize].name, f.name),
            None => f.name.clone(),
        }),
    };
    name.unwrap_or_else(|| "?".to_owned())
}

fn strand_to_json(program: &Manifest, run: &Run, strand: &Strand) -> Result<Json, BadRecord> {
    let frames = strand.frames.iter().map(|f| frame_to_json(program, f));
    let mut out = Map::new();
    out.insert("strand".to_owned(), json!(strand.number));
    if let Some(innermost) = strand.frames.last() {
        out.insert("at".to_owned(), json!(name_of(program, innermost.place)));
        if let Place::Frame(n) = innermost.place
            && let Some(frame) = program.frames.get(n as usize)
            && let Some(place) = program.sites.get(frame.site as usize).map(|_| frame.site)
        {
            out.insert("place".to_owned(), json!(program.place(place)));
        }
    }
    out.insert(
        "waits_for".to_owned(),
        json!(waits_for(program, run, strand)),
    );
    out.insert("since".to_owned(), time(strand.since));
    if let Some(due) = strand.waiting.due() {
        out.insert("due".to_owned(), time(due));
    }
    match &strand.waiting {
        Waiting::Parked { bug, .. } => {
            out.insert("bug".to_owned(), bug_to_json(bug));
        }
        Waiting::Run { run, .. } => {
            out.insert("run".to_owned(), json!(run));
        }
        Waiting::Outside { call, .. } => {
            out.insert("call".to_owned(), json!(call));
        }
        _ => {}
    }
    let frames = frames.collect::<Result<Vec<_>, _>>()?;
    out.insert("frames".to_owned(), Json::Array(frames));
    Ok(Json::Object(out))
}

/// What a strand waits for, in words.
fn waits_for(program: &Manifest, run: &Run, strand: &Strand) -> String {
    match &strand.waiting {
        Waiting::Ready { .. } => "its turn".to_owned(),
        Waiting::Sibling => "the end of another branch".to_owned(),
        Waiting::Parked { .. } => "a mended program and `weir runs resume`".to_owned(),
        Waiting::Sleep { .. } if run.steps == 0 => "its time to begin".to_owned(),
        Waiting::Outside { function, .. } => {
            let function = program.externs.get(*function as usize);
            function.map_or_else(String::new, |f| format!("{}.{}", f.module, f.name))
        }
        Waiting::Run { run, .. } => format!("run {run}"),
        _ => said_by_frame(program, strand)
            .unwrap_or("nothing it has said")
            .to_owned(),
    }
}

fn said_by_frame<'p>(program: &'p Manifest, strand: &Strand) -> Option<&'p str> {
    match strand.frames.last().map(|f| f.place) {
        Some(Place::Frame(n)) => {
            let frame = program.frames.get(n as usize);
            frame.map(|f| f.waits_for.as_str())
        }
        _ => None,
    }
}

fn frame_to_json(program: &Manifest, frame: &Frame) -> Result<Json, BadRecord> {
    let mut out = Map::new();
    out.insert("label".to_owned(), json!(name_of(program, frame.place)));
    let mut cells = Map::new();
    let mut r = Reader::new(&frame.cells);
    let mut show = |name: &str, ty: &Type| -> Result<(), BadRecord> {
        let value = r.value(&program.defs, ty)?;
        cells.insert(name.to_owned(), to_json(&program.defs, ty, &value));
        Ok(())
    };
    match frame.place {
        Place::Frame(n) => {
            let code = program.frames.get(n as usize);
            for cell in code.into_iter().flat_map(|f| &f.cells) {
                show(&cell.name, &cell.ty)?;
            }
        }
        Place::Function(n) => {
            let code = program.functions.get(n as usize);
            for param in code.into_iter().flat_map(|f| &f.params) {
                match param.has_default {
                    true => show(&param.name, &Type::Option(Box::new(param.ty.clone())))?,
                    false => show(&param.name, &param.ty)?,
                }
            }
        }
        Place::Test(_) => {}
    }
    out.insert("cells".to_owned(), Json::Object(cells));
    Ok(Json::Object(out))
}

fn time(us: i64) -> Json {
    to_json(&Defs::default(), &Type::Time, &Value::Time(us))
}

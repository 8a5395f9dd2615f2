//! Putting another program in force: what happens to runs that sleep.
//!
//! Frames are matched by label, functions, externs and events by name, cells by name and type. A run that sleeps where the new
//! program has no place for it is a reason to refuse the program, with the label and how many runs sleep there. What is kept
//! is written anew in the types of the new program.

use std::collections::BTreeMap;

use weir_contract::encode::{Reader, encode_into, put_varint};
use weir_contract::manifest::{Extern, Frame as Code, Function, Manifest, Param};
use weir_contract::{DefId, DefKind, Defs, Field, Type, Value};

use crate::begins::is_gone;
use crate::effects::{EventTo, Frame, Place};
use crate::program::fits;
use crate::runs::{Ended, Given, Run, Strand, Waiting};
use crate::schedule::Runs;
use crate::streams::carry;

/// Why runs cannot be taken over; one sentence each.
pub(crate) fn check(runs: &Runs, old: &Manifest, new: &Manifest) -> Vec<String> {
    let mut problems: BTreeMap<String, usize> = BTreeMap::new();
    let gone = |run: &Run| is_gone(run, old, new) || carry::is_gone(run, old, new);
    for (_, run) in runs.going().filter(|(_, run)| !gone(run)) {
        let mut moved = run.clone();
        let between = Between { old, new };
        if let Err(why) = between.run(&mut moved) {
            *problems.entry(why).or_default() += 1;
        }
    }
    for (_, to) in runs.delayed.values() {
        let mut moved = to.clone();
        if let Err(why) = (Between { old, new }).event_to(&mut moved) {
            *problems.entry(why).or_default() += 1;
        }
    }
    let sentence = |(why, count): (String, usize)| match count {
        1 => format!("1 run sleeps {why}"),
        n => format!("{n} runs sleep {why}"),
    };
    problems.into_iter().map(sentence).collect()
}

/// Moves runs that [`check`] has accepted into the places of the new program.
pub(crate) fn migrate(runs: &mut Runs, old: &Manifest, new: &Manifest) {
    let between = Between { old, new };
    for run in runs.going.values_mut() {
        between.run(run).expect("checked before");
    }
    for (_, to) in runs.delayed.values_mut() {
        between.event_to(to).expect("checked before");
    }
    for finished in runs.finished.values_mut() {
        between.finished(&mut finished.target, &mut finished.ended);
    }
    let workflows = std::mem::take(&mut runs.workflows).into_iter();
    let moved = workflows.filter_map(|((entity, key), run)| {
        let entity = new.entity(&old.entities[entity as usize].name)?.0;
        Some(((entity, key), run))
    });
    runs.workflows = moved.collect();
}

/// The answer of an extern function that was called in a program before this one, in the types of this one.
pub fn carry_answer(
    old: &Manifest,
    new: &Manifest,
    function: u32,
    output: &[u8],
) -> Option<Vec<u8>> {
    let a = old.externs.get(function as usize)?;
    let same = |e: &&Extern| e.module == a.module && e.name == a.name;
    let b = new.externs.iter().find(same)?;
    Between { old, new }.output([&a.returns, &b.returns], &b.fails, output)
}

struct Between<'p> {
    old: &'p Manifest,
    new: &'p Manifest,
}

type Moved<T> = Result<T, String>;

impl Between<'_> {
    fn run(&self, run: &mut Run) -> Moved<()> {
        let Run {
            target,
            strands,
            undos,
            events,
            ending,
            ..
        } = run;
        let entity = match *target {
            Place::Function(n) => self.old.functions[n as usize].entity,
            _ => None,
        };
        for (event, args) in events {
            let mut to = EventTo {
                entity: entity.unwrap_or_default(),
                key: Box::default(),
                event: *event,
                args: std::mem::take(args),
            };
            self.event_to(&mut to)?;
            (*event, *args) = (to.event, to.args);
        }
        for strand in strands {
            self.strand(strand, entity)?;
        }
        for undo in undos {
            self.frame(undo)?;
        }
        if let Some(ending) = ending {
            self.ended(*target, ending)?;
        }
        *target = self.place(*target)?;
        Ok(())
    }

    fn strand(&self, strand: &mut Strand, entity: Option<u32>) -> Moved<()> {
        let innermost = strand.frames.last().map(|f| f.place);
        match &mut strand.waiting {
            Waiting::Ready { given, .. } | Waiting::Parked { given, .. } => match given {
                Given::Bytes(bytes) | Given::Answer(bytes) if !bytes.is_empty() => {
                    if let Some((label, a, b)) = innermost.and_then(|p| self.result(p)) {
                        *bytes = self.recode(a, b, bytes).ok_or_else(|| {
                            format!("at `{label}`, where it was given a value of another type")
                        })?;
                    }
                }
                Given::Event(event, args) => {
                    let mut to = EventTo {
                        entity: entity.unwrap_or_default(),
                        key: Box::default(),
                        event: *event,
                        args: std::mem::take(args),
                    };
                    self.event_to(&mut to)?;
                    (*event, *args) = (to.event, to.args);
                }
                Given::Bytes(_) | Given::Answer(_) | Given::NoEvent => {}
            },
            Waiting::Events { numbers, .. } => {
                for number in numbers.iter_mut() {
                    *number = self.event(entity.unwrap_or_default(), *number)?;
                }
            }
            Waiting::Outside { function, args, .. } => self.outside(function, args)?,
            Waiting::Join { list, .. } => {
                if let (Some(branches), Some((label, a, b))) = (
                    strand.branches.as_deref_mut(),
                    innermost.and_then(|p| self.result(p)),
                ) {
                    for (index, (_, value)) in branches.all.iter_mut().enumerate() {
                        let Some(value) = value else { continue };
                        let types = part(a, *list, index).zip(part(b, *list, index));
                        let moved = types.and_then(|(a, b)| self.recode(a, b, value));
                        *value = moved.ok_or_else(|| {
                            format!("at `{label}`, where a branch gave a value of another type")
                        })?;
                    }
                    if let Some(failed) = &mut branches.failed {
                        *failed = self.recode(a, b, failed).ok_or_else(|| {
                            format!(
                                "at `{label}`, where a branch failed with an error that is gone"
                            )
                        })?;
                    }
                }
            }
            Waiting::Sleep { .. }
            | Waiting::Run { .. }
            | Waiting::Sibling
            | Waiting::Quiet { .. } => {}
        }
        strand.frames.iter_mut().try_for_each(|f| self.frame(f))
    }

    /// A frame's label and the old and new type of its result.
    fn result(&self, place: Place) -> Option<(&str, &Type, &Type)> {
        let Place::Frame(n) = place else { return None };
        let old = &self.old.frames[n as usize];
        let new = self.new.frames.iter().find(|f| f.label == old.label)?;
        Some((&old.label, old.result.as_ref()?, new.result.as_ref()?))
    }

    fn frame(&self, frame: &mut Frame) -> Moved<()> {
        let moved = self.place(frame.place)?;
        match (frame.place, moved) {
            (Place::Frame(a), Place::Frame(b)) => {
                let (a, b) = (&self.old.frames[a as usize], &self.new.frames[b as usize]);
                self.cells(&mut frame.cells, a, b)?;
            }
            (Place::Function(a), Place::Function(b)) => {
                let a = &self.old.functions[a as usize];
                let b = &self.new.functions[b as usize];
                frame.cells = self
                    .params(&a.params, &b.params, &frame.cells)
                    .ok_or_else(|| format!("before {}, whose parameters are others", a.name))?;
            }
            _ => {}
        }
        frame.place = moved;
        Ok(())
    }

    fn place(&self, place: Place) -> Moved<Place> {
        match place {
            Place::Test(_) => Ok(place),
            Place::Function(n) => {
                let old = &self.old.functions[n as usize];
                let moved = self.function(old);
                let what = || format!("in {}, which is gone", old.name);
                moved.map(Place::Function).ok_or_else(what)
            }
            Place::Frame(n) => {
                let old = &self.old.frames[n as usize];
                let same = |f: &Code| f.label == old.label && f.role == old.role;
                let moved = self.new.frames.iter().position(same);
                let what = || format!("at `{}`, which is gone", old.label);
                moved.map(|n| Place::Frame(n as u32)).ok_or_else(what)
            }
        }
    }

    fn function(&self, old: &Function) -> Option<u32> {
        let entity = match old.entity {
            Some(entity) => Some(self.new.entity(&self.old.entities[entity as usize].name)?.0),
            None => None,
        };
        let same = |f: &Function| f.entity == entity && f.kind == old.kind && f.name == old.name;
        self.new.functions.iter().position(same).map(|n| n as u32)
    }

    fn cells(&self, bytes: &mut Box<[u8]>, old: &Code, new: &Code) -> Moved<()> {
        let label = &old.label;
        let mut types = Vec::with_capacity(new.cells.len());
        for cell in &new.cells {
            let Some(before) = old.cells.iter().position(|c| c.name == cell.name) else {
                return Err(format!("at `{label}`, which now needs `{}`", cell.name));
            };
            if !fits(
                &self.old.defs,
                &old.cells[before].ty,
                &self.new.defs,
                &cell.ty,
            ) {
                return Err(format!(
                    "at `{label}`, where `{}` is of another type",
                    cell.name
                ));
            }
            types.push((before, &cell.ty));
        }
        let gone = |c: &&Field| new.cells.iter().all(|n| n.name != c.name);
        if let Some(cell) = old.cells.iter().find(gone) {
            return Err(format!("at `{label}`, where `{}` is gone", cell.name));
        }
        let types_before: Vec<&Type> = old.cells.iter().map(|c| &c.ty).collect();
        let what = || format!("at `{label}`, with cells that cannot be read");
        *bytes = self.fields(&types_before, &types, bytes).ok_or_else(what)?;
        Ok(())
    }

    fn params(&self, old: &[Param], new: &[Param], bytes: &[u8]) -> Option<Box<[u8]>> {
        let ty = |p: &Param| match p.has_default {
            true => Type::Option(Box::new(p.ty.clone())),
            false => p.ty.clone(),
        };
        if old.len() != new.len() || old.iter().zip(new).any(|(a, b)| a.name != b.name) {
            return None;
        }
        let before: Vec<Type> = old.iter().map(ty).collect();
        let after: Vec<Type> = new.iter().map(ty).collect();
        let fit = |(a, b)| fits(&self.old.defs, a, &self.new.defs, b);
        if !before.iter().zip(&after).all(fit) {
            return None;
        }
        let after: Vec<(usize, &Type)> = after.iter().enumerate().collect();
        self.fields(&before.iter().collect::<Vec<_>>(), &after, bytes)
    }

    /// Values one after the other, put into the order and the types of the new program.
    fn fields(&self, old: &[&Type], new: &[(usize, &Type)], bytes: &[u8]) -> Option<Box<[u8]>> {
        let mut r = Reader::new(bytes);
        let values = old.iter().map(|ty| r.value(&self.old.defs, ty));
        let values: Vec<Value> = values.collect::<Result<_, _>>().ok()?;
        r.finish().ok()?;
        let mut out = Vec::with_capacity(bytes.len());
        for (before, ty) in new {
            let value = rename(&self.old.defs, &self.new.defs, &values[*before])?;
            encode_into(&self.new.defs, ty, &value, &mut out);
        }
        Some(out.into())
    }

    fn recode(&self, old: &Type, new: &Type, bytes: &[u8]) -> Option<Box<[u8]>> {
        fits(&self.old.defs, old, &self.new.defs, new).then_some(())?;
        self.fields(&[old], &[(0, new)], bytes)
    }

    fn event(&self, entity: u32, event: u32) -> Moved<u32> {
        let entity = &self.old.entities[entity as usize];
        let old = entity.workflow.as_ref().map(|w| &w.events[event as usize]);
        let name = old.map_or("", |e| &e.name);
        let now = self
            .new
            .entity(&entity.name)
            .and_then(|(_, e)| e.workflow.as_ref());
        let moved = now.and_then(|w| w.events.iter().position(|e| e.name == name));
        let what = || format!("with the event {}.{name}, which is gone", entity.name);
        moved.map(|n| n as u32).ok_or_else(what)
    }

    fn event_to(&self, to: &mut EventTo) -> Moved<()> {
        let event = self.event(to.entity, to.event)?;
        let old_entity = &self.old.entities[to.entity as usize];
        let gone = || format!("with an event of {}, which is gone", old_entity.name);
        let (entity, now) = self.new.entity(&old_entity.name).ok_or_else(gone)?;
        let (old, new) = old_entity
            .workflow
            .as_ref()
            .zip(now.workflow.as_ref())
            .ok_or_else(gone)?;
        let (old, new) = (&old.events[to.event as usize], &new.events[event as usize]);
        let args = self.params(&old.params, &new.params, &to.args);
        to.args = args.ok_or_else(|| {
            format!(
                "with the event {}.{}, whose parameters are others",
                old_entity.name, old.name
            )
        })?;
        (to.entity, to.event) = (entity, event);
        Ok(())
    }

    fn outside(&self, function: &mut u32, args: &mut Box<[u8]>) -> Moved<()> {
        let old = &self.old.externs[*function as usize];
        let externs = &self.new.externs;
        let same = externs
            .iter()
            .position(|e| e.module == old.module && e.name == old.name);
        let what = |how| format!("at a call of {}.{}, {how}", old.module, old.name);
        let at = same.ok_or_else(|| what("which is gone"))?;
        let moved = self.params(&old.params, &externs[at].params, args);
        *args = moved.ok_or_else(|| what("whose parameters are others"))?;
        *function = at as u32;
        Ok(())
    }

    fn ended(&self, target: Place, ended: &mut Ended) -> Moved<()> {
        let what = || "while it is undone, and its result has another type now".to_owned();
        let Ended::Output(output) = ended else {
            return Ok(());
        };
        let Place::Function(n) = target else {
            return Ok(());
        };
        let old = &self.old.functions[n as usize];
        let new = self.function(old).ok_or_else(what)?;
        let new = &self.new.functions[new as usize];
        let returns = [&old.returns, &new.returns];
        let moved = self.output(returns, &new.fails, output);
        *output = moved.ok_or_else(what)?;
        Ok(())
    }

    /// A result is kept as long as the types allow, and written out as JSON when they do not.
    fn finished(&self, target: &mut Place, ended: &mut Ended) {
        let moved = self.ended(*target, ended).is_ok();
        if let (false, Place::Function(n), Ended::Output(output)) = (moved, *target, &*ended) {
            let (status, json) = match crate::show::render_output(self.old, n, output) {
                Ok((status, json)) => (status, json.to_string()),
                Err(e) => (
                    500,
                    serde_json::json!({ "error": e.to_string() }).to_string(),
                ),
            };
            *ended = Ended::Rendered { status, json };
        }
        // Shown with the name it has now; one that is gone is shown without.
        *target = self.place(*target).unwrap_or(Place::Test(0));
    }

    fn output(&self, returns: [&Type; 2], fails: &[DefId], output: &[u8]) -> Option<Vec<u8>> {
        use weir_contract::border::{OUTPUT_FAILED, OUTPUT_OK};
        let (kind, rest) = output.split_first()?;
        let mut out = vec![*kind];
        match *kind {
            OUTPUT_OK => out.extend_from_slice(&self.recode(returns[0], returns[1], rest)?),
            OUTPUT_FAILED => {
                let mut r = Reader::new(rest);
                let id = DefId(u32::try_from(r.varint().ok()?).ok()?);
                let now = renamed(&self.old.defs, &self.new.defs, id)?;
                fails.contains(&now).then_some(())?;
                put_varint(&mut out, now.0 as u64);
                let fields = self.recode(&Type::Named(id), &Type::Named(now), r.rest())?;
                out.extend_from_slice(&fields);
            }
            _ => {}
        }
        Some(out)
    }
}

/// The type of one branch's value in what a join gives.
fn part(ty: &Type, list: bool, index: usize) -> Option<&Type> {
    match ty {
        Type::Result(ok, _) => part(ok, list, index),
        Type::List(item) if list => Some(item),
        Type::Tuple(fields) if !list => fields.get(index).map(|f| &f.ty),
        _ => None,
    }
}

/// The error of the same name.
pub(crate) fn renamed(old: &Defs, new: &Defs, id: DefId) -> Option<DefId> {
    let name = &old.defs.get(id.0 as usize)?.name;
    let same = |d: &weir_contract::Def| d.name == *name && matches!(d.kind, DefKind::Error { .. });
    new.defs.iter().position(same).map(|n| DefId(n as u32))
}

/// The same value with the errors in it numbered as the new program does.
fn rename(old: &Defs, new: &Defs, value: &Value) -> Option<Value> {
    let all = |values: &[Value]| {
        let renamed = values.iter().map(|v| rename(old, new, v));
        renamed.collect::<Option<Vec<Value>>>()
    };
    Some(match value {
        Value::Err(id, fields) => Value::Err(renamed(old, new, *id)?, all(fields)?),
        Value::Ok(inner) => Value::Ok(Box::new(rename(old, new, inner)?)),
        Value::Option(Some(inner)) => Value::Option(Some(Box::new(rename(old, new, inner)?))),
        Value::List(items) => Value::List(all(items)?),
        Value::Record(fields) => Value::Record(all(fields)?),
        Value::Variant(n, fields) => Value::Variant(*n, all(fields)?),
        Value::Set(items) => Value::Set(
            items
                .iter()
                .map(|v| rename(old, new, v))
                .collect::<Option<_>>()?,
        ),
        Value::Map(entries) => {
            let entry = |(k, v)| Some((rename(old, new, k)?, rename(old, new, v)?));
            Value::Map(entries.iter().map(entry).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

//! The machine's side of views: which records change what they are made of, and when they are brought up to date.
//!
//! Feeding runs functions of the program outside of any step and record: they change nothing, and what they give follows from the
//! state. A step that reads a view which is behind is taken back, and runs again when the view has caught up; so nothing has to be
//! known beforehand of which steps read which views.

use weir_contract::CrashReason;
use weir_contract::border::StepInput;
use weir_contract::call::Reply;
use weir_contract::encode::{decode, encode_into};
use weir_contract::keys::decode_keys;
use weir_contract::manifest::Manifest;
use weir_contract::stream::Keep;
use weir_contract::value::Value;

use super::{Entry, Functions, Sources, Views};
use crate::asking::Surroundings;
use crate::machine::Machine;
use crate::ops::Writes;
use crate::steps::{Crash, Steps};
use crate::transaction::Transaction;

/// So many rows of sources are fed at a time when nobody waits for them.
pub const ROWS_AT_A_TIME: u64 = 256;

impl Machine {
    /// Takes some of the work that is to be done for views anyway. Whether there is more.
    pub fn tend_views(&mut self, steps: &mut dyn Steps, manifest: &Manifest, now: i64) -> bool {
        let mut budget = ROWS_AT_A_TIME;
        let time = now.max(self.time);
        let held = self.held_up(manifest);
        let more = (0..manifest.views.len() as u32)
            .any(|view| !self.catch_up(steps, manifest, view, time, &mut budget));
        if held > 0 && self.held_up(manifest) < held {
            self.runs.lacking.clear();
        }
        more
    }

    /// Brings a view up to date, as far as the budget goes.
    pub(crate) fn catch_up(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        view: u32,
        time: i64,
        budget: &mut u64,
    ) -> bool {
        let mut views = std::mem::take(&mut self.views);
        let mut feeding = Feeding {
            machine: self,
            steps,
            manifest,
            time,
        };
        let done = views.catch_up(manifest, view, &mut feeding, budget);
        self.views = views;
        done
    }

    /// A record has written these instances.
    pub(crate) fn tell_views(&mut self, writes: &Writes) {
        if let Some(program) = &self.program
            && !program.views.is_empty()
        {
            for (entity, key) in &writes.instances {
                self.views.touched(program, *entity, key);
            }
        }
    }

    /// Views of the program in force, of which nothing is known yet.
    pub(crate) fn begin_views(&mut self) {
        let Some(program) = &self.program else {
            return;
        };
        self.views = Views::new(program, |entity| {
            let table = &self.state.tables()[entity as usize];
            table.sorted().iter().map(|i| i.key.clone()).collect()
        });
    }

    /// The same when another program was in force before.
    pub(crate) fn change_views(&mut self, old: &Manifest) {
        let before = std::mem::take(&mut self.views);
        self.begin_views();
        if let Some(program) = &self.program {
            self.views.take_over(program, before, old, self.position);
        }
    }

    /// The oldest position that a stream still keeps, and the one its next entry will have.
    pub(super) fn positions(&self, stream: u32) -> (u64, u64) {
        let head = self.streams.head(stream);
        let first = self.streams.get(stream).and_then(|s| s.entries(0).next());
        (first.map_or(head, |(position, _)| position), head)
    }
}

/// The machine while it feeds its views.
struct Feeding<'a> {
    machine: &'a mut Machine,
    steps: &'a mut dyn Steps,
    manifest: &'a Manifest,
    time: i64,
}

impl Functions for Feeding<'_> {
    fn call(&mut self, function: u32, args: &[Value]) -> Result<Vec<Value>, Crash> {
        let manifest = self.manifest;
        let function = &manifest.functions[function as usize];
        let mut encoded = Vec::new();
        for (param, value) in function.params.iter().zip(args) {
            encode_into(&manifest.defs, &param.ty, value, &mut encoded);
        }
        let input = StepInput {
            time_us: self.time,
            key: &[],
            caller: &[],
            inside: true,
            args: &encoded,
        };
        let around = Surroundings {
            program: self.machine.program.clone(),
            settings: self.machine.settings.clone(),
            time: self.time,
            ..Surroundings::default()
        };
        let on = Transaction::begin_in(std::mem::take(&mut self.machine.state), around);
        let (on, output) = self.steps.run(function.entry, input, on);
        self.machine.state = on.abort();
        let reply = Reply::decode(&manifest.defs, &function.returns, &function.fails, &output?);
        match reply {
            Ok(Reply::Ok(Value::List(elements))) => Ok(elements),
            _ => {
                let detail = "what a view is made of gives no list";
                Err(Crash::new(0, CrashReason::Unreachable, detail))
            }
        }
    }
}

impl Sources for Feeding<'_> {
    fn instance(&self, entity: u32, key: &[u8]) -> Option<Vec<Value>> {
        self.machine.state.find(entity, key)?;
        let keys = &self.manifest.entities[entity as usize].keys;
        decode_keys(&self.manifest.defs, keys, key).ok()
    }

    fn positions(&self, stream: u32) -> (u64, u64) {
        self.machine.positions(stream)
    }

    fn entry(&self, stream: u32, position: u64) -> Option<Entry> {
        let entries = self.machine.streams.get(stream)?;
        let (_, entry) = entries
            .entries(position)
            .next()
            .filter(|(at, _)| *at == position)?;
        let ty = &self.manifest.streams[stream as usize].ty;
        Some(Entry {
            value: decode(&self.manifest.defs, ty, &entry.value).ok()?,
            time: entry.time,
            at: entry.at,
            is_late: entry.is_late,
        })
    }

    fn oldest(&self, stream: u32) -> u64 {
        let Keep::For(keep) = self.manifest.streams[stream as usize].keep else {
            return 0;
        };
        let Some(entries) = self.machine.streams.get(stream) else {
            return 0;
        };
        // Entries stand in the order they were emitted in, and some are kept for longer, for consumers that need them.
        let too_old = |at: i64| self.time.saturating_sub(at) >= keep;
        let first = entries.entries(0).find(|(_, entry)| !too_old(entry.at));
        first.map_or(self.machine.streams.head(stream), |(position, _)| position)
    }

    fn forgotten(&self, stream: u32) -> Option<i64> {
        match self.manifest.streams[stream as usize].keep {
            Keep::For(keep) => Some(self.time.saturating_sub(keep)),
            Keep::Configured | Keep::Ever(_) => None,
        }
    }
}

impl Transaction {
    /// The rows of a view as a list in the value encoding, all or those whose first key is that one. A crash when the view is not
    /// up to date: then the step is to be run again.
    pub fn view(&mut self, view: u32, key: Option<&Value>) -> Result<Vec<u8>, Crash> {
        let around = &mut self.asking.around;
        let Some(program) = &around.program else {
            let detail = "a view without a program";
            return Err(Crash::new(0, CrashReason::Unreachable, detail));
        };
        if !around.views.is_current(program, view) {
            around.lacks = Some(view);
            return Err(Crash::new(
                0,
                CrashReason::Unreachable,
                "the view is behind",
            ));
        }
        around.views.read(program, view, key)
    }
}

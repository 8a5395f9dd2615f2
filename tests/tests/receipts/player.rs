//! Runs a program on the machine and counts what each call and each run costs.

use std::collections::{BTreeMap, BTreeSet};

use weir_contract::call::{Reply, encode_args};
use weir_contract::keys::encode_key_into;
use weir_contract::manifest::{Effect, Manifest};
use weir_contract::receipt::{Cost, Count, Length, Size};
use weir_contract::{Value, border};
use weir_engine::{Program, Runner};
use weir_log::Record;
use weir_machine::effects::{Ask, Wait};
use weir_machine::record::STEP;
use weir_machine::run_record::{ANSWER, RUN_STEP, RunStepRecord, Woken};
use weir_machine::{
    Action, Answer, Call as Asking, Ended, EventTo, Machine, Outcome, OutsideCall, Place, Sent,
    Spent, StepRecord, Taken,
};
use weir_tests::generate::Call;
use weir_tests::generate::outside::Outside;
use weir_tests::generate::script::BEGIN_US;

use crate::measure::Measure;

pub struct Player<'p> {
    manifest: &'p Manifest,
    outside: &'p [Outside],
    runner: Runner,
    pub machine: Machine,
    pub time: i64,
    /// By run.
    pub tallies: BTreeMap<u64, Tally>,
}

/// What a run has cost so far, and what is known of its lengths.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub records: u64,
    pub outside: u64,
    pub reads: u64,
    pub writes: u64,
    /// Of the step with the most.
    pub keys: u64,
    pub waits: u64,
    pub messages: u64,
    /// Records of events that were sent to it from outside, whether or not it takes them.
    pub events: u64,
    /// Events that it has taken, also those that code sent.
    pub taken: u64,
    /// Strands that wait for events.
    listening: BTreeSet<u32>,
    /// What its frames were after the record behind which they were largest; `None` when it never waited.
    pub frame_bytes: Option<u64>,
    /// It undid what it had done.
    pub failed: bool,
    pub bug: bool,
    /// Of calls from outside, whose arguments are known.
    pub lengths: Option<BTreeMap<Length, Option<u64>>>,
    pub function: Option<u32>,
}

impl<'p> Player<'p> {
    pub fn new(manifest: &'p Manifest, program: &Program, outside: &'p [Outside]) -> Self {
        let mut player = Player {
            manifest,
            outside,
            runner: Runner::new(program).unwrap_or_else(|e| panic!("{e}")),
            machine: Machine::new(),
            time: BEGIN_US,
            tallies: BTreeMap::new(),
        };
        let deployed = player.machine.deploy(manifest, BEGIN_US);
        deployed.expect("there was no program before");
        player
    }

    /// Everything that is due until then.
    pub fn happen(&mut self, until: i64) {
        while let Some(due) = self.machine.next_due().filter(|due| *due <= until) {
            let now = due.max(self.machine.time());
            let before = self.machine.spent;
            let progress = self
                .machine
                .advance_one(&mut self.runner, self.manifest, now);
            let progress = progress.expect("something is due");
            self.note(progress.run, Some(&progress.record), before);
            self.perform(progress.actions);
        }
    }

    pub fn call(&mut self, call: &Call) -> Option<u64> {
        let manifest = self.manifest;
        let entity = call.instance.as_ref().map(|(entity, _)| entity.as_str());
        let of = |f: &weir_contract::manifest::Function| {
            f.entity
                .map(|e| manifest.entities[e as usize].name.as_str())
        };
        let mut functions = manifest.functions.iter();
        let id = functions.position(|f| f.name == call.function && of(f) == entity)?;
        let function = &manifest.functions[id];
        let receipt = function.receipt.as_ref().expect("each has one");
        let measure = Measure {
            manifest,
            function,
            keys: call
                .instance
                .iter()
                .flat_map(|(_, keys)| keys.clone())
                .collect(),
            args: call.args.clone(),
            rounds: None,
        };
        let counts = counts(&receipt.cost).chain(counts(&receipt.undo));
        let lengths = measure.lengths(&self.machine, counts);
        let asking = Asking {
            function: id as u32,
            caller: call.caller.clone(),
            roles: call.roles.clone(),
            keys: self.key(call),
            args: encode_args(&manifest.defs, &function.params, &call.args),
            idempotency: None,
            if_match: None,
        };
        let before = self.machine.spent;
        let done = self
            .machine
            .call(&mut self.runner, manifest, &asking, self.time);
        // Somebody else's run answered.
        let known = self.tallies.contains_key(&done.run);
        if known && done.record.is_none() {
            return Some(done.run);
        }
        // A walk comes by what is made in front of it.
        let mut lengths = lengths;
        for (length, known) in &mut lengths {
            if matches!(length, Length::Instances(_)) {
                *known = measure.length(&self.machine, length);
            }
        }
        let tally = self.tallies.entry(done.run).or_default();
        tally.function = Some(id as u32);
        tally.lengths = Some(lengths);
        tally.bug |= matches!(done.answer, Answer::Bug(_));
        self.note(done.run, done.record.as_ref(), before);
        self.perform(done.actions);
        Some(done.run)
    }

    pub fn event(&mut self, call: &Call) {
        let (entity, _) = call.instance.as_ref().expect("events are of workflows");
        let (number, entity) = self.manifest.entity(entity).expect("the program has it");
        let events = &entity.workflow.as_ref().expect("it is a workflow").events;
        let event = events.iter().position(|e| e.name == call.function);
        let event = event.expect("the program has it");
        let sent = Sent {
            to: EventTo {
                entity: number,
                key: self.key(call).into(),
                event: event as u32,
                args: encode_args(&self.manifest.defs, &events[event].params, &call.args).into(),
            },
            caller: call.caller.clone(),
            roles: call.roles.clone(),
            idempotency: None,
        };
        let taken = self
            .machine
            .send_event(&mut self.runner, self.manifest, &sent, self.time);
        if let Taken::Yes(progress) = taken {
            let run = self.machine.runs().of_workflow(number, &sent.to.key);
            let run = run.expect("it has taken the event");
            self.tallies.entry(run).or_default().events += 1;
            self.perform(progress.actions);
        }
    }

    pub fn cancel(&mut self, run: u64) {
        if let Some(progress) = self.machine.cancel(run, self.time) {
            self.tallies.entry(run).or_default().failed = true;
            self.perform(progress.actions);
        }
    }

    fn key(&self, call: &Call) -> Vec<u8> {
        let mut key = Vec::new();
        let Some((entity, keys)) = &call.instance else {
            return key;
        };
        let (_, entity) = self.manifest.entity(entity).expect("the program has it");
        for (value, field) in keys.iter().zip(&entity.keys) {
            encode_key_into(&self.manifest.defs, &field.ty, value, &mut key);
        }
        key
    }

    /// Steps and answers are a run's own; what others send it is counted where it is taken.
    fn note(&mut self, run: u64, record: Option<&Record>, before: Spent) {
        let function = self.machine.runs().get(run).map(|run| run.target);
        let tally = self.tallies.entry(run).or_default();
        if let (None, Some(Place::Function(id))) = (tally.function, function) {
            tally.function = Some(id);
        }
        let is_own = |record: &Record| [STEP, RUN_STEP, ANSWER].contains(&record.kind);
        tally.records += record.is_some_and(is_own) as u64;
        if let Some(Step {
            strand,
            woken,
            outcome,
            asks,
        }) = record.and_then(Step::of)
        {
            let wait = wait(&outcome);
            let is_wait = |wait: &Wait| !matches!(wait, Wait::Yield | Wait::Outside { .. });
            tally.waits += wait.as_ref().is_some_and(is_wait) as u64;
            let heard = tally.listening.remove(&strand);
            tally.taken += (heard && woken == Some(Woken::Turn)) as u64;
            if let Some(Wait::Events { .. }) = wait {
                tally.listening.insert(strand);
            }
            let is_message = |ask: &&Ask| matches!(ask, Ask::Send { .. } | Ask::Event { .. });
            tally.messages += asks.iter().filter(is_message).count() as u64;
        }
        let run = self.machine.runs().get(run);
        // What an undo keeps is its own.
        if let Some(run) = run.filter(|run| run.steps > 0 && run.ending.is_none()) {
            let frames = run.strands.iter().flat_map(|strand| &strand.frames);
            let bytes = frames.map(|frame| frame.cells.len() as u64).sum();
            tally.frame_bytes = tally.frame_bytes.max(Some(bytes));
        }
        let spent = self.machine.spent;
        tally.reads += spent.reads - before.reads;
        tally.writes += spent.writes - before.writes;
        tally.keys = tally.keys.max(spent.keys - before.keys);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Outside(call) => self.answer(&call),
                Action::Ended { run, ended } => {
                    let ok = matches!(&ended, Ended::Output(out) if out.first() == Some(&border::OUTPUT_OK));
                    self.tallies.entry(run).or_default().failed |= !ok;
                }
                Action::Parked { run, .. } => self.tallies.entry(run).or_default().bug = true,
                _ => {}
            }
        }
    }

    fn answer(&mut self, call: &OutsideCall) {
        let defs = &self.manifest.defs;
        let function = &self.manifest.externs[call.function as usize];
        let args = weir_contract::call::decode_args(defs, &function.params, &call.args);
        let args = args.unwrap_or_else(|e| panic!("{e}"));
        let args: Vec<Value> = args.into_iter().flatten().collect();
        let mut outside = self.outside.iter();
        let outside = outside.find(|o| o.module == function.module && o.function == function.name);
        let reply = match outside.expect("each has its answers").answer(&args) {
            Ok(value) => Reply::Ok(value),
            Err((error, fields)) => {
                let mut fails = function.fails.iter();
                let id = fails.find(|id| defs.get(**id).name == error);
                Reply::Failed(*id.expect("it may fail so"), fields)
            }
        };
        let output = reply.encode(defs, &function.returns);
        self.tallies.entry(call.run).or_default().outside += 1;
        let before = self.machine.spent;
        let now = self.machine.time();
        let progress =
            self.machine
                .answer_and_go_on(&mut self.runner, self.manifest, call.call, output, now);
        // It may have been given up meanwhile.
        if let Some(progress) = progress {
            self.note(progress.run, Some(&progress.record), before);
            self.perform(progress.actions);
        }
    }
}

/// What is counted of a record.
struct Step {
    strand: u32,
    /// Of a strand that went on.
    woken: Option<Woken>,
    outcome: Outcome,
    asks: Vec<Ask>,
}

impl Step {
    /// Nothing of an answer.
    fn of(record: &Record) -> Option<Step> {
        let step = match record.kind {
            STEP => StepRecord::decode(&record.body).map(|step| Step {
                strand: 0,
                woken: None,
                outcome: step.outcome,
                asks: step.asks,
            }),
            RUN_STEP => RunStepRecord::decode(&record.body).map(|step| Step {
                strand: step.strand,
                woken: Some(step.woken),
                outcome: step.outcome,
                asks: step.asks,
            }),
            _ => return None,
        };
        Some(step.unwrap_or_else(|e| panic!("{e}")))
    }
}

/// What a step ends with that has not ended its run.
fn wait(outcome: &Outcome) -> Option<Wait> {
    let Outcome::Suspended(pause) = outcome else {
        return None;
    };
    Some(Wait::decode(pause.kind, &pause.operands).unwrap_or_else(|e| panic!("{e}")))
}

fn counts(cost: &Cost) -> impl Iterator<Item = &Count> {
    cost.parts().map(|(_, count)| count).into_iter()
}

impl Tally {
    /// What was counted beside what the receipt says, as text, and whether more was counted than it says.
    pub fn told(&self, manifest: &Manifest) -> (String, bool) {
        let held = self.hold(manifest);
        let mut over = false;
        let mut parts = Vec::new();
        for part in [
            "records", "keys", "outside", "reads", "writes", "waits", "messages",
        ] {
            let counted = self.counted(part);
            match held.iter().find(|(name, ..)| *name == part) {
                Some((_, _, 0)) if counted == 0 => {}
                Some((_, _, most)) => {
                    over |= counted > *most;
                    parts.push(format!("{part} {counted} of {most}"));
                }
                None => parts.push(format!("{part} {counted}")),
            }
        }
        let function = self.function.map(|f| &manifest.functions[f as usize]);
        let said = function.and_then(|f| f.receipt.as_ref()?.frame_bytes);
        if self.frame_bytes.is_some() || said.is_some() {
            let counted = self.frame_bytes.unwrap_or(0);
            let said = said.unwrap_or(Size {
                least: 0,
                most: Some(0),
            });
            let most = said.most.map_or("".to_owned(), |most| most.to_string());
            over |= said.most.is_some_and(|most| counted > most as u64);
            parts.push(format!("frames {counted} of {}..{most}", said.least));
        }
        let failed = if self.failed { " (it failed)" } else { "" };
        let parts = match parts.is_empty() {
            true => "nothing".to_owned(),
            false => parts.join(", "),
        };
        (parts + failed, over)
    }

    fn counted(&self, part: &str) -> u64 {
        match part {
            // What is said has the events that it takes; not all that it takes have a record, nor does it take all that have.
            "records" => self.records + self.events.min(self.taken),
            "keys" => self.keys,
            "outside" => self.outside,
            "reads" => self.reads,
            "writes" => self.writes,
            "waits" => self.waits,
            "messages" => self.messages,
            _ => unreachable!("{part} is no part"),
        }
    }

    /// What was counted, and what the receipt says, for each part that can be told; no more than it is right, `exact`: no less
    /// either.
    pub fn hold(&self, manifest: &Manifest) -> Vec<(&'static str, u64, u64)> {
        let Some(function) = self.function else {
            return Vec::new();
        };
        let function = &manifest.functions[function as usize];
        let receipt = function.receipt.as_ref().expect("each has one");
        let value = |count: &Count| {
            count.value(&|length| {
                // What lies in the state is another length by the time that a run comes there.
                if function.effect == Effect::Wait && matches!(length, Length::Stored { .. }) {
                    return None;
                }
                self.lengths.as_ref()?.get(length).copied().flatten()
            })
        };
        let parts = receipt.cost.parts().into_iter().zip(receipt.undo.parts());
        parts
            .filter_map(|((name, own), (_, undo))| {
                let counted = self.counted(name);
                let mut most = value(own)?;
                if self.failed {
                    most += value(undo)?;
                }
                Some((name, counted, most))
            })
            .collect()
    }
}

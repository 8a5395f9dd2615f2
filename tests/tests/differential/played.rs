//! What comes of a program with workflows and a script of what happens to it: the machine, its steps in Wasm, under a clock that
//! only the script moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_contract::call::{Reply, encode_args};
use weir_contract::keys::encode_key_into;
use weir_contract::manifest::Manifest;
use weir_contract::{Type, Value};
use weir_engine::{Program, Runner};
use weir_log::Record;
use weir_machine::{
    Action as Asked, Answer, Call as Asking, Ended, EventTo, Machine, OutsideCall, Sent, StepCap,
    Taken, Waiting,
};
use weir_tests::generate::Call;
use weir_tests::generate::blob::given;
use weir_tests::generate::script::{Action, BEGIN_US};
use weir_tests::generate::workflow::Workflows;
use weir_tests::random::Random;

use crate::Seen;

/// How finely steps are cut, and how often the machine dies and is made anew from its records.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub fine: bool,
    /// After so many records out of a hundred.
    pub crashes: u64,
}

struct Player<'p> {
    program: &'p Workflows,
    manifest: &'p Manifest,
    runner: Runner,
    machine: Machine,
    records: Vec<Record>,
    ended: BTreeMap<u64, Ended>,
    weather: Weather,
    chance: Random,
    time: i64,
}

/// The results of the runs that the script starts, then what each of `shown` gives.
pub fn seen(
    program: &Workflows,
    built: &(Manifest, Program),
    weather: Weather,
    shown: &[Call],
) -> (Vec<Seen>, Vec<Seen>) {
    let mut player = Player {
        program,
        manifest: &built.0,
        runner: Runner::new(&built.1).unwrap_or_else(|e| panic!("{e}")),
        machine: machine(weather),
        records: Vec::new(),
        ended: BTreeMap::new(),
        weather,
        chance: Random::new(program.seed),
        time: BEGIN_US,
    };
    let deployed = player.machine.deploy(player.manifest, BEGIN_US);
    let deployed = deployed.expect("there was no program before");
    player.keep(deployed, Vec::new());
    let mut runs: Vec<(u32, Result<u64, Seen>)> = Vec::new();
    for action in &program.script {
        match action {
            Action::Advance(microseconds) => {
                let until = player.time + microseconds;
                player.happen(until);
                player.time = until;
            }
            Action::Start(call) => runs.push(player.call(call)),
            Action::Event(call) => player.event(call),
            Action::Cancel(start) => {
                if let Ok(run) = runs[*start].1
                    && let Some(progress) = player.machine.cancel(run, player.time)
                {
                    player.keep(Some(progress.record), progress.actions);
                }
            }
        }
        player.happen(player.time);
    }
    let results = runs.into_iter().map(|(function, run)| match run {
        Ok(run) => player.result(function, run),
        Err(seen) => seen,
    });
    let results = results.collect();
    let shown = shown.iter().map(|call| match player.call(call).1 {
        Err(seen) => seen,
        Ok(_) => Seen::Waiting,
    });
    (results, shown.collect())
}

fn machine(weather: Weather) -> Machine {
    let mut machine = Machine::new();
    machine.settings = Arc::new(given());
    if weather.fine {
        machine.step_cap = StepCap {
            transactions: 0,
            ..StepCap::default()
        };
    }
    machine
}

impl Player<'_> {
    /// Everything that is due until then.
    fn happen(&mut self, until: i64) {
        while let Some(due) = self.machine.next_due().filter(|due| *due <= until) {
            let now = due.max(self.machine.time());
            let progress = self
                .machine
                .advance_one(&mut self.runner, self.manifest, now);
            let progress = progress.expect("something is due");
            self.keep(Some(progress.record), progress.actions);
        }
    }

    /// The run it has begun, or how it ended at once.
    fn call(&mut self, call: &Call) -> (u32, Result<u64, Seen>) {
        let manifest = self.manifest;
        let of = |f: &weir_contract::manifest::Function| {
            f.entity
                .map(|e| manifest.entities[e as usize].name.as_str())
        };
        let entity = call.instance.as_ref().map(|(entity, _)| entity.as_str());
        let mut functions = manifest.functions.iter();
        let found = functions.position(|f| f.name == call.function && of(f) == entity);
        let id = found.expect("the program has it");
        let function = &manifest.functions[id];
        let asking = Asking {
            function: id as u32,
            caller: call.caller.clone(),
            roles: call.roles.clone(),
            keys: self.key(call),
            args: encode_args(&manifest.defs, &function.params, &call.args),
            idempotency: None,
            if_match: None,
        };
        let done = self
            .machine
            .call(&mut self.runner, manifest, &asking, self.time);
        let answer = match done.answer {
            Answer::Output(output) => Err(self.shown(id as u32, &output)),
            Answer::GoesOn => Ok(done.run),
            Answer::Bug(bug) => panic!("{bug:?}"),
            Answer::Ended(ended) => Err(self.end(id as u32, &ended)),
            other => panic!("{other:?}"),
        };
        self.keep(done.record, done.actions);
        (id as u32, answer)
    }

    fn event(&mut self, call: &Call) {
        let (entity, _) = call.instance.as_ref().expect("events are of workflows");
        let mut entities = self.manifest.entities.iter();
        let entity = entities.position(|e| e.name == *entity);
        let entity = entity.expect("the program has it");
        let workflow = self.manifest.entities[entity].workflow.as_ref();
        let events = &workflow.expect("it is a workflow").events;
        let event = events.iter().position(|e| e.name == call.function);
        let event = event.expect("the program has it");
        let sent = Sent {
            to: EventTo {
                entity: entity as u32,
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
            self.keep(Some(progress.record), progress.actions);
        }
    }

    fn key(&self, call: &Call) -> Vec<u8> {
        let mut key = Vec::new();
        for value in call.instance.iter().flat_map(|(_, keys)| keys) {
            let ty = Type::Text;
            encode_key_into(&self.manifest.defs, &ty, value, &mut key);
        }
        key
    }

    /// A record is in the log; what it asks for is done, and now and then everything else is lost.
    fn keep(&mut self, record: Option<Record>, actions: Vec<Asked>) {
        // What only read is nowhere.
        let crashes = record.is_some() && self.chance.below(100) < self.weather.crashes;
        self.records.extend(record);
        for action in actions {
            match action {
                Asked::Outside(call) => self.answer(&call),
                Asked::Ended { run, ended } => {
                    self.ended.insert(run, ended);
                }
                Asked::Reply { .. }
                | Asked::Program
                | Asked::Parked { .. }
                | Asked::CrashAt(_)
                | Asked::Log(_) => {}
            }
        }
        if crashes {
            let mut machine = machine(self.weather);
            // What was kept outlasts the machine, as on a disk.
            machine.settings = self.machine.settings.clone();
            for record in &self.records {
                let applied = machine.apply(record.kind, &record.body);
                applied.unwrap_or_else(|e| panic!("{e}"));
            }
            self.machine = machine;
        }
    }

    fn answer(&mut self, call: &OutsideCall) {
        let defs = &self.manifest.defs;
        let function = &self.manifest.externs[call.function as usize];
        let args = weir_contract::call::decode_args(defs, &function.params, &call.args);
        let args = args.unwrap_or_else(|e| panic!("{e}"));
        let args: Vec<Value> = args.into_iter().flatten().collect();
        let mut outside = self.program.outside.iter();
        let outside = outside.find(|o| o.module == function.module && o.function == function.name);
        let reply = match outside.expect("each has its answers").answer(&args) {
            Ok(value) => Reply::Ok(value),
            Err((error, fields)) => {
                let id = function
                    .fails
                    .iter()
                    .find(|id| defs.get(**id).name == error);
                Reply::Failed(*id.expect("it may fail so"), fields)
            }
        };
        let output = reply.encode(defs, &function.returns);
        let progress = self.machine.answer(call.call, output, self.machine.time());
        let progress = progress.expect("somebody waits for it");
        self.keep(Some(progress.record), progress.actions);
    }

    fn result(&self, function: u32, run: u64) -> Seen {
        match self.ended.get(&run) {
            Some(ended) => self.end(function, ended),
            None => self.going(run),
        }
    }

    fn going(&self, run: u64) -> Seen {
        let run = self.machine.runs().get(run).expect("it has not ended");
        for strand in &run.strands {
            if let Waiting::Parked { bug, .. } = &strand.waiting {
                panic!("parked: {bug:?}");
            }
        }
        Seen::Waiting
    }

    fn end(&self, function: u32, ended: &Ended) -> Seen {
        match ended {
            Ended::Output(output) => self.shown(function, output),
            Ended::Cancelled => Seen::Failed("Cancelled".to_owned(), Vec::new()),
            other => panic!("{other:?}"),
        }
    }

    fn shown(&self, function: u32, output: &[u8]) -> Seen {
        let (defs, function) = (
            &self.manifest.defs,
            &self.manifest.functions[function as usize],
        );
        match Reply::decode(defs, &function.returns, &function.fails, output) {
            Ok(Reply::Ok(value)) => Seen::Ok(value),
            Ok(Reply::Failed(id, fields)) => Seen::Failed(defs.get(id).name.clone(), fields),
            Ok(Reply::Denied) => Seen::Denied,
            Err(wrong) => panic!("{wrong}"),
        }
    }
}

//! Calls beside the machine, held to their promise with random steps: in whatever order calls are begun, run and settled, the records
//! are those of the calls run one after the other in the order of the records.
//!
//! The steps of these tests are plain functions that do something at random, where the chance comes from the arguments and from all
//! that was read before: who reads anything else does something else.

#[path = "../../contract/tests/random/mod.rs"]
mod random;

use std::sync::Arc;

use random::Random;
use serde_json::{Value as Json, json};
use weir_contract::beside::{Serial, may_run_beside};
use weir_contract::border::{OUTPUT_DENIED, OUTPUT_OK, StepInput};
use weir_contract::call::{decode_args, encode_args};
use weir_contract::keys::{encode_key, encode_keys};
use weir_contract::{CrashReason, Manifest, Type, Value};
use weir_machine::beside::{Begun, Beside, How, Ran, Settled, Why, footprint};
use weir_machine::{
    Answer, Call, Crash, Done, Machine, Outcome, ReplayChecker, StateAccess, StepRecord, Steps,
    Transaction,
};

const WRITES: u32 = 0;
const READS: u32 = 1;
const TIMED: u32 = 2;
const DRAWS: u32 = 3;
const SENDS: u32 = 4;

/// Thing(id: Text) with a scalar, a map and a list, and functions that are told two of them.
fn manifest() -> Manifest {
    let argument = |name: &str| json!({ "argument": name });
    let touch = |mode: &str, thing: &str, path: &str, entry: Option<&str>| {
        let mut touch = json!({
            "mode": mode, "entity": "Thing", "key": [argument(thing)], "path": [path],
        });
        if let Some(entry) = entry {
            touch["entry"] = json!({ "constant": format!("{entry:?}") });
        }
        touch
    };
    let reads = vec![
        touch("read", "a", "n", None),
        touch("read", "b", "m", Some("x")),
        touch("read", "b", "m", Some("y")),
        touch("read", "b", "l", None),
    ];
    let mut writes = reads.clone();
    writes.push(touch("write", "a", "n", None));
    writes.push(touch("write", "b", "m", Some("x")));
    writes.push(touch("write", "b", "m", Some("y")));
    writes.push(touch("write", "a", "l", None));
    let function = |entry: u32, name: &str, effect: &str, touches: &[Json]| {
        json!({
            "name": name, "kind": "function", "entry": entry, "public": true,
            "params": [
                { "name": "a", "ty": "text", "has_default": false },
                { "name": "b", "ty": "text", "has_default": false },
                { "name": "seed", "ty": "int", "has_default": false },
            ],
            "returns": "int", "fails": [], "effect": effect, "access": "anyone",
            "plan": { "complete": true, "touches": touches, "asks_time": entry == TIMED },
        })
    };
    let manifest = json!({
        "version": 7, "program": "things", "module_sha256": "00", "defs": [],
        "entities": [{
            "name": "Thing", "keys": [{ "name": "id", "ty": "text" }],
            "fields": [
                { "name": "n", "ty": "int", "public": true },
                { "name": "m", "ty": { "map": ["text", "int"] }, "public": false },
                { "name": "l", "ty": { "list": "int" }, "public": false },
            ],
            "slots": [
                { "path": ["n"], "kind": { "scalar": "int" } },
                { "path": ["m"], "kind": { "map": ["text", "int"] } },
                { "path": ["l"], "kind": { "list": "int" } },
            ],
        }],
        "functions": [
            function(WRITES, "writes", "write", &writes),
            function(READS, "reads", "read", &reads),
            function(TIMED, "timed", "write", &writes),
            function(DRAWS, "draws", "write", &writes),
            function(SENDS, "sends", "write", &writes),
        ],
        "tests": [], "sites": [], "sources": [],
    });
    Manifest::from_json(manifest.to_string().as_bytes()).unwrap()
}

struct Script(Manifest);

const ENTRIES: [&str; 3] = ["x", "y", "z"];

impl Script {
    fn key(&self, thing: &str) -> Vec<u8> {
        let keys = &self.0.entities[0].keys;
        encode_keys(&self.0.defs, keys, &[Value::Text(thing.to_owned())])
    }

    fn entry(&self, name: &str) -> Vec<u8> {
        encode_key(&self.0.defs, &Type::Text, &Value::Text(name.to_owned()))
    }

    /// One thing that a step may do, mostly where its plan says.
    fn act(&self, random: &mut Random, on: &mut Transaction, a: u32, b: u32, writes: bool) {
        let strays = random.next(60) == 0;
        let c = on.open(0, &self.key(if strays { "stray" } else { "a" }));
        let (a, b) = if strays { (c, b) } else { (a, b) };
        let value = [random.next(100) as u8 * 2];
        let entry = match random.next(2) {
            0 => ENTRIES[0],
            // The last is in no plan.
            _ => ENTRIES[1 + random.next(20).saturating_sub(18) as usize],
        };
        let entry = &*self.entry(entry);
        let index = random.next(4);
        let mut read = Vec::new();
        match random.next(if writes { 13 } else { 6 }) {
            0 => read.extend_from_slice(on.get(a, 0).unwrap_or(b"none")),
            1 => read.extend_from_slice(on.map_get(b, 1, entry).unwrap_or(b"none")),
            2 => read.push(on.map_has(b, 1, entry) as u8),
            3 => read.push(on.present(b, 1) as u8),
            4 => drop(on.list_range(b, 2, 0, 9, &mut read)),
            5 => read.extend_from_slice(on.list_get(b, 2, index).unwrap_or(b"none")),
            6 | 7 => on.put(a, 0, &value),
            8 => read.push(on.map_put(b, 1, entry, &value) as u8),
            9 => read.push(on.map_del(b, 1, entry) as u8),
            10 => on.list_push(a, 2, &value),
            11 => read.push(on.list_pop(b, 2) as u8),
            _ => on.clear(a, 2),
        }
        random.mix(&read);
    }
}

impl Steps for Script {
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        mut on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>) {
        let params = &self.0.functions[entry as usize].params;
        let args = decode_args(&self.0.defs, params, input.args).unwrap();
        let [
            Some(Value::Text(a)),
            Some(Value::Text(b)),
            Some(Value::Int(seed)),
        ] = args.as_slice()
        else {
            panic!("{args:?}");
        };
        let mut random = Random::new(*seed as u64);
        let (a, b) = (self.key(a), self.key(b));
        let (a, b) = (on.open(0, &a), on.open(0, &b));
        for _ in 0..random.next(9) {
            self.act(&mut random, &mut on, a, b, entry != READS);
            if random.next(5) == 0 {
                let mark = on.savepoint();
                self.act(&mut random, &mut on, a, b, entry != READS);
                if random.next(2) == 0 {
                    on.rollback(mark);
                }
            }
        }
        match (entry, random.next(20)) {
            (TIMED, _) => on.put(a, 0, &input.time_us.to_le_bytes()),
            (DRAWS, _) => {
                let drawn = on.random();
                on.put(a, 0, &drawn.to_le_bytes());
                return (on, Ok([&[OUTPUT_OK][..], &drawn.to_le_bytes()].concat()));
            }
            (SENDS, _) => {
                on.crash_at("here");
            }
            (_, 0) => {
                let crash = Crash::new(0, CrashReason::Overflow, "at random");
                return (on, Err(crash));
            }
            (_, 1) => return (on, Ok(vec![OUTPUT_DENIED])),
            _ => {}
        }
        let told = random.state().to_le_bytes();
        (on, Ok([&[OUTPUT_OK][..], &told].concat()))
    }
}

fn call(manifest: &Manifest, function: u32, [a, b]: [&str; 2], seed: u64) -> Call {
    let args = [
        Some(Value::Text(a.to_owned())),
        Some(Value::Text(b.to_owned())),
        Some(Value::Int(seed as i64)),
    ];
    let params = &manifest.functions[function as usize].params;
    Call {
        function,
        caller: "ann".into(),
        roles: vec![],
        keys: Vec::new(),
        args: encode_args(&manifest.defs, params, &args),
        idempotency: None,
        if_match: None,
    }
}

/// Under way beside the machine.
enum Flying {
    Begun(Box<Beside>),
    Ran(Box<Ran>),
}

/// The machine under test, one that only ever runs calls one after the other, and one that only sees records.
struct Trial {
    manifest: Arc<Manifest>,
    steps: Script,
    machine: Machine,
    serial: Machine,
    replay: ReplayChecker,
    now: i64,
    kept: u32,
    conflicts: u32,
    misses: u32,
}

impl Trial {
    fn new() -> Trial {
        let manifest = manifest();
        let mut machine = Machine::new();
        machine.deploy(&manifest, 1).unwrap();
        Trial {
            steps: Script(manifest.clone()),
            manifest: Arc::new(manifest),
            serial: machine.clone(),
            replay: ReplayChecker::new(&machine).unwrap(),
            machine,
            now: 1,
            kept: 0,
            conflicts: 0,
            misses: 0,
        }
    }

    fn begin(&mut self, call: &Call) -> Flying {
        let spots = footprint(&self.manifest, call).expect("not too much");
        let begun = self.machine.begin_beside(
            &mut self.steps,
            &self.manifest,
            Arc::new(call.clone()),
            spots,
            u64::MAX,
            self.now,
        );
        match begun {
            Begun::Beside(beside) => Flying::Begun(beside),
            Begun::Answered(done) => panic!("{done:?}"),
            Begun::TooMuch => panic!("there is no budget"),
        }
    }

    /// Settles a call, running it as often as is wanted; what comes of it is held against the serial machine.
    fn settle(&mut self, call: &Call, mut flying: Flying) -> (Done, How) {
        loop {
            let ran = match flying {
                Flying::Begun(beside) => Box::new(beside.run(&mut self.steps)),
                Flying::Ran(ran) => ran,
            };
            match self.machine.settle(&mut self.steps, *ran, self.now) {
                Settled::Done(done, how) => {
                    match how {
                        How::Kept => self.kept += 1,
                        How::Ordinary(why) => self.lost(why),
                    }
                    self.compare(call, &done);
                    return (*done, how);
                }
                Settled::Again(beside, why) => {
                    self.lost(why);
                    flying = Flying::Begun(beside);
                }
            }
        }
    }

    fn lost(&mut self, why: Why) {
        match why {
            Why::Conflict | Why::TimeWentOn => self.conflicts += 1,
            Why::Missed => self.misses += 1,
            other => panic!("{other:?}"),
        }
    }

    fn ordinary(&mut self, call: &Call) {
        let done = self
            .machine
            .call(&mut self.steps, &self.manifest, call, self.now);
        self.compare(call, &done);
    }

    /// The same call on the serial machine gives the same.
    fn compare(&mut self, call: &Call, done: &Done) {
        let Some(record) = &done.record else {
            // The answer of who only reads is looked at elsewhere: it is that of another moment.
            if call.function == WRITES {
                let steps = &mut self.steps;
                let serial = self.serial.call(steps, &self.manifest, call, self.now);
                assert_eq!(done.answer, serial.answer);
                assert!(serial.record.is_none());
            }
            return;
        };
        self.replay.follow(record).unwrap();
        let step = StepRecord::decode(&record.body).unwrap();
        let serial = self
            .serial
            .call(&mut self.steps, &self.manifest, call, step.time);
        let expected = serial.record.expect("it has a record here, too");
        let mut expected = StepRecord::decode(&expected.body).unwrap();
        // Numbers of runs are names.
        expected.run = step.run;
        assert_eq!(step, expected);
        assert_eq!(done.answer, serial.answer);
        assert_eq!(done.version, serial.version);
    }

    fn image(machine: &Machine) -> String {
        let rows = machine.state().tables()[0].sorted();
        rows.iter()
            .map(|i| format!("{:?}\n", (&i.key, i.version, &i.slots)))
            .collect()
    }
}

#[test]
fn records_are_those_of_calls_that_run_one_after_the_other() {
    let things = ["a", "b", "c"];
    let (mut kept, mut conflicts, mut misses) = (0, 0, 0);
    for seed in 1..400 {
        let mut random = Random::new(seed);
        let mut trial = Trial::new();
        let mut flying: Vec<(Call, Flying)> = Vec::new();
        for _ in 0..60 {
            trial.now += random.next(3) as i64;
            let function = [WRITES, WRITES, TIMED][random.next(3) as usize];
            let pair = [(); 2].map(|()| things[random.next(3) as usize]);
            let new = call(&trial.manifest, function, pair, random.next(1 << 40));
            let one = random.next(flying.len().max(1) as u64) as usize;
            match random.next(6) {
                0 | 1 if flying.len() < 5 => {
                    let begun = trial.begin(&new);
                    flying.push((new, begun));
                }
                // It runs when it likes, long before it is settled or just then.
                2 if !flying.is_empty() => {
                    let (call, this) = flying.swap_remove(one);
                    let ran = match this {
                        Flying::Begun(beside) => Box::new(beside.run(&mut trial.steps)),
                        Flying::Ran(ran) => ran,
                    };
                    flying.push((call, Flying::Ran(ran)));
                }
                3 | 4 if !flying.is_empty() => {
                    let (call, this) = flying.swap_remove(one);
                    trial.settle(&call, this);
                }
                _ => trial.ordinary(&new),
            }
        }
        for (call, this) in flying {
            trial.settle(&call, this);
        }
        assert_eq!(
            Trial::image(&trial.machine),
            Trial::image(&trial.serial),
            "seed {seed}"
        );
        trial.replay.compare(&trial.machine).unwrap();
        kept += trial.kept;
        conflicts += trial.conflicts;
        misses += trial.misses;
    }
    println!("{kept} kept, {conflicts} conflicts, {misses} misses");
    assert!(kept > 1_000 && conflicts > 300 && misses > 100);
}

#[test]
fn who_only_reads_is_told_what_was_so_when_it_began() {
    for seed in 1..300 {
        let mut random = Random::new(seed);
        let mut trial = Trial::new();
        for _ in 0..30 {
            let new = call(&trial.manifest, WRITES, ["a", "b"], random.next(1 << 40));
            trial.ordinary(&new);
        }
        let look = call(&trial.manifest, READS, ["a", "b"], random.next(1 << 40));
        let mut then = trial.machine.clone();
        let expected = then.call(&mut trial.steps, &trial.manifest, &look, trial.now);
        let begun = trial.begin(&look);
        for _ in 0..3 {
            let new = call(&trial.manifest, WRITES, ["a", "b"], random.next(1 << 40));
            trial.ordinary(&new);
        }
        let mut now = trial.machine.clone();
        let (done, how) = trial.settle(&look, begun);
        // What was missed is read later.
        let expected = match trial.misses {
            0 => expected,
            _ => now.call(&mut trial.steps, &trial.manifest, &look, trial.now),
        };
        assert_eq!(done.answer, expected.answer, "seed {seed}, {how:?}");
        assert_eq!(done.version, expected.version);
        assert!(done.record.is_none());
    }
}

/// The answer's 8 bytes.
fn told(done: &Done) -> Vec<u8> {
    match &done.answer {
        Answer::Output(output) => output[1..].to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_two_calls_have_the_same_chance() {
    let mut trial = Trial::new();
    let mut drawn = Vec::new();
    for seed in 0..20 {
        let things: [&str; 4] = [["a", "b", "c", "d"], ["d", "c", "b", "a"]][seed as usize % 2];
        let calls = [0, 1, 2, 3].map(|n| call(&trial.manifest, DRAWS, [things[n]; 2], seed * 2));
        let begun = [0, 1].map(|n| (n, trial.begin(&calls[n])));
        for other in &calls[2..] {
            let done = trial
                .machine
                .call(&mut trial.steps, &trial.manifest, other, 1);
            drawn.push(told(&done));
        }
        for (n, mut flying) in begun.into_iter().rev() {
            let done = loop {
                let Flying::Begun(beside) = flying else {
                    panic!("it was only begun");
                };
                let ran = beside.run(&mut trial.steps);
                match trial.machine.settle(&mut trial.steps, ran, 1) {
                    Settled::Done(done, _) => break done,
                    Settled::Again(again, _) => flying = Flying::Begun(again),
                }
            };
            assert_eq!(calls[n].function, DRAWS);
            drawn.push(told(&done));
        }
    }
    let all = drawn.len();
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), all);
}

/// With it a step does nothing by chance.
const JUST_TIME: u64 = 24;

#[test]
fn the_same_request_twice_takes_effect_once() {
    let mut trial = Trial::new();
    let request = Call {
        idempotency: Some("one".into()),
        ..call(&trial.manifest, TIMED, ["a", "b"], JUST_TIME)
    };
    let begun = [(); 2].map(|()| trial.begin(&request));
    let answers = begun.map(|flying| {
        let Flying::Begun(beside) = flying else {
            panic!("it was only begun");
        };
        let ran = beside.run(&mut trial.steps);
        match trial.machine.settle(&mut trial.steps, ran, 1) {
            Settled::Done(done, _) => done,
            Settled::Again(..) => panic!("the second needs no step any more"),
        }
    });
    assert!(answers[0].record.is_some() && matches!(answers[0].answer, Answer::Output(_)));
    assert!(answers[1].record.is_none() && matches!(answers[1].answer, Answer::Again(_)));
}

#[test]
fn a_version_that_is_asked_for_is_looked_at_when_the_call_takes_effect() {
    let manifest = manifest();
    let at = |version| Call {
        if_match: version,
        ..call(&manifest, TIMED, ["a", "a"], 8)
    };
    let mut trial = Trial::new();
    // A function of no entity has the version 0, whatever happens.
    let flying = trial.begin(&at(Some(0)));
    let (done, _) = trial.settle(&at(Some(0)), flying);
    assert!(done.record.is_some());
    let spots = footprint(&manifest, &at(Some(3))).unwrap();
    let begun = trial.machine.begin_beside(
        &mut trial.steps,
        &trial.manifest,
        Arc::new(at(Some(3))),
        spots,
        u64::MAX,
        1,
    );
    let Begun::Answered(done) = begun else {
        panic!("it has another version");
    };
    assert_eq!(done.answer, Answer::OtherVersion);
}

#[test]
fn what_cannot_be_done_beside_is_done_in_the_ordinary_way() {
    let mut trial = Trial::new();
    let sends = call(&trial.manifest, SENDS, ["a", "b"], 12);
    let Flying::Begun(beside) = trial.begin(&sends) else {
        panic!("it was only begun");
    };
    let ran = beside.run(&mut trial.steps);
    let settled = trial.machine.settle(&mut trial.steps, ran, 1);
    let Settled::Done(done, How::Ordinary(Why::Impossible)) = settled else {
        panic!("it asks for something besides writes");
    };
    let record = StepRecord::decode(&done.record.unwrap().body).unwrap();
    assert!(matches!(record.outcome, Outcome::Output(_)) && record.asks.len() == 1);
}

#[test]
fn what_costs_too_much_to_copy_is_not_begun() {
    let mut trial = Trial::new();
    let call = call(&trial.manifest, WRITES, ["a", "b"], 3);
    let spots = footprint(&trial.manifest, &call).unwrap();
    let begun = trial.machine.begin_beside(
        &mut trial.steps,
        &trial.manifest,
        Arc::new(call),
        spots,
        50,
        1,
    );
    assert!(matches!(begun, Begun::TooMuch));
}

#[test]
fn a_plan_says_which_calls_can_conflict() {
    let manifest = manifest();
    let of = |function, pair| footprint(&manifest, &call(&manifest, function, pair, 0)).unwrap();
    let conflict = |one, other| of(WRITES, one).conflicts(&of(WRITES, other));
    assert!(conflict(["a", "b"], ["a", "c"]), "both write a.n");
    assert!(!conflict(["a", "b"], ["c", "d"]), "nothing is shared");
    assert!(
        conflict(["a", "b"], ["c", "a"]),
        "a.l is pushed to and read"
    );
    let reads = of(READS, ["a", "b"]);
    assert!(reads.writes.is_empty() && !reads.conflicts(&of(READS, ["a", "b"])));
    assert!(reads.conflicts(&of(WRITES, ["a", "b"])));
}

#[test]
fn functions_that_walk_or_merge_stay_where_the_state_is() {
    let with = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        may_run_beside(&manifest, &manifest.functions[0])
    };
    assert_eq!(with(&|_| ()), Ok(()));
    let walks = with(&|m| m.functions[0].plan.touches[0].path.clear());
    assert_eq!(walks, Err(Serial::Walks));
    let emits = with(&|m| m.functions[0].emits.push(0));
    assert_eq!(emits, Err(Serial::Emits));
    let views = with(&|m| m.functions[0].views.push(0));
    assert_eq!(views, Err(Serial::ReadsView));
}

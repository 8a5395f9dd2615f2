//! Calls of generated programs beside the machine, some at the same time, make the records of calls that run one after the other.

use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::beside::may_run_beside;
use weir_contract::call::encode_args;
use weir_contract::keys::encode_keys;
use weir_contract::manifest::{Effect, FunctionKind};
use weir_engine::Runner;
use weir_machine::beside::{Begun, Beside, How, Settled, footprint};
use weir_machine::{Call as Asking, Done, Machine, StepRecord};
use weir_tests::generate::blob::given;
use weir_tests::generate::{Call, generate};
use weir_tests::random::Random;

use crate::{number, whole, whole_source};

/// So many are under way at a time.
const FLYING_MAX: usize = 3;

struct Both {
    manifest: Arc<Manifest>,
    runner: Runner,
    machine: Machine,
    serial: Machine,
    serial_runner: Runner,
    now: i64,
    kept: u64,
    not_kept: u64,
    seed: u64,
}

#[test]
fn beside_the_machine_and_one_after_the_other() {
    let first = number("WEIR_SEED", 1);
    let count = (number("WEIR_COUNT", 2_000) / 50).max(1);
    let (mut seed, mut done, mut kept, mut not_kept) = (first, 0, 0, 0);
    while done < count {
        seed += 1;
        let program = generate(seed, 0);
        // Chance hangs on numbers that differ.
        if program.source.contains("random()") || program.source.contains("fresh_id()") {
            continue;
        }
        done += 1;
        let source = whole_source(std::slice::from_ref(&program));
        let mut both = Both::new(&source, seed);
        let mut random = Random::new(seed);
        let mut flying: Vec<(Arc<Asking>, Box<Beside>)> = Vec::new();
        for call in &program.calls {
            let Some(asking) = both.resolve(call) else {
                continue;
            };
            both.now = both.now.max(call.time);
            let function = &both.manifest.functions[asking.function as usize];
            // Who only reads is told of the moment when it began, so it does not wait.
            let reads = function.effect < Effect::Write;
            match both.begin(&asking) {
                Some(beside) if reads => both.settle(&asking, beside),
                Some(beside) => flying.push((asking, beside)),
                None => both.ordinary(&asking),
            }
            while flying.len() >= FLYING_MAX || !flying.is_empty() && random.below(3) == 0 {
                let one = random.below(flying.len() as u64) as usize;
                let (asking, beside) = flying.swap_remove(one);
                both.settle(&asking, beside);
            }
        }
        for (asking, beside) in flying {
            both.settle(&asking, beside);
        }
        kept += both.kept;
        not_kept += both.not_kept;
    }
    println!("{count} programs from seed {first}: {kept} calls kept, {not_kept} run again");
    assert!(kept > 4 * count, "too few are kept to mean anything");
}

impl Both {
    fn new(source: &str, seed: u64) -> Both {
        let (manifest, program) = whole::build(source);
        let mut machine = Machine::new();
        machine.deploy(&manifest, 0).expect("there is no state yet");
        machine.settings = Arc::new(given());
        let runner = || Runner::new(&program).unwrap_or_else(|e| panic!("{e}"));
        Both {
            manifest: Arc::new(manifest),
            serial: machine.clone(),
            machine,
            runner: runner(),
            serial_runner: runner(),
            now: 0,
            kept: 0,
            not_kept: 0,
            seed,
        }
    }

    fn resolve(&self, call: &Call) -> Option<Arc<Asking>> {
        let manifest = &self.manifest;
        let entity = call.instance.as_ref().map(|(entity, _)| entity);
        let of = |f: &weir_contract::manifest::Function| {
            f.entity.map(|e| &manifest.entities[e as usize].name)
        };
        let found = manifest.functions.iter().position(|f| {
            matches!(f.kind, FunctionKind::Function | FunctionKind::Handler)
                && f.name == call.function
                && of(f) == entity
        })?;
        let function = &manifest.functions[found];
        let keys = match (&call.instance, function.entity) {
            (Some((_, keys)), Some(entity)) => {
                let fields = &manifest.entities[entity as usize].keys;
                encode_keys(&manifest.defs, fields, keys)
            }
            _ => Vec::new(),
        };
        Some(Arc::new(Asking {
            function: found as u32,
            caller: call.caller.clone(),
            roles: call.roles.clone(),
            keys,
            args: encode_args(&manifest.defs, &function.params, &call.args),
            idempotency: None,
            if_match: None,
        }))
    }

    fn begin(&mut self, asking: &Arc<Asking>) -> Option<Box<Beside>> {
        let function = &self.manifest.functions[asking.function as usize];
        may_run_beside(&self.manifest, function).ok()?;
        let spots = footprint(&self.manifest, asking)?;
        let begun = self.machine.begin_beside(
            &mut self.runner,
            &self.manifest,
            asking.clone(),
            spots,
            u64::MAX,
            self.now,
        );
        match begun {
            Begun::Beside(beside) => Some(beside),
            Begun::Answered(done) => panic!("{done:?}"),
            Begun::TooMuch => panic!("there is no budget"),
        }
    }

    fn settle(&mut self, asking: &Asking, mut beside: Box<Beside>) {
        let done = loop {
            let ran = beside.run(&mut self.runner);
            match self.machine.settle(&mut self.runner, ran, self.now) {
                Settled::Again(again, _) => beside = again,
                Settled::Done(done, How::Kept) => {
                    self.kept += 1;
                    break done;
                }
                Settled::Done(done, How::Ordinary(_)) => {
                    self.not_kept += 1;
                    break done;
                }
            }
        };
        self.compare(asking, &done);
    }

    fn ordinary(&mut self, asking: &Asking) {
        let done = self
            .machine
            .call(&mut self.runner, &self.manifest, asking, self.now);
        self.compare(asking, &done);
    }

    fn compare(&mut self, asking: &Asking, done: &Done) {
        let step = done
            .record
            .as_ref()
            .map(|record| StepRecord::decode(&record.body));
        let mut step = step.map(|step| step.unwrap_or_else(|e| panic!("{e:?}")));
        let time = step.as_ref().map_or(self.now, |step| step.time);
        let serial = &mut self.serial;
        let expected = serial.call(&mut self.serial_runner, &self.manifest, asking, time);
        let mut meant = expected
            .record
            .as_ref()
            .map(|record| StepRecord::decode(&record.body).unwrap_or_else(|e| panic!("{e:?}")));
        for step in step.iter_mut().chain(&mut meant) {
            // A name.
            step.run = 0;
        }
        let of = &self.manifest.functions[asking.function as usize].name;
        let what = format!("seed {}, {of}", self.seed);
        assert_eq!(step, meant, "{what}");
        // Without a record it may have seen an earlier time.
        let timed = self.manifest.functions[asking.function as usize]
            .plan
            .asks_time;
        if step.is_some() || !timed {
            assert_eq!(done.answer, expected.answer, "{what}");
        }
        assert_eq!(done.version, expected.version, "{what}");
    }
}

//! A program on a machine of its own, compiled as `weir run` does it, without HTTP and without a disk.

use std::path::Path;
use std::time::Instant;

use weir_contract::border::OUTPUT_OK;
use weir_contract::encode::encode_into;
use weir_contract::manifest::Manifest;
use weir_contract::{Type, Value};
use weir_driver::Memory;
use weir_engine::Runner;
use weir_machine::{Action, Answer, Call, Done, Machine};

use super::MEASURE;

pub struct Bench {
    pub machine: Machine,
    pub runner: Runner,
    pub manifest: Manifest,
    /// Microseconds; moves only when somebody moves it.
    pub now: i64,
}

impl Bench {
    pub fn new(source: &str) -> Bench {
        let world = Memory::default().with("bench.weir", source);
        let program = weir_driver::find(&world, Path::new("bench.weir")).expect("it is there");
        let analysis = weir_driver::check(&world, &program).expect("it is read");
        let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
        let loaded = weir_engine::Program::load(&bundle.wasm).expect("the engine takes it");
        let mut machine = Machine::new();
        machine.deploy(&bundle.manifest, 0).expect("no state yet");
        Bench {
            machine,
            runner: Runner::new(&loaded).expect("it starts"),
            manifest: bundle.manifest,
            now: 0,
        }
    }

    /// A call of a function, or of a handler of the instance that the keys are of.
    pub fn call(
        &self,
        entity: Option<&str>,
        function: &str,
        keys: Vec<Value>,
        args: Vec<Value>,
    ) -> Call {
        let number = entity.map(|name| self.manifest.entity(name).expect("it is there").0);
        let mut functions = self.manifest.functions.iter();
        let found = functions.find(|f| f.entity == number && f.name == function);
        let call = weir_node::NamedCall {
            entity: entity.map(str::to_owned),
            function: function.to_owned(),
            kind: found.expect("the program has it").kind,
            keys,
            args: args.into_iter().map(Some).collect(),
            caller: weir_node::Caller::new("dev", []),
            idempotency: None,
        };
        call.resolve(&self.manifest).expect("the program has it")
    }

    /// The call by itself; what follows from it waits.
    pub fn once(&mut self, call: &Call) -> Done {
        let done = self
            .machine
            .call(&mut self.runner, &self.manifest, call, self.now);
        assert!(!matches!(done.answer, Answer::Bug(_)), "{:?}", done.answer);
        done
    }

    /// A call and all that follows from it; gives the lengths in bytes of the records made. Each call of the outside is answered
    /// with the number 1, at once.
    pub fn whole(&mut self, call: &Call) -> Vec<usize> {
        let done = self.once(call);
        let mut records: Vec<usize> = done.record.iter().map(|r| r.body.len()).collect();
        let mut actions = done.actions;
        loop {
            let mut more = Vec::new();
            for action in actions {
                let Action::Outside(call) = action else {
                    continue;
                };
                let output = self.one();
                let answered = self.machine.answer_and_go_on(
                    &mut self.runner,
                    &self.manifest,
                    call.call,
                    output,
                    self.now,
                );
                let progress = answered.expect("the call waits for it");
                records.push(progress.record.body.len());
                more.extend(progress.actions);
            }
            if more.is_empty() {
                let next = self
                    .machine
                    .advance_one(&mut self.runner, &self.manifest, self.now);
                let Some(progress) = next else { return records };
                records.push(progress.record.body.len());
                more = progress.actions;
            }
            actions = more;
        }
    }

    fn one(&self) -> Vec<u8> {
        let mut output = vec![OUTPUT_OK];
        encode_into(&self.manifest.defs, &Type::Int, &Value::Int(1), &mut output);
        output
    }

    /// Rounds a second.
    pub fn rate(&mut self, mut round: impl FnMut(&mut Bench, i64)) -> f64 {
        let begin = Instant::now();
        let mut count = 0;
        while begin.elapsed() < MEASURE {
            for _ in 0..10 {
                round(self, count);
                count += 1;
            }
        }
        count as f64 / begin.elapsed().as_secs_f64()
    }
}

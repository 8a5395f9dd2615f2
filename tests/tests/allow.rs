//! Who calls from outside is asked for, also when the rule itself has a bug and the run is tried again.

use std::path::Path;

use weir_contract::Value;
use weir_contract::manifest::FunctionKind;
use weir_driver::Memory;
use weir_engine::{Program, Runner};
use weir_machine::{Answer, Machine};
use weir_node::{Caller, NamedCall};

const PROGRAM: &str = "workflow Job(id: Text) {\n  state done: Int = 0\n  \
    allow 10 / id.length() > 0\n  pub fn run() {\n    done += 1\n    sleep(1h)\n  }\n}\n\
    pub fn start(id: Text) { send Job(id).run() }\n";

#[test]
fn a_rule_with_a_bug_lets_nobody_in_when_it_is_asked_again() {
    let world = Memory::default().with("job.weir", PROGRAM);
    let program = weir_driver::find(&world, Path::new("job.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
    let loaded = Program::load(&bundle.wasm).expect("the engine takes it");
    let mut runner = Runner::new(&loaded).expect("it starts");
    let mut machine = Machine::new();
    machine.deploy(&bundle.manifest, 0).expect("no state yet");
    let call = |entity: Option<&str>, function: &str, id: &str| {
        let key = Value::Text(id.to_owned());
        let call = NamedCall {
            entity: entity.map(str::to_owned),
            function: function.to_owned(),
            kind: match entity {
                Some(_) => FunctionKind::Run,
                None => FunctionKind::Function,
            },
            keys: entity.map(|_| key.clone()).into_iter().collect(),
            args: match entity {
                Some(_) => vec![],
                None => vec![Some(key)],
            },
            caller: Caller::new("ann", []),
            idempotency: None,
        };
        call.resolve(&bundle.manifest).expect("the program has it")
    };
    let from_outside = call(Some("Job"), "run", "");
    let done = machine.call(&mut runner, &bundle.manifest, &from_outside, 1);
    assert!(matches!(done.answer, Answer::Bug(_)), "{:?}", done.answer);
    for _ in 0..2 {
        assert!(machine.resume(done.run, 2).is_some());
        machine.advance_one(&mut runner, &bundle.manifest, 2);
        let shown = machine.run_json(done.run).expect("it can be shown");
        assert_eq!(shown.expect("it is there")["state"], "parked");
    }
    // The program itself asks nobody.
    let from_inside = call(None, "start", "");
    let mut machine = Machine::new();
    machine.deploy(&bundle.manifest, 0).expect("no state yet");
    let done = machine.call(&mut runner, &bundle.manifest, &from_inside, 1);
    assert!(
        matches!(done.answer, Answer::Output(_)),
        "{:?}",
        done.answer
    );
    machine.advance_one(&mut runner, &bundle.manifest, 2);
    let (_, run) = machine.runs().going().next().expect("it sleeps");
    assert_eq!(run.steps, 1);
}

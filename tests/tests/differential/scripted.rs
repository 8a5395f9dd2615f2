//! What comes of a program with workflows and a script of what happens to it: the interpreter.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use weir_check::hir::{EntityId, ErrorId, EventId, ExternId, FieldId, FnId};
use weir_contract::Value;
use weir_meaning::{Caller, Ending, Outcome, Target, World};
use weir_tests::generate::workflow::{Action, BEGIN_US, SHARED, Workflows, generate};
use weir_tests::generate::{self, Call};

use crate::defined::seen;
use crate::front::{self, Front};
use crate::{Seen, caught, number};

/// What can be seen when the script is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Ends {
    /// Of the runs that the script started, in its order.
    pub results: Vec<Seen>,
    /// Entity, key and fields of every instance that was ever written.
    pub state: Vec<(String, Vec<Value>, Vec<Seen>)>,
    /// A run stopped at a bug. How much was dropped then depends on how steps were cut.
    pub bug: bool,
}

/// Plays the script to the interpreter; nothing when the program goes on without end.
pub fn meant(front: &Front, program: &Workflows) -> Option<Ends> {
    let mut world = World::new(&front.checked);
    world.limits.expressions = 300_000;
    world.limits.steps = 20_000;
    world.answer_by(|function, args| Some(answer(front, program, function, args)));
    let mut time = BEGIN_US;
    let mut runs = Vec::new();
    for action in &program.script {
        match action {
            Action::Advance(microseconds) => {
                world.advance(*microseconds);
                time += microseconds;
            }
            Action::Start(call) => {
                let target = start_target(front, call)?;
                let outcome = world.call(&target, &call.args, &caller(call), time);
                runs.push((target, outcome));
            }
            Action::Event(call) => {
                let target = event_target(front, call)?;
                world.call(&target, &call.args, &caller(call), time);
            }
            Action::Cancel(start) => {
                if let (_, Outcome::Waiting(run)) = runs[*start] {
                    world.cancel(run);
                }
            }
        }
        if world.endless {
            return None;
        }
    }
    let results = runs.into_iter().map(|(_, outcome)| match outcome {
        Outcome::Waiting(run) => seen(front, world.result(run)),
        ended => seen(front, ended),
    });
    let results = results.collect();
    let state = world.instances().into_iter().map(|(entity, keys)| {
        let of = front.checked.entity(entity);
        let fields = (0..of.fields.len()).map(|field| {
            let value = world.field(entity, &keys, FieldId(field as u32));
            seen(front, value)
        });
        let fields = fields.collect();
        (of.name.clone(), keys, fields)
    });
    Some(Ends {
        state: state.collect(),
        results,
        bug: world.has_bug(),
    })
}

fn answer(front: &Front, program: &Workflows, function: ExternId, args: &[Value]) -> Ending {
    let asked = front.checked.extern_fn(function);
    let is_it =
        |o: &&generate::workflow::Outside| o.module == asked.module && o.function == asked.name;
    let outside = program.outside.iter().find(is_it);
    let answer = outside.expect("each has its answers").answer(args);
    answer.map_err(|(error, fields)| {
        let errors = &front.checked.errors;
        let error = errors.iter().position(|e| e.name == error);
        (ErrorId(error.expect("it is declared") as u32), fields)
    })
}

fn caller(call: &Call) -> Caller {
    Caller {
        id: call.caller.clone(),
        roles: call.roles.iter().cloned().collect(),
    }
}

/// Nothing when a program that was made smaller has it no longer.
fn start_target(front: &Front, call: &Call) -> Option<Target> {
    let program = &front.checked;
    let entity = call.instance.as_ref().map(|(entity, _)| entity);
    let found = program.functions.iter().position(|f| {
        let of = f.entity.map(|e| &program.entity(e).name);
        !f.is_prelude && f.name == call.function && of == entity
    });
    let id = FnId(found? as u32);
    Some(match &call.instance {
        None => Target::Function(id),
        Some((_, keys)) => Target::Handler(id, keys.clone()),
    })
}

fn event_target(front: &Front, call: &Call) -> Option<Target> {
    let (name, keys) = call.instance.as_ref().expect("events are of workflows");
    let entities = &front.checked.entities;
    let entity = entities.iter().position(|e| e.name == *name)?;
    let events = &entities[entity].workflow.as_ref()?.events;
    let event = events.iter().position(|e| e.name == call.function)?;
    let (entity, event) = (EntityId(entity as u32), EventId(event as u32));
    Some(Target::Event(entity, keys.clone(), event))
}

/// Programs in one file.
const BATCH: u64 = 25;

#[derive(Default)]
struct Findings {
    wrong: Vec<(u64, String)>,
    endless: u64,
    bugs: u64,
    waiting: u64,
    failed: u64,
    ended: u64,
}

#[test]
fn workflow_programs_have_a_meaning() {
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 2_000) / 4);
    let next = AtomicU64::new(first);
    let findings = Mutex::new(Findings::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    let to = (from + BATCH).min(first + count);
                    if from >= to {
                        return;
                    }
                    play(from, to, &findings);
                }
            });
        }
    });
    let findings = findings.into_inner().expect("no thread panicked");
    println!(
        "{count} programs from seed {first}: {} runs ended, {} failed, {} wait; {} programs with bugs, {} without end",
        findings.ended, findings.failed, findings.waiting, findings.bugs, findings.endless
    );
    for (seed, what) in findings.wrong.iter().take(3) {
        println!("seed {seed}: {what}");
    }
    assert_eq!(findings.wrong.len(), 0, "programs without a meaning");
    assert!(findings.endless * 20 <= count, "too many without an end");
    assert!(findings.bugs * 4 <= count, "too many with bugs");
    assert!(findings.failed > 0 && findings.ended > findings.waiting);
}

fn play(from: u64, to: u64, findings: &Mutex<Findings>) {
    let programs = (from..to).map(|seed| generate(seed, (seed - from) as usize));
    let programs: Vec<Workflows> = programs.collect();
    let found = match front::check(&whole_source(&programs)) {
        Ok(front) => programs.iter().map(|p| (p, of(&front, p))).collect(),
        // Which of them is it?
        Err(_) => {
            let alone = |p| match front::check(&whole_source(std::slice::from_ref(p))) {
                Ok(front) => (p, of(&front, p)),
                Err(told) => (p, Err(told)),
            };
            programs.iter().map(alone).collect::<Vec<_>>()
        }
    };
    let mut findings = findings.lock().expect("no thread panicked");
    for (program, found) in found {
        match found {
            Err(told) => findings.wrong.push((program.seed, told)),
            Ok(None) => findings.endless += 1,
            Ok(Some(ends)) => {
                findings.bugs += ends.bug as u64;
                for result in &ends.results {
                    match result {
                        Seen::Waiting => findings.waiting += 1,
                        Seen::Failed(..) => findings.failed += 1,
                        _ => findings.ended += 1,
                    }
                }
            }
        }
    }
}

fn of(front: &Front, program: &Workflows) -> Result<Option<Ends>, String> {
    caught(|| meant(front, program)).map_err(|trouble| match trouble {
        crate::Trouble::Refused(told) | crate::Trouble::Panic(told) => told,
    })
}

fn whole_source(programs: &[Workflows]) -> String {
    let sources: Vec<&str> = programs.iter().map(|p| p.source.as_str()).collect();
    format!("{}{SHARED}{}", generate::SHARED, sources.join(""))
}

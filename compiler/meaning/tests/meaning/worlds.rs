//! Workflows as they are driven from outside: calls, events, time, answers and cancelling.

use crate::support::check;
use weir_check::Checked;
use weir_check::hir::{EntityId, EventId, ExternId, FieldId, FnId};
use weir_contract::Value;
use weir_meaning::{Caller, Outcome, Target, Wait, World};

const PROGRAM: &str = r#"
error Declined(why: Text)
extern bank from "http:bank" {
  @read fn pay(amount: Int) -> Int fails Declined
}
entity Log(k: Text) {
  pub state seen: List<Text> = []
  pub fn note(what: Text) { seen.push(what) }
}
workflow Order(k: Text) {
  pub state step: Text = "new"
  @role("boss") pub event approved(by: Text)
  pub event other(n: Int)
  pub fn run(amount: Int) -> Int fails Declined {
    Log("l").note("reserved") undo Log("l").note("released")
    step = "asking"
    wait {
      approved(by) => { step = by }
      after 1h => fail Declined("late")
    }
    bank.pay(amount)?
  }
}
pub fn direct(n: Int) -> Int { sleep(1m * n); n }
pub fn at_once(n: Int) -> Int = n
pub fn wrong(n: Int) -> Int { Log("l").note("wrong"); sleep(1m); 1 / n }
"#;

const MINUTE: i64 = 60_000_000;

struct Driver<'p> {
    program: &'p Checked,
    world: World<'p>,
}

impl<'p> Driver<'p> {
    fn new(program: &'p Checked) -> Self {
        let world = World::new(program);
        Driver { program, world }
    }

    fn function(&self, name: &str) -> FnId {
        let found = self.program.functions.iter().position(|f| f.name == name);
        FnId(found.expect(name) as u32)
    }

    fn order(&self) -> EntityId {
        let found = self.program.entities.iter().position(|e| e.name == "Order");
        EntityId(found.expect("it is there") as u32)
    }

    fn call(&mut self, target: &Target, arg: Value, roles: &[&str]) -> Outcome {
        let caller = Caller {
            id: "ann".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        let time = self.world.time();
        self.world.call(target, &[Some(arg)], &caller, time)
    }

    fn direct(&mut self, name: &str, n: i64) -> Outcome {
        let target = Target::Function(self.function(name));
        self.call(&target, Value::Int(n), &[])
    }

    fn start(&mut self) -> Outcome {
        let target = Target::Handler(self.function("run"), vec![text("o1")]);
        self.call(&target, Value::Int(7), &[])
    }

    fn approve(&mut self, roles: &[&str]) -> Outcome {
        let target = Target::Event(self.order(), vec![text("o1")], EventId(0));
        self.call(&target, text("bob"), roles)
    }

    fn field(&mut self, entity: EntityId, key: &str) -> Value {
        match self.world.field(entity, &[text(key)], FieldId(0)) {
            Outcome::Ok(value) => value,
            other => panic!("{other:?}"),
        }
    }

    fn log(&mut self) -> Vec<String> {
        let Value::List(seen) = self.field(EntityId(self.order().0 - 1), "l") else {
            panic!("a list")
        };
        let words = seen.into_iter().map(|word| match word {
            Value::Text(word) => word,
            other => panic!("{other:?}"),
        });
        words.collect()
    }

    fn declined(&self) -> weir_check::hir::ErrorId {
        self.program.extern_fn(ExternId(0)).fails[0]
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn a_call_that_waits_has_a_number_and_a_result() {
    let (_, program) = check(PROGRAM);
    let mut on = Driver::new(&program);
    assert_eq!(on.direct("at_once", 4), Outcome::Ok(Value::Int(4)));
    let Outcome::Waiting(number) = on.direct("direct", 2) else {
        panic!("it sleeps")
    };
    on.world.advance(MINUTE);
    assert_eq!(on.world.result(number), Outcome::Waiting(number));
    assert_eq!(
        on.world.waiting(),
        [(number, vec![Wait::Until(2 * MINUTE)])]
    );
    on.world.advance(MINUTE);
    assert_eq!(on.world.result(number), Outcome::Ok(Value::Int(2)));
    assert_eq!(on.world.result(number + 1), Outcome::Gone);
}

#[test]
fn a_workflow_from_start_to_end() {
    let (_, program) = check(PROGRAM);
    let mut on = Driver::new(&program);
    assert_eq!(on.approve(&["boss"]), Outcome::Gone);
    let waiting = on.start();
    let Outcome::Waiting(run) = waiting else {
        panic!("it waits for an approval")
    };
    assert_eq!(on.start(), waiting, "one run for each key");
    let order = on.order();
    assert_eq!(on.world.run_of(order, &[text("o1")]), Some(run));
    assert_eq!(on.approve(&[]), Outcome::Denied);
    assert_eq!(on.field(order, "o1"), text("asking"));
    assert_eq!(on.approve(&["boss"]), Outcome::Ok(Value::Unit));
    assert_eq!(on.field(order, "o1"), text("bob"));
    let (_, waits) = on.world.waiting().remove(0);
    assert!(matches!(&waits[..], [Wait::Outside { .. }]), "{waits:?}");
    assert!(on.world.answer(run, ExternId(0), Ok(Value::Int(9))));
    assert!(!on.world.answer(run, ExternId(0), Ok(Value::Int(8))));
    assert_eq!(on.start(), Outcome::Ok(Value::Int(9)));
    assert_eq!(on.approve(&["boss"]), Outcome::Gone);
    assert_eq!(on.log(), ["reserved"]);
}

#[test]
fn the_outside_answers_at_once() {
    let (_, program) = check(PROGRAM);
    let mut on = Driver::new(&program);
    let declined = on.declined();
    on.world
        .answer_by(move |_, args| Some(Err((declined, vec![text(&format!("{args:?}"))]))));
    let Outcome::Waiting(run) = on.start() else {
        panic!("it waits for an approval")
    };
    on.approve(&["boss"]);
    let why = text("[Int(7)]");
    assert_eq!(on.world.result(run), Outcome::Failed(declined, vec![why]));
    assert_eq!(on.log(), ["reserved", "released"]);
}

#[test]
fn a_deadline_fails_the_run() {
    let (_, program) = check(PROGRAM);
    let mut on = Driver::new(&program);
    on.start();
    on.world.advance(59 * MINUTE);
    assert_eq!(on.log(), ["reserved"]);
    on.world.advance(MINUTE);
    let late = Outcome::Failed(on.declined(), vec![text("late")]);
    assert_eq!(on.start(), late);
    assert_eq!(on.log(), ["reserved", "released"]);
}

#[test]
fn cancelling_undoes() {
    let (_, program) = check(PROGRAM);
    let mut on = Driver::new(&program);
    let Outcome::Waiting(run) = on.start() else {
        panic!("it waits for an approval")
    };
    assert!(on.world.cancel(run));
    assert!(!on.world.cancel(run));
    let cancelled = Outcome::Failed(program.failures.cancelled, vec![]);
    assert_eq!(on.world.result(run), cancelled);
    assert_eq!(on.log(), ["reserved", "released"]);
    assert!(on.world.waiting().is_empty());
}

#[test]
fn a_bug_parks_the_run() {
    let (_, program) = check(PROGRAM);
    let mut on = Driver::new(&program);
    let Outcome::Waiting(run) = on.direct("wrong", 0) else {
        panic!("it sleeps")
    };
    on.world.advance(MINUTE);
    assert!(matches!(on.world.result(run), Outcome::Bug(_)));
    let (_, waits) = on.world.waiting().remove(0);
    assert!(matches!(&waits[..], [Wait::Mending(_)]), "{waits:?}");
    assert_eq!(on.log(), ["wrong"]);
}

/// Dropping what waits deep inside must not overflow the stack.
#[test]
fn what_waits_deep_inside_is_dropped() {
    let (_, program) =
        check("pub fn deep(n: Int) -> Int = if n == 0 { sleep(1h); 0 } else { deep(n - 1) + 1 }");
    let mut on = Driver::new(&program);
    let outcome = on.direct("deep", 900);
    assert!(matches!(outcome, Outcome::Waiting(_)), "{outcome:?}");
}

//! The `@pure` functions of components: here whoever made the world computes them.

use crate::support::check;
use weir_check::Checked;
use weir_check::hir::FnId;
use weir_contract::{CrashReason, Value};
use weir_meaning::{Caller, Outcome, Target, World};

const PROGRAM: &str = r#"
error Negative(n: Int)
extern maths from "wit:acme/maths" { @pure fn root(n: Int) -> Int fails Negative }
entity Tally(name: Text) {
  state calls: Int = 0
  pub fn add(n: Int) -> Int fails Negative {
    calls += 1
    calls + maths.root(n)?
  }
}
"#;

fn function(program: &Checked, name: &str) -> FnId {
    let found = program.functions.iter().position(|f| f.name == name);
    FnId(found.expect(name) as u32)
}

fn add(program: &Checked, world: &mut World<'_>, n: i64) -> Outcome {
    let key = vec![Value::Text("t".into())];
    let target = Target::Handler(function(program, "add"), key);
    let caller = Caller {
        id: "ann".into(),
        ..Caller::default()
    };
    world.call(&target, &[Some(Value::Int(n))], &caller, 0)
}

#[test]
fn what_is_pure_is_computed_in_the_step_and_its_failures_undo() {
    let (_, program) = check(PROGRAM);
    let negative = program.externs[0].fails[0];
    let mut world = World::new(&program);
    world.compute_by(move |_, args| match args {
        [Value::Int(n)] if *n > 100 => Err(CrashReason::ComponentFailed),
        [Value::Int(n)] if *n < 0 => Ok(Err((negative, vec![Value::Int(*n)]))),
        [Value::Int(n)] => Ok(Ok(Value::Int(n.isqrt()))),
        other => panic!("{other:?}"),
    });
    assert_eq!(add(&program, &mut world, 81), Outcome::Ok(Value::Int(10)));
    let failed = Outcome::Failed(negative, vec![Value::Int(-1)]);
    assert_eq!(add(&program, &mut world, -1), failed);
    let Outcome::Bug(bug) = add(&program, &mut world, 101) else {
        panic!("the component trapped")
    };
    assert_eq!(bug.reason, CrashReason::ComponentFailed);
    // Of the three calls only the first has counted.
    assert_eq!(add(&program, &mut world, 4), Outcome::Ok(Value::Int(4)));
}

#[test]
#[should_panic(expected = "nobody computes the pure function maths.root")]
fn a_world_without_anybody_who_computes_says_so() {
    let (_, program) = check(PROGRAM);
    add(&program, &mut World::new(&program), 1);
}

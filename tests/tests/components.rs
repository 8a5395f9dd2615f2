//! A program that computes with a component: interpreter and machine agree on it, the machine under every schedule of `weir_sim`.

use std::path::Path;
use std::sync::Arc;

use weir_check::Checked;
use weir_check::hir::ExternId;
use weir_component::{Components, Files};
use weir_contract::call::encode_args;
use weir_contract::pure::Pure;
use weir_contract::{CrashReason, Manifest, Type, Value, decode};
use weir_driver::{Analysis, Bundle, Memory};
use weir_engine::Runner;
use weir_meaning::{Caller, Ending, Outcome, Target, World};
use weir_sim::trial;
use weir_sim::verdict::judge;

const PROGRAM: &str = r#"
error Negative(n: Int)
extern maths from "wit:acme/maths@1.0" {
  @pure fn root(n: Int) -> Int fails Negative
  @pure fn both(pair: (Int, Int)) -> Int
}
entity Tally(name: Text) {
  state calls: Int = maths.both((1, 1))
  invariant maths.both((calls, 1)) < 9
  pub fn add(n: Int) -> Int fails Negative {
    calls += 1
    calls + maths.root(n)?
  }
}
workflow Slow(name: Text) {
  pub fn run(n: Int) -> Int fails Negative {
    let root = maths.root(n)?
    sleep(1d)
    root + maths.root(root)? + [4, 9].map(x => maths.root(x) ?? 0).sum()
  }
}
test "in a handler" {
  expect Tally("a").add(81) is Ok(12)
  expect Tally("a").add(-5) is Negative(5)
  expect Tally("a").add(0) is Ok(4)
}
test "in a workflow" {
  expect Slow("a").run(81) is Ok(17)
  expect Slow("b").run(-5) is Negative(5)
}
test "wrong" {
  expect maths.both((2, 3)) == 6
}
test "a trap" {
  maths.both((0, 0))
}
"#;

/// `root` counts up; of a number below zero it gives back the other one. `both` adds, and traps at nothing.
const COMPONENT: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "root") (param $n i64) (result i32)
      (local $r i64)
      (if (i64.lt_s (local.get $n) (i64.const 0)) (then
        (i32.store8 (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.sub (i64.const 0) (local.get $n)))
        (return (i32.const 16))))
      (block $done
        (loop $next
          (br_if $done (i64.gt_s (i64.mul (local.get $r) (local.get $r)) (local.get $n)))
          (local.set $r (i64.add (local.get $r) (i64.const 1)))
          (br $next)))
      (i64.store (i32.const 24) (i64.sub (local.get $r) (i64.const 1)))
      (i32.const 16))
    (func (export "both") (param i32 i32) (result i32)
      (if (i32.eqz (i32.or (local.get 0) (local.get 1))) (then unreachable))
      (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (func (export "root") (param "n" s64) (result (result s64 (error s64)))
    (canon lift (core func $i "root") (memory $memory)))
  (func (export "both") (param "pair" (tuple s32 s32)) (result s32)
    (canon lift (core func $i "both"))))"#;

fn compiled() -> (Analysis, Bundle) {
    let world = Memory::default().with("maths.weir", PROGRAM);
    let program = weir_driver::find(&world, Path::new("maths.weir")).expect("it is found");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    let said: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|diagnostic| weir_diagnostics::render(&analysis.sources, diagnostic, false))
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    let bundle = weir_driver::build(&program, &analysis).expect("it has no errors");
    (analysis, bundle)
}

fn components(manifest: &Manifest) -> Arc<Components> {
    let bytes = wat::parse_str(COMPONENT).unwrap_or_else(|e| panic!("{e}"));
    let files: Files = [("maths".to_owned(), bytes)].into();
    let loaded = Components::load(Arc::new(manifest.clone()), &files);
    Arc::new(loaded.unwrap_or_else(|e| panic!("{e}")))
}

/// The component as the interpreter asks for it.
fn compute(
    checked: &Checked,
    manifest: &Manifest,
    components: &Components,
    id: ExternId,
    args: &[Value],
) -> Result<Ending, CrashReason> {
    let (function, declared) = (&manifest.externs[id.0 as usize], checked.extern_fn(id));
    let args: Vec<Option<Value>> = args.iter().cloned().map(Some).collect();
    let args = encode_args(&manifest.defs, &function.params, &args);
    let bytes = components
        .call(id.0, &args)
        .map_err(|stopped| stopped.reason)?;
    if function.fails.is_empty() {
        return Ok(Ok(
            decode(&manifest.defs, &function.returns, &bytes).unwrap()
        ));
    }
    let ty = Type::Result(Box::new(function.returns.clone()), function.fails.clone());
    Ok(match decode(&manifest.defs, &ty, &bytes).unwrap() {
        Value::Ok(value) => Ok(*value),
        Value::Err(id, fields) => {
            let at = function.fails.iter().position(|known| *known == id);
            Err((declared.fails[at.expect("it is declared")], fields))
        }
        other => panic!("{other:?} is no result"),
    })
}

#[test]
fn interpreter_and_machine_agree() {
    let (analysis, bundle) = compiled();
    let checked = analysis.checked.as_ref().expect("it has no errors");
    let components = components(&bundle.manifest);
    let program = weir_engine::Program::load(&bundle.wasm).expect("the module is right");
    let mut runner = Runner::new(&program.with_pure(components.clone())).expect("it runs");
    let mut ends = Vec::new();
    for (position, test) in bundle.manifest.tests.iter().enumerate() {
        let verdict = judge(
            &mut runner,
            &bundle.manifest,
            test.entry,
            &[],
            &Arc::default(),
            false,
        );
        let played = match verdict.outcome {
            trial::Outcome::Passed => "passed".to_owned(),
            trial::Outcome::Bug(bug) => bug.reason.split(':').next().unwrap_or_default().to_owned(),
            other => format!("{other:?}"),
        };
        let mut world = World::new(checked);
        world.compute_by(|id, args| compute(checked, &bundle.manifest, &components, id, args));
        let target = Target::Test(position);
        let meant = match world.call(&target, &[], &Caller::default(), trial::BEGIN_US) {
            Outcome::Ok(_) => "passed".to_owned(),
            Outcome::Bug(bug) => bug.reason.text().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(played, meant, "{}", test.name);
        ends.push(played);
    }
    let expected = [
        "passed",
        "passed",
        "expectation failed",
        "a component failed",
    ];
    assert_eq!(ends, expected);
}

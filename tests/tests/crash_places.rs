//! A step that crashes says where: the line, the function it is in, and from where that was called. Also where the module
//! itself had no time to say so: a stack that is full, a loop without end, memory that is used up.

use std::path::Path;

use weir_contract::Value;
use weir_contract::manifest::FunctionKind;
use weir_driver::{Bundle, Memory};
use weir_engine::{Program, Runner};
use weir_machine::{Answer, Bug, Machine};
use weir_node::{Caller, NamedCall};

const PROGRAM: &str = r#"import parts.sums

entity Account(owner: Text) {
  state balance: Int = 0
  state limit: Int = 10 / owner.length()
  invariant balance <= limit

  fn add(amount: Int) {
    balance += amount
  }

  pub fn twice(other: Text) {
    Account(other).add(9223372036854775807)
    Account(other).add(1)
  }

  pub fn over() {
    balance = 100
  }
}

fn third(items: List<Int>) -> Int {
  items[2]
}

pub fn index(n: Int) -> Int {
  let all = [n, n]
  third(all) + 1
}

fn far(items: List<Int>, at: Int) -> Int {
  if at == 0 { items[9] } else { 1 + far(items, at - 1) }
}

pub fn along(n: Int) -> Int {
  far([n], n) + 1
}

pub fn lambda(n: Int) -> Int {
  let all = [1, 0, n]
  let shares = all.map(item => 10 / item)
  shares.length()
}

pub fn module(n: Int) -> Int {
  sums.product(n, 4611686018427387904)
}

pub fn deep(n: Int) -> Int {
  if n == 0 { 0 } else { 1 + deep(n + 1) }
}

pub fn endless(n: Int) -> Int {
  var at = n
  while true {
    at = 1 - at
  }
  at
}

pub fn big(n: Int) -> Int {
  var all = [n]
  while true {
    all = all.concat(all)
  }
  all.length()
}

pub fn unread(text: Text) -> Int {
  if "a".matches(text) { 1 } else { 0 }
}
"#;

const SUMS: &str = "fn checked(a: Int, b: Int) -> Int {\n  a * b\n}\n\npub fn product(a: Int, b: Int) -> Int {\n  checked(a, b)\n}\n";

fn bundle() -> Bundle {
    let world = Memory::default()
        .with("crash.weir", PROGRAM)
        .with("parts/sums.weir", SUMS);
    let program = weir_driver::find(&world, Path::new("crash.weir")).expect("it is there");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    let errors: Vec<_> = analysis
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    weir_driver::build(&program, &analysis).expect("it has no errors")
}

/// The bug that a call ends in.
fn bug(bundle: &Bundle, entity: Option<&str>, function: &str, arg: Option<Value>) -> Bug {
    let limits = weir_engine::Limits::of(&bundle.manifest);
    let loaded = Program::load_with(&bundle.wasm, limits).expect("the engine takes it");
    let mut runner = Runner::new(&loaded).expect("it starts");
    let mut machine = Machine::new();
    machine.deploy(&bundle.manifest, 0).expect("no state yet");
    let call = NamedCall {
        entity: entity.map(str::to_owned),
        function: function.to_owned(),
        kind: match entity {
            Some(_) => FunctionKind::Handler,
            None => FunctionKind::Function,
        },
        keys: entity
            .map(|_| Value::Text("ann".into()))
            .into_iter()
            .collect(),
        args: arg.into_iter().map(Some).collect(),
        caller: Caller::new("ann", []),
        idempotency: None,
    };
    let call = call.resolve(&bundle.manifest).expect("the program has it");
    let done = machine.call(&mut runner, &bundle.manifest, &call, 1);
    match done.answer {
        Answer::Bug(bug) => bug,
        other => panic!("{function}: {other:?}"),
    }
}

/// One line for the place, and one for each caller.
fn told(bug: &Bug) -> String {
    let mut text = format!("{bug}\n");
    for caller in &bug.callers {
        text.push_str(&format!("  {caller}\n"));
    }
    text
}

#[test]
fn a_crash_names_its_function_and_the_calls_that_led_there() {
    let bundle = bundle();
    let number = |n| Some(Value::Int(n));
    let text = |t: &str| Some(Value::Text(t.into()));
    let mut all = String::new();
    for (entity, function, arg) in [
        (Some("Account"), "twice", text("bob")),
        (Some("Account"), "over", None),
        (None, "index", number(1)),
        (None, "along", number(2)),
        (None, "lambda", number(1)),
        (None, "module", number(2)),
        (None, "deep", number(1)),
        (None, "unread", text("(")),
    ] {
        all.push_str(&told(&bug(&bundle, entity, function, arg)));
    }
    assert_eq!(all, EXPECTED, "{all}");
}

#[test]
fn a_step_that_is_stopped_says_where_it_was() {
    let bundle = bundle();
    let number = || Some(Value::Int(1));
    let endless = bug(&bundle, None, "endless", number());
    assert!(
        ["crash.weir:55:9 in endless", "crash.weir:56:"]
            .iter()
            .any(|at| endless.to_string().starts_with(at)),
        "{endless}"
    );
    // The library asks for the memory, the program is to be mended.
    let big = told(&bug(&bundle, None, "big", number()));
    assert!(big.contains(" in big: step too large\n"), "{big}");
}

/// Small functions are put where they are called, and have no call to be told of; what calls itself stays.
const EXPECTED: &str = "\
crash.weir:9:5 in Account.add: overflow
  Account.twice (crash.weir:14:5)
crash.weir:6:13 in invariant of Account: invariant broken
  Account.over (crash.weir:17:10)
crash.weir:23:3 in third: index out of range
  index (crash.weir:28:3)
crash.weir:32:16 in far: index out of range
  far (crash.weir:32:38)
  along (crash.weir:36:3)
crash.weir:41:32 in lambda: division by zero
  map (std/list.weir:189:26)
  lambda (crash.weir:41:16)
parts/sums.weir:2:3 in parts.sums.checked: overflow
  parts.sums.product (parts/sums.weir:6:3)
  module (crash.weir:46:3)
crash.weir:50:30 in deep: calls nested too deep
crash.weir:70:6 in unread: text that is not understood: this is no pattern: unclosed group
";

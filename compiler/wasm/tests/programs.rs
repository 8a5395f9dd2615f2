//! Whole programs from source: the tests in them end in Wasm as they end in the interpreter.

mod world;

use weir_check::Checked;
use weir_diagnostics::SourceMap;
use weir_engine::Limits;
use weir_flow::ir;
use weir_meaning::{Caller, Outcome, Target};

fn check(source: &str) -> (SourceMap, Checked) {
    weir_check::checked_text("test.weir", source).unwrap_or_else(|errors| panic!("{errors}"))
}

/// How each test ends: `ok`, `failed Error`, or the bug and where in the text it is.
fn in_wasm(sources: &SourceMap, checked: &Checked) -> String {
    in_wasm_with(sources, checked, Limits::default())
}

fn in_wasm_with(sources: &SourceMap, checked: &Checked, limits: Limits) -> String {
    let files = sources.files().map(|(_, f)| f.name.to_string()).collect();
    let module = weir_flow::lower::lower(checked, files);
    let mut world = world::world_of(module.clone(), limits);
    world.caller = String::new();
    let mut lines = String::new();
    for entry in module
        .entries
        .iter()
        .filter(|e| e.kind == ir::EntryKind::Test)
    {
        // Each test has a world of its own.
        world.clear();
        let ended = world.call(&entry.name, &[], &[]);
        let shown = match ended.split_once(" !") {
            None if ended == "()" => "ok".to_owned(),
            Some((bug, site)) if bug.starts_with("bug ") => {
                let site: usize = site.split(':').next().unwrap().parse().unwrap();
                let site = module.sites[site];
                format!("{} at {}", &bug[4..], site.start)
            }
            _ => ended.split('(').next().unwrap().replace("fails", "failed"),
        };
        lines += &format!("{}: {shown}\n", entry.name);
    }
    lines
}

fn in_the_interpreter(checked: &Checked) -> String {
    let mut lines = String::new();
    for (position, test) in checked.tests.iter().enumerate() {
        let mut world = weir_meaning::World::new(checked);
        let shown = match world.call(&Target::Test(position), &[], &Caller::default(), 1_000_000) {
            Outcome::Ok(_) => "ok".to_owned(),
            Outcome::Failed(error, _) => {
                format!("failed {}", checked.errors[error.0 as usize].name)
            }
            Outcome::Denied => "denied".to_owned(),
            Outcome::Bug(bug) => format!("{} at {}", bug.reason.name(), bug.span.start),
            Outcome::Waiting(_) | Outcome::Gone => "waits".to_owned(),
        };
        lines += &format!("{}: {shown}\n", test.name);
    }
    lines
}

#[test]
fn examples_mean_the_same_in_wasm() {
    for source in [
        include_str!("../../../examples/counter/counter.weir"),
        include_str!("../../../examples/bank/bank.weir"),
        include_str!("../../../examples/inventory/inventory.weir"),
        include_str!("../../flow/tests/everything.weir"),
        include_str!("generic.weir"),
        include_str!("outcomes.weir"),
        include_str!("in_place.weir"),
        include_str!("sets.weir"),
        include_str!("decisions.weir"),
        include_str!("merged.weir"),
        include_str!("texts.weir"),
        include_str!("../../../tests/language/ranges.weir"),
    ] {
        let (sources, checked) = check(source);
        assert!(!checked.tests.is_empty());
        assert_eq!(in_wasm(&sources, &checked), in_the_interpreter(&checked));
    }
}

/// A hundred thousand items that each go in front of all others: a second would be far too short if they were moved one by one.
#[test]
fn large_sets_are_filled_quickly() {
    let source = "test \"t\" {
  var s: Set<Int> = [].to_set()
  var n = 0
  for i in 0..100000 {
    s.add(100000 - i)
    if s.has(i) { n += 1 }
  }
  for i in 0..50000 { s.remove(2 * i) }
  expect s.length() == 50001 and n == 50000
}";
    let (sources, checked) = check(source);
    let limits = Limits {
        step: std::time::Duration::from_secs(1),
        ..Limits::default()
    };
    assert_eq!(in_wasm_with(&sources, &checked, limits), "t: ok\n");
}

/// Half a million rounds, in the memory that a few need.
#[test]
fn long_loops_need_no_more_memory() {
    for body in [
        "xs[i % 8] = xs[(i + 1) % 8] + i",
        "xs[0] += 1",
        "xs.push(i)\n    xs.pop()",
        "xs.insert(3, i)\n    xs.remove(0)",
        "rows[i % 2][i % 3] = i",
        "points[i % 2].x += points[0].y",
        "points[i % 2] = Point(i, points[0].y)",
        "let p = points[i % 2]\n    points[0].y = p.x\n    points[1].x = p.y",
        "n = (n * 31 + i) % 1000003",
        // What a round makes and leaves.
        "n += \"{i}:{n}\".length() % 3",
        "n = (n, i).1 + [i, i + 1].length()",
        "n = made(i).length() % 10",
        "for k in made(i % 5) { n = (n + k) % 1000003 }",
        "n = counted(\"a-{i}\")",
        // What goes on to the next round lies where it did.
        "if i % 100000 == 0 { text = \"{i}\" } else { n += \"{text}{i}\".length() % 2 }",
        "if i < 100 { text += \"x\" } else { n += (text + \"{i}\").length() % 2 }",
        "xs[i % 8] = made(i % 3).sum()",
        "some.add(i % 50)\n    n += \"{i}\".length() % 2",
        // Behind it, nothing is left on one way and something on the other.
        "if i % 7 == 0 { continue }\n    n += \"{i}\".length() % 2",
    ] {
        let source = format!(
            "record Point(x: Int, y: Int)
fn made(n: Int) -> List<Int> = for i in 0..n % 9 select i
fn counted(t: Text) -> Int {{ let parts = t.split(\"-\"); parts.length() }}
test \"t\" {{
  var xs = [1, 2, 3, 4, 5, 6, 7, 8]
  var rows = [[1, 2, 3], [4, 5, 6]]
  var points = [Point(1, 2), Point(3, 4)]
  var some: Set<Int> = [].to_set()
  var n = 0
  var text = \"\"
  for i in 0..500000 {{
    {body}
  }}
  expect text.length() < 200 and xs.length() == 8 and rows.length() == 2 and n >= 0
}}"
        );
        let (sources, checked) = check(&source);
        let limits = Limits {
            memory_bytes: 4 << 16,
            step: std::time::Duration::from_secs(60),
            ..Limits::default()
        };
        assert_eq!(
            in_wasm_with(&sources, &checked, limits),
            "t: ok\n",
            "{body}"
        );
    }
}

//! From source text to flow IR. `tests/lower/*.txt` hold small programs with the IR and the plans they become, as
//! `=== name`, source, `---`, expected. Run with `UPDATE_CASES=1` to write what is made now, then read
//! the difference. The examples and a program of every construct must verify.

use std::fmt::Write;

use weir_diagnostics::{Diagnostic, codes};
use weir_flow::ir::{EntryKind, Module};
use weir_flow::lower::lower;
use weir_flow::{optimize, plans, text, verify};

/// The verified IR of a program that must check.
fn lower_text(source: &str) -> Module {
    lower_unless_refused(source).unwrap_or_else(|errors| panic!("{source}\n{errors:#?}"))
}

/// The verified IR of a program, or what is wrong with the program.
fn lower_unless_refused(source: &str) -> Result<Module, Vec<Diagnostic>> {
    let (sources, result) = weir_check::check_text("main.weir", source);
    let mut diagnostics = result.diagnostics;
    diagnostics.retain(Diagnostic::is_error);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let files = sources.files().map(|(_, f)| f.name.to_string()).collect();
    let checked = result.checked.expect("no errors");
    let module = lower(&checked, files);
    assert_sound(source, &module);
    let mut faster = module.clone();
    optimize::optimize(&mut faster);
    assert_sound(source, &faster);
    Ok(module)
}

fn assert_sound(source: &str, module: &Module) {
    let problems = verify::verify(module);
    assert!(
        problems.is_empty(),
        "{source}\n{}\n{}",
        text::print(module),
        problems.join("\n")
    );
}

fn example(name: &str) -> String {
    let path = format!(
        "{}/../../examples/{name}/{name}.weir",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).expect("an example")
}

/// What a case shows: entities, functions without sites, entries, plans.
fn show(module: &Module) -> String {
    let mut out = String::new();
    let full = text::print(module);
    for line in full.lines() {
        let is_place = ["file ", "library ", "site "]
            .iter()
            .any(|word| line.starts_with(word));
        if is_place || is_prelude_type(line) {
            continue;
        }
        let line = match line.rsplit_once(" !") {
            Some((front, site)) if site.chars().all(|c| c.is_ascii_digit()) => front,
            Some((front, site)) if site.ends_with(" {") => &format!("{front} {{"),
            _ => line,
        };
        writeln!(out, "{line}").unwrap();
    }
    for entry in &module.entries {
        writeln!(
            out,
            "plan {}{}:",
            entry.name,
            if entry.plan.complete {
                ""
            } else {
                " (incomplete)"
            }
        )
        .unwrap();
        for touch in &entry.plan.touches {
            writeln!(out, "  {}", plans::show(touch)).unwrap();
        }
    }
    out
}

fn is_prelude_type(line: &str) -> bool {
    let failures = ["Cancelled", "TimedOut", "Unavailable", "Unknown"];
    let is_failure = |name: &str| line.starts_with(&format!("error {name}()"));
    ["new UserId", "new LocalTime"]
        .iter()
        .any(|start| line.starts_with(start))
        || line.starts_with("failures ")
        || failures.iter().any(|name| is_failure(name))
}

#[test]
fn programs_become_the_ir_shown_beside_them() {
    let folder = format!("{}/tests/lower", env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("cases")
        .map(|e| e.expect("entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut wrong = String::new();
    for path in paths {
        let cases = std::fs::read_to_string(&path).expect("case file");
        let mut rewritten = String::new();
        for case in cases.split("=== ").skip(1) {
            let (name, case) = case.split_once('\n').expect("a name");
            let (source, expected) = case.split_once("---\n").expect("`---` after the text");
            let found = show(&lower_text(source));
            writeln!(rewritten, "=== {name}\n{source}---\n{found}").unwrap();
            if found.trim_end() != expected.trim_end() {
                writeln!(wrong, "--- {} / {name}: found\n{found}", path.display()).unwrap();
            }
        }
        if update {
            std::fs::write(&path, rewritten.trim_end().to_string() + "\n").expect("written");
        }
    }
    assert!(update || wrong.is_empty(), "{wrong}");
}

#[test]
fn the_examples_lower_to_sound_ir_that_survives_its_text_form() {
    for name in ["counter", "bank", "inventory"] {
        let module = lower_text(&example(name));
        let printed = text::print(&module);
        let again = text::parse(&printed).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(text::print(&again), printed, "{name}");
        assert_eq!(
            text::print(&lower_text(&example(name))),
            printed,
            "{name}: the same twice"
        );
    }
}

#[test]
fn the_plans_of_the_bank_name_both_accounts() {
    let module = lower_text(&example("bank"));
    let plan = |name: &str| {
        let entry = module
            .entries
            .iter()
            .find(|e| e.name == name)
            .expect("an entry");
        assert!(entry.plan.complete, "{name}");
        entry
            .plan
            .touches
            .iter()
            .map(plans::show)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        plan("transfer"),
        [
            "read Account(to).balance",
            "read Account(key owner).balance",
            "write Account(to).balance",
            "write Account(to).entries",
            "write Account(key owner).balance",
            "write Account(key owner).entries",
        ]
    );
    assert_eq!(plan("statement"), ["read Account(key owner).entries"]);
    assert_eq!(plan("balance"), ["read Account(key owner).balance"]);
}

#[test]
fn plans_say_who_asks_for_the_time() {
    let module = lower_text(
        r#"
entity Shop(name: Text) {
  pub state open: Bool = false
  pub state until: Time? = None
  pub state sold: Int = 0
  invariant sold < 100
  pub fn itself() { until = Some(now()) }
  pub fn through_another() -> Bool { is_over(until) }
  pub fn through_itself(n: Int) -> Int { count(n) }
  pub fn never(n: Int) { sold += n }
  pub fn through_others() { Till(name).count(1) }
}

entity Till(name: Text) {
  state coins: Int = 0
  invariant coins < 10 or now() > t"2026-01-01T00:00Z"
  pub fn count(n: Int) { coins += n }
  pub fn coins_now() -> Int { coins }
}

entity Door(name: Text) {
  state locked: Bool = true
  allow now() > t"2026-01-01T00:00Z"
  pub fn turn() { locked = not locked }
}

fn is_over(until: Time?) -> Bool { (until ?? now()) < now() }
fn count(n: Int) -> Int { if n == 0 { last() } else { count(n - 1) } }
fn last() -> Int { if now() > t"2026-01-01T00:00Z" { 1 } else { 0 } }
"#,
    );
    let asks = |name: &str| {
        let entry = module.entries.iter().find(|e| e.name == name);
        entry.expect("an entry").plan.asks_time
    };
    for name in [
        "itself",
        "through_another",
        "through_itself",
        "through_others",
        "count",
        "turn",
    ] {
        assert!(asks(name), "{name}");
    }
    for name in ["never", "coins_now"] {
        assert!(!asks(name), "{name}");
    }
}

#[test]
fn every_construct_lowers_to_sound_ir() {
    let module = lower_text(include_str!("everything.weir"));
    assert!(module.funcs.len() > 40, "{}", module.funcs.len());
}

#[test]
fn a_lambda_is_one_function_however_often_it_is_passed_in_a_recursion() {
    let module = lower_text(
        "fn walk(n: Int, f: fn(Int) -> Int) -> Int = if n == 0 { f(0) } else { walk(n - 1, x => x + n) }\n\
         pub fn go() -> Int = walk(3, x => x)\n",
    );
    let names = module.funcs.iter().map(|f| f.name.as_str());
    let copies = names.filter(|name| *name == "walk" || name.starts_with("walk#"));
    assert_eq!(copies.count(), 2, "one for each lambda");
}

/// Three functions that call each other with types and functions by chance. What the checker lets through, lowering
/// must copy to an end.
#[test]
fn copying_ends_for_all_that_is_let_through() {
    let types = ["x", "x", "1", "[1]", "[x]", "Some(x)"];
    let functions = [
        "g",
        "g",
        "plain",
        "v => v + n",
        "v => g(v)",
        "v => [v].map(g).sum()",
        "v => f0(x, w => w, v)",
        "v => f1(1, g, v)",
        "v => f2(1, plain, v)",
    ];
    let mut seed = 1_u64;
    let mut chance = |below: usize| {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let (mut passed, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut source = String::from("fn plain(v: Int) -> Int = v\n");
        for at in 0..3 {
            let mut call = || {
                let (callee, ty) = (chance(3), types[chance(types.len())]);
                format!(
                    "f{callee}({ty}, {}, n - 1)",
                    functions[chance(functions.len())]
                )
            };
            let (first, second) = (call(), call());
            writeln!(
                source,
                "fn f{at}<T>(x: T, g: fn(Int) -> Int, n: Int) -> Int = if n < 1 {{ g(0) }} else {{ {first} + {second} }}"
            )
            .unwrap();
        }
        source += "pub fn go() -> Int = f0(1, v => v, 3)\n";
        match lower_unless_refused(&source) {
            Ok(_) => passed += 1,
            Err(errors) => {
                refused += 1;
                assert!(
                    errors.iter().all(|e| e.code == codes::E0307),
                    "{source}\n{errors:#?}"
                );
            }
        }
    }
    assert!(
        passed > 20 && refused > 20,
        "{passed} passed, {refused} refused"
    );
}

/// The labels under which runs sleep.
fn labels(source: &str) -> Vec<String> {
    let entries = lower_text(source).entries.into_iter();
    let resumes = entries.filter(|entry| entry.kind == EntryKind::Resume);
    let mut labels: Vec<String> = resumes.map(|entry| entry.name).collect();
    labels.sort();
    labels
}

#[test]
fn a_step_with_a_name_keeps_it_when_the_code_around_changes() {
    let around = |charge: &str, run: &str, approval: &str| {
        format!(
            r#"
extern pay from "http:pay" {{ @idempotent @step("charge") fn {charge}(card: Text) }}
entity Stock(sku: Text) {{
  state left: Int = 1
  @step("take") fn take() {{ left -= 1 }}
}}
workflow Order(id: Text) {{
  fn run(card: Text) {{
    {run}
  }}
  @step("approval") fn {approval}() {{ sleep(1h) }}
}}
"#
        )
    };
    let before = around(
        "charge",
        r#"Stock("a").take(); pay.charge(card); approval()"#,
        "approval",
    );
    assert_eq!(
        labels(&before),
        [
            "Order.approval/sleep#1",
            "Order.run/approval",
            "Order.run/charge",
            "Order.run/take"
        ]
    );
    let run = r#"sleep(1s); asked(); sleep(2s); pay.debit(card); Stock("a").take()"#;
    let after = around("debit", run, "asked");
    assert_eq!(
        labels(&after),
        [
            "Order.asked/sleep#1",
            "Order.run/approval",
            "Order.run/charge",
            "Order.run/sleep#1",
            "Order.run/sleep#2",
            "Order.run/take"
        ]
    );
}

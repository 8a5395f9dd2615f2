//! The examples in the library's comments are true, in the interpreter and as Wasm, and every public function has one.
//!
//! Behind an empty line of a comment, lines indented by four spaces are expressions that are `true`. A function that has a
//! comment of this kind (`///`) is public; one without is for its own file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::call::encode_args;
use weir_contract::host_call::Given;
use weir_contract::manifest::Test;
use weir_driver::{Analysis, Bundle, Memory};
use weir_engine::Runner;
use weir_meaning::{Caller, Outcome, Target, World};
use weir_sim::property::{Chance, make_up};
use weir_sim::trial;
use weir_sim::verdict::judge;
use weir_syntax::ast;

const STDLIB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../stdlib");
const PROPERTIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/library/properties.weir");
const EDGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/library/edges.weir");
/// Inputs for each test with parameters.
const CASES: u64 = 60;

#[test]
fn every_public_function_has_an_example() {
    let missing: Vec<String> = documented()
        .into_iter()
        .filter(|function| function.examples.is_empty())
        .map(|function| function.name)
        .collect();
    assert!(missing.is_empty(), "no example: {}", missing.join(", "));
}

#[test]
fn examples_hold_in_wasm() {
    let functions = documented();
    let wrong = wrong_in_wasm(&program(&functions));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn examples_hold_in_the_interpreter() {
    let functions = documented();
    let wrong = wrong_in_the_interpreter(&program(&functions));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_example_is_found() {
    let text = "/// The next.\n///\n///     next(1) == 2\n///     next(2) == 2\nfn next(n: Int) -> Int = n + 1\n";
    let functions = functions("made_up", text);
    assert_eq!(functions[0].examples, ["next(1) == 2", "next(2) == 2"]);
    let program = format!("{}\n{text}", program(&functions));
    let said = "made_up.next: next(2) == 2: expectation failed";
    let in_wasm = wrong_in_wasm(&program);
    assert_eq!(in_wasm, [format!("{said}: left: 3, right: 2")]);
    assert_eq!(wrong_in_the_interpreter(&program), [said]);
}

/// Of the functions that are written in Weir an example says little.
#[test]
fn what_holds_in_general_holds_for_any_input() {
    let program = fs::read_to_string(PROPERTIES).expect("the program is there");
    let wrong = wrong_in_wasm(&program);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let formatted = weir_syntax::format(&program).expect("it parses");
    assert_eq!(formatted, program);
}

#[test]
fn what_lies_at_the_edges_is_the_same_everywhere() {
    let program = fs::read_to_string(EDGES).expect("the program is there");
    let wrong = wrong_in_wasm(&program);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let wrong = wrong_in_the_interpreter(&program);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let formatted = weir_syntax::format(&program).expect("it parses");
    assert_eq!(formatted, program);
}

/// RFC 8032, 7.1, test 1. Too long for a comment.
#[test]
fn a_signature_is_known() {
    let program = r#"
let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
fn is_signed(message: Text) -> Bool {
  let nothing = "".to_bytes()
  message.to_bytes().is_signed_ed25519(signature.from_hex() ?? nothing, key.from_hex() ?? nothing)
}
test "signed" { expect is_signed("") and not is_signed("another") }
"#;
    assert!(wrong_in_wasm(program).is_empty());
    assert!(wrong_in_the_interpreter(program).is_empty());
}

#[test]
fn a_text_that_is_not_understood_says_why() {
    let program = r#"
fn fits(pattern: Text) -> Bool = "a".matches(pattern)
fn hour(zone: Text) -> Int = t"2026-01-31T10:00Z".in_zone(zone).hour()
test "a pattern" { expect fits("(a") }
test "a zone" { expect hour("Mars/Base") == 1 }
"#;
    let pattern = r#"a pattern: fn fits(pattern: Text) -> Bool = "a".matches(pattern): text that is not understood"#;
    let zone = r#"a zone: fn hour(zone: Text) -> Int = t"2026-01-31T10:00Z".in_zone(zone).hour(): text that is not understood"#;
    let why = [
        format!("{pattern}: this is no pattern: unclosed group"),
        format!("{zone}: there is no such time zone: nothing is called `Mars/Base`"),
    ];
    assert_eq!(wrong_in_wasm(program), why);
    assert_eq!(wrong_in_the_interpreter(program), [pattern, zone]);
}

#[test]
fn two_currencies_are_told_and_never_mixed() {
    let program = r#"
type Price = new Money
let usd = 1USD
let eur = 1EUR
test "sum" { expect usd + eur == usd }
test "difference" { expect usd - eur == usd }
test "ratio" { expect usd / eur == 1.0 }
test "order" { expect usd < eur }
test "order of prices" { expect Price(usd) >= Price(eur) }
test "changed in place" {
  var total = usd
  total += eur
}
test "equality" { expect usd != eur and not (Some(usd) == Some(eur)) }
test "the order of all values" {
  expect [usd, eur, -5EUR].sort() == [-5EUR, eur, usd]
  expect (1, usd) > (1, eur) and [usd: 1, eur: 2].keys() == [eur, usd]
  expect usd in [eur: 1, usd: 2] and not (2USD in [usd].to_set())
}
"#;
    let said: Vec<String> = [
        r#"sum: test "sum" { expect usd + eur == usd }"#,
        r#"difference: test "difference" { expect usd - eur == usd }"#,
        r#"ratio: test "ratio" { expect usd / eur == 1.0 }"#,
        r#"order: test "order" { expect usd < eur }"#,
        r#"order of prices: test "order of prices" { expect Price(usd) >= Price(eur) }"#,
        r#"changed in place: total += eur"#,
    ]
    .iter()
    .map(|line| format!("{line}: money of two currencies"))
    .collect();
    let in_wasm: Vec<String> = said.iter().map(|s| format!("{s}: USD and EUR")).collect();
    assert_eq!(wrong_in_wasm(program), in_wasm);
    assert_eq!(wrong_in_the_interpreter(program), said);
}

/// What makes many entries at once does so in a step, without copying all of them for each.
#[test]
fn large_collections_are_made_in_a_step() {
    let program = r#"
test "ten thousand" {
  let xs = 0.range(10_000).map(n => n * 7919 % 10_007)
  expect xs.to_set().length() == 10_000
  expect xs.map(n => (n, n)).to_map().length() == 10_000
  expect xs.group_by(n => n % 100).length() == 100
  expect xs.map(n => n % 10).unique().length() == 10
}
"#;
    assert!(wrong_in_wasm(program).is_empty());
}

/// A function with a comment.
struct Documented {
    /// With its file, and where the file has more of the name, with what it works on: `list.sum (List<Int>)`.
    name: String,
    examples: Vec<String>,
}

fn documented() -> Vec<Documented> {
    let mut paths: Vec<_> = fs::read_dir(STDLIB)
        .expect("there is a library")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("the file is there");
        let file = path.file_stem().expect("it has a name").to_string_lossy();
        all.extend(functions(&file, &text));
    }
    assert!(all.len() > 100, "only {} functions", all.len());
    all
}

fn functions(file: &str, text: &str) -> Vec<Documented> {
    let mut sources = weir_diagnostics::SourceMap::new();
    let parsed = weir_syntax::parse(sources.add(file, text), text);
    assert!(parsed.diagnostics.is_empty(), "{file} does not parse");
    let named: Vec<(&ast::Item, &ast::FnDecl)> =
        parsed.module.items.iter().filter_map(function).collect();
    let mut found = Vec::new();
    for (item, function) in &named {
        let Some(doc) = &item.doc else { continue };
        let name = function.name.as_str();
        let mut full = format!("{file}.{name}");
        if named
            .iter()
            .filter(|(_, f)| f.name.as_str() == name)
            .count()
            > 1
        {
            let types = function.params.iter().map(|param| param.ty.span);
            let types: Vec<&str> = types
                .map(|span| &text[span.start as usize..span.end as usize])
                .collect();
            full += &format!(" ({})", types.join(", "));
        }
        found.push(Documented {
            name: full,
            examples: examples(&doc.text),
        });
    }
    found
}

fn function(item: &ast::Item) -> Option<(&ast::Item, &ast::FnDecl)> {
    match &item.kind {
        ast::ItemKind::Fn(function) => Some((item, function)),
        _ => None,
    }
}

/// The lines of a comment that are expressions.
fn examples(doc: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut may_begin = false;
    for line in doc.lines() {
        match line.strip_prefix("    ") {
            Some(example) if may_begin => found.push(example.to_owned()),
            _ => may_begin = line.trim().is_empty(),
        }
    }
    found
}

/// A test for each function that has examples.
fn program(functions: &[Documented]) -> String {
    let mut text = String::new();
    for function in functions.iter().filter(|f| !f.examples.is_empty()) {
        text += &format!("test \"{}\" {{\n", function.name);
        for example in &function.examples {
            text += &format!("  expect {example}\n");
        }
        text += "}\n";
    }
    text
}

/// The settings and secrets that examples speak of.
fn settings(manifest: &Manifest) -> Given {
    let config = |name: &str| (name == "opening_hour").then(|| "9".to_owned());
    let secret = |name: &str| (name == "stripe").then(|| "sk_test".to_owned());
    Given::read(&manifest.defs, &manifest.host_calls, config, secret).expect("all is given")
}

fn wrong_in_wasm(program: &str) -> Vec<String> {
    let bundle = compile(program);
    let loaded = weir_engine::Program::load(&bundle.wasm).expect("the module is right");
    let mut runner = Runner::new(&loaded).expect("it can be run");
    let manifest: &Manifest = &bundle.manifest;
    let settings = Arc::new(settings(manifest));
    let mut wrong = Vec::new();
    for test in &manifest.tests {
        for args in inputs(manifest, test) {
            let verdict = judge(&mut runner, manifest, test.entry, &args, &settings, true);
            let why = match verdict.outcome {
                trial::Outcome::Passed => continue,
                trial::Outcome::Bug(bug) => {
                    // `library.weir:LINE:COLUMN`
                    let line = bug.at.split(':').nth(1).and_then(|line| line.parse().ok());
                    said(program, &test.name, &bug.reason, line.unwrap_or(0))
                }
                other => format!("{}: {other:?}", test.name),
            };
            wrong.push(why);
            break;
        }
    }
    wrong
}

/// Those a test is run with: the same each time.
fn inputs(manifest: &Manifest, test: &Test) -> Vec<Vec<u8>> {
    if test.params.is_empty() {
        return vec![Vec::new()];
    }
    let mut chance = Chance::new(0);
    (0..CASES)
        .map(|case| {
            let made = make_up(&manifest.defs, &test.params, &mut chance, 1 + case / 2);
            let made: Vec<_> = made.into_iter().map(Some).collect();
            encode_args(&manifest.defs, &test.params, &made)
        })
        .collect()
}

fn wrong_in_the_interpreter(program: &str) -> Vec<String> {
    let analysis = check(program).1;
    let checked = analysis.checked.as_ref().expect("no errors");
    let settings = settings(&compile(program).manifest);
    let mut wrong = Vec::new();
    for (position, test) in checked.tests.iter().enumerate() {
        let mut world = World::new(checked);
        world.set(settings.clone());
        match world.call(&Target::Test(position), &[], &Caller::default(), 0) {
            Outcome::Ok(_) => {}
            Outcome::Bug(bug) => {
                let file = analysis.sources.file(bug.span.file);
                let line = file.line_column(bug.span.start).line;
                wrong.push(said(program, &test.name, bug.reason.text(), line as usize));
            }
            other => wrong.push(format!("{}: {other:?}", test.name)),
        }
    }
    wrong
}

fn said(program: &str, test: &str, reason: &str, line: usize) -> String {
    let line = program.lines().nth(line.wrapping_sub(1)).unwrap_or("");
    let line = line.trim_start().trim_start_matches("expect ");
    format!("{test}: {line}: {reason}")
}

fn compile(program: &str) -> Bundle {
    let (found, analysis) = check(program);
    weir_driver::build(&found, &analysis).expect("a program without errors is built")
}

fn check(text: &str) -> (weir_driver::Program, Analysis) {
    let world = Memory::default().with("library.weir", text);
    let program = weir_driver::find(&world, Path::new("library.weir")).expect("it is found");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    let said: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|diagnostic| weir_diagnostics::render(&analysis.sources, diagnostic, false))
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    (program, analysis)
}

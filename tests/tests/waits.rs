//! Programs that try to break the cutting of functions at waits: each `test` block of `tests/waits` holds under every schedule,
//! those in `tests/waits/failing` end with what their `// says:` lines quote. Those in `tests/language` try the rest of it.
//!
//! A program raises the diagnostics that its `// raises:` lines name, and no others.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::call::encode_args;
use weir_contract::manifest::Test;
use weir_driver::{Bundle, Memory};
use weir_engine::Runner;
use weir_sim::property::{Chance, make_up};
use weir_sim::trial::Outcome;
use weir_sim::verdict::{Verdict, judge};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/waits");
const LANGUAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/language");
/// Inputs for each test with parameters.
const CASES: u64 = 12;

#[test]
fn waits_go_on_where_they_were() {
    let mut wrong = Vec::new();
    for path in [ROOT, LANGUAGE]
        .into_iter()
        .flat_map(|root| programs(Path::new(root)))
    {
        for (name, outcome) in outcomes(&path) {
            if outcome != "passed" {
                wrong.push(format!("{}: {name}: {outcome}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_end_says_why() {
    let mut wrong = Vec::new();
    for path in programs(&Path::new(ROOT).join("failing")) {
        let said: Vec<String> = outcomes(&path).into_iter().map(|(_, said)| said).collect();
        let expected = comments(&path, "says");
        if said != expected {
            wrong.push(format!(
                "{}:\nexpected {expected:#?}\nfound {said:#?}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn they_are_formatted() {
    let failing = programs(&Path::new(ROOT).join("failing"));
    let language = programs(Path::new(LANGUAGE)).into_iter().chain(failing);
    for path in programs(Path::new(ROOT)).into_iter().chain(language) {
        let text = fs::read_to_string(&path).expect("the program is there");
        let formatted = weir_syntax::format(&text).expect("it parses");
        assert_eq!(formatted, text, "{}", path.display());
    }
}

/// What comes of each test of a program, in the order of the file.
fn outcomes(path: &Path) -> Vec<(String, String)> {
    let bundle = compile(path);
    let program = weir_engine::Program::load(&bundle.wasm).expect("the module is right");
    let mut runner = Runner::new(&program).expect("it can be run");
    let tests = &bundle.manifest.tests;
    assert!(!tests.is_empty(), "{} tests nothing", path.display());
    tests
        .iter()
        .map(|test| {
            let said = said(&examine(&mut runner, &bundle.manifest, test));
            (test.name.clone(), said)
        })
        .collect()
}

fn compile(path: &Path) -> Bundle {
    let text = fs::read_to_string(path).expect("the program is there");
    let world = Memory::default().with("waits.weir", &text);
    let program = weir_driver::find(&world, Path::new("waits.weir")).expect("it is found");
    let analysis = weir_driver::check(&world, &program).expect("it is read");
    let raised: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.to_string())
        .collect();
    let said: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|diagnostic| weir_diagnostics::render(&analysis.sources, diagnostic, false))
        .collect();
    let expected = comments(path, "raises");
    assert_eq!(raised, expected, "{}:\n{}", path.display(), said.join("\n"));
    weir_driver::build(&program, &analysis).expect("a program without errors is built")
}

/// What follows `// KEY: ` in the comments at the top of a program.
fn comments(path: &Path, key: &str) -> Vec<String> {
    let text = fs::read_to_string(path).expect("the program is there");
    let start = format!("// {key}: ");
    text.lines()
        .take_while(|line| line.starts_with("//"))
        .filter_map(|line| line.strip_prefix(&start))
        .map(String::from)
        .collect()
}

/// A test under every schedule; one with parameters with inputs that are the same each time.
fn examine(runner: &mut Runner, manifest: &Manifest, test: &Test) -> Verdict {
    if test.params.is_empty() {
        return judge(runner, manifest, test.entry, &[], &Arc::default(), false);
    }
    let mut chance = Chance::new(0);
    let mut last = None;
    for size in 1..=CASES {
        let inputs = make_up(&manifest.defs, &test.params, &mut chance, size);
        let inputs: Vec<_> = inputs.into_iter().map(Some).collect();
        let args = encode_args(&manifest.defs, &test.params, &inputs);
        let verdict = judge(runner, manifest, test.entry, &args, &Arc::default(), false);
        if verdict.outcome != Outcome::Passed {
            return verdict;
        }
        last = Some(verdict);
    }
    last.expect("there are cases")
}

fn said(verdict: &Verdict) -> String {
    let outcome = match &verdict.outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Bug(bug) => format!("{}: {}", bug.at, bug.reason),
        Outcome::Stuck(waits) => waits.replace('\n', "; "),
        Outcome::NoMock(function) => format!("nobody answers {function}"),
        other => format!("{other:?}"),
    };
    match (&verdict.schedule, &verdict.because_of) {
        (weir_sim::trial::Schedule::Plain, _) => outcome,
        (schedule, after) => format!(
            "{outcome} ({schedule:?} {})",
            after.as_deref().unwrap_or("")
        ),
    }
}

/// The programs of a folder, by name.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .expect("there are programs")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "weir"))
        .collect();
    found.sort();
    found
}

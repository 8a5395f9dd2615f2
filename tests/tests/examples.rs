//! The examples and the programs of the READMEs and the reference are right and say so: no diagnostic, and
//! formatting changes nothing. The tests in the reference pass.
//!
//! A block ```` ```weir ```` of the reference is a whole program. ```` ```weir wrong E0301 ```` raises that code and no other,
//! ```` ```weir prices.weir ```` is a further file of the programs below it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_driver::{Analysis, Bundle, Disk, Memory};
use weir_engine::Runner;
use weir_sim::property::{Chance, make_up};
use weir_sim::trial::Outcome;
use weir_sim::verdict::judge;
use weir_tests::markdown::{Block, blocks};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const REFERENCE: &str = "compiler/reference";
/// Inputs for each test with parameters.
const CASES: u64 = 12;

#[test]
fn examples_raise_no_diagnostic() {
    for path in programs() {
        let text = fs::read_to_string(&path).expect("the program is there");
        let world = Memory::default().with("example.weir", &text);
        let said = said(&check(&world, "example.weir").0);
        assert!(said.is_empty(), "{}:\n{said}", path.display());
    }
}

#[test]
fn programs_in_the_readmes_raise_no_diagnostic() {
    let text = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("it is there");
    for block in blocks(&text).iter().filter(|block| block.kind == "weir") {
        let world = Memory::default().with("readme.weir", block.text);
        let said = said(&check(&world, "readme.weir").0);
        assert!(said.is_empty(), "README.md:{}:\n{said}", block.line);
    }
}

#[test]
fn programs_in_the_reference_do_what_it_says() {
    let mut wrong = Vec::new();
    for (name, text) in reference() {
        let mut files: Vec<(&str, &str)> = Vec::new();
        let all = blocks(&text);
        for block in &all {
            let kind: Vec<&str> = block.kind.split(' ').collect();
            let result = match kind[..] {
                ["weir"] => right(&files, block),
                ["weir", "wrong", code] => raises(&files, block, code),
                ["weir", file] => {
                    files.push((file, block.text));
                    formatted(block.text)
                }
                // Fragments, sessions and other languages.
                ["" | "text" | "json" | "toml"] => Ok(()),
                _ => Err("nobody knows what this block is".to_owned()),
            };
            if let Err(why) = result {
                wrong.push(format!("{name}:{}: {why}", block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_reference_links_to_is_there() {
    for (name, text) in reference() {
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap_or_default();
            let is_here = link.is_empty() || Path::new(ROOT).join(REFERENCE).join(link).exists();
            assert!(is_here, "{name} links to {link}");
        }
    }
}

#[test]
fn examples_and_the_library_are_formatted() {
    let library = fs::read_dir(Path::new(ROOT).join("stdlib")).expect("there is a library");
    let library = library.map(|entry| entry.expect("it can be read").path());
    for path in programs().into_iter().chain(library) {
        let text = fs::read_to_string(&path).expect("the program is there");
        let formatted = weir_syntax::format(&text).expect("an example parses");
        assert_eq!(formatted, text, "{}", path.display());
    }
}

#[test]
fn an_example_is_found_by_its_folder() {
    for folder in ["counter", "bank", "inventory"] {
        let path = Path::new(ROOT).join("examples").join(folder);
        let program = weir_driver::find(&Disk, &path).expect("a folder names its program");
        assert_eq!(program.name, folder);
    }
}

fn programs() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("examples"))
        .expect("there are examples")
        .map(|entry| entry.expect("it can be read").path())
        .map(|folder| {
            let name = folder.file_name().expect("a folder has a name").to_owned();
            folder.join(name).with_extension("weir")
        })
        .collect();
    assert!(found.len() >= 3);
    found.sort();
    found
}

/// The chapters of the reference, by name.
fn reference() -> Vec<(String, String)> {
    let folder = fs::read_dir(Path::new(ROOT).join(REFERENCE)).expect("there is a reference");
    let mut chapters: Vec<(String, String)> = folder
        .map(|entry| entry.expect("it can be read").path())
        .map(|path| {
            let name = path.file_name().expect("a file has a name").display();
            let text = fs::read_to_string(&path).expect("a chapter is text");
            (name.to_string(), text)
        })
        .collect();
    chapters.sort();
    assert!(chapters.len() >= 3);
    chapters
}

/// A program that nothing is said about, and whose tests pass under every schedule.
fn right(files: &[(&str, &str)], block: &Block) -> Result<(), String> {
    formatted(block.text)?;
    let (analysis, bundle) = check(&world(files, block.text), "main.weir");
    let bundle = bundle.filter(|_| analysis.diagnostics.is_empty());
    let bundle = bundle.ok_or_else(|| said(&analysis))?;
    let program = weir_engine::Program::load(&bundle.wasm).expect("the module is right");
    let mut runner = Runner::new(&program).expect("it can be run");
    let manifest = &bundle.manifest;
    let plain = weir_driver::Program::of_file("main", "main.weir".into(), ".".into());
    let settings = weir_driver::settings_of_tests(&plain, manifest).expect("nothing is set");
    let settings = Arc::new(settings);
    for test in &manifest.tests {
        let cases = if test.params.is_empty() { 1 } else { CASES };
        let mut chance = Chance::new(0);
        for size in 1..=cases {
            let inputs = make_up(&manifest.defs, &test.params, &mut chance, size);
            let inputs: Vec<_> = inputs.into_iter().map(Some).collect();
            let args = weir_contract::call::encode_args(&manifest.defs, &test.params, &inputs);
            let verdict = judge(&mut runner, manifest, test.entry, &args, &settings, false);
            if verdict.outcome != Outcome::Passed {
                return Err(format!("test \"{}\": {verdict:?}", test.name));
            }
        }
    }
    Ok(())
}

fn raises(files: &[(&str, &str)], block: &Block, code: &str) -> Result<(), String> {
    let (analysis, _) = check(&world(files, block.text), "main.weir");
    let found = &analysis.diagnostics;
    match !found.is_empty() && found.iter().all(|d| d.code.as_str() == code) {
        true => Ok(()),
        false => Err(format!(
            "it should raise {code}, and raises {}",
            said(&analysis)
        )),
    }
}

/// The program `main.weir` and what lies beside it.
fn world(files: &[(&str, &str)], main: &str) -> Memory {
    let beside = files.iter();
    let world = beside.fold(Memory::default(), |world, (name, text)| {
        world.with(name, text)
    });
    world.with("main.weir", main)
}

fn formatted(text: &str) -> Result<(), String> {
    match weir_syntax::format(text) {
        Ok(formatted) if formatted == text => Ok(()),
        Ok(formatted) => Err(format!("`weir fmt` writes\n{formatted}")),
        Err(_) => Err("it does not parse".to_owned()),
    }
}

fn check(world: &Memory, name: &str) -> (Analysis, Option<Bundle>) {
    let program = weir_driver::find(world, Path::new(name)).expect("it is found");
    let analysis = weir_driver::check(world, &program).expect("it is read");
    let bundle = weir_driver::build(&program, &analysis);
    (analysis, bundle)
}

/// All diagnostics as people see them; empty where there are none.
fn said(analysis: &Analysis) -> String {
    let render = |diagnostic| weir_diagnostics::render(&analysis.sources, diagnostic, false);
    let all: Vec<String> = analysis.diagnostics.iter().map(render).collect();
    all.join("\n")
}

/// State of the examples is of use, and what grows says why.
#[test]
fn examples_raise_no_remark() {
    let mut raised = Vec::new();
    for path in programs() {
        let text = fs::read_to_string(&path).expect("the program is there");
        let world = Memory::default().with("example.weir", &text);
        let analysis = check(&world, "example.weir").0;
        for remark in weir_driver::remarks(&analysis) {
            let place = analysis.sources.place(remark.primary.span);
            raised.push(format!(
                "{}: {} {place}: {}",
                path.display(),
                remark.code,
                remark.message
            ));
        }
    }
    assert!(raised.is_empty(), "{}", raised.join("\n"));
}

//! What `weir check --fix` makes of programs with mistakes, one case for each kind of fix that is certain.
//!
//! `tests/fixes/*.txt` hold cases as `=== name`, the program, `---`, what becomes of it and which codes are left. A line
//! `>>> prices.weir` begins another file. Run with `UPDATE_CASES=1` to write what is found now, then read the difference.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use weir_driver::{Memory, Program};
use weir_tests::random::Random;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixes");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
const BROKEN: usize = 40;

#[test]
fn what_is_certain_is_fixed_and_nothing_else() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut wrong = String::new();
    let mut paths: Vec<_> = fs::read_dir(CASES)
        .expect("there are cases")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).expect("it is a text");
        let mut rewritten = String::new();
        for case in text.split("=== ").skip(1) {
            let (name, case) = case.split_once('\n').expect("a name");
            let (source, expected) = case.split_once("---\n").expect("`---` after the text");
            let found = show(source);
            writeln!(rewritten, "=== {name}\n{source}---\n{found}").expect("a text grows");
            if found.trim_end() != expected.trim_end() {
                write!(
                    wrong,
                    "=== {name}\n{source}--- expected\n{expected}--- found\n{found}"
                )
                .expect("a text grows");
            }
        }
        if update {
            fs::write(&path, rewritten.trim_end().to_owned() + "\n").expect("it can be written");
        }
    }
    assert!(wrong.is_empty() || update, "{wrong}");
}

/// Any text: the errors become fewer or stay, and fixing again does nothing.
#[test]
fn no_program_becomes_worse() {
    let mut random = Random::new(Random::seed("fixes"));
    for entry in fs::read_dir(EXAMPLES).expect("there are examples") {
        let folder = entry.expect("it can be read").path();
        let name = folder.file_name().expect("it has a name").to_owned();
        let path = folder.join(name).with_extension("weir");
        let text = fs::read_to_string(path).expect("the program is there");
        for _ in 0..BROKEN / 6 {
            let broken = with_mistakes(&text, &mut random);
            let world = Memory::default().with("main.weir", &broken);
            let program = program(&world);
            let before = weir_driver::check(&world, &program).expect("it is read");
            let fixed = weir_driver::fix(&world, &program).expect("it is read");
            let syntax = |a: &weir_driver::Analysis| {
                let codes = a.diagnostics.iter().map(|d| d.code.as_str());
                codes.filter(|code| code.starts_with("E01")).count()
            };
            let (was, is) = (syntax(&before), syntax(&fixed.analysis));
            assert!(is <= was, "{was} mistakes of syntax became {is}:\n{broken}");
            if is == was {
                assert!(fixed.analysis.errors() <= before.errors(), "{broken}");
            }
            assert_eq!(fixed.applied.is_empty(), fixed.files.is_empty(), "{broken}");
        }
    }
}

/// Words lose a letter, as when they are typed in a hurry.
fn with_mistakes(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + random.below(3) {
        let places: Vec<usize> = text
            .match_indices(|c: char| c.is_ascii_lowercase())
            .map(|(at, _)| at)
            .collect();
        text.remove(places[random.below(places.len() as u64) as usize]);
    }
    text
}

fn program(world: &Memory) -> Program {
    weir_driver::find(world, Path::new("main.weir")).expect("it is found")
}

fn show(source: &str) -> String {
    let mut world = Memory::default();
    let mut texts = source.split(">>> ");
    world = world.with("main.weir", texts.next().expect("there is a first"));
    for other in texts {
        let (path, text) = other.split_once('\n').expect("a path has its line");
        world = world.with(path, text);
    }
    let fixed = weir_driver::fix(&world, &program(&world)).expect("it is read");
    let mut out = String::new();
    for (path, change) in &fixed.files {
        if path != Path::new("main.weir") {
            writeln!(out, ">>> {}", path.display()).expect("a text grows");
        }
        out.push_str(&change.new);
    }
    if fixed.files.is_empty() {
        out.push_str("as it was\n");
    }
    for left in &fixed.analysis.diagnostics {
        let place = fixed.analysis.sources.place(left.primary.span);
        writeln!(out, "left: {} {place} {}", left.code, left.message).expect("a text grows");
    }
    out
}

//! What the compiler takes the grammar takes, and the committed parser is that of the grammar.

use sha2::{Digest, Sha256};
use weir_diagnostics::FileId;
use weir_tests::markdown::blocks;

use crate::{at, files, mistakes, parse, read};

/// Everything that is written in Weir in this repository.
const FOLDERS: &[&str] = &[
    "examples",
    "stdlib",
    "compiler/syntax/tests/programs",
    "compiler/cli/template",
    "tests",
];

#[test]
fn every_program_parses_without_an_error() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for folder in FOLDERS {
        for path in files(&at(folder), "weir") {
            let text = read(&path);
            seen += 1;
            for mistake in mistakes(&parse(&text), &text) {
                wrong.push(format!("{}:{mistake}", path.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} programs were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The programs in the chapters of the reference that the compiler's own parser takes.
#[test]
fn every_program_of_the_reference_parses_without_an_error() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in files(&at("compiler/reference"), "md") {
        for block in blocks(&read(&path)) {
            if !block.kind.starts_with("weir") || !compiles(block.text) {
                continue;
            }
            seen += 1;
            for mistake in mistakes(&parse(block.text), block.text) {
                wrong.push(format!("{}: {mistake}\n{}", path.display(), block.text));
            }
        }
    }
    assert!(seen > 50, "only {seen} programs were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compiles(text: &str) -> bool {
    weir_syntax::parse(FileId(0), text).diagnostics.is_empty()
}

/// `src/parser.c` is generated: whoever changes the grammar has to make it again.
#[test]
fn the_parser_was_made_from_this_grammar() {
    let folder = at("editors/tree-sitter-weir");
    let grammar = read(&folder.join("grammar.js"));
    let sum: String = Sha256::digest(grammar.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        read(&folder.join("src/grammar.sha256")).trim(),
        sum,
        "make the parser again: cargo run --manifest-path editors/tree-sitter-weir/generate/Cargo.toml"
    );
}

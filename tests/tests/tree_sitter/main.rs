//! The tree-sitter grammar of `editors/tree-sitter-weir` knows the whole language, and its queries fit it.

mod corpus;
mod programs;
mod queries;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Language, Node, Parser, Tree};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn at(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// All files below a folder with that ending, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn language() -> Language {
    tree_sitter_weir::LANGUAGE.into()
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the versions fit");
    parser.parse(text, None).expect("nothing stops it half-way")
}

/// Where the tree says that something is wrong or missing, as `line:column text`.
fn mistakes(tree: &Tree, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    note_mistakes(tree.root_node(), text, &mut found);
    found
}

fn note_mistakes(node: Node, text: &str, found: &mut Vec<String>) {
    if node.is_error() || node.is_missing() {
        let start = node.start_position();
        let shown = text[node.byte_range()].lines().next().unwrap_or_default();
        let what = if node.is_missing() {
            node.kind()
        } else {
            shown
        };
        found.push(format!("{}:{} {what}", start.row + 1, start.column + 1));
    } else if node.has_error() {
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            note_mistakes(child, text, found);
        }
    }
}

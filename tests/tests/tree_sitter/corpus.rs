//! The cases of `test/corpus`, in the form of `tree-sitter test`: a title between lines of `=`, a text, a line of `-`, and
//! the tree. `UPDATE_CASES=1` writes the trees as they are now; read the difference.

use std::fs;

use crate::{at, files, parse, read};

struct Case {
    title: String,
    text: String,
    tree: String,
}

#[test]
fn the_trees_are_those_of_the_corpus() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut wrong = Vec::new();
    for path in files(&at("editors/tree-sitter-weir/test/corpus"), "txt") {
        let mut written = String::new();
        let cases = cases(&read(&path));
        assert!(!cases.is_empty(), "{}: no case", path.display());
        for case in cases {
            let found = drawn(&parse(&case.text).root_node().to_sexp());
            let line = "=".repeat(18);
            written.push_str(&format!(
                "{line}\n{}\n{line}\n\n{}---\n\n{found}\n\n",
                case.title, case.text
            ));
            if found != case.tree && !update {
                wrong.push(format!(
                    "{}: {}\nexpected\n{}\nfound\n{found}\n",
                    path.display(),
                    case.title,
                    case.tree
                ));
            }
        }
        if update {
            fs::write(&path, written.trim_end().to_owned() + "\n").expect("it can be written");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cases of a file. The empty lines before the text belong to the form, those behind it to the text.
fn cases(file: &str) -> Vec<Case> {
    let is_line = |line: &str, sign: char| line.len() >= 3 && line.chars().all(|c| c == sign);
    let lines: Vec<&str> = file.lines().collect();
    let heads: Vec<usize> = (0..lines.len())
        .filter(|&n| {
            is_line(lines[n], '=') && lines.get(n + 2).is_some_and(|line| is_line(line, '='))
        })
        .collect();
    let ends = heads.iter().skip(1).copied().chain([lines.len()]);
    heads
        .iter()
        .zip(ends)
        .map(|(&head, end)| {
            let body = &lines[head + 3..end];
            let split = body.iter().position(|line| is_line(line, '-'));
            let split = split.unwrap_or_else(|| panic!("{} has no tree", lines[head + 1]));
            let from = body[..split].iter().position(|line| !line.is_empty());
            let text = &body[from.unwrap_or(split)..split];
            Case {
                title: lines[head + 1].to_owned(),
                text: text.iter().map(|line| format!("{line}\n")).collect(),
                tree: body[split + 1..].join("\n").trim().to_owned(),
            }
        })
        .collect()
}

/// A tree with a node on each line, as the tree-sitter command line writes it.
fn drawn(tree: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for word in tree.split(' ') {
        let is_field = word.ends_with(':') && !word.starts_with('(');
        let after_field = out.ends_with(": ");
        let opens = word.starts_with('(');
        if (opens || is_field) && !after_field && !out.is_empty() {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        } else if !opens && !is_field && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if is_field {
            out.push(' ');
        }
        depth += word.matches('(').count();
        depth -= word.matches(')').count().min(depth);
    }
    out
}

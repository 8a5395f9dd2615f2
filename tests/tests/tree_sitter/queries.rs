//! Queries of all editors compile against the grammar, and their captures are ones the editor knows.

use std::collections::BTreeSet;
use std::path::Path;

use streaming_iterator::StreamingIterator;
use tree_sitter::{Query, QueryCursor};

use crate::{at, files, language, parse, read};

/// Where queries are: the grammar's own (Neovim's names for captures), Helix and Zed.
const FOLDERS: &[&str] = &[
    "editors/tree-sitter-weir/queries",
    "editors/neovim/queries/weir",
    "editors/helix/queries/weir",
    "editors/zed/languages/weir",
];

#[test]
fn every_query_compiles() {
    let mut seen = 0;
    for folder in FOLDERS {
        for path in files(&at(folder), "scm") {
            query(&path);
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} queries were found");
}

fn query(path: &Path) -> Query {
    let text = read(path);
    Query::new(&language(), &text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Each word of a program that is in all highlight queries has a colour; `None` means that no pattern matched it.
#[test]
fn words_have_their_colour() {
    let text = "/// Twice.\n@anyone\npub fn twice(n: Int) -> Int fails Bad {\n  \
        wait { said(x) => \"a {x}\" }\n  if n.size() == 2 { fail Bad }\n}\n";
    for (folder, expected) in [
        (
            "editors/tree-sitter-weir",
            [
                ("/// Twice.", "comment.documentation"),
                ("@anyone", "attribute"),
                ("pub", "keyword.modifier"),
                ("fn", "keyword.function"),
                ("twice", "function"),
                ("n", "variable.parameter"),
                ("Int", "type.builtin"),
                ("wait", "keyword.conditional"),
                ("said", "function"),
                ("size", "function.method.call"),
                ("2", "number"),
                ("fail", "keyword.exception"),
            ],
        ),
        (
            "editors/helix",
            [
                ("/// Twice.", "comment.block.documentation"),
                ("@anyone", "attribute"),
                ("pub", "keyword.storage.modifier"),
                ("fn", "keyword.function"),
                ("twice", "function"),
                ("n", "variable.parameter"),
                ("Int", "type.builtin"),
                ("wait", "keyword.control.conditional"),
                ("said", "function"),
                ("size", "function.method"),
                ("2", "constant.numeric.integer"),
                ("fail", "keyword.control.exception"),
            ],
        ),
        (
            "editors/zed",
            [
                ("/// Twice.", "comment.doc"),
                ("@anyone", "attribute"),
                ("pub", "keyword"),
                ("fn", "keyword"),
                ("twice", "function"),
                ("n", "variable.parameter"),
                ("Int", "type.builtin"),
                ("wait", "keyword"),
                ("said", "function"),
                ("size", "function.method"),
                ("2", "number"),
                ("fail", "keyword"),
            ],
        ),
    ] {
        let folder = at(folder);
        let path = files(&folder, "scm")
            .into_iter()
            .find(|path| path.ends_with("highlights.scm"))
            .expect("there are colours");
        let query = query(&path);
        let found = colours(&query, text);
        for (word, colour) in expected {
            let of_word = found.iter().find(|(found, _)| found == word);
            let of_word = of_word.map(|(_, colour)| colour.as_str());
            assert_eq!(of_word, Some(colour), "`{word}` in {}", path.display());
        }
    }
}

/// The pieces of a text with the capture that counts: that of the last pattern, as in all three editors.
fn colours(query: &Query, text: &str) -> Vec<(String, String)> {
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut found: Vec<(std::ops::Range<usize>, usize, String)> = Vec::new();
    let mut all = cursor.matches(query, tree.root_node(), text.as_bytes());
    while let Some(one) = all.next() {
        for capture in one.captures {
            let name = query.capture_names()[capture.index as usize];
            if name.starts_with('_') {
                continue;
            }
            found.push((
                capture.node.byte_range(),
                one.pattern_index,
                name.to_owned(),
            ));
        }
    }
    found.sort_by_key(|(range, pattern, _)| (range.start, range.end, std::cmp::Reverse(*pattern)));
    found.dedup_by(|next, first| next.0 == first.0);
    found
        .into_iter()
        .map(|(range, _, name)| (text[range].to_owned(), name))
        .collect()
}

/// Helix reads only captures it knows; these are the first parts that its documentation lists.
#[test]
fn helix_knows_the_captures() {
    let path = at("editors/helix/queries/weir/highlights.scm");
    let known = BTreeSet::from([
        "attribute",
        "type",
        "constructor",
        "constant",
        "string",
        "comment",
        "variable",
        "label",
        "punctuation",
        "keyword",
        "operator",
        "function",
        "tag",
        "namespace",
        "special",
    ]);
    for name in query(&path).capture_names() {
        let first = name.split('.').next().unwrap_or(name);
        assert!(known.contains(first), "{name}");
    }
}

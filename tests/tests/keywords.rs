//! Keywords and built-in types are the same in the compiler and in everything that colours programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use weir_syntax::token::Tok;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// `group by` and `sort by` are one keyword each, so their words are no keywords of the lexer.
const IN_PAIRS: [&str; 3] = ["by", "group", "sort"];

/// In trees these are nodes with a name, which queries ask for instead of the word.
const NAMED_IN_TREES: [&str; 6] = ["break", "continue", "false", "pub", "self", "true"];

type Words = BTreeSet<String>;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// All keywords of the language, as its reference lists them; another test holds that list to the grammar.
fn keywords() -> Words {
    let chapter = read("compiler/reference/grammar.md");
    let lines = chapter
        .lines()
        .filter(|line| line.starts_with("Hard keywords: ") || line.starts_with("Soft keywords: "));
    let words: Words = lines
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    for word in &words {
        let kind = Tok::of_word(word);
        assert!(kind.is_soft() || kind.is_hard(), "{word}");
    }
    assert!(words.len() > 50);
    let pairs = IN_PAIRS.map(str::to_owned);
    words.into_iter().chain(pairs).collect()
}

fn is_word(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_lowercase())
}

/// The words in an alternation: `(a|b)` gives `a` and `b`.
fn alternatives(pattern: &str) -> Words {
    let mut plain = String::new();
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        match sign {
            // What is escaped is a class or a sign, never a letter of a word.
            '\\' => {
                if signs.next() == Some('z') {
                    // `\zs` and `\ze` of Vim: where the match begins and ends.
                    signs.next();
                }
                plain.push(' ');
            }
            '[' => {
                for inside in signs.by_ref() {
                    if inside == ']' {
                        break;
                    }
                }
                plain.push(' ');
            }
            sign => plain.push(sign),
        }
    }
    plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn same(found: &Words, expected: &Words, file: &str) {
    let missing: Vec<_> = expected.difference(found).collect();
    let strange: Vec<_> = found.difference(expected).collect();
    assert!(
        missing.is_empty() && strange.is_empty(),
        "{file}: not there {missing:?}, too many {strange:?}"
    );
}

#[test]
fn the_tree_sitter_grammar_has_the_keywords() {
    fn note(rule: &Value, found: &mut Words) {
        match rule {
            Value::Object(fields) => {
                if fields.get("type") == Some(&"STRING".into()) {
                    let word = fields["value"].as_str().unwrap_or_default();
                    if is_word(word) {
                        found.insert(word.to_owned());
                    }
                }
                fields.values().for_each(|inside| note(inside, found));
            }
            Value::Array(items) => items.iter().for_each(|inside| note(inside, found)),
            _ => {}
        }
    }
    let file = "editors/tree-sitter-weir/src/grammar.json";
    let mut found = Words::new();
    note(&json(file)["rules"], &mut found);
    same(&found, &keywords(), file);
}

#[test]
fn the_queries_colour_the_keywords() {
    let mut expected = keywords();
    expected.retain(|word| !NAMED_IN_TREES.contains(&word.as_str()));
    for file in [
        "editors/tree-sitter-weir/queries/highlights.scm",
        "editors/helix/queries/weir/highlights.scm",
        "editors/zed/languages/weir/highlights.scm",
    ] {
        let text = read(file);
        let found: Words = text
            .lines()
            .filter(|line| !line.starts_with(';'))
            .flat_map(|line| line.split('"').skip(1).step_by(2))
            .filter(|word| is_word(word))
            .map(str::to_owned)
            .collect();
        same(&found, &expected, file);
        let named: Vec<&str> = ["visibility", "break_expression", "continue_expression"]
            .into_iter()
            .chain(["boolean", "self"])
            .filter(|node| !text.contains(&format!("({node}) @")))
            .collect();
        assert!(named.is_empty(), "{file}: no colour for {named:?}");
    }
}

const TEXTMATE: &str = "editors/vscode/syntaxes/weir.tmLanguage.json";

#[test]
fn the_textmate_grammar_has_the_keywords() {
    let grammar = json(TEXTMATE);
    let patterns = grammar["repository"]["keywords"]["patterns"].as_array();
    let found: Words = patterns
        .expect("patterns")
        .iter()
        .flat_map(|pattern| alternatives(pattern["match"].as_str().expect("a pattern")))
        .filter(|word| is_word(word))
        .collect();
    same(&found, &keywords(), TEXTMATE);
}

const VIM: &str = "editors/neovim/syntax/weir.vim";

/// The words of the groups of the Vim syntax that are keywords, written one by one or as a pattern.
#[test]
fn vim_has_the_keywords() {
    let groups = [
        "weirConditional",
        "weirRepeat",
        "weirStatement",
        "weirOperator",
        "weirDeclaration",
        "weirModifier",
        "weirBoolean",
        "weirSelf",
        "weirInclude",
        "weirException",
    ];
    let mut found = Words::new();
    for line in read(VIM).lines() {
        let mut words = line.split_whitespace();
        let (syn, kind, group) = (words.next(), words.next(), words.next());
        if syn != Some("syn") || !group.is_some_and(|group| groups.contains(&group)) {
            continue;
        }
        let rest: Vec<&str> = words.collect();
        match kind {
            Some("keyword") => found.extend(rest.into_iter().map(str::to_owned)),
            _ => found.extend(alternatives(&rest.join(" ").replace("\\|", " "))),
        }
    }
    found.retain(|word| is_word(word));
    same(&found, &keywords(), VIM);
}

const EMACS: &str = "editors/emacs/weir-mode.el";

/// The texts in a list of the Emacs mode.
fn of_emacs(name: &str) -> Words {
    let text = read(EMACS);
    let list = text.split(&format!("(defconst {name}\n  '(")).nth(1);
    let list = list.and_then(|rest| rest.split(')').next());
    let list = list.unwrap_or_else(|| panic!("{EMACS} has {name}"));
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn emacs_has_the_keywords() {
    let (hard, soft) = (
        of_emacs("weir-hard-keywords"),
        of_emacs("weir-soft-keywords"),
    );
    let all: Words = hard.union(&soft).cloned().collect();
    same(&all, &keywords(), EMACS);
    for word in hard {
        assert!(Tok::of_word(&word).is_hard(), "{word}");
    }
}

#[test]
fn built_in_types_are_those_of_the_compiler() {
    let collect = read("compiler/check/src/collect.rs");
    let list = |name: &str| -> Vec<String> {
        let head = format!("pub const {name}: &[&str] = &[");
        let list = collect.split(&head).nth(1);
        let list = list.and_then(|rest| rest.split("];").next());
        list.into_iter()
            .flat_map(|list| list.split('"').skip(1).step_by(2))
            .map(str::to_owned)
            .collect()
    };
    let mut expected: Words = list("BUILTIN_TYPES").into_iter().collect();
    expected.extend(list("LATER_TYPES"));
    let merging = weir_check::hir::LatticeKind::ALL.into_iter();
    expected.extend(merging.map(|kind| kind.name().to_owned()));
    expected.insert("UserId".to_owned());
    assert!(
        expected.len() > 20
            && expected
                .iter()
                .all(|name| weir_check::is_builtin_type(name))
    );

    same(&of_emacs("weir-builtin-types"), &expected, EMACS);
    let vim: Words = read(VIM)
        .lines()
        .filter_map(|line| line.strip_prefix("syn keyword weirBuiltin "))
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect();
    same(&vim, &expected, VIM);
    let names = &json(TEXTMATE)["repository"]["names"]["patterns"];
    let types = names[0]["match"].as_str().expect("a pattern");
    same(&alternatives(types), &expected, TEXTMATE);
    for file in [
        "editors/tree-sitter-weir/queries/highlights.scm",
        "editors/helix/queries/weir/highlights.scm",
        "editors/zed/languages/weir/highlights.scm",
    ] {
        let text = read(file);
        let list = text.split("(#any-of? @type.builtin").nth(1);
        let list = list.and_then(|rest| rest.split("))").next());
        let found: Words = list
            .unwrap_or_else(|| panic!("{file} has a list"))
            .split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        same(&found, &expected, file);
    }
}

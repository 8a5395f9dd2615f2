//! The grammar and the keywords in the reference are those of the compiler.
//!
//! `compiler/reference/grammar.md` shows the rules of `weir.lalrpop` without what builds the tree. Run with `UPDATE_CASES=1` to
//! write what the grammar is now, then read the difference.

use std::fs;
use std::path::{Path, PathBuf};
use weir_syntax::token::Tok;
use weir_tests::markdown::blocks;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CHAPTER: &str = "compiler/reference/grammar.md";
const GRAMMAR: &str = "compiler/syntax/src/weir.lalrpop";

#[test]
fn the_grammar_is_that_of_the_compiler() {
    let path = at(CHAPTER);
    let chapter = fs::read_to_string(&path).expect("there is a chapter");
    let all = blocks(&chapter);
    let shown = all.iter().find(|block| block.text.contains(" ::= "));
    let shown = shown.expect("the chapter shows the grammar").text;
    let now = rules(&fs::read_to_string(at(GRAMMAR)).expect("there is a grammar"));
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&path, chapter.replace(shown, &now)).expect("the chapter can be written");
        return;
    }
    assert!(
        shown == now,
        "the grammar in {CHAPTER} is old: UPDATE_CASES=1 writes it"
    );
}

#[test]
fn the_keywords_are_those_of_the_compiler() {
    let chapter = fs::read_to_string(at(CHAPTER)).expect("there is a chapter");
    let grammar = fs::read_to_string(at(GRAMMAR)).expect("there is a grammar");
    for (rule, title) in [("Soft", "Soft keywords"), ("Hard", "Hard keywords")] {
        let start = format!("{title}: ");
        let line = chapter.lines().find_map(|line| line.strip_prefix(&start));
        let line = line.expect("the chapter lists the keywords");
        let shown: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        let of_rule = grammar.split(&format!("\n{rule}: () = {{")).nth(1);
        let of_rule = of_rule.and_then(|rest| rest.split("};").next());
        let of_rule = of_rule.expect("the grammar has the rule");
        let known: Vec<&str> = of_rule.split('"').skip(1).step_by(2).collect();
        assert_eq!(shown, known, "{title}");
        for word in shown {
            let kind = Tok::of_word(word);
            assert!(kind.is_soft() == (rule == "Soft") && kind.is_hard() == (rule == "Hard"));
        }
    }
}

fn at(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

/// The rules from the first on, each alternative without names and actions; `; ---- title` where the file has a title.
fn rules(grammar: &str) -> String {
    let start = grammar
        .find("// ---------- helpers")
        .expect("the rules start there");
    let mut out = String::new();
    let mut rest = &grammar[start..];
    while let Some(line) = rest.lines().next() {
        if let Some(title) = line.strip_prefix("// ---------- ") {
            let title = title.trim_end_matches(" ----------");
            out.push_str(&format!(
                "{}; {title}\n",
                if out.is_empty() { "" } else { "\n" }
            ));
        }
        if line.is_empty() || line.starts_with("//") {
            rest = rest.get(line.len() + 1..).unwrap_or_default();
            continue;
        }
        let end = rest.find("};\n").expect("a rule ends") + 3;
        out.push_str(&rule(&rest[..end]));
        rest = &rest[end..];
    }
    out
}

/// `Ret: Option<Type> = { => None, "->" <Type> => Some(<>) };` as `Ret ::= ε | "->" Type`, in lines that fit a page.
fn rule(text: &str) -> String {
    let (head, body) = text.split_once(" = {").expect("a rule has a body");
    let name = head.strip_prefix("pub ").unwrap_or(head);
    let name = match name.split_once(": ") {
        Some((name, _)) => name,
        None => name,
    };
    let body = body.trim_end().trim_end_matches("};");
    let lines = body
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let body = lines.collect::<Vec<_>>().join("\n");
    let mut alternatives: Vec<String> = pieces(&body, b',')
        .into_iter()
        .filter(|piece| !piece.trim().is_empty())
        .map(|piece| symbols(until_arrow(piece)))
        // Stands for text that was broken; no program is written so.
        .filter(|symbols| symbols != "\"hole\"")
        .collect();
    alternatives.dedup();
    let mut out = format!("{name:<12} ::=");
    let mut width = out.len();
    for (n, alternative) in alternatives.iter().enumerate() {
        let piece = match n {
            0 => format!(" {alternative}"),
            _ => format!(" | {alternative}"),
        };
        if width + piece.chars().count() > 110 && n > 0 {
            out.push_str("\n              ");
            width = 14;
        }
        width += piece.chars().count();
        out.push_str(&piece);
    }
    out + "\n"
}

/// The parts between separators that are in no bracket and no string.
fn pieces(text: &str, separator: u8) -> Vec<&str> {
    let (mut found, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b'>' if at > 0 && matches!(bytes[at - 1], b'=' | b'-') => {}
            b')' | b']' | b'}' | b'>' => depth -= 1,
            b if *b == separator && depth == 0 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[from..]);
    found
}

/// What is in front of the action.
fn until_arrow(alternative: &str) -> &str {
    let mut quoted = false;
    let mut chars = alternative.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '=' if !quoted && chars.peek().is_some_and(|(_, next)| *next == '>') => {
                return &alternative[..at];
            }
            _ => {}
        }
    }
    alternative
}

/// `<l:@L> "fn" <name:Id>` as `"fn" Id`.
fn symbols(alternative: &str) -> String {
    let all = pieces(alternative, b' ');
    let shown = all.iter().map(|piece| piece.trim()).filter_map(|piece| {
        let inner = match piece.strip_prefix('<').and_then(|p| p.strip_suffix('>')) {
            Some(inner) => inner,
            None => piece,
        };
        let inner = match inner.split_once(':') {
            Some((name, symbol)) if name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
                symbol
            }
            _ => inner,
        };
        (!inner.is_empty() && inner != "@L" && inner != "@R").then(|| inner.to_owned())
    });
    let shown: Vec<String> = shown.collect();
    match shown.is_empty() {
        true => "ε".to_owned(),
        false => shown.join(" "),
    }
}

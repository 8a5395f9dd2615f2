//! Small programs: what the checker says about them, and what it works out.
//!
//! `tests/cases/*.txt` (what is said), `tests/tables/*.txt` (types, failures, effects) and `tests/roles/*.txt` (the roles
//! a program names) hold cases as `=== name`, text, `---`, expected. Run with `UPDATE_CASES=1` to write what is found now, then read the difference.

use std::fmt::Write;

use weir_check::hir::{Body, Checked, Function, Implementation, Type};
use weir_check::{check, check_text, prelude};
use weir_diagnostics::{Diagnostic, SourceMap, Span};

fn run(folder: &str, show: fn(&str) -> String) {
    let folder = format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let mut wrong = String::new();
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("cases")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("case file");
        let mut rewritten = String::new();
        for case in text.split("=== ").skip(1) {
            let (name, case) = case.split_once('\n').expect("a name");
            let (source, expected) = case.split_once("---\n").expect("`---` after the text");
            let found = show(source);
            writeln!(rewritten, "=== {name}\n{source}---\n{found}").unwrap();
            if found.trim_end() != expected.trim_end() {
                writeln!(
                    wrong,
                    "=== {name}\n{source}--- expected\n{expected}--- found\n{found}"
                )
                .unwrap();
            }
        }
        if update {
            std::fs::write(&path, rewritten.trim_end().to_owned() + "\n").expect("case file");
        }
    }
    assert!(wrong.is_empty() || update, "{wrong}");
}

fn said(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let place = |span: Span| {
        let place = sources.place(span);
        place.trim_start_matches("main.weir:").to_owned()
    };
    let mut out = String::new();
    for found in diagnostics {
        let at = place(found.primary.span);
        writeln!(out, "{} {at} {}", found.code, found.message).unwrap();
        for second in &found.secondary {
            writeln!(out, "  {} {}", place(second.span), second.text).unwrap();
        }
        if let Some(help) = &found.help {
            writeln!(out, "  help: {help}").unwrap();
        }
    }
    if diagnostics.is_empty() {
        out.push_str("fine\n");
    }
    out
}

#[test]
fn mistakes_are_named_with_the_next_step() {
    run("cases", |source| {
        let (sources, result) = check_text("main.weir", source);
        said(&sources, &result.diagnostics)
    });
}

/// Programs as people write them, each with what is shown to them. Read a message here as its reader does: it says what
/// is wrong, where, and what to type next, once.
#[test]
fn broken_programs_are_answered_as_a_colleague_would() {
    run("broken", |source| {
        let (sources, result) = check_text("main.weir", source);
        result
            .diagnostics
            .iter()
            .map(|found| weir_diagnostics::render(&sources, found, false))
            .collect()
    });
}

#[test]
fn types_failures_and_effects_are_worked_out() {
    run("tables", |source| {
        let (sources, result) = check_text("main.weir", source);
        match &result.checked {
            Some(program) => tables(program),
            None => said(&sources, &result.diagnostics),
        }
    });
}

#[test]
fn every_role_a_program_names_is_found() {
    run("roles", |source| {
        let (sources, result) = check_text("main.weir", source);
        match &result.checked {
            Some(program) => weir_check::roles(program)
                .into_iter()
                .map(|role| role + "\n")
                .collect(),
            None => said(&sources, &result.diagnostics),
        }
    });
}

/// One line a function: its type, failures and effect; below it its variables.
fn tables(program: &Checked) -> String {
    let mut out = String::new();
    for function in program.functions.iter().filter(|f| !f.is_prelude) {
        writeln!(out, "{}", signature(program, function)).unwrap();
        if let Implementation::Body(body) = &function.implementation {
            let keys = function
                .entity
                .map_or(0, |id| program.entity(id).keys.len());
            locals(program, body, keys + function.params.len(), &mut out);
        }
    }
    for test in &program.tests {
        let fails = errors(program, &test.fails);
        writeln!(out, "test {:?}{fails}", test.name).unwrap();
        locals(program, &test.body, 0, &mut out);
    }
    out
}

fn signature(program: &Checked, function: &Function) -> String {
    let owner = function
        .entity
        .map_or(String::new(), |id| format!("{}.", program.entity(id).name));
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, ty(program, &param.ty)))
        .collect();
    format!(
        "{owner}{}({}) -> {}{} {:?}",
        function.name,
        params.join(", "),
        ty(program, &function.ret),
        errors(program, &function.fails),
        function.effect,
    )
}

fn locals(program: &Checked, body: &Body, from: usize, out: &mut String) {
    for local in &body.locals[from..] {
        let word = if local.is_var { "var " } else { "" };
        writeln!(out, "  {word}{}: {}", local.name, ty(program, &local.ty)).unwrap();
    }
}

fn errors(program: &Checked, errors: &[weir_check::hir::ErrorId]) -> String {
    let names: Vec<&str> = errors
        .iter()
        .map(|id| program.errors[id.0 as usize].name.as_str())
        .collect();
    match names[..] {
        [] => String::new(),
        _ => format!(" fails {}", names.join(", ")),
    }
}

fn ty(program: &Checked, ty: &Type) -> String {
    weir_check::show_type(program, &["T".into(), "U".into()], ty)
}

/// The two programs of a page, by the word behind the fence.
fn page_program<'a>(page: &'a str, word: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("```weir {word}\n"))
        .expect("both programs");
    rest.split_once("\n```").expect("a closed block").0
}

#[test]
fn pages_of_codes_show_what_they_say() {
    let mut wrong = String::new();
    for entry in weir_diagnostics::all_codes() {
        let code = entry.code.as_str();
        if code.starts_with("E01") || code == "W0701" {
            continue; // said by the parser, and tested there
        }
        // Said of a program that has been checked, and tested with all pages in `tests/tests/pages.rs`.
        if code == "E0808" || ("W0705"..="W0710").contains(&code) || code == "H0701" {
            continue;
        }
        let (sources, found) = check_text("main.weir", page_program(entry.page, "wrong"));
        if found.diagnostics.first().map(|d| d.code) != Some(entry.code) {
            let shown = said(&sources, &found.diagnostics);
            writeln!(wrong, "{code}, the wrong program raises:\n{shown}").unwrap();
        }
        let (sources, found) = check_text("main.weir", page_program(entry.page, "right"));
        if !found.diagnostics.is_empty() {
            let shown = said(&sources, &found.diagnostics);
            writeln!(wrong, "{code}, the right program raises:\n{shown}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Functions that each call the next with `inner(x)` for each of `inner`.
fn chain(length: usize, inner: &[&str]) -> String {
    let mut text = String::new();
    for at in 0..length {
        let calls: Vec<String> = inner.iter().map(|x| format!("f{}({x})", at + 1)).collect();
        writeln!(text, "fn f{at}<T>(x: T) -> Int = {}", calls.join(" + ")).unwrap();
    }
    writeln!(
        text,
        "fn f{length}<T>(x: T) -> Int = 1\npub fn go() -> Int = f0(1)"
    )
    .unwrap();
    text
}

#[test]
fn copies_that_end_are_too_many_only_when_they_are() {
    let codes = |text: &str| -> Vec<&str> {
        let found = check_text("main.weir", text).1.diagnostics;
        found.iter().map(|d| d.code.as_str()).collect()
    };
    let two = ["[x]", "Some(x)"];
    assert_eq!(codes(&chain(12, &two)), Vec::<&str>::new());
    assert_eq!(codes(&chain(16, &two)), ["E0307"]);
    // One copy of each, but the type doubles.
    assert_eq!(codes(&chain(7, &["(x, x)"])), Vec::<&str>::new());
    assert_eq!(codes(&chain(60, &["(x, x)"])), ["E0307"]);
}

fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).expect("examples") {
        let path = entry.expect("entry").path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Ok(text) = std::fs::read_to_string(path.join(format!("{name}.weir"))) {
            out.push((name, text));
        }
    }
    out.sort();
    assert!(!out.is_empty());
    out
}

#[test]
fn the_prelude_and_the_examples_are_clean() {
    let (sources, empty) = check_text("main.weir", "");
    assert_eq!(said(&sources, &empty.diagnostics), "fine\n");
    for (name, text) in examples() {
        let (sources, result) = check_text("main.weir", &text);
        assert_eq!(said(&sources, &result.diagnostics), "fine\n", "{name}");
        assert!(result.checked.is_some());
    }
}

#[test]
fn broken_programs_never_panic_and_places_stay_in_the_file() {
    let mut sources = SourceMap::new();
    let prelude = prelude::load(&mut sources);
    let waiting = include_str!("tables/workflows.txt").split("=== ").skip(1);
    let waiting = waiting.filter_map(|case| case.split_once("---\n"));
    let texts = examples().into_iter().map(|(_, text)| text);
    for text in texts.chain(waiting.map(|(text, _)| text.to_owned())) {
        // Every 199th prefix; together with the odd lengths of the examples all kinds of places are cut.
        for end in (0..text.len())
            .filter(|end| text.is_char_boundary(*end))
            .step_by(199)
        {
            let cut = &text[..end];
            let file = sources.add("cut.weir", cut);
            let parsed = weir_syntax::parse(file, cut);
            for found in check(&prelude, &parsed.module).diagnostics {
                let spans = std::iter::once(&found.primary).chain(&found.secondary);
                for label in spans.filter(|label| label.span.file == file) {
                    assert!(label.span.end as usize <= end, "{found:?}");
                }
            }
        }
    }
}

//! Every page of an error code is a test: its wrong program raises that code, its right one raises nothing.
//!
//! A wrong program raises nothing else, except where its syntax is broken: then the checker may have more to say.

use std::path::Path;
use weir_diagnostics::{Entry, all_codes};
use weir_driver::{Analysis, Memory};

#[test]
fn wrong_programs_raise_their_code_and_right_ones_nothing() {
    let mut failures = Vec::new();
    for Entry { code, page, .. } in all_codes() {
        let check = |text: &str| {
            let mut analysis = check(text);
            // What only `weir check` says.
            const REMARKS: [&str; 7] = [
                "W0705", "W0706", "W0707", "W0708", "W0709", "W0710", "H0701",
            ];
            if REMARKS.contains(&code.as_str()) {
                let remarks = weir_driver::remarks(&analysis);
                analysis.diagnostics.extend(remarks);
            }
            analysis
        };
        let wrong = check(block(page, "wrong"));
        let raised = wrong.diagnostics.iter().any(|d| d.code == *code);
        let others = wrong.diagnostics.iter().any(|d| d.code != *code);
        if !raised || (others && !code.as_str().starts_with("E01")) {
            failures.push(format!("{code}: the wrong program raises {}", said(&wrong)));
        }
        let right = check(block(page, "right"));
        if !right.diagnostics.is_empty() {
            failures.push(format!("{code}: the right program raises {}", said(&right)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn pages_say_something_besides_their_programs() {
    for Entry { code, page, .. } in all_codes() {
        let words = page
            .split("```")
            .step_by(2)
            .flat_map(str::split_whitespace)
            .count();
        assert!(words > 20, "{code}: {words} words are no explanation");
    }
}

fn check(text: &str) -> Analysis {
    let world = Memory::default().with("main.weir", text);
    let program = weir_driver::find(&world, Path::new("main.weir")).expect("the page is found");
    weir_driver::check(&world, &program).expect("the page is read")
}

/// The program between ```` ```weir KIND ```` and ```` ``` ````.
fn block<'a>(page: &'a str, kind: &str) -> &'a str {
    let open = format!("\n```weir {kind}\n");
    let rest = &page[page.find(&open).expect("the page has the block") + open.len()..];
    &rest[..rest.find("```").expect("the block ends")]
}

fn said(analysis: &Analysis) -> String {
    if analysis.diagnostics.is_empty() {
        return "nothing".into();
    }
    let all: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|d| {
            format!(
                "{} at {}: {}",
                d.code,
                analysis.sources.place(d.primary.span),
                d.message
            )
        })
        .collect();
    all.join("; ")
}

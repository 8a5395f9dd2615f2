//! From the text of a program of one file to the checked program, in one go: for tests, and for tools that have no files.

use weir_diagnostics::{Diagnostic, SourceMap, render, sort};

use crate::hir::Checked;
use crate::{CheckResult, check, drop_of_broken_text, prelude};

/// Parses and checks a program with the library; the parser's diagnostics are among the others.
pub fn check_text(name: &str, text: &str) -> (SourceMap, CheckResult) {
    let mut sources = SourceMap::new();
    let library = prelude::load(&mut sources);
    let file = sources.add(name, text);
    let parsed = weir_syntax::parse(file, text);
    let mut result = check(&library, &parsed.module);
    // Holes may hide behind what does not parse.
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        result.checked = None;
    }
    result.diagnostics.splice(0..0, parsed.diagnostics);
    drop_of_broken_text(&sources, &mut result.diagnostics);
    sort(&mut result.diagnostics);
    (sources, result)
}

/// The same for a program that should have no errors; else its errors as people see them.
pub fn checked_text(name: &str, text: &str) -> Result<(SourceMap, Checked), String> {
    let (sources, result) = check_text(name, text);
    match result.checked {
        Some(checked) => Ok((sources, checked)),
        None => {
            let errors = result.diagnostics.iter().filter(|d| d.is_error());
            let shown: Vec<String> = errors.map(|d| render(&sources, d, false)).collect();
            Err(shown.join("\n"))
        }
    }
}

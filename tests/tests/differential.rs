//! Generated programs mean the same to the interpreter, to Wasm and to the whole runtime.
//!
//! `WEIR_SEED` is the first seed and `WEIR_COUNT` the number of programs, for longer runs.

use weir_check::Checked;
use weir_diagnostics::SourceMap;
use weir_tests::generate::{Generated, generate};

/// The checked program, or what the checker says against it.
fn check(source: &str) -> Result<(SourceMap, Checked), String> {
    let mut sources = SourceMap::new();
    let prelude = weir_check::prelude::load(&mut sources);
    let file = sources.add("generated.weir", source);
    let parsed = weir_syntax::parse(file, source);
    let result = weir_check::check(&prelude, &parsed.module);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(result.diagnostics);
    let told: Vec<String> = diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(|d| weir_diagnostics::render(&sources, d, false))
        .collect();
    match result.checked {
        Some(checked) if told.is_empty() => Ok((sources, checked)),
        _ => Err(told.join("\n")),
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn the_checker_accepts_what_is_generated() {
    let mut refused = 0;
    let (first, count) = (number("WEIR_SEED", 1), number("WEIR_COUNT", 200));
    for seed in first..first + count {
        let Generated { source, .. } = generate(seed);
        if let Err(told) = check(&source) {
            refused += 1;
            if refused <= 12 {
                println!(
                    "seed {seed}\n{}",
                    told.lines().take(14).collect::<Vec<_>>().join("\n")
                );
            }
        }
    }
    assert_eq!(refused, 0, "programs refused of {count}");
}

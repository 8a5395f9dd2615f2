//! Generated programs mean the same to the interpreter, to Wasm and to the whole runtime.
//!
//! `WEIR_SEED` is the first seed and `WEIR_COUNT` the number of programs, for longer runs.

use weir_check::Checked;
use weir_diagnostics::SourceMap;
use weir_tests::generate::{Generated, SHARED, generate};

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
    let (mut t_load, mut t_parse, mut t_check, mut t_gen) = (0, 0, 0, 0);
    for seed in first..first + count {
        let t = std::time::Instant::now();
        let Generated { source, .. } = generate(seed, 0);
        t_gen += t.elapsed().as_micros();
        let source = format!("{SHARED}{source}");
        let t = std::time::Instant::now();
        let mut sources = SourceMap::new();
        let prelude = weir_check::prelude::load(&mut sources);
        t_load += t.elapsed().as_micros();
        let t = std::time::Instant::now();
        let file = sources.add("generated.weir", source.as_str());
        let parsed = weir_syntax::parse(file, &source);
        t_parse += t.elapsed().as_micros();
        let t = std::time::Instant::now();
        let _ = weir_check::check(&prelude, &parsed.module);
        t_check += t.elapsed().as_micros();
        if let Err(told) = check(&source) {
            refused += 1;
            if refused <= 25 {
                println!("seed {seed}\n{}", told.lines().take(9).collect::<Vec<_>>().join("\n"));
            }
        }
    }
    println!("load {t_load} parse {t_parse} check {t_check} generate {t_gen}");
    assert_eq!(refused, 0, "programs refused of {count}");
}

//! The sample programs of the language: those that need nothing from later work are right, formatted, and pass their
//! tests under crashes; the others are refused for what is not there yet, and for nothing else that is wrong in them.

use std::fs;
use std::path::{Path, PathBuf};

use weir_tests::process::said;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");
const SAMPLES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../compiler/syntax/tests/programs"
);

/// What runs today.
const RUNNING: [&str; 13] = [
    "00_tour.weir",
    "01_counter.weir",
    "02_bank.weir",
    "03_shop.weir",
    "04_travel.weir",
    "05_movies.weir",
    "06_social.weir",
    "07_clicks.weir",
    "08_iot.weir",
    "09_analytics.weir",
    "10_board.weir",
    "12_tpcc_payment.weir",
    "13_agent.weir",
];

/// These have no tests; examples of the same name do.
const UNTESTED: [&str; 5] = [
    "05_movies.weir",
    "07_clicks.weir",
    "08_iot.weir",
    "09_analytics.weir",
    "12_tpcc_payment.weir",
];

/// They show parts of programs, and what the other parts would write or read is told; of all others nothing is.
const TOLD: [(&str, &[&str]); 3] = [
    ("03_shop.weir", &["W0708"]),
    ("04_travel.weir", &["W0707"; 4]),
    (
        "12_tpcc_payment.weir",
        &["W0707", "W0705", "W0707", "W0705", "W0707"],
    ),
];

#[test]
fn what_needs_nothing_from_later_runs() {
    for name in RUNNING {
        let (code, _, said_of_it) = said(WEIR, Path::new(SAMPLES), &["check", name]);
        assert_eq!(code, 0, "{name}: {said_of_it}");
        let told = said_of_it.split("warning[").skip(1);
        let told: Vec<&str> = told.filter_map(|told| told.get(..5)).collect();
        let expected = TOLD.iter().find(|(of, _)| *of == name);
        let expected = expected.map_or(&[][..], |(_, codes)| codes);
        assert_eq!(told, expected, "{name}: {said_of_it}");
        let (code, _, unformatted) = said(WEIR, Path::new(SAMPLES), &["fmt", "--check", name]);
        assert_eq!(code, 0, "{name}: {unformatted}");
        let (code, out, err) = said(WEIR, Path::new(SAMPLES), &["test", name]);
        assert_eq!(code, 0, "{name}: {out}{err}");
        let is_tested = !out.starts_with("0 passed");
        assert!(out.contains(" 0 failed"), "{name}: {out}");
        assert_eq!(is_tested, !UNTESTED.contains(&name), "{name}: {out}");
    }
}

#[test]
fn what_is_refused_names_what_is_not_there_yet() {
    let names = samples();
    assert_eq!(names.len(), 15);
    for path in names {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("UTF-8");
        if RUNNING.contains(&name) {
            continue;
        }
        let (code, out, err) = said(WEIR, Path::new(SAMPLES), &["check", name]);
        assert_ne!(code, 0, "{name} is accepted: let its tests run above");
        assert!(
            format!("{out}{err}").contains("E0901"),
            "{name}: {out}{err}"
        );
    }
}

fn samples() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(SAMPLES)
        .expect("the samples are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    all.sort();
    all
}

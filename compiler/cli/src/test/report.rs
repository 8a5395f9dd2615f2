//! What `weir test` says of each test and at the end: to people, or to programs as one JSON object a line.
//!
//! The shape of the JSON only ever gains fields:
//!
//! ```json
//! {"reason":"test","name":"…","file":"bank.weir","line":3,"column":6,"outcome":"passed"|"failed","milliseconds":12,
//!  "crashes":4,"twice":1,"message":"…"|null,"again":"--crash 3"|null}
//! {"reason":"summary","passed":1,"failed":0,"crashes":4,"twice":1}
//! ```
//!
//! `file` is below the program's folder, `line` and `column` count from 1 and are where the name stands; `message` says why in lines, of which the first
//! begins with the place where the test stopped; `again` are the options that show just this failure.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;
use weir_contract::manifest::{Manifest, Test};

use super::Found;
use crate::output::{Style, counted, say};

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// A line for each test, and why it failed
    Human,
    /// One JSON object a line
    Json,
}

/// What all tests together came to.
#[derive(Default)]
pub struct Sum {
    pub passed: usize,
    pub failed: usize,
    pub crashes: usize,
    pub twice: usize,
}

impl Format {
    /// Says how one test ended. `file` is the program as it is named in commands.
    pub fn test(self, file: &str, manifest: &Manifest, test: &Test, found: &Found, took: Duration) {
        match self {
            Format::Human => person_test(file, test, found),
            Format::Json => {
                let site = manifest.sites.get(test.site as usize);
                let source = site.and_then(|site| manifest.sources.get(site.source as usize));
                let object = json!({
                    "reason": "test",
                    "name": test.name,
                    "file": source.map(|source| &source.path),
                    "line": site.map(|site| site.line),
                    "column": site.map(|site| site.column),
                    "outcome": if found.why.is_none() { "passed" } else { "failed" },
                    "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    "crashes": found.crashes,
                    "twice": found.twice,
                    "message": found.why.as_ref().map(|why| why.trim_end()),
                    "again": found.again,
                });
                say!("{object}");
            }
        }
    }

    pub fn sum(self, sum: &Sum) {
        match self {
            Format::Human => person_sum(sum),
            Format::Json => {
                let object = json!({
                    "reason": "summary",
                    "passed": sum.passed,
                    "failed": sum.failed,
                    "crashes": sum.crashes,
                    "twice": sum.twice,
                });
                say!("{object}");
            }
        }
    }
}

fn person_test(file: &str, test: &Test, found: &Found) {
    let style = Style::stdout();
    let Some(why) = &found.why else {
        say!("{}    {}", style.green("ok"), test.name);
        return;
    };
    say!("{}  {}", style.red("FAIL"), test.name);
    for line in why.lines() {
        say!("      {line}");
    }
    if let Some(again) = &found.again {
        say!("      again: weir test {file} \"{}\" {again}", test.name);
    }
}

fn person_sum(sum: &Sum) {
    if sum.passed + sum.failed > 0 {
        say!();
    }
    let mut did = Vec::new();
    if sum.crashes > 0 {
        did.push(format!(
            "killed and recovered {}",
            counted(sum.crashes, "time", "times")
        ));
    }
    if sum.twice > 0 {
        did.push(format!(
            "delivered {} twice",
            counted(sum.twice, "message", "messages")
        ));
    }
    if !did.is_empty() {
        say!("{}", did.join(", "));
    }
    say!("{} passed, {} failed", sum.passed, sum.failed);
}

//! `weir test FILE [FILTER]`: runs the `test` blocks on the compiled module, each in a world of its own.

use crate::output::{Failure, Outcome, Style, say};
use crate::program::{self, Which};
use weir_contract::border::{OUTPUT_OK, StepInput, encode_caller};
use weir_contract::json::failure_to_json;
use weir_contract::manifest::{Manifest, Test};
use weir_contract::{DefId, DefKind, Reader};
use weir_driver::Bundle;
use weir_engine::Runner;
use weir_machine::program::empty_state;
use weir_machine::{Crash, Steps, Transaction};

/// Run the tests of a program.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    program: Which,
    /// Run only tests whose name contains this
    filter: Option<String>,
}

/// The time at which every test happens: 2026-01-01T00:00Z. A test that passes today passes tomorrow.
const TEST_TIME_US: i64 = 1_767_225_600_000_000;

pub fn test(args: Args) -> Outcome {
    let program = args.program.find()?;
    let bundle = program::compile(&program)?;
    let wanted: Vec<&Test> = bundle
        .manifest
        .tests
        .iter()
        .filter(|test| {
            args.filter
                .as_ref()
                .is_none_or(|part| test.name.contains(part.as_str()))
        })
        .collect();
    if let (Some(part), true) = (&args.filter, wanted.is_empty()) {
        return Err(
            Failure::new(format_args!("no test's name contains `{part}`")).next(format_args!(
                "weir test {}, to run all {}",
                program.source.display(),
                bundle.manifest.tests.len()
            )),
        );
    }
    let mut runner = program::runner(&bundle)?;
    let style = Style::stdout();
    let mut failed = 0;
    for test in &wanted {
        match run(&mut runner, &bundle, test) {
            Ok(()) => say!("{}    {}", style.green("ok"), test.name),
            Err(why) => {
                failed += 1;
                say!("{}  {}", style.red("FAIL"), test.name);
                for line in why.lines() {
                    say!("      {line}");
                }
            }
        }
    }
    if !wanted.is_empty() {
        say!();
    }
    say!("{} passed, {failed} failed", wanted.len() - failed);
    if failed > 0 {
        Err(Failure::said())
    } else {
        Ok(())
    }
}

/// Runs one test as one step on empty state, which is dropped afterwards. When it fails: why, in lines.
fn run(runner: &mut Runner, bundle: &Bundle, test: &Test) -> Result<(), String> {
    let manifest = &bundle.manifest;
    let input = StepInput {
        time_us: TEST_TIME_US,
        key: &[],
        caller: &encode_caller("test", []),
        args: &[],
    };
    let world = Transaction::begin(empty_state(manifest));
    let (world, outcome) = runner.run(test.entry, input, world);
    world.abort();
    match outcome {
        Err(crash) => Err(stopped(manifest, &crash)),
        Ok(output) if output.first() == Some(&OUTPUT_OK) => Ok(()),
        Ok(output) => Err(failed(manifest, test, &output)),
    }
}

/// A failure that left the test: which, and where the test stands.
fn failed(manifest: &Manifest, test: &Test, output: &[u8]) -> String {
    let error = output.get(1..).and_then(|body| failure(manifest, body));
    let place = manifest.place(test.site);
    match error {
        Some(error) => format!("{place}: it failed with {error}\n"),
        None => format!("{place}: it failed\n"),
    }
}

/// An error as a step puts it out, as JSON.
fn failure(manifest: &Manifest, body: &[u8]) -> Option<String> {
    let mut reader = Reader::new(body);
    let id = DefId(u32::try_from(reader.varint().ok()?).ok()?);
    let DefKind::Error { fields, .. } = &manifest.defs.defs.get(id.0 as usize)?.kind else {
        return None;
    };
    let values = reader.fields(&manifest.defs, fields).ok()?;
    Some(failure_to_json(&manifest.defs, id, &values).to_string())
}

/// Where and why a test stopped as a bug, with the line and what the step told.
fn stopped(manifest: &Manifest, crash: &Crash) -> String {
    let mut text = format!("{}: {}\n", manifest.place(crash.site), crash.reason.text());
    if let Some(site) = manifest.sites.get(crash.site as usize) {
        text.push_str(&format!("  {}\n", site.text.trim()));
    }
    for line in crash.detail.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

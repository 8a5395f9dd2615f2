//! Programs as text, and how their tests end.

use weir_check::Checked;
use weir_diagnostics::SourceMap;
use weir_meaning::{Caller, Outcome, Target, World};

/// Runs the tests of a program. A line for each: `ok`, `failed Error(..)`, or the bug with its line.
pub fn run(source: &str) -> String {
    let (sources, checked) = check(source);
    let mut lines = String::new();
    for (position, test) in checked.tests.iter().enumerate() {
        // Each test has a world of its own.
        let mut world = World::new(&checked);
        world.limits.expressions = 200_000;
        let outcome = world.call(&Target::Test(position), &[], &Caller::default(), 0);
        let shown = match outcome {
            Outcome::Ok(_) => "ok".to_owned(),
            Outcome::Failed(error, _) => {
                format!("failed {}", checked.errors[error.0 as usize].name)
            }
            Outcome::Denied => "denied".to_owned(),
            Outcome::Waiting(_) => "stuck".to_owned(),
            Outcome::Gone => "gone".to_owned(),
            Outcome::Bug(bug) => {
                let file = sources.file(bug.span.file);
                let line = file.line_column(bug.span.start).line;
                format!("{} in line {line}", bug.reason.name())
            }
        };
        lines += &format!("{}: {shown}\n", test.name);
    }
    lines
}

pub fn check(source: &str) -> (SourceMap, Checked) {
    weir_check::checked_text("test.weir", source).unwrap_or_else(|errors| panic!("{errors}"))
}

#[track_caller]
pub fn expect(source: &str, outcome: &str) {
    assert_eq!(run(source).trim(), outcome, "{source}");
}

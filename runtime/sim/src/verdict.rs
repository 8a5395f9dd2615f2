//! A test under every schedule, and one sentence when they do not agree.

use weir_contract::Manifest;
use weir_machine::Steps;

use crate::trial::{Outcome, Report, Schedule, run};

/// What is known of a test after all its runs.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub outcome: Outcome,
    /// Under which it came out so; `Plain` when it passed.
    pub schedule: Schedule,
    /// The record behind which the machine died, when a crash is what makes it fail.
    pub crashed_after: Option<String>,
    /// How often the machine was killed in all.
    pub crashes: usize,
}

/// Runs it plainly; then, unless `quick`, with each transaction a step of its own, with a crash behind each step at once, and,
/// to find which one matters, behind one step at a time.
pub fn judge(
    steps: &mut dyn Steps,
    manifest: &Manifest,
    entry: u32,
    args: &[u8],
    quick: bool,
) -> Verdict {
    let plain = run(steps, manifest, entry, args, Schedule::Plain);
    let verdict = |outcome, schedule| Verdict {
        outcome,
        schedule,
        crashed_after: None,
        crashes: 0,
    };
    if plain.outcome != Outcome::Passed || quick {
        return verdict(plain.outcome, Schedule::Plain);
    }
    let fine = run(steps, manifest, entry, args, Schedule::Fine);
    if fine.outcome != Outcome::Passed {
        return verdict(fine.outcome, Schedule::Fine);
    }
    let always = run(steps, manifest, entry, args, Schedule::CrashAlways);
    if always.outcome == Outcome::Passed {
        return Verdict {
            crashes: always.boundaries.len(),
            ..verdict(Outcome::Passed, Schedule::Plain)
        };
    }
    first_crash(steps, manifest, entry, args, &fine, always)
}

/// The first single crash that makes it fail, or all together.
fn first_crash(
    steps: &mut dyn Steps,
    manifest: &Manifest,
    entry: u32,
    args: &[u8],
    fine: &Report,
    always: Report,
) -> Verdict {
    for (number, what) in fine.boundaries.iter().enumerate() {
        let schedule = Schedule::CrashAfter(number);
        let report = run(steps, manifest, entry, args, schedule);
        if report.outcome != Outcome::Passed {
            return Verdict {
                outcome: report.outcome,
                schedule,
                crashed_after: Some(what.clone()),
                crashes: 1,
            };
        }
    }
    Verdict {
        outcome: always.outcome,
        schedule: Schedule::CrashAlways,
        crashed_after: None,
        crashes: always.boundaries.len(),
    }
}

//! A test under every schedule, and one sentence when they do not agree.

use std::sync::Arc;

use weir_contract::Manifest;
use weir_contract::host_call::Given;
use weir_machine::{Said, Steps};

use crate::trial::{Outcome, Report, Schedule, run};

/// What is known of a test after all its runs.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub outcome: Outcome,
    /// Under which it came out so; `Plain` when it passed.
    pub schedule: Schedule,
    /// What makes it fail: the record behind which the machine died, or the message that arrived twice.
    pub because_of: Option<String>,
    /// What the program said to its log meanwhile.
    pub said: Vec<Said>,
    /// How often the machine was killed in all.
    pub crashes: usize,
    /// How many messages arrived twice.
    pub twice: usize,
}

/// Runs it plainly; then, unless `quick`, with each transaction a step of its own; with a crash behind each step at once; with
/// each message delivered twice at once. To find which one matters, with one crash or one message at a time.
pub fn judge(
    steps: &mut dyn Steps,
    manifest: &Manifest,
    entry: u32,
    args: &[u8],
    settings: &Arc<Given>,
    quick: bool,
) -> Verdict {
    let mut run = |schedule| run(steps, manifest, entry, args, settings, schedule);
    let plain = run(Schedule::Plain);
    if plain.outcome != Outcome::Passed || quick {
        return Verdict::of(plain, Schedule::Plain);
    }
    let fine = run(Schedule::Fine);
    if fine.outcome != Outcome::Passed {
        return Verdict::of(fine, Schedule::Fine);
    }
    let always = run(Schedule::CrashAlways);
    let crashes = always.boundaries.len();
    if always.outcome != Outcome::Passed {
        let found = first(&mut run, &fine.boundaries, Schedule::CrashAfter);
        let all = Verdict::of(always, Schedule::CrashAlways);
        return Verdict {
            crashes,
            ..found.unwrap_or(all)
        };
    }
    let mut twice = 0;
    if !fine.messages.is_empty() {
        let doubled = run(Schedule::Twice);
        twice = doubled.messages.len();
        if doubled.outcome != Outcome::Passed {
            let found = first(&mut run, &fine.messages, Schedule::TwiceOnly);
            let all = Verdict::of(doubled, Schedule::Twice);
            return Verdict {
                crashes,
                twice,
                ..found.unwrap_or(all)
            };
        }
    }
    Verdict {
        crashes,
        twice,
        ..Verdict::of(plain, Schedule::Plain)
    }
}

/// The first single crash or message that makes it fail.
fn first(
    run: &mut impl FnMut(Schedule) -> Report,
    all: &[String],
    schedule: fn(usize) -> Schedule,
) -> Option<Verdict> {
    all.iter().enumerate().find_map(|(number, what)| {
        let report = run(schedule(number));
        (report.outcome != Outcome::Passed).then(|| Verdict {
            because_of: Some(what.clone()),
            ..Verdict::of(report, schedule(number))
        })
    })
}

impl Verdict {
    fn of(report: Report, schedule: Schedule) -> Verdict {
        Verdict {
            outcome: report.outcome,
            said: report.said,
            schedule,
            because_of: None,
            crashes: 0,
            twice: 0,
        }
    }
}

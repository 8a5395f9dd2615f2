//! Tries one step live: runs it, holds it to its limits, and keeps what it wrote or takes all of it back.

use weir_contract::CrashReason;
use weir_contract::host_call::Lines;
use weir_contract::manifest::{Effect, Manifest};
use weir_contract::settings::Limits;

use crate::asking::Surroundings;
use crate::beside::is_dropped;
use crate::chance::Chance;
use crate::drive::{Driven, Work, broken, drive};
use crate::effects::{Ask, Place};
use crate::machine::Machine;
use crate::ops::Writes;
use crate::record::{Bug, Outcome};
use crate::steps::{Crash, Steps};
use crate::streams::Streams;
use crate::transaction::Transaction;

/// What is to be recorded of a step. The writes are in the state already.
pub(crate) struct Attempt {
    pub outcome: Outcome,
    pub asks: Vec<Ask>,
    pub writes: Writes,
    /// What the step said, kept or not.
    pub lines: Lines,
    /// It read temporary data that is not there: nothing is to be recorded, and it is to be tried again when that is.
    pub lacks_scratch: bool,
}

/// Bytes of a record besides its parts of varying length.
pub(crate) const RECORD_HEAD: usize = 512;

/// Bytes of what a program says of its bug, which may be any text; more is cut. It is kept beside the arguments.
const DETAIL_MAX: usize = 4 << 10;

impl Machine {
    /// `place` is the run and the steps it has done, the seed of chance; `used` what the record holds besides.
    pub(crate) fn attempt(
        &mut self,
        steps: &mut dyn Steps,
        work: &Work<'_>,
        effect: Effect,
        place: (u64, u64),
        used: usize,
    ) -> Attempt {
        for view in work
            .frames
            .iter()
            .flat_map(|frame| views_of(work, frame.place))
        {
            let mut budget = u64::MAX;
            self.catch_up(steps, work.manifest, *view, work.time, &mut budget);
        }
        let (mut on, result) = loop {
            let (on, result) = self.run_once(steps, work, place);
            match on.asking.around.lacks {
                // Nothing has come of it yet, so it can run again.
                Some(view) => {
                    self.take_back(on);
                    let mut budget = u64::MAX;
                    self.catch_up(steps, work.manifest, view, work.time, &mut budget);
                }
                None => break (on, result),
            }
        };
        on.settle();
        self.runs.workflows = std::mem::take(&mut on.asking.around.workflows);
        self.views = std::mem::take(&mut on.asking.around.views);
        self.streams.heads = std::mem::take(&mut on.asking.around.heads);
        Streams::uncount(&mut self.streams.heads, &on.asking.asks);
        let room = self.record_bytes_max.saturating_sub(used + RECORD_HEAD);
        let checked = result
            .and_then(|driven| check(&work.manifest.limits, &on, effect, room, driven))
            .and_then(|driven| {
                self.check_events(&work.manifest.limits, &on)
                    .map(|()| driven)
            });
        let lacks_scratch = checked
            .as_ref()
            .is_err_and(|crash| crash.reason == CrashReason::NoScratch && crash.detail.is_empty());
        // A step that is dropped as if it had not begun has cost nothing.
        if !lacks_scratch {
            self.spent.add(on.spent());
        }
        let asks = std::mem::take(&mut on.asking.asks);
        let lines = std::mem::take(&mut on.asking.lines);
        let outcome = outcome_of(work.manifest, checked);
        if is_dropped(&outcome) {
            // Its asks are gone already.
            self.state = on.abort();
            return Attempt {
                outcome,
                asks: Vec::new(),
                writes: Writes::default(),
                lines,
                lacks_scratch,
            };
        }
        let (state, writes) = on.commit();
        self.state = state;
        self.tell_views(&writes);
        Attempt {
            outcome,
            asks,
            writes,
            lines,
            lacks_scratch,
        }
    }

    fn run_once(
        &mut self,
        steps: &mut dyn Steps,
        work: &Work<'_>,
        place: (u64, u64),
    ) -> (Transaction, Result<Driven, Crash>) {
        let around = Surroundings {
            program: self.program.clone(),
            workflows: std::mem::take(&mut self.runs.workflows),
            next_run: self.next_run.max(place.0 + 1),
            chance: Chance::new(place.0, place.1),
            time: work.time,
            cap: self.step_cap,
            settings: self.settings.clone(),
            heads: std::mem::take(&mut self.streams.heads),
            views: std::mem::take(&mut self.views),
            lacks: None,
        };
        self.state.make_room();
        let on = Transaction::begin_in(std::mem::take(&mut self.state), around);
        drive(steps, work, on)
    }

    /// As if the step had not run.
    fn take_back(&mut self, mut on: Transaction) {
        self.runs.workflows = std::mem::take(&mut on.asking.around.workflows);
        self.views = std::mem::take(&mut on.asking.around.views);
        self.streams.heads = std::mem::take(&mut on.asking.around.heads);
        Streams::uncount(&mut self.streams.heads, &on.asking.asks);
        self.state = on.abort();
    }

    /// Events wait in memory, so there is an end to them.
    fn check_events(&self, limits: &Limits, on: &Transaction) -> Result<(), Crash> {
        for ask in &on.asking.asks {
            if let Ask::Event {
                to, delay: None, ..
            } = ask
                && self.events_waiting(to.entity, &to.key) >= limits.events()
            {
                return too_large("too many events wait in the run it sends one to");
            }
        }
        Ok(())
    }

    pub(crate) fn events_waiting(&self, entity: u32, key: &[u8]) -> usize {
        let run = self.runs.of_workflow(entity, key);
        let run = run.and_then(|run| self.runs.get(run));
        run.map_or(0, |run| run.events.len())
    }
}

/// The views that a piece of code may read.
pub(crate) fn views_of<'w>(work: &Work<'w>, place: Place) -> &'w [u32] {
    let program = work.manifest;
    let views = match place {
        Place::Function(n) => program.functions.get(n as usize).map(|f| &f.views),
        Place::Frame(n) => program.frames.get(n as usize).map(|f| &f.views),
        Place::Test(entry) => {
            let mut tests = program.tests.iter();
            tests
                .find(|test| test.entry == entry)
                .map(|test| &test.views)
        }
    };
    views.map_or(&[], Vec::as_slice)
}

pub(crate) fn outcome_of(manifest: &Manifest, checked: Result<Driven, Crash>) -> Outcome {
    match checked {
        Ok(Driven::Suspended(pause)) => Outcome::Suspended(pause),
        Ok(Driven::Output(output)) => Outcome::Output(output),
        Err(crash) => Outcome::Bug(bug(manifest, &crash)),
    }
}

pub(crate) fn check(
    limits: &Limits,
    on: &Transaction,
    effect: Effect,
    room: usize,
    driven: Driven,
) -> Result<Driven, Crash> {
    let (output, frames) = match &driven {
        Driven::Output(output) => (output.len(), 0),
        Driven::Suspended(pause) => {
            let frames = pause.frames.iter().map(|f| f.cells.len() + 16);
            (0, frames.sum::<usize>() + pause.operands.len())
        }
    };
    if output > limits.reply_bytes() {
        return too_large("its reply is too long");
    }
    if effect < Effect::Write {
        // What reads only has no record.
        if on.writes_len() > 0 || !on.asking.asks.is_empty() {
            return broken("it writes");
        }
    } else if on.writes_len() + on.asks_len() + output + frames > room {
        return too_large("it writes too much");
    }
    if effect < Effect::Wait {
        let is_later = |ask: &Ask| matches!(ask, Ask::Undo(_) | Ask::Branch(_));
        if matches!(driven, Driven::Suspended(_)) || on.asking.asks.iter().any(is_later) {
            return broken("it waits");
        }
    }
    Ok(driven)
}

fn too_large<T>(detail: &str) -> Result<T, Crash> {
    Err(Crash::new(0, CrashReason::StepTooLarge, detail))
}

fn bug(manifest: &Manifest, crash: &Crash) -> Bug {
    let mut reason = crash.reason.text().to_owned();
    if !crash.detail.is_empty() {
        let shown = crash.detail.floor_char_boundary(DETAIL_MAX);
        let cut = if shown < crash.detail.len() { ".." } else { "" };
        reason = format!("{reason}: {}{cut}", &crash.detail[..shown]);
    }
    let caller = |site: &u32| match manifest.function_at(*site) {
        "" => manifest.place(*site),
        function => format!("{function} ({})", manifest.place(*site)),
    };
    Bug {
        at: manifest.place(crash.site),
        function: manifest.function_at(crash.site).to_owned(),
        reason,
        callers: crash.callers.iter().map(caller).collect(),
    }
}

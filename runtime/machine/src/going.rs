//! How runs go on by themselves: strands whose turn or time it is, and delayed events that arrive.
//!
//! Each function gives at most one record, to be appended in the order of the calls. What comes from outside is in `events`,
//! `answers` and `orders`.

use weir_contract::border::encode_caller;
use weir_contract::manifest::{Effect, INSIDE_SINCE, Manifest};
use weir_log::Record;

use crate::attempt::{Attempt, views_of};
use crate::calls::said;
use crate::drive::Work;
use crate::effects::Place;
use crate::given::{encode_given, given_at};
use crate::machine::{Action, Answer, BadRecord, Machine};
use crate::progress::Change;
use crate::run_record::{EventFrom, EventRecord, RunStepRecord, Woken};
use crate::runs::Waiting;
use crate::schedule::Next;
use crate::steps::Steps;

/// A record and what is to be done when it is durable.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The run it is about.
    pub run: u64,
    pub record: Record,
    pub actions: Vec<Action>,
}

impl Machine {
    /// When something happens by itself next. In the past or present when [`Machine::advance_one`] has something to do.
    pub fn next_due(&self) -> Option<i64> {
        self.runs.next_due()
    }

    /// Does the next thing that can be done by `now`: a strand's step, or a delayed event's arrival.
    pub fn advance_one(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        now: i64,
    ) -> Option<Progress> {
        let time = now.max(self.time);
        loop {
            match self.next_not_held(manifest, time)? {
                Next::Strand(run, strand) => {
                    let at = self.runs.strand(run, strand);
                    let ready = at.is_some_and(|s| matches!(s.waiting, Waiting::Ready { .. }));
                    let woken = if ready { Woken::Turn } else { Woken::Due };
                    let at = (run, strand);
                    match self.step_strand(steps, manifest, at, woken, time) {
                        Some(progress) => return Some(progress),
                        // Somebody else has the turn until the data is there.
                        None => self.runs.lacking.insert(at),
                    };
                }
                Next::Event(number) => {
                    let record = EventRecord {
                        time,
                        from: EventFrom::Delayed(number),
                    };
                    let actions = self.note_event(&record).expect("an event that is due");
                    return Some(Progress {
                        run: number,
                        record: record.to_record(),
                        actions,
                    });
                }
            }
        }
    }

    /// Who goes on next; those that would put something into a full stream are put aside.
    fn next_not_held(&mut self, manifest: &Manifest, time: i64) -> Option<Next> {
        loop {
            let next = self.runs.next(time)?;
            let Next::Strand(run, number) = next else {
                return Some(next);
            };
            let strand = self.runs.strand(run, number)?;
            let full = self.streams.holds_up(manifest, &self.runs, (run, strand));
            match full {
                Some(stream) => self.runs.hold(run, number, stream),
                None => return Some(next),
            }
        }
    }

    /// `None` when it needs temporary data that is not there, or a view that is being built: then nothing has happened.
    pub(crate) fn step_strand(
        &mut self,
        steps: &mut dyn Steps,
        manifest: &Manifest,
        (number, strand): (u64, u32),
        woken: Woken,
        time: i64,
    ) -> Option<Progress> {
        let run = self.runs.get(number).expect("a strand that is next");
        let at = run.strand(strand).expect("a strand that is next");
        let given = given_at(manifest, at, time).expect("a strand that is next");
        let effect = match run.target {
            Place::Function(f) if manifest.functions[f as usize].effect < Effect::Wait => {
                Effect::Write
            }
            _ => Effect::Wait,
        };
        let roles = run.caller.roles.iter().map(String::as_str);
        let caller = encode_caller(&run.caller.id, roles);
        let (frames, key) = (at.frames.clone(), run.key.clone());
        let place = (number, run.steps);
        let used = match &woken {
            Woken::Answered { output, .. } => output.len(),
            _ => 0,
        };
        let work = Work {
            manifest,
            target: run.target,
            frames: &frames,
            given: encode_given(manifest, run.target, &given),
            key: &key,
            caller: &caller,
            // A call from outside asks `allow` in its first step, also when that is tried again behind a bug.
            inside: manifest.version >= INSIDE_SINCE && !(run.outside && run.steps == 0),
            time,
        };
        let mut views = work
            .frames
            .iter()
            .flat_map(|frame| views_of(&work, frame.place));
        if views.any(|view| self.is_building(*view)) {
            return None;
        }
        let Attempt {
            outcome,
            asks,
            writes,
            lines,
            lacks_scratch,
        } = self.attempt(steps, &work, effect, place, used);
        if lacks_scratch {
            return None;
        }
        let said = said(manifest, work.target, place, time, &outcome, lines);
        let step = RunStepRecord {
            run: number,
            strand,
            time,
            woken,
            outcome,
            asks,
            writes,
        };
        let record = step.to_record();
        let mut actions = self.note_run_step(&step).expect("a step that has just run");
        actions.extend(said);
        Some(Progress {
            run: number,
            record,
            actions,
        })
    }

    /// What is known of a run: its result, that it goes on, or `None` when there is none, or no longer.
    pub fn result(&self, run: u64) -> Option<Answer> {
        let is_known = self.runs.get(run).is_some() || self.runs.finished.contains_key(&run);
        is_known.then(|| self.answer_of(run))
    }

    pub(crate) fn note_run_step(&mut self, step: &RunStepRecord) -> Result<Vec<Action>, BadRecord> {
        self.take_numbers(&step.asks);
        let change = |change: &mut Change<'_>| {
            // Live it has been noted before the step ran; then nobody waits for it any more.
            if let Woken::Answered { call, output } = &step.woken {
                change.answered(*call, output);
            }
            let at = change.runs.strand(step.run, step.strand);
            let at = at.ok_or_else(|| BadRecord("a strand that is not there".to_owned()))?;
            let given = given_at(change.program, at, step.time)?;
            change.step(step.run, step.strand, given, &step.outcome, &step.asks)
        };
        Ok(self.change(step.time, change)?.1)
    }
}

//! Views that are being built: how far they are, who has to wait for them, and what is shown meanwhile.
//!
//! ```text
//!   reads the view itself, from outside        the rows it had before, with their position; without any: 503 with how far it is
//!   any other call that reads it in its step   503 with how far it is; nothing has happened
//!   a run that comes to where it reads it      waits
//! ```
//! So whatever is written follows from what was so.

use std::sync::Arc;

use weir_contract::border::OUTPUT_OK;
use weir_contract::call::decode_args;
use weir_contract::manifest::Manifest;
use weir_contract::view::SourceOf;

use super::before::{Before, looks_the_same};
use super::rows::Rank;
use super::tend::ROWS_AT_A_TIME;
use super::{Tended, Views};
use crate::machine::{Answer, Call, Machine};
use crate::steps::Steps;

impl Machine {
    /// How many rows of sources a view has still to be fed.
    pub fn view_behind(&self, view: u32) -> u64 {
        let Some(program) = &self.program else {
            return 0;
        };
        self.views
            .behind(program, view, &|stream| self.positions(stream))
    }

    /// How many rows of sources there are, all of which a view is fed that is begun from nothing.
    pub fn view_whole(&self, view: u32) -> u64 {
        let Some(view) = self
            .program
            .as_ref()
            .and_then(|p| p.views.get(view as usize))
        else {
            return 0;
        };
        let rows = view.sources.iter().map(|source| match source.of {
            SourceOf::Entity(entity) => self.state.tables()[entity as usize].len() as u64,
            SourceOf::Stream(stream) => {
                let (oldest, end) = self.positions(stream);
                end - oldest
            }
            SourceOf::View(of) => self.view_whole(of) + self.views.len(of) as u64,
        });
        rows.sum()
    }

    /// Whether a view has so much to be fed that nobody should leave it for later.
    pub fn views_lag(&self) -> bool {
        let views = self.program.as_ref().map_or(0, |p| p.views.len() as u32);
        (0..views).any(|view| self.view_behind(view) > ROWS_AT_A_TIME)
    }

    pub(crate) fn is_building(&self, view: u32) -> bool {
        self.view_behind(view) > self.view_rows_waited_for
    }

    /// How many views strands wait for, if any strand waits at all.
    pub(super) fn held_up(&self, manifest: &Manifest) -> usize {
        if self.runs.lacking.is_empty() {
            return 0;
        }
        let views = 0..manifest.views.len() as u32;
        views.filter(|view| self.is_building(*view)).count()
    }

    /// What is answered to a call that reads a view which is being built.
    pub(crate) fn not_built(&self, manifest: &Manifest, call: &Call) -> Option<Answer> {
        let function = &manifest.functions[call.function as usize];
        let mut views = function.views.iter().copied();
        let view = views.find(|view| self.is_building(*view))?;
        let (behind, whole) = (self.view_behind(view), self.view_whole(view));
        let answer = match self.rows_before(manifest, view, call) {
            Some((output, position)) => Answer::Before {
                output,
                position,
                behind,
                whole: whole.max(behind),
            },
            None => Answer::Building {
                view,
                behind,
                whole: whole.max(behind),
            },
        };
        Some(answer)
    }

    /// What a read of the view itself is shown: a step's output, and the position it is exact at.
    fn rows_before(&self, manifest: &Manifest, view: u32, call: &Call) -> Option<(Vec<u8>, u64)> {
        let of = &manifest.views[view as usize];
        let function = &manifest.functions[call.function as usize];
        let key = match call.function {
            all if all == of.all => None,
            at if Some(at) == of.at => {
                let mut args = decode_args(&manifest.defs, &function.params, &call.args).ok()?;
                Some(args.pop()??)
            }
            _ => return None,
        };
        let before = self.views.before(view)?;
        let mut output = vec![OUTPUT_OK];
        output.extend(before.read(manifest, of, key.as_ref())?);
        Some((output, before.position))
    }

    /// Brings views up to date that are not being built: behind it their rows are exact. For when another program is about to be in
    /// force, or a snapshot to be taken.
    pub fn settle_views(&mut self, steps: &mut dyn Steps, manifest: &Manifest, now: i64) {
        let time = now.max(self.time);
        for view in 0..manifest.views.len() as u32 {
            if !self.is_building(view) {
                self.catch_up(steps, manifest, view, time, &mut u64::MAX.clone());
            }
        }
    }
}

impl Views {
    /// What a view showed before it was begun again.
    pub(crate) fn before(&self, view: u32) -> Option<&Before> {
        self.views.get(view as usize)?.before.as_deref()
    }

    /// What of a view is exact: all its rows, at `position` where the log is, or what it showed before.
    pub(super) fn shown(
        &self,
        program: &Manifest,
        view: u32,
        position: u64,
    ) -> Option<Arc<Before>> {
        let tended = &self.views[view as usize];
        match tended.broken.is_none() && self.is_current(program, view) {
            true => Some(Arc::new(tended.kept.as_before(position))),
            false => tended.before.clone(),
        }
    }

    /// Takes over what there is of another program's views. One whose code is the same goes on as it is; one of other code shows its
    /// rows until it is made again, where they look the same.
    pub(crate) fn take_over(
        &mut self,
        program: &Manifest,
        old: Views,
        old_program: &Manifest,
        position: u64,
    ) {
        let is_exact = |view: u32| {
            old.views[view as usize].broken.is_none() && old.is_current(old_program, view)
        };
        let exact: Vec<bool> = (0..old.views.len() as u32).map(is_exact).collect();
        let number = |stream: u32| {
            let name = &old_program.streams.get(stream as usize)?.name;
            program.stream(name).map(|(number, _)| number)
        };
        self.dropped = old.dropped.renumbered(number);
        let mut olds: Vec<Option<Tended>> = old.views.into_iter().map(Some).collect();
        let mut goes_on = vec![false; program.views.len()];
        for (number, view) in program.views.iter().enumerate() {
            let was = old_program.views.iter().position(|v| v.name == view.name);
            let Some((was, before)) = was.and_then(|was| Some((was, olds[was].take()?))) else {
                continue;
            };
            let old_view = &old_program.views[was];
            let same_code = old_view.code == view.code && !view.code.is_empty();
            let may_go_on = same_code && before.broken.is_none();
            let of_those =
                |of: SourceOf| !matches!(of, SourceOf::View(of) if !goes_on[of as usize]);
            let sources_go_on = view.sources.iter().all(|source| of_those(source.of));
            let now = &mut self.views[number];
            // Values name types by their numbers.
            if may_go_on && sources_go_on && old_program.defs == program.defs {
                *now = before;
                goes_on[number] = true;
                continue;
            }
            if looks_the_same(old_program, old_view, program, view) {
                now.before = match exact[was] {
                    true => Some(Arc::new(before.kept.as_before(position))),
                    false => before.before,
                };
            }
            if may_go_on && view.forgets() {
                now.kept = before.kept;
                now.kept.begin_again(view);
                now.pending = before.pending;
            }
        }
        for (number, view) in program.views.iter().enumerate() {
            for (i, source) in view.sources.iter().enumerate() {
                // It has told all of its rows, but others.
                if let SourceOf::View(of) = source.of
                    && goes_on[of as usize]
                    && !goes_on[number]
                {
                    let rows = self.views[of as usize].kept.rows.shown();
                    let ranks: Vec<Rank> = rows.map(|(rank, _)| rank.clone()).collect();
                    self.views[number].pending[i].ranks.extend(ranks);
                }
            }
        }
    }
}

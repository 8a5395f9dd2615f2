//! Views: queries that are kept up to date while the state they are made of changes.
//!
//! ```text
//!   a record is applied       what it changed is noted: a key of an entity, a position of a stream     (`Views::touched`)
//!   before a view is read,    what was noted is fed to the views that are made of it                   (`catch_up`)
//!   and when there is time    -> parts -> groups -> rows; rows that changed are noted for views of views
//! ```
//! The rows of a view are exactly those of its query over everything that came before the newest record. All of it is derived:
//! thrown away, it is made again of the state and the entries that are kept. `kept` is one view, `groups` and `aggregate` what it
//! knows of groups, `join` of two sources, `rows` what is shown.
//!
//! The operators are those of Budiu et al., DBSP (VLDB 2023), with weights of one and rows that know where they come from in
//! place of weights: so that what was there before need not be computed again, and lists keep the order of their sources.

mod aggregate;
mod before;
mod building;
mod dropped;
mod groups;
mod join;
mod kept;
mod rows;
mod show;
mod snapshot;
mod tend;

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_contract::manifest::Manifest;
use weir_contract::stream::Keep;
use weir_contract::value::Value;
use weir_contract::view::SourceOf;
use weir_contract::{CrashReason, keys::encode_key};

use before::Before;
pub use before::looks_the_same;
use dropped::Dropped;
pub use kept::Functions;
use kept::Kept;
use rows::Rank;
pub use tend::ROWS_AT_A_TIME;

use crate::steps::Crash;

/// All views of the program in force.
#[derive(Clone, Debug, Default)]
pub struct Views {
    views: Vec<Tended>,
    dropped: Dropped,
}

/// A view with what is still to be done for it.
#[derive(Clone, Debug)]
struct Tended {
    kept: Kept,
    /// By source.
    pending: Vec<Pending>,
    /// Its functions met a bug: it is not kept up to date any more until another program is in force.
    broken: Option<Crash>,
    /// How often its rows have changed.
    changes: u64,
    /// It is up to date, but for what its views may have to tell.
    is_current: bool,
    /// What it showed before it was begun again; until it is up to date for the first time.
    before: Option<Arc<Before>>,
}

/// What is to be fed to a view.
#[derive(Clone, Debug, Default)]
struct Pending {
    /// Instances that were written, rows of another view that have changed.
    ranks: BTreeSet<Rank>,
    /// Positions of a stream before this one are fed.
    next: u64,
    /// How many entries were too late.
    late: u64,
}

/// An entry of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub value: Value,
    /// When what it tells of happened, microseconds since 1970.
    pub time: i64,
    /// When it was emitted.
    pub at: i64,
    /// It was too far behind others then.
    pub is_late: bool,
}

/// What views are made of.
pub trait Sources: Functions {
    /// The keys of an instance, if there is one.
    fn instance(&self, entity: u32, key: &[u8]) -> Option<Vec<Value>>;
    /// The oldest position that a stream still has, and the one that its next entry will have.
    fn positions(&self, stream: u32) -> (u64, u64);
    /// Entries before this position are older than the stream says it keeps them: they are no part of a view any more, unless in
    /// windows, which are forgotten as a whole.
    fn oldest(&self, stream: u32) -> u64;
    /// What was emitted at a position.
    fn entry(&self, stream: u32, position: u64) -> Option<Entry>;
    /// Windows that ended by then are forgotten.
    fn forgotten(&self, stream: u32) -> Option<i64>;
}

impl Views {
    /// All of them empty, and everything still to be done.
    pub fn new(program: &Manifest, mut instances: impl FnMut(u32) -> Vec<Rank>) -> Views {
        let views = program.views.iter().map(|view| Tended {
            kept: Kept::new(view),
            pending: view
                .sources
                .iter()
                .map(|source| match source.of {
                    SourceOf::Entity(entity) => Pending {
                        ranks: instances(entity).into_iter().collect(),
                        ..Pending::default()
                    },
                    _ => Pending::default(),
                })
                .collect(),
            broken: None,
            changes: 0,
            is_current: false,
            before: None,
        });
        Views {
            views: views.collect(),
            dropped: Dropped::default(),
        }
    }

    /// An instance was written.
    pub fn touched(&mut self, program: &Manifest, entity: u32, key: &[u8]) {
        for (view, tended) in program.views.iter().zip(&mut self.views) {
            for (source, pending) in view.sources.iter().zip(&mut tended.pending) {
                if source.of == SourceOf::Entity(entity) && !pending.ranks.contains(key) {
                    pending.ranks.insert(key.into());
                    tended.is_current = false;
                }
            }
        }
    }

    /// Something was emitted to a stream.
    pub fn emitted(&mut self, program: &Manifest, stream: u32) {
        for (view, tended) in program.views.iter().zip(&mut self.views) {
            let of =
                |source: &weir_contract::view::ViewSource| source.of == SourceOf::Stream(stream);
            tended.is_current &= !view.sources.iter().any(of);
        }
    }

    /// Whether nothing has happened to what a view is made of since it caught up.
    pub fn is_current(&self, program: &Manifest, view: u32) -> bool {
        let of = program.views.get(view as usize);
        let tended = self.views.get(view as usize);
        let (Some(of), Some(tended)) = (of, tended) else {
            return true;
        };
        let mut sources = of.sources.iter();
        tended.is_current
            && sources.all(|source| match source.of {
                SourceOf::View(of) => self.is_current(program, of),
                _ => true,
            })
    }

    /// How often the rows of a view have changed.
    pub fn changes(&self, view: u32) -> u64 {
        self.views[view as usize].changes
    }

    /// How many rows of sources are still to be fed to a view.
    ///
    /// `positions` are the oldest of a stream that is kept, and that of its next entry.
    pub fn behind(
        &self,
        program: &Manifest,
        view: u32,
        positions: &dyn Fn(u32) -> (u64, u64),
    ) -> u64 {
        let of = &program.views[view as usize].sources;
        let pending = of.iter().zip(&self.views[view as usize].pending);
        let behind = pending.map(|(source, pending)| match source.of {
            SourceOf::Stream(stream) => {
                let (kept, end) = positions(stream);
                let oldest = match program.views[view as usize].forgets() {
                    true => self.dropped.oldest(stream, kept),
                    false => kept,
                };
                end - pending.next.max(oldest).min(end)
            }
            SourceOf::Entity(_) => pending.ranks.len() as u64,
            SourceOf::View(of) => pending.ranks.len() as u64 + self.behind(program, of, positions),
        });
        behind.sum()
    }

    /// Brings a view, and those it is made of, up to date. At most `budget` rows of sources are taken; whether that was enough.
    pub fn catch_up(
        &mut self,
        program: &Manifest,
        view: u32,
        sources: &mut dyn Sources,
        budget: &mut u64,
    ) -> bool {
        for source in &program.views[view as usize].sources {
            if let SourceOf::View(of) = source.of
                && !self.catch_up(program, of, sources, budget)
            {
                return false;
            }
        }
        if self.views[view as usize].broken.is_some() {
            self.views[view as usize].is_current = true;
            return true;
        }
        match self.feed(program, view, sources, budget) {
            Ok(done) => done,
            Err(crash) => {
                let tended = &mut self.views[view as usize];
                tended.broken = Some(crash);
                tended.before = None;
                tended.is_current = true;
                true
            }
        }
    }

    fn feed(
        &mut self,
        program: &Manifest,
        number: u32,
        sources: &mut dyn Sources,
        budget: &mut u64,
    ) -> Result<bool, Crash> {
        let defs = &program.defs;
        let view = &program.views[number as usize];
        let (before, rest) = self.views.split_at_mut(number as usize);
        let tended = &mut rest[0];
        let mut done = true;
        for (i, source) in view.sources.iter().enumerate() {
            let pending = &mut tended.pending[i];
            if let SourceOf::Stream(stream) = source.of {
                let (kept, end) = sources.positions(stream);
                let in_windows = view.forgets();
                let oldest = match in_windows {
                    true => self.dropped.oldest(stream, kept),
                    false => kept,
                };
                let old = sources.oldest(stream);
                for rank in tended.kept.sources_before(view, i, &old.to_be_bytes()) {
                    tended.kept.change(defs, view, i, rank, None, sources)?;
                }
                pending.next = pending.next.max(oldest);
                while pending.next < end && *budget > 0 {
                    *budget -= 1;
                    let position = pending.next;
                    pending.next += 1;
                    if position < old && !in_windows {
                        continue;
                    }
                    let dropped = || match in_windows {
                        true => self.dropped.entry(program, stream, position),
                        false => None,
                    };
                    let Some(entry) = sources.entry(stream, position).or_else(dropped) else {
                        continue;
                    };
                    let of = program.streams.get(stream as usize);
                    // What it would have been together with may be forgotten.
                    let is_over = match of.map(|of| &of.keep) {
                        Some(Keep::For(keep)) if in_windows => {
                            entry.time <= entry.at.saturating_sub(*keep)
                        }
                        _ => false,
                    };
                    if entry.is_late || is_over {
                        pending.late += 1;
                        continue;
                    }
                    let rank = position.to_be_bytes().into();
                    tended
                        .kept
                        .change(defs, view, i, rank, Some(&[entry.value]), sources)?;
                }
                done &= pending.next >= end;
                if let (Some(end), Some(group)) = (sources.forgotten(stream), &view.group)
                    && in_windows
                {
                    tended.kept.groups.forget(defs, group, end)?;
                }
                continue;
            }
            while *budget > 0
                && let Some(rank) = pending.ranks.pop_first()
            {
                *budget -= 1;
                let args = match source.of {
                    SourceOf::Entity(entity) => sources.instance(entity, &rank),
                    SourceOf::View(of) => {
                        let of = of as usize;
                        if let Some(crash) = &before[of].broken {
                            return Err(crash.clone());
                        }
                        let row = before[of].kept.row(defs, &program.views[of], &rank)?;
                        row.map(|row| vec![row])
                    }
                    SourceOf::Stream(_) => unreachable!("streams are fed above"),
                };
                tended
                    .kept
                    .change(defs, view, i, rank, args.as_deref(), sources)?;
            }
            done &= pending.ranks.is_empty();
        }
        tended.kept.settle(defs, view, sources)?;
        tended.is_current = done;
        if done {
            tended.before = None;
        }
        self.let_go(program);
        self.tell(program, number);
        Ok(done)
    }

    /// Tells the views that are made of this one which of its rows have changed.
    fn tell(&mut self, program: &Manifest, number: u32) {
        let tended = &mut self.views[number as usize];
        let changes = tended.kept.rows.take_changes();
        tended.changes += !changes.is_empty() as u64;
        for (view, tended) in program.views.iter().zip(&mut self.views) {
            for (source, pending) in view.sources.iter().zip(&mut tended.pending) {
                if source.of == SourceOf::View(number) && !changes.is_empty() {
                    pending.ranks.extend(changes.iter().cloned());
                    tended.is_current = false;
                }
            }
        }
    }

    /// The rows of a view in the value encoding of a list, all of them or those whose first key is this. To be asked when
    /// [`Views::catch_up`] was done.
    pub fn read(
        &self,
        program: &Manifest,
        view: u32,
        key: Option<&Value>,
    ) -> Result<Vec<u8>, Crash> {
        let (Some(of), Some(tended)) = (
            program.views.get(view as usize),
            self.views.get(view as usize),
        ) else {
            return Err(Crash::new(
                0,
                CrashReason::Unreachable,
                "a view that is not there",
            ));
        };
        if let Some(crash) = &tended.broken {
            return Err(crash.clone());
        }
        let kept = &tended.kept;
        let Some(key) = key else {
            let rows: Vec<&[u8]> = kept.rows.shown().map(|(_, row)| row).collect();
            return Ok(rows::list(rows.into_iter()));
        };
        let ty = of.group.as_ref().and_then(|group| group.keys.first());
        let ty = ty.ok_or_else(aggregate::not_a_value)?;
        let first = encode_key(&program.defs, ty, key);
        let ranks: BTreeSet<&Rank> = kept.groups.ranks_at(&first).collect();
        let rows: Vec<&[u8]> = ranks
            .iter()
            .filter_map(|rank| kept.rows.get(rank))
            .collect();
        Ok(rows::list(rows.into_iter()))
    }

    /// How many entries came too late for a view: behind the latest time by more than its stream allows.
    pub fn late(&self, view: u32) -> u64 {
        let pending = &self.views[view as usize].pending;
        pending.iter().map(|pending| pending.late).sum()
    }

    /// Why a view is not kept up to date any more.
    pub fn broken(&self, view: u32) -> Option<&Crash> {
        self.views[view as usize].broken.as_ref()
    }

    /// The rows that a view shows now, in the value encoding.
    pub fn rows(&self, view: u32) -> impl Iterator<Item = &[u8]> {
        let kept = self
            .views
            .get(view as usize)
            .map(|tended| tended.kept.rows.shown());
        kept.into_iter().flatten().map(|(_, row)| row)
    }

    /// How many rows a view has.
    pub fn len(&self, view: u32) -> usize {
        self.views[view as usize].kept.rows.len()
    }
}

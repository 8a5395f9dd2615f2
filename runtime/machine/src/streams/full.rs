//! Too much to consume: who is held up, so that nothing grows without end.
//!
//! A call from outside is told to come back later. A run that would emit into a full stream waits in its place until there is
//! room; it is out of the machine's tables meanwhile, but nothing of it changes, so records and snapshots know nothing of it.
//! What consumes must not wait for itself: a consumer whose entries lead to the full stream in a circle is never held up, nor is a
//! run that another run waits for.

use std::collections::BTreeSet;

use weir_contract::manifest::{Effect, Manifest};

use super::Streams;
use crate::effects::Place;
use crate::runs::Strand;
use crate::schedule::Runs;

/// For each stream, the streams that consuming its entries may lead to.
#[derive(Clone, Debug, Default)]
pub struct Circles(Vec<BTreeSet<u32>>);

impl Circles {
    pub fn of(program: &Manifest) -> Circles {
        let later: BTreeSet<u32> = program
            .frames
            .iter()
            .flat_map(|f| f.emits.clone())
            .collect();
        let direct = program.streams.iter().map(|stream| {
            let mut all = BTreeSet::new();
            for consumer in &stream.consumers {
                let function = &program.functions[*consumer as usize];
                all.extend(&function.emits);
                if function.effect == Effect::Wait {
                    // Which frames are its own nobody knows; too many do no harm.
                    all.extend(&later);
                }
            }
            all
        });
        let mut all: Vec<BTreeSet<u32>> = direct.collect();
        loop {
            let before: usize = all.iter().map(BTreeSet::len).sum();
            for at in 0..all.len() {
                let next: Vec<u32> = all[at].iter().copied().collect();
                for stream in next {
                    let further = all[stream as usize].clone();
                    all[at].extend(further);
                }
            }
            if all.iter().map(BTreeSet::len).sum::<usize>() == before {
                return Circles(all);
            }
        }
    }

    /// Whether entries of the one may lead to entries of the other.
    fn lead(&self, from: u32, to: u32) -> bool {
        from == to
            || self
                .0
                .get(from as usize)
                .is_some_and(|all| all.contains(&to))
    }
}

impl Streams {
    /// The full stream that holds up a strand, if one does.
    pub(crate) fn holds_up(
        &self,
        program: &Manifest,
        runs: &Runs,
        (run, strand): (u64, &Strand),
    ) -> Option<u32> {
        if self.all.is_empty() {
            return None;
        }
        let limit = program.limits.backlog();
        if self.all.iter().all(|stream| stream.backlog < limit) {
            return None;
        }
        let emits = |place: Place| match place {
            Place::Function(n) => program.functions[n as usize].emits.as_slice(),
            Place::Frame(n) => program.frames[n as usize].emits.as_slice(),
            Place::Test(_) => &[],
        };
        let mut emits = strand.frames.iter().flat_map(|frame| emits(frame.place));
        let full = *emits.find(|stream| self.all[**stream as usize].backlog >= limit)?;
        let is_in_circle = |consumed: super::Consumed| self.circles.lead(full, consumed.stream);
        let is_free = self.consumed(run).is_some_and(is_in_circle);
        let is_awaited = !runs.waiters(run).is_empty();
        (!is_free && !is_awaited).then_some(full)
    }

    /// The first of these streams that is full.
    pub(crate) fn first_full(&self, program: &Manifest, streams: &[u32]) -> Option<u32> {
        let mut full = streams.iter().filter(|s| self.is_full(program, **s));
        full.next().copied()
    }
}

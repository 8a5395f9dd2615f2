//! Putting another program in force: what happens to streams.
//!
//! Streams and consumers are matched by name. Entries stay as they are, so their type must; a stream with entries cannot go. A
//! consumer that is new begins with the oldest entry that is kept, one that is gone is forgotten with its entries.

use weir_contract::manifest::Manifest;
use weir_contract::stream::Stream as Declared;

use super::{Consumed, Consumer, Streams};
use crate::effects::Place;
use crate::machine::Machine;
use crate::program::same;
use crate::runs::Run;

impl Streams {
    /// Why entries cannot be taken over; one sentence each.
    pub(crate) fn check(&self, old: &Manifest, new: &Manifest) -> Vec<String> {
        let mut problems = Vec::new();
        for (stream, held) in old.streams.iter().zip(&self.all) {
            let (name, kept, open) = (&stream.name, held.kept(), held.backlog());
            if kept == 0 {
                continue;
            }
            let entries = match kept {
                1 => "1 entry".to_owned(),
                n => format!("{n} entries"),
            };
            let Some((_, now)) = new.stream(name) else {
                problems.push(format!(
                    "stream {name} is gone, but keeps {entries}: a stream that is called otherwise is another one"
                ));
                continue;
            };
            if !same(&old.defs, &stream.ty, &new.defs, &now.ty) {
                problems.push(format!(
                    "stream {name} is of another type, but keeps {entries}"
                ));
            }
            let same_key = match (&stream.key, &now.key) {
                (Some(a), Some(b)) => same(&old.defs, a, &new.defs, b),
                (None, None) => true,
                _ => false,
            };
            if !same_key && open > 0 {
                problems.push(format!(
                    "the key of stream {name} is of another type, but {open} of its entries wait to be consumed"
                ));
            }
        }
        problems
    }
}

/// The consumer of a stream that a program calls so.
fn consumer_named(program: &Manifest, stream: &Declared, name: &str) -> Option<usize> {
    let functions = stream.consumers.iter();
    functions
        .map(|n| &program.functions[*n as usize].name)
        .position(|n| n == name)
}

/// Whether a run is one of a consumer that the new program has not, and has done nothing yet or will not go on.
pub(crate) fn is_gone(run: &Run, old: &Manifest, new: &Manifest) -> bool {
    let Place::Function(function) = run.target else {
        return false;
    };
    let consumes = |s: &&Declared| s.consumers.contains(&function);
    let Some(stream) = old.streams.iter().find(consumes) else {
        return false;
    };
    let name = &old.functions[function as usize].name;
    let stays = new
        .stream(&stream.name)
        .is_some_and(|(_, now)| consumer_named(new, now, name).is_some());
    let is_idle = run.is_unbegun() || run.strands.iter().all(|s| s.is_parked());
    !stays && is_idle
}

impl Machine {
    /// Moves streams that [`Streams::check`] has accepted into the places of the new program, and starts what is new.
    pub(crate) fn carry_streams(&mut self, old: &Manifest, new: &Manifest) {
        self.runs.let_all_go();
        let mut before = std::mem::take(&mut self.streams);
        let mut now = Streams::of(new);
        let gone: Vec<u64> = self
            .runs
            .going()
            .filter(|(_, run)| is_gone(run, old, new))
            .map(|(number, _)| number)
            .collect();
        gone.into_iter().for_each(|run| self.runs.forget_going(run));
        for (number, stream) in new.streams.iter().enumerate() {
            let Some((at, of)) = old.stream(&stream.name) else {
                continue;
            };
            let held = &mut before.all[at as usize];
            now.heads[number] = before.heads[at as usize];
            let to = &mut now.all[number];
            to.entries = std::mem::take(&mut held.entries);
            (to.due, to.newest) = (held.due, held.newest);
            for entry in to.entries.values_mut() {
                (entry.open, entry.dead) = (0, 0);
            }
            for (place, function) in stream.consumers.iter().enumerate() {
                let name = &new.functions[*function as usize].name;
                let Some(earlier) = consumer_named(old, of, name) else {
                    continue;
                };
                let consumer: Consumer = std::mem::take(&mut held.consumers[earlier]);
                for lane in consumer.lanes.values() {
                    for (position, _) in lane.runs.iter().chain(&lane.queue) {
                        to.open(*position);
                    }
                    for (position, run) in &lane.runs {
                        let consumed = Consumed {
                            stream: number as u32,
                            consumer: place as u32,
                            position: *position,
                        };
                        now.by_run.insert(*run, consumed);
                    }
                }
                for position in consumer.dead.keys() {
                    if let Some(entry) = to.entries.get_mut(position) {
                        entry.dead += 1;
                    }
                }
                to.consumers[place] = consumer;
            }
        }
        self.streams = now;
    }

    /// Gives consumers that are new in the program in force every entry that is kept.
    pub(crate) fn begin_consumers(&mut self, old: &Manifest, new: &Manifest) {
        for (stream, number) in new.streams.iter().zip(0..) {
            let Some((_, of)) = old.stream(&stream.name) else {
                continue;
            };
            for (function, place) in stream.consumers.iter().zip(0..) {
                let name = &new.functions[*function as usize].name;
                if consumer_named(old, of, name).is_some() {
                    continue;
                }
                let held = &self.streams.all[number as usize];
                let positions: Vec<u64> = held.entries.keys().copied().collect();
                let first = self.next_run;
                self.next_run += positions.len() as u64;
                let began = self.change(self.time, |change| {
                    for (position, run) in positions.into_iter().zip(first..) {
                        let consumed = Consumed {
                            stream: number,
                            consumer: place,
                            position,
                        };
                        change.consume(consumed, run);
                    }
                    Ok(())
                });
                began.expect("a program is in force");
            }
        }
    }
}

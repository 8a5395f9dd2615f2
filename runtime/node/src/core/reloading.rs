//! Another program comes into force while the node runs: the state stays, or the program is refused and nothing happens.

use std::sync::Arc;

use weir_contract::host_call::Given;
use weir_contract::scratch::Scratches;
use weir_log::Record;
use weir_machine::Incompatible;
use weir_machine::pieces::cut;

use super::frames::Waiter;
use super::{Reloaded, Worker};
use crate::program::Program;
use crate::scratch::Workshop;

/// What a program is given, with the place of temporary data.
pub(super) fn lend(workshop: &Arc<Workshop>, settings: &Given) -> Arc<Given> {
    let scratches = Scratches(workshop.clone());
    Arc::new(settings.clone().with_scratches(scratches))
}

/// The record of a large program is cut into pieces of so many bytes, so that one sync stays short.
const PIECE_BYTES: usize = 256 << 10;

impl Worker {
    /// The record that puts a program in force, as it is appended.
    pub(super) fn pieces(&self, program: Record) -> Vec<Record> {
        cut(program, PIECE_BYTES.min(self.machine.record_bytes_max))
    }

    pub(super) fn reload(&mut self, program: Program, done: Reloaded) {
        if self.failed.is_some() || self.stopping {
            // Nothing is appended any more, and the last snapshot must not have what the log has not.
            return done(Err(Incompatible(vec!["the node is stopping".to_owned()])));
        }
        let now = self.tick();
        self.machine
            .settle_views(&mut *self.steps, &self.program, now);
        match self.machine.deploy(&program.manifest, now) {
            Err(error) => done(Err(error)),
            Ok(record) => {
                let settings = program.settings;
                self.program = program.manifest;
                *self
                    .current
                    .write()
                    .unwrap_or_else(|poisoned| poisoned.into_inner()) = self.program.clone();
                self.machine.settings = lend(&self.workshop, &settings);
                let (manifest, settings) = (&self.program, &self.machine.settings);
                self.workshop.start(manifest, settings, &*program.steps);
                self.steps = program.steps;
                self.beside.start_anew(&self.program);
                self.outside = program.outside;
                // Each finds out again what it needs, of the program that is now in force.
                self.machine.scratch_came();
                self.own_all_scratch();
                match record {
                    Some(record) => {
                        let mut pieces = self.pieces(record);
                        let last = pieces.pop().expect("there is a piece");
                        for piece in pieces {
                            self.push(piece, Waiter::Actions(Vec::new()));
                        }
                        self.push(last, Waiter::Reload(done));
                    }
                    None => done(Ok(())),
                }
            }
        }
    }

    /// After each record of a run: what it may read no more goes.
    pub(super) fn own_scratch(&self, run: u64) {
        if !self.program.scratches.is_empty() {
            self.workshop.owned(run, self.machine.scratches_of(run));
        }
    }

    /// After a start, and when another program is in force.
    pub(super) fn own_all_scratch(&self) {
        for (run, _) in self.machine.runs().going() {
            self.own_scratch(run);
        }
    }
}

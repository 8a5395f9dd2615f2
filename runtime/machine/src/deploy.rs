//! A program comes into force: it is held against the state and the runs that are there, and these are carried over.

use std::sync::Arc;

use weir_contract::manifest::Manifest;
use weir_log::Record;

use crate::begins;
use crate::machine::Machine;
use crate::program::{self, Incompatible};
use crate::record::ProgramRecord;
use crate::relabel;
use crate::streams::Streams;

impl Machine {
    /// Puts a program in force. `None` when it is already; else the record to be appended, [`cut`](crate::pieces::cut) where it is too
    /// long to be written at once.
    pub fn deploy(
        &mut self,
        manifest: &Manifest,
        now: i64,
    ) -> Result<Option<Record>, Incompatible> {
        let manifest = without_sources(manifest);
        if let Some(program) = &self.program {
            if **program == manifest {
                return Ok(None);
            }
            program::check(self, program, &manifest)?;
        }
        let record = ProgramRecord {
            time: now.max(self.time),
            manifest: manifest.to_json(),
            next_run: self.next_run,
        };
        self.enforce(manifest, record.time);
        Ok(Some(record.to_record()))
    }

    /// What the record of a program does, live and replayed.
    pub(crate) fn enforce(&mut self, manifest: Manifest, time: i64) {
        self.time = time;
        self.state = match &self.program {
            Some(old) => {
                // Answers speak of the types of their program; written out they need it no longer.
                self.answers
                    .rewrite(|kept| crate::show::render_kept(old, &kept.answer));
                begins::end_schedules(&mut self.runs, old, &manifest);
                let old = old.clone();
                self.carry_streams(&old, &manifest);
                relabel::migrate(&mut self.runs, &old, &manifest);
                program::migrate(&self.state, &old, &manifest)
            }
            None => {
                self.streams = Streams::of(&manifest);
                program::empty_state(&manifest)
            }
        };
        self.answers.keep_us = manifest.retention.answers_us();
        let manifest = Arc::new(manifest);
        let old = self.program.replace(manifest.clone());
        match &old {
            Some(old) => self.change_views(old),
            None => self.begin_views(),
        }
        self.begin_schedules();
        if let Some(old) = old {
            self.begin_consumers(&old, &manifest);
        }
    }
}

/// What the log keeps of a manifest: all but what only the newest program is asked for.
fn without_sources(manifest: &Manifest) -> Manifest {
    Manifest {
        sites: Vec::new(),
        tests: Vec::new(),
        ..manifest.clone()
    }
}

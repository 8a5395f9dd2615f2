//! The replay checker: a second machine that only ever sees records, held against the one that runs steps.
//!
//! For tests and for `weir test`: costs a second copy of the state and a snapshot of both at each comparison.

use weir_log::Record;

use crate::machine::{BadRecord, Machine};
use crate::views::Views;

#[derive(Default)]
pub struct ReplayChecker {
    shadow: Machine,
}

impl ReplayChecker {
    /// Starts from a machine's snapshot, so that reading snapshots is checked too.
    pub fn new(machine: &Machine) -> Result<ReplayChecker, BadRecord> {
        let shadow = Machine::restore(&machine.snapshot())?;
        Ok(ReplayChecker { shadow })
    }

    /// The live machine wrote this record.
    pub fn follow(&mut self, record: &Record) -> Result<(), BadRecord> {
        self.shadow.apply(record.kind, &record.body).map(|_| ())
    }

    /// Fails when replay came to another machine.
    pub fn compare(&self, machine: &Machine) -> Result<(), BadRecord> {
        // Runs without a record take numbers that replay does not see.
        // How far views have caught up is the affair of each.
        let live = Machine {
            next_run: self.shadow.next_run,
            views: Views::default(),
            ..machine.clone()
        };
        let shadow = Machine {
            views: Views::default(),
            ..self.shadow.clone()
        };
        if live.of_records() == shadow.of_records() {
            Ok(())
        } else {
            Err(BadRecord(
                "replaying the records gives another state".to_owned(),
            ))
        }
    }
}

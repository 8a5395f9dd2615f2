//! How the machine has a step run: it hands the state to whoever runs steps and gets it back.
//!
//! The engine implements [`Steps`] with Wasm, tests with plain functions; the machine knows neither.

use weir_contract::CrashReason;
use weir_contract::border::StepInput;

use crate::transaction::Transaction;

/// Why a step stopped as a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Position in the manifest's sites.
    pub site: u32,
    pub reason: CrashReason,
    /// Shown to people after the reason; often empty.
    pub detail: String,
    /// From where the crashing function was called, innermost first, as positions in the manifest's sites. As far as that is
    /// known.
    pub callers: Vec<u32>,
}

impl Crash {
    /// Where nothing is known of the calls that led there.
    pub fn new(site: u32, reason: CrashReason, detail: impl Into<String>) -> Crash {
        Crash {
            site,
            reason,
            detail: detail.into(),
            callers: Vec::new(),
        }
    }
}

pub trait Steps {
    /// Runs one step to its end and gives the transaction back, with the output (`border::OUTPUT_OK`, ... and what
    /// follows) or the crash. Commits and aborts nothing.
    fn run(
        &mut self,
        entry: u32,
        input: StepInput<'_>,
        on: Transaction,
    ) -> (Transaction, Result<Vec<u8>, Crash>);

    /// The same once more, for another thread: for steps that run beside the machine, with the limits of a step. None where there is
    /// none.
    fn twin(&self) -> Option<Box<dyn Steps + Send>> {
        None
    }

    /// Another place to run steps of the same program, on another thread: for tasks, which have more time and memory than a step.
    /// None where there is none.
    fn beside(&self) -> Option<Box<dyn Steps + Send>> {
        None
    }
}

//! What a checked program means.
//!
//! An interpreter of [`weir_check::Checked`], written to be read: it is the definition that compiled code
//! and the runtime are held to, by running generated programs on both. So it takes no short cuts: no IR,
//! no splitting, nothing shared with lowering, and state is kept as plain values. There are no faults
//! here: nothing crashes but the program itself, and one thing happens after the other.
//!
//! The rules, in the words of the language reference ("Dynamic semantics"):
//!
//! - *Step.* What happens between two waits. It is kept as a whole, with what it wrote, sent and promised to undo;
//!   a bug drops it as a whole and parks its run. A call that does not wait is one step: it ends in a reply, a failure, a
//!   refusal or a bug.
//! - *Transaction.* A handler, with every handler it calls, is one transaction; so is an `atomic` block, and so is a
//!   change of own state in waiting code. Inside another one it is only a savepoint. Invariants of the instances written are
//!   looked at when the outermost ends. No transaction waits.
//! - *Failing undoes.* A handler, a function or an `atomic` block that fails inside a transaction has changed
//!   and sent nothing. A transaction that has ended stays, also when the function that called it fails later.
//! - *Run.* The run of a workflow (one for each key), a call from outside, a test, and each message. When
//!   it fails or is cancelled, its `undo`s run, last first, and then the error is its result.
//! - *Strand.* A run has one, and one more for each branch of `parallel`. They take turns in the order in which they can go
//!   on, each until it waits. Of branches the first failure counts: those in flight end, others never begin.
//! - *Messages.* They begin when the step that sent them is kept. Events are kept until their workflow waits for them.
//! - *Streams.* An entry is there when the step that emitted it is kept. Each consumer has a run for it; of one key the next
//!   begins when the one before has ended, without keys they go on side by side.
//! - *Time.* Only passes when nothing can go on. What is due happens in order of its time, then of its run.
//! - *Values.* Nothing has an identity. Assigning copies; a place is changed by putting a changed value there.
//!
//! Where to look: `eval` has expressions, `control` those that decide what runs, `waiting` those that wait, `asking` those
//! that ask for something later; `call` functions and handlers, `transaction` what a failure undoes; `place` assignment,
//! `pattern` matching, `operator` arithmetic, `intrinsic` the functions that are built in. `strand` is how code stops in the
//! middle; `schedule` who goes on next, `ending` what follows from an end; `streams` entries and who consumes them; `run` and `state` what is
//! remembered; `world` the way in.

mod asking;
mod call;
mod control;
mod ending;
mod eval;
mod intrinsic;
mod merge;
mod operator;
mod pattern;
mod place;
mod run;
mod schedule;
mod state;
mod stop;
mod strand;
mod streams;
mod transaction;
mod types;
mod view;
mod waiting;
mod world;

pub use run::Wait;
pub use stop::{Bug, Ending};
pub use types::{Types, error_at, error_def};
pub use world::{Caller, Limits, Outcome, Outside, Pure, Target, World};

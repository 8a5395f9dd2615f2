//! Runs one step of a compiled program in Wasm.
//!
//! [`Program::load`] checks a module against all that a Weir compiler can emit (`gate`) and compiles it;
//! [`Runner`] keeps an instance and runs steps in it, one after the other, each against the
//! [`weir_machine::Transaction`] it is lent. The memory of a step is thrown away by the next: nothing but the
//! transaction and the output outlives it. An instance that trapped is never used again.

mod calls;
mod code;
mod gate;
mod host;
mod merge_calls;
mod places;
mod program;
mod run_calls;
mod runner;
mod samples;
mod scratch;

pub use code::{Code, precompile};
pub use gate::Refused;
pub use program::{Limits, LoadError, Loading, Program};
pub use runner::{Runner, StepOutcome};
pub use samples::Samples;

//! What a checked program means.
//!
//! An interpreter of [`weir_check::Checked`], written to be read: it is the definition that compiled code
//! and the runtime are held to, by running generated programs on both. So it takes no short cuts: no IR,
//! no splitting, nothing shared with lowering, and state is kept as plain values. There are no faults
//! here: nothing crashes but the program itself, and each call finishes before the next begins.
//!
//! The rules, in the words of the language reference ("Dynamic semantics"):
//!
//! - *Step.* Each [`World::call`] is one step. It ends in a reply, a failure, a refusal or a bug. A bug drops the
//!   whole step: the state is as before.
//! - *Transaction.* A handler, with every handler it calls, is one transaction; so is an `atomic` block. Inside another
//!   one it is only a savepoint. Invariants of the instances written are looked at when the outermost ends.
//! - *Failing undoes.* A handler, a function or an `atomic` block that fails inside a transaction has changed
//!   nothing. A transaction that has ended stays, also when the function that called it fails later.
//! - *Values.* Nothing has an identity. Assigning copies; a place is changed by putting a changed value there.
//!
//! Where to look: `call` has functions, handlers and transactions; `eval` expressions; `place` assignment; `pattern`
//! matching; `operator` arithmetic; `intrinsic` the functions that are built in; `world` the state.

mod call;
mod eval;
mod intrinsic;
mod operator;
mod pattern;
mod place;
mod stop;
mod types;
mod world;

pub use stop::Bug;
pub use types::{closed_type, defs_of, error_def};
pub use world::{Caller, Limits, Outcome, Target, World};

//! The IR as text, for people and tests. `print` and `parse` are inverse: what one writes the other reads
//! back to an equal module.
//!
//! ```text
//! entity Account {
//!   slot .balance: scalar Int = 0
//! }
//! fn @deposit(r0 "self": instance Account, r1 "amount": Int) -> Unit {
//!   r2: Int
//!   r3: Unit
//! b0:
//!   r2 = load r0, .balance
//!   r2 = add r2, r1 !4
//!   store r0, .balance, r2
//!   r3 = const unit
//!   return r3
//! }
//! ```
//! `!4` is the site; `//` starts a comment.

mod lex;
mod operands;
mod parse;
mod print;
mod wait;

pub use operands::of_op as operands_of;
pub use parse::parse;
pub use print::{print, print_func, print_type};

#[cfg(test)]
mod tests;

//! Whether a program needs finitely many copies of its functions, and not too many; which types it needs of declarations
//! with type parameters.
//!
//! ```text
//! fn nest<T>(x: T, depth: Int) -> Int = if depth == 0 { 0 } else { nest([x], depth - 1) }
//! ```
//!
//! Lowering copies a function for each choice of types and of functions that are passed, whatever is decided while
//! running; `nest` would need a copy for `Int`, one for `List<Int>`, and so on for ever. Every such endless row goes
//! through a circle of parameters on which something grows, and each such circle is one:
//!
//! - a call hands the type parameter `T` on as `T` itself, or puts it into a larger type, which grows;
//! - it hands a parameter of function type on as it is, or makes a lambda that uses it, which grows.
//!
//! Without such a circle the copies come to an end, but that may be far: each function of a chain can call the next with
//! two types. So the copies are counted as well. Only the program's own functions are looked at: the library has no
//! such circle, calls back only what it is passed, and declares no types with parameters. Runs on checked bodies.
//!
//! The types are those in all the copies (`instances`), and lowering and interpreter give each a place in the table of types.

pub mod circles;
mod count;
mod instances;

use weir_diagnostics::Diagnostic;

use crate::hir::{Body, Function, Implementation};
use crate::scope::Cx;

pub use count::{COPIES_MAX, TYPE_PARTS_MAX};

pub fn check(cx: &mut Cx) {
    let mut found = circles::circles(&cx.program);
    if found.is_empty() && !cx.diagnostics.iter().any(Diagnostic::is_error) {
        match count::count(&cx.program) {
            Ok(instances) => cx.program.instances = instances,
            Err(too_many) => found.push(*too_many),
        }
    }
    found
        .into_iter()
        .for_each(|diagnostic| cx.report(diagnostic));
}

/// The body and the defaults: all that is copied.
fn bodies(function: &Function) -> impl Iterator<Item = &Body> {
    let body = match &function.implementation {
        Implementation::Body(body) if !function.is_prelude => Some(&**body),
        _ => None,
    };
    let defaults = function
        .params
        .iter()
        .filter_map(|param| param.default.as_ref());
    body.into_iter().chain(defaults)
}

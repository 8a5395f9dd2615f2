//! Checks.
use crate::ast::Module;
use weir_diagnostics::Diagnostic;
pub fn check(_: &Module, _: &mut Vec<Diagnostic>) {}

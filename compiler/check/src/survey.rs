//! Checking for editors: the same passes, and what they know is kept, of broken programs too.

use weir_diagnostics::Diagnostic;
use weir_syntax::ast;

use crate::hir::Checked;
use crate::meanings::{self, Meanings, NamesOf};
use crate::modules::Source;
use crate::scope::Cx;

/// What is known of a program, right or wrong.
#[derive(Debug)]
pub struct Survey {
    /// As far as it is known: nothing behind the gate may see it unless `is_right`.
    pub program: Checked,
    /// Whether checking found no error and no hole.
    pub is_right: bool,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    pub meanings: Meanings,
    /// Of each file of the program, in their order.
    pub names: Vec<NamesOf>,
}

/// Checks a program together with the parsed prelude, and tells what each place means.
pub fn survey(prelude: &[ast::Module], sources: &[Source<'_>]) -> Survey {
    let mut cx = Cx {
        meanings: Some(Meanings::default()),
        ..Cx::default()
    };
    crate::run(&mut cx, prelude, sources);
    let names = meanings::names(&mut cx);
    let meanings = meanings::finish(&mut cx);
    let failed = cx.diagnostics.iter().any(Diagnostic::is_error);
    Survey {
        is_right: !failed && crate::is_closed(&cx.program),
        program: cx.program,
        diagnostics: cx.diagnostics,
        meanings,
        names,
    }
}

//! Checking for editors: the same passes, and what they know is kept, of broken programs too.

use std::sync::Arc;

use weir_diagnostics::Diagnostic;
use weir_syntax::ast;

use crate::again::{Earlier, Print};
use crate::hir::Checked;
use crate::meanings::{self, Meanings, NamesOf};
use crate::modules::Source;
use crate::scope::Cx;

/// What is known of a program, right or wrong.
#[derive(Debug)]
pub struct Survey {
    /// As far as it is known: nothing behind the gate may see it unless `is_right`.
    pub program: Arc<Checked>,
    /// Whether checking found no error and no hole.
    pub is_right: bool,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    pub meanings: Meanings,
    /// Of each file of the program, in their order.
    pub names: Vec<Arc<NamesOf>>,
    /// Of each file, whether its bodies were taken over from the check before.
    pub is_as_before: Vec<bool>,
}

/// Checks a program together with the parsed prelude, and tells what each place means. `prints` are those of the sources,
/// `earlier` what the last check of the program has left; the second of what is given is for the next one.
pub fn survey(
    prelude: &[ast::Module],
    sources: &[Source<'_>],
    prints: &[Print],
    earlier: Option<&mut Earlier>,
) -> (Survey, Earlier) {
    let mut cx = Cx {
        meanings: Some(Meanings::default()),
        ..Cx::default()
    };
    let mut again = crate::begin(&mut cx, prelude, sources, prints, earlier);
    crate::body::check_all(&mut cx, &mut again);
    let mut notes = again.keep(&mut cx);
    crate::patterns::check(&mut cx, &again);
    again.patterns_done(&mut cx, &mut notes);
    notes.effects = crate::finish(&mut cx, &again);
    let names = again.names(&mut cx, &mut notes);
    let meanings = meanings::finish(&mut cx, again.names_of_files());
    notes.keep_names(&meanings.names_of_files);
    let failed = cx.diagnostics.iter().any(Diagnostic::is_error);
    let program = Arc::new(cx.program);
    let survey = Survey {
        is_right: !failed && again.is_closed(),
        program: program.clone(),
        diagnostics: cx.diagnostics,
        meanings,
        names,
        is_as_before: again.are_taken(),
    };
    (survey, notes.with(program))
}

//! Programs in the one style.

use weir_diagnostics::{Diagnostic, SourceMap};

/// Why a text has no style: it does not parse.
#[derive(Debug)]
pub struct Unparsed {
    pub sources: SourceMap,
    /// Errors only, sorted by place.
    pub errors: Vec<Diagnostic>,
}

/// The text in the one style. `name` is for messages.
pub fn format(name: &str, text: &str) -> Result<String, Unparsed> {
    weir_syntax::format(text).map_err(|_| {
        // Once more, with a name for the messages.
        let mut sources = SourceMap::new();
        let file = sources.add(name, text);
        let mut errors = weir_syntax::parse(file, text).diagnostics;
        errors.retain(Diagnostic::is_error);
        Unparsed { sources, errors }
    })
}

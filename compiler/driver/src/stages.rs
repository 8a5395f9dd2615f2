//! The stages in their order, as plain functions of plain data.

use crate::{NotFound, Program, World};
use weir_diagnostics::{Diagnostic, SourceMap};

/// What is known of a program in front of the gate.
pub struct Analysis {
    pub sources: SourceMap,
    /// Of all stages, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// How many of the diagnostics are errors.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.is_error()).count()
    }
}

/// Reads, parses and checks a program. Fails only when its source cannot be read.
pub fn check(world: &dyn World, program: &Program) -> Result<Analysis, NotFound> {
    let text = world
        .read(&program.source)
        .map_err(|error| NotFound::Unreadable {
            path: program.source.clone(),
            why: error.to_string(),
        })?;
    let mut sources = SourceMap::new();
    let file = sources.add(program.source.display().to_string(), text);
    let parsed = weir_syntax::parse(file, &sources.file(file).text);
    let mut diagnostics = parsed.diagnostics;
    weir_diagnostics::sort(&mut diagnostics);
    Ok(Analysis {
        sources,
        diagnostics,
    })
}

//! The stages in their order, as plain functions of plain data.

use weir_check::Checked;
use weir_diagnostics::{Diagnostic, SourceMap};

use crate::manifest::{manifest, path_inside};
use crate::{Bundle, NotFound, Program, World};

/// What is known of a program in front of the gate.
pub struct Analysis {
    /// The library's files, then the program's.
    pub sources: SourceMap,
    /// Of all stages, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// There when no diagnostic is an error.
    pub checked: Option<Checked>,
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
    let prelude = weir_check::prelude::load(&mut sources);
    let file = sources.add(program.source.display().to_string(), text);
    let parsed = weir_syntax::parse(file, &sources.file(file).text);
    let result = weir_check::check(&prelude, &parsed.module);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(result.diagnostics);
    weir_diagnostics::sort(&mut diagnostics);
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    Ok(Analysis {
        sources,
        diagnostics,
        checked: result.checked.filter(|_| !broken),
    })
}

/// Compiles a program that has come through the gate; `None` for one with errors.
pub fn build(program: &Program, analysis: &Analysis) -> Option<Bundle> {
    let checked = analysis.checked.as_ref()?;
    let files = analysis
        .sources
        .files()
        .map(|(_, file)| path_inside(program, &file.name))
        .collect();
    let module = weir_flow::lower::lower(checked, files);
    let wasm = weir_wasm::compile(&module);
    Some(Bundle::new(
        wasm,
        manifest(program, checked, &module, &analysis.sources),
    ))
}

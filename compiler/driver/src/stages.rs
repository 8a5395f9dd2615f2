//! The stages in their order, as plain functions of plain data.

use weir_check::{CheckResult, Checked, Earlier, Source};
use weir_diagnostics::{Diagnostic, FileId, SourceMap};

use crate::manifest::{manifest, path_inside};
use crate::modules::{self, Module};
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

    /// Whether a file is the library's, which nobody changes.
    pub fn is_of_library(&self, file: FileId) -> bool {
        (file.0 as usize) < weir_check::prelude::FILES.len()
    }
}

/// Reads, parses and checks a program. Fails only when its source cannot be read.
pub fn check(world: &dyn World, program: &Program) -> Result<Analysis, NotFound> {
    let mut sources = SourceMap::new();
    let prelude = weir_check::prelude::load(&mut sources);
    let modules = modules::read(world, program, &mut sources)?;
    let checked: Vec<Source<'_>> = modules.iter().map(Module::source).collect();
    let result = weir_check::check_modules(&prelude, &checked);
    Ok(analysis(sources, modules, result))
}

fn analysis(sources: SourceMap, modules: Vec<Module>, result: CheckResult) -> Analysis {
    let parsed = modules.into_iter().flat_map(|m| m.parsed.diagnostics);
    let mut diagnostics: Vec<Diagnostic> = parsed.collect();
    diagnostics.extend(result.diagnostics);
    weir_check::drop_of_broken_text(&sources, &mut diagnostics);
    weir_diagnostics::sort(&mut diagnostics);
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    Analysis {
        sources,
        diagnostics,
        checked: result.checked.filter(|_| !broken),
    }
}

/// What checks of one program leave for the next: an edit of a body checks the bodies of one module.
#[derive(Default)]
pub struct Session {
    earlier: Option<Earlier>,
    /// The modules whose bodies the last check has looked at; empty for the library.
    pub checked: Vec<String>,
}

/// The same as [`check`], with what the session knows from before.
pub fn check_again(
    world: &dyn World,
    program: &Program,
    session: &mut Session,
) -> Result<Analysis, NotFound> {
    let mut sources = SourceMap::new();
    let prelude = weir_check::prelude::load(&mut sources);
    let modules = modules::read(world, program, &mut sources)?;
    let files: Vec<Source<'_>> = modules.iter().map(Module::source).collect();
    let texts: Vec<&str> = files
        .iter()
        .map(|s| &*sources.file(s.module.file).text)
        .collect();
    let again = weir_check::check_again(&prelude, &files, &texts, session.earlier.as_ref());
    session.earlier = Some(again.earlier);
    session.checked = again.checked;
    Ok(analysis(sources, modules, again.result))
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

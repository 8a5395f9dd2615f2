//! The stages in their order, as plain functions of plain data.

use weir_check::{CheckResult, Checked, Earlier, Print, Source};
use weir_contract::manifest::Manifest;
use weir_diagnostics::{Diagnostic, FileId, SourceMap};
use weir_flow::ir;

use crate::manifest::{manifest, path_inside};
use crate::modules::{self, Module};
use crate::receipts::budget;
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
    let modules = modules::read(world, program, &mut sources, &mut modules::parse)?;
    let checked: Vec<Source<'_>> = modules.iter().map(Module::source).collect();
    let result = weir_check::check_modules(&prelude, &checked);
    Ok(analysis(sources, &modules, result))
}

fn analysis(sources: SourceMap, modules: &[Module], result: CheckResult) -> Analysis {
    let mut diagnostics = modules::all_diagnostics(&sources, modules, result.diagnostics);
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    let mut checked = result.checked.filter(|_| !broken);
    if let Some(program) = &checked {
        let over = budget::check(program, &sources);
        if !over.is_empty() {
            diagnostics.extend(over);
            weir_diagnostics::sort(&mut diagnostics);
            checked = None;
        }
    }
    Analysis {
        sources,
        diagnostics,
        checked,
    }
}

/// What `weir check` has to say besides, of a program without errors: state that is of no use, or only grows.
pub fn remarks(analysis: &Analysis) -> Vec<Diagnostic> {
    let found = analysis.checked.iter().flat_map(weir_check::remarks);
    found
        .filter(|remark| !analysis.is_of_library(remark.primary.span.file))
        .collect()
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
    let modules = modules::read(world, program, &mut sources, &mut modules::parse)?;
    let files: Vec<Source<'_>> = modules.iter().map(Module::source).collect();
    let prints: Vec<Print> = modules.iter().map(|module| module.print).collect();
    let again = weir_check::check_again(&prelude, &files, &prints, session.earlier.as_mut());
    session.earlier = Some(again.earlier);
    session.checked = again.checked;
    Ok(analysis(sources, &modules, again.result))
}

/// Compiles a program that has come through the gate; `None` for one with errors.
pub fn build(program: &Program, analysis: &Analysis) -> Option<Bundle> {
    let checked = analysis.checked.as_ref()?;
    let (module, manifest) = lowered(program, checked, &analysis.sources);
    let wasm = weir_wasm::compile(&module);
    Some(Bundle::new(wasm, manifest))
}

/// The flow IR of a program that has come through the gate, cut at its waits, and its manifest.
pub(crate) fn lowered(
    program: &Program,
    checked: &Checked,
    sources: &SourceMap,
) -> (ir::Module, Manifest) {
    let files = sources.files();
    let files = files.map(|(_, file)| path_inside(program, &file.name));
    let module = weir_flow::lower::lower(checked, files.collect());
    let manifest = manifest(program, checked, &module, sources);
    (module, manifest)
}

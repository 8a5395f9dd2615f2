//! What every verb that takes a program does first: find it, check it, say what is wrong with it.

use crate::components;
use crate::output::{Failure, Outcome, Style};
use crate::profile::{self, Profile};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_component::Components;
use weir_contract::host_call::Given;
use weir_diagnostics::{Diagnostic, Severity};
use weir_driver::{Analysis, Bundle, Disk, NotFound, Program, Session};
use weir_engine::{Code, Loading, Runner};

/// The program a person means: a file, a folder, or nothing for the folder they are in.
#[derive(clap::Args)]
pub struct Which {
    /// A .weir file, or the folder of a project [default: this folder]
    #[arg(value_name = "FILE")]
    path: Option<PathBuf>,
}

impl Which {
    pub fn find(&self) -> Outcome<Program> {
        find(self.path.as_deref().unwrap_or(Path::new(".")))
    }
}

pub fn find(path: &Path) -> Outcome<Program> {
    weir_driver::find(&Disk, path).map_err(refuse)
}

/// Checks a program, whatever is wrong with it.
pub fn analyse(program: &Program) -> Outcome<Analysis> {
    weir_driver::check(&Disk, program).map_err(refuse)
}

/// Compiles a program and puts its components to it, as far as they are known.
pub fn compile_whole(program: &Program) -> Outcome<Bundle> {
    components::attach(program, compile(program)?)
}

/// The same with what the session knows of the program from before.
pub fn compile_again(program: &Program, session: &mut Session) -> Outcome<Bundle> {
    let analysis = weir_driver::check_again(&Disk, program, session).map_err(refuse)?;
    components::attach(program, built(program, &analysis)?)
}

/// All that a program is run with.
pub struct ToRun<'a> {
    pub bundle: &'a Bundle,
    pub components: &'a Arc<Components>,
    pub code: Code<'a>,
    pub settings: &'a Given,
}

impl ToRun<'_> {
    /// The program as a node runs it.
    pub fn load(&self) -> Outcome<weir_node::Program> {
        let runner = Box::new(runner(self.bundle, self.components, self.code, 1)?);
        let program = weir_node::Program::new(self.bundle.manifest.clone(), runner);
        let program = program.with_settings(self.settings.clone());
        Ok(program.with_components(self.components.clone()))
    }
}

/// Compiles a program. One with errors is reported and refused; warnings are shown.
pub fn compile(program: &Program) -> Outcome<Bundle> {
    built(program, &analyse(program)?)
}

fn built(program: &Program, analysis: &Analysis) -> Outcome<Bundle> {
    report(program, analysis, Severity::Warning);
    weir_driver::build(program, analysis).ok_or_else(Failure::said)
}

/// A place to run the steps of a program.
///
/// `patience` is how many times longer than its limit a step may take: more than once where others may keep the machine busy.
pub fn runner(
    bundle: &Bundle,
    components: &Arc<Components>,
    code: Code<'_>,
    patience: u32,
) -> Outcome<Runner> {
    let mut limits = weir_engine::Limits::of(&bundle.manifest);
    limits.step *= patience;
    let profile = Profile::asked_for()?;
    let samples = match &profile {
        Profile::Stacks(file) => Some(profile::follow(&bundle.manifest, file)),
        Profile::None | Profile::Perf => None,
    };
    let loading = Loading {
        limits,
        code,
        perf_map: matches!(profile, Profile::Perf),
        samples: samples.as_ref(),
    };
    let refused = |error| Failure::new(format_args!("this module cannot be run: {error}"));
    let program = weir_engine::Program::load_as(&bundle.wasm, &loading).map_err(refused)?;
    if let Some(why) = program.unused_code() {
        let note = Style::stderr().bold("note");
        eprintln!("{note}: the module is compiled anew, its machine code is not used: {why}");
    }
    Runner::new(&program.with_pure(components.clone())).map_err(refused)
}

/// Writes the diagnostics to standard error as people read them, and a last line that counts; nothing less grave than `least`.
pub fn report(program: &Program, analysis: &Analysis, least: Severity) {
    let style = Style::stderr();
    let grave = |d: &&Diagnostic| d.severity <= least;
    for diagnostic in analysis.diagnostics.iter().filter(grave) {
        eprint!(
            "{}",
            weir_diagnostics::render(&analysis.sources, diagnostic, style.colour)
        );
    }
    let counts = [Severity::Error, Severity::Warning, Severity::Hint].map(|severity| {
        let all = analysis.diagnostics.iter().filter(grave);
        count(
            all.filter(|d| d.severity == severity).count(),
            severity.word(),
        )
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if !counts.is_empty() {
        eprintln!("{}: {}", program.source.display(), counts.join(", "));
    }
    if let Some(first) = analysis.diagnostics.iter().find(|d| d.is_error()) {
        eprintln!("{}: weir explain {}", style.bold("next"), first.code);
    }
}

fn count(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    }
}

/// Why there is no program, and what to do.
pub fn refuse(why: NotFound) -> Failure {
    let next = why.next().to_owned();
    Failure::new(why).next(next)
}

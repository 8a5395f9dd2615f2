//! The stages as editors want them: of a program right or wrong, with what each place means, and again after each change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use weir_check::hir::Checked;
use weir_check::meanings::{Meanings, NamesOf};
use weir_check::prelude::Mentions;
use weir_check::{Around, Earlier, Print, Source};
use weir_contract::manifest::Manifest;
use weir_diagnostics::{Diagnostic, FileId, SourceMap, Span};
use weir_syntax::{Parsed, ast};

use crate::modules::{self, Module, Tree};
use crate::receipts::budget;
use crate::stages::lowered;
use crate::{NotFound, Program, World};

/// The library, parsed once for all programs.
pub struct Library {
    sources: SourceMap,
    pub modules: Vec<ast::Module>,
}

impl Default for Library {
    fn default() -> Library {
        let mut sources = SourceMap::new();
        let modules = weir_check::prelude::load(&mut sources);
        Library { sources, modules }
    }
}

/// What is known from before, so that only changed files are parsed again, and only bodies for which something has changed are
/// checked again.
#[derive(Default)]
pub struct Parses {
    by_file: BTreeMap<FileId, (Arc<str>, Tree)>,
    earlier: Option<Earlier>,
}

impl Parses {
    fn parse(&mut self, file: FileId, text: &Arc<str>) -> Tree {
        if let Some((known, parsed)) = self.by_file.get(&file)
            && known == text
        {
            return parsed.clone();
        }
        let parsed = modules::parse(file, text);
        self.by_file.insert(file, (text.clone(), parsed.clone()));
        parsed
    }
}

/// Everything that is known of a program in front of the gate.
pub struct Survey {
    pub program: Program,
    /// The library's files, then the program's.
    pub sources: SourceMap,
    /// The program's files, the first one first.
    pub files: Vec<SurveyedFile>,
    /// Of all stages, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// As far as it is known.
    pub checked: Arc<Checked>,
    /// Whether there is no error: then it may go through the gate.
    pub is_right: bool,
    pub meanings: Meanings,
}

/// A file of a program.
pub struct SurveyedFile {
    pub id: FileId,
    pub place: PathBuf,
    /// What others import it by: `shop.orders`.
    pub path: String,
    pub parsed: Arc<Parsed>,
    pub mentions: Arc<Mentions>,
    pub names: Arc<NamesOf>,
    pub bodies: Bodies,
}

/// What was done about the code of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    Checked,
    /// What it means is what it meant in the survey before, but for places in other files: neither its text has changed nor anything
    /// that it depends on.
    AsBefore,
    /// Nobody has asked about it.
    NotChecked,
}

/// Reads, parses and checks a program. Fails only when its source cannot be read.
pub fn survey(
    world: &dyn World,
    program: &Program,
    library: &Library,
    parses: &mut Parses,
) -> Result<Survey, NotFound> {
    let mut sources = library.sources.clone();
    let mut parse = |file, text: &Arc<str>| parses.parse(file, text);
    let modules = modules::read(world, program, &mut sources, &mut parse)?;
    let given: Vec<_> = modules.iter().map(Module::source).collect();
    let prints: Vec<Print> = modules.iter().map(|module| module.print).collect();
    let mut earlier = parses.earlier.take();
    let (found, earlier) = weir_check::survey(&library.modules, &given, &prints, earlier.as_mut());
    parses.earlier = Some(earlier);
    let mut diagnostics = modules::all_diagnostics(&sources, &modules, found.diagnostics);
    let parsed = modules.iter().flat_map(|m| &m.parsed.diagnostics);
    let is_right = found.is_right && !parsed.into_iter().any(Diagnostic::is_error);
    // Over its budget a program is no less known.
    if is_right {
        let over = budget::check(&found.program, &sources);
        // As `weir check` does: state is looked at as a whole when all else is right.
        if over.is_empty() {
            let own = |file| modules.iter().any(|m| m.parsed.module.file == file);
            let remarks = weir_check::remarks(&found.program).into_iter();
            diagnostics.extend(remarks.filter(|remark| own(remark.primary.span.file)));
        }
        diagnostics.extend(over);
        weir_diagnostics::sort(&mut diagnostics);
    }
    let told = found.names.into_iter().zip(found.is_as_before);
    let with_names = modules.into_iter().zip(told);
    let files = with_names.map(|(module, (names, is_as_before))| SurveyedFile {
        id: module.parsed.module.file,
        place: sources.file(module.parsed.module.file).name.clone().into(),
        path: module.path,
        parsed: module.parsed,
        mentions: module.mentions,
        names,
        bodies: match is_as_before {
            true => Bodies::AsBefore,
            false => Bodies::Checked,
        },
    });
    Ok(Survey {
        program: program.clone(),
        files: files.collect(),
        sources,
        diagnostics,
        checked: found.program,
        is_right,
        meanings: found.meanings,
    })
}

impl Survey {
    pub fn file(&self, id: FileId) -> Option<&SurveyedFile> {
        self.files.iter().find(|file| file.id == id)
    }

    /// The manifest of the program, with the frames and plans of its functions; `None` while it has errors.
    pub fn manifest(&self) -> Option<Manifest> {
        let is_right = self.is_right;
        is_right.then(|| lowered(&self.program, &self.checked, &self.sources).1)
    }
}

/// A program with another text of one file, as far as one name in it needs it, and what is in reach there.
/// Nothing else is checked, so there are no diagnostics.
pub fn look(
    survey: &Survey,
    library: &Library,
    file: FileId,
    parsed: Arc<Parsed>,
    text: Arc<str>,
    name: Span,
) -> (Survey, Option<Around>) {
    let mut sources = survey.sources.clone();
    sources.replace(file, text);
    let own = (parsed.clone(), Arc::new(Mentions::of(&parsed.module)));
    let tree_of = |known: &SurveyedFile| match known.id == file {
        true => own.clone(),
        false => (known.parsed.clone(), known.mentions.clone()),
    };
    let trees: Vec<(Arc<Parsed>, Arc<Mentions>)> = survey.files.iter().map(tree_of).collect();
    let given: Vec<Source<'_>> = survey
        .files
        .iter()
        .zip(&trees)
        .map(|(known, (parsed, mentions))| Source {
            path: &known.path,
            module: &parsed.module,
            mentions,
        })
        .collect();
    let found = weir_check::look(&library.modules, &given, name, &survey.checked);
    let with_names = survey.files.iter().zip(trees).zip(found.names);
    let files = with_names.map(|((known, (parsed, mentions)), names)| SurveyedFile {
        id: known.id,
        place: known.place.clone(),
        path: known.path.clone(),
        parsed,
        mentions,
        names: names.map_or_else(|| known.names.clone(), Arc::new),
        bodies: match known.id == file {
            true => Bodies::Checked,
            false => Bodies::NotChecked,
        },
    });
    let made = Survey {
        program: survey.program.clone(),
        files: files.collect(),
        sources,
        diagnostics: Vec::new(),
        checked: Arc::new(found.program),
        is_right: false,
        meanings: found.meanings,
    };
    (made, found.around)
}

//! Which program a file belongs to, and what is known of each program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir_driver::{Library, NotFound, Parses, Program, World};
use weir_ide::{Beside, Snapshot};

use crate::documents::Documents;
use crate::neighbours::Neighbours;

/// Folders deeper than that below a file are not looked through for its program.
const PARENTS_MAX: usize = 12;

/// All programs that were asked about.
#[derive(Default)]
pub struct Projects {
    library: Library,
    /// The tokens that were sent last, of each file.
    pub coloured: BTreeMap<PathBuf, Coloured>,
    /// By the program's first file.
    known: BTreeMap<PathBuf, Project>,
    beside: Neighbours,
}

/// The tokens of a file as they were sent.
pub struct Coloured {
    /// Counts how often they were.
    pub id: u64,
    pub tokens: Vec<gen_lsp_types::SemanticToken>,
}

#[derive(Default)]
struct Project {
    parses: Parses,
    last: Option<Arc<Snapshot>>,
}

impl Projects {
    /// What is known of the program of a file, with the texts as they are now. The reason why nothing is: the file cannot be
    /// read.
    pub fn snapshot(
        &mut self,
        documents: &Documents,
        path: &Path,
    ) -> Result<Arc<Snapshot>, NotFound> {
        let program = self.program_of(documents, path);
        self.snapshot_of(documents, &program)
    }

    /// The same for a program.
    pub fn snapshot_of(
        &mut self,
        documents: &Documents,
        program: &Program,
    ) -> Result<Arc<Snapshot>, NotFound> {
        let project = self.known.entry(program.source.clone()).or_default();
        if let Some(last) = &project.last
            && is_current(last, documents)
        {
            return Ok(last.clone());
        }
        let library = &self.library;
        let survey = weir_driver::survey(documents, program, library, &mut project.parses)?;
        let snapshot = Arc::new(Snapshot::new(survey, &library.modules));
        project.last = Some(snapshot.clone());
        Ok(snapshot)
    }

    /// The files that a program could import.
    pub fn beside(&mut self, documents: &Documents, program: &Program) -> Vec<Beside> {
        self.beside.of(documents, program)
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Forgets everything: after a panic, nobody knows what is half done.
    pub fn forget(&mut self) {
        self.known.clear();
        self.coloured.clear();
    }

    /// The program a file is part of: of a folder around it whose program imports it, else the file alone.
    pub fn program_of(&mut self, documents: &Documents, path: &Path) -> Program {
        for folder in path.ancestors().skip(1).take(PARENTS_MAX) {
            let Ok(found) = weir_driver::find(documents, folder) else {
                continue;
            };
            let is_in = found.source == path || {
                let of_program = self.snapshot_of(documents, &found);
                of_program.is_ok_and(|snapshot| snapshot.file_at(path).is_some())
            };
            if is_in {
                return found;
            }
        }
        weir_driver::find(documents, path).unwrap_or_else(|_| alone(path))
    }
}

/// A text whose name no program could have, such as one that was never saved.
fn alone(path: &Path) -> Program {
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Program::of_file("main", path.into(), folder)
}

/// Whether no text of a program has changed. One with a missing module is never current: it may have come.
fn is_current(snapshot: &Snapshot, documents: &Documents) -> bool {
    let misses_module = snapshot
        .survey
        .diagnostics
        .iter()
        .any(|found| found.code.as_str() == "E0206");
    let mut files = snapshot.survey.files.iter();
    !misses_module
        && files.all(|file| {
            let text = documents.read(&file.place);
            text.is_ok_and(|text| text == snapshot.text(file.id))
        })
}

/// The programs below a folder: where a `weir.toml` is.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    /// So many folders are looked into at most, so that a home folder as workspace does no harm.
    const FOLDERS_MAX: usize = 2_000;
    let mut found = Vec::new();
    look_below(folder, FOLDERS_MAX, &mut |folder, file| {
        if file.file_name().is_some_and(|name| name == "weir.toml") {
            found.push(folder.to_path_buf());
        }
    });
    found.sort();
    found
}

/// Shows all files below a folder, each with the folder it is in; looks into so many folders at most.
pub fn look_below(folder: &Path, folders_max: usize, see: &mut dyn FnMut(&Path, &Path)) {
    let mut waiting = vec![folder.to_path_buf()];
    let mut looked = 0;
    while let Some(folder) = waiting.pop() {
        looked += 1;
        if looked > folders_max {
            break;
        }
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder {
                see(&folder, &entry.path());
            } else if !name.starts_with('.') && name != "target" && name != "node_modules" {
                waiting.push(entry.path());
            }
        }
    }
}

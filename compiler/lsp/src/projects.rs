//! Which program a file belongs to, and what is known of each program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use weir_driver::{Library, NotFound, Parses, Program, World};
use weir_ide::{Beside, Snapshot};

use crate::documents::Documents;
use crate::neighbours::Neighbours;
use crate::server::STACK_BYTES;

/// Folders deeper than that below a file are not looked through for its program.
const PARENTS_MAX: usize = 12;

/// So long what was found out is taken as true without a look at the disk. A change that the editor tells of is seen at once:
/// it is a new generation.
const TRUSTED: Duration = Duration::from_millis(500);

/// So many programs are kept; what was asked about longest ago goes.
const PROGRAMS_MAX: usize = 16;

/// All programs that were asked about.
#[derive(Default)]
pub struct Projects {
    library: Library,
    /// The tokens that were sent last, of each file.
    pub coloured: BTreeMap<PathBuf, Coloured>,
    /// By the program's first file.
    known: BTreeMap<PathBuf, Project>,
    beside: Neighbours,
    /// Which program a file belongs to, in this generation.
    of_file: BTreeMap<PathBuf, Program>,
    generation: u64,
    looked: Option<Instant>,
    /// Counts the questions, so that programs can be told apart by their last one.
    asked: u64,
    gone: Gone,
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
    /// Nothing has changed since it was made, as far as anybody knows.
    is_current: bool,
    asked: u64,
}

/// Old snapshots are given back to the system by a thread of its own: that takes as long as a good part of a check.
struct Gone(Option<Sender<Arc<Snapshot>>>);

impl Default for Gone {
    fn default() -> Gone {
        let (send, receive) = crossbeam_channel::unbounded::<Arc<Snapshot>>();
        let thread = std::thread::Builder::new()
            .name("gone".into())
            .stack_size(STACK_BYTES);
        let started = thread.spawn(move || receive.iter().for_each(drop));
        Gone(started.is_ok().then_some(send))
    }
}

impl Gone {
    fn take(&self, snapshot: Option<Arc<Snapshot>>) {
        if let (Some(send), Some(snapshot)) = (&self.0, snapshot) {
            // Whoever cannot send drops it here.
            let _ = send.send(snapshot);
        }
    }
}

impl Projects {
    /// Says which texts the next questions are about. What was found out about others, or some time ago, is looked at again.
    pub fn at(&mut self, generation: u64) {
        let is_old = self.looked.is_none_or(|at| at.elapsed() > TRUSTED);
        if generation == self.generation && !is_old {
            return;
        }
        self.generation = generation;
        self.looked = Some(Instant::now());
        self.of_file.clear();
        for project in self.known.values_mut() {
            project.is_current = false;
        }
    }

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
        self.asked += 1;
        self.make_room(&program.source);
        let project = self.known.entry(program.source.clone()).or_default();
        project.asked = self.asked;
        if let Some(last) = &project.last
            && last.survey.program == *program
            && (project.is_current || is_current(last, documents))
        {
            project.is_current = true;
            return Ok(last.clone());
        }
        let library = &self.library;
        let survey = weir_driver::survey(documents, program, library, &mut project.parses)?;
        let before = project.last.as_deref();
        let snapshot = Arc::new(Snapshot::after(survey, &library.modules, before));
        self.gone.take(project.last.replace(snapshot.clone()));
        project.is_current = true;
        Ok(snapshot)
    }

    /// The files that a program could import and does not.
    pub fn beside(&mut self, documents: &Documents, snapshot: &Snapshot) -> Vec<Beside> {
        self.beside.of(documents, snapshot)
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    fn make_room(&mut self, source: &Path) {
        if self.known.len() < PROGRAMS_MAX || self.known.contains_key(source) {
            return;
        }
        let oldest = self.known.iter().min_by_key(|(_, project)| project.asked);
        let oldest = oldest.map(|(path, _)| path.clone());
        let project = oldest.and_then(|path| self.known.remove(&path));
        self.gone.take(project.and_then(|project| project.last));
    }

    /// Forgets everything: after a panic, nobody knows what is half done.
    pub fn forget(&mut self) {
        self.of_file.clear();
        self.known.clear();
        self.coloured.clear();
    }

    /// The program a file is part of: of a folder around it whose program imports it, else the file alone.
    pub fn program_of(&mut self, documents: &Documents, path: &Path) -> Program {
        if let Some(known) = self.of_file.get(path) {
            return known.clone();
        }
        let found = self.look_for(documents, path);
        self.of_file.insert(path.to_path_buf(), found.clone());
        found
    }

    fn look_for(&mut self, documents: &Documents, path: &Path) -> Program {
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

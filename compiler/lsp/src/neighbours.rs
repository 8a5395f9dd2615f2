//! The files that a program could import and does not: those below its first file, on the disk and in the editor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use weir_driver::{Program, World};
use weir_ide::{Beside, Snapshot};

use crate::documents::Documents;
use crate::projects::look_below;

/// A folder is looked through again after that time, and when it was never.
const LOOKED_FOR: Duration = Duration::from_secs(3);

/// So many folders and files are looked at: who has more writes his imports.
const FOLDERS_MAX: usize = 300;
const FILES_MAX: usize = 500;

/// What is known of them.
#[derive(Default)]
pub struct Neighbours {
    /// By the folder of the program's first file.
    looked: BTreeMap<PathBuf, (Instant, Vec<PathBuf>)>,
    files: BTreeMap<PathBuf, Known>,
}

struct Known {
    state: State,
    declares: Beside,
}

/// What a file's text is known by.
#[derive(PartialEq)]
enum State {
    OnDisk(Option<SystemTime>),
    Open(Arc<str>),
}

impl Neighbours {
    /// Those of a program, without its own.
    pub fn of(&mut self, documents: &Documents, snapshot: &Snapshot) -> Vec<Beside> {
        let program = &snapshot.survey.program;
        let folder = program.source.parent().unwrap_or(Path::new("."));
        let looked = self.looked.get(folder);
        if looked.is_none_or(|(when, _)| when.elapsed() > LOOKED_FOR) {
            let found = (Instant::now(), sources(folder));
            self.looked.insert(folder.to_path_buf(), found);
        }
        let on_disk = self.looked.get(folder).map_or(&[][..], |(_, files)| files);
        let mut files: Vec<PathBuf> = on_disk.to_vec();
        let open = documents.paths().filter(|path| is_module(folder, path));
        files.extend(open.cloned());
        files.sort();
        files.dedup();
        let own = snapshot.survey.files.iter().map(|file| &*file.place);
        let own: BTreeSet<&Path> = own.collect();
        files.retain(|file| !own.contains(&**file));
        let files = files.into_iter().take(FILES_MAX);
        files
            .filter_map(|file| self.file(documents, program, file))
            .collect()
    }

    fn file(&mut self, documents: &Documents, program: &Program, file: PathBuf) -> Option<Beside> {
        let state = match documents.get(&file) {
            Some(document) => State::Open(document.text.clone()),
            None => {
                let about = std::fs::metadata(&file).ok()?;
                State::OnDisk(about.modified().ok())
            }
        };
        if let Some(known) = self.files.get(&file)
            && known.state == state
        {
            return Some(known.declares.clone());
        }
        let text = documents.read(&file).ok()?;
        let parsed = weir_driver::parse_alone(&text);
        let path = weir_driver::module_path(program, &file);
        let declares = Beside::new(path, &parsed.module);
        let known = Known {
            state,
            declares: declares.clone(),
        };
        self.files.insert(file, known);
        Some(declares)
    }
}

/// The files below a folder that can be imported from there, without those of other projects.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut projects: Vec<PathBuf> = Vec::new();
    look_below(folder, FOLDERS_MAX, &mut |inside, file| {
        if is_module(folder, file) {
            found.push(file.to_path_buf());
        } else if inside != folder && file.ends_with("weir.toml") {
            projects.push(inside.to_path_buf());
        }
    });
    found.retain(|file| !projects.iter().any(|project| file.starts_with(project)));
    found
}

/// Whether a file can be imported: below the folder, with names that an import can say.
fn is_module(folder: &Path, file: &Path) -> bool {
    let Ok(inside) = file.strip_prefix(folder) else {
        return false;
    };
    let is_name = |part: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        !part.is_empty() && part.chars().all(fits)
    };
    let mut parts = inside.components();
    inside.extension().is_some_and(|ending| ending == "weir")
        && parts.all(|part| {
            let name = part.as_os_str().to_string_lossy();
            is_name(name.strip_suffix(".weir").unwrap_or(&name))
        })
}

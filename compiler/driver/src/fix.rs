//! Applies the fixes that diagnostics carry, as far as they are certain.
//!
//! ```text
//! check -> the certain fixes, none over another -> a world with them -> check again -> all gone? keep : try each alone
//! ```
//!
//! This goes on until nothing gets better. A fix that leaves as many errors as there were is not kept, however certain it
//! looked, unless what it uncovered can be fixed as well: so no program becomes worse. Mistakes of syntax come first, and hide
//! others behind them: as long as there are some, names that seem to be missing may be declared where nobody could read it.
//!
//! A file that was in the one style stays in it; others keep their look.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use weir_diagnostics::{Diagnostic, FileId, Fix, Span};

use crate::stages::{Analysis, check};
use crate::{NotFound, Program, World, format};

/// A mistake may hide another one, and that a third; nobody makes more of them in one place.
const UNCOVERED_MAX: usize = 3;

/// What became of a program.
pub struct Fixed {
    /// The files that change, by their paths as the program names them.
    pub files: BTreeMap<PathBuf, Change>,
    /// What was done, in the order of the source, round by round.
    pub applied: Vec<Applied>,
    /// What is found in the program as it is now.
    pub analysis: Analysis,
}

/// The text of a file before and after.
pub struct Change {
    pub old: String,
    pub new: String,
}

/// One fix that was kept.
pub struct Applied {
    /// `shop.weir:3:7`, in the file as it was when it was found.
    pub place: String,
    pub title: String,
}

/// Fixes what is certain. The world stays as it is: the caller writes the files.
pub fn fix(world: &dyn World, program: &Program) -> Result<Fixed, NotFound> {
    let mut now = State::of(world, program, BTreeMap::new())?;
    let mut applied = Vec::new();
    loop {
        let fixes = certain(&now.analysis);
        let together = now.with(world, program, &fixes)?;
        if !fixes.is_empty() && together.bad() + fixes.len() <= now.bad() {
            now = together;
            applied.extend(fixes.into_iter().map(Applied::from));
            continue;
        }
        let mut better = None;
        for one in fixes {
            better = now.better(world, program, one, UNCOVERED_MAX)?;
            if better.is_some() {
                break;
            }
        }
        let Some((next, done)) = better else { break };
        now = next;
        applied.extend(done);
    }
    let mut files = BTreeMap::new();
    for (path, new) in now.files {
        let old = read(world, &path)?;
        let new = match is_in_style(&path, &old) {
            true => format(&path.display().to_string(), &new).unwrap_or(new),
            false => new,
        };
        files.insert(path, Change { old, new });
    }
    Ok(Fixed {
        files,
        applied,
        analysis: now.analysis,
    })
}

/// A certain fix, and where it was found.
type Found = (String, Fix);

impl From<Found> for Applied {
    fn from((place, fix): Found) -> Applied {
        Applied {
            place,
            title: fix.title,
        }
    }
}

/// The texts as they are by now, and what is found in them.
struct State {
    files: BTreeMap<PathBuf, String>,
    analysis: Analysis,
}

impl State {
    fn of(
        world: &dyn World,
        program: &Program,
        files: BTreeMap<PathBuf, String>,
    ) -> Result<State, NotFound> {
        let overlay = Overlay { world, files };
        let analysis = check(&overlay, program)?;
        Ok(State {
            files: overlay.files,
            analysis,
        })
    }

    fn with(
        &self,
        world: &dyn World,
        program: &Program,
        fixes: &[Found],
    ) -> Result<State, NotFound> {
        let mut edits: BTreeMap<FileId, BTreeSet<&(Span, String)>> = BTreeMap::new();
        for edit in fixes.iter().flat_map(|(_, fix)| &fix.edits) {
            edits.entry(edit.0.file).or_default().insert(edit);
        }
        let mut files = self.files.clone();
        for (file, edits) in edits {
            let file = self.analysis.sources.file(file);
            let mut text = file.text.to_string();
            // From the end, so that the places before stay right.
            for (span, new) in edits.into_iter().rev() {
                text.replace_range(span.range(), new);
            }
            files.insert(PathBuf::from(&file.name), text);
        }
        State::of(world, program, files)
    }

    /// What a fix leads to, if that is better: by itself, or with a fix of what it uncovers.
    fn better(
        &self,
        world: &dyn World,
        program: &Program,
        one: Found,
        uncovered: usize,
    ) -> Result<Option<(State, Vec<Applied>)>, NotFound> {
        let next = self.with(world, program, std::slice::from_ref(&one))?;
        let mends_syntax = self.syntax() > 0 && next.syntax() <= self.syntax();
        if next.syntax() < self.syntax() || mends_syntax && next.bad() <= self.bad() {
            return Ok(Some((next, vec![one.into()])));
        }
        if next.syntax() > self.syntax() || next.bad() > self.bad() {
            return Ok(None);
        }
        if next.bad() < self.bad() {
            return Ok(Some((next, vec![one.into()])));
        }
        let known = |found: &Diagnostic| {
            let mut all = self.analysis.diagnostics.iter();
            all.any(|d| d.code == found.code && d.message == found.message)
        };
        let new: Vec<Diagnostic> = next
            .analysis
            .diagnostics
            .iter()
            .filter(|d| !known(d))
            .cloned()
            .collect();
        if uncovered == 0 || new.len() > 1 {
            return Ok(None);
        }
        for second in certain_of(&next.analysis, &new) {
            let then = next.better(world, program, second, uncovered - 1)?;
            if let Some((last, rest)) = then {
                let mut done = vec![one.into()];
                done.extend(rest);
                return Ok(Some((last, done)));
            }
        }
        Ok(None)
    }

    fn syntax(&self) -> usize {
        self.analysis
            .diagnostics
            .iter()
            .filter(|d| is_syntax(d))
            .count()
    }

    /// Errors count, and warnings that a fix would take away.
    fn bad(&self) -> usize {
        let all = self.analysis.diagnostics.iter();
        all.filter(|d| d.is_error() || d.fixes.iter().any(|fix| fix.certain))
            .count()
    }
}

fn read(world: &dyn World, path: &Path) -> Result<String, NotFound> {
    world.read(path).map_err(|error| NotFound::Unreadable {
        path: path.into(),
        why: error.to_string(),
    })
}

fn is_in_style(path: &Path, text: &str) -> bool {
    format(&path.display().to_string(), text).is_ok_and(|formatted| formatted == text)
}

fn is_syntax(diagnostic: &Diagnostic) -> bool {
    diagnostic.is_error() && diagnostic.code.as_str().starts_with("E01")
}

/// The certain fixes of what is found; as long as the text cannot be read, only those of its syntax.
fn certain(analysis: &Analysis) -> Vec<Found> {
    let unread = analysis.diagnostics.iter().any(is_syntax);
    let all = analysis.diagnostics.iter();
    certain_of(analysis, all.filter(|d| !unread || is_syntax(d)))
}

/// The certain fixes of a program's own files with their places, none of which touches what another one does.
fn certain_of<'d>(
    analysis: &Analysis,
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
) -> Vec<Found> {
    let mut taken: Vec<Span> = Vec::new();
    let mut fixes: Vec<Found> = Vec::new();
    for diagnostic in diagnostics {
        for fix in diagnostic.fixes.iter().filter(|fix| fix.certain) {
            let overlaps =
                |a: &Span, b: &Span| a.file == b.file && a.start <= b.end && b.start <= a.end;
            let spans = || fix.edits.iter().map(|(span, _)| span);
            let is_ours = spans().all(|span| !analysis.is_of_library(span.file));
            if is_ours && !spans().any(|span| taken.iter().any(|other| overlaps(span, other))) {
                taken.extend(spans());
                fixes.push((analysis.sources.place(diagnostic.primary.span), fix.clone()));
            }
        }
    }
    fixes
}

/// A world in which some files have another text.
struct Overlay<'a> {
    world: &'a dyn World,
    files: BTreeMap<PathBuf, String>,
}

impl World for Overlay<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        match self.files.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.world.read(path),
        }
    }

    fn read_bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.world.read_bytes(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.world.is_folder(path)
    }

    fn ancestors(&self, folder: &Path) -> Vec<PathBuf> {
        self.world.ancestors(folder)
    }

    fn within(&self, folder: &Path, file: &Path) -> PathBuf {
        self.world.within(folder, file)
    }
}

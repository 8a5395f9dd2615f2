//! Diagnostics: of all files of all programs that are open or below a folder of the workspace, open in the editor or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    DiagnosticTag, Location, Message, Notification as _, Position, PublishDiagnosticsNotification,
    PublishDiagnosticsParams, Range,
};
use lsp_server::Notification;
use weir_diagnostics::{FileId, Severity, codes};
use weir_driver::config::ConfigError;
use weir_driver::{NotFound, Program};
use weir_ide::Snapshot;

use crate::convert::range;
use crate::handlers::Context;
use crate::paths::{shown_as_file, uri_of};

/// What the editor was told last.
#[derive(Default)]
pub struct Published {
    /// About which opening and version of a text it was, if it was open.
    by_file: BTreeMap<PathBuf, (Shown, Vec<Diagnostic>)>,
    /// What was found in each file of each program, in the words of the protocol.
    told: BTreeMap<(PathBuf, PathBuf), Told>,
}

/// What was found in a file, as it was told. It is told again in the same words while the text is the same and nothing in it leads to
/// other texts.
struct Told {
    text: Arc<str>,
    found: Vec<weir_diagnostics::Diagnostic>,
    shown: Vec<Diagnostic>,
}

/// Opening and version of a text; nothing of one that is not open.
type Shown = Option<(u64, i32)>;

impl Published {
    /// What has changed: a notification for each file whose diagnostics are others than before, or whose text is open in another
    /// version: so an editor knows that they are about what it shows.
    pub fn notifications(&mut self, cx: &mut Context) -> Vec<Notification> {
        let mut now = all(cx, &mut self.told);
        let gone: Vec<PathBuf> = self.by_file.keys().cloned().collect();
        for path in gone {
            now.entry(path).or_default();
        }
        let mut out = Vec::new();
        for (path, found) in now {
            let document = cx.documents.get(&path);
            let version = document.map(|document| (document.opening, document.version));
            if let Some((told, known)) = self.by_file.get(&path)
                && *known == found
                && (*told == version || version.is_none())
            {
                continue;
            }
            // Nothing was ever wrong in it.
            if found.is_empty() && version.is_none() && !self.by_file.contains_key(&path) {
                continue;
            }
            let shown = version.map(|(_, version)| version);
            out.push(notification(&path, shown, found.clone()));
            match found.is_empty() && version.is_none() {
                true => drop(self.by_file.remove(&path)),
                false => drop(self.by_file.insert(path, (version, found))),
            }
        }
        out
    }
}

fn notification(path: &Path, version: Option<i32>, diagnostics: Vec<Diagnostic>) -> Notification {
    let params = PublishDiagnosticsParams {
        uri: uri_of(path),
        version,
        diagnostics,
    };
    let method = String::from(PublishDiagnosticsNotification::METHOD);
    Notification::new(method, params)
}

/// The programs that are open or below a folder of the workspace, each once.
pub fn programs(cx: &mut Context) -> Vec<Program> {
    let open: Vec<PathBuf> = cx.documents.paths().cloned().collect();
    let is_weir = |path: &&PathBuf| {
        cx.documents
            .get(path)
            .is_some_and(|document| document.is_weir)
    };
    let open: Vec<PathBuf> = open.iter().filter(is_weir).cloned().collect();
    let opened = open
        .iter()
        .map(|path| cx.projects.program_of(cx.documents, path));
    let mut programs: Vec<Program> = opened.collect();
    let folders = cx.programs.iter();
    programs.extend(folders.filter_map(|folder| weir_driver::find(cx.documents, folder).ok()));
    let mut seen = BTreeSet::new();
    programs.retain(|program| seen.insert(program.source.clone()));
    programs
}

/// The diagnostics of each file, also where there are none.
fn all(
    cx: &mut Context,
    told: &mut BTreeMap<(PathBuf, PathBuf), Told>,
) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut out: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for folder in cx.programs {
        if let Err(NotFound::BadConfig { path, error }) = weir_driver::find(cx.documents, folder) {
            out.entry(path).or_default().push(in_config(&error));
        }
    }
    for program in programs(cx) {
        let Ok(snapshot) = cx.projects.snapshot_of(cx.documents, &program) else {
            continue;
        };
        // They are sorted by place. What is wrong in the library is not for the editor.
        let by_file = snapshot
            .survey
            .diagnostics
            .chunk_by(|a, b| file_of(a) == file_of(b));
        let by_file: BTreeMap<FileId, &[_]> = by_file.map(|of| (file_of(&of[0]), of)).collect();
        for file in &snapshot.survey.files {
            let of_file = out.entry(file.place.clone()).or_default();
            let key = (program.source.clone(), file.place.clone());
            let Some(found) = by_file.get(&file.id).copied() else {
                told.remove(&key);
                continue;
            };
            let known = told.get(&key);
            let text = &snapshot.survey.sources.file(file.id).text;
            let known = known.filter(|told| told.text == *text && told.found == found);
            let shown: Vec<Diagnostic> = match known {
                Some(known) => known.shown.clone(),
                None => found
                    .iter()
                    .map(|found| diagnostic(cx, &snapshot, found))
                    .collect(),
            };
            if known.is_none() && found.iter().all(stays) {
                let new = Told {
                    text: text.clone(),
                    found: found.to_vec(),
                    shown: shown.clone(),
                };
                told.insert(key, new);
            }
            for shown in shown {
                if !of_file.contains(&shown) {
                    of_file.push(shown);
                }
            }
        }
    }
    out
}

fn file_of(found: &weir_diagnostics::Diagnostic) -> FileId {
    found.primary.span.file
}

/// Whether something that was found speaks of one file alone.
fn stays(found: &weir_diagnostics::Diagnostic) -> bool {
    let mut others = found.secondary.iter();
    others.all(|label| label.span.file == file_of(found))
}

/// What is wrong with a `weir.toml`.
fn in_config(error: &ConfigError) -> Diagnostic {
    // Columns are in characters, which is near enough for a place in such a file.
    let place = Position {
        line: error.line.saturating_sub(1) as u32,
        character: error.column.saturating_sub(1) as u32,
    };
    Diagnostic {
        range: Range {
            start: place,
            end: place,
        },
        severity: Some(DiagnosticSeverity::Error),
        source: Some("weir".into()),
        message: Message::String(format!("{}\n{}", error.why, error.help)),
        ..Diagnostic::default()
    }
}

/// What these are about is there and does nothing: editors show it grey.
const UNUSED: [weir_diagnostics::Code; 7] = [
    codes::W0702,
    codes::E0602,
    codes::W0705,
    codes::W0706,
    codes::W0708,
    codes::W0709,
    codes::W0710,
];

/// A diagnostic as the protocol has it.
pub fn diagnostic(
    cx: &Context,
    snapshot: &Snapshot,
    found: &weir_diagnostics::Diagnostic,
) -> Diagnostic {
    let encoding = cx.settings.encoding;
    let place = |span: weir_diagnostics::Span| {
        range(snapshot.survey.sources.file(span.file), span, encoding)
    };
    let mut message = found.message.clone();
    if !found.primary.text.is_empty() {
        message.push_str(&format!(": {}", found.primary.text));
    }
    for note in &found.notes {
        message.push_str(&format!("\n{note}"));
    }
    if let Some(help) = &found.help {
        message.push_str(&format!("\n{help}"));
    }
    let related: Vec<DiagnosticRelatedInformation> = found
        .secondary
        .iter()
        .filter_map(|label| {
            let uri = cx.uri_of_file(snapshot, label.span.file)?;
            Some(DiagnosticRelatedInformation {
                location: Location {
                    uri,
                    range: place(label.span),
                },
                message: match label.text.is_empty() {
                    true => "see here".into(),
                    false => label.text.clone(),
                },
            })
        })
        .collect();
    let is_unused = UNUSED.contains(&found.code);
    Diagnostic {
        range: place(found.primary.span),
        severity: Some(match found.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
            Severity::Hint => DiagnosticSeverity::Hint,
        }),
        code: Some(Code::String(found.code.to_string())),
        code_description: page_of(found.code).map(|href| CodeDescription { href }),
        source: Some("weir".into()),
        message: Message::String(message),
        tags: is_unused.then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}

/// The page of a code, as a file the editor can open.
fn page_of(code: weir_diagnostics::Code) -> Option<gen_lsp_types::Uri> {
    let entry = weir_diagnostics::explain(code.as_str())?;
    let path = shown_as_file(&format!("errors/{code}.md"), entry.page)?;
    Some(uri_of(&path))
}

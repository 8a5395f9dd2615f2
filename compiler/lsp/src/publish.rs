//! Diagnostics: of all files of all programs that are open or below a folder of the workspace, open in the editor or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    DiagnosticTag, Location, Message, Notification as _, PublishDiagnosticsNotification,
    PublishDiagnosticsParams,
};
use lsp_server::Notification;
use weir_diagnostics::{Severity, codes};
use weir_driver::Program;
use weir_ide::Snapshot;

use crate::convert::range;
use crate::handlers::Context;
use crate::paths::{shown_as_file, uri_of};

/// What the editor was told last.
#[derive(Default)]
pub struct Published {
    by_file: BTreeMap<PathBuf, Vec<Diagnostic>>,
}

impl Published {
    /// What has changed: a notification for each file whose diagnostics are others than before.
    pub fn notifications(&mut self, cx: &mut Context) -> Vec<Notification> {
        let mut now = all(cx);
        let gone: Vec<PathBuf> = self.by_file.keys().cloned().collect();
        for path in gone {
            now.entry(path).or_default();
        }
        let mut out = Vec::new();
        for (path, found) in now {
            if self.by_file.get(&path) == Some(&found) {
                continue;
            }
            out.push(notification(cx, &path, found.clone()));
            match found.is_empty() && cx.documents.get(&path).is_none() {
                true => drop(self.by_file.remove(&path)),
                false => drop(self.by_file.insert(path, found)),
            }
        }
        out
    }
}

fn notification(cx: &Context, path: &Path, diagnostics: Vec<Diagnostic>) -> Notification {
    let params = PublishDiagnosticsParams {
        uri: uri_of(path),
        version: cx.documents.get(path).map(|document| document.version),
        diagnostics,
    };
    let method = String::from(PublishDiagnosticsNotification::METHOD);
    Notification::new(method, params)
}

/// The programs that are open or below a folder of the workspace, each once.
pub fn programs(cx: &mut Context) -> Vec<Program> {
    let open: Vec<PathBuf> = cx.documents.paths().cloned().collect();
    let opened = open
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "weir"))
        .map(|path| cx.projects.program_of(cx.documents, path));
    let mut programs: Vec<Program> = opened.collect();
    let folders = cx.settings.programs.iter();
    programs.extend(folders.filter_map(|folder| weir_driver::find(cx.documents, folder).ok()));
    let mut seen = BTreeSet::new();
    programs.retain(|program| seen.insert(program.source.clone()));
    programs
}

/// The diagnostics of each file, also where there are none.
fn all(cx: &mut Context) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut out: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for program in programs(cx) {
        let Ok(snapshot) = cx.projects.snapshot_of(cx.documents, &program) else {
            continue;
        };
        for file in &snapshot.survey.files {
            out.entry(file.place.clone()).or_default();
        }
        for found in &snapshot.survey.diagnostics {
            // What is wrong in the library is not for the editor.
            let Some(file) = snapshot.file(found.primary.span.file) else {
                continue;
            };
            let shown = diagnostic(cx, &snapshot, found);
            let of_file = out.entry(file.place.clone()).or_default();
            if !of_file.contains(&shown) {
                of_file.push(shown);
            }
        }
    }
    out
}

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
    let is_unused = found.code == codes::W0702 || found.code == codes::E0602;
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

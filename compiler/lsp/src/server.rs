//! The loop: messages in, jobs to the worker. It only keeps texts and counts; it never works on a program.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use crossbeam_channel::Sender;
use gen_lsp_types::{
    CancelParams, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, Id, InitializeParams, LspNotificationMethod, PositionEncodingKind,
    WorkspaceFolders,
};
use lsp_server::{Connection, Message, Notification};
use serde::de::DeserializeOwned;

use crate::capabilities::capabilities;
use crate::convert::Encoding;
use crate::documents::Documents;
use crate::paths::path_of;
use crate::projects;
use crate::worker::{Job, Shared, Task, work};

/// The worker walks trees by recursion; deep ones need room, most of which is never touched.
const STACK_BYTES: usize = 256 << 20;

/// What was agreed with the editor.
pub struct Settings {
    pub encoding: Encoding,
    /// The editor fills in snippets.
    pub snippets: bool,
    /// Folders of programs in the workspace.
    pub programs: Vec<PathBuf>,
}

/// Why the server ended other than by being asked to.
#[derive(Debug)]
pub struct Ended(String);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Serves one editor over standard input and output until it says to exit.
pub fn serve() -> Result<(), Ended> {
    let (connection, threads) = Connection::stdio();
    run(connection)?;
    let joined = threads.join();
    joined.map_err(|error| Ended(format!("the editor is gone: {error}")))
}

/// The same over any connection.
pub fn run(connection: Connection) -> Result<(), Ended> {
    let failed = |error: &dyn fmt::Display| Ended(format!("the editor speaks otherwise: {error}"));
    let (id, params) = connection
        .initialize_start()
        .map_err(|error| failed(&error))?;
    let params: InitializeParams =
        serde_json::from_value(params).map_err(|error| failed(&error))?;
    let settings = settings(&params);
    connection
        .initialize_finish(id, capabilities(&settings))
        .map_err(|error| failed(&error))?;

    let (jobs, jobs_in) = crossbeam_channel::unbounded();
    let shared = Arc::new(Shared::default());
    let encoding = settings.encoding;
    let worker = {
        let (shared, out) = (shared.clone(), connection.sender.clone());
        thread::Builder::new()
            .name("worker".into())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&settings, &jobs_in, &out, &shared))
            .map_err(|error| Ended(format!("no thread to work on: {error}")))?
    };
    let mut desk = Desk {
        documents: Documents::default(),
        encoding,
        jobs,
        shared,
    };
    desk.publish();
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection
                    .handle_shutdown(&request)
                    .map_err(|error| failed(&error))?
                {
                    break;
                }
                desk.hand_over(Task::Answer(request));
            }
            Message::Notification(notification) => desk.note(notification),
            Message::Response(_) => {}
        }
    }
    drop(desk);
    drop(connection);
    worker.join().map_err(|_| Ended("the worker broke".into()))
}

fn settings(params: &InitializeParams) -> Settings {
    let general = params.capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.clone());
    let offered = offered.unwrap_or_default();
    let wanted = [
        (PositionEncodingKind::UTF8, Encoding::Utf8),
        (PositionEncodingKind::UTF32, Encoding::Utf32),
    ];
    let agreed = wanted.iter().find(|(kind, _)| offered.contains(kind));
    let mut folders = match &params.workspace_folders_initialize_params.workspace_folders {
        Some(WorkspaceFolders::WorkspaceFolderList(list)) => {
            list.iter().map(|folder| path_of(&folder.uri)).collect()
        }
        _ => Vec::new(),
    };
    #[allow(deprecated)] // Older editors know only this.
    if folders.is_empty() {
        folders.extend(params.root_uri.iter().map(path_of));
    }
    let completion = params.capabilities.text_document.as_ref();
    let completion = completion.and_then(|text| text.completion.as_ref()?.completion_item.as_ref());
    Settings {
        snippets: completion.and_then(|item| item.snippet_support) == Some(true),
        encoding: agreed.map_or(Encoding::Utf16, |(_, encoding)| *encoding),
        programs: folders.iter().flat_map(|f| projects::below(f)).collect(),
    }
}

/// What the loop keeps.
struct Desk {
    documents: Documents,
    encoding: Encoding,
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

impl Desk {
    fn hand_over(&self, task: Task) {
        let job = Job {
            generation: self.shared.generation(),
            documents: self.documents.clone(),
            task,
        };
        // The worker only ends with the loop.
        let _ = self.jobs.send(job);
    }

    fn publish(&self) {
        self.hand_over(Task::Publish);
    }

    /// A text has changed: what was asked before is out of date, and what is wrong may be something else.
    fn changed(&self) {
        self.shared.generation.fetch_add(1, Ordering::AcqRel);
        self.publish();
    }

    fn note(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match LspNotificationMethod::from(method.as_str()) {
            LspNotificationMethod::TextDocumentDidOpen => {
                let Some(params) = read::<DidOpenTextDocumentParams>(params) else {
                    return;
                };
                let document = params.text_document;
                let path = path_of(&document.uri);
                self.documents.open(path, document.text, document.version);
                self.changed();
            }
            LspNotificationMethod::TextDocumentDidChange => {
                let Some(params) = read::<DidChangeTextDocumentParams>(params) else {
                    return;
                };
                let document = params.text_document;
                let path = path_of(&document.text_document_identifier.uri);
                let changes = params.content_changes;
                self.documents
                    .change(&path, changes, document.version, self.encoding);
                self.changed();
            }
            LspNotificationMethod::TextDocumentDidClose => {
                let Some(params) = read::<DidCloseTextDocumentParams>(params) else {
                    return;
                };
                self.documents.close(&path_of(&params.text_document.uri));
                self.changed();
            }
            LspNotificationMethod::WorkspaceDidChangeWatchedFiles
            | LspNotificationMethod::TextDocumentDidSave => self.changed(),
            LspNotificationMethod::CancelRequest => {
                if let Some(params) = read::<CancelParams>(params) {
                    let id: lsp_server::RequestId = match params.id {
                        Id::Int(id) => id.into(),
                        Id::String(id) => id.into(),
                    };
                    let cancelled = &self.shared.cancelled;
                    let mut cancelled = cancelled.lock().unwrap_or_else(|e| e.into_inner());
                    cancelled.insert(id.to_string());
                }
            }
            _ => {}
        }
    }
}

/// What does not fit is ignored: nobody waits for an answer to a notification.
fn read<T: DeserializeOwned>(params: serde_json::Value) -> Option<T> {
    serde_json::from_value(params).ok()
}

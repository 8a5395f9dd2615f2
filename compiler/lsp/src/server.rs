//! The loop: messages in, jobs to the worker. It only keeps texts and counts; it never works on a program.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Sender;
use gen_lsp_types::{
    CancelParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    ErrorCodes, Id, InitializeParams, LspNotificationMethod, PositionEncodingKind,
    WorkspaceFolders,
};
use lsp_server::{Connection, Message, Notification, Request, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::capabilities::capabilities;
use crate::convert::Encoding;
use crate::documents::Documents;
use crate::paths::path_of;
use crate::projects;
use crate::worker::{Job, Shared, Task, work};

/// The worker walks trees by recursion; deep ones need room, most of which is never touched.
pub const STACK_BYTES: usize = 256 << 20;

/// What was agreed with the editor.
pub struct Settings {
    pub encoding: Encoding,
    /// The editor fills in snippets.
    pub snippets: bool,
    /// The editor can be asked to tell of files that change on the disk.
    watches: bool,
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
    run_watched(connection, |_| {})
}

/// The same; `before` is called with the method of each request that the worker begins. For tests of what a panic does.
#[doc(hidden)]
pub fn run_watched(
    connection: Connection,
    before: impl Fn(&str) + Send + 'static,
) -> Result<(), Ended> {
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
    let (encoding, watches) = (settings.encoding, settings.watches);
    let worker = {
        let (shared, out) = (shared.clone(), connection.sender.clone());
        thread::Builder::new()
            .name("worker".into())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&settings, &jobs_in, &out, &shared, &before))
            .map_err(|error| Ended(format!("no thread to work on: {error}")))?
    };
    if watches {
        let _ = connection.sender.send(watch().into());
    }
    let mut desk = Desk {
        documents: Documents::default(),
        folders: folders(&params),
        programs: Arc::default(),
        encoding,
        jobs,
        shared,
        closes: false,
    };
    desk.look_for_programs();
    desk.publish();
    let ended = converse(&connection, &mut desk);
    drop(desk);
    drop(connection);
    worker
        .join()
        .map_err(|_| Ended("the worker broke".into()))?;
    ended
}

/// Until the editor says to exit, which it does after `shutdown`, or is gone.
fn converse(connection: &Connection, desk: &mut Desk) -> Result<(), Ended> {
    for message in &connection.receiver {
        match message {
            Message::Request(request) if desk.closes => {
                let code = ErrorCodes::InvalidRequest.into();
                let refused = Response::new_err(request.id, code, "the server shuts down".into());
                let _ = connection.sender.send(refused.into());
            }
            Message::Request(request) if request.method == "shutdown" => {
                desk.closes = true;
                let done = Response::new_ok(request.id, serde_json::Value::Null);
                let _ = connection.sender.send(done.into());
            }
            Message::Request(request) => desk.hand_over(Task::Answer(request)),
            Message::Notification(note) if note.method == "exit" => {
                return match desk.closes {
                    true => Ok(()),
                    false => Err(Ended("the editor said `exit` before `shutdown`".into())),
                };
            }
            Message::Notification(note) => desk.note(note),
            Message::Response(_) => {}
        }
    }
    Ok(())
}

/// Asks the editor to tell when a program's file changes on the disk.
fn watch() -> Request {
    let watchers = json!([{ "globPattern": "**/*.weir" }, { "globPattern": "**/weir.toml" }]);
    let registration = json!({
        "id": "files",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": { "watchers": watchers },
    });
    let params = json!({ "registrations": [registration] });
    Request::new(
        "files".to_owned().into(),
        "client/registerCapability".into(),
        params,
    )
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
    let workspace = params.capabilities.workspace.as_ref();
    let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    let completion = params.capabilities.text_document.as_ref();
    let completion = completion.and_then(|text| text.completion.as_ref()?.completion_item.as_ref());
    Settings {
        snippets: completion.and_then(|item| item.snippet_support) == Some(true),
        encoding: agreed.map_or(Encoding::Utf16, |(_, encoding)| *encoding),
        watches: watched.and_then(|watched| watched.dynamic_registration) == Some(true),
    }
}

/// The folders of the workspace.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
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
    folders
}

/// What the loop keeps.
struct Desk {
    documents: Documents,
    folders: Vec<PathBuf>,
    /// The folders of programs in those of the workspace.
    programs: Arc<Vec<PathBuf>>,
    encoding: Encoding,
    jobs: Sender<Job>,
    shared: Arc<Shared>,
    /// The editor has said `shutdown`.
    closes: bool,
}

impl Desk {
    fn hand_over(&self, task: Task) {
        if let Task::Answer(request) = &task {
            self.shared.expect(&request.id);
        }
        let job = Job {
            generation: self.shared.generation(),
            documents: self.documents.clone(),
            programs: self.programs.clone(),
            task,
        };
        // The worker only ends with the loop.
        let _ = self.jobs.send(job);
    }

    fn look_for_programs(&mut self) {
        let found = self.folders.iter().flat_map(|f| projects::below(f));
        self.programs = Arc::new(found.collect());
    }

    fn publish(&self) {
        self.hand_over(Task::Publish);
    }

    /// This text has changed, or something on the disk: what was asked before about it is out of date, and what is wrong may be
    /// something else.
    fn changed(&self, path: Option<&Path>) {
        self.shared.change(path);
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
                let language = serde_json::to_value(document.language_id).unwrap_or_default();
                let language = language.as_str().unwrap_or_default();
                let (text, version) = (document.text, document.version);
                self.documents.open(path.clone(), text, version, language);
                self.changed(Some(&path));
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
                self.changed(Some(&path));
            }
            LspNotificationMethod::TextDocumentDidClose => {
                let Some(params) = read::<DidCloseTextDocumentParams>(params) else {
                    return;
                };
                let path = path_of(&params.text_document.uri);
                self.documents.close(&path);
                self.changed(Some(&path));
            }
            LspNotificationMethod::WorkspaceDidChangeWatchedFiles => {
                let changed = read::<DidChangeWatchedFilesParams>(params);
                let mut changes = changed.iter().flat_map(|params| &params.changes);
                if changes.any(|change| path_of(&change.uri).ends_with("weir.toml")) {
                    self.look_for_programs();
                }
                self.changed(None);
            }
            LspNotificationMethod::WorkspaceDidChangeWorkspaceFolders => {
                let Some(params) = read::<DidChangeWorkspaceFoldersParams>(params) else {
                    return;
                };
                let gone = params.event.removed.iter();
                let gone: Vec<PathBuf> = gone.map(|folder| path_of(&folder.uri)).collect();
                self.folders.retain(|folder| !gone.contains(folder));
                let added = params.event.added.iter().map(|folder| path_of(&folder.uri));
                self.folders.extend(added);
                self.look_for_programs();
                self.changed(None);
            }
            LspNotificationMethod::TextDocumentDidSave => self.changed(None),
            LspNotificationMethod::CancelRequest => {
                if let Some(params) = read::<CancelParams>(params) {
                    let id: lsp_server::RequestId = match params.id {
                        Id::Int(id) => id.into(),
                        Id::String(id) => id.into(),
                    };
                    self.shared.cancel(&id);
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

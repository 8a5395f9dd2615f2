//! The smallest editor: writes messages to a pipe, and waits for those it wants.

use std::collections::BTreeMap;
use std::io::{BufReader, PipeReader, PipeWriter};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use lsp_server::{Connection, Message, Notification, Request};
use serde_json::{Value, json};

/// Line and column.
pub type Place = (u32, u32);

pub struct Client {
    reader: BufReader<PipeReader>,
    writer: PipeWriter,
    server: JoinHandle<()>,
    folder: PathBuf,
    asked: i32,
    completes: bool,
    /// The last version of each file whose diagnostics were told.
    told: BTreeMap<String, i64>,
}

/// As over standard input and output. A socket would wait for acknowledgements between the parts of a message.
fn over_pipes(from_editor: PipeReader, mut to_editor: PipeWriter) -> Connection {
    let (heard, receiver) = crossbeam_channel::unbounded();
    let (sender, said) = crossbeam_channel::unbounded::<Message>();
    std::thread::spawn(move || {
        let mut from_editor = BufReader::new(from_editor);
        while let Ok(Some(message)) = Message::read(&mut from_editor) {
            if heard.send(message).is_err() {
                return;
            }
        }
    });
    std::thread::spawn(move || {
        for message in said {
            if message.write(&mut to_editor).is_err() {
                return;
            }
        }
    });
    Connection { sender, receiver }
}

impl Client {
    pub fn start(folder: &Path) -> Client {
        let (from_editor, writer) = std::io::pipe().expect("a pipe");
        let (reader, to_editor) = std::io::pipe().expect("a pipe");
        let connection = over_pipes(from_editor, to_editor);
        let server = std::thread::spawn(move || {
            weir_lsp::run(connection).expect("it ends in order");
        });
        let mut client = Client {
            reader: BufReader::new(reader),
            writer,
            server,
            folder: folder.to_path_buf(),
            asked: 0,
            completes: false,
            told: BTreeMap::new(),
        };
        let workspace = json!([{ "uri": format!("file://{}", folder.display()), "name": "large" }]);
        let params =
            json!({ "processId": null, "capabilities": {}, "workspaceFolders": workspace });
        let answer = client.ask("initialize", params);
        client.completes = answer["capabilities"].get("completionProvider").is_some();
        client.say("initialized", json!({}));
        client
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.join(name).display())
    }

    fn send(&mut self, message: Message) {
        message
            .write(&mut self.writer)
            .expect("the server is there");
    }

    fn say(&mut self, method: &str, params: Value) {
        self.send(Notification::new(method.into(), params).into());
    }

    fn next(&mut self) -> Message {
        let message = Message::read(&mut self.reader).expect("the server speaks");
        let message = message.expect("the server is there");
        if let Message::Notification(note) = &message
            && note.method == "textDocument/publishDiagnostics"
            && let (Some(uri), Some(version)) =
                (note.params["uri"].as_str(), note.params["version"].as_i64())
        {
            self.told.insert(uri.to_owned(), version);
        }
        message
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(Request::new(id.into(), method.into(), params).into());
        loop {
            if let Message::Response(response) = self.next()
                && response.id == id.into()
            {
                return response.response_result.unwrap_or_default();
            }
        }
    }

    /// Gives the text.
    pub fn open(&mut self, name: &str) -> String {
        let text = std::fs::read_to_string(self.folder.join(name)).expect("a file");
        let uri = self.uri(name);
        self.told.remove(&uri);
        let document = json!({ "uri": uri, "languageId": "weir", "version": 1, "text": text });
        self.say("textDocument/didOpen", json!({ "textDocument": document }));
        text
    }

    pub fn close(&mut self, name: &str) {
        let document = json!({ "textDocument": { "uri": self.uri(name) } });
        self.say("textDocument/didClose", document);
    }

    pub fn change(&mut self, name: &str, version: i64, (start, end): (Place, Place), text: &str) {
        let place = |(line, character): Place| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": place(start), "end": place(end) }, "text": text });
        let document = json!({ "uri": self.uri(name), "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.say("textDocument/didChange", params);
    }

    /// Waits for the diagnostics of a version.
    pub fn diagnosed(&mut self, name: &str, version: i64) {
        let uri = self.uri(name);
        while self.told.get(&uri) != Some(&version) {
            self.next();
        }
    }

    /// Asks what could be written at a place; as long as the server completes nothing, what it knows about the place.
    pub fn complete(&mut self, name: &str, (line, character): Place) {
        let method = match self.completes {
            true => "textDocument/completion",
            false => "textDocument/hover",
        };
        let params = json!({
            "textDocument": { "uri": self.uri(name) },
            "position": { "line": line, "character": character },
        });
        self.ask(method, params);
    }

    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.say("exit", Value::Null);
        self.server.join().expect("the server did not break");
    }
}

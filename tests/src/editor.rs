//! A small editor in front of the real `weir lsp`: it keeps texts as an editor does, tells of each change, and applies the
//! edits it is given.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::resident_kib;

/// Nothing takes that long; a server that is silent for longer fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Editor {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    folder: PathBuf,
    /// The texts that are open, by name, with their versions.
    open: BTreeMap<String, (String, i64)>,
    /// The last diagnostics of each file that were told, by URI.
    told: BTreeMap<String, Value>,
    asked: i64,
    utf8: bool,
    /// What the server said about itself.
    pub capabilities: Value,
}

impl Editor {
    /// An editor with a folder open.
    pub fn start(binary: &str, folder: &Path) -> Editor {
        Editor::start_with(binary, folder, json!({}))
    }

    /// The same, with what else the editor can do.
    pub fn start_with(binary: &str, folder: &Path, capabilities: Value) -> Editor {
        let mut child = Command::new(binary)
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What it says when it breaks belongs into the test's log.
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let output = child.stdout.take().expect("stdout is piped");
        let (send, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if send.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Editor {
            input: child.stdin.take().expect("stdin is piped"),
            child,
            messages,
            folder: folder.canonicalize().expect("the folder is there"),
            open: BTreeMap::new(),
            told: BTreeMap::new(),
            asked: 0,
            utf8: false,
            capabilities: Value::Null,
        };
        let root = format!("file://{}", editor.folder.display());
        let params = json!({
            "processId": null,
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": root, "name": "project" }],
        });
        let answer = editor.ask("initialize", params).expect("an answer");
        editor.capabilities = answer["capabilities"].clone();
        editor.utf8 = editor.capabilities["positionEncoding"] == "utf-8";
        editor.say("initialized", json!({}));
        editor
    }

    pub fn uri(&self, name: &str) -> String {
        match name.contains(':') {
            true => name.to_owned(),
            false => format!("file://{}", self.folder.join(name).display()),
        }
    }

    pub fn say(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Asks and does not wait; gives the number of the request.
    pub fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.asked += 1;
        let id = self.asked;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request. One that is out of date because the text has changed meanwhile is an error, as any refusal.
    pub fn answer(&mut self, id: i64) -> Result<Value, String> {
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return match message.get("error") {
                    None => Ok(message["result"].clone()),
                    Some(error) => Err(format!("{} {}", error["code"], error["message"])),
                };
            }
        }
    }

    fn next(&mut self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE);
        let message = message.expect("the server says something");
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap_or_default();
            self.told.insert(uri.to_owned(), message["params"].clone());
        }
        message
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .and_then(|()| self.input.flush())
            .expect("the server reads");
    }

    /// Opens a file of the folder.
    pub fn open(&mut self, name: &str) {
        let text = fs::read_to_string(self.folder.join(name)).expect("a file");
        self.open_text(name, &text);
    }

    /// Opens a text, saved or not.
    pub fn open_text(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        self.told.remove(&uri);
        self.open.insert(name.to_owned(), (text.to_owned(), 1));
        let document = json!({ "uri": uri, "languageId": "weir", "version": 1, "text": text });
        self.say("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn close(&mut self, name: &str) {
        self.open.remove(name);
        let document = json!({ "textDocument": { "uri": self.uri(name) } });
        self.say("textDocument/didClose", document);
    }

    /// Writes an open text to the disk, and says so.
    pub fn save(&mut self, name: &str) {
        fs::write(self.folder.join(name), &self.open[name].0).expect("a file");
        let document = json!({ "textDocument": { "uri": self.uri(name) } });
        self.say("textDocument/didSave", document);
    }

    /// Says that files have changed on the disk: 1 made, 2 changed, 3 gone.
    pub fn changed_on_disk(&mut self, name: &str, how: u32) {
        let change = json!({ "uri": self.uri(name), "type": how });
        self.say(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": [change] }),
        );
    }

    pub fn is_open(&self, name: &str) -> bool {
        self.open.contains_key(name)
    }

    /// What the server holds of the machine's memory.
    pub fn resident_kib(&self) -> u64 {
        resident_kib(self.child.id())
    }

    pub fn text(&self, name: &str) -> &str {
        &self.open[name].0
    }

    /// Puts a text in place of what stands somewhere once.
    pub fn replace(&mut self, name: &str, old: &str, new: &str) {
        let start = self
            .text(name)
            .find(old)
            .unwrap_or_else(|| panic!("no `{old}`"));
        self.edit(name, start, start + old.len(), new);
    }

    /// Puts a text in place of a range of bytes.
    pub fn edit(&mut self, name: &str, start: usize, end: usize, new: &str) {
        let (from, to) = (self.place(name, start), self.place(name, end));
        let utf = self.uri(name);
        let (text, version) = self.open.get_mut(name).expect("it is open");
        text.replace_range(start..end, new);
        *version += 1;
        let change = json!({ "range": { "start": from, "end": to }, "text": new });
        let document = json!({ "uri": utf, "version": *version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.say("textDocument/didChange", params);
    }

    /// Line and column of an offset, in what was agreed on.
    pub fn place(&self, name: &str, offset: usize) -> Value {
        let before = &self.text(name)[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count();
        let column = match self.utf8 {
            true => before.len() - start,
            false => before[start..].encode_utf16().count(),
        };
        json!({ "line": line, "character": column })
    }

    fn offset(&self, name: &str, place: &Value) -> usize {
        let text = self.text(name);
        let line = place["line"].as_u64().expect("a line") as usize;
        let column = place["character"].as_u64().expect("a column") as usize;
        let start = text
            .split_inclusive('\n')
            .take(line)
            .map(str::len)
            .sum::<usize>();
        let mut units = 0;
        for (at, c) in text[start..].char_indices() {
            if units >= column {
                return start + at;
            }
            units += if self.utf8 {
                c.len_utf8()
            } else {
                c.len_utf16()
            };
        }
        text.len()
    }

    /// The parameters of a question about the place in front of what stands somewhere.
    pub fn at(&self, name: &str, what: &str) -> Value {
        let start = self
            .text(name)
            .find(what)
            .unwrap_or_else(|| panic!("no `{what}`"));
        json!({
            "textDocument": { "uri": self.uri(name) },
            "position": self.place(name, start),
        })
    }

    pub fn document(&self, name: &str) -> Value {
        json!({ "textDocument": { "uri": self.uri(name) } })
    }

    /// What is wrong in the text as it is: `E0201 3:7` each, with the line from 1 and the column of the protocol.
    pub fn wrong(&mut self, name: &str) -> Vec<String> {
        let uri = self.uri(name);
        let version = self.open.get(name).map(|(_, version)| *version);
        let is_told = |editor: &Editor| match (editor.told.get(&uri), version) {
            (Some(told), Some(version)) => told["version"] == version,
            (Some(_), None) => true,
            (None, _) => false,
        };
        while !is_told(self) {
            self.next();
        }
        self.last_told(name)
    }

    /// Waits until exactly this is told of a file; for changes that make no version of it.
    pub fn until_wrong(&mut self, name: &str, expected: &[&str]) {
        let uri = self.uri(name);
        loop {
            let is_told = self.told.contains_key(&uri);
            if is_told && self.last_told(name) == expected || !is_told && expected.is_empty() {
                return;
            }
            self.next();
        }
    }

    fn last_told(&self, name: &str) -> Vec<String> {
        let told = &self.told[&self.uri(name)]["diagnostics"];
        let all = told.as_array().expect("a list").iter();
        all.map(|found| {
            let start = &found["range"]["start"];
            let line = start["line"].as_u64().unwrap_or_default() + 1;
            let code = found["code"].as_str().unwrap_or("?");
            format!("{code} {line}:{}", start["character"])
        })
        .collect()
    }

    /// The actions for a selection: from a piece of the text to its end.
    pub fn actions(&mut self, name: &str, selected: &str, only: &[&str]) -> Vec<Value> {
        let start = self
            .text(name)
            .find(selected)
            .unwrap_or_else(|| panic!("no `{selected}`"));
        let range = json!({
            "start": self.place(name, start),
            "end": self.place(name, start + selected.len()),
        });
        let mut context = json!({ "diagnostics": [] });
        if !only.is_empty() {
            context["only"] = json!(only);
        }
        let mut params = self.document(name);
        params["range"] = range;
        params["context"] = context;
        let answer = self
            .ask("textDocument/codeAction", params)
            .expect("an answer");
        answer.as_array().cloned().unwrap_or_default()
    }

    /// Does what the action with that title says.
    pub fn act(&mut self, name: &str, selected: &str, title: &str) {
        self.act_only(name, selected, title, &[]);
    }

    pub fn act_only(&mut self, name: &str, selected: &str, title: &str, only: &[&str]) {
        let all = self.actions(name, selected, only);
        let is_it = |action: &&Value| {
            action["title"]
                .as_str()
                .is_some_and(|known| known.starts_with(title))
        };
        let found = all.iter().find(is_it).unwrap_or_else(|| {
            let titles: Vec<&Value> = all.iter().map(|action| &action["title"]).collect();
            panic!("no `{title}` among {titles:?}")
        });
        self.apply(&found["edit"].clone());
    }

    /// Applies a workspace edit to the open texts.
    pub fn apply(&mut self, edit: &Value) {
        let changes = edit["changes"].as_object().expect("changes").clone();
        for (uri, edits) in changes {
            let mut names = self.open.keys();
            let name = names.find(|name| self.uri(name) == uri);
            let name = name.unwrap_or_else(|| panic!("{uri} is not open")).clone();
            self.apply_to(&name, &edits);
        }
    }

    /// Applies text edits, the last first, so that the places before stay right.
    pub fn apply_to(&mut self, name: &str, edits: &Value) {
        let edits = edits.as_array().expect("a list");
        let mut placed: Vec<(usize, usize, String)> = edits
            .iter()
            .map(|edit| {
                let place = |end: &str| self.offset(name, &edit["range"][end]);
                let new = edit["newText"].as_str().expect("a text").to_owned();
                (place("start"), place("end"), new)
            })
            .collect();
        placed.sort_by_key(|(start, end, _)| (*start, *end));
        for (start, end, new) in placed.into_iter().rev() {
            self.edit(name, start, end, &new);
        }
    }

    /// Ends the conversation as it should be; the exit code.
    pub fn end(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.say("exit", Value::Null);
        self.ended()
    }

    /// The exit code of a server that ends by itself.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse::<usize>().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length?];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

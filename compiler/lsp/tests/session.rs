//! Whole conversations with an editor, over a connection in memory.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};

/// Nothing takes that long; a server that is silent for longer fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

const BROKEN: &str = "/// Twice as much.\nfn twice(n: Int) -> Int = n * 2\n\n\
    fn f() -> Text = \"ä𝄞 {twice(1)} {nothing}\"\n";

struct Editor {
    connection: Connection,
    server: JoinHandle<Result<(), weir_lsp::Ended>>,
    path: PathBuf,
    asked: i32,
    /// The last diagnostics that were told, of the one file.
    told: Option<Value>,
}

impl Editor {
    /// An editor with one open file in a folder of its own.
    fn open(name: &str, text: &str) -> Editor {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("main.weir");
        std::fs::write(&path, text).expect("a file");
        let (connection, other) = Connection::memory();
        let mut editor = Editor {
            connection,
            server: std::thread::spawn(move || weir_lsp::run(other)),
            path,
            asked: 0,
            told: None,
        };
        let params = json!({
            "processId": null,
            "capabilities": {},
            "workspaceFolders": [{ "uri": uri(&folder), "name": name }],
        });
        let answer = editor.ask("initialize", params).expect("an answer");
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        editor.say("initialized", json!({}));
        let document =
            json!({ "uri": uri(&editor.path), "languageId": "weir", "version": 1, "text": text });
        editor.say("textDocument/didOpen", json!({ "textDocument": document }));
        editor
    }

    fn say(&self, method: &str, params: Value) {
        let note = Notification::new(method.to_owned(), params);
        self.connection
            .sender
            .send(note.into())
            .expect("it is there");
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection
            .sender
            .send(request.into())
            .expect("it is there");
        loop {
            if let Message::Response(response) = self.next() {
                assert_eq!(response.id, id);
                return response.response_result.map_err(|error| error.message);
            }
        }
    }

    /// The next message, with diagnostics noted.
    fn next(&mut self) -> Message {
        let message = self.connection.receiver.recv_timeout(PATIENCE);
        let message = message.expect("the server says something");
        if let Message::Notification(note) = &message
            && note.method == "textDocument/publishDiagnostics"
            && note.params["uri"] == uri(&self.path)
        {
            self.told = Some(note.params.clone());
        }
        message
    }

    /// What is wrong in a version of the text: code and place of each diagnostic.
    fn wrong(&mut self, version: i32) -> Vec<String> {
        while self
            .told
            .as_ref()
            .is_none_or(|told| told["version"] != version)
        {
            self.next();
        }
        let told = self.told.as_ref().expect("told");
        let all = told["diagnostics"].as_array().expect("a list").iter();
        all.map(|found| {
            let start = &found["range"]["start"];
            format!(
                "{} {}:{}",
                found["code"].as_str().unwrap_or_default(),
                start["line"],
                start["character"]
            )
        })
        .collect()
    }

    /// The file and a place in it.
    fn at(&self, line: u32, character: u32) -> Value {
        json!({
            "textDocument": { "uri": uri(&self.path) },
            "position": { "line": line, "character": character },
        })
    }

    fn replace(&self, version: i32, (line, start, end): (u32, u32, u32), text: &str) {
        let place = |character| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": place(start), "end": place(end) }, "text": text });
        let document = json!({ "uri": uri(&self.path), "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.say("textDocument/didChange", params);
    }

    fn close(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.say("exit", Value::Null);
        let ended = self.server.join().expect("the server did not break");
        assert!(ended.is_ok(), "{ended:?}");
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn a_program_is_mended_while_it_is_asked_about() {
    let mut editor = Editor::open("mended", BROKEN);
    // `𝄞` is two units of UTF-16: `nothing` stands behind 34.
    assert_eq!(editor.wrong(1), ["E0201 3:34"]);
    // `twice`, in the broken text.
    let said = editor
        .ask("textDocument/hover", editor.at(3, 24))
        .expect("an answer");
    let said = said["contents"]["value"].as_str().expect("a text");
    assert!(said.contains("fn twice(n: Int) -> Int"), "{said}");
    assert!(said.contains("Twice as much."), "{said}");
    let place = editor.ask("textDocument/definition", editor.at(3, 24));
    let place = place.expect("an answer");
    assert_eq!(place["uri"], uri(&editor.path));
    assert_eq!(
        place["range"]["start"],
        json!({ "line": 1, "character": 3 })
    );

    editor.replace(2, (3, 34, 41), "f");
    // A name that is there: now something else is wrong.
    assert_eq!(editor.wrong(2), ["E0405 3:34"]);
    editor.replace(3, (3, 34, 35), "twice(2)");
    assert_eq!(editor.wrong(3), [] as [&str; 0]);

    let mut asked = editor.at(1, 4);
    asked["newName"] = "double".into();
    let edits = editor.ask("textDocument/rename", asked).expect("an answer");
    let edits = edits["changes"][uri(&editor.path)]
        .as_array()
        .expect("a list");
    let places: Vec<&Value> = edits.iter().map(|edit| &edit["range"]["start"]).collect();
    assert_eq!(
        json!(places),
        json!([
            { "line": 1, "character": 3 },
            { "line": 3, "character": 23 },
            { "line": 3, "character": 34 },
        ])
    );
    editor.close();
}

#[test]
fn a_text_is_formatted_and_what_is_not_there_is_refused() {
    let mut editor = Editor::open("formatted", "fn  f() -> Int = 1\nfn g() -> Int = 2\n");
    let document = json!({ "textDocument": { "uri": uri(&editor.path) } });
    let mut asked = document.clone();
    asked["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = editor
        .ask("textDocument/formatting", asked)
        .expect("an answer");
    assert_eq!(edits[0]["newText"], "fn f() -> Int = 1\n");
    let symbols = editor
        .ask("textDocument/documentSymbol", document)
        .expect("an answer");
    let symbols = symbols.as_array().expect("a list").iter();
    let names: Vec<&str> = symbols
        .filter_map(|symbol| symbol["name"].as_str())
        .collect();
    assert_eq!(names, ["f", "g"]);

    let mut asked = editor.at(0, 4);
    asked["newName"] = "g".into();
    let said = editor.ask("textDocument/rename", asked);
    assert!(
        said.as_ref()
            .is_err_and(|why| why.contains("there already")),
        "{said:?}"
    );
    let said = editor.ask("textDocument/moniker", editor.at(0, 4));
    assert_eq!(said, Err("there is no `textDocument/moniker`".into()));
    let said = editor.ask("textDocument/hover", json!({}));
    assert!(said.is_err(), "{said:?}");
    editor.close();
}

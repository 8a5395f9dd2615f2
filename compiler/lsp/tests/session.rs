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
        Editor::open_with(name, text, json!({}))
    }

    /// One that can do more.
    fn open_with(name: &str, text: &str, capabilities: Value) -> Editor {
        let (connection, other) = Connection::memory();
        let server = std::thread::spawn(move || weir_lsp::run(other));
        Editor::over(connection, server, name, text, capabilities)
    }

    /// The same with a server that runs already.
    fn over(
        connection: Connection,
        server: JoinHandle<Result<(), weir_lsp::Ended>>,
        name: &str,
        text: &str,
        capabilities: Value,
    ) -> Editor {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("main.weir");
        std::fs::write(&path, text).expect("a file");
        let mut editor = Editor {
            connection,
            server,
            path,
            asked: 0,
            told: None,
        };
        let params = json!({
            "processId": null,
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": uri(&folder), "name": name }],
        });
        let answer = editor.ask("initialize", params).expect("an answer");
        let encodings = &capabilities["general"]["positionEncodings"];
        let wanted = encodings[0].as_str().unwrap_or("utf-16");
        assert_eq!(answer["capabilities"]["positionEncoding"], wanted);
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

/// A bell is two units of UTF-16 and four of UTF-8.
const TYPED: &str = "/// Rings.\nfn ring(name: Text, times: Int) -> Text = name\n\n\
    fn f(bell: Text) -> Text {\n  let a = \"\u{1F514}\" + ring(\"\u{1F514}\", be\n  a\n}\n";

#[test]
fn what_is_suggested_fits_into_the_text_in_either_encoding() {
    for (encoding, start) in [("utf-16", 28), ("utf-8", 32)] {
        let capabilities = json!({
            "general": { "positionEncodings": [encoding] },
            "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } },
        });
        let mut editor = Editor::open_with(&format!("typed-{encoding}"), TYPED, capabilities);
        let place = editor.at(4, start + 2);
        let found = editor.ask("textDocument/completion", place.clone());
        let found = found.expect("an answer");
        let items = found["items"].as_array().expect("a list");
        let bell = &items[0];
        assert_eq!(bell["label"], "bell", "{items:?}");
        assert_eq!(bell["detail"], "bell: Text");
        let range = &bell["textEdit"]["range"];
        assert_eq!(range["start"], json!({ "line": 4, "character": start }));
        assert_eq!(range["end"], json!({ "line": 4, "character": start + 2 }));

        let said = editor
            .ask("textDocument/signatureHelp", place)
            .expect("an answer");
        assert_eq!(said["activeParameter"], 1);
        let signature = &said["signatures"][0];
        assert_eq!(signature["label"], "ring(name: Text, times: Int) -> Text");
        assert_eq!(signature["parameters"][1]["label"], json!([17, 27]));
        assert_eq!(signature["documentation"]["value"], "Rings.");

        // At the start of the line, with the function as a snippet, and its comment when it is asked for.
        let found = editor.ask("textDocument/completion", editor.at(5, 2));
        let found = found.expect("an answer");
        let items = found["items"].as_array().expect("a list").iter();
        let ring = items.clone().find(|item| item["label"] == "ring");
        let ring = ring.expect("it is suggested").clone();
        assert_eq!(ring["textEdit"]["newText"], "ring(${1:name}, ${2:times})$0");
        assert_eq!(ring["insertTextFormat"], 2);
        let said = editor
            .ask("completionItem/resolve", ring)
            .expect("an answer");
        let said = said["documentation"]["value"].as_str().expect("a text");
        assert!(said.starts_with("Rings."), "{said}");
        editor.close();
    }
}

#[test]
fn colours_change_in_one_piece_and_hints_and_lenses_are_told() {
    let text = "fn twice(n: Int) -> Int = n * 2\n\ntest \"\u{1F514}\" {\n  let a = twice(3)\n  expect a == 6\n}\n";
    let mut editor = Editor::open("coloured", text);
    let document = json!({ "textDocument": { "uri": uri(&editor.path) } });
    let whole = editor.ask("textDocument/semanticTokens/full", document.clone());
    let whole = whole.expect("an answer");
    let count = whole["data"].as_array().expect("numbers").len();
    assert!(count > 50 && count.is_multiple_of(5));

    // One number more in the text is one token more.
    editor.replace(2, (4, 14, 15), "2 * 3");
    let mut asked = document.clone();
    asked["previousResultId"] = whole["resultId"].clone();
    let changed = editor.ask("textDocument/semanticTokens/full/delta", asked);
    let changed = changed.expect("an answer");
    let edits = changed["edits"].as_array().expect("edits");
    assert_eq!(edits.len(), 1);
    let added = edits[0]["data"].as_array().expect("numbers").len();
    let again = editor.ask("textDocument/semanticTokens/full", document.clone());
    let again = again.expect("an answer")["data"]
        .as_array()
        .expect("numbers")
        .clone();
    let mut made = whole["data"].as_array().expect("numbers").clone();
    let start = edits[0]["start"].as_u64().expect("a number") as usize;
    let deleted = edits[0]["deleteCount"].as_u64().expect("a number") as usize;
    let data = edits[0]["data"].as_array().expect("numbers").clone();
    made.splice(start..start + deleted, data);
    assert_eq!(made, again);
    assert!(added < count / 2, "{added} of {count}");

    let range =
        json!({ "start": { "line": 3, "character": 0 }, "end": { "line": 4, "character": 0 } });
    let mut asked = document.clone();
    asked["range"] = range;
    let part = editor.ask("textDocument/semanticTokens/range", asked.clone());
    let part = part.expect("an answer")["data"]
        .as_array()
        .expect("numbers")
        .len();
    assert!(part > 0 && part < count / 2, "{part} of {count}");
    let hints = editor
        .ask("textDocument/inlayHint", asked)
        .expect("an answer");
    assert_eq!(hints[0]["label"], ": Int");
    assert_eq!(hints[0]["position"], json!({ "line": 3, "character": 7 }));
    let lenses = editor
        .ask("textDocument/codeLens", document)
        .expect("an answer");
    assert_eq!(lenses[0]["command"]["command"], "weir.runTest");
    assert_eq!(lenses[0]["command"]["arguments"][1], "\u{1F514}");

    let calls = editor.ask("textDocument/implementation", editor.at(0, 4));
    let calls = calls.expect("an answer");
    assert_eq!(
        calls[0]["range"]["start"],
        json!({ "line": 3, "character": 10 })
    );
    let found = editor.ask("workspace/symbol", json!({ "query": "tw" }));
    assert_eq!(found.expect("an answer")[0]["name"], "twice");
    editor.close();
}

#[test]
fn files_beside_the_program_can_be_imported() {
    let mut editor = Editor::open("imports", "import \n\npub fn f() {}\n");
    let folder = editor.path.parent().expect("a folder").join("plant");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("device.weir"), "let a = 1\n").expect("a file");
    std::fs::write(folder.join("No-Module.weir"), "let a = 1\n").expect("a file");
    let found = editor.ask("textDocument/completion", editor.at(0, 7));
    let items = found.expect("an answer")["items"].clone();
    let labels: Vec<&Value> = items
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| &item["label"])
        .collect();
    assert_eq!(labels, ["plant"]);

    // An editor that knows no snippets is sent none.
    let found = editor.ask("textDocument/completion", editor.at(1, 0));
    let items = found.expect("an answer")["items"].clone();
    let items = items.as_array().expect("a list");
    assert!(
        items
            .iter()
            .any(|item| item["textEdit"]["newText"] == "entity")
    );
    assert!(items.iter().all(|item| item["insertTextFormat"].is_null()));
    assert!(items.iter().all(|item| item["label"] != "test with a mock"));
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

#[test]
fn a_panic_is_the_error_of_one_request() {
    let (connection, other) = Connection::memory();
    // Nothing in the server panics when it is wanted, so a test does it in front of a request.
    let before = |method: &str| assert_ne!(method, "textDocument/hover", "on purpose");
    let server = std::thread::spawn(move || weir_lsp::run_watched(other, before));
    let mut editor = Editor::over(connection, server, "panics", BROKEN, json!({}));
    assert_eq!(editor.wrong(1), ["E0201 3:34"]);
    for _ in 0..2 {
        let said = editor.ask("textDocument/hover", editor.at(3, 24));
        let said = said.expect_err("an error");
        assert!(
            said.contains("a mistake in weir") && said.contains("on purpose"),
            "{said}"
        );
        let place = editor.ask("textDocument/definition", editor.at(3, 24));
        assert_eq!(place.expect("an answer")["uri"], uri(&editor.path));
    }
    editor.replace(2, (3, 34, 41), "twice(2)");
    assert_eq!(editor.wrong(2), [] as [&str; 0]);
    editor.close();
}

/// One who formats all files at once, or saves them, changes others while an answer is on its way.
#[test]
fn an_answer_about_one_text_stays_right_while_another_changes() {
    let (connection, other) = Connection::memory();
    let server = std::thread::spawn(move || {
        let slow = |method: &str| {
            if matches!(method, "textDocument/formatting" | "textDocument/rename") {
                std::thread::sleep(Duration::from_millis(300));
            }
        };
        weir_lsp::run_watched(other, slow)
    });
    let mut editor = Editor::over(connection, server, "beside", "fn  f( ) {}\n", json!({}));
    let beside = uri(&editor.path.with_file_name("beside.weir"));
    let document = json!({ "uri": beside, "languageId": "weir", "version": 1, "text": "\n" });
    editor.say("textDocument/didOpen", json!({ "textDocument": document }));
    let mut version = 1;
    let mut asked = |editor: &mut Editor, method: &str, params: Value, changed: &str| {
        version += 1;
        let id = RequestId::from(1000 + version);
        let request = Request::new(id.clone(), method.to_owned(), params);
        editor
            .connection
            .sender
            .send(request.into())
            .expect("there");
        std::thread::sleep(Duration::from_millis(100));
        let document = json!({ "uri": changed, "version": version });
        let changes = json!([{ "text": "fn  f( ) {}\n" }]);
        let params = json!({ "textDocument": document, "contentChanges": changes });
        editor.say("textDocument/didChange", params);
        loop {
            if let Message::Response(response) = editor.next() {
                assert_eq!(response.id, id);
                return response.response_result.map_err(|error| error.code);
            }
        }
    };
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let own = uri(&editor.path);
    let params = json!({ "textDocument": { "uri": own }, "options": options });
    let edits = asked(
        &mut editor,
        "textDocument/formatting",
        params.clone(),
        &beside,
    );
    assert!(edits.is_ok_and(|edits| edits.as_array().is_some_and(|edits| !edits.is_empty())));
    // A change of the text itself, or an answer that speaks of all files, is another thing.
    let edits = asked(&mut editor, "textDocument/formatting", params, &own);
    assert_eq!(edits, Err(-32801));
    let params = json!({
        "textDocument": { "uri": own }, "position": { "line": 0, "character": 4 }, "newName": "g",
    });
    let edits = asked(&mut editor, "textDocument/rename", params, &beside);
    assert_eq!(edits, Err(-32801));
}

/// Versions count from the opening on: who opens a file again waits for the first one again.
#[test]
fn a_file_that_is_opened_again_is_told_of_again() {
    let mut editor = Editor::open("again", BROKEN);
    let before = editor.wrong(1);
    let document = json!({ "uri": uri(&editor.path) });
    for _ in 0..20 {
        editor.told = None;
        editor.say("textDocument/didClose", json!({ "textDocument": document }));
        let opened =
            json!({ "uri": uri(&editor.path), "languageId": "weir", "version": 1, "text": BROKEN });
        editor.say("textDocument/didOpen", json!({ "textDocument": opened }));
        assert_eq!(editor.wrong(1), before);
    }
}

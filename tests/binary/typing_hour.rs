//! An hour of somebody's typing, played as fast as the real `weir lsp` takes it: words typed letter by letter and taken away again, with
//! everything an editor asks meanwhile; files opened, closed, saved, made and removed; names changed; pieces of the text gone for
//! a while. Every piece leaves the texts as they were, so nothing may be left over in the server either: its memory
//! stays where it is, and at the end it says what it said at the beginning.
//!
//! The session is made from a seed. `WEIR_KEYSTROKES=20000 cargo test --workspace --test typing_hour -- --nocapture` plays a longer
//! one, and prints the memory on the way.

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use weir_tests::editor::Editor;
use weir_tests::process::Scratch;
use weir_tests::random::Random;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// Somebody who types for an hour, with pauses to think, presses two or three times as many keys.
const KEYSTROKES: u64 = 3_000;

/// So much more than after the first half of the session is not called growth: what the allocator has not given back.
const SLACK_KIB: u64 = 8 << 10;

/// The programs of the workspace, with their files.
const PROGRAMS: [(&str, &[&str]); 7] = [
    ("json", &["main.weir", "json.weir"]),
    ("inventory", &["inventory.weir"]),
    ("shop", &["shop.weir"]),
    ("support", &["support.weir"]),
    ("clicks", &["clicks.weir"]),
    ("analytics", &["analytics.weir"]),
    ("travel", &["travel.weir"]),
];

/// What is typed at the start of a line of code: whole and broken statements, unfinished texts and brackets, a declaration.
const TYPED: [&str; 8] = [
    "let spare = items.filter(x => x > 1).length()\n",
    "match value {\n  Some(found) => found.",
    "let note = \"{left}: {name",
    "if total > 10 and not done { fail ",
    "fn helper(n: Int) -> Int = n * 2\n",
    "/// Why this is here.\n",
    "import prices.{vat, ",
    "}}} ) \"",
];

/// What is asked about a place while one types, and about a file between two words.
const OF_PLACES: [&str; 6] = [
    "hover",
    "completion",
    "signatureHelp",
    "definition",
    "documentHighlight",
    "prepareRename",
];
const OF_FILES: [&str; 5] = [
    "documentSymbol",
    "semanticTokens/full",
    "foldingRange",
    "codeLens",
    "documentLink",
];

struct Session {
    editor: Editor,
    random: Random,
    /// With the folders in front, and the texts as they should be.
    files: Vec<(String, String)>,
    keys: u64,
    /// Keystrokes so far, and what the server holds in KiB.
    memory: Vec<(u64, u64)>,
}

impl Session {
    fn start(scratch: &Scratch) -> Session {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let mut files = Vec::new();
        for (program, names) in PROGRAMS {
            fs::create_dir_all(scratch.join(program)).expect("a folder");
            let toml = format!("name = \"{program}\"\nentry = \"{}\"\n", names[0]);
            fs::write(scratch.join(&format!("{program}/weir.toml")), toml).expect("a file");
            for name in names {
                let text = fs::read_to_string(examples.join(program).join(name)).expect("a file");
                let name = format!("{program}/{name}");
                fs::write(scratch.join(&name), &text).expect("a file");
                files.push((name, text));
            }
        }
        Session {
            editor: Editor::start(WEIR, scratch.path()),
            random: Random::new(7),
            files,
            keys: 0,
            memory: Vec::new(),
        }
    }

    fn chance(&mut self, of: u64) -> bool {
        self.random.below(of) == 0
    }

    /// One key, and what an editor asks at once; nobody waits for the answers.
    fn key(&mut self, name: &str, start: usize, end: usize, new: &str) {
        self.editor.edit(name, start, end, new);
        self.keys += 1;
        if self.chance(2) {
            let asked = self.place(name, start + new.len());
            self.editor.begin("textDocument/completion", asked);
        }
        if self.chance(5) {
            let what = OF_PLACES[self.random.below(OF_PLACES.len() as u64) as usize];
            let asked = self.place(name, start);
            let id = self.editor.begin(&format!("textDocument/{what}"), asked);
            if self.chance(3) {
                self.editor.say("$/cancelRequest", json!({ "id": id }));
            }
        }
    }

    fn place(&self, name: &str, at: usize) -> Value {
        let mut asked = self.editor.document(name);
        asked["position"] = self.editor.place(name, at);
        asked
    }

    /// The start of some line that is indented, so that it is inside of something.
    fn somewhere(&mut self, name: &str) -> usize {
        let text = self.editor.text(name);
        let lines = text.match_indices("\n  ").map(|(at, _)| at + 1);
        let lines: Vec<usize> = lines.collect();
        lines[self.random.below(lines.len() as u64) as usize]
    }

    /// Types a text and takes it away, letter by letter or at once.
    fn types(&mut self, name: &str, typed: &str) {
        let start = self.somewhere(name);
        let mut at = start;
        for c in typed.chars() {
            let text = c.to_string();
            self.key(name, at, at, &text);
            at += text.len();
        }
        self.asks(name);
        if self.chance(2) {
            for c in typed.chars().rev() {
                self.key(name, at - c.len_utf8(), at, "");
                at -= c.len_utf8();
            }
        } else {
            self.key(name, start, at, "");
        }
    }

    /// What an editor asks when nobody types.
    fn asks(&mut self, name: &str) {
        let document = self.editor.document(name);
        for what in OF_FILES {
            self.editor
                .begin(&format!("textDocument/{what}"), document.clone());
        }
        let mut asked = document;
        asked["range"] = json!({
            "start": { "line": 0, "character": 0 }, "end": { "line": 400, "character": 0 },
        });
        self.editor.begin("textDocument/inlayHint", asked.clone());
        asked["context"] = json!({ "diagnostics": [] });
        self.editor.begin("textDocument/codeAction", asked);
        self.editor
            .begin("workspace/symbol", json!({ "query": "re" }));
    }

    /// A piece of the text is gone for a while, with whatever breaks by that.
    fn breaks(&mut self, name: &str) {
        let start = self.somewhere(name);
        let text = self.editor.text(name);
        let length = 1 + (text.len() - start) / 3;
        let end = (start + length..text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(text.len());
        let gone = text[start..end].to_owned();
        self.key(name, start, end, "");
        self.asks(name);
        self.key(name, start, start, &gone);
    }

    /// A name is another one for a while, in all files that have it. What is refused stays.
    fn renames(&mut self, name: &str) {
        let text = self.editor.text(name);
        let names = ["left", "free", "orders", "parse", "answer", "total"];
        let found: Vec<usize> = names.iter().filter_map(|name| text.find(name)).collect();
        if found.is_empty() {
            return;
        }
        let at = found[self.random.below(found.len() as u64) as usize];
        let mut asked = self.place(name, at);
        asked["newName"] = "other_name".into();
        let Ok(edit) = self.editor.ask("textDocument/rename", asked) else {
            return;
        };
        let uris = edit["changes"].as_object().map(|changes| changes.len());
        if uris != Some(1) {
            return;
        }
        let before = self.editor.text(name).to_owned();
        self.editor.apply(&edit);
        self.keys += 1;
        self.asks(name);
        let now = self.editor.text(name).len();
        self.key(name, 0, now, &before);
    }

    /// A module is made beside the program and goes away again.
    fn makes(&mut self, scratch: &Scratch, name: &str) {
        let (folder, _) = name.split_once('/').expect("a folder");
        let made = format!("{folder}/prices.weir");
        fs::write(scratch.join(&made), "fn vat(n: Int) -> Int = n\n").expect("a file");
        self.editor.changed_on_disk(&made, 1);
        self.key(name, 0, 0, "import prices.{vat}\n");
        self.asks(name);
        self.key(name, 0, "import prices.{vat}\n".len(), "");
        fs::remove_file(scratch.join(&made)).expect("it was there");
        self.editor.changed_on_disk(&made, 3);
    }

    /// One piece of the session, in some file.
    fn piece(&mut self, scratch: &Scratch) {
        let at = self.random.below(self.files.len() as u64) as usize;
        let (name, whole) = self.files[at].clone();
        if !self.editor.is_open(&name) {
            self.editor.open(&name);
        }
        match self.random.below(12) {
            0 => self.breaks(&name),
            1 => self.renames(&name),
            2 => self.makes(scratch, &name),
            3 => self.editor.save(&name),
            _ => {
                let typed = TYPED[self.random.below(TYPED.len() as u64) as usize];
                self.types(&name, typed);
            }
        }
        assert_eq!(
            self.editor.text(&name),
            whole,
            "a piece leaves the text as it was"
        );
        // The next piece begins when the server has come so far.
        self.editor.wrong(&name);
        if self.chance(4) {
            self.editor.close(&name);
        }
        self.memory.push((self.keys, self.editor.resident_kib()));
    }

    /// What is wrong in each file.
    fn wrong(&mut self) -> Vec<Vec<String>> {
        let names: Vec<String> = self.files.iter().map(|(name, _)| name.clone()).collect();
        for name in &names {
            if !self.editor.is_open(name) {
                self.editor.open(name);
            }
        }
        names.iter().map(|name| self.editor.wrong(name)).collect()
    }
}

#[test]
fn memory_stays_where_it_is() {
    let wanted = std::env::var("WEIR_KEYSTROKES").ok();
    let wanted = wanted
        .and_then(|text| text.parse().ok())
        .unwrap_or(KEYSTROKES);
    let scratch = Scratch::new("typing_hour");
    let mut session = Session::start(&scratch);
    let before = session.wrong();
    let begun = Instant::now();
    while session.keys < wanted {
        session.piece(&scratch);
    }
    assert_eq!(session.wrong(), before);
    let most = |from: u64, to: u64| {
        let within = session.memory.iter();
        let within = within.filter(|(keys, _)| (from..to).contains(&(keys * 8 / wanted)));
        within.map(|(_, kib)| *kib).max().unwrap_or_default()
    };
    for part in 0..8 {
        println!("part {part}: {} KiB at most", most(part, part + 1));
    }
    let (early, late) = (most(2, 4), most(6, u64::MAX));
    println!(
        "{} keystrokes in {} ms, {early} KiB at most in the second quarter, {late} KiB in the last",
        session.keys,
        begun.elapsed().as_millis()
    );
    assert!(
        late <= early + SLACK_KIB,
        "the server grows: {early} KiB, then {late} KiB"
    );
    assert_eq!(session.editor.end(), Some(0));
}

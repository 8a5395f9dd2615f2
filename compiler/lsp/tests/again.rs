//! A server that has seen many edits answers as one that sees the last texts for the first time. The edits are made up from a
//! seed: pieces of the program are taken away, doubled, moved and put back, in several files, so that most programs on the way
//! are broken.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);
const SEEDS: u64 = 4;
const EDITS: usize = 14;

const FILES: [(&str, &str); 3] = [
    (
        "main.weir",
        "import goods.{Kind, price, Sku}\nimport tax\n\npub fn cost(kind: Kind, n: Int) -> Int fails tax.Odd {\n  \
         let net = price(kind) * n\n  tax.with(net: net)?\n}\n\nentity Shelf(sku: Sku) {\n  state left: Int = 0\n\n  \
         pub fn put(n: Int) {\n    left += n\n  }\n}\n\ntest \"costs\" {\n  Shelf(\"a\").put(n: 2)\n  \
         expect cost(Book, 2) is Ok(8)\n}\n\nfn rates(all: List<Int>) -> List<Int> = all.map(n => tax.rate(n))\n",
    ),
    (
        "goods.weir",
        "type Sku = new Text\n\nenum Kind { Book, Food(weight: Int) }\n\n\
         fn price(kind: Kind) -> Int = match kind {\n  Book => 2\n  Food(weight) => weight * 3\n}\n\ntype Skus = List<Sku>\n\n\
         fn first(skus: Skus) -> Sku? = skus.first()\n",
    ),
    (
        "tax.weir",
        "import goods.{Skus}\n\nerror Odd(n: Int)\n\nfn with(net: Int) -> Int {\n  checked(net)?\n  net * 2\n}\n\n\
         fn checked(n: Int) {\n  if n % 2 == 1 { fail Odd(n: n) }\n}\n\nfn of_all(skus: Skus) -> Int = skus.length()\n\n\
         fn none() -> Int {\n  let skus: Skus = []\n  of_all(skus)\n}\n\n\
         entity Till(id: Text) {\n  state sum: Int = 0\n\n  fn add(n: Int) {\n    sum += n\n  }\n}\n\n\
         fn rate(n: Int) -> Int {\n  Till(\"a\").add(n)\n  n * 2\n}\n",
    ),
];

/// What has data that flows, merges and goes away again.
const LIVE: [(&str, &str); 3] = [
    (
        "main.weir",
        r#"import goods.{Post, posts}
import tax

view by_author = for p in posts group by by: p.by select (by, n: count())

pub fn authors() -> Int = by_author.all().length()

pub fn say(by: Text) {
  posts.emit(Post(by, text: "a"))
}

on posts(p) {
  tax.note(p.by)
}

test "told" {
  say("ann")
  settle()
  expect authors() == 1
  expect tax.Board("ann").likes.value == 1
}
"#,
    ),
    (
        "goods.weir",
        r#"record Post(by: Text, text: Text)

/// What was said.
@key(by) @keep(7d)
pub stream posts: Post

view long = for p in posts where p.text.length() > 3 select p.text

fn words(all: List<Post>) -> List<Text> {
  scratch let found = parallel for p in all, w in p.text.words() group by word: w select (word, count())
  for (word, n) in found where n > least() select word
}

fn least() -> Int = 1

pub fn said(all: List<Post>) -> Int = words(all).length() + long.all().length()
"#,
    ),
    (
        "tax.weir",
        r#"import goods.{Post}

entity Board(id: Text) {
  pub merge likes: Counter
  pub merge title: Latest<Text>
  state old: Int = 0

  pub fn like() {
    likes.add(1)
  }
  fn unused() {
    title.set("x")
  }
}

view boards = for b in Board select (id: b.id, likes: b.likes.value)

fn note(by: Text) {
  Board(by).like()
}

pub fn first(post: Post) -> Int = boards.all().length() + post.by.length()
"#,
    ),
];

struct Server {
    connection: Connection,
    thread: std::thread::JoinHandle<Result<(), weir_lsp::Ended>>,
    folder: PathBuf,
    asked: i32,
    told: std::collections::BTreeMap<String, Value>,
}

impl Server {
    fn start(folder: &Path, texts: &[String]) -> Server {
        let (connection, other) = Connection::memory();
        let mut server = Server {
            connection,
            thread: std::thread::spawn(move || weir_lsp::run(other)),
            folder: folder.to_path_buf(),
            asked: 0,
            told: Default::default(),
        };
        let root = json!([{ "uri": format!("file://{}", folder.display()), "name": "a" }]);
        let params = json!({ "processId": null, "capabilities": {}, "workspaceFolders": root });
        server.ask("initialize", params);
        server.say("initialized", json!({}));
        for ((name, _), text) in FILES.iter().zip(texts) {
            let document = json!({
                "uri": server.uri(name), "languageId": "weir", "version": 1, "text": text,
            });
            server.say("textDocument/didOpen", json!({ "textDocument": document }));
        }
        server
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.join(name).display())
    }

    fn say(&self, method: &str, params: Value) {
        let note = Notification::new(method.to_owned(), params);
        self.connection.sender.send(note.into()).expect("there");
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection.sender.send(request.into()).expect("there");
        loop {
            if let Message::Response(response) = self.next() {
                assert_eq!(response.id, id);
                return match response.response_result {
                    Ok(value) => value,
                    Err(error) => json!({ "error": error.message }),
                };
            }
        }
    }

    fn next(&mut self) -> Message {
        let message = self.connection.receiver.recv_timeout(PATIENCE);
        let message = message.expect("the server says something");
        if let Message::Notification(note) = &message
            && let Some(uri) = note.params["uri"].as_str()
        {
            self.told.insert(uri.to_owned(), note.params.clone());
        }
        message
    }

    fn change(&self, name: &str, version: i64, text: &str) {
        let document = json!({ "uri": self.uri(name), "version": version });
        let changes = json!([{ "text": text }]);
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.say("textDocument/didChange", params);
    }

    /// Diagnostics and answers about some places of all files, when all is told about these versions.
    fn everything(&mut self, versions: &[i64; 3], texts: &[String]) -> Value {
        for ((name, _), version) in FILES.iter().zip(versions) {
            let uri = self.uri(name);
            while self
                .told
                .get(&uri)
                .is_none_or(|told| told["version"] != *version)
            {
                self.next();
            }
        }
        // What is told of other files because of the last change comes in one go with this, and in front of any answer.
        let document = json!({ "textDocument": { "uri": self.uri(FILES[0].0) } });
        self.ask("textDocument/documentSymbol", document);
        let mut all = Vec::new();
        for ((name, _), text) in FILES.iter().zip(texts) {
            let uri = self.uri(name);
            all.push(self.told[&uri]["diagnostics"].clone());
            let document = json!({ "uri": uri });
            let lines = || text.lines().enumerate();
            let middles = lines().map(|(at, line)| (at, line.len() / 2)).step_by(3);
            let labels = lines().filter_map(|(at, line)| Some((at, line.find("(net: ")? + 1)));
            for (n, (line, column)) in middles.chain(labels).enumerate() {
                let place = json!({ "line": line, "character": column });
                let asked = json!({ "textDocument": document, "position": place });
                let names = ["hover", "definition", "documentHighlight", "prepareRename"];
                // These take longest.
                let typing = ["completion", "signatureHelp"]
                    .iter()
                    .filter(|_| n % 4 == 1);
                for method in names.iter().chain(typing) {
                    all.push(self.ask(&format!("textDocument/{method}"), asked.clone()));
                }
                let mut asked = asked;
                asked["context"] = json!({ "includeDeclaration": true });
                all.push(self.ask("textDocument/references", asked));
            }
            let whole = json!({
                "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 },
            });
            let context = json!({ "diagnostics": [] });
            let asked = json!({ "textDocument": document, "range": whole, "context": context });
            all.push(self.ask("textDocument/codeAction", asked));
            all.push(self.ask(
                "textDocument/documentSymbol",
                json!({ "textDocument": document }),
            ));
        }
        Value::Array(all)
    }

    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.say("exit", Value::Null);
        self.thread
            .join()
            .expect("it did not break")
            .expect("in order");
    }
}

/// Numbers that look like chance: the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// Changes of types, of failures, of places and of bodies alone.
const GENTLE: &[(&str, &str)] = &[
    ("net: Int", "net: Text"),
    ("-> Int", "-> Decimal"),
    ("{ fail Odd(n) }", "{}"),
    ("weight * 3", "weight"),
    ("=> 2\n", "=> 2 // Two\n"),
    ("List<Sku>", "List<Int>"),
];

/// The same of the other program: also of what is written, read and kept, and where.
const GENTLE_LIVE: &[(&str, &str)] = &[
    ("    likes.add(1)\n", "    likes.add(2)\n    likes.add(1)\n"),
    ("  fn unused", "  pub fn unused"),
    ("  tax.note(p.by)\n", "  say(p.by)\n  tax.note(p.by)\n"),
    ("n > least()", "n > least() + all.length()"),
    ("  settle()\n", "  settle()\n  sleep(1s)\n"),
    ("-> Int = 1\n", "-> Int {\n  let one = 1\n  one\n}\n"),
    ("p.text.words()", "said([]), w in p.text.words()"),
    (
        "  Board(by).like()\n",
        "  Board(by).like()\n  Board(by).unused()\n",
    ),
    (
        "posts.emit(Post(by, text: \"a\"))\n",
        "posts.emit(Post(by, text: \"{authors()}\"))\n",
    ),
    ("  posts.emit(", "  let n = authors()\n  posts.emit("),
    ("Counter", "Flag"),
    ("p.text.length() > 3", "p.text.length() > least()"),
    ("@keep(7d)", "@keep(8d)"),
    ("title.set(\"x\")", "old = 1"),
];

/// One edit: lines go, come twice, change places; words go or come; or the text is as it was in the beginning.
fn edited(text: &str, original: &str, gentle: &[(&str, &str)], chance: &mut Chance) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = chance.below(lines.len());
    // Mostly small things that leave the file readable: only then is anything taken over.
    if chance.below(3) > 0 {
        let of_file = |(old, new): &&(&str, &str)| text.contains(old) || text.contains(new);
        let of_file: Vec<_> = gentle.iter().filter(of_file).collect();
        let Some((old, new)) = of_file.get(chance.below(of_file.len())) else {
            return original.to_owned();
        };
        return match text.contains(old) {
            true => text.replacen(old, new, 1),
            false => text.replacen(new, old, 1),
        };
    }
    match chance.below(7) {
        0 if !lines.is_empty() => drop(lines.remove(at)),
        1 if !lines.is_empty() => lines.insert(at, lines[at]),
        2 if lines.len() > 1 => lines.swap(at, (at + 1) % text.split_inclusive('\n').count()),
        3 | 4 => return original.to_owned(),
        5 => lines.insert(at, "// A remark.\n"),
        _ => {
            let words = [
                "(",
                "}",
                "\"",
                "Int",
                "n",
                " + 1",
                "fails Odd",
                "match ",
                "?",
                "é𝄞",
            ];
            let mut place = chance.below(text.len() + 1);
            while !text.is_char_boundary(place) {
                place -= 1;
            }
            let mut text = text.to_owned();
            text.insert_str(place, words[chance.below(words.len())]);
            return text;
        }
    }
    lines.concat()
}

/// What is taken over of a file that did not change may lead to places in one that did.
#[test]
fn what_is_known_of_a_file_moves_with_the_others() {
    const TEXTS: [&str; 3] = [
        "import goods\n\npub fn cost() -> Int = goods.with(net: 1)\n\n\
         pub fn rates(all: List<Int>) -> List<Int> = all.map(n => goods.rate(n))\n",
        "entity Till(id: Text) {\n  state sum: Int = 0\n\n  fn add(n: Int) {\n    sum += n\n  }\n}\n\n\
         fn with(net: Int) -> Int = net * 2\n\n\
         fn rate(n: Int) -> Int {\n  Till(\"a\").add(n)\n  n * 2\n}\n",
        "fn alone() -> Int = 1\n",
    ];
    // A longer body above, what a lambda may not do goes away and comes again, and a file that has nothing to do with it.
    const CHANGES: [(usize, &str, &str); 6] = [
        (2, "= 1", "= 2"),
        (1, "sum += n", "sum += n + 1\n    sum -= 1"),
        (1, "  Till(\"a\").add(n)\n", ""),
        (2, "= 2", "= 3"),
        (1, "  n * 2\n", "  Till(\"a\").add(n)\n  n * 2\n"),
        (2, "= 3", "= 4"),
    ];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("again_moved");
    std::fs::create_dir_all(&folder).expect("a folder");
    let toml = "name = \"a\"\nentry = \"main.weir\"\n";
    std::fs::write(folder.join("weir.toml"), toml).expect("a file");
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    texts[0].insert_str(0, "import tax\n");
    for ((name, _), text) in FILES.iter().zip(&texts) {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let mut versions = [1; 3];
    let mut server = Server::start(&folder, &texts);
    server.everything(&versions, &texts);
    for (file, old, new) in CHANGES {
        assert!(texts[file].contains(old), "{old}");
        texts[file] = texts[file].replacen(old, new, 1);
        versions[file] += 1;
        server.change(FILES[file].0, versions[file], &texts[file]);
        let mut fresh = Server::start(&folder, &texts);
        let expected = fresh.everything(&[1; 3], &texts);
        let found = server.everything(&versions, &texts);
        assert_eq!(found, expected, "{old} -> {new}");
        fresh.end();
    }
    server.end();
}

#[test]
fn many_edits_leave_what_a_fresh_look_finds() {
    many_edits("again", &FILES, GENTLE, SEEDS);
}

#[test]
fn many_edits_of_what_flows_merges_and_goes_away_leave_what_a_fresh_look_finds() {
    many_edits("again_live", &LIVE, GENTLE_LIVE, SEEDS);
}

fn many_edits(name: &str, files: &[(&str, &str); 3], gentle: &[(&str, &str)], seeds: u64) {
    for seed in 1..=seeds {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}_{seed}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(
            folder.join("weir.toml"),
            "name = \"a\"\nentry = \"main.weir\"\n",
        )
        .expect("a file");
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        let mut texts: Vec<String> = files.iter().map(|(_, text)| (*text).to_owned()).collect();
        let mut versions = [1; 3];
        let mut server = Server::start(&folder, &texts);
        let mut chance = Chance(seed);
        for edit in 0..EDITS {
            let file = chance.below(files.len());
            texts[file] = edited(&texts[file], files[file].1, gentle, &mut chance);
            versions[file] += 1;
            server.change(files[file].0, versions[file], &texts[file]);
            // Some versions are never looked at.
            if edit % 3 == 1 {
                continue;
            }
            let mut fresh = Server::start(&folder, &texts);
            let expected = fresh.everything(&[1; 3], &texts);
            let found = server.everything(&versions, &texts);
            assert_eq!(found, expected, "seed {seed}, edit {edit}: {texts:#?}");
            fresh.end();
        }
        server.end();
    }
}

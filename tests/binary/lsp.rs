//! Stories of people at an editor: the real `weir lsp`, spoken to as editors do.

use std::fs;

use serde_json::{Value, json};
use weir_tests::editor::Editor;
use weir_tests::process::Scratch;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const TOML: &str = "name = \"shop\"\nentry = \"main.weir\"\n";
const MAIN: &str = "\
import prices.{with_vat}

error Empty

entity Stock(sku: Text) {
  pub state left: Int = 0

  pub fn add(n: Int) {
    left += n
  }

  pub fn take() fails Empty {
    require left > 0 else Empty
    left -= 1
  }
}

/// What it costs.
pub fn cost(net: Int) -> Int = with_vat(net)

test \"takes\" {
  Stock(\"a\").add(1)
  Stock(\"a\").take()?
  expect cost(1) == 2
}
";
const PRICES: &str = "fn with_vat(net: Int) -> Int = net * 2\n\nfn plain(net: Int) -> Int = net\n";

/// A project of two files, opened.
fn project(name: &str) -> (Scratch, Editor) {
    project_of(
        name,
        &[
            ("weir.toml", TOML),
            ("main.weir", MAIN),
            ("prices.weir", PRICES),
        ],
    )
}

fn project_of(name: &str, files: &[(&str, &str)]) -> (Scratch, Editor) {
    let scratch = Scratch::new(&format!("lsp_{name}"));
    for (name, text) in files {
        fs::write(scratch.join(name), text).expect("a file");
    }
    let editor = Editor::start(WEIR, scratch.path());
    (scratch, editor)
}

/// One file, opened.
fn single(name: &str, text: &str) -> (Scratch, Editor) {
    let (scratch, mut editor) = project_of(name, &[("main.weir", text)]);
    editor.open("main.weir");
    (scratch, editor)
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_misspelt_name_is_put_right_by_its_action() {
    let (_scratch, mut editor) = project("misspelt");
    editor.open("main.weir");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    editor.replace("main.weir", "with_vat(net)", "with_vta(net)");
    assert_eq!(editor.wrong("main.weir"), ["E0201 19:31"]);
    editor.act("main.weir", "with_vta", "write `with_vat`");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    assert_eq!(editor.text("main.weir"), MAIN);
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn a_name_changes_in_all_files() {
    let (_scratch, mut editor) = project("renamed");
    editor.open("main.weir");
    editor.open("prices.weir");
    let mut asked = editor.at("main.weir", "with_vat(net)");
    asked["newName"] = "taxed".into();
    let edit = editor.ask("textDocument/rename", asked).expect("edits");
    editor.apply(&edit);
    assert_eq!(editor.text("main.weir"), MAIN.replace("with_vat", "taxed"));
    assert!(editor.text("prices.weir").starts_with("fn taxed("));
    // One file is changed after the other; in between the names do not fit.
    assert_eq!(editor.wrong("prices.weir"), NOTHING);
    editor.until_wrong("main.weir", &NOTHING);
    // And a name that is taken is refused, with the place.
    let mut asked = editor.at("prices.weir", "taxed");
    asked["newName"] = "plain".into();
    let said = editor.ask("textDocument/rename", asked);
    assert!(said.is_err_and(|why| why.contains("is there already")));
}

#[test]
fn a_mistake_in_one_file_shows_in_another() {
    let (_scratch, mut editor) = project("both");
    editor.open("main.weir");
    editor.open("prices.weir");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    editor.replace(
        "prices.weir",
        "fn with_vat(net: Int)",
        "fn with_vat(net: Text)",
    );
    assert!(
        editor
            .wrong("prices.weir")
            .iter()
            .any(|wrong| wrong.contains(" 1:"))
    );
    editor.until_wrong("main.weir", &["E0301 19:40"]);
    editor.replace("prices.weir", "net: Text", "net: Int");
    editor.until_wrong("main.weir", &NOTHING);
}

#[test]
fn files_that_nobody_has_open_are_told_of() {
    let broken = PRICES.replace("net * 2", "nett * 2");
    let files = [
        ("weir.toml", TOML),
        ("main.weir", MAIN),
        ("prices.weir", broken.as_str()),
    ];
    let (scratch, mut editor) = project_of("closed", &files);
    editor.until_wrong("prices.weir", &["E0201 1:31"]);
    fs::write(scratch.join("prices.weir"), PRICES).expect("a file");
    editor.changed_on_disk("prices.weir", 2);
    editor.until_wrong("prices.weir", &NOTHING);
}

#[test]
fn a_module_comes_and_goes() {
    let (scratch, mut editor) = project("gone");
    editor.open("main.weir");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    fs::rename(scratch.join("prices.weir"), scratch.join("costs.weir")).expect("a file");
    editor.changed_on_disk("prices.weir", 3);
    editor.changed_on_disk("costs.weir", 1);
    editor.until_wrong("main.weir", &["E0206 1:7"]);
    editor.replace("main.weir", "import prices", "import costs");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
}

#[test]
fn a_wrong_project_file_is_told_of_where_it_is() {
    let (scratch, mut editor) = project("toml");
    editor.open("main.weir");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    fs::write(scratch.join("weir.toml"), "entri = 1\n").expect("a file");
    editor.changed_on_disk("weir.toml", 2);
    editor.until_wrong("weir.toml", &["? 1:0"]);
    fs::write(scratch.join("weir.toml"), TOML).expect("a file");
    editor.changed_on_disk("weir.toml", 2);
    editor.until_wrong("weir.toml", &NOTHING);
}

#[test]
fn a_text_that_was_never_saved_is_checked() {
    let (_scratch, mut editor) = project("untitled");
    editor.open_text("untitled:Untitled-1", "fn f() -> Int = \"a\"\n");
    assert_eq!(editor.wrong("untitled:Untitled-1"), ["E0301 1:16"]);
    editor.replace("untitled:Untitled-1", "\"a\"", "1");
    assert_eq!(editor.wrong("untitled:Untitled-1"), NOTHING);
    let hover = editor.ask(
        "textDocument/hover",
        editor.at("untitled:Untitled-1", "f()"),
    );
    assert!(
        hover
            .expect("an answer")
            .to_string()
            .contains("fn f() -> Int")
    );
}

#[test]
fn what_is_open_counts_before_what_is_on_the_disk() {
    let (scratch, mut editor) = project("unsaved");
    editor.open("main.weir");
    editor.open("prices.weir");
    editor.replace("prices.weir", "fn with_vat", "fn taxed");
    editor.until_wrong("main.weir", &["E0204 1:15", "E0201 19:31"]);
    // Closed without being saved, it is again what is on the disk.
    editor.close("prices.weir");
    editor.until_wrong("main.weir", &NOTHING);
    assert_eq!(
        fs::read_to_string(scratch.join("prices.weir")).expect("a file"),
        PRICES
    );
}

#[test]
fn text_beyond_the_basic_plane_is_counted_as_agreed() {
    let text = "fn f() -> Text = \"𝄞ü {nothing} {wrong}\"\n";
    let (scratch, mut editor) = single("planes", text);
    assert_eq!(editor.wrong("main.weir"), ["E0201 1:23", "E0201 1:33"]);
    editor.replace("main.weir", "nothing", "\"𝄞\".length()");
    assert_eq!(editor.wrong("main.weir").len(), 1);
    let offered = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
    let mut other = Editor::start_with(WEIR, scratch.path(), offered);
    other.open("main.weir");
    assert_eq!(other.wrong("main.weir"), ["E0201 1:26", "E0201 1:36"]);
    other.replace("main.weir", "{nothing}", "𝄞");
    other.replace("main.weir", " {wrong}", "");
    assert_eq!(other.wrong("main.weir"), NOTHING);
    let said = other.ask("textDocument/hover", other.at("main.weir", "f()"));
    assert!(said.is_ok(), "{said:?}");
}

#[test]
fn lines_that_end_as_on_windows_stay_so() {
    let text = "fn  f() -> Int = 1\r\n\r\nfn g() -> Int = f()\r\n";
    let (_scratch, mut editor) = single("crlf", text);
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    let mut asked = editor.document("main.weir");
    asked["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = editor.ask("textDocument/formatting", asked).expect("edits");
    editor.apply_to("main.weir", &edits);
    assert_eq!(editor.text("main.weir"), text.replace("fn  f", "fn f"));
}

#[test]
fn a_file_is_brought_into_style_and_saved() {
    let (scratch, mut editor) = single("style", "fn f( )->Int {\n1\n}\nfn g() -> Int  = 2\n");
    let mut asked = editor.document("main.weir");
    asked["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    // A part of it first.
    asked["range"] =
        json!({ "start": { "line": 3, "character": 0 }, "end": { "line": 3, "character": 2 } });
    let edits = editor
        .ask("textDocument/rangeFormatting", asked.clone())
        .expect("edits");
    editor.apply_to("main.weir", &edits);
    assert!(
        editor
            .text("main.weir")
            .starts_with("fn f( )->Int {\n1\n}\n")
    );
    assert!(
        editor.text("main.weir").ends_with("fn g() -> Int = 2\n"),
        "{}",
        editor.text("main.weir")
    );
    let edits = editor.ask("textDocument/formatting", asked).expect("edits");
    editor.apply_to("main.weir", &edits);
    editor.save("main.weir");
    let saved = fs::read_to_string(scratch.join("main.weir")).expect("a file");
    assert!(saved.starts_with("fn f() -> Int {\n  1\n}\n"), "{saved}");
}

#[test]
fn typing_a_line_end_or_a_brace_indents() {
    let (_scratch, mut editor) = single("typed", "fn f() -> Int {\n1\n}\n");
    let mut asked = editor.at("main.weir", "1\n");
    asked["ch"] = "\n".into();
    asked["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = editor
        .ask("textDocument/onTypeFormatting", asked)
        .expect("edits");
    editor.apply_to("main.weir", &edits);
    assert_eq!(editor.text("main.weir"), "fn f() -> Int {\n  1\n}\n");
}

#[test]
fn everything_certain_is_fixed_on_save() {
    let broken = "fn twice(n: Int) -> Int = n * 2\n\npub fn f() -> Int = twize(1)\n\npub fn g() -> Int = twise(2)\n";
    let (_scratch, mut editor) = single("fix_all", broken);
    assert_eq!(editor.wrong("main.weir").len(), 2);
    editor.act_only("main.weir", "fn twice", "fix all", &["source.fixAll"]);
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    assert!(editor.text("main.weir").contains("twice(2)"));
    // Unasked, it is not in the menu: it takes a while.
    let all = editor.actions("main.weir", "fn twice", &[]);
    assert!(
        all.iter().all(|action| action["kind"] != "source.fixAll"),
        "{all:?}"
    );
}

#[test]
fn imports_are_put_in_order_on_save() {
    let (_scratch, mut editor) = project("imports");
    editor.open("main.weir");
    editor.replace("main.weir", "{with_vat}", "{with_vat, plain}");
    let only = ["source.organizeImports"];
    editor.act_only("main.weir", "import", "organize", &only);
    assert_eq!(editor.text("main.weir"), MAIN);
}

#[test]
fn code_is_moved_by_actions_and_stays_right() {
    let (_scratch, mut editor) = single(
        "moved",
        "pub fn f(price: Int, qty: Int) -> Int {\n  let tax = 3\n  tax + price * qty\n}\n",
    );
    editor.act("main.weir", "price * qty", "extract into a variable");
    assert!(
        editor
            .text("main.weir")
            .contains("let product = price * qty\n")
    );
    editor.act("main.weir", "product", "inline `product`");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    editor.act("main.weir", "price * qty", "extract into a function");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    assert!(editor.text("main.weir").contains("fn extracted("));
}

#[test]
fn a_function_is_called_before_it_is_written() {
    let (_scratch, mut editor) = single("unwritten", "pub fn f(n: Int) -> Text = named(n)\n");
    assert_eq!(editor.wrong("main.weir"), ["E0201 1:27"]);
    editor.act("main.weir", "named", "write the function");
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    assert!(
        editor
            .text("main.weir")
            .contains("fn named(n: Int) -> Text {\n  \"\"\n}")
    );
}

#[test]
fn one_asks_who_calls_whom() {
    let (_scratch, mut editor) = project("calls");
    editor.open("main.weir");
    let asked = editor.at("main.weir", "with_vat(net)");
    let items = editor
        .ask("textDocument/prepareCallHierarchy", asked)
        .expect("items");
    assert_eq!(items[0]["name"], "with_vat");
    let asked = json!({ "item": items[0] });
    let callers = editor
        .ask("callHierarchy/incomingCalls", asked)
        .expect("callers");
    assert_eq!(callers.as_array().map(Vec::len), Some(1), "{callers}");
    assert_eq!(callers[0]["from"]["name"], "cost");
    let asked = json!({ "item": callers[0]["from"] });
    let callers = editor
        .ask("callHierarchy/incomingCalls", asked.clone())
        .expect("callers");
    assert_eq!(callers[0]["from"]["name"], "takes");
    let called = editor
        .ask("callHierarchy/outgoingCalls", asked)
        .expect("called");
    assert_eq!(called[0]["to"]["uri"], editor.uri("prices.weir"));
}

#[test]
fn links_lead_to_modules_and_pages() {
    let (_scratch, mut editor) = project("links");
    editor.open_text(
        "main.weir",
        &format!("// See https://example.org/a.\n{MAIN}"),
    );
    let asked = editor.document("main.weir");
    let links = editor
        .ask("textDocument/documentLink", asked)
        .expect("links");
    let targets: Vec<&Value> = links
        .as_array()
        .expect("a list")
        .iter()
        .map(|l| &l["target"])
        .collect();
    assert_eq!(
        json!(targets),
        json!(["https://example.org/a", editor.uri("prices.weir")])
    );
}

const WAITING: &str = "\
workflow Order(id: Text) {
  pub event paid(amount: Int)

  pub fn run(total: Int) -> Int {
    sleep(1d)
    wait {
      paid(amount) => amount + total
      after 2d => 0
    }
  }
}
";

#[test]
fn a_panel_shows_steps_and_keys() {
    let (_scratch, mut editor) = single("panel", WAITING);
    assert_eq!(editor.wrong("main.weir"), NOTHING);
    let asked =
        json!({ "command": "weir.stepGraph", "arguments": [editor.at("main.weir", "run(total")] });
    let graph = editor
        .ask("workspace/executeCommand", asked)
        .expect("a graph");
    assert_eq!(graph["function"], "Order.run");
    assert_eq!(graph["nodes"].as_array().map(Vec::len), Some(3), "{graph}");
    assert!(
        graph["nodes"][1]["keeps"]
            .as_str()
            .is_some_and(|keeps| keeps.contains("total: Int")),
        "{graph}"
    );
    assert_eq!(
        graph["edges"][0],
        json!({ "from": 0, "to": 1, "how": "next" })
    );
    assert!(
        graph["dot"]
            .as_str()
            .is_some_and(|dot| dot.starts_with("digraph \"Order.run\" {"))
    );
    assert!(
        graph["text"]
            .as_str()
            .is_some_and(|text| text.contains("waits for sleep"))
    );

    let (_scratch, mut editor) = project("plan");
    editor.open("main.weir");
    let place = editor.at("main.weir", "add(n: Int)");
    let asked = json!({ "command": "weir.accessPlan", "arguments": [place] });
    let plan = editor
        .ask("workspace/executeCommand", asked)
        .expect("a plan");
    assert_eq!(plan["function"], "Stock.add");
    assert!(
        plan["touches"].to_string().contains("Stock(sku).left"),
        "{plan}"
    );
    let said = editor.ask("workspace/executeCommand", json!({ "command": "weir.fly" }));
    assert!(said.is_err_and(|why| why.contains("weir.stepGraph and weir.accessPlan")));
}

#[test]
fn requests_that_make_no_sense_are_errors_and_the_server_goes_on() {
    let (_scratch, mut editor) = project("senseless");
    editor.open("main.weir");
    let said = editor.ask("textDocument/fly", json!({}));
    assert!(said.is_err_and(|why| why.starts_with("-32601")));
    let said = editor.ask("textDocument/hover", json!({ "position": 1 }));
    assert!(said.is_err_and(|why| why.starts_with("-32602")));
    // Places beyond every end are the end.
    let mut asked = editor.document("main.weir");
    asked["position"] = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
    assert_eq!(editor.ask("textDocument/hover", asked), Ok(Value::Null));
    let far = json!({ "line": 9999, "character": 9 });
    let change = json!({ "range": { "start": far, "end": { "line": 0, "character": 0 } }, "text": "// end\n" });
    let document = json!({ "uri": editor.uri("main.weir"), "version": 2 });
    editor.say(
        "textDocument/didChange",
        json!({ "textDocument": document, "contentChanges": [change] }),
    );
    editor.say("textDocument/didChange", json!({ "nonsense": true }));
    editor.say("workspace/neverHeardOf", json!({}));
    let said = editor.ask("textDocument/hover", editor.at("main.weir", "Stock(sku"));
    assert!(
        said.expect("an answer")
            .to_string()
            .contains("entity Stock")
    );
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn what_is_cancelled_is_answered_and_ends_are_in_order() {
    let (scratch, mut editor) = project("cancelled");
    editor.open("main.weir");
    let asked = editor.at("main.weir", "cost(net");
    let ids: Vec<i64> = (0..20)
        .map(|_| editor.begin("textDocument/references", asked.clone()))
        .collect();
    for id in &ids {
        editor.say("$/cancelRequest", json!({ "id": id }));
    }
    for id in ids {
        // It may have been done already.
        if let Err(why) = editor.answer(id) {
            assert!(why.starts_with("-32800"), "{why}");
        }
    }
    assert_eq!(editor.ask("shutdown", Value::Null), Ok(Value::Null));
    let said = editor.ask("textDocument/hover", asked);
    assert!(said.is_err_and(|why| why.starts_with("-32600")));
    editor.say("exit", Value::Null);
    assert_eq!(editor.ended(), Some(0));
    // Who leaves without a word is told so by the exit code.
    let mut rude = Editor::start(WEIR, scratch.path());
    rude.say("exit", Value::Null);
    assert_eq!(rude.ended(), Some(1));
}

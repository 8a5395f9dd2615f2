//! The settings of Helix, Zed and the tree-sitter command line can be read and name what is there.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::{at, read};

/// A file in TOML, as JSON.
fn toml(path: &str) -> Value {
    let text = read(&at(path));
    let table = DeTable::parse(&text).unwrap_or_else(|why| panic!("{path}: {why}"));
    json(&DeValue::Table(table.into_inner()))
}

fn json(value: &DeValue) -> Value {
    match value {
        DeValue::Table(entries) => entries
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())))
            .collect(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        // Numbers and times: only their text matters here.
        other => Value::String(format!("{other:?}")),
    }
}

const GRAMMAR: &str = "editors/tree-sitter-weir";

#[test]
fn helix_finds_server_and_grammar() {
    let settings = toml("editors/helix/languages.toml");
    let server = &settings["language-server"]["weir"];
    assert_eq!(server["command"], "weir");
    assert_eq!(server["args"][0], "lsp");
    let language = &settings["language"][0];
    assert_eq!(language["language-servers"][0], "weir");
    assert_eq!(language["file-types"][0], "weir");
    assert_eq!(language["grammar"], settings["grammar"][0]["name"]);
    assert_eq!(settings["grammar"][0]["source"]["subpath"], GRAMMAR);
}

#[test]
fn zed_finds_server_and_grammar() {
    let extension = toml("editors/zed/extension.toml");
    let language = toml("editors/zed/languages/weir/config.toml");
    assert_eq!(extension["grammars"]["weir"]["path"], GRAMMAR);
    assert_eq!(
        extension["language_servers"]["weir"]["languages"][0],
        language["name"]
    );
    assert_eq!(language["path_suffixes"][0], "weir");
    assert!(extension["grammars"][language["grammar"].as_str().expect("a name")].is_object());
    let tasks = read(&at("editors/zed/languages/weir/tasks.json"));
    let tasks: Value = serde_json::from_str(&tasks).expect("JSON");
    let tag = tasks[0]["tags"][0].as_str().expect("a tag");
    let marks = read(&at("editors/zed/languages/weir/runnables.scm"));
    assert!(marks.contains(&format!("(#set! tag {tag})")));
}

#[test]
fn the_command_line_finds_the_queries() {
    let settings: Value =
        serde_json::from_str(&read(&at(GRAMMAR).join("tree-sitter.json"))).expect("JSON");
    let grammar = &settings["grammars"][0];
    for kind in ["highlights", "injections", "locals", "tags"] {
        let path = grammar[kind].as_str().expect("a path");
        assert!(at(GRAMMAR).join(path).is_file(), "{path}");
    }
}

//! Components (`extern .. from "wit:.."`) with the real binary: pure in a handler, outside in a workflow, from the source and from
//! what was built. The component is written as text.

use std::fs;
use std::process::Command;
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"error Silent

extern tools from "wit:acme/text-tools@1.0" {
  @pure fn count_vowels(text: Text) -> Int
  @read fn shout(text: Text) -> Text fails Silent
}

entity Note(id: Text) {
  pub state vowels: Int = 0

  pub fn write(text: Text) -> Int {
    vowels += 1
    vowels += tools.count_vowels(text) - 1
    vowels
  }
}

pub fn vowels(text: Text) -> Int = tools.count_vowels(text)

workflow Loud(id: Text) {
  pub fn run(text: Text) -> Text fails Silent {
    let loud = tools.shout(text)?
    "{loud}!"
  }
}

test "vowels are counted by the component" {
  expect Note("a").write("aeiou") == 5
}

test "the outside is made up" {
  mock(tools.shout, text => "QUIET")
  expect (Loud("a").run("quiet") ?? "") == "QUIET!"
}
"#;

/// Counts the vowels `vowels`, and traps at a text that begins with `!`; makes letters big, and fails on no text.
fn component(vowels: &str) -> Vec<u8> {
    let is_vowel: String = vowels
        .bytes()
        .map(|v| format!("(i32.eq (local.get $c) (i32.const {v}))"))
        .reduce(|all, one| format!("(i32.or {all} {one})"))
        .expect("a vowel");
    let text = format!(
        r#"(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "count") (param $at i32) (param $len i32) (result i32)
      (local $c i32) (local $n i32)
      (loop $next
        (if (local.get $len) (then
          (local.set $c (i32.load8_u (local.get $at)))
          (if (i32.eq (local.get $c) (i32.const 33)) (then unreachable))
          (local.set $n (i32.add (local.get $n) {is_vowel}))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $len (i32.sub (local.get $len) (i32.const 1)))
          (br $next))))
      (local.get $n))
    (func (export "shout") (param $at i32) (param $len i32) (result i32)
      (local $i i32)
      (i32.store8 (i32.const 16) (i32.eqz (local.get $len)))
      (i32.store (i32.const 20) (local.get $at))
      (i32.store (i32.const 24) (local.get $len))
      (loop $next
        (if (i32.lt_u (local.get $i) (local.get $len)) (then
          (i32.store8 (i32.add (local.get $at) (local.get $i))
            (i32.sub (i32.load8_u (i32.add (local.get $at) (local.get $i))) (i32.const 32)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next))))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (type $e' (enum "silent"))
  (export $e "shout-error" (type $e'))
  (func $count (param "text" string) (result u32)
    (canon lift (core func $i "count") (memory $memory) (realloc (func $realloc))))
  (func (export "shout") (param "text" string) (result (result string (error $e)))
    (canon lift (core func $i "shout") (memory $memory) (realloc (func $realloc))))
  (instance $api (export "count-vowels" (func $count)))
  (export "acme:text-tools/api@1.0.2" (instance $api)))"#
    );
    wat::parse_str(text).unwrap_or_else(|e| panic!("{e}"))
}

/// A project in a folder of its own.
fn project() -> Scratch {
    let scratch = Scratch::new("components");
    write(&scratch, "notes.weir", PROGRAM.as_bytes());
    write(&scratch, "tools.wasm", &component("aeiou"));
    let config = "entry = \"notes.weir\"\n[extern.tools]\ncomponent = \"tools.wasm\"\n";
    write(&scratch, "weir.toml", config.as_bytes());
    scratch
}

fn write(scratch: &Scratch, name: &str, bytes: &[u8]) {
    // Whole or not at all, as a build does: the node watches.
    let (path, unfinished) = (scratch.join(name), scratch.join("unfinished"));
    fs::write(&unfinished, bytes).expect("the file is written");
    fs::rename(unfinished, path).expect("the file is in place");
}

/// What a command that is to fail or to end says: standard output and error, and the exit code.
fn weir(scratch: &Scratch, args: &[&str]) -> (String, String, i32) {
    let output = Command::new(WEIR)
        .args(args)
        .current_dir(scratch.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary starts");
    (
        String::from_utf8(output.stdout).expect("UTF-8"),
        String::from_utf8(output.stderr).expect("UTF-8"),
        output.status.code().unwrap_or(-1),
    )
}

/// Calls that go through the component in both ways.
fn use_it(node: &Node) {
    let mut client = Client::connect(&node.host).unwrap();
    let mut post = |path: &str, body: &str| {
        let headers = [("Prefer", "wait=20")];
        let reply = client.post(path, &headers, body).unwrap();
        (reply.status, reply.body)
    };
    let ok = |body: &str| (200, body.to_owned());
    assert_eq!(post("/Note/a/write", r#"{"text": "banana"}"#), ok("3"));
    assert_eq!(post("/Note/a/write", r#"{"text": "queue"}"#), ok("7"));
    assert_eq!(
        post("/Loud/l1/run", r#"{"text": "hello"}"#),
        ok("\"HELLO!\"")
    );
    let (status, body) = post("/Loud/l2/run", r#"{"text": ""}"#);
    assert!(status >= 400 && body.contains("Silent"), "{status} {body}");
}

#[test]
fn pure_in_a_handler_and_outside_in_a_workflow() {
    let scratch = project();
    let node = Node::start(WEIR, &[&scratch.join(""), "--port", "0"]);
    use_it(&node);
    let mut client = Client::connect(&node.host).unwrap();

    // A trap is a bug: it is told with the line, the function and its component, and changes nothing.
    let reply = client
        .post("/Note/a/write", &[], r#"{"text": "!"}"#)
        .unwrap();
    assert_eq!(reply.status, 500, "{reply:?}");
    for part in [
        "a component failed",
        "tools.count_vowels (wit:acme/text-tools@1.0)",
        "notes.weir:13",
    ] {
        assert!(reply.body.contains(part), "{part}: {reply:?}");
    }
    assert_eq!(client.get("/Note/a/vowels", &[]).unwrap().body, "7");
    // What only computes may be asked with a GET.
    assert_eq!(
        client.get("/notes/vowels?text=oboe", &[]).unwrap().body,
        "3"
    );
}

#[test]
fn a_component_that_is_saved_takes_over() {
    let scratch = project();
    let mut node = Node::start(WEIR, &[&scratch.join(""), "--port", "0"]);
    let mut client = Client::connect(&node.host).unwrap();
    let mut write_note = || {
        let reply = client
            .post("/Note/a/write", &[], r#"{"text": "yay"}"#)
            .unwrap();
        reply.body
    };
    assert_eq!(write_note(), "1");
    write(&scratch, "tools.wasm", &component("aeiouy"));
    node.lines_until("reloaded");
    assert_eq!(write_note(), "4");
    write(&scratch, "tools.wasm", b"not a component");
    node.lines_until("still serving");
    assert_eq!(write_note(), "7");
}

#[test]
fn what_was_built_has_its_component_beside_it_and_takes_no_other() {
    let scratch = project();
    let (out, err, exit) = weir(&scratch, &["build", "--out", "out"]);
    assert_eq!(exit, 0, "{err}");
    assert!(
        out.contains("wrote out/notes.tools.component.wasm"),
        "{out}"
    );
    for name in ["notes.weir", "weir.toml", "tools.wasm"] {
        fs::remove_file(scratch.join(name)).unwrap();
    }
    let module = scratch.join("out/notes.wasm");
    use_it(&Node::start(WEIR, &[&module, "--port", "0"]));

    let component = scratch.join("out/notes.tools.component.wasm");
    fs::write(&component, self::component("aeiouy")).unwrap();
    let (_, err, exit) = weir(&scratch, &["run", "out/notes.wasm", "--port", "0"]);
    assert_eq!(exit, 1);
    let expected = "error: out/notes.tools.component.wasm is not the component that out/notes.manifest.json was built with: the hashes differ";
    assert!(err.starts_with(expected), "{err}");
}

#[test]
fn the_environment_may_say_where_a_component_is() {
    let scratch = project();
    fs::rename(scratch.join("tools.wasm"), scratch.join("elsewhere.wasm")).unwrap();
    let there = (
        "WEIR_EXTERN_TOOLS".to_owned(),
        scratch.join("elsewhere.wasm"),
    );
    let folder = scratch.join("");
    use_it(&Node::start_with(WEIR, &[&folder, "--port", "0"], &[there]));
}

#[test]
fn tests_run_the_component_and_mock_the_outside() {
    let scratch = project();
    let (out, err, exit) = weir(&scratch, &["test"]);
    assert_eq!(exit, 0, "{out}{err}");
    assert!(out.contains("2 passed, 0 failed"), "{out}");
}

#[test]
fn what_does_not_fit_is_told_before_anything_runs() {
    let scratch = project();
    let wrong = PROGRAM.replace(
        "count_vowels(text: Text) -> Int",
        "count_vowels(text: Text) -> Text?",
    );
    let wrong = wrong.replace("shout(text: Text)", "shout(text: Bytes)");
    let wrong = wrong.split("entity").next().unwrap();
    write(&scratch, "notes.weir", wrong.as_bytes());
    let expected = "\
error: `tools.count_vowels` does not fit its component: here it has Text?, and there u32
  here:  fn count_vowels(text: Text) -> Text?
  there: acme:text-tools/api@1.0.2.count-vowels: func(text: string) -> u32
next: write `Int`
error: `tools.shout` does not fit its component: `text` is here Bytes, and there string
  here:  fn shout(text: Bytes) -> Text fails Silent
  there: shout: func(text: string) -> result<string, enum { silent }>
next: write `Text`
";
    for verb in ["run", "build", "test"] {
        let (out, err, exit) = weir(&scratch, &[verb]);
        assert_eq!(
            (exit, out.as_str(), err.as_str()),
            (1, "", expected),
            "{verb}"
        );
    }
    assert!(!scratch.path().join(".weir").exists(), "nothing was begun");
}

#[test]
fn a_component_that_is_nowhere_is_missed_where_it_is_needed() {
    let scratch = project();
    fs::remove_file(scratch.join("weir.toml")).unwrap();
    let missing = "nobody says where the component of `tools` is";
    for verb in ["run", "test"] {
        let (_, err, exit) = weir(&scratch, &[verb, "notes.weir"]);
        assert_eq!(exit, 1);
        let next = "next: set `[extern.tools] component = \"tools.wasm\"` in weir.toml, or WEIR_EXTERN_TOOLS=tools.wasm";
        assert_eq!(err, format!("error: {missing}\n{next}\n"), "{verb}");
    }
    let (_, err, exit) = weir(&scratch, &["build", "notes.weir"]);
    assert_eq!(exit, 0);
    assert!(
        err.contains(&format!("note: {missing}: it is not in what is built")),
        "{err}"
    );
    let config = "entry = \"notes.weir\"\n[extern.tools]\ncomponent = \"none.wasm\"\n";
    write(&scratch, "weir.toml", config.as_bytes());
    let (_, err, exit) = weir(&scratch, &["run"]);
    assert_eq!(exit, 1);
    assert!(
        err.starts_with("error: cannot read the component of `tools`, none.wasm: "),
        "{err}"
    );
}

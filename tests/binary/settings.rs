//! Settings, secrets and the program's log, in the real binary: where they come from, what is told when they are missing, and
//! that a secret is nowhere to be seen.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use weir_tests::http::Client;
use weir_tests::process::{Node, Scratch, said};

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

const PROGRAM: &str = r#"
error Bad(n: Int)

entity Till(name: Text) {
  pub state sum: Decimal = 0.0

  @anyone
  pub fn take(amount: Decimal) {
    sum += amount * config("fee")
    log.info("taken", till: name, sum: sum)
  }
}

@anyone
pub fn hours() -> List<Int> = config("hours", [9, 17])

@anyone
pub fn key() -> Text {
  log.warn("asked\nfor a key", key: secret("stripe"))
  "{secret("stripe")} has {secret("stripe").reveal().length()}"
}

@anyone
pub fn divide(n: Int) -> Int fails Bad {
  log.debug("dividing", n: n)
  require n >= 0 else Bad(n)
  10 / n
}

test "what tests have" {
  expect secret("stripe").reveal() == "sk_test"
  expect config("fee", 9.0) == 0.50
  log.info("on the way")
  expect hours() == [8]
}
"#;

const PROJECT: &str = r#"
entry = "shop.weir"

[config]
fee = "0.25"
hours = [8, 20]

[test.config]
fee = 0.50

[test.secrets]
stripe = "sk_test"
"#;

fn project(config: &str) -> Scratch {
    let scratch = Scratch::new("settings");
    std::fs::write(scratch.join("shop.weir"), PROGRAM).expect("a scratch folder");
    std::fs::write(scratch.join("weir.toml"), config).expect("a scratch folder");
    scratch
}

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    pairs.iter().map(owned).collect()
}

fn post(client: &mut Client, path: &str, body: Json) -> Json {
    let reply = client.post(path, &[], &body.to_string());
    reply.expect("the node answers").json()
}

/// What was written to standard error by now, when there are so many lines of it.
fn noted(path: &str, lines: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).expect("the file is there");
        let found: Vec<String> = text.lines().map(str::to_owned).collect();
        if found.len() >= lines || begun.elapsed() > Duration::from_secs(20) {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn holds(folder: &Path, needle: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("it can be read").path();
        match path.is_dir() {
            true => holds(&path, needle),
            false => {
                let bytes = std::fs::read(&path).expect("it can be read");
                bytes
                    .windows(needle.len())
                    .any(|at| at == needle.as_bytes())
            }
        }
    })
}

#[test]
fn what_is_missing_is_told_by_name_and_nothing_starts() {
    let scratch = project("entry = \"shop.weir\"\n[config]\nfees = \"1\"\n");
    let path = scratch.join("");
    let args = [path.as_str(), "--port", "0"];
    let why = Node::try_start_with(WEIR, &args, &env(&[("WEIR_CONFIG_HOURS", "[9, true]")]));
    let why = why.err().expect("it does not start");
    for told in [
        "note: the program does not ask for `fees`, which weir.toml sets; did you mean `fee`?",
        "the setting `fee` (Decimal) is not set",
        "the setting `hours` is no List<Int>: [1]: expected an Int (a whole number of 64 bits), found true",
        "the secret `stripe` is not set: WEIR_SECRET_STRIPE, or WEIR_SECRET_STRIPE_FILE with the path of its file",
        "next: write it under [config] in weir.toml, or set WEIR_CONFIG_FEE",
    ] {
        assert!(why.contains(told), "{told}\nin:\n{why}");
    }
    let no_file = env(&[
        ("WEIR_CONFIG_FEE", "1"),
        ("WEIR_SECRET_STRIPE_FILE", "/no/such/file"),
    ]);
    let why = Node::try_start_with(WEIR, &args, &no_file)
        .err()
        .expect("it does not start");
    assert!(
        why.contains("WEIR_SECRET_STRIPE_FILE names /no/such/file, which cannot be read"),
        "{why}"
    );
}

#[test]
fn the_environment_goes_first_and_lines_come_once_with_what_became_of_their_step() {
    let scratch = project(PROJECT);
    let (path, data, stderr) = (
        scratch.join(""),
        scratch.join("data"),
        scratch.join("stderr"),
    );
    std::fs::write(scratch.join("key"), "k3y-that-nobody-sees\n").expect("a scratch folder");
    let key = scratch.join("key");
    let settings = env(&[
        ("WEIR_CONFIG_FEE", "0.5"),
        ("WEIR_SECRET_STRIPE_FILE", &key),
    ]);
    let args = [
        path.as_str(),
        "--port",
        "0",
        "--data",
        &data,
        "--log-format",
        "json",
    ];
    let node = Node::start_noted(WEIR, &args, &settings, Path::new(&stderr));
    let mut client = Client::connect(&node.host).expect("it listens");
    assert_eq!(post(&mut client, "/hours", json!({})), json!([8, 20]));
    assert_eq!(
        post(&mut client, "/Till/a/take", json!({ "amount": "5" })),
        json!(null)
    );
    let shown = "Secret(name: \"stripe\") has 20";
    assert_eq!(post(&mut client, "/key", json!({})), json!(shown));
    assert_eq!(
        post(&mut client, "/divide", json!({ "n": -1 }))["error"],
        "Bad"
    );
    assert_eq!(
        post(&mut client, "/divide", json!({ "n": 0 }))["error"],
        "Bug"
    );
    let lines = noted(&stderr, 5);
    let lines: Vec<Json> = lines
        .iter()
        .map(|l| serde_json::from_str(l).expect(l))
        .collect();
    let mut known = Vec::new();
    for line in &lines {
        let part = |name: &str| line[name].clone();
        assert!(
            line["time"].as_str().is_some_and(|t| t.ends_with('Z')),
            "{line}"
        );
        known.push(json!([
            part("level"),
            part("message"),
            part("function"),
            part("undone"),
            part("fields")
        ]));
    }
    let expected = [
        json!(["info", "taken", "Till.take", null, { "till": "a", "sum": "2.5" }]),
        json!(["warn", "asked\nfor a key", "key", null, { "key": { "name": "stripe" } }]),
        json!(["debug", "dividing", "divide", "failed", { "n": -1 }]),
        json!(["debug", "dividing", "divide", "bug", { "n": 0 }]),
        // The node's own word.
        json!([
            "error",
            "a call of divide stopped at shop.weir:27:3 in divide: division by zero",
            null,
            null,
            null
        ]),
    ];
    assert_eq!(known, expected);
    node.kill();

    // As text; and what is read back from the log says nothing again.
    let settings = env(&[("WEIR_SECRET_STRIPE", "k3y-that-nobody-sees")]);
    let node = Node::start_noted(WEIR, &args[..5], &settings, Path::new(&stderr));
    let mut client = Client::connect(&node.host).expect("it listens");
    assert_eq!(
        post(&mut client, "/Till/a/take", json!({ "amount": "4" })),
        json!(null)
    );
    post(&mut client, "/key", json!({}));
    let lines = noted(&stderr, 2);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].contains(r#" INFO  taken till="a" sum="3.5" (Till.take, run "#),
        "{lines:?}"
    );
    assert!(
        lines[1].contains(r#" WARN  asked for a key key={"name":"stripe"} (key, run "#),
        "{lines:?}"
    );
    assert_eq!(node.terminate(), Some(0));
    assert!(
        !holds(Path::new(&data), "k3y-that-nobody-sees"),
        "the secret is in the data"
    );
}

#[test]
fn tests_have_settings_of_their_own_and_show_the_log_where_they_fail() {
    let scratch = project(PROJECT);
    let (code, printed, _) = said(WEIR, scratch.path(), &["test"]);
    assert_eq!(code, 1, "{printed}");
    let log = "2026-01-01T00:00:00Z INFO  on the way (test, run 0, step 0, undone: bug)";
    assert!(printed.contains("expect hours() == [8]"), "{printed}");
    assert!(printed.contains(log), "{printed}");
    let mended = PROJECT.replace("fee = 0.50", "fee = 0.50\nhours = [8]");
    std::fs::write(scratch.join("weir.toml"), mended).expect("a scratch folder");
    let (code, printed, told) = said(WEIR, scratch.path(), &["test"]);
    assert_eq!(code, 0, "{printed}{told}");
    assert!(!printed.contains("on the way"), "{printed}");
    let wrong = PROJECT.replace("fee = 0.50", "fee = \"much\"");
    std::fs::write(scratch.join("weir.toml"), wrong).expect("a scratch folder");
    let (code, _, told) = said(WEIR, scratch.path(), &["test"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("the setting `fee` is no Decimal: expected a Decimal"),
        "{told}"
    );
}

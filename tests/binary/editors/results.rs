//! `weir test --message-format json`, which the test explorer of VS Code reads.

use std::fs;

use serde_json::{Value, json};
use weir_tests::process::{Scratch, said};

use crate::WEIR;

const PROGRAM: &str = r#"entity Counter(name: Text) {
  pub state count: Int = 0

  pub fn add(by: Int) {
    count += by
  }
}

test "counts" {
  Counter("a").add(2)
  expect Counter("a").count == 2
}

test "counts wrong" {
  Counter("a").add(2)
  expect Counter("a").count == 3
}
"#;

fn results(folder: &Scratch, args: &[&str]) -> (i32, Vec<Value>) {
    let all = [&["test", "--message-format", "json"][..], args].concat();
    let (exit, out, err) = said(WEIR, folder.path(), &all);
    assert_eq!(err, "");
    let lines = out.lines();
    let objects = lines.map(|line| serde_json::from_str(line).expect("a line of JSON"));
    (exit, objects.collect())
}

#[test]
fn each_test_is_a_line_of_json_and_so_is_the_sum() {
    let folder = Scratch::new("results");
    fs::write(folder.join("count.weir"), PROGRAM).expect("the file is written");
    let (exit, mut all) = results(&folder, &["count.weir"]);
    assert_eq!(exit, 1);
    for test in &mut all[..2] {
        let took = test["milliseconds"].take();
        assert!(took.as_u64().is_some(), "{took}");
    }
    let (passed, failed) = (&all[0], &all[1]);
    assert_eq!(passed["reason"], "test");
    assert_eq!(passed["name"], "counts");
    assert_eq!(passed["file"], "count.weir");
    assert_eq!((&passed["line"], &passed["column"]), (&json!(9), &json!(6)));
    assert_eq!(passed["outcome"], "passed");
    assert!(passed["crashes"].as_u64() > Some(0) && passed["twice"].is_u64());
    assert_eq!(passed["message"], Value::Null);
    assert_eq!(passed["again"], Value::Null);
    assert_eq!(failed["outcome"], "failed");
    let message = failed["message"].as_str().expect("why");
    assert!(message.starts_with("count.weir:16:3: "), "{message}");
    assert_eq!(failed["again"], "--quick");
    let crashes = passed["crashes"].as_u64().unwrap() + failed["crashes"].as_u64().unwrap();
    assert_eq!(all[2]["crashes"], crashes);
    assert_eq!(all[2]["reason"], "summary");
    assert_eq!(
        (&all[2]["passed"], &all[2]["failed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(all.len(), 3);
}

#[test]
fn exact_runs_the_test_of_that_name_alone() {
    let folder = Scratch::new("exact");
    fs::write(folder.join("count.weir"), PROGRAM).expect("the file is written");
    let (exit, all) = results(
        &folder,
        &["--quick", "--exact", "--", "count.weir", "counts"],
    );
    assert_eq!(exit, 0);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0]["name"], "counts");
    assert_eq!(all[0]["crashes"], 0);
    let (exit, out, err) = said(
        WEIR,
        folder.path(),
        &["test", "count.weir", "count", "--exact"],
    );
    assert_eq!((exit, out.as_str()), (1, ""));
    assert!(
        err.starts_with("error: no test is called `count`\n"),
        "{err}"
    );
}
